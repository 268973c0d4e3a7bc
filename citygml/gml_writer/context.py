"""What holds for a whole file while it is written, and the tree of one top-level object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from citygml.findings import Finding, Severity
from citygml.gml_writer.attributes import Slots
from citygml.gml_writer.files import Files
from citygml.gml_writer.schema import ClassSchema, Schema
from citygml.gml_writer.text import attribute, gml_id
from citygml.model import CityObject, Template


@dataclass(slots=True)
class Node:
    """An object with the nodes of its children."""

    object: CityObject
    children: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Context:
    """What holds for the whole file. appearances: those of library geometries, which follow the objects."""

    schema: Schema
    files: Files
    swap_axes: bool
    templates: Mapping[str, Template]
    inlined: dict[str, str] = field(default_factory=dict)
    appearances: list[str] = field(default_factory=list)
    strict_ids: bool = True
    _met: dict[tuple[str, str, Severity], tuple[str, int]] = field(default_factory=dict)

    def find(self, code: str, message: str, object_id: str, severity: Severity = "warning") -> None:
        """Note what could not be expressed; the same of many objects is one finding."""
        first, count = self._met.get((code, message, severity), (object_id, 0))
        self._met[code, message, severity] = (first, count + 1)

    def findings(self) -> list[Finding]:
        """One finding per kind, with the first object that has it and how often it was met."""
        return [
            Finding(code, message if count == 1 else f"{message} ({count} times)", first, severity=severity)
            for (code, message, severity), (first, count) in self._met.items()
        ]


def assemble(target: ClassSchema, id: str | None, slots: Slots) -> str:
    """The element with its properties in the schema's order."""
    ordered = sorted((name for name, texts in slots.items() if texts), key=target.order.__getitem__)
    inner = "\n".join(text for name in ordered for text in slots[name])
    named = attribute("gml:id", gml_id(id)) if id else ""
    return f"<{target.element}{named}>\n{inner}\n</{target.element}>"
