"""Every command of ``wms``, used right and used wrong."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import wms
from wms.cli import main
from wms.waves import make_waves

RATE = 16000
COMMANDS = (
    "waves",
    "check",
    "analyze",
    "train",
    "predict",
    "evaluate",
    "resynth",
    "render",
    "info",
    "models",
    "plot",
    "convert",
    "completion",
)
# Quick to analyse and to train; the rest is as shipped.
QUICK = {
    "pitch_detection_method": "yin",
    "include_voicedness": False,
    "hidden_size": 8,
    "training_seq_length": 10,
    "validation_stretch_s": 0.2,
    "save_scratch_model_every": 0,
}


def midi_bytes(events):
    body = b"".join(bytes([delta, *message]) for delta, message in events) + b"\x00\xff\x2f\x00"
    header = b"MThd" + (6).to_bytes(4, "big") + b"\x00\x00\x00\x01\x00\x60"
    return header + b"MTrk" + len(body).to_bytes(4, "big") + body


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Good and bad files of every kind, and a model trained for a moment."""
    folder = tmp_path_factory.mktemp("files")
    sound = make_waves(6.0, sample_rate=RATE, f_low=100, f_high=800, seed=1)
    wms.save_audio(folder / "tone.wav", sound, RATE)
    wms.save_audio(folder / "half.wav", sound[:8000], RATE)
    wms.save_audio(folder / "short.wav", sound[:1600], RATE)
    wms.Params(**QUICK).save(folder / "quick.json")

    whole = (folder / "tone.wav").read_bytes()
    (folder / "corrupt.wav").write_bytes(whole[1000:20000])
    (folder / "empty").mkdir()
    (folder / "mixed").mkdir()
    (folder / "mixed" / "good.wav").write_bytes(whole)
    (folder / "mixed" / "bad.wav").write_bytes(whole[1000:20000])
    (folder / "song.mid").write_bytes(midi_bytes([(0, (0x90, 60, 90)), (24, (0x80, 60, 0))]))
    (folder / "bad.mid").write_bytes(b"MThd and nothing that follows from it")
    (folder / "no_midi.mid").write_bytes(b"la la la")

    known = json.loads((folder / "quick.json").read_text())
    (folder / "unknown_key.json").write_text(json.dumps(known | {"hop_sise": 256}))
    (folder / "no_json.json").write_text("{")
    wms.Params(**QUICK, n_mfcc=12).save(folder / "other_inputs.json")
    wms.Params(**QUICK, hop_size=128).save(folder / "other_hop.json")

    quick = ["--params", str(folder / "quick.json")]
    frames, model = folder / "frames.safetensors", folder / "model.safetensors"
    assert main(["analyze", str(folder / "tone.wav"), "--out", str(frames), *quick]) == 0
    assert main(["train", str(frames), "--out", str(model), "--epochs", "2", *quick]) == 0
    (folder / "truncated.safetensors").write_bytes(model.read_bytes()[:3000])
    (folder / "foreign.safetensors").write_bytes(b"not at all what its name says" * 9)
    return folder


def run(files, tmp_path, command):
    """Run a command line in which {f} is the folder of files and {o} an empty one."""
    return main([part.format(f=files, o=tmp_path) for part in command.split()])


RIGHT = {
    "waves": "waves --out {o}/w.wav --seconds 1.5 --seed 3 --params {f}/quick.json",
    "check": "check {f}/tone.wav --channel left --params {f}/quick.json",
    "analyze": "analyze {f}/tone.wav --out {o}/x.safetensors --threads 1 --params {f}/quick.json",
    "train": "train {f}/tone.wav --out {o}/new/m.safetensors --epochs 1 --name Tone "
    "--device cpu --params {f}/quick.json",
    "predict": "predict {f}/tone.wav --model {f}/model.safetensors --out {o}/p --count 2",
    "evaluate": "evaluate {f}/half.wav --model {f}/model.safetensors --out {o}/e --seconds 1 "
    "--noise 0.5 --seed 3 --train {f}/frames.safetensors",
    "resynth": "resynth {f}/tone.wav --model {f}/model.safetensors --out {o}/r.wav "
    "--sample-rate 22050 --noise 0.5 --seed 7 --params {f}/quick.json",
    "render": "render {f}/song.mid --model {f}/model.safetensors --out {o}/s.wav --voices 4 "
    "--peak -6 --attack 0.01 --release 0.1 --normalise --timbre-automation",
    "info": "info {f}/model.safetensors --params {f}/quick.json",
    "models": "models {f}",
    "plot": "plot {f}/tone.wav --out {o}/x.svg",
    "convert": "convert {f}/model.safetensors --out {o}/m.json",
    "completion": "completion fish",
}
WRITTEN = {
    "waves": {"w.wav"},
    "check": set(),
    "analyze": {"x.safetensors"},
    "train": {"new", "new/m.safetensors", "new/m.png"},
    "predict": {"p", "p/predicted.png", "p/predicted.wav", "p/target.wav"},
    "evaluate": {"e", "e/figures.json", "e/index.html"},
    "resynth": {"r.wav"},
    "render": {"s.wav"},
    "info": set(),
    "models": set(),
    "plot": {"x.svg"},
    "convert": {"m.json", "m.json.params.json"},
    "completion": set(),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_used_right(files, tmp_path, capsys, command):
    assert run(files, tmp_path, RIGHT[command]) == 0
    assert {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")} == WRITTEN[command]
    captured = capsys.readouterr()
    assert captured.out
    # Training says every few seconds how far it is; the others are silent without a terminal, but
    # for what is lost of sounds that are too loud.
    lines = [line for line in captured.err.splitlines() if "clipped to full scale" not in line]
    assert len(lines) == (1 if command == "train" else 0)


def test_what_is_written_is_what_was_asked_for(files, tmp_path):
    for command in ("waves", "resynth", "render", "train"):
        assert run(files, tmp_path, RIGHT[command]) == 0
    waves, rate = wms.load_audio(tmp_path / "w.wav")
    assert (len(waves), rate) == (24000, RATE)
    sound, rate = wms.load_audio(tmp_path / "r.wav")
    assert (len(sound), rate) == (6 * 22050, 22050) and np.abs(sound).max() > 1e-3
    song, rate = wms.load_audio(tmp_path / "s.wav")
    assert rate == 48000 and np.abs(song).max() > 1e-4
    assert wms.Model.load(tmp_path / "new" / "m.safetensors").name == "Tone"
    assert wms.Frames.load(files / "frames.safetensors").params == wms.Params(**QUICK)


def test_oracle_plays_the_true_spectra(files, tmp_path):
    assert run(files, tmp_path, RIGHT["resynth"] + " --oracle") == 0
    oracle, _ = wms.load_audio(tmp_path / "r.wav")
    assert run(files, tmp_path, RIGHT["resynth"] + " --overwrite") == 0
    network, _ = wms.load_audio(tmp_path / "r.wav")
    original, rate = wms.load_audio(files / "tone.wav", 22050)
    distances = [
        wms.metrics.log_spectral_distance(original, sound, sr=rate) for sound in (oracle, network)
    ]
    assert distances[0] < distances[1]


@pytest.mark.parametrize("generation", ["2024-05", "2026-08"])
def test_networks_of_wms_torch_without_their_params(files, tmp_path, generation):
    network = Path(__file__).parents[1] / "data" / "wms_torch" / f"{generation}.pth"
    for command in (
        "predict {f}/half.wav --model {n} --out {o}/p",
        "evaluate {f}/half.wav --model {n} --out {o}/e",
        "resynth {f}/half.wav --model {n} --out {o}/r.wav --oracle",
        "render {f}/song.mid --model {n} --out {o}/s.wav",
        "info {n}",
    ):
        assert run(files, tmp_path, command.replace("{n}", str(network))) == 0
    made, rate = wms.load_audio(tmp_path / "r.wav")
    assert (len(made), rate) == (24000, 48000)


def test_info_tells_models_from_frames(files, capsys):
    assert main(["info", str(files / "model.safetensors")]) == 0
    told = capsys.readouterr().out
    assert "model 'model'" in told and "input pitch" in told and "epochs: 2" in told
    assert main(["info", str(files / "frames.safetensors")]) == 0
    told = capsys.readouterr().out
    assert "of 1 recording\n" in told and "pitch by yin" in told


@pytest.mark.parametrize(
    ("command", "out"),
    [
        ("analyze {f}/mixed --out {o}/x.safetensors --params {f}/quick.json", "x.safetensors"),
        (
            "train {f}/mixed --out {o}/x.safetensors --epochs 1 --params {f}/quick.json",
            "x.safetensors",
        ),
    ],
)
def test_a_bad_file_among_good_ones_is_skipped_and_reported(files, tmp_path, capsys, command, out):
    assert run(files, tmp_path, command) == 0
    first = capsys.readouterr().err.splitlines()[0]
    assert re.fullmatch(r"skipped .*mixed.bad\.wav: .+", first)
    assert (tmp_path / out).exists()


# Command line, exit status, and what its one line on stderr must name.
WRONG = [
    # Sources.
    ("analyze {f}/no.wav --out {o}/x.safetensors", 1, r"no\.wav: no such file"),
    ("analyze {f}/empty --out {o}/x.safetensors", 1, r"empty: holds no audio file, wanted .*wav"),
    ("analyze {f}/corrupt.wav --out {o}/x.safetensors", 1, r"corrupt\.wav: not a readable wav"),
    ("analyze {f}/frames.safetensors --out {o}/x.safetensors", 1, r"frames\.safetensors: "),
    ("train {f}/no.wav --out {o}/m.safetensors", 1, r"no\.wav: no such file"),
    ("train {f}/short.wav --out {o}/m.safetensors", 1, r"has \d+ frames, wanted at least 15"),
    (
        "train {f}/frames.safetensors {f}/tone.wav --out {o}/m.safetensors",
        1,
        r"2 sources .* wanted that file alone",
    ),
    ("train {f}/model.safetensors --out {o}/m.safetensors", 1, r"model\.safetensors: not a file"),
    ("train {f}/truncated.safetensors --out {o}/m.safetensors", 1, r"truncated\.safetensors: "),
    (
        "train {f}/tone.wav --out {o}/m.safetensors --device cpu --precision float16",
        2,
        r"--precision is 'float16', which only a CUDA device has; wanted bfloat16 or float32",
    ),
    ("train {f}/tone.wav --out {o}/m.safetensors --resume {f}/no.pt", 1, r"no\.pt: No such file"),
    (
        "train {f}/tone.wav --out {o}/m.safetensors --resume {f}/tone.wav",
        1,
        r"tone\.wav: not a checkpoint",
    ),
    (
        "predict {f}/corrupt.wav --model {f}/model.safetensors --out {o}/p",
        1,
        r"corrupt\.wav: not a readable wav",
    ),
    (
        "predict {f}/mixed --model {f}/model.safetensors --out {o}/p",
        1,
        r"mixed: is a folder, wanted one recording",
    ),
    (
        "evaluate {f}/corrupt.wav --model {f}/model.safetensors --out {o}/e",
        1,
        r"corrupt\.wav: not a readable wav",
    ),
    ("evaluate {f}/no.wav --model {f}/model.safetensors --out {o}/e", 1, r"no\.wav: no such file"),
    (
        "evaluate {f}/half.wav --model {f}/truncated.safetensors --out {o}/e",
        1,
        r"truncated\.safetensors: truncated",
    ),
    (
        "evaluate {f}/half.wav --model {f}/model.safetensors --out {f}/mixed",
        1,
        r"mixed: exists already, wanted .* add --overwrite",
    ),
    (
        "evaluate {f}/half.wav --model {f}/model.safetensors --out {o}/e --baselines",
        2,
        r"--baselines needs --train",
    ),
    (
        "evaluate {f}/tone.wav --model {f}/model.safetensors --out {o}/e "
        "--train {f}/frames.safetensors",
        1,
        r"tone\.wav: is among the training sound too",
    ),
    (
        "evaluate {f}/half.wav --out {o}/e" + 5 * " --model {f}/model.safetensors",
        2,
        r"--model is given 5 times, wanted at most 4",
    ),
    (
        "evaluate {f}/half.wav --model {f}/model.safetensors --out {o}/e --seconds 0",
        2,
        r"--seconds is 0, wanted 1 to 3600 seconds",
    ),
    (
        "evaluate {f}/half.wav --model {f}/model.safetensors --out {o}/e --sample-rate 100",
        2,
        r"--sample-rate is 100, wanted a whole number, 4000 to",
    ),
    (
        "resynth {f}/no.wav --model {f}/model.safetensors --out {o}/r.wav",
        1,
        r"no\.wav: No such file",
    ),
    (
        "resynth {f}/empty --model {f}/model.safetensors --out {o}/r.wav",
        1,
        r"empty: is a folder, wanted one recording",
    ),
    (
        "render {f}/no.mid --model {f}/model.safetensors --out {o}/s.wav",
        1,
        r"no\.mid: No such file",
    ),
    (
        "render {f}/bad.mid --model {f}/model.safetensors --out {o}/s.wav",
        1,
        r"bad\.mid: a damaged MIDI file",
    ),
    (
        "render {f}/no_midi.mid --model {f}/model.safetensors --out {o}/s.wav",
        1,
        r"no_midi\.mid: not a standard MIDI file",
    ),
    ("info {f}/no.safetensors", 1, r"no\.safetensors: No such file"),
    ("info flute", 1, r"did you mean factory:flute\?"),
    ("models {f}/no", 1, r"no: no such folder"),
    ("info {f}/truncated.safetensors", 1, r"truncated\.safetensors: truncated"),
    # Models.
    (
        "predict {f}/tone.wav --model {f}/no.safetensors --out {o}/p",
        1,
        r"no\.safetensors: No such file",
    ),
    (
        "resynth {f}/tone.wav --model {f}/truncated.safetensors --out {o}/r.wav",
        1,
        r"truncated\.safetensors: truncated",
    ),
    (
        "render {f}/song.mid --model {f}/foreign.safetensors --out {o}/s.wav",
        1,
        r"foreign\.safetensors: a text file, wanted a model",
    ),
    (
        "resynth {f}/tone.wav --model {f}/frames.safetensors --out {o}/r.wav",
        1,
        r"frames\.safetensors: a file of frames, wanted a model",
    ),
    (
        "resynth {f}/tone.wav --model {f}/model.safetensors --out {o}/r.wav "
        "--params {f}/other_inputs.json",
        1,
        r"the model has 9 inputs .* ask for 13",
    ),
    (
        "predict {f}/tone.wav --model {f}/model.safetensors --out {o}/p "
        "--params {f}/other_hop.json",
        1,
        r"model\.safetensors: the model has hop_size 256, but the params say 128",
    ),
    (
        "info {f}/model.safetensors --params {f}/other_hop.json",
        1,
        r"the model has hop_size 256, but the params say 128",
    ),
    # Outputs.
    ("waves --out {f}/tone.wav", 1, r"tone\.wav: exists already; to replace it, add --overwrite"),
    ("analyze {f}/tone.wav --out {f}/frames.safetensors", 1, r"frames\.safetensors: exists"),
    ("train {f}/frames.safetensors --out {f}/model.safetensors", 1, r"model\.safetensors: exists"),
    (
        "predict {f}/tone.wav --model {f}/model.safetensors --out {f}/mixed",
        1,
        r"mixed: exists already, wanted .* add --overwrite",
    ),
    ("waves --out {o}/no/new/x.wav", 1, r"there is no folder .*no; make it first"),
    ("waves --out {f}/tone.wav/x.wav", 1, r"tone\.wav is a file, wanted a folder"),
    ("waves --out {f}/tone.wav/new/x.wav", 1, r"x\.wav: cannot be written: Not a directory"),
    (
        "predict {f}/tone.wav --model {f}/model.safetensors --out {f}/tone.wav/p",
        1,
        r"tone\.wav/p: cannot be made: Not a directory",
    ),
    ("waves --out {f}/empty", 2, r"--out is .*empty, wanted a file ending in \.wav"),
    ("analyze {f}/tone.wav --out {o}/x.wav", 2, r"x\.wav, wanted .* ending in \.safetensors"),
    (
        "convert {f}/model.safetensors --out {o}/x.onnx",
        2,
        r"wanted .* \.safetensors, \.pth or \.json",
    ),
    ("plot {f}/tone.wav --out {o}/x.gif", 2, r"wanted a file ending in \.png, \.svg or \.pdf"),
    ("plot {f}/quick.json --out {o}/x.png", 1, r"a params\.json, wanted a recording, frames"),
    ("plot {f}/no.wav --out {o}/x.png", 1, r"no\.wav: No such file"),
    ("plot {f}/corrupt.wav --out {o}/x.png", 1, r"corrupt\.wav"),
    ("completion tcsh", 2, r"invalid choice: 'tcsh'"),
    ("train {f}/tone.wav --out {o}/x.pth", 2, r"x\.pth, wanted .* ending in \.safetensors"),
    # Params and arguments.
    ("waves --out {o}/x.wav --params {f}/no.json", 1, r"no\.json: No such file"),
    ("waves --out {o}/x.wav --params {f}/no_json.json", 1, r"no_json\.json: not valid JSON"),
    (
        "analyze {f}/tone.wav --out {o}/x.safetensors --params {f}/unknown_key.json",
        1,
        r"unknown_key\.json: unknown key \"hop_sise\"; did you mean \"hop_size\"",
    ),
    ("waves --out {o}/x.wav --seconds 0", 2, r"--seconds is 0, wanted 0\.001"),
    ("waves --out {o}/x.wav --seconds nan", 2, r"--seconds is nan, wanted 0\.001"),
    ("waves --out {o}/x.wav --seconds long", 2, r"--seconds is long, wanted 0\.001"),
    ("waves --out {o}/x.wav --seed -1", 2, r"--seed is -1, wanted a whole number"),
    ("analyze {f}/tone.wav --out {o}/x.safetensors --threads 0", 2, r"--threads is 0, wanted"),
    ("train {f}/tone.wav --out {o}/m.safetensors --epochs 0", 2, r"--epochs is 0, wanted"),
    ("train {f}/tone.wav --out {o}/m.safetensors --minutes 0", 2, r"--minutes is 0, want"),
    (
        "train {f}/tone.wav --out {o}/m.safetensors --device abacus",
        2,
        r"--device is 'abacus', wanted one that this PyTorch has: cpu",
    ),
    (
        "resynth {f}/tone.wav --model {f}/model.safetensors --out {o}/r.wav --noise -1",
        2,
        r"--noise is -1, wanted 0 to 4",
    ),
    (
        "resynth {f}/tone.wav --model {f}/model.safetensors --out {o}/r.wav --sample-rate 5",
        2,
        r"--sample-rate is 5, wanted a whole number, 1000 to",
    ),
    (
        "render {f}/song.mid --model {f}/model.safetensors --out {o}/s.wav --attack nan",
        2,
        r"--attack is nan, wanted 0 to 60",
    ),
    (
        "render {f}/song.mid --model {f}/model.safetensors --out {o}/s.wav --peak 3",
        2,
        r"--peak is 3, wanted -60 to 0",
    ),
    (
        "render {f}/song.mid --model {f}/model.safetensors --out {o}/s.wav --voices 1000",
        2,
        r"--voices is 1000, wanted a whole number, 1 to 64",
    ),
    (
        "render {f}/song.mid --model {f}/model.safetensors --out {o}/s.wav --channels 0-3",
        2,
        r"--channels is 0-3, wanted numbers from 1 to 16",
    ),
    (
        "predict {f}/tone.wav --model {f}/model.safetensors --out {o}/p --count 0",
        2,
        r"--count is 0, wanted",
    ),
    ("render {f}/song.mid --out {o}/s.wav", 2, r"required: --model"),
    ("hum", 2, r"there is no command 'hum'"),
]


@pytest.mark.parametrize(("command", "status", "message"), WRONG, ids=[w[0] for w in WRONG])
def test_used_wrong(files, tmp_path, capsys, command, status, message):
    name = command.split()[0]
    # CREPE, the shipped choice, takes its time.
    takes_params = "--params" not in command and name in ("analyze", "train")
    before = sorted(files.rglob("*"))
    try:
        got = run(files, tmp_path, command + " --params {f}/quick.json" * takes_params)
    except SystemExit as exit:
        got = exit.code
    captured = capsys.readouterr()
    assert got == status
    # Training has said by then what the recordings hold.
    assert captured.out == "" or (name == "train" and " of sound, " in captured.out)
    lines = captured.err.splitlines()
    assert len(lines) == 1, captured.err
    assert lines[0].startswith(f"wms {name}: " if name in COMMANDS else "wms: ")
    assert re.search(message, lines[0]), lines[0]
    # Nothing is left behind, and nothing that was there is gone.
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert sorted(files.rglob("*")) == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="may write anywhere")
def test_a_folder_that_may_not_be_written_to(tmp_path, capsys):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    assert main(["waves", "--out", str(locked / "x.wav")]) == 1
    assert "Permission denied" in capsys.readouterr().err


def test_debug_shows_where_an_error_is_from(files):
    with pytest.raises(wms.AudioFileError):
        main(["analyze", str(files / "corrupt.wav"), "--out", str(files / "x.safetensors"),
              "--debug"])  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(capsys, command):
    with pytest.raises(SystemExit) as exit:
        main([command, "--help"])
    assert exit.value.code == 0
    text = capsys.readouterr().out
    assert f"example: wms {command}" in text
    assert ("--params" in text) == (
        command not in ("models", "plot", "completion")
    ) and "--debug" in text


def test_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "wms", "--help"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and done.stderr == ""
    assert all(f"\n    {command} " in done.stdout for command in COMMANDS)


def start_training(files, out, *more):
    command = ["train", files / "frames.safetensors", "--out", out, *more]
    return subprocess.Popen(
        [sys.executable, "-m", "wms", *map(str, command), "--params", str(files / "quick.json")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_ctrl_c_keeps_the_model(files, tmp_path):
    out = tmp_path / "m.safetensors"
    training = start_training(files, out, "--minutes", "5")
    try:
        # Its first line: training has begun.
        first = training.stderr.readline()
        assert first.startswith("epoch ")
        time.sleep(0.2)
        training.send_signal(signal.SIGINT)
        printed, told = training.communicate(timeout=60)
    finally:
        training.kill()
    assert training.returncode == 130
    checkpoint = out.with_suffix(".checkpoint.pt")
    lines = told.splitlines()
    again = lines[-1].removeprefix("wms train: interrupted; go on with: wms ")
    assert again.endswith(f"--overwrite --resume {checkpoint}")
    assert f"{checkpoint}: the state of the training" in printed
    # Sparse progress, and no traceback.
    assert all(line.startswith("epoch ") for line in lines[:-1]) and len(lines) <= 3
    assert f"\n{out}: " in printed
    assert {path.name for path in tmp_path.iterdir()} == {
        "m.safetensors", "m.png", "m.checkpoint.pt"
    }  # fmt: skip
    epochs = wms.Model.load(out).config["provenance"]["epochs"]

    # The line that is printed goes on as it stands.
    words = shlex.split(again)
    at = words.index("--minutes")
    assert 4 < float(words[at + 1]) < 5
    words[at : at + 2] = ["--epochs", "3"]
    assert main(words) == 0
    assert wms.Model.load(out).config["provenance"]["epochs"] == epochs + 3


def test_a_terminal_gets_one_line_that_is_kept_up_to_date():
    import io

    from wms._progress import AnalysisProgress

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        with AnalysisProgress(stream) as progress:
            for done in range(4):
                progress(done, 3, 100 * done)
    assert file.getvalue() == ""
    shown = terminal.getvalue()
    assert shown.count("\n") == 1 and shown.count("\r") == 4
    assert "analysed 3/3 files" in shown and "left" in shown


def test_render_takes_settings_and_says_its_peak(files, tmp_path, capsys):
    render = "render {f}/song.mid --model factory:flute --out {o}/"
    assert run(files, tmp_path, render + "a.wav --format 16") == 0
    assert re.search(r"a\.wav: .* s at 48000 Hz, peak -\d+\.\d dBFS\n", capsys.readouterr().out)
    assert run(files, tmp_path, render + "b.wav --set gain=0.25 --set mode=mono") == 0
    loud, soft = (np.abs(wms.load_audio(tmp_path / f"{n}.wav")[0]).max() for n in "ab")
    assert soft == pytest.approx(loud / 2, rel=0.01)
    for wrong, told in (("gian=1", "did you mean gain"), ("gain", "NAME=VALUE"), ("gain=99", "99")):
        assert run(files, tmp_path, render + f"c.wav --set {wrong}") == 2
        assert told in capsys.readouterr().err
    assert run(files, tmp_path, render + "d.wav --channels 2") == 0
    assert "no notes on channels 2" in capsys.readouterr().err


def test_resynth_plays_several_recordings_higher_and_softer(files, tmp_path, capsys):
    resynth = "resynth {f}/tone.wav {f}/half.wav --model {f}/model.safetensors --out {o}/"
    assert run(files, tmp_path, resynth + "one") == 0
    assert run(files, tmp_path, resynth + "two --gain -6 --transpose 12") == 0
    assert {path.name for path in (tmp_path / "two").iterdir()} == {"tone.wav", "half.wav"}
    assert run(files, tmp_path, resynth + "x.wav") == 2
    assert "there are 2 recordings, wanted a folder" in capsys.readouterr().err


def test_evaluate_compares_models(files, tmp_path, capsys):
    command = "evaluate {f}/half.wav --model {f}/model.safetensors --model {n} --out {o}/e"
    network = Path(__file__).parents[1] / "data" / "wms_torch" / "2026-08.pth"
    assert run(files, tmp_path, command.replace("{n}", str(network))) == 0
    assert re.search(rf"spectrum error .*, {re.escape(str(network))} \d", capsys.readouterr().out)
    assert len(json.loads((tmp_path / "e" / "figures.json").read_text())["others"]) == 1


def test_info_says_what_a_file_is(files, capsys):
    for name, told in (
        ("tone.wav", "recording of"), ("song.mid", "1 note\n  from C4 to C4"),
        ("mixed", "folder of 2"), ("quick.json", "params of analysis"),
    ):  # fmt: skip
        assert main(["info", str(files / name)]) == 0
        assert told in capsys.readouterr().out
        assert main(["info", str(files / name), "--json"]) == 0
        json.loads(capsys.readouterr().out)


def test_help_as_a_command_and_no_command(capsys):
    for words, told in (([], "COMMAND"), (["help"], "COMMAND"), (["help", "info"], "wms info")):
        with pytest.raises(SystemExit) as exit:
            main(words)
        assert exit.value.code == 0 and told in capsys.readouterr().out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_a_full_standard_output_is_one_line():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "wms", "models"], stdout=full, stderr=subprocess.PIPE,
            text=True, timeout=60,
        )  # fmt: skip
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert "No space left" in done.stderr
