"""The parts of the package that are imported when they are first used."""

import subprocess
import sys

import pytest

import wms

LATER = ("baselines", "evaluation", "overview", "plot", "training", "waves")


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_importing_the_package_imports_no_more_than_numpy():
    code = "import sys, wms; print(*{name.partition('.')[0] for name in sys.modules})"
    found = set(run(code))
    assert "numpy" in found
    assert not found & {"torch", "matplotlib", "jinja2", "ipywidgets", "anywidget", "pandas"}


@pytest.mark.parametrize("name", LATER)
def test_a_part_is_there_without_an_import_of_its_own(name):
    assert run(f"import wms; print(wms.{name}.__name__)") == [f"wms.{name}"]
    assert name in dir(wms)


def test_other_names_are_missing():
    with pytest.raises(AttributeError, match="module 'wms' has no attribute 'trainign'"):
        _ = wms.trainign


def test_a_part_whose_package_is_missing_says_so():
    code = """
import sys
sys.modules["torch"] = None
import wms
try:
    wms.training
except ImportError as error:
    print(error)
"""
    assert "PyTorch:" in run(code)
