"""The notebooks run from top to bottom, and are committed without what running leaves in them."""

from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# Pictures and players that each notebook shows, and a file that it writes into out/.
SHOWN = {
    "01_features": (7, 4, "frames.safetensors"),
    "02_train": (6, 6, "melody.wav"),
    "03_evaluate": (5, 4, "report"),
    "04_timbre_space": (5, 5, "halfway.wav"),
    "05_to_the_daw": (6, 4, "bank"),
}
# Seconds for one cell: a machine that is busy with other things included.
CELL_LIMIT_S = 240


def test_the_notebooks_are_there():
    assert [path.stem for path in NOTEBOOKS] == list(SHOWN)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_committed_without_outputs(path):
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert "widgets" not in notebook.metadata
    for cell in notebook.cells:
        assert cell.metadata == {}, cell.id
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None, cell.id


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_from_top_to_bottom(path, tmp_path, monkeypatch):
    monkeypatch.setenv("WMS_FAST", "1")
    monkeypatch.setenv("WMS_DEMO", str(ROOT / "demo"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.delenv("DISPLAY", raising=False)
    folder = tmp_path / "work"
    folder.mkdir()
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        notebook,
        timeout=CELL_LIMIT_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()

    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    assert not [out for out in outputs if out.output_type == "error"]
    # A warning is something that a reader would have to explain away.
    errors = [out.text for out in outputs if out.get("name") == "stderr"]
    assert not [text for text in errors if "Warning" in text]
    pictures, players, file = SHOWN[path.stem]
    kinds = [kind for out in outputs for kind in out.get("data", {})]
    assert kinds.count("image/png") == pictures
    # Sounds are HTML elements with the sound inside.
    assert sum("<audio" in out.get("data", {}).get("text/html", "") for out in outputs) == players
    assert (folder / "out" / file).exists()
