"""Reducing MFCC to three coordinates by PaCMAP, with a map that also places new sound."""

from __future__ import annotations

import dataclasses
import logging
from typing import Any

import numpy as np
import numpy.typing as npt

from .._frames import FloatArray, FrameArrays, FramesLike
from ..errors import ParameterError, WmsError
from .frames import params_dict

# wms_torch's settings of PaCMAP.
COMPONENTS = 3
_PACMAP = {"n_neighbors": 10, "MN_ratio": 0.5, "FP_ratio": 2.0, "distance": "euclidean"}
# More frames do not improve the map, but make PaCMAP slow.
_MAX_FRAMES = 20_000
_CENTRES = 256
# Weight of the ridge penalty, which keeps the map smooth between frames.
_RIDGE = 1e-4
_PIECE = 8192


@dataclasses.dataclass(frozen=True)
class Projection:
    """A smooth map from standardised MFCC to coordinates: a linear part and radial basis functions.

    Attributes
    ----------
    centres : (M, n_mfcc) float64
        Centres of the radial basis functions, which are Gaussian.
    width : float
        Their standard deviation.
    weights : (M + n_mfcc + 1, 3) float64
        Weights of the radial basis functions, then of the coefficients, then the constant.
    fit : float
        Share of the variance of PaCMAP's coordinates that the map explains on the frames that it
        was fitted to; 1 means that it gives exactly these coordinates.
    """

    centres: npt.NDArray[np.float64]
    width: float
    weights: npt.NDArray[np.float64]
    fit: float

    def apply(self, mfcc: FloatArray) -> npt.NDArray[np.float32]:
        """Map standardised coefficients (T, n_mfcc) to coordinates (T, 3)."""
        out = np.empty((len(mfcc), self.weights.shape[1]), np.float32)
        for start in range(0, len(mfcc), _PIECE):
            piece = np.asarray(mfcc[start : start + _PIECE], np.float64)
            out[start : start + _PIECE] = _columns(piece, self.centres, self.width) @ self.weights
        return out

    def to_config(self) -> dict[str, Any]:
        """Return the map as plain values, the field "projection" of a model file's config."""
        return {
            "kind": "rbf",
            "width": self.width,
            "centres": self.centres.tolist(),
            "weights": self.weights.tolist(),
            "fit": self.fit,
        }


def fit_projection(mfcc: FloatArray, *, seed: int = 0) -> Projection:
    """Embed standardised MFCC by PaCMAP and fit a map to the embedding.

    PaCMAP (Wang et al. 2021) places only the frames that it is given. The map, a ridge regression
    on radial basis functions, places any frame and is small enough for a model file.

    Parameters
    ----------
    mfcc : (T, n_mfcc)
        At least 50 frames. If there are more than 20 000, evenly spaced ones are used.
    seed : int
        Seed of PaCMAP and of the choice of centres.

    Raises
    ------
    ParameterError
        If there are fewer than 50 frames.
    WmsError
        If the package pacmap is not installed.
    """
    chosen = np.asarray(mfcc[:: -(-len(mfcc) // _MAX_FRAMES) or 1], np.float64)
    if len(chosen) < 50:
        raise ParameterError(f"PaCMAP has {len(chosen)} frames to embed, wanted at least 50")
    embedding = _embed(chosen, seed)
    return _fit(chosen, embedding, seed)


class ProjectedFrames(FrameArrays):
    """Frames whose timbre inputs are three coordinates instead of MFCC.

    The other arrays, the scaler and the params are those of `frames`.

    Parameters
    ----------
    frames : Frames
        T frames. Their inputs begin with the n_mfcc standardised coefficients.
    projection : Projection, optional
        The map; default: a new one is fitted to these frames.

    Attributes
    ----------
    inputs : (T, 3 + 1 or 2) float32
        Coordinates, pitch, and voicedness if the params include it.
    input_names : list of str
        Names of these columns.
    projection : Projection
        The map.
    """

    def __init__(self, frames: FramesLike, projection: Projection | None = None) -> None:
        params = params_dict(frames.params)
        n_mfcc = int(params["n_mfcc"])
        whole = np.asarray(frames.inputs)
        if projection is None:
            projection = fit_projection(whole[:, :n_mfcc], seed=int(params.get("seed", 0)))
        super().__init__(
            inputs=np.hstack(
                [projection.apply(whole[:, :n_mfcc]), whole[:, n_mfcc:]], dtype=np.float32
            ),
            targets=frames.targets,
            file_index=frames.file_index,
            f0_hz=frames.f0_hz,
            voicedness=frames.voicedness,
            scaler=frames.scaler,
            params=frames.params,
        )
        self.projection = projection
        count = projection.weights.shape[1]
        self.input_names = [f"pacmap_{i}" for i in range(count)]
        self.input_names += ["pitch", "voicedness"][: whole.shape[1] - n_mfcc]


def projected(frames: FramesLike) -> FramesLike:
    """Return `frames`, as `ProjectedFrames` if their params ask for mfcc_dim_reduction "pacmap"."""
    is_wanted = params_dict(frames.params).get("mfcc_dim_reduction") == "pacmap"
    if not is_wanted or isinstance(frames, ProjectedFrames):
        return frames
    return ProjectedFrames(frames)


def _embed(mfcc: npt.NDArray[np.float64], seed: int) -> npt.NDArray[np.float64]:
    try:
        import pacmap
    except ImportError as error:
        raise WmsError(
            "mfcc_dim_reduction is 'pacmap', which needs the package pacmap: "
            "pip install '.[pacmap]' in the checkout"
        ) from error
    logger = logging.getLogger("pacmap")
    level = logger.level
    try:
        # Hides its warnings that a seed is given and that there are not two components.
        logger.setLevel(logging.ERROR)
        made = pacmap.PaCMAP(n_components=COMPONENTS, random_state=seed, **_PACMAP)
        embedding: npt.NDArray[np.float64] = np.asarray(made.fit_transform(mfcc), np.float64)
    finally:
        logger.setLevel(level)
    return embedding


def _fit(
    mfcc: npt.NDArray[np.float64], embedding: npt.NDArray[np.float64], seed: int
) -> Projection:
    rng = np.random.default_rng(seed)
    count = min(_CENTRES, len(mfcc) // 4)
    centres = mfcc[np.sort(rng.choice(len(mfcc), count, replace=False))]
    squared = _squared_distances(centres, centres)
    # Wide enough to reach the neighbours: the median distance of the eighth nearest centre.
    near = np.sqrt(np.partition(squared, min(8, count - 1), axis=1)[:, min(8, count - 1)])
    width = max(float(np.median(near)), 1e-3)
    columns = _columns(mfcc, centres, width)
    gram = columns.T @ columns
    # The linear part is hardly penalised, because it places sound far from all centres.
    penalty = np.full(len(gram), _RIDGE * len(mfcc) / count)
    penalty[count:] = 1e-9 * len(mfcc)
    solved = np.linalg.solve(gram + np.diag(penalty), columns.T @ embedding)
    weights: npt.NDArray[np.float64] = np.asarray(solved, np.float64)
    left = embedding - columns @ weights
    spread = embedding - embedding.mean(axis=0)
    fit = 1 - float((left**2).sum()) / max(float((spread**2).sum()), 1e-300)
    return Projection(centres, width, weights, fit)


def _columns(
    x: npt.NDArray[np.float64], centres: npt.NDArray[np.float64], width: float
) -> npt.NDArray[np.float64]:
    bumps = np.exp(-_squared_distances(x, centres) / (2 * width**2))
    return np.hstack([bumps, x, np.ones((len(x), 1))])


def _squared_distances(
    a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    whole: npt.NDArray[np.float64] = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.maximum(whole, 0.0)
