"""What the documents say is so: the README's code runs, and every file they name is there."""

import functools
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

import wms
from wms.cli import COMMANDS, main, make_parser

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted(
    path for pattern in ("*.md", "docs/*.md", "plugin/*.md") for path in ROOT.glob(pattern)
)
# Tells a path of this repository in `backticks` from other code.
FOLDERS = "benches|demo|docs|examples|factory|fuzz|notebooks|plugin|python|src|tests|tools"
RATE = 16000


def fenced(text: str, language: str) -> list[str]:
    """The code blocks in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.M | re.S)


def commands(text: str) -> list[list[str]]:
    """Command lines of `wms` in a document's shell blocks and its sentences."""
    lines = [line for block in fenced(text, "sh") for line in block.splitlines()]
    sentences = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    lines += [" ".join(code.split()) for code in re.findall(r"`(wms [^`]*)`", sentences)]
    split = [shlex.split(line, comments=True) for line in lines]
    return [words[1:] for words in split if words[:1] == ["wms"]]


def tone(folder: Path, name: str, f0_hz: float, seconds: float = 4.0) -> Path:
    """A recording of one note whose loudness and timbre change."""
    t = np.arange(int(seconds * RATE)) / RATE
    swell = 0.5 - 0.4 * np.cos(2 * np.pi * t / seconds)
    y = sum(swell**k / k * np.sin(2 * np.pi * k * f0_hz * t) for k in range(1, 6))
    folder.mkdir(exist_ok=True)
    wms.save_audio(folder / name, 0.3 * y, RATE)
    return folder / name


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that holds what the README speaks of."""
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    for place in ["my_recordings", "my_library"]:
        for i in range(4):
            tone(tmp_path / place, f"note{i}.wav", 220.0 * 2 ** (i / 4))
    tone(tmp_path, "humming.wav", 300.0)
    tone(tmp_path, "phrase.wav", 300.0)
    (tmp_path / "song.mid").write_bytes((ROOT / "demo" / "melody.mid").read_bytes())
    return tmp_path


def test_the_readmes_python_runs(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wms import training

    @functools.wraps(training.train)
    def one_epoch(*arguments: object, **keywords: object) -> object:
        return training_train(*arguments, epochs=1, progress=False, **keywords)

    training_train = training.train
    monkeypatch.setattr(training, "train", one_epoch)
    blocks = fenced(README, "python")
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})
    assert (workplace / "a4.wav").exists()


def test_the_readmes_shell_lines_run(workplace: Path) -> None:
    lines = [words for block in fenced(README, "sh") for words in commands(f"```sh\n{block}```\n")]
    assert len(lines) >= 5
    for words in lines:
        if words[0] == "train":
            if "--minutes" in words:
                at = words.index("--minutes")
                del words[at : at + 2]
            words += ["--epochs", "1"]
        assert main(words) == 0, words


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_command_lines_in_documents_can_be_parsed(path: Path) -> None:
    parser = make_parser()
    for words in commands(path.read_text(encoding="utf-8")):
        if not words or words[0].startswith("-") or "..." in words:
            continue
        assert words[0] in [*COMMANDS, "COMMAND"], words
        # `wms train --log FOLDER` speaks of an option; only whole lines can be parsed.
        if len(words) > 1 and not words[1].startswith("-"):
            parser.parse_args(words)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_a_document_names_are_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)\s#]+)[^)]*\)|^\[[^\]]+\]: (\S+)$", text, flags=re.M)
    targets = [link or definition for link, definition in links]
    missing = [
        target for target in targets if "://" not in target and not (path.parent / target).exists()
    ]
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    named = re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", text)
    missing += [name for name in named if "NAME" not in name and not (ROOT / name).exists()]
    assert not missing


def test_the_crates_page_finds_the_files_of_the_readme() -> None:
    page = (ROOT / "src" / "lib.rs").read_text(encoding="utf-8")
    definitions = re.findall(r"^\[([^\]]+)\]: (\S+)$", README, flags=re.M)
    assert len(definitions) > 10
    for label, target in definitions:
        # From target/doc/wms, where `cargo doc` puts it.
        assert f"//! [{label}]: ../../../{target}\n" in page


def test_the_tests_of_the_realtime_rules_are_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = re.search(r"^## Realtime rules\n(.*?)^## ", page, flags=re.M | re.S)
    named = re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+){2,})`|`(nothing_clicks)`", section[1])
    sources = [ROOT / "src", ROOT / "tests", ROOT / "plugin" / "tests"]
    code = "".join(
        path.read_text(encoding="utf-8") for folder in sources for path in folder.rglob("*.rs")
    )
    names = [name or other for name, other in named]
    assert len(names) >= 8
    assert [name for name in names if f"fn {name}(" not in code] == []


# The floors of src/, as docs/architecture.md draws them: a room uses those on lower floors alone.
FLOORS = [
    {"error"},
    {"files", "limits", "spelling", "watch"},
    {"audio", "params"},
    {"analysis", "timbre"},
    {"corpus", "model"},
    {"midi"},
    {"synth"},
    {"python"},
]
# What plays on the audio thread takes nothing from what works offline.
NEVER = [("midi", "analysis"), ("midi", "corpus"), ("synth", "analysis"), ("synth", "corpus")]


def rooms_used(text: str) -> set[str]:
    """The modules of the crate that a Rust file names, outside of comments."""
    code = re.sub(r"^\s*//.*$", "", text, flags=re.M)
    used = set(re.findall(r"\bcrate::([a-z_0-9]+)", code))
    for listed in re.findall(r"\bcrate::\{(.*?)\};", code, flags=re.S):
        # Without what is listed inside a room.
        while "{" in listed:
            listed = re.sub(r"\{[^{}]*\}", "", listed)
        used |= {name.strip().split("::")[0] for name in listed.split(",")}
    return used


def test_no_room_uses_one_above() -> None:
    floor = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    wrong = []
    for path in sorted((ROOT / "src").rglob("*.rs")):
        room = path.relative_to(ROOT / "src").parts[0].removesuffix(".rs")
        if room == "lib":
            continue
        for used in rooms_used(path.read_text(encoding="utf-8")) & floor.keys() - {room}:
            if floor[used] >= floor[room] or (room, used) in NEVER:
                wrong.append(f"{path.relative_to(ROOT)} uses {used}")
    assert not wrong
