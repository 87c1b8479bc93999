"""Copy the docstrings of the built module into its stub, python/wms/_wms.pyi.

The texts have one source: the comments in src/python/*.rs, which PyO3 makes docstrings. The stub
keeps the typed signatures, which are written by hand and checked by stubtest. `--check` changes
nothing and fails if the stub's texts differ.
"""

import argparse
import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from wms import _wms

STUB = Path(__file__).resolve().parents[1] / "python" / "wms" / "_wms.pyi"

Definition = ast.FunctionDef | ast.ClassDef


def definitions(body: list[ast.stmt], owner: object) -> Iterator[tuple[Definition, str]]:
    """Each definition of the stub that the module has too, with its docstring there."""
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("__"):
            continue
        # Protocols and keyword types are the stub's alone.
        if not hasattr(owner, node.name):
            continue
        value = getattr(owner, node.name)
        yield node, inspect.getdoc(value) or ""
        if isinstance(node, ast.ClassDef):
            yield from definitions(node.body, value)


def written(node: Definition, text: str, lines: list[str]) -> None:
    """Replace the docstring of one definition in the stub's lines."""
    indent = " " * (node.col_offset + 4)
    first = node.body[0]
    holds_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    if not holds_text:
        raise SystemExit(f"{STUB}:{node.lineno}: {node.name} has neither a docstring nor `...`")
    # `def f(): ...` has its body on the line where the signature ends.
    start, end = first.lineno - 1, first.end_lineno or first.lineno
    head = lines[start][: first.col_offset].rstrip()
    more_follows = len(node.body) > 1
    if not text:
        new = [] if more_follows else [f"{head} ..." if head else f"{indent}..."]
    else:
        paragraphs = text.split("\n")
        quoted = [f'{indent}"""{paragraphs[0]}']
        quoted += [(indent + line).rstrip() for line in paragraphs[1:]]
        if len(quoted) == 1:
            quoted[0] += '"""'
        else:
            quoted.append(f'{indent}"""')
        new = ([head] if head else []) + quoted
        # Formatters want an empty line behind a method's text.
        if end < len(lines) and lines[end].strip():
            new.append("")
    lines[start:end] = new


def stub() -> str:
    """The stub with the module's docstrings."""
    source = STUB.read_text(encoding="utf-8")
    lines = source.split("\n")
    found = list(definitions(ast.parse(source).body, _wms))
    # From the end, so that the places above stay where they are.
    for node, text in sorted(found, key=lambda pair: -pair[0].lineno):
        written(node, text, lines)
    return "\n".join(lines)


def main() -> None:
    """Write the stub, or check it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if the stub is not up to date")
    arguments = parser.parse_args()
    new = stub()
    if new == STUB.read_text(encoding="utf-8"):
        return
    if arguments.check:
        sys.exit(
            f"{STUB}: its docstrings are not those of the built module; "
            "run `make docs` and commit what it changes"
        )
    STUB.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
