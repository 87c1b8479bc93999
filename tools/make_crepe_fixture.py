"""Make `tests/data/crepe.safetensors.zz` from the golden data of torchcrepe.

Needs numpy, safetensors and soundfile. Run::

    python tools/make_crepe_fixture.py GOLDEN_FOLDER tests/data/crepe.safetensors.zz

The file is a safetensors file compressed by zlib. For every input NAME it has `NAME.audio` (the
four byte planes of the padded float32 waveform, which compress better than the samples),
`NAME.index` and `NAME.probability` (the network's outputs for some frames), and for every frame
`NAME.bins`, `NAME.f0_hz` and `NAME.periodicity` (from Viterbi decoding without dither) and
`NAME.argmax` (before masking). `basic_16k` also has `truth_hz` and `steady`. To keep the file
small, the instruments are cut after the first 256 frames, which Viterbi decodes as a unit; `--full`
keeps them whole.
"""

import argparse
import json
import zlib
from pathlib import Path

import numpy as np
import soundfile
from safetensors.numpy import save

WINDOW, HOP, RUN = 1024, 256, 256
ROWS = 16
CUT = ("flute_16k", "organ_16k")


def waveform(golden: Path, name: str) -> np.ndarray:
    """Padded float32 waveform at 16 kHz of the input `name`."""
    stored = golden / "npz" / f"input__{name}.npz"
    if stored.exists():
        arrays = np.load(stored)
        return max((arrays[k] for k in arrays.files), key=np.size).reshape(-1).astype(np.float32)
    audio, rate = soundfile.read(golden / "audio" / f"{name}.wav", dtype="float32")
    assert rate == 16000, name
    return np.pad(audio, (0, WINDOW - len(audio) % WINDOW))


def main() -> None:
    """Write the fixture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("golden", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--full", action="store_true", help="keep all of every input")
    arguments = parser.parse_args()
    shapes = json.loads((arguments.golden / "npz" / "inputs_index.json").read_text())
    tensors = {}
    for path in sorted((arguments.golden / "npz").glob("*__crepe__main.npz")):
        name = path.name.split("__")[0]
        if not arguments.full and (arguments.golden / "npz" / f"input__{name}.npz").exists():
            continue
        data = np.load(path)
        audio = waveform(arguments.golden, name)
        assert audio.shape == (shapes[name]["shape"][-1],), name
        frames, rows = len(data["crepe_bins"]), len(data["crepe_prob_idx"])
        if not arguments.full:
            rows = min(rows, ROWS)
            if name in CUT:
                frames = RUN
                audio = audio[: (RUN - 1) * HOP + WINDOW // 2]
        index = data["crepe_prob_idx"]
        keep = np.flatnonzero(
            index < len(audio) // HOP + 1 - 2 * (frames != len(data["crepe_bins"]))
        )
        keep = keep[np.unique(np.linspace(0, len(keep) - 1, rows).round().astype(int))]
        planes = np.ascontiguousarray(audio.astype("<f4").view(np.uint8).reshape(-1, 4).T)
        tensors |= {
            f"{name}.audio": planes,
            f"{name}.index": index[keep],
            f"{name}.probability": data["crepe_prob"][keep],
            f"{name}.bins": data["crepe_bins"][:frames],
            f"{name}.argmax": data["crepe_argmax_bin"][:frames],
            f"{name}.f0_hz": data["crepe_f0_nodither"][:frames],
            f"{name}.periodicity": data["voicedness"][:frames],
        }
    truth = np.load(arguments.golden / "npz" / "truth__basic_16k.npz")
    tensors["basic_16k.truth_hz"] = truth["f0_per_frame"].astype(np.float32)
    tensors["basic_16k.steady"] = truth["steady"].astype(np.uint8)
    tensors = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    arguments.output.write_bytes(zlib.compress(save(tensors), 9))


if __name__ == "__main__":
    main()
