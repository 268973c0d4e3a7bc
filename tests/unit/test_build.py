"""Tiles of a city: complete, valid, incremental, and never half visible."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely

from citygml.geometry import polygon_areas
from tests.unit.models import city, write
from tiles.build import TileOptions, build
from tiles.check import check_tileset
from tiles.content import ContentOptions
from tiles.read import read_glb
from tiles.tileset import contents
from twin.errors import CityBusy, TwinError
from twin.ingest import add_files
from twin.place import georeference
from twin.store import open_city

GRID = {
    f"b{i:02}-{j:02}": (i * 37.0, j * 29.0, 4.0 + (i * 7 + j * 3) % 23) for i in range(20) for j in range(20)
}
SMALL = TileOptions(budget=1600)


@pytest.fixture
def grid(tmp_path: Path) -> tuple[Path, Path]:
    """A city of 400 boxes, tiled with a small budget, and the file it came from."""
    source = write(tmp_path / "source.json", city(GRID))
    add_files(tmp_path / "x.twin", [source])
    build(tmp_path / "x.twin", ["buildings"], SMALL)
    return tmp_path / "x.twin", source


def tileset_of(folder: Path) -> Path:
    return folder / "tiles" / "buildings" / "tileset.json"


def files(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in (folder / "tiles" / "buildings").iterdir()}


def test_leaves_hold_every_object_once_and_the_tileset_is_valid(grid: tuple[Path, Path], data: Path) -> None:
    folder, _ = grid
    report = check_tileset(tileset_of(folder), schemas=data / "schemas" / "3d-tiles-1.1")
    assert report.faults == []
    assert report.leaf_ids == set(GRID)
    assert report.contents > 5


def test_py3dtiles_reads_the_same_tree(grid: tuple[Path, Path]) -> None:
    from py3dtiles.tileset import TileSet

    folder, _ = grid
    read = TileSet.from_file(tileset_of(folder))
    seen = [tile.content_uri.as_posix() for tile in read.root_tile.get_all_children() if tile.content_uri]
    document = json.loads(tileset_of(folder).read_bytes())
    assert sorted(seen) == sorted(
        uri for uri, tile in contents(document).items() if tile is not document["root"]
    )


def leaf_points(folder: Path) -> np.ndarray:
    """All vertices of the leaves in ECEF, through the transforms of the tree."""
    found = []
    waiting = [(json.loads(tileset_of(folder).read_bytes())["root"], np.eye(4))]
    while waiting:
        tile, above = waiting.pop()
        matrix = above @ np.array(tile["transform"]).reshape(4, 4).T
        waiting += [(child, matrix) for child in tile.get("children", ())]
        if "children" in tile or "content" not in tile:
            continue
        for part in read_glb((tileset_of(folder).parent / tile["content"]["uri"]).read_bytes()).parts():
            local = np.stack([part.positions[:, 0], -part.positions[:, 2], part.positions[:, 1]], axis=1)
            found.append(local @ matrix[:3, :3].T + matrix[:3, 3])
    return np.concatenate(found)


@pytest.mark.parametrize("compression", ["draco", "meshopt", "none"])
def test_positions_are_within_two_centimetres_of_pyproj(compression: str, tmp_path: Path) -> None:
    add_files(tmp_path / "x.twin", [write(tmp_path / "s.json", city(GRID))])
    build(
        tmp_path / "x.twin", ["buildings"], TileOptions(ContentOptions(compression=compression), budget=1600)
    )
    with open_city(tmp_path / "x.twin") as opened:
        place = georeference(opened)
        rows = opened.index("buildings").rows
        vertices = np.concatenate([s.decode().geometries[0].vertices for s in opened.fetch(rows)])
    expected = place.to_ecef(np.unique(vertices, axis=0))
    drawn = leaf_points(tmp_path / "x.twin")
    found = shapely.STRtree(shapely.points(drawn[:, :2]))
    for x, y, z in expected[::7]:
        near = found.query(shapely.Point(x, y).buffer(0.05), predicate="intersects")
        assert np.linalg.norm(drawn[near] - [x, y, z], axis=1).min() < 0.02


def test_triangle_area_is_polygon_area(grid: tuple[Path, Path]) -> None:
    folder, _ = grid
    with open_city(folder) as opened:
        objects = [s.decode() for s in opened.fetch(opened.index("buildings").rows)]
    expected = sum(polygon_areas(g).sum() for o in objects for g in o.geometries)
    total = 0.0
    document = json.loads(tileset_of(folder).read_bytes())
    for uri, tile in contents(document).items():
        if "children" in tile:
            continue
        for part in read_glb((tileset_of(folder).parent / uri).read_bytes()).parts():
            a, b, c = (part.positions[part.indices[k::3]] for k in range(3))
            total += np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2
    assert total == pytest.approx(expected, rel=1e-3)


def test_building_again_writes_nothing(grid: tuple[Path, Path]) -> None:
    folder, _ = grid
    before = files(folder)
    (report,) = build(folder, ["buildings"], SMALL)
    assert (report.written, report.removed) == (0, 0)
    assert files(folder) == before


def test_a_build_from_nothing_gives_the_same_files(grid: tuple[Path, Path]) -> None:
    folder, _ = grid
    before = files(folder)
    build(folder, ["buildings"], TileOptions(all=True, budget=1600))
    assert files(folder) == before


def test_one_changed_building_rewrites_at_most_four_files(grid: tuple[Path, Path]) -> None:
    folder, source = grid
    before = files(folder)
    write(source, city({**GRID, "b10-10": (*GRID["b10-10"][:2], 15.5)}))
    add_files(folder, [source])
    (report,) = build(folder, ["buildings"], SMALL)
    after = files(folder)
    new = [name for name, data in after.items() if before.get(name) != data]
    assert 2 <= len(new) <= 4
    assert report.written == sum(not name.startswith(".") for name in new)
    assert check_tileset(tileset_of(folder)).faults == []


def test_a_layer_with_nothing_left_has_no_tiles(grid: tuple[Path, Path]) -> None:
    folder, source = grid
    document = city({"x": (0.0, 0.0, 3.0)})
    document["CityObjects"]["x"]["type"] = "CityFurniture"
    write(source, document)
    add_files(folder, [source])
    assert [r.layer for r in build(folder, options=SMALL)] == ["furniture", "terrain", "imagery"]
    assert not tileset_of(folder).parent.exists()


def test_a_tileset_of_other_making_stays(grid: tuple[Path, Path]) -> None:
    folder, _ = grid
    other = folder / "tiles" / "sensors" / "tileset.json"
    write(other, {"asset": {"version": "1.1"}, "extras": {"format": 1, "layer": "sensors"}})
    build(folder, options=SMALL)
    assert other.exists()
    assert tileset_of(folder).exists()


def test_an_interrupted_build_leaves_the_old_tileset_whole(
    grid: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, source = grid
    before = tileset_of(folder).read_bytes()
    write(source, city({k: (x, y, h + 1) for k, (x, y, h) in GRID.items()}))
    add_files(folder, [source])
    import tiles.build

    def killed(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tiles.build, "write_if_new", killed)
    with pytest.raises(KeyboardInterrupt):
        build(folder, options=SMALL)
    monkeypatch.undo()
    assert tileset_of(folder).read_bytes() == before
    assert check_tileset(tileset_of(folder)).faults == []
    build(folder, options=SMALL)
    assert check_tileset(tileset_of(folder)).faults == []
    assert tileset_of(folder).read_bytes() != before


def test_two_builds_at_once_are_refused(grid: tuple[Path, Path]) -> None:
    from tiles.build import _lock

    folder, _ = grid
    with _lock(folder), pytest.raises(CityBusy):
        build(folder)


def test_an_unknown_layer_is_refused(grid: tuple[Path, Path]) -> None:
    with pytest.raises(TwinError, match=r"no layer 'castles'.*buildings"):
        build(grid[0], ["castles"])


def break_tile(folder: Path, how: str) -> None:
    document = json.loads(tileset_of(folder).read_bytes())
    root = document["root"]
    child = root["children"][0]
    glb = next(p for p in tileset_of(folder).parent.glob("*.glb"))
    match how:
        case "error-grows":
            child["geometricError"] = root["geometricError"] + 1
        case "outside-parent":
            child["boundingVolume"]["box"][0] += 5000
        case "missing-content":
            glb.unlink()
        case "broken-content":
            glb.write_bytes(glb.read_bytes()[:-8])
        case "outside-volume":
            for tile in contents(document).values():
                tile["content"]["boundingVolume"]["box"][11] /= 4
        case "schema":
            document["asset"]["version"] = 1.1
    tileset_of(folder).write_text(json.dumps(document))


@pytest.mark.parametrize(
    "how",
    ["error-grows", "outside-parent", "missing-content", "broken-content", "outside-volume", "schema"],
)
def test_the_check_finds(how: str, grid: tuple[Path, Path], data: Path) -> None:
    folder, _ = grid
    break_tile(folder, how)
    report = check_tileset(tileset_of(folder), schemas=data / "schemas" / "3d-tiles-1.1")
    assert how in {fault.code for fault in report.faults}
