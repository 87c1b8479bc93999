"""Make ``tests/data/midi/every_message.mid``: a file with every message that the instrument knows.

Usage: python tools/make_midi_fixtures.py

Every message comes with a note that it can be heard by. No two messages share a tick, so the order
within a tick does not matter.
"""

from pathlib import Path

OUT = Path(__file__).parents[1] / "tests" / "data" / "midi" / "every_message.mid"
TICKS_PER_QUARTER = 480
#: Ticks between two messages: 25 ms at 120 quarters a minute.
STEP = 24

Event = tuple[int, ...]


def controllers(channel: int, *pairs: tuple[int, int]) -> list[Event]:
    """Control changes of a channel."""
    return [(0xB0 | channel, number, value) for number, value in pairs]


def note(channel: int, key: int, *between: Event, velocity: int = 90) -> list[Event]:
    """A note, and what happens while it sounds."""
    return [(0x90 | channel, key, velocity), *between, (0x80 | channel, key, 64)]


def bend(channel: int, value: int) -> Event:
    """The pitch wheel, 0 to 16383."""
    return (0xE0 | channel, value & 0x7F, value >> 7)


def program() -> list[Event]:
    """All messages in their order, one a step."""
    pedals = [
        message
        for pedal in (64, 66, 67)
        for message in [
            *note(0, 60, *controllers(0, (pedal, 127))),
            *note(0, 64),
            *controllers(0, (pedal, 0)),
        ]
    ]
    return [
        # Controllers, pressure and the wheel of one channel, and of another one.
        *note(0, 60, *controllers(0, (1, 60), (1, 0), (74, 110), (74, 64), (7, 90), (11, 70))),
        *note(0, 62, *controllers(0, (10, 20), (10, 64), (2, 80)), (0xD0, 90), (0xD0, 0)),
        *note(1, 64, (0xA1, 64, 100), (0xC1, 5), bend(1, 16383), bend(1, 0), bend(1, 8192)),
        # Bend range with cents, counted up and down; no parameter; a parameter of another kind.
        *controllers(0, (101, 0), (100, 0), (6, 7), (38, 30), (96, 0), (97, 0)),
        *note(0, 60, bend(0, 12000), bend(0, 8192)),
        *controllers(0, (101, 127), (100, 127), (6, 12), (99, 1), (98, 8), (6, 12), (38, 1)),
        *note(0, 60, bend(0, 12000)),
        *pedals,
        # Reset of the controllers; notes and sound off, one channel and all of its pedals.
        *controllers(0, (64, 127), (121, 0)),
        *note(0, 67, (0x91, 60, 80), *controllers(1, (120, 0))),
        *controllers(0, (64, 127)),
        *note(0, 67, *controllers(0, (123, 0), (124, 0))),
        *controllers(0, (64, 0)),
        # Automation of the model's inputs.
        *note(0, 65, *controllers(0, (20, 90), (21, 40), (22, 70), (25, 127), (46, 0), (119, 3))),
        # The lower zone of MPE with seven members, the upper one with three.
        *controllers(0, (101, 0), (100, 6), (6, 7)),
        *controllers(15, (101, 0), (100, 6), (6, 3)),
        *note(
            1, 60, bend(1, 9000), bend(0, 16383), (0xD1, 90), *controllers(0, (74, 100), (7, 80))
        ),
        *note(13, 60, bend(13, 7000), bend(15, 0), *controllers(13, (74, 20))),
        *controllers(3, (101, 0), (100, 0), (6, 24)),
        (0x92, 62, 70),
        *note(3, 66, bend(3, 12288), *controllers(0, (64, 127))),
        *controllers(0, (121, 0), (123, 0), (101, 0), (100, 6), (6, 0)),
        *note(1, 60, bend(1, 16383)),
    ]


def quantity(ticks: int) -> bytes:
    """Variable-length quantity: seven bits a byte, the highest bit set on all but the last."""
    groups = [ticks & 0x7F]
    while ticks := ticks >> 7:
        groups.insert(0, ticks & 0x7F | 0x80)
    return bytes(groups)


def main() -> None:
    """Write the file."""
    body = b"".join(quantity(STEP) + bytes(event) for event in program()) + b"\x00\xff\x2f\x00"
    header = b"MThd" + bytes([0, 0, 0, 6, 0, 0, 0, 1]) + TICKS_PER_QUARTER.to_bytes(2, "big")
    OUT.write_bytes(header + b"MTrk" + len(body).to_bytes(4, "big") + body)


if __name__ == "__main__":
    main()
