"""Train an instrument on recordings.

Judges the recordings as `wms check` does, analyses them, trains a network on them, and writes a
model file with everything that is needed to play it. Without --params this is done by the hi-fi
profile, at a lower sample rate if the recordings reach less high, and frames are trained on with
their own params; --params params.json trains what wms_torch can read. Parts of the recordings are
kept aside, and a verdict at the end says how close the model comes to them, compared with simple
ways to predict them. Ctrl-C ends the training: the best weights so far become the model, and the
exit status is 130.

To train on several GPUs or machines: torchrun --nproc-per-node 2 -m wms train ...
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import shlex
import sys
from pathlib import Path

from .. import Params, params_for
from ..errors import ParameterError, WmsError
from . import common, outputs
from .usage import UsageError, number, whole

#: What --params is if it is not given.
PARAMS_DEFAULT = "hifi, at a lower rate if the recordings reach less high; the params of frames"

EXAMPLE = "example: wms train recordings/ --out flute.safetensors --minutes 5"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    common.add_sources(parser)
    outputs.add_output(parser, "MODEL", "the .safetensors file to write")
    common.add_channel(parser)
    parser.add_argument(
        "--minutes", type=number(1e-6, 1e6), metavar="M",
        help="minutes to train, not counting what other programs take of the processor",
    )  # fmt: skip
    parser.add_argument("--epochs", type=whole(1), metavar="E", help="epochs to train")
    parser.add_argument(
        "--resume",
        metavar="CHECKPOINT",
        help="continue from a checkpoint, for --minutes or --epochs more",
    )
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
    settings = _settings(options)
    try:
        from .. import training
        from ..training.precision import Precision
        from ..training.prepare import choose_device
        from ..training.verdict import figures, verdict
    except ImportError as error:
        raise WmsError(str(error)) from error
    try:
        Precision(options.precision, choose_device(options.device))
    except ParameterError as error:
        # Its message begins with the argument's name.
        raise UsageError(f"--{error}") from error
    if settings is not None and not any(map(common.holds_frames, options.audio)):
        # Params whose model could not be played are refused before the long analysis.
        settings.check_playable()
    frames, report = common.judged_frames(options.audio, settings or Params(), options.channel)
    if int(os.environ.get("RANK", "0")) == 0:
        # Under torchrun the first process speaks for all.
        print(report, flush=True)
    # A file of frames knows how it was analysed; --params says how to train on it.
    training_keys = [field.name for field in dataclasses.fields(training.TrainSettings)]
    given = settings or frames.params
    settings = frames.params.replace(**{key: given[key] for key in training_keys})
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
    if options.log is not None:
        print(f"{Path(options.log) / 'log.csv'}: the errors while it trained")
    if result.checkpoint_path is not None:
        print(f"{result.checkpoint_path}: the state of the training, to go on from")
    print(verdict(result.validation.mae, result.baselines))
    print(figures(result.validation.mae, result.baselines))
    if result.interrupted:
        again = shlex.join(_resuming(options.words, str(result.checkpoint_path), result.remaining))
        print(f"wms train: interrupted; go on with: {again}", file=sys.stderr)
        return 130
    return 0


def _settings(options: argparse.Namespace) -> Params | None:
    """The params of --params, or those that suit recordings; None: those of the frames given."""
    if options.params:
        return common.params(options)
    if any(map(common.holds_frames, options.audio)):
        return None
    settings = params_for(options.audio, channel=options.channel)
    rate = settings["sample_rate"]
    if rate < Params.profile("hifi")["sample_rate"]:
        print(
            f"wms train: there is nothing above {rate / 2000:g} kHz in the recordings, so the "
            f"model is at {rate} Hz",
            file=sys.stderr,
        )
    return settings


def _resuming(
    words: list[str], checkpoint: str, remaining: tuple[float | None, int | None]
) -> list[str]:
    """Return the command line that trains what an interrupted training has left."""
    kept = ["wms"]
    is_value = False
    for word in words:
        name = word.partition("=")[0]
        is_replaced = name in ("--resume", "--minutes", "--epochs")
        if not is_value and word != "--overwrite" and not is_replaced:
            kept.append(word)
        is_value = is_replaced and "=" not in word
    minutes, epochs = remaining
    # At least what makes a valid option.
    if minutes is not None:
        kept += ["--minutes", f"{max(minutes, 1e-3):.4g}"]
    if epochs is not None:
        kept += ["--epochs", str(max(epochs, 1))]
    return [*kept, "--overwrite", "--resume", checkpoint]
