"""The pictures of the page: spectrograms as PNG, and curves as SVG in the colours of the page."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .._formulas import hz_to_mel, mel_to_hz
from ..errors import WmsError
from ..plot import new_figure, plain_log_scale, spectrogram_db

_FloatArray = npt.NDArray[np.floating[Any]]

#: Colours by their purpose. The page defines each as a CSS variable of that name.
PALETTE = {
    "ground": "#14161a",
    "panel": "#1b1e24",
    "text": "#d9d6cf",
    "quiet": "#8b8f98",
    "accent": "#f2b25c",
    "second": "#57b8a0",
    "line": "#2b2f37",
}
# Colour, line width and dashes of each system's curve.
_CURVES: dict[str, tuple[str, float, tuple[float, ...]]] = {
    "original": ("text", 5.0, ()),
    "model": ("accent", 1.4, ()),
    "model_2": ("text", 1.4, (4, 1.5)),
    "model_3": ("text", 1.4, (2, 1)),
    "model_4": ("text", 1.4, (1, 1)),
    "true_spectra": ("second", 1.4, ()),
    "wms_torch": ("quiet", 1.2, (5, 1.5)),
    "mlp": ("quiet", 1.2, (3, 1.5)),
    "nearest": ("quiet", 1.2, (1.5, 1.5)),
    "ridge": ("quiet", 1.2, (6, 2, 1, 2)),
    "mean": ("quiet", 1.0, (1, 3)),
}

#: Range of levels in a spectrogram, in dB below its top.
RANGE_DB = 80.0
_COLUMNS, _ROWS = 840, 300
# From silence to the loudest level. The lightness rises all the way, so that a print in grey works.
_HEAT = ("#101216", "#2a1f33", "#6b2b45", "#b94f3f", "#f2b25c", "#fff4dc")
_LOWEST_HZ = 40.0
# Units of the SVG per inch. One unit is one pixel if the picture is as wide as the page.
_UNITS = 72.0
_WIDTH = 1100.0


def spectrogram_png(y: _FloatArray, *, sr: float, top_db: float) -> bytes:
    """Draw a spectrogram with a mel axis as a PNG file, without labels.

    Parameters
    ----------
    y : (n,)
        Signal.
    sr : float
        Sample rate in Hz.
    top_db : float
        Level of the brightest colour.

    Raises
    ------
    WmsError
        If matplotlib, which comes with Pillow, is not installed.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise WmsError(
            "pictures need matplotlib: pip install '.[train]' in the checkout"
        ) from error
    n_fft = 2048 if sr < 30_000 else 4096
    hop = max(64, -(-len(y) // _COLUMNS))
    levels = spectrogram_db(y, n_fft=n_fft, hop_length=hop)
    low_mel, high_mel = _mel_range(sr)
    mel = np.linspace(high_mel, low_mel, _ROWS)
    place = mel_to_hz(mel) * n_fft / sr
    low = np.minimum(place.astype(int), len(levels) - 2)
    share = (place - low)[:, None]
    rows = (1 - share) * levels[low] + share * levels[low + 1]
    shade = np.clip((rows - top_db) / RANGE_DB + 1, 0, 1)
    picture = Image.fromarray(np.round(255 * shade).astype(np.uint8))
    picture.putpalette(_heat().tobytes())
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def frequency_ticks(sr: float) -> list[tuple[str, float]]:
    """Return the labels of a spectrogram's vertical axis, each with its height from 0 to 1."""
    low, high = _mel_range(sr)
    wanted = [hz for hz in (250, 500, 1000, 2000, 4000, 8000, 16000) if hz < 0.93 * sr / 2]
    heights = (hz_to_mel(np.array(wanted, float)) - low) / (high - low)
    names = [f"{hz // 1000}k" if hz >= 1000 else str(hz) for hz in wanted]
    return list(zip(names, heights.tolist(), strict=True))


def curves_over_time(
    seconds: float,
    loudness_db: Mapping[str, tuple[_FloatArray, _FloatArray]],
    errors: Mapping[str, tuple[_FloatArray, _FloatArray]],
) -> str:
    """Draw the loudness over time, and the error of the spectrum below it, as SVG.

    Parameters
    ----------
    seconds : float
        Length of the time axis.
    loudness_db, errors : mapping
        Times in seconds (T,) and values (T,), by system.
    """
    with _style():
        figure = new_figure(_WIDTH / _UNITS, 330 / _UNITS)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        for name, (times, values) in loudness_db.items():
            upper.plot(times, values, **_curve(name))
        loudest = max(float(values.max()) for _, values in loudness_db.values())
        upper.set(ylim=(loudest - 63, loudest + 3), xlim=(0, seconds))
        upper.set_title("Loudness, dB (A)")
        for name, (times, values) in errors.items():
            lower.plot(times, values, **_curve(name))
        lower.set_ylim(bottom=0)
        lower.set_title("Spectrum error, mean of 0.1 s")
        lower.set_xlabel("seconds")
        return _svg(figure, (upper, lower))


def curves_over_partials(
    bins_per_partial: float,
    levels: Mapping[str, Sequence[float]],
    errors: Mapping[str, Sequence[float]],
) -> str:
    """Draw the mean level and the mean error of every bin as SVG, with partials marked.

    Parameters
    ----------
    bins_per_partial : float
        Number of bins from one partial to the next.
    levels, errors : mapping
        Values (K,), by system.
    """
    with _style():
        from matplotlib.ticker import LogLocator

        figure = new_figure(_WIDTH / _UNITS, 430 / _UNITS)
        upper, lower = figure.subplots(2, 1, sharex=True)
        for axes, curves, title in (
            (upper, levels, "Mean level, ln(1 + magnitude)"),
            (lower, errors, "Mean error, ln(1 + magnitude)"),
        ):
            for name, values in curves.items():
                partial = np.arange(len(values)) / bins_per_partial
                is_own = name in ("model", "true_spectra")
                axes.plot(
                    partial, values, **_curve(name),
                    marker="o" if is_own else "", markersize=3.2,
                    markevery=_whole(partial),
                )  # fmt: skip
            axes.set_title(title)
            plain_log_scale(axes)
            axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
        longest = max(len(values) for values in levels.values())
        upper.set_xlim(0, (longest - 1) / bins_per_partial)
        lower.set_xlabel("partial (points); between them what is not harmonic: noise, room, breath")
        return _svg(figure, (upper, lower))


def legend_mark(name: str) -> str:
    """Return a short piece of a system's curve as SVG, for a legend."""
    colour, width, dashes = _CURVES[name]
    pattern = " ".join(f"{2 * length:g}" for length in dashes)
    dash = f' stroke-dasharray="{pattern}"' if pattern else ""
    stroke = f'stroke="var(--{colour})" stroke-width="{1.2 * width:.1f}"{dash}'
    return (
        '<svg class="mark" viewBox="0 0 28 8" aria-hidden="true"><path d="M1 4H27" fill="none" '
        f'{stroke} opacity="{_opacity(name)}"/></svg>'
    )


def moving_mean(values: _FloatArray, count: int) -> npt.NDArray[np.float64]:
    """Return the mean of `count` values around each value; of fewer at the ends."""
    kernel = np.ones(max(1, min(count, len(values))))
    total = np.convolve(values, kernel, "same")
    return np.asarray(total / np.convolve(np.ones(len(values)), kernel, "same"), np.float64)


def _curve(name: str) -> dict[str, Any]:
    colour, width, dashes = _CURVES[name]
    return {
        "color": PALETTE[colour],
        "linewidth": width,
        "linestyle": (0, dashes) if dashes else "-",
        "alpha": _opacity(name),
        "zorder": {"model": 4, "true_spectra": 3, "original": 1.5}.get(name, 2),
        "solid_joinstyle": "round",
    }


def _opacity(name: str) -> float:
    # The recording is drawn as a broad, pale band behind the other curves.
    return 0.3 if name == "original" else 1.0


def _whole(partial: _FloatArray) -> list[int]:
    nearest = np.round(partial)
    return [int(i) for i in np.flatnonzero((np.abs(partial - nearest) < 1e-6) & (nearest > 0))]


def _style() -> Any:
    try:
        import matplotlib
    except ImportError as error:
        raise WmsError(
            "pictures need matplotlib: pip install '.[train]' in the checkout"
        ) from error
    return matplotlib.rc_context(
        {
            "svg.fonttype": "none",
            "font.size": 11.0,
            "axes.titlesize": 11.5,
            "axes.titlelocation": "left",
            "axes.titlecolor": PALETTE["text"],
            "axes.labelcolor": PALETTE["quiet"],
            "xtick.color": PALETTE["quiet"],
            "ytick.color": PALETTE["quiet"],
            "path.simplify_threshold": 0.5,
        }
    )


def _svg(figure: Any, axes: Sequence[Any]) -> str:
    for one in axes:
        one.set_facecolor("none")
        one.spines[:].set_visible(False)
        one.grid(visible=True, color=PALETTE["line"], linewidth=0.8)
        one.set_axisbelow(True)
        one.tick_params(length=0)
    file = io.StringIO()
    figure.savefig(file, format="svg", transparent=True, dpi=_UNITS)
    return _inline(file.getvalue())


def _inline(svg: str) -> str:
    """Make an SVG file part of the page: with its colours and font, without a size of its own."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<svg [^>]*viewBox="([^"]*)"[^>]*>', r'<svg class="chart" viewBox="\1">', svg)
    svg = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font: \1px var(--font)", svg)
    # The ids in an SVG file must be unique in a page with several of them.
    prefix = f"c{abs(hash(svg)) % 10**9}"
    svg = re.sub(r'( id="|url\(#|href="#)', rf"\g<1>{prefix}-", svg)
    for name, colour in PALETTE.items():
        svg = svg.replace(colour, f"var(--{name})")
    return svg


def _heat() -> npt.NDArray[np.uint8]:
    stops = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in _HEAT], float)
    where = np.linspace(0, 255, len(stops))
    channels = [np.interp(np.arange(256), where, stops[:, i]) for i in range(3)]
    return np.round(np.stack(channels, axis=1)).astype(np.uint8)


def _mel_range(sr: float) -> tuple[float, float]:
    low, high = hz_to_mel(np.array([_LOWEST_HZ, sr / 2]))
    return float(low), float(high)
