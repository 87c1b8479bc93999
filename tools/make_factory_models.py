"""Make the factory models: gather sound, train on it, write factory/NAME.safetensors.

Needs fluidsynth and the FluidR3 General MIDI sound font (Debian: fluidsynth, fluid-soundfont-gm),
npm, which fetches recorded notes, and a saxophone's weresax_train.flac and weresax_test.flac in
--saxophone (factory/CREDITS.md says whose the recordings are). Melodies, synthesis and training are
seeded. Each model is judged on sound that it was not trained on, and the results are written to
--table. A model whose file is already in --work is not trained again.

Usage: python tools/make_factory_models.py [NAME...] [--epochs 30] [--work out/factory]
           [--font FluidR3_GM.sf2] [--saxophone FOLDER] [--out factory] [--table docs/factory.md]
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np
import torch

import factory_sounds as sounds
import wms
from factory_sources import Font, Package, Places, Range, Source, Synthesis, Takes, vsco
from wms import metrics
from wms.evaluation import evaluate
from wms.training import train

# A-weighted level in dB that the louder half of the training sound is brought to, and so the level
# of a note at rest.
LEVEL_DB = -16.0
# Partials above this frequency get no bins.
HIGHEST_HZ = 15000.0
MOST_BINS = 1025
# Notes of a package have one dynamic each: training makes them louder and softer by this.
PACKAGE_GAIN_DB = 6.0
LONGEST_JUDGED_SECONDS = 600.0
# What sets a network that learns each bin apart from the hi-fi profile's, which looks at partials
# one by one: better where partials are missing by their number. A player moves its few MFCC.
BY_BIN = {
    "model_type": "GRU", "hidden_size": 192, "n_mfcc": 8, "n_mel": 40, "criterion": "LogSpectral",
    "batch_size": 16, "training_seq_length": 60, "learning_rate": 0.006, "weight_decay": 1e-5,
    "input_noise": 0.02, "num_batches": None, "num_epochs": 58,
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Instrument:
    """One model, and the lowest and highest MIDI note of its source."""

    title: str
    category: str
    source: Source
    low: int
    high: int
    by_bin: bool = False

    def sound(self, name: str, places: Places, *, unseen: bool = False) -> np.ndarray:
        """Return its training sound, or what it is judged by, at LEVEL_DB, (n,) float32."""
        notes = Range(name, self.low, self.high)
        return levelled(self.source.sound(notes, places, unseen=unseen))


ELECTRIC_BASS = Package(
    "tonejs-instrument-bass-electric-wav", "1.1.2", "Karoryfer Samples", "Karoryfer Samples"
)
INSTRUMENTS = {
    "alto_sax": Instrument("Alto Saxophone", "Reeds", Takes(), 49, 80),
    "clarinet": Instrument("Clarinet", "Reeds", Font(71), 50, 86),
    "oboe": Instrument("Oboe", "Reeds", Font(68), 58, 86),
    "bassoon": Instrument("Bassoon", "Reeds", vsco("bassoon", "1.1.2", "mp3"), 43, 72),
    "flute": Instrument("Flute", "Winds", vsco("flute", "1.1.0"), 60, 88),
    "breath_pipe": Instrument("Breath Pipe", "Noise", Synthesis(sounds.breath), 55, 88),
    "trumpet": Instrument("Trumpet", "Brass", vsco("trumpet", "1.1.0"), 53, 84),
    "french_horn": Instrument("French Horn", "Brass", vsco("french-horn", "1.1.2", "mp3"), 33, 77),
    "trombone": Instrument("Trombone", "Brass", vsco("trombone", "1.1.2", "mp3"), 34, 65),
    "violin": Instrument("Violin", "Strings", vsco("violin", "1.1.0"), 55, 91),
    "cello": Instrument("Cello", "Strings", Font(42), 36, 72),
    "contrabass": Instrument("Contrabass", "Strings", vsco("contrabass", "1.1.0"), 30, 59),
    "slap_bass": Instrument("Slap Bass", "Bass", Font(36), 31, 55),
    "electric_bass": Instrument("Electric Bass", "Bass", ELECTRIC_BASS, 28, 61),
    "choir": Instrument("Choir Aahs", "Voices", Font(52), 48, 76),
    "vowel_pad": Instrument("Vowel Pad", "Pads", Synthesis(sounds.vowels), 40, 76),
    "pulse_sweep": Instrument("Pulse Sweep", "Synths", Synthesis(sounds.pulse), 33, 76),
    "fm_bell": Instrument("FM Bell", "Bells", Synthesis(sounds.bell), 48, 84, by_bin=True),
}


def levelled(sound: np.ndarray) -> np.ndarray:
    """Bring sound at `sounds.RATE` to LEVEL_DB, (n,) float32."""
    levels = metrics.loudness(sound.astype(np.float32), sr=sounds.RATE)
    louder = levels[levels > np.median(levels)]
    gain = 10 ** ((LEVEL_DB - float(louder.mean())) / 20)
    return (sound * min(gain, 0.98 / float(np.abs(sound).max()))).astype(np.float32)


def params_for(instrument: Instrument) -> wms.Params:
    """Return the hi-fi profile with the lowest pitch and as many bins as this instrument needs."""
    profile = wms.Params.profile("hifi")
    low_hz = 440 * 2 ** ((instrument.low - 69) / 12)
    bins = min(MOST_BINS, round(HIGHEST_HZ / low_hz * profile["cycles_per_window"]) + 3)
    recorded = isinstance(instrument.source, Package)
    params = profile.replace(
        n_fft_preserved=bins,
        f_low=min(profile["f_low"], int(0.9 * low_hz)),
        random_gain_db=PACKAGE_GAIN_DB if recorded else 0.0,
    )
    return params.replace(**BY_BIN) if instrument.by_bin else params


def make(name: str, options: argparse.Namespace, frames: wms.Frames) -> None:
    """Train a model into the work folder."""
    instrument = INSTRUMENTS[name]
    path = options.work / f"{name}.safetensors"
    result = train(
        frames.params, frames, out=path, name=instrument.title, overwrite=True,
        epochs=None if instrument.by_bin else options.epochs, device="cpu", progress=False,
    )  # fmt: skip
    print(f"{name}: error {result.validation.mae:.4f}, baselines {result.baselines}", flush=True)


def finish(name: str, options: argparse.Namespace) -> None:
    """Write a trained model with its metadata, in half precision."""
    instrument = INSTRUMENTS[name]
    trained = wms.Model.load(options.work / f"{name}.safetensors")
    config = trained.config | {
        "category": instrument.category,
        "source": instrument.source.title,
        "licence": instrument.source.licence,
        "playable_range": [instrument.low, instrument.high],
    }
    model = wms.Model.from_state(config, trained.state_dict(), like=trained)
    model.save(options.out / f"{name}.safetensors", half=True)


def rest_level(model: wms.Model) -> float:
    """A-weighted level in dB of a held note at velocity 0.8 in the middle of the range."""
    synth = wms.Synth(model, sample_rate=sounds.RATE)
    synth.note_on(round(sum(model.config["playable_range"]) / 2), 0.8)
    synth.process(sounds.RATE // 2)
    held = synth.process(sounds.RATE).mean(axis=0)
    return float(metrics.loudness(held, sr=sounds.RATE).mean())


def row(name: str, options: argparse.Namespace, frames: wms.Frames) -> str:
    """Judge a factory model on sound that it was not trained on: a line of the table.

    `frames` are those that it was trained on.
    """
    path = options.out / f"{name}.safetensors"
    model, instrument = wms.Model.load(path), INSTRUMENTS[name]
    source, unseen = instrument.source, options.work / f"{name}.wav"
    wms.save_audio(unseen, instrument.sound(name, options.places, unseen=True), sounds.RATE)
    result = evaluate(model, unseen, train=frames, seconds=LONGEST_JUDGED_SECONDS)
    pairs = [("spectrum_error", "nearest")]
    pairs += [(key, "true_spectra") for key in ("mss", "lin", "lsd_db", "mcd_db")]
    values = [f"{result['model'][key]:.3f} ({result[other][key]:.3f})" for key, other in pairs]
    cells = [
        f"`{name}`", instrument.title, instrument.category, source.short, source.judged,
        f"{instrument.low} to {instrument.high}", model.config["params"]["model_type"],
        str(len(model.directions) or params_for(instrument)["n_mfcc"]),
        f"{path.stat().st_size / 1e3:.0f}", *values, f"{rest_level(model):.1f}",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Make the models named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(INSTRUMENTS))
    parser.add_argument("--epochs", type=int, default=30, help="of 100 steps of training")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--work", type=Path, default=Path("out/factory"))
    parser.add_argument("--out", type=Path, default=Path("factory"))
    parser.add_argument("--table", type=Path, help="Markdown file to write the table into")
    parser.add_argument("--saxophone", type=Path, default=Path("shared/audio_real"))
    parser.add_argument(
        "--font", type=Path, default=Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    )  # fmt: skip
    options = parser.parse_args()
    unknown = set(options.names) - set(INSTRUMENTS)
    if unknown:
        parser.error(f"no such instrument: {', '.join(sorted(unknown))}")
    options.work.mkdir(parents=True, exist_ok=True)
    options.places = Places(options.font, options.saxophone, options.work / "packages")
    torch.set_num_threads(options.threads)
    lines = []
    for name in options.names or INSTRUMENTS:
        instrument = INSTRUMENTS[name]
        sound = instrument.sound(name, options.places)
        frames = wms.analyze(sound, params_for(instrument), sample_rate=sounds.RATE)
        if not (options.work / f"{name}.safetensors").exists():
            make(name, options, frames)
        finish(name, options)
        lines.append(row(name, options, frames))
        print(lines[-1], flush=True)
    if options.table:
        options.table.write_text(TEXT + "\n".join(lines) + "\n")


TEXT = """# Factory models

This table is made by `python tools/make_factory_models.py --table docs/factory.md`; everything
random is seeded. The figures are those of `wms evaluate` at 44.1 kHz on sound that the model was
not trained on: a second melody, second takes of the same keys, or recorded keys that were left out
of the training. Lower is better. *Error* is the distance of the spectra, with that of the nearest
training frame in parentheses; the others compare the sound, with what a network without errors
would play in parentheses. *Rest* is the level of a note at velocity 0.8 with all timbre controls at
rest. *Notes* is the range of MIDI notes; *axes* are what a player moves: directions, or the MFCC of
a model that has none.
[factory/CREDITS.md](../factory/CREDITS.md) says whose the recordings are, and their licences.

| model | name | category | source | judged on | notes | network | axes | kB | error | mss | lin \
| lsd | mcd | rest, dB(A) |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""

if __name__ == "__main__":
    main()
