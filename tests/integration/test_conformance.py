"""docs/conformance.md says of every real file what reading it gives, and no count differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.conformance import HEADING, Row, report, rows

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"
REFUSED = {
    "51357441_bldg_Issue138-B.gml",
    "54377074_bldg_6697_op.gml",
    "no_cityjson_obj.city.jsonl",
    "cityjsonfeature_minimal.city.jsonl",
    "invalid_cityjsonfeature_root_id_unresolved.city.jsonl",
    "invalid_missing_type.json",
    "invalid_u64_f64_bounds.json",
}


@pytest.fixture(scope="module")
def found(data: Path) -> list[Row]:
    return rows(data)


def test_every_file_goes_in_with_all_its_objects(found: list[Row]) -> None:
    assert len(found) > 320
    assert [row.line() for row in found if not row.refused and not row.agrees] == []


def test_only_malformed_files_are_refused(found: list[Row]) -> None:
    assert {row.file.rsplit("/", 1)[-1] for row in found if row.refused} == REFUSED
    assert sum(bool(row.refused) for row in found) == len(REFUSED)


def test_the_document_is_what_a_fresh_run_gives(found: list[Row]) -> None:
    kept = DOCUMENT.read_text(encoding="utf-8").partition(HEADING)
    assert kept[1] + kept[2] == report(found), (
        "run: python -m tools.conformance ../shared/data docs/conformance.md"
    )
