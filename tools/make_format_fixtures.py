"""Make `tests/data/formats`: one short stereo sound in every format that can be read.

`tests/data/formats_not_read` has it in some that cannot. Needs numpy, av, and soundfile 0.13 or
later.

    python tools/make_format_fixtures.py
"""

from pathlib import Path

import av
import numpy as np
import soundfile

DATA = Path(__file__).resolve().parents[1] / "tests" / "data"
OUT = DATA / "formats"
NOT_READ = DATA / "formats_not_read"
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
    "f64.wav": ("WAV", "DOUBLE"),
    "alaw.wav": ("WAV", "ALAW"),
    "ulaw.wav": ("WAV", "ULAW"),
    "ima.wav": ("WAV", "IMA_ADPCM"),
    "ms.wav": ("WAV", "MS_ADPCM"),
    "rf64.wav": ("RF64", "PCM_16"),
    "f32.aiff": ("AIFF", "FLOAT"),
    "f64.aifc": ("AIFF", "DOUBLE"),
    "s8.aiff": ("AIFF", "PCM_S8"),
    "ulaw.aifc": ("AIFF", "ULAW"),
    "s16.caf": ("CAF", "PCM_16"),
}
# Containers and codecs of PyAV, and the rate where it is another than that of the others.
CODED = {
    "alac.m4a": ("ipod", "alac", RATE),
    "aac.m4a": ("ipod", "aac", RATE),
    "aac.aac": ("adts", "aac", RATE),
    "s16.mkv": ("matroska", "pcm_s16le", RATE),
    "layer2.mp2": ("mp2", "mp2", 16000),
}
UNREAD = {
    "opus.ogg": ("ogg", "libopus", 48000),
    "opus.mkv": ("matroska", "libopus", 48000),
}
UNREAD_FORMATS = {"au.au": ("AU", "PCM_16"), "w64.w64": ("W64", "PCM_16")}


def main() -> None:
    """Write all files; tests/python/test_audio.py knows the same formula."""
    OUT.mkdir(parents=True, exist_ok=True)
    NOT_READ.mkdir(parents=True, exist_ok=True)
    left, right = sound(RATE)
    samples = np.stack([left, right], axis=1)
    for folder, formats in ((OUT, FORMATS), (NOT_READ, UNREAD_FORMATS)):
        for name, (container, subtype) in formats.items():
            soundfile.write(folder / name, samples, RATE, format=container, subtype=subtype)
    soundfile.write(OUT / "mono.wav", left, RATE, subtype="PCM_16")
    soundfile.write(OUT / "mono.mp3", left, RATE)
    for name, coding in CODED.items():
        encode(OUT / name, *coding)
    for name, coding in UNREAD.items():
        encode(NOT_READ / name, *coding)


def sound(rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Left and right, a tenth of a second."""
    time = np.arange(SAMPLES * rate // RATE) / rate
    return 0.5 * np.sin(2 * np.pi * 440 * time), 0.25 * np.sin(2 * np.pi * 660 * time)


def encode(path: Path, container: str, codec: str, rate: int) -> None:
    """Write the sound by FFmpeg's libraries."""
    samples = np.stack(sound(rate), axis=1)
    whole = np.round(samples * 32767).astype(np.int16).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(whole, format="s16", layout="stereo")
    frame.sample_rate = rate
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout="stereo")
        resampler = av.AudioResampler(stream.format, stream.layout, rate, stream.frame_size or None)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))


if __name__ == "__main__":
    main()
