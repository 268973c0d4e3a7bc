"""The AR page for people, `/ar/`; what it asks for lies below the same path."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse, RedirectResponse, Response

import viewer

router = APIRouter(include_in_schema=False)

_PAGE = viewer.STATIC / "ar.html"


@router.get("/ar")
def folder() -> Response:
    return RedirectResponse("ar/")


@router.get("/ar/")
def page() -> Response:
    if not _PAGE.exists():
        raise HTTPException(404, "the AR page is not built; run `make viewer`")
    return FileResponse(_PAGE, media_type="text/html", headers={"Cache-Control": "no-cache"})
