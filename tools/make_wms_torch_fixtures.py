"""Make small model files of every generation of wms_torch for `tests/data/wms_torch`.

For each generation, `<name>.pth` and `<name>.json` are written as wms_torch's export writes them,
and `<name>.io.safetensors` with inputs x (30, C), outputs y (30, K) computed by PyTorch, and the
hidden state hn (layers, hidden) after the last frame. Needs torch, numpy and safetensors.

    python tools/make_wms_torch_fixtures.py
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

OUT = Path(__file__).resolve().parents[1] / "tests" / "data" / "wms_torch"
# inputs, encoder outputs (None: no encoder), recurrent layers and their size, dense outputs
SHAPES = {
    "2024-05": (6, None, 0, 0, (16, 12, 20)),
    "2024-11-early": (5, None, 2, 8, (20,)),
    "2024-11": (5, 13, 1, 12, (20,)),
    "2026-08": (10, 10, 1, 12, (12, 20)),
}


class Network(nn.Module):
    """A network with wms_torch's state-dict names."""

    def __init__(self, inputs, encoder, layers, hidden, outputs):
        super().__init__()
        if encoder:
            self.input_encoder = nn.Sequential(nn.Linear(inputs, encoder), nn.ReLU())
            inputs = encoder
        if layers:
            self.gru = nn.GRU(inputs, hidden, layers, batch_first=True)
            inputs = hidden
        stack = []
        for size in outputs:
            stack += [nn.Linear(inputs, size), nn.ReLU()]
            inputs = size
        if len(outputs) == 2:
            stack[-1] = nn.Softplus()
        self.dense_layers = nn.Sequential(*stack)

    def forward(self, x):
        """Compute outputs and the hidden state after the last frame."""
        hidden = None
        if hasattr(self, "input_encoder"):
            x = self.input_encoder(x)
        if hasattr(self, "gru"):
            x, hidden = self.gru(x)
        return self.dense_layers(x), hidden


def main():
    """Write all fixtures."""
    OUT.mkdir(parents=True, exist_ok=True)
    for seed, (name, shape) in enumerate(SHAPES.items()):
        torch.manual_seed(seed)
        network = Network(*shape).eval()
        x = torch.randn(1, 30, shape[0])
        with torch.no_grad():
            y, hidden = network(x)
        state = network.state_dict()
        torch.save(state, OUT / f"{name}.pth")
        nested = {key: value.tolist() for key, value in state.items()}
        (OUT / f"{name}.json").write_text(json.dumps(nested))
        arrays = {"x": x[0], "y": y[0]}
        if hidden is not None:
            arrays["hn"] = hidden[:, 0].clone()
        save_file(arrays, OUT / f"{name}.io.safetensors")


if __name__ == "__main__":
    main()
