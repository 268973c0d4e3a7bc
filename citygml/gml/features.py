"""City objects from their elements: one flat list per feature, parents first, geometry by reference.

`FeatureReader` walks one top-level feature at a time. What an element is comes from a table of actions, one
per tag, made when the tag is first met; so the usual file costs one look-up per property.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from lxml.etree import _Element as Element

from citygml.findings import Finding
from citygml.gml.address import read_address
from citygml.gml.drafts import Draft, Holder
from citygml.gml.geometry import GeometryReader, Link, Part, Shape
from citygml.gml.names import CITYGML, GML_NAMESPACES, LOCAL, XLINK_HREF, Name, Names
from citygml.gml.values import DATES, Values, add, use_names_of_2
from citygml.model import Attributes, CityObject, Surface

_LOD = re.compile(r"[lL]od([0-4])(.*)$")
_ROLES = {
    "tin": "TIN",
    "TerrainIntersectionCurve": "TerrainIntersection",
}
_GENERIC = re.compile(r"(string|int|double|date|uri|measure|code)Attribute$|genericAttribute(Set)?$")
_SKIPPED = frozenset({"boundedBy", "metaDataProperty", "location"})


Action = Callable[[Holder, Element, Any], None]


class _Actions(dict[str, tuple[Action, Any]]):
    def __init__(self, choose: Callable[[str], tuple[Action, Any]]) -> None:
        super().__init__()
        self._choose = choose

    def __missing__(self, tag: str) -> tuple[Action, Any]:
        action = self[tag] = self._choose(tag)
        return action


class FeatureReader:
    """Reads one feature after the other.

    appearances: the appearance elements met in the feature. links: (object id, href) of all features.
    new_id: gives an object its id, from its gml:id and class.
    """

    def __init__(
        self,
        names: Names,
        values: Values,
        geometry: GeometryReader,
        namespace: str,
        new_id: Callable[[str | None, str], str],
        findings: list[Finding],
    ) -> None:
        self.drafts: list[Draft] = []
        self.appearances: list[Element] = []
        self.links: list[tuple[str, str]] = []
        self._names = names
        self._values = values
        self._geometry = geometry
        self._id = f"{{{namespace}}}id"
        self._new_id = new_id
        self._findings = findings
        self._actions = _Actions(self._choose)
        self._holder: Holder | None = None
        self._first_number = 0
        values.embedded = self._embedded

    def read(self, element: Element, first_number: int) -> list[Draft]:
        """One top-level feature, the object numbered `first_number` in its batch, with its children."""
        self._first_number = first_number
        name = self._names[element.tag]
        self._object(element, name.name, None)
        return self.drafts

    def forget(self) -> None:
        """Let go of the feature's elements."""
        self.drafts = []
        self.appearances = []

    def _object(self, element: Element, class_name: str, parent: str | None) -> CityObject:
        city_object = CityObject(self._new_id(element.get(self._id), class_name), class_name, parent)
        draft = Draft(city_object, self._first_number + len(self.drafts), self._names[element.tag].namespace)
        self.drafts.append(draft)
        outer, self._values.object_id = self._values.object_id, city_object.id
        self._fill(Holder(draft, city_object.attributes, -1), element)
        use_names_of_2(city_object.attributes)
        self._values.object_id = outer
        return city_object

    def _fill(self, holder: Holder, element: Element) -> None:
        outer, self._holder = self._holder, holder
        actions = self._actions
        for child in element:
            action, argument = actions[child.tag]
            action(holder, child, argument)
        if holder.generic is not None:
            self._values.join_siblings(holder.generic)
            for name, value in holder.generic.items():
                holder.attributes[f"gen:{name}" if name in holder.attributes else name] = value
            holder.generic = None  # data of an ADE of 3.0 fill the same holder again
        self._holder = outer

    def _choose(self, tag: str) -> tuple[Action, Any]:
        """The action for a property by its tag."""
        name = self._names[tag]
        local = name.local
        if name.namespace in GML_NAMESPACES:
            return (_skip, None) if local in _SKIPPED else (self._attribute, local)
        if _GENERIC.match(local) and CITYGML.match(name.namespace):
            return (self._generic_3, None) if local == "genericAttribute" else (self._generic, None)
        lod = _LOD.match(local)
        if lod is not None:
            return self._geometric, (lod[1], _ROLES.get(lod[2], lod[2]) or "Geometry", name)
        if local in DATES:
            return self._date, local
        if local == "lod":
            return self._lod, local
        if local == "tin":
            return self._geometric, (None, "TIN", name)
        known: dict[str, Action] = {
            "boundedBy": self._boundary,
            "boundary": self._boundary,
            "opening": self._boundary,
            "externalReference": self._external_reference,
            "address": self._nested,
            "appearance": self._appearance,
            "appearanceMember": self._appearance,
            "groupMember": self._group_member,
            "versionMember": self._group_member,
            "relatedTo": self._related,
            "dynamizer": self._nested,
        }
        if local in known:
            return known[local], local
        if local.startswith("adeOf"):
            return self._ade_hook, None
        return self._property, self._keys(name)

    def _keys(self, name: Name) -> tuple[str, str, str]:
        """(local name, attribute name, namespace); an ADE's attributes carry its prefix on other objects."""
        key = name.local
        if self._names.is_ade(name.namespace):
            key = f"{self._names.prefix(name.namespace)}:{name.local}"
        return name.local, key, name.namespace

    def _date(self, holder: Holder, element: Element, local: str) -> None:
        text = (element.text or "").strip()
        if text:
            add(holder.attributes, local, self._values.date(text))

    def _lod(self, holder: Holder, element: Element, local: str) -> None:
        holder.draft.lod = (element.text or "").strip() or None
        self._attribute(holder, element, local)

    def _attribute(self, holder: Holder, element: Element, local: str) -> None:
        if len(element):
            self._nested(holder, element, local)
            return
        value = self._values.plain(element, local)
        if value is not None:
            add(holder.attributes, local, value)

    def _property(self, holder: Holder, element: Element, names: tuple[str, str, str]) -> None:
        local, key, namespace = names
        if namespace == holder.draft.namespace:
            key = local
        if len(element):
            self._nested(holder, element, key)
            return
        href = element.get(XLINK_HREF)
        if href is not None:
            self._link(holder, href, local)
            return
        value = self._values.plain(element, local)
        if value is not None:
            add(holder.attributes, key, value)

    def _nested(self, holder: Holder, element: Element, key: str) -> None:
        """A property that holds elements: objects, surfaces, geometry, addresses, or else data."""
        href = element.get(XLINK_HREF)
        if href is not None and not len(element):
            self._link(holder, href, LOCAL[element.tag])
            return
        for child in element:
            name = self._names[child.tag]
            if self._embedded(child, LOCAL[element.tag]):
                continue
            if name.kind == "text":
                add(holder.attributes, key, self._values.data(element, ""))
                return
            value: Any = self._values.data(child, LOCAL[element.tag])
            add(holder.attributes, key, value)

    def _boundary(self, holder: Holder, element: Element, key: str) -> None:
        """A property of semantic surfaces; what else it may hold goes the general way."""
        if len(element) == 1:
            name = self._names[element[0].tag]
            if name.kind == "surface":
                self._surface(holder, element[0], name)
                return
        self._nested(holder, element, key)

    def _embedded(self, element: Element, property_name: str) -> bool:
        """Take an element that is a surface, object, geometry ... of its own; False for mere data."""
        name = self._names[element.tag]
        holder = self._holder
        if holder is None:
            return False
        if name.kind == "surface":
            self._surface(holder, element, name)
        elif name.kind == "object" or (name.kind == "data" and self._is_ade_feature(element, name)):
            self._object(element, name.name, holder.draft.object.id)
        elif name.kind == "geometry":
            self._geometry_of(holder, element, None, property_name)
        elif name.kind == "implicit":
            holder.draft.implicit.append((None, property_name, element))
        elif name.kind == "address":
            holder.draft.object.addresses.append(read_address(element))
        elif name.kind == "appearance":
            self.appearances.append(element)
        else:
            return False
        return True

    def _is_ade_feature(self, element: Element, name: Name) -> bool:
        return ":" in name.name and element.get(self._id) is not None

    def _surface(self, holder: Holder, element: Element, name: Name) -> None:
        surfaces = holder.draft.object.surfaces
        number = len(surfaces)
        surface = Surface(name.name, element.get(self._id), {}, holder.surface)
        surfaces.append(surface)
        self._fill(Holder(holder.draft, surface.attributes, number), element)

    def _geometric(self, holder: Holder, element: Element, argument: tuple[str | None, str, Name]) -> None:
        lod, role, name = argument
        if len(element) == 1:
            if not self._geometry_of(holder, element[0], lod, role):
                self._embedded(element[0], role)
            return
        href = element.get(XLINK_HREF)
        if href is None and not len(element):
            self._property(holder, element, self._keys(name))
            return
        if href is not None and not len(element):
            shape = Shape("Solid" if role == "Solid" else "MultiSurface", [[Link(href)]])
            if role == "Solid":
                shape.solids.append(1)
            self._take(holder, shape, lod, role)
            return
        for child in element:
            if not self._geometry_of(holder, child, lod, role):
                self._embedded(child, role)

    def _geometry_of(self, holder: Holder, element: Element, lod: str | None, role: str) -> bool:
        """Read one geometry element as the holder's; False when it is none."""
        kind = self._names[element.tag].kind
        if kind == "implicit":
            holder.draft.implicit.append((lod, role, element))
            return True
        if kind != "geometry":
            return False
        if lod is None:
            match = _LOD.match(role)
            if match is not None:
                lod, role = match[1], _ROLES.get(match[2], match[2]) or "Geometry"
        reader = self._geometry
        reader.owner = holder.draft.number
        reader.surface = holder.surface
        if holder.surface >= 0:
            part = holder.draft.boundary.setdefault(lod or holder.draft.lod or "0", [])
            first = len(part)
            if reader.surfaces(element, part):
                self._note_links(holder, part[first:])
                return True
        for shape in reader.shapes(element):
            self._take(holder, shape, lod, role)
        return True

    @staticmethod
    def _note_links(holder: Holder, part: Part) -> None:
        for reference in part:
            if isinstance(reference, Link):
                holder.draft.boundary_links.append((reference, holder.surface))

    def _take(self, holder: Holder, shape: Shape, lod: str | None, role: str) -> None:
        if holder.surface >= 0 and shape.type not in ("MultiCurve", "MultiPoint"):
            boundary = holder.draft.boundary.setdefault(lod or "0", [])
            for part in shape.parts:
                boundary.extend(part)
                self._note_links(holder, part)
            return
        holder.draft.own.append((lod, role, shape))

    def _generic(self, holder: Holder, element: Element, _: None) -> None:
        if holder.generic is None:
            holder.generic = {}
        self._values.generic(element, holder.generic)

    def _generic_3(self, holder: Holder, element: Element, _: None) -> None:
        for child in element:
            self._generic(holder, child, None)

    def _external_reference(self, holder: Holder, element: Element, _: str) -> None:
        """informationSystem with the name or URI of the external object, as one mapping."""
        reference: Attributes = {}
        for part in element.iter():
            text = (part.text or "").strip()
            if text and not len(part):
                reference[LOCAL[part.tag]] = text
        old = holder.attributes.get("externalReferences")
        if isinstance(old, list):
            old.append(reference)
        else:
            holder.attributes["externalReferences"] = [reference]

    def _appearance(self, holder: Holder, element: Element, _: str) -> None:
        self.appearances.extend(element)

    def _group_member(self, holder: Holder, element: Element, local: str) -> None:
        """A member of a group or version: by link, inside a Role (CityGML 3.0), or written out in place."""
        role = element.get("role")
        members = holder.draft.object.members
        href = element.get(XLINK_HREF)
        if href is not None:
            members.append((_target(href), role))
            self.links.append((holder.draft.object.id, href))
        for child in element:
            name = self._names[child.tag]
            if name.local == "Role":
                for part in child:
                    if LOCAL[part.tag] == "role":
                        role = (part.text or "").strip() or None
                for part in child:
                    if LOCAL[part.tag] == "groupMember":
                        self._group_member_in_role(holder, part, role)
            elif name.kind == "object" or ":" in name.name:
                members.append((self._object(child, name.name, None).id, role))

    def _group_member_in_role(self, holder: Holder, element: Element, role: str | None) -> None:
        before = len(holder.draft.object.members)
        self._group_member(holder, element, "groupMember")
        members = holder.draft.object.members
        members[before:] = [(member, role) for member, _ in members[before:]]

    def _related(self, holder: Holder, element: Element, local: str) -> None:
        """CityGML 3.0's CityObjectRelation: (type, id of the other object)."""
        href = element.get(XLINK_HREF)
        if href is not None:
            self._link(holder, href, local)
        for relation in element:
            kind, target = "relatedTo", None
            for part in relation:
                part_local = LOCAL[part.tag]
                if part_local == "relationType":
                    kind = (part.text or "").strip() or kind
                elif part_local == "relatedTo":
                    target = part.get(XLINK_HREF)
            if target is not None:
                self._link(holder, target, kind)

    def _link(self, holder: Holder, href: str, name: str) -> None:
        """A link to another object: a relation of the object, an attribute of a surface."""
        if holder.surface >= 0:
            add(holder.attributes, name, _target(href))
        else:
            holder.draft.object.relations.append((name, _target(href)))
        self.links.append((holder.draft.object.id, href))

    def _ade_hook(self, holder: Holder, element: Element, _: None) -> None:
        """CityGML 3.0's `adeOf...` properties: what they hold are properties of the object."""
        for data in element:
            self._fill(holder, data)


def _skip(holder: Holder, element: Element, _: None) -> None:
    return None


def _target(href: str) -> str:
    """The id that a local link names, or the link as it is."""
    return href[1:] if href.startswith("#") else href
