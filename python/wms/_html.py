"""What Jupyter shows of params, frames and models: small HTML that follows the page's colours."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import numpy as np
import numpy.typing as npt

from ._describe import of_model
from ._progress import clock
from ._text import file_size, note_name, pitch_name, plain
from ._wms import Frames, Model, Params

_WIDTH, _HEIGHT = 480, 96
# More than the picture's columns would not be seen.
_COLUMNS = 240


def params_html(params: Params) -> str:
    """Return params as a table: what differs from the shipped ones, and all keys to unfold."""
    shipped = Params()
    changed = {key: value for key, value in params.items() if shipped[key] != value}
    title = f"{len(changed)} of {len(params)} values are not as shipped"
    unfolded = f"<details><summary>all values</summary>{_table(params.items())}</details>"
    return f"<div><b>Params</b>: {title}{_table(changed.items())}{unfolded}</div>"


def frames_html(frames: Frames) -> str:
    """Return frames as a small picture of loudness and pitch over time."""
    settings = frames.params
    seconds = len(frames) * settings.hop_size / settings.sample_rate
    voiced = frames.f0_hz[frames.voicedness > 0.5]
    title = (
        f"<b>Frames</b>: {len(frames):,} of {len(frames.files)} recordings, {clock(seconds)}, "
        f"{frames.spectrum.shape[1]} bins"
    )
    if len(voiced) == 0:
        return f"<div>{title}; no pitch{_picture(frames)}</div>"
    low, high = np.percentile(voiced, [1, 99])
    return f"<div>{title}; {pitch_name(low)} to {pitch_name(high)}{_picture(frames)}</div>"


def model_html(model: Model) -> str:
    """Return a model as a card: range, origin, directions and timbre inputs."""
    found = of_model(model.name, model)
    low, high = found["notes"]
    rows = {
        "plays": f"{note_name(low)} to {note_name(high)}",
        "kind": found["category"],
        "from": found["source"],
        "licence": found["licence"],
        "sound": f"{model.sample_rate} Hz, a frame every {model.hop_size} samples",
        "network": f"{model.generation}, {model.input_size} inputs, {model.output_size} bins, "
        f"{file_size(4 * found['weights'])}",
    }
    known = [(key, value) for key, value in rows.items() if value]
    directions = [
        (direction.name, f"{direction.low:.2f} to {direction.high:.2f} {direction.unit}")
        for direction in model.directions
    ]
    axes = [
        (name, f"{lowest:.2f} to {highest:.2f}, at rest {rest:.2f}")
        for name, (lowest, rest, highest) in model.timbre_axes.items()
    ]
    unfolded = "".join(
        f"<details><summary>{title}</summary>{_table(listed)}</details>"
        for title, listed in (("directions", directions), ("timbre inputs", axes))
        if listed
    )
    return f"<div><b>{escape(model.name)}</b>{_table(known)}{unfolded}</div>"


def _table(rows: Iterable[tuple[str, object]]) -> str:
    cells = (
        f"<tr><th style='text-align:left'>{escape(name)}</th>"
        f"<td style='text-align:left'>{escape(plain(value))}</td></tr>"
        for name, value in rows
    )
    return f"<table>{''.join(cells)}</table>"


def _picture(frames: Frames) -> str:
    """Loudness as an area, pitch as a line over it where there is one."""
    if len(frames) == 0:
        return ""
    count = min(len(frames), _COLUMNS)
    starts = np.linspace(0, len(frames), count, endpoint=False).astype(int)
    loudness = _scaled(np.maximum.reduceat(frames.spectrum.sum(axis=1), starts))
    pitch = _scaled(np.log(np.maximum(frames.f0_hz[starts], 1.0)))
    voiced = frames.voicedness[starts] > 0.5
    x = (np.arange(count) + 0.5) * _WIDTH / count
    outline = _points(x, loudness)
    runs = np.split(np.arange(count), np.flatnonzero(np.diff(voiced.astype(int))) + 1)
    lines = "".join(
        f'<polyline points="{_points(x[run], pitch[run])}" fill="none" stroke="#d9722b" '
        'stroke-width="2"/>'
        for run in runs
        if voiced[run[0]]
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" style="max-width:100%" role="img" '
        'aria-label="loudness, and pitch where there is one, over time">'
        f'<polygon points="0,{_HEIGHT} {outline} {_WIDTH},{_HEIGHT}" fill="currentColor" '
        f'opacity="0.25"/>{lines}</svg>'
    )


def _scaled(values: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Values as heights in the picture, 0 at the top."""
    low, high = float(values.min()), float(values.max())
    margin = 4.0
    share = (values - low) / (high - low) if high > low else np.full(len(values), 0.5)
    return np.asarray(_HEIGHT - margin - share * (_HEIGHT - 2 * margin), np.float64)


def _points(x: npt.NDArray[np.floating], y: npt.NDArray[np.floating]) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
