"""A model's timbre space under the mouse, in Jupyter (``pip install 'wms[notebooks]'``)."""

from __future__ import annotations

import base64
import dataclasses
import io
import wave
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ._wms import Model, Synth, cycle_waveform
from .errors import ParameterError, WmsError

_FloatArray = npt.NDArray[np.float32]
# Frames after which a network that is given the same inputs has come to rest.
_SETTLED = 60
_RELEASE_S = 0.3
# Recordings are seldom loud, and one note is all that plays.
_GAIN = 4.0


@dataclasses.dataclass(frozen=True)
class Axis:
    """One timbre input.

    Attributes
    ----------
    name : str
        As in `Model.input_names`.
    low, high : float
        Range in the training sound, in `Synth.set_timbre`'s units.
    rest : float
        Where a note is until somebody moves it.
    """

    name: str
    low: float
    high: float
    rest: float


class Sounding:
    """What a model sounds and looks like at one point of its timbre space at a time.

    Parameters
    ----------
    model : Model
        What is played.
    sample_rate : int
        Of the sound, Hz.

    Attributes
    ----------
    axes : list of Axis
        Timbre inputs in the model's order, voicedness among them, pitch not.
    """

    def __init__(self, model: Model, *, sample_rate: int = 44100) -> None:
        self.model, self.sample_rate = model, sample_rate
        statistics = model.config["input_statistics"]
        mean, std = np.array(statistics["mean"]), np.array(statistics["std"])
        # Voicedness stands for itself, the others are in spreads around the mean.
        own = np.array([name == "voicedness" for name in model.input_names])
        self._centre = np.where(own, 0.0, mean)
        self._spread = np.where(own | (std <= 0), 1.0, std)
        rest = statistics.get("rest", statistics["mean"])
        low, high, at = (
            (np.array(row) - self._centre) / self._spread
            for row in (statistics["min"], statistics["max"], rest)
        )
        self.axes = [
            Axis(name, float(low[i]), float(high[i]), float(at[i]))
            for i, name in enumerate(model.input_names)
            if name != "pitch"
        ]

    def spectrum(self, note: int, timbre: Mapping[str, float]) -> _FloatArray:
        """Compute the spectrum that a held note comes to, (K,), in the model's domain.

        Parameters
        ----------
        note : int
            MIDI note, 0 to 127; 69 is A4.
        timbre : mapping
            Places on some axes by name; the others rest.

        Raises
        ------
        ParameterError
            If there is no such axis or note.
        """
        at = self._place(note, timbre)
        mapping = self.model.config["f0_mapping"]
        low = mapping["f_low_hz"]
        at["pitch"] = np.log(max(self.f0_hz(note), low) - low + mapping["offset"])
        x = np.array([at[name] for name in self.model.input_names])
        raw = np.array([name == "pitch" for name in self.model.input_names])
        x = np.where(raw, x, x * self._spread + self._centre)
        y, _ = self.model.predict(np.tile(x.astype(np.float32), (_SETTLED, 1)))
        settled: _FloatArray = y[-1]
        return settled

    def waveform(self, spectrum: _FloatArray) -> _FloatArray:
        """Compute the window of waveform that a spectrum stands for, its peak in the middle."""
        wave: _FloatArray = cycle_waveform(spectrum[None], layout=self.model)[0]
        return wave

    def play(self, note: int, timbre: Mapping[str, float], *, seconds: float = 1.5) -> _FloatArray:
        """Play a note through the realtime engine and let it die away, (n,) mono.

        Parameters
        ----------
        note, timbre
            As for `spectrum`.
        seconds : float
            Time that the key is down, above 0 to 60.

        Raises
        ------
        ParameterError
            If there is no such axis or note, or the time is out of range.
        """
        if not 0 < seconds <= 60:
            raise ParameterError(f"seconds is {seconds!r}, wanted above 0 and at most 60")
        at = self._place(note, timbre)
        synth = Synth(
            self.model,
            sample_rate=self.sample_rate,
            gain=_GAIN,
            attack_s=0.02,
            release_s=_RELEASE_S,
        )
        synth.set_timbre(**at)
        synth.note_on(note, velocity=0.9)
        held = synth.process(int(seconds * self.sample_rate))
        synth.note_off(note)
        tail = synth.process(int(_RELEASE_S * self.sample_rate))
        sound: _FloatArray = np.concatenate([held, tail], axis=1).mean(axis=0)
        return sound

    @staticmethod
    def f0_hz(note: int) -> float:
        """Return the pitch of a MIDI note."""
        return float(440 * 2 ** ((note - 69) / 12))

    def _place(self, note: int, timbre: Mapping[str, float]) -> dict[str, float]:
        names = [axis.name for axis in self.axes]
        for name in timbre:
            if name not in names:
                raise ParameterError(f"no axis {name!r}, the model has {', '.join(names)}")
        if not 0 <= note <= 127:
            raise ParameterError(f"note is {note!r}, wanted 0 to 127")
        return {axis.name: float(timbre.get(axis.name, axis.rest)) for axis in self.axes}


def explore(model: Model, *, sample_rate: int = 44100) -> Any:
    """Show a pad, sliders, and the cycle and its spectrum as they follow; notes play.

    Parameters
    ----------
    model : Model
        What to explore.
    sample_rate : int
        Of the sound, Hz.

    Returns
    -------
    ipywidgets.Widget
        As the last value of a cell it shows itself. Its `sounding` is the `Sounding` behind it;
        `sliders`, `pad`, `note` and `button` are the controls.

    Raises
    ------
    WmsError
        If anywidget or matplotlib is not installed.

    Examples
    --------
    >>> wms.explore(wms.Model.load("factory:flute"))  # doctest: +SKIP
    """
    try:
        from ._explorer_widgets import build
    except ImportError as error:
        raise WmsError(
            "the explorer needs anywidget and ipywidgets: pip install 'wms[notebooks]'"
        ) from error
    return build(Sounding(model, sample_rate=sample_rate))


def wav_data_url(sound: _FloatArray, sample_rate: int) -> str:
    """Return a sound (n,) within [-1, 1] as 16-bit wav that a page can play."""
    samples = np.round(np.clip(sound, -1, 1) * 32767).astype("<i2")
    memory = io.BytesIO()
    with wave.open(memory, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(samples.tobytes())
    return "data:audio/wav;base64," + base64.b64encode(memory.getvalue()).decode()
