"""OGC API - Processes: `/processes` and their execution, `/jobs` with their status and results."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import asdict
from datetime import datetime as Moment
from http import HTTPStatus
from typing import Annotated, Any, Literal, cast
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from analysis import estimate as estimating
from analysis import models
from api.auth import require_inputs, require_run
from api.errors import problem
from api.jobs import Jobs
from api.processes import EXCEPTIONS, description, results
from api.processes import request as requests
from api.routes.shared import CurrentSettings, base_of, period
from api.shown import for_clients
from twin.errors import QueryError, TooLarge
from twin.runs import DATABASE, Run, RunNotFound, Runs

router = APIRouter(tags=["processes"])
_POLL_S = 0.1
_MOST = 1000
_States = Literal["accepted", "running", "successful", "failed", "dismissed"]
_FAILED = {
    "failed": "the run failed",
    "dismissed": "the run was dismissed",
}


def jobs_of(request: Request) -> Jobs:
    return cast(Jobs, request.app.state.jobs)


CurrentJobs = Annotated[Jobs, Depends(jobs_of)]
Who = Annotated[str, Depends(require_run)]


@router.get("/processes")
def processes(
    request: Request, limit: Annotated[int, Query(ge=1)] = _MOST, offset: Annotated[int, Query(ge=0)] = 0
) -> JSONResponse:
    """The simulations there are."""
    base, lang = base_of(request), _language(request)
    names = list(models.ENTRIES)[offset : offset + limit]
    links = [{"rel": "self", "href": str(request.url), "type": "application/json"}]
    if offset + limit < len(models.ENTRIES):
        links.append(_page(request, "next", limit, offset + limit))
    found = [description.summary(models.model(name), base, lang) for name in names]
    return _localised({"processes": found, "links": links}, lang)


@router.get("/processes/{name}")
def process(name: str, request: Request) -> JSONResponse:
    """One simulation with its inputs and outputs, their units and JSON Schemas."""
    lang = _language(request)
    return _localised(description.process(models.model(name), base_of(request), lang), lang)


@router.post(
    "/processes/{name}/execution",
    status_code=HTTPStatus.CREATED,
    openapi_extra=requests.BODY,
)
async def execute(
    name: str, request: Request, jobs: CurrentJobs, settings: CurrentSettings, who: Who
) -> Response:
    """Run a simulation. `Prefer: respond-async` answers at once with a job; `respond-sync` or `wait=SECONDS`
    waits for the results, and answers with the job if that takes too long. The same inputs give the run of
    before, unless `Cache-Control: no-cache` asks for a new one."""
    model = await run_in_threadpool(models.model, name)
    wanted = requests.read_execute(await _body(request, settings.body_limit), model)
    await run_in_threadpool(require_inputs, request, model.parameters, wanted.inputs)
    preference = requests.read_preference(",".join(request.headers.getlist("prefer")))
    run = await run_in_threadpool(
        jobs.execute,
        name,
        wanted.inputs,
        seed=wanted.seed,
        who=who,
        again="no-cache" in request.headers.get("cache-control", ""),
        request=wanted.request,
    )
    headers = {"Location": f"{base_of(request)}/jobs/{run.id}"}
    asynchronous = preference.asynchronous
    if asynchronous is None:
        asynchronous = not model.quick and preference.wait is None
    elif asynchronous or model.quick:
        headers["Preference-Applied"] = "respond-async" if asynchronous else "respond-sync"
    longest = settings.run_wait if preference.wait is None else min(preference.wait, settings.run_wait)
    if not asynchronous:
        run = await _ended(jobs, run, longest)
        if not run.active:
            return await run_in_threadpool(_answer, request, jobs, run, wanted.request)
    return JSONResponse(description.job(run, base_of(request), jobs.folder), HTTPStatus.CREATED, headers)


@router.post("/processes/{name}/estimate", openapi_extra=requests.BODY)
async def estimate(
    name: str, request: Request, jobs: CurrentJobs, settings: CurrentSettings
) -> dict[str, float | int | None]:
    """How long a simulation with these inputs takes: `seconds` (null: not known), from so many earlier `runs`
    (0: by usual figures), and how much `memory` of what is `available` [bytes]. Nothing is run."""
    model = await run_in_threadpool(models.model, name)
    wanted = requests.read_execute(await _body(request, settings.body_limit), model)
    return asdict(await run_in_threadpool(estimating.estimate, jobs.folder, name, wanted.inputs))


@router.get("/jobs")
def list_jobs(
    request: Request,
    jobs: CurrentJobs,
    type: Annotated[list[str] | None, Query(description="process; there is no other")] = None,
    processID: Annotated[list[str] | None, Query()] = None,
    status: Annotated[list[_States] | None, Query()] = None,
    datetime: Annotated[str | None, Query(description="created at, or START/END with .. for open")] = None,
    minDuration: Annotated[float | None, Query(ge=0, description="[s]")] = None,
    maxDuration: Annotated[float | None, Query(ge=0, description="[s]")] = None,
    limit: Annotated[int, Query(ge=1)] = 100,
    offset: Annotated[int, Query(ge=0, le=2**53)] = 0,
) -> dict[str, Any]:
    """The runs, newest first."""
    limit = min(limit, _MOST)
    found: list[Run] = []
    if _known(jobs) and (type is None or "process" in type):
        with closing(Runs(jobs.folder)) as runs:
            runs.expire(jobs.silence_s)
            found = runs.find(
                models=processID or (),
                states=status or (),
                created=_seconds(datetime),
                seconds=(minDuration, maxDuration),
                limit=limit + 1,
                offset=offset,
            )
    links = [{"rel": "self", "href": str(request.url), "type": "application/json"}]
    if len(found) > limit:
        links.append(_page(request, "next", limit, offset + limit))
    return {
        "jobs": [description.job(run, base_of(request), jobs.folder) for run in found[:limit]],
        "links": links,
    }


@router.get("/jobs/{id}")
def job(id: str, request: Request, jobs: CurrentJobs) -> dict[str, Any]:
    """How far a run is."""
    return description.job(_run(jobs, id), base_of(request), jobs.folder)


@router.get("/jobs/{id}/results")
def job_results(
    id: str,
    request: Request,
    jobs: CurrentJobs,
    f: Annotated[
        Literal["json"] | None, Query(description="json: a document, whatever was asked for")
    ] = None,
) -> Response:
    """What came out: as the execution asked for it; JSON within, files by reference."""
    run = _run(jobs, id)
    return _answer(request, jobs, run, run.request if f is None else {"outputs": run.request.get("outputs")})


@router.delete("/jobs/{id}")
def dismiss(id: str, request: Request, jobs: CurrentJobs, who: Who) -> dict[str, Any]:
    """Stop a run within two seconds; of one that has ended, remove the results."""
    _run(jobs, id)
    return description.job(jobs.cancel(id), base_of(request), jobs.folder)


async def _ended(jobs: Jobs, run: Run, longest: float) -> Run:
    """The run when it has ended, or as it is after so many seconds."""
    end = asyncio.get_running_loop().time() + longest
    while run.active and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(_POLL_S)
        run = await run_in_threadpool(_run, jobs, run.id)
    return run


def _answer(request: Request, jobs: Jobs, run: Run, wanted: dict[str, Any]) -> Response:
    if run.state == "successful":
        return results.answer(run, jobs.folder / "runs" / run.id, base_of(request), wanted)
    if run.active:
        return problem(
            HTTPStatus.NOT_FOUND,
            f"run {run.id} is {run.state}, {run.progress:.0%}; its results come when it has ended",
            kind=f"{EXCEPTIONS}/result-not-ready",
        )
    status = HTTPStatus.GONE if run.state == "dismissed" else HTTPStatus.UNPROCESSABLE_ENTITY
    why = for_clients(run.message, jobs.folder) or "without a message"
    return problem(status, f"{_FAILED[run.state]}: {why}")


def _run(jobs: Jobs, id: str) -> Run:
    """Raises RunNotFound."""
    if not _known(jobs):
        raise RunNotFound(f"there is no run {id!r}")
    with closing(Runs(jobs.folder)) as runs:
        run = runs.get(id)
        if run.active:
            runs.expire(jobs.silence_s)
            run = runs.get(id)
        return run


def _known(jobs: Jobs) -> bool:
    return (jobs.folder / DATABASE).is_file()


def _seconds(datetime: str | None) -> tuple[float | None, float | None]:
    if datetime is None:
        return None, None
    start, end = (_timestamp(moment) for moment in period(datetime))
    return start, end


def _timestamp(moment: Moment | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _language(request: Request) -> str:
    return description.language(request.headers.get("accept-language", ""))


def _localised(content: Any, lang: str) -> JSONResponse:
    return JSONResponse(content, headers={"Content-Language": lang, "Vary": "Accept-Language"})


def _page(request: Request, rel: str, limit: int, offset: int) -> dict[str, str]:
    query = [(k, v) for k, v in request.query_params.multi_items() if k not in ("limit", "offset")]
    page = urlencode([*query, ("limit", limit), ("offset", offset)])
    return {"rel": rel, "href": str(request.url.replace(query=page)), "type": "application/json"}


async def _body(request: Request, limit: int) -> Any:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise TooLarge(f"the body may have {limit:,} bytes")
    request.state.body = bytes(body)
    try:
        return orjson.loads(request.state.body)
    except orjson.JSONDecodeError as error:
        raise QueryError(f"the body is not JSON: {error}") from None
