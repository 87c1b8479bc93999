"""What several commands share: arguments, loading models, and getting frames from files."""

from __future__ import annotations

import argparse
import difflib
import warnings
from pathlib import Path

from .. import Frames, Model, Params, Report, Store, analyze, factory_models
from .._progress import AnalysisProgress
from ..errors import AudioWarning, FileAccessError, ModelFileError, ParameterError
from . import kinds
from .usage import number, whole

#: Ending of files of frames and of models.
NATIVE = ".safetensors"
#: Help of an argument that names a model.
MODEL_HELP = "FILE or factory:NAME; `wms models` lists the names"


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the argument --model."""
    parser.add_argument("--model", required=True, metavar="MODEL", help=MODEL_HELP)


def add_sample_rate(parser: argparse.ArgumentParser) -> None:
    """Add the argument --sample-rate, the rate of the sound to write."""
    parser.add_argument(
        "--sample-rate",
        type=whole(1000, 768_000),
        default=48000,
        metavar="HZ",
        help="sample rate of the result (default: 48000)",
    )


def add_sources(parser: argparse.ArgumentParser) -> None:
    """Add the argument AUDIO, what `frames` takes as its sources."""
    parser.add_argument(
        "audio",
        nargs="+",
        metavar="AUDIO",
        help="audio files and folders, or a file or store of frames",
    )


def add_channel(parser: argparse.ArgumentParser) -> None:
    """Add the argument --channel, which channel of recordings is read."""
    parser.add_argument(
        "--channel",
        choices=("mix", "left", "right"),
        default="mix",
        help="channel of recordings that have several (default: mix, their average)",
    )


def add_noise(parser: argparse.ArgumentParser) -> None:
    """Add the arguments --noise and --seed."""
    parser.add_argument(
        "--noise",
        type=number(0, 4),
        default=1.0,
        metavar="GAIN",
        help="gain of the noise part, 0 to 4 (default: 1)",
    )
    parser.add_argument(
        "--seed", type=whole(0), default=0, metavar="N", help="seed of the noise (default: 0)"
    )


def params(options: argparse.Namespace) -> Params:
    """Return the params of --params, a file or the name of a profile; default: the shipped ones."""
    return Params.load(options.params) if options.params else Params()


def model_and_params(options: argparse.Namespace, name: str | None = None) -> tuple[Model, Params]:
    """Load a model, with the params of --params or else those that it was trained with.

    Parameters
    ----------
    options
        The arguments of the command.
    name : str, optional
        The model; default: that of --model.

    Raises
    ------
    ModelFileError
        If the model does not fit --params.
    """
    if options.params:
        given = Params.load(options.params)
        return load_model(name or options.model, given), given
    model = load_model(name or options.model)
    return model, model.params


def load_model(path: str, settings: Params | None = None) -> Model:
    """Load a model; if that fails, say what the file is, or which model may be meant.

    Raises
    ------
    FileAccessError
        If there is no such file.
    ModelFileError
        If it is no model, or does not fit `settings`.
    """
    if not path.startswith("factory:"):
        if not Path(path).exists():
            name = Path(path).stem.lower().replace(" ", "_")
            near = difflib.get_close_matches(name, factory_models(), n=1)
            hint = f"; did you mean factory:{near[0]}?" if near else ""
            raise FileAccessError(f"{path}: No such file or directory{hint}")
        kind = kinds.kind_of(path)
        if kind not in ("model", "other"):
            raise ModelFileError(
                f"{path}: {kinds.WORDS[kind]}, wanted a model: a .safetensors, .pth or rt_model "
                ".json file, or factory:NAME"
            )
    return Model.load(path, settings)


def count(number: int, noun: str) -> str:
    """Return a number with its noun: "1 frame", "2,000 frames"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def exists(path: str) -> bool:
    """Return whether there is a file or folder of this name."""
    return Path(path).exists()


def is_store(path: str) -> bool:
    """Return whether a path is a store of frames."""
    return (Path(path) / "index.json").is_file()


def holds_frames(path: str) -> bool:
    """Whether a path is a file or store of frames rather than recordings."""
    return path.endswith(NATIVE) or is_store(path)


def frames(sources: list[str], settings: Params, channel: str) -> Frames | Store:
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
    return analysed(sources, settings, channel)


def judged_frames(
    sources: list[str], settings: Params, channel: str
) -> tuple[Frames | Store, Report]:
    """Return what `frames` returns, and what is to be said about the recordings.

    Raises
    ------
    ParameterError
        If there is no sound in them.
    """
    with warnings.catch_warnings():
        # The report has these lines too.
        warnings.simplefilter("ignore", AudioWarning)
        found = frames(sources, settings, channel)
    report = found.report(channel=channel)
    if report.is_silent:
        raise ParameterError(f"{', '.join(sources)}: there is no sound in it, wanted a recording")
    return found, report


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
    channel: str,
    *,
    threads: int | None = None,
    progress: AnalysisProgress | None = None,
) -> Frames:
    """Analyse files and folders, with progress on stderr and a line for each file left out."""
    with progress or AnalysisProgress() as shown:
        found = analyze(sources, settings, channel=channel, num_threads=threads, progress=shown)
    shown.report_skipped(found.skipped)
    return found
