"""The native part of the package."""

from collections.abc import (
    Callable,
    ItemsView,
    Iterable,
    Iterator,
    KeysView,
    Mapping,
    Sequence,
    ValuesView,
)
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, TypeAlias, TypedDict, final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from typing_extensions import Unpack

from ._frames import FeaturesLike, FramesLike

__all__ = [
    "Direction",
    "Directions",
    "Frames",
    "Model",
    "Params",
    "Report",
    "Scaler",
    "Store",
    "Synth",
    "__version__",
    "_analyze_into",
    "_finish_store",
    "_list_with_remarks",
    "_note_columns",
    "_prepare_store",
    "analyze",
    "audio_info",
    "band_limit",
    "crepe",
    "crepe_probabilities",
    "cycle_frames",
    "cycle_spectrum",
    "cycle_waveform",
    "factory_models",
    "frame_loudness",
    "list_audio",
    "load_audio",
    "midi_messages",
    "play_spectra",
    "pyin",
    "render",
    "resample",
    "resynthesize",
    "save_audio",
    "segment_mfcc",
    "wav_bytes",
    "yin",
]

__version__: str

_Path: TypeAlias = str | PathLike[str]
_WavSubtype: TypeAlias = Literal["PCM_16", "PCM_24", "FLOAT"]

class _Params(Protocol):
    """Parameters of analysis and training: `Params`, or anything like it."""

    def to_dict(self) -> dict[str, Any]: ...

# What stands for params: them, a mapping of keys, the name of a profile, the path of a file, or the
# model that they are of.
_GivenParams: TypeAlias = "_Params | Mapping[str, Any] | _Path | Model"
# What stands for a model: one, the path of its file, or "factory:NAME".
_GivenModel: TypeAlias = "Model | _Path"

@final
class Params(Mapping[str, Any]):
    """A complete, checked set of parameters: the content of a `params.json`.

    Immutable and hashable. It is a mapping of its keys, in the order of the file, and each key is
    an attribute too: `params["hop_size"]` is `params.hop_size`. Two sets are equal if all their
    values are. A key that is set but has no effect causes a UserWarning.

    Where a function takes params, it takes as well a dict of keys that differ from the shipped
    `params.json`; what `Params.load` takes, the name of a profile or the path of a file; and a
    `Model`, which stands for its `params`.

    Parameters
    ----------
    **changes
        Keys that differ from the shipped `params.json`, with their values.

    Raises
    ------
    ParameterError
        A key is unknown or its value is not allowed. The message names the key, the value that was
        given and what is wanted.

    See Also
    --------
    Params.load : reads a file.
    Params.profile : the sets of parameters that come with the package.

    Examples
    --------
    >>> params = wms.Params(hop_size=128)
    >>> params["hop_size"], params.sample_rate
    (128, 16000)
    >>> wms.Params(**params) == params
    True
    """

    def __new__(cls, **changes: Any) -> Params: ...
    @staticmethod
    def load(path: _Path) -> Params:
        """Read a `params.json`, this project's or `wms_torch`'s, or take a profile by its name.

        Keys that end in `_comment` or begin with `___NOT` are notes; `save` writes them again.

        Parameters
        ----------
        path
            The file; or the name of a profile, as for `profile`, if there is no file of this name.

        Raises
        ------
        ParameterError
            The file is not a JSON object, a key of `wms_torch` is missing, a key is unknown, or a
            value is not allowed. Or there is neither a profile nor a file of this name.
        FileAccessError
            The file cannot be read.

        Examples
        --------
        >>> wms.Params(hop_size=128).save("params.json")
        >>> wms.Params.load("params.json")
        Params(hop_size=128)
        >>> wms.Params.load("hifi").sample_rate
        44100
        """

    @staticmethod
    def profile(name: str) -> Params:
        """One of the sets of parameters that come with the package.

        Parameters
        ----------
        name
            "default": the shipped `params.json`, as `wms_torch` publishes it. "hifi": 44.1 kHz,
            four cycles in a frame, the whole band.

        Raises
        ------
        ParameterError
            There is no profile of this name; the message lists the names.

        Examples
        --------
        >>> wms.Params.profile("hifi")["sample_rate"]
        44100
        """

    @staticmethod
    def from_dict(values: dict[str, Any]) -> Params:
        """Check the keys and values of a `params.json` that is given as a dict.

        Parameters
        ----------
        values
            All keys of `wms_torch`. This project's own keys take their defaults where they are
            missing.

        Raises
        ------
        ParameterError
            As for `load`.

        Examples
        --------
        >>> values = wms.Params().to_dict()
        >>> wms.Params.from_dict(values | {"n_mfcc": 12})
        Params(n_mfcc=12)
        """

    def save(self, path: _Path) -> None:
        """Write a `params.json`, notes included.

        The file is written beside its place and then moved there, so that it is never half written.

        Parameters
        ----------
        path
            The file; an existing one is replaced.

        Raises
        ------
        FileAccessError
            The file cannot be written.
        """

    def replace(self, **changes: Any) -> Params:
        """A copy of these parameters with some keys changed.

        Parameters
        ----------
        **changes
            Keys and their new values.

        Raises
        ------
        ParameterError
            As for `Params`.

        Examples
        --------
        >>> wms.Params().replace(hop_size=128, cycles_per_window=3)
        Params(hop_size=128, cycles_per_window=3)
        """

    def check_playable(self) -> None:
        """Refuse parameters whose model could not be saved, loaded and played.

        The analysis takes wider ranges than a model can have, so `wms.training.train` asks this
        before it starts.

        Raises
        ------
        ParameterError
            A model of these parameters could not be loaded again. The message names the first key
            that stands in the way, its value and what is wanted.

        Examples
        --------
        >>> wms.Params(cycles_per_window=4).check_playable()
        """

    @staticmethod
    def table() -> list[dict[str, Any]]:
        """The table of all keys of a `params.json`, in the order of the file.

        Returns
        -------
        list of dict
            For each key: "name"; "section", the heading that it belongs under; "meaning", with the
            unit; "kind", one of "whole number", "number", "switch", "choice" and "text"; "low" and
            "high", the range of numbers, both included; "choices", the words of a choice;
            "nullable", whether it may be None; "wanted", the kind and range in words; "default";
            "required", whether a file must have it; "no_effect", why the key has none, or None.

        Examples
        --------
        >>> for key in wms.Params.table()[:3]:
        ...     print(key["name"], "is", key["wanted"])
        audio_files_path is text
        sample_rate is a whole number from 4000 to 384000
        hop_size is a whole number from 1 to 1048576
        """

    def to_dict(self) -> dict[str, Any]:
        """All keys and values without the notes, as a new dict."""

    def keys(self) -> KeysView[str]:
        """The keys, in the order of the file."""

    def values(self) -> ValuesView[Any]:
        """The values, in the order of the keys."""

    def items(self) -> ItemsView[str, Any]:
        """Pairs of key and value, in the order of the file."""

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, or `default` if there is no such key."""

    def __copy__(self, /) -> Params: ...
    def __deepcopy__(self, _memo: Any, /) -> Params: ...
    def __getitem__(self, key: str, /) -> Any: ...
    def __getattribute__(self, name: str, /) -> Any: ...
    def __dir__(self, /) -> list[str]: ...
    def __contains__(self, key: object, /) -> bool: ...
    def __len__(self, /) -> int: ...
    def __iter__(self, /) -> Iterator[str]: ...
    def __hash__(self, /) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

@final
class Scaler:
    """Standardisation of the cepstral coefficients: (x - mean) / scale.

    Parameters
    ----------
    mean
        Mean of each coefficient, (n_mfcc,).
    scale
        Population standard deviation of each coefficient, 1 for a constant one, (n_mfcc,).

    Examples
    --------
    >>> wms.Scaler([0.0, 0.5], [1.0, 2.0])
    Scaler(mean=[0.0, 0.5], scale=[1.0, 2.0])
    """

    def __new__(cls, mean: Sequence[float], scale: Sequence[float]) -> Scaler: ...
    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean of each coefficient, (n_mfcc,)."""

    @property
    def scale(self) -> NDArray[np.float64]:
        """Population standard deviation of each coefficient, 1 for a constant one, (n_mfcc,)."""

    def __eq__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class Frames:
    """The features and spectra of the frames of one or more recordings; immutable.

    Made by `analyze`, `Frames.load` or `Store.shards`. The frames of a file are read from it when
    they are used, so the file must not be written to meanwhile. T is the number of frames (also
    `len(frames)`), C the number of network inputs, K the number of spectrum bins. Arrays are
    float32 and read-only unless they are said to be new.

    `frames[10:20]`, `frames[mask]` and `frames[rows]` are the frames that NumPy would take of an
    array (T,), in their order; `frames[10]` are frames too, of which there is one. They keep the
    scaler, so that their `inputs` stay the same. `a + b` has the frames of both, one after another;
    where the scalers differ, a new one is fitted. Frames are equal if all their arrays, names and
    params are.

    Examples
    --------
    >>> y = 0.5 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
    >>> frames = wms.analyze(y, sample_rate=16000)
    >>> frames.f0_hz.shape, frames.mfcc.shape, frames.spectrum.shape
    ((63,), (63, 8), (63, 80))
    >>> frames[frames.voicedness > 0.5][:10]
    Frames(10 frames, 1 file, 10 inputs, 80 bins)
    >>> frames[:10] + frames[10:] == frames
    True
    """

    @staticmethod
    def load(path: _Path) -> Frames:
        """Open a file that `save` wrote, or join the recordings of a `Store` in memory.

        Parameters
        ----------
        path
            The file, which is mapped into memory; or a store's folder.

        Raises
        ------
        FeatureFileError
            The file is truncated or of another kind, or its arrays do not fit each other; the
            message says which.
        FileAccessError
            The file cannot be read.

        Examples
        --------
        >>> y = 0.5 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
        >>> wms.analyze(y, sample_rate=16000).save("frames.safetensors")
        >>> len(wms.Frames.load("frames.safetensors"))
        63
        """

    def save(self, path: _Path) -> None:
        """Write all arrays and the parameters as one safetensors file, whole or not at all.

        Parameters
        ----------
        path
            The file; an existing one is replaced when the new one is complete.

        Raises
        ------
        FileAccessError
            The file cannot be written.
        """

    @property
    def f0_hz(self) -> NDArray[np.float32]:
        """Fundamental frequency in Hz, (T,); the best guess where a frame is unvoiced."""

    @property
    def voicedness(self) -> NDArray[np.float32]:
        """Voicedness, 0 to 1, (T,); 1 where the pitch method gives none."""

    @property
    def mfcc(self) -> NDArray[np.float32]:
        """Standardised cepstral coefficients, (T, n_mfcc), a new array."""

    @property
    def mfcc_raw(self) -> NDArray[np.float32]:
        """Cepstral coefficients, not standardised, (T, n_mfcc)."""

    @property
    def spectrum(self) -> NDArray[np.float32]:
        """log(1 + magnitude) of the cycle frames, (T, K)."""

    @property
    def times_s(self) -> NDArray[np.float32]:
        """Time of each frame's centre in its recording, in seconds, (T,)."""

    @property
    def file_index(self) -> NDArray[np.int32]:
        """Recording of each frame as an index into `files`, (T,), int32; it never decreases."""

    @property
    def inputs(self) -> NDArray[np.float32]:
        """Network inputs, `wms_torch`'s X, (T, C), a new array.

        Standardised coefficients, log(max(f0, f_low) - f_low + 1e-4), and voicedness if the
        parameters include it. With `mfcc_dim_reduction` "pacmap" the columns are still the
        coefficients: `wms.training.ProjectedFrames` has the coordinates.
        """

    @property
    def targets(self) -> NDArray[np.float32]:
        """What a network learns to give, `wms_torch`'s Y: the spectra, (T, K)."""

    @property
    def scaler(self) -> Scaler:
        """Standardisation of the coefficients over all frames."""

    @property
    def params(self) -> Params:
        """Parameters of the analysis."""

    @property
    def input_names(self) -> list[str]:
        """Names of the columns of `inputs`."""

    @property
    def files(self) -> list[str]:
        """Recordings that were analysed."""

    @property
    def skipped(self) -> list[tuple[Path, str]]:
        """Files that could not be analysed, each with the reason in one line."""

    @property
    def warnings(self) -> list[tuple[Path, str]]:
        """Files and folders that something is to be known of, each with it in one line.

        A part of a damaged recording was lost, samples had to be changed, or something in a folder
        was left out. `analyze` issues each line as an `AudioWarning` too.
        """

    def report(self, *, channel: str = "mix") -> Report:
        """Judge the recordings before a model is trained on them.

        Their files are read once more, as far as they are still there; frames of arrays are judged
        by themselves.

        Parameters
        ----------
        channel
            The channel that was analysed: "mix", "left" or "right".

        Examples
        --------
        >>> y = 0.5 * np.sin(2 * np.pi * 220 * np.arange(32000) / 16000)
        >>> report = wms.analyze(y, sample_rate=16000).report()
        >>> report.summary
        '2.0 s of sound, 99 % pitched, A3'
        >>> [kind for kind, _ in report.warnings]
        ['too_short']
        """

    def by_file(self) -> list[Frames]:
        """The frames of each recording, in the order of `files`."""

    def to_dict(self, *, spectrum: bool = False) -> dict[str, NDArray[Any]]:
        """The features as columns of a table, (T,) each, in a new dict, as for `pandas.DataFrame`.

        Parameters
        ----------
        spectrum
            Whether the spectra are in it, with a column for each bin.

        Returns
        -------
        columns
            "file", "time_s", "f0_hz", "voicedness", then the coefficients, which are not
            standardised, as "mfcc_0" and so on, and with `spectrum` "bin_0" and so on.

        Examples
        --------
        >>> y = 0.5 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
        >>> columns = wms.analyze(y, sample_rate=16000).to_dict()
        >>> list(columns)[:5], columns["f0_hz"].shape
        (['file', 'time_s', 'f0_hz', 'voicedness', 'mfcc_0'], (63,))
        """

    def __len__(self) -> int: ...
    def __copy__(self, /) -> Frames: ...
    def __deepcopy__(self, _memo: Any, /) -> Frames: ...
    def __getitem__(self, index: Any, /) -> Frames: ...
    def __add__(self, other: Frames, /) -> Frames: ...
    def __radd__(self, value: Any, /) -> Any: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class Report:
    """What recordings hold and what is wrong with them, made by `Frames.report` and `Store.report`.

    As text it is a summary in one line, and a line for each warning.
    """

    @property
    def summary(self) -> str:
        """One line: "1:58 of sound, 81 % pitched, C#3 to A5, soft to loud 34 dB"."""

    @property
    def warnings(self) -> list[tuple[str, str]]:
        """What is wrong, each with a word for programs and one line.

        The words are "silent", "mostly_silent", "no_pitch", "two_pitches", "clipped",
        "loud_pauses", "too_short", "short_notes", "too_quiet", "band_limited", and "file" for a
        line of `Frames.warnings`.
        """

    @property
    def is_silent(self) -> bool:
        """Whether no recording holds any sound, so that no model can be made of them."""

    @property
    def seconds(self) -> float:
        """Length of the recordings, s."""

    @property
    def silent_share(self) -> float:
        """Share of the length that is silent, 0 to 1."""

    @property
    def pitched_share(self) -> float:
        """Share of the time that is not silent in which there is a pitch, 0 to 1."""

    @property
    def range_hz(self) -> tuple[float, float] | None:
        """Lowest and highest pitch, Hz, but for the outermost fiftieth; None without any pitch."""

    @property
    def dynamics_db(self) -> float | None:
        """From the soft to the loud passages, dB; None if the recordings are not at hand."""

    def to_dict(self) -> dict[str, Any]:
        """All of it as a dict, for programs.

        The keys are "summary", "recordings" (their number), "seconds", "silent_share",
        "pitched_share", "range_hz", "dynamics_db", and "warnings", a list of dicts with "kind" and
        "message".
        """

@final
class Store:
    """Analysed recordings in a folder, one file of frames (a shard) for each; immutable.

    A shard is named after its recording's content and the parameters that the analysis reads, so
    what is there need not be computed again. `index.json` lists the recordings. Made by `update` or
    `open`; `len(store)` is the number of frames.

    Examples
    --------
    >>> y = 0.5 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
    >>> wms.save_audio("tone.wav", y, 16000)
    >>> store = wms.Store.update("features", "tone.wav")
    >>> len(store), store.skipped, wms.Store.update("features", "tone.wav").kept
    (63, [], 1)
    """

    @staticmethod
    def open(path: _Path) -> Store:
        """Open a store.

        Parameters
        ----------
        path
            The folder.

        Raises
        ------
        FileAccessError
            The folder has no index, or it cannot be read.
        FeatureFileError
            The index is damaged or is not that of a store.
        """

    @staticmethod
    def update(
        path: _Path,
        source: _Path | Sequence[_Path],
        params: _GivenParams | None = None,
        *,
        channel: str = "mix",
        num_threads: int | None = None,
        prune: bool = False,
        progress: Callable[[int, int, int, float], object] | None = None,
    ) -> Store:
        """Bring a folder up to date with recordings: what is new or has changed is analysed.

        The memory that this needs does not grow with the length of the recordings or their number.
        Ctrl-C stops it; the next update finds the recordings that were finished. A recording that
        cannot be read is left out and named in `skipped`.

        Parameters
        ----------
        path
            A store's folder, or one to be made; a folder that exists must be empty.
        source
            A file, a folder, or a list of them as for `list_audio`.
        params
            What to compute: `Params` or what stands for them; `Params()` where None.
            "compatibility" must be null, because otherwise all recordings are analysed as one
            signal.
        channel
            As for `load_audio`: "mix", "left" or "right".
        num_threads
            At least 1; all processors where None. The results do not depend on it.
        prune
            Remove the shards of other recordings and other parameters.
        progress
            Called about ten times a second and at the end with the number of files done, the number
            of files in all, the number of frames done, and the share, 0 to 1, of the sound to be
            analysed that is done. An exception from it stops the work.

        Returns
        -------
        store
            The `Store` of all these recordings.

        Raises
        ------
        AudioFileError
            The only file cannot be read, there is no such file, or a folder holds no audio.
        ParameterError
            None of several files can be read, or an argument is not as said here.
        FeatureFileError
            The folder holds other things.
        FileAccessError
            The folder cannot be written.

        Warns
        -----
        AudioWarning
            For each of `Store.warnings`.
        """

    def save(self, path: _Path) -> None:
        """Write all frames as one file, as `Frames.save` does, in little memory.

        Parameters
        ----------
        path
            The file; an existing one is replaced when the new one is complete.

        Raises
        ------
        FeatureFileError
            A shard is damaged.
        FileAccessError
            A file cannot be read or written.
        """

    @property
    def files(self) -> list[str]:
        """Recordings, in the order of their paths."""

    @property
    def recordings(self) -> list[tuple[str, str, int, float]]:
        """Each recording's path, name of its shard, number of frames, and duration in seconds."""

    @property
    def skipped(self) -> list[tuple[Path, str]]:
        """Files that could not be analysed, each with the reason in one line."""

    @property
    def warnings(self) -> list[tuple[Path, str]]:
        """Files and folders that something is to be known of, as `Frames.warnings`."""

    def report(self, *, channel: str = "mix") -> Report:
        """Judge the recordings before a model is trained on them.

        Their files are read once more, as far as they are still there; frames of arrays are judged
        by themselves.

        Parameters
        ----------
        channel
            The channel that was analysed: "mix", "left" or "right".

        Raises
        ------
        FeatureFileError
            One of the store's files is damaged.
        """

    @property
    def kept(self) -> int:
        """Number of recordings that the update that returned this store found already analysed."""

    @property
    def shards(self) -> list[Frames]:
        """Frames of each recording, mapped into memory, standardised over all recordings.

        Raises
        ------
        FeatureFileError
            A shard is damaged; an update makes it again.
        """

    @property
    def scaler(self) -> Scaler:
        """Standardisation of the coefficients over all frames."""

    @property
    def params(self) -> Params:
        """Parameters of the analysis."""

    def __copy__(self, /) -> Store: ...
    def __deepcopy__(self, _memo: Any, /) -> Store: ...
    def __len__(self) -> int: ...

def frame_loudness(
    spectrum: NDArray[np.float32], f0_hz: NDArray[np.float32], params: _GivenParams
) -> NDArray[np.float32]:
    """A-weighted level of frames in dB, where 0 dB is a full-scale sine of 1 kHz.

    Parameters
    ----------
    spectrum
        log(1 + magnitude) of the cycle frames, (T, K), float32.
    f0_hz
        Fundamental frequency in Hz, (T,), float32.
    params
        Parameters of the analysis.

    Returns
    -------
    loudness_db
        dB, (T,), not below -120.

    Raises
    ------
    ParameterError
        The numbers of frames differ.

    See Also
    --------
    wms.metrics.loudness : the same of sound.

    Examples
    --------
    >>> y = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    >>> frames = wms.analyze(y, sample_rate=16000)
    >>> loudness_db = wms.frame_loudness(frames.spectrum, frames.f0_hz, frames.params)
    >>> round(float(np.median(loudness_db)))
    -20
    """

def _note_columns(
    file_index: NDArray[np.int32],
    f0_hz: ArrayLike,
    voicedness: ArrayLike,
    loudness_db: ArrayLike,
    frame_rate: float,
) -> dict[str, NDArray[Any]]:
    """Find the notes of frames whose features are given, as `wms.find_notes` does of frames.

    Parameters
    ----------
    file_index
        Recording of each frame, (T,); the frames of a recording are consecutive.
    f0_hz
        Fundamental frequency in Hz, (T,).
    voicedness
        Probability of a pitch, 0 to 1, (T,).
    loudness_db
        Loudness in dB, (T,).
    frame_rate
        Frames in a second.

    Returns
    -------
    columns
        The columns of `wms.find_notes`, (N,) each, by name.

    Raises
    ------
    ParameterError
        The numbers of frames differ, or the rate is not above 0.
    """

def factory_models() -> list[str]:
    """Names of the models that come with the package, for `Model.load("factory:NAME")`.

    Examples
    --------
    >>> "flute" in wms.factory_models()
    True
    """

@final
class Direction:
    """A named direction in the space of a model's inputs.

    Its amounts are counted from the model's rest, in `unit`. `Synth.set_timbre` takes places on a
    scale from -1, `low`, over 0, the rest, to 1, `high`.

    Attributes
    ----------
    name
        What it moves, such as "brightness".
    unit
        The unit of its amounts, such as "dB".
    meaning
        What a larger amount means.
    vector
        Change of each network input in one unit, (C,).
    low, high
        Lowest and highest amount among the sounds that it was measured on, which are not exceeded.
    spread
        Standard deviation of the amounts of these sounds.
    """

    @property
    def name(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def meaning(self) -> str: ...
    @property
    def vector(self) -> NDArray[np.float32]: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def spread(self) -> float: ...
    def __copy__(self, /) -> Direction: ...
    def __deepcopy__(self, _memo: Any, /) -> Direction: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...

@final
class Directions:
    """The directions of a model, in their order: a sequence that also takes names.

    Examples
    --------
    >>> model = wms.Model.load("factory:flute")
    >>> model.directions.names[:3]
    ['loudness', 'brightness', 'breath']
    """

    @property
    def names(self) -> list[str]:
        """Names of the directions."""

    def __len__(self) -> int: ...
    def __getitem__(self, key: int | str, /) -> Direction: ...
    def __contains__(self, name: object, /) -> bool: ...
    def __iter__(self) -> Iterator[Direction]: ...
    def __copy__(self, /) -> Directions: ...
    def __deepcopy__(self, _memo: Any, /) -> Directions: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...

@final
class Model:
    """A network and what its inputs and outputs mean; immutable.

    Made by `Model.load`. T is the number of frames, C that of network inputs, K that of spectrum
    bins. Two models are equal if their descriptions, weights and sections are. Where a function
    takes a model, it takes as well what `Model.load` takes: a path, or "factory:NAME".

    Examples
    --------
    >>> model = wms.Model.load("factory:flute")
    >>> model.input_size, model.output_size, model.sample_rate, model.hop_size
    (66, 232, 44100, 256)
    """

    @staticmethod
    def load(path: _Path, params: _GivenParams | None = None) -> Model:
        """Read a model file.

        Parameters
        ----------
        path
            A `.safetensors` file that `Model.save` or the training wrote, or a `.pth` or `rt_model`
            JSON file of `wms_torch` of any generation; the content decides, not the name. Or
            "factory:NAME" with one of the names that `factory_models` lists.
        params
            Params with which sound for the model is to be analysed: the model must agree with
            them. The files of `wms_torch` hold weights only; for them the params also tell the
            rest. Where None, such a file takes them from `<path>.params.json`, which `wms convert`
            writes, or from a params.json beside the file or in the folder above.

        Warns
        -----
        UserWarning
            Names what the file does not tell and was assumed (also in `config["assumed"]`).

        Raises
        ------
        ModelFileError
            The file is truncated, of another kind, inconsistent, asks for code to be run, or does
            not fit `params`; the message says which.
        FileAccessError
            The file cannot be read.

        Examples
        --------
        >>> model = wms.Model.load("factory:flute")
        >>> model.save("flute.safetensors")
        >>> wms.Model.load("flute.safetensors").input_names[-2:]
        ['pitch', 'voicedness']
        """

    @staticmethod
    def from_state(
        config: dict[str, Any], tensors: dict[str, Any], *, like: Model | None = None
    ) -> Model:
        """A model from its configuration and its tensors, as a model file holds them.

        Parameters
        ----------
        config
            What `Model.config` gives: what the inputs and outputs mean.
        tensors
            The weights by their state-dict names, as `Model.state_dict` gives them. They are kept
            as float32.
        like
            A model whose `directions`, and what else its file holds, the new one takes over.

        Returns
        -------
        Model
            A model to play, or to save with `Model.save`.

        Raises
        ------
        ParameterError
            A key or a tensor is missing, superfluous, misshapen or out of range, or the directions
            of `like` do not fit. The message names it.

        Examples
        --------
        >>> flute = wms.Model.load("factory:flute")
        >>> config = {**flute.config, "name": "Pan"}
        >>> wms.Model.from_state(config, flute.state_dict(), like=flute).name
        'Pan'
        """

    def save(self, path: _Path, *, half: bool = False) -> None:
        """Write the model file; an existing one is replaced when the new one is complete.

        Parameters
        ----------
        path
            The file.
        half
            Keep large tensors in half precision: the file is half the size and is read like any
            other.

        Raises
        ------
        FileAccessError
            The file cannot be written.
        ModelFileError
            With `half`, a weight is beyond 65504.
        """

    @property
    def generation(self) -> str:
        """Family of the network, such as "2026-08"."""

    @property
    def name(self) -> str:
        """Display name of the model."""

    @property
    def input_names(self) -> list[str]:
        """Names of the network inputs, in order."""

    @property
    def input_size(self) -> int:
        """Number of network inputs, C."""

    @property
    def output_size(self) -> int:
        """Number of spectrum bins, K."""

    @property
    def sample_rate(self) -> int:
        """Sampling rate of the analysed sound, Hz."""

    @property
    def hop_size(self) -> int:
        """Samples from one frame to the next, at `sample_rate`."""

    @property
    def params(self) -> Params:
        """The params with which to analyse sound for the model: those that it was trained with.

        Where a network of `wms_torch` does not say them, they are the shipped ones, with the values
        replaced that its file tells in another way. `analyze` takes a model in place of its params.
        """

    @property
    def config(self) -> dict[str, Any]:
        """Everything that the model file says about the network, as a new dict."""

    def state_dict(self) -> dict[str, NDArray[np.float32]]:
        """The network's tensors by their state-dict names, as new arrays."""

    def predict(
        self, x: ArrayLike, state: ArrayLike | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Run the network over frames: what PyTorch's forward gives.

        Parameters
        ----------
        x
            Network inputs, (T, C).
        state
            Hidden state, (layers, hidden), to carry on from; zeros where None.

        Returns
        -------
        y
            Predicted spectra, (T, K).
        state
            Hidden state after the last frame, (layers, hidden).

        Raises
        ------
        ParameterError
            `x` or `state` has another shape or holds values that are not finite.

        Examples
        --------
        >>> model = wms.Model.load("factory:flute")
        >>> y, state = model.predict(np.zeros((5, model.input_size)))
        >>> y.shape
        (5, 232)
        """

    @property
    def timbre_axes(self) -> dict[str, tuple[float, float, float]]:
        """Timbre inputs by name: lowest value in the training sound, value at rest, highest value.

        The values are in the units of `Synth.set_timbre`: 0 is the mean of the training data and 1
        is a standard deviation, but voicedness stands for itself. `Synth.timbre_range`, to which a
        synthesizer holds them, is wider by half of this range on either side.
        """

    @property
    def directions(self) -> Directions:
        """The named directions in which the timbre is moved, such as loudness and brightness.

        Models of generation "wms-2" have them from their training. Others have none, unless
        `with_directions` has made some.
        """

    def with_directions(self, frames: FramesLike) -> Model:
        """Measure directions on frames: the same model with these in place of its own.

        There is one for each of loudness, brightness, breath and odd/even balance, if the frames
        differ in it: the change of the inputs that is to be expected with one unit of it while the
        pitch and the others stay. The principal components of what these leave follow, up to 12
        directions in all.

        Parameters
        ----------
        frames
            What `analyze` returns, with the spectra that the model's params give. Of more than
            50,000 frames, as many as that are taken, at equal distances.

        Returns
        -------
        Model
            The model with directions, to play or to save.

        Raises
        ------
        ParameterError
            The frames do not fit the model, or fewer than 50 of them sound with a pitch.

        Examples
        --------
        >>> flute = wms.Model.load("factory:flute")
        >>> noise = np.random.default_rng(0).normal(size=44100)
        >>> y = np.sin(2 * np.pi * 440 * np.arange(44100) / 44100) * np.linspace(0.1, 0.5, 44100)
        >>> frames = wms.analyze(y + 0.01 * noise, flute, sample_rate=44100)
        >>> flute.with_directions(frames).directions.names[:2]
        ['loudness', 'brightness']
        """

    def tone_inputs(self, f0_hz: float, **timbre: float) -> NDArray[np.float32]:
        """Network inputs of a steady tone, as a synthesizer feeds them.

        Parameters
        ----------
        f0_hz
            Pitch, above 0; beyond the pitches of the training sound, the nearest of them counts.
        **timbre
            Values of directions and timbre inputs by name, in the units of `Synth.set_timbre`; the
            others are at rest. They are held within `Synth.timbre_range`.

        Returns
        -------
        x
            Network inputs, (C,).

        Raises
        ------
        ParameterError
            The model has no direction or input of that name, or a value is not a finite number.

        Examples
        --------
        >>> model = wms.Model.load("factory:flute")
        >>> x = model.tone_inputs(440, voicedness=0.5)
        >>> spectra, _ = model.predict(np.tile(x, (60, 1)))
        >>> spectra[-1].shape
        (232,)
        """

    def inputs(self, frames: FeaturesLike) -> NDArray[np.float32]:
        """Analysed frames as this model's inputs: its scaler, projection, f0 mapping and order.

        Parameters
        ----------
        frames
            Anything with `mfcc_raw` (T, n_mfcc), `f0_hz` (T,) and `voicedness` (T,), such as
            `Frames`. Models of `wms_torch`, whose scaler is not known, read the standardised `mfcc`
            (T, n_mfcc) in place of `mfcc_raw`.

        Returns
        -------
        x
            Network inputs, (T, C).

        Raises
        ------
        ParameterError
            An attribute is missing, or the shapes do not fit each other or the model. Or the frames
            have `params` with which sound for this model is not analysed.

        Warns
        -----
        UserWarning
            The same, but the model's file does not say how its sound was analysed.

        Examples
        --------
        >>> y = 0.5 * np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)
        >>> model = wms.Model.load("factory:flute")
        >>> model.inputs(wms.analyze(y, model, sample_rate=44100)).shape
        (173, 66)
        """

    def __copy__(self, /) -> Model: ...
    def __deepcopy__(self, _memo: Any, /) -> Model: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...

class _Settings(TypedDict, total=False):
    noise: float
    normalise: bool
    gain: float
    tuning_hz: float
    attack_s: float
    decay_s: float
    sustain: float
    release_s: float
    mode: Literal["poly", "mono", "legato"]
    glide_s: float
    voices: int
    unison: int
    detune_cents: float
    spread: float
    velocity_level: float
    velocity_timbre: float
    pressure_timbre: float
    brightness_timbre: float

class _Options(_Settings, total=False):
    sample_rate: float
    max_voices: int
    seed: int
    precise: bool

@final
class Synth:
    """A polyphonic instrument that plays one model.

    Parameters
    ----------
    model
        The model to play.
    sample_rate
        Output rate, 1000 .. 1536000 Hz (48000).
    max_voices
        Greatest number of notes at a time that memory is reserved for, 1 .. 64 (16). A note beyond
        it takes the voice of the quietest or oldest.
    seed
        Chooses the noise (0).
    precise
        Compute the network in single precision. Otherwise its weights have 16 bits, which is
        several times as fast and within about 1e-4 (False).
    noise
        Amplitude factor of the noise part, 0 .. 4; at 0 the partials sound alone (1).
    normalise
        Bring all frames to one level instead of that of the training sound (False).
    gain
        Amplitude factor of the output, 0 .. 16; from 0.9 on, the output bends smoothly towards 1
        (0.5).
    tuning_hz
        Pitch of A4, 100 .. 2000 Hz (440).
    attack_s
        Seconds from silence to 90 % of a note's level (0.005).
    decay_s
        Seconds from there to within 10 % of the sustained level (0.1).
    sustain
        Level while the key is held, 0 .. 1 of the note's (1).
    release_s
        Seconds to -60 dB after a key is released (0.05).
    mode
        "poly": every key has its own voice. "mono": one note at a time, each starts anew. "legato":
        a key pressed while another is held moves the sounding note to its pitch ("poly").
    glide_s
        Seconds in which a note's pitch moves there from that of the note before, 0 .. 10 (0).
    voices
        Greatest number of notes at a time, 1 .. 64 and at most `max_voices` (64).
    unison, detune_cents
        Number of voices for one key, 1 .. 8, and the distance of the outermost from its pitch,
        0 .. 100 cents (1, 10).
    spread
        Stereo width over which notes, or the voices of one key, are distributed, 0 .. 1 (0).
    velocity_level
        How far the level follows the velocity, 0 .. 1 (1).
    velocity_timbre, pressure_timbre, brightness_timbre
        How far full velocity, pressure and brightness move the timbre, -4 .. 4 standard deviations
        (0, 2, 2): velocity and pressure along the direction "loudness", brightness along that of
        its name; in a model without directions all move the first timbre input.

    Raises
    ------
    ParameterError
        A keyword is unknown or out of range.

    See Also
    --------
    render : plays a whole MIDI file.
    resynthesize : plays analysed frames.

    Examples
    --------
    >>> synth = wms.Synth(wms.Model.load("factory:flute"), sample_rate=48000)
    >>> synth.note_on(69, velocity=0.8)
    >>> synth.process(4800).shape
    (2, 4800)
    """

    def __new__(cls, model: _GivenModel, **options: Unpack[_Options]) -> Synth: ...
    def set(self, **settings: Unpack[_Settings]) -> None:
        """Change settings while the instrument plays.

        Parameters
        ----------
        **settings
            The keywords of `Synth`, but for `sample_rate`, `max_voices`, `seed` and `precise`,
            which are fixed when it is made.

        Raises
        ------
        ParameterError
            A keyword is unknown or out of range; then nothing changes.

        Examples
        --------
        >>> synth = wms.Synth(wms.Model.load("factory:flute"))
        >>> synth.set(mode="legato", glide_s=0.1)
        """

    def set_model(self, model: _GivenModel) -> None:
        """Continue with another model: held notes go on with it while the old one fades out.

        Settings and controllers stay; the timbre goes to the resting point of the new model.
        """

    @property
    def timbre_range(self) -> dict[str, tuple[float, float]]:
        """Range of each direction and input but the pitch, by name, in `set_timbre`'s units."""

    @property
    def sample_rate(self) -> float:
        """Output rate, Hz."""

    @property
    def active_voices(self) -> int:
        """Number of voices that sound, those that are dying away included."""

    def reset(self) -> None:
        """Silence all voices and return every controller to its initial value."""

    def note_on(self, note: int, velocity: float = 1.0, channel: int = 0) -> None:
        """Press a key.

        Parameters
        ----------
        note
            Key, 0 .. 127; 69 is A4.
        velocity
            0 .. 1. The amplitude is its square, as MIDI synthesizers have it (DLS level 1): half
            the velocity is 12 dB quieter. At 1 the sound has the level of the training data times
            `gain`.
        channel
            MIDI channel, 0 .. 15.

        Raises
        ------
        ParameterError
            A number is out of range.
        """

    def note_off(self, note: int, channel: int = 0) -> None:
        """Release a key.

        Parameters
        ----------
        note
            Key, 0 .. 127.
        channel
            MIDI channel, 0 .. 15.
        """

    def all_notes_off(self) -> None:
        """Release all keys and sustain pedals of all channels."""

    def pitch_bend(self, semitones: float, channel: int = 0) -> None:
        """Move the pitch of a channel's notes.

        Parameters
        ----------
        semitones
            -96 .. 96.
        channel
            MIDI channel, 0 .. 15.
        """

    def express(
        self,
        *,
        channel: int = 0,
        note: int | None = None,
        tuning: float | None = None,
        volume: float | None = None,
        pan: float | None = None,
        pressure: float | None = None,
        brightness: float | None = None,
    ) -> None:
        """Change the expression of a channel's notes, or of one key's notes only.

        A channel's expression also applies to its later notes.

        Parameters
        ----------
        channel
            MIDI channel, 0 .. 15.
        note
            A key, 0 .. 127, whose notes change in addition to the channel's expression; None for
            the whole channel.
        tuning
            Distance from the notes' own pitch, -120 .. 120 semitones.
        volume
            Amplitude factor, 0 .. 4.
        pan
            From -1, left, to 1, right.
        pressure
            0 .. 1; moves the timbre by `pressure_timbre`.
        brightness
            From -1, dark, to 1, bright; moves the timbre by `brightness_timbre`.

        Raises
        ------
        ParameterError
            A number is out of range.
        """

    def sustain(self, down: bool, channel: int = 0) -> None:
        """Press or lift the sustain pedal of a channel.

        Parameters
        ----------
        down
            Whether the pedal is down.
        channel
            MIDI channel, 0 .. 15.
        """

    def midi(self, message: Sequence[int]) -> None:
        """Follow a message as a MIDI device sends it, as the plugin and `render` follow it.

        `docs/plugin.md` has the list of messages. A message without a meaning is ignored.

        Parameters
        ----------
        message
            A message of MIDI 1.0: its status byte and its data.

        Examples
        --------
        >>> synth = wms.Synth("factory:flute")
        >>> synth.midi(bytes([0x90, 69, 100]))
        >>> synth.active_voices
        1
        """

    @staticmethod
    def table() -> dict[str, tuple[float, float, float]]:
        """The table of the settings that have a range.

        Returns
        -------
        dict of str to (float, float, float)
            Default, lowest and highest value of each setting by its name. The settings without a
            range are "mode" and "normalise".

        Examples
        --------
        >>> wms.Synth.table()["gain"]
        (0.5, 0.0, 16.0)
        """

    def set_timbre(
        self, values: ArrayLike | dict[str, float] | None = None, **named: float
    ) -> None:
        """Move the timbre smoothly.

        Parameters
        ----------
        values
            Directions and inputs by name, as a dict. Or all timbre inputs in the model's order,
            without pitch and voicedness.
        **named
            Directions and inputs by name, such as `loudness=0.5, brightness=-1` or
            `mfcc_1=0.5, voicedness=0.9`. In a keyword, other characters of a name are underscores:
            `principal_1=0.3`.

        Raises
        ------
        ParameterError
            There is no direction or input of this name, or a value is not finite.

        Notes
        -----
        Directions (`Model.directions`) are on a scale from -1, the lowest of what the training data
        hold, over 0, the model's rest, to 1, the highest; they are held within it and add to what
        the inputs are set to. The unit of an input is a standard deviation of the training data: 0
        is its mean, 1 is one standard deviation above. Inputs are held within a margin around the
        range of the training data. Voicedness is in its own unit, 0 .. 1.

        Examples
        --------
        >>> synth = wms.Synth(wms.Model.load("factory:flute"))
        >>> low, high = synth.timbre_range["mfcc_1"]
        >>> synth.set_timbre(mfcc_1=high)
        """

    def process(self, n: int) -> NDArray[np.float32]:
        """The next n samples, left and right, (2, n), within [-1, 1]."""

    def process_into(self, out: NDArray[np.float32]) -> None:
        """Write the next samples into an array, without allocating memory for samples.

        Parameters
        ----------
        out
            Left and right, (2, n): a writable, C-contiguous float32 array.

        Examples
        --------
        >>> synth = wms.Synth(wms.Model.load("factory:flute"))
        >>> block = np.empty((2, 512), np.float32)
        >>> synth.process_into(block)
        """

def midi_messages(
    path: _Path, *, channels: str | Iterable[int] | None = None
) -> list[tuple[float, bytes]]:
    """Read the channel messages of a MIDI file.

    Parameters
    ----------
    path
        A standard MIDI file.
    channels
        As for `render`.

    Returns
    -------
    list of (float, bytes)
        The time of each message, in seconds from the beginning, and its bytes as a MIDI device
        sends them, in the order of the times.

    Raises
    ------
    ParameterError
        The file is not a MIDI file.
    FileAccessError
        The file cannot be read.

    Warns
    -----
    MidiFileWarning
        As for `render`.

    Examples
    --------
    A file of one note, A4, that lasts half a second:

    >>> file = open("a4.mid", "wb")
    >>> _ = file.write(bytes.fromhex("4d546864 00000006 0000 0001 0060"))
    >>> _ = file.write(bytes.fromhex("4d54726b 0000000c 00904564 60804500 00ff2f00"))
    >>> file.close()
    >>> [(time_s, message.hex(" ")) for time_s, message in wms.midi_messages("a4.mid")]
    [(0.0, '90 45 64'), (0.5, '80 45 00')]
    """

def render(
    model: _GivenModel,
    midi_file: _Path,
    *,
    channels: str | Iterable[int] | None = None,
    timbre_automation: bool = False,
    timbre: dict[str, float] | None = None,
    **options: Unpack[_Options],
) -> NDArray[np.float32]:
    """Play a MIDI file until its last note has died away.

    The tempo map and the messages of all channels are followed: notes, pitch bend and its range,
    pedals, volume, expression, pan, brightness, pressure and MPE, as the plugin follows them;
    `docs/plugin.md` has the list.

    Parameters
    ----------
    model
        The model to play.
    midi_file
        Path of a standard MIDI file.
    channels
        The MIDI channels to play, from 1 to 16: text such as "1-9,11-16", which leaves out the
        drums of channel 10, or their numbers. All channels if it is None.
    timbre_automation
        Let controllers 20 to 31 move the model's directions in their order or, in a model without
        directions, its first twelve inputs, as `wms_torch`'s branch dev writes them.
    timbre
        Directions and timbre inputs to begin with by their names, such as ``{"brightness": 0.5}``,
        in the units of `Synth.set_timbre`; the others are at rest.
    **options
        The keywords of `Synth`.

    Returns
    -------
    y
        Left and right, (2, n).

    Raises
    ------
    ParameterError
        The file is not a MIDI file or is longer than 4 hours, or a keyword is unknown or out of
        range.
    FileAccessError
        The file cannot be read.

    Warns
    -----
    MidiFileWarning
        The file is damaged, and only what can be read of it is played, or it has no notes.

    See Also
    --------
    Synth : plays single notes.

    Examples
    --------
    A file of one note, A4, that lasts half a second:

    >>> file = open("a4.mid", "wb")
    >>> _ = file.write(bytes.fromhex("4d546864 00000006 0000 0001 0060"))
    >>> _ = file.write(bytes.fromhex("4d54726b 0000000c 00904564 60804500 00ff2f00"))
    >>> file.close()
    >>> left, right = wms.render(wms.Model.load("factory:flute"), "a4.mid", release_s=0.2)
    """

def resynthesize(
    model: _GivenModel,
    frames: FeaturesLike,
    *,
    sample_rate: float = 48000.0,
    noise: float = 1.0,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Play what a model makes of analysed frames, at their pitch and their true time.

    Every network input is held within `Synth.timbre_range`, while the sound keeps the
    recording's own pitch. Where the recording has no pitch and the model was never trained
    without one, the sound is at most as loud as the recording; where the recording is zero, it
    is silent.

    Parameters
    ----------
    model
        Predicts the spectra.
    frames
        Anything with `mfcc_raw` (T, n_mfcc), `f0_hz` (T,) and `voicedness` (T,), such as `Frames`.
        Its `spectrum` (T, any number of bins), if it has one, tells how loud the recording was.
    sample_rate
        Output rate, Hz.
    noise
        Amplitude factor of the noise part; at 0 the partials sound alone.
    seed
        Chooses the noise.

    Returns
    -------
    y
        Sound, (ceil(T * hop_size / model.sample_rate * sample_rate),).

    Raises
    ------
    ParameterError
        As for `Model.inputs`, or an argument is out of range.

    Warns
    -----
    UserWarning
        As for `Model.inputs`.

    See Also
    --------
    play_spectra : plays spectra that are given rather than predicted.

    Examples
    --------
    >>> y = 0.5 * np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)
    >>> model = wms.Model.load("factory:flute")
    >>> frames = wms.analyze(y, model, sample_rate=44100)
    >>> wms.resynthesize(model, frames).shape
    (48205,)
    """

def play_spectra(
    spectra: ArrayLike,
    f0_hz: ArrayLike,
    voicedness: ArrayLike | None = None,
    *,
    layout: Model | _GivenParams,
    sample_rate: float = 48000.0,
    noise: float = 1.0,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Play given cycle spectra: what a network that makes no mistake would sound like.

    Parameters
    ----------
    spectra
        log1p magnitudes, (T, K); with a model as `layout`, in the model's own unit.
    f0_hz
        Pitch to play, in Hz, (T,): the one at which the spectra were analysed; 0 where there is
        none.
    voicedness
        0 to 1, (T,); fully voiced where None.
    layout
        A model or params that say what the bins are (window_size, n_fft, cycles_per_window,
        sample_rate) and how far apart the frames (hop_size).
    sample_rate
        Output rate, Hz.
    noise
        Amplitude factor of the noise part; at 0 the partials sound alone.
    seed
        Chooses the noise.

    Returns
    -------
    y
        Sound, (ceil(T * hop_size / rate * sample_rate),), where rate is that of the layout; frame i
        lies at i * hop_size / rate seconds.

    See Also
    --------
    resynthesize : plays what a model predicts.

    Examples
    --------
    >>> y = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    >>> frames = wms.analyze(y, sample_rate=16000)
    >>> wms.play_spectra(frames.spectrum, frames.f0_hz, layout=frames.params).shape
    (48384,)
    """

def cycle_waveform(spectra: ArrayLike, *, layout: Model | _GivenParams) -> NDArray[np.float32]:
    """Windows of waveform that spectra stand for: inverse real FFT with all phases zero.

    Parameters
    ----------
    spectra
        log1p magnitudes, (T, K); with a model as `layout`, in the model's own unit. The logarithm
        is undone first.
    layout
        As for `play_spectra`.

    Returns
    -------
    waves
        (T, window_size), the peak in the middle.

    Examples
    --------
    >>> model = wms.Model.load("factory:flute")
    >>> y, _ = model.predict(np.zeros((1, model.input_size)))
    >>> wms.cycle_waveform(y, layout=model).shape
    (1, 2048)
    """

def load_audio(
    path: _Path,
    sample_rate: int | None = None,
    *,
    channel: str = "mix",
    as_stored: bool = False,
) -> tuple[NDArray[np.float32], int]:
    """Read an audio file as mono.

    Wav, aiff, flac, ogg vorbis, MPEG layer 1 to 3, AAC, m4a, caf and mkv are read; the content of a
    file decides, not its name. Integer samples of b bits are divided by 2^(b-1), as torchaudio
    does. Of a damaged file, all is read that is there.

    Parameters
    ----------
    path
        The file.
    sample_rate
        Rate in Hz to resample to, 1 .. 1000000; the file's own where None.
    channel
        "mix" is the average of all channels, "left" the first and "right" the second. Of channels
        whose mix is nearly silent, the left one is taken.
    as_stored
        Leave samples as they are in the file. Otherwise floating-point samples that reach beyond 8
        are scaled to 1, and channels that cancel each other are not mixed.

    Returns
    -------
    y
        Samples, (n,), full scale at ±1.
    sample_rate
        Their rate, Hz.

    Raises
    ------
    AudioFileError
        The file is empty or not audio of these kinds, nothing of it can be decoded, it has no such
        channel, or it holds samples that are not finite.
    FileAccessError
        The file cannot be read.

    Warns
    -----
    AudioWarning
        A part of the file is lost, or its samples were changed.

    Examples
    --------
    >>> wms.save_audio("tone.wav", 0.5 * np.sin(0.1 * np.arange(44100)), 44100)
    >>> y, sr = wms.load_audio("tone.wav", sample_rate=16000)
    >>> y.shape, sr
    ((16000,), 16000)
    """

def band_limit(paths: Sequence[_Path], *, channel: str = "mix") -> float | None:
    """Return the frequency in Hz above which recordings hold nothing, with sound up to it.

    Filters, codecs and low sample rates leave such a limit; a model for higher frequencies would
    learn nothing there. Files that are silent or cannot be read are passed over.

    Parameters
    ----------
    paths
        Audio files.
    channel
        The channel to listen to: "mix", "left" or "right".

    Returns
    -------
    limit_hz : float or None
        The highest limit of these recordings; None if one of them has no limit.

    Examples
    --------
    >>> noise = np.fft.rfft(np.random.default_rng(0).standard_normal(44100))
    >>> noise[4000:] = 0
    >>> wms.save_audio("dull.wav", 0.1 * np.fft.irfft(noise), 44100)
    >>> round(wms.band_limit(["dull.wav"]), -2)
    4000.0
    """

def audio_info(path: _Path) -> tuple[int, int]:
    """Read how many channels an audio file has, and its sample rate, without reading all of it.

    Parameters
    ----------
    path
        A file of a kind that `load_audio` reads.

    Returns
    -------
    channels : int
        Number of channels.
    sample_rate : int
        Samples of each channel in a second, Hz.

    Raises
    ------
    AudioFileError
        It is no audio file of these kinds.
    FileAccessError
        It cannot be read.

    Examples
    --------
    >>> wms.save_audio("stereo.wav", np.zeros((2, 48000)), 48000)
    >>> wms.audio_info("stereo.wav")
    (2, 48000)
    """

def wav_bytes(y: ArrayLike, sample_rate: int, *, subtype: _WavSubtype = "PCM_24") -> bytes:
    """Encode samples as a wav file in memory, byte for byte as `save_audio` writes it.

    Parameters
    ----------
    y
        Samples, (n,), (channels, n) or (n, channels): floats with full scale at ±1, or int16, int32
        or uint8.
    sample_rate
        Their rate, Hz.
    subtype
        As for `save_audio`.

    Raises
    ------
    ParameterError
        As for `save_audio`.

    Examples
    --------
    >>> len(wms.wav_bytes(np.zeros(16000), 16000, subtype="PCM_16"))
    32044
    """

def save_audio(
    path: _Path, y: ArrayLike, sample_rate: int, *, subtype: _WavSubtype = "PCM_24"
) -> None:
    """Write a wav file, whole or not at all.

    Parameters
    ----------
    path
        The file, whose name must not end as that of another kind of audio, such as .flac; an
        existing one is replaced when the new one is complete.
    y
        Samples, (n,), (channels, n) or (n, channels): floats with full scale at ±1, or int16, int32
        or uint8.
    sample_rate
        Their rate, Hz.
    subtype
        How the samples are stored, in soundfile's words: whole numbers of 16 or 24 bits, where
        values beyond ±1 are clipped, or 32-bit floats, which keep them.

    Raises
    ------
    ParameterError
        The samples are of another kind, not finite, of another shape or too many for a wav file, or
        the file's name is that of another kind.
    FileAccessError
        The file cannot be written.

    Warns
    -----
    AudioWarning
        Samples beyond full scale were clipped.

    Examples
    --------
    >>> wms.save_audio("silence.wav", np.zeros((2, 48000)), 48000)
    """

def list_audio(source: _Path | Sequence[_Path]) -> list[Path]:
    """The audio files that a path, a folder or a list of them names.

    Parameters
    ----------
    source
        A folder stands for all audio files below it, sorted by path: those with an ending of audio
        (.wav, .flac, .mp3, .m4a, ...) and others whose content is audio that can be read. Hidden
        files are left out, and a file that several links lead to is listed once.

    Raises
    ------
    AudioFileError
        There is no such file or folder, or a folder holds no audio.

    Warns
    -----
    AudioWarning
        Something in a folder was left out: a file of a kind that is not read, a folder that cannot
        be read, a pipe, or a second link to a file.

    Examples
    --------
    >>> wms.save_audio("silence.wav", np.zeros(48000), 48000)
    >>> [path.name for path in wms.list_audio(".")]
    ['silence.wav']
    """

def resample(y: ArrayLike, *, orig_sr: int, target_sr: int) -> NDArray[np.float32]:
    """Change the rate of a signal, as torchaudio.transforms.Resample does by default.

    A sinc under a squared-cosine window of 6 zero crossings, cut off at 0.99 of the lower Nyquist
    frequency (J. O. Smith, "Digital Audio Resampling").

    Parameters
    ----------
    y
        Samples, (n,), (channels, n) or (n, channels); channels are averaged.
    orig_sr, target_sr
        Rates, Hz, 1 .. 1000000.

    Returns
    -------
    y
        (ceil(n * target_sr / orig_sr),).

    Raises
    ------
    ParameterError
        The samples or a rate are not as said here.

    Examples
    --------
    >>> wms.resample(np.zeros(44100), orig_sr=44100, target_sr=16000).shape
    (16000,)
    """

def yin(
    y: ArrayLike,
    *,
    fmin: float,
    fmax: float,
    sr: float = 22050.0,
    frame_length: int = 2048,
    hop_length: int | None = None,
) -> NDArray[np.float32]:
    """Fundamental frequency by YIN, as librosa.yin (0.10) computes it by default.

    Frames are centred; outside of the signal there are zeros.

    Parameters
    ----------
    y
        Samples, (n,), (channels, n) or (n, channels); channels are averaged.
    fmin, fmax
        Lowest and highest fundamental, Hz; fmax at most sr / 2.
    sr
        Rate of `y`, Hz.
    frame_length
        Samples of a frame; periods of up to half of it are found.
    hop_length
        Samples from one frame to the next; a quarter of `frame_length` where None.

    Returns
    -------
    f0_hz
        Hz, (T,), T = 1 + n // hop_length.

    Raises
    ------
    ParameterError
        No period can be found with these arguments, or samples are not finite.

    See Also
    --------
    pyin : also decides whether a frame is voiced.
    crepe : finds the pitch by a network.

    References
    ----------
    A. de Cheveigné, H. Kawahara, "YIN, a fundamental frequency estimator for speech and music",
    JASA 111 (2002).

    Examples
    --------
    >>> y = np.sin(2 * np.pi * 220 * np.arange(8000) / 16000)
    >>> f0_hz = wms.yin(y, fmin=100, fmax=800, sr=16000, frame_length=1024, hop_length=256)
    >>> f0_hz.shape, round(float(np.median(f0_hz)))
    ((32,), 220)
    """

def pyin(
    y: ArrayLike,
    *,
    fmin: float,
    fmax: float,
    sr: float = 22050.0,
    frame_length: int = 2048,
    hop_length: int | None = None,
    fill_na: float | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32]]:
    """Fundamental frequency and voicedness by probabilistic YIN, as librosa.pyin (0.10).

    librosa's defaults, but for `fill_na`.

    Parameters
    ----------
    y
        Samples, (n,), (channels, n) or (n, channels); channels are averaged.
    fmin, fmax
        Lowest and highest fundamental, Hz; fmax at most sr / 2.
    sr
        Rate of `y`, Hz.
    frame_length
        Samples of a frame; periods of up to half of it are found.
    hop_length
        Samples from one frame to the next; a quarter of `frame_length` where None.
    fill_na
        What unvoiced frames have as their frequency, such as NaN; the best guess where None.

    Returns
    -------
    f0_hz
        Hz, (T,), T = 1 + n // hop_length; `fill_na` where a frame is unvoiced.
    voiced_flag
        Whether the frame is voiced, (T,), bool.
    voiced_prob
        Probability that the frame is voiced, 0 to 1, (T,).

    Raises
    ------
    ParameterError
        No period can be found with these arguments, or samples are not finite.

    See Also
    --------
    yin : gives the frequency alone.
    crepe : finds the pitch by a network.

    References
    ----------
    M. Mauch, S. Dixon, "pYIN: a fundamental frequency estimator using probabilistic threshold
    distributions", ICASSP 2014.

    Examples
    --------
    >>> y = np.sin(2 * np.pi * 220 * np.arange(8000) / 16000)
    >>> f0_hz, voiced_flag, voiced_prob = wms.pyin(
    ...     y, fmin=100, fmax=800, sr=16000, frame_length=1024, hop_length=256
    ... )
    >>> f0_hz.shape, round(float(np.median(f0_hz[voiced_flag])))
    ((32,), 221)
    """

def crepe(
    y: ArrayLike,
    *,
    sr: int,
    fmin: float,
    fmax: float,
    hop_length: int,
    decoder: str = "viterbi",
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Track the pitch by the CREPE "tiny" network (Kim et al., ICASSP 2018).

    Parameters
    ----------
    y
        Samples, (n,), (channels, n) or (n, channels); channels are averaged. The network is given
        a copy at 16 kHz.
    sr
        Rate of `y`, Hz.
    fmin, fmax
        Range of the pitch, Hz; within the network's, about 32 to 2005 Hz.
    hop_length
        Samples from one frame to the next.
    decoder
        "argmax", "weighted_argmax" and "viterbi" are torchcrepe's, without its dither. "wms" is
        this package's own: network and waveform together decide the path, and the pitch is measured
        on the waveform, to a fraction of a cent.

    Returns
    -------
    f0_hz
        Hz, (T,), T = 1 + n // hop_length; with "wms", 0 where there is no pitch in the range.
    periodicity
        0 to 1, (T,); with "wms", 0 where there is no pitch in the range.

    Raises
    ------
    ParameterError
        The decoder is unknown, the hop is 0, or the range is empty or outside of the network's.

    See Also
    --------
    crepe_probabilities : what the network says before a decoder chooses.

    Examples
    --------
    >>> y = 0.5 * np.sin(2 * np.pi * 220 * np.arange(8000) / 16000)
    >>> f0_hz, periodicity = wms.crepe(
    ...     y, sr=16000, fmin=100, fmax=800, hop_length=256, decoder="wms"
    ... )
    >>> round(float(np.median(f0_hz)), 1)
    220.0
    """

def crepe_probabilities(y: ArrayLike, *, sr: int, hop_length: int) -> NDArray[np.float32]:
    """Probabilities of the pitch bins by the CREPE "tiny" network (Kim et al., ICASSP 2018).

    Parameters
    ----------
    y
        Samples, (n,), (channels, n) or (n, channels); channels are averaged. The network is given
        a copy at 16 kHz.
    sr
        Rate of `y`, Hz.
    hop_length
        Samples from one frame to the next.

    Returns
    -------
    probabilities
        (T, 360), T = 1 + n // hop_length, each 0 to 1: bins 20 cents apart from 31.7 Hz on.

    Raises
    ------
    ParameterError
        The hop is 0, or the samples are not as said here.

    Examples
    --------
    >>> y = 0.5 * np.sin(2 * np.pi * 220 * np.arange(8000) / 16000)
    >>> wms.crepe_probabilities(y, sr=16000, hop_length=256).shape
    (32, 360)
    """

def cycle_frames(
    y: ArrayLike, f0_hz: ArrayLike, *, sr: int, window_size: int, hop_length: int, cycles: int
) -> NDArray[np.float32]:
    """The cycles around each frame's centre, stretched to one length, as `wms_torch` makes them.

    Energy is preserved: amplitudes are divided by the square root of the stretch.

    Parameters
    ----------
    y
        Samples, (n,), (channels, n) or (n, channels); channels are averaged.
    f0_hz
        Fundamental frequencies, Hz, (T,), frame i around sample i * hop_length; where it is 0, the
        frame is taken as it is.
    sr
        Rate of `y`, Hz.
    window_size
        Samples of a frame and of a cycle frame.
    hop_length
        Samples from one frame to the next.
    cycles
        Cycles of the fundamental in a cycle frame; 0 takes frames as they are.

    Returns
    -------
    cycle_frames
        (T, window_size).

    Raises
    ------
    ParameterError
        A size is 0, a frequency is negative or not finite, or samples are not finite.

    See Also
    --------
    cycle_spectrum : the spectra of these frames.

    Examples
    --------
    >>> y = np.sin(2 * np.pi * 220 * np.arange(8000) / 16000)
    >>> wms.cycle_frames(
    ...     y, np.full(32, 220.0), sr=16000, window_size=1024, hop_length=256, cycles=2
    ... ).shape
    (32, 1024)
    """

def segment_mfcc(
    y: ArrayLike,
    f0_hz: ArrayLike,
    *,
    sr: int,
    window_size: int,
    hop_length: int,
    cycles: int,
    n_fft: int,
    n_mfcc: int,
    n_mels: int,
    variant: Literal["main", "dev", "own"] = "main",
) -> NDArray[np.float32]:
    """Mel-frequency cepstral coefficients of the cycles around each frame's centre.

    Mel scale and filters of M. Slaney's Auditory Toolbox (1998), levels in dB, orthonormal DCT-II.

    Parameters
    ----------
    y
        Samples, (n,), (channels, n) or (n, channels); channels are averaged.
    f0_hz
        Fundamental frequencies, Hz, (T,), frame i around sample i * hop_length; where it is 0, the
        frame is taken as it is.
    sr
        Rate of `y`, Hz.
    window_size
        Samples of a frame and of a cycle frame.
    hop_length
        Samples from one frame to the next.
    cycles
        Cycles of the fundamental in a cycle frame; 0 takes frames as they are.
    n_fft
        Length of the transform.
    n_mfcc
        Number of coefficients, at most that of bands.
    n_mels
        Number of mel bands, 1 .. 1024; "main" has 128 whatever this says.
    variant
        "main" and "dev" are those of `wms_torch`; "own" takes the whole segment under one window
        and levels above a fixed floor.

    Returns
    -------
    mfcc
        Not standardised, (T, n_mfcc).

    Raises
    ------
    ParameterError
        An argument is not as said here.

    Examples
    --------
    >>> y = np.sin(2 * np.pi * 220 * np.arange(8000) / 16000)
    >>> wms.segment_mfcc(
    ...     y, np.full(32, 220.0), sr=16000, window_size=1024, hop_length=256, cycles=2,
    ...     n_fft=1024, n_mfcc=8, n_mels=40,
    ... ).shape
    (32, 8)
    """

def cycle_spectrum(
    cycle_frames: ArrayLike, *, n_fft: int, n_bins: int | None = None
) -> NDArray[np.float32]:
    """log(1 + magnitude) of cycle frames under a symmetric Hann window.

    Parameters
    ----------
    cycle_frames
        (T, window_size), as `cycle_frames` makes them.
    n_fft
        Length of the transform, at least window_size.
    n_bins
        Bins kept, lowest first; all n_fft // 2 + 1 where None.

    Returns
    -------
    spectra
        (T, n_bins).

    Raises
    ------
    ParameterError
        An argument is not as said here.

    Examples
    --------
    >>> wms.cycle_spectrum(np.zeros((32, 1024)), n_fft=1024, n_bins=80).shape
    (32, 80)
    """

def analyze(
    source: _Path | Sequence[_Path] | ArrayLike,
    params: _GivenParams | None = None,
    *,
    sample_rate: int | None = None,
    channel: str = "mix",
    num_threads: int | None = None,
    progress: Callable[[int, int, int], object] | None = None,
) -> Frames:
    """Analyse recordings into frames of features and spectra.

    The work is spread over files and frames; Ctrl-C stops it. If one of several files cannot be
    read, it is left out and named in `Frames.skipped`.

    Parameters
    ----------
    source
        A file, a folder, or a list of them as for `list_audio`; or samples, (n,),
        (channels, n) or (n, channels): floats with full scale at ±1, or int16, int32 or uint8.
    params
        What to compute: `Params` or what stands for them, such as the `Model` that is to play the
        frames; `Params()` where None.
    sample_rate
        Rate of the samples, Hz; needed for an array and refused for files.
    channel
        Of files, as for `load_audio`: "mix", "left" or "right".
    num_threads
        At least 1; all processors where None. The results do not depend on it.
    progress
        Called about ten times a second and at the end with the number of files done, the number
        of files in all, and the number of frames done. An exception from it stops the work.

    Returns
    -------
    frames
        The analysed `Frames`.

    Raises
    ------
    AudioFileError
        The only file cannot be read, there is no such file, or a folder holds no audio.
    ParameterError
        None of several files can be read, samples are not finite, or an argument is not as said
        here.

    Warns
    -----
    AudioWarning
        For each of `Frames.warnings`.

    See Also
    --------
    Store.update : keeps the frames of many recordings in a folder and analyses what is new.

    Examples
    --------
    >>> y = 0.5 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
    >>> frames = wms.analyze(y, sample_rate=16000)
    >>> len(frames), round(float(np.median(frames.f0_hz)))
    (63, 220)
    """

def _prepare_store(path: _Path, params: Params) -> None:
    """Make a folder a store, with an empty index if it has none."""

def _analyze_into(
    path: _Path, file: _Path, params: Params, channel: str
) -> tuple[tuple[tuple[str, str, int, float], list[str], bool] | None, str]:
    """Analyse one recording into a store's folder on one thread, without listing it in the index.

    Returns the recording as in `Store.recordings`, its warnings, and whether its file of frames
    existed before. If the recording cannot be read, returns None and the reason.
    """

def _list_with_remarks(
    source: _Path | Sequence[_Path],
) -> tuple[list[Path], list[tuple[Path, str]]]:
    """The audio files that a source names, and what was left out of its folders."""

def _finish_store(
    path: _Path,
    params: Params,
    recordings: list[tuple[tuple[str, str, int, float], list[str]]],
    skipped: Sequence[tuple[_Path, str]],
    remarks: Sequence[tuple[_Path, str]],
    *,
    prune: bool,
    kept: int,
) -> Store:
    """List recordings that `_analyze_into` analysed in the store's index, each with what is to be
    known of it; `remarks` is what was left out of folders.
    """
