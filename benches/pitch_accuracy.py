"""Measure the accuracy of this package's pitch trackers and of those of other projects.

Makes signals of known pitch from a seed, tracks each with every tracker, and prints mir_eval's
measures. Needs librosa and torchcrepe (``pip install librosa torchcrepe``); SwiftF0, PESTO and FCPE
take part if they are installed (``pip install swift-f0 pesto-pitch torchfcpe``). A recording with
labels lies beside a text file of the same name that ends in `_f0.csv`, whose lines are a time in
seconds and a pitch in Hz, 0 where there is none. With ``--out`` the tables replace the text between
the two marks in that file.

Usage: python benches/pitch_accuracy.py [--notes 60] [--seed 1] [--recordings FILE ...]
       [--labelled FILE ...] [--out docs/pitch.md]
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import importlib.metadata
import math
from collections.abc import Callable
from pathlib import Path

import librosa
import neural_pitch
import numpy as np
import torch
import torchcrepe

import wms
from wms import metrics

RATE, WINDOW, HOP = 16000, 1024, 256
FMIN, FMAX = 46.0, 1600.0
SEARCH = {"fmin": FMIN, "fmax": FMAX, "sr": RATE, "frame_length": WINDOW, "hop_length": HOP}
# What torchcrepe's own examples call voiced.
CREPE_VOICED = 0.21
# What docs/pitch.md recommends to call voiced.
OWN_VOICED = 0.2
TOP_HZ = 7600.0
# From among these, each tracker gets the one that suits it best over all signals.
THRESHOLDS = np.arange(0.02, 1.0, 0.02)
MARKS = "<!-- tables -->\n", "<!-- end of tables -->\n"


def version_of(package: str) -> tuple[int, ...]:
    """Major and minor number."""
    return tuple(int(part) for part in importlib.metadata.version(package).split(".")[:2])


# Signals


@dataclasses.dataclass(frozen=True)
class Signal:
    """Samples, and the true pitch at each of them in Hz, 0 where there is none; both (n,)."""

    y: np.ndarray
    f0_hz: np.ndarray

    def __add__(self, other: Signal) -> Signal:
        """Return one after the other."""
        return Signal(np.append(self.y, other.y), np.append(self.f0_hz, other.f0_hz))


def pitches(rng: np.random.Generator, count: int, low: float, high: float) -> np.ndarray:
    """Spread evenly over the range on a log scale, in random order."""
    steps = (rng.permutation(count) + rng.random(count)) / count
    return low * (high / low) ** steps


def tone(rng: np.random.Generator, f0_hz: np.ndarray, lowest_partial: int = 1) -> Signal:
    """Harmonic tone of the given pitch, (n,), with a spectrum, phases and level of its own."""
    partials = np.arange(lowest_partial, int(TOP_HZ / f0_hz.min()) + 1)
    slope_db = rng.uniform(-15, -3) * np.log2(partials)
    amplitudes = 10 ** ((slope_db + rng.normal(0, 6, len(partials))) / 20)
    phase = 2 * np.pi * np.cumsum(f0_hz) / RATE
    y = np.zeros(len(f0_hz))
    for k, amplitude in zip(partials, amplitudes, strict=True):
        # A glide's partials fade before they would fold.
        audible = np.clip((TOP_HZ + 300 - k * f0_hz) / 300, 0, 1)
        y += amplitude * audible * np.sin(k * phase + rng.uniform(0, 2 * np.pi))
    ramp = np.clip(np.arange(len(y)) / (0.01 * RATE), 0, 1)
    y *= ramp * ramp[::-1]
    return Signal(y * 10 ** (rng.uniform(-30, -1) / 20) / np.abs(y).max(), f0_hz)


def noise(rng: np.random.Generator, n: int, pink: bool) -> np.ndarray:
    """White or pink noise of RMS 1, (n,)."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    if pink:
        spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
        spectrum[0] = 0
    y = np.fft.irfft(spectrum, n)
    return y / y.std()


def unpitched(y: np.ndarray) -> Signal:
    """Samples without any pitch."""
    return Signal(y, np.zeros(len(y)))


def rest(seconds: float) -> Signal:
    """Silence."""
    return unpitched(np.zeros(int(seconds * RATE)))


def joined(signals: list[Signal], gap_s: float = 0.1) -> Signal:
    """All of them, a rest after each."""
    return sum((s + rest(gap_s) for s in signals), rest(gap_s))


def times(seconds: float) -> np.ndarray:
    """Times of that many seconds' samples."""
    return np.arange(int(seconds * RATE)) / RATE


def steady(rng: np.random.Generator, notes: int) -> list[Signal]:
    """Tones of constant pitch, 0.7 s each."""
    return [tone(rng, np.full(int(0.7 * RATE), hz)) for hz in pitches(rng, notes, FMIN, FMAX)]


def glides(rng: np.random.Generator, notes: int) -> list[Signal]:
    """An octave and a half up or down at most, in 0.7 s."""
    span = FMAX / FMIN
    result = []
    for at in (pitches(rng, notes, FMIN, FMAX) / FMIN) ** 1.0:
        octaves = rng.uniform(0.3, 1.5) * (1 if at < math.sqrt(span) else -1)
        result.append(tone(rng, FMIN * at * 2 ** (octaves * times(0.7) / 0.7)))
    return result


def vibrato(rng: np.random.Generator, notes: int) -> list[Signal]:
    """4 to 7 Hz, 20 to 80 cents to either side."""
    result = []
    for hz in pitches(rng, notes, FMIN * 1.1, FMAX / 1.1):
        depth, rate = rng.uniform(20, 80), rng.uniform(4, 7)
        cents = depth * np.sin(2 * np.pi * (rate * times(0.7) + rng.random()))
        result.append(tone(rng, hz * 2 ** (cents / 1200)))
    return result


def leaps(rng: np.random.Generator, notes: int) -> list[Signal]:
    """Six notes of 0.2 s without a gap, one or two octaves apart, in one timbre."""
    result = []
    for hz in pitches(rng, math.ceil(notes / 2), FMIN, FMAX):
        steps = [hz]
        while len(steps) < 6:
            octaves = rng.choice([o for o in (-2, -1, 1, 2) if FMIN <= steps[-1] * 2.0**o <= FMAX])
            steps.append(steps[-1] * 2.0**octaves)
        result.append(tone(rng, np.repeat(steps, int(0.2 * RATE))))
    return result


def no_fundamental(rng: np.random.Generator, notes: int) -> list[Signal]:
    """Partials from the second, third or fourth on; at least ten of them."""
    result = []
    for hz in pitches(rng, notes, FMIN, TOP_HZ / 14):
        result.append(tone(rng, np.full(int(0.7 * RATE), hz), int(rng.integers(2, 5))))
    return result


def in_noise(snr_db: float, rng: np.random.Generator, notes: int) -> list[Signal]:
    """Steady tones in white and in pink noise, in turns."""
    result = []
    for index, note in enumerate(steady(rng, notes)):
        gain = np.sqrt((note.y**2).mean()) * 10 ** (-snr_db / 20)
        y = note.y + gain * noise(rng, len(note.y), pink=index % 2 == 1)
        result.append(Signal(y, note.f0_hz))
    return result


def with_rests(rng: np.random.Generator, notes: int) -> Signal:
    """Steady tones and vibrato; after each 0.4 s of silence, or of noise 0 to 40 dB below it."""
    tones = steady(rng, notes // 2) + vibrato(rng, notes - notes // 2)
    result = rest(0.4)
    for index in rng.permutation(len(tones)):
        note = tones[index]
        gap = noise(rng, int(0.4 * RATE), pink=bool(rng.random() < 0.5))
        level = np.sqrt((note.y**2).mean()) * 10 ** (-rng.uniform(0, 40) / 20)
        result = result + note + unpitched(gap * (level if index % 2 else 0))
    return result


def in_a_room(rng: np.random.Generator, notes: int) -> Signal:
    """The same over a floor of noise 30 to 60 dB below full scale, which never stops."""
    signal = with_rests(rng, notes)
    floor = noise(rng, len(signal.y), pink=True) * 10 ** (-rng.uniform(45, 55) / 20)
    return Signal(signal.y + floor, signal.f0_hz)


def out_of_range(rng: np.random.Generator, notes: int, low: float, high: float) -> Signal:
    """Tones that no tracker was asked for: to be called unvoiced."""
    tones = [tone(rng, np.full(int(0.5 * RATE), hz)) for hz in pitches(rng, notes, low, high)]
    return unpitched(joined(tones).y)


def nothing(rng: np.random.Generator, notes: int) -> Signal:
    """Silence, DC, white and pink noise."""
    n = int(notes * 0.2 * RATE)
    parts = [np.zeros(n), np.full(n, 0.5), *(0.1 * noise(rng, n, pink) for pink in (False, True))]
    return unpitched(np.concatenate(parts))


PITCHED: dict[str, Callable[[np.random.Generator, int], list[Signal]]] = {
    "steady": steady,
    "glides": glides,
    "vibrato": vibrato,
    "octave leaps": leaps,
    "no fundamental": no_fundamental,
    "20 dB SNR": functools.partial(in_noise, 20),
    "10 dB SNR": functools.partial(in_noise, 10),
    "0 dB SNR": functools.partial(in_noise, 0),
}
VOICING: dict[str, Callable[[np.random.Generator, int], Signal]] = {
    "rests": with_rests,
    "rests, noise floor": in_a_room,
    "silence, DC, noise": nothing,
    "tones below range": functools.partial(out_of_range, low=23.0, high=FMIN / 1.06),
    "tones above range": functools.partial(out_of_range, low=FMAX * 1.06, high=5000.0),
}


# Trackers


@dataclasses.dataclass(frozen=True)
class Track:
    """What a tracker says; all (T,). Without a voicedness every frame is voiced."""

    times_s: np.ndarray
    f0_hz: np.ndarray
    voicedness: np.ndarray | None
    voiced: np.ndarray


def of_frames(f0_hz: np.ndarray, voicedness: np.ndarray | None, voiced: np.ndarray) -> Track:
    """Track whose frame i tells of sample i * HOP."""
    return Track(np.arange(len(f0_hz)) * HOP / RATE, f0_hz, voicedness, voiced)


def of_yin(f0_hz: np.ndarray, voicedness: np.ndarray | None, voiced: np.ndarray) -> Track:
    """Track of YIN and pYIN as librosa had them up to 0.10, at the times its pitches really are of.

    They compare a frame's first half with itself a period later: the pitch is that of half a
    period after the first quarter of the frame. From 0.11 on it is that of the frame's middle.
    """
    track = of_frames(f0_hz, voicedness, voiced)
    shift_s = (-WINDOW / 4 + 0.5 * RATE / f0_hz) / RATE
    return dataclasses.replace(track, times_s=track.times_s + shift_s)


LIBROSA_TRACK = of_frames if version_of("librosa") >= (0, 11) else of_yin


def own(method: str, y: np.ndarray) -> Track:
    """`wms.analyze` with this project's corrections."""
    params = wms.Params(
        pitch_detection_method=method, sample_rate=RATE, hop_size=HOP, window_size=WINDOW,
        f_low=FMIN, f_high=FMAX,
    )  # fmt: skip
    frames = wms.analyze(y, params, sample_rate=RATE)
    return of_frames(frames.f0_hz, frames.voicedness, frames.voicedness >= OWN_VOICED)


def wms_crepe(decoder: str, y: np.ndarray) -> Track:
    """`wms.crepe` with one of torchcrepe's decoders."""
    f0_hz, p = wms.crepe(y, sr=RATE, fmin=FMIN, fmax=FMAX, hop_length=HOP, decoder=decoder)
    return of_frames(f0_hz, p, p >= CREPE_VOICED)


def their_crepe(decoder: str, y: np.ndarray) -> Track:
    """torchcrepe, model tiny."""
    f0_hz, p = torchcrepe.predict(
        torch.from_numpy(y)[None], RATE, HOP, FMIN, FMAX, "tiny", batch_size=256,
        decoder=getattr(torchcrepe.decode, decoder), return_periodicity=True,
    )  # fmt: skip
    f0_hz, p = (x[0].numpy() for x in (f0_hz, p))
    return of_frames(f0_hz, p, p >= CREPE_VOICED)


def wms_yin(y: np.ndarray) -> Track:
    """`wms.yin`, which is that of librosa 0.10."""
    f0_hz = wms.yin(y, **SEARCH)
    return of_yin(f0_hz, None, np.ones(len(f0_hz), bool))


def their_yin(y: np.ndarray) -> Track:
    """librosa.yin."""
    f0_hz = librosa.yin(y, **SEARCH)
    return LIBROSA_TRACK(f0_hz, None, np.ones(len(f0_hz), bool))


def wms_pyin(y: np.ndarray) -> Track:
    """`wms.pyin`, which is that of librosa 0.10."""
    f0_hz, voiced, probability = wms.pyin(y, **SEARCH)
    return of_yin(f0_hz, probability, voiced)


def their_pyin(y: np.ndarray) -> Track:
    """librosa.pyin."""
    f0_hz, voiced, probability = librosa.pyin(y, fill_na=None, **SEARCH)
    return LIBROSA_TRACK(f0_hz, probability, voiced)


def neural(run: Callable[[np.ndarray, float, float], neural_pitch.Found], y: np.ndarray) -> Track:
    """Another project's network."""
    return Track(*run(y, FMIN, FMAX))


TRACKERS: dict[str, Callable[[np.ndarray], Track]] = {
    "**analyze, crepe**": functools.partial(own, "crepe"),
    "**analyze, pyin**": functools.partial(own, "pyin"),
    "**analyze, yin**": functools.partial(own, "yin"),
    "wms.crepe viterbi": functools.partial(wms_crepe, "viterbi"),
    "torchcrepe viterbi": functools.partial(their_crepe, "viterbi"),
    "wms.crepe argmax": functools.partial(wms_crepe, "argmax"),
    "torchcrepe argmax": functools.partial(their_crepe, "argmax"),
    "wms.crepe weighted_argmax": functools.partial(wms_crepe, "weighted_argmax"),
    "torchcrepe weighted_argmax": functools.partial(their_crepe, "weighted_argmax"),
    "wms.pyin": wms_pyin,
    "librosa.pyin": their_pyin,
    "wms.yin": wms_yin,
    "librosa.yin": their_yin,
    **{name: functools.partial(neural, run) for name, run in neural_pitch.installed().items()},
}


# Measures


@dataclasses.dataclass(frozen=True)
class Result:
    """A tracker's scores on one signal; `f_by_threshold` is over `THRESHOLDS`."""

    scores: metrics.PitchScores
    cents: float
    ranking: float
    f_by_threshold: np.ndarray


def area_under_curve(of_voiced: np.ndarray, of_unvoiced: np.ndarray) -> float:
    """Chance that a voiced frame has the higher voicedness of two; half a point for equal."""
    if not (len(of_voiced) and len(of_unvoiced)):
        return math.nan
    ordered = np.sort(of_unvoiced)
    ranks = np.searchsorted(ordered, of_voiced) + np.searchsorted(ordered, of_voiced, "right")
    return float(ranks.mean() / (2 * len(ordered)))


def f_measures(truth: np.ndarray, found: np.ndarray, voicedness: np.ndarray) -> np.ndarray:
    """Harmonic mean of precision and recall at each of `THRESHOLDS`.

    A frame is found if it is called voiced within 50 cents of the truth.
    """
    voiced = truth > 0
    if not voiced.any():
        return np.full(len(THRESHOLDS), math.nan)
    cents = 1200 * np.abs(np.log2(np.maximum(found, 1e-3) / np.where(voiced, truth, 1e-3)))
    right = voiced & (cents < 50)
    called = voicedness >= THRESHOLDS[:, None]
    return 2 * (called & right).sum(axis=1) / (called.sum(axis=1) + voiced.sum())


def judge(signal: Signal, track: Track) -> Result:
    """Compare each frame with the truth at its own time."""
    at = np.rint(track.times_s * RATE).astype(int)
    inside = (at >= 0) & (at < len(signal.y))
    at, found, called = at[inside], track.f0_hz[inside], track.voiced[inside]
    truth = signal.f0_hz[at]
    voiced = truth > 0
    cents, ranking = math.nan, math.nan
    if (voiced & (found > 0)).any():
        cents = metrics.f0_error_cents(truth, found).median_cents
    if track.voicedness is not None:
        voicedness = track.voicedness[inside]
        ranking = area_under_curve(voicedness[voiced], voicedness[~voiced])
    else:
        voicedness = called.astype(float)
    f_by_threshold = f_measures(truth, found, voicedness)
    return Result(
        metrics.pitch_scores(truth, voiced, found, called), cents, ranking, f_by_threshold
    )


def consensus(y: np.ndarray) -> np.ndarray:
    """Pitch in Hz where librosa's YIN and pYIN and torchcrepe's argmax agree, 0 elsewhere, (T,)."""
    tracks = [their_pyin(y), their_crepe("argmax", y), their_yin(y)]
    count = min(len(track.f0_hz) for track in tracks)
    f0_hz = np.stack([track.f0_hz[:count] for track in tracks])
    cents = 1200 * np.log2(f0_hz.max(axis=0) / f0_hz.min(axis=0))
    sure = (cents < 50) & tracks[0].voiced[:count] & (tracks[1].voicedness[:count] > 0.5)
    return np.where(sure, np.median(f0_hz, axis=0), 0)


def on_recordings(paths: list[Path]) -> str:
    """Table of raw pitch accuracy where three of the peers agree."""
    head, rows = [], {name: [] for name in TRACKERS}
    for path in paths:
        y, _ = wms.load_audio(path, RATE)
        truth = consensus(y)
        head.append(f"{path.stem} ({(truth > 0).mean():.0%} of frames)")
        signal = Signal(y, np.repeat(truth, HOP)[: len(y)])
        signal = Signal(y[: len(signal.f0_hz)], signal.f0_hz)
        for name, track in TRACKERS.items():
            rows[name].append(percent(judge(signal, track(y)).scores.raw_pitch_accuracy))
    return table(head, rows)


def on_labelled(paths: list[Path]) -> str:
    """Table of the measures on recordings whose pitch somebody has written down."""
    parts = []
    for path in paths:
        y, _ = wms.load_audio(path, RATE)
        labels = np.loadtxt(path.with_name(path.stem + "_f0.csv"), delimiter=",")
        nearest = np.searchsorted((labels[1:, 0] + labels[:-1, 0]) / 2, np.arange(len(y)) / RATE)
        signal = Signal(y, labels[nearest, 1])
        rows = {name: voicing_cells(judge(signal, track(y))) for name, track in TRACKERS.items()}
        parts.append(f"### {path.stem}, %\n\n" + table(VOICING_HEAD, rows))
    return "\n".join(parts)


# Tables

VOICING_HEAD = ["recall", "false alarm", "overall", "raw pitch", "ranking", "F"]


def voicing_cells(result: Result) -> list[str]:
    """Row below `VOICING_HEAD`; F is at the threshold that is best for this signal."""
    s = result.scores
    shares = [s.voicing_recall, s.voicing_false_alarm, s.overall_accuracy, s.raw_pitch_accuracy]
    return [percent(x) for x in [*shares, result.ranking, result.f_by_threshold.max()]]


def table(head: list[str], rows: dict[str, list[str]]) -> str:
    """Markdown."""
    lines = [" | ".join(["", *head]), "|".join([" --- ", *[" ---: "] * len(head)])]
    lines += [" | ".join([name, *cells]) for name, cells in rows.items()]
    return "".join(f"| {line.strip()} |\n" for line in lines)


def percent(share: float) -> str:
    """One decimal."""
    return "-" if math.isnan(share) else f"{100 * share:.1f}"


def report(results: dict[tuple[str, str], Result], versions: str) -> str:
    """All tables."""

    def by_signal(names: list[str], cell: Callable[[Result], str]) -> str:
        return table(names, {t: [cell(results[t, s]) for s in names] for t in TRACKERS})

    def voicing(name: str) -> str:
        return table(VOICING_HEAD, {t: voicing_cells(results[t, name]) for t in TRACKERS})

    pitched, voiceless = list(PITCHED), list(VOICING)
    with_notes = [*pitched, *voiceless[:2]]

    def f_measure(tracker: str) -> list[str]:
        f = np.stack([results[tracker, name].f_by_threshold for name in with_notes])
        best = int(f.mean(axis=0).argmax())
        return [percent(x) for x in [*f[:, best], f[:, best].mean()]]

    return "\n".join(
        [
            versions,
            "### Raw pitch accuracy, %\n",
            by_signal(pitched, lambda r: percent(r.scores.raw_pitch_accuracy)),
            "### F at 50 cents, each tracker at one threshold that suits it best, %\n",
            table([*with_notes, "mean"], {t: f_measure(t) for t in TRACKERS}),
            "### Raw chroma accuracy, %\n",
            by_signal(pitched, lambda r: percent(r.scores.raw_chroma_accuracy)),
            "### Median absolute error, cents\n",
            by_signal(pitched, lambda r: f"{r.cents:.2f}"),
            "### Voicing: notes and rests, %\n",
            voicing("rests"),
            "### Voicing: the same over a floor of noise, %\n",
            voicing("rests, noise floor"),
            "### False alarms where there is no note in range, %\n",
            by_signal(voiceless[2:], lambda r: percent(r.scores.voicing_false_alarm)),
        ]
    )


def write(path: Path, tables: str) -> None:
    """Put the tables between the marks."""
    text = path.read_text(encoding="utf-8")
    before, _, rest_of_it = text.partition(MARKS[0])
    _, mark, after = rest_of_it.partition(MARKS[1])
    if not mark:
        raise SystemExit(f"{path} lacks the lines {MARKS[0].strip()} and {MARKS[1].strip()}")
    path.write_text(f"{before}{MARKS[0]}\n{tables}\n{MARKS[1]}{after}", encoding="utf-8")


def main() -> None:
    """Make, track, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--recordings", type=Path, nargs="*", default=[])
    parser.add_argument("--labelled", type=Path, nargs="*", default=[])
    parser.add_argument("--only", nargs="*", help="trackers whose names contain one of these")
    options = parser.parse_args()
    for name in list(TRACKERS):
        if options.only and not any(part in name for part in options.only):
            TRACKERS.pop(name)

    results = {}
    for number, (name, make) in enumerate({**PITCHED, **VOICING}.items()):
        made = make(np.random.default_rng([options.seed, number]), options.notes)
        signal = joined(made) if isinstance(made, list) else made
        y = signal.y.astype(np.float32)
        for tracker, track in TRACKERS.items():
            # torchcrepe's dither.
            np.random.seed(options.seed)
            results[tracker, name] = judge(signal, track(y))
    packages = ["librosa", "torchcrepe", "torch", "numpy"]
    networks = {"SwiftF0": "swift-f0", "PESTO": "pesto-pitch", "FCPE": "torchfcpe"}
    packages += [networks[name] for name in neural_pitch.installed()]
    listed = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in packages)
    given = f"--notes {options.notes} --seed {options.seed}"
    for option, paths in [("recordings", options.recordings), ("labelled", options.labelled)]:
        if paths:
            given += f" --{option} " + " ".join(path.name for path in paths)
    versions = f"`python benches/pitch_accuracy.py {given}`, wms {wms.__version__}, {listed}.\n"
    tables = report(results, versions)
    if options.recordings:
        tables += "\n### Recordings: raw pitch accuracy where the peers agree, %\n\n"
        tables += on_recordings(options.recordings)
    if options.labelled:
        tables += "\n" + on_labelled(options.labelled)
    print(tables)
    if options.out:
        write(options.out, tables)


if __name__ == "__main__":
    main()
