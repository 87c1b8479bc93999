"""The params that steer training, checked once."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from ..errors import ParameterError
from .frames import params_dict

_CHOICES = {
    "model_type": ("GRU",),
    "criterion": ("MSE", "WeightedMSE", "Spectral", "LogSpectral"),
    "optimizer": ("Adam", "AdamW", "SGD"),
    "lr_schedule": ("cosine", "plateau", "constant"),
}
# Allowed ranges: lowest, highest, and whether the lowest itself is allowed.
_RANGES: dict[str, tuple[float, float, bool]] = {
    "hidden_size": (1, 65536, True),
    "momentum": (0, 1, True),
    "batch_size": (1, math.inf, True),
    "learning_rate": (0, math.inf, False),
    "weight_decay": (0, math.inf, True),
    "dropout": (0, 0.99, True),
    "num_epochs": (1, math.inf, True),
    "num_batches": (1, math.inf, True),
    "training_seq_length": (1, math.inf, True),
    "save_scratch_model_every": (0, math.inf, True),
    "seed": (0, 2**32 - 1, True),
    "sequence_stride": (1, math.inf, True),
    "warmup_steps": (0, math.inf, True),
    "grad_clip_norm": (0, math.inf, False),
    "ema_decay": (0, 0.999999, True),
    "input_noise": (0, math.inf, True),
    "random_gain_db": (0, 40, True),
    "huber_delta": (0, math.inf, False),
    "smoothness_weight": (0, math.inf, True),
    "min_voicedness": (0, 1, True),
    "validation_fraction": (0, 0.9, False),
    "validation_stretch_s": (0, math.inf, False),
    "train_minutes": (0, math.inf, False),
    "early_stop_patience": (1, math.inf, True),
}


@dataclasses.dataclass(frozen=True)
class TrainSettings:
    """The training part of params.json; names of `wms_torch` first, then this project's own.

    Attributes
    ----------
    model_type : {"GRU"}
        Kind of network.
    hidden_size : int
        Width of the GRU, 1 to 65536.
    criterion : {"MSE", "WeightedMSE", "Spectral", "LogSpectral"}
        Loss between predicted and target log1p spectra.
    optimizer : {"Adam", "AdamW", "SGD"}
        Rule by which the weights are updated.
    momentum : float
        Momentum of SGD, 0 to 1.
    amsgrad : bool
        AMSGrad variant of Adam and AdamW.
    batch_size : int
        Sequences in a batch, at least 1.
    learning_rate : float
        Highest learning rate, above 0.
    weight_decay : float
        Weight decay of the optimiser, at least 0.
    dropout : float
        Share of the GRU's outputs dropped while training, 0 to 0.99.
    num_epochs : int
        Epochs to train, where no time is given.
    num_batches : int or None
        At most so many batches an epoch; None = all.
    training_seq_length : int
        Frames in a training sequence.
    save_scratch_model_every : int
        Epochs between checkpoints; 0 = only when interrupted.
    seed : int
        Seed of every random generator, 0 to 2^32 - 1.
    sequence_stride : int or None
        An epoch draws one sequence for every so many training frames, each starting anywhere;
        None = half of training_seq_length. 1 = every sequence once an epoch, as wms_torch does.
    lr_schedule : {"cosine", "plateau", "constant"}
        Course of the learning rate: half a cosine down to 1 % over the whole training; halved
        after 15 validations without improvement, down to 1e-6 (as wms_torch); or constant.
    warmup_steps : int
        Batches over which the learning rate first rises linearly from 0.
    grad_clip_norm : float or None
        Gradients are scaled down to this norm; None = never.
    ema_decay : float
        Decay a batch of the averaged weights that are validated and kept, 0 to 0.999999; 0 = off.
    input_noise : float
        Standard deviation of Gaussian noise added to the normalised inputs while training.
    random_gain_db : float
        Standard deviation in dB of the gain that every training sequence is heard at, 0 to 40;
        without effect where mfcc_dim_reduction is "pacmap".
    normalise_inputs : bool
        Train on inputs of zero mean and unit variance, which is folded into the weights
        afterwards, and start from weights made for such inputs; false = start as wms_torch does.
    huber_delta : float or None
        In MSE and WeightedMSE, errors above this count by their size in place of their square
        (`make_criterion`), above 0; None = squares throughout.
    smoothness_weight : float
        Weight of the mean squared difference between neighbouring predicted bins.
    min_voicedness : float
        Frames of less voicedness are neither trained nor validated on, and sequences do not cross
        them, 0 to 1; 0 = all frames are.
    validation_fraction : float
        Share of the frames kept for validation, above 0 to 0.9.
    validation_stretch_s : float
        Length in seconds of each contiguous stretch kept for validation.
    train_minutes : float or None
        Wall-clock time to train, in place of num_epochs.
    early_stop_patience : int or None
        Stop after so many validations without improvement; None = never.
    """

    model_type: str = "GRU"
    hidden_size: int = 256
    criterion: str = "MSE"
    optimizer: str = "AdamW"
    momentum: float = 0.9
    amsgrad: bool = False
    batch_size: int = 32
    learning_rate: float = 6e-3
    weight_decay: float = 0.1
    dropout: float = 0.0
    num_epochs: int = 300
    num_batches: int | None = None
    training_seq_length: int = 20
    save_scratch_model_every: int = 600
    seed: int = 42
    sequence_stride: int | None = None
    lr_schedule: str = "cosine"
    warmup_steps: int = 50
    grad_clip_norm: float | None = 1.0
    ema_decay: float = 0.98
    input_noise: float = 0.05
    random_gain_db: float = 3.0
    normalise_inputs: bool = True
    huber_delta: float | None = 0.002
    smoothness_weight: float = 0.0
    min_voicedness: float = 0.0
    validation_fraction: float = 0.1
    validation_stretch_s: float = 4.0
    train_minutes: float | None = None
    early_stop_patience: int | None = None

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            _check(field, getattr(self, field.name))

    @classmethod
    def from_params(cls, params: Any, **overrides: Any) -> TrainSettings:
        """Read the settings from params; a key that is absent takes its default.

        Parameters
        ----------
        params : wms.Params or Mapping
        **overrides
            Settings that replace those of `params`.

        Raises
        ------
        ParameterError
            If a value is of the wrong type or out of range.
        """
        given = {**params_dict(params), **overrides}
        names = [field.name for field in dataclasses.fields(cls)]
        return cls(**{name: given[name] for name in names if name in given})

    @property
    def stride(self) -> int:
        """Training frames for each sequence that an epoch draws."""
        if self.sequence_stride is not None:
            return self.sequence_stride
        return max(1, self.training_seq_length // 2)


def _check(field: dataclasses.Field[Any], value: Any) -> None:
    name, kind = field.name, str(field.type)
    if value is None and "None" in kind:
        return
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise ParameterError(f"{name} is {value!r}, wanted one of {', '.join(_CHOICES[name])}")
        return
    is_bool = isinstance(value, bool)
    if kind == "bool":
        if not is_bool:
            raise ParameterError(f"{name} is {value!r}, wanted true or false")
        return
    wanted = int if kind.startswith("int") else (int, float)
    if is_bool or not isinstance(value, wanted) or not math.isfinite(value):
        noun = "a whole number" if kind.startswith("int") else "a number"
        raise ParameterError(f"{name} is {value!r}, wanted {noun}")
    low, high, closed = _RANGES[name]
    if value > high or value < low or (value == low and not closed):
        floor = f"{'at least' if closed else 'above'} {low:g}"
        ceiling = "" if math.isinf(high) else f" and at most {high:g}"
        raise ParameterError(f"{name} is {value!r}, wanted {floor}{ceiling}")
