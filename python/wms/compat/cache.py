"""Writing wms_torch's feature cache."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import _wms
from .._files import check_writable, replacing
from ..errors import FeatureFileError, FileAccessError, ParameterError
from .hashing import arguments_hash, cached_arguments, check_version, waveform_hash
from .midi import write_midi
from .torch_file import save_tensors
from .waveform import Sources, joined, listed, padded, read_alike, write_wav


@dataclass(frozen=True)
class CacheEntry:
    """What `write_cache` wrote.

    Attributes
    ----------
    features : Path
        The .pt file of features.
    midi : Path or None
        The MIDI file of version "dev".
    audio_files_path : Path
        The absolute path that wms_torch's params.json must contain: the source, or a new recording
        if wms_torch would not read the same samples from the source.
    frames : int
        Number of frames.
    """

    features: Path
    midi: Path | None
    audio_files_path: Path
    frames: int


def write_cache(
    source: Sources,
    params: _wms.Params | None,
    root: str | os.PathLike[str],
    version: str = "main",
    *,
    progress: Callable[[int, int, int], object] | None = None,
) -> CacheEntry:
    """Analyse recordings as wms_torch does, and write the result into its cache.

    wms_torch then trains without computing features, if it is started in `root` with the same
    params.

    Parameters
    ----------
    source : path or sequence of paths
        Files in the order in which they are joined. A folder stands for the files directly in it
        that end in .wav, in the order of `os.listdir`, as in wms_torch. wms_torch reads the same
        samples only from one path to mono .wav files at the params' sample rate. For any other
        source the joined recording is written too, for wms_torch to read; otherwise it would not
        find the features.
    params : Params or None
        The params that wms_torch will read; None means the shipped ones. "compatibility" is
        replaced by `version`, and "n_fft_preserved" is ignored, as it does not affect the cache.
    root : path
        Folder in which wms_torch runs. The files are written to parameterizations/ in it, a joined
        recording to audio_files/, and for "dev" a MIDI file to midi_files/.
    version : "main" or "dev"
        Branch of wms_torch.
    progress : callable, optional
        Called with the number of files done, of files in all, and of frames done.

    Returns
    -------
    CacheEntry
        What was written and where.

    Raises
    ------
    ParameterError
        If the version is unknown, or the analysis is not possible with these params.
    AudioFileError
        If a recording cannot be read, or a folder holds none.
    FeatureFileError
        If the cache's parameterizations.json is damaged.
    FileAccessError
        If `root` cannot be written to.

    Examples
    --------
    >>> wms.save_audio("tone.wav", 0.5 * np.sin(0.1 * np.arange(16000)), 16000)
    >>> params = wms.Params(compatibility="main")
    >>> wms.compat.write_cache("tone.wav", params, "path/to/wms_torch")  # doctest: +ELLIPSIS
    CacheEntry(...)
    """
    check_version(version)
    params = _wms.Params() if params is None else params
    settings = params.replace(compatibility=version, n_fft_preserved=None)
    if settings["force_recompute_features"]:
        warnings.warn(
            '"force_recompute_features" is true, so wms_torch will compute the features again; '
            "wanted false",
            stacklevel=2,
        )
    if settings["mfcc_dim_reduction"]:
        raise ParameterError(
            f'"mfcc_dim_reduction" is "{settings["mfcc_dim_reduction"]}", whose coordinates differ '
            'from run to run of wms_torch; a cache can be written with "" only'
        )
    root, rate, window_size = Path(root), settings["sample_rate"], settings["window_size"]
    files = listed(source)
    signal = joined(files, rate, window_size)
    waveform = waveform_hash(padded(signal, window_size))
    arguments = cached_arguments(settings, waveform, version)
    name = arguments_hash(arguments)
    folder = root / "parameterizations" / waveform
    features = check_writable(folder / f"{name}.pt", overwrite=True)
    index = folder / "parameterizations.json"
    known = _read_index(index)

    frames = _wms.analyze(signal, settings, sample_rate=rate, progress=progress)
    inputs, n_mfcc = frames.inputs, settings["n_mfcc"]
    tensors = {"stft": frames.spectrum, "mfcc": inputs[:, :n_mfcc], "pitch": inputs[:, n_mfcc:]}
    midi = root / "midi_files" / waveform / f"{name}.mid" if version == "dev" else None
    if midi:
        write_midi(frames, midi)
    save_tensors(features, tensors)
    with replacing(index) as temporary:
        temporary.write_text(json.dumps(known | {name: arguments}, indent=4))

    if read_alike(source, files, rate):
        audio = files[0] if len(files) == 1 else files[0].parent
    else:
        audio = root / "audio_files" / f"{waveform}.wav"
        write_wav(audio, signal, rate)
    return CacheEntry(features, midi, audio.resolve(), len(frames))


def _read_index(path: Path) -> dict[str, Any]:
    try:
        known = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise FileAccessError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise FeatureFileError(f"{path}: damaged, wanted JSON: {error}") from error
    if not isinstance(known, dict):
        raise FeatureFileError(f"{path}: damaged, wanted a JSON object")
    return known
