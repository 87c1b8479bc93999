"""The controls of `wms.explore`."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import numpy as np
import traitlets

from ._formulas import hz_to_midi
from ._sounding import Sounding, wav_data_url
from .plot import NETWORK_COLOUR, new_figure, tidy


class Pad(anywidget.AnyWidget):  # type: ignore[misc]
    """A square to drag a point in.

    Attributes
    ----------
    x, y : float
        Where the point is, 0 to 1 from left to right and from bottom to top.
    x_name, y_name : str
        What is written at its edges.
    sound : str
        A data URL that is played when it changes.
    """

    _esm = Path(__file__).with_name("explorer_pad.js")
    x = traitlets.Float(0.5).tag(sync=True)
    y = traitlets.Float(0.5).tag(sync=True)
    x_name = traitlets.Unicode("").tag(sync=True)
    y_name = traitlets.Unicode("").tag(sync=True)
    sound = traitlets.Unicode("").tag(sync=True)


class Explorer(ipywidgets.HBox):  # type: ignore[misc]
    """Pad, sliders and pictures of one model."""

    def __init__(self, sounding: Sounding) -> None:
        self.sounding = sounding
        low, high = sounding.model.config["f0_range_hz"]
        middle = round(hz_to_midi(math.sqrt(low * high)))
        self.note = ipywidgets.IntSlider(middle, 24, 108, description="note")
        self.sliders = {
            axis.name: ipywidgets.FloatSlider(
                value=axis.rest,
                min=min(axis.low, axis.rest),
                max=max(axis.high, axis.rest, axis.low + 1e-3),
                step=0.01,
                description=axis.name,
                readout_format=".2f",
            )
            for axis in sounding.axes
        }
        names = [name for name in self.sliders if name != "voicedness"] or list(self.sliders)
        self.across = ipywidgets.Dropdown(options=names, value=names[0], description="across")
        self.up = ipywidgets.Dropdown(options=names, value=names[-1], description="up")
        if len(names) > 1:
            self.up.value = names[1]
        self.pad = Pad()
        self.button = ipywidgets.Button(description="Play", icon="play")
        self.rest = ipywidgets.Button(description="Rest", icon="undo")
        self._picture = ipywidgets.Image(format="png")
        self._busy = False
        buttons = ipywidgets.HBox([self.button, self.rest])
        left = ipywidgets.VBox([self.pad, self.across, self.up])
        right = ipywidgets.VBox([self._picture, buttons, self.note, *self.sliders.values()])
        super().__init__([left, right])

        self.button.on_click(lambda _: self.play())
        self.rest.on_click(lambda _: self.go_to({a.name: a.rest for a in sounding.axes}))
        self.pad.observe(self._from_pad, ["x", "y"])
        for slider in [*self.sliders.values(), self.note]:
            slider.observe(self._from_sliders, "value")
        for choice in (self.across, self.up):
            choice.observe(self._from_sliders, "value")
        self._from_sliders(None)

    @property
    def timbre(self) -> dict[str, float]:
        """Value of each slider, by the name of its direction or timbre input."""
        return {name: slider.value for name, slider in self.sliders.items()}

    def go_to(self, timbre: dict[str, float]) -> None:
        """Set the named sliders to these values, then update the pad and the pictures once."""
        self._busy = True
        try:
            for name, value in timbre.items():
                self.sliders[name].value = value
        finally:
            self._busy = False
        self._from_sliders(None)

    def play(self) -> None:
        """Play the chosen note with the timbre that the sliders are at."""
        sound = self.sounding.play(self.note.value, self.timbre)
        # The page plays when the URL changes, so the same sound again needs a change between.
        self.pad.sound = ""
        self.pad.sound = wav_data_url(sound, self.sounding.sample_rate)

    def _from_pad(self, _change: Any) -> None:
        if self._busy:
            return
        places = {}
        for choice, share in ((self.across, self.pad.x), (self.up, self.pad.y)):
            slider = self.sliders[choice.value]
            places[choice.value] = slider.min + share * (slider.max - slider.min)
        self.go_to(places)

    def _from_sliders(self, _change: Any) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            shares = []
            for choice in (self.across, self.up):
                slider = self.sliders[choice.value]
                shares.append((slider.value - slider.min) / (slider.max - slider.min))
            self.pad.x, self.pad.y = shares
            self.pad.x_name, self.pad.y_name = self.across.value, self.up.value
        finally:
            self._busy = False
        self._draw()

    def _draw(self) -> None:
        sounding = self.sounding
        spectrum = sounding.spectrum(self.note.value, self.timbre)
        cycles = sounding.model.config["spectrum"]["cycles_per_window"]
        wave = sounding.waveform(spectrum)
        figure = new_figure(7, 2.2)
        above, below = figure.subplots(1, 2)
        above.plot(np.linspace(0, cycles, len(wave)), wave, color=NETWORK_COLOUR, linewidth=1)
        above.set_xlabel("cycles")
        above.set_title("Cycle", loc="left")
        place = np.arange(len(spectrum)) / cycles
        below.fill_between(place, spectrum, color=NETWORK_COLOUR, linewidth=0)
        below.set_xlabel("partial")
        below.set_title("Spectrum", loc="left")
        below.set_ylim(bottom=0)
        tidy(above)
        tidy(below)
        memory = io.BytesIO()
        figure.savefig(memory, format="png", dpi=90)
        self._picture.value = memory.getvalue()


def build(sounding: Sounding) -> Explorer:
    """Make the explorer of a model."""
    return Explorer(sounding)
