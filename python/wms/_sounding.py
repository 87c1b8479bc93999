"""What a model sounds and looks like at a point of its timbre space, for the explorer."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ._wms import Model, Synth, cycle_waveform, wav_bytes
from .errors import ParameterError

_FloatArray = npt.NDArray[np.float32]
# Frames after which the output of a network with constant inputs no longer changes.
_SETTLED_FRAMES = 60
_RELEASE_S = 0.3
# Training sounds are seldom loud, and with a single note there is room for a gain.
_GAIN = 4.0


@dataclasses.dataclass(frozen=True)
class Axis:
    """A direction or a timbre input of a model, in the units of `Synth.set_timbre`.

    Attributes
    ----------
    name : str
        Its name in `Model.directions` or `Model.input_names`.
    low, high : float
        Lowest and highest value in the training sound.
    rest : float
        Value of a note until somebody moves it.
    """

    name: str
    low: float
    high: float
    rest: float


class Sounding:
    """Computes spectra, waveforms and notes of a model at points of its timbre space.

    Parameters
    ----------
    model : Model
        The model to play.
    sample_rate : int
        Rate of the sound, Hz.

    Attributes
    ----------
    axes : list of Axis
        The model's directions and the voicedness or, in a model without directions, all inputs but
        the pitch, in the model's order.
    """

    def __init__(self, model: Model, *, sample_rate: int = 44100) -> None:
        self.model, self.sample_rate = model, sample_rate
        names = model.directions.names
        self.axes = [Axis(name, low=-1.0, high=1.0, rest=0.0) for name in names]
        self.axes += [
            Axis(name, low=low, high=high, rest=rest)
            for name, (low, rest, high) in model.timbre_axes.items()
            if name == "voicedness" or not names
        ]

    def spectrum(self, note: int, timbre: Mapping[str, float]) -> _FloatArray:
        """Compute the spectrum at which a held note settles, (K,), in the model's domain.

        Parameters
        ----------
        note : int
            MIDI note, 0 to 127; 69 is A4.
        timbre : mapping
            Values on some axes, or of some timbre inputs, by name; the others are at rest.

        Raises
        ------
        ParameterError
            If there is no such axis or note.
        """
        x = self.model.tone_inputs(self.f0_hz(note), **self._place(note, timbre))
        y, _ = self.model.predict(np.tile(x, (_SETTLED_FRAMES, 1)))
        settled: _FloatArray = y[-1]
        return settled

    def waveform(self, spectrum: _FloatArray) -> _FloatArray:
        """Compute a spectrum's window of waveform, (window_size,), with its peak in the middle."""
        wave: _FloatArray = cycle_waveform(spectrum[None], layout=self.model)[0]
        return wave

    def play(self, note: int, timbre: Mapping[str, float], *, seconds: float = 1.5) -> _FloatArray:
        """Play a note through the realtime engine and let it die away, (n,) mono.

        Parameters
        ----------
        note : int
            MIDI note, 0 to 127; 69 is A4.
        timbre : mapping
            Values on some axes, or of some timbre inputs, by name; the others are at rest.
        seconds : float
            Time for which the key is held, above 0 and at most 60.

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
        """Return the pitch of a MIDI note, Hz."""
        return float(440 * 2 ** ((note - 69) / 12))

    def _place(self, note: int, timbre: Mapping[str, float]) -> dict[str, float]:
        names = [axis.name for axis in self.axes]
        for name in timbre:
            if name not in names and name not in self.model.timbre_axes:
                raise ParameterError(f"no axis {name!r}, the model has {', '.join(names)}")
        if not 0 <= note <= 127:
            raise ParameterError(f"note is {note!r}, wanted 0 to 127")
        rest = {axis.name: axis.rest for axis in self.axes}
        return rest | {name: float(value) for name, value in timbre.items()}


def wav_data_url(sound: _FloatArray, sample_rate: int) -> str:
    """Return a sound (n,), full scale at ±1, as a 16-bit wav file in a URL that a page can play."""
    wav = wav_bytes(sound, sample_rate, subtype="PCM_16")
    return "data:audio/wav;base64," + base64.b64encode(wav).decode("ascii")
