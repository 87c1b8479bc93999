"""Reading the command line: the parser, types of arguments, and what is wrong with them."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Callable, Iterable
from typing import NoReturn

from ..errors import WmsError


class UsageError(WmsError):
    """The command line is wrong, whatever is in the files that it names."""


class Parser(argparse.ArgumentParser):
    """Reports errors in one line, like those of the commands, and names options as typed."""

    def error(self, message: str) -> NoReturn:
        """Write the line and exit with status 2."""
        message = re.sub(r"^argument (\S+): is ", r"\1 is ", message)
        message = message.removeprefix("argument ")
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def whole(low: int, high: int = 2**32 - 1) -> Callable[[str], int]:
    """Return an argparse type: a whole number from `low` to `high`."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"is {text}, wanted a whole number, {low} to {high}")
        return number

    return read


def number(low: float, high: float, unit: str = "") -> Callable[[str], float]:
    """Return an argparse type: a number from `low` to `high`, with its unit for the message."""
    wanted = f"wanted {low:g} to {high:g}{unit and ' ' + unit}"

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"is {text}, {wanted}")
        return value

    return read


def channels(text: str) -> str:
    """Read MIDI channels, an argparse type: numbers from 1 to 16 and ranges, with commas."""
    for part in text.split(","):
        first, _, last = part.partition("-")
        ends = [first.strip(), (last or first).strip()]
        if not all(end.isdecimal() and 1 <= int(end) <= 16 for end in ends) or (
            int(ends[0]) > int(ends[1])
        ):
            raise argparse.ArgumentTypeError(
                f"is {text}, wanted numbers from 1 to 16 and ranges of them, such as 1-9,11-16"
            )
    return text


def meant(given: str, known: Iterable[str]) -> str:
    """Return "; did you mean X?" with the known word most like the given one, or nothing."""
    near = difflib.get_close_matches(given.lower(), list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
