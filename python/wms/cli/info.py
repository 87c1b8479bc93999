"""Say what a file is: a recording, a model, a MIDI file, params, frames, a store or a folder.

What a musician asks comes first: how long, which notes, from what, how loud.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from .. import Frames, Store
from .. import _describe as describe
from .._progress import clock
from .._text import file_size, note_name, plain
from ..errors import ParameterError
from . import common, kinds

EXAMPLE = "example: wms info flute.safetensors"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "file", metavar="FILE", help="a file of any kind, a folder, or factory:NAME for a model"
    )
    parser.add_argument("--json", action="store_true", help="write it as JSON, for programs")


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    found = _described(options)
    if options.json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
        return
    for line in _WORDS[found["kind"]](found):
        print(line)


def _described(options: argparse.Namespace) -> dict[str, Any]:
    path = options.file
    is_named = path.startswith("factory:") or not common.exists(path)
    kind = "model" if is_named else kinds.kind_of(path)
    if kind in ("model", "other"):
        # What no kind is known for is read as a model, whose reader says what is wrong with it.
        settings = common.params(options) if options.params else None
        return describe.of_model(path, common.load_model(path, settings))
    if kind == "recording":
        return describe.of_recording(path)
    if kind == "midi":
        return describe.of_midi(path)
    if kind == "params":
        return describe.of_params(path)
    if kind == "frames":
        frames = Frames.load(path)
        shape = {"inputs": frames.input_names, "bins": frames.spectrum.shape[1]}
        return {**describe.of_frames(kind, frames), **shape}
    if kind == "store":
        return describe.of_frames(kind, Store.open(path))
    if kind == "folder":
        return describe.of_folder(path)
    raise ParameterError(
        f"{path}: {kinds.WORDS[kind]}, wanted a recording, a model, a MIDI file, params, frames or "
        "a folder"
    )


def _model_words(found: dict[str, Any]) -> list[str]:
    low, high = found["notes"]
    low_hz, high_hz = found["f0_range_hz"]
    category = f" ({found['category']})" if found["category"] else ""
    size = f", {file_size(found['bytes'])}" if found["bytes"] else ""
    lines = [
        f"model {found['name']!r}{category}",
        f"  plays {note_name(low)} to {note_name(high)}",
        f"  made from {found['source']}" if found["source"] else "",
        f"  licence {found['licence']}" if found["licence"] else "",
        f"  trained on pitches from {low_hz:.0f} to {high_hz:.0f} Hz",
        f"  {found['sample_rate']} Hz, a frame every {found['hop_size']} samples{size}",
    ]
    for key, value in found["provenance"].items():
        lines.append(f"  {key.replace('_', ' ')}: {plain(value)}")
    lines.extend(_direction_words(found["directions"]))
    inputs, bins = len(found["inputs"]), found["bins"]
    lines.append(
        f"  network {found['generation']}: {inputs} inputs, {bins} bins, {found['weights']:,} "
        "weights"
    )
    # Nobody moves the inputs of a model with directions one by one.
    for name, (lowest, highest) in found["inputs"].items() if not found["directions"] else ():
        lines.append(f"    input {name}: {lowest:.2f} to {highest:.2f}")
    return [line for line in lines if line]


def _direction_words(directions: dict[str, Any]) -> list[str]:
    """What moves the timbre, how far from the model's rest, and what one hears."""
    if not directions:
        return []
    lines = [
        f"  timbre: {len(directions)} directions; `--set NAME=VALUE` moves them from -1,",
        "  the lowest of these values, over 0, the model's rest, to 1, the highest",
    ]
    for name, found in directions.items():
        lowest, highest = found["range"]
        lines.append(
            f"    {name}: {lowest:.2f} to {highest:.2f} {found['unit']} ({found['meaning']})"
        )
    return lines


def _recording_words(found: dict[str, Any]) -> list[str]:
    channels = {1: "mono", 2: "stereo"}.get(found["channels"], f"{found['channels']} channels")
    level = "silent"
    if found["peak_dbfs"] is not None:
        level = f"peak {found['peak_dbfs']:.1f} dBFS, mean level {found['rms_dbfs']:.1f} dBFS"
    return [
        f"recording of {clock(found['seconds'])}",
        f"  {channels}, {found['sample_rate']} Hz, {file_size(found['bytes'])}",
        f"  {level}",
    ]


def _midi_words(found: dict[str, Any]) -> list[str]:
    lines = [f"MIDI file of {clock(found['seconds'])}, {common.count(found['notes'], 'note')}"]
    if found["range"]:
        low, high = found["range"]
        lines.append(f"  from {note_name(low)} to {note_name(high)}")
        for channel, notes in found["channels"].items():
            drums = " (by custom drums)" if channel == describe.DRUMS else ""
            lines.append(f"  channel {channel}: {common.count(notes, 'note')}{drums}")
    return lines + [f"  {warning}" for warning in found["warnings"]]


def _params_words(found: dict[str, Any]) -> list[str]:
    settings, changed = found["params"], found["changed"]
    lines = [
        "params of analysis and training",
        f"  {settings['sample_rate']} Hz, a frame every {settings['hop_size']} samples, pitch by "
        f"{settings['pitch_detection_method']}",
        f"  {common.count(len(changed), 'key')} other than shipped" + (":" if changed else ""),
    ]
    return lines + [f"    {key}: {plain(value)}" for key, value in changed.items()]


def _frames_words(found: dict[str, Any]) -> list[str]:
    title = {"store": "store: a file of frames for each recording", "frames": "file of frames"}
    lines = [
        title[found["kind"]],
        f"  {clock(found['seconds'])} of sound, {common.count(found['frames'], 'frame')} of "
        f"{common.count(found['recordings'], 'recording')}",
        f"  {found['sample_rate']} Hz, a frame every {found['hop_size']} samples",
        f"  pitch by {found['pitch_detection_method']}",
    ]
    if "inputs" in found:
        lines.append(f"  inputs {', '.join(found['inputs'])}; {found['bins']} bins")
    lines += [f"  skipped {reason}" for reason in found["skipped"]]
    return lines + [f"  warning: {line}" for line in found["warnings"]]


def _folder_words(found: dict[str, Any]) -> list[str]:
    total = sum(found["files"].values())
    lines = [f"folder of {common.count(total, 'file')}, no store of frames"]
    return lines + [f"  {ending}: {number:,}" for ending, number in found["files"].items()]


_WORDS: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "model": _model_words,
    "recording": _recording_words,
    "midi": _midi_words,
    "params": _params_words,
    "frames": _frames_words,
    "store": _frames_words,
    "folder": _folder_words,
}
