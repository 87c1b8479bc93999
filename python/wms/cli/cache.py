"""Write features into wms_torch's own cache.

wms_torch then trains without computing the features, if it is started in the folder ROOT with the
same params.json. Folders are read as wms_torch reads them: only the .wav files directly in them, in
the order of the file system.
"""

from __future__ import annotations

import argparse

from .._progress import AnalysisProgress
from ..compat import write_cache
from ..compat.hashing import VERSIONS
from . import common

EXAMPLE = "example: wms cache recordings/ --out path/to/wms_torch --params params.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("audio", nargs="+", metavar="AUDIO", help="audio files and folders")
    parser.add_argument(
        "--out", required=True, metavar="ROOT", help="the folder in which wms_torch runs"
    )
    parser.add_argument(
        "--version", choices=VERSIONS, default="main", help="branch of wms_torch (default: main)"
    )


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    settings = common.params(options)
    with AnalysisProgress() as progress:
        entry = write_cache(
            options.audio, settings, options.out, options.version, progress=progress
        )
    print(f"{entry.features}: {common.count(entry.frames, 'frame')}")
    print(f'wms_torch finds it with "audio_files_path": "{entry.audio_files_path}"')
