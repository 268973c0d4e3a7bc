"""Which object belongs to which, in any version of CityJSON, and an order in which parents come first.

From 0.9 on a child names its `parents`, in 0.8 its `parent`; in 0.6 the parent lists `Parts` and
`Installations`. A group is not a parent of its members.
"""

from __future__ import annotations

from typing import Any

from citygml.findings import Finding


class Hierarchy:
    """order: all ids, each parent directly before its descendants. parent_of: the ids that have a parent."""

    def __init__(self, objects: dict[str, Any]) -> None:
        self.findings: list[Finding] = []
        self.parent_of: dict[str, str] = {}
        for object_id, raw in list(objects.items()):
            if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
                del objects[object_id]
                self.findings.append(
                    Finding("bad-object", "the object has no type; it is left out", object_id)
                )
        groups = {i for i, raw in objects.items() if raw["type"].removeprefix("+") == "CityObjectGroup"}
        for object_id, raw in objects.items():
            self._from_child(object_id, raw, objects, groups)
        for object_id, raw in objects.items():
            if object_id not in groups:
                self._from_parent(object_id, raw, objects)
        self.order = self._depth_first(objects)

    def _from_child(
        self, object_id: str, raw: dict[str, Any], objects: dict[str, Any], groups: set[str]
    ) -> None:
        named = [raw["parent"]] if isinstance(raw.get("parent"), str) else raw.get("parents")
        for parent in _ids(named):
            if parent in groups or parent == object_id:
                continue
            if parent in objects:
                self.parent_of[object_id] = parent
                return
            self._missing(object_id, f"its parent {parent!r} is not there; the object stands alone")

    def _from_parent(self, object_id: str, raw: dict[str, Any], objects: dict[str, Any]) -> None:
        for member in ("children", "Parts", "Installations"):
            for child in _ids(raw.get(member)):
                if child not in objects:
                    self._missing(object_id, f"its child {child!r} is not there")
                elif child != object_id:
                    self.parent_of.setdefault(child, object_id)

    def _missing(self, object_id: str, message: str) -> None:
        self.findings.append(Finding("broken-reference", message, object_id, severity="warning"))

    def _depth_first(self, objects: dict[str, Any]) -> list[str]:
        children: dict[str, list[str]] = {}
        for object_id in objects:
            if object_id in self.parent_of:
                children.setdefault(self.parent_of[object_id], []).append(object_id)
        order: list[str] = []
        seen: set[str] = set()

        def descend(root: str) -> None:
            stack = [root]
            while stack:
                top = stack.pop()
                if top not in seen:
                    seen.add(top)
                    order.append(top)
                    stack.extend(reversed(children.get(top, [])))

        for object_id in objects:
            if object_id not in self.parent_of:
                descend(object_id)
        for object_id in objects:
            if object_id not in seen:
                text = "the object is its own ancestor; it stands alone"
                self.findings.append(Finding("parent-cycle", text, object_id))
                del self.parent_of[object_id]
                descend(object_id)
        return order


def _ids(raw: Any) -> list[str]:
    return [item for item in raw if isinstance(item, str)] if isinstance(raw, list) else []
