"""The progress of an analysis as one line on a terminal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from typing import TextIO


class AnalysisProgress:
    """Shows how far an analysis is, how fast, and the time left.

    Silent where the stream is not a terminal.

    Parameters
    ----------
    stream : text stream, optional
        Default: stderr.
    frame_s : float, optional
        Seconds from one frame to the next, to say how many times faster than the sound it goes.

    Attributes
    ----------
    files, frames : int
        Files done and frames done so far.
    """

    def __init__(self, stream: TextIO | None = None, *, frame_s: float = 0.0) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._frame_s = frame_s
        self._start = time.monotonic()
        self._shown = False
        self.files = self.frames = 0

    def __enter__(self) -> AnalysisProgress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            self._stream.write("\n")

    @property
    def rate(self) -> float:
        """Frames a second so far."""
        return self.frames / max(time.monotonic() - self._start, 1e-9)

    def __call__(self, done: int, total: int, frames: int, share: float | None = None) -> None:
        """Show how far it is: files done, files in all, frames done, share of the sound done."""
        self.files, self.frames = done, frames
        if not self._stream.isatty():
            return
        line = f"analysed {done}/{total} files, {self.rate:,.0f} frames/s"
        if self._frame_s:
            line += f", {self.rate * self._frame_s:,.0f} x real time"
        if share is None:
            share = done / max(total, 1)
        if 0 < share < 1:
            left = (time.monotonic() - self._start) / share * (1 - share)
            line += f", {left // 60:.0f}:{left % 60:02.0f} left"
        self._stream.write(f"\r{line:<78}")
        self._stream.flush()
        self._shown = True

    def report_skipped(self, skipped: Sequence[tuple[os.PathLike[str], str]]) -> None:
        """Say which files were left out, and why."""
        for _, reason in skipped:
            self._stream.write(f"skipped {reason}\n")
