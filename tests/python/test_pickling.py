"""What the package has is pickled and copied, and goes to other processes and back."""

import copy
import itertools
import multiprocessing
import pickle

import numpy as np
import pytest

import wms
from wms import errors

RATE = 16000
YIN = wms.Params(pitch_detection_method="yin")
TONE = (0.3 * np.sin(2 * np.pi * 220 * np.arange(RATE // 2) / RATE)).astype(np.float32)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    for number in range(3):
        wms.save_audio(folder / f"{number}.wav", TONE * 0.5**number, RATE)
    (folder / "broken.wav").write_bytes(b"RIFF and no more")
    return folder


@pytest.fixture(scope="module")
def things(recordings, tmp_path_factory):
    """One of everything that is immutable."""
    frames = wms.analyze(recordings, YIN)
    path = tmp_path_factory.mktemp("frames") / "frames.safetensors"
    frames.save(path)
    noted = wms.Params.from_dict({**YIN, "hop_size_comment": "small"})
    return {
        "params": YIN,
        "params with a note": noted,
        "frames": frames,
        "frames of a file": wms.Frames.load(path),
        "no frames": frames[:0],
        "model": wms.Model.load("factory:flute"),
        "scaler": frames.scaler,
    }


def copies(thing):
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        yield pickle.loads(pickle.dumps(thing, protocol))
    yield copy.copy(thing)
    yield copy.deepcopy(thing)
    yield copy.deepcopy([thing, thing])[1]


def test_copies_are_equal(things):
    for name, thing in things.items():
        for made in copies(thing):
            assert type(made) is type(thing) and made == thing, name
    for (name, thing), (other_name, other) in itertools.permutations(things.items(), 2):
        same = {name, other_name} in (
            {"frames", "frames of a file"}, {"params", "params with a note"}
        )  # fmt: skip
        assert (thing == other) == same


def test_copies_do_what_the_first_does(things, tmp_path):
    frames, model = things["frames of a file"], things["model"]
    made = pickle.loads(pickle.dumps(frames))
    np.testing.assert_array_equal(made.inputs, frames.inputs)
    assert made.skipped == frames.skipped and len(made.skipped) == 1
    x = np.zeros((3, model.input_size), np.float32)
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(model)).predict(x)[0], model.predict(x)[0]
    )
    # Notes go with the params.
    pickle.loads(pickle.dumps(things["params with a note"])).save(tmp_path / "p.json")
    assert "hop_size_comment" in (tmp_path / "p.json").read_text()


def test_keys_without_effect_are_warned_of_once():
    with pytest.warns(UserWarning, match="no effect"):
        params = wms.Params(power=2.0)
    assert pickle.loads(pickle.dumps(params)) == params


def test_models_and_params_are_keys_of_dicts(things):
    for name in ("params", "model"):
        thing = things[name]
        assert {thing: 1}[pickle.loads(pickle.dumps(thing))] == 1


def test_a_store_is_opened_again(recordings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = wms.Store.update("store", recordings, YIN)
    content = pickle.dumps(store)
    monkeypatch.chdir(recordings)
    for made in (pickle.loads(content), copy.copy(store), copy.deepcopy(store)):
        assert made.files == store.files and len(made) == len(store)


@pytest.mark.parametrize("make", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_synth_says_that_it_cannot_be_copied(make):
    synth = wms.Synth("factory:flute")
    with pytest.raises(TypeError, match=r"a Synth cannot be pickled or copied.*pickle its model"):
        make(synth)


@pytest.mark.parametrize(
    "kind",
    [thing for thing in vars(errors).values() if isinstance(thing, type)],
    ids=lambda kind: kind.__name__,
)
def test_errors_keep_their_kind_and_message(kind):
    for made in copies(kind("x.wav: broken")):
        assert type(made) is kind and str(made) == "x.wav: broken"


def test_errors_of_the_native_part_keep_theirs(recordings):
    for fail, kind in (
        (lambda: wms.load_audio(recordings / "broken.wav"), wms.AudioFileError),
        (lambda: wms.Params(hop_size=-1), wms.ParameterError),
        (lambda: wms.Model.load("no.safetensors"), wms.FileAccessError),
    ):
        with pytest.raises(kind) as caught:
            fail()
        made = pickle.loads(pickle.dumps(caught.value))
        assert type(made) is kind and str(made) == str(caught.value)


def analysed(job):
    path, params, model = job
    frames = wms.analyze(path, params)
    return frames, model.name


def broken(path):
    return wms.analyze(path, YIN)


@pytest.mark.parametrize("method", sorted(set(multiprocessing.get_all_start_methods())))
def test_work_is_spread_over_processes(recordings, things, method):
    files = wms.list_audio(recordings)
    good = [path for path in files if "broken" not in str(path)]
    # In this process the thread pool has been used, which a fork does not inherit.
    alone = [wms.analyze(path, YIN) for path in good]
    with multiprocessing.get_context(method).Pool(2) as pool:
        found = pool.map(analysed, [(path, YIN, things["model"]) for path in good])
        assert [frames for frames, _ in found] == alone
        assert {name for _, name in found} == {things["model"].name}
        with pytest.raises(wms.AudioFileError, match=r"broken\.wav"):
            pool.map(broken, [recordings / "broken.wav"])


def test_joblib_takes_it(recordings):
    joblib = pytest.importorskip("joblib")
    files = [path for path in wms.list_audio(recordings) if "broken" not in str(path)]
    found = joblib.Parallel(n_jobs=2)(joblib.delayed(wms.analyze)(path, YIN) for path in files)
    assert found == [wms.analyze(path, YIN) for path in files]


class Rows:
    """Spectra by their number, as a data loader wants them."""

    def __init__(self, frames):
        self.frames = frames

    def __len__(self):
        return len(self.frames)

    def __getitem__(self, at):
        return self.frames[at].spectrum[0]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_a_data_loader_take_it(things, method):
    data = pytest.importorskip("torch.utils.data")
    frames = things["frames of a file"][:8]
    loader = data.DataLoader(
        Rows(frames), batch_size=4, num_workers=1, multiprocessing_context=method
    )
    found = np.concatenate([batch.numpy() for batch in loader])
    np.testing.assert_array_equal(found, frames.spectrum)
