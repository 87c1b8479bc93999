"""Values as text for people to read."""

from __future__ import annotations

from typing import Any

from ._formulas import hz_to_midi


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


_NOTE_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def note_name(note: float) -> str:
    """Return the name of the key nearest to a MIDI note number: 60 is "C4", 69 is "A4"."""
    nearest = round(note)
    return f"{_NOTE_NAMES[nearest % 12]}{nearest // 12 - 1}"


def pitch_name(hz: float) -> str:
    """Return the name of the key nearest to a frequency above 0, Hz: 440 is "A4"."""
    return note_name(hz_to_midi(hz))


def file_size(size: int) -> str:
    """Return a number of bytes as text: "812 bytes", "94 KiB", "1.2 MiB"."""
    if size < 1024:
        return f"{size} bytes"
    kib = size / 1024
    return f"{kib:.0f} KiB" if kib < 1024 else f"{kib / 1024:.1f} MiB"
