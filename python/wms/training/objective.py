"""What a training makes small: from inputs and true spectra to a loss."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from .envelope import EnvelopeFrames
from .network import GRUNet
from .partial_network import PartialNet

#: Partials and gaps that are compared in each frame.
_COMPARED = 12
#: Frames at the start of a sequence that only bring the recurrent state to where it would be.
_LEAD_IN = 8
#: Frames over which the power of the noise is averaged: in one frame it is a matter of chance.
_NOISE_FRAMES = 5
#: Magnitude below which nothing is heard.
_FLOOR = 0.003
_FLOOR_DB = 20 * math.log10(_FLOOR)
_DB_PER_UNIT = 10.0


class SpectrumObjective(nn.Module):
    """The criterion between whole spectra.

    Parameters
    ----------
    network : GRUNet or PartialNet
    criterion : torch.nn.Module
    """

    def __init__(self, network: GRUNet | PartialNet, criterion: nn.Module) -> None:
        super().__init__()
        self.network, self.criterion = network, criterion

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return the loss of inputs x (B, T, C) and spectra y (B, T, K), a scalar."""
        loss: torch.Tensor = self.criterion(self.network(x)[0].float(), y)
        return loss


class PartialObjective(nn.Module):
    """The mean absolute error, in units of 10 dB, of a few partials and gaps chosen at random.

    Partials of all frequencies count equally, and a step costs a tenth of one that computes whole
    spectra. The noise between partials is compared with its mean power over a few frames.

    Parameters
    ----------
    network : PartialNet
    """

    def __init__(self, network: PartialNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return the loss of inputs x (B, T, C) and spectra y (B, T, K), a scalar."""
        network = self.network
        frames = network.envelope(x)
        context, _ = network.context(frames, None)
        lead_in = min(_LEAD_IN, x.shape[1] // 2)
        frames = EnvelopeFrames(*(part[:, lead_in:] for part in frames))
        context = context[:, lead_in:]
        highest = (0.98 * network.nyquist / frames.f0_hz).clamp(1, network.partials)[..., None]
        drawn = torch.rand(*frames.f0_hz.shape, _COMPARED, device=x.device)
        numbers = (1 + (drawn * highest).floor()).clamp_max(network.partials)
        index = numbers.long()
        tone = torch.expm1(y[:, lead_in:].gather(-1, 4 * index))
        noise = _averaged(torch.expm1(y[..., 2 : 4 * network.partials : 4]))
        noise = noise[:, lead_in:].gather(-1, index - 1)
        loss = x.new_zeros(())
        for which, wanted in enumerate((tone, noise)):
            levels = network.levels(which, numbers - 0.5 * which, frames, context)
            wanted_db = 20 * wanted.clamp_min(_FLOOR).log10()
            loss = loss + (levels.float().clamp_min(_FLOOR_DB) - wanted_db).abs().mean()
        return loss / (2 * _DB_PER_UNIT)


def _averaged(magnitude: torch.Tensor) -> torch.Tensor:
    """Root mean square of magnitudes (B, T, P) over neighbouring frames."""
    power = functional.avg_pool1d(
        magnitude.square().transpose(1, 2),
        _NOISE_FRAMES,
        stride=1,
        padding=_NOISE_FRAMES // 2,
        count_include_pad=False,
    )
    return power.transpose(1, 2).sqrt()
