"""The command line: ``wms COMMAND``, also ``python -m wms``.

A command's module is imported when it is run, so that the list of commands appears at once.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from ..errors import WmsError
from .usage import Parser, UsageError, meant

#: Every command in the order of the help, with what stands beside it there.
COMMANDS = {
    "check": "judge recordings before a model is trained on them",
    "train": "train an instrument on recordings",
    "models": "list the models that can be played",
    "play": "play a model through the sound card",
    "render": "play a MIDI file with a model",
    "resynth": "play recordings with a model",
    "info": "say what a file is",
    "plot": "draw a picture of a file",
    "evaluate": "judge a model by recordings that it was not trained on",
    "predict": "compare the spectra that a model predicts with those of a recording",
    "analyze": "analyse recordings into features and spectra",
    "convert": "convert a model between formats",
    "cache": "write features into wms_torch's own cache",
    "waves": "write band-limited test waveforms of known pitch",
    "completion": "write a script that completes commands in a shell",
    "help": "show the help of a command",
}
# These read no params.
_WITHOUT_PARAMS = ("models", "plot", "completion")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status.

    The status is 0 if all went well, 1 on bad input, 2 if the command line is wrong, and 130 if the
    command was interrupted with Ctrl-C. Any status but 0 comes with one line on stderr.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line without the program's name; default: that of this process.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    program = f"wms {words[0]}" if words and words[0] in COMMANDS else "wms"
    made: list[Path] = []
    failure: BaseException
    try:
        try:
            status = _run(words, made)
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt as error:
        status, line, failure = 130, "interrupted", error
    except UsageError as error:
        status, line, failure = 2, f"{error} (see {program} --help)", error
    except WmsError as error:
        # The package speaks of arguments, the command line of options.
        line = str(error).replace("give overwrite=True", "add --overwrite")
        status, failure = 1, error
    except BrokenPipeError:
        # Whoever read the output has seen enough.
        _give_up_stdout()
        return 1
    except OSError as error:
        line = f"{error.filename or 'the output cannot be written'}: {error.strerror or error}"
        status, failure = 1, error
        _give_up_stdout()
    else:
        if status:
            _remove_empty(made)
        return status
    _remove_empty(made)
    if "--debug" in words:
        raise failure
    print(f"{program}: {line}", file=sys.stderr)
    return status


def command_module(name: str) -> ModuleType:
    """Import the module of a command."""
    return import_module(f"{__name__}.{name}")


def make_parser(commands: Iterable[str] = COMMANDS) -> argparse.ArgumentParser:
    """Make the parser of the command line.

    Parameters
    ----------
    commands : iterable of str
        The commands whose arguments it is to know; of the others it knows the names.
    """
    parser = Parser(
        prog="wms",
        description="Wavetable Manifold Synthesis: train an instrument on recordings and play it.",
        epilog="example: wms train my_recordings/ --out flute.safetensors --minutes 5",
    )
    from .. import __version__

    parser.add_argument("-v", "--version", action="version", version=f"wms {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        if name == "help" or name not in commands:
            subparsers.add_parser(name, help=summary)
            continue
        module = command_module(name)
        command = subparsers.add_parser(
            name,
            help=summary,
            description=module.__doc__,
            epilog=module.EXAMPLE,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
        if name not in _WITHOUT_PARAMS:
            command.add_argument(
                "--params",
                metavar="FILE",
                help="a params.json, or the name of a profile: hifi "
                f"(default: {getattr(module, 'PARAMS_DEFAULT', 'the shipped params')})",
            )
        command.add_argument(
            "--debug", action="store_true", help="show the full traceback of an error"
        )
        command.set_defaults(run=module.run)
    return parser


def _run(words: list[str], made: list[Path]) -> int:
    """Run a command line; the folders that it makes are added to `made`."""
    if words[:1] == ["help"]:
        words = [*words[1:2], "--help"]
    if not words:
        words = ["--help"]
    name = words[0]
    if not name.startswith("-") and name not in COMMANDS:
        raise UsageError(f"there is no command {name!r}{meant(name, COMMANDS)}")
    options = make_parser([name]).parse_args(words, argparse.Namespace(made=made, words=words))
    with warnings.catch_warnings():
        warnings.showwarning = _warning_printer()
        status = int(options.run(options) or 0)
    if status == 0:
        for folder in made:
            print(f"{folder}: new folder")
    return status


def _remove_empty(folders: Iterable[Path]) -> None:
    """Remove those folders that a command has made and left empty."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            continue


def _give_up_stdout() -> None:
    """Let nothing more be written to the standard output, not even when Python ends."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return


def _warning_printer() -> Callable[..., None]:
    """Return a function that prints each warning once."""
    printed: set[str] = set()

    def show(message: Warning | str, *_: object, **__: object) -> None:
        if str(message) not in printed:
            printed.add(str(message))
            print(f"wms: warning: {message}", file=sys.stderr)

    return show
