"""Judge recordings before a model is trained on them.

Says in one line what they hold: how long, how much of it has a pitch, from which note to which,
from how soft to how loud. A line for each thing that would make the model worse follows. Recordings
without any sound end with exit status 1.
"""

from __future__ import annotations

import argparse
import json

from .. import Params
from . import common

#: What --params is if it is not given.
PARAMS_DEFAULT = "hifi"

EXAMPLE = "example: wms check recordings/"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    common.add_sources(parser)
    common.add_channel(parser)
    parser.add_argument(
        "--picture", metavar="FILE", help="also draw which pitches it has at which levels (.png)"
    )
    parser.add_argument("--json", action="store_true", help="write it as JSON, for programs")


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    settings = Params.load(options.params or PARAMS_DEFAULT)
    if options.picture:
        from ..plot import check_package

        check_package()
    frames, report = common.judged_frames(options.audio, settings, options.channel)
    print(json.dumps(report.to_dict(), indent=1, ensure_ascii=False) if options.json else report)
    if options.picture:
        from ..plot import draw_coverage, save_figure

        save_figure(draw_coverage(frames), options.picture)
        if not options.json:
            print(f"{options.picture}: the pitches and their levels")
