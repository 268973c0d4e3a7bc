"""The store itself: one state of the city for a reader, versions in time, and how it opens."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tests.unit.models import city, write
from twin.errors import CityNotFound, TwinError
from twin.ingest import AddOptions, add_files
from twin.store import City, open_city
from twin.store.writing import Writer

THREE = {"a": (0.0, 0.0, 5.0), "b": (30.0, 0.0, 9.0), "c": (60.0, 0.0, 20.0)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    add_files(tmp_path / "x.twin", [write(tmp_path / "source.json", city(THREE))])
    return tmp_path / "x.twin"


def test_a_snapshot_is_one_state_of_the_city(folder: Path, tmp_path: Path) -> None:
    with open_city(folder) as opened:
        with opened.snapshot():
            before = opened.last_row()
            add_files(folder, [write(tmp_path / "more.json", city({"d": (90.0, 0.0, 4.0)}))])
            assert opened.last_row() == before
            assert len(opened.index("buildings")) == 3
        assert opened.last_row() == before + 1
        assert len(opened.index("buildings")) == 4


def test_layers_are_those_with_objects_now(folder: Path, tmp_path: Path) -> None:
    def layers() -> list[str]:
        with open_city(folder) as opened:
            assert opened.layer_names() == [layer.name for layer in opened.layers()]
            return opened.layer_names()

    assert layers() == ["buildings"]
    document = city(THREE)
    document["CityObjects"]["a"]["type"] = "Road"
    document["CityObjects"]["b"]["type"] = "Bridge"
    add_files(folder, [write(tmp_path / "source.json", document)])
    assert layers() == ["bridges", "buildings", "roads"]
    document["CityObjects"]["a"]["type"] = "Building"
    add_files(folder, [write(tmp_path / "source.json", document)])
    assert layers() == ["bridges", "buildings"]


def test_boxes_are_those_of_the_index(folder: Path) -> None:
    with open_city(folder) as opened:
        boxes = opened.boxes("buildings")
        np.testing.assert_array_equal(boxes[np.argsort(boxes[:, 0])], opened.index("buildings").bounds)
        assert opened.boxes("roads").shape == (0, 6)


def test_children_of_a_past_moment_come_once_and_below_their_parent(tmp_path: Path) -> None:
    document = city(THREE)
    objects = document["CityObjects"]
    objects["b"] |= {"type": "BuildingPart", "parents": ["a"]}
    objects["a"]["children"] = ["b"]
    source = write(tmp_path / "source.json", document)
    add_files(tmp_path / "x.twin", [source], AddOptions(at=datetime(2020, 1, 1, tzinfo=UTC)))
    write(source, city({"c": THREE["c"]}))
    add_files(tmp_path / "x.twin", [source], AddOptions(at=datetime(2021, 1, 1, tzinfo=UTC)))
    with open_city(tmp_path / "x.twin") as opened:
        then = opened.all_objects(time=datetime(2020, 6, 1, tzinfo=UTC))
        assert sorted(o.id for o in then) == ["a", "b", "c"]
        assert [o.id for o in opened.all_objects()] == ["c"]


def test_a_city_that_cannot_be_opened_is_closed_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []
    monkeypatch.setattr(City, "close", lambda city: closed.append(city) or city.connection.close())
    for version, error in ((0, CityNotFound), (99, TwinError)):
        with sqlite3.connect(folder / "twin.db") as db:
            db.execute(f"PRAGMA user_version={version}")
        with pytest.raises(error):
            open_city(folder)
    assert len(closed) == 2


def test_a_city_that_cannot_be_written_is_not_said_to_be_busy(folder: Path) -> None:
    with open_city(folder) as opened:
        opened.connection.close()
        opened.connection = sqlite3.connect(f"file:{folder}/twin.db?mode=ro", uri=True, isolation_level=None)
        with pytest.raises(TwinError, match="readonly"), Writer(opened, "test"):
            pass


def test_a_full_disk_is_told_as_such(folder: Path, tmp_path: Path) -> None:
    with open_city(folder) as opened:
        (pages,) = opened.connection.execute("PRAGMA page_count").fetchone()
        opened.connection.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(sqlite3.OperationalError, match="full"), Writer(opened, "test"):
            for number in range(1000):
                opened.connection.execute("INSERT INTO city VALUES (?, ?)", (str(number), "x" * 1000))
        assert not opened.connection.in_transaction
        assert len(opened.index("buildings")) == 3
