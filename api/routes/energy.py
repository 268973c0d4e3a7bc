"""The energy of buildings at once, by a run of the model `energy`: to colour the city by, in charts of a
building or a district, and what measures change. Runs are processes (`/processes/energy`)."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

import numpy as np
import orjson
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask

from analysis.errors import AnalysisError
from api.auth import READ, require
from api.computing import COMPUTING
from api.energy_answer import LIST, building_answer, listed, plain
from api.energy_desk import EnergyDesk, OpenRun, number
from api.energy_retrofit import curve_answer, measures_answer, ranking_answer, retrofit_answer

router = APIRouter(tags=["energy"], dependencies=[Depends(require(READ))])

MOST_IN_CURVE = 50
"""Each step simulates every measure that is left."""
MOST_RANKED = 2000
"""All are simulated twice, at once."""
Ids = list[Annotated[str, Field(max_length=500)]]


class Retrofit(BaseModel):
    """run: of the model `energy`. buildings: their ids, or block: all of one. measures: ids of those of
    `/energy/measures`."""

    model_config = ConfigDict(extra="forbid")
    run: str = Field(max_length=100)
    buildings: Ids | None = Field(default=None, min_length=1, max_length=2000)
    block: str | None = Field(default=None, max_length=500)
    measures: Ids = Field(default=[], max_length=50)


class Curve(Retrofit):
    """measures: to choose from; none: all that are known. grade: to reach."""

    grade: int | None = Field(default=None, ge=1, le=5)


class Ranking(BaseModel):
    """run: of the model `energy`. measures: ids of those of `/energy/measures`."""

    model_config = ConfigDict(extra="forbid")
    run: str = Field(max_length=100)
    measures: Ids = Field(min_length=1, max_length=50)


async def desk_of(request: Request) -> EnergyDesk:
    state = request.app.state
    if not hasattr(state, "energy_desk"):
        state.energy_desk = EnergyDesk(state.settings.city)
    desk: EnergyDesk = state.energy_desk
    return desk


Desk = Annotated[EnergyDesk, Depends(desk_of)]


@router.get("/energy/runs/{run}/values")
def values(
    run: str,
    desk: Desk,
    property: Annotated[
        str | None, Query(max_length=100, description="to colour by; none: which there are")
    ] = None,
) -> Response:
    """A figure of all buildings by their ids, or without a property those that there are. The first question
    has a building computed in the background, so that the first that is asked for comes at once."""
    from analysis.energy.run import properties

    known = desk.run(run)
    key = property or ""
    if key not in known.answers:
        table = known.table
        described = properties.described(table, known.units, {u.id: u.title for u in known.kept.zones.uses})
        if property is None:
            answer: dict[str, Any] = {"run": run, "layer": "buildings", "properties": described}
        else:
            chosen = next((p for p in described if p["id"] == property), None)
            if chosen is None:
                names = ", ".join(p["id"] for p in described)
                raise AnalysisError(f"property: run {run} has no {property!r}; it has {names}")
            answer = {
                "property": property,
                "unit": chosen["unit"],
                "ids": table.index.tolist(),
                "values": properties.values(table, property),
                "minimum": chosen.get("minimum"),
                "maximum": chosen.get("maximum"),
            }
        known.answers[key] = orjson.dumps(answer)
    headers = {"ETag": f'"{run}-{key}"', "Cache-Control": "private, max-age=600"}
    warming = BackgroundTask(desk.warm, lambda: building_answer(known, str(known.table.index[0]), False))
    return Response(known.answers[key], media_type="application/json", headers=headers, background=warming)


@router.get("/energy/runs/{run}/buildings")
def buildings(
    run: str,
    desk: Desk,
    sort: Annotated[str, Query(max_length=100)] = "primary_per_area",
    order: Literal["asc", "desc"] = "desc",
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
    block: Annotated[str | None, Query(max_length=500)] = None,
    use: Annotated[str | None, Query(max_length=100)] = None,
    guessed: bool | None = None,
) -> dict[str, Any]:
    """The buildings of a run, page by page. guessed: those that rest on guesses, or those that do not."""
    known = desk.run(run)
    table = known.table
    if sort not in LIST:
        raise AnalysisError(f"sort: buildings can be sorted by {', '.join(LIST)}, not by {sort!r}")
    keep = np.ones(len(table), bool)
    for column, wanted in (("block", block), ("use", use)):
        if wanted is not None:
            keep &= (table[column] == wanted).to_numpy()
    if guessed is not None:
        keep &= (table["guesses"] > 0).to_numpy() == guessed
    found = table[keep].sort_values(sort, ascending=order == "asc", kind="stable", na_position="last")
    return {"total": len(found), "buildings": listed(known, found.iloc[offset : offset + limit])}


@router.get("/energy/runs/{run}/buildings/{id:path}")
def building(
    run: str,
    id: str,
    desk: Desk,
    hourly: Annotated[bool, Query(description="with all hours of the year")] = False,
) -> dict[str, Any]:
    """A building's figures, months, typical days and envelope, and where they come from."""
    began = time.perf_counter()
    known = desk.run(run)
    with COMPUTING:
        answer = building_answer(known, id, hourly)
    return answer | {"milliseconds": _since(began)}


@router.get("/energy/runs/{run}/blocks")
def blocks(run: str, desk: Desk) -> dict[str, Any]:
    """The blocks of a run, with the most primary energy first."""
    from analysis.energy.grades import scheme
    from analysis.energy.systems import Carrier

    known = desk.run(run)
    factor = known.options.factors.of(Carrier.ELECTRICITY).primary or 0.0
    steps = scheme(known.options.scheme)
    rows = []
    for name, table in known.table.groupby("block", sort=False):
        sums = {c: float(np.nansum(table[c])) for c in ("floor_area", "final", "primary", "co2", "pv")}
        used = float(np.nansum(table["primary_five_uses"]))
        share = sums["pv"] * factor / used if used else float("nan")
        area = sums["floor_area"]
        rows.append(
            {
                "id": name,
                "buildings": len(table),
                **{c: number(v) for c, v in sums.items()},
                "per_area": {
                    c: number(sums[c] / area) if area else None for c in ("final", "primary", "co2")
                },
                "self_sufficiency": number(share),
                "grade": int(steps.grade(share)[0]) or None,
                "guesses": int((table["guesses"] > 0).sum()),
            }
        )
    return {"blocks": sorted(rows, key=lambda row: -(row["primary"] or 0.0))}


@router.get("/energy/runs/{run}/load")
def load(
    run: str,
    desk: Desk,
    group: Literal["district", "block", "use"] = "district",
    of: Annotated[str | None, Query(max_length=500, description="which block or use")] = None,
    step: Literal["hour", "day", "month"] = "hour",
) -> dict[str, Any]:
    """The load of the district, a block or all buildings of a use; without `of`, which of them there are."""
    known = desk.run(run)
    groups = _groups(known, group)
    if group == "district":
        of = "district"
    if of is None:
        return {"group": group, "groups": groups}
    series = known.load("district" if group == "district" else f"{group}:{of}")
    return {"group": group, "groups": groups, "of": of, **_load(known, series, step)}


@router.get("/energy/measures")
def measures(
    desk: Desk, run: Annotated[str | None, Query(max_length=100, description="whose country's costs")] = None
) -> dict[str, Any]:
    """What can be done to buildings; with a run, what it costs where it is."""
    return measures_answer(None if run is None else desk.run(run))


@router.post("/energy/retrofit")
def retrofit(asked: Retrofit, desk: Desk) -> dict[str, Any]:
    """Some buildings of a run as they are and with measures: need, energy, CO₂, money, grade."""
    began = time.perf_counter()
    known = desk.run(asked.run)
    chosen = _chosen(known, asked)
    with COMPUTING:
        answer = retrofit_answer(known, chosen, asked.measures)
    return answer | {"milliseconds": _since(began)}


@router.post("/energy/retrofit/curve")
def curve(asked: Curve, desk: Desk) -> dict[str, Any]:
    """Which measures first, by what a saved kilowatt hour costs, and which reach a grade."""
    began = time.perf_counter()
    known = desk.run(asked.run)
    chosen = _chosen(known, asked)
    if len(chosen) > MOST_IN_CURVE:
        raise AnalysisError(f"a curve is of up to {MOST_IN_CURVE} buildings, not {len(chosen)}; name fewer")
    with COMPUTING:
        answer = curve_answer(known, chosen, asked.measures or None, asked.grade)
    return answer | {"milliseconds": _since(began)}


@router.post("/energy/retrofit/blocks")
def ranking(asked: Ranking, desk: Desk) -> dict[str, Any]:
    """Which blocks first, by what a kilowatt hour saved by the measures costs in them."""
    began = time.perf_counter()
    known = desk.run(asked.run)
    if len(known.table) > MOST_RANKED:
        raise AnalysisError(
            f"blocks are ranked in runs of up to {MOST_RANKED} buildings, not {len(known.table)}; "
            "run energy with an area"
        )
    with COMPUTING:
        answer = ranking_answer(known, asked.measures)
    return answer | {"milliseconds": _since(began)}


def _chosen(known: OpenRun, asked: Retrofit) -> list[str]:
    if (asked.buildings is None) == (asked.block is None):
        raise AnalysisError("name buildings, or a block, and not both")
    if asked.block is not None:
        return known.in_block(asked.block)
    return list(dict.fromkeys(asked.buildings or ()))


def _groups(known: OpenRun, group: str) -> list[dict[str, Any]]:
    if group == "district":
        return [{"id": "district", "title": {"ko": "지구 전체", "en": "whole district"}}]
    titles = {use.id: dict(use.title) for use in known.kept.zones.uses} if group == "use" else {}
    found = []
    for name, table in known.table.groupby(group, sort=False):
        entry = {"id": name, "buildings": len(table), "floor_area": number(table["floor_area"].sum())}
        found.append(entry | ({"title": titles[str(name)]} if group == "use" else {}))
    return found


def _load(known: OpenRun, table: Any, step: str) -> dict[str, Any]:
    """Means [kW] by hour, day or month, peaks of the hours, and duration curves."""
    from analysis.energy.run.groups import SERIES
    from analysis.energy.supply import duration

    zone = known.kept.weather.times.tz
    hours = table.set_index("time")[list(SERIES)].tz_convert(zone)
    rule = {"hour": None, "day": "D", "month": "MS"}[step]
    shown = hours if rule is None else hours.resample(rule).mean()
    peaks = {}
    for name in ("heating", "cooling", "electricity", "net"):
        at = hours[name].idxmax()
        peaks[name] = {"kW": number(hours.at[at, name]), "at": at.isoformat()}
    curves = {name: duration(hours[name].to_numpy(float)) for name in ("electricity", "net")}
    return {
        "start": shown.index[0].isoformat(),
        "step": known.kept.weather.step if step == "hour" else 86_400.0 if step == "day" else "month",
        **{name: [plain(v) for v in np.round(shown[name].to_numpy(float), 3)] for name in SERIES},
        "pv": [plain(v) for v in np.round(shown["pv"].to_numpy(float), 3)] if known.options.pv else None,
        "peak": peaks,
        "duration": {
            "share": [round(v, 2) for v in curves["net"][0].tolist()],
            **{name: [number(v) for v in curve[1]] for name, curve in curves.items()},
        },
    }


def _since(began: float) -> float:
    return round(1000.0 * (time.perf_counter() - began), 1)
