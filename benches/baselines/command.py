"""The command that all decoders share: train, judge, print tables, save what was heard."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import wms
from wms.evaluation import evaluate

from .decoder import Decoder
from .hearing import RATE, Recording, listen
from .judging import Figures, Passage, as_markdown, judge, read_passage
from .learning import train


def run(build: Callable[[list[Recording]], Decoder], description: str) -> None:
    """Train a decoder as the command line says, judge it, and print a table for each test."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    options = parser.parse_args()
    if options.out and options.out.suffix not in (".json", ".md"):
        parser.error(f"--out is {options.out}, wanted a file ending in .json or .md")
    names = [path.stem for path in options.test]
    if len(set(names)) < len(names):
        parser.error(f"--test has two files of one name ({', '.join(names)}), wanted other names")

    model = wms.Model.load(options.model) if options.model else None
    recordings = [
        listen(wms.load_audio(path, RATE)[0], mfcc=options.mfcc)
        for path in wms.list_audio(options.audio)
    ]
    if options.train_seconds:
        recordings = [recordings[0].first(options.train_seconds)]
    passages = [
        read_passage(path, seconds=options.seconds, mfcc=options.mfcc) for path in options.test
    ]

    def show(decoder: Decoder, minutes: float, batches: int) -> None:
        print(f"after {minutes:g} of {options.minutes:g} minutes, {batches} batches")
        print_tables({p.name: judge(decoder, p)[0] for p in passages})

    decoder, batches = train(
        build, recordings,
        minutes=options.minutes, seed=options.seed, pause_at=options.judge_at, at_pause=show,
    )  # fmt: skip
    weights = sum(p.numel() for p in decoder.parameters() if p.requires_grad)
    print(f"{weights:,} weights, {batches} batches in {options.minutes:g} minutes")
    tables = {}
    for path, passage in zip(options.test, passages, strict=True):
        tables[passage.name] = judged(decoder, passage, path, options, model)
    print_tables(tables)
    if options.out:
        write(options.out, tables, options.minutes, batches)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("audio", nargs="+", help="files and folders to train on")
    parser.add_argument(
        "--test", required=True, type=Path, action="append",
        help="a recording not trained on; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--minutes", type=float, default=20.0, help="processor time to train (default 20)"
    )
    parser.add_argument("--mfcc", type=int, default=40, help="number of MFCC told (default 40)")
    parser.add_argument("--seed", type=int, default=0, help="of weights and excerpts (default 0)")
    parser.add_argument("--seconds", type=float, default=30.0, help="longest passage (default 30)")
    parser.add_argument(
        "--train-seconds", type=float, help="train on the beginning of the first recording only"
    )
    parser.add_argument(
        "--judge-at", type=float, nargs="*", default=[], metavar="MINUTES",
        help="print the tables at these times of the training too",
    )  # fmt: skip
    parser.add_argument("--model", type=Path, help="a WMS model to judge beside it")
    parser.add_argument("--out", type=Path, help="write the tables, as .json or .md")
    parser.add_argument("--renders", type=Path, help="folder for the decoder's sound, 16 kHz")


def judged(
    decoder: Decoder,
    passage: Passage,
    path: Path,
    options: argparse.Namespace,
    model: wms.Model | None,
) -> dict[str, Figures]:
    """Judge the decoder and the WMS model, if one was given, on one passage; save the sound."""
    rows, sound = judge(decoder, passage)
    if options.renders:
        options.renders.mkdir(parents=True, exist_ok=True)
        wms.save_audio(options.renders / f"{passage.name}.wav", sound, RATE)
    if model is not None:
        found = evaluate(model, path, seconds=options.seconds, sample_rate=RATE)
        rows |= {f"WMS, {model.name}": found["model"], "true spectra": found["true_spectra"]}
    return rows


def print_tables(tables: dict[str, dict[str, Figures]]) -> None:
    """Print a table for each passage."""
    print("\n".join(as_text(tables)), flush=True)


def as_text(tables: dict[str, dict[str, Figures]]) -> list[str]:
    """Return the lines of all tables in Markdown, each with the passage's name above it."""
    return [line for name, rows in tables.items() for line in (f"\n{name}\n", as_markdown(rows))]


def write(path: Path, tables: dict[str, dict[str, Figures]], minutes: float, batches: int) -> None:
    """Write the tables as JSON or Markdown, whichever the path says."""
    if path.suffix == ".json":
        found = {"minutes": minutes, "batches": batches, "passages": tables}
        path.write_text(json.dumps(found, indent=1) + "\n")
    else:
        path.write_text("\n".join(as_text(tables)).lstrip() + "\n")
