"""Train on recordings and judge on others: WMS, its ceiling, and other systems, in one table.

For each test the table has the four distances between sounds, the loudness error and the error of
the partials' levels, all for what the model makes of the test's own features. True spectra are what
a network without errors would play; the nearest frame plays, for each frame, the spectrum of the
training frame whose inputs are nearest. Everything is measured at 16 kHz. With several seeds, each
figure is the mean and, behind it, half the range.

--leave-out-keys M:R trains on the notes whose MIDI key does not have the remainder R modulo M, and
adds the notes that have it as a test (benches/leave_out.py). --ablate trains again with other
params, one row for each. --peers adds a DDSP-style decoder and one that learns wavetables.
--first-seconds trains on the beginning of the recordings only.

Usage: python benches/real_recordings.py TRAIN... [--test NAME=FILE ...] [--leave-out-keys 4:1]
           [--seeds 3] [--params hifi] [--minutes M] [--ablate KEY=VALUE[,KEY=VALUE] ...]
           [--peers ddsp dwts] [--peer-minutes 20] [--first-seconds 4] [--out FOLDER]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Any

import leave_out
import numpy as np
from baselines import judging, learning
from baselines.ddsp import Ddsp
from baselines.dwts import Dwts
from baselines.hearing import RATE, listen
from partials import partial_error_db

import wms
from wms import training
from wms.cli.common import params as chosen_params
from wms.evaluation import evaluate
from wms.evaluation.systems import model_predictor

PEERS = {"ddsp": Ddsp, "dwts": Dwts}
LONGEST_LEFT_OUT_S = 2.5
#: Heading, key and digits of each column.
COLUMNS = (
    ("mss", "mss", 2),
    ("lin", "lin", 3),
    ("lsd, dB", "lsd_db", 2),
    ("mcd, dB", "mcd_db", 2),
    ("loudness error, dB", "loudness_rms_db", 2),
    ("partials, dB", "partials_db", 2),
)

Row = dict[str, float | None]
# Figures by test, then by system, one for each seed.
Table = dict[str, dict[str, list[Row]]]


@dataclasses.dataclass(frozen=True)
class Task:
    """What is trained on, and the tests by their names."""

    frames: wms.Frames
    recordings: list[Path]
    tests: dict[str, Path]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    options = parser.parse_args()
    changes = {text: read_changes(parser, text) for text in options.ablate}
    params = chosen_params(options)
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.out or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        task = prepare(parser, options, params, folder)
        print(
            f"{len(task.frames) * params['hop_size'] / params['sample_rate']:.0f} s to train on, "
            f"tests: {', '.join(task.tests)}",
            flush=True,
        )
        table: Table = {name: {} for name in task.tests}
        arms = {"WMS": params}
        for text, change in changes.items():
            arms[f"WMS, {text}"] = params.replace(**change)
        frames = {
            label: task.frames if trains_on(arm, params) else wms.analyze(task.recordings, arm)
            for label, arm in arms.items()
        }
        for seed in range(options.seeds):
            for label, arm in arms.items():
                seeded = arm.replace(seed=seed)
                judge_wms(task, frames[label], seeded, label, options, folder, table)
            for peer in options.peers:
                judge_peer(task, peer, seed, options, folder, table)
            print_tables(table)
        if options.out:
            (folder / "tables.json").write_text(json.dumps(table, indent=1) + "\n")
            (folder / "tables.md").write_text("\n".join(as_markdown(table)) + "\n")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("audio", nargs="+", help="files and folders to train on")
    parser.add_argument(
        "--test",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="may be given several times",
    )
    parser.add_argument("--leave-out-keys", metavar="M:R", help="for example 4:1")
    parser.add_argument("--seeds", type=int, default=1, help="number of seeds (default 1)")
    parser.add_argument("--params", default="hifi", help="a profile or a file (default hifi)")
    parser.add_argument("--minutes", type=float, help="minutes of each training")
    parser.add_argument("--epochs", type=int, help="epochs of each training")
    parser.add_argument(
        "--ablate", nargs="+", default=[], metavar="KEY=VALUE[,KEY=VALUE]",
        help="params of a further row each",
    )  # fmt: skip
    parser.add_argument("--peers", nargs="+", default=[], choices=sorted(PEERS))
    parser.add_argument(
        "--peer-minutes", type=float, default=20.0, help="processor time of each (default 20)"
    )
    parser.add_argument("--mfcc", type=int, default=40, help="MFCC told to the peers (default 40)")
    parser.add_argument("--first-seconds", type=float, help="train on the beginning only")
    parser.add_argument(
        "--seconds", type=float, default=600.0, help="longest part of a test (default 600)"
    )
    parser.add_argument("--out", type=Path, help="folder for tables, models and what they play")


def read_changes(parser: argparse.ArgumentParser, text: str) -> dict[str, Any]:
    """Read "KEY=VALUE,KEY=VALUE"; a value is JSON, or else a word."""
    changes = {}
    for part in text.split(","):
        key, equals, value = part.partition("=")
        if not equals:
            parser.error(f"--ablate has {part!r}, wanted KEY=VALUE, such as n_mfcc=24")
        try:
            changes[key] = json.loads(value)
        except json.JSONDecodeError:
            changes[key] = value
    return changes


def prepare(
    parser: argparse.ArgumentParser, options: argparse.Namespace, params: wms.Params, folder: Path
) -> Task:
    """Read what the command line names; leave keys out and shorten if it says so."""
    tests = {}
    for text in options.test:
        name, equals, path = text.partition("=")
        if not equals:
            parser.error(f"--test is {text!r}, wanted NAME=FILE")
        tests[name] = Path(path)
    recordings = wms.list_audio(options.audio)
    if options.leave_out_keys:
        modulo, _, remainder = options.leave_out_keys.partition(":")
        if not (modulo.isdecimal() and remainder.isdecimal() and int(remainder) < int(modulo)):
            parser.error(f"--leave-out-keys is {options.leave_out_keys!r}, wanted M:R with R < M")
        recordings, tests["keys left out"] = left_out(
            recordings, int(modulo), int(remainder), params["sample_rate"], folder
        )
    if options.first_seconds:
        sound, rate = wms.load_audio(recordings[0])
        recordings = [folder / "first.wav"]
        wms.save_audio(recordings[0], sound[: round(options.first_seconds * rate)], rate)
    if not tests:
        parser.error("there is no test, wanted --test NAME=FILE or --leave-out-keys M:R")
    return Task(wms.analyze(recordings, params), recordings, tests)


def trains_on(arm: wms.Params, params: wms.Params) -> bool:
    """Return whether params differ in nothing but how the network is trained."""
    trained = {field.name for field in dataclasses.fields(training.TrainSettings)}
    before, after = params.to_dict(), arm.to_dict()
    return all(before[key] == after[key] for key in before if key not in trained)


def left_out(
    recordings: list[Path], modulo: int, remainder: int, sample_rate: int, folder: Path
) -> tuple[list[Path], Path]:
    """Write the notes to train on, a file for each recording, and those of keys left out."""
    kept, held = [], []
    for number, path in enumerate(recordings):
        sound, _ = wms.load_audio(path, sample_rate)
        parts = leave_out.split(sound, sample_rate, modulo=modulo, remainder=remainder)
        held.append(leave_out.left_out_sound(parts, LONGEST_LEFT_OUT_S))
        sounds = [note.sound for note in parts.train]
        if sounds:
            kept.append(folder / f"train_{number}.wav")
            wms.save_audio(kept[-1], leave_out.join(sounds, sample_rate), sample_rate)
    target = folder / "keys_left_out.wav"
    wms.save_audio(target, leave_out.join([h for h in held if len(h)], sample_rate), sample_rate)
    return kept, target


def judge_wms(
    task: Task,
    frames: wms.Frames,
    params: wms.Params,
    label: str,
    options: argparse.Namespace,
    folder: Path,
    table: Table,
) -> None:
    """Train a model and add its rows; those that no training changes are added once."""
    result = training.train(
        params, frames,
        out=folder / f"{slug(label)}_{params['seed']}.safetensors",
        minutes=options.minutes, epochs=options.epochs, overwrite=True,
    )  # fmt: skip
    model = wms.Model.load(result.model_path)
    print(f"{label}: {result.epochs} epochs in {result.minutes:.2f} min", flush=True)
    predict = model_predictor(model)
    for name, path in task.tests.items():
        found = evaluate(
            model, path, train=frames, seconds=options.seconds, sample_rate=RATE, progress=None
        )
        detail = found.details[0]
        test = detail.passage.frames
        rows = table[name]
        made = predict(model.inputs(test))
        rows.setdefault(label, []).append(
            {**found["model"], "partials_db": partial_error_db(made, test)}
        )
        if label == "WMS" and params["seed"] == 0:
            rows["true spectra"] = [{**found["true_spectra"], "partials_db": 0.0}]
            rows["nearest frame"] = [dict(found["nearest"])]
        if options.out:
            wms.save_audio(
                folder / f"{slug(name)}_{slug(label)}_{params['seed']}.wav",
                detail.sounds["model"], RATE,
            )  # fmt: skip
    error = partial_error_db(predict(model.inputs(frames)), frames)
    print(f"{label}: partials of the training frames {error:.2f} dB", flush=True)


def judge_peer(
    task: Task, peer: str, seed: int, options: argparse.Namespace, folder: Path, table: Table
) -> None:
    """Train another system and add its rows."""
    heard = [listen(wms.load_audio(path, RATE)[0], mfcc=options.mfcc) for path in task.recordings]
    decoder, _ = learning.train(PEERS[peer], heard, minutes=options.peer_minutes, seed=seed)
    for name, path in task.tests.items():
        passage = judging.read_passage(path, seconds=options.seconds, mfcc=options.mfcc)
        rows, sound = judging.judge(decoder, passage)
        table[name].setdefault(decoder.title, []).append(rows[decoder.title])
        if options.out:
            wms.save_audio(folder / f"{slug(name)}_{peer}_{seed}.wav", sound, RATE)


def print_tables(table: Table) -> None:
    """Print a table for each test."""
    print("\n".join(as_markdown(table)), flush=True)


def as_markdown(table: Table) -> list[str]:
    """Return the lines of all tables in Markdown, each with the test's name above it."""
    lines = []
    for test, systems in table.items():
        heads = " | ".join(heading for heading, _, _ in COLUMNS)
        lines += ["", test, "", f"| system | {heads} |", "| --- |" + " ---: |" * len(COLUMNS)]
        for system, rows in systems.items():
            cells = " | ".join(cell(rows, key, digits) for _, key, digits in COLUMNS)
            lines.append(f"| {system} | {cells} |")
    return lines


def cell(rows: list[Row], key: str, digits: int) -> str:
    """Return the mean of a figure, and half its range if there are several."""
    values = [value for row in rows if (value := row.get(key)) is not None]
    if not values:
        return "-"
    text = f"{np.mean(values):.{digits}f}"
    return text if len(values) == 1 else f"{text} ± {np.ptp(values) / 2:.{digits}f}"


def slug(label: str) -> str:
    """Return a label as part of a file's name."""
    return "".join(c if c.isalnum() else "_" for c in label.lower())


if __name__ == "__main__":
    main()
