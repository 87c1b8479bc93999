"""Values as text for people to read."""

from __future__ import annotations

from typing import Any


def plain(value: Any) -> str:
    """Return a value as text: floats with four digits, lists and dictionaries with commas.

    True and False become "yes" and "no", None becomes "-".
    """
    if isinstance(value, dict):
        return ", ".join(f"{key} {plain(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(plain(inner) for inner in value)
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    return f"{value:.4g}" if isinstance(value, float) else str(value)
