"""Agreement with PLATEAU's quality cases: what we find against what its own check reports."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
# In these we and PLATEAU differ for good: a ring that is not closed leaves no polygon whose place (L06) or
# orientation (fld-04) could be judged, and a square among triangles looks down whatever its corner count.
DIFFER = {
    "01-01-common/L06",
    "06-fld/Z-fld-01_invalid-vertex-count_02",
    "06-fld/Z-fld-04_unclosed-triangle",
}


@pytest.fixture(scope="module")
def quality(data: Path):  # type: ignore[no-untyped-def]
    sys.path.insert(0, str(TOOLS))
    try:
        import plateau_quality
    finally:
        sys.path.remove(str(TOOLS))
    return plateau_quality


@pytest.fixture(scope="module")
def rows(quality, data: Path):  # type: ignore[no-untyped-def]
    return quality.compare(data / "citygml" / "plateau-quality-cases")


def test_all_cases_in_scope_agree_but_three(rows) -> None:  # type: ignore[no-untyped-def]
    assert {r.case for r in rows if r.verdict == "disagree"} <= DIFFER
    verdicts = Counter(r.verdict for r in rows)
    assert verdicts["agree"] >= 81
    assert verdicts["out of scope"] <= 25


def test_cases_without_errors_have_none(rows) -> None:  # type: ignore[no-untyped-def]
    clean = [r for r in rows if "no-error" in r.case]
    assert len(clean) >= 12
    assert {r.verdict for r in clean} == {"agree"}


def test_the_comparison_can_fail(quality, data: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """With a check that finds nothing, a planted defect is a disagreement; with one that cries wolf, a
    case without errors is."""
    from citygml.check import Report
    from citygml.findings import Finding

    root = data / "citygml" / "plateau-quality-cases"
    lists = root / "02-bldg" / "L13_LOD1_03" / "codelists"
    monkeypatch.setattr(quality, "check_folder", lambda *_: [Report(root)])
    assert quality.judge(root / "02-bldg" / "L14", root, lists).verdict == "disagree"
    wolf = Report(root, findings=[Finding("ring-self-intersection", "LoD1: crosses", "x")])
    monkeypatch.setattr(quality, "check_folder", lambda *_: [wolf])
    assert quality.judge(root / "10-cons" / "Z-cons-00_no-error", root, lists).verdict == "disagree"


def test_the_table_in_the_docs_is_current(quality, rows, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    quality.write(rows, tmp_path / "table.md")
    in_docs = TOOLS.parent / "docs" / "plateau-quality.md"
    assert (tmp_path / "table.md").read_text("utf-8") == in_docs.read_text("utf-8"), (
        "run tools/plateau_quality.py to renew docs/plateau-quality.md"
    )
