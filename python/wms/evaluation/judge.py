"""Judging a model: analyse unseen recordings, play what it predicts, and measure the difference."""

from __future__ import annotations

import dataclasses
import datetime
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import (
    Frames,
    Model,
    Params,
    Store,
    __version__,
    analyze,
    list_audio,
    metrics,
)
from ..baselines import Predictor
from ..errors import AudioFileError, ParameterError
from .detail import Detail
from .keys import KeyTally
from .passages import Float32, Passage, read_passage
from .playing import Conditions, measured, play, played_by
from .result import Evaluation, Figures
from .systems import baseline_predictors, model_predictor
from .tally import Tally

_Source = str | os.PathLike[str]

#: Most models beside the first one.
MOST_OTHERS = 3
#: Number of passages that the page shows and plays. The figures are those of all passages.
SHOWN_PASSAGES = 4


def evaluate(
    model: Model,
    audio: _Source | Sequence[_Source],
    *,
    others: Sequence[Model] = (),
    params: Params | None = None,
    train: Frames | Store | _Source | Sequence[_Source] | None = None,
    baselines: bool = False,
    minutes: float | None = None,
    seconds: float = 30.0,
    channel: str = "mix",
    sample_rate: int | None = None,
    noise: float = 1.0,
    seed: int = 0,
    progress: Callable[[int, int, int], object] | None = None,
) -> Evaluation:
    """Judge a model by recordings that it has not been trained on.

    Each recording is analysed, its spectra are predicted frame by frame and played through the
    realtime oscillator, and the sound is measured against the recording (`measure_sound`). The same
    is done with the recording's own spectra, which is what a network without errors would play, and
    with simple baselines.

    Parameters
    ----------
    model : Model
        The model to judge.
    audio : path, or sequence of paths
        Recordings and folders. The model must not have been trained on them, which cannot be
        checked here.
    others : sequence of Model
        Up to three models to compare with it.
    params : Params, optional
        Params of the analysis; default: for each model those that it was trained with.
    train : Frames, Store, path, or sequence of paths, optional
        The training sound of the model, from which the baselines nearest frame, ridge regression
        and mean are made. Default: no baselines.
    baselines : bool
        Also train two networks to compare with: one as large but without memory, and one by
        wms_torch's recipe. Needs `train` and PyTorch.
    minutes : float, optional
        Time to train each of the two; default: as long as the model was trained according to its
        file, or 5.
    seconds : float
        Longest passage of a recording, 1 to 3600. Of a longer recording the middle is taken.
    channel : str
        Channel of the recordings, of those to train on too: "mix", "left" or "right".
    sample_rate : int, optional
        Sample rate at which sounds are measured, at least 4000 Hz; default: the model's own, or the
        highest of several models. Sounds are played at this rate or the model's own, whichever is
        higher, and then resampled to it, as the recording is. Compare figures only if they were
        measured at the same rate.
    noise : float
        Amplitude factor of the noise part.
    seed : int
        Seed of the noise.
    progress : callable, optional
        Called with the number of recordings done, of recordings in all, and of frames done. If it
        is given, the training of baselines shows a line of its own on stderr.

    Returns
    -------
    Evaluation
        The figures, and what the page shows.

    Raises
    ------
    ParameterError
        If an argument is out of range, a recording is also in `train`, or the training frames do
        not fit the model.
    AudioFileError
        If no recording can be read.
    WmsError
        If networks are to be trained and PyTorch is not installed.
    """
    if len(others) > MOST_OTHERS:
        raise ParameterError(f"there are {len(others)} others, wanted at most {MOST_OTHERS}")
    settings = params or model.params
    rates = [each.sample_rate for each in (model, *others)]
    rate = max(rates) if sample_rate is None else sample_rate
    _check_ranges(rate, seconds, minutes, baselines=baselines, has_training=train is not None)
    conditions = Conditions(rate, seconds, noise, seed)
    paths = list_audio(audio)
    training_sound = None if train is None else _training_sound(train, settings, paths, channel)
    predictors = {"model": model_predictor(model)}
    baseline_description = None
    if training_sound is not None:
        fitted, baseline_description = baseline_predictors(
            model, training_sound,
            trained=baselines, minutes=minutes, show_progress=progress is not None,
        )  # fmt: skip
        predictors |= fitted

    rivals = {
        f"model_{number}": (other, params or other.params)
        for number, other in enumerate(others, start=2)
    }
    tally, keys = Tally(settings), KeyTally(model, settings)
    details: list[Detail] = []
    skipped: list[tuple[Path, str]] = []
    frames_done = 0
    for done, path in enumerate(paths):
        try:
            passage = read_passage(
                path, settings, seconds=seconds, sample_rate=rate, channel=channel
            )
        except AudioFileError as error:
            if len(paths) == 1:
                raise
            skipped.append((path, str(error)))
            continue
        passages = {
            name: passage
            if own == settings
            else read_passage(path, own, seconds=seconds, sample_rate=rate, channel=channel)
            for name, (_, own) in rivals.items()
        }
        played = {
            name: played_by(passages[name], rival, own, conditions)
            for name, (rival, own) in rivals.items()
        }
        detail = _judge(passage, model, predictors, settings, played, tally, conditions)
        keys.add(passage, detail.sounds)
        if len(details) < SHOWN_PASSAGES:
            details.append(detail)
        frames_done += len(passage.frames)
        if progress is not None:
            progress(done + 1, len(paths), frames_done)
    if not details:
        raise AudioFileError(f"none of {len(paths)} recordings can be read: {skipped[0][1]}")
    figures = {
        "format": "wms-evaluation",
        "version": 1,
        "wms_version": __version__,
        "created": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "model": _describe_model(model, settings),
        "others": [_describe_model(other, own) for other, own in rivals.values()],
        "conditions": {
            **dataclasses.asdict(conditions),
            "fmin_hz": float(settings["f_low"]),
            "fmax_hz": float(settings["f_high"]),
        },
        "baselines": baseline_description,
        "systems": tally.means(),
        "keys": keys.figures(),
        "bins": tally.bins(),
        "passages": tally.passages,
        "skipped": [reason for _, reason in skipped],
    }
    return Evaluation(figures, details, skipped)


def _check_ranges(
    rate: int, seconds: float, minutes: float | None, *, baselines: bool, has_training: bool
) -> None:
    if not rate >= 4000:
        raise ParameterError(f"sample_rate is {rate} Hz, wanted at least 4000 Hz")
    if not 1.0 <= seconds <= 3600.0:
        raise ParameterError(f"seconds is {seconds:g}, wanted 1 to 3600")
    if minutes is not None and not 0 < minutes < 1e5:
        raise ParameterError(f"minutes is {minutes:g}, wanted more than 0 and less than 100000")
    if baselines and not has_training:
        raise ParameterError(
            "there is nothing to train baselines on, wanted the training sound as train"
        )


def _training_sound(
    train: Frames | Store | _Source | Sequence[_Source],
    settings: Params,
    tested: Sequence[Path],
    channel: str,
) -> Frames | Store:
    """Return the training sound as frames; it must share no file with the tested recordings."""
    if isinstance(train, (Frames, Store)):
        names = [Path(name) for name in train.files]
    else:
        names = list_audio(train)
    both = {path.resolve() for path in names} & {path.resolve() for path in tested}
    if both:
        raise ParameterError(
            f"{min(both).name}: is among the training sound too, wanted recordings that the model "
            "was not trained on"
        )
    if isinstance(train, (Frames, Store)):
        return train
    return analyze(names, settings, channel=channel)


def _judge(
    passage: Passage,
    model: Model,
    predictors: Mapping[str, Predictor],
    settings: Params,
    rivals: Mapping[str, tuple[Figures, Float32]],
    tally: Tally,
    conditions: Conditions,
) -> Detail:
    """Play and measure all systems on one passage, add them to the tally, and keep the details.

    `rivals` has the figures and the sound of the other models by their keys.
    """
    frames, target = passage.frames, passage.frames.spectrum
    inputs = model.inputs(frames)
    spectra = {"true_spectra": target}
    spectra |= {name: predict(inputs) for name, predict in predictors.items()}
    figures: dict[str, Figures] = {}
    sounds: dict[str, Float32] = {}
    for name, values in spectra.items():
        played = None if name == "model" else values
        sound = play(passage, model, played, settings, conditions)
        figures[name] = measured(passage, values, sound, settings)
        if name in ("model", "true_spectra"):
            sounds[name] = sound
    for name, (own_figures, sound) in rivals.items():
        figures[name], sounds[name] = own_figures, sound
    tally.add(passage, spectra, figures)
    return Detail(
        passage=passage,
        sounds=sounds,
        loudness_db={
            name: metrics.loudness(sound, sr=passage.sample_rate)
            for name, sound in {"original": passage.original, **sounds}.items()
        },
        errors={
            name: np.abs(values - target).mean(axis=1)
            for name, values in spectra.items()
            if name in ("model", "nearest")
        },
    )


def _describe_model(model: Model, settings: Params) -> dict[str, Any]:
    return {
        "name": model.name,
        "generation": model.generation,
        "inputs": model.input_names,
        "bins": model.output_size,
        "weights": sum(int(array.size) for array in model.state_dict().values()),
        "sample_rate": model.sample_rate,
        "hop_size": model.hop_size,
        "f0_range_hz": model.config["f0_range_hz"],
        "provenance": model.config.get("provenance", {}),
        "params": settings.to_dict(),
    }
