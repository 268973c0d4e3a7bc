"""Write which test checks which requirement of OGC 18-088 (SensorThings 1.1) into docs/conformance.md.

    python -m tools.requirements docs/conformance.md

Read from the `@requirement(…)` marks in the tests. The rest of the document is kept.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from api.sensorthings.root import HTTP_REQUIREMENTS, MQTT_REQUIREMENTS

TESTS = Path(__file__).resolve().parents[1] / "tests"
HEADING = "## SensorThings 1.1, requirement by requirement\n"
BEFORE = "## Every file of the test data\n"
"""The section that follows when there is none yet."""
_BASE = "http://www.opengis.net/spec/iot_sensing/1.1/req/"
CLASSES = {
    "datamodel": "A.1",
    "resource-path": "A.2",
    "request-data": "A.3",
    "create-update-delete": "A.4",
    "batch-request": "A.5",
    "multi-datastream": "A.6",
    "data-array": "A.7",
    "create-observations-via-mqtt": "A.8",
    "receive-updates-via-mqtt": "A.9",
}
ALL = [uri.removeprefix(_BASE) for uri in (*HTTP_REQUIREMENTS, *MQTT_REQUIREMENTS)]


def marked(tests: Path = TESTS) -> dict[str, list[str]]:
    """Requirement to tests, `file::Class::test`."""
    found: dict[str, list[str]] = {}
    for path in sorted(tests.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name, function in _functions(tree, ""):
            for requirement in _marks(function):
                found.setdefault(requirement, []).append(f"{path.stem}::{name}")
    return found


def _functions(tree: ast.AST, prefix: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}::")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield f"{prefix}{node.name}", node


def _marks(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for mark in function.decorator_list:
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "requirement":
            yield from (str(a.value) for a in mark.args if isinstance(a, ast.Constant))


def report(found: dict[str, list[str]]) -> str:
    """The section, in Markdown."""
    text = (
        f"{HEADING}\nWritten by `tools/requirements.py` from the marks in the tests, which run over HTTP and"
        f" MQTT against a running\nserver. Requirements below `{_BASE}`; classes as\nin its annex A."
        " JSON Patch (`update-entity-jsonpatch`) is not offered.\n\n"
        "| class | requirement | tests |\n|---|---|---|\n"
    )
    for name in ALL:
        tests = ", ".join(f"`{test}`" for test in found.get(name, ()))
        text += f"| {CLASSES[name.partition('/')[0]]} | {name} | {tests or 'none'} |\n"
    return text + "\n"


def renewed(document: str, section: str) -> str:
    """The document with the section in its place."""
    before, heading, after = document.partition(HEADING)
    if not heading:
        before, heading, after = document.partition(BEFORE)
        return before + section + heading + after
    rest = after.partition("\n## ")
    return before + section + (rest[1][1:] + rest[2] if rest[1] else "")


def main(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    document.write_text(renewed(text, report(marked())), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tools.requirements docs/conformance.md")
    main(Path(sys.argv[1]))
