"""Training in several processes that torchrun has started."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
import torch.distributed as dist

from ..errors import ParameterError


class Processes:
    """The processes that train together; one alone unless torchrun says otherwise.

    All draw the same batches and hold the same weights. Each computes its share of a batch;
    the first decides what depends on the clock, and alone writes files.

    Attributes
    ----------
    rank, count : int
        Number of this process, from 0, and of all of them.
    """

    def __init__(self) -> None:
        self.rank = int(os.environ.get("RANK", "0"))
        self.count = int(os.environ.get("WORLD_SIZE", "1"))
        self._started = False

    @property
    def first(self) -> bool:
        """Whether this is the process that writes and shows."""
        return self.rank == 0

    def device(self, name: str | torch.device | None) -> str | torch.device | None:
        """Return the device asked for; of several GPUs, this process's own."""
        if self.count == 1 or name not in (None, "cuda") or not torch.cuda.is_available():
            return name
        return f"cuda:{int(os.environ.get('LOCAL_RANK', '0'))}"

    def start(self, device: torch.device) -> None:
        """Join the other processes.

        Raises
        ------
        ParameterError
            If they cannot be reached.
        """
        if self.count == 1 or dist.is_initialized():
            return
        if device.type == "cuda":
            torch.cuda.set_device(device)
        try:
            dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        except (RuntimeError, ValueError) as error:
            message = str(error).splitlines()[0]
            raise ParameterError(
                f"RANK and WORLD_SIZE are set, but the {self.count} processes of torchrun cannot "
                f"be reached: {message}"
            ) from error
        self._started = True

    def stop(self) -> None:
        """Leave the other processes."""
        if self._started:
            dist.destroy_process_group()
            self._started = False

    def share(self, batch: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return this process's part of a batch.

        Raises
        ------
        ParameterError
            If it has fewer sequences than there are processes.
        """
        if len(batch) < self.count:
            raise ParameterError(
                f"a batch has {len(batch)} sequences, wanted at least one for each of "
                f"{self.count} processes"
            )
        return batch[self.rank :: self.count]

    def agree(self, values: Sequence[float], device: torch.device) -> list[float]:
        """Return what the first process says of `values`."""
        if self.count == 1:
            return list(values)
        # Not every device has double precision.
        kind = torch.float32 if device.type == "mps" else torch.float64
        told = torch.tensor(values, dtype=kind, device=device)
        dist.broadcast(told, src=0)
        return [float(value) for value in told]
