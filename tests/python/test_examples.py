"""The examples in docstrings run; every public function has one."""

import doctest
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import wms

# As in NumPy's own examples, `np` and the package (with `wms.training`) are imported already.
NAMES = {"np": np, "wms": wms}
MODULES = ["wms", "wms.compat", "wms.metrics", "wms.plot", "wms.training", "wms.waves"]
# What draws is shown by the notebooks, and PaCMAP needs seconds to start.
SHOWN_ELSEWHERE = {
    "wms.training.draw_errors",
    "wms.training.fit_projection",
    "wms.training.plot_history",
}
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def defined_in(module_name: str, name: str, value: object) -> bool:
    return not name.startswith("_") and getattr(value, "__module__", "") == module_name


def public(module_name: str) -> Iterator[tuple[str, object]]:
    """A module's public names, with the members of its classes."""
    module = importlib.import_module(module_name)
    own = [name for name, value in vars(module).items() if defined_in(module_name, name, value)]
    for name in getattr(module, "__all__", own):
        value = getattr(module, name)
        if inspect.ismodule(value):
            continue
        yield f"{module_name}.{name}", value
        if inspect.isclass(value):
            for member in vars(value):
                if not member.startswith("_"):
                    yield f"{module_name}.{name}.{member}", getattr(value, member)


def examples() -> Iterator[object]:
    for module_name in MODULES:
        try:
            found = list(public(module_name))
        except ImportError as error:
            skip = pytest.mark.skip(reason=f"{error.name} is not installed")
            yield pytest.param(module_name, "", marks=skip, id=module_name)
            continue
        for name, value in found:
            text = inspect.getdoc(value) or ""
            if ">>>" in text:
                yield pytest.param(name, text, id=name)


@pytest.mark.parametrize(("name", "text"), list(examples()))
def test_an_example_gives_what_it_shows(
    name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    test = doctest.DocTestParser().get_doctest(text, dict(NAMES), name, None, 0)
    log: list[str] = []
    result = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=log.append)
    assert result.failed == 0, "".join(log)
    assert test.examples


def test_every_public_function_has_an_example() -> None:
    pytest.importorskip("torch")
    missing = []
    for module_name in MODULES:
        for name, value in public(module_name):
            member = name.count(".") > module_name.count(".") + 1
            drawn = module_name == "wms.plot" or name in SHOWN_ELSEWHERE
            if member or drawn or not inspect.isroutine(value):
                continue
            if ">>>" not in (inspect.getdoc(value) or ""):
                missing.append(name)
    assert not missing
