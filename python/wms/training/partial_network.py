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

#: Inputs of the shared decoders for one partial or gap.
_FEATURES = 12
#: Neighbouring mel bands that a decoder sees, in bands from the partial's own place.
_NEIGHBOURS = (-2.0, -1.0, 1.0, 2.0)
#: The decoders' inputs are bounded to so many standard deviations of the training data.
_BOUND = 4.0
#: Share of the Nyquist frequency over which partials fade out below it.
_FADE = 0.02
#: Spectrum bins from one partial to the next.
_SPACING = 4
#: Noise on what the GRU is told while training, so that it does not learn single frames by heart.
_CONTEXT_NOISE = 0.3


class PartialNet(nn.Module):
    """Maps timbral features to log1p magnitude spectra through a decoder shared by all partials.

    The MFCC and f0 imply an envelope: the mel band levels are their inverse DCT. For each partial a
    small network is told the envelope's level at the partial's frequency and around it, and
    predicts the partial's own level relative to it; a second one does the same for the noise
    halfway between partials. A GRU that sees the envelope, but not the pitch, gives both a context.
    The result is scaled to the level that the MFCC imply.

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
    >>> params = wms.Params.profile("hifi").replace(n_mfcc=40)
    >>> network = wms.training.PartialNet(params, np.zeros(40), np.ones(40))
    >>> y, state = network(torch.zeros(1, 5, 42))
    >>> tuple(y.shape)
    (1, 5, 769)
    """

    dct: torch.Tensor
    band_hz: torch.Tensor
    scaler_mean: torch.Tensor
    scaler_scale: torch.Tensor
    feature_mean: torch.Tensor
    feature_scale: torch.Tensor

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
        n_mfcc, n_mel = int(params["n_mfcc"]), int(params["n_mel"])
        self.sample_rate = float(params["sample_rate"])
        self.n_bins = int(params["n_fft_preserved"] or params["n_fft"] // 2 + 1)
        self.cycles = int(params["cycles_per_window"])
        self.n_fft = int(params["n_fft"])
        self.f_low = float(params["f_low"])
        self.n_mel = n_mel
        self.partials = (self.n_bins - 1) // _SPACING
        self._input_noise = input_noise
        scaler_mean, scaler_scale = (torch.as_tensor(v).float() for v in (mean, scale))
        self.register_buffer("scaler_mean", scaler_mean, persistent=False)
        self.register_buffer("scaler_scale", scaler_scale, persistent=False)
        self.register_buffer("dct", _dct(n_mfcc, n_mel), persistent=False)
        top = _mel(self.sample_rate / 2)
        edges = np.array([_hz(top * i / (n_mel + 1)) for i in range(n_mel + 2)])
        self._mel_top = top
        self.register_buffer(
            "band_hz", torch.tensor((edges[2:] - edges[:-2]) / 2).float(), persistent=False
        )
        self.register_buffer("feature_mean", torch.zeros(2, _FEATURES))
        self.register_buffer("feature_scale", torch.ones(2, _FEATURES))
        self.decoders = nn.ModuleList(_decoder(decoder_size) for _ in range(2))
        self.encoder = nn.Linear(n_mel + 2, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size, batch_first=True)
        self.contexts = nn.ModuleList(
            nn.Linear(hidden_size, decoder_size, bias=False) for _ in range(2)
        )
        for context in self.contexts:
            nn.init.zeros_(context.weight)

    @torch.no_grad()
    def start_from(self, x: torch.Tensor) -> None:
        """Take the mean and spread of what the decoders are told from inputs x (N, C)."""
        bands_db, f0_hz, voicedness = self.envelope(x)
        numbers = self._numbers(x)
        audible = numbers[0] * f0_hz[:, None] < self.sample_rate / 2
        for which, number in enumerate(numbers):
            told, _ = self.features(number, bands_db, f0_hz, voicedness)
            told = told[audible]
            self.feature_mean[which] = told.mean(dim=0)
            self.feature_scale[which] = told.std(dim=0) + 1e-3

    def envelope(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Mel band levels in dB (..., bands), f0 in Hz (...) and voicedness (...) of inputs."""
        mfcc = x[..., :-2] * self.scaler_scale + self.scaler_mean
        f0_hz = torch.exp(x[..., -2].clamp(-10.0, 11.0)) + (self.f_low - 1e-4)
        return mfcc @ self.dct, f0_hz, x[..., -1]

    def context(
        self, bands_db: torch.Tensor, voicedness: torch.Tensor, state: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """What the decoders are told of the time before, (B, T, H), and the last state."""
        mean = bands_db.mean(dim=-1, keepdim=True)
        told = torch.cat([(bands_db - mean) / 15, mean / 20, voicedness[..., None]], dim=-1)
        told = told.clamp(-_BOUND, _BOUND)
        if self.training:
            told = told + _CONTEXT_NOISE * torch.randn_like(told)
        hidden, last = self.gru(torch.tanh(self.encoder(told)), state)
        return hidden, last

    def levels(
        self,
        which: int,
        numbers: torch.Tensor,
        bands_db: torch.Tensor,
        f0_hz: torch.Tensor,
        voicedness: torch.Tensor,
        context: torch.Tensor,
    ) -> torch.Tensor:
        """Levels in dB at harmonic `numbers` (..., M) of f0 (...): of partials (0) or noise (1)."""
        features, level = self.features(numbers, bands_db, f0_hz, voicedness)
        features = (features - self.feature_mean[which]) / self.feature_scale[which]
        features = features.clamp(-_BOUND, _BOUND)
        if self.training and self._input_noise:
            features = features + self._input_noise * torch.randn_like(features)
        decoder = self.decoders[which]
        assert isinstance(decoder, nn.ModuleList)
        first, second, last = decoder
        hidden = first(features) + self.contexts[which](context)[..., None, :]
        hidden = functional.silu(second(functional.silu(hidden)))
        relative: torch.Tensor = last(hidden)[..., 0].clamp(-8.0, 8.0)
        return level + 10 * relative

    def features(
        self,
        numbers: torch.Tensor,
        bands_db: torch.Tensor,
        f0_hz: torch.Tensor,
        voicedness: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The decoders' inputs (..., M, 12) and the envelope's level (..., M)."""
        place = self.place(numbers * f0_hz[..., None])
        level = self.level_at(bands_db, place)
        around = [(self.level_at(bands_db, place + d) - level) / 10 for d in _NEIGHBOURS]
        mean = bands_db.mean(dim=-1, keepdim=True)
        same = torch.ones_like(level)
        # Of the noise below the first partial and of that partial, the number is 1, and so on.
        number = numbers.ceil() * same
        parts = [
            *around,
            (level + 20) / 20,
            (mean + 20) / 20 * same,
            place / self.n_mel * 2 - 1,
            torch.log2(f0_hz / 220)[..., None] * same,
            (number == 1).float(),
            (number == 2).float(),
            1 / number,
            (voicedness - 0.5)[..., None] * same,
        ]
        return torch.stack(parts, dim=-1), level

    def place(self, hz: torch.Tensor) -> torch.Tensor:
        """Where frequencies lie among the mel bands, in bands."""
        mel = torch.where(
            hz < 1000, hz * 0.015, 15 + torch.log(hz.clamp_min(1.0) / 1000) * (27 / math.log(6.4))
        )
        return mel * ((self.n_mel + 1) / self._mel_top) - 1

    def level_at(self, bands_db: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
        """Band levels (..., bands) read at places (..., M)."""
        place = place.clamp(0, self.n_mel - 1)
        low = place.floor().clamp_max(self.n_mel - 2)
        index = low.long()
        below, above = bands_db.gather(-1, index), bands_db.gather(-1, index + 1)
        return below + (place - low) * (above - below)

    def forward(
        self, x: torch.Tensor, h0: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Map x (B, T, C) and a state (1, B, H) to y (B, T, K) and the last state."""
        bands_db, f0_hz, voicedness = self.envelope(x)
        context, hn = self.context(bands_db, voicedness, h0)
        amplitudes = []
        for which, number in enumerate(self._numbers(x)):
            level = self.levels(which, number, bands_db, f0_hz, voicedness, context)
            nyquist = self.sample_rate / 2
            room = (nyquist - number * f0_hz[..., None]) / (_FADE * nyquist)
            amplitudes.append(torch.exp(level * (math.log(10) / 20)) * room.clamp(0, 1))
        magnitude = self.bins(*amplitudes)
        power = magnitude.square().sum(dim=-1).clamp_min(1e-20)
        wanted = (10 ** (bands_db / 10) * self.band_hz).sum(dim=-1)
        wanted = wanted * (self.sample_rate * self.cycles / f0_hz) / self.n_fft
        return torch.log1p(magnitude * (wanted / power).sqrt()[..., None]), hn

    def _numbers(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Harmonic numbers of the partials, and of the noise below each of them, (P,) each."""
        numbers = torch.arange(1.0, self.partials + 1, device=x.device)
        return numbers, numbers - 0.5

    def bins(self, tone: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Magnitudes (..., K) of partials and of the noise below each of them, (..., P)."""
        magnitude = tone.new_zeros(*tone.shape[:-1], self.n_bins)
        above = torch.cat([noise[..., 1:], noise[..., -1:]], dim=-1)
        last = 4 * self.partials
        magnitude[..., 1] = noise[..., 0]
        magnitude[..., 2:last:4] = noise
        # The Hann window's main lobe reaches the bins beside a partial at half its height.
        magnitude[..., 3:last:4] = (0.25 * tone.square() + 0.75 * noise.square() + 1e-14).sqrt()
        beside = (0.25 * tone.square() + 0.75 * above.square() + 1e-14).sqrt()
        room = magnitude[..., 5 : last + 2 : 4].shape[-1]
        magnitude[..., 5 : last + 2 : 4] = beside[..., :room]
        magnitude[..., 4 : last + 1 : 4] = tone
        return magnitude


def _check(params: Any) -> None:
    spacing = params["cycles_per_window"] * params["n_fft"] / params["window_size"]
    if spacing != _SPACING:
        raise ParameterError(
            f"model_type is 'WMS-2' and partials are {spacing:g} bins apart, wanted {_SPACING} "
            "(cycles_per_window n_fft / window_size)"
        )
    if not params["include_voicedness"] or params["mfcc_dim_reduction"]:
        raise ParameterError(
            "model_type is 'WMS-2', wanted include_voicedness true and mfcc_dim_reduction \"\""
        )


def _decoder(size: int) -> nn.ModuleList:
    return nn.ModuleList([nn.Linear(_FEATURES, size), nn.Linear(size, size), nn.Linear(size, 1)])


def _dct(n_mfcc: int, n_mel: int) -> torch.Tensor:
    """The orthonormal DCT-II's first vectors, (n_mfcc, n_mel)."""
    k, i = np.arange(n_mfcc)[:, None], np.arange(n_mel)
    basis = np.sqrt(2 / n_mel) * np.cos(np.pi * k * (i + 0.5) / n_mel)
    basis[0] /= math.sqrt(2)
    return torch.from_numpy(basis).float()


def _mel(hz: float) -> float:
    return hz * 0.015 if hz < 1000 else 15 + math.log(hz / 1000) * 27 / math.log(6.4)


def _hz(mel: float) -> float:
    return mel / 0.015 if mel < 15 else 1000 * math.exp((mel - 15) * math.log(6.4) / 27)
