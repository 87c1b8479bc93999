"""The command line: ``wms COMMAND``, also ``python -m wms``."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn

from .. import __version__
from ..errors import WmsError
from . import analyze, cache, convert, evaluate, info, predict, render, resynth, train, waves

_COMMANDS: tuple[ModuleType, ...] = (
    waves,
    analyze,
    train,
    predict,
    evaluate,
    resynth,
    render,
    info,
    convert,
    cache,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status.

    The status is 0 if all went well, 1 on bad input, 2 if the command line is wrong, and 130 if the
    command was interrupted with Ctrl-C. Any status but 0 comes with one line on stderr.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line without the program's name; default: that of this process.
    """
    options = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            status = options.run(options)
    except WmsError as error:
        if options.debug:
            raise
        print(f"wms {options.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        if options.debug:
            raise
        print(f"wms {options.command}: interrupted", file=sys.stderr)
        return 130
    return int(status or 0)


class _Parser(argparse.ArgumentParser):
    """Reports errors in one line, like those of the commands."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="wms",
        description="Wavetable Manifold Synthesis: train an instrument on recordings and play it.",
        epilog="example: wms train my_recordings/ --out flute.safetensors --minutes 5",
    )
    parser.add_argument("--version", action="version", version=f"wms {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in _COMMANDS:
        name = module.__name__.rpartition(".")[2]
        summary = (module.__doc__ or "").strip().splitlines()[0]
        command = commands.add_parser(
            name,
            help=summary[:1].lower() + summary[1:].rstrip("."),
            description=module.__doc__,
            epilog=module.EXAMPLE,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
        command.add_argument(
            "--params",
            metavar="FILE",
            help="a params.json, or the name of a profile: hifi (default: the shipped params)",
        )
        command.add_argument(
            "--debug", action="store_true", help="show the full traceback of an error"
        )
        command.set_defaults(run=module.run)
    return parser


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    print(f"wms: warning: {message}", file=sys.stderr)
