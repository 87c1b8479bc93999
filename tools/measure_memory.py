"""Measure the peak memory of `wms analyze` on generated audio of any length.

Writes hours of 44.1 kHz audio, analyses it as one file and as many files, and prints the peak
resident memory of the process and its speed for both. Default: one hour, and the shipped params at
44.1 kHz.

    python tools/measure_memory.py [--hours H] [--files N] [--folder FOLDER] [--set KEY=VALUE ...]
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

import numpy as np

import wms
from wms.waves import make_waves

RATE = 44100
# Seconds of sound that are repeated to fill the files.
LOOP_S = 60


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=1.0, help="of audio (default 1)")
    parser.add_argument("--files", type=int, nargs="+", default=[1, 120], help="numbers of files")
    parser.add_argument("--folder", help="where to work; needs room for the frames of all audio")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="other params")
    options = parser.parse_args()
    changes = dict(change.split("=", 1) for change in options.set)
    params = wms.Params(
        sample_rate=RATE,
        window_size=2048,
        n_fft=2048,
        **{key: _value(value) for key, value in changes.items()},
    )
    print(params)
    for count in options.files:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            measure(Path(folder), params, options.hours, count)


def measure(folder: Path, params: wms.Params, hours: float, count: int) -> None:
    """Analyse `count` files of `hours` in all, and print what it took."""
    sound = folder / "sound"
    sound.mkdir()
    loop = make_waves(LOOP_S, sample_rate=RATE, f_low=60, f_high=1500, seed=1)
    samples = np.round(np.clip(loop, -1, 1) * 32767).astype("<i2")
    total = int(hours * 3600 * RATE)
    for index in range(count):
        # Every file gets another content, because equal files are analysed only once.
        turned = np.roll(samples, -index * 1237)
        with wave.open(str(sound / f"{index:06}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            left = total // count
            while left > 0:
                file.writeframes(turned[:left].tobytes())
                left -= len(turned)
    params.save(folder / "params.json")
    command = ["analyze", sound, "--out", folder / "store", "--params", folder / "params.json"]
    start = time.monotonic()
    subprocess.run([sys.executable, "-m", "wms", *map(str, command)], check=True)
    seconds = time.monotonic() - start
    # This is the peak of all children so far, so the smaller number of files is measured first.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"{hours:g} h in {count} files: peak {peak:.0f} MB, {seconds:.0f} s, "
        f"{hours * 3600 / seconds:.0f} x real time",
        flush=True,
    )


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


if __name__ == "__main__":
    main()
