"""From a model and unseen recordings to figures, and to what a page shows."""

from __future__ import annotations

import dataclasses
import datetime
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import (
    Frames,
    Model,
    Params,
    Store,
    __version__,
    analyze,
    list_audio,
    metrics,
    play_spectra,
    resample,
    resynthesize,
)
from .._settings import analysis_params
from ..errors import AudioFileError, ParameterError
from .measures import MEASURES, measure_sound
from .passages import Float32, Passage, read_passage
from .systems import Predictor, model_predictor, simple_baselines, training_frames

_Source = str | os.PathLike[str]
_Figures = dict[str, float | None]

#: Passages that are shown and can be heard; the figures are of all.
SHOWN_PASSAGES = 4
# Time to train a baseline where the model does not say how long it was trained itself.
_DEFAULT_MINUTES = 5.0


@dataclasses.dataclass(frozen=True)
class Detail:
    """One passage as a page shows it.

    Attributes
    ----------
    passage : Passage
        What was judged.
    sounds : dict
        "model" and "true_spectra" played, (n,) each.
    loudness_db : dict
        A-weighted levels of frames of 512 samples: "original" and those of `sounds`, (L,).
    errors : dict
        Mean absolute error of the log1p spectrum of every analysed frame, by system, (T,).
    """

    passage: Passage
    sounds: dict[str, Float32]
    loudness_db: dict[str, npt.NDArray[np.float64]]
    errors: dict[str, Float32]


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What `evaluate` found.

    Attributes
    ----------
    figures : dict
        The content of figures.json: plain values only.
    details : list of Detail
        The first passages, to be looked at and heard.
    skipped : list of (Path, str)
        Recordings that could not be read, each with the reason in one line.
    """

    figures: dict[str, Any]
    details: list[Detail]
    skipped: list[tuple[Path, str]]

    def __getitem__(self, system: str) -> _Figures:
        """Return the figures of a system, in the mean over passages: ``result["model"]["mss"]``."""
        figures: _Figures = self.figures["systems"][system]
        return figures

    def save(self, folder: _Source) -> Path:
        """Write the report: `index.html`, which needs nothing else, and `figures.json`.

        Parameters
        ----------
        folder : path
            Where to; made where there is none. Files of these names are replaced.

        Returns
        -------
        Path
            The page.

        Raises
        ------
        FileAccessError
            If they cannot be written.
        WmsError
            If matplotlib is not installed.
        """
        from .page import write_report

        return write_report(self, Path(folder))


def evaluate(
    model: Model,
    audio: _Source | Sequence[_Source],
    *,
    params: Params | None = None,
    train: Frames | Store | _Source | Sequence[_Source] | None = None,
    baselines: bool = False,
    minutes: float | None = None,
    seconds: float = 30.0,
    sample_rate: int | None = None,
    noise: float = 1.0,
    seed: int = 0,
    progress: Callable[[int, int, int], object] | None = None,
) -> Evaluation:
    """Judge a model by recordings that it has not been trained on.

    Each is analysed, predicted frame by frame, and played through the realtime oscillator; the
    sound is measured against the recording (`measure_sound`). The same is done with its true
    spectra, which a network without errors would play, and with simple baselines.

    Parameters
    ----------
    model : Model
        What is judged.
    audio : path, or sequence of them
        Recordings and folders. Nothing tells whether the model was trained on them: choose
        others.
    params : Params, optional
        Of the analysis; default: those that the model was trained with.
    train : Frames, Store, path, or sequence of paths, optional
        What the model was trained on, from which baselines are made: nearest frame, ridge
        regression, mean (needs PyTorch). Default: no baselines.
    baselines : bool
        Also train a network as large without memory, and one by wms_torch's recipe.
    minutes : float, optional
        Wall-clock time to train each of the two; default: as long as the model was, by its
        file, or 5.
    seconds : float
        Longest passage of a recording; of a longer one its middle is taken.
    sample_rate : int, optional
        Rate at which it is measured, at least 4000 Hz; default: the model's own. It is played at
        that rate or the model's own, whichever is higher, and brought to it as the recording is.
        Figures compare at equal rates only.
    noise : float
        Amplitude factor of the noise part.
    seed : int
        Chooses the noise.
    progress : callable, optional
        Called with the numbers of recordings done, recordings in all, and frames done; then
        trainings of baselines show their own line on stderr.

    Raises
    ------
    ParameterError
        If an argument is out of range, a recording is also in `train`, or the training frames do
        not fit the model.
    AudioFileError
        If no recording can be read.
    WmsError
        If there are to be baselines and PyTorch is not installed.
    """
    settings = params or analysis_params(model)
    rate = model.sample_rate if sample_rate is None else sample_rate
    _check_ranges(rate, seconds, minutes, baselines=baselines, has_training=train is not None)
    paths = list_audio(audio)
    seen = None if train is None else _training(train, settings, paths)
    predictors = {"model": model_predictor(model)}
    told = None
    if seen is not None:
        show = progress is not None
        more, told = _baselines(model, seen, trained=baselines, minutes=minutes, show=show)
        predictors |= more

    tally = _Tally(settings)
    details: list[Detail] = []
    skipped: list[tuple[Path, str]] = []
    frames_done = 0
    for done, path in enumerate(paths):
        try:
            passage = read_passage(path, settings, seconds=seconds, sample_rate=rate)
        except AudioFileError as error:
            if len(paths) == 1:
                raise
            skipped.append((path, str(error)))
            continue
        detail = _judge(passage, model, predictors, settings, tally, noise=noise, seed=seed)
        if len(details) < SHOWN_PASSAGES:
            details.append(detail)
        frames_done += len(passage.frames)
        if progress is not None:
            progress(done + 1, len(paths), frames_done)
    if not details:
        raise AudioFileError(f"none of {len(paths)} recordings can be read: {skipped[0][1]}")

    conditions = {
        "sample_rate": rate,
        "longest_passage_s": seconds,
        "noise": noise,
        "seed": seed,
        "fmin_hz": float(settings["f_low"]),
        "fmax_hz": float(settings["f_high"]),
    }
    figures = {
        "format": "wms-evaluation",
        "version": 1,
        "wms_version": __version__,
        "created": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "model": _describe(model, settings),
        "conditions": conditions,
        "baselines": told,
        "systems": tally.means(),
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
        raise ParameterError("there is nothing to train baselines on, wanted the training sound")


def _training(
    train: Frames | Store | _Source | Sequence[_Source], settings: Params, tested: Sequence[Path]
) -> Frames | Store:
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
    return train if isinstance(train, (Frames, Store)) else analyze(names, settings)


def _baselines(
    model: Model, frames: Frames | Store, *, trained: bool, minutes: float | None, show: bool
) -> tuple[dict[str, Predictor], dict[str, Any]]:
    seen = training_frames(model, frames)
    predictors = simple_baselines(seen)
    told: dict[str, Any] = {
        "recordings": [Path(name).name for name in frames.files],
        "seconds": len(frames) * model.hop_size / model.sample_rate,
        "minutes_trained": None,
    }
    if trained:
        from .trained import trained_baselines

        if minutes is None:
            minutes = float(model.config.get("provenance", {}).get("minutes") or _DEFAULT_MINUTES)
        size = sum(array.size for array in model.state_dict().values())
        predictors |= trained_baselines(seen, num_weights=size, minutes=minutes, show=show)
        told["minutes_trained"] = minutes
    return predictors, told


def _judge(
    passage: Passage,
    model: Model,
    predictors: Mapping[str, Predictor],
    settings: Params,
    tally: _Tally,
    *,
    noise: float,
    seed: int,
) -> Detail:
    frames, rate = passage.frames, passage.sample_rate
    played_at = max(rate, model.sample_rate)
    target = frames.spectrum
    inputs = model.inputs(frames)
    spectra = {"true_spectra": target}
    spectra |= {name: predict(inputs) for name, predict in predictors.items()}
    found: dict[str, _Figures] = {}
    sounds: dict[str, Float32] = {}
    for name, values in spectra.items():
        if name == "model":
            sound = resynthesize(model, frames, sample_rate=played_at, noise=noise, seed=seed)
        else:
            sound = play_spectra(
                values, frames.f0_hz, frames.voicedness,
                layout=settings, sample_rate=played_at, noise=noise, seed=seed,
            )  # fmt: skip
        # The recording's highest octave went through the same filter.
        sound = resample(sound, orig_sr=played_at, target_sr=rate)
        sound = sound[: len(passage.original)]
        measured = measure_sound(
            passage.original, sound, sr=rate, fmin=settings["f_low"], fmax=settings["f_high"]
        )
        error = float(np.abs(values - target).mean(dtype=np.float64))
        found[name] = {"spectrum_error": error, **measured}
        if name in ("model", "true_spectra"):
            sounds[name] = sound
    tally.add(passage, spectra, found)
    return Detail(
        passage=passage,
        sounds=sounds,
        loudness_db={
            name: metrics.loudness(sound, sr=rate)
            for name, sound in {"original": passage.original, **sounds}.items()
        },
        errors={
            name: np.abs(values - target).mean(axis=1)
            for name, values in spectra.items()
            if name in ("model", "nearest")
        },
    )


class _Tally:
    """Figures of passages, and their means weighted by length."""

    def __init__(self, settings: Params) -> None:
        self.passages: list[dict[str, Any]] = []
        self._settings = settings
        self._frames = 0
        self._levels: dict[str, npt.NDArray[np.float64]] = {}
        self._errors: dict[str, npt.NDArray[np.float64]] = {}

    def add(
        self, passage: Passage, spectra: Mapping[str, Float32], found: Mapping[str, _Figures]
    ) -> None:
        """Count a passage in."""
        target = spectra["true_spectra"]
        self._frames += len(target)
        for name, values in spectra.items():
            _add(self._errors, name, np.abs(values - target))
            _add(self._levels, name, values)
        self.passages.append(
            {
                "file": passage.name,
                "start_s": passage.start_s,
                "seconds": passage.seconds,
                "frames": len(target),
                "systems": dict(found),
            }
        )

    def means(self) -> dict[str, _Figures]:
        """Figures by system, in the mean over passages that have them."""
        return {
            system: {
                measure.key: _mean(
                    (passage["systems"][system][measure.key], passage["seconds"])
                    for passage in self.passages
                )
                for measure in MEASURES
            }
            for system in self._errors
        }

    def bins(self) -> dict[str, Any]:
        """Mean level and error of every bin, by system."""
        settings = self._settings
        per_partial = settings["cycles_per_window"] * settings["n_fft"] / settings["window_size"]
        mean = {
            key: {name: (total / self._frames).tolist() for name, total in sums.items()}
            for key, sums in (("level", self._levels), ("error", self._errors))
        }
        return {"bins_per_partial": per_partial, **mean}


def _add(sums: dict[str, npt.NDArray[np.float64]], name: str, values: Float32) -> None:
    sums[name] = sums.get(name, 0.0) + values.sum(axis=0, dtype=np.float64)


def _mean(weighted: Iterable[tuple[float | None, float]]) -> float | None:
    pairs = [(value, weight) for value, weight in weighted if value is not None]
    if not pairs:
        return None
    return sum(value * weight for value, weight in pairs) / sum(weight for _, weight in pairs)


def _describe(model: Model, settings: Params) -> dict[str, Any]:
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
