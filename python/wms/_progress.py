"""The progress of an analysis as one line on a terminal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from typing import TextIO


class AnalysisProgress:
    """Called with files done, files in all and frames done; shows rate and time left.

    Silent where the stream is not a terminal.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._start = time.monotonic()
        self._shown = False

    def __enter__(self) -> AnalysisProgress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            self._stream.write("\n")

    def __call__(self, done: int, total: int, frames: int) -> None:
        """Show how far the analysis is."""
        if not self._stream.isatty():
            return
        elapsed = max(time.monotonic() - self._start, 1e-9)
        line = f"analysed {done}/{total} files, {frames / elapsed:,.0f} frames/s"
        if 0 < done < total:
            left = elapsed / done * (total - done)
            line += f", {left // 60:.0f}:{left % 60:02.0f} left"
        self._stream.write(f"\r{line:<70}")
        self._stream.flush()
        self._shown = True

    def report_skipped(self, skipped: Sequence[tuple[os.PathLike[str], str]]) -> None:
        """Say which files were left out, and why."""
        for _, reason in skipped:
            self._stream.write(f"skipped {reason}\n")
