"""The report as one HTML page that needs nothing else."""

from __future__ import annotations

import base64
import io
import json
import math
import wave
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from .._files import replacing
from ..errors import FileAccessError
from ..plot import spectrogram_db
from .judge import Detail, Evaluation
from .measures import MEASURES, Measure
from .passages import Float32
from .pictures import (
    RANGE_DB,
    curves_over_partials,
    curves_over_time,
    frequency_ticks,
    legend_mark,
    moving_mean,
    spectrogram_png,
)
from .systems import SYSTEMS

# Base64 of all sounds together; with the pictures a page stays below 15 MB.
_AUDIO_BYTES = 9_000_000
_LOUDNESS_HOP = 512
_TILES = ("spectrum_error", "mss", "lsd_db", "mcd_db")
# The name in pictures and players of what was recorded.
_NAMES = {"original": "Original", **{key: name for key, (name, _) in SYSTEMS.items()}}


def write_report(evaluation: Evaluation, folder: Path) -> Path:
    """Write `figures.json` and `index.html` into a folder, and return the page's path.

    Raises
    ------
    FileAccessError
        If they cannot be written.
    WmsError
        If matplotlib is not installed.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileAccessError(f"{folder}: cannot be made: {error.strerror}") from error
    with replacing(folder / "figures.json") as temporary:
        text = json.dumps(evaluation.figures, indent=1, allow_nan=False, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")
    page = folder / "index.html"
    html = render_page(evaluation)
    with replacing(page) as temporary:
        temporary.write_text(html, encoding="utf-8")
    return page


def render_page(evaluation: Evaluation) -> str:
    """Return the page as HTML.

    Raises
    ------
    WmsError
        If matplotlib is not installed.
    """
    figures = evaluation.figures
    name = escape(figures["model"]["name"])
    here = files(__package__ or "wms.evaluation")
    style, script = (here.joinpath(f).read_text("utf-8") for f in ("page.css", "page.js"))
    clip_s = _clip_seconds(evaluation.details)
    parts = [
        _header(figures),
        _tiles(figures["systems"]),
        _table(figures),
        _listen(evaluation, clip_s),
        _partials(figures["bins"]),
        _provenance(figures),
        _footer(figures),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{name}: evaluation</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f"{''.join(parts)}<script>\n{script}</script>\n</body>\n</html>\n"
    )


def _header(figures: Mapping[str, Any]) -> str:
    model, passages = figures["model"], figures["passages"]
    total = sum(passage["seconds"] for passage in passages)
    recordings = "one recording" if len(passages) == 1 else f"{len(passages)} recordings"
    verdict = _verdict(figures["systems"])
    every_ms = 1000 * model["hop_size"] / model["sample_rate"]
    facts = {
        "judged on": f"{total:.1f} s of {recordings}",
        "measured at": f"{_spaced(figures['conditions']['sample_rate'])} Hz",
        "network": f"{model['generation']}, {_spaced(model['weights'])} weights",
        "frames": f"{model['bins']} bins, every {every_ms:.3g} ms",
        "date": figures["created"][:10],
    }
    rows = "".join(f"<div><dt>{k}</dt><dd>{escape(v)}</dd></div>" for k, v in facts.items())
    return (
        f'<header>\n<p class="eyebrow">WMS model evaluation</p>\n<h1>{escape(model["name"])}</h1>\n'
        f'<p class="lead">{verdict}</p>\n<dl class="facts">{rows}</dl>\n</header>\n'
    )


def _verdict(systems: Mapping[str, Any]) -> str:
    own, ceiling = systems["model"], systems["true_spectra"]
    simple = [name for name in ("nearest", "ridge", "mean") if name in systems]
    heard = (
        f"Played through the realtime oscillator, it is {_number('mss', own)} from the recording "
        "in multi-scale spectral distance; the recording's own spectra, played alike, reach "
        f"{_number('mss', ceiling)}"
    )
    if not simple:
        return f"{heard}. Its spectra are off by {_number('spectrum_error', own)}."
    played, best = (
        min(simple, key=lambda name: systems[name][key]) for key in ("mss", "spectrum_error")
    )
    return (
        f"The network's spectra are off by {_number('spectrum_error', own)}; the best simple "
        f"baseline ({SYSTEMS[best][0].lower()}) by {_number('spectrum_error', systems[best])}. "
        f"{heard}, the best baseline ({SYSTEMS[played][0].lower()}) "
        f"{_number('mss', systems[played])}."
    )


def _tiles(systems: Mapping[str, Any]) -> str:
    tiles = []
    for measure in MEASURES:
        if measure.key not in _TILES:
            continue
        others = [name for name in ("true_spectra", "nearest", "mean") if name in systems]
        if measure.key == "spectrum_error":
            others.remove("true_spectra")
        beside = "".join(
            f'<div class="{name}"><span>{_NAMES[name]}</span>'
            f"<b>{_value(measure, systems[name][measure.key])}</b></div>"
            for name in others[:2]
        )
        unit = f"<small>{measure.unit}</small>" if measure.unit else ""
        tiles.append(
            f'<div class="tile"><div class="name">{measure.name}</div><div class="value">'
            f"{_value(measure, systems['model'][measure.key])}{unit}</div>"
            f'<div class="beside">{beside}</div></div>\n'
        )
    return f'<section class="tiles">\n{"".join(tiles)}</section>\n'


def _table(figures: Mapping[str, Any]) -> str:
    systems = figures["systems"]
    head = "".join(
        f"<th>{measure.name}<span>{measure.unit} {'↑' if measure.best else '↓'}</span></th>"
        for measure in MEASURES
    )
    best = {
        measure.key: _best(measure, {k: v for k, v in systems.items() if k != "true_spectra"})
        for measure in MEASURES
    }
    rows = []
    for system in (key for key in SYSTEMS if key in systems):
        name, words = SYSTEMS[system]
        cells = "".join(
            f"<td{' class=best' if best[measure.key] == system and len(systems) > 2 else ''}>"
            f"{_value(measure, systems[system][measure.key])}</td>"
            for measure in MEASURES
        )
        rows.append(f'<tr class="{system}"><th>{name}<small>{words}</small></th>{cells}</tr>\n')
    told = figures["baselines"]
    own_rate = figures["model"]["sample_rate"]
    note = (
        "The recordings judged here are taken to be sound that the model was not trained on; on "
        "sound that it was trained on, these figures would say nothing. "
    )
    if told is None:
        note += "No training sound was given, so there are no baselines beside the ceiling."
    else:
        note += (
            f"Baselines were made from {told['seconds']:.0f} s of training sound. "
            "The best figure of a column, the ceiling aside, is underlined."
        )
        if told["minutes_trained"] is not None:
            own = figures["model"]["provenance"].get("minutes")
            beside = "" if own is None else f", the model for {own:.3g}"
            note += f" The two networks were trained for {told['minutes_trained']:.3g} min{beside}."
    if figures["conditions"]["sample_rate"] > own_rate:
        note += (
            f" Sound above {_spaced(own_rate // 2)} Hz, which this model cannot make, counts as "
            "missing: where both lack it, a wrong spectrum can come closer than a true one."
        )
    words = "".join(f"<dt>{m.name}</dt><dd>{escape(m.words)}</dd>" for m in MEASURES)
    return (
        f'<section>\n<h2>Figures</h2>\n<p class="note">{note}</p>\n'
        f'<div class="panel scroll"><table>\n<thead><tr><th></th>{head}</tr></thead>\n<tbody>\n'
        f'{"".join(rows)}</tbody>\n</table></div>\n<dl class="words">{words}</dl>\n'
        '<p class="note" style="margin-top:12px">↓ lower is better, ↑ higher is better. Sounds '
        "are compared after removing a constant delay of up to 10 ms.</p>\n</section>\n"
    )


def _listen(evaluation: Evaluation, clip_s: float) -> str:
    passages, shown = evaluation.figures["passages"], evaluation.details
    which = "" if len(passages) == len(shown) else f" The first {len(shown)} of {len(passages)}."
    note = (
        f"Spectrograms share one scale, {RANGE_DB:.0f} dB from the loudest down; the players one "
        "gain. Starting one player goes on where the other was; a click into a spectrogram plays "
        f"from there.{which}"
    )
    parts = [_passage(detail, clip_s) for detail in shown]
    return (
        f'<section>\n<h2>Look and listen</h2>\n<p class="note">{note}</p>\n'
        f"{''.join(parts)}</section>\n"
    )


def _passage(detail: Detail, clip_s: float) -> str:
    passage = detail.passage
    rate, seconds = passage.sample_rate, passage.seconds
    sounds = {"original": passage.original, **detail.sounds}
    top_db = float(spectrogram_db(passage.original, n_fft=2048, hop_length=1024).max())
    peak = max(float(np.abs(sound).max()) for sound in sounds.values())
    gain = 0.89 / peak if peak > 0 else 1.0
    ticks = "".join(
        f'<span class="tick" style="bottom:{100 * height:.1f}%">{label}</span>'
        for label, height in frequency_ticks(rate)
    )
    captions = {"original": "the recording", "model": "what it plays", "true_spectra": "ceiling"}
    figures = []
    for name, caption in captions.items():
        sound = sounds[name]
        png = _data("image/png", spectrogram_png(sound, sr=rate, top_db=top_db))
        wav = _data("audio/wav", _wav(gain * sound[: round(clip_s * rate)], rate))
        figures.append(
            f'<figure class="sound {name}"><figcaption>{_NAMES[name]}<small>{caption}</small>'
            f'</figcaption><div class="spectrogram" data-seconds="{seconds:.3f}">'
            f'<img alt="Spectrogram: {_NAMES[name]}" src="{png}">{ticks}'
            f'<span class="head"></span></div>'
            f'<audio controls preload="metadata" src="{wav}"></audio></figure>\n'
        )
    clipped = f", players: the first {clip_s:.1f} s" if clip_s < seconds - 0.05 else ""
    times = passage.frames.times_s
    per_s = passage.frames.params["sample_rate"] / passage.frames.params["hop_size"]
    curves = curves_over_time(
        seconds,
        {
            name: (np.arange(len(levels)) * _LOUDNESS_HOP / rate, levels)
            for name, levels in detail.loudness_db.items()
        },
        {
            name: (times, moving_mean(values, round(0.1 * per_s)))
            for name, values in detail.errors.items()
        },
    )
    span = f"{passage.start_s:.1f} to {passage.start_s + seconds:.1f} s of the file{clipped}"
    legend = _legend([*captions, *(name for name in detail.errors if name not in captions)])
    return (
        f'<div class="panel"><div class="passage-head"><h3>{escape(passage.name)}</h3>'
        f'<span>{span}</span></div>\n<div class="sounds">\n{"".join(figures)}</div>\n'
        f"{legend}{curves}</div>\n"
    )


def _partials(bins: Mapping[str, Any]) -> str:
    levels = {name: bins["level"][name] for name in ("true_spectra", "model")}
    errors = {name: values for name, values in bins["error"].items() if name != "true_spectra"}
    chart = curves_over_partials(bins["bins_per_partial"], levels, errors)
    return (
        "<section>\n<h2>Partial by partial</h2>\n"
        '<p class="note">Mean over all frames of all recordings. Above: how strong each partial '
        "is, in the recording and as predicted; below: how far predictions are off.</p>\n"
        f'<div class="panel">{_legend(["true_spectra", *errors])}{chart}</div>\n</section>\n'
    )


def _provenance(figures: Mapping[str, Any]) -> str:
    model, conditions = figures["model"], figures["conditions"]
    origin = {
        "name": model["name"],
        "inputs": ", ".join(model["inputs"]),
        **model["provenance"],
        "range of pitch (Hz)": [round(hz, 1) for hz in model["f0_range_hz"]],
        "evaluated with": f"wms {figures['wms_version']}",
        "noise gain": conditions["noise"],
        "noise seed": conditions["seed"],
        "longest passage (s)": conditions["longest_passage_s"],
    }
    told = figures["baselines"]
    if told is not None:
        origin["baselines from"] = ", ".join(told["recordings"])
        if told["minutes_trained"] is not None:
            origin["trained baselines (minutes)"] = told["minutes_trained"]
    if figures["skipped"]:
        origin["skipped"] = "; ".join(figures["skipped"])
    return (
        "<section>\n<h2>Where it comes from</h2>\n"
        f'<div class="panel"><dl class="columns">{_pairs(origin)}</dl></div>\n'
        "<h2>Params</h2>\n"
        f'<div class="panel"><dl class="columns">{_pairs(model["params"])}</dl></div>\n</section>\n'
    )


def _footer(figures: Mapping[str, Any]) -> str:
    names = " ".join(passage["file"] for passage in figures["passages"][:3])
    more = " ..." if len(figures["passages"]) > 3 else ""
    command = f"wms evaluate {names}{more} --model MODEL --out FOLDER"
    return (
        f"<footer><p>Made by <code>{escape(command)}</code>. All figures, also those of each "
        "recording, are in <code>figures.json</code> beside this page.</p></footer>\n"
    )


def _pairs(values: Mapping[str, Any]) -> str:
    return "".join(
        f"<div><dt>{escape(str(key).replace('_', ' '))}</dt><dd>{escape(_plain(value))}</dd></div>"
        for key, value in values.items()
    )


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_plain(inner) for inner in value)
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _legend(names: list[str]) -> str:
    items = "".join(f"<li>{legend_mark(name)}{_NAMES[name]}</li>" for name in names)
    return f'<ul class="legend">{items}</ul>\n'


def _best(measure: Measure, systems: Mapping[str, Any]) -> str | None:
    known = {
        name: row[measure.key] for name, row in systems.items() if row[measure.key] is not None
    }
    return min(known, key=lambda name: abs(measure.best - known[name])) if known else None


def _number(key: str, row: Mapping[str, float | None]) -> str:
    return _value(next(measure for measure in MEASURES if measure.key == key), row[key])


def _value(measure: Measure, value: float | None) -> str:
    return "-" if value is None else f"{value:.{measure.digits}f}"


def _clip_seconds(details: list[Detail]) -> float:
    per_second = sum(3 * 2 * detail.passage.sample_rate * 4 / 3 for detail in details)
    return math.floor(10 * _AUDIO_BYTES / per_second) / 10


def _wav(sound: Float32, rate: int) -> bytes:
    """A 16-bit wav file: half the size of what `save_audio` writes, and every browser plays it."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(np.round(32767 * np.clip(sound, -1, 1)).astype("<i2").tobytes())
    return file.getvalue()


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
