"""Everything that a training needs to go on where it stopped, in one file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from .._files import replacing
from ..errors import FileAccessError, ModelFileError

_FORMAT = "wms-checkpoint-1"


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write `state` to `path`, whole or not at all."""
    with replacing(path) as temporary:
        torch.save({"format": _FORMAT, **state}, temporary)


def load_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what `save_checkpoint` wrote, without running code that a file may hold.

    Raises
    ------
    FileAccessError
        If there is no such file.
    ModelFileError
        If it is no checkpoint.
    """
    try:
        state = torch.load(Path(path), map_location="cpu", weights_only=True)
    except OSError as error:
        raise FileAccessError(f"{path}: {error.strerror or error}") from error
    # Foreign bytes make the unpickler fail in any way that a program can.
    except Exception:
        state = None
    if not isinstance(state, dict) or state.get("format") != _FORMAT:
        raise ModelFileError(f"{path}: not a checkpoint of wms.training, or truncated")
    return state
