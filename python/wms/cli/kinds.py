"""What kind of file a path is, by its content."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .. import Params, audio_info
from ..errors import FileAccessError, WmsError

#: Each kind in words, with its article.
WORDS = {
    "model": "a model",
    "frames": "a file of frames",
    "store": "a store of frames",
    "recording": "a recording",
    "midi": "a MIDI file",
    "params": "a params.json",
    "figures": "the figures of an evaluation",
    "checkpoint": "a checkpoint of a training",
    "folder": "a folder",
    "compressed": "a compressed file",
    "picture": "a picture",
    "text": "a text file",
    "empty": "an empty file",
    "other": "no file that WMS knows",
}
# The first bytes of each kind of file that is known by them.
_MAGIC = (
    (b"MThd", "midi"),
    (b"\x1f\x8b", "compressed"),
    (b"BZh", "compressed"),
    (b"\xfd7zXZ", "compressed"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
)
# A params.json is small; so are the figures of an evaluation.
_LARGEST_JSON = 1 << 28
_LARGEST_HEADER = 1 << 26


def kind_of(path: str) -> str:
    """Return the kind of a file, a key of `WORDS`.

    Raises
    ------
    FileAccessError
        If there is no such file, or it cannot be read.
    """
    file = Path(path)
    try:
        if file.is_dir():
            return "store" if (file / "index.json").is_file() else "folder"
        if not file.is_file() and file.exists():
            return "other"
        with file.open("rb") as opened:
            head = opened.read(4096)
        size = file.stat().st_size
    except OSError as error:
        raise FileAccessError(f"{path}: {error.strerror}") from error
    if not head:
        return "empty"
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"RMID":
        return "midi"
    if head.startswith(b"PK\x03\x04"):
        # Both are archives of torch.save.
        return "checkpoint" if path.endswith(".checkpoint.pt") else "model"
    if 0 < int.from_bytes(head[:8], "little") < _LARGEST_HEADER and head[8:9] == b"{":
        return _kind_of_safetensors(file)
    if head.lstrip()[:1] == b"{" and size < _LARGEST_JSON:
        return _kind_of_json(file)
    try:
        audio_info(path)
    except WmsError:
        return _kind_of_rest(head)
    return "recording"


def _kind_of_safetensors(file: Path) -> str:
    with file.open("rb") as opened:
        header = opened.read(int.from_bytes(opened.read(8), "little"))
    try:
        found: Any = json.loads(header)
    except ValueError:
        return "other"
    metadata = found.get("__metadata__", {}) if isinstance(found, dict) else {}
    return "frames" if metadata.get("format") == "wms-frames" else "model"


def _kind_of_json(file: Path) -> str:
    try:
        found: Any = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        return "text"
    if not isinstance(found, dict):
        return "text"
    if found.get("format") == "wms-evaluation":
        return "figures"
    known = {key["name"] for key in Params.table()}
    return "params" if len(known & found.keys()) >= min(3, len(found)) else "model"


def _kind_of_rest(head: bytes) -> str:
    try:
        # A character may be cut at the end.
        text = head.decode("utf-8", errors="strict" if len(head) < 4096 else "ignore")
    except UnicodeDecodeError:
        return "other"
    return "text" if all(letter.isprintable() or letter.isspace() for letter in text) else "other"
