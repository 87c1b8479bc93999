"""Make `tests/data/compat` from a `golden` folder: what wms_torch itself wrote into its cache.

`cache.json` has the hashed string, its hash and the index file, by branch and case. `cache.npz` has
the tensors (every 7th row of the spectra) and, for dev, the bytes of the MIDI files. All belong to
the input `edge_tone_0p3s`. The `golden` folder is not part of this repository. Needs
numpy and torch.

    python tools/make_compat_fixtures.py path/to/golden
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

OUT = Path(__file__).resolve().parents[1] / "tests" / "data" / "compat"
SPECTRUM_STEP = 7


def main():
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("golden", type=Path, help="the folder with cache/")
    cache = parser.parse_args().golden / "cache"
    layout, arrays = {}, {}
    for version in ("main", "dev"):
        cases = json.loads((cache / version / "cache_layout.json").read_text())
        layout[version] = {"cases": {}}
        for case, told in cases.items():
            if "_force" not in case:
                continue
            path = cache / version / told["relpath"]
            layout[version]["cases"][case] = {
                "hashed": told["hashed_param_string"],
                "hash": told["params_hash"],
                "path": told["relpath"],
            }
            for name, tensor in torch.load(path, weights_only=True).items():
                step = SPECTRUM_STEP if name == "stft" else 1
                arrays[f"{version}/{case}/{name}"] = tensor.numpy()[::step]
            if version == "dev":
                midi = cache / version / "midi_files" / path.parent.name / f"{path.stem}.mid"
                arrays[f"{version}/{case}/midi"] = np.frombuffer(midi.read_bytes(), np.uint8)
        # In the order of the cases, as wms_torch met them.
        layout[version]["index"] = (path.parent / "parameterizations.json").read_text()
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "cache.json").write_text(json.dumps(layout, indent=1) + "\n")
    np.savez_compressed(OUT / "cache.npz", **arrays)


if __name__ == "__main__":
    main()
