"""A model's timbre space under the mouse, in Jupyter (``pip install '.[notebooks]'``)."""

from __future__ import annotations

from typing import Any

from ._sounding import Sounding
from ._wms import Model
from .errors import WmsError

__all__ = ["Sounding", "explore"]


def explore(model: Model, *, sample_rate: int = 44100) -> Any:
    """Move a model's timbre by a pad and sliders, see its waveform and spectrum, and play notes.

    Parameters
    ----------
    model : Model
        The model to explore.
    sample_rate : int
        Rate of the sound, Hz.

    Returns
    -------
    ipywidgets.Widget
        The explorer; as the last value of a cell it shows itself. Its `sounding` computes the sound
        and the pictures; `sliders`, `pad`, `note` and `button` are the controls.

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
            "the explorer needs anywidget and ipywidgets: "
            "pip install '.[notebooks]' in the checkout"
        ) from error
    return build(Sounding(model, sample_rate=sample_rate))
