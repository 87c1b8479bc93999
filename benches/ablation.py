"""Measure what each part of the training recipe is worth: the error on unseen sound without it.

For every row of the table, a network is trained on the first part of every recording for the same
processor time and judged on the rest, by the same error as in benches/training.py: the mean
absolute error of the log1p spectrum.

Usage: python benches/ablation.py AUDIO... [--params hifi] [--minutes 1.5] [--unseen 25] [--seed 42]
           [--threads 2] [--out table.md]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch
from training import budgeted, error_of, passages

from wms.cli.common import params as chosen_params

VARIANTS: dict[str, dict[str, Any]] = {
    "the recipe": {},
    "loss: squared error throughout": {"huber_delta": None},
    "loss: Spectral": {"criterion": "Spectral"},
    "loss: LogSpectral": {"criterion": "LogSpectral"},
    "no random gain": {"random_gain_db": 0.0},
    "random gain of 8 dB": {"random_gain_db": 8.0},
    "no noise on the inputs": {"input_noise": 0.0},
    "twice the noise": {"input_noise": 0.1},
    "inputs as they are": {"normalise_inputs": False},
    "sequences of 60 frames": {"training_seq_length": 60},
    "sequences of 10 frames": {"training_seq_length": 10},
    "batches of 8": {"batch_size": 8},
    "batches of 128": {"batch_size": 128},
    "no weight decay": {"weight_decay": 0.0},
    "dropout of 0.1": {"dropout": 0.1},
    "constant learning rate": {"lr_schedule": "constant"},
    "a third of the learning rate": {"learning_rate": 0.002},
    "no warm-up": {"warmup_steps": 0},
    "gradients not clipped": {"grad_clip_norm": None},
    "last weights, not averaged": {"ema_decay": 0.0},
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("audio", nargs="+", type=Path)
    parser.add_argument("--params", help="a params.json, or hifi (default: shipped)")
    parser.add_argument("--minutes", type=float, default=1.5, help="of processor time, a row")
    parser.add_argument("--unseen", type=float, default=25.0, help="seconds kept aside at the end")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--threads", type=int, default=2, help="that PyTorch computes with")
    parser.add_argument("--out", type=Path, help="Markdown file to write the table into")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    params = {**chosen_params(options).to_dict(), "seed": options.seed}
    heads = [path.stem for path in options.audio]
    lines = ["| | " + " | ".join(heads) + " |", "| --- |" + " --- |" * len(heads)]
    print("\n".join(lines))
    recordings = [passages(path, options.unseen, chosen_params(options)) for path in options.audio]
    for name, changed in VARIANTS.items():
        cells = [name]
        for recording in recordings:
            result, _ = budgeted({**params, **changed}, recording.seen, options.minutes)
            cells.append(f"{error_of(result, recording):.4f}")
        lines.append("| " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    if options.out:
        options.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
