"""What all tests share."""

import os

# Networks this small are slowed down by threads, and tests may run beside each other. Before
# PyTorch is imported, and for the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")
