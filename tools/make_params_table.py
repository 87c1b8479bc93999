"""Write docs/params.md, the list of all keys of params.json, from the program's own table.

`--check` changes nothing and fails if the file differs from what would be written.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from wms import Params
from wms.errors import ParameterError

PAGE = Path(__file__).resolve().parents[1] / "docs" / "params.md"

INTRODUCTION = """\
# Params

`params.json` says how recordings are analysed and how a network is trained on them. It is one flat
JSON object. Every command takes `--params FILE`, or `--params NAME` with the name of a profile:
`default`, which is the shipped `params.json`, or `hifi`, which covers the whole band at 44.1 kHz.
Python has them as `wms.Params`; `wms.Params.table()` is this page as data.

Keys of wms_torch are required, so that a file of either program works in both. This project's own
keys, marked with *, may be missing and then have their default. Keys that end in `_comment` or
begin with `___NOT` are notes.

This page is made by `tools/make_params_table.py`.
"""

LIMITS = """\
## Limits of a model

The analysis takes wider ranges than a model can have. A training therefore first asks whether its
model could be loaded and played (`Params.check_playable`), and refuses params for which it could
not. The bounds depend on the other keys; these are the bounds with the shipped ones.

| key | wanted for training |
| --- | --- |
"""
# Values beyond what a model can have, but not beyond what an analysis can.
PROBES = {
    "hop_size": 1 << 20,
    "n_fft": 1 << 18,
    "n_fft_preserved": 1,
    "cycles_per_window": 0,
    "hidden_size": 8192,
}


def cell(text: str) -> str:
    """The text as the content of a table's cell."""
    return text.replace("|", "\\|").replace("\n", " ")


def row(key: dict[str, Any]) -> str:
    """One key as a row of its section's table."""
    name = f"`{key['name']}`" + ("" if key["required"] else "*")
    meaning = key["meaning"]
    if key["no_effect"]:
        meaning += f" It has no effect here: {key['no_effect']}."
    default = f"`{json.dumps(key['default'])}`"
    return f"| {name} | {cell(meaning)} | {cell(key['wanted'])} | {default} |"


def wanted_for_training(key: str, value: object) -> str:
    """Return the range that a playable model needs of a key, read off the error about `value`."""
    try:
        Params(**{key: value}).check_playable()
    except ParameterError as error:
        return re.findall(r"wanted (.*), for a model", str(error))[0]
    raise SystemExit(f"{key} {value} was not refused")


def page() -> str:
    """The whole page."""
    sections: dict[str, list[dict[str, Any]]] = {}
    for key in Params.table():
        sections.setdefault(key["section"], []).append(key)
    parts = [INTRODUCTION]
    # What only concerns wms_torch comes last.
    for title, keys in sorted(sections.items(), key=lambda item: "wms_torch" in item[0]):
        head = ["| key | meaning | wanted | default |", "| --- | --- | --- | --- |"]
        parts.append("\n".join([f"## {title}", "", *head, *map(row, keys)]) + "\n")
    limits = [f"| `{key}` | {wanted_for_training(key, value)} |\n" for key, value in PROBES.items()]
    return "\n".join([*parts, LIMITS + "".join(limits)])


def main() -> None:
    """Write the page, or check it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if the page is not up to date")
    arguments = parser.parse_args()
    new = page()
    if not arguments.check:
        PAGE.write_text(new, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != new:
        sys.exit(f"{PAGE} differs from the table in src/params: run tools/make_params_table.py")


if __name__ == "__main__":
    main()
