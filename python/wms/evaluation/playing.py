"""Playing a passage through a model or from spectra, and measuring the result."""

from __future__ import annotations

import dataclasses

import numpy as np

from .. import Model, Params, play_spectra, resample, resynthesize
from .columns import measure_sound
from .passages import Float32, Passage
from .result import Figures
from .systems import model_predictor


@dataclasses.dataclass(frozen=True)
class Conditions:
    """How everything is played and measured."""

    sample_rate: int
    longest_passage_s: float
    noise: float
    seed: int


def played_by(
    passage: Passage, model: Model, settings: Params, conditions: Conditions
) -> tuple[Figures, Float32]:
    """Play one of the other models, analysed as it wants; return its figures and its sound."""
    spectra = model_predictor(model)(model.inputs(passage.frames))
    sound = play(passage, model, None, settings, conditions)
    return measured(passage, spectra, sound, settings), sound


def measured(passage: Passage, spectra: Float32, sound: Float32, settings: Params) -> Figures:
    """Return the figures of a system that predicted these spectra and sounded so."""
    found = measure_sound(
        passage.original, sound,
        sr=passage.sample_rate, fmin=settings["f_low"], fmax=settings["f_high"],
    )  # fmt: skip
    error = float(np.abs(spectra - passage.frames.spectrum).mean(dtype=np.float64))
    return {"spectrum_error": error, **found}


def play(
    passage: Passage,
    model: Model,
    spectra: Float32 | None,
    settings: Params,
    conditions: Conditions,
) -> Float32:
    """Play log1p spectra at the pitch of a passage; the model's own if `spectra` is None."""
    frames, rate = passage.frames, passage.sample_rate
    played_at = max(rate, model.sample_rate)
    noise, seed = conditions.noise, conditions.seed
    if spectra is None:
        sound = resynthesize(model, frames, sample_rate=played_at, noise=noise, seed=seed)
    else:
        sound = play_spectra(
            spectra, frames.f0_hz, frames.voicedness,
            layout=settings, sample_rate=played_at, noise=noise, seed=seed,
        )  # fmt: skip
    # The recording was resampled by the same filter, which weakens the highest octave a little.
    sound = resample(sound, orig_sr=played_at, target_sr=rate)
    return sound[: len(passage.original)]
