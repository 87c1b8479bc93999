"""The single waveform that wms_torch makes of its recordings."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .. import _wms
from .._files import check_writable
from ..errors import AudioFileError, ParameterError

FloatArray = npt.NDArray[np.float32]
Sources = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def listed(source: Sources) -> list[Path]:
    """Return the recordings of a source in the order in which wms_torch joins them.

    Parameters
    ----------
    source : path or sequence of paths
        Files, in the order given. A folder stands for the files directly in it that end in .wav,
        in the order of os.listdir. This order is not alphabetical, and a copy of the folder may
        have another.

    Raises
    ------
    AudioFileError
        If there is no such file, or no such recording in a folder.
    """
    files: list[Path] = []
    for path in _paths(source):
        if not path.is_dir():
            files += _wms.list_audio(path)
            continue
        # iterdir is not guaranteed to have the order of os.listdir.
        found = [path / name for name in os.listdir(path) if name.endswith(".wav")]  # noqa: PTH208
        if not found:
            raise AudioFileError(
                f"{path}: holds no file ending in .wav, which is all that wms_torch reads of a "
                "folder; name other files one by one"
            )
        files += found
    if not files:
        raise ParameterError("no audio file was given, wanted at least one")
    return files


def joined(files: Sequence[Path], sample_rate: int, window_size: int) -> FloatArray:
    """Read recordings and join them, with all but the last one padded by `padded`."""
    recordings = [_wms.load_audio(path, sample_rate, as_stored=True)[0] for path in files]
    return np.concatenate([*(padded(y, window_size) for y in recordings[:-1]), recordings[-1]])


def padded(y: FloatArray, window_size: int) -> FloatArray:
    """Append zeros up to the next multiple of `window_size` above the length of `y`."""
    return np.pad(y, (0, window_size - len(y) % window_size))


def read_alike(source: Sources, files: Sequence[Path], sample_rate: int) -> bool:
    """Return whether wms_torch itself would read exactly the same samples from this source.

    It would if the source is one file or folder of mono .wav files at the right rate. wms_torch's
    resampler and its decoders of other formats round differently, and the cache then sees another
    waveform.
    """
    return len(_paths(source)) == 1 and all(_is_mono_wav(path, sample_rate) for path in files)


def write_wav(path: Path, y: FloatArray, sample_rate: int) -> None:
    """Write samples, (n,), unchanged: a mono wav file of 32-bit floats.

    Raises
    ------
    ParameterError
        If there are more than a wav file can hold.
    FileAccessError
        If it cannot be written.
    """
    _wms.save_audio(check_writable(path, overwrite=True), y, sample_rate, subtype="FLOAT")


def _paths(source: Sources) -> list[Path]:
    return [Path(p) for p in ([source] if isinstance(source, (str, os.PathLike)) else source)]


def _is_mono_wav(path: Path, sample_rate: int) -> bool:
    return path.suffix == ".wav" and _wms.audio_info(path) == (1, sample_rate)
