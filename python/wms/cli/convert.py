"""Convert a model between formats.

Reads this project's .safetensors files and wms_torch's .pth and rt_model .json files of any
generation, and writes the format of OUT's ending. A .pth or .json file holds only the weights;
everything else is written to OUT.params.json.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from .. import Model
from ..compat import write_model
from ..errors import ParameterError
from . import common

EXAMPLE = "example: wms convert flute.safetensors --out models/flute.pth"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("model", metavar="IN", help="a model file in any of these formats")
    common.add_output(parser, "OUT", "the .safetensors, .pth or .json file to write")


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    if Path(options.out).resolve() == Path(options.model).resolve():
        raise ParameterError(
            f"--out is {options.out}, which is the model to convert, wanted another file"
        )
    given = common.params(options) if options.params else None
    model = Model.load(options.model, given)
    written = write_model(model, options.out, overwrite=options.overwrite)
    print(f"{', '.join(map(str, written))}: generation {model.generation}")
