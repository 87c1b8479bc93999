"""List the models that can be played: those inside the package, and those in your folders.

Shows for each one the name to give as --model, the notes that it plays, its kind, how large it is,
and what it was made from under which licence.
"""

from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path
from typing import Any

from .. import _describe as describe
from .. import factory_models
from .._text import file_size, note_name
from ..errors import FileAccessError, WmsError
from . import common, kinds

EXAMPLE = "example: wms models"
_ENDINGS = (".safetensors", ".pth", ".json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "folder", nargs="*", metavar="FOLDER", help="folders whose models are listed too"
    )
    parser.add_argument("--json", action="store_true", help="write the list as JSON, for programs")


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    names = [f"factory:{name}" for name in factory_models()]
    for folder in options.folder:
        names += _models_in(folder)
    found = []
    for name in names:
        try:
            with warnings.catch_warnings():
                # What a file does not say matters to whoever plays it.
                warnings.simplefilter("ignore")
                found.append(describe.of_model(name, common.load_model(name)))
        except WmsError as error:
            found.append({"model": name, "error": str(error)})
    if options.json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
        return
    rows = [("MODEL", "NOTES", "KIND", "SIZE", "FROM")]
    for line in table([*rows, *map(_row, found)]):
        print(line)


def table(rows: list[tuple[str, ...]]) -> list[str]:
    """Return rows as lines whose columns stand below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _models_in(folder: str) -> list[str]:
    if not Path(folder).is_dir():
        raise FileAccessError(f"{folder}: no such folder, wanted one with models in it")
    files = sorted(path for path in Path(folder).iterdir() if path.suffix in _ENDINGS)
    return [str(path) for path in files if kinds.kind_of(str(path)) == "model"]


def _row(found: dict[str, Any]) -> tuple[str, ...]:
    if "error" in found:
        return (found["model"], "-", "-", "-", f"cannot be read: {found['error']}")
    low, high = found["notes"]
    size = file_size(found["bytes"]) if found["bytes"] else f"{found['weights']:,} weights"
    origin = ", ".join(filter(None, (found["source"], found["licence"])))
    notes = f"{note_name(low)} to {note_name(high)}"
    return (found["model"], notes, found["category"] or "-", size, origin or "-")
