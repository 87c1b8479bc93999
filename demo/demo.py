"""A demonstration on real audio, from a recording to a trained instrument and its sound.

Trains on the first part of a saxophone recording, plays the rest of it, which the network has not
been trained on, and plays a melody. Writes the folder `out/`.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

import wms
from wms import plot, training

HERE = Path(__file__).parent
RECORDING = HERE / "audio" / "alto_sax.flac"
MELODY = HERE / "melody.mid"
UNSEEN_S = 15.0
PLAY_RATE = 44100


def main() -> None:
    """Run the demo."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="minutes to train (default: 1)")
    parser.add_argument(
        "--out", type=Path, default=Path("out"), help="folder to write (default: out)"
    )
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    params = wms.params_for(RECORDING)
    recording, rate = wms.load_audio(RECORDING)
    border = len(recording) - int(UNSEEN_S * rate)
    heard, unseen = recording[:border], recording[border:]

    print(f"analysing {len(recording) / rate:.0f} s of {RECORDING.name}")
    start = time.perf_counter()
    frames = wms.analyze(heard, params, sample_rate=rate)
    unseen_frames = wms.analyze(unseen, params, sample_rate=rate)
    frames_per_s = (len(frames) + len(unseen_frames)) / (time.perf_counter() - start)

    print(f"training for {options.minutes:g} minutes")
    path = options.out / "alto_sax.safetensors"
    result = training.train(
        params, frames, out=path, name="Alto Saxophone", minutes=options.minutes, overwrite=True
    )

    model = wms.Model.load(path)
    # Compared at the model's own sample rate, because it makes no sound above half of it.
    at_model_rate = wms.resample(unseen, orig_sr=rate, target_sr=model.sample_rate)
    network = wms.resynthesize(model, unseen_frames, sample_rate=model.sample_rate)
    nearest = play_nearest(model, frames, unseen_frames)
    lsd = {
        name: wms.metrics.log_spectral_distance(
            at_model_rate, sound[: len(at_model_rate)], sr=model.sample_rate
        )
        for name, sound in (("network", network), ("nearest frame", nearest))
    }

    resynthesis = wms.resynthesize(model, unseen_frames, sample_rate=PLAY_RATE)
    files = {
        "model": path,
        "unseen passage, original": options.out / "unseen_original.wav",
        "unseen passage, resynthesised": options.out / "unseen_resynthesised.wav",
        "melody": options.out / "melody.wav",
        "picture": options.out / "demo.png",
    }
    original = wms.resample(unseen, orig_sr=rate, target_sr=PLAY_RATE)
    wms.save_audio(files["unseen passage, original"], original, PLAY_RATE)
    wms.save_audio(files["unseen passage, resynthesised"], resynthesis[: len(original)], PLAY_RATE)
    melody = wms.render(model, MELODY, sample_rate=PLAY_RATE, attack_s=0.03, release_s=0.12)
    wms.save_audio(files["melody"], 0.7 / np.abs(melody).max() * melody, PLAY_RATE)
    draw(files["picture"], at_model_rate, network, model.sample_rate, unseen_frames, result)

    print()
    for name, file in files.items():
        print(f"{name:30} {file}")
    print()
    print(f"frames analysed per second     {frames_per_s:,.0f}")
    print(
        f"error on unseen frames         {result.validation.mae:.4f} "
        f"(nearest frame {result.baselines['nearest']:.4f})"
    )
    print(
        f"log-spectral distance, dB      {lsd['network']:.2f} "
        f"(nearest frame {lsd['nearest frame']:.2f})"
    )


def play_nearest(
    model: wms.Model, frames: wms.Frames, unseen: wms.Frames
) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Play, for each frame of `unseen`, the spectrum of the nearest training frame."""
    baselines = training.fit_baselines(model.inputs(frames), frames.targets)
    spectra = baselines["nearest"](model.inputs(unseen))
    return wms.play_spectra(
        spectra, unseen.f0_hz, unseen.voicedness, layout=model, sample_rate=model.sample_rate
    )


def draw(
    path: Path,
    original: np.ndarray,
    resynthesis: np.ndarray,
    rate: int,
    frames: wms.Frames,
    result: training.TrainResult,
) -> None:
    """Draw both spectrograms, the pitch, and the error during the training."""
    figure = plot.new_figure(12, 7)
    ((above, pitch), (below, errors)) = figure.subplots(2, 2, gridspec_kw={"width_ratios": [2, 1]})
    top = float(plot.spectrogram_db(original).max())
    plot.draw_spectrogram(above, original, sr=rate, title="Unseen passage, original", top_db=top)
    plot.draw_spectrogram(
        below, resynthesis[: len(original)], sr=rate, title="Resynthesised by the network",
        top_db=top,
    )  # fmt: skip
    voiced = np.where(frames.voicedness > 0.5, frames.f0_hz, np.nan)
    # The line is broken between notes; otherwise it would look like a glide.
    leaps = np.abs(np.diff(np.log2(voiced), append=np.nan)) > 1 / 24
    pitch.plot(frames.times_s, np.where(leaps, np.nan, voiced), color=plot.RECORDED_COLOUR)
    pitch.set(xlabel="s", ylabel="Hz")
    pitch.set_title("Fundamental frequency", loc="left")
    plot.tidy(pitch)
    training.draw_errors(errors, result.history, baselines=result.baselines)
    plot.save_figure(figure, path)


if __name__ == "__main__":
    main()
