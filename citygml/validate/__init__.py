"""Findings on the geometry of city objects, from their arrays alone.

    from citygml.validate import check_objects
    findings = check_objects(batch, geographic=True)

`check_objects` looks at each object by itself; `Overlaps` and `Parts` (module `plans`) compare objects
with one another over a whole file. The codes are described in docs/findings.md.
"""

from __future__ import annotations

from collections.abc import Sequence

from citygml.findings import Finding
from citygml.model import CityObject
from citygml.validate.faces import Tolerances, gather
from citygml.validate.planes import fit_planes
from citygml.validate.polygons import check_flatness, check_holes
from citygml.validate.rings import check_rings
from citygml.validate.solids import check_solids
from citygml.validate.tin import check_tins
from citygml.validate.upward import check_upward

__all__ = ["Tolerances", "check_objects"]


def check_objects(
    batch: Sequence[CityObject],
    geographic: bool = False,
    tolerances: Tolerances | None = None,
) -> list[Finding]:
    """Findings on the surfaces and solids of a batch of objects.

    geographic: the vertices are longitude, latitude [degrees] and height [m]; else all are metres.
    Whatever the arrays hold, this returns: geometry that makes no sense is itself a finding.
    """
    tol = tolerances or Tolerances()
    faces, findings = gather(batch, geographic)
    if not len(faces.owner):
        return findings
    planes = fit_planes(faces)
    rings, found = check_rings(faces, planes, tol)
    findings += found
    findings += check_flatness(faces, planes, tol)
    findings += check_holes(faces, planes, rings, tol)
    findings += check_upward(faces, planes, tol)
    findings += check_tins(faces, planes, tol)
    findings += check_solids(faces, planes, rings.sound_polygons(faces), tol)
    return findings
