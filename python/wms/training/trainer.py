"""The state of a training: weights, optimiser, learning rate and random generators."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..errors import ParameterError, WmsError
from .augment import RandomGain
from .dataset import FrameSequences
from .losses import make_criterion
from .network import GRUNet
from .objective import PartialObjective, SpectrumObjective
from .parallel import Processes
from .partial_network import PartialNet
from .precision import Precision
from .rows import Rows
from .schedule import Schedule
from .settings import TrainSettings
from .splits import Split
from .validation import StretchErrors, evaluate_stretches

# Of a GRUNet, and of a PartialNet, whose batches take less time than its validations.
_BATCHES_BETWEEN_VALIDATIONS = (50, 200)
# Frames from which a PartialNet takes the spread of its decoders' inputs.
_FRAMES_TO_START_FROM = 3000


class Trainer:
    """Trains one batch at a time, validates, and can be saved and restored after any batch.

    Parameters
    ----------
    settings : TrainSettings
        The training settings.
    sequences : FrameSequences
        All sequences of the training stretches (stride 1).
    split : Split
        The frames of its training stretches are those of `sequences`; its validation stretches
        are what `validate` uses.
    encoded_size : int
        Width of the input layer of a GRUNet.
    partial_network : callable, optional
        Makes the PartialNet to train; default: a GRUNet is trained.
    device : torch.device
        Where to compute.
    gain : RandomGain, optional
        Applies random gains to the training sequences; default: none.
    precision : {"float32", "bfloat16", "float16"}, optional
        Precision of the network's arithmetic while training; weights and validation stay float32.
        Default: bfloat16 on a GPU that supports it, otherwise float32.
    processes : Processes
        The processes that train together; default: this one alone.
    """

    def __init__(
        self,
        settings: TrainSettings,
        sequences: FrameSequences,
        split: Split,
        *,
        encoded_size: int,
        device: torch.device,
        partial_network: Callable[[], PartialNet] | None = None,
        gain: RandomGain | None = None,
        precision: str | None = None,
        processes: Processes | None = None,
    ) -> None:
        self.settings, self.sequences, self.split = settings, sequences, split
        self.device = device
        self._gain = gain
        self.processes = processes or Processes()
        self._precision = Precision(precision, device)
        inputs, targets = sequences.inputs, sequences.targets
        # A PartialNet standardises what it computes of its inputs, and adds noise to that.
        normalised = settings.normalise_inputs and partial_network is None
        self._input_noise = settings.input_noise if partial_network is None else 0.0
        self.mean, self.scale = _input_moments(inputs, split, enabled=normalised)
        self._mean = torch.from_numpy(self.mean).float().to(device)
        self._scale = torch.from_numpy(self.scale).float().to(device)
        torch.manual_seed(settings.seed)
        self._numpy = np.random.default_rng(settings.seed)
        self.network: GRUNet | PartialNet
        if partial_network is None:
            self.network = GRUNet(
                inputs.shape[1], settings.hidden_size, encoded_size, targets.shape[1],
                settings.dropout,
            ).to(device)  # fmt: skip
            if normalised:
                self.network.start_from(_mean_target(targets, split).to(device))
        else:
            self.network = partial_network().to(device)
            frames = split.training_frames
            some = self._numpy.choice(
                frames, min(len(frames), _FRAMES_TO_START_FROM), replace=False
            )
            self.network.start_from(inputs[some].to(device))
        self.average = copy.deepcopy(self.network).requires_grad_(requires_grad=False)
        self._criterion = make_criterion(
            settings.criterion,
            targets.shape[1],
            huber_delta=settings.huber_delta,
            smoothness_weight=settings.smoothness_weight,
        ).to(device)
        self._objective: nn.Module
        if isinstance(self.network, PartialNet) and settings.criterion == "Decibel":
            self._objective = PartialObjective(self.network)
        else:
            self._objective = SpectrumObjective(self.network, self._criterion)
        if self.processes.count > 1:
            self._objective = nn.parallel.DistributedDataParallel(self._objective)
        self._optimizer = _make_optimizer(settings, self.network)
        self.schedule = Schedule(settings)
        # All processes start with the same weights, but each draws its own noise.
        if self.processes.rank:
            torch.manual_seed(settings.seed + self.processes.rank)
        self.learning_rate = 0.0
        self.epoch = 0
        self.step = 0
        self._order: list[npt.NDArray[np.int64]] = []
        self._losses: list[float] = []

    @property
    def batches_per_epoch(self) -> int:
        """Number of batches in an epoch."""
        batches = max(1, round(self._sequences_per_epoch / self.settings.batch_size))
        return min(batches, self.settings.num_batches or batches)

    @property
    def batches_between_validations(self) -> int:
        """At least so many, because a validation costs as much as many batches."""
        return _BATCHES_BETWEEN_VALIDATIONS[isinstance(self.network, PartialNet)]

    @property
    def _sequences_per_epoch(self) -> int:
        return math.ceil(len(self.sequences) / self.settings.stride)

    def train_batch(self, progress: float) -> None:
        """Train on the next batch.

        Parameters
        ----------
        progress : float
            Share of the whole training that is done, 0 to 1.

        Raises
        ------
        WmsError
            If the loss is not finite.
        """
        if not self._order:
            self._order = self._draw_epoch()
        batch = self._order[0]
        share = self.processes.share(batch)
        x, y = (part.to(self.device) for part in self.sequences.batch(share))
        if self._gain is not None:
            x, y = self._gain(x, y)
        x = (x - self._mean) / self._scale
        if self._input_noise:
            x = x + self._input_noise * torch.randn_like(x)
        self.learning_rate = self.schedule.rate(self.step, progress)
        for group in self._optimizer.param_groups:
            group["lr"] = self.learning_rate
        self.network.train()
        self._optimizer.zero_grad(set_to_none=True)
        with self._precision.arithmetic():
            loss = self._objective(x, y)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise WmsError(
                f"training diverged: the loss is {value} in epoch {self.epoch + 1}, batch "
                f"{self.step + 1}; set a learning_rate below {self.settings.learning_rate:g}, or a "
                "grad_clip_norm"
            )
        # The gradients of all processes are averaged, but shares may differ by one sequence.
        weight = len(share) * self.processes.count / len(batch)
        self._precision.backward(loss * weight, self._optimizer)
        if self.settings.grad_clip_norm is not None:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.grad_clip_norm)
        self._precision.step(self._optimizer)
        self._update_average()
        self._losses.append(value)
        self._order.pop(0)
        self.step += 1
        self.epoch += not self._order

    @property
    def at_epoch_end(self) -> bool:
        """Whether the last batch trained was the last one of its epoch."""
        return not self._order

    def validate(self) -> tuple[StretchErrors, float]:
        """Return the errors of the averaged network on the validation stretches.

        Also returns the mean training loss since the last validation.
        """
        errors = StretchErrors(math.nan, math.nan)
        if self.processes.first:
            errors = evaluate_stretches(
                _Normalised(self.average, self._mean, self._scale),
                self.sequences.inputs,
                self.sequences.targets,
                self.split.validation,
                self._criterion,
            )
        errors = StretchErrors(*self.processes.broadcast([errors.loss, errors.mae], self.device))
        self.schedule.validated(errors.loss)
        losses, self._losses = self._losses, []
        return errors, sum(losses) / len(losses) if losses else math.nan

    def state(self) -> dict[str, Any]:
        """Return the state that `restore` takes, as tensors and plain values."""
        cuda = self.device.type == "cuda"
        return {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "precision": self._precision.state(),
            "schedule": self.schedule.state(),
            "epoch": self.epoch,
            "step": self.step,
            "order": [torch.from_numpy(indices) for indices in self._order],
            "losses": self._losses,
            "torch_rng": torch.get_rng_state(),
            "cuda_rng": torch.cuda.get_rng_state(self.device) if cuda else None,
            "numpy_rng": self._numpy.bit_generator.state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Restore a state.

        Raises
        ------
        ParameterError
            If it belongs to a network or optimiser of another kind or size.
        """
        try:
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            self._optimizer.load_state_dict(state["optimizer"])
            self._precision.restore(state["precision"])
            self.schedule.restore(state["schedule"])
            self.epoch, self.step = state["epoch"], state["step"]
            self._order = [indices.numpy() for indices in state["order"]]
            self._losses = list(state["losses"])
            torch.set_rng_state(state["torch_rng"])
            if state["cuda_rng"] is not None and self.device.type == "cuda":
                torch.cuda.set_rng_state(state["cuda_rng"], self.device)
            self._numpy.bit_generator.state = state["numpy_rng"]
            if self.processes.rank:
                torch.manual_seed(self.settings.seed + self.processes.rank + self.step)
        except (KeyError, RuntimeError, ValueError) as error:
            raise ParameterError(
                "the checkpoint is of a network or optimizer of another kind or size, wanted the "
                f"params that it was trained with: {str(error).splitlines()[0]}"
            ) from error

    def _draw_epoch(self) -> list[npt.NDArray[np.int64]]:
        count = self._sequences_per_epoch
        drawn = self._numpy.choice(len(self.sequences), count, replace=False)
        # Batches of equal size, because the gradient of a small last batch would be very noisy.
        batches = np.array_split(drawn, max(1, round(count / self.settings.batch_size)))
        return batches[: self.settings.num_batches]

    @torch.no_grad()
    def _update_average(self) -> None:
        # A lower decay at the start, so that the first random weights are soon forgotten.
        decay = min(self.settings.ema_decay, (1 + self.step) / (10 + self.step))
        if not self.settings.ema_decay:
            decay = 0.0
        torch._foreach_lerp_(
            list(self.average.parameters()), list(self.network.parameters()), 1.0 - decay
        )


class _Normalised(nn.Module):
    """A network with the normalisation of its inputs in front."""

    def __init__(
        self, network: GRUNet | PartialNet, mean: torch.Tensor, scale: torch.Tensor
    ) -> None:
        super().__init__()
        self.network, self.mean, self.scale = network, mean, scale

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        y: tuple[torch.Tensor, torch.Tensor] = self.network((x - self.mean) / self.scale)
        return y


def _input_moments(
    inputs: torch.Tensor, split: Split, *, enabled: bool
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    width = inputs.shape[1]
    if not enabled:
        return np.zeros(width), np.ones(width)
    total, count = np.zeros(width), 0
    for stretch in split.training:
        total += inputs[stretch.start : stretch.stop].sum(dim=0, dtype=torch.float64).numpy()
        count += len(stretch)
    mean = total / count
    square = np.zeros(width)
    for stretch in split.training:
        centred = inputs[stretch.start : stretch.stop].double().numpy() - mean
        square += (centred * centred).sum(axis=0)
    scale = np.sqrt(square / count)
    # The standard deviation of a constant input is rounding error, which must not be blown up.
    scale[scale < 1e-6] = 1.0
    return mean, scale


def _mean_target(targets: Rows, split: Split) -> torch.Tensor:
    pieces = (piece for s in split.training for piece in targets.pieces(s.start, s.stop))
    total = torch.zeros(targets.shape[1], dtype=torch.float64)
    for piece in pieces:
        total += piece.sum(dim=0, dtype=torch.float64)
    return (total / sum(map(len, split.training))).float()


def _make_optimizer(settings: TrainSettings, network: nn.Module) -> torch.optim.Optimizer:
    rate, decay = settings.learning_rate, settings.weight_decay
    parameters = network.parameters()
    if settings.optimizer == "SGD":
        return torch.optim.SGD(parameters, lr=rate, weight_decay=decay, momentum=settings.momentum)
    kind = torch.optim.AdamW if settings.optimizer == "AdamW" else torch.optim.Adam
    return kind(parameters, lr=rate, weight_decay=decay, amsgrad=settings.amsgrad)
