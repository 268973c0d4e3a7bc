"""Packages of measures: before and after, cost curves in their order, and the cheapest way to a goal."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from analysis.energy.factors import Factor, Factors
from analysis.energy.grades import scheme
from analysis.energy.result import NEEDS
from analysis.energy.retrofit.assess import ranking, retrofit
from analysis.energy.retrofit.curve import curve, reach, to_grade
from analysis.energy.retrofit.economics import Cost, annuity
from analysis.energy.retrofit.evaluate import evaluator
from analysis.energy.retrofit.figures import Bool, Figures, building_numbers
from analysis.energy.retrofit.measures import chosen, read_measures
from analysis.energy.systems import Carrier, Plant
from analysis.energy.zones import Boundary, Float64, Part, Zones
from analysis.errors import AnalysisError
from analysis.weather import Weather
from tests.energy_zones import BOILER, box_zones, even_weather, plain_use

MEASURES = read_measures()
KILOHOURS = 60.0
"""Degree hours of a winter [1000 K h]."""
FACTORS = Factors(
    "test",
    {
        Carrier.ELECTRICITY: Factor(2.75, 0.45, 0.20, "test"),
        Carrier.GAS: Factor(1.1, 0.20, 0.10, "test"),
        Carrier.DISTRICT_HEAT: Factor(0.728, 0.13, 0.09, "test"),
    },
    currency="EUR",
    price_year=2025,
)


DISTRICT = replace(BOILER, id="district", heating=Plant(Carrier.DISTRICT_HEAT, 1.0))


def steady(zones: Zones, with_modules: Bool) -> Figures:
    """Gas at 90 % for what goes through the envelope and with the air; 1,000 kWh of every module."""
    names, owner = building_numbers(zones)
    e, z = zones.elements, len(zones)
    u = np.array([c.u_value for c in zones.constructions])[e.construction]
    loss = u * e.area * (e.boundary != Boundary.ADIABATIC)
    of = np.repeat(np.arange(z), np.diff(zones.first))
    heat = (np.bincount(of, loss, z) + 0.33 * zones.infiltration * zones.volume) * KILOHOURS

    def summed(values: Float64) -> Float64:
        return np.bincount(owner, values, len(names)).astype(float)

    gas = summed(heat) / 0.9
    made = summed(1000.0 * with_modules)
    zero = np.zeros(len(names))
    return Figures(
        need={need: summed(heat) if need == "heating" else zero for need in NEEDS},
        final={Carrier.GAS: gas},
        primary=1.1 * gas,
        graded=1.1 * gas,
        co2=0.2 * gas - 0.45 * made,
        bill=0.1 * gas - 0.2 * made,
        produced=made,
        produced_primary=2.75 * made,
        capacity=summed(1.0 * with_modules),
        heating_peak=summed(heat) / 1e4,
        cooling_peak=zero,
        overheating=zero,
    )


def cost(id: str, base: float, unit: str = "m2") -> Cost:
    return Cost(id, base, 0.0, unit, "EUR", 2025, "test")


COSTS = {
    c.measure: c
    for c in (
        cost("wall_insulation", 120.0),
        cost("roof_insulation", 60.0),
        cost("windows_double", 250.0),
        cost("windows_triple", 350.0),
        cost("airtightness", 5.0, "m2_floor"),
        cost("pv", 1500.0, "kWp"),
    )
}
PACKAGE = chosen(MEASURES, ["wall_insulation", "roof_insulation", "windows_triple", "airtightness", "pv"])


@pytest.fixture(scope="module")
def zones() -> Zones:
    """Two buildings, the second of two zones."""
    zones = box_zones(3, use=plain_use(ventilation=0.5, appliances=3.0, lighting=3.0, hot_water=2.0))
    zones.building[:] = ["a", "b", "b"]
    return zones


def test_before_and_after_by_hand(zones: Zones) -> None:
    found = retrofit(zones, chosen(MEASURES, ["airtightness"]), steady, COSTS)
    less = 0.33 * (0.5 - 0.15) * zones.volume[0] * KILOHOURS / 0.9
    saved = found.before.final_total - found.after.final_total
    assert found.building == ["a", "b"]
    assert saved == pytest.approx([less, 2 * less])
    (item,) = found.items
    assert (item.unit, item.amount.tolist()) == ("m2_floor", [48.0, 96.0])
    assert found.investment.total == pytest.approx([240.0, 480.0])
    assert found.saving == pytest.approx(0.1 * saved)
    assert found.payback == pytest.approx(240.0 / (0.1 * less))
    assert (found.discounted > found.payback).all()


def test_modules_count_in_production_and_not_in_need(zones: Zones) -> None:
    found = retrofit(zones, chosen(MEASURES, ["pv"]), steady, COSTS)
    assert found.before.produced.tolist() == [0, 0] and found.after.produced.tolist() == [1000, 2000]
    assert found.before.final_total == pytest.approx(found.after.final_total)
    assert found.after.self_sufficiency == pytest.approx(2750 / found.after.primary[0])
    assert found.items[0].amount.tolist() == [1.0, 2.0] and found.items[0].unit == "kWp"
    had = retrofit(zones, chosen(MEASURES, ["pv"]), steady, COSTS, has_pv=True)
    assert had.saving.tolist() == [0.0, 0.0] and np.isinf(had.payback).all()
    assert had.items[0].amount.tolist() == [0.0, 0.0] and had.investment.total.tolist() == [0.0, 0.0]


def test_no_buildings_are_refused(zones: Zones) -> None:
    with pytest.raises(AnalysisError, match="no building"):
        retrofit(zones.some([]), PACKAGE, steady)


def test_unknown_costs_and_prices_are_not_made_up(zones: Zones) -> None:
    found = retrofit(zones, chosen(MEASURES, ["overhang", "airtightness"]), steady, COSTS)
    assert np.isnan(found.investment.total).all() and np.isnan(found.payback).all()
    assert found.investment.unknown == ["overhang"]
    assert np.isnan(found.items[0].investment).all() and found.items[1].investment.sum() == 720.0


def test_the_curve_is_in_the_order_of_the_cost_of_what_is_saved(zones: Zones) -> None:
    both = [*PACKAGE, MEASURES["windows_double"], MEASURES["led"]]
    found = curve(zones, both, steady, COSTS)
    costs = [step.cost for step in found.steps]
    assert costs == sorted(costs) and len(found.steps) == 5
    assert found.steps[0].measure.id == "airtightness"
    ids = {step.measure.id for step in found.steps}
    assert len(ids & {"windows_double", "windows_triple"}) == 1
    assert {m.id for m in found.left_out} == {m.id for m in both} - ids
    saved = sum(step.saved_final for step in found.steps)
    last = found.steps[-1].after
    total = found.before.final_total[0] - (last.final_total[0] - last.produced[0])
    assert saved == pytest.approx(total)
    tight = found.steps[0]
    yearly = 5.0 * 144 * annuity(MEASURES["airtightness"].lifetime)
    assert tight.cost == pytest.approx(yearly / tight.saved_final)
    assert tight.investment == pytest.approx(720.0)


def test_measures_of_unknown_cost_come_last_by_what_they_save(zones: Zones) -> None:
    known = {k: v for k, v in COSTS.items() if k not in ("airtightness", "wall_insulation")}
    found = curve(zones, PACKAGE, steady, known)
    ids = [step.measure.id for step in found.steps]
    assert set(ids[-2:]) == {"airtightness", "wall_insulation"}
    assert all(np.isnan(step.cost) for step in found.steps[-2:])
    assert found.steps[-2].saved_final > found.steps[-1].saved_final


def test_a_known_cost_stays_known_after_a_measure_of_unknown_cost(zones: Zones) -> None:
    def roof_after_air(zones: Zones, with_modules: Bool) -> Figures:
        roof = zones.elements.construction[zones.elements.part == Part.ROOF]
        insulated = np.array([zones.constructions[k].u_value for k in roof]) < 0.2
        tight = zones.infiltration < 0.2
        gas = 1000.0 - 300.0 * tight - 200.0 * (tight & insulated)
        return replace(steady(zones, with_modules), final={Carrier.GAS: gas})

    package = chosen(MEASURES, ["airtightness", "roof_insulation"])
    known = {"roof_insulation": COSTS["roof_insulation"]}
    first, second = curve(zones.some([0]), package, roof_after_air, known).steps
    assert (first.measure.id, second.measure.id) == ("airtightness", "roof_insulation")
    assert np.isnan(first.cost) and np.isnan(first.investment)
    assert second.investment == pytest.approx(60.0 * 48.0)
    assert second.cost == pytest.approx(60.0 * 48.0 * annuity(package[1].lifetime) / 200.0)


def test_the_cheapest_package_to_a_goal_is_that_of_trying_all(zones: Zones) -> None:
    one = zones.some([0])

    def met(figures: Figures) -> bool:
        return bool(figures.self_sufficiency[0] >= 0.40)

    found = reach(one, PACKAGE, met, steady, COSTS)
    assert found is not None and found.all_tried and met(found.after)
    prices = {}
    for count in range(len(PACKAGE) + 1):
        for package in combinations(PACKAGE, count):
            tried = retrofit(one, package, steady, COSTS)
            if met(tried.after):
                prices[frozenset(m.id for m in package)] = float(tried.investment.yearly[0])
    assert frozenset(m.id for m in found.measures) == min(prices, key=lambda key: prices[key])
    assert reach(one, PACKAGE, lambda figures: False, steady, COSTS) is None


def test_a_goal_beyond_all_that_can_be_tried_is_sought_along_the_curve(zones: Zones) -> None:
    start = steady(zones, np.zeros(3, bool)).primary.sum()

    def met(figures: Figures) -> bool:
        return bool(figures.primary[0] <= 0.7 * start)

    found = reach(zones, PACKAGE, met, steady, COSTS, most=4)
    assert found is not None and not found.all_tried and met(found.after)
    for k in range(len(found.measures)):
        fewer = [m for n, m in enumerate(found.measures) if n != k]
        assert not met(retrofit(zones, fewer, steady, COSTS).after.together())


def test_a_goal_that_is_reached_already_takes_no_measure(zones: Zones) -> None:
    for most in (4, 600):
        found = reach(zones, PACKAGE, lambda figures: True, steady, COSTS, most=most)
        assert found is not None and not found.measures and found.investment == 0.0
    worse = [replace(MEASURES["led"], id="nothing")]
    found = reach(zones, worse, lambda figures: True, steady, COSTS, most=1)
    assert found is not None and not found.measures


def test_what_costs_energy_is_no_step_for_who_makes_more_than_is_used(zones: Zones) -> None:
    def surplus(zones: Zones, with_modules: Bool) -> Figures:
        figures = steady(zones, with_modules)
        return replace(figures, produced=3.0 * figures.final_total.max() + 0.0 * figures.produced)

    worse = replace(MEASURES["airtightness"], values={"infiltration": 0.4999}, id="hardly")
    found = curve(zones, [worse], surplus, COSTS)
    assert not found.steps and found.left_out == [worse]


def test_a_new_boiler_is_for_who_gets_it(zones: Zones) -> None:
    bare = replace(zones.systems[0], heating=None, hot_water=None)
    mixed = replace(zones, systems=[zones.systems[0], bare], system=np.array([0, 1, 1], np.int32))
    boiler = {"gas_boiler": cost("gas_boiler", 300.0, "kW_heating")}
    found = retrofit(mixed, [MEASURES["gas_boiler"]], steady, boiler)
    assert found.items[0].amount.tolist() == [found.after.heating_peak[0], 0.0]
    assert found.investment.total[1] == 0.0


def test_blocks_are_ranked_from_the_cheapest_saving_on(zones: Zones) -> None:
    leaky = replace(zones, infiltration=np.array([0.5, 3.0, 3.0]))
    found = retrofit(leaky, chosen(MEASURES, ["airtightness"]), steady, COSTS)
    table = ranking(found, ["north", "south"], np.array([48.0, 96.0]))
    assert table["group"].tolist() == ["south", "north"]
    assert table["cost_of_saving"].is_monotonic_increasing and table["buildings"].tolist() == [1, 1]
    assert table["investment"].tolist() == [480.0, 240.0]
    unknown = retrofit(leaky, chosen(MEASURES, ["airtightness"]), steady)
    table = ranking(unknown, ["north", "south"], np.array([48.0, 96.0]))
    assert table["group"].tolist() == ["south", "north"] and table["cost_of_saving"].isna().all()


@pytest.fixture(scope="module")
def weather() -> Weather:
    hour = np.arange(8760)
    warmth = 11.0 - 13.0 * np.cos(2 * np.pi * (hour / 24 - 20) / 365) - 4 * np.cos(2 * np.pi * hour / 24)
    return even_weather(temperature=warmth, sun=True)


def test_measures_do_in_the_simulation_what_they_promise(zones: Zones, weather: Weather) -> None:
    evaluate = evaluator(weather, FACTORS)
    found = {id: retrofit(zones, [MEASURES[id]], evaluate) for id in
             ("wall_insulation", "heat_recovery", "led", "blinds", "air_heat_pump", "pv")}  # fmt: skip

    def change(id: str, need: str) -> float:
        return float((found[id].after.need[need] - found[id].before.need[need]).sum())

    assert change("wall_insulation", "heating") < 0
    assert change("heat_recovery", "heating") < 0 < change("heat_recovery", "fans")
    assert change("blinds", "cooling") < 0
    assert change("led", "lighting") == pytest.approx(-0.5 * found["led"].before.need["lighting"].sum())
    assert change("led", "heating") > 0, "lamps that heat less are made up for"
    pump = found["air_heat_pump"]
    assert Carrier.GAS in pump.before.final and pump.after.final[Carrier.GAS].sum() == 0
    assert change("air_heat_pump", "heating") == pytest.approx(0, abs=1e-6)
    assert (pump.after.co2 < pump.before.co2).all() and (pump.after.bill < pump.before.bill).all()
    sunny = found["pv"]
    used = (sunny.before.bill - sunny.after.bill) / 0.20
    assert (used > 0).all() and (used < sunny.after.produced).all(), "a part is used in the same hour"
    assert (sunny.after.self_sufficiency > 0.2).all()
    assert sunny.after.capacity[1] == pytest.approx(2 * sunny.after.capacity[0])


def test_many_buildings_are_worked_in_portions(
    zones: Zones, weather: Weather, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate = evaluator(weather, FACTORS)
    modules = np.array([False, True, True])
    mixed = replace(zones, systems=[*zones.systems, DISTRICT], system=np.array([1, 0, 0], np.int32))
    whole = evaluate(mixed, modules)
    assert whole.monthly["heating"].sum(axis=1) == pytest.approx(whole.need["heating"])
    assert whole.together().monthly["heating"].sum() == pytest.approx(whole.need["heating"].sum())
    monkeypatch.setattr("analysis.energy.retrofit.evaluate._PORTION", 1)
    parts = evaluate(mixed, modules)
    assert parts.primary == pytest.approx(whole.primary) and parts.bill == pytest.approx(whole.bill)
    assert parts.produced == pytest.approx(whole.produced) and len(parts) == 2
    assert parts.final[Carrier.DISTRICT_HEAT] == pytest.approx(whole.final[Carrier.DISTRICT_HEAT])
    assert parts.final[Carrier.DISTRICT_HEAT][1] == 0 < parts.final[Carrier.DISTRICT_HEAT][0]


def test_a_package_lifts_a_building_to_a_grade(zones: Zones, weather: Weather) -> None:
    grades = scheme("kr-zeb-2017")
    package = chosen(MEASURES, ["wall_insulation", "air_heat_pump", "pv"])
    found = retrofit(zones.some([0]), package, evaluator(weather, FACTORS))
    before, after = (grades.grade(f.self_sufficiency)[0] for f in (found.before, found.after))
    assert before == 0 and 1 <= after <= 3
    third = to_grade(grades, 3)
    assert third(found.after) and not third(found.before)
    assert to_grade(grades, int(after))(found.after) and not to_grade(grades, int(after) - 1)(found.after)
