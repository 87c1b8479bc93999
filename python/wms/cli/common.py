"""What several commands share: arguments, loading models, and getting frames from files."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from .. import Frames, Model, Params, Store, analyze
from .._files import check_writable
from .._progress import AnalysisProgress
from .._settings import SHARED_KEYS, analysis_params
from ..errors import FileAccessError, ModelFileError, ParameterError

#: Ending of files of frames and of models.
NATIVE = ".safetensors"
#: Ending of the sound files that are written.
WAV = ".wav"


def whole(low: int, high: int = 2**32 - 1) -> Callable[[str], int]:
    """Return an argparse type: a whole number from `low` to `high`."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"{text!r}, wanted a whole number, {low} to {high}")
        return number

    return read


def add_output(parser: argparse.ArgumentParser, metavar: str, help_text: str) -> None:
    """Add the arguments --out and --overwrite."""
    parser.add_argument("--out", required=True, metavar=metavar, help=help_text)
    parser.add_argument(
        "--overwrite", action="store_true", help="replace --out if it exists already"
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the argument --model."""
    parser.add_argument(
        "--model", required=True, metavar="FILE", help="a model file, or factory:NAME"
    )


def add_sample_rate(parser: argparse.ArgumentParser) -> None:
    """Add the argument --sample-rate, the rate of the sound to write."""
    parser.add_argument(
        "--sample-rate",
        type=whole(1000, 768_000),
        default=48000,
        metavar="HZ",
        help="sample rate of the result (default: 48000)",
    )


def add_noise(parser: argparse.ArgumentParser) -> None:
    """Add the arguments --noise and --seed."""
    parser.add_argument(
        "--noise",
        type=float,
        default=1.0,
        metavar="GAIN",
        help="gain of the noise part (default: 1)",
    )
    parser.add_argument(
        "--seed", type=whole(0), default=0, metavar="N", help="seed of the noise (default: 0)"
    )


def output(options: argparse.Namespace, ending: str) -> Path:
    """Return the path of --out, after checking that it can be written.

    Raises
    ------
    ParameterError
        If it does not end in `ending`, by which other commands tell what kind of file it is.
    FileAccessError
        If it exists and --overwrite was not given, or it cannot be written.
    """
    if not options.out.lower().endswith(ending):
        raise ParameterError(f"--out is {options.out}, wanted a file ending in {ending}")
    return check_writable(options.out, overwrite=options.overwrite)


def output_folder(options: argparse.Namespace) -> Path:
    """Return the folder of --out; it is created if it does not exist.

    Raises
    ------
    FileAccessError
        If it is not empty and --overwrite was not given, or it cannot be created.
    """
    path, overwrite = Path(options.out), options.overwrite
    if path.exists() and (not path.is_dir() or (any(path.iterdir()) and not overwrite)):
        raise FileAccessError(
            f"{path}: exists already, wanted a new or empty folder, or --overwrite"
        )
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileAccessError(f"{path}: cannot be made: {error.strerror}") from error
    return path


def params(options: argparse.Namespace) -> Params:
    """Return the params of --params, a file or the name of a profile; default: the shipped ones."""
    return Params.load(options.params) if options.params else Params()


def model_and_params(options: argparse.Namespace) -> tuple[Model, Params]:
    """Load --model, with the params of --params or else those that it was trained with.

    Raises
    ------
    ModelFileError
        If the model does not fit --params.
    """
    if options.params:
        given = Params.load(options.params)
        return fitting_model(options.model, given), given
    model = Model.load(options.model)
    return model, analysis_params(model)


def fitting_model(path: str, settings: Params) -> Model:
    """Load a model, and check that it can play what is analysed with `settings`.

    Raises
    ------
    ModelFileError
        If its inputs, outputs, sample rate, hop or window are different.
    """
    model = Model.load(path, settings)
    own = {**model.config, **model.config["spectrum"]}
    for key in SHARED_KEYS:
        if own[key] != settings[key]:
            raise ModelFileError(
                f"{path}: the model has {key} {own[key]}, but the params say {settings[key]}"
            )
    return model


def count(number: int, noun: str) -> str:
    """Return a number with its noun: "1 frame", "2,000 frames"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def is_store(path: str) -> bool:
    """Return whether a path is a store of frames."""
    return (Path(path) / "index.json").is_file()


def holds_frames(path: str) -> bool:
    """Whether a path is a file or store of frames rather than recordings."""
    return path.endswith(NATIVE) or is_store(path)


def frames(sources: list[str], settings: Params) -> Frames | Store:
    """Analyse files and folders, or open a file or store of frames.

    Raises
    ------
    ParameterError
        If a file or store of frames is given together with other sources.
    """
    for source in filter(holds_frames, sources):
        store = is_store(source)
        if len(sources) > 1:
            kind = "a store" if store else f"a {NATIVE} file"
            raise ParameterError(
                f"{len(sources)} sources of which one is {kind}, wanted that "
                f"{'store' if store else 'file'} alone"
            )
        return Store.open(source) if store else Frames.load(source)
    return analysed(sources, settings)


def recording(path: str) -> str:
    """Return `path`, after checking that it is not a folder.

    Raises
    ------
    ParameterError
        If it is a folder.
    """
    if Path(path).is_dir():
        raise ParameterError(f"{path}: is a folder, wanted one recording")
    return path


def analysed(
    sources: list[str],
    settings: Params,
    *,
    threads: int | None = None,
    progress: AnalysisProgress | None = None,
) -> Frames:
    """Analyse files and folders, with progress on stderr and a line for each file left out."""
    with progress or AnalysisProgress() as shown:
        found = analyze(sources, settings, num_threads=threads, progress=shown)
    shown.report_skipped(found.skipped)
    return found
