"""Judging a model by recordings it has not been trained on, beside baselines and its ceiling.

`evaluate` does the whole of it; `Evaluation.save` writes the report: one HTML page that needs
nothing else, and its figures as JSON.
"""

from .judge import Evaluation, evaluate
from .measures import MEASURES, Measure, measure_sound
from .passages import Passage, read_middle
from .systems import SYSTEMS

__all__ = [
    "MEASURES",
    "SYSTEMS",
    "Evaluation",
    "Measure",
    "Passage",
    "evaluate",
    "measure_sound",
    "read_middle",
]
