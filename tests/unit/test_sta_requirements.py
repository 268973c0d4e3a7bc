"""docs/conformance.md says of every requirement of 18-088 which test checks it."""

from __future__ import annotations

from pathlib import Path

from tools.requirements import ALL, BEFORE, CLASSES, HEADING, marked, renewed, report

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"


def test_every_requirement_has_a_test() -> None:
    found = marked()
    assert sorted(found) == sorted(ALL)
    assert {name.partition("/")[0] for name in found} == set(CLASSES)


def test_the_document_is_fresh() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert HEADING in text
    assert renewed(text, report(marked())) == text, "run: python -m tools.requirements docs/conformance.md"


def test_the_rest_of_a_document_stays() -> None:
    text = f"# Title\n\nfirst\n\n{BEFORE}\nlast\n"
    once = renewed(text, report({}))
    assert once.startswith("# Title\n\nfirst\n\n" + HEADING)
    assert once.endswith(f"\n\n{BEFORE}\nlast\n")
    assert renewed(once, report({})) == once
    assert renewed(renewed(once, report(marked())), report({})) == once
