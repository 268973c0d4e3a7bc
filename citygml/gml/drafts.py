"""A city object while it is being read: its properties are in place, its geometry still names polygons."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml.etree import _Element as Element

from citygml.gml.geometry import Link, Part, Shape
from citygml.model import Attributes, CityObject


@dataclass(slots=True)
class Draft:
    """A city object that is being read. number: its place in the batch. own: its geometries as (LoD, role,
    shape). boundary: per LoD the polygons of its semantic surfaces; boundary_links: those of them that are
    links, each with its surface."""

    object: CityObject
    number: int
    namespace: str
    own: list[tuple[str | None, str, Shape]] = field(default_factory=list)
    boundary: dict[str, Part] = field(default_factory=dict)
    boundary_links: list[tuple[Link, int]] = field(default_factory=list)
    implicit: list[tuple[str | None, str, Element]] = field(default_factory=list)
    lod: str | None = None


@dataclass(slots=True)
class Holder:
    """What gets the properties that are being read: an object (surface -1) or one of its surfaces.

    generic: generic attributes, kept apart until the end, so that none of them mixes with a property of
    the same name.
    """

    draft: Draft
    attributes: Attributes
    surface: int
    generic: Attributes | None = None
