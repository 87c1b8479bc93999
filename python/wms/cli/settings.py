"""The option --set: every setting of the instrument by its name."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from .. import Model, Synth
from ..errors import ParameterError
from .usage import UsageError, meant

_SWITCHES = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}
# Settings without a range, with what they can be, and those that have options of their own.
_WORDS = {"mode": "poly, mono or legato", "normalise": "on or off", "precise": "on or off"}
_OWN_OPTIONS = {"sample_rate": "--sample-rate", "max_voices": "--voices", "seed": "--seed"}


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add the argument --set."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the instrument, such as glide_s=0.1, or of the timbre: a direction, "
        "such as brightness=0.5, or an input, such as mfcc_1=0.5; can be given several times; "
        "--set help lists them",
    )


def settings(options: argparse.Namespace, model: Model) -> tuple[dict[str, Any], dict[str, float]]:
    """Return the settings and the timbre of --set, each by its name.

    Raises
    ------
    UsageError
        If there is no such setting, or its value is out of range.
    """
    found: dict[str, Any] = {}
    timbre: dict[str, float] = {}
    inputs = {name: (-1.0, 0.0, 1.0) for name in model.directions.names} | model.timbre_axes
    for given in options.set:
        if given == "help":
            print(*_list(inputs), sep="\n")
            raise SystemExit(0)
        name, equals, text = given.partition("=")
        name, text = name.strip(), text.strip()
        if not equals or not name or not text:
            raise UsageError(f"--set is {given}, wanted NAME=VALUE, such as glide_s=0.1")
        if name in _OWN_OPTIONS:
            raise UsageError(f"--set is {given}, wanted {_OWN_OPTIONS[name]} {text}")
        # Directions may be spelled with underscores, which a shell does not want quoted.
        if name in inputs or name in model.directions:
            timbre[name] = _number(given, text)
        elif name in Synth.table() or name in _WORDS:
            found[name] = _value(text)
        else:
            known = [*Synth.table(), *_WORDS, *inputs]
            raise UsageError(f"--set is {given}, but there is no setting {name!r}"
                             f"{meant(name, known)}")  # fmt: skip
        try:
            Synth(model, **{name: found[name]} if name in found else {})
        except ParameterError as error:
            raise UsageError(f"--set {given}: {error}") from error
    return found, timbre


def _value(text: str) -> bool | int | float | str:
    if text.lower() in _SWITCHES:
        return _SWITCHES[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _number(given: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf"):
        raise UsageError(f"--set is {given}, wanted a number behind the =")
    return value


def _list(axes: Mapping[str, tuple[float, float, float]]) -> list[str]:
    """Every name with its range, a line each: settings first, then timbre inputs."""
    lines = [f"{name} is {choices}" for name, choices in _WORDS.items()]
    lines += [
        f"{name} is {low:g} to {high:g} (default {default:g})"
        for name, (default, low, high) in Synth.table().items()
    ]
    inputs = [
        f"{name} is {low:.2f} to {high:.2f} (at rest {rest:.2f})"
        for name, (low, rest, high) in axes.items()
    ]
    return sorted(lines) + inputs
