"""Make tests/data/training_network.npz: a network trained by wms_torch, and what it predicts.

It holds the state dict (`state/NAME`), inputs `x` (60, C) and the outputs `y` (60, K) that PyTorch
computed. The `golden` folder has results of wms_torch itself and is not part of this repository.
Needs torch and numpy.

    python tools/make_training_fixtures.py path/to/golden
"""

import argparse
from pathlib import Path

import numpy as np
import torch

DATA = Path(__file__).resolve().parents[1] / "tests" / "data"
# Frames kept of the network's golden input. The state is carried from frame to frame.
NUM_FRAMES = 60


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("golden", type=Path, help="the golden folder")
    golden = parser.parse_args().golden / "networks"
    state = torch.load(golden / "main_trained_basic16k.pth", weights_only=True)
    io = np.load(golden / "main_trained_basic16k.io.npz")
    arrays = {f"state/{key}": value.numpy() for key, value in state.items()}
    arrays["x"] = io["x_feat"][0, :NUM_FRAMES]
    arrays["y"] = io["y_feat"][0, :NUM_FRAMES]
    DATA.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(DATA / "training_network.npz", **arrays)


if __name__ == "__main__":
    main()
