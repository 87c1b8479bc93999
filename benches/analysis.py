"""Time the analysis and the libraries that `wms_torch` is built from, in one run.

For each row the same work on the same audio is timed in turns, and the medians are printed. Needs
librosa, soxr and torchcrepe (``pip install librosa soxr torchcrepe``); rows for which a library is
missing are left out. On Linux, everything runs on as many cores as there are threads.

With ``--against FOLDER`` the chains of the profiles default and hifi are timed instead, in turns
with another build of this package: FOLDER holds its `wms`, compiled module included. The table
gives both builds' CPU seconds on one thread and wall seconds on all threads, and this build's share
of the other's. All are the least times found; CPU seconds hardly depend on what else the computer
does.

Usage: python benches/analysis.py [--seconds 60] [--repeats 3] [--threads 2]
       python benches/analysis.py --against other/python [--seconds 20] [--repeats 12] [--n-mfcc 40]
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

import wms

RECORDING = Path(__file__).parent.parent / "demo" / "audio" / "alto_sax.flac"
RATE, WINDOW, HOP, N_FFT, CYCLES, N_MFCC, BINS = 16000, 1024, 256, 1024, 2, 8, 80
FMIN, FMAX = 46.0, 1600.0
SEARCH = {"fmin": FMIN, "fmax": FMAX, "sr": RATE, "frame_length": WINDOW, "hop_length": HOP}
# Ours is short: it runs that often in its turn.
RUNS_A_TURN = 5
Work = Callable[[np.ndarray], object]


@dataclass
class Row:
    """One comparison; works take the audio, `prepare` makes something else of it beforehand."""

    name: str
    peer: Work
    ours: Work
    target: float
    threads: int
    prepare: Callable[[np.ndarray], tuple[object, object]] = lambda y: (y, y)


def librosa_f0(y: np.ndarray, method: str) -> np.ndarray:
    """Pitch as wms_torch asks librosa for it."""
    import librosa

    if method == "yin":
        return librosa.yin(y, **SEARCH)
    return librosa.pyin(y, fill_na=None, **SEARCH)[0]


def torchcrepe_f0(y: np.ndarray) -> np.ndarray:
    """Pitch as wms_torch asks torchcrepe for it."""
    import torch
    import torchcrepe

    pitch, _ = torchcrepe.predict(
        torch.from_numpy(y)[None], RATE, HOP, FMIN, FMAX, "tiny", batch_size=256,
        return_periodicity=True,
    )  # fmt: skip
    return pitch[0].numpy()


def torchcrepe_frames(y: np.ndarray) -> tuple[object, object]:
    """Batches of frames as torchcrepe gives them to its network; audio for ours."""
    import torch
    import torchcrepe

    return list(torchcrepe.preprocess(torch.from_numpy(y)[None], RATE, HOP, batch_size=256)), y


def torchcrepe_network(batches: list) -> None:
    """The network alone."""
    import torch
    import torchcrepe

    with torch.inference_mode():
        for batch in batches:
            torchcrepe.infer(batch, "tiny")


def segments(y: np.ndarray, f0: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """A frame's cycles, the same with faded surroundings, and its pitch, as wms_torch cuts them."""
    padded = np.pad(y, WINDOW // 2)
    cut = []
    for index, hz in enumerate(f0):
        frame = padded[index * HOP : index * HOP + WINDOW]
        length = int(np.ceil(RATE / hz * CYCLES))
        start = max(0, WINDOW // 2 - length // 2)
        faded = frame[max(0, start - 16) : start + length + 16].copy()
        ramp = np.linspace(0, 1, 16)[: len(faded)]
        faded[: len(ramp)] *= ramp
        faded[len(faded) - len(ramp) :] *= ramp[::-1]
        cut.append((frame[start : start + length], faded, hz))
    return cut


def wrapped(segment: np.ndarray) -> np.ndarray:
    """A windowed segment repeated to a whole transform."""
    windowed = segment * np.hanning(len(segment))
    return np.pad(windowed, (0, max(0, N_FFT - len(windowed))), mode="wrap")


def librosa_mfcc(y: np.ndarray) -> np.ndarray:
    """Coefficients of one signal, or of many, (T, samples), at once."""
    import librosa

    return librosa.feature.mfcc(y=y, sr=RATE, n_fft=N_FFT, n_mfcc=N_MFCC, hop_length=10 * N_FFT)


def library_chain(f0: Callable[[np.ndarray], np.ndarray], y: np.ndarray) -> None:
    """Pitch, then cycle frames, MFCC and spectra frame by frame, as wms_torch computes them."""
    import librosa

    window = np.hanning(WINDOW)
    target = RATE / WINDOW * CYCLES
    for segment, faded, hz in segments(y, f0(y)):
        cycles = librosa.resample(
            faded, orig_sr=target, target_sr=hz, res_type="soxr_hq", scale=True
        )
        surplus = len(cycles) - WINDOW
        cycles = cycles[surplus // 2 : surplus // 2 + WINDOW]
        np.log1p(np.abs(np.fft.rfft(cycles * window, N_FFT)))[:BINS]
        librosa_mfcc(wrapped(segment))


def wms_chain(method: str, threads: int, y: np.ndarray) -> object:
    """Audio to features and spectra."""
    params = wms.Params(
        compatibility="main", pitch_detection_method=method, include_voicedness=method != "yin"
    )
    return wms.analyze(y, params, sample_rate=RATE, num_threads=threads)


def mfcc_input(y: np.ndarray) -> tuple[object, object]:
    """The repeated segments of all frames for librosa; audio and pitch for ours."""
    f0 = wms.yin(y, **SEARCH)
    batch = np.stack([wrapped(segment)[:N_FFT] for segment, _, _ in segments(y, f0)])
    return batch.astype(np.float32), (y, f0)


def wms_mfcc(work: tuple[np.ndarray, np.ndarray]) -> object:
    """The same coefficients, cutting and windowing included."""
    return wms.segment_mfcc(
        *work, sr=RATE, window_size=WINDOW, hop_length=HOP, cycles=CYCLES, n_fft=N_FFT,
        n_mfcc=N_MFCC, n_mels=40,
    )  # fmt: skip


def table(threads: int, wide: bool) -> list[Row]:
    """All rows; `wide` machines have 512-bit vectors."""
    rows = [
        Row(
            f"whole chain, {method}",
            partial(library_chain, f0),
            partial(wms_chain, method, threads),
            target,
            threads,
        )
        for method, f0, target in [
            ("yin", partial(librosa_f0, method="yin"), 100),
            ("pyin", partial(librosa_f0, method="pyin"), 100),
            ("crepe", torchcrepe_f0, 50),
        ]
    ]
    rows += [
        Row(
            "CREPE network alone, torchcrepe",
            torchcrepe_network,
            lambda y: wms.crepe_probabilities(y, sr=RATE, hop_length=HOP),
            10 if wide else 6,
            threads,
            torchcrepe_frames,
        ),
        Row(
            "pYIN alone, librosa",
            partial(librosa_f0, method="pyin"),
            lambda y: wms.pyin(y, **SEARCH),
            100,
            threads,
        ),
        Row("MFCC alone, librosa's batch form", librosa_mfcc, wms_mfcc, 1, 1, mfcc_input),
    ]
    return rows + [
        Row(
            f"whole chain, {method}, 1 thread",
            partial(wms_chain, method, 1),
            partial(wms_chain, method, threads),
            0.9 * threads,
            threads,
        )
        for method in METHODS
    ]


def use_threads(threads: int) -> None:
    """Restrict both sides to as many threads and, where that is possible, cores."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, CORES[:threads])
    try:
        import torch
        from threadpoolctl import threadpool_limits
    except ImportError:
        return
    torch.set_num_threads(threads)
    threadpool_limits(threads)


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one run."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(row: Row, y: np.ndarray, repeats: int) -> tuple[float, float]:
    """Median seconds of both sides, taken in turns after a warm-up on two seconds of the audio."""
    use_threads(row.threads)
    short, short_ours = row.prepare(y[: 2 * RATE])
    row.peer(short)
    row.ours(short_ours)
    whole, whole_ours = row.prepare(y)
    row.ours(whole_ours)
    peer, ours = [], []
    for _ in range(repeats):
        peer.append(seconds(lambda: row.peer(whole)))
        ours += [seconds(lambda: row.ours(whole_ours)) for _ in range(RUNS_A_TURN)]
    return statistics.median(peer), statistics.median(ours)


METHODS = ("yin", "pyin", "crepe")
# What a process of one build does: it times a chain for every line that it reads.
BUILD = """
import sys, time
sys.path.insert(0, sys.argv[1])
import numpy as np, wms
recording, seconds, n_mfcc = sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
audio = {}
for rate in (16000, 44100):
    y, _ = wms.load_audio(recording, rate)
    audio[rate] = np.resize(y, int(seconds * rate))
hifi = dict(
    sample_rate=44100, hop_size=256, window_size=2048, n_fft=2048, n_fft_preserved=769,
    cycles_per_window=4, n_mel=40, n_mfcc=n_mfcc,
)
for line in sys.stdin:
    profile, method, threads = line.split()
    params = wms.Params(**(hifi if profile == "hifi" else {}), pitch_detection_method=method)
    rate = 44100 if profile == "hifi" else 16000
    start, cpu = time.perf_counter(), time.process_time()
    wms.analyze(audio[rate], params, sample_rate=rate, num_threads=int(threads))
    print(time.process_time() - cpu, time.perf_counter() - start, flush=True)
"""


class Build:
    """A process that times the chains of one build of the package."""

    def __init__(self, folder: Path, seconds: float, n_mfcc: int) -> None:
        arguments = [str(folder), str(RECORDING), str(seconds), str(n_mfcc)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", BUILD, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def time(self, profile: str, method: str, threads: int) -> tuple[float, float]:
        """CPU and wall seconds of one run."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{profile} {method} {threads}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("a build stopped; its error is above")
        cpu, wall = line.split()
        return float(cpu), float(wall)


def compare_builds(options: argparse.Namespace) -> None:
    """Print the table of the other build and this one."""
    here = Path(wms.__file__).parent.parent
    builds = [Build(Path(f), options.seconds, options.n_mfcc) for f in (options.against, here)]
    threads = options.threads
    print(f"{options.seconds:g} s of audio; {options.n_mfcc} coefficients in the profile hifi")
    print(f"{'':16} {'CPU s, 1 thread':>26} {f'wall s, {threads} threads':>26} {'1 thread by':>12}")
    heads = f"{'other':>9} {'this':>8} {'share':>7}"
    print(f"{'':16} {heads} {heads} {f'{threads}, wall':>12}")
    for profile in ("hifi", "default"):
        for method in METHODS:
            runs = [
                [[build.time(profile, method, n) for build in builds] for n in (1, threads)]
                for _ in range(options.repeats)
            ]
            least = np.min(runs, axis=0)
            (old_cpu, new_cpu), (old_wall, new_wall) = least[0, :, 0], least[1, :, 1]
            print(
                f"{profile:8} {method:7} {old_cpu:9.3f} {new_cpu:8.3f} {new_cpu / old_cpu:7.2f}"
                f" {old_wall:9.3f} {new_wall:8.3f} {new_wall / old_wall:7.2f}"
                f" {least[0, 1, 1] / new_wall:12.2f}",
                flush=True,
            )


def machine() -> tuple[str, list[str]]:
    """The processor's name, and which of the vector instruction sets it has."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine(), []
    facts = {k.strip(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    flags = facts.get("flags", "").split()
    known = {"AVX2": "avx2", "FMA": "fma", "AVX-512": "avx512f"}
    name = facts.get("model name", platform.machine())
    return name, [set_name for set_name, flag in known.items() if flag in flags]


CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rows", default="", help="only rows whose name contains this")
    parser.add_argument("--against", help="folder of another build's wms: compare the two builds")
    parser.add_argument("--n-mfcc", type=int, default=14, help="with --against: profile hifi's")
    options = parser.parse_args()
    y, _ = wms.load_audio(RECORDING, RATE)
    y = np.resize(y, int(options.seconds * RATE))
    name, sets = machine()
    print(f"{name}, {os.cpu_count()} cores, {' '.join(sets) or 'instruction sets unknown'}")
    if options.against:
        compare_builds(options)
        return
    print(f"{options.seconds:g} s of audio; {options.threads} threads each, MFCC on one")
    print(f"{'':34} {'peer, s':>9} {'wms, s':>9} {'times':>7} {'target':>7}")
    for row in table(options.threads, "AVX-512" in sets):
        if options.rows not in row.name:
            continue
        try:
            peer, ours = measure(row, y, options.repeats)
        except ImportError as error:
            print(f"{row.name:34} ({error})")
            continue
        reached = "reached" if peer / ours >= row.target else "not reached"
        print(
            f"{row.name:34} {peer:9.3f} {ours:9.3f} {peer / ours:7.1f} {row.target:7.1f} {reached}",
            flush=True,
        )


if __name__ == "__main__":
    main()
