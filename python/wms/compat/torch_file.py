"""Writing tensors as a file that `torch.load` reads, also with `weights_only`, without PyTorch.

The file is an uncompressed zip archive. It holds a pickle (protocol 2), which describes how each
tensor is built, and the bytes of each tensor.
"""

from __future__ import annotations

import pickle
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .._files import replacing

_REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"
_STORAGE = b"ctorch\nFloatStorage\n"
_NO_HOOKS = b"ccollections\nOrderedDict\n)R"


def save_tensors(path: Path, tensors: Mapping[str, npt.NDArray[np.float32]]) -> None:
    """Write a dictionary of float32 tensors.

    Parameters
    ----------
    path : Path
        File to write. An existing file is replaced.
    tensors : Mapping
        Arrays of any shape, by name. Their order is kept.

    Raises
    ------
    FileAccessError
        If the file cannot be written.
    """
    arrays = {name: np.ascontiguousarray(array, np.float32) for name, array in tensors.items()}
    members: dict[str, bytes | memoryview] = {
        "data.pkl": _pickled_dict(arrays),
        "byteorder": sys.byteorder.encode(),
    }
    for number, array in enumerate(arrays.values()):
        members[f"data/{number}"] = array.data.cast("B") if array.size else b""
    members["version"] = b"3\n"
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, data in members.items():
            # ZipInfo has a fixed date, so that the same tensors give the same bytes.
            archive.writestr(zipfile.ZipInfo(f"{path.stem}/{name}"), data)


def _pickled_dict(arrays: Mapping[str, npt.NDArray[np.float32]]) -> bytes:
    # Written by hand, because the pickle module can only write torch's names if torch is installed.
    entries = [
        _pickled(name) + _pickled_tensor(str(number), array)
        for number, (name, array) in enumerate(arrays.items())
    ]
    return b"\x80\x02}(" + b"".join(entries) + b"u."


def _pickled_tensor(key: str, array: npt.NDArray[np.float32]) -> bytes:
    storage = b"(" + _pickled("storage") + _STORAGE + _pickled(key) + _pickled("cpu")
    storage += _pickled(array.size) + b"tQ"
    stride = tuple(step // array.itemsize for step in array.strides)
    view = _pickled(0) + _pickled(array.shape) + _pickled(stride) + _pickled(False) + _NO_HOOKS
    return _REBUILD + b"(" + storage + view + b"tR"


def _pickled(value: str | int | tuple[int, ...]) -> bytes:
    # Without the two bytes of the header and the stop opcode at the end.
    return pickle.dumps(value, protocol=2)[2:-1]
