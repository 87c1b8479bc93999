"""Pictures of a training."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .._files import replacing
from ..errors import ParameterError
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
        At least one.
    path : path
        File to write; its ending (.png, .svg, .pdf) names the format.
    baselines : mapping, optional
        Mean absolute errors to draw as horizontal lines, by name.

    Raises
    ------
    ParameterError
        If the history is empty.
    FileAccessError
        If the file cannot be written.
    """
    if not history:
        raise ParameterError("the history has no records, wanted at least one")
    # Figure alone, not pyplot: no display is needed, and no global state is touched.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    losses, errors = figure.subplots(1, 2)
    minutes = [record.elapsed_s / 60 for record in history]
    losses.plot(minutes, [r.train_loss for r in history], label="training")
    losses.plot(minutes, [r.validation_loss for r in history], label="validation")
    losses.set(title="Loss", xlabel="minutes", yscale="log")
    losses.grid(visible=True, which="both", alpha=0.3)
    losses.legend()
    draw_errors(errors, history, baselines=baselines)
    path = Path(path)
    with replacing(path) as temporary:
        figure.savefig(temporary, format=path.suffix.lstrip(".") or "png")


def draw_errors(
    axes: Any, history: Sequence[EpochRecord], *, baselines: Mapping[str, float] | None = None
) -> None:
    """Draw the error on unseen audio over training time, baselines as horizontal lines.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    history : sequence of EpochRecord
        At least one.
    baselines : mapping, optional
        Mean absolute errors by name.
    """
    minutes = [record.elapsed_s / 60 for record in history]
    axes.plot(minutes, [r.validation_mae for r in history], label="network")
    for index, (name, error) in enumerate((baselines or {}).items(), start=1):
        axes.axhline(error, label=name, color=f"C{index}", linestyle="--")
    axes.set(title="Error on unseen audio (log1p spectrum)", xlabel="minutes", yscale="log")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
