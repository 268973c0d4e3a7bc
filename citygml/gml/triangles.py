"""Triangles of a terrain, taken out of the XML tree while it is parsed.

A relief file is often one feature with a million triangles, whose tree would take many times the memory of
its coordinates; so each triangle leaves only its text behind.
"""

from __future__ import annotations

from typing import NamedTuple

from lxml.etree import _Element as Element

from citygml.gml.names import gml_id
from citygml.gml.positions import read_positions

_TAKEN = "taken"


class Triangle(NamedTuple):
    """positions: its coordinates as written. flat: whether they declare two dimensions."""

    positions: str
    flat: bool
    ring_id: str | None


class Triangles:
    """Triangles by the element that held them. `tag` is the element that is to be given to `take`."""

    def __init__(self, namespace: str) -> None:
        self.tag = f"{{{namespace}}}Triangle"
        self._taken: dict[Element, list[Triangle]] = {}

    def take(self, element: Element) -> None:
        """Keep the coordinates of a triangle that has just been parsed, and free it."""
        holder = element.getparent()
        if holder is None:
            return
        ring = element[0][0] if len(element) and len(element[0]) else None
        positions, flat = read_positions(element)
        ring_id = gml_id(ring) if ring is not None else None
        self._taken.setdefault(holder, []).append(Triangle(positions, flat, ring_id))
        element.clear()
        element.set(_TAKEN, "")
        before = element.getprevious()
        if before is not None and before.get(_TAKEN) is not None:
            holder.remove(before)  # the parser must keep its current element, but not the one before

    def forget(self) -> None:
        """Let go of what no geometry asked for."""
        self._taken.clear()

    def pop(self, holder: Element) -> list[Triangle]:
        """The triangles taken from this element."""
        if not self._taken or holder not in self._taken:
            return []
        for child in holder:
            if child.get(_TAKEN) is not None:
                holder.remove(child)
        return self._taken.pop(holder)
