"""Thermal zones of real cities: German, Japanese and Dutch models at levels of detail from 1 to 3."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely

from analysis.energy.envelope import Envelopes
from analysis.energy.zones import Boundary, Origin, Part
from analysis.scene.grid import plane_of
from analysis.scene.outlines import buildings
from analysis.scene.zones import By, envelopes
from twin.ingest import AddOptions, add_files
from twin.store import open_city

OUTSIDE, GROUND, ADIABATIC = Boundary.OUTSIDE, Boundary.GROUND, Boundary.ADIABATIC
REACH = 0.05
"""Outlines of neighbours in Potsdam are the same lines; a corner counts so far round it [m]."""
Made = Callable[[str], Path]
Zones = Callable[..., Envelopes]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("zones")

    def city(source: str) -> Path:
        from tests.conftest import DATA

        found = folder / source.replace("/", "-")
        if not found.exists():
            add_files(found, [DATA / source])
        return found

    return city


@pytest.fixture
def zones(data: Path, made: Made) -> Zones:
    def of(source: str, by: By = "building", shading: bool = False) -> Envelopes:
        with open_city(made(source)) as city:
            return envelopes(city, by=by, shading=shading)

    return of


def share(found: Envelopes, part: Part, boundary: Boundary) -> float:
    """Of the area of a part that has a boundary."""
    pieces = found.pieces
    of = pieces.part == part
    return float(pieces.area[of & (pieces.boundary == boundary)].sum() / pieces.area[of].sum())


def said(found: Envelopes, words: str) -> int:
    """Zones whose problems have these words."""
    return sum(any(words in text for text in texts) for texts in found.problems.values())


def test_lod1_blocks_are_footprint_times_height(zones: Zones) -> None:
    found = zones("citygml/potsdam-lod1")
    assert len(found) == 97
    flat = found.height * found.footprint
    assert found.volume == pytest.approx(flat, rel=1e-3)
    assert share(found, Part.FLOOR, GROUND) == 1.0  # no face has a name
    assert (found.origins["volume"] == Origin.MEASURED).all()
    assert (found.origins["storeys"] == Origin.ATTRIBUTE).sum() == 21  # the others say 0 storeys, or too many
    assert said(found, "no number of storeys") + said(found, "do not go with") == 76


def test_shared_walls_of_blocks_by_their_outlines(zones: Zones, made: Made) -> None:
    """Blocks have upright walls and flat roofs, so that what two share is the length of one's outline that
    runs within reach of the other's, times the heights that both have: found here without any wall."""
    source = "citygml/potsdam-lod1"
    found = zones(source)
    with open_city(made(source)) as city:
        outlines = buildings(city, plane_of(city))
    tree = shapely.STRtree([one.shape for one in outlines])
    shared = 0.0
    for a, outline in enumerate(outlines):
        for b in tree.query(outline.shape, "dwithin", REACH).tolist():
            other = outlines[b]
            height = min(outline.high, other.high) - max(outline.low, other.low)
            if a != b and height > 0:
                beside = shapely.intersection(
                    shapely.boundary(outline.shape), shapely.buffer(other.shape, REACH)
                )
                shared += float(shapely.length(beside)) * height
    pieces = found.pieces
    walls = pieces.area[(pieces.part == Part.WALL) & (pieces.boundary == ADIABATIC)].sum()
    assert walls == pytest.approx(shared, rel=0.05)


def test_german_lod2_with_parts_and_closure_surfaces(zones: Zones) -> None:
    found = zones("citygml/nrw-aachen")
    assert len(found) == 68
    assert found.notes == ["15 buildings are left out since their use has no rooms (canopies, towers)"]
    assert (found.origins["use"] == Origin.ATTRIBUTE).all()
    assert {"31001_1010", "31001_2723"} <= {str(each.get("function")) for each in found.attributes}
    assert 0.1 < share(found, Part.WALL, ADIABATIC) < 0.3
    assert share(found, Part.FLOOR, GROUND) == 1.0
    assert np.diff(found.first).mean() < 10 and np.diff(found.first).max() <= 16
    parts = zones("citygml/nrw-aachen", by="part")
    assert parts.volume.sum() == pytest.approx(found.volume.sum())
    outside = [each.pieces.area[each.pieces.boundary == OUTSIDE].sum() for each in (found, parts)]
    assert outside[0] == pytest.approx(outside[1])  # what parts share is inside, or adiabatic


def test_storeys_of_a_real_city_sum_up_to_its_buildings(zones: Zones) -> None:
    whole = zones("citygml/nrw-aachen")
    found = zones("citygml/nrw-aachen", by="storey")
    assert len(found) > 1.3 * len(whole) and set(found.building) == set(whole.ids)
    assert found.volume.sum() == pytest.approx(whole.volume.sum())
    known = np.isfinite(whole.floor_area)
    of_known = np.isin(found.building, np.array(whole.ids)[known])
    assert found.floor_area[of_known].sum() == pytest.approx(whole.floor_area[known].sum())
    for boundary in (OUTSIDE, GROUND):
        chosen = [each.pieces.area[each.pieces.boundary == boundary].sum() for each in (whole, found)]
        assert chosen[0] == pytest.approx(chosen[1], rel=1e-3)


def test_plateau_with_unknown_storeys(zones: Zones) -> None:
    """All of them say 9999 storeys, none a year, and the record's date of creation is none."""
    found = zones("citygml/plateau-komatsu")
    assert len(found) == 192
    assert np.isnan(found.year).all()
    assert said(found, "no number of storeys") == said(found, "no year of construction") == 192
    assert (found.origins["storeys"] == Origin.GUESS).all()
    assert (found.origins["use"] == Origin.ATTRIBUTE).all()
    assert {each["usage"].code for each in found.attributes} >= {"411", "422"}
    assert {each["buildingStructureType"].code for each in found.attributes} >= {"611"}
    assert found.place.timezone == "Asia/Tokyo"


def test_lod3_windows(zones: Zones) -> None:
    found = zones("citygml/ingolstadt-lod3")
    walls = found.pieces.part == Part.WALL
    known = ~np.isnan(found.pieces.windows)
    windows, gross = found.pieces.windows[walls & known], found.pieces.area[walls & known]
    assert (windows <= gross + 1e-9).all()
    assert 0.04 < windows.sum() / gross.sum() < 0.1  # streets' fronts alone are modelled with windows
    street = windows / gross
    assert 0.15 < street.max() < 0.6
    assert found.pieces.doors[walls & known].sum() == pytest.approx(59, abs=5)
    assert (known.reshape(-1)[found.first[:-1]]).sum() == 15  # two have neither windows nor doors


def test_dutch_solids_and_their_parts(data: Path, tmp_path: Path) -> None:
    add_files(tmp_path / "x.twin", [data / "cityjson/DenHaag_01.json"], AddOptions(crs="EPSG:28992"))
    with open_city(tmp_path / "x.twin") as city:
        found = envelopes(city, shading=False)
    assert len(found) == 844
    assert (found.origins["volume"] == Origin.MEASURED).sum() == 842
    assert said(found, "an open solid") == 2
    assert 0.35 < share(found, Part.WALL, ADIABATIC) < 0.45  # rows of houses


def test_models_without_walls_between_neighbours(zones: Zones) -> None:
    """Delfshaven's houses have roofs, floors and the walls that one can see from outside; the walls between
    neighbours are left out."""
    found = zones("cityjson/3-20-DELFSHAVEN.json")
    assert len(found) == 853
    assert said(found, "walls are missing") > 700
    assert (found.origins["volume"] == Origin.MEASURED).mean() > 0.99
    assert 8 < (found.volume / found.footprint).mean() < 20


def test_shading_of_a_real_city(zones: Zones) -> None:
    found = zones("citygml/ingolstadt-lod3", shading=True)
    pieces = found.pieces
    assert pieces.horizon is not None and np.isfinite(pieces.horizon).all()
    open_ = pieces.boundary == OUTSIDE
    limit = (1 + np.cos(np.radians(pieces.tilt))) / 2
    assert (pieces.sky_view[open_] <= limit[open_] + 0.02).all()
    walls = open_ & (pieces.part == Part.WALL)
    mean = np.average(pieces.sky_view[walls], weights=pieces.area[walls])
    assert 0.2 < mean < 0.48  # an old town's streets and courts
