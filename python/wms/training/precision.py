"""Training in lower precision on devices where this is faster."""

from __future__ import annotations

import contextlib
from typing import Any

import torch

from ..errors import ParameterError

_KINDS = {"float32": None, "bfloat16": torch.bfloat16, "float16": torch.float16}


class Precision:
    """Precision of a network's arithmetic while it is trained; its weights stay float32.

    Parameters
    ----------
    name : {"float32", "bfloat16", "float16"} or None
        Default: bfloat16 on a GPU that supports it, otherwise float32.
    device : torch.device
        Where the network computes.

    Raises
    ------
    ParameterError
        If there is no such precision, or the device cannot train with it.
    """

    def __init__(self, name: str | None, device: torch.device) -> None:
        if name is None:
            fast = device.type == "cuda" and torch.cuda.is_bf16_supported()
            name = "bfloat16" if fast else "float32"
        if name not in _KINDS:
            raise ParameterError(f"precision is {name!r}, wanted one of {', '.join(_KINDS)}")
        if name == "float16" and device.type != "cuda":
            raise ParameterError(
                "precision is 'float16', which only a CUDA device has; wanted bfloat16 or float32"
            )
        self.name, self._device, self._kind = name, device, _KINDS[name]
        # Scales the loss up, because small gradients would be rounded to 0 in float16.
        self._scaler = torch.amp.GradScaler(device.type, enabled=name == "float16")

    def arithmetic(self) -> contextlib.AbstractContextManager[Any]:
        """Return the context in which to call the network."""
        if self._kind is None:
            return contextlib.nullcontext()
        return torch.autocast(self._device.type, dtype=self._kind)

    def backward(self, loss: torch.Tensor, optimizer: torch.optim.Optimizer) -> None:
        """Compute the gradients of `loss`; they are not scaled, even in float16."""
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self._scaler.unscale_(optimizer)

    def step(self, optimizer: torch.optim.Optimizer) -> None:
        """Let the optimiser take a step, unless a gradient has overflowed."""
        self._scaler.step(optimizer)
        self._scaler.update()

    def state(self) -> dict[str, Any]:
        """Return the state that `restore` takes."""
        return self._scaler.state_dict()

    def restore(self, state: dict[str, Any]) -> None:
        """Restore a state. Only float16 has one: for any other precision this does nothing."""
        if state and self._scaler.is_enabled():
            self._scaler.load_state_dict(state)
