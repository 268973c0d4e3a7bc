"""`twin run MODEL DIR` and `twin runs DIR`. A model's options are made from its declared parameters."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from api.commands.options import Folder, Json
from api.commands.output import emit, progress, table

_TYPES: dict[str, Any] = {"number": float, "integer": int, "boolean": bool, "reference": Path}
_METAVARS = {
    "geometry": "GEOJSON",
    "object": "JSON",
    "bbox": "WEST,SOUTH,EAST,NORTH",
    "reference": "FILE",
}


class Models(TyperGroup):
    """The models as commands, imported when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        from analysis.models import ENTRIES

        return list(ENTRIES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        from analysis.models import ENTRIES

        return _command(cmd_name) if cmd_name in ENTRIES else None


def register(app: typer.Typer) -> None:
    commands = typer.Typer(cls=Models, help="Run a simulation; each model has its own --help.")
    commands.callback(no_args_is_help=True)(lambda: None)
    app.add_typer(commands, name="run")
    app.command()(runs)


def runs(
    folder: Folder,
    cancel: Annotated[str | None, typer.Option(metavar="ID", help="Stop this run first.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
    as_json: Json = False,
) -> None:
    """List the runs of a city, newest first; what was silent for too long is failed."""
    from api.settings import read_settings
    from twin.runs import list_runs, open_runs
    from twin.store import open_city

    open_city(folder).close()
    if cancel is not None:
        with open_runs(folder) as known:
            known.dismiss(cancel)
    found = list_runs(folder, limit, read_settings(folder).run_silence)
    rows = [
        (
            run.id,
            run.model,
            f"{datetime.fromtimestamp(run.created):%Y-%m-%d %H:%M}",
            f"{run.state} {run.progress:.0%}" if run.state == "running" else run.state,
            run.message,
        )
        for run in found
    ]
    lines = table(rows) if rows else iter(["no runs"])
    emit({"runs": [run.as_dict() for run in found]}, as_json, lines)


def _command(name: str) -> Any:
    """The command of one model."""
    from analysis.models import model

    chosen = model(name)
    single = typer.Typer(rich_markup_mode=None, add_completion=False)
    single.command(name, help=chosen.description["en"])(_function(chosen))
    return typer.main.get_command(single)


def _function(model: Any) -> Callable[..., None]:
    """A function whose signature is what the model declares."""

    def command(folder: Path, seed: int, again: bool, estimate: bool, as_json: bool, **options: Any) -> None:
        given = _given(model, options)
        if estimate:
            _estimate(model, folder, given, as_json)
        else:
            _run(model, folder, given, seed, again, as_json)

    declared = {
        "folder": (Folder, inspect.Parameter.empty),
        **{p.name: (_option(p), _default(p)) for p in model.parameters},
        "seed": (Annotated[int, typer.Option(help="Of everything random.")], 0),
        "again": (Annotated[bool, typer.Option("--again", help="Compute it even if it was before.")], False),
        "estimate": (
            Annotated[bool, typer.Option("--estimate", help="Say how long it takes, and leave it at that.")],
            False,
        ),
        "as_json": (Json, False),
    }
    kind = inspect.Parameter.KEYWORD_ONLY
    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(n, kind, annotation=a, default=d) for n, (a, d) in declared.items()]
    )
    command.__annotations__ = {name: annotation for name, (annotation, _) in declared.items()}
    return command


def _option(parameter: Any) -> Any:
    kind = _TYPES.get(parameter.type, str)
    flag = "--" + parameter.name.replace("_", "-")
    metavar = "|".join(map(str, parameter.choices)) or _METAVARS.get(parameter.type)
    if parameter.type == "boolean" and not parameter.many:
        option = typer.Option(f"{flag}/--no-{flag[2:]}", help=_help(parameter))
        return Annotated[bool if parameter.default is not None else bool | None, option]
    option = typer.Option(flag, metavar=metavar, help=_help(parameter))
    if parameter.many:
        return Annotated[list[kind] | None, option]  # type: ignore[valid-type]
    return Annotated[kind if parameter.required else kind | None, option]


def _default(parameter: Any) -> Any:
    if parameter.required:
        return inspect.Parameter.empty
    default = parameter.default
    if default is None or parameter.type not in ("geometry", "object", "bbox"):
        return default
    return ",".join(map(str, default)) if parameter.type == "bbox" else json.dumps(default)


def _help(parameter: Any) -> str:
    unit = f" [{parameter.unit}]" if parameter.unit not in (None, "1") else ""
    low, high = parameter.minimum, parameter.maximum
    between = (
        f" ({low:g} to {high:g})"
        if low is not None and high is not None
        else f" (from {low:g})"
        if low is not None
        else f" (to {high:g})"
        if high is not None
        else ""
    )
    more = f". {parameter.description['en']}" if parameter.description else ""
    titles = (f"{value}: {title['en']}" for value, title in parameter.choice_titles.items())
    choices = f" ({'; '.join(titles)})" if parameter.choice_titles else ""
    again = "; may be repeated" if parameter.many else ""
    return f"{parameter.title['en']}{unit}{between}{choices}{again}{more}"


def _given(model: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options as inputs: what is JSON or a box on the command line is read."""
    given = {}
    for parameter in model.parameters:
        value = options[parameter.name]
        if value is not None and value != []:
            values = [_read(parameter, v) for v in (value if parameter.many else [value])]
            given[parameter.name] = values if parameter.many else values[0]
    return given


def _read(parameter: Any, value: Any) -> Any:
    flag = "--" + parameter.name.replace("_", "-")
    if parameter.type == "reference":
        return str(value)
    if parameter.type == "bbox":
        try:
            return [float(part) for part in value.split(",")]
        except ValueError:
            raise typer.BadParameter(f"{flag}: {value!r} is not WEST,SOUTH,EAST,NORTH") from None
    if parameter.type not in ("geometry", "object"):
        return value
    text = value if value.lstrip().startswith("{") else Path(value).read_text(encoding="utf-8")
    try:
        return json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"{flag}: this is not JSON: {error}") from None


def _estimate(model: Any, folder: Path, given: dict[str, Any], as_json: bool) -> None:
    from dataclasses import asdict

    from analysis.estimate import estimate

    found = estimate(folder, model.name, given)
    emit(asdict(found), as_json, iter([f"{model.title['en']}: {found.text}"]))


def _run(model: Any, folder: Path, given: dict[str, Any], seed: int, again: bool, as_json: bool) -> None:
    from analysis.errors import SimulationFailed
    from analysis.run import user
    from api.jobs import Jobs
    from api.settings import read_settings

    settings = read_settings(folder)
    with Jobs(folder, settings.workers, settings.dask, settings.run_silence) as jobs:
        run = jobs.execute(model.name, given, seed=seed, who=user(), again=again, anywhere=True)
        cached = not run.active
        try:
            with progress(model.title["en"]) as step:
                run = jobs.wait(run.id, observe=lambda now: step(now.message or now.state, now.progress))
        except KeyboardInterrupt:
            jobs.cancel(run.id)
            raise
    if run.state != "successful":
        raise SimulationFailed(f"run {run.id} {run.state}: {run.message or 'stopped'}")
    place = folder / "runs" / run.id

    def lines() -> Iterator[str]:
        how = "computed before (--again computes it anew)" if cached else f"done in {run.seconds or 0:.1f} s"
        yield f"run {run.id}: {how}; its results are in {place}"
        yield from table([(n, r["unit"] or "", r["file"]) for n, r in run.results.items()])

    emit({**run.as_dict(), "cached": cached, "folder": str(place)}, as_json, lines())
