"""Judge a model by recordings that it was not trained on.

Analyses the recordings, plays them with the model, and measures how different the result sounds.
For comparison, the recordings' own spectra are played too: this is what a network without errors
would play, and the best that is possible. Writes a folder with a page to look at and listen to
(index.html, which needs no other files) and its figures (figures.json). With the training sound
given as --train, simple baselines are compared too. Notes of keys that the model was never trained
on are told from other takes of known keys. AUDIO must be recordings that the model was not trained
on; this cannot be checked.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from .. import list_audio
from .._progress import AnalysisProgress
from ..errors import FileAccessError
from . import common, outputs
from .usage import UsageError, number, whole

EXAMPLE = (
    "example: wms evaluate phrase.wav --model flute.safetensors --out report/ --train recordings/"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "audio",
        nargs="+",
        metavar="AUDIO",
        help="recordings and folders that the model was not trained on",
    )
    parser.add_argument(
        "--model",
        required=True,
        action="append",
        metavar="MODEL",
        help=f"{common.MODEL_HELP}; given several times, up to four models are compared",
    )
    outputs.add_output(parser, "FOLDER", "the folder to write")
    common.add_channel(parser)
    parser.add_argument(
        "--train", nargs="+", metavar="AUDIO", help="the training sound, or its frames or store"
    )
    parser.add_argument(
        "--baselines", action="store_true", help="also train two networks on it to compare with"
    )
    parser.add_argument(
        "--minutes",
        type=number(1e-6, 1e6),
        metavar="M",
        help="minutes to train each of them (default: as long as the model was trained)",
    )
    parser.add_argument(
        "--seconds", type=number(1, 3600, "seconds"), default=30.0, metavar="S",
        help="longest passage, taken from the middle of a recording (default: 30)",
    )  # fmt: skip
    parser.add_argument(
        "--sample-rate",
        type=whole(4000, 768_000),
        metavar="HZ",
        help="sample rate of the measurement (default: the model's, the highest of several)",
    )
    common.add_noise(parser)


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    from ..evaluation import MOST_OTHERS, evaluate, write_report
    from ..evaluation.keys import KINDS
    from ..evaluation.page import check_packages

    if options.baselines and not options.train:
        raise UsageError("--baselines needs --train, wanted the sound to train them on")
    # Checked now, so that a missing package does not show after minutes of work.
    check_packages()
    if len(options.model) > 1 + MOST_OTHERS:
        raise UsageError(
            f"--model is given {len(options.model)} times, wanted at most {1 + MOST_OTHERS}"
        )
    model, settings = common.model_and_params(options, options.model[0])
    others = [common.model_and_params(options, name)[0] for name in options.model[1:]]
    list_audio(options.audio)
    for source in options.train or ():
        if not Path(source).exists():
            raise FileAccessError(f"{source}: no such file or folder")
    out = outputs.output_folder(options)
    train = common.frames(options.train, settings, options.channel) if options.train else None
    with AnalysisProgress() as progress:
        found = evaluate(
            model,
            options.audio,
            others=others,
            params=settings if options.params else None,
            train=train,
            baselines=options.baselines,
            minutes=options.minutes,
            channel=options.channel,
            seconds=options.seconds,
            sample_rate=options.sample_rate,
            noise=options.noise,
            seed=options.seed,
            progress=progress,
        )
    progress.report_skipped(found.skipped)
    page = write_report(found, out)
    names = {f"model_{number}": name for number, name in enumerate(options.model[1:], start=2)}
    model_row, ceiling = found["model"], found["true_spectra"]
    print(f"{page}: on sound taken to be unseen (ceiling: its own spectra)")
    for key, name in (("spectrum_error", "spectrum error"), ("mss", "multi-scale spectral")):
        beside = ", ".join(
            f"{names.get(system, system)} {found[system][key]:.4f}"
            for system in found.figures["systems"]
            if system not in ("model", "true_spectra")
        )
        more = f", {beside}" if beside else ""
        print(f"  {name} {model_row[key]:.4f} (ceiling {ceiling[key]:.4f}{more})")
    for kind, words in KINDS.items():
        row = (found.figures["keys"] or {}).get(kind)
        if row and row["notes"]:
            mine, best = row["systems"]["model"], row["systems"]["true_spectra"]
            print(
                f"  {common.count(row['notes'], 'note')} of {words}: multi-scale spectral "
                f"{mine['mss']:.4f} (ceiling {best['mss']:.4f}), mel cepstral "
                f"{mine['mcd_db']:.2f} dB (ceiling {best['mcd_db']:.2f})"
            )
