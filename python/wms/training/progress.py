"""What a training reports while it runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TextIO

from .._progress import ProgressLine, clock


@dataclasses.dataclass(frozen=True)
class EpochRecord:
    """State of the training after a validation.

    Attributes
    ----------
    epoch, step : int
        Epochs and batches trained so far.
    train_loss : float
        Mean loss of the batches since the last record.
    validation_loss, validation_mae : float
        Loss, and mean absolute error of the log1p spectrum, on the stretches kept aside.
    learning_rate : float
        Learning rate of the last batch.
    elapsed_s, remaining_s : float
        Time trained so far and estimated time left, seconds.
    """

    epoch: int
    step: int
    train_loss: float
    validation_loss: float
    validation_mae: float
    learning_rate: float
    elapsed_s: float
    remaining_s: float


Progress = Callable[[EpochRecord], None]


class TrainingProgress:
    """Shows each record as one line: kept up to date on a terminal, every 10 seconds elsewhere.

    Parameters
    ----------
    stream : text stream, optional
        Where to write; default: stderr.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._line = ProgressLine(stream, every_s=10.0)

    def __call__(self, record: EpochRecord) -> None:
        """Show `record`."""
        self._line.show(
            f"epoch {record.epoch}  loss {record.train_loss:.4f}  "
            f"validation {record.validation_loss:.4f}  error {record.validation_mae:.4f}  "
            f"{clock(record.remaining_s)} left"
        )

    def close(self) -> None:
        """End the line."""
        self._line.close()
