"""A log of the training that can be read while it runs."""

from __future__ import annotations

import csv
import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .._files import check_writable
from ..errors import FileAccessError
from .progress import EpochRecord

_COLUMNS = [field.name for field in dataclasses.fields(EpochRecord)]


class TrainingLog:
    """Writes log.csv, one row for each validation, and TensorBoard events if it is installed.

    Parameters
    ----------
    folder : path
        Folder for the files. It is created if it does not exist.
    overwrite : bool
        Replace a log.csv that exists.

    Raises
    ------
    FileAccessError
        If there is a log already and `overwrite` is false, or it cannot be written.
    """

    def __init__(self, folder: str | os.PathLike[str], *, overwrite: bool) -> None:
        self.path = check_writable(Path(folder) / "log.csv", overwrite=overwrite)
        self._board: Any = None

    def start(self, history: Sequence[EpochRecord]) -> None:
        """Start the log with the records from before a resumption; none in a new training."""
        try:
            with self.path.open("w", newline="") as file:
                csv.writer(file).writerow(_COLUMNS)
        except OSError as error:
            raise FileAccessError(f"{self.path}: {error.strerror or error}") from error
        self._board = _tensorboard(self.path.parent)
        for record in history:
            self(record)

    def __call__(self, record: EpochRecord) -> None:
        """Add a record."""
        row = dataclasses.asdict(record)
        try:
            # Opened anew for each row, so that other programs can read it at any time.
            with self.path.open("a", newline="") as file:
                csv.DictWriter(file, _COLUMNS).writerow(row)
        except OSError as error:
            raise FileAccessError(f"{self.path}: {error.strerror or error}") from error
        if self._board is not None:
            for name in ("train_loss", "validation_loss", "validation_mae", "learning_rate"):
                self._board.add_scalar(name, row[name], record.step)

    def close(self) -> None:
        """Close the files."""
        if self._board is not None:
            self._board.close()


def _tensorboard(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder))
