"""``python -m wms``."""

import sys

from .cli import main

sys.exit(main())
