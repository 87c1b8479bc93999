"""Pictures of sounds and spectra (needs matplotlib: ``pip install '.[train]'``)."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import Frames, Model, Params, Store, cycle_waveform
from ._files import replacing
from ._formulas import hann
from ._text import note_name
from .errors import ParameterError, WmsError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FloatArray = npt.NDArray[np.floating[Any]]

# Range of levels in a spectrogram, in dB below its loudest bin.
_RANGE_DB = 80.0
#: Colours of recorded sound and of a network's output, in all pictures.
RECORDED_COLOUR, NETWORK_COLOUR = "0.35", "#d1495b"
_TARGET = {"color": RECORDED_COLOUR, "linewidth": 1.4, "label": "target"}
_PREDICTED = {"color": NETWORK_COLOUR, "linewidth": 1.1, "label": "predicted"}


def check_package() -> None:
    """Check that matplotlib is installed, before the work whose result is to be drawn.

    Raises
    ------
    WmsError
        If it is not.
    """
    if find_spec("matplotlib") is None:
        raise WmsError("pictures need matplotlib: pip install '.[train]' in the checkout")


def new_figure(width: float, height: float) -> Figure:
    """Make a figure of the given size in inches. No display is needed.

    Raises
    ------
    WmsError
        If matplotlib is not installed.
    """
    check_package()
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def save_figure(figure: Figure, path: str | os.PathLike[str], *, dpi: int = 110) -> None:
    """Write a figure to a file.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    path : path
        File to write. Its ending (.png, .svg, .pdf) selects the format.
    dpi : int
        Resolution of a .png, pixels per inch.

    Raises
    ------
    FileAccessError
        If the file cannot be written.
    """
    path = Path(path)
    with replacing(path) as temporary:
        figure.savefig(temporary, format=path.suffix.lstrip(".") or "png", dpi=dpi)


def spectrogram_db(
    y: _FloatArray, *, n_fft: int = 1024, hop_length: int = 256
) -> npt.NDArray[np.float64]:
    """Compute the power spectrogram of a signal in dB.

    Parameters
    ----------
    y : (n,)
        Signal.
    n_fft, hop_length : int
        Length of the Hann windows, and samples from one window to the next.

    Returns
    -------
    (n_fft / 2 + 1, T)
        Levels in dB; a full-scale sine has about 0 dB.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    >>> levels = wms.plot.spectrogram_db(tone)
    >>> levels.shape, round(float(levels.max()))
    ((513, 63), 0)
    """
    padded = np.pad(np.asarray(y, np.float64), n_fft // 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop_length]
    window = hann(n_fft)
    magnitudes = np.abs(np.fft.rfft(windows * window)) / (window.sum() / 2)
    return np.asarray(20 * np.log10(np.maximum(magnitudes.T, 1e-6)), np.float64)


def draw_spectrogram(
    axes: Any,
    y: _FloatArray,
    *,
    sr: float,
    title: str = "",
    top_db: float | None = None,
    max_hz: float | None = None,
) -> None:
    """Draw a spectrogram.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    y : (n,)
        Signal.
    sr : float
        Sample rate in Hz.
    title : str
        Title of the axes.
    top_db : float, optional
        Level of the brightest colour. Pictures with the same level can be compared. Default: the
        level of the loudest bin.
    max_hz : float, optional
        Highest frequency shown, Hz; default: half the sample rate.
    """
    hop_length = 256
    levels = spectrogram_db(y, hop_length=hop_length)
    top = float(levels.max()) if top_db is None else top_db
    extent = (0.0, levels.shape[1] * hop_length / sr, 0.0, sr / 2000)
    axes.imshow(
        levels, origin="lower", aspect="auto", extent=extent, vmin=top - _RANGE_DB, vmax=top,
        cmap="magma",
    )  # fmt: skip
    axes.set(xlabel="s", ylabel="kHz", ylim=(0.0, (max_hz or sr / 2) / 1000))
    axes.set_title(title, loc="left", fontsize="medium")


def draw_predictions(
    predicted: _FloatArray,
    target: _FloatArray,
    f0_hz: _FloatArray,
    times_s: _FloatArray,
    *,
    layout: Model | Params,
    count: int = 6,
) -> Figure:
    """Draw the predicted and the target spectra and waveforms of some frames.

    The frames are chosen evenly among the louder half. All share one scale.

    Parameters
    ----------
    predicted, target : (T, K)
        log1p magnitude spectra.
    f0_hz, times_s : (T,)
        Pitch in Hz and time in seconds of the frames.
    layout : Model or Params
        Model or params that say how the spectra were made, and so the frequency of each bin.
    count : int
        Number of frames to draw, at least 1.

    Raises
    ------
    ParameterError
        If there are no frames or `count` is below 1.
    """
    if count < 1 or len(target) == 0:
        raise ParameterError(f"{count} of {len(target)} frames to draw, wanted at least one")
    levels = target.sum(axis=1)
    loud = np.flatnonzero(levels >= np.median(levels))
    count = min(count, len(loud))
    # From the middle of equal parts, because the first and last frames reach beyond the recording.
    chosen = loud[((np.arange(count) + 0.5) / count * len(loud)).astype(int)]
    spectrum = layout.config["spectrum"] if isinstance(layout, Model) else layout
    cycles = int(spectrum["cycles_per_window"])
    bins_per_partial = cycles * int(spectrum["n_fft"]) / int(spectrum["window_size"])
    partials = np.arange(target.shape[1]) / bins_per_partial
    figure = new_figure(10, 1.6 * len(chosen) + 0.8)
    rows = figure.subplots(len(chosen), 2, squeeze=False, sharex="col", sharey="col")
    for (spectra, waves), frame in zip(rows, chosen, strict=True):
        for values, style in ((target, _TARGET), (predicted, _PREDICTED)):
            spectra.plot(partials, values[frame], **style)
            wave = cycle_waveform(values[frame : frame + 1], layout=layout)[0]
            waves.plot(np.linspace(-cycles / 2, cycles / 2, len(wave)), wave, **style)
        place = f"{times_s[frame]:.2f} s,  {f0_hz[frame]:.0f} Hz"
        spectra.set_title(place, loc="left", fontsize="medium")
        for axes in (spectra, waves):
            tidy(axes)
    figure.supylabel("ln(1 + magnitude)", fontsize="medium")
    rows[-1][0].set_xlabel("partial")
    rows[-1][1].set_xlabel("cycles")
    rows[0][1].set_title("waveform, all phases zero", loc="left", fontsize="medium")
    figure.legend(*rows[0][0].get_legend_handles_labels(), loc="outside upper right", ncols=2,
                  frameon=False)  # fmt: skip
    return figure


def draw_coverage(frames: Frames | Store) -> Figure:
    """Draw which pitches a recording has at which levels: where a model will know how to sound.

    Parameters
    ----------
    frames : Frames or Store
        Analysed recordings. Frames whose voicedness is below 0.5 are left out.

    Returns
    -------
    matplotlib.figure.Figure
        Keys from left to right, levels from soft to loud; the darker a place, the more of the
        sound lies there.

    Raises
    ------
    ParameterError
        If no frame has a pitch.

    Examples
    --------
    >>> t = np.arange(32000) / 16000
    >>> y = 0.2 * t * np.sin(2 * np.pi * (220 + 50 * t) * t)
    >>> figure = wms.plot.draw_coverage(wms.analyze(y, sample_rate=16000))
    >>> wms.plot.save_figure(figure, "coverage.png")
    """
    keys, levels = [], []
    for part in frames.shards if isinstance(frames, Store) else [frames]:
        voiced = (part.voicedness >= 0.5) & (part.f0_hz > 0)
        power = np.square(np.expm1(part.spectrum[voiced])).sum(axis=1)
        keys.append(69 + 12 * np.log2(part.f0_hz[voiced] / 440))
        levels.append(10 * np.log10(np.maximum(power, 1e-20)))
    key, level = np.concatenate(keys), np.concatenate(levels)
    if not len(key):
        raise ParameterError("no frame has a pitch, wanted some to draw")
    level -= level.max()
    figure = new_figure(7, 4)
    axes = figure.add_subplot()
    lowest, highest = int(np.floor(key.min())) - 1, int(np.ceil(key.max())) + 2
    bins = [np.arange(lowest, highest) + 0.5, np.arange(max(level.min(), -60) - 1, 1.0, 1.5)]
    axes.hist2d(key, level, bins=bins, cmin=1, cmap="Greys", norm="log")
    octaves = range(12 * (lowest // 12), highest + 1, 12)
    axes.set_xticks(list(octaves), [note_name(octave) for octave in octaves])
    axes.set_xlim(lowest, highest)
    axes.set_xlabel("key")
    axes.set_ylabel("dB below the loudest")
    tidy(axes)
    return figure


def tidy(axes: Any) -> None:
    """Remove the upper and right border of axes and draw a light grid.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes, before or after curves are drawn.
    """
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.margins(x=0.01)


def plain_log_scale(axes: Any) -> None:
    """Make the vertical axis logarithmic, with plain numbers at its ticks.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes. All values in them must be above 0.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_yscale("log")
    # With ticks at 1, 2 and 5 alone, an axis shorter than a decade could have a single tick.
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 1.5, 2.0, 3.0, 5.0, 7.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
