"""Pictures of how a training went."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import ParameterError
from ..plot import NETWORK_COLOUR, new_figure, plain_log_scale, save_figure, tidy
from .progress import EpochRecord


def plot_history(
    history: Sequence[EpochRecord],
    path: str | os.PathLike[str],
    *,
    baselines: Mapping[str, float] | None = None,
) -> None:
    """Draw losses and validation error over training time into a picture file.

    Parameters
    ----------
    history : sequence of EpochRecord
        At least one record.
    path : path
        File to write. Its ending (.png, .svg, .pdf) selects the format.
    baselines : mapping, optional
        Mean absolute errors by name, drawn as horizontal lines.

    Raises
    ------
    ParameterError
        If the history is empty.
    FileAccessError
        If the file cannot be written.
    """
    if not history:
        raise ParameterError("the history has no records, wanted at least one")
    figure = new_figure(10, 3.8)
    losses, errors = figure.subplots(1, 2)
    minutes, style = _minutes_and_style(history)
    validation = [record.validation_loss for record in history]
    losses.plot(
        minutes, [r.train_loss for r in history], color="0.6", label="on training sequences",
        **style,
    )  # fmt: skip
    losses.plot(minutes, validation, color=NETWORK_COLOUR, label="on unseen audio", **style)
    losses.set_xlabel("minutes")
    losses.set_title("Loss", loc="left")
    tidy(losses)
    losses.set_xlim(left=0.0)
    plain_log_scale(losses)
    losses.legend(frameon=False)
    draw_errors(errors, history, baselines=baselines)
    save_figure(figure, path)


def draw_errors(
    axes: Any, history: Sequence[EpochRecord], *, baselines: Mapping[str, float] | None = None
) -> None:
    """Draw the validation error over training time, with baselines as horizontal lines.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    history : sequence of EpochRecord
        At least one record.
    baselines : mapping, optional
        Mean absolute errors by name.
    """
    minutes, style = _minutes_and_style(history)
    errors = [record.validation_mae for record in history]
    axes.plot(minutes, errors, color=NETWORK_COLOUR, label="network", **style)
    dashes = ((1, 2), (4, 2), (6, 2, 1, 2))
    for index, (name, error) in enumerate((baselines or {}).items()):
        pattern = (0, dashes[index % len(dashes)])
        axes.axhline(error, label=name, color="0.35", linestyle=pattern, linewidth=1.2)
    axes.set_xlabel("minutes")
    axes.set_title("Error on unseen audio", loc="left")
    axes.set_ylabel("mean error of ln(1 + magnitude)")
    tidy(axes)
    axes.set_xlim(left=0.0)
    plain_log_scale(axes)
    # The baselines cross the whole picture, so the legend needs a background.
    axes.legend(facecolor="white", edgecolor="none", framealpha=0.9)


def _minutes_and_style(history: Sequence[EpochRecord]) -> tuple[list[float], dict[str, Any]]:
    # With few points, markers show how few there are.
    style = {"linewidth": 1.5, "marker": "o" if len(history) < 20 else "", "markersize": 3}
    return [record.elapsed_s / 60 for record in history], style
