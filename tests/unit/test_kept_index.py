"""The index of a layer from build to build: whatever came and went, it is that of the store."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.models import BOX_FACES, BOX_SURFACES, box, write
from tiles.kept_index import KeptIndex
from twin.ingest import add_files
from twin.store import City, open_city
from twin.store.records import ObjectIndex

IDS = ["a", "B", "건물", "line\nbreak", "b", "zz"]


def model(heights: dict[str, float]) -> dict[str, Any]:
    """Boxes by id; without a height one without geometry."""
    vertices: list[list[float]] = []
    objects: dict[str, Any] = {}
    for n, id in enumerate(sorted(heights)):
        faces = [[[len(vertices) + k for k in face]] for face in BOX_FACES]
        surfaces = {"surfaces": [{"type": name} for name in BOX_SURFACES], "values": [list(range(6))]}
        geometry = {"type": "Solid", "lod": "2", "boundaries": [faces], "semantics": surfaces}
        objects[id] = {"type": "Building", "geometry": [geometry] if heights[id] else []}
        vertices.extend(box(200_000.0 + 20 * n, 480_000.0, 3.0, 10.0, 10.0, heights[id] or 1.0))
    return {
        "type": "CityJSON",
        "version": "2.0",
        "transform": {"scale": [0.001] * 3, "translate": [0, 0, 0]},
        "metadata": {"referenceSystem": "EPSG:5187+5193"},
        "CityObjects": objects,
        "vertices": [[round(v * 1000) for v in vertex] for vertex in vertices],
    }


def assert_same(kept: ObjectIndex, fresh: ObjectIndex) -> None:
    assert kept.ids == fresh.ids
    for name in ("rows", "bounds", "triangles", "implicit", "digests"):
        ours, theirs = getattr(kept, name), getattr(fresh, name)
        assert ours.dtype == theirs.dtype
        assert np.array_equal(ours, theirs), name


def look(city: Path, folder: Path, layer: str = "buildings") -> KeptIndex:
    with open_city(city) as opened, opened.snapshot():
        kept = KeptIndex.of(opened, layer, folder)
        assert_same(kept.index, opened.index(layer))
    kept.write(folder)
    return kept


delivery = st.dictionaries(st.sampled_from(IDS), st.sampled_from([0.0, 3.0, 6.0]), min_size=1)
deliveries = st.lists(delivery, min_size=2, max_size=5)


@given(deliveries, st.sets(st.integers(0, 4)))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_came_and_went_is_followed(
    tmp_path_factory: pytest.TempPathFactory, files: list[dict[str, float]], skipped: set[int]
) -> None:
    """skipped: deliveries after which nothing is built."""
    folder = tmp_path_factory.mktemp("kept")
    city = folder / "x.twin"
    for number, heights in enumerate(files):
        add_files(city, [write(folder / "source.json", model(heights))])
        if number not in skipped:
            look(city, folder)
    look(city, folder)
    assert look(city, folder).on_disk


def test_only_what_is_new_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    city = tmp_path / "x.twin"
    add_files(city, [write(tmp_path / "source.json", model({"a": 3.0, "b": 3.0}))])
    look(city, tmp_path)
    add_files(city, [write(tmp_path / "source.json", model({"a": 3.0, "b": 6.0}))])
    monkeypatch.setattr(City, "index", lambda *_: pytest.fail("the whole index was read"))
    with open_city(city) as opened, opened.snapshot():
        assert KeptIndex.of(opened, "buildings", tmp_path).index.ids == ["a", "b"]


def checked(data: bytes) -> bytes:
    """With the check that belongs to these bytes."""
    return zlib.crc32(data[4:]).to_bytes(4, "little") + data[4:]


@pytest.mark.parametrize(
    "harm", ["gone", "short", "long", "noise", "a digit", "another layer", "another city", "another version"]
)
def test_what_is_not_to_be_trusted_is_read_anew(tmp_path: Path, harm: str) -> None:
    city = tmp_path / "x.twin"
    add_files(city, [write(tmp_path / "source.json", model({"a": 3.0, "b": 3.0}))])
    look(city, tmp_path)
    path = tmp_path / ".index"
    data = path.read_bytes()
    changed = {
        "gone": b"",
        "short": data[:-1],
        "long": data + b"\0",
        "noise": b"\xff" * len(data),
        "a digit": data[:-100] + bytes([data[-100] ^ 1]) + data[-99:],
        "another layer": checked(data.replace(b'"buildings"', b'"buildingz"')),
        "another city": checked(data.replace(b'"20', b'"19', 1)),
        "another version": checked(data.replace(b"[[2,", b"[[1,", 1)),
    }[harm]
    assert changed != data
    path.write_bytes(changed)
    assert not look(city, tmp_path).on_disk


def test_what_is_new_is_found_without_looking_at_the_rest(tmp_path: Path) -> None:
    """Counted in steps of SQLite's machine, a few for each row that it looks at."""
    heights = {f"b{n}": 3.0 for n in range(400)}
    city = tmp_path / "x.twin"
    add_files(city, [write(tmp_path / "source.json", model(heights))])
    with open_city(city) as opened:
        row, run, known = opened.last_row(), opened.last_run(), opened.index("buildings")
    add_files(city, [write(tmp_path / "source.json", model({**heights, "b7": 9.0}))])
    with open_city(city) as opened:
        steps = []
        opened.connection.set_progress_handler(lambda: steps.append(1), 1)
        assert opened.index_since("buildings", known, row, run).ids == known.ids
        assert len(list(opened.attributes_since("buildings", row))) == 1
        assert len(list(opened.ended_attributes("buildings", row, run))) == 1
    assert len(steps) < len(heights)
