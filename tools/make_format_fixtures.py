"""Make `tests/data/formats`: one short stereo sound in every format that can be read.

Needs numpy and soundfile 0.13 or later.

    python tools/make_format_fixtures.py
"""

from pathlib import Path

import numpy as np
import soundfile

OUT = Path(__file__).resolve().parents[1] / "tests" / "data" / "formats"
RATE = 8000
SAMPLES = 800
FORMATS = {
    "u8.wav": ("WAV", "PCM_U8"),
    "s16.wav": ("WAV", "PCM_16"),
    "s24.wav": ("WAV", "PCM_24"),
    "s32.wav": ("WAV", "PCM_32"),
    "f32.wav": ("WAV", "FLOAT"),
    "extensible.WAV": ("WAVEX", "PCM_24"),
    "s16.flac": ("FLAC", "PCM_16"),
    "s24.FLAC": ("FLAC", "PCM_24"),
    "s16.aiff": ("AIFF", "PCM_16"),
    "s24.AIF": ("AIFF", "PCM_24"),
    "vorbis.ogg": ("OGG", "VORBIS"),
    "layer3.mp3": ("MP3", "MPEG_LAYER_III"),
}


def main() -> None:
    """Write all files; tests/python/test_audio.py knows the same formula."""
    OUT.mkdir(parents=True, exist_ok=True)
    time = np.arange(SAMPLES) / RATE
    left = 0.5 * np.sin(2 * np.pi * 440 * time)
    right = 0.25 * np.sin(2 * np.pi * 660 * time)
    for name, (container, subtype) in FORMATS.items():
        samples = np.stack([left, right], axis=1)
        soundfile.write(OUT / name, samples, RATE, format=container, subtype=subtype)
    soundfile.write(OUT / "mono.wav", left, RATE, subtype="PCM_16")


if __name__ == "__main__":
    main()
