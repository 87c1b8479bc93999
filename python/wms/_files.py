"""Writing files so that no half-written file is ever left behind."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .errors import FileAccessError


def check_writable(path: str | os.PathLike[str], *, overwrite: bool) -> Path:
    """Check that a file can be written at `path`; its folder is created if it does not exist.

    Parameters
    ----------
    path : path
        The file to be written.
    overwrite : bool
        Whether the file may exist already.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    FileAccessError
        If the file exists and `overwrite` is false, or its folder cannot be written to.
    """
    path = Path(path)
    if path.is_dir():
        raise FileAccessError(f"{path}: is a folder, wanted a file to write")
    if path.exists() and not overwrite:
        raise FileAccessError(f"{path}: exists already; to replace it, give overwrite=True")
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
    """Write a file under a temporary name, and rename it to `path` if there was no error.

    Parameters
    ----------
    path : Path
        The file to write or replace.

    Yields
    ------
    Path
        Where to write: a file in the same folder, whose name begins as that of every temporary
        file of this program.

    Raises
    ------
    FileAccessError
        If the file cannot be written or renamed.
    """
    # torch.save refuses a name whose only dot is the first character.
    temporary = path.with_name(f".wms-{secrets.token_hex(6)}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise FileAccessError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)
