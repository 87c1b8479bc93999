"""The native part of the package."""

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, TypedDict, final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from typing_extensions import Unpack

__all__ = [
    "Frames",
    "Model",
    "Params",
    "Scaler",
    "Store",
    "Synth",
    "__version__",
    "_analyze_into",
    "_finish_store",
    "_prepare_store",
    "analyze",
    "crepe",
    "crepe_probabilities",
    "cycle_frames",
    "cycle_spectrum",
    "cycle_waveform",
    "factory_models",
    "list_audio",
    "load_audio",
    "play_spectra",
    "pyin",
    "render",
    "resample",
    "resynthesize",
    "save_audio",
    "segment_mfcc",
    "yin",
]

__version__: str

_Path: TypeAlias = str | PathLike[str]

class _Frames(Protocol):
    """Analysed frames, as far as a model reads them: `Frames`, or anything like it."""

    @property
    def mfcc_raw(self) -> NDArray[np.float32]: ...
    @property
    def f0_hz(self) -> NDArray[np.float32]: ...
    @property
    def voicedness(self) -> NDArray[np.float32]: ...

class _Params(Protocol):
    """Parameters of analysis and training: `Params`, or anything like it."""

    def to_dict(self) -> dict[str, Any]: ...

@final
class Params:
    """A complete, checked set of parameters: the content of a `params.json`.

    Immutable; `params["hop_size"]` reads a key. A key that is set but has no effect is warned of
    (UserWarning).

    Parameters
    ----------
    changes
        Keys that differ from the shipped `params.json`.

    Raises
    ------
    ParameterError
        A key is unknown or its value not allowed: the message names the key, the value given and
        what is wanted.
    """

    def __new__(cls, **changes: Any) -> Params: ...
    @staticmethod
    def load(path: _Path) -> Params:
        """Read a `params.json`, this project's or `wms_torch`'s.

        Keys that end in `_comment` or begin with `___NOT` are notes and kept as they are.

        Parameters
        ----------
        path
            The file.

        Raises
        ------
        ParameterError
            No JSON object, a key of `wms_torch` is missing, a key is unknown, or a value is not
            allowed.
        FileAccessError
            It cannot be read.
        """

    @staticmethod
    def profile(name: str) -> Params:
        """One of the sets of parameters that come with the package.

        Parameters
        ----------
        name
            "default": the shipped `params.json`, as `wms_torch` publishes it. "hifi": 44.1 kHz,
            four cycles, the whole band.

        Raises
        ------
        ParameterError
            There is no such profile; the message names those that there are.
        """

    @staticmethod
    def from_dict(values: dict[str, Any]) -> Params:
        """Check the keys and values of a `params.json` given as a dict.

        Parameters
        ----------
        values
            All keys of `wms_torch`; this project's own take their defaults where they are missing.

        Raises
        ------
        ParameterError
            As for `load`.
        """

    def save(self, path: _Path) -> None:
        """Write a `params.json`, notes included; the file is replaced when the new one is complete.

        Parameters
        ----------
        path
            The file.

        Raises
        ------
        FileAccessError
            It cannot be written.
        """

    def replace(self, **changes: Any) -> Params:
        """These parameters with some keys changed.

        Parameters
        ----------
        changes
            Keys and their new values.

        Raises
        ------
        ParameterError
            As for `Params`.
        """

    def to_dict(self) -> dict[str, Any]:
        """All keys and values without the notes, as a new dict."""

    def __getitem__(self, key: str, /) -> Any: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

@final
class Scaler:
    """Standardisation of the cepstral coefficients: (x - mean) / scale."""

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean of each coefficient, (n_mfcc,)."""

    @property
    def scale(self) -> NDArray[np.float64]:
        """Population standard deviation of each coefficient, 1 for a constant one, (n_mfcc,)."""

@final
class Frames:
    """The features and spectra of the frames of one or more recordings; immutable.

    Made by `analyze`, `Frames.load` or `Store.shards`; those of a file are read from it when they
    are used, and it must not be written to meanwhile. T = frames (also `len(frames)`), C = network
    inputs, K = spectrum bins. Arrays are float32 and read-only unless they are said to be new.
    """

    @staticmethod
    def load(path: _Path) -> Frames:
        """Open a file that `save` wrote, or join the recordings of a `Store` in memory.

        Parameters
        ----------
        path
            The file, which is mapped into memory; or the store's folder.

        Raises
        ------
        FeatureFileError
            Truncated, foreign, or its arrays do not fit each other: one line says which.
        FileAccessError
            It cannot be read.
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
            It cannot be written.
        """

    @property
    def f0_hz(self) -> NDArray[np.float32]:
        """Fundamental frequency, Hz, (T,); the best guess where a frame is unvoiced."""

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
        """Time of each frame's centre in its recording, s, (T,)."""

    @property
    def file_index(self) -> NDArray[np.int32]:
        """Recording of each frame, a place in `files`, (T,), not descending; int32."""

    @property
    def inputs(self) -> NDArray[np.float32]:
        """Network inputs, `wms_torch`'s X, (T, C), a new array.

        Standardised coefficients, log(max(f0, f_low) - f_low + 1e-4), and voicedness if the
        parameters include it. With `mfcc_dim_reduction` "pacmap" they are coefficients still:
        `wms.training.ProjectedFrames` has the coordinates.
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

    def __len__(self) -> int: ...

@final
class Store:
    """Analysed recordings in a folder, one file of frames (a shard) each; immutable.

    A shard is named by its recording's content and the parameters that the analysis reads: what is
    there need not be computed again. `index.json` lists the recordings. Made by `update` or `open`;
    `len(store)` is the number of frames.
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
            It has no index, or cannot be read.
        FeatureFileError
            The index is not one.
        """

    @staticmethod
    def update(
        path: _Path,
        source: _Path | Sequence[_Path],
        params: Params | None = None,
        *,
        num_threads: int | None = None,
        prune: bool = False,
        progress: Callable[[int, int, int, float], object] | None = None,
    ) -> Store:
        """Bring a folder up to date with recordings: what is new or changed is analysed.

        Memory grows neither with the length of recordings nor with their number. Ctrl-C stops it;
        recordings that are finished are found again by the next update. One that cannot be read is
        left out and named in `skipped`.

        Parameters
        ----------
        path
            A store's folder, or one to be made, empty so far.
        source
            A file, a folder, or a list of them as for `list_audio`.
        params
            What to compute; `Params()` where `None`. "compatibility" must be null: else recordings
            are analysed as one signal.
        num_threads
            At least 1; all processors where `None`. Results do not depend on it.
        prune
            Remove shards that are not of these recordings and parameters.
        progress
            Called about ten times a second and at the end with the numbers of files done, files in
            all, frames done, and the share, 0 to 1, of the sound to be analysed that is done; an
            exception from it stops the work.

        Raises
        ------
        AudioFileError
            The only file cannot be read, there is no such file, or a folder holds no audio.
        ParameterError
            None of several files can be read, or an argument is not as said here.
        FeatureFileError
            The folder holds other things.
        FileAccessError
            It cannot be written.
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
        """Each recording's path, name of its shard, number of frames, and duration in s."""

    @property
    def skipped(self) -> list[tuple[Path, str]]:
        """Files that could not be analysed, each with the reason in one line."""

    @property
    def kept(self) -> int:
        """Recordings that were analysed before the update that returned this."""

    @property
    def shards(self) -> list[Frames]:
        """Frames of each recording, memory-mapped, standardised over all recordings.

        Raises
        ------
        FeatureFileError
            A shard is damaged: an update makes it again.
        """

    @property
    def scaler(self) -> Scaler:
        """Standardisation of the coefficients over all frames."""

    @property
    def params(self) -> Params:
        """Parameters of the analysis."""

    def __len__(self) -> int: ...

def factory_models() -> list[str]:
    """Names of the models that come with the package, for `Model.load("factory:NAME")`."""

@final
class Model:
    """A network and what its inputs and outputs mean; immutable.

    Made by `Model.load`. T = frames, C = network inputs, K = spectrum bins.
    """

    @staticmethod
    def load(path: _Path, params: _Params | dict[str, Any] | None = None) -> Model:
        """Read a model file.

        Parameters
        ----------
        path
            A `.safetensors` file that `Model.save` or the training wrote, or a `.pth` or `rt_model`
            JSON of wms_torch of any generation; the content decides, not the name. Or
            `factory:NAME`, see `factory_models`.
        params
            The model's inputs and outputs must be those of these params. For wms_torch's files,
            which hold weights only, they tell the rest, unless `wms convert` wrote it beside
            the file (`<path>.params.json`); default: a params.json beside the file or in the
            folder above.

        Warns
        -----
        UserWarning
            Names what nothing told and was assumed (also in `config["assumed"]`).

        Raises
        ------
        ModelFileError
            Truncated, foreign, inconsistent, asking for code to be executed, or not fitting
            `params`: one line says which.
        FileAccessError
            It cannot be read.
        """

    def save(self, path: _Path, *, half: bool = False) -> None:
        """Write the model file; an existing one is replaced when the new one is complete.

        Parameters
        ----------
        path
            The file.
        half
            Keep large tensors in half precision: a file of half the size, read like any other.

        Raises
        ------
        FileAccessError
            It cannot be written.
        ModelFileError
            With `half`, a weight is beyond 65504.
        """

    @property
    def generation(self) -> str:
        """Family of the network, e.g. "2026-08"."""

    @property
    def name(self) -> str:
        """Name of the model, for people."""

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
        """Samples between frames at `sample_rate`."""

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
            Hidden state (layers, hidden) to carry on from; zero where `None`.

        Returns
        -------
        y
            Predicted spectra, (T, K).
        state
            Hidden state after the last frame, (layers, hidden).
        """

    def inputs(self, frames: _Frames) -> NDArray[np.float32]:
        """Analysed frames as this model wants them: its scaler, projection, f0 mapping and order.

        Parameters
        ----------
        frames
            Has `mfcc_raw` (T, n_mfcc), `f0_hz` (T,) and `voicedness` (T,); for models of
            wms_torch, whose scaler is not known, `mfcc` (T, n_mfcc), standardised, instead.

        Returns
        -------
        x
            Network inputs, (T, C).
        """

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
        What is played.
    sample_rate
        Output rate, 1000 .. 1536000 Hz (48000).
    max_voices
        Most notes at a time that there is room for, 1 .. 64 (16); the quietest or oldest gives way.
    seed
        Chooses the noise (0).
    precise
        Compute the network in single precision; else with weights of 16 bits, several times as
        fast and within about 1e-4 (False).
    noise
        Amplitude factor of the noise part, 0 .. 4; at 0 partials sound alone (1).
    normalise
        Bring all frames to one level instead of that of the training sound (False).
    gain
        Amplitude factor of the output, 0 .. 16; the output bends smoothly towards 1 from 0.9 on
        (0.5).
    tuning_hz
        Pitch of A4, 100 .. 2000 Hz (440).
    attack_s
        Seconds from silence to 90 % of a note's level (0.005).
    decay_s
        Seconds from there to within 10 % of the sustained level (0.1).
    sustain
        Level that is held while the key is down, 0 .. 1 of the note's (1).
    release_s
        Seconds to -60 dB after a key is let go (0.05).
    mode
        "poly": every key has its voice; "mono": one note at a time, each begins anew; "legato": a
        key pressed while another is held moves the note, which sounds on ("poly").
    glide_s
        Seconds in which a note's pitch comes from that of the note before, 0 .. 10 (0).
    voices
        Most notes at a time, 1 .. 64 and at most `max_voices` (64).
    unison, detune_cents
        Voices of one key, 1 .. 8, and the distance of the outermost from its pitch, 0 .. 100 (1,
        10).
    spread
        Width over which notes, or the voices of one key, stand between left and right, 0 .. 1 (0).
    velocity_level
        How far level follows velocity, 0 .. 1 (1).
    velocity_timbre, pressure_timbre, brightness_timbre
        How far full velocity, pressure and brightness move the first timbre input, -4 .. 4 spreads
        (0, 2, 2).

    Raises
    ------
    ParameterError
        If a keyword is unknown or out of range.
    """

    def __new__(cls, model: Model, **options: Unpack[_Options]) -> Synth: ...
    def set(self, **settings: Unpack[_Settings]) -> None:
        """Change settings while it plays: all keywords but those that the instrument is made with.

        Raises
        ------
        ParameterError
            If one is unknown or out of range; then nothing changes.
        """

    def set_model(self, model: Model) -> None:
        """Go on with another model: held notes sound on with it, the old one fades out.

        Settings and controllers stay; the timbre goes to where the new model rests.
        """

    @property
    def timbre_range(self) -> dict[str, tuple[float, float]]:
        """Range of each input but the pitch, by name, in `set_timbre`'s units."""

    @property
    def sample_rate(self) -> float:
        """Output rate, Hz."""

    @property
    def active_voices(self) -> int:
        """Number of voices that sound, those dying away included."""

    def reset(self) -> None:
        """Silence, and every controller where it was in the beginning."""

    def note_on(self, note: int, velocity: float = 1.0, channel: int = 0) -> None:
        """Press a key.

        Parameters
        ----------
        note
            0 .. 127; 69 is A4.
        velocity
            0 .. 1. The level is its square, as MIDI synthesizers have it (DLS level 1): at half
            velocity 12 dB down; at 1 the sound has the level of the training data times `gain`.
        channel
            0 .. 15.
        """

    def note_off(self, note: int, channel: int = 0) -> None:
        """Let a key go."""

    def all_notes_off(self) -> None:
        """Let all keys of all channels go."""

    def pitch_bend(self, semitones: float, channel: int = 0) -> None:
        """Move the pitch of a channel's notes, -96 .. 96 semitones."""

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
        """Move what a channel's notes sound like, those to come included, or only one key's.

        Parameters
        ----------
        channel
            0 .. 15.
        note
            The key, 0 .. 127, beside what its channel does; the whole channel if None.
        tuning
            Away from the notes' own pitch, -120 .. 120 semitones.
        volume
            Amplitude factor, 0 .. 4.
        pan
            From left, -1, to right, 1.
        pressure
            0 .. 1; moves the first timbre input by `pressure_timbre`.
        brightness
            Dark, -1, to bright, 1; moves the first timbre input by `brightness_timbre`.
        """

    def sustain(self, down: bool, channel: int = 0) -> None:
        """Press or lift the sustain pedal."""

    def set_timbre(self, values: ArrayLike | None = None, **named: float) -> None:
        """Move the timbre smoothly.

        Parameters
        ----------
        values
            All timbre inputs in the model's order without pitch and voicedness, in spreads of the
            training data: 0 is its mean, 1 a standard deviation above; held within a margin around
            its range.
        named
            Single inputs by name, e.g. `mfcc_1=0.5, voicedness=0.9`. Voicedness stands for itself,
            0 .. 1.
        """

    def process(self, n: int) -> NDArray[np.float32]:
        """The next n samples, (2, n), within [-1, 1]."""

    def process_into(self, out: NDArray[np.float32]) -> None:
        """The next samples into `out`, C-contiguous float32 (2, n); allocates no sample memory."""

def render(
    model: Model,
    midi_file: _Path,
    *,
    timbre_automation: bool = False,
    **options: Unpack[_Options],
) -> NDArray[np.float32]:
    """Play a MIDI file until everything has died away.

    Tempo map, all channels, velocity, sustain pedal, volume, expression, pan, brightness (74),
    channel and key pressure, and pitch bend (2 semitones) are followed; the keywords are those of
    `Synth`.

    Parameters
    ----------
    model
        What is played.
    midi_file
        Path of a standard MIDI file.
    timbre_automation
        Let controllers from 20 on move the model's inputs, in their order.

    Returns
    -------
    y
        Left and right, (2, n).
    """

def resynthesize(
    model: Model,
    frames: _Frames,
    *,
    sample_rate: float = 48000.0,
    noise: float = 1.0,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Play what a model makes of analysed frames, at their pitch and their true time.

    Parameters
    ----------
    model
        Predicts the spectra.
    frames
        Has `mfcc_raw` (T, n_mfcc), `f0_hz` (T,) and `voicedness` (T,).
    sample_rate
        Output rate, Hz.
    noise
        Amplitude factor of the noise part; at 0 partials sound alone.
    seed
        Chooses the noise.

    Returns
    -------
    y
        Sound, (ceil(T * hop_size / model.sample_rate * sample_rate),).
    """

def play_spectra(
    spectra: ArrayLike,
    f0_hz: ArrayLike,
    voicedness: ArrayLike | None = None,
    *,
    layout: Model | _Params | dict[str, Any],
    sample_rate: float = 48000.0,
    noise: float = 1.0,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Play given cycle spectra: what a network that makes no mistake would sound like.

    Parameters
    ----------
    spectra
        (T, K), log1p magnitudes (with a model: in its domain).
    f0_hz
        Sounding pitch, at which the spectra were analysed, (T,); 0 where there is none.
    voicedness
        (T,); fully voiced where `None`.
    layout
        Model or params that say what the bins are (window_size, n_fft, cycles_per_window,
        sample_rate) and how far apart the frames (hop_size).
    sample_rate
        Output rate, Hz.
    noise
        Amplitude factor of the noise part; at 0 partials sound alone.
    seed
        Chooses the noise.

    Returns
    -------
    y
        Sound, (ceil(T * hop_size / rate * sample_rate),), frame i at i * hop_size / rate.
    """

def cycle_waveform(
    spectra: ArrayLike, *, layout: Model | _Params | dict[str, Any]
) -> NDArray[np.float32]:
    """Windows of waveform that spectra stand for: inverse real FFT, all phases zero, log undone.

    Parameters
    ----------
    spectra
        (T, K), log1p magnitudes (with a model: in its domain).
    layout
        As for `play_spectra`.

    Returns
    -------
    waves
        (T, window_size), the peak in the middle.
    """

def load_audio(path: _Path, sample_rate: int | None = None) -> tuple[NDArray[np.float32], int]:
    """Read a wav, flac, ogg, mp3 or aiff file as mono.

    Whole numbers of b bits are divided by 2^(b-1), as torchaudio does; channels are averaged.

    Parameters
    ----------
    path
        The file.
    sample_rate
        Rate in Hz to resample to, 1 .. 1000000; the file's own where `None`.

    Returns
    -------
    y
        Samples, (n,), full scale at ±1.
    sample_rate
        Their rate, Hz.

    Raises
    ------
    AudioFileError
        Empty, cut short, no audio of these kinds, or samples that are not finite.
    FileAccessError
        It cannot be read.
    """

def save_audio(path: _Path, y: ArrayLike, sample_rate: int) -> None:
    """Write a 24-bit wav file, whole or not at all.

    Parameters
    ----------
    path
        The file.
    y
        Samples, (n,) or (channels, n), floats; what lies beyond ±1 is clipped.
    sample_rate
        Their rate, Hz.

    Raises
    ------
    ParameterError
        The samples are not floats, not finite or of another shape.
    FileAccessError
        It cannot be written.
    """

def list_audio(source: _Path | Sequence[_Path]) -> list[Path]:
    """The audio files that a path, a folder or a list of them names.

    Parameters
    ----------
    source
        A folder stands for all files below it that end in .wav, .wave, .flac, .ogg, .oga, .mp3,
        .aif, .aiff or .aifc, in any case, sorted by path; hidden ones are left out.

    Raises
    ------
    AudioFileError
        No such file or folder, or a folder without audio.
    """

def resample(y: ArrayLike, *, orig_sr: int, target_sr: int) -> NDArray[np.float32]:
    """Change the rate of a signal, as torchaudio.transforms.Resample does by default.

    A sinc under a squared-cosine window of 6 zero crossings, cut off at 0.99 of the lower Nyquist
    frequency (J. O. Smith, "Digital Audio Resampling").

    Parameters
    ----------
    y
        Samples, (n,) or (channels, n), which is averaged.
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
    """

def yin(
    y: ArrayLike, *, fmin: float, fmax: float, sr: float, frame_length: int, hop_length: int
) -> NDArray[np.float32]:
    """Fundamental frequency by YIN, as librosa.yin (0.10) computes it by default.

    A. de Cheveigné, H. Kawahara, "YIN, a fundamental frequency estimator for speech and music",
    JASA 111 (2002). Frames are centred, the signal is zero outside itself.

    Parameters
    ----------
    y
        Samples, (n,) or (channels, n), which is averaged.
    fmin, fmax
        Lowest and highest fundamental, Hz; fmax at most sr / 2.
    sr
        Rate of `y`, Hz.
    frame_length
        Samples of a frame; periods of up to half of it are found.
    hop_length
        Samples from one frame to the next.

    Returns
    -------
    f0_hz
        (T,), T = 1 + n // hop_length.

    Raises
    ------
    ParameterError
        No period can be found with these arguments, or samples are not finite.
    """

def pyin(
    y: ArrayLike, *, fmin: float, fmax: float, sr: float, frame_length: int, hop_length: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32]]:
    """Fundamental frequency and voicedness by probabilistic YIN, as librosa.pyin (0.10).

    M. Mauch, S. Dixon, "pYIN: a fundamental frequency estimator using probabilistic threshold
    distributions", ICASSP 2014. librosa's defaults, but fill_na=None.

    Parameters
    ----------
    y, fmin, fmax, sr, frame_length, hop_length
        As for `yin`.

    Returns
    -------
    f0_hz
        (T,), T = 1 + n // hop_length; the best guess where a frame is unvoiced.
    voiced_flag
        (T,), bool.
    voiced_prob
        Probability that the frame is voiced, 0 to 1, (T,).

    Raises
    ------
    ParameterError
        As for `yin`.
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
    """Track the pitch by the CREPE 'tiny' network (Kim et al., ICASSP 2018).

    Parameters
    ----------
    y
        Audio, (n,) or (channels, n), which is averaged. The network listens to a copy at 16 kHz.
    sr
        Its rate, Hz.
    fmin, fmax
        Range of the pitch, Hz; within the network's, about 32 to 2005 Hz.
    hop_length
        Samples between frames.
    decoder
        "argmax", "weighted_argmax" and "viterbi" are torchcrepe's, without its dither; "wms" is
        this package's own: a path decided by the network and the waveform together, its pitch
        measured on the waveform.

    Returns
    -------
    f0_hz, periodicity
        Each (T,), T = 1 + n // hop_length. With "wms" both are 0 where there is no pitch in range.

    Raises
    ------
    ParameterError
        If the decoder is unknown, the hop 0, or the range empty or outside the network's.
    """

def crepe_probabilities(y: ArrayLike, *, sr: int, hop_length: int) -> NDArray[np.float32]:
    """Probabilities of the pitch bins by the CREPE 'tiny' network (Kim et al., ICASSP 2018).

    Parameters
    ----------
    y
        Audio, (n,) or (channels, n), which is averaged. The network listens to a copy at 16 kHz.
    sr
        Its rate, Hz.
    hop_length
        Samples between frames.

    Returns
    -------
    NDArray
        (T, 360), T = 1 + n // hop_length, each 0 to 1: bins 20 cents apart from 31.7 Hz on.

    Raises
    ------
    ParameterError
        If the hop is 0 or y is no audio.
    """

def cycle_frames(
    y: ArrayLike, f0_hz: ArrayLike, *, sr: int, window_size: int, hop_length: int, cycles: int
) -> NDArray[np.float32]:
    """The cycles around each frame's centre, stretched to one length, as `wms_torch` makes them.

    Energy is preserved: amplitudes are divided by the square root of the stretch.

    Parameters
    ----------
    y
        Samples, (n,) or (channels, n), which is averaged.
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
        A size is 0, a frequency negative or not finite, or samples are not finite.
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
    y, f0_hz, sr, window_size, hop_length, cycles
        As for `cycle_frames`.
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
    """

def cycle_spectrum(
    cycle_frames: ArrayLike, *, n_fft: int, n_bins: int | None = None
) -> NDArray[np.float32]:
    """log(1 + magnitude) of cycle frames under a symmetric Hann window.

    Parameters
    ----------
    cycle_frames
        (T, window_size).
    n_fft
        Length of the transform, at least window_size.
    n_bins
        Bins kept, lowest first; all n_fft // 2 + 1 where `None`.

    Returns
    -------
    spectra
        (T, n_bins).

    Raises
    ------
    ParameterError
        An argument is not as said here.
    """

def analyze(
    source: _Path | Sequence[_Path] | ArrayLike,
    params: Params | None = None,
    *,
    sample_rate: int | None = None,
    num_threads: int | None = None,
    progress: Callable[[int, int, int], object] | None = None,
) -> Frames:
    """Analyse recordings into frames of features and spectra.

    Parallel over files and frames; Ctrl-C stops it. Of several files one that cannot be read is
    left out and named in `Frames.skipped`.

    Parameters
    ----------
    source
        A file, a folder, a list of them as for `list_audio`, or samples, (n,) or (channels, n),
        floats with full scale at ±1.
    params
        What to compute; `Params()` where `None`.
    sample_rate
        Rate of samples, Hz; needed for an array and refused for files.
    num_threads
        At least 1; all processors where `None`. Results do not depend on it.
    progress
        Called about ten times a second and at the end with the numbers of files done, files in
        all, and frames done; an exception from it stops the work.

    Raises
    ------
    AudioFileError
        The only file cannot be read, there is no such file, or a folder holds no audio.
    ParameterError
        None of several files can be read, samples are not finite, or an argument is not as said
        here.
    """

def _prepare_store(path: _Path, params: Params) -> None: ...
def _analyze_into(
    path: _Path, file: _Path, params: Params
) -> tuple[tuple[tuple[str, str, int, float], bool] | None, str]: ...
def _finish_store(
    path: _Path,
    params: Params,
    recordings: list[tuple[str, str, int, float]],
    skipped: Sequence[tuple[_Path, str]],
    *,
    prune: bool,
    kept: int,
) -> Store: ...
