"""Findings: what is wrong with one object of a model that as a whole can be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(slots=True, frozen=True)
class Finding:
    """One defect.

    code: a stable kebab-case name, listed in docs/findings.md (for example `ring-not-closed`).
    object_id: the city object; `part` the id of the surface, polygon or ring inside it, if it has one.
    place: (x, y, z) in the CRS of the file (east, north, up), or None.
    """

    code: str
    message: str
    object_id: str | None = None
    part: str | None = None
    place: tuple[float, float, float] | None = None
    severity: Severity = "error"
