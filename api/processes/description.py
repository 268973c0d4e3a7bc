"""Processes and jobs as the standard describes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.contract import Model, Output, Parameter
from analysis.inputs import schema
from api.processes import RELATIONS
from api.shown import for_clients
from twin.runs import Run, iso

LANGUAGES = ("en", "ko")


def language(accepted: str) -> str:
    """The one of ours that an Accept-Language header likes best; English if none."""
    best = dict.fromkeys(LANGUAGES, 0.0)
    for part in accepted.split(","):
        tag, _, parameter = part.strip().partition(";")
        name = tag.strip().lower().partition("-")[0]
        try:
            quality = float(parameter.partition("=")[2]) if parameter else 1.0
        except ValueError:
            quality = 0.0
        if name in best:
            best[name] = max(best[name], quality)
    return max(LANGUAGES, key=lambda name: best[name])


def summary(model: Model, base: str, lang: str) -> dict[str, Any]:
    """A process in a list."""
    address = f"{base}/processes/{model.name}"
    return {
        "id": model.name,
        "version": model.version,
        "title": model.title[lang],
        "description": model.description[lang],
        "jobControlOptions": [*(["sync-execute"] if model.quick else []), "async-execute", "dismiss"],
        "outputTransmission": ["value", "reference"],
        "links": [
            {"rel": "self", "href": address, "type": "application/json"},
            {"rel": f"{RELATIONS}/execute", "href": f"{address}/execution", "type": "application/json"},
        ],
    }


def process(model: Model, base: str, lang: str) -> dict[str, Any]:
    """A process with its inputs and outputs."""
    return {
        **summary(model, base, lang),
        "inputs": {p.name: _input(p, lang) for p in model.parameters},
        "outputs": {o.name: _output(o, lang) for o in model.outputs},
    }


def job(run: Run, base: str, city: Path) -> dict[str, Any]:
    """The status of a run as a job. city: its folder."""
    address = f"{base}/jobs/{run.id}"
    links = [{"rel": "self", "href": address, "type": "application/json"}]
    if run.state == "successful":
        links.append(
            {"rel": f"{RELATIONS}/results", "href": f"{address}/results?f=json", "type": "application/json"}
        )
    times = {
        "created": iso(run.created),
        "started": iso(run.started),
        "finished": iso(run.finished),
        "updated": iso(run.updated),
    }
    return {
        "processID": run.model,
        "type": "process",
        "jobID": run.id,
        "status": run.state,
        "message": for_clients(run.message, city),
        "progress": int(run.progress * 100),
        **{name: time for name, time in times.items() if time is not None},
        "links": links,
    }


def _input(parameter: Parameter, lang: str) -> dict[str, Any]:
    return {
        **_titles(parameter.title, parameter.description, lang),
        "minOccurs": int(parameter.required),
        "maxOccurs": 1,
        "schema": _schema(parameter, lang),
    }


def _schema(parameter: Parameter, lang: str) -> dict[str, Any]:
    """The schema of a value, with a title for each of the choices beside the `enum`."""
    described = schema(parameter)
    if parameter.choice_titles:
        one = described["items"] if parameter.many else described
        one["x-enum-titles"] = {str(value): title[lang] for value, title in parameter.choice_titles.items()}
    return described


def _output(output: Output, lang: str) -> dict[str, Any]:
    described: dict[str, Any] = {"contentMediaType": output.type}
    if output.kind == "json":
        described["type"] = "object"
    else:
        described |= {"type": "string", "contentEncoding": "base64"}
    if output.unit is not None:
        described |= {"x-ogc-unit": output.unit, "x-ogc-unitLang": "UCUM"}
    return {**_titles(output.title, None, lang), "schema": described}


def _titles(title: Mapping[str, str], description: Mapping[str, str] | None, lang: str) -> dict[str, str]:
    return {"title": title[lang], **({"description": description[lang]} if description else {})}
