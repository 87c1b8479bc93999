"""Errors of a network on stretches of unseen frames, played through as an instrument would."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import torch
from torch import nn

from .rows import Rows
from .splits import Stretch


@dataclasses.dataclass(frozen=True)
class StretchErrors:
    """Errors over all frames of the stretches, each counting equally.

    Attributes
    ----------
    loss : float
        Criterion, in the mean over frames.
    mae : float
        Mean absolute error of the log1p spectrum.
    """

    loss: float
    mae: float


@torch.no_grad()
def evaluate_stretches(
    network: nn.Module,
    inputs: torch.Tensor,
    targets: torch.Tensor | Rows,
    stretches: Sequence[Stretch],
    criterion: nn.Module,
    *,
    batch_size: int = 32,
) -> StretchErrors:
    """Run each stretch from a zero state to its end, the state carried through.

    Parameters
    ----------
    network : torch.nn.Module
        Called with (B, T, C), returns (B, T, K) and a state.
    inputs : torch.Tensor
        All frames, (T, C).
    targets : torch.Tensor or Rows
        All frames, (T, K).
    stretches : sequence of Stretch
        What to evaluate.
    criterion : torch.nn.Module
        Loss to report beside the mean absolute error.
    batch_size : int
        Stretches run at once; bounds the memory, not the result.
    """
    targets = targets if isinstance(targets, Rows) else Rows([targets.numpy()])
    device = next(network.parameters()).device
    network.eval()
    frames, loss, absolute = 0, 0.0, 0.0
    # Stretches of like length side by side waste no steps on padding.
    ordered = sorted(stretches, key=len)
    for first in range(0, len(ordered), batch_size):
        group = ordered[first : first + batch_size]
        x = nn.utils.rnn.pad_sequence(
            [inputs[s.start : s.stop] for s in group], batch_first=True
        ).to(device)
        predicted, _ = network(x)
        for row, stretch in zip(predicted, group, strict=True):
            y = targets.run(stretch.start, stretch.stop).to(device)
            row = row[: len(stretch)]
            frames += len(stretch)
            loss += float(criterion(row, y)) * len(stretch)
            absolute += float((row - y).abs().mean()) * len(stretch)
    return StretchErrors(loss / frames, absolute / frames)
