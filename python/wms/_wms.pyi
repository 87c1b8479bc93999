"""The native part of the package."""

from os import PathLike
from typing import Any, Protocol, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Model",
    "Synth",
    "__version__",
    "cycle_waveform",
    "play_spectra",
    "render",
    "resynthesize",
]

__version__: str

class _Frames(Protocol):
    """Analysed frames, as far as a model reads them."""

    @property
    def mfcc_raw(self) -> NDArray[np.float32]: ...
    @property
    def f0_hz(self) -> NDArray[np.float32]: ...
    @property
    def voicedness(self) -> NDArray[np.float32]: ...

class _Params(Protocol):
    """Parameters of analysis and training."""

    def to_dict(self) -> dict[str, Any]: ...

@final
class Model:
    """A network and what its inputs and outputs mean; immutable.

    Made by `Model.load`. T = frames, C = network inputs, K = spectrum bins.
    """

    @staticmethod
    def load(path: str | PathLike[str], params: _Params | dict[str, Any] | None = None) -> Model:
        """Read a model file.

        Parameters
        ----------
        path
            A `.safetensors` file that `Model.save` or the training wrote, or a `.pth` or `rt_model`
            JSON of wms_torch of any generation; the content decides, not the name.
        params
            The model's inputs and outputs must be those of these params. For wms_torch's files,
            which hold weights only, they tell the rest; default: a params.json beside the file
            or in the folder above.

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

    def save(self, path: str | PathLike[str]) -> None:
        """Write the model file; an existing one is replaced when the new one is complete."""

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
        """Analysed frames as this model wants them: its own scaler, f0 mapping and order.

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

@final
class Synth:
    """A polyphonic instrument that plays one model.

    Parameters
    ----------
    model
        What is played.
    sample_rate
        Output rate, 1000 .. 768000 Hz.
    max_voices
        Most notes at a time, 1 .. 64; the quietest or oldest gives way.
    seed
        Chooses the noise.
    noise
        Amplitude factor of the noise part, 0 .. 4; at 0 partials sound alone.
    normalise
        Bring all frames to one level instead of that of the training sound.
    attack_s
        Seconds from silence to 90 % of a note's level.
    decay_s
        Seconds from there to within 10 % of the sustained level.
    sustain
        Level that is held while the key is down, 0 .. 1 of the note's.
    release_s
        Seconds to -60 dB after a key is let go.
    gain
        Amplitude factor of the output, 0 .. 16; the output bends smoothly towards 1 from 0.9 on.
    tuning_hz
        Pitch of A4, Hz.
    """

    def __new__(
        cls,
        model: Model,
        *,
        sample_rate: float = 48000.0,
        max_voices: int = 16,
        seed: int = 0,
        noise: float = 1.0,
        normalise: bool = False,
        attack_s: float = 0.005,
        decay_s: float = 0.1,
        sustain: float = 1.0,
        release_s: float = 0.05,
        gain: float = 0.5,
        tuning_hz: float = 440.0,
    ) -> Synth: ...
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

    def sustain(self, down: bool, channel: int = 0) -> None:
        """Press or lift the sustain pedal."""

    def set_timbre(self, values: ArrayLike | None = None, **named: float) -> None:
        """Move the timbre smoothly.

        Parameters
        ----------
        values
            All timbre inputs in the model's order without pitch and voicedness, in units of the
            training data; held within a margin around its range.
        named
            Single inputs by name, e.g. `mfcc_1=0.5, voicedness=0.9`.
        """

    def process(self, n: int) -> NDArray[np.float32]:
        """The next n samples, (2, n), within [-1, 1]."""

    def process_into(self, out: NDArray[np.float32]) -> None:
        """The next samples into `out`, C-contiguous float32 (2, n); allocates no sample memory."""

def render(
    model: Model,
    midi_file: str | PathLike[str],
    *,
    sample_rate: float = 48000.0,
    max_voices: int = 16,
    seed: int = 0,
    noise: float = 1.0,
    normalise: bool = False,
    attack_s: float = 0.005,
    decay_s: float = 0.1,
    sustain: float = 1.0,
    release_s: float = 0.05,
    gain: float = 0.5,
    timbre_automation: bool = False,
) -> NDArray[np.float32]:
    """Play a MIDI file until everything has died away.

    Tempo map, all channels, velocity, sustain pedal, volume, expression, and pitch bend (2
    semitones) are followed; the keywords are those of `Synth`.

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
