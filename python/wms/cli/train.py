"""Train an instrument on recordings.

Analyses the recordings, trains a network on them, and writes a model file with everything that is
needed to play it. Parts of the recordings are kept aside. The error shown is the error on these
parts, with the errors of simple baselines for comparison. Ctrl-C ends the training: the best
weights so far become the model, and the exit status is 130.

To train on several GPUs or machines: torchrun --nproc-per-node 2 -m wms train ...
"""

from __future__ import annotations

import argparse
import dataclasses
import sys

from ..errors import WmsError
from . import common, outputs
from .usage import number, whole

EXAMPLE = "example: wms train recordings/ --out flute.safetensors --minutes 5"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "audio",
        nargs="+",
        metavar="AUDIO",
        help="audio files and folders, or a file or store of frames",
    )
    outputs.add_output(parser, "MODEL", "the .safetensors file to write")
    common.add_channel(parser)
    parser.add_argument(
        "--minutes", type=number(1e-6, 1e6), metavar="M",
        help="minutes to train, not counting what other programs take of the processor",
    )  # fmt: skip
    parser.add_argument("--epochs", type=whole(1), metavar="E", help="epochs to train")
    parser.add_argument("--resume", metavar="CHECKPOINT", help="continue from a checkpoint")
    parser.add_argument("--name", help="name of the model (default: the name of the file)")
    parser.add_argument("--device", help="cpu, cuda or mps (default: a GPU if there is one)")
    parser.add_argument(
        "--precision",
        choices=("float32", "bfloat16", "float16"),
        help="precision of the arithmetic (default: bfloat16 if the GPU supports it, else float32)",
    )
    parser.add_argument(
        "--log",
        metavar="FOLDER",
        help="folder for log.csv, and for TensorBoard events if it is installed",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    out = outputs.output(options, common.NATIVE)
    settings = common.params(options)
    try:
        from .. import training
    except ImportError as error:
        raise WmsError(str(error)) from error
    if not any(map(common.holds_frames, options.audio)):
        # Params whose model could not be played are refused before the long analysis.
        settings.check_playable()
    frames = common.frames(options.audio, settings, options.channel)
    # A file of frames knows how it was analysed; --params says how to train on it.
    training_keys = [field.name for field in dataclasses.fields(training.TrainSettings)]
    settings = frames.params.replace(**{key: settings[key] for key in training_keys})
    result = training.train(
        settings,
        frames,
        out=out,
        name=options.name,
        resume=options.resume,
        minutes=options.minutes,
        epochs=options.epochs,
        device=options.device,
        precision=options.precision,
        log=options.log,
        overwrite=options.overwrite,
    )
    if result.model_path is None:
        # Under torchrun only the first process reports the result.
        return 130 if result.interrupted else 0
    epochs = common.count(result.epochs, "epoch")
    print(f"{out}: {epochs} in {result.minutes:.1f} min")
    if result.curve_path is not None:
        print(f"{result.curve_path}: the curves of the training")
    baselines = ", ".join(f"{name} {error:.4f}" for name, error in result.baselines.items())
    print(f"error on unseen sound {result.validation.mae:.4f} (baselines: {baselines})")
    if result.interrupted:
        print(
            f"wms train: interrupted; go on with --resume {result.checkpoint_path}",
            file=sys.stderr,
        )
        return 130
    return 0
