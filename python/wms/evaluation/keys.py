"""Telling notes of keys that were never heard in training from other takes of known keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import Model, Params
from ..notes import find_notes
from .columns import measure_sound
from .passages import Float32, Passage

#: What is told apart, by its key in figures.json.
KINDS = {
    "never_heard": "keys never heard in training",
    "known": "other takes of known keys",
}
# A key that was trained on for less time, seconds, counts as never heard: slides pass through it.
_SHORTEST_HEARD_S = 0.1
# Shorter notes have too few moments to be measured by themselves, seconds.
_SHORTEST_NOTE_S = 0.2


def trained_keys(model: Model) -> dict[int, float] | None:
    """Return how many seconds of each MIDI key a model was trained on; None if its file says not.

    Parameters
    ----------
    model : Model
        The model.
    """
    found = model.config.get("provenance", {}).get("trained_keys")
    if not isinstance(found, Mapping):
        return None
    return {int(key): float(seconds) for key, seconds in found.items()}


class KeyTally:
    """Figures of the notes of all passages, of known keys and of others.

    Parameters
    ----------
    model : Model
        The model that is judged. If its file does not say which keys it was trained on, nothing is
        told apart.
    settings : Params
        Params of the analysis.
    """

    def __init__(self, model: Model, settings: Params) -> None:
        self._heard = trained_keys(model)
        self._settings = settings
        self._sums: dict[str, list[tuple[float, dict[str, dict[str, float | None]]]]] = {}
        self._notes: dict[str, list[int]] = {kind: [] for kind in KINDS}

    def add(self, passage: Passage, sounds: Mapping[str, Float32]) -> None:
        """Add a passage, as each system played it."""
        if self._heard is None:
            return
        rate, frames = passage.sample_rate, passage.frames
        notes = find_notes(frames)
        notes = notes[np.isfinite(notes["key"])]
        hop_s = self._settings["hop_size"] / self._settings["sample_rate"]
        notes = notes[(notes["stop"] - notes["first"]) * hop_s >= _SHORTEST_NOTE_S]
        keys = np.round(notes["key"]).astype(int)
        heard = np.array([self._heard.get(int(k), 0.0) >= _SHORTEST_HEARD_S for k in keys], bool)
        for kind, chosen in zip(KINDS, (~heard, heard), strict=True):
            if not chosen.any():
                continue
            spans = [
                slice(round(note["first"] * hop_s * rate), round(note["stop"] * hop_s * rate))
                for note in notes[chosen]
            ]
            original = _joined(passage.original, spans)
            measured = {
                name: measure_sound(
                    original, _joined(_padded(sound, len(passage.original)), spans),
                    sr=rate, fmin=self._settings["f_low"], fmax=self._settings["f_high"],
                )
                for name, sound in sounds.items()
            }  # fmt: skip
            self._sums.setdefault(kind, []).append((len(original) / rate, measured))
            self._notes[kind] += keys[chosen].tolist()

    def figures(self) -> dict[str, Any] | None:
        """Return, for each kind, its notes, keys, seconds and the mean figures of each system.

        None if the model's file does not say which keys it was trained on.
        """
        if self._heard is None:
            return None
        return {
            kind: {
                "notes": len(self._notes[kind]),
                "keys": sorted(set(self._notes[kind])),
                "seconds": sum(seconds for seconds, _ in parts),
                "systems": _means(parts),
            }
            for kind, parts in ((kind, self._sums.get(kind, [])) for kind in KINDS)
        }


def _joined(sound: Float32, spans: list[slice]) -> Float32:
    return np.concatenate([sound[span] for span in spans])


def _padded(sound: Float32, length: int) -> npt.NDArray[np.float32]:
    return np.pad(sound, (0, max(0, length - len(sound))))


def _means(
    parts: list[tuple[float, dict[str, dict[str, float | None]]]],
) -> dict[str, dict[str, float | None]]:
    """Return the means by system and measure, weighted by seconds, over those that have a value."""
    found: dict[str, dict[str, float | None]] = {}
    for system in parts[0][1] if parts else ():
        found[system] = {}
        for measure in parts[0][1][system]:
            pairs = [
                (figures[system][measure], seconds)
                for seconds, figures in parts
                if figures[system][measure] is not None
            ]
            total = sum(seconds for _, seconds in pairs)
            found[system][measure] = (
                sum(float(value or 0.0) * seconds for value, seconds in pairs) / total
                if total
                else None
            )
    return found
