"""Judging a model by recordings that it has not been trained on.

`evaluate` compares the model with what is best possible and with simple baselines. `write_report`
writes the result as one HTML page, which needs no other files, and as JSON.

The functions that compare two sounds are in `wms.metrics`; what is measured while a network is
trained is in `wms.training.validation`.
"""

from .columns import MEASURES, Measure, measure_sound
from .detail import Detail
from .judge import MOST_OTHERS, evaluate
from .page import write_report
from .passages import Passage, read_middle
from .result import Evaluation
from .systems import SYSTEMS

__all__ = [
    "MEASURES",
    "MOST_OTHERS",
    "SYSTEMS",
    "Detail",
    "Evaluation",
    "Measure",
    "Passage",
    "evaluate",
    "measure_sound",
    "read_middle",
    "write_report",
]
