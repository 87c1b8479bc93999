"""Make `tests/data/golden` from a `golden` folder: wms_torch's own results for YIN, pYIN and CREPE.

The `golden` folder has results of wms_torch itself and is not part of this repository.

Audio is compressed without loss, as flac or, if it is a float wav, as xz. Of the arrays only the
rows named below are kept. Needs numpy, safetensors and soundfile.

    python tools/make_golden_analysis.py path/to/golden
"""

import argparse
import json
import lzma
import shutil
from pathlib import Path

import numpy as np
import soundfile
from safetensors.numpy import save_file

OUT = Path(__file__).resolve().parents[1] / "tests" / "data" / "golden"
METHODS = ("yin", "pyin", "crepe")
# Rows kept of each input: cycle frames are 4 KB each.
CYCLE_ROWS = {"yin": 2, "pyin": 3, "crepe": 2}
SPECTRUM_ROWS = 12
MFCC_STEP = 4
CREPE_MFCC_STEP = 3
# Samples kept of the input side of the resampled pairs, at 48 kHz.
PAIR_SAMPLES = 4000
# Samples kept of the resampled inputs, for the stages that follow.
STRETCH = 20_000


def spread(count: int, wanted: int) -> np.ndarray:
    """Return up to `wanted` evenly spaced indices below `count`, first and last included."""
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).round().astype(int))


def write_audio(source: Path, folder: Path) -> None:
    """Write a wav losslessly compressed: as flac, or as xz if its samples are floats."""
    info = soundfile.info(source)
    if info.subtype == "FLOAT":
        packed = lzma.compress(source.read_bytes(), preset=9)
        (folder / f"{source.name}.xz").write_bytes(packed)
    elif info.frames == 0:
        shutil.copyfile(source, folder / source.name)
    else:
        samples, rate = soundfile.read(source, dtype="int32")
        target = folder / f"{source.stem}.flac"
        soundfile.write(target, samples, rate, subtype=info.subtype)


def stages(golden: Path, name: str, method: str) -> dict[str, np.ndarray]:
    """Return what the tests need of one input analysed with one pitch method."""
    data = np.load(golden / "npz" / f"{name}__{method}__main.npz")
    kept = {"log_pitch": data["pitch"][:, 0]}
    # Rows of which both the cycle frame and all bins of its spectrum are known.
    both, frame_at, spectrum_at = np.intersect1d(
        data["resampled_idx"], data["stft_full_idx"], return_indices=True
    )
    chosen = spread(len(both), CYCLE_ROWS[method])
    kept["cycle_rows"] = both[chosen]
    kept["cycle_frames"] = data["resampled_wave_matrix"][frame_at[chosen]]
    kept["cycle_spectra"] = data["stft_full"][spectrum_at[chosen]]
    frames = len(data["f0_hz"])
    rows = data["stft_first80_idx"] if "stft_first80_idx" in data else np.arange(frames)
    chosen = spread(len(rows), SPECTRUM_ROWS)
    kept["spectrum_rows"], kept["spectra"] = rows[chosen], data["stft_first80"][chosen]
    if method == "crepe":
        dev = np.load(golden / "npz" / f"{name}__crepe__dev.npz")
        kept["f0_hz"] = data["f0_hz"]
        kept["mfcc_raw"] = data["mfcc_raw"][::CREPE_MFCC_STEP]
        kept["mfcc_raw_dev"] = dev["mfcc_raw"][::CREPE_MFCC_STEP]
        if not np.array_equal(dev["f0_hz"], data["f0_hz"]):
            raise SystemExit(f"{name}: main and dev have different fundamentals")
        return kept
    kept["f0_hz"] = data["f0_hz_f64"]
    kept["mfcc_raw"] = data["mfcc_raw"]
    kept["mfcc"] = data["mfcc"][::MFCC_STEP]
    kept["scaler_mean"], kept["scaler_scale"] = data["scaler_mean"], data["scaler_scale"]
    if method == "pyin":
        kept["states"] = data["pyin_states"]
        kept["voiced_prob"] = data["pyin_voiced_prob_f64"]
        kept["voicedness"] = data["pitch"][:, 1]
    return kept


def segments(golden: Path) -> dict[str, np.ndarray]:
    """Return every fundamental of every input, and its segment's length."""
    pairs = set()
    for path in sorted((golden / "npz").glob("*__main.npz")):
        data = np.load(path)
        pairs |= set(zip(data["f0_hz"].tolist(), data["seg_len"].tolist(), strict=True))
    f0_hz, length = zip(*sorted(pairs), strict=True)
    return {"f0_hz": np.array(f0_hz, np.float32), "length": np.array(length, np.uint16)}


def resampled(golden: Path) -> dict[str, np.ndarray]:
    """Return stretches of input and output of the reference's resampler."""
    pairs = np.load(golden / "npz" / "resample_pairs.npz")
    kept = {}
    for rate in (44100, 48000):
        # The kernel reaches 20 input samples ahead: the last outputs would see the cut.
        samples = PAIR_SAMPLES * rate // 48000
        kept[f"in_{rate}"] = pairs[f"in_{rate}"][0, :samples]
        kept[f"out_{rate}"] = pairs[f"out_{rate}"][0, : (samples - 40) * 16000 // rate]
    for name in ("organ_44k1_24bit", "flute_48k_16bit"):
        waveform = np.load(golden / "npz" / f"input__{name}.npz")["waveform"][0]
        kept[f"{name}/first"] = waveform[:STRETCH]
        kept[f"{name}/every_41st"] = waveform[::41]
    return kept


def main() -> None:
    """Write audio, arrays and checksums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("golden", type=Path, help="the golden folder")
    golden = parser.parse_args().golden
    (OUT / "audio").mkdir(parents=True, exist_ok=True)
    names = sorted(path.stem for path in (golden / "audio").glob("*.wav"))
    for name in names:
        write_audio(golden / "audio" / f"{name}.wav", OUT / "audio")
    for method in METHODS:
        arrays = {
            f"{name}/{key}": value
            for name in names
            for key, value in stages(golden, name, method).items()
        }
        np.savez_compressed(OUT / f"{method}.npz", **arrays)
    save_file(segments(golden), OUT / "segments.safetensors")
    np.savez_compressed(OUT / "resample.npz", **resampled(golden))
    index = json.loads((golden / "npz" / "inputs_index.json").read_text())
    known = {
        name: {
            "padded_samples": index[name]["shape"][1],
            "padded_md5": index[name]["md5"],
            "samples": index[name]["loaded_lengths"][0],
        }
        for name in names
    }
    (OUT / "inputs.json").write_text(json.dumps(known, indent=2) + "\n")


if __name__ == "__main__":
    main()
