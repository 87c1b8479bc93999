"""Analyse recordings into features and spectra.

Computes the pitch, voicedness, MFCC and spectrum of every frame. If --out is a folder, it becomes
a store with a file of frames for each recording, and the next run analyses only recordings that
are new or changed. If --out is a .safetensors file, it holds all frames and the params. Either can
be given to `wms train` instead of recordings. The memory needed does not grow with the length or
number of the recordings, unless "compatibility" is set in the params. After Ctrl-C the recordings
that are finished are kept.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from .. import Frames, Params, Store
from .._progress import AnalysisProgress
from ..compat import write_midi
from ..errors import FileAccessError
from . import common, outputs
from .usage import UsageError, whole

EXAMPLE = "example: wms analyze recordings/ --out frames/"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("audio", nargs="+", metavar="AUDIO", help="audio files and folders")
    outputs.add_output(parser, "OUT", "a folder, or a .safetensors file to write")
    common.add_channel(parser)
    parser.add_argument(
        "--midi",
        metavar="FILE",
        help="also write the features as MIDI controllers, as wms_torch's branch dev does: without "
        "notes, and 10 ms a frame whatever the hop size",
    )
    parser.add_argument(
        "--threads", type=whole(1), metavar="N", help="threads (default: all cores)"
    )
    parser.add_argument(
        "--prune",
        action="store_true",
        help="remove recordings from the folder that are not given any more",
    )
    parser.add_argument(
        "--ray",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="analyse on a Ray cluster that has the same folders (default: start one here)",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    midi = outputs.writable(options, Path(options.midi)) if options.midi else None
    status = _analyse(options, common.params(options))
    if midi and status == 0:
        write_midi(Frames.load(options.out), midi)
        print(midi)
    return status


def _analyse(options: argparse.Namespace, settings: Params) -> int:
    if not options.out.lower().endswith(common.NATIVE):
        return _into_folder(options, settings)
    if options.prune:
        raise UsageError(
            f"--prune is for a folder and --out is {options.out}, wanted a folder as --out"
        )
    out = outputs.output(options, common.NATIVE)
    if settings["compatibility"] is not None:
        return _joined(options, settings, out)
    # This folder is kept after an interruption, so that the next run can continue.
    parts = out.with_name(f".{out.name}.parts")
    with _progress(settings) as progress:
        store = _update(options, settings, parts, progress)
        if store is None:
            return 130
        store.save(out)
    shutil.rmtree(parts)
    _report(out, store, progress)
    return 0


def _into_folder(options: argparse.Namespace, settings: Params) -> int:
    out = Path(options.out)
    if out.suffix and not out.is_dir():
        raise UsageError(
            f"--out is {out}, wanted a file ending in {common.NATIVE}, or a folder, whose name has "
            "no ending"
        )
    if out.is_file():
        raise FileAccessError(f"{out}: is a file, wanted a folder")
    outputs.new_folder(options, out)
    with _progress(settings) as progress:
        store = _update(options, settings, out, progress)
    if store is None:
        return 130
    _report(out, store, progress)
    return 0


def _joined(options: argparse.Namespace, settings: Params, out: Path) -> int:
    """Analyse recordings as wms_torch does, joined to one signal in memory."""
    if options.ray is not None:
        raise UsageError('--ray is given with "compatibility" in the params, wanted one of the two')
    progress = _progress(settings)
    frames = common.analysed(
        options.audio, settings, options.channel, threads=options.threads, progress=progress
    )
    frames.save(out)
    number, recordings = common.count(len(frames), "frame"), len(frames.files)
    print(
        f"{out}: {number} of {common.count(recordings, 'recording')}, {progress.rate:,.0f} frames/s"
    )
    return 0


def _progress(settings: Params) -> AnalysisProgress:
    return AnalysisProgress(frame_s=settings["hop_size"] / settings["sample_rate"])


def _update(
    options: argparse.Namespace, settings: Params, folder: Path, progress: AnalysisProgress
) -> Store | None:
    """Bring the store up to date; return None if interrupted."""
    try:
        if options.ray is None:
            return Store.update(
                folder,
                options.audio,
                settings,
                channel=options.channel,
                num_threads=options.threads,
                prune=options.prune,
                progress=progress,
            )
        from .._ray import update_store

        return update_store(
            folder,
            options.audio,
            settings,
            channel=options.channel,
            address=options.ray or None,
            num_cpus=options.threads,
            prune=options.prune,
            progress=progress,
        )
    except KeyboardInterrupt:
        if options.debug:
            raise
        kept = common.count(progress.files, "finished recording")
        progress.__exit__()
        print(
            f"wms analyze: interrupted; {folder} keeps {kept}: the same command goes on from there",
            file=sys.stderr,
        )
        return None


def _report(out: Path, store: Store, progress: AnalysisProgress) -> None:
    progress.report_skipped(store.skipped)
    recordings = len(store.files)
    print(
        f"{out}: {common.count(len(store), 'frame')} of {common.count(recordings, 'recording')}: "
        f"{recordings - store.kept} analysed, {store.kept} kept, {len(store.skipped)} skipped; "
        f"{progress.rate:,.0f} frames/s"
    )
