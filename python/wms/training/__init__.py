"""Training of timbre networks in PyTorch (``pip install '.[train]'``).

`train` does everything from frames to a model file. Its parts can also be used by themselves: the
split (`split_notes`, `split_frames`), the dataset (`FrameSequences`), the networks (`PartialNet` of
WMS-2, and `GRUNet`, which is wms_torch's), the losses (`make_criterion`), the baselines
(`fit_baselines`), and the functions that write model files
(`save_model`, `export_wms_torch`).

The fields of `TrainSettings` are the params that control the training, with their defaults, ranges
and meanings.
"""

try:
    import torch as _torch  # noqa: F401
except ImportError as error:
    raise ImportError(
        "wms.training needs PyTorch: pip install '.[train]' in the checkout"
    ) from error

from .._frames import FramesLike
from ..baselines import baseline_errors, fit_baselines
from .curves import draw_errors, plot_history
from .dataset import FrameSequences
from .export import export_wms_torch, fold_normalisation, save_model
from .losses import (
    DecibelLoss,
    LogSpectralLoss,
    SmoothnessLoss,
    SpectralLoss,
    WeightedMSELoss,
    make_criterion,
)
from .network import GRUNet
from .note_split import split_notes, trained_keys
from .partial_network import PartialNet
from .progress import EpochRecord
from .projection import ProjectedFrames, Projection, fit_projection
from .settings import TrainSettings
from .splits import Split, Stretch, split_frames
from .train import TrainResult, train
from .validation import evaluate_stretches
from .verdict import verdict

__all__ = [
    "DecibelLoss",
    "EpochRecord",
    "FrameSequences",
    "FramesLike",
    "GRUNet",
    "LogSpectralLoss",
    "PartialNet",
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
    "fit_baselines",
    "fit_projection",
    "fold_normalisation",
    "make_criterion",
    "plot_history",
    "save_model",
    "split_frames",
    "split_notes",
    "train",
    "trained_keys",
    "verdict",
]
