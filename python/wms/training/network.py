"""The network of wms_torch's generation 2026-08."""

from __future__ import annotations

import torch
from torch import nn


class GRUNet(nn.Module):
    """Maps timbral features to log1p magnitude spectra, frame by frame, with a GRU as memory.

    The layers are linear and ReLU, one GRU, linear and ReLU, linear and softplus. The names in the
    state dict are those of wms_torch.

    Parameters
    ----------
    input_size : int
        Number of inputs C.
    hidden_size : int
        Width H of the GRU.
    encoded_size : int
        Width of the layer between inputs and GRU (wms_torch: n_mfcc + 2).
    output_size : int
        Number of spectrum bins K.
    dropout_prob : float
        Share of the GRU's outputs that is set to 0 in training.

    Examples
    --------
    >>> import torch
    >>> network = wms.training.GRUNet(input_size=10, hidden_size=8, encoded_size=8, output_size=80)
    >>> y, state = network(torch.zeros(1, 5, 10))
    >>> tuple(y.shape)
    (1, 5, 80)
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
        """Initialise the weights so that training on normalised inputs starts quickly.

        PyTorch's default initialisation starts slowly here: the ReLU of the narrow input encoder
        cuts off half of its input, and the outputs are far from any spectrum.

        Parameters
        ----------
        mean_spectrum : (K,)
            Mean of the targets. The outputs are close to it at first.
        """
        encoder, first, last = self.input_encoder[0], self.dense_layers[0], self.dense_layers[2]
        assert isinstance(encoder, nn.Linear)
        assert isinstance(first, nn.Linear) and isinstance(last, nn.Linear)
        # The bias is two standard deviations of the input, so that the ReLU cuts off little.
        nn.init.orthogonal_(encoder.weight)
        encoder.bias.fill_(2.0)
        # He et al. 2015.
        nn.init.kaiming_uniform_(first.weight, nonlinearity="relu")
        # The inverse of softplus; the clamp keeps bins that are always silent away from -infinity.
        last.bias.copy_(torch.expm1(mean_spectrum.clamp_min(1e-3)).log())

    def forward(
        self, x: torch.Tensor, h0: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Map x (B, T, C) and a state (1, B, H) to y (B, T, K) and the last state.

        The default state is zero.
        """
        hidden, hn = self.gru(self.input_encoder(x), h0)
        return self.dense_layers(self.dropout(hidden)), hn
