"""Write demo/melody.mid: a short tune for one voice, and a chord.

Usage: python tools/make_demo_melody.py demo/melody.mid
"""

import struct
import sys
from pathlib import Path

TICKS_PER_BEAT = 480
MICROSECONDS_PER_BEAT = 500_000
# (notes, beats, velocity)
TUNE = [
    ([62], 1.0, 80), ([65], 0.5, 84), ([67], 0.5, 88), ([69], 1.5, 100), ([67], 0.5, 84),
    ([65], 0.5, 80), ([64], 0.5, 76), ([60], 1.0, 72), ([57], 1.0, 90), ([60], 0.5, 80),
    ([62], 0.5, 84), ([64], 1.0, 92), ([62], 2.0, 84), ([50, 57, 62, 65], 4.0, 70),
]  # fmt: skip


def variable_length(value: int) -> bytes:
    """Encode a number as seven bits per byte, the highest bit set in all bytes but the last."""
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))


def main() -> None:
    """Write the file named on the command line."""
    events = [(0, b"\xff\x51\x03" + MICROSECONDS_PER_BEAT.to_bytes(3, "big"))]
    now = 0
    for notes, beats, velocity in TUNE:
        end = now + int(beats * TICKS_PER_BEAT)
        events += [(now, bytes([0x90, note, velocity])) for note in notes]
        events += [(end - 20, bytes([0x80, note, 0])) for note in notes]
        now = end
    events.append((now, b"\xff\x2f\x00"))
    track, last = b"", 0
    for time, message in sorted(events, key=lambda event: event[0]):
        track += variable_length(time - last) + message
        last = time
    header = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, TICKS_PER_BEAT)
    body = struct.pack(">4sI", b"MTrk", len(track)) + track
    Path(sys.argv[1]).write_bytes(header + body)


if __name__ == "__main__":
    main()
