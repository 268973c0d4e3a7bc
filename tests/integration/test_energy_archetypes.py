"""Archetypes of real cities: a German and a Japanese model, by what their attributes tell."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from analysis.energy.archetypes import zones_of
from analysis.energy.envelope import Envelopes
from analysis.energy.zones import Boundary, Origin, Part, Zones
from analysis.scene.zones import envelopes
from twin.ingest import add_files
from twin.store import open_city


def envelopes_of(folder: Path, source: Path) -> Envelopes:
    add_files(folder, [source])
    with open_city(folder) as city:
        return envelopes(city, shading=False)


@pytest.fixture(scope="module")
def cities(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Envelopes]:
    return {}


@pytest.fixture
def aachen(data: Path, cities: dict[str, Envelopes], tmp_path: Path) -> Envelopes:
    if "aachen" not in cities:
        cities["aachen"] = envelopes_of(tmp_path / "city", data / "citygml/nrw-aachen")
    return cities["aachen"]


@pytest.fixture
def komatsu(data: Path, cities: dict[str, Envelopes], tmp_path: Path) -> Envelopes:
    if "komatsu" not in cities:
        cities["komatsu"] = envelopes_of(tmp_path / "city", data / "citygml/plateau-komatsu/1_R6CityGML")
    return cities["komatsu"]


def uses(zones: Zones) -> Counter[str]:
    return Counter(zones.uses[k].id for k in zones.use)


def sound(zones: Zones, envelopes: Envelopes) -> None:
    """Every envelope keeps its area, and every figure is one."""
    e, pieces = zones.elements, envelopes.pieces
    own = e.part != Part.INNER
    owner = np.repeat(np.arange(len(zones)), np.diff(zones.first))
    before = np.bincount(np.repeat(np.arange(len(zones)), np.diff(envelopes.first)), pieces.area, len(zones))
    assert np.bincount(owner[own], e.area[own], len(zones)) == pytest.approx(before)
    assert (e.area > 0).all()
    for values in (zones.floor_area, zones.volume, zones.heat_capacity, zones.infiltration, zones.storeys):
        assert np.isfinite(values).all() and (values > 0).all()
    assert not (e.part[e.boundary != Boundary.OUTSIDE] == Part.WINDOW).any()


def test_aachen_has_german_houses_barns_and_garages(aachen: Envelopes) -> None:
    zones = zones_of(aachen)
    found = uses(zones)
    assert found["house"] + found["apartment"] == 21  # 20 of ALKIS 1010, one of 1220
    assert found["parking"] == 8 and found["industrial"] == 3  # garages 2463, workshops 2120
    assert found["unheated"] == len(zones) - 32
    assert (zones.origins["use"] == Origin.ATTRIBUTE).all()
    assert (zones.origins["year"] == Origin.GUESS).all() and (zones.year == 1970.0).all()
    assert any("68 of 68 zones have no year of construction: taken as 1970" in n for n in zones.notes)
    assert {zones.systems[k].id for k in zones.system} == {"none", "gas_boiler"}
    walls = {round(c.u_value, 2) for c in zones.constructions if c.name.startswith("wall")}
    assert walls <= {1.10, 1.20}, "TABULA 1969 to 1978: 1.0 and 1.1, thermal bridges 0.1"
    sound(zones, aachen)
    refurbished = zones_of(aachen, state="advanced", year=1985)
    assert max(c.u_value for c in refurbished.constructions if c.name.startswith("wall")) < 0.2


def test_komatsu_has_japanese_houses_and_says_what_it_does_not_know(komatsu: Envelopes) -> None:
    zones = zones_of(komatsu)
    found = uses(zones)
    assert found["house"] + found["apartment"] >= 108  # PLATEAU 411, and unknown ones that are no sheds
    assert (found["industrial"], found["school"]) == (29, 23)  # 441, 422
    assert (zones.origins["use"] == Origin.GUESS).sum() == 21  # 461 unknown, 454 other
    assert (zones.origins["u_values"] == Origin.GUESS).all()
    assert any("21 of 192 zones have no use" in note for note in zones.notes)
    assert any("assumptions, without a source" in note for note in zones.notes)
    houses = [k for k in range(len(zones)) if zones.uses[zones.use[k]].id == "house"]
    assert {zones.systems[zones.system[k]].id for k in houses} == {"split"}
    sound(zones, komatsu)
