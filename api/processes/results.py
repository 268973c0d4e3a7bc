"""The results of a run as an answer: a document, one file as it is, several in parts, or links."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

from twin.errors import TooLarge
from twin.runs import Run

INLINE_BYTES = 16 << 20
"""How large a file may be that goes into a document [bytes]."""
_BLOCK = 1 << 20


def answer(run: Run, folder: Path, base: str, request: Mapping[str, Any]) -> Response:
    """As the client wanted it. folder: of the run's results. Raises TooLarge for values beyond reason."""
    wanted: dict[str, str] = request.get("outputs") or dict.fromkeys(run.results, "")
    wanted = {name: mode for name, mode in wanted.items() if name in run.results}
    if request.get("response", "document") == "document":
        return JSONResponse(
            {
                name: _document(run, folder, base, name, mode or _usual(run.results[name]))
                for name, mode in wanted.items()
            }
        )
    references = [name for name, mode in wanted.items() if mode == "reference"]
    if len(wanted) == len(references):
        links = (
            f'<{_address(run, base, name)}>; rel="item"; title="{name}"; type="{_type(run, name)}"'
            for name in references
        )
        return Response(status_code=204, headers={"Link": ", ".join(links)})
    if len(wanted) == 1:
        (name,) = wanted
        return FileResponse(folder / run.results[name]["file"], media_type=_type(run, name))
    boundary = f"results-of-{run.id}"
    return StreamingResponse(
        _parts(run, folder, base, wanted, boundary), media_type=f"multipart/related; boundary={boundary}"
    )


def _usual(result: Mapping[str, Any]) -> str:
    """JSON goes into a document as it is, files by reference."""
    return "value" if result["kind"] == "json" else "reference"


def _document(run: Run, folder: Path, base: str, name: str, mode: str) -> dict[str, Any]:
    result = run.results[name]
    if mode == "reference":
        link = {"href": _address(run, base, name), "type": result["media_type"], "title": name}
        return {**link, "x-unit": result["unit"]} if result["unit"] else link
    path = folder / result["file"]
    if path.stat().st_size > INLINE_BYTES:
        raise TooLarge(f"{name}: {path.stat().st_size:,} bytes are too many for a document; ask by reference")
    if result["kind"] == "json":
        return {"value": json.loads(path.read_bytes()), "mediaType": result["media_type"]}
    encoded = base64.b64encode(path.read_bytes()).decode()
    return {"value": encoded, "encoding": "base64", "mediaType": result["media_type"]}


def _parts(run: Run, folder: Path, base: str, wanted: Mapping[str, str], boundary: str) -> Iterator[bytes]:
    for name, mode in wanted.items():
        yield f"--{boundary}\r\nContent-ID: <{name}>\r\nContent-Type: {_type(run, name)}\r\n".encode()
        if mode == "reference":
            yield f"Content-Location: {_address(run, base, name)}\r\n\r\n\r\n".encode()
            continue
        yield b"\r\n"
        with (folder / run.results[name]["file"]).open("rb") as file:
            while block := file.read(_BLOCK):
                yield block
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def _address(run: Run, base: str, name: str) -> str:
    return f"{base}/runs/{run.id}/{quote(run.results[name]['file'])}"


def _type(run: Run, name: str) -> str:
    text: str = run.results[name]["media_type"]
    return text
