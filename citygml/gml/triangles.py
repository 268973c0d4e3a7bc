"""Triangles of a terrain, taken out of the XML tree while it is parsed.

A relief file is often one feature with a million triangles, whose tree would take many times the memory of
its coordinates; so each triangle leaves only its text behind.
"""

from __future__ import annotations

from lxml.etree import _Element as Element

from citygml.gml.names import gml_id

_TAKEN = "taken"


class Triangles:
    """The texts of triangles by the element that held them. `tag` is the element to be given to `take`."""

    def __init__(self, namespace: str) -> None:
        self.tag = f"{{{namespace}}}Triangle"
        self._pos_list = f"{{{namespace}}}posList"
        self._texts: dict[Element, list[str]] = {}

    def take(self, triangle: Element) -> None:
        """Keep the text of a finished triangle and free it; one that is not plain stays in the tree."""
        if len(triangle) != 1 or len(triangle[0]) != 1:
            return
        ring = triangle[0][0]
        if len(ring) != 1 or ring[0].tag != self._pos_list or ring[0].get("srsDimension") == "2":
            return
        holder = triangle.getparent()
        if holder is None or gml_id(ring) is not None or gml_id(triangle) is not None:
            return
        self._texts.setdefault(holder, []).append(ring[0].text or "")
        triangle.clear()
        triangle.set(_TAKEN, "")
        before = triangle.getprevious()
        if before is not None and before.get(_TAKEN) is not None:
            holder.remove(before)  # a parser must not lose its current element, but may lose the last

    def pop(self, holder: Element) -> list[str]:
        """The texts of the triangles taken from this element."""
        if not self._texts or holder not in self._texts:
            return []
        for child in holder:
            if child.get(_TAKEN) is not None:
                holder.remove(child)
                break
        return self._texts.pop(holder)
