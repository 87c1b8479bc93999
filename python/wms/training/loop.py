"""The training loop: batch after batch, with validations and checkpoints, until the limit."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import math
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from ..errors import ParameterError
from .checkpoint import save_checkpoint
from .clock import TrainingClock
from .progress import EpochRecord, Progress
from .trainer import Trainer
from .validation import StretchErrors


class TrainingLoop:
    """Trains until the time or the number of epochs is reached, and keeps the best weights.

    Parameters
    ----------
    trainer : Trainer
        What to train.
    minutes : float or None
        Time to train; after `restore`, time beyond that of the checkpoint.
    epochs : int or None
        Epochs to train; after `restore`, beyond those of the checkpoint. At least one of the two
        is given.
    fingerprint : int
        Checksum of the frames, which must be that of the checkpoint resumed from.
    """

    def __init__(
        self, trainer: Trainer, *, minutes: float | None, epochs: int | None, fingerprint: int
    ) -> None:
        self.trainer = trainer
        self.history: list[EpochRecord] = []
        self.best = StretchErrors(math.inf, math.inf)
        self.best_weights: dict[str, torch.Tensor] = {}
        self.elapsed_s = 0.0
        self.interrupted = False
        self._limit_s = math.inf if minutes is None else 60 * minutes
        self._limit_batches = math.inf if epochs is None else epochs * trainer.batches_per_epoch
        self._fingerprint = fingerprint
        self._validations_since_best = 0
        self._step_validated = 0

    @property
    def progress(self) -> float:
        """Share of the training that is done, 0 to 1."""
        done = max(self.elapsed_s / self._limit_s, self.trainer.step / self._limit_batches)
        return min(done, 1.0)

    @property
    def remaining(self) -> tuple[float | None, int | None]:
        """Minutes and epochs that are left; None for one that is not limited."""
        minutes = (self._limit_s - self.elapsed_s) / 60
        epochs = self._limit_batches / self.trainer.batches_per_epoch - self.trainer.epoch
        return (
            max(minutes, 0.0) if math.isfinite(minutes) else None,
            max(round(epochs), 0) if math.isfinite(epochs) else None,
        )

    def run(self, report: Progress, checkpoint: Path | None) -> None:
        """Train to the end.

        Parameters
        ----------
        report : callable
            Called with an `EpochRecord` after each validation.
        checkpoint : Path or None
            File for the state of the training: written every save_scratch_model_every epochs and
            when the training is interrupted.
        """
        trainer = self.trainer
        clock = TrainingClock(trainer.device, elapsed_s=self.elapsed_s)
        with _first_ctrl_c() as ctrl_c:
            while not self._finished() and not self.interrupted:
                trainer.train_batch(self.progress)
                self._share_clock(clock, ctrl_c)
                if not trainer.at_epoch_end:
                    continue
                if trainer.step - self._step_validated >= trainer.batches_between_validations:
                    self._validate(report)
                    self._share_clock(clock, ctrl_c)
                every = trainer.settings.save_scratch_model_every
                if checkpoint is not None and every and trainer.epoch % every == 0:
                    self._save(checkpoint)
            self.interrupted = self.interrupted and not self._finished()
            if self.interrupted and checkpoint is not None:
                # Saved before the validation below, which an uninterrupted training would not do
                # at this batch.
                self._save(checkpoint)
            if trainer.step > self._step_validated:
                self._validate(report)

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from the state of a checkpoint, for as long again as the limits say.

        Raises
        ------
        ParameterError
            If it belongs to other frames, or to a network or optimiser of another kind or size.
        """
        if state["fingerprint"] != self._fingerprint:
            raise ParameterError(
                "the checkpoint is of other frames or of another split, wanted the recordings and "
                "params that it was trained with"
            )
        self.trainer.restore(state["trainer"])
        self.history = [EpochRecord(**record) for record in state["history"]]
        self.best = StretchErrors(**state["best"])
        self.best_weights = state["best_weights"]
        self.elapsed_s = state["elapsed_s"]
        self._validations_since_best = state["without_gain"]
        self._step_validated = state["validated"]
        self._limit_s += self.elapsed_s
        self._limit_batches += self.trainer.epoch * self.trainer.batches_per_epoch
        patience = self.trainer.settings.early_stop_patience
        if patience is not None and self._validations_since_best >= patience:
            # It had ended for lack of gain, and somebody wants it to go on nevertheless.
            self._validations_since_best = 0

    def _save(self, path: Path) -> None:
        state = {
            "fingerprint": self._fingerprint,
            "trainer": self.trainer.state(),
            "history": [dataclasses.asdict(record) for record in self.history],
            "best": dataclasses.asdict(self.best),
            "best_weights": self.best_weights,
            "elapsed_s": self.elapsed_s,
            "without_gain": self._validations_since_best,
            "validated": self._step_validated,
        }
        save_checkpoint(path, state)

    def _share_clock(self, clock: TrainingClock, ctrl_c: threading.Event) -> None:
        # All processes must stop at the same batch, otherwise some would wait for ever.
        mine = [clock.seconds(), ctrl_c.is_set()]
        self.elapsed_s, stop = self.trainer.processes.broadcast(mine, self.trainer.device)
        self.interrupted = bool(stop)

    def _finished(self) -> bool:
        patience = self.trainer.settings.early_stop_patience
        gave_up = patience is not None and self._validations_since_best >= patience
        return self.progress >= 1.0 or gave_up

    def _validate(self, report: Progress) -> None:
        trainer = self.trainer
        errors, train_loss = trainer.validate()
        self._step_validated = trainer.step
        self._validations_since_best += 1
        if not self.best_weights or errors.loss < self.best.loss:
            self.best, self._validations_since_best = errors, 0
            self.best_weights = copy.deepcopy(trainer.average.state_dict())
        done = self.progress
        record = EpochRecord(
            epoch=trainer.epoch,
            step=trainer.step,
            train_loss=train_loss,
            validation_loss=errors.loss,
            validation_mae=errors.mae,
            learning_rate=trainer.learning_rate,
            elapsed_s=self.elapsed_s,
            remaining_s=self.elapsed_s * (1 - done) / done,
        )
        self.history.append(record)
        report(record)


@contextlib.contextmanager
def _first_ctrl_c() -> Iterator[threading.Event]:
    """Set an event on the first Ctrl-C, so that the current batch is completed.

    A second Ctrl-C interrupts as usual. Other threads than the main one get no signals.
    """
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return

    def handle(_signal: int, _frame: object) -> None:
        event.set()
        signal.signal(signal.SIGINT, previous)

    previous = signal.signal(signal.SIGINT, handle)
    try:
        yield event
    finally:
        signal.signal(signal.SIGINT, previous)
