"""The example at the end of every command's help runs as it stands."""

import shlex
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import wms
from wms import cli
from wms.cli import main
from wms.waves import make_waves

ROOT = Path(__file__).parents[2]
RATE = 16000
COMMANDS = [name for name in cli.COMMANDS if name != "help"]
# So that a test does not take as long as what it is an example of.
SHORTER = {"train": ["--epochs", "1"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The files that the examples name."""
    made = tmp_path_factory.mktemp("examples")
    (made / "recordings").mkdir()
    for path, seed in (("recordings/scale.wav", 1), ("phrase.wav", 2)):
        sound = make_waves(4.0, sample_rate=RATE, f_low=100, f_high=800, seed=seed)
        wms.save_audio(made / path, sound, RATE)
    shutil.copy(ROOT / "params.json", made)
    shutil.copy(ROOT / "demo" / "melody.mid", made / "song.mid")
    pytest.importorskip("wms.training")
    train = ["train", "recordings", "--epochs", "1", "--out"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        assert main([*train, "flute.safetensors"]) == 0
        assert main([*train, "theirs.safetensors", "--params", "params.json"]) == 0
        assert main(["convert", "theirs.safetensors", "--out", "model.pth"]) == 0
    return made


@pytest.mark.parametrize("command", COMMANDS)
def test_the_example_runs(command, folder, tmp_path, monkeypatch):
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    start, program, *arguments = shlex.split(cli.command_module(command).EXAMPLE)
    assert (start, program, arguments[0]) == ("example:", "wms", command)
    if command == "train":
        Path("flute.safetensors").unlink()
    if command == "play":
        card = SimpleNamespace(play=lambda *_: None, wait=lambda: None)
        monkeypatch.setitem(sys.modules, "sounddevice", card)
    assert main([*arguments, *SHORTER.get(command, [])]) == 0
