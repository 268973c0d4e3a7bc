"""Writes pipes as CityGML 2.0 with the Utility Network ADE 0.9.2, which the general writer does not know."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import IO
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from citygml.model import CityObject, Code, Geometry, Measure, Value

NAMESPACES = {
    "core": "http://www.opengis.net/citygml/2.0",
    "gen": "http://www.opengis.net/citygml/generics/2.0",
    "gml": "http://www.opengis.net/gml",
    "utility": "http://www.citygml.org/ade/utility/0.9.2",
}
# Attributes that the ADE has a property for, in its order; the others become generic ones.
PROPERTIES = ("function", "yearOfConstruction", "status", "exteriorDiameter")


def _numbers(points: np.ndarray) -> str:
    return " ".join(map(repr, np.round(points, 3).ravel().tolist()))


def _geometry(geometry: Geometry) -> str:
    if geometry.type == "MultiCurve":
        body = f"<gml:LineString><gml:posList>{_numbers(geometry.vertices)}</gml:posList></gml:LineString>"
    else:
        rings = [geometry.vertices[a:b] for a, b in zip(geometry.rings[:-1], geometry.rings[1:], strict=True)]
        members = "".join(
            "<gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>"
            f"{_numbers(np.concatenate([ring, ring[:1]]))}"
            "</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember>"
            for ring in rings
        )
        body = f"<gml:MultiSurface>{members}</gml:MultiSurface>"
    return f"<utility:lod{geometry.lod}Geometry>{body}</utility:lod{geometry.lod}Geometry>\n"


def _generic(name: str, value: Value) -> str:
    if isinstance(value, Measure):
        inner = f"<gen:value uom={quoteattr(value.unit)}>{value.value!r}</gen:value>"
        return f"<gen:measureAttribute name={quoteattr(name)}>{inner}</gen:measureAttribute>\n"
    text = value.code if isinstance(value, Code) else str(value)
    kind = "intAttribute" if isinstance(value, int) else "stringAttribute"
    return f"<gen:{kind} name={quoteattr(name)}><gen:value>{escape(text)}</gen:value></gen:{kind}>\n"


def _property(name: str, value: Value) -> str:
    if isinstance(value, Code):
        space = quoteattr(value.codeSpace or "")
        return f"<utility:{name} codeSpace={space}>{escape(value.code)}</utility:{name}>\n"
    if isinstance(value, Measure):
        return f"<utility:{name} uom={quoteattr(value.unit)}>{value.value!r}</utility:{name}>\n"
    text = f"{value}-01-01" if name == "yearOfConstruction" else str(value)
    return f"<utility:{name}>{escape(text)}</utility:{name}>\n"


def _write_object(file: IO[str], pipe: CityObject) -> None:
    local = pipe.type.removeprefix("utility:")
    file.write(f"<core:cityObjectMember><utility:{local} gml:id={quoteattr(pipe.id)}>\n")
    attributes = dict(pipe.attributes)
    name = attributes.pop("name", None)
    if name is not None:
        file.write(f"<gml:name>{escape(str(name))}</gml:name>\n")
    for key, value in attributes.items():
        if key not in PROPERTIES:
            file.write(_generic(key, value))
    for key in PROPERTIES[:3]:
        if key in attributes:
            file.write(_property(key, attributes[key]))
    for geometry in pipe.geometries:
        file.write(_geometry(geometry))
    file.write(_property(PROPERTIES[3], attributes[PROPERTIES[3]]))
    file.write(f"</utility:{local}></core:cityObjectMember>\n")


def write_pipes(objects: Iterable[CityObject], path: Path, srs_name: str, bounds: tuple[float, ...]) -> int:
    """Write the pipes; `bounds` is (west, south, low, east, north, high). Returns how many there are."""
    spaces = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    low, high = (" ".join(f"{v:.3f}" for v in part) for part in (bounds[:3], bounds[3:]))
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<core:CityModel{spaces}>\n')
        file.write(f'<gml:boundedBy><gml:Envelope srsName={quoteattr(srs_name)} srsDimension="3">')
        file.write(f"<gml:lowerCorner>{low}</gml:lowerCorner><gml:upperCorner>{high}</gml:upperCorner>")
        file.write("</gml:Envelope></gml:boundedBy>\n")
        for pipe in objects:
            _write_object(file, pipe)
            count += 1
        file.write("</core:CityModel>\n")
    return count
