"""What is in a file, as values for ``--json``, from which the words for people are made."""

from __future__ import annotations

import math
import os
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from ._formulas import hz_to_midi
from ._wms import Frames, Model, Params, Store, audio_info, load_audio, midi_messages
from .errors import MidiFileWarning

#: MIDI's channel of drums, from 1.
DRUMS = 10


def of_model(name: str, model: Model) -> dict[str, Any]:
    """Describe a model: what a player asks first, then its network."""
    config = model.config
    low_hz, high_hz = config["f0_range_hz"]
    low, high = (hz_to_midi(max(hz, 1.0)) for hz in (low_hz, high_hz))
    trained = [math.ceil(low - 0.5), math.floor(high + 0.5)]
    statistics = config["input_statistics"]
    file = Path(name)
    return {
        "kind": "model",
        "model": name,
        "name": model.name,
        "category": config.get("category"),
        "source": config.get("source"),
        "licence": config.get("licence"),
        "notes": config.get("playable_range") or trained,
        "f0_range_hz": [low_hz, high_hz],
        "bytes": file.stat().st_size if file.is_file() else None,
        "weights": sum(int(array.size) for array in model.state_dict().values()),
        "generation": model.generation,
        "sample_rate": model.sample_rate,
        "hop_size": model.hop_size,
        "bins": model.output_size,
        "inputs": {
            input_name: [statistics["min"][index], statistics["max"][index]]
            for index, input_name in enumerate(model.input_names)
        },
        "directions": {
            direction.name: {
                "range": [direction.low, direction.high],
                "spread": direction.spread,
                "unit": direction.unit,
                "meaning": direction.meaning,
            }
            for direction in model.directions
        },
        "provenance": config.get("provenance", {}),
    }


def of_recording(path: str) -> dict[str, Any]:
    """Describe a recording: its length, its format and its level."""
    channels, file_rate = audio_info(path)
    sound, rate = load_audio(path)
    peak = float(np.abs(sound).max(initial=0.0))
    rms = math.sqrt(float(np.square(sound, dtype=np.float64).mean())) if len(sound) else 0.0
    return {
        "kind": "recording",
        "seconds": len(sound) / rate,
        "sample_rate": file_rate,
        "channels": channels,
        "peak_dbfs": _db(peak),
        "rms_dbfs": _db(rms),
        "bytes": Path(path).stat().st_size,
    }


def of_midi(path: str) -> dict[str, Any]:
    """Describe a MIDI file: its length, and the notes of each channel."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", MidiFileWarning)
        messages = midi_messages(path)
    started = [message for _, message in messages if starts_note(message)]
    keys = [message[1] for message in started]
    return {
        "kind": "midi",
        "seconds": max((time_s for time_s, _ in messages), default=0.0),
        "notes": len(keys),
        "range": [min(keys), max(keys)] if keys else None,
        "channels": dict(sorted(Counter((m[0] & 0x0F) + 1 for m in started).items())),
        "warnings": [str(warning.message).removeprefix(f"{path}: ") for warning in caught],
    }


def starts_note(message: bytes) -> bool:
    """Whether a MIDI message presses a key."""
    return message[0] & 0xF0 == 0x90 and message[2] > 0


def of_params(path: str) -> dict[str, Any]:
    """Describe a params.json: what differs from the shipped params."""
    given, shipped = Params.load(path).to_dict(), Params().to_dict()
    return {
        "kind": "params",
        "changed": {key: value for key, value in given.items() if shipped.get(key) != value},
        "params": given,
    }


def of_frames(kind: str, frames: Frames | Store) -> dict[str, Any]:
    """Describe a file or a store of frames."""
    settings = frames.params
    return {
        "kind": kind,
        "recordings": len(frames.files),
        "seconds": len(frames) * settings["hop_size"] / settings["sample_rate"],
        "frames": len(frames),
        "sample_rate": settings["sample_rate"],
        "hop_size": settings["hop_size"],
        "pitch_detection_method": settings["pitch_detection_method"],
        "skipped": [reason for _, reason in frames.skipped],
        "warnings": [line for _, line in frames.warnings],
    }


def of_folder(path: str) -> dict[str, Any]:
    """Describe a folder: how many files of each ending are in it and below it."""
    endings = Counter(
        Path(name).suffix.lower() or "no ending"
        for _, _, names in os.walk(path)
        for name in names
        if not name.startswith(".")
    )
    return {"kind": "folder", "files": dict(endings.most_common())}


def _db(amplitude: float) -> float | None:
    return 20 * math.log10(amplitude) if amplitude > 0 else None
