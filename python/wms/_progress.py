"""Progress of long work as one line of text."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from typing import TextIO


class ProgressLine:
    """One line of text that is kept up to date on a terminal.

    Parameters
    ----------
    stream : text stream, optional
        Where to write; default: stderr.
    every_s : float, optional
        Seconds between lines if the stream is not a terminal. Default: nothing is written there.
    """

    def __init__(self, stream: TextIO | None = None, *, every_s: float | None = None) -> None:
        self.stream = sys.stderr if stream is None else stream
        self._every_s = every_s
        self._is_terminal = self.stream.isatty()
        self._next_s = 0.0
        self._width = 0

    def show(self, text: str) -> None:
        """Replace the line by `text`, or write a new one where lines cannot be replaced."""
        if self._is_terminal:
            self.stream.write("\r" + text.ljust(self._width))
            self._width = len(text)
        else:
            now = time.monotonic()
            if self._every_s is None or now < self._next_s:
                return
            self._next_s = now + self._every_s
            self.stream.write(text + "\n")
        self.stream.flush()

    def close(self) -> None:
        """Move to the next line, if there was any."""
        if self._width:
            self.stream.write("\n")
            self.stream.flush()
            self._width = 0


class AnalysisProgress:
    """Shows the progress of an analysis on a terminal: files, frames per second, time left.

    Nothing is shown if the stream is not a terminal.

    Parameters
    ----------
    stream : text stream, optional
        Where to write; default: stderr.
    frame_s : float, optional
        Seconds from one frame to the next. If given, the speed relative to real time is shown too.

    Attributes
    ----------
    files, frames : int
        Files and frames analysed so far.
    """

    def __init__(self, stream: TextIO | None = None, *, frame_s: float = 0.0) -> None:
        self._line = ProgressLine(stream)
        self._frame_s = frame_s
        self._start = time.monotonic()
        self.files = self.frames = 0

    def __enter__(self) -> AnalysisProgress:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()

    @property
    def rate(self) -> float:
        """Frames per second so far."""
        return self.frames / max(time.monotonic() - self._start, 1e-9)

    def __call__(self, done: int, total: int, frames: int, share: float | None = None) -> None:
        """Show the progress.

        Parameters
        ----------
        done, total : int
            Files analysed so far, and files in all.
        frames : int
            Frames analysed so far.
        share : float, optional
            Share of the sound that is analysed, 0 to 1; default: the share of the files.
        """
        self.files, self.frames = done, frames
        text = f"analysed {done}/{total} files, {self.rate:,.0f} frames/s"
        if self._frame_s:
            text += f", {self.rate * self._frame_s:,.0f} x real time"
        if share is None:
            share = done / max(total, 1)
        if 0 < share < 1:
            left = (time.monotonic() - self._start) / share * (1 - share)
            text += f", {clock(left)} left"
        self._line.show(text)

    def report_skipped(self, skipped: Sequence[tuple[os.PathLike[str], str]]) -> None:
        """Write a line for each file that was left out, with the reason."""
        for _, reason in skipped:
            self._line.stream.write(f"skipped {reason}\n")


def clock(seconds: float) -> str:
    """Return a time as minutes and seconds: 125 is "2:05"."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
