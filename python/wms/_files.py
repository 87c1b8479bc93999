"""Writing files whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .errors import FileAccessError


def check_writable(path: str | os.PathLike[str], *, overwrite: bool) -> Path:
    """Return `path` once it is known that a file can be written there.

    Raises
    ------
    FileAccessError
        If it exists and `overwrite` is false, or its folder cannot be written to.
    """
    path = Path(path)
    if path.is_dir():
        raise FileAccessError(f"{path}: is a folder, wanted a file to write")
    if path.exists() and not overwrite:
        raise FileAccessError(f"{path}: exists already; to replace it, say overwrite")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except FileExistsError as error:
        raise FileAccessError(
            f"{path}: cannot be written: {path.parent} is a file, wanted a folder"
        ) from error
    except OSError as error:
        raise FileAccessError(f"{path}: cannot be written: {error.strerror}") from error
    return path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place once written without error.

    Raises
    ------
    FileAccessError
        If the system refuses.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise FileAccessError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)
