"""Loss functions between predicted and target log1p spectra of shape (..., frames, bins)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from ..errors import ParameterError


class WeightedMSELoss(nn.Module):
    """Mean squared error in which higher bins count less.

    Bin i of K has the weight 2^(-0.45 i / K); the weights are scaled to a mean of 1.

    Parameters
    ----------
    num_bins : int
        Number of spectrum bins K.
    huber_delta : float, optional
        See `make_criterion`.

    Examples
    --------
    >>> import torch
    >>> loss = wms.training.WeightedMSELoss(num_bins=80)
    >>> round(float(loss(torch.ones(1, 5, 80), torch.zeros(1, 5, 80))), 4)
    1.0
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

    The spectral convergence of a frame (Arik et al. 2018) is the norm of the error of its
    magnitudes divided by the norm of the target's magnitudes. The divisor is at least 0.5 here, so
    that frames close to silence do not outweigh the others. It is averaged over frames.

    Examples
    --------
    >>> import torch
    >>> loss = wms.training.SpectralLoss()
    >>> float(loss(torch.ones(1, 5, 80), torch.ones(1, 5, 80)))
    0.0
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

    log1p is nearly linear below a magnitude of 1, which is where weak partials and noise lie. They
    hardly count in the first part although they can be heard; the second part, `weight` times the
    mean absolute error of ln(magnitude + `floor`), makes them count.

    Parameters
    ----------
    weight : float
        Weight of the second part.
    floor : float
        Magnitude below which differences of level hardly count.
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


class DecibelLoss(nn.Module):
    """Mean absolute error of the levels in dB, divided by 10.

    Parameters
    ----------
    floor : float
        Magnitude below which nothing is heard: smaller ones count as this one.

    Examples
    --------
    >>> import torch
    >>> loss = wms.training.DecibelLoss()
    >>> round(float(loss(torch.log1p(torch.tensor([[10.0]])), torch.log1p(torch.ones(1, 1)))), 4)
    2.0
    """

    def __init__(self, floor: float = 0.003) -> None:
        super().__init__()
        self.floor = floor

    def forward(self, predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the loss, a scalar."""
        level, wanted = (torch.expm1(y).clamp_min(self.floor).log10() for y in (predicted, target))
        loss: torch.Tensor = 2 * (level - wanted).abs().mean()
        return loss


class SmoothnessLoss(nn.Module):
    """A loss plus a penalty on differences between neighbouring bins of the prediction.

    The penalty is `weight` times the mean squared difference.

    Parameters
    ----------
    base : torch.nn.Module
        Loss to which the penalty is added.
    weight : float
        Weight of the penalty.
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
    name: Literal["MSE", "WeightedMSE", "Spectral", "LogSpectral", "Decibel"] | str,
    num_bins: int,
    *,
    huber_delta: float | None = None,
    smoothness_weight: float = 0.0,
) -> nn.Module:
    """Make the loss that params' criterion names, for spectra of `num_bins` bins.

    With `huber_delta`, MSE and WeightedMSE become Huber's loss divided by delta: an error e below
    delta costs e^2 / (2 delta), a larger one |e| - delta / 2.

    Raises
    ------
    ParameterError
        If there is no loss of that name.

    Examples
    --------
    >>> wms.training.make_criterion("Spectral", 80)
    SpectralLoss()
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
    elif name == "Decibel":
        criterion = DecibelLoss()
    else:
        raise ParameterError(
            f"criterion is {name!r}, wanted one of MSE, WeightedMSE, Spectral, LogSpectral, Decibel"
        )
    return SmoothnessLoss(criterion, smoothness_weight) if smoothness_weight else criterion
