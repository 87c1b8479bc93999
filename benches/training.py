"""Measure what the training recipe reaches on each recording, and what all baselines reach.

Trains on the first part of every recording for the given processor time and judges on the rest by
the mean absolute error of the log1p spectrum. The baselines are the mean, the nearest training
frame, ridge regression, and wms_torch's own recipe if `--baseline-minutes` is given; the last
column says how many times sooner the recipe here reached the error of wms_torch's.

Usage: python benches/training.py AUDIO... [--params hifi] [--minutes 10] [--baseline-minutes 20]
           [--unseen 25] [--threads 2] [--out table.md]
`--minutes` is processor time of the training, so that other work on the machine does not matter:
10 minutes are about 5 minutes on two free cores.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
from pathlib import Path

import numpy as np
import torch

import wms
from wms.cli.common import params as chosen_params
from wms.training import EpochRecord, TrainResult, fit_baselines, train
from wms.training.trained_baselines import wms_torch_recipe


@dataclasses.dataclass
class Recording:
    """Frames to train on, and the inputs (T, C) and spectra (T, K) of the unseen frames."""

    seen: wms.Frames
    inputs: np.ndarray
    target: np.ndarray

    def error(self, spectra: np.ndarray) -> float:
        """Return the mean absolute error of predicted spectra (T, K)."""
        return float(np.abs(spectra - self.target).mean(dtype=np.float64))


def passages(path: Path, unseen_s: float, params: wms.Params) -> Recording:
    """Analyse a recording, with its last `unseen_s` seconds analysed separately."""
    rate = params["sample_rate"]
    sound, _ = wms.load_audio(path, rate)
    cut = len(sound) - round(unseen_s * rate)
    seen = wms.analyze(sound[:cut], params, sample_rate=rate)
    unseen = wms.analyze(sound[cut:], params, sample_rate=rate)
    scaler = seen.scaler
    inputs = unseen.inputs.copy()
    inputs[:, : len(scaler.mean)] = (unseen.mfcc_raw - scaler.mean) / scaler.scale
    return Recording(seen, inputs, unseen.spectrum)


def budgeted(params: dict, frames: wms.Frames, minutes: float) -> tuple[TrainResult, list]:
    """Train for `minutes` of processor time; return also (seconds of it, validation error)."""
    curve: list[tuple[float, float]] = []
    # `train` counts processor time divided by the threads.
    threads = torch.get_num_threads()

    def note(record: EpochRecord) -> None:
        curve.append((record.elapsed_s * threads, record.validation_mae))

    result = train(params, frames, minutes=minutes / threads, progress=note, device="cpu")
    return result, curve


def error_of(result: TrainResult, recording: Recording) -> float:
    """Return the error of a trained network on the unseen frames of a recording."""
    with torch.no_grad():
        inputs = torch.from_numpy(np.ascontiguousarray(recording.inputs))[None]
        return recording.error(result.network(inputs)[0][0].numpy())


def row(path: Path, options: argparse.Namespace, params: wms.Params) -> str:
    """Train on one recording and return its line of the table."""
    recording = passages(path, options.unseen, params)
    seen, inputs = recording.seen, recording.inputs
    baselines = {
        name: recording.error(predict(inputs))
        for name, predict in fit_baselines(seen.inputs, seen.targets).items()
    }
    result, curve = budgeted(params.to_dict(), seen, options.minutes)
    nearest = baselines["nearest"]
    model = error_of(result, recording)
    cells = [
        path.stem, f"{model:.4f}", f"{nearest:.4f}", f"{model / nearest:.2f}",
        f"{baselines['ridge']:.4f}", f"{baselines['mean']:.4f}",
    ]  # fmt: skip
    if options.baseline_minutes:
        theirs, slow = budgeted(wms_torch_recipe(params.to_dict()), seen, options.baseline_minutes)
        best = min(value for _, value in slow)
        reached = next((at for at, value in curve if value <= best), math.inf)
        cells += [f"{error_of(theirs, recording):.4f}", f"{slow[-1][0] / reached:.0f}"]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("audio", nargs="+", type=Path)
    parser.add_argument("--params", help="a params.json, or hifi (default: shipped)")
    parser.add_argument("--minutes", type=float, default=10.0, help="processor time")
    parser.add_argument(
        "--baseline-minutes", type=float, default=0.0, help="processor time for wms_torch's recipe"
    )
    parser.add_argument("--unseen", type=float, default=25.0, help="seconds kept aside at the end")
    parser.add_argument("--threads", type=int, default=2, help="threads of PyTorch")
    parser.add_argument("--out", type=Path, help="Markdown file for the table")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    params = chosen_params(options)
    head = ["recording", "model", "nearest", "model / nearest", "ridge", "mean"]
    head += ["wms_torch's recipe", "times sooner"] if options.baseline_minutes else []
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    print("\n".join(lines))
    for path in options.audio:
        lines.append(row(path, options, params))
        print(lines[-1], flush=True)
    if options.out:
        options.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
