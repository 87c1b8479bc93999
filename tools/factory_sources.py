"""Where the training sound of the factory models comes from: sound fonts, recordings, synthesis."""

from __future__ import annotations

import abc
import dataclasses
import io
import re
import subprocess
import tarfile
import tempfile
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

import factory_sounds as sounds
import wms

Float = npt.NDArray[np.float64]
SECONDS, UNSEEN_SECONDS = 90.0, 15.0
# Of a recorded note, so much is used, and a stretch of silence follows it.
NOTE_SECONDS, GAP_SECONDS = 5.0, 0.05
# Every so many notes of a package, in the order of their pitch, one is kept to judge by; never the
# lowest or the highest.
KEPT_EVERY, FIRST_KEPT = 4, 2
_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@dataclasses.dataclass(frozen=True)
class Places:
    """Where the sources are on this machine."""

    font: Path
    saxophone: Path
    packages: Path


@dataclasses.dataclass(frozen=True)
class Range:
    """The name of a model, and the lowest and highest MIDI note of its source."""

    name: str
    low: int
    high: int

    def melody(self, unseen: bool) -> tuple[np.random.Generator, list[sounds.Note]]:
        """Return a random melody, and the generator that made it."""
        rng = np.random.default_rng([zlib.crc32(self.name.encode()), 2 if unseen else 1])
        seconds = UNSEEN_SECONDS if unseen else SECONDS
        return rng, sounds.melody(rng, self.low, self.high, seconds)


class Source(abc.ABC):
    """What a model is made from: what it is, its licence, and what its unseen part is."""

    title: str
    short: str
    licence: str
    judged: str

    def sound(self, notes: Range, places: Places, *, unseen: bool) -> Float:
        """Return sound at `sounds.RATE`, (n,): to train on, or to judge by."""
        return self._sound(notes, places, unseen)

    @abc.abstractmethod
    def _sound(self, notes: Range, places: Places, unseen: bool) -> Float: ...


@dataclasses.dataclass(frozen=True)
class Font(Source):
    """A program of the FluidR3 General MIDI sound font, which plays a random melody."""

    program: int

    title = "FluidR3 GM, random melody"
    short = "FluidR3 GM"
    licence = "MIT (FluidR3 GM by Frank Wen)"
    judged = "melody"

    def _sound(self, notes: Range, places: Places, unseen: bool) -> Float:
        return sounds.play_font(places.font, self.program, notes.melody(unseen)[1])


@dataclasses.dataclass(frozen=True)
class Synthesis(Source):
    """A voice of `factory_sounds`, which plays a random melody."""

    voice: sounds.SynthVoice

    title = "synthesis in tools/factory_sounds.py"
    short = "own synthesis"
    licence = "MIT OR Apache-2.0 (synthesised by this project)"
    judged = "melody"

    def _sound(self, notes: Range, places: Places, unseen: bool) -> Float:
        return sounds.play_synth(self.voice, *notes.melody(unseen))


class Takes(Source):
    """Recordings of a saxophone, each key soft and loud: a take to train on, one to judge by."""

    title = "recordings, Weresax by Karoryfer Samples"
    short = "recordings (Weresax)"
    licence = "CC0 1.0 (Karoryfer Samples)"
    judged = "second takes"

    def _sound(self, notes: Range, places: Places, unseen: bool) -> Float:
        path = places.saxophone / f"weresax_{'test' if unseen else 'train'}.flac"
        return np.asarray(wms.load_audio(path, sounds.RATE)[0], np.float64)


@dataclasses.dataclass(frozen=True)
class Package(Source):
    """Recorded notes in a package of the npm registry: PITCH.wav or PITCH.mp3, "s" for a sharp.

    Every fourth note in the order of pitch is not trained on but judged.
    """

    name: str
    version: str
    collection: str
    owner: str
    judged = "keys left out"

    def __post_init__(self) -> None:
        about = {
            "title": f"recordings, {self.collection} ({self.name} {self.version})",
            "short": f"recordings ({self.collection})",
            "licence": f"CC BY 3.0 (recorded by {self.owner}, edited by N. P. Brosowsky)",
        }
        for key, value in about.items():
            object.__setattr__(self, key, value)

    def _sound(self, notes: Range, places: Places, unseen: bool) -> Float:
        pieces = []
        with self._open(places) as archive, tempfile.TemporaryDirectory() as folder:
            files = [Path(name).name for name in archive.getnames()]
            files = [file for file in files if notes.low <= _key(file) <= notes.high]
            files.sort(key=_key)
            kept = files[FIRST_KEPT:-1:KEPT_EVERY]
            for file in files:
                if (file in kept) != unseen:
                    continue
                content = archive.extractfile(f"package/{file}")
                assert content is not None
                path = Path(folder) / file
                path.write_bytes(content.read())
                pieces += [_beginning(path), np.zeros(round(GAP_SECONDS * sounds.RATE))]
        return np.concatenate(pieces)

    def _open(self, places: Places) -> tarfile.TarFile:
        path = places.packages / f"{self.name}-{self.version}.tgz"
        if not path.exists():
            places.packages.mkdir(parents=True, exist_ok=True)
            command = ["npm", "pack", "--silent", f"{self.name}@{self.version}"]
            subprocess.run(command, cwd=places.packages, check=True, stdout=subprocess.DEVNULL)
        return tarfile.open(fileobj=io.BytesIO(path.read_bytes()))


def vsco(instrument: str, version: str, kind: str = "wav") -> Package:
    """Return an instrument of VSCO 2 Community Edition."""
    return Package(
        f"tonejs-instrument-{instrument}-{kind}", version, "VSCO 2 CE", "Versilian Studios"
    )


def _key(file: str) -> int:
    """MIDI number that a file of a package is named after; 0 if it holds no note."""
    found = re.fullmatch(r"([A-G])(s?)(\d)\.(?:wav|mp3)", file)
    if not found:
        return 0
    letter, sharp, octave = found.groups()
    return 12 * (int(octave) + 1) + _SEMITONES[letter] + len(sharp)


def _beginning(path: Path) -> Float:
    """First seconds of a recording, (n,), with a short fade at their end."""
    sound = np.asarray(wms.load_audio(path, sounds.RATE)[0], np.float64)
    sound = sound[: round(NOTE_SECONDS * sounds.RATE)]
    fade = min(len(sound), round(0.02 * sounds.RATE))
    sound[len(sound) - fade :] *= np.linspace(1, 0, fade)
    return sound
