"""Learning rate schedules."""

from __future__ import annotations

import math

from .settings import TrainSettings

# The cosine schedule ends at this share of the highest rate.
_COSINE_FLOOR = 0.01
# Arguments of wms_torch's ReduceLROnPlateau; the threshold is PyTorch's default, relative.
_PLATEAU_FACTOR, _PLATEAU_PATIENCE, _PLATEAU_LOWEST, _PLATEAU_THRESHOLD = 0.5, 15, 1e-6, 1e-4


class Schedule:
    """Learning rate of each batch, from the progress of the training and the validation losses.

    Parameters
    ----------
    settings : TrainSettings
        lr_schedule, learning_rate and warmup_steps are read.
    """

    def __init__(self, settings: TrainSettings) -> None:
        self._kind = settings.lr_schedule
        self._highest = settings.learning_rate
        self._warmup = settings.warmup_steps
        self._plateau = settings.learning_rate
        self._best = math.inf
        self._worse = 0

    def rate(self, step: int, progress: float) -> float:
        """Return the rate of batch `step`, counted from 0.

        `progress` is the share of the training that is done, 0 to 1.
        """
        rate = self._plateau if self._kind == "plateau" else self._highest
        if self._kind == "cosine":
            cosine = 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
            rate *= _COSINE_FLOOR + (1 - _COSINE_FLOOR) * cosine
        return rate * min(1.0, (step + 1) / (self._warmup + 1))

    def validated(self, loss: float) -> None:
        """Record a validation loss, after which the schedule "plateau" may lower the rate."""
        if loss < self._best * (1 - _PLATEAU_THRESHOLD):
            self._best, self._worse = loss, 0
            return
        self._worse += 1
        if self._worse > _PLATEAU_PATIENCE:
            self._plateau = max(self._plateau * _PLATEAU_FACTOR, _PLATEAU_LOWEST)
            self._worse = 0

    def state(self) -> list[float]:
        """Return the state that `restore` takes."""
        return [self._plateau, self._best, self._worse]

    def restore(self, state: list[float]) -> None:
        """Restore a state."""
        self._plateau, self._best, self._worse = state[0], state[1], int(state[2])
