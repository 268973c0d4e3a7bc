"""The coordinates under a ring, line or point as one text, whichever way GML 2 to 3.2 writes them."""

from __future__ import annotations

from lxml.etree import _Element as Element

from citygml.gml.names import LOCAL


def read_positions(element: Element) -> tuple[str, bool]:
    """(blank-separated coordinates, whether they declare two dimensions) of everything in the element."""
    found: list[str] = []
    flat = False
    for child in element.iter():
        local = LOCAL[child.tag]
        if local in ("posList", "pos"):
            flat = flat or child.get("srsDimension") == "2"
            found.append(child.text or "")
        elif local == "coordinates":
            found.append(_coordinates(child))
    return " ".join(found), flat


def _coordinates(element: Element) -> str:
    """GML 2 coordinates as blank-separated numbers, whatever separators they declare."""
    text = element.text or ""
    for attribute, default in (("cs", ","), ("ts", " ")):
        text = text.replace(element.get(attribute, default), " ")
    decimal = element.get("decimal", ".")
    return text.replace(decimal, ".") if decimal != "." else text
