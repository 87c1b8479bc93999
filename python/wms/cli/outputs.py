"""Where commands write: checks before the work, the folders that are made, and sound files."""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import save_audio, wav_bytes
from .._files import check_writable
from ..errors import AudioWarning, FileAccessError
from .usage import UsageError

#: Ending of the sound files that are written.
WAV = ".wav"
#: What --out is if the sound is to go to the standard output.
STANDARD_OUTPUT = "-"
# Sample formats by the words of --format, in save_audio's words.
_SUBTYPES = {"16": "PCM_16", "24": "PCM_24", "32f": "FLOAT"}


def add_output(parser: argparse.ArgumentParser, metavar: str, help_text: str) -> None:
    """Add the arguments --out and --overwrite."""
    parser.add_argument("--out", required=True, metavar=metavar, help=help_text)
    parser.add_argument(
        "--overwrite", action="store_true", help="replace --out if it exists already"
    )


def add_sound_output(parser: argparse.ArgumentParser, more: str = "") -> None:
    """Add --out, --overwrite and --format for a sound file."""
    text = f"the .wav file to write, or - for the standard output{more}"
    add_output(parser, "WAV", text)
    parser.add_argument(
        "--format",
        choices=tuple(_SUBTYPES),
        default="24",
        help="bits of a sample: 16, 24, or 32f, floats of 32 bits (default: 24)",
    )


def output(options: argparse.Namespace, *endings: str) -> Path:
    """Return the path of --out, after checking that it can be written.

    Raises
    ------
    UsageError
        If it has none of the endings, by which other commands tell what kind of file it is.
    FileAccessError
        If it exists and --overwrite was not given, or it cannot be written.
    """
    if not options.out.lower().endswith(endings):
        wanted = " or ".join(filter(None, (", ".join(endings[:-1]), endings[-1])))
        raise UsageError(f"--out is {options.out}, wanted a file ending in {wanted}")
    return writable(options, Path(options.out))


def writable(options: argparse.Namespace, path: Path) -> Path:
    """Return `path`, after checking that it can be written; its folder is made if it is new."""
    is_new = not path.parent.exists()
    if not path.parent.parent.exists():
        raise FileAccessError(
            f"{path}: cannot be written: there is no folder {path.parent.parent}; make it first if "
            "the name is right"
        )
    path = check_writable(path, overwrite=options.overwrite)
    if is_new:
        options.made.append(path.parent)
    return path


def sound_output(options: argparse.Namespace) -> Path:
    """Return the path of --out for a sound file, after checking it.

    Raises
    ------
    UsageError
        If --out has another ending.
    FileAccessError
        If it cannot be written.
    """
    if options.out == STANDARD_OUTPUT:
        return Path(options.out)
    return output(options, WAV)


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
            f"{path}: exists already, wanted a new or empty folder; to write into it, add "
            "--overwrite"
        )
    return new_folder(options, path)


def new_folder(options: argparse.Namespace, path: Path) -> Path:
    """Make a folder in one that exists, unless it is there.

    Raises
    ------
    FileAccessError
        If it cannot be made.
    """
    is_new = not path.exists()
    try:
        path.mkdir(exist_ok=True)
    except FileNotFoundError as error:
        raise FileAccessError(
            f"{path}: cannot be made: there is no folder {path.parent}; make it first if the name "
            "is right"
        ) from error
    except OSError as error:
        raise FileAccessError(f"{path}: cannot be made: {error.strerror}") from error
    if is_new:
        options.made.append(path)
    return path


def write_sound(
    options: argparse.Namespace, path: Path, sound: npt.NDArray[np.floating[Any]], rate: int
) -> None:
    """Write a sound in --format, and say its length, rate and peak.

    Parameters
    ----------
    options
        The arguments that `add_sound_output` has added.
    path : Path
        What `sound_output` has returned.
    sound : (n,) or (2, n)
        Samples, full scale at ±1.
    rate : int
        Their sample rate, Hz.
    """
    sound = np.asarray(sound, np.float32)
    peak = float(np.abs(sound).max(initial=0.0))
    if peak > 1.0 and options.format != "32f":
        over = 20 * np.log10(peak)
        print(
            f"wms: warning: the sound peaks at {over:+.1f} dBFS and is clipped; make it softer by "
            f"{np.ceil(over):.0f} dB, or add --format 32f",
            file=sys.stderr,
        )
    subtype: Any = _SUBTYPES[options.format]
    if str(path) == STANDARD_OUTPUT:
        sys.stdout.buffer.write(wav_bytes(sound, rate, subtype=subtype))
    else:
        with warnings.catch_warnings():
            # What is clipped has been said, with what to do.
            warnings.simplefilter("ignore", AudioWarning)
            save_audio(path, sound, rate, subtype=subtype)
    print(
        f"{path}: {sound.shape[-1] / rate:.1f} s at {rate} Hz, {level(peak)}",
        file=sys.stderr if str(path) == STANDARD_OUTPUT else sys.stdout,
    )


def level(peak: float) -> str:
    """Return a peak, 1 at full scale, in words: "peak -6.0 dBFS", or "silent"."""
    return f"peak {20 * np.log10(peak):.1f} dBFS" if peak > 0.0 else "silent"
