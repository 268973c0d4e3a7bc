"""Rights to light in a run: the verdict of the daylight rule with its reports, the height limit of a plot."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analysis.contract import Result
from analysis.printed.language import Language
from analysis.progress import part
from analysis.sun.daylight import Assessment, assess
from analysis.sun.daylight.height_limit import HeightLimit, height_limit
from analysis.sun.report import SunReport, write_report
from analysis.sun.run.results import Ground
from analysis.sun.run.study import CityStudy
from twin.scenario.making import footprint_rings

if TYPE_CHECKING:
    from analysis.context import Context
    from analysis.progress import Progress


def rights_results(
    context: Context, study: CityStudy, ground: Ground, limit: HeightLimit | None, progress: Progress
) -> dict[str, Result]:
    """The verdict of the daylight rule, and its reports. limit: what the height limit of the plot says."""
    if study.rule is None:
        return {}
    progress(0.0, "dwellings")
    targets, dwellings = study.dwellings
    assessment = assess(
        study.scene,
        targets,
        study.rule,
        date=study.date,
        plan_scene=study.after,
        dwellings=dwellings,
        engine=study.engine,
        progress=part(progress, 0.0, 0.5),
    )
    document = assessment.to_json(study.globe, part(progress, 0.5, 0.6))
    units = document.pop("units")
    made = {"daylight": context.json("daylight", document, units)}
    if document["dwellings"]:
        report = _report(context, study, assessment, ground, limit, document, part(progress, 0.6, 1.0))
        made |= _printed(context, report)
    return made


def _report(
    context: Context,
    study: CityStudy,
    assessment: Assessment,
    ground: Ground,
    limit: HeightLimit | None,
    document: dict[str, Any],
    progress: Progress,
) -> SunReport:
    name = study.city.get("name") or study.city.folder.stem
    title = json.loads(study.city.get("title") or "{}")
    return SunReport(
        assessment=assessment,
        title={language: title.get(language, name) for language in ("ko", "en")},
        run=context.run_id,
        city=name,
        plan_scene=study.after,
        hours_before=ground.hours if ground.before is None else ground.before,
        hours_after=None if ground.before is None else ground.hours,
        georeference=study.globe,
        engine=study.engine,
        height_limit=limit,
        as_json=document,
        progress=progress,
    )


def _printed(context: Context, report: SunReport) -> dict[str, Result]:
    """The verdict to be printed, in both languages."""
    made = {}
    languages: tuple[Language, ...] = ("ko", "en")
    for language in languages:
        file = f"report_{language}.pdf"
        write_report(context.path(file), language, report)
        made[f"report_{language}"] = context.file(f"report_{language}", file)
    return made


def plot_limit(study: CityStudy, plot: Mapping[str, Any]) -> HeightLimit:
    """How high may be built on a plot (a Polygon of GeoJSON) by its distance from the boundary to the north,
    and what of the planned buildings, or of all that stands there without one, breaks it."""
    outline = [study.plane.degrees_to_grid(ring) for ring in footprint_rings(plot)]
    return height_limit(study.subject, outline, buildings=study.added or None)


def height_limit_result(context: Context, study: CityStudy, limit: HeightLimit) -> Result:
    document = limit.to_json(study.globe)
    units = document.pop("units", {})
    return context.json("height_limit", document, units)
