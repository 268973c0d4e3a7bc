"""What the writer knows of a version of CityGML: its classes, their properties and their order."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ClassSchema:
    """element: qualified name. order: property -> rank. attributes: attribute name -> (property, kind).
    locals: local name of a property -> the property. held_by: for a surface, the property of its holder."""

    element: str
    order: dict[str, int]
    attributes: dict[str, tuple[str, str]]
    locals: dict[str, str]
    held_by: str = ""

    def local(self, name: str) -> str | None:
        """The qualified property of this local name, or None."""
        return self.locals.get(name)


@dataclass(frozen=True, slots=True)
class Schema:
    """objects: our class name -> schema. surfaces: (prefix of the owner's module, our name) -> schema.
    surface_names: our surface name -> the name used here, where they differ.
    children: class of a child -> properties that can hold it, best first.
    fallback: the class that stands in for classes that this version has no element for."""

    version: str
    namespaces: dict[str, str]
    objects: dict[str, ClassSchema]
    surfaces: dict[tuple[str, str], ClassSchema]
    surface_names: dict[str, str]
    children: dict[str, tuple[str, ...]]
    fallback: str
    highest_lod: int
    aliases: dict[str, str] = field(default_factory=dict)

    def surface(self, owner: ClassSchema, name: str) -> ClassSchema | None:
        """The schema of a surface class on this owner, or None when it has none in this version."""
        prefix = owner.element.split(":")[0]
        name = self.surface_names.get(name, name)
        return self.surfaces.get((prefix, name)) or self.surfaces.get(("", name))


_READ_AS = {"externalReference": "externalReferences"}
_LODS = re.compile(r"(.*)\{(\d)-(\d)\}(.*)")


def expand(prefix: str, text: str) -> tuple[dict[str, int], dict[str, tuple[str, str]], dict[str, str]]:
    """Parse a property list (see `schema2`) to the fields `order`, `attributes`, `locals` of a class."""
    order: dict[str, int] = {}
    attributes: dict[str, tuple[str, str]] = {}
    for token in text.split():
        name, _, kind = token.partition("=")
        lods = _LODS.match(name)
        names = [name]
        if lods:
            head, low, high, tail = lods.groups()
            names = [f"{head}{n}{tail}" for n in range(int(low), int(high) + 1)]
        for local in names:
            qualified = local if ":" in local else f"{prefix}:{local}"
            order[qualified] = len(order)
            if kind:
                name = qualified.split(":")[1]
                attributes[_READ_AS.get(name, name)] = (qualified, kind)
    return order, attributes, {name.split(":")[1]: name for name in order}
