"""`/docs`: the API on one page, from its OpenAPI description, without scripts or other hosts."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
section { border-top: 1px solid #8885; padding: .75rem 0 }
h3 { margin: 0; font: 600 1rem ui-monospace, monospace; overflow-wrap: anywhere }
h3 b { display: inline-block; min-width: 4.5rem }
p { margin: .25rem 0; white-space: pre-line }
table { border-collapse: collapse; font-size: .875rem }
td { padding: .1rem 1rem .1rem 0; vertical-align: top }
"""


def install(app: FastAPI) -> None:
    """Offer the page of `app`."""

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(render(app.openapi()))


def render(description: dict[str, Any]) -> str:
    """An OpenAPI description as a page."""
    title = escape(f"{description['info']['title']} {description['info']['version']}")
    tags: dict[str, list[str]] = {}
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            tag = operation.get("tags", ["other"])[0]
            tags.setdefault(tag, []).append("".join(_operation(method, path, operation)))
    groups = "".join(f"<h2>{escape(tag)}</h2>{''.join(parts)}" for tag, parts in tags.items())
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"<h1>{title}</h1><p>{escape(description['info'].get('description', ''))}"
        f' The same for programs: <a href="openapi.json">openapi.json</a>.</p>{groups}</html>'
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    parameters = operation.get("parameters", ())
    shown = escape(path)
    if method == "get" and not any(p.get("required") for p in parameters):
        shown = f'<a href="{escape(path.removeprefix("/"))}">{shown}</a>'
    yield f"<section><h3><b>{method.upper()}</b> {shown}</h3>"
    yield f"<p>{escape(operation.get('description', ''))}</p>"
    if parameters:
        yield f"<table>{''.join(map(_row, parameters))}</table>"
    if "requestBody" in operation:
        yield f"<p>Body: {escape(', '.join(operation['requestBody']['content']))}</p>"
    yield "</section>"


def _row(parameter: dict[str, Any]) -> str:
    schema = parameter.get("schema", {})
    kinds = [s["type"] for s in schema.get("anyOf", [schema]) if s.get("type") not in (None, "null")]
    value = (
        "required"
        if parameter.get("required")
        else f"default {schema['default']}"
        if "default" in schema
        else ""
    )
    cells = (parameter["name"], parameter["in"], " or ".join(kinds), value, parameter.get("description", ""))
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
