"""Geometry that a feature links to but does not hold: elsewhere in the file, or in another file beside it.

Most links stay inside a feature and never come here. The first one that does not makes one pass over the
file to learn which elements are wanted from outside their feature, and a second to keep just those.
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

from lxml import etree
from lxml.etree import _Element as Element

from citygml.codelists import dataset_root, resolve_beside
from citygml.gml.names import GML_NAMESPACES, XLINK_HREF, split
from citygml.gml.stream import Head, every_element, features, refuse_doctype

_ROUNDS = 4


class ElementIndex:
    """Finds geometry elements by href for one file."""

    def __init__(self, path: Path, head: Head) -> None:
        self._path = path
        self._head = head
        self._root = dataset_root(path)
        self._id = f"{{{head.gml_namespace}}}id"
        self._local: dict[str, Element] | None = None
        self._files: dict[Path, dict[str, Element]] = {}
        self._wanted: dict[str, set[str]] = {}

    def find(self, href: str) -> Element | None:
        """The element that `href` names: `#id` in this file, `other.gml#id` in one beside it, or None."""
        file, _, target = href.partition("#")
        if self._local is None:
            self._local = self._index_local()
        if not file:
            return self._local.get(target)
        other = resolve_beside(self._path, file, self._root)
        if other is None:
            return None
        if other not in self._files:
            wanted = self._wanted.get(file, set()) | {target}
            self._files[other] = self._collect(other, wanted)
        return self._files[other].get(target)

    def _index_local(self) -> dict[str, Element]:
        wanted: set[str] = set()
        for feature in features(self._path, self._head):
            ids: set[str] = set()
            links: set[str] = set()
            for element in feature.iter():
                gml_id, href = element.get(self._id), element.get(XLINK_HREF)
                if gml_id is not None:
                    ids.add(gml_id)
                if href is not None:
                    file, _, target = href.partition("#")
                    if file:
                        self._wanted.setdefault(file, set()).add(target)
                    else:
                        links.add(target)
            wanted |= links - ids
        return self._collect(self._path, wanted)

    def _collect(self, path: Path, wanted: set[str]) -> dict[str, Element]:
        """Copies of the geometry elements with these ids, and of those that they link to in turn."""
        found: dict[str, Element] = {}
        for _ in range(_ROUNDS):
            wanted -= found.keys()
            if not wanted:
                break
            before = len(found)
            try:
                refuse_doctype(path)
                self._pass(path, wanted, found)
            except (etree.XMLSyntaxError, OSError):
                break
            if len(found) == before:
                break
            wanted = {
                href[1:]
                for element in found.values()
                for part in element.iter()
                if (href := part.get(XLINK_HREF)) is not None and href.startswith("#")
            }
        return found

    @staticmethod
    def _pass(path: Path, wanted: set[str], found: dict[str, Element]) -> None:
        for element in every_element(path):
            namespace, _ = split(element.tag)
            if namespace in GML_NAMESPACES:
                gml_id = element.get(f"{{{namespace}}}id")
                if gml_id in wanted and gml_id is not None:
                    found[gml_id] = deepcopy(element)
