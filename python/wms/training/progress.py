"""What training tells while it runs."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Callable
from typing import TextIO


@dataclasses.dataclass(frozen=True)
class EpochRecord:
    """State of the training after a validation.

    Attributes
    ----------
    epoch, step : int
        Epochs and batches trained so far.
    train_loss : float
        Mean loss of the batches since the record before.
    validation_loss, validation_mae : float
        Criterion and mean absolute error of the log1p spectrum on the stretches kept aside.
    learning_rate : float
        Of the last batch.
    elapsed_s, remaining_s : float
        Time trained and expected time left, seconds.
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


class ProgressLine:
    """Shows records as one line: kept up to date on a terminal, every 10 seconds elsewhere."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._terminal = self._stream.isatty()
        self._next = 0.0
        self._width = 0

    def __call__(self, record: EpochRecord) -> None:
        """Show `record`."""
        now = time.monotonic()
        if not self._terminal and now < self._next:
            return
        self._next = now + 10.0
        line = (
            f"epoch {record.epoch}  loss {record.train_loss:.4f}  "
            f"validation {record.validation_loss:.4f}  error {record.validation_mae:.4f}  "
            f"{_clock(record.remaining_s)} left"
        )
        if self._terminal:
            self._stream.write("\r" + line.ljust(self._width))
            self._width = len(line)
        else:
            self._stream.write(line + "\n")
        self._stream.flush()

    def close(self) -> None:
        """End the line."""
        if self._width:
            self._stream.write("\n")
            self._stream.flush()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
