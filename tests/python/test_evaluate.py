"""Judging a model: figures, page, and what it refuses."""

import base64
import io
import json
import math
import re
import sys
import wave
from html.parser import HTMLParser

import numpy as np
import pytest

import wms
from training_helpers import made_up_frames
from wms.errors import AudioFileError, ParameterError, WmsError
from wms.evaluation import MEASURES, evaluate, measure_sound, page, read_middle
from wms.waves import make_waves

RATE = 16000
KEYS = {measure.key for measure in MEASURES}
# Quick to analyse and to train; the rest is as shipped.
PARAMS = wms.Params(
    pitch_detection_method="yin",
    include_voicedness=False,
    hidden_size=8,
    training_seq_length=10,
    validation_stretch_s=0.2,
    save_scratch_model_every=0,
)


def waves(seconds, seed):
    return make_waves(seconds, sample_rate=RATE, f_low=100, f_high=800, seed=seed)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A model trained for a moment, what it was trained on, and what it was not."""
    folder = tmp_path_factory.mktemp("evaluate")
    wms.save_audio(folder / "known.wav", waves(6.0, 1), RATE)
    wms.save_audio(folder / "unseen.wav", waves(2.0, 2), RATE)
    wms.save_audio(folder / "silent.wav", np.zeros(RATE, np.float32), RATE)
    (folder / "mixed").mkdir()
    whole = (folder / "unseen.wav").read_bytes()
    (folder / "mixed" / "good.wav").write_bytes(whole)
    (folder / "mixed" / "bad.wav").write_bytes(whole[1000:9000])
    frames = wms.analyze(folder / "known.wav", PARAMS)
    training = pytest.importorskip("wms.training")
    training.train(
        PARAMS, frames, out=folder / "m.safetensors", name="<i>Tone</i> & co", epochs=2,
        progress=False, device="cpu",
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def model(files):
    return wms.Model.load(files / "m.safetensors")


@pytest.fixture(scope="module")
def evaluation(files, model):
    return evaluate(model, files / "unseen.wav", train=files / "known.wav")


class Page(HTMLParser):
    """Elements of a page; refuses what is not closed in order."""

    VOID = frozenset({"meta", "img", "br", "link", "input", "hr"})

    def __init__(self, html):
        super().__init__()
        self.found, self.open, self.text = [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def each(self, tag):
        return [attributes for found, attributes in self.found if found == tag]


def content(uri, kind):
    head, _, body = uri.partition(",")
    assert head == f"data:{kind};base64"
    return base64.b64decode(body, validate=True)


def test_figures_are_complete_and_finite(evaluation):
    figures = evaluation.figures
    assert set(figures["systems"]) == {"model", "true_spectra", "nearest", "ridge", "mean"}
    for row in figures["systems"].values():
        assert set(row) == KEYS
        assert all(math.isfinite(value) for value in row.values())
    assert figures["systems"]["true_spectra"]["spectrum_error"] == 0
    (passage,) = figures["passages"]
    assert (passage["file"], passage["start_s"], passage["seconds"]) == ("unseen.wav", 0, 2)
    assert passage["systems"] == figures["systems"]
    for curves in (figures["bins"]["level"], figures["bins"]["error"]):
        assert set(curves) == set(figures["systems"])
        assert {len(values) for values in curves.values()} == {80}
    assert figures["bins"]["bins_per_partial"] == 2
    assert figures["model"]["params"]["hop_size"] == 256
    assert figures["baselines"]["recordings"] == ["known.wav"]
    json.dumps(figures, allow_nan=False)


def test_bin_errors_have_the_mean_of_the_spectrum_error(evaluation):
    for system, row in evaluation.figures["systems"].items():
        errors = evaluation.figures["bins"]["error"][system]
        assert np.mean(errors) == pytest.approx(row["spectrum_error"], rel=1e-5)


def test_the_error_is_that_of_the_models_own_predictions(files, model, evaluation):
    frames = wms.analyze(files / "unseen.wav", PARAMS)
    predicted, _ = model.predict(model.inputs(frames))
    error = np.abs(predicted - frames.spectrum).mean()
    assert evaluation["model"]["spectrum_error"] == pytest.approx(error, rel=1e-5)


def test_true_spectra_are_the_ceiling(evaluation):
    ceiling = evaluation["true_spectra"]
    for other in ("model", "mean"):
        for key in ("mss", "lsd_db", "mcd_db"):
            assert ceiling[key] < evaluation[other][key]
    assert ceiling["loudness_correlation"] > 0.9


def test_a_sound_is_equal_to_itself_delayed():
    sound = waves(1.5, 5)
    same = measure_sound(sound, np.pad(sound, (80, 0)), sr=RATE, fmin=46, fmax=1600)
    for measure in MEASURES:
        if measure.key in same:
            assert same[measure.key] == pytest.approx(measure.best, abs=1e-6)


def test_the_report_is_one_page_and_its_figures(evaluation, tmp_path):
    written = evaluation.save(tmp_path / "new" / "report")
    assert {p.name for p in written.parent.iterdir()} == {"index.html", "figures.json"}
    assert json.loads((written.parent / "figures.json").read_text("utf-8")) == evaluation.figures
    html = written.read_text("utf-8")
    # Nothing is asked of a network, or of another file.
    assert "://" not in html and "@import" not in html
    found = Page(html)
    assert not found.each("link") and not found.each("i")
    links = [a.get("src", a.get("href", a.get("xlink:href"))) for _, a in found.found]
    assert all(link.startswith(("data:", "#")) for link in links if link)
    identities = [a["id"] for _, a in found.found if "id" in a]
    assert len(identities) == len(set(identities))
    text = "".join(found.text)
    assert "<i>Tone</i> & co" in text
    assert all(measure.words in text for measure in MEASURES)
    for measure in MEASURES:
        assert f"{evaluation['model'][measure.key]:.{measure.digits}f}" in text


def test_a_report_without_its_packages_says_what_to_install(evaluation, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(WmsError, match=r"needs Jinja2: pip install '\.\[train\]'"):
        evaluation.save(tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_pictures_and_players_are_in_the_page(evaluation):
    found = Page(page.render_page(evaluation))
    pictures = [content(image["src"], "image/png") for image in found.each("img")]
    assert len(pictures) == 3 and all(png.startswith(b"\x89PNG") for png in pictures)
    assert len([a for a in found.each("svg") if a["class"] == "chart"]) == 2
    for player in found.each("audio"):
        with wave.open(io.BytesIO(content(player["src"], "audio/wav"))) as sound:
            assert (sound.getframerate(), sound.getnframes()) == (RATE, 2 * RATE)


def test_players_of_long_passages_are_cut(evaluation, monkeypatch):
    monkeypatch.setattr(page, "_AUDIO_BYTES", 150_000)
    html = page.render_page(evaluation)
    assert "players: the first 1.1 s" in html
    sounds = [content(a["src"], "audio/wav") for a in Page(html).each("audio")]
    assert sum(map(len, sounds)) * 4 / 3 < 150_000


def test_trained_baselines(files, model):
    found = evaluate(
        model, files / "unseen.wav", train=files / "known.wav", baselines=True, minutes=0.01
    )
    for system in ("mlp", "wms_torch"):
        assert all(math.isfinite(value) for value in found[system].values())
    assert found.figures["baselines"]["minutes_trained"] == 0.01
    assert "No memory" in page.render_page(found)


def test_the_memoryless_network_learns():
    from wms.training.trained_baselines import train_mlp

    frames = made_up_frames()
    predicted = train_mlp(frames, num_weights=3000, minutes=0.03)(frames.inputs)
    error = np.abs(predicted - frames.targets).mean()
    assert error < 0.5 * np.abs(frames.targets - frames.targets.mean(axis=0)).mean()


def test_the_memoryless_network_is_as_large():
    from wms.training.trained_baselines import make_mlp

    weights = sum(p.numel() for p in make_mlp(10, 80, 290_000).parameters())
    assert weights == pytest.approx(290_000, rel=0.01)


def test_of_a_long_recording_the_middle_is_judged(files, model):
    found = evaluate(model, files / "unseen.wav", seconds=1.0)
    (passage,) = found.figures["passages"]
    assert (passage["start_s"], passage["seconds"]) == (0.5, 1.0)
    sound, rate, start_s = read_middle(files / "unseen.wav", seconds=1.0)
    whole, _ = wms.load_audio(files / "unseen.wav")
    assert (rate, start_s) == (RATE, 0.5)
    np.testing.assert_array_equal(sound, whole[8000:24000])


def test_silence_has_no_pitch_and_a_page(files, model):
    found = evaluate(model, files / "silent.wav")
    for system in ("model", "true_spectra"):
        row = found[system]
        assert row["f0_median_cents"] is None
        assert all(value is None or math.isfinite(value) for value in row.values())
    Page(page.render_page(found))


def test_another_rate(files, model):
    found = evaluate(model, files / "unseen.wav", sample_rate=22050, seconds=1.0)
    assert found.details[0].passage.original.shape == (22050,)
    assert found.details[0].sounds["model"].shape == (22050,)
    assert "Sound above 8 000 Hz, which this model cannot make" in page.render_page(found)


def test_a_bad_recording_among_good_ones_is_left_out(files, model):
    done = []
    found = evaluate(model, files / "mixed", progress=lambda *counts: done.append(counts))
    assert [passage["file"] for passage in found.figures["passages"]] == ["good.wav"]
    (reason,) = found.figures["skipped"]
    assert "bad.wav" in reason and "skipped" in page.render_page(found)
    assert done[-1][:2] == (2, 2)


def test_figures_of_several_are_weighted_by_their_length(files, model):
    sources = [files / "unseen.wav", files / "mixed" / "good.wav", files / "known.wav"]
    found = evaluate(model, sources, seconds=3.0)
    rows = [(p["seconds"], p["systems"]["model"]["mss"]) for p in found.figures["passages"]]
    assert [seconds for seconds, _ in rows] == [2, 2, 3]
    wanted = sum(seconds * mss for seconds, mss in rows) / 7
    assert found["model"]["mss"] == pytest.approx(wanted)


def test_several_models_are_judged_on_one_page(files, model, evaluation, tmp_path):
    # The same network again, and one that wants another analysis, at another rate.
    flute = wms.Model.load("factory:flute")
    quick = dict(flute.params.replace(pitch_detection_method="yin"))
    flute = wms.Model.from_state({**flute.config, "params": quick}, flute.state_dict())
    found = evaluate(
        model, files / "unseen.wav", others=[model, flute], seconds=1.0, sample_rate=RATE
    )
    assert list(found.figures["systems"]) == ["true_spectra", "model", "model_2", "model_3"]
    assert found["model_2"] == pytest.approx(found["model"], nan_ok=True)
    assert found["model_3"] != found["model"]
    assert [other["name"] for other in found.figures["others"]] == [model.name, flute.name]
    read = Page(found.save(tmp_path / "report").read_text("utf-8"))
    assert len(read.each("audio")) == len(read.each("img")) == 5
    text = "".join(read.text)
    assert f"{model.name} (1)" in text and f"{model.name} (2)" in text and flute.name in text
    # Without the rate given, the highest of the models.
    found = evaluate(model, files / "unseen.wav", others=[flute], seconds=1.0)
    assert found.figures["conditions"]["sample_rate"] == 44100
    with pytest.raises(ParameterError, match="there are 4 others, wanted at most 3"):
        evaluate(model, files / "unseen.wav", others=[model] * 4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seconds": 0}, "seconds is 0, wanted 1 to 3600"),
        ({"seconds": math.nan}, "seconds is nan"),
        ({"sample_rate": 100}, "sample_rate is 100 Hz, wanted at least 4000"),
        ({"minutes": -1}, "minutes is -1, wanted more than 0"),
        ({"baselines": True}, "nothing to train baselines on"),
        ({"noise": -1}, "noise is -1"),
    ],
)
def test_bad_arguments_are_refused(files, model, arguments, message):
    with pytest.raises(ParameterError, match=message):
        evaluate(model, files / "unseen.wav", **arguments)


def test_what_was_trained_on_is_refused(files, model):
    with pytest.raises(ParameterError, match=r"known\.wav: is among the training sound too"):
        evaluate(model, [files / "unseen.wav", files / "known.wav"], train=files)


def test_training_frames_of_another_analysis_are_refused(files, model):
    frames = wms.analyze(files / "known.wav", PARAMS.replace(n_fft_preserved=40))
    with pytest.raises(ParameterError, match="have 40 bins, wanted the model's 80"):
        evaluate(model, files / "unseen.wav", train=frames)


def test_no_recording_is_refused(files, model):
    with pytest.raises(AudioFileError, match=re.escape("no.wav")):
        evaluate(model, files / "no.wav")
    with pytest.raises(AudioFileError, match=r"bad\.wav"):
        evaluate(model, files / "mixed" / "bad.wav")


def test_baselines_from_a_store(files, model, evaluation, tmp_path):
    store = wms.Store.update(tmp_path / "store", files / "known.wav", PARAMS)
    found = evaluate(model, files / "unseen.wav", train=store)
    for system in ("nearest", "ridge", "mean"):
        wanted = evaluation[system]["spectrum_error"]
        assert found[system]["spectrum_error"] == pytest.approx(wanted, rel=1e-3)
    assert found.figures["baselines"]["recordings"] == ["known.wav"]
