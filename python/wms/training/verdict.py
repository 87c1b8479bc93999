"""What the error of a training says, in words."""

from __future__ import annotations

from collections.abc import Mapping

#: What each baseline does.
MEANINGS = {
    "nearest": "copying the nearest frame",
    "ridge": "a weighted sum of the inputs",
    "mean": "playing the mean spectrum",
}
# From this ratio of two errors on, one is closer than the other; below, they are alike.
_ALIKE = 1.1


def verdict(error: float, baselines: Mapping[str, float]) -> str:
    """Say how good a model is, from its error on sound kept aside and those of the baselines.

    The best of the baselines decides.

    Parameters
    ----------
    error : float
        The model's mean absolute error.
    baselines : mapping
        Errors of "mean", "nearest" and "ridge" on the same frames.

    Examples
    --------
    >>> wms.training.verdict(0.01, {"mean": 0.05, "nearest": 0.026, "ridge": 0.03})
    'good: 2.6 times closer to unseen sound than copying the nearest frame'
    """
    name = min(baselines, key=lambda name: baselines[name])
    best, does = baselines[name], MEANINGS[name]
    if best > error * _ALIKE:
        ratio = best / error if error > 0 else float("inf")
        word = "good" if ratio >= 1.5 else "fair"
        return f"{word}: {ratio:.1f} times closer to unseen sound than {does}"
    if error > best * _ALIKE:
        return f"poor: further from unseen sound than {does}; train longer, or bring more sound"
    return f"poor: no closer to unseen sound than {does}; train longer, or bring more sound"


def figures(error: float, baselines: Mapping[str, float]) -> str:
    """Return the errors behind `verdict` in one line, with what they mean.

    Parameters
    ----------
    error, baselines
        As for `verdict`.
    """
    others = ", ".join(f"{MEANINGS[name]} {baselines[name]:.4f}" for name in baselines)
    return (
        f"error {error:.4f}, the mean distance of its spectra log(1 + magnitude) from those of "
        f"sound that it was not trained on; for comparison: {others}"
    )
