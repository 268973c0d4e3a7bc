"""Checking a tileset whose JSON is not what it should be: faults or a refusal, and never a crash."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.models import city, write
from tiles.build import TileOptions, build
from tiles.check import check_tileset
from tiles.content import ContentOptions
from twin.errors import TwinError
from twin.ingest import add_files

GRID = {f"b{i}-{j}": (i * 37.0, j * 29.0, 5.0) for i in range(8) for j in range(8)}
WRONG = [None, "x", [], {}, -1, float("nan"), 1e308, True, 10**9, [1, 2], "\0", [None] * 12, ["a"] * 16]
Path_ = tuple[str | int, ...]


@pytest.fixture(scope="module")
def tilesets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same city as an explicit and as an implicit tileset."""
    made = {}
    for kind in ("explicit", "implicit"):
        folder = tmp_path_factory.mktemp(kind) / "x.twin"
        add_files(folder, [write(folder.parent / "s.json", city(GRID))])
        content = ContentOptions(compression="none")
        build(folder, ["buildings"], TileOptions(content, implicit=kind == "implicit", budget=300))
        made[kind] = folder / "tiles" / "buildings" / "tileset.json"
    return made


def places(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """The way to every value in a document."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from places(part, (*path, key))


def changed(document: Any, path: Path_, value: Any) -> Any:
    if not path:
        return value
    whole = part = copy.deepcopy(document)
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return whole


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("kind", ["explicit", "implicit"])
def test_a_wrong_value_anywhere_is_no_crash(kind: str, tilesets: dict[str, Path]) -> None:
    tileset = tilesets[kind]
    document = json.loads(tileset.read_bytes())
    del document["extras"]
    cases = [(path, value) for path in places(document) for value in WRONG]
    broken = tileset.with_name("broken.json")
    refused = found = 0
    for path, value in random.Random(5).sample(cases, 200):
        broken.write_text(json.dumps(changed(document, path, value)))
        try:
            found += bool(check_tileset(broken).faults)
        except TwinError as error:
            refused += 1
            assert "\n" not in str(error)
    assert found > 40
    broken.write_text("{}")
    with pytest.raises(TwinError, match="not a tileset"):
        check_tileset(broken)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("geometricError", float("nan"), "bad-error"),
        ("geometricError", float("inf"), "bad-error"),
        ("transform", [float("nan")] * 16, "outside-parent"),
        ("transform", [1.0] * 12, "malformed"),
        ("boundingVolume", [0.0] * 12, "malformed"),
        ("content", "tile.glb", "malformed"),
    ],
)
def test_what_is_wrong_with_one_tile_is_told_and_the_rest_is_checked(
    name: str, value: Any, code: str, tilesets: dict[str, Path]
) -> None:
    tileset = tilesets["explicit"]
    document = json.loads(tileset.read_bytes())
    document["root"]["children"][0][name] = value
    broken = tileset.with_name("broken.json")
    broken.write_text(json.dumps(document))
    report = check_tileset(broken)
    assert {(f.code, f.tile) for f in report.faults} == {(code, "root/0")}
    assert report.contents >= len(document["root"]["children"])


def test_subtrees_too_deep_to_look_at_are_a_fault(tilesets: dict[str, Path]) -> None:
    document = json.loads(tilesets["implicit"].read_bytes())
    document["root"]["implicitTiling"]["subtreeLevels"] = 10**9
    broken = tilesets["implicit"].with_name("broken.json")
    broken.write_text(json.dumps(document))
    assert [f.code for f in check_tileset(broken).faults] == ["bad-implicit"]
