"""Writing networks in wms_torch's formats."""

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
#: Appended to the name of a model file of wms_torch, this gives the name of the file that describes
#: it, which `Model.load` looks for.
DESCRIPTION_ENDING = ".params.json"
# The key of the description. wms_torch ignores keys that begin with ___NOT.
_MODEL_KEY = "___NOT_TO_EDIT_model"
_MODULES = ("input_encoder", "gru", "dense_layers")


def write_model(
    model: _wms.Model, path: str | os.PathLike[str], *, overwrite: bool = False
) -> list[Path]:
    """Write a model in the format that the ending of `path` names.

    Parameters
    ----------
    model : Model
        The model to write.
    path : path
        File to write, whose ending is .safetensors (this project's format), .pth (wms_torch's state
        dict) or .json (wms_torch's rt_model for RTNeural). The last two formats hold only weights.
        Everything else is written to a second file, `<path>.params.json`, which `wms.Model.load`
        reads and which wms_torch can use as its params.json.
    overwrite : bool
        Whether to replace existing files.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    ParameterError
        If the path has another ending, or the model is of a generation that wms_torch cannot read.
    FileAccessError
        If a file exists already or cannot be written.

    Examples
    --------
    >>> model = wms.Model.load("factory:fm_bell")
    >>> [path.name for path in wms.compat.write_model(model, "bell.pth")]
    ['bell.pth', 'bell.pth.params.json']
    """
    path = Path(path)
    if path.suffix not in ENDINGS:
        raise ParameterError(f"{path}: wanted a file ending in {', '.join(ENDINGS)}")
    check_writable(path, overwrite=overwrite)
    if path.suffix == ".safetensors":
        model.save(path)
        return [path]
    check_known_to_wms_torch(model.generation)
    beside = check_writable(path.with_name(path.name + DESCRIPTION_ENDING), overwrite=overwrite)
    tensors = dict(sorted(model.state_dict().items(), key=lambda item: _torch_order(item[0])))
    if path.suffix == ".pth":
        save_tensors(path, tensors)
    else:
        save_rt_json(path, tensors)
    with replacing(beside) as temporary:
        temporary.write_text(json.dumps(_description(model.config), indent=2) + "\n")
    return [path, beside]


def check_known_to_wms_torch(generation: str) -> None:
    """Refuse a generation of networks that only this project has.

    Raises
    ------
    ParameterError
        Saying how to train a network that wms_torch can read.
    """
    if generation == "wms-2":
        raise ParameterError(
            "the model is of generation wms-2, which wms_torch cannot read, wanted one of its own; "
            "train one with --params params.json"
        )


def save_rt_json(path: Path, tensors: Mapping[str, npt.NDArray[np.float32]]) -> None:
    """Write tensors as nested lists, which is the format that wms_torch writes for RTNeural.

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
    """Return the sort key that puts the tensors of a network into PyTorch's order."""
    module, number = name.partition(".")[0], int(re.findall(r"\d+", name)[0])
    return _MODULES.index(module), number, "bias" in name, "_hh_" in name
