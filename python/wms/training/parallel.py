"""Training in several processes that were started by torchrun."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
import torch.distributed as dist

from ..errors import ParameterError


class Processes:
    """The processes that train together; a single one unless torchrun started more.

    All processes draw the same batches and hold the same weights. Each computes its share of a
    batch. The first process takes all decisions that depend on the clock, and only it writes files.

    Attributes
    ----------
    rank, count : int
        Index of this process, from 0, and number of processes.
    """

    def __init__(self) -> None:
        self.rank = int(os.environ.get("RANK", "0"))
        self.count = int(os.environ.get("WORLD_SIZE", "1"))
        self._started = False

    @property
    def first(self) -> bool:
        """Whether this is the process that writes files and shows progress."""
        return self.rank == 0

    def device(self, name: str | torch.device | None) -> str | torch.device | None:
        """Return the device asked for, or this process's own GPU if there are several processes."""
        if self.count == 1 or name not in (None, "cuda") or not torch.cuda.is_available():
            return name
        return f"cuda:{int(os.environ.get('LOCAL_RANK', '0'))}"

    def start(self, device: torch.device) -> None:
        """Connect to the other processes.

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
        """Disconnect from the other processes."""
        if self._started:
            dist.destroy_process_group()
            self._started = False

    def share(self, batch: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return this process's share of a batch.

        Raises
        ------
        ParameterError
            If the batch has fewer sequences than there are processes.
        """
        if len(batch) < self.count:
            raise ParameterError(
                f"a batch has {len(batch)} sequences, wanted at least one for each of "
                f"{self.count} processes"
            )
        return batch[self.rank :: self.count]

    def broadcast(self, values: Sequence[float], device: torch.device) -> list[float]:
        """Return the first process's `values` in every process. All processes must call this."""
        if self.count == 1:
            return list(values)
        # Apple's devices (mps) have no double precision.
        kind = torch.float32 if device.type == "mps" else torch.float64
        shared = torch.tensor(values, dtype=kind, device=device)
        dist.broadcast(shared, src=0)
        return [float(value) for value in shared]
