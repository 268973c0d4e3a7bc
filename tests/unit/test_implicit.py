"""Implicit tiling: the same objects as the explicit tree, subtrees to the letter of 3D Tiles 1.1."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.unit.models import city, write
from tiles import implicit
from tiles.build import TileOptions, build
from tiles.check import check_tileset
from tiles.expand import expand
from tiles.read import read_glb
from tiles.subtree import (
    BrokenSubtree,
    Subtree,
    decode,
    encode,
    morton,
    pack,
    place_of,
    split,
    tiles_in,
    unpack,
)
from twin.ingest import add_files
from twin.place import georeference
from twin.store import open_city

GRID = {
    f"b{i:02}-{j:02}": (i * 37.0, j * 29.0, 4.0 + (i * 7 + j * 3) % 23) for i in range(20) for j in range(20)
}
SMALL = TileOptions(implicit=True, budget=1600)
LAYER = ["buildings"]


@pytest.fixture(params=[8, 2])
def grid(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Path]:
    """A city of 400 boxes with implicit tiles, in one subtree and in many, and the file it came from."""
    monkeypatch.setattr(implicit, "MOST_LEVELS", request.param)
    source = write(tmp_path / "source.json", city(GRID))
    add_files(tmp_path / "x.twin", [source])
    build(tmp_path / "x.twin", LAYER, SMALL)
    return tmp_path / "x.twin", source


def tileset_of(folder: Path) -> Path:
    return folder / "tiles" / "buildings" / "tileset.json"


def document_of(folder: Path) -> dict:
    return json.loads(tileset_of(folder).read_bytes())


def generation_of(folder: Path) -> Path:
    return tileset_of(folder).parent / document_of(folder)["extras"]["generation"]


def files(folder: Path) -> dict[str, bytes]:
    root = tileset_of(folder).parent
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


# Bits and bytes


@given(hnp.arrays(np.bool_, st.integers(1, 400)))
def test_bits_come_back(bits: np.ndarray) -> None:
    data = pack(bits)
    assert len(data) == -(-len(bits) // 8)
    assert all((data[n // 8] >> n % 8 & 1) == bit for n, bit in enumerate(bits.tolist()))
    assert unpack(data, len(bits)).tolist() == bits.tolist()


@given(st.integers(0, 2**20), st.integers(0, 2**20))
def test_morton_codes_come_back_and_nest(x: int, y: int) -> None:
    assert place_of(morton(x, y)) == (x, y)
    assert morton(x, y) >> 2 == morton(x >> 1, y >> 1)


def test_morton_order_is_that_of_the_specification() -> None:
    assert [morton(x, y) for y in range(2) for x in range(2)] == [0, 1, 2, 3]
    assert (morton(2, 0), morton(0, 2), morton(3, 5)) == (4, 8, 0b100111)


@st.composite
def subtrees(draw: st.DrawFn) -> Subtree:
    levels = draw(st.integers(1, 3))
    tiles = draw(hnp.arrays(np.bool_, tiles_in(levels)))
    tiles[0] = True
    contents = tiles & draw(hnp.arrays(np.bool_, tiles_in(levels)))
    numbers = st.floats(-1e6, 1e6)
    return Subtree(
        levels,
        tiles,
        contents,
        draw(hnp.arrays(np.bool_, 4**levels)),
        draw(hnp.arrays(np.float64, (int(tiles.sum()), 12), elements=numbers)),
        draw(hnp.arrays(np.float64, int(tiles.sum()), elements=numbers)),
        draw(hnp.arrays(np.float64, (int(contents.sum()), 12), elements=numbers)),
    )


@given(subtrees())
def test_subtrees_come_back(subtree: Subtree) -> None:
    data = encode(subtree)
    magic, version, json_length, binary_length = struct.unpack_from("<4sIQQ", data)
    assert (magic, version) == (b"subt", 1)
    assert json_length % 8 == binary_length % 8 == 0
    assert len(data) == 24 + json_length + binary_length
    back = decode(data, subtree.levels)
    for name in ("tiles", "contents", "children", "boxes", "errors", "content_boxes"):
        np.testing.assert_array_equal(getattr(back, name), getattr(subtree, name))


@pytest.mark.parametrize("how", ["magic", "short", "cut", "json", "levels", "bits", "count", "rows", "view"])
def test_a_broken_subtree_is_refused(how: str) -> None:
    tiles = np.array([True, True, False, False, True])
    boxes = np.zeros((3, 12))
    whole = Subtree(2, tiles, tiles, np.zeros(16, np.bool_), boxes, np.zeros(3), boxes)
    data = encode(whole)
    document, binary = split(data)
    levels = 2
    match how:
        case "magic":
            data = b"glTF" + data[4:]
        case "short":
            data = data[:20]
        case "cut":
            data = data[:-8]
        case "json":
            data = data.replace(b'"buffers"', b"'buffers'")
        case "levels":
            levels = 3
        case "bits":
            binary = b"\xff" + binary[1:]
        case "count":
            document["tileAvailability"]["availableCount"] = 4
        case "rows":
            document["propertyTables"][0]["count"] = 2
        case "view":
            document["bufferViews"][-1]["byteLength"] += 96
    if how in ("bits", "count", "rows", "view"):
        text = json.dumps(document).encode()
        text += b" " * (-len(text) % 8)
        data = struct.pack("<4sIQQ", b"subt", 1, len(text), len(binary)) + text + binary
    with pytest.raises(BrokenSubtree):
        decode(data, levels)


# Builds


def test_the_tileset_is_valid_and_leaves_hold_every_object_once(grid: tuple[Path, Path], data: Path) -> None:
    folder, _ = grid
    report = check_tileset(tileset_of(folder), schemas=data / "schemas" / "3d-tiles-1.1")
    assert report.faults == []
    assert report.leaf_ids == set(GRID)
    assert report.contents > 5
    subtrees = len(list((generation_of(folder) / "subtrees").rglob("*.subtree")))
    assert (subtrees > 2) == (document_of(folder)["root"]["implicitTiling"]["subtreeLevels"] == 2)


def test_objects_are_those_of_the_explicit_build(grid: tuple[Path, Path]) -> None:
    folder, _ = grid
    made = check_tileset(tileset_of(folder))
    build(folder, LAYER, TileOptions(budget=1600))
    explicit = check_tileset(tileset_of(folder))
    assert explicit.faults == []
    assert explicit.leaf_ids == made.leaf_ids
    assert explicit.triangles == made.triangles
    assert [p.name for p in tileset_of(folder).parent.iterdir() if p.is_dir()] == []
    build(folder, LAYER, SMALL)
    assert check_tileset(tileset_of(folder)).faults == []
    assert not list(tileset_of(folder).parent.glob("*.glb"))


def test_volumes_of_tiles_are_tight(grid: tuple[Path, Path]) -> None:
    """A leaf's box is not the cell but what is in it, and reaches out of the cell where an object does."""
    folder, _ = grid
    root = document_of(folder)["root"]
    top = expand(root, tileset_of(folder).parent, pytest.fail, lambda *_: None)
    assert top is not None
    low, high = bounds(top["boundingVolume"]["box"])
    assert high[0] - low[0] == pytest.approx(19 * 37 + 10, abs=6)
    assert high[1] - low[1] == pytest.approx(19 * 29 + 8, abs=6)
    assert high[2] - low[2] == pytest.approx(4 + 22, abs=1)
    half = root["boundingVolume"]["box"][3]
    leaves = list(leaves_of(top, 0))
    for level, tile in leaves:
        low, high = bounds(tile["boundingVolume"]["box"])
        assert (high - low)[:2].max() < 1.4 * 2 * half / 2**level


def test_positions_are_within_two_centimetres_of_pyproj(grid: tuple[Path, Path]) -> None:
    folder, _ = grid
    root = document_of(folder)["root"]
    top = expand(root, tileset_of(folder).parent, pytest.fail, lambda *_: None)
    assert top is not None
    matrix = np.array(root["transform"]).reshape(4, 4).T
    drawn = []
    for _, tile in leaves_of(top, 0):
        for part in read_glb((tileset_of(folder).parent / tile["content"]["uri"]).read_bytes()).parts():
            local = part.positions[:, [0, 2, 1]] * [1, -1, 1]
            drawn.append(local @ matrix[:3, :3].T + matrix[:3, 3])
    with open_city(folder) as opened:
        place = georeference(opened)
        rows = opened.index("buildings").rows
        vertices = np.concatenate([s.decode().geometries[0].vertices for s in opened.fetch(rows)])
    points = np.concatenate(drawn)
    tree = shapely.STRtree(shapely.points(points[:, :2]))
    for x, y, z in place.to_ecef(np.unique(vertices, axis=0))[::7]:
        near = tree.query(shapely.Point(x, y).buffer(0.05), predicate="intersects")
        assert np.linalg.norm(points[near] - [x, y, z], axis=1).min() < 0.02


def bounds(box: list[float]) -> tuple[np.ndarray, np.ndarray]:
    centre, half = np.array(box[:3]), np.array(box[3::4])
    return centre - half, centre + half


def leaves_of(tile: dict, level: int):
    if not tile["children"]:
        yield level, tile
    for child in tile["children"]:
        yield from leaves_of(child, level + 1)


def test_building_again_writes_nothing(grid: tuple[Path, Path]) -> None:
    folder, _ = grid
    before = files(folder)
    (report,) = build(folder, LAYER, SMALL)
    assert (report.written, report.removed) == (0, 0)
    assert report.features == len(GRID)
    assert files(folder) == before
    build(folder, LAYER, TileOptions(implicit=True, budget=1600, all=True))
    assert files(folder) == before


def test_a_change_makes_a_new_generation_and_takes_over_the_rest(grid: tuple[Path, Path]) -> None:
    folder, source = grid
    before, old = files(folder), generation_of(folder)
    write(source, city({**GRID, "b10-10": (*GRID["b10-10"][:2], 15.5)}))
    add_files(folder, [source])
    (report,) = build(folder, LAYER, SMALL)
    assert generation_of(folder) != old
    assert not old.exists()
    assert 2 <= report.written <= 6
    contents = [p.read_bytes() for p in (generation_of(folder) / "content").rglob("*.glb")]
    assert 0 < sum(data not in before.values() for data in contents) <= 5
    assert check_tileset(tileset_of(folder)).faults == []


def test_an_interrupted_build_leaves_the_old_generation(
    grid: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, source = grid
    before = files(folder)
    write(source, city({k: (x, y, h + 1) for k, (x, y, h) in GRID.items()}))
    add_files(folder, [source])

    def killed(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(implicit, "encode", killed)
        with pytest.raises(KeyboardInterrupt):
            build(folder, LAYER, SMALL)
    assert files(folder) == before
    (tileset_of(folder).parent / "0123456789abcdef.partial" / "content").mkdir(parents=True)
    build(folder, LAYER, SMALL)
    assert check_tileset(tileset_of(folder)).faults == []
    assert {p.name for p in tileset_of(folder).parent.iterdir()} == {
        "tileset.json",
        ".frames",
        ".index",
        generation_of(folder).name,
    }


def damage(folder: Path, how: str) -> None:
    generation = generation_of(folder)
    path = min((generation / "subtrees").rglob("*.subtree"), key=lambda p: len(p.parts[-3]) + len(p.name))
    root = generation / "subtrees" / "0" / "0" / "0.subtree"
    document = document_of(folder)
    levels = document["root"]["implicitTiling"]["subtreeLevels"]
    subtree = decode(root.read_bytes(), levels)
    match how:
        case "missing-subtree":
            root.unlink()
        case "broken-subtree":
            path.write_bytes(path.read_bytes()[:-8])
        case "missing-content":
            next((generation / "content").rglob("*.glb")).unlink()
        case "broken-content":
            glb = next((generation / "content").rglob("*.glb"))
            glb.write_bytes(glb.read_bytes()[:-8])
        case "stray-file":
            subtree.contents[:] = False
            subtree.content_boxes = np.empty((0, 12))
        case "outside-volume":
            for name in (generation / "subtrees").rglob("*.subtree"):
                other = decode(name.read_bytes(), levels)
                other.content_boxes[:, 11] /= 4
                name.write_bytes(encode(other))
            return
        case "outside-parent":
            subtree.boxes[0, 3] /= 4
        case "error-grows":
            subtree.errors[1:] = subtree.errors[0] + 1
        case "bad-implicit":
            document["root"]["implicitTiling"]["subdivisionScheme"] = "OCTREE"
    tileset_of(folder).write_text(json.dumps(document))
    if how in ("stray-file", "outside-parent", "error-grows"):
        root.write_bytes(encode(subtree))


@pytest.mark.parametrize(
    "how",
    [
        "missing-subtree",
        "broken-subtree",
        "missing-content",
        "broken-content",
        "stray-file",
        "outside-volume",
        "outside-parent",
        "error-grows",
        "bad-implicit",
    ],
)
def test_the_check_finds(how: str, grid: tuple[Path, Path]) -> None:
    folder, _ = grid
    damage(folder, how)
    assert how in {fault.code for fault in check_tileset(tileset_of(folder)).faults}
