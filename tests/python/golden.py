"""The golden data of the analysis, see tests/data/golden/README.md."""

import json
import lzma
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[1] / "data" / "golden"
INPUTS = json.loads((FOLDER / "inputs.json").read_text())
NAMES = sorted(INPUTS)
STAGE = {"sr": 16000, "window_size": 1024, "hop_length": 256, "cycles": 2}
SEARCH = {"fmin": 46, "fmax": 1600, "sr": 16000, "frame_length": 1024, "hop_length": 256}


class Arrays:
    """Arrays of one method, by input."""

    def __init__(self, method):
        self.file = np.load(FOLDER / f"{method}.npz")

    def __getitem__(self, name):
        lead = f"{name}/"
        return {k.removeprefix(lead): self.file[k] for k in self.file.files if k.startswith(lead)}


def unpack(folder):
    """All inputs as files that `load_audio` reads, by name."""
    paths = {path.name.split(".")[0]: path for path in (FOLDER / "audio").iterdir()}
    for name, path in paths.items():
        if path.suffix == ".xz":
            paths[name] = folder / f"{name}.wav"
            paths[name].write_bytes(lzma.decompress(path.read_bytes()))
    return paths


def pad(y, window_size=1024):
    """Append zeros as wms_torch does: up to a whole window, a whole extra one on a multiple."""
    return np.concatenate([y, np.zeros(window_size - len(y) % window_size, np.float32)])
