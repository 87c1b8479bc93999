"""What several commands share: their arguments, and how sources become frames."""

from __future__ import annotations

import argparse
from pathlib import Path

from .. import Frames, Model, Params, analyze
from .._files import check_writable
from .._progress import AnalysisProgress
from ..errors import ParameterError

#: Ending of the files that `wms analyze` and `wms train` write.
NATIVE = ".safetensors"


def add_output(parser: argparse.ArgumentParser, metavar: str, help_text: str) -> None:
    """Add --out and --overwrite."""
    parser.add_argument("--out", required=True, metavar=metavar, help=help_text)
    parser.add_argument("--overwrite", action="store_true", help="replace --out if it exists")


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add --model."""
    parser.add_argument("--model", required=True, metavar="FILE", help="a trained model")


def add_sample_rate(parser: argparse.ArgumentParser) -> None:
    """Add --sample-rate of the sound to write."""
    parser.add_argument(
        "--sample-rate", type=int, default=48000, metavar="HZ", help="of the result (default 48000)"
    )


def output(options: argparse.Namespace) -> Path:
    """Return the path to write, once it is known that it can be written."""
    return check_writable(options.out, overwrite=options.overwrite)


def params(options: argparse.Namespace) -> Params:
    """Return the params of --params, or the shipped ones."""
    return Params.load(options.params) if options.params else Params()


def model_and_params(options: argparse.Namespace) -> tuple[Model, Params]:
    """Load --model, and the params that it was trained with or those of --params.

    Raises
    ------
    ModelFileError
        If the model does not fit --params.
    """
    if options.params:
        given = Params.load(options.params)
        return Model.load(options.model, given), given
    model = Model.load(options.model)
    return model, Params.from_dict(model.config["params"])


def frames(sources: list[str], settings: Params, *, threads: int | None = None) -> Frames:
    """Analyse files and folders, or load frames that were analysed before.

    Raises
    ------
    ParameterError
        If a file of frames is given together with other sources.
    """
    if any(source.endswith(NATIVE) for source in sources):
        if len(sources) > 1:
            raise ParameterError(
                f"{len(sources)} sources of which one is a {NATIVE} file, wanted that file alone"
            )
        return Frames.load(sources[0])
    with AnalysisProgress() as progress:
        found = analyze(sources, settings, num_threads=threads, progress=progress)
    progress.report_skipped(found.skipped)
    return found
