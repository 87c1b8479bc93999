"""Training frames as if the recording had been louder or softer."""

from __future__ import annotations

import math

import torch

from .frames import FramesLike, params_dict

# Mel bands of wms_torch's branch main, whatever its params say; and the default elsewhere.
_MAIN_BANDS, _BANDS = 128, 40


class RandomGain:
    """A gain of its own for every training sequence.

    Of analysed frames a gain is known without a new analysis: it scales the magnitudes, and moves
    the first MFCC alone, by sqrt(n_mel) a decibel (the orthonormal DCT of a constant).

    Parameters
    ----------
    frames : FramesLike
        Where their MFCC are reduced by a map, nothing is changed: it does not know levels.
    spread_db : float
        Standard deviation of the gains, which are normal around 0 dB; 0 = nothing is changed.
    """

    def __init__(self, frames: FramesLike, spread_db: float) -> None:
        params = params_dict(frames.params)
        self._spread_db = 0.0 if params.get("mfcc_dim_reduction") else spread_db
        main = params.get("compatibility") == "main"
        bands = _MAIN_BANDS if main else int(params.get("n_mel", _BANDS))
        self._step_per_db = math.sqrt(bands) / float(frames.scaler.scale[0])

    def __call__(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Change inputs (B, T, C), not normalised, and targets (B, T, K); return both anew."""
        if not self._spread_db:
            return x, y
        gain_db = self._spread_db * torch.randn(len(x), 1, 1, device=x.device)
        x = x.clone()
        x[..., :1] += self._step_per_db * gain_db
        return x, torch.log1p(torch.expm1(y) * 10 ** (gain_db / 20))
