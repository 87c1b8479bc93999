"""Errors of a network on the frames that are kept aside while it trains."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import torch
from torch import nn

from .rows import Rows
from .splits import Stretch


@dataclasses.dataclass(frozen=True)
class StretchErrors:
    """Errors over all frames of some stretches; every frame counts equally.

    Attributes
    ----------
    loss : float
        Mean of the training loss (params' criterion).
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
    """Run the network over each stretch and measure its errors.

    Each stretch starts from a zero state, which is carried through to its end: the network is
    judged as it is played, not on short training sequences.

    Parameters
    ----------
    network : torch.nn.Module
        Maps inputs (B, T, C) to spectra (B, T, K) and a state.
    inputs : torch.Tensor
        Inputs of all frames, (T, C).
    targets : torch.Tensor or Rows
        log1p spectra of all frames, (T, K).
    stretches : sequence of Stretch
        The frames to evaluate.
    criterion : torch.nn.Module
        Loss to report in addition to the mean absolute error.
    batch_size : int
        Stretches that are run at once. It limits the memory and does not change the result.

    Returns
    -------
    StretchErrors
        The mean errors.

    Examples
    --------
    >>> import torch
    >>> network = wms.training.GRUNet(input_size=10, hidden_size=8, encoded_size=8, output_size=80)
    >>> wms.training.evaluate_stretches(
    ...     network,
    ...     torch.zeros(100, 10),
    ...     torch.zeros(100, 80),
    ...     [wms.training.Stretch(0, 100)],
    ...     torch.nn.MSELoss(),
    ... )
    StretchErrors(...)
    """
    targets = targets if isinstance(targets, Rows) else Rows([targets.numpy()])
    device = next(network.parameters()).device
    network.eval()
    frames, loss, absolute = 0, 0.0, 0.0
    # Stretches of similar length in one batch waste few steps on padding.
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
