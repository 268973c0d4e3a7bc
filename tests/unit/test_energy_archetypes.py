"""Zones made of envelopes: which archetype a building gets, of what it is made, and how sure that is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.energy.archetypes import Given, read_book, zones_of
from analysis.energy.archetypes.choose import region_of, size_class
from analysis.energy.constructions import Glazing, Opaque
from analysis.energy.systems import Carrier
from analysis.energy.zones import Boundary, Origin, Part, Zones
from analysis.errors import AnalysisError
from analysis.sun.scene import Place
from citygml.model import Code
from tests.energy_envelopes import AACHEN, BUSAN, ROOF, WALL, box_envelopes, use_code
from tests.unit.synth_models import layers

APARTMENT = use_code("02001")
OFFICE = use_code("14000")


def area(zones: Zones, part: Part, k: int = 0, azimuth: float | None = None) -> float:
    e = zones.elements
    own = slice(zones.first[k], zones.first[k + 1])
    of = (e.part[own] == part) & (True if azimuth is None else e.azimuth[own] == azimuth)
    return float(e.area[own][of].sum())


def u_value(zones: Zones, part: Part, k: int = 0) -> float:
    e = zones.elements
    own = slice(zones.first[k], zones.first[k + 1])
    found = {e.construction[own][i] for i in np.flatnonzero(e.part[own] == part)}
    (one,) = (c for c in (zones.constructions[i] for i in found) if not c.name.startswith("inner"))
    return float(one.u_value)


def test_the_u_values_are_the_tables_with_thermal_bridges() -> None:
    zones = zones_of(box_envelopes([APARTMENT, OFFICE], year=[2024, 1990]))
    # southern region: MOLIT 2017-881 for apartments, and 1987-07 for others; bridges 0.1
    for part, new, old in (
        (Part.WALL, 0.22, 0.76),
        (Part.ROOF, 0.18, 0.52),
        (Part.FLOOR, 0.22, 0.76),
        (Part.WINDOW, 1.2, 3.6),
    ):
        assert u_value(zones, part) == pytest.approx(new + 0.1, rel=1e-9)
        assert u_value(zones, part, 1) == pytest.approx(old + 0.1, rel=1e-9)
    glass = next(c for c in zones.constructions if isinstance(c, Glazing))
    assert (glass.frame_share, glass.panes) == (0.3, 2)
    assert all(c.source for c in zones.constructions if not c.name.startswith(("inner", "door")))


def test_windows_by_orientation_leave_the_area_of_the_walls_whole() -> None:
    zones = zones_of(box_envelopes([APARTMENT], year=[2024]))
    for side, share in ((0.0, 0.30), (90.0, 0.10), (180.0, 0.50), (270.0, 0.10)):
        assert area(zones, Part.WINDOW, azimuth=side) == pytest.approx(share * WALL)
        both = area(zones, Part.WINDOW, azimuth=side) + area(zones, Part.WALL, azimuth=side)
        assert both == pytest.approx(WALL)
    assert area(zones, Part.ROOF) == ROOF
    assert zones.origins["windows"].tolist() == [Origin.ARCHETYPE]


def test_modelled_openings_go_before_the_archetype() -> None:
    zones = zones_of(box_envelopes([APARTMENT], year=[2024], windows=4.0, doors=2.0))
    assert area(zones, Part.WINDOW) == 16.0
    assert area(zones, Part.DOOR) == 8.0
    assert area(zones, Part.WALL) == 4 * WALL - 24.0
    assert zones.origins["windows"].tolist() == [Origin.MEASURED]
    glassy = zones_of(box_envelopes([APARTMENT], year=[2024], windows=40.0))
    assert area(glassy, Part.WALL) == pytest.approx(0.05 * 4 * WALL), "a wall keeps some of its area"


def test_shared_walls_have_no_windows_and_nothing_but_mass() -> None:
    zones = zones_of(box_envelopes([use_code("01001")], year=[2024], shared=[1, 3]))
    assert area(zones, Part.WINDOW, azimuth=90.0) == 0.0
    e = zones.elements
    shared = np.flatnonzero((e.boundary == Boundary.ADIABATIC) & (e.part == Part.WALL))
    assert len(shared) == 2
    assert all(zones.constructions[e.construction[i]].name.startswith("inner") for i in shared)
    assert e.sky_view[e.part == Part.INNER].tolist() == [0.0]


def test_inner_floors_and_partitions() -> None:
    zones = zones_of(box_envelopes([APARTMENT], year=[2024], storeys=5.0))
    assert area(zones, Part.INNER) == 2 * 4 * ROOF + 1.0 * 5 * ROOF
    inner = next(c for c in zones.constructions if c.name.startswith("inner"))
    assert isinstance(inner, Opaque) and inner.capacity == 110_000  # ISO 52016-1 table B.14, medium
    assert zones.heat_capacity[0] == 10_000 * 5 * ROOF
    assert zones.volume[0] == pytest.approx(0.8 * ROOF * 15.0)
    assert zones_of(box_envelopes([APARTMENT])).volume[0] == pytest.approx(0.76 * ROOF * 6.0)


@pytest.mark.parametrize(
    ("attributes", "use"),
    [
        (use_code("01001"), "house"),
        (use_code("02002"), "apartment"),
        (use_code("03000"), "neighbourhood"),
        (use_code("09000"), "hospital"),
        (use_code("14100"), "public_office"),
        (use_code("21000"), "smart_farm"),
        (use_code("411", "Building_usage"), "house"),
        (use_code("412", "Building_usage"), "apartment"),
        (use_code("422", "Building_usage"), "school"),
        (use_code("441", "Building_usage"), "industrial"),
        ({"function": Code("31001_1010")}, "house"),
        ({"function": Code("31001_2463")}, "parking"),
        ({"function": Code("31001_2724")}, "unheated"),
        ({"function": Code("31001_2740")}, "smart_farm"),
        ({"function": Code("31001_3021")}, "school"),
        ({"function": Code("31001_3065")}, "kindergarten"),
        ({"function": Code("31001_2111")}, "industrial"),
        ({"function": "Freistehender Wohnblock"}, "apartment"),
        ({"usage": "유치원"}, "kindergarten"),
        ({"function": "Hotel"}, "hotel"),
    ],
)
def test_uses_by_codes_and_words(attributes: dict[str, object], use: str) -> None:
    zones = zones_of(box_envelopes([attributes]))
    assert zones.uses[zones.use[0]].id == use
    assert zones.origins["use"].tolist() == [Origin.ATTRIBUTE]


def test_korean_homes_and_offices_follow_the_certification() -> None:
    korean = zones_of(box_envelopes([APARTMENT, OFFICE], year=[2024, 2024]))
    home, office = (korean.uses[k] for k in korean.use)
    day = 24 / 168
    # ECO2, use profiles 주거공간 and 대규모사무실: Wh/(m²d)
    assert home.people.sum() * day == pytest.approx(53.0, rel=2e-3)
    assert home.appliances.sum() * day == pytest.approx(52.0, rel=2e-3)
    assert home.hot_water.sum() * day == pytest.approx(84.0)
    assert set(home.ventilation) == {1.1} and set(home.heating_set) == {20.0}
    assert office.people[:24].sum() == pytest.approx(0.75 * 55.8, rel=2e-3)
    assert (office.heating_set[12], office.heating_set[0], office.cooling_set[12]) == (20.0, 16.0, 26.0)
    german = zones_of(box_envelopes([APARTMENT], place=AACHEN)).uses[0]
    assert german.hot_water.sum() * day == pytest.approx(15_000 / 365, rel=1e-3)


def test_dwellings_turn_into_houses_or_apartments_by_their_size() -> None:
    dwelling = {"function": Code("31001_1000")}
    for storeys, use in ((2.0, "house"), (4.0, "apartment")):
        zones = zones_of(box_envelopes([dwelling], place=AACHEN, storeys=storeys))
        assert zones.uses[zones.use[0]].id == use
    assert size_class("house", 100, 2, 0.0) == "sfh"
    assert size_class("house", 100, 2, 0.3) == "th"
    assert size_class("flats", 800, 4, 0.3) == "mfh"
    assert size_class("flats", 2000, 4, 0.3) == "ab"
    assert size_class("other", 2000, 4, 0.3) == "other"


def test_parts_of_a_building_count_together() -> None:
    alone = zones_of(box_envelopes([APARTMENT] * 9, year=[1960] * 9, place=AACHEN))
    together = zones_of(box_envelopes([APARTMENT] * 9, year=[1960] * 9, place=AACHEN, building=["b"] * 9))
    masses = {c.name for c in together.constructions if c.name.startswith("inner")}
    assert masses == {"inner, medium"}, "1,440 m² in all: a block, of heavy walls"
    assert {c.name for c in alone.constructions if c.name.startswith("inner")} == {"inner, light"}


def test_a_building_that_says_nothing_is_a_guess_and_counted() -> None:
    zones = zones_of(
        box_envelopes([{}, APARTMENT], year=[np.nan, 2024], floor_area=np.array([np.nan, 160.0]))
    )
    for name in ("use", "year", "u_values", "infiltration", "system", "floor_area"):
        assert zones.origins[name].tolist()[0] == Origin.GUESS, name
        assert zones.origins[name].tolist()[1] < Origin.GUESS, name
    assert zones.year.tolist() == [1998.0, 2024.0]
    assert any("1 of 2 zones have no year of construction: taken as 1998" in note for note in zones.notes)
    assert any("1 of 2 zones have no use" in note for note in zones.notes)
    stated = zones_of(box_envelopes([{}]), year=1985, use="office")
    assert (stated.year[0], stated.uses[0].id) == (1985.0, "office")
    assert stated.origins["year"].tolist() == [Origin.GUESS]


def test_placeholders_are_no_years() -> None:
    zones = zones_of(box_envelopes([APARTMENT] * 2, year=[1.0, 9999.0]))
    assert zones.origins["year"].tolist() == [Origin.GUESS] * 2


def test_what_is_tiny_and_nameless_is_a_shed() -> None:
    zones = zones_of(box_envelopes([{}], floor_area=np.array([12.0]), storeys=1.0))
    assert zones.uses[0].id == "unheated"
    assert zones.systems[0].heating is None


def test_storeys_that_are_unknown_come_from_the_height() -> None:
    unknown = np.array([np.nan])
    tall: dict[str, Any] = {
        "height": np.array([18.0]),
        "volume": np.array([18.0 * ROOF]),
        "floor_area": unknown,
    }
    zones = zones_of(box_envelopes([OFFICE], storeys=5.0, **tall))
    assert zones.floor_area[0] == 5 * ROOF
    halved = tall | {"volume": np.array([9.0 * ROOF])}  # the upper storeys step back
    assert zones_of(box_envelopes([OFFICE], storeys=5.0, **halved)).floor_area[0] == 2.5 * ROOF
    envelopes = box_envelopes([OFFICE], **tall)
    object.__setattr__(envelopes, "storeys", unknown)
    zones = zones_of(envelopes)
    assert zones.storeys[0] == 5.0  # 18 m by 3.6 m
    assert zones.floor_area[0] == 5 * ROOF
    assert zones.origins["storeys"].tolist() == [Origin.GUESS]


@pytest.mark.parametrize(
    ("text", "system", "cools"),
    [
        ("district heating", "district_heat_split", True),
        ("지역난방", "district_heat_split", True),
        ("gas boiler", "gas_boiler_split", True),
        ("electric boiler", "electric_boiler+gas_boiler_split", True),
        ("Ground source heat pump", "heat_pump_ground", True),
        ("수열 히트펌프", "heat_pump_river", True),
        ("oil boiler", "oil_boiler+gas_boiler_split", True),
        ("none", "none", False),
        ("a dragon", "gas_boiler_split", True),
    ],
)
def test_systems_by_the_heating_attribute(text: str, system: str, cools: bool) -> None:
    zones = zones_of(box_envelopes([{**APARTMENT, "heating": text}], year=[2024]))
    found = zones.systems[zones.system[0]]
    assert found.id == system
    assert (found.cooling is not None) is cools
    assert set(found.title) == {"ko", "en"}
    known = Origin.ARCHETYPE if text == "a dragon" else Origin.ATTRIBUTE
    assert zones.origins["system"].tolist() == [known]


def test_nothing_is_set_where_nothing_cools() -> None:
    zones = zones_of(box_envelopes([{"function": Code("31001_1010")}, OFFICE], place=AACHEN))
    house, office = (zones.uses[k] for k in zones.use)
    assert np.isnan(house.cooling_set).all() and np.isfinite(house.heating_set).all()
    assert np.isfinite(office.cooling_set).any()
    both = zones_of(box_envelopes([APARTMENT, {**APARTMENT, "heating": "none"}], year=[2024, 2024]))
    assert [use.id for use in both.uses] == ["apartment", "apartment"]
    assert np.isnan(both.uses[both.use[1]].heating_set).all()


def test_what_the_city_states_goes_before_everything() -> None:
    given = {
        "b0": Given(use="school", year=2015, system="heat_pump_air", windows=0.5, wall=0.2, g=0.4),
        "b1": Given(state="advanced"),
    }
    zones = zones_of(box_envelopes([APARTMENT] * 2, year=[1990] * 2, place=AACHEN), replace=given)
    assert zones.uses[zones.use[0]].id == "school"
    assert zones.systems[zones.system[0]].id == "heat_pump_air"
    assert u_value(zones, Part.WALL) == pytest.approx(0.2), "a stated U-value has its bridges in it"
    assert area(zones, Part.WINDOW) == pytest.approx(0.5 * 4 * WALL)
    assert u_value(zones, Part.WALL, 1) < 0.25
    for name in ("use", "year", "system", "windows", "u_values"):
        assert zones.origins[name][0] == Origin.ATTRIBUTE
    with pytest.raises(AnalysisError, match="there is no use 'castle' in the book"):
        zones_of(box_envelopes([APARTMENT]), replace={"b0": Given(use="castle")})


def test_a_table_of_buildings_states_what_the_city_knows(tmp_path: Path) -> None:
    (tmp_path / "buildings.csv").write_text("id,use,year,wall,storeys\nb1,office,2016,0.3,3\nb9,,1990,,\n")
    zones = zones_of(box_envelopes([APARTMENT, APARTMENT], year=[2024, 2024]), read_book(tmp_path))
    assert [zones.uses[k].id for k in zones.use] == ["apartment", "office"]
    assert zones.year.tolist() == [2024.0, 2016.0] and zones.storeys.tolist() == [2.0, 3.0]
    assert u_value(zones, Part.WALL, 1) == pytest.approx(0.3)
    assert u_value(zones, Part.ROOF, 1) == pytest.approx(0.22 + 0.1)
    assert "1 of 2 ids in buildings.csv are of no building here" in zones.notes


def test_regions_by_place() -> None:
    book = read_book()
    for latitude, longitude, zone, region in (
        (35.13, 128.92, "Asia/Seoul", "KOR-south"),  # Busan Eco Delta City
        (36.50, 127.30, "Asia/Seoul", "KOR-middle"),  # Sejong
        (37.57, 126.98, "Asia/Seoul", "KOR-central-2"),  # Seoul
        (37.88, 127.73, "Asia/Seoul", "KOR-central-1"),  # Chuncheon
        (37.75, 128.90, "Asia/Seoul", "KOR-middle"),  # Gangneung
        (35.87, 128.60, "Asia/Seoul", "KOR-south"),  # Daegu
        (33.50, 126.53, "Asia/Seoul", "KOR-jeju"),  # Jeju
        (36.40, 136.45, "Asia/Tokyo", "JPN"),  # Komatsu
        (51.03, 5.87, "Europe/Berlin", "DEU"),
        (51.92, 4.43, "Europe/Amsterdam", "NLD"),
        (48.85, 2.35, "Europe/Paris", "world"),
    ):
        assert region_of(Place(latitude, longitude, timezone=zone), book).id == region
    assert region_of(BUSAN, book, "KOR-jeju").id == "KOR-jeju"
    with pytest.raises(AnalysisError, match="there is no region 'Mars'; there are KOR"):
        region_of(BUSAN, book, "Mars")
    somewhere = zones_of(box_envelopes([APARTMENT], place=Place(48.85, 2.35, timezone="Europe/Paris")))
    assert any("lie where no envelopes are known: those of DEU" in note for note in somewhere.notes)


def test_wooden_houses_are_light() -> None:
    timber = {**use_code("411", "Building_usage"), "structure": "木造"}
    concrete = {**use_code("411", "Building_usage"), "structure": "鉄筋コンクリート造"}
    japan = Place(36.4, 136.45, timezone="Asia/Tokyo")
    zones = zones_of(box_envelopes([timber, concrete], year=[2005, 2005], place=japan))
    walls = [c for c in zones.constructions if c.name.startswith("wall") and isinstance(c, Opaque)]
    assert sorted(c.capacity for c in walls) == [75_000, 175_000]


def test_every_building_of_the_sample_district_tells_its_use_and_system() -> None:
    objects = [o for o in layers()["buildings"] if o.type == "Building"]
    years = [float(o.attributes["yearOfConstruction"]) for o in objects]  # type: ignore[arg-type]
    zones = zones_of(box_envelopes([o.attributes for o in objects], year=years))
    for name in ("use", "year", "system"):
        assert (zones.origins[name] == Origin.ATTRIBUTE).all()
    assert {use.id for use in zones.uses} >= {"house", "apartment", "office"}
    heating = {o.attributes["heating"] for o in objects}
    carriers = {zones.systems[k].heating.carrier for k in zones.system}
    assert heating == {"gas boiler", "district heating"}
    assert carriers == {Carrier.GAS, Carrier.DISTRICT_HEAT}
    assert all(zones.systems[k].cooling for k in zones.system), "homes and offices in Busan are cooled"
    assert zones.notes == []


def test_no_buildings_make_no_zones() -> None:
    zones = zones_of(box_envelopes([]))
    assert len(zones) == 0 and len(zones.elements) == 0 and zones.first.tolist() == [0]


def test_floor_area_stated_of_a_building_is_shared_out_among_its_zones() -> None:
    parts: dict[str, Any] = {"building": ["b", "b"], "volume": np.array([300.0, 100.0])}
    envelopes = box_envelopes([APARTMENT] * 2, year=[2024] * 2, **parts)
    zones = zones_of(envelopes, replace={"b": Given(floor_area=200.0, storeys=9.0)})
    assert zones.floor_area == pytest.approx([150.0, 50.0])
    assert zones.storeys.tolist() == [2.0, 2.0], "of which zone they are is not known"
    own = zones_of(
        envelopes, replace={"b": Given(floor_area=200.0), "b1": Given(floor_area=70.0, storeys=3.0)}
    )
    assert own.floor_area == pytest.approx([150.0, 70.0]) and own.storeys.tolist() == [2.0, 3.0]


def test_what_is_stated_last_keeps_the_rest_of_what_the_book_states(tmp_path: Path) -> None:
    (tmp_path / "buildings.csv").write_text("id,use,wall,system\nb0,office,0.3,gas_boiler\n")
    system = {"b0": Given(system="heat_pump_air")}
    zones = zones_of(box_envelopes([APARTMENT], year=[2024]), read_book(tmp_path), replace=system)
    assert zones.systems[zones.system[0]].id == "heat_pump_air"
    assert zones.uses[zones.use[0]].id == "office"
    assert u_value(zones, Part.WALL) == pytest.approx(0.3)


def test_a_low_hall_is_no_shed() -> None:
    low: dict[str, Any] = {
        "height": np.array([1.4]),
        "volume": np.array([1.4 * ROOF]),
        "floor_area": np.array([np.nan]),
        "storeys": np.nan,
    }
    assert zones_of(box_envelopes([{}], **low)).uses[0].id == "house"


def test_a_storey_has_the_air_of_its_building() -> None:
    one: dict[str, Any] = {"storeys": 1.0, "volume": np.array([100.0]), "floor_area": np.array([30.0])}
    for levels, share in ((3.0, 0.76), (4.0, 0.80)):
        zones = zones_of(box_envelopes([APARTMENT], levels=np.array([levels]), **one))
        assert zones.volume[0] == pytest.approx(share * 100.0)


def test_lamps_of_car_parks_burn_as_long_as_sia_says() -> None:
    use = read_book().uses["parking"].use
    # SIA 380/4:2006, annex C: 2130 full hours and 6 kWh/(m² a)
    assert use.lighting.sum() / 2.9 * 365 / 7 == pytest.approx(2130.0, rel=2e-3)
    assert use.lighting.sum() * 365 / 7 / 1000 == pytest.approx(6.2, abs=0.1)
