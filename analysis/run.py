"""A run from its inputs to its results: `prepare` (check, look for a cached one, accept) and `perform`.

The command line, OGC API Processes and Python come through these two. Worker processes call
`perform`; Python calls it here and now:

    from analysis.run import run
    done = run("demo.twin", "flood", rainfall=80)
    done.results["depth"]["file"]
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from analysis import inputs as checking
from analysis import models
from analysis.context import Context, Draw
from analysis.contract import Model, Result
from analysis.errors import AnalysisError, Cancelled, SimulationFailed
from analysis.inputs import file_digest
from analysis.progress import Progress
from citygml.errors import CityModelError
from twin.errors import TwinError
from twin.runs import FOLDER, Run, Runs, open_runs
from twin.store import open_city

BEAT_S = 0.5
"""How often a run writes its heartbeat, and looks whether it is to stop [s]."""
MANIFEST = "run.json"
_log = logging.getLogger("twin.runs")


def prepare(
    folder: Path | str,
    name: str,
    given: Mapping[str, Any],
    *,
    seed: int = 0,
    who: str = "",
    again: bool = False,
    anywhere: bool = True,
    drawn: bool = True,
    request: Mapping[str, Any] | None = None,
) -> Run:
    """A new run in the state `accepted`, or, unless `again`, the successful one of the same inputs.

    given: inputs by name. anywhere: they may name files outside the city's folder. drawn: results that are
    tiles are made; a run without them is another. request: how the client wants the results. Raises
    AnalysisError for inputs that the model does not allow, TwinError for no city.
    """
    folder = Path(folder).absolute()
    model = models.model(name)
    inputs = checking.check(model, given)
    if not -(2**63) <= seed < 2**63:
        raise AnalysisError("seed: an integer of 64 bits")
    with open_city(folder) as city:
        ingestion = city.last_run()
    inputs, files = checking.locate_references(model, inputs, folder, anywhere)
    used = dict(model.digests(folder, inputs)) if model.digests else {}
    if not drawn and any(output.kind == "tiles" for output in model.outputs):
        used["drawn"] = "no"
    digest = _digest(model, inputs, files, seed, {"ingestion": ingestion, **used})
    with open_runs(folder) as runs:
        cached = None if again else runs.find_cached(digest)
        if cached is None:
            return runs.create(model.name, model.version, inputs, digest, seed=seed, who=who, request=request)
        if request is not None:
            runs.ask(cached.id, request)
        return cached


def perform(
    folder: Path | str,
    id: str,
    model: Model,
    observe: Progress | None = None,
    workers: int = 1,
    dask: str | None = None,
    draw: Draw | None = None,
) -> Run:
    """Compute an accepted run to its end, whatever that is; errors become its message.

    A run that another process has taken is left to it. observe: told of the progress as well. workers, dask,
    draw: as of `Context`.
    """
    with open_runs(folder) as runs:
        if not runs.start(id):
            return runs.get(id)
        work = runs.working_folder(id)
        shutil.rmtree(work, ignore_errors=True)
        try:
            work.mkdir(parents=True)
            _compute(runs, runs.get(id), model, observe, workers, dask, draw)
        except Cancelled:
            if runs.get(id).active:
                runs.dismiss(id)
        except KeyboardInterrupt:
            runs.dismiss(id)
            raise
        except SimulationFailed as error:
            kept = runs.kept_folder(id) if any(work.iterdir()) else None
            where = f"; its last state is in {FOLDER}/{kept.name}" if kept else ""
            if runs.fail(id, f"{error}{where}") and kept:
                work.rename(kept)
        except (AnalysisError, TwinError, CityModelError) as error:
            runs.fail(id, str(error))
        except MemoryError:
            runs.fail(id, "there is not enough memory for this; choose a smaller area or larger cells")
        except OSError as error:
            runs.fail(id, f"{error.filename}: {error.strerror}" if error.filename else str(error))
        except Exception as error:
            runs.fail(id, f"a defect in the model {model.name}: {type(error).__name__}: {error}")
            _log.exception("run %s of %s failed", id, model.name)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        return runs.get(id)


def run(
    folder: Path | str,
    name: str,
    *,
    seed: int = 0,
    again: bool = False,
    progress: Progress | None = None,
    workers: int = 1,
    dask: str | None = None,
    draw: Draw | None = None,
    **parameters: Any,
) -> Run:
    """Run a model in this process and wait for it; `parameters` are the model's.

    draw: `tiles.surface_layer.write_surface_layer`, for results that are tiles; without it there are none.

    Raises AnalysisError if it cannot be run, or fails.
    """
    accepted = prepare(folder, name, parameters, seed=seed, again=again, who=user(), drawn=draw is not None)
    if accepted.state == "successful":
        return accepted
    done = perform(folder, accepted.id, models.model(name), progress, workers, dask, draw)
    if done.state != "successful":
        raise SimulationFailed(f"run {done.id} is {done.state}: {done.message}")
    return done


def _compute(
    runs: Runs,
    run: Run,
    model: Model,
    observe: Progress | None,
    workers: int,
    dask: str | None,
    draw: Draw | None,
) -> None:
    last = 0.0

    def report(fraction: float, message: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= BEAT_S:
            last = now
            if not runs.beat(run.id, fraction, message):
                raise Cancelled
        if observe is not None:
            observe(fraction, message)

    work = runs.working_folder(run.id)
    context = Context(
        *(model, runs.folder, work),
        run_id=run.id,
        seed=run.seed,
        report=report,
        workers=workers,
        dask=dask,
        draw=draw,
    )
    results = _described(model, work, model.call(context, run.inputs))
    (work / MANIFEST).write_text(
        json.dumps(_manifest(run, model, results), ensure_ascii=False, indent=1), encoding="utf-8"
    )
    runs.finish(run.id, results)


def _manifest(run: Run, model: Model, results: Mapping[str, Any]) -> dict[str, Any]:
    """What lies beside the results for whoever finds the folder: no persons, no paths of this machine."""
    known = run.as_dict()
    kept = ("id", "model", "version", "inputs", "digest", "seed", "created", "started")
    inputs = {
        name: value if model.parameter(name).type != "reference" or value is None else _names(value)
        for name, value in run.inputs.items()
    }
    return {**{key: known[key] for key in kept}, "inputs": inputs, "results": results}


def _names(value: Any) -> Any:
    return [Path(path).name for path in value] if isinstance(value, list) else Path(value).name


def _described(model: Model, folder: Path, results: Mapping[str, Result]) -> dict[str, dict[str, Any]]:
    """What the run's record says of its results. Raises AnalysisError if they are not what was declared."""
    declared = {output.name: output for output in model.outputs}
    for name, output in declared.items():
        if name not in results and not output.optional:
            raise AnalysisError(f"{model.name} has not written its output {name!r}")
    described = {}
    for name, result in results.items():
        if name not in declared:
            raise AnalysisError(f"{model.name} declares no output {name!r}")
        digest, size = _content(folder, result.file)
        described[name] = {
            "file": result.file,
            "kind": result.kind,
            "media_type": result.media_type,
            "unit": result.unit,
            "digest": digest,
            "bytes": size,
        }
    return described


def _content(folder: Path, file: str) -> tuple[str, int]:
    """SHA-256 and size of a file; of everything in its folder, if it has one of its own."""
    path = folder / file
    if "/" not in file:
        return file_digest(path), path.stat().st_size
    parts = sorted(part for part in path.parent.rglob("*") if part.is_file())
    lines = [f"{part.relative_to(folder).as_posix()} {file_digest(part)}\n" for part in parts]
    return hashlib.sha256("".join(lines).encode()).hexdigest(), sum(part.stat().st_size for part in parts)


def _digest(
    model: Model, inputs: Mapping[str, Any], files: Mapping[str, str], seed: int, used: Mapping[str, Any]
) -> str:
    """Of everything that decides the results; files count by their content, not by where they lie."""
    named = {p.name for p in model.parameters if p.type == "reference"}
    what = {
        "model": model.name,
        "version": model.version,
        "inputs": {name: value for name, value in inputs.items() if name not in named},
        "files": files,
        "seed": seed,
        "used": used,
    }
    return hashlib.sha256(orjson.dumps(what, option=orjson.OPT_SORT_KEYS)).hexdigest()


def user() -> str:
    """Who runs this program, for the record of a run."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
