"""The table of measures, what each makes of zones, and what it costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.energy.constructions import INSIDE_RESISTANCE, OUTSIDE_RESISTANCE, Glazing
from analysis.energy.retrofit.apply import applied
from analysis.energy.retrofit.economics import (
    annuity,
    cost_of_saving,
    discounted_payback,
    investment,
    read_costs,
    simple_payback,
)
from analysis.energy.retrofit.measures import chosen, read_measures, read_packages
from analysis.energy.systems import Carrier, HeatSource
from analysis.energy.zones import Boundary, Part, Zones
from analysis.errors import AnalysisError
from tests.energy_zones import WALL, box_zones, plain_use

MEASURES = read_measures()
REGIONS = ("KOR", "DEU", "NLD")


@pytest.fixture
def zones() -> Zones:
    use = plain_use(ventilation=1.0, lighting=5.0, appliances=4.0)
    return box_zones(3, windows={0.0: 2.0, 180.0: 6.0}, use=use, shared=(270.0,))


def u_values(zones: Zones, part: Part) -> np.ndarray:
    rows = zones.elements.part == part
    return np.array([zones.constructions[k].u_value for k in zones.elements.construction[rows]])


def test_every_measure_of_the_table_is_whole() -> None:
    assert len(MEASURES) >= 15
    for measure in MEASURES.values():
        assert measure.title["ko"] and measure.title["en"] and measure.source
        assert 5 <= measure.lifetime <= 60
    costs = {region: read_costs(region) for region in REGIONS}
    for region, known in costs.items():
        assert known and {cost.measure for cost in known.values()} <= set(MEASURES)
        assert len({cost.currency for cost in known.values()}) == 1
        assert all(cost.source and cost.base > 0 and cost.price_year >= 2015 for cost in known.values()), (
            region
        )
    assert not read_costs("XYZ")


def test_a_measure_leaves_the_given_zones_and_those_not_chosen_as_they_are(zones: Zones) -> None:
    for measure in MEASURES.values():
        before = repr(zones)
        after, area = applied(zones, [measure], [1])
        assert repr(zones) == before, measure.id
        assert area[measure.id][[0, 2]].tolist() == [0.0, 0.0]
        other = after.some([0, 2])
        assert u_values(other, Part.WALL) == pytest.approx(WALL.u_value)
        assert [other.uses[k] for k in other.use] == [zones.uses[0]] * 2
        assert [other.systems[k] for k in other.system] == [zones.systems[0]] * 2
        assert other.infiltration.tolist() == [0.5, 0.5]


def test_insulation_adds_its_resistance_outdoors_and_nowhere_else(zones: Zones) -> None:
    after, area = applied(zones, [MEASURES["wall_insulation"]])
    added = 0.16 / 0.035
    rows = after.elements.part == Part.WALL
    outside = after.elements.boundary[rows] == Boundary.OUTSIDE
    surfaces = INSIDE_RESISTANCE + OUTSIDE_RESISTANCE
    expected = 1.0 / (WALL.resistance + added + surfaces)
    assert u_values(after, Part.WALL)[outside] == pytest.approx(expected)
    assert u_values(after, Part.WALL)[~outside] == pytest.approx(WALL.u_value)
    gross = 2.7 * (8 + 8 + 6)
    assert area["wall_insulation"] == pytest.approx(gross - 8.0)
    assert u_values(after, Part.ROOF) == pytest.approx(WALL.u_value)


def test_a_window_as_good_as_the_new_one_stays_and_is_not_paid_for(zones: Zones) -> None:
    good = Glazing(name="passive", u_value=0.7, g_value=0.5, panes=3)
    constructions = [*zones.constructions, good]
    index = zones.elements.construction.copy()
    north = (zones.elements.part == Part.WINDOW) & (zones.elements.azimuth == 0.0)
    index[north] = len(constructions) - 1
    mixed = replace(zones, constructions=constructions, elements=replace(zones.elements, construction=index))
    after, area = applied(mixed, [MEASURES["windows_triple"]])
    assert sorted(set(u_values(after, Part.WINDOW).tolist())) == [0.7, 0.8]
    assert area["windows_triple"] == pytest.approx(6.0)


def test_air_light_and_heat_recovery(zones: Zones) -> None:
    names = ("airtightness", "heat_recovery", "led", "appliances", "blinds", "overhang")
    after, area = applied(zones, chosen(MEASURES, names))
    use = after.uses[after.use[0]]
    assert after.infiltration.tolist() == [0.15] * 3
    assert (use.heat_recovery, use.fan_power, use.id) == (0.75, 0.45, "plain")
    assert use.lighting == pytest.approx(2.5) and use.appliances == pytest.approx(3.2)
    glass = after.constructions[after.elements.construction[after.elements.part == Part.WINDOW][0]]
    assert isinstance(glass, Glazing) and glass.shade_factor == 0.25 and glass.shade_above == 300.0
    assert after.elements.shade is not None
    shaded = after.elements.azimuth[after.elements.shade >= 0]
    assert set(shaded.tolist()) == {180.0} and after.shades[-1].depth == 0.8
    assert area["overhang"] == pytest.approx(6.0) and area["blinds"] == pytest.approx(8.0)
    assert area["led"] == pytest.approx(48.0)
    tight, none = applied(after, chosen(MEASURES, ["airtightness", "heat_recovery"]))
    assert not none["airtightness"].any() and not none["heat_recovery"].any()
    assert tight.infiltration.tolist() == [0.15] * 3


def test_a_heat_pump_takes_the_place_of_the_plants_that_are_there(zones: Zones) -> None:
    after, _ = applied(zones, [MEASURES["ground_heat_pump"]], [0])
    system = after.systems[after.system[0]]
    assert system.heating is not None and system.cooling is not None and system.hot_water is not None
    assert system.heating.carrier is Carrier.ELECTRICITY and system.heating.source is HeatSource.GROUND
    bare = replace(zones, systems=[replace(zones.systems[0], cooling=None)])
    after, _ = applied(bare, [MEASURES["ground_heat_pump"]])
    assert after.systems[after.system[0]].cooling is None


def test_a_system_that_stays_is_not_paid_for(zones: Zones) -> None:
    boiler = MEASURES["gas_boiler"]
    after, area = applied(zones, [boiler], [0])
    assert area["gas_boiler"].tolist() == [48.0, 0.0, 0.0]
    again, area = applied(after, [boiler])
    assert area["gas_boiler"].tolist() == [0.0, 48.0, 48.0]
    assert again.systems[again.system[0]].id == after.systems[after.system[0]].id
    bare = replace(zones, systems=[replace(zones.systems[0], heating=None, cooling=None, hot_water=None)])
    after, area = applied(bare, [MEASURES["ground_heat_pump"]])
    assert not area["ground_heat_pump"].any() and after.systems == bare.systems


def test_measures_of_one_slot_exclude_one_another() -> None:
    with pytest.raises(AnalysisError, match="windows_double and windows_triple exclude one another"):
        chosen(MEASURES, ["windows_double", "led", "windows_triple"])
    with pytest.raises(AnalysisError, match="no retrofit measure 'magic'; known are wall_insulation"):
        chosen(MEASURES, ["magic"])


def test_packages_are_of_known_measures(tmp_path: Path) -> None:
    packages = read_packages(MEASURES)
    assert {"light", "envelope", "deep", "solar"} <= set(packages)
    assert all(p.title["ko"] and p.title["en"] and len(p.measures) > 1 for p in packages.values())
    own = tmp_path / "packages.csv"
    own.write_text("id,title_ko,title_en,measures\nmine,가,mine,led|windows_double|windows_triple\n")
    with pytest.raises(AnalysisError, match=r"row 2: windows_double and windows_triple exclude"):
        read_packages(MEASURES, own)


HEAD = (
    "id,kind,title_ko,title_en,part,thickness,conductivity,u_value,g_value,panes,infiltration,shade_factor,"
    "shade_above,depth,efficiency,fan_power,factor,heating,cooling,hot_water,share,lifetime,source\n"
)


def row(**cells: str) -> str:
    given = {"id": "x", "title_ko": "가", "title_en": "a", "source": "s", "lifetime": "30", **cells}
    return ",".join(given.get(name, "") for name in HEAD.strip().split(","))


def test_a_citys_own_measures_stand_over_the_built_in_ones(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text(
        HEAD + row(id="led", kind="lighting", factor="0.3") + "\n"
        + row(id="cork", kind="insulation", part="wall", thickness="0.1", conductivity="0.04")
    )  # fmt: skip
    found = read_measures(own)
    assert found["led"].values["factor"] == 0.3 and found["cork"].slot == ("insulation", "wall")
    assert set(MEASURES) < set(found)


@pytest.mark.parametrize(
    ("cells", "told"),
    [({"kind": "windows", "u_value": "40", "g_value": "0.5", "panes": "2"}, "row 2: u_value must be from"),
     ({"kind": "paint"}, "row 2: kind must be one of insulation"),
     ({"kind": "insulation", "part": "door"}, "row 2: part must be one of wall, roof, floor"),
     ({"kind": "lighting"}, "row 2: factor must be a number"),
     ({"kind": "system"}, "row 2: a system needs at least one of heating"),
     ({"kind": "system", "heating": "steam:0.9"}, "row 2: heating must be carrier:efficiency"),
     ({"kind": "system", "heating": "electricity:35:air:radiator"}, "in heating must be from 0.05 to 20"),
     ({"kind": "led", "id": ""}, "row 2: a measure needs an id")],
)  # fmt: skip
def test_a_bad_cell_is_one_line_with_its_place(tmp_path: Path, cells: dict[str, str], told: str) -> None:
    path = tmp_path / "own.csv"
    path.write_text(HEAD + row(**cells) + "\n")
    with pytest.raises(AnalysisError) as caught:
        read_measures(path)
    assert str(path) in str(caught.value) and told in str(caught.value) and "\n" not in str(caught.value)


def test_an_id_that_stands_twice_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(HEAD + f"{row(id='led', kind='lighting', factor='0.3')}\n" * 2)
    with pytest.raises(AnalysisError, match="row 3: id: 'led' stands twice"):
        read_measures(path)


def test_money_by_hand() -> None:
    assert annuity(20, 0.05) == pytest.approx(0.0802426, abs=1e-7)
    assert annuity(10, 0.0) == 0.1
    cost, saved = np.array([1000.0, 1000.0, 1000.0, np.nan]), np.array([200.0, 0.0, 29.0, 10.0])
    assert simple_payback(cost, saved)[:3].tolist() == [5.0, np.inf, 1000 / 29]
    years = discounted_payback(cost, saved, 0.03)
    assert years[0] == pytest.approx(-np.log(1 - 0.15) / np.log(1.03))
    assert years[1] == np.inf and years[2] == np.inf and np.isnan(years[3])
    worth = 200.0 * (1 - 1.03 ** -years[0]) / 0.03
    assert worth == pytest.approx(1000.0)
    assert cost_of_saving(np.array([80.0]), np.array([400.0])).tolist() == [0.2]


def test_an_investment_is_the_sum_of_its_measures_and_says_what_is_unknown() -> None:
    package = chosen(MEASURES, ["wall_insulation", "windows_triple"])
    amounts = {m.id: {"m2": np.array([10.0, 20.0])} for m in package}
    costs = read_costs("DEU")
    found = investment(package, amounts, costs, 2)
    each = 70.34 + 2.36 * 16 + 225.0
    assert found.total == pytest.approx([10 * each, 20 * each])
    wall, glass = (70.34 + 2.36 * 16) * annuity(40), 225.0 * annuity(35)
    assert found.yearly == pytest.approx([10 * (wall + glass), 20 * (wall + glass)])
    assert (found.currency, found.unknown, found.years) == ("EUR", [], [2018, 2019])
    lacking = investment([*package, MEASURES["overhang"]], amounts, costs, 2)
    assert np.isnan(lacking.total).all() and lacking.unknown == ["overhang"]
    mixed = {**costs, "wall_insulation": read_costs("KOR")["wall_insulation"]}
    with pytest.raises(AnalysisError, match="costs in EUR and KRW cannot be added"):
        investment(package, {m.id: {u: np.ones(2) for u in ("m2", "m2_floor")} for m in package}, mixed, 2)


def test_a_citys_own_costs_stand_over_the_built_in_ones(tmp_path: Path) -> None:
    head = "measure,regions,base,per_cm,unit,currency,price_year,source\n"
    own = tmp_path / "costs.csv"
    own.write_text(head + "overhang,,300,,m2,KRW,2026,tender\nled,KOR,,,m2_floor,KRW,2026,\n")
    found = read_costs("KOR", own)
    assert found["overhang"].base == 300.0 and found["led"].base == 22800.0
    own.write_text(head + "overhang,,300,,acre,KRW,2026,tender\n")
    with pytest.raises(AnalysisError, match="row 2: unit must be one of m2"):
        read_costs("KOR", own)
