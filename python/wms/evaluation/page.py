"""The report: one HTML page that needs no other files, and its figures as JSON.

The page itself is the template page.html, with page.css and page.js; this module prepares the
values that it shows.
"""

from __future__ import annotations

import base64
import functools
import json
import math
import os
from collections.abc import Iterable, Mapping
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .._files import replacing
from .._text import plain
from .._wms import wav_bytes
from ..errors import FileAccessError, WmsError
from ..plot import spectrogram_db
from .columns import MEASURES, Measure
from .detail import Detail
from .keys import KINDS
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

if TYPE_CHECKING:
    from jinja2 import Template

# Bytes of all sounds together, as base64. With the pictures a page then stays below 15 MB.
_AUDIO_BYTES = 9_000_000
_LOUDNESS_HOP = 512
_NAMES = {"original": "Original", **{key: name for key, (name, _) in SYSTEMS.items()}}
_DESCRIPTIONS = {key: description for key, (_, description) in SYSTEMS.items()}
# What stands beside the name of a passage's sound; the others are what a model plays.
_CAPTIONS = {"original": "the recording", "true_spectra": "ceiling"}


class Report(Protocol):
    """What the page needs of an `Evaluation`."""

    @property
    def figures(self) -> dict[str, Any]:
        """The content of figures.json."""

    @property
    def details(self) -> list[Detail]:
        """The passages that the page shows."""


def write_report(evaluation: Report, folder: str | os.PathLike[str]) -> Path:
    """Write `figures.json` and `index.html` into a folder.

    Parameters
    ----------
    evaluation : Evaluation
        What `evaluate` returned.
    folder : path
        Folder for the two files. It is created if it does not exist; existing files of these names
        are replaced.

    Returns
    -------
    Path
        The page, index.html.

    Raises
    ------
    FileAccessError
        If the files cannot be written.
    WmsError
        If matplotlib or Jinja2 is not installed.
    """
    folder = Path(folder)
    html = render_page(evaluation)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileAccessError(f"{folder}: cannot be made: {error.strerror}") from error
    with replacing(folder / "figures.json") as temporary:
        text = json.dumps(evaluation.figures, indent=1, allow_nan=False, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")
    page = folder / "index.html"
    with replacing(page) as temporary:
        temporary.write_text(html, encoding="utf-8")
    return page


def render_page(evaluation: Report) -> str:
    """Return the page as HTML.

    Raises
    ------
    WmsError
        If matplotlib or Jinja2 is not installed.
    """
    check_packages()
    figures = evaluation.figures
    systems = figures["systems"]
    baselines = [name for name in ("nearest", "ridge", "mean") if name in systems]
    others = {name: row for name, row in systems.items() if name != "true_spectra"}
    clip_s = _clip_seconds(evaluation.details)
    names = _names(figures)
    return _template().render(
        figures=figures,
        names=names,
        descriptions=_DESCRIPTIONS,
        measures=MEASURES,
        systems=[name for name in SYSTEMS if name in systems],
        shown=functools.partial(_shown, systems),
        shown_of=_shown_of,
        kinds=KINDS,
        # The best simple baseline by each of the two measures that the page opens with.
        best_baselines={
            key: min(baselines, key=lambda name: systems[name][key])
            for key in ("mss", "spectrum_error")
            if baselines
        },
        # The best system by each measure, which is worth marking if there are several.
        best={m.key: _best(m, others) if len(systems) > 2 else None for m in MEASURES},
        range_db=RANGE_DB,
        details=[_passage(detail, clip_s) for detail in evaluation.details],
        partials=_partials(figures["bins"]),
        legend_mark=legend_mark,
        style=_beside("page.css"),
        script=_beside("page.js"),
    )


def _names(figures: Mapping[str, Any]) -> dict[str, str]:
    """Names of all systems; if there are several models, each has its own."""
    if not figures["others"]:
        return _NAMES
    models = [figures["model"], *figures["others"]]
    keys = ["model", *(f"model_{number}" for number in range(2, len(models) + 1))]
    own = [model["name"] for model in models]
    # Models of one name are told apart by their place.
    told = [
        f"{name} ({place})" if own.count(name) > 1 else name
        for place, name in enumerate(own, start=1)
    ]
    return _NAMES | dict(zip(keys, told, strict=True))


def check_packages() -> None:
    """Check that the packages that a report needs are installed.

    Raises
    ------
    WmsError
        If matplotlib or Jinja2 is not installed.
    """
    needed = {"Jinja2": "jinja2", "matplotlib": "matplotlib"}
    missing = [name for name, module in needed.items() if find_spec(module) is None]
    if missing:
        raise WmsError(
            f"a report needs {' and '.join(missing)}: pip install '.[train]' in the checkout"
        )


def _template() -> Template:
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    environment.filters |= {"plain": plain, "spaced": _spaced}
    return environment.from_string(_beside("page.html"))


def _beside(name: str) -> str:
    return files(__package__ or "wms.evaluation").joinpath(name).read_text("utf-8")


def _shown(systems: Mapping[str, Any], system: str, key: str) -> str:
    """A figure of a system as the page shows it."""
    return _shown_of(systems[system], key)


def _shown_of(row: Mapping[str, float | None], key: str) -> str:
    """A figure of a row of figures, which may lack it."""
    digits = next(measure.digits for measure in MEASURES if measure.key == key)
    value = row.get(key)
    return "-" if value is None else f"{value:.{digits}f}"


def _best(measure: Measure, systems: Mapping[str, Any]) -> str | None:
    known = {
        name: row[measure.key] for name, row in systems.items() if row[measure.key] is not None
    }
    return min(known, key=lambda name: abs(measure.best - known[name])) if known else None


def _passage(detail: Detail, clip_s: float) -> dict[str, Any]:
    """The values that the page shows of one passage; its sounds are cut to `clip_s`."""
    passage = detail.passage
    rate, seconds = passage.sample_rate, passage.seconds
    sounds = {"original": passage.original, **detail.sounds}
    top_db = float(spectrogram_db(passage.original, n_fft=2048, hop_length=1024).max())
    peak = max(float(np.abs(sound).max()) for sound in sounds.values())
    gain = 0.89 / peak if peak > 0 else 1.0
    frames_per_s = passage.frames.params["sample_rate"] / passage.frames.params["hop_size"]
    curves = curves_over_time(
        seconds,
        {
            name: (np.arange(len(levels)) * _LOUDNESS_HOP / rate, levels)
            for name, levels in detail.loudness_db.items()
        },
        {
            name: (passage.frames.times_s, moving_mean(values, round(0.1 * frames_per_s)))
            for name, values in detail.errors.items()
        },
    )
    return {
        "name": passage.name,
        "start_s": passage.start_s,
        "seconds": seconds,
        "clip_s": clip_s if clip_s < seconds - 0.05 else None,
        "ticks": frequency_ticks(rate),
        "sounds": [
            {
                "system": name,
                "caption": _CAPTIONS.get(name, "what it plays"),
                "png": _data("image/png", spectrogram_png(sounds[name], sr=rate, top_db=top_db)),
                # Half the size of 24 bits, and every browser plays it.
                "wav": _data(
                    "audio/wav",
                    wav_bytes(gain * sounds[name][: round(clip_s * rate)], rate, subtype="PCM_16"),
                ),
            }
            for name in _heard(sounds)
        ],
        "legend": [*_heard(sounds), *(name for name in detail.errors if name not in sounds)],
        "curves": curves,
    }


def _heard(sounds: Iterable[str]) -> list[str]:
    """The sounds of a passage in their order: recording, models, ceiling."""
    last = {"original": -1, "true_spectra": 1}
    return sorted(sounds, key=lambda name: (last.get(name, 0), name))


def _partials(bins: Mapping[str, Any]) -> dict[str, Any]:
    levels = {name: bins["level"][name] for name in ("true_spectra", "model")}
    errors = {name: values for name, values in bins["error"].items() if name != "true_spectra"}
    return {
        "legend": ["true_spectra", *errors],
        "curves": curves_over_partials(bins["bins_per_partial"], levels, errors),
    }


def _clip_seconds(details: Iterable[Detail]) -> float:
    """Seconds of each sound that fit on the page."""
    # 2 bytes a sample, 4 / 3 of that as base64; the recording, and what was played.
    per_second = sum(
        (1 + len(detail.sounds)) * 2 * detail.passage.sample_rate * 4 / 3 for detail in details
    )
    return math.floor(10 * _AUDIO_BYTES / per_second) / 10


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
