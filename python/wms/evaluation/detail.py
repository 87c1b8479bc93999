"""What the page shows of one passage."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from .passages import Float32, Passage


@dataclasses.dataclass(frozen=True)
class Detail:
    """What the page shows of one passage.

    Attributes
    ----------
    passage : Passage
        The passage that was judged.
    sounds : dict
        The passage as played from the model's spectra ("model") and from its own ("true_spectra"),
        and by other models ("model_2" and so on), (n,) each.
    loudness_db : dict
        A-weighted level in dB every 512 samples, (L,) each: "original" and those of `sounds`.
    errors : dict
        Mean absolute error of the log1p spectrum of every frame, (T,) each: "model", and "nearest"
        if there are baselines.
    """

    passage: Passage
    sounds: dict[str, Float32]
    loudness_db: dict[str, npt.NDArray[np.float64]]
    errors: dict[str, Float32]
