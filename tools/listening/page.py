"""Make one page on which originals are heard beside what WMS makes of them, also blind.

For each recording: its end, which the network is not trained on, as it is, from its true spectra,
from the network, from the nearest training frames, and from another system if --renders has a sound
of the same name. The page needs no other file and no network. Its blind test plays A, B and X:
which of the two is X? The answers stay in the browser.

A model of the recording's name in --models is used; otherwise one is trained and kept there.
The sounds to give to another system are written beside the page: NAME_unseen.wav. For a DDSP-style
decoder:

    python benches/ddsp_baseline.py out/listen/NAME_seen.wav --test out/listen/NAME_unseen.wav
        --renders out/listen/renders

Usage: python tools/listening/page.py RECORDING... [--out out/listen] [--models FOLDER]
           [--renders FOLDER] [--minutes M] [--unseen 15] [--longest 6]
"""

from __future__ import annotations

import argparse
import base64
import dataclasses
import datetime
from pathlib import Path

import jinja2
import numpy as np
import numpy.typing as npt

import wms
from wms import training
from wms.baselines import fit_baselines
from wms.cli.common import params as chosen_params

RATE = 22050
MOST_BYTES = 7_500_000
#: Names of the systems, in the order of the page.
SYSTEMS = {
    "original": "Original",
    "true_spectra": "True spectra",
    "wms": "WMS",
    "other": "DDSP-style",
    "nearest": "Nearest frame",
}

Sound = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Instrument:
    """A recording's unseen part, as each system plays it, at `RATE`."""

    name: str
    sounds: dict[str, Sound]


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("audio", nargs="+", help="recordings and folders, one an instrument")
    parser.add_argument("--out", type=Path, default=Path("out/listen"), help="folder to write")
    parser.add_argument("--models", type=Path, help="folder of models (default: that of --out)")
    parser.add_argument("--renders", type=Path, help="folder of another system's NAME.wav")
    parser.add_argument("--params", default="hifi", help="a profile or a file (default hifi)")
    parser.add_argument("--minutes", type=float, help="minutes of each training")
    parser.add_argument("--unseen", type=float, default=15.0, help="seconds not trained on")
    parser.add_argument("--longest", type=float, default=6.0, help="seconds heard (default 6)")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    recordings = wms.list_audio(options.audio)
    instruments = [make_instrument(path, options) for path in recordings]
    page = options.out / "index.html"
    page.write_text(render(instruments, options.longest), encoding="utf-8")
    print(f"{page}: {', '.join(i.name for i in instruments)}, {page.stat().st_size / 1e6:.1f} MB")


def make_instrument(path: Path, options: argparse.Namespace) -> Instrument:
    """Train on the first part of a recording, or load its model, and play the rest."""
    params = chosen_params(options)
    sound, rate = wms.load_audio(path)
    border = len(sound) - round(options.unseen * rate)
    if border < 2 * round(options.unseen * rate):
        raise SystemExit(
            f"{path} has {len(sound) / rate:.0f} s, wanted at least three times --unseen, "
            f"{options.unseen:g} s"
        )
    seen, unseen = sound[:border], sound[border:]
    name = path.stem
    wms.save_audio(options.out / f"{name}_seen.wav", seen, rate)
    wms.save_audio(options.out / f"{name}_unseen.wav", unseen, rate)
    known = wms.analyze(seen, params, sample_rate=rate)
    model_path = (options.models or options.out) / f"{name}.safetensors"
    if not model_path.exists():
        training.train(params, known, out=model_path, minutes=options.minutes)
    model = wms.Model.load(model_path)
    sounds = play(model, known, wms.analyze(unseen, params, sample_rate=rate))
    sounds["original"] = resampled(unseen, rate)
    # The bench that renders the other system names it by the file that it was given.
    other = options.renders / f"{name}_unseen.wav" if options.renders else None
    if other is not None and other.exists():
        sounds["other"] = resampled(*wms.load_audio(other))
    return Instrument(name.replace("_", " "), sounds)


def play(model: wms.Model, known: wms.Frames, unseen: wms.Frames) -> dict[str, Sound]:
    """Play frames from their true spectra, from the network's, and from the nearest known ones."""
    nearest = fit_baselines(model.inputs(known), np.asarray(known.spectrum))["nearest"]
    rate = model.sample_rate
    spectra = {"true_spectra": unseen.spectrum, "nearest": nearest(model.inputs(unseen))}
    sounds = {
        name: wms.play_spectra(
            values, unseen.f0_hz, unseen.voicedness, layout=unseen.params, sample_rate=rate
        )
        for name, values in spectra.items()
    }
    sounds["wms"] = wms.resynthesize(model, unseen, sample_rate=rate)
    return {name: resampled(sound, rate) for name, sound in sounds.items()}


def resampled(sound: Sound, rate: int) -> Sound:
    """Return a sound at the page's rate."""
    return wms.resample(sound, orig_sr=rate, target_sr=RATE)


def render(instruments: list[Instrument], longest_s: float) -> str:
    """Return the page, with sounds as long as its size allows."""
    count = sum(len(instrument.sounds) for instrument in instruments)
    # Base64 makes four bytes of three.
    longest_s = min(longest_s, MOST_BYTES / count / (2 * RATE) * 3 / 4)
    here = Path(__file__).parent
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    # Systems keep their order.
    environment.policies["json.dumps_kwargs"] = {}
    return environment.from_string((here / "page.html").read_text("utf-8")).render(
        instruments=[
            {"name": instrument.name, "sounds": cut(instrument.sounds, longest_s)}
            for instrument in instruments
        ],
        systems=SYSTEMS,
        seconds=longest_s,
        date=datetime.date.today().isoformat(),
        style=(here / "page.css").read_text("utf-8"),
        script=(here / "page.js").read_text("utf-8"),
    )


def cut(sounds: dict[str, Sound], longest_s: float) -> dict[str, str]:
    """Cut the same excerpt of all sounds, at the same loudness, as wav files in base64."""
    length = min(round(longest_s * RATE), *(len(sound) for sound in sounds.values()))
    start = loudest(sounds["original"], length)
    excerpts = {name: sounds[name][start : start + length] for name in SYSTEMS if name in sounds}
    wanted = level(excerpts["original"])
    matched = {
        name: sound * np.float32(10 ** ((wanted - level(sound)) / 20))
        for name, sound in excerpts.items()
    }
    peak = max(float(np.abs(sound).max()) for sound in matched.values())
    fade = np.minimum(1, np.minimum(np.arange(length), np.arange(length)[::-1]) / (0.02 * RATE))
    gain = 0.7 / max(peak, 1e-6) * fade
    return {name: wav_text(gain * sound) for name, sound in matched.items()}


def wav_text(sound: npt.NDArray[np.floating]) -> str:
    """Return a sound as a wav file of 16 bits in base64."""
    data = wms.wav_bytes(sound.astype(np.float32), RATE, subtype="PCM_16")
    return base64.b64encode(data).decode()


def loudest(sound: Sound, length: int) -> int:
    """Return where the loudest excerpt of a length begins, in steps of a quarter of a second."""
    starts = range(0, max(1, len(sound) - length + 1), RATE // 4)
    return max(starts, key=lambda start: float(np.square(sound[start : start + length]).sum()))


def level(sound: Sound) -> float:
    """Return the A-weighted level of a sound, dB."""
    power = 10 ** (wms.metrics.loudness(sound, sr=RATE) / 10)
    return float(10 * np.log10(power.mean()))


if __name__ == "__main__":
    main()
