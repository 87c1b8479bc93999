"""Training of timbre networks in PyTorch (``pip install 'wms[train]'``).

`train` is the whole way from frames to a model file. Its parts can be used alone: the held-out
stretches (`split_frames`), the dataset (`FrameSequences`), the network (`GRUNet`), the losses,
the baselines, and the writers of model files (`save_model`, `export_wms_torch`).

The params that steer it, with defaults, ranges and meanings, are the fields of `TrainSettings`.
"""

try:
    import torch as _torch  # noqa: F401
except ImportError as error:
    raise ImportError("wms.training needs PyTorch: pip install 'wms[train]'") from error

from .baselines import baseline_errors, nearest_frame, predict_mean, ridge_regression
from .curves import draw_errors, plot_history
from .dataset import FrameSequences
from .evaluate import evaluate_stretches
from .export import export_wms_torch, fold_normalisation, save_model
from .frames import FramesLike
from .loop import TrainResult, train
from .losses import (
    LogSpectralLoss,
    SmoothnessLoss,
    SpectralLoss,
    WeightedMSELoss,
    make_criterion,
)
from .network import GRUNet
from .progress import EpochRecord
from .projection import ProjectedFrames, Projection, fit_projection
from .settings import TrainSettings
from .splits import Split, Stretch, split_frames

__all__ = [
    "EpochRecord",
    "FrameSequences",
    "FramesLike",
    "GRUNet",
    "LogSpectralLoss",
    "ProjectedFrames",
    "Projection",
    "SmoothnessLoss",
    "SpectralLoss",
    "Split",
    "Stretch",
    "TrainResult",
    "TrainSettings",
    "WeightedMSELoss",
    "baseline_errors",
    "draw_errors",
    "evaluate_stretches",
    "export_wms_torch",
    "fit_projection",
    "fold_normalisation",
    "make_criterion",
    "nearest_frame",
    "plot_history",
    "predict_mean",
    "ridge_regression",
    "save_model",
    "split_frames",
    "train",
]
