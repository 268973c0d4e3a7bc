"""What a client sends to execute a process: a body of inputs and outputs, and how it wants to wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis.contract import Model
from analysis.errors import AnalysisError

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "inputs": {"type": "object", "description": "by name; see the process"},
        "outputs": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "transmissionMode": {"enum": ["value", "reference"]},
                    "format": {"type": "object", "properties": {"mediaType": {"type": "string"}}},
                },
            },
        },
        "response": {"enum": ["raw", "document"], "default": "raw"},
        "seed": {"type": "integer", "description": "of everything random", "default": 0},
    },
}
BODY: dict[str, Any] = {
    "requestBody": {"content": {"application/json": {"schema": SCHEMA}}, "required": True}
}
"""Of a route that takes it, for OpenAPI."""
_QUALIFIED = {"value", "mediaType", "encoding", "schema", "format"}


@dataclass(frozen=True)
class Execute:
    """inputs: plain values. outputs: name -> transmission, "" for the default; empty for all of them."""

    inputs: dict[str, Any]
    outputs: dict[str, str] = field(default_factory=dict)
    response: str = "raw"
    seed: int = 0

    @property
    def request(self) -> dict[str, Any]:
        """To be kept with the run until its results are asked for."""
        return {"response": self.response, "outputs": self.outputs}


@dataclass(frozen=True)
class Preference:
    """asynchronous: None when the client does not say. wait: how long it would wait [s]."""

    asynchronous: bool | None = None
    wait: float | None = None


def read_execute(body: Any, model: Model) -> Execute:
    """A body, checked but for the values of the inputs. Raises AnalysisError."""
    if not isinstance(body, dict):
        raise AnalysisError("the body is an object with `inputs`")
    inputs = _object(body, "inputs")
    outputs = _object(body, "outputs")
    response, seed = body.get("response", "raw"), body.get("seed", 0)
    if response not in ("raw", "document"):
        raise AnalysisError("response: raw or document")
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise AnalysisError("seed: an integer")
    if "subscriber" in body:
        raise AnalysisError("subscriber: callbacks are not offered; ask for the job's status")
    types = {p.name: p for p in model.parameters}
    plain = {
        name: _plain(name, value, name in types and types[name].type == "reference")
        for name, value in inputs.items()
    }
    return Execute(plain, _outputs(outputs, model), response, seed)


def read_preference(header: str) -> Preference:
    """Of a Prefer header (RFC 7240); what is not understood is passed over."""
    asynchronous: bool | None = None
    wait: float | None = None
    for part in header.lower().split(","):
        name, _, value = part.strip().partition("=")
        if name in ("respond-async", "respond-sync"):
            asynchronous = name == "respond-async"
        elif name == "wait" and value.strip('" ').isdecimal():
            wait = float(value.strip('" ')[:6])
    return Preference(asynchronous, wait)


def _object(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name) or {}
    if not isinstance(value, dict):
        raise AnalysisError(f"{name}: an object")
    return value


def _plain(name: str, value: Any, file: bool) -> Any:
    """A value without the wrapping that the standard allows."""
    if isinstance(value, list):
        return [_plain(name, item, file) for item in value]
    if not isinstance(value, dict):
        return value
    if "href" in value:
        if not file:
            raise AnalysisError(f"{name}: nothing is fetched; send the value itself")
        return value["href"]
    if "bbox" in value and value.keys() <= {"bbox", "crs"}:
        if value.get("crs", "http://www.opengis.net/def/crs/OGC/1.3/CRS84").rpartition("/")[2] != "CRS84":
            raise AnalysisError(f"{name}: a box is in longitude and latitude (CRS84)")
        return value["bbox"]
    return value["value"] if "value" in value and value.keys() <= _QUALIFIED else value


def _outputs(asked: Mapping[str, Any], model: Model) -> dict[str, str]:
    declared = {output.name: output for output in model.outputs}
    chosen = {}
    for name, wish in asked.items():
        if name not in declared:
            raise AnalysisError(f"{model.name} has no output {name!r}; it has {', '.join(declared)}")
        if wish is not None and not isinstance(wish, dict):
            raise AnalysisError(f"outputs.{name}: an object")
        mode = (wish or {}).get("transmissionMode", "")
        if mode not in ("", "value", "reference"):
            raise AnalysisError(f"outputs.{name}.transmissionMode: value or reference")
        form = (wish or {}).get("format") or {}
        media_type = form.get("mediaType") if isinstance(form, dict) else None
        if media_type is not None and media_type != declared[name].type:
            raise AnalysisError(f"outputs.{name}.format: it comes as {declared[name].type} only")
        chosen[name] = mode
    return chosen
