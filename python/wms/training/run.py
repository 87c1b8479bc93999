"""A training from its first batch, or a checkpoint, to its end or an interruption."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import math
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from ..errors import ParameterError
from .checkpoint import save_checkpoint
from .evaluate import StretchErrors
from .progress import EpochRecord, Progress
from .trainer import Trainer

# Epochs of a few batches are not worth a validation each.
_BATCHES_BETWEEN_VALIDATIONS = 50


class Run:
    """Trains until its time or its epochs are over, and keeps the best weights.

    Parameters
    ----------
    trainer : Trainer
        What to train.
    minutes : float or None
        Wall-clock time to train, that before a resumption included.
    epochs : int or None
        Epochs to train, those before a resumption included. One of the two is given.
    fingerprint : int
        Tells the frames apart from others.
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
        self._without_gain = 0
        self._validated = 0

    @property
    def progress(self) -> float:
        """Share of the training that is over, 0 to 1."""
        done = max(self.elapsed_s / self._limit_s, self.trainer.step / self._limit_batches)
        return min(done, 1.0)

    def to_the_end(self, show: Progress | None, checkpoint: Path | None) -> None:
        """Train; call `show` after each validation, save to `checkpoint` now and then."""
        settings, trainer = self.trainer.settings, self.trainer
        started = time.monotonic() - self.elapsed_s
        with _interrupts() as interrupted:
            while not self._over() and not self.interrupted:
                trainer.train_batch(self.progress)
                self._agree(started, interrupted)
                if not trainer.at_epoch_end:
                    continue
                if trainer.step - self._validated >= _BATCHES_BETWEEN_VALIDATIONS:
                    self._validate(show)
                    self._agree(started, interrupted)
                every = settings.save_scratch_model_every
                if checkpoint is not None and every and trainer.epoch % every == 0:
                    self._save(checkpoint)
            self.interrupted = self.interrupted and not self._over()
            if self.interrupted and checkpoint is not None:
                # Before the validation below, which a training without interruption lacks.
                self._save(checkpoint)
            if trainer.step > self._validated:
                self._validate(show)

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint's `state`.

        Raises
        ------
        ParameterError
            If it is of other frames, or another kind or size of network or optimiser.
        """
        if state["fingerprint"] != self._fingerprint:
            raise ParameterError("the checkpoint is of other frames or another split than given")
        self.trainer.restore(state["trainer"])
        self.history = [EpochRecord(**record) for record in state["history"]]
        self.best = StretchErrors(**state["best"])
        self.best_weights = state["best_weights"]
        self.elapsed_s = state["elapsed_s"]
        self._without_gain = state["without_gain"]
        self._validated = state["validated"]

    def _save(self, path: Path) -> None:
        state = {
            "fingerprint": self._fingerprint,
            "trainer": self.trainer.state(),
            "history": [dataclasses.asdict(record) for record in self.history],
            "best": dataclasses.asdict(self.best),
            "best_weights": self.best_weights,
            "elapsed_s": self.elapsed_s,
            "without_gain": self._without_gain,
            "validated": self._validated,
        }
        save_checkpoint(path, state)

    def _agree(self, started: float, interrupted: threading.Event) -> None:
        # All processes must stop at the same batch, or some would wait for ever.
        mine = [time.monotonic() - started, interrupted.is_set()]
        self.elapsed_s, stop = self.trainer.processes.agree(mine, self.trainer.device)
        self.interrupted = bool(stop)

    def _over(self) -> bool:
        patience = self.trainer.settings.early_stop_patience
        return self.progress >= 1.0 or (patience is not None and self._without_gain >= patience)

    def _validate(self, show: Progress | None) -> None:
        trainer = self.trainer
        errors, train_loss = trainer.validate()
        self._validated = trainer.step
        self._without_gain += 1
        if not self.best_weights or errors.loss < self.best.loss:
            self.best, self._without_gain = errors, 0
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
        if show is not None:
            show(record)


@contextlib.contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into an event, so that no batch is left half done; not the second."""
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
