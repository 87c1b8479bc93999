"""Augmentation: training frames as if the recording had been louder or softer."""

from __future__ import annotations

import math

import torch

from .._frames import FramesLike
from .frames import params_dict

# wms_torch's branch main always has 128 mel bands, whatever its params say; the second number is
# the default everywhere else.
_MAIN_BANDS, _BANDS = 128, 40


class RandomGain:
    """Applies a random gain to every training sequence.

    The sound need not be analysed again: a gain scales all magnitudes and changes only the first
    MFCC, by sqrt(n_mel) per decibel (the orthonormal DCT of a constant).

    Parameters
    ----------
    frames : FramesLike
        The frames to be trained on. If their MFCC are replaced by coordinates (PaCMAP), no gain is
        applied, because the coordinates do not follow the level in a known way.
    spread_db : float
        Standard deviation of the gains, which are normally distributed around 0 dB. With 0 no
        gain is applied.
    """

    def __init__(self, frames: FramesLike, spread_db: float) -> None:
        params = params_dict(frames.params)
        self._spread_db = 0.0 if params.get("mfcc_dim_reduction") else spread_db
        main = params.get("compatibility") == "main"
        bands = _MAIN_BANDS if main else int(params.get("n_mel", _BANDS))
        self._step_per_db = math.sqrt(bands) / float(frames.scaler.scale[0])

    def __call__(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return inputs (B, T, C), not normalised, and targets (B, T, K) with a gain applied."""
        if not self._spread_db:
            return x, y
        gain_db = self._spread_db * torch.randn(len(x), 1, 1, device=x.device)
        x = x.clone()
        x[..., :1] += self._step_per_db * gain_db
        return x, torch.log1p(torch.expm1(y) * 10 ** (gain_db / 20))
