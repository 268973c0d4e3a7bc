"""The file around the objects: head, envelope, members; complete or not there at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Literal

import numpy as np

from citygml.findings import Finding
from citygml.gml_writer import schema2, schema3
from citygml.gml_writer.context import Context, Node
from citygml.gml_writer.features import members
from citygml.gml_writer.files import Files
from citygml.gml_writer.schema import Schema
from citygml.gml_writer.text import attribute, content, element
from citygml.model import CityObject, Template
from citygml.whole_file import whole_file

_CORNER = 80
"""Width kept free for a corner of the envelope, which is known only after the last object [characters]."""


def write_citygml(
    objects: Iterable[CityObject],
    path: str | Path,
    *,
    version: Literal["2.0", "3.0"],
    srs_name: str,
    templates: Mapping[str, Template] | None = None,
    name: str | None = None,
    swap_axes: bool = False,
) -> list[Finding]:
    """Write objects (parents first, each top-level object followed by its descendants) as CityGML.

    srs_name: the name of the CRS of the coordinates, written at the envelope. swap_axes: write north
    before east, for a CRS whose axes are in that order. templates: library geometries by key; they may
    still fill up while the objects are read. Returns what could not be expressed in this version.
    Textures and model files from elsewhere are copied into `STEM_appearance/` beside it. The file appears
    under its name when it is complete; until then, and after an error, it is not there.
    """
    path = Path(path)
    schema = schema2.SCHEMA if version == "2.0" else schema3.SCHEMA
    context = Context(schema, Files(path), swap_axes, {} if templates is None else templates)
    try:
        with whole_file(path) as file:
            _write(file, objects, context, srs_name, name)
    except BaseException:
        context.files.undo()
        raise
    return context.findings()


def _write(
    file: IO[bytes], objects: Iterable[CityObject], context: Context, srs_name: str, name: str | None
) -> None:
    file.write(_head(context.schema, srs_name, name).encode())
    corners = file.tell()
    blank = " " * _CORNER
    envelope = f"<gml:lowerCorner>{blank}</gml:lowerCorner><gml:upperCorner>{blank}</gml:upperCorner>"
    file.write(f"{envelope}</gml:Envelope></gml:boundedBy>\n".encode())
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for root, boxes in _trees(objects):
        for text in members(context, root):
            file.write(f"<core:cityObjectMember>\n{text}\n</core:cityObjectMember>\n".encode())
        for box in boxes:
            low, high = np.minimum(low, box[0]), np.maximum(high, box[1])
    for text in context.appearances:
        file.write(f"{text}\n".encode())
    file.write(b"</core:CityModel>\n")
    if np.isinf(low).any():
        low = high = np.zeros(3)
    order = [1, 0, 2] if context.swap_axes else [0, 1, 2]
    for offset, corner in ((0, low), (_CORNER + len("</gml:lowerCorner><gml:upperCorner>"), high)):
        file.seek(corners + len("<gml:lowerCorner>") + offset)
        file.write(" ".join(repr(v) for v in corner[order].tolist()).ljust(_CORNER).encode())


def _head(schema: Schema, srs_name: str, name: str | None) -> str:
    spaces = "".join(attribute(f"xmlns:{prefix}", uri) for prefix, uri in schema.namespaces.items())
    title = element("gml:name", content(name)) + "\n" if name else ""
    envelope = f'<gml:Envelope{attribute("srsName", srs_name)} srsDimension="3">'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<core:CityModel{spaces}>\n{title}<gml:boundedBy>{envelope}'
    )


def _trees(objects: Iterable[CityObject]) -> Iterator[tuple[Node, list[np.ndarray]]]:
    """Each top-level object as a tree, with the bounds of its members."""
    nodes: dict[str, Node] = {}
    root: Node | None = None
    for obj in objects:
        parent = nodes.get(obj.parent) if obj.parent is not None else None
        node = Node(obj)
        if parent is None:
            if root is not None:
                yield root, _boxes(nodes)
            root, nodes = node, {}
        else:
            parent.children.append(node)
        nodes[obj.id] = node
    if root is not None:
        yield root, _boxes(nodes)


def _boxes(nodes: dict[str, Node]) -> list[np.ndarray]:
    bounds = (node.object.bounds() for node in nodes.values())
    return [box for box in bounds if box is not None]
