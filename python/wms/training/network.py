"""The network of wms_torch's 2026-08 generation."""

from __future__ import annotations

import torch
from torch import nn


class GRUNet(nn.Module):
    """Timbral features to log1p magnitude spectra, frame by frame, with memory.

    Linear and ReLU, one GRU layer, linear and ReLU, linear and softplus; the names in its state
    dict are those of wms_torch.

    Parameters
    ----------
    input_size : int
        Inputs C.
    hidden_size : int
        Width of the GRU H.
    encoded_size : int
        Width between inputs and GRU (wms_torch: n_mfcc + 2).
    output_size : int
        Spectrum bins K.
    dropout_prob : float
        Share of the GRU's outputs dropped while training.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        encoded_size: int,
        output_size: int,
        dropout_prob: float = 0.0,
    ) -> None:
        super().__init__()
        self.input_encoder = nn.Sequential(nn.Linear(input_size, encoded_size), nn.ReLU())
        self.gru = nn.GRU(encoded_size, hidden_size, batch_first=True)
        self.dropout = nn.Dropout(dropout_prob)
        self.dense_layers = nn.Sequential(
            nn.Linear(hidden_size, hidden_size),
            nn.ReLU(),
            nn.Linear(hidden_size, output_size),
            nn.Softplus(),
        )

    @torch.no_grad()
    def start_from(self, mean_spectrum: torch.Tensor) -> None:
        """Set weights from which training on normalised inputs starts well.

        PyTorch's own start is slow here: half of what the narrow input encoder is given dies in
        its ReLU, and the outputs begin far from any spectrum.

        Parameters
        ----------
        mean_spectrum : (K,)
            Mean of the targets, which the outputs are close to at first.
        """
        encoder, first, last = self.input_encoder[0], self.dense_layers[0], self.dense_layers[2]
        assert isinstance(encoder, nn.Linear)
        assert isinstance(first, nn.Linear) and isinstance(last, nn.Linear)
        # Two standard deviations above the ReLU's corner, so that little is cut off.
        nn.init.orthogonal_(encoder.weight)
        encoder.bias.fill_(2.0)
        # He et al. 2015.
        nn.init.kaiming_uniform_(first.weight, nonlinearity="relu")
        # The inverse of softplus; a bin that is always silent must not start at -infinity.
        last.bias.copy_(torch.expm1(mean_spectrum.clamp_min(1e-3)).log())

    def forward(
        self, x: torch.Tensor, h0: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Map x (B, T, C) and state (1, B, H), default zero, to y (B, T, K) and the last state."""
        hidden, hn = self.gru(self.input_encoder(x), h0)
        return self.dense_layers(self.dropout(hidden)), hn
