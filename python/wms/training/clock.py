"""The time by which a training is limited."""

from __future__ import annotations

import time

import torch


class TrainingClock:
    """Seconds trained, not counting the time that other programs took from this one.

    On the CPU it is processor time divided by the number of threads that PyTorch computes with, so
    that a busy machine trains as many batches in so many minutes as a free one. On other devices,
    where the processor only waits, it is the time of day.

    Parameters
    ----------
    device : torch.device
        Where the training computes.
    elapsed_s : float
        Seconds trained before.

    Examples
    --------
    >>> import torch
    >>> clock = wms.training.clock.TrainingClock(torch.device("cpu"), elapsed_s=5.0)
    >>> clock.seconds() >= 5.0
    True
    """

    def __init__(self, device: torch.device, *, elapsed_s: float = 0.0) -> None:
        on_cpu = device.type == "cpu"
        self._now = time.process_time if on_cpu else time.monotonic
        self._threads = torch.get_num_threads() if on_cpu else 1
        self._started = self._now()
        self._before_s = elapsed_s

    def seconds(self) -> float:
        """Return the seconds trained so far."""
        return self._before_s + (self._now() - self._started) / self._threads
