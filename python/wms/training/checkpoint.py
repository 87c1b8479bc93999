"""One file with everything that a training needs to continue where it stopped."""

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
    """Read what `save_checkpoint` wrote. Code that a file may contain is not executed.

    Raises
    ------
    FileAccessError
        If there is no such file.
    ModelFileError
        If the file is not a checkpoint.
    """
    try:
        state = torch.load(Path(path), map_location="cpu", weights_only=True)
    except OSError as error:
        raise FileAccessError(f"{path}: {error.strerror or error}") from error
    # On a foreign file the unpickler can raise any exception.
    except Exception:
        state = None
    if not isinstance(state, dict) or state.get("format") != _FORMAT:
        raise ModelFileError(f"{path}: not a checkpoint of wms.training, or truncated")
    return state
