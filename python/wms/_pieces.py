"""Working through large arrays piece by piece."""

from __future__ import annotations

# Largest number of values in a piece: 4 MB of float32.
_VALUES = 1 << 20
_MOST_ROWS = 8192


def piece_rows(columns: int) -> int:
    """Return how many rows of an array to process at once.

    With so many rows, only about 4 MB of a memory-mapped array need to be in memory at a time.

    Parameters
    ----------
    columns : int
        Columns of the array.
    """
    return max(1, min(_MOST_ROWS, _VALUES // max(columns, 1)))
