"""Losses between predicted and target log1p spectra, shape (..., frames, bins)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from ..errors import ParameterError


class WeightedMSELoss(nn.Module):
    """Mean squared error with weights 2^(-0.45 i / K) of bin i of K, scaled to a mean of 1.

    Parameters
    ----------
    num_bins : int
        Spectrum bins K.
    huber_delta : float, optional
        See `make_criterion`.
    """

    weights: torch.Tensor

    def __init__(self, num_bins: int, huber_delta: float | None = None) -> None:
        super().__init__()
        self._huber_delta = huber_delta
        weights = torch.exp2(-0.45 * torch.arange(num_bins, dtype=torch.float64) / num_bins)
        self.register_buffer("weights", (weights / weights.mean()).float())

    def forward(self, predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the loss, a scalar."""
        if self._huber_delta is None:
            error = (predicted - target).square()
        else:
            error = functional.smooth_l1_loss(
                predicted, target, beta=self._huber_delta, reduction="none"
            )
        loss: torch.Tensor = (self.weights * error).mean()
        return loss


class SpectralLoss(nn.Module):
    """Mean absolute error of the log1p spectra plus spectral convergence of the magnitudes.

    Spectral convergence (Arik et al. 2018) is the norm of the error of a frame's magnitudes over
    the norm of the target's, here at least 0.5 so that near-silent frames do not outweigh the
    rest, in the mean over frames.
    """

    def forward(self, predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the loss, a scalar."""
        magnitude = torch.expm1(target)
        error = torch.linalg.vector_norm(magnitude - torch.expm1(predicted), dim=-1)
        norm = torch.linalg.vector_norm(magnitude, dim=-1).clamp_min(0.5)
        loss: torch.Tensor = (predicted - target).abs().mean() + (error / norm).mean()
        return loss


class LogSpectralLoss(nn.Module):
    """Mean absolute error of the log1p spectra plus that of the levels on a logarithmic scale.

    log1p is all but linear below a magnitude of 1, where weak partials and noise lie: they hardly
    count in the first part, but are heard as well as strong ones. The second part is `weight` times
    the error of ln(magnitude + `floor`).

    Parameters
    ----------
    weight : float
        Of the second part.
    floor : float
        Magnitude below which levels no longer count.
    """

    def __init__(self, weight: float = 0.1, floor: float = 0.01) -> None:
        super().__init__()
        self.weight = weight
        self.floor = floor

    def forward(self, predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the loss, a scalar."""
        level = torch.log(torch.expm1(predicted) + self.floor)
        wanted = torch.log(torch.expm1(target) + self.floor)
        loss: torch.Tensor = (predicted - target).abs().mean()
        return loss + self.weight * (level - wanted).abs().mean()


class SmoothnessLoss(nn.Module):
    """A loss plus `weight` times the mean squared difference between neighbouring predicted bins.

    Parameters
    ----------
    base : torch.nn.Module
        Loss to add to.
    weight : float
        Weight of the smoothness.
    """

    def __init__(self, base: nn.Module, weight: float) -> None:
        super().__init__()
        self.base = base
        self.weight = weight

    def forward(self, predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the loss, a scalar."""
        base: torch.Tensor = self.base(predicted, target)
        return base + self.weight * predicted.diff(dim=-1).square().mean()


def make_criterion(
    name: Literal["MSE", "WeightedMSE", "Spectral", "LogSpectral"] | str,
    num_bins: int,
    *,
    huber_delta: float | None = None,
    smoothness_weight: float = 0.0,
) -> nn.Module:
    """Make the loss that params' `criterion` names, for spectra of `num_bins` bins.

    With `huber_delta`, MSE and WeightedMSE are Huber's loss over that delta: errors e below it cost
    e^2 / (2 delta), others |e| - delta / 2.

    Raises
    ------
    ParameterError
        If the name is none of MSE, WeightedMSE, Spectral, LogSpectral.
    """
    criterion: nn.Module
    if name == "MSE":
        criterion = nn.MSELoss() if huber_delta is None else nn.SmoothL1Loss(beta=huber_delta)
    elif name == "WeightedMSE":
        criterion = WeightedMSELoss(num_bins, huber_delta)
    elif name == "Spectral":
        criterion = SpectralLoss()
    elif name == "LogSpectral":
        criterion = LogSpectralLoss()
    else:
        raise ParameterError(
            f"criterion is {name!r}, wanted one of MSE, WeightedMSE, Spectral, LogSpectral"
        )
    return SmoothnessLoss(criterion, smoothness_weight) if smoothness_weight else criterion
