"""Collecting the figures of passages and their means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import Params
from .columns import MEASURES
from .passages import Float32, Passage
from .result import Figures


class Tally:
    """Figures of all passages; means are weighted by the passages' lengths.

    Parameters
    ----------
    settings : Params
        Params of the analysis.
    """

    def __init__(self, settings: Params) -> None:
        self.passages: list[dict[str, Any]] = []
        self._settings = settings
        self._frames = 0
        self._levels: dict[str, npt.NDArray[np.float64]] = {}
        self._errors: dict[str, npt.NDArray[np.float64]] = {}

    def add(
        self, passage: Passage, spectra: Mapping[str, Float32], figures: Mapping[str, Figures]
    ) -> None:
        """Add a passage.

        Parameters
        ----------
        passage : Passage
            The passage.
        spectra : mapping
            log1p spectra (T, K) by system, the true ones among them.
        figures : mapping
            Figures by system.
        """
        target = spectra["true_spectra"]
        self._frames += len(target)
        for name, values in spectra.items():
            _add(self._errors, name, np.abs(values - target))
            _add(self._levels, name, values)
        self.passages.append(
            {
                "file": passage.name,
                "start_s": passage.start_s,
                "seconds": passage.seconds,
                "frames": len(target),
                "systems": dict(figures),
            }
        )

    def means(self) -> dict[str, Figures]:
        """Return the mean figures of each system, over those passages that have them."""
        return {
            system: {
                measure.key: _mean(
                    (passage["systems"][system][measure.key], passage["seconds"])
                    for passage in self.passages
                )
                for measure in MEASURES
            }
            for system in self.passages[0]["systems"]
        }

    def bins(self) -> dict[str, Any]:
        """Return the mean level and the mean error of every bin, by system."""
        settings = self._settings
        per_partial = settings["cycles_per_window"] * settings["n_fft"] / settings["window_size"]
        mean = {
            key: {name: (total / self._frames).tolist() for name, total in sums.items()}
            for key, sums in (("level", self._levels), ("error", self._errors))
        }
        return {"bins_per_partial": per_partial, **mean}


def _add(sums: dict[str, npt.NDArray[np.float64]], name: str, values: Float32) -> None:
    sums[name] = sums.get(name, 0.0) + values.sum(axis=0, dtype=np.float64)


def _mean(weighted: Iterable[tuple[float | None, float]]) -> float | None:
    pairs = [(value, weight) for value, weight in weighted if value is not None]
    if not pairs:
        return None
    return sum(value * weight for value, weight in pairs) / sum(weight for _, weight in pairs)
