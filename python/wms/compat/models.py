"""Networks in wms_torch's formats."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _wms
from .._files import check_writable, replacing
from ..errors import ParameterError
from .torch_file import save_tensors

ENDINGS = (".safetensors", ".pth", ".json")
#: What is kept beside a file of wms_torch has its name and this; `Model.load` looks for it.
DESCRIPTION_ENDING = ".params.json"
# A note to readers of params.json; `Model.load` knows it.
_MODEL_KEY = "___NOT_TO_EDIT_model"
_MODULES = ("input_encoder", "gru", "dense_layers")


def write_model(
    model: _wms.Model, path: str | os.PathLike[str], *, overwrite: bool = False
) -> list[Path]:
    """Write a model in the format that the ending of `path` names.

    Parameters
    ----------
    model : Model
        What to write.
    path : path
        Ends in .safetensors (this project's), .pth (wms_torch's state dict) or .json (wms_torch's
        rt_model, for RTNeural). The last two hold weights only: what else the model is goes into
        `<path>.params.json`, which `wms.Model.load` reads, and wms_torch as its params.json.
    overwrite : bool
        Replace files that exist.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    ParameterError
        If the ending is another.
    FileAccessError
        If a file exists already or cannot be written.

    Examples
    --------
    >>> model = wms.Model.load("factory:flute")
    >>> [path.name for path in wms.compat.write_model(model, "flute.pth")]
    ['flute.pth', 'flute.pth.params.json']
    """
    path = Path(path)
    if path.suffix not in ENDINGS:
        raise ParameterError(f"{path}: wanted a file ending in {', '.join(ENDINGS)}")
    check_writable(path, overwrite=overwrite)
    if path.suffix == ".safetensors":
        model.save(path)
        return [path]
    beside = check_writable(path.with_name(path.name + DESCRIPTION_ENDING), overwrite=overwrite)
    tensors = dict(sorted(model.state_dict().items(), key=lambda item: _torch_order(item[0])))
    if path.suffix == ".pth":
        save_tensors(path, tensors)
    else:
        save_rt_json(path, tensors)
    with replacing(beside) as temporary:
        temporary.write_text(json.dumps(_description(model.config), indent=2) + "\n")
    return [path, beside]


def save_rt_json(path: Path, tensors: Mapping[str, npt.NDArray[np.float32]]) -> None:
    """Write tensors as nested lists, as wms_torch does for RTNeural.

    Raises
    ------
    FileAccessError
        If the file cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_text(json.dumps({key: value.tolist() for key, value in tensors.items()}))


def _description(config: dict[str, Any]) -> dict[str, Any]:
    model = {key: value for key, value in config.items() if key != "params"}
    return {**config["params"], _MODEL_KEY: model}


def _torch_order(name: str) -> tuple[int, int, bool, bool]:
    """Place of a tensor among those of its network."""
    module, number = name.partition(".")[0], int(re.findall(r"\d+", name)[0])
    return _MODULES.index(module), number, "bias" in name, "_hh_" in name
