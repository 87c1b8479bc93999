"""Make the factory models: render melodies, train on them, write factory/NAME.safetensors.

Needs fluidsynth and the FluidR3 General MIDI sound font (Debian: fluidsynth, fluid-soundfont-gm).
Melodies, synthesis and training are seeded. Each model is judged on a second melody that it was not
trained on, and the results are written to --table. A model whose file is already in --work is not
trained again.

Usage: python tools/make_factory_models.py [NAME...] [--steps 1600] [--work out/factory]
           [--font FluidR3_GM.sf2] [--out factory] [--table docs/factory.md]
"""

from __future__ import annotations

import argparse
import dataclasses
import zlib
from pathlib import Path

import numpy as np
import torch

import factory_sounds as sounds
import wms
from wms import metrics
from wms.evaluation import evaluate
from wms.training import train

FONT_LICENCE = "MIT (FluidR3 GM by Frank Wen)"
OWN_LICENCE = "MIT OR Apache-2.0 (synthesised by this project)"
SECONDS, UNSEEN_SECONDS = 90.0, 15.0
# A-weighted level in dB that the louder half of the training sound is brought to, and so the level
# of a note at rest.
LEVEL_DB = -16.0
# Partials above this frequency get no bins.
HIGHEST_HZ = 15000.0
MOST_BINS = 769
# Fewer than the hi-fi profile has, because a player moves each of them by hand.
MFCC = 8


@dataclasses.dataclass(frozen=True)
class Instrument:
    """One model: its source is a program of the sound font or a voice of `factory_sounds`."""

    title: str
    category: str
    source: int | sounds.SynthVoice
    low: int
    high: int


INSTRUMENTS = {
    "alto_sax": Instrument("Alto Saxophone", "Reeds", 65, 49, 80),
    "cello": Instrument("Cello", "Strings", 42, 36, 72),
    "slap_bass": Instrument("Slap Bass", "Bass", 36, 31, 55),
    "vowel_pad": Instrument("Vowel Pad", "Pads", sounds.vowels, 40, 76),
    "flute": Instrument("Flute", "Winds", 73, 60, 91),
    "choir": Instrument("Choir Aahs", "Voices", 52, 48, 76),
    "fm_bell": Instrument("FM Bell", "Bells", sounds.bell, 48, 84),
    "breath_pipe": Instrument("Breath Pipe", "Noise", sounds.breath, 55, 88),
    "trumpet": Instrument("Trumpet", "Brass", 56, 54, 84),
    "pulse_sweep": Instrument("Pulse Sweep", "Synths", sounds.pulse, 33, 76),
}


def render(name: str, seconds: float, seed: int, font: Path) -> np.ndarray:
    """Sound of an instrument's melody at `sounds.RATE`, brought to LEVEL_DB, (n,) float32."""
    instrument = INSTRUMENTS[name]
    rng = np.random.default_rng([zlib.crc32(name.encode()), seed])
    notes = sounds.melody(rng, instrument.low, instrument.high, seconds)
    if isinstance(instrument.source, int):
        sound = sounds.play_font(font, instrument.source, notes)
    else:
        sound = sounds.play_synth(instrument.source, rng, notes)
    levels = metrics.loudness(sound.astype(np.float32), sr=sounds.RATE)
    louder = levels[levels > np.median(levels)]
    gain = 10 ** ((LEVEL_DB - float(louder.mean())) / 20)
    return (sound * min(gain, 0.98 / float(np.abs(sound).max()))).astype(np.float32)


def params_for(instrument: Instrument) -> wms.Params:
    """Return the hi-fi profile with as many bins as this instrument's lowest note needs."""
    profile = wms.Params.profile("hifi")
    lowest = 440 * 2 ** ((instrument.low - 69) / 12)
    bins = min(MOST_BINS, round(HIGHEST_HZ / lowest * profile["cycles_per_window"]) + 3)
    return profile.replace(n_fft_preserved=bins, n_mfcc=MFCC)


def make(name: str, options: argparse.Namespace) -> None:
    """Train a model into the work folder."""
    instrument = INSTRUMENTS[name]
    params = params_for(instrument)
    sound = render(name, SECONDS, 1, options.font)
    frames = wms.analyze(sound, params, sample_rate=sounds.RATE)
    frames_a_step = params["batch_size"] * params["training_seq_length"] // 2
    epochs = max(1, round(options.steps * frames_a_step / (0.85 * len(frames))))
    path = options.work / f"{name}.safetensors"
    result = train(
        params, frames, out=path, name=instrument.title, epochs=epochs, overwrite=True, device="cpu"
    )
    print(f"{name}: error {result.validation.mae:.4f}, baselines {result.baselines}", flush=True)


def finish(name: str, options: argparse.Namespace) -> None:
    """Write a trained model with its metadata, in half precision."""
    instrument = INSTRUMENTS[name]
    trained = wms.Model.load(options.work / f"{name}.safetensors")
    own = not isinstance(instrument.source, int)
    config = trained.config | {
        "category": instrument.category,
        "source": "synthesis in tools/factory_sounds.py" if own else "FluidR3 GM, random melody",
        "licence": OWN_LICENCE if own else FONT_LICENCE,
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


def row(name: str, options: argparse.Namespace) -> str:
    """Judge a factory model on a melody that it was not trained on: a line of the table."""
    path = options.out / f"{name}.safetensors"
    model, instrument = wms.Model.load(path), INSTRUMENTS[name]
    unseen = options.work / f"{name}.wav"
    wms.save_audio(unseen, render(name, UNSEEN_SECONDS, 2, options.font), sounds.RATE)
    figures = evaluate(model, unseen)["model"]
    own = not isinstance(instrument.source, int)
    values = [f"{figures[key]:.3f}" for key in ("spectrum_error", "mss", "lin", "lsd_db", "mcd_db")]
    cells = [
        f"`{name}`", instrument.title, instrument.category,
        "own synthesis" if own else "FluidR3 GM", "as the project" if own else "MIT",
        f"{instrument.low} to {instrument.high}", str(model.output_size),
        f"{path.stat().st_size / 1e6:.2f}", *values, f"{rest_level(model):.1f}",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Make the models named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(INSTRUMENTS))
    parser.add_argument("--steps", type=int, default=1600, help="of training, each model")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--work", type=Path, default=Path("out/factory"))
    parser.add_argument("--out", type=Path, default=Path("factory"))
    parser.add_argument("--table", type=Path, help="Markdown file to write the table into")
    parser.add_argument(
        "--font", type=Path, default=Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    )  # fmt: skip
    options = parser.parse_args()
    unknown = set(options.names) - set(INSTRUMENTS)
    if unknown:
        parser.error(f"no such instrument: {', '.join(sorted(unknown))}")
    options.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    lines = []
    for name in options.names or INSTRUMENTS:
        if not (options.work / f"{name}.safetensors").exists():
            make(name, options)
        finish(name, options)
        lines.append(row(name, options))
        print(lines[-1], flush=True)
    if options.table:
        head = (
            "| model | name | category | source | licence | notes | bins | MB | error | mss | lin "
            "| lsd | mcd | rest, dB(A) |\n" + "| --- " * 14 + "|\n"
        )
        options.table.write_text(TEXT.format(steps=options.steps) + head + "\n".join(lines) + "\n")


TEXT = """# Factory models

This table is made by `python tools/make_factory_models.py --steps {steps}`; everything random is
seeded. The figures are those of `wms evaluate` at 44.1 kHz on a melody that the model was not
trained on. Lower is better. *Rest* is the level of a note at velocity 0.8 with all timbre controls
at rest. *Notes* is the range of MIDI notes.

"""

if __name__ == "__main__":
    main()
