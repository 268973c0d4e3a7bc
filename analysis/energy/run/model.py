"""The model `energy`: need, supply, self-sufficiency and grades of a city's buildings over a year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.contract import Model, Result
from analysis.declare import titled
from analysis.energy.run.cost import energy_cost
from analysis.energy.run.declared import OUTPUTS, PARAMETERS
from analysis.errors import AnalysisError

if TYPE_CHECKING:
    from analysis.context import Context


def run(
    context: Context,
    *,
    area: Sequence[float] | None,
    weather_source: str,
    weather: Path | None,
    method: str,
    by: str,
    region: str | None,
    state: str,
    archetypes: list[Path] | None,
    default_year: int | None,
    default_use: str | None,
    system: str | None,
    shading: bool,
    measures: str | None,
    pv: bool,
    pv_efficiency: float,
    pv_share: float,
    battery: float,
    solar_thermal: float,
    fuel_cell: float,
    fuel_cell_kind: str,
    flexible: float,
    outage: float,
    critical: float,
    vehicles: float,
    street_lighting: float,
    park_lighting: float,
    meters: str,
    factors: Path | None,
    scheme: str,
    plan: bool,
    plan_file: Path | None,
    hourly: bool,
    scenario: int | None,
) -> Mapping[str, Result]:
    """See docs/energy.md. Raises AnalysisError for inputs that cannot be used."""
    from analysis.energy.grades import plan_report, plan_rows
    from analysis.energy.run.compute import Options
    from analysis.energy.run.metered import metered
    from analysis.energy.run.results import results_of
    from analysis.energy.run.study import study_of
    from analysis.energy.supply import lamps
    from twin.store import open_city

    if pv and pv_share + solar_thermal > 1:
        raise AnalysisError(
            f"pv_share and solar_thermal: modules on {pv_share:.0%} and collectors on {solar_thermal:.0%} are"
            " more than a roof; lower one of them"
        )
    report = None
    if plan or plan_file is not None:
        report = plan_report(plan_rows(plan_file), mixed="convert").as_dict()
    with open_city(context.city_folder) as city:
        study = study_of(
            city,
            area=area,
            by=by,
            shading=shading,
            region=region,
            state=state,
            archetypes=archetypes,
            default_year=default_year,
            default_use=default_use,
            system=system,
            measures=measures,
            vehicles=vehicles,
            scenario=scenario,
            factors=factors,
            weather_source=weather_source,
            weather=weather,
            progress=context.span(0.0, 0.45),
        )
    for name, power in (("street_lighting", street_lighting), ("park_lighting", park_lighting)):
        if power > 0:
            lit = lamps(study.weather, 1, power)  # [kW]
            study.public[name] = float(lit.sum()) * study.weather.hours
    options = Options(
        method=method,
        factors=study.factors,
        pv=pv,
        pv_efficiency=pv_efficiency,
        pv_share=pv_share,
        battery=battery,
        solar_thermal=solar_thermal,
        fuel_cell=fuel_cell,
        fuel_cell_kind=fuel_cell_kind,
        flexible=flexible,
        outage=outage,
        critical=critical,
        scheme=scheme,
    )
    study.meet(metered(context.city_folder, study, options, meters, context.span(0.45, 0.5)))
    results = results_of(context, study, options, hourly=hourly, progress=context.span(0.5, 1.0))
    if report is not None:
        results["plan"] = context.json("plan", report, report.pop("units"))
    return results


def digests(folder: Path, inputs: Mapping[str, Any]) -> dict[str, str]:
    """A scenario changes, and so do the readings of the weather's sensors and of meters."""
    from analysis.scene.scenario import scenario_state
    from analysis.scene.used import latest_readings, weather_readings

    used = scenario_state(folder, inputs.get("scenario"))
    if inputs.get("weather_source") == "sensors":
        from analysis.weather.source import YEAR_S

        used |= weather_readings(folder, YEAR_S)
    if inputs.get("meters") != "none":
        from analysis.energy.measured.bound import NAMES

        used |= {"meters": latest_readings(folder, [name for names in NAMES.values() for name in names])}
    return used


MODEL = Model(
    name="energy",
    version="1",
    title=titled("에너지", "Energy"),
    description=titled(
        "건물별 시간별 난방·냉방·급탕·조명·기기 에너지, 1차 에너지와 CO₂, 지붕 태양광, 자립률과"
        " 제로에너지건축물 등급을 구한다.",
        "Heating, cooling, hot water, lighting and appliances of each building by the hour, primary energy,"
        " CO₂, photovoltaics on roofs, self-sufficiency and zero-energy grades.",
    ),
    parameters=PARAMETERS,
    outputs=OUTPUTS,
    run=run,
    digests=digests,
    estimate=energy_cost,
)
