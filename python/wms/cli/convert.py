"""Convert a model between formats.

Reads this project's .safetensors files and wms_torch's .pth and rt_model .json files of any
generation, and writes the format of OUT's ending. A .pth or .json file holds only the weights;
everything else is written to OUT.params.json.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from .._text import file_size
from ..compat import write_model
from ..compat.models import ENDINGS
from . import common, outputs
from .usage import UsageError

EXAMPLE = "example: wms convert model.pth --out model.safetensors"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("model", metavar="IN", help="a model file in any of these formats")
    outputs.add_output(parser, "OUT", "the .safetensors, .pth or .json file to write")


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    if Path(options.out).resolve() == Path(options.model).resolve():
        raise UsageError(
            f"--out is {options.out}, which is the model to convert, wanted another file"
        )
    given = common.params(options) if options.params else None
    model = common.load_model(options.model, given)
    outputs.output(options, *ENDINGS)
    written = write_model(model, options.out, overwrite=options.overwrite)
    for path in written:
        print(f"{path}: {file_size(path.stat().st_size)}")
    print(f"model {model.name!r}, a network of generation {model.generation}")
