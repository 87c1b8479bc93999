"""The network of generation WMS-2: one small decoder shared by all partials."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from ..errors import ParameterError
from .band_fit import FIT_CYCLES, SPACING, BandFit
from .envelope import Envelope, EnvelopeFrames

#: Inputs of the shared decoders for one partial or gap.
_FEATURES = 12
#: Neighbouring mel bands that a decoder sees, in bands from the partial's own place.
_NEIGHBOURS = (-2.0, -1.0, 1.0, 2.0)
#: The decoders' inputs are bounded to so many standard deviations of the training data.
_BOUND = 4.0
#: Decibels in one unit of a decoder's output, and its bounds.
_UNIT_DB, _MOST_UNITS = 10.0, 8.0
#: Share of the Nyquist frequency over which partials fade out below it.
_FADE = 0.02
#: Where partials are closer than this, only so many an octave are decoded.
_PER_OCTAVE = 10
#: Noise on the GRU's inputs while training, so that it does not learn single frames by heart.
_CONTEXT_NOISE = 1.0
#: Magnitudes below this are silence.
_SILENCE = 1e-7


class PartialNet(nn.Module):
    """Maps timbral features to log1p magnitude spectra through a decoder shared by all partials.

    The MFCC and f0 imply an envelope: the mel band levels are their inverse DCT. For each partial a
    small network gets the envelope's level at the partial's frequency and around it, and
    predicts the partial's own level relative to it; a second one does the same for the noise
    halfway between partials. A GRU that sees the envelope, but not the pitch, gives the first a
    context; noise with a context is only learnt by heart. With as many MFCC as mel bands, and four
    cycles in a segment, both are corrected to the bands' levels. The result is scaled to the level
    that the MFCC imply.

    Parameters
    ----------
    params : Mapping
        Params of the analysis: include_voicedness is true, and one partial is four bins from the
        next (cycles_per_window n_fft / window_size).
    mean, scale : (n_mfcc,)
        Figures by which the MFCC are standardised (`Frames.scaler`).
    hidden_size : int
        Width of the GRU.
    decoder_size : int
        Width of the hidden layers of the decoders.
    input_noise : float
        Noise on the decoders' inputs while training, in standard deviations.

    Raises
    ------
    ParameterError
        If the params are of another kind.

    Examples
    --------
    >>> import torch
    >>> params = wms.Params.profile("hifi")
    >>> network = wms.training.PartialNet(params, np.zeros(64), np.ones(64))
    >>> y, state = network(torch.zeros(1, 5, 66))
    >>> tuple(y.shape)
    (1, 5, 769)
    """

    feature_mean: torch.Tensor
    feature_scale: torch.Tensor
    decoded: torch.Tensor
    decoded_below: torch.Tensor
    decoded_share: torch.Tensor

    def __init__(
        self,
        params: Any,
        mean: npt.ArrayLike,
        scale: npt.ArrayLike,
        *,
        hidden_size: int = 24,
        decoder_size: int = 24,
        input_noise: float = 0.05,
    ) -> None:
        super().__init__()
        _check(params)
        self.nyquist = float(params["sample_rate"]) / 2
        self.n_bins = int(params["n_fft_preserved"] or params["n_fft"] // 2 + 1)
        self.partials = (self.n_bins - 1) // SPACING
        self._input_noise = input_noise
        self.envelope = Envelope(params, mean, scale)
        self.register_buffer("feature_mean", torch.zeros(2, _FEATURES))
        self.register_buffer("feature_scale", torch.ones(2, _FEATURES))
        self._lay_out_decoded()
        self.decoders = nn.ModuleList(_decoder(decoder_size) for _ in range(2))
        self.encoder = nn.Linear(self.envelope.bands + 2, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size, batch_first=True)
        self.from_context = nn.Linear(hidden_size, decoder_size, bias=False)
        nn.init.zeros_(self.from_context.weight)
        exact = self.envelope.exact and params["cycles_per_window"] == FIT_CYCLES
        self.band_fit = BandFit(self.envelope, self.partials) if exact else None

    @torch.no_grad()
    def start_from(self, x: torch.Tensor) -> None:
        """Take the mean and spread of the decoders' inputs from network inputs x (N, C)."""
        frames = self.envelope(x)
        numbers = torch.arange(1.0, self.partials + 1, device=x.device)
        audible = numbers * frames.f0_hz[:, None] < self.nyquist
        for which in range(2):
            features = self.features(numbers - 0.5 * which, frames)[audible]
            self.feature_mean[which] = features.mean(dim=0)
            self.feature_scale[which] = features.std(dim=0) + 1e-3

    def context(
        self, frames: EnvelopeFrames, state: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The recurrent layer's outputs for the partials, (B, T, H), and its last state."""
        mean = frames.bands_db.mean(dim=-1, keepdim=True)
        inputs = [(frames.bands_db - mean) / 15, mean / 20, frames.voicedness[..., None]]
        bounded = torch.cat(inputs, dim=-1).clamp(-_BOUND, _BOUND)
        if self.training:
            bounded = bounded + _CONTEXT_NOISE * torch.randn_like(bounded)
        hidden, last = self.gru(torch.tanh(self.encoder(bounded)), state)
        return hidden, last

    def levels(
        self, which: int, numbers: torch.Tensor, frames: EnvelopeFrames, context: torch.Tensor
    ) -> torch.Tensor:
        """Levels in dB at harmonic `numbers` (..., M) of f0: of partials (0) or noise (1)."""
        place = self.envelope.place(numbers * frames.f0_hz[..., None])
        relative = self.relative(which, numbers, frames, context)
        return self.envelope.level_at(frames.bands_db, place) + relative

    def relative(
        self, which: int, numbers: torch.Tensor, frames: EnvelopeFrames, context: torch.Tensor
    ) -> torch.Tensor:
        """How far the levels are above the envelope, in dB (..., M)."""
        features = self.features(numbers, frames)
        features = (features - self.feature_mean[which]) / self.feature_scale[which]
        features = features.clamp(-_BOUND, _BOUND)
        if self.training and self._input_noise:
            features = features + self._input_noise * torch.randn_like(features)
        decoder = self.decoders[which]
        assert isinstance(decoder, nn.ModuleList)
        first, second, last = decoder
        hidden = first(features)
        if which == 0:
            hidden = hidden + self.from_context(context)[..., None, :]
        hidden = functional.silu(second(functional.silu(hidden)))
        units: torch.Tensor = last(hidden)[..., 0].clamp(-_MOST_UNITS, _MOST_UNITS)
        return _UNIT_DB * units

    def features(self, numbers: torch.Tensor, frames: EnvelopeFrames) -> torch.Tensor:
        """The decoders' inputs (..., M, 12)."""
        bands_db, envelope = frames.bands_db, self.envelope
        place = envelope.place(numbers * frames.f0_hz[..., None])
        level = envelope.level_at(bands_db, place)
        around = [(envelope.level_at(bands_db, place + d) - level) / 10 for d in _NEIGHBOURS]
        same = torch.ones_like(level)
        # The noise below a partial has that partial's number.
        number = numbers.ceil() * same
        parts = [
            *around,
            (level + 20) / 20,
            (bands_db.mean(dim=-1, keepdim=True) + 20) / 20 * same,
            place / envelope.bands * 2 - 1,
            torch.log2(frames.f0_hz / 220)[..., None] * same,
            (number == 1).float(),
            (number == 2).float(),
            1 / number,
            (frames.voicedness - 0.5)[..., None] * same,
        ]
        return torch.stack(parts, dim=-1)

    def forward(
        self, x: torch.Tensor, h0: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Map x (B, T, C) and a state (1, B, H) to y (B, T, K) and the last state."""
        frames = self.envelope(x)
        context, hn = self.context(frames, h0)
        tone, noise = (self._amplitudes(which, frames, context) for which in range(2))
        if self.band_fit is not None:
            tone, noise = self.band_fit(tone, noise, frames)
        magnitude = self.bins(tone, noise)
        power = magnitude.square().sum(dim=-1).clamp_min(_SILENCE**2)
        gain = (self.envelope.band_power(frames).sum(dim=-1) / power).sqrt()
        return torch.log1p(magnitude * gain[..., None]), hn

    def _amplitudes(
        self, which: int, frames: EnvelopeFrames, context: torch.Tensor
    ) -> torch.Tensor:
        """Amplitudes of all partials (0) or of the noise below each of them (1), (..., P)."""
        offset = 0.5 * which
        relative = self.relative(which, self.decoded - offset, frames, context)
        below, above = (relative[..., self.decoded_below + i] for i in range(2))
        numbers = torch.arange(1.0, self.partials + 1, device=relative.device) - offset
        hz = numbers * frames.f0_hz[..., None]
        level = self.envelope.level_at(frames.bands_db, self.envelope.place(hz))
        level = level + below + self.decoded_share * (above - below)
        room = ((self.nyquist - hz) / (_FADE * self.nyquist)).clamp(0, 1)
        return torch.exp(level * (math.log(10) / 20)) * room

    def bins(self, tone: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Magnitudes (..., K) of partials and of the noise below each of them, (..., P)."""
        magnitude = tone.new_zeros(*tone.shape[:-1], self.n_bins)
        above = torch.cat([noise[..., 1:], noise[..., -1:]], dim=-1)
        last = SPACING * self.partials
        magnitude[..., 1] = noise[..., 0]
        magnitude[..., 2:last:4] = noise
        # The Hann window's main lobe reaches the bins beside a partial at half its height.
        magnitude[..., 3:last:4] = _beside(tone, noise)
        room = magnitude[..., 5 : last + 2 : 4].shape[-1]
        magnitude[..., 5 : last + 2 : 4] = _beside(tone, above)[..., :room]
        magnitude[..., 4 : last + 1 : 4] = tone
        return magnitude

    def _lay_out_decoded(self) -> None:
        """Choose the partials that are decoded; the others lie between two of them."""
        numbers = [1]
        while numbers[-1] < self.partials:
            step = max(1, math.floor(numbers[-1] * (2 ** (1 / _PER_OCTAVE) - 1)))
            numbers.append(min(numbers[-1] + step, self.partials))
        decoded, all_numbers = np.array(numbers), np.arange(1, self.partials + 1)
        below = np.clip(np.searchsorted(decoded, all_numbers, "right") - 1, 0, len(numbers) - 2)
        share = (all_numbers - decoded[below]) / np.diff(decoded)[below]
        self.register_buffer("decoded", torch.tensor(decoded).float(), persistent=False)
        self.register_buffer("decoded_below", torch.tensor(below), persistent=False)
        self.register_buffer("decoded_share", torch.tensor(share).float(), persistent=False)


def _beside(tone: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    return (0.25 * tone.square() + 0.75 * noise.square() + _SILENCE**2).sqrt()


def _check(params: Any) -> None:
    spacing = params["cycles_per_window"] * params["n_fft"] / params["window_size"]
    if spacing != SPACING:
        raise ParameterError(
            f"model_type is 'WMS-2' and partials are {spacing:g} bins apart, wanted {SPACING} "
            "(cycles_per_window n_fft / window_size)"
        )
    if not params["include_voicedness"] or params["mfcc_dim_reduction"]:
        raise ParameterError(
            "model_type is 'WMS-2', wanted include_voicedness true and mfcc_dim_reduction \"\""
        )


def _decoder(size: int) -> nn.ModuleList:
    return nn.ModuleList([nn.Linear(_FEATURES, size), nn.Linear(size, size), nn.Linear(size, 1)])
