"""The time by which a training is limited."""

import time

import pytest
import torch

from wms.training.clock import TrainingClock


def test_waiting_does_not_count_on_the_cpu() -> None:
    clock = TrainingClock(torch.device("cpu"))
    time.sleep(0.5)
    assert clock.seconds() < 0.4


def test_processor_time_is_shared_among_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    spent = iter([10.0, 16.0])
    monkeypatch.setattr(time, "process_time", lambda: next(spent))
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    assert TrainingClock(torch.device("cpu"), elapsed_s=5.0).seconds() == 7.0


def test_the_time_of_day_counts_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([10.0, 16.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    assert TrainingClock(torch.device("cuda")).seconds() == 6.0
