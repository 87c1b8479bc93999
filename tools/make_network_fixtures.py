"""Make the golden networks of `tests/data/networks` from a `golden` folder.

Each network is wms_torch's own `.pth`, or for the network of 2026 its state dict as safetensors.
`<name>.io.safetensors` has inputs and the outputs that PyTorch computed from them. The `golden`
folder is not part of this repository. Needs numpy and safetensors.

    python tools/make_network_fixtures.py path/to/golden
"""

import gzip
import json
import shutil
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

OUT = Path(__file__).resolve().parents[1] / "tests" / "data" / "networks"
NAMES = {
    "2026-08": "main_trained_basic16k",
    "2024-11": "4e0aacf_init_seed42",
    "2024-11-early": "0c9e17c_init_seed42",
}


def state_dict(path: Path) -> dict[str, np.ndarray]:
    """Read wms_torch's JSON export of a state dict."""
    nested = json.loads(gzip.decompress(path.read_bytes()))
    return {name: np.asarray(values, dtype=np.float32) for name, values in nested.items()}


def main() -> None:
    """Write all fixtures."""
    source = Path(sys.argv[1]) / "networks"
    OUT.mkdir(parents=True, exist_ok=True)
    for generation, name in NAMES.items():
        io = np.load(source / f"{name}.io.npz")
        pairs = ("feat", "rand") if "x_feat" in io else (None,)
        arrays = {}
        for pair in pairs:
            tail = f"_{pair}" if pair else ""
            y = io[f"y_stream{tail}"]
            # The older networks have many outputs, so every fourth frame is enough to test them.
            arrays[f"x{tail}"] = io[f"x{tail}"][0]
            arrays[f"y{tail}"] = y if pair else y[3::4]
            arrays[f"hn{tail}"] = io[f"hn{tail}"][:, 0]
        arrays = {key: np.ascontiguousarray(value) for key, value in arrays.items()}
        if generation == "2026-08":
            weights = state_dict(source / f"{name}.rt.json.gz")
            save_file(weights, OUT / f"{generation}.weights.safetensors")
        else:
            shutil.copyfile(source / f"{name}.pth", OUT / f"{generation}.pth")
        save_file(arrays, OUT / f"{generation}.io.safetensors")


if __name__ == "__main__":
    main()
