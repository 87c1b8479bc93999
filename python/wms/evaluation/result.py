"""The result of an evaluation."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

from .detail import Detail
from .page import write_report

#: Figures of one system by the key of the measure; None if there was nothing to measure.
Figures = dict[str, float | None]


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What `evaluate` returns.

    Attributes
    ----------
    figures : dict
        The content of figures.json: dictionaries, lists, numbers and strings.
    details : list of Detail
        The first passages, for the page.
    skipped : list of (Path, str)
        Recordings that could not be read, each with the reason in one line.
    """

    figures: dict[str, Any]
    details: list[Detail]
    skipped: list[tuple[Path, str]]

    def __getitem__(self, system: str) -> Figures:
        """Return the mean figures of a system over all passages: ``result["model"]["mss"]``."""
        figures: Figures = self.figures["systems"][system]
        return figures

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write the report with `wms.evaluation.write_report`.

        Parameters
        ----------
        folder : path
            Folder for the report. It is created if it does not exist.

        Returns
        -------
        Path
            The page, index.html.

        Raises
        ------
        FileAccessError
            If the files cannot be written.
        WmsError
            If matplotlib or Jinja2 is not installed.
        """
        return write_report(self, folder)
