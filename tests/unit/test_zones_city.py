"""Envelopes read from a city's store: parts, levels of detail, openings, neighbours, uses and areas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.energy.envelope import Envelopes
from analysis.energy.zones import Boundary, Part
from analysis.errors import AnalysisError
from analysis.scene.zones import envelopes, read
from tests.unit.models import BOX_FACES, BOX_SURFACES, box, city, write
from tests.unit.scene_models import terrain
from tests.unit.zone_models import area, by_azimuth
from twin.ingest import add_files
from twin.store import City, open_city

WALL, ROOF, FLOOR = Part.WALL, Part.ROOF, Part.FLOOR
OUTSIDE, GROUND, ADIABATIC = Boundary.OUTSIDE, Boundary.GROUND, Boundary.ADIABATIC
ROW = {f"house-{k}": (10.0 * k, 0.0, 6.0 + k) for k in range(6)}


def opened(folder: Path, document: dict[str, Any]) -> City:
    add_files(folder / "x.twin", [write(folder / "x.city.json", document)])
    return open_city(folder / "x.twin")


@pytest.fixture(scope="module")
def row(tmp_path_factory: pytest.TempPathFactory) -> Any:
    told = {
        "house-1": {"yearOfConstruction": 1987, "storeysAboveGround": 2, "usage": "2010", "roofType": "1000"}
    }
    with opened(tmp_path_factory.mktemp("row"), city(ROW, attributes=told)) as found:
        yield found


def zone_of(found: Envelopes, id: str) -> int:
    return found.ids.index(id)


def test_a_row_from_the_store(row: City) -> None:
    found = envelopes(row, shading=False)
    assert sorted(found.ids) == sorted(ROW)
    k = zone_of(found, "house-1")
    assert found.volume[k] == pytest.approx(80 * 7)
    assert found.year[k] == 1987 and found.storeys[k] == 2
    assert found.attributes[k] == {"yearOfConstruction": 1987, "usage": "2010", "roofType": "1000"}
    assert found.problems.get(k) is None
    assert np.isnan(found.year[zone_of(found, "house-2")])
    assert area(found, k, WALL, ADIABATIC) == pytest.approx(8 * 6 + 8 * 7)
    assert found.crs == "EPSG:5187+5193" and found.place.timezone == "Asia/Seoul"
    assert found.place.latitude == pytest.approx(35.13, abs=0.05)
    assert found.centre[k] == pytest.approx([176_015, 282_004])


def test_north_is_true_north(row: City) -> None:
    found = envelopes(row, shading=False)
    walls = found.pieces.part == WALL
    assert found.place.convergence != 0
    turn = (found.pieces.azimuth[walls] - found.place.convergence) % 90
    assert np.minimum(turn, 90 - turn) == pytest.approx(np.zeros(walls.sum()), abs=1e-6)


def test_areas_of_any_size_give_the_same(row: City, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = envelopes(row, shading=False)
    monkeypatch.setattr(read, "TILE", 2)
    parts = envelopes(row, shading=False)
    assert sorted(parts.ids) == sorted(whole.ids)
    for id in whole.ids:
        a, b = zone_of(whole, id), zone_of(parts, id)
        assert parts.volume[b] == whole.volume[a]
        assert by_azimuth(parts, b, WALL, ADIABATIC) == pytest.approx(by_azimuth(whole, a, WALL, ADIABATIC))


def test_an_area_takes_what_touches_it_and_keeps_its_neighbours(row: City) -> None:
    found = envelopes(row, area=(176_012, 282_001, 176_018, 282_005), shading=False)
    assert found.ids == ["house-1"]
    assert area(found, 0, WALL, ADIABATIC) == pytest.approx(8 * 6 + 8 * 7)
    with pytest.raises(AnalysisError, match="no buildings in the area"):
        envelopes(row, area=(0, 0, 10, 10), shading=False)


def test_progress_ends_at_one(row: City) -> None:
    told: list[float] = []
    envelopes(row, progress=lambda share, what: told.append(share))
    assert told == sorted(told) and told[-1] == pytest.approx(1.0)


def test_what_cannot_be_zones_is_refused(row: City) -> None:
    with pytest.raises(AnalysisError, match="building, part, storey"):
        envelopes(row, by="flat", shading=False)  # type: ignore[arg-type]


def solid(document: dict[str, Any], at: tuple[float, ...], lod: str = "2") -> dict[str, Any]:
    """The geometry of a box at (x, y, z, width, depth, height), its corners added to the document."""
    x, y, z, *size = at
    first = len(document["vertices"])
    corners = box(176_000 + x, 282_000 + y, z, *size)
    document["vertices"] += [[round(v * 1000) for v in corner] for corner in corners]
    return {
        "type": "Solid",
        "lod": lod,
        "boundaries": [[[[first + k for k in face]] for face in BOX_FACES]],
        "semantics": {"surfaces": [{"type": name} for name in BOX_SURFACES], "values": [list(range(6))]},
    }


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A podium with a tower as parts of a building that has a coarse box around both itself, and a canopy."""
    document = city({})
    objects = document["CityObjects"]
    objects["whole"] = {
        "type": "Building",
        "attributes": {"storeysAboveGround": 10, "floor_area": 1300.0, "usage": "1"},
        "geometry": [solid(document, (0, 0, 3, 20, 20, 30), lod="1")],
        "children": ["podium", "tower"],
    }
    objects["podium"] = {
        "type": "BuildingPart", "parents": ["whole"], "attributes": {"storeysAboveGround": 1},
        "geometry": [solid(document, (0, 0, 3, 20, 20, 4))],
    }  # fmt: skip
    objects["tower"] = {
        "type": "BuildingPart", "parents": ["whole"],
        "geometry": [solid(document, (5, 5, 7, 10, 10, 26))],
    }  # fmt: skip
    objects["canopy"] = {
        "type": "Building", "attributes": {"function": "31001_1313"},
        "geometry": [solid(document, (20, 0, 3, 6, 20, 4))],
    }  # fmt: skip
    with opened(tmp_path_factory.mktemp("parts"), document) as found:
        yield found


def test_parts_are_one_zone_or_several(parts: City) -> None:
    whole = envelopes(parts, shading=False)
    assert whole.ids == ["whole"]
    assert whole.volume == pytest.approx([400 * 4 + 100 * 26])
    assert not (whole.pieces.boundary == ADIABATIC).any()  # the canopy is no neighbour to lean on
    assert whole.notes == ["1 buildings are left out since their use has no rooms (canopies, towers)"]
    assert (whole.storeys[0], whole.floor_area[0]) == (10, 1300)
    found = envelopes(parts, by="part", shading=False)
    assert found.ids == ["podium", "tower"] and found.building == ["whole"] * 2
    podium, tower = (zone_of(found, id) for id in ("podium", "tower"))
    assert area(found, podium, ROOF, ADIABATIC) == pytest.approx(100)
    assert area(found, tower, FLOOR, ADIABATIC) == pytest.approx(100)
    assert found.storeys[podium] == 1
    assert found.floor_area == pytest.approx([1300 * 1600 / 4200, 1300 * 2600 / 4200])


def test_a_coarser_level_of_detail_can_be_asked_for(tmp_path: Path) -> None:
    document = city({})
    levels = [solid(document, (0, 0, 3, 10, 8, height), lod) for height, lod in ((6, "1"), (7, "2.2"))]
    document["CityObjects"]["house"] = {"type": "Building", "geometry": levels}
    with opened(tmp_path, document) as store:
        assert envelopes(store, shading=False).volume == pytest.approx([560])
        assert envelopes(store, lod="1", shading=False).volume == pytest.approx([480])


def test_windows_and_doors_of_detailed_models(tmp_path: Path) -> None:
    """A wall with a hole and a window in it, and one whose door lies on it."""
    document = city({})
    geometry = solid(document, (0, 0, 3, 10, 8, 6), lod="3")
    south, east = geometry["boundaries"][0][2], geometry["boundaries"][0][3]
    first = len(document["vertices"])
    window = [(2, 0, 4), (5, 0, 4), (5, 0, 6), (2, 0, 6)]
    door = [(10, 1, 3), (10, 2, 3), (10, 2, 5), (10, 1, 5)]
    for x, y, z in [*window, *door]:
        document["vertices"].append([(176_000 + x) * 1000, (282_000 + y) * 1000, z * 1000])
    pane, leaf = ([first + 4 * k + i for i in range(4)] for k in (0, 1))
    south.append(list(reversed(pane)))
    geometry["boundaries"][0] += [[pane], [leaf]]
    geometry["semantics"]["surfaces"] += [{"type": "Window", "parent": 2}, {"type": "Door", "parent": 3}]
    geometry["semantics"]["values"][0] += [6, 7]
    assert len(east) == 1
    document["CityObjects"]["house"] = {"type": "Building", "geometry": [geometry]}
    with opened(tmp_path, document) as store:
        found = envelopes(store, shading=False)
        storeys = envelopes(store, by="storey", shading=False)
    pieces = found.pieces
    walls = np.flatnonzero(pieces.part == WALL)
    order = {round(pieces.azimuth[k] - found.place.convergence) % 360: k for k in walls}
    assert pieces.area[[order[a] for a in (0, 90, 180, 270)]] == pytest.approx([60, 48, 60, 48])
    assert pieces.windows[[order[a] for a in (0, 90, 180, 270)]] == pytest.approx([0, 0, 6, 0])
    assert pieces.doors[[order[a] for a in (0, 90, 180, 270)]] == pytest.approx([0, 2, 0, 0])
    assert found.volume == pytest.approx([480])
    assert not any("open" in said or "missing" in said for said in found.problems[0])
    assert np.nansum(storeys.pieces.windows) == pytest.approx(6)
    assert np.nansum(storeys.pieces.doors) == pytest.approx(2)
    assert not np.isnan(storeys.pieces.windows).any()


def test_a_city_of_outlines_says_why_it_has_no_zones(tmp_path: Path) -> None:
    document = city({})
    made = solid(document, (0, 0, 3, 10, 8, 6))
    flat = {"type": "MultiSurface", "lod": "0", "boundaries": [made["boundaries"][0][0]]}
    document["CityObjects"]["sheet"] = {"type": "Building", "geometry": [flat]}
    with opened(tmp_path, document) as store, pytest.raises(AnalysisError, match="outlines alone"):
        envelopes(store, shading=False)


def test_a_body_that_is_inside_out_is_turned_and_told(tmp_path: Path) -> None:
    document = city({})
    right, wrong = (solid(document, (20 * k, 0, 3, 10, 8, 6)) for k in (0, 1))
    wrong["boundaries"] = [[[list(reversed(ring)) for ring in face] for face in wrong["boundaries"][0]]]
    for id, geometry in (("right", right), ("wrong", wrong)):
        document["CityObjects"][id] = {"type": "Building", "geometry": [geometry]}
    with opened(tmp_path, document) as store:
        found = envelopes(store, shading=False)
    a, b = zone_of(found, "right"), zone_of(found, "wrong")
    assert found.volume == pytest.approx([480, 480])
    assert by_azimuth(found, a, WALL) == pytest.approx(by_azimuth(found, b, WALL))
    assert found.problems[b][0] == "modelled inside out: it is turned round"
    assert not any("inside out" in said for said in found.problems[a])


def test_without_terrain_around_surfaces_stand_in_the_open_and_the_notes_say_so(tmp_path: Path) -> None:
    """The terrain model covers a corner of the area: no height field can be made of it."""
    ground = terrain(tmp_path / "dem.tif", np.full((4, 4), 3.0), 2.0, west=176_000.0, north=282_008.0)
    with opened(tmp_path, city({"house": (0.0, 0.0, 6.0), "far": (150.0, 150.0, 9.0)})) as store:
        add_files(tmp_path / "x.twin", [ground])
        found = envelopes(store)
    assert any("are taken to stand in the open" in note for note in found.notes)
    assert found.pieces.horizon is not None and not found.pieces.horizon.any()
    walls = found.pieces.part == WALL
    assert found.pieces.sky_view[walls] == pytest.approx(np.full(walls.sum(), 0.5))
