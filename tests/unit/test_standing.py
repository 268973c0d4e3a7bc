"""Whether the ground that is put together from objects is what it was, told from what has changed alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.models import city, write
from tiles import backdrop
from tiles.backdrop import build_terrain_of
from twin.elevation import ground_from_objects, stands_as_before
from twin.ingest import add_files
from twin.place import georeference
from twin.store import open_city

BOXES = {f"b{i}{j}": (i * 20.0, j * 20.0, 5.0) for i in range(4) for j in range(4)}


def of_type(document: dict[str, Any], kind: str) -> dict[str, Any]:
    document["CityObjects"]["b11"]["type"] = kind
    return document


def sunk(document: dict[str, Any]) -> dict[str, Any]:
    """With one building down to the height 0, of which more counts than the box."""
    corner = document["CityObjects"]["b11"]["geometry"][0]["boundaries"][0][0][0][0]
    document["vertices"][corner][2] = 0
    return document


CHANGES: dict[str, tuple[dict[str, Any], bool]] = {
    "nothing": (city(BOXES), True),
    "a higher roof": (city({**BOXES, "b11": (20.0, 20.0, 9.0)}), True),
    "an attribute": (city(BOXES, attributes={"b11": {"use": "house"}}), True),
    "another id": (city({("new" if k == "b11" else k): v for k, v in BOXES.items()}), True),
    "moved": (city({**BOXES, "b11": (21.0, 20.0, 5.0)}), False),
    "one more": (city({**BOXES, "new": (25.0, 20.0, 5.0)}), False),
    "one less": (city({k: v for k, v in BOXES.items() if k != "b11"}), False),
    "another layer": (of_type(city(BOXES), "TunnelPart"), False),
    "relief": (of_type(city(BOXES), "TINRelief"), False),
    "down to 0": (sunk(city(BOXES)), False),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_stands_as_before_has_the_same_ground(change: str, tmp_path: Path) -> None:
    folder, (document, same) = tmp_path / "x.twin", CHANGES[change]
    source = write(tmp_path / "s.json", city(BOXES))
    add_files(folder, [source])
    with open_city(folder) as opened:
        state, before = (opened.last_row(), opened.last_run()), ground_from_objects(opened)
    add_files(folder, [write(source, document)])
    with open_city(folder) as opened:
        assert stands_as_before(opened, *state) is same
        after = ground_from_objects(opened)
    assert before is not None and after is not None
    if same:
        assert (before.low == after.low).all() and (before.step == after.step).all()
        np.testing.assert_array_equal(before.heights, after.heights)


def test_a_changed_relief_is_looked_at_whatever_its_box(tmp_path: Path) -> None:
    folder, relief = tmp_path / "x.twin", of_type(city(BOXES), "TINRelief")
    source = write(tmp_path / "s.json", relief)
    add_files(folder, [source])
    with open_city(folder) as opened:
        state = (opened.last_row(), opened.last_run())
    relief["CityObjects"]["b11"]["attributes"]["note"] = "surveyed again"
    add_files(folder, [write(source, relief)])
    with open_city(folder) as opened:
        assert not stands_as_before(opened, *state)


def test_terrain_stays_without_a_look_at_all_objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "x.twin"
    source = write(tmp_path / "s.json", city(BOXES))
    looks = []

    def looked(*arguments: Any) -> Any:
        looks.append(1)
        return ground_from_objects(*arguments)

    monkeypatch.setattr(backdrop, "ground_from_objects", looked)

    def build(document: dict[str, Any]) -> tuple[bool, int]:
        """Whether terrain was written, and how often all objects were looked at for that."""
        add_files(folder, [write(source, document)])
        looks.clear()
        with open_city(folder) as opened:
            report = build_terrain_of(opened, georeference(opened), False, None)
        assert report.tiles > 0
        return report.written > 0, len(looks)

    assert build(city(BOXES)) == (True, 1)
    assert build(city({**BOXES, "b11": (20.0, 20.0, 9.0)})) == (False, 0)
    assert build(city({**BOXES, "b11": (20.0, 20.0, 11.0)})) == (False, 0)
    low = city({**BOXES, "b11": (20.0, 20.0, 11.0)})
    for vertex in low["vertices"]:
        vertex[2] -= 1000
    assert build(low) == (True, 1)
    assert build(low) == (False, 0)
    for file in folder.glob("twin.db*"):
        file.unlink()
    assert build(city(BOXES)) == (True, 1), "numbers of another store say nothing"
