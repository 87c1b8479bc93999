"""The params that steer training."""

from __future__ import annotations

import dataclasses
import inspect
import textwrap
from typing import Any

from .._wms import Params
from .frames import params_dict

_TABLE = {key["name"]: key for key in Params.table()}


def checked_params(params: Any) -> Params:
    """Return params as checked `wms.Params`; keys that a mapping lacks take their defaults.

    Parameters
    ----------
    params : wms.Params, Mapping, str or path
        Or anything with `to_dict`. Text and paths are what `wms.Params.load` takes.

    Raises
    ------
    ParameterError
        If it is none of these, a key is unknown, or a value is not allowed.
    """
    if isinstance(params, Params):
        return params
    return Params().replace(**params_dict(params))


def _default(name: str) -> Any:
    return _TABLE[name]["default"]


@dataclasses.dataclass(frozen=True)
class TrainSettings:
    """The training part of params.json: names of `wms_torch` first, then this project's own.

    Ranges, choices and defaults are those of `wms.Params.table()`. A value that is not allowed is a
    ParameterError.
    """

    model_type: str = _default("model_type")
    hidden_size: int = _default("hidden_size")
    criterion: str = _default("criterion")
    optimizer: str = _default("optimizer")
    momentum: float = _default("momentum")
    amsgrad: bool = _default("amsgrad")
    batch_size: int = _default("batch_size")
    learning_rate: float = _default("learning_rate")
    weight_decay: float = _default("weight_decay")
    dropout: float = _default("dropout")
    num_epochs: int = _default("num_epochs")
    num_batches: int | None = _default("num_batches")
    training_seq_length: int = _default("training_seq_length")
    save_scratch_model_every: int = _default("save_scratch_model_every")
    seed: int = _default("seed")
    sequence_stride: int | None = _default("sequence_stride")
    lr_schedule: str = _default("lr_schedule")
    warmup_steps: int = _default("warmup_steps")
    grad_clip_norm: float | None = _default("grad_clip_norm")
    ema_decay: float = _default("ema_decay")
    input_noise: float = _default("input_noise")
    random_gain_db: float = _default("random_gain_db")
    normalise_inputs: bool = _default("normalise_inputs")
    huber_delta: float | None = _default("huber_delta")
    smoothness_weight: float = _default("smoothness_weight")
    min_voicedness: float = _default("min_voicedness")
    validation_fraction: float = _default("validation_fraction")
    validation_stretch_s: float = _default("validation_stretch_s")
    train_minutes: float | None = _default("train_minutes")
    early_stop_patience: int | None = _default("early_stop_patience")
    validation_split: str = _default("validation_split")

    def __post_init__(self) -> None:
        Params().replace(**dataclasses.asdict(self))

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
            If a key is unknown, or a value is of the wrong type or out of range.
        """
        given = checked_params(params).replace(**overrides)
        return cls(**{field.name: given[field.name] for field in dataclasses.fields(cls)})

    def check_playable(self, params: Any) -> None:
        """Refuse settings that, with frames of these params, lead to a model that cannot be played.

        Parameters
        ----------
        params : wms.Params or Mapping
            Params of the analysis.

        Raises
        ------
        ParameterError
            Naming the first key that stands in the way, and what is wanted.
        """
        checked_params(params).replace(**dataclasses.asdict(self)).check_playable()

    @property
    def stride(self) -> int:
        """An epoch draws one sequence for every so many training frames."""
        if self.sequence_stride is not None:
            return self.sequence_stride
        return max(1, self.training_seq_length // 2)


def _attributes() -> str:
    """The section of the class's docstring that says what each setting means, from the table."""
    lines = ["Attributes", "----------"]
    for field in dataclasses.fields(TrainSettings):
        key = _TABLE[field.name]
        lines.append(f"{field.name} : {key['wanted'].replace('null', 'None')}")
        meaning = f"{key['meaning']} Default: {key['default']!r}.".replace("null", "None")
        lines += textwrap.wrap(meaning, 92, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(lines)


TrainSettings.__doc__ = f"{inspect.cleandoc(TrainSettings.__doc__ or '')}\n\n{_attributes()}\n"
