"""The model `sun`: shadow, hours of sun, daylight rights, irradiation and photovoltaic power of a city."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.contract import Model, Result
from analysis.declare import titled
from analysis.sun.run.cost import sun_cost
from analysis.sun.run.declared import OUTPUTS, PARAMETERS

if TYPE_CHECKING:
    from analysis.context import Context
    from analysis.progress import Progress
    from analysis.sun.run.results import Found
    from analysis.sun.run.study import CityStudy


def run(
    context: Context,
    *,
    area: Sequence[float] | None,
    date: str | None,
    cell_size: float,
    spacing: float,
    step: int,
    interval: int,
    engine: str,
    rule: str,
    rule_file: Path | None,
    plan: Mapping[str, Any] | None,
    plan_file: Path | None,
    plan_place: Mapping[str, Any] | None,
    scenario: int | None,
    plot: Mapping[str, Any] | None,
    energy: bool,
    weather_source: str,
    weather: Path | None,
    efficiency: float,
    losses: float,
    setback: float,
    glare: bool,
    tree_transmissivity: float,
    timezone: str | None,
) -> Mapping[str, Result]:
    """See docs/sun.md. Raises AnalysisError for inputs that cannot be used."""
    from analysis.sun.run.results import (
        building_table,
        ground_results,
        layer_result,
        on_ground,
        point_results,
        shadow_results,
    )
    from analysis.sun.run.rights import height_limit_result, plot_limit, rights_results
    from analysis.sun.run.study import chosen_rule, study_of
    from analysis.sun.run.weather import weather_of
    from twin.store import open_city

    with open_city(context.city_folder) as city:
        study = study_of(
            city,
            area=area,
            cell_size=cell_size,
            date=date,
            rule=chosen_rule(rule, rule_file),
            engine=engine,
            step=step,
            spacing=spacing,
            plan=plan,
            plan_file=plan_file,
            plan_place=plan_place,
            scenario=scenario,
            transmissivity=tree_transmissivity,
            timezone=timezone,
            progress=context.span(0.0, 0.1),
        )
        sky = weather_of(study, weather_source, weather) if energy else None
        ground = on_ground(study, context.span(0.1, 0.2))
        results = ground_results(context, study, ground)
        results |= shadow_results(context, study, interval, context.span(0.2, 0.3))
        found = _found(study, context.span(0.3, 0.4))
        summary: dict[str, Any] = {}
        table, units = building_table(study, found)
        if sky is not None:
            from analysis.sun.run.power import power_of

            power = power_of(study, sky, efficiency, losses, setback, context.span(0.4, 0.75))
            found.values["irradiation"] = power.irradiation
            found.notes += power.notes
            table, units = building_table(study, found)
            table, units = power.joined(table, units)
            summary["pv"] = power.summary
            results["pv"] = context.json("pv", power.summary, power.units)
        limit = None if plot is None else plot_limit(study, plot)
        if limit is not None:
            results["height_limit"] = height_limit_result(context, study, limit)
        results |= rights_results(context, study, ground, limit, context.span(0.75, 0.85))
        if glare:
            from analysis.sun.run.glare import glare_of

            dazzled = glare_of(study, context.span(0.85, 0.9))
            found.notes += dazzled.notes
            summary["glare"] = dazzled.summary
            results["glare"] = context.table("glare", dazzled.table, dazzled.units)
        results |= point_results(context, study, found)
        results["buildings"] = context.table("buildings", table, units)
        results |= layer_result(context, study, found, context.span(0.9, 0.99))
        results["summary"] = context.json("summary", _summary(study, found) | summary, _SUMMARY_UNITS)
    return results


_SUMMARY_UNITS = {"sun_hours": "h", "sky_view": "1", "cell_size": "m", "latitude": "deg", "longitude": "deg"}


def _found(study: CityStudy, progress: Progress) -> Found:
    """Hours of sun on roofs and facades, their change by the plan, and their view of the sky."""
    import numpy as np

    from analysis.progress import part
    from analysis.sun import sky_view_factor
    from analysis.sun.run.results import Found

    found = Found(notes=list(study.subject.notes))
    progress(0.0, f"sun on {len(study.points):,} points of roofs and facades")
    hours = study.hours(study.subject, study.points, part(progress, 0.0, 0.4))
    found.values["sun_hours"] = hours
    if study.after is not None:
        progress(0.4, "sun on roofs and facades without the plan")
        before = study.hours(study.scene, study.points, part(progress, 0.4, 0.7))
        found.values["sun_hours_change"] = np.where(study.former, hours - before, np.nan).astype(np.float32)
    progress(0.7, "sky over roofs and facades")
    found.values["sky_view"] = sky_view_factor(
        study.subject, study.points, study.sky_engine, part(progress, 0.7, 1.0)
    )
    return found


def _summary(study: CityStudy, found: Found) -> dict[str, Any]:
    import numpy as np

    scene, area = study.subject, study.points.area
    means = {}
    for name, values in found.values.items():
        known = np.isfinite(values)
        weight = float(area[known].sum())
        means[name] = float((values[known] * area[known]).sum() / weight) if weight else None
    rows, columns = study.window
    return {
        "date": study.date.isoformat(),
        "timezone": scene.place.timezone,
        "latitude": scene.place.latitude,
        "longitude": scene.place.longitude,
        "first": study.times[0].isoformat(),
        "last": study.times[-1].isoformat(),
        "times": len(study.times),
        "cells": (rows.stop - rows.start) * (columns.stop - columns.start),
        "cell_size": scene.cell_size,
        "points": len(study.points),
        "buildings": len(scene.surfaces.buildings) if scene.surfaces is not None else 0,
        "mean": means,
        "rule": None if study.rule is None else study.rule.id,
        "notes": list(dict.fromkeys(found.notes)),
    }


def digests(folder: Path, inputs: Mapping[str, Any]) -> dict[str, str]:
    """Without a date the day depends on the year in which the run is asked for; a scenario may change, and
    so may the readings of sensors."""
    from analysis.scene.scenario import scenario_state

    used = {} if inputs.get("date") else {"year": str(dt.date.today().year)}
    used |= scenario_state(folder, inputs.get("scenario"))
    if inputs.get("energy") and inputs.get("weather_source") == "sensors":
        from analysis.scene.used import weather_readings
        from analysis.weather.source import YEAR_S

        used |= weather_readings(folder, YEAR_S)
    return used


MODEL = Model(
    name="sun",
    version="1",
    title=titled("일조와 태양광", "Sun and shadow"),
    description=titled(
        "그림자, 일조 시간, 일조권, 연간 일사량, 태양광 발전량을 지면과 실제 지붕·벽면에서 구한다.",
        "Shadow, hours of sun, daylight rights, irradiation and photovoltaic power on the ground and on the"
        " real roofs and facades.",
    ),
    parameters=PARAMETERS,
    outputs=OUTPUTS,
    run=run,
    digests=digests,
    estimate=sun_cost,
)
