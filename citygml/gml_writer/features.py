"""City objects as XML: the tree of objects, their attributes, addresses and relations."""

from __future__ import annotations

from datetime import date

from citygml.classes import MEASURED_HEIGHT
from citygml.gml_writer import attributes
from citygml.gml_writer.address import address
from citygml.gml_writer.attributes import Slots
from citygml.gml_writer.body import add_body, add_templates
from citygml.gml_writer.context import Context, Node, assemble
from citygml.gml_writer.schema import ClassSchema, Schema
from citygml.gml_writer.text import attribute, content, element, gml_id, is_ncname
from citygml.model import Attributes, CityObject, Measure

_INTERIOR_PARENTS = {"BuildingRoom", "BridgeRoom", "TunnelHollowSpace"}
_YEARS = {"yearOfConstruction": "dateOfConstruction", "yearOfDemolition": "dateOfDemolition"}
_RELIEF = {"TINRelief", "MassPointRelief", "BreaklineRelief", "ReliefFeature"}


def members(context: Context, root: Node) -> list[str]:
    """The top-level elements of one tree: its root, and descendants that their parents cannot hold."""
    text, homeless = _object(context, root, None)
    texts = [text]
    while homeless:
        node = homeless.pop(0)
        text, more = _object(context, node, None)
        texts.append(text)
        homeless.extend(more)
    return [add_templates(context, text) for text in texts]


def _class_name(context: Context, obj: CityObject, parent: CityObject | None) -> str:
    name = context.schema.aliases.get(obj.type, obj.type)
    inside = obj.attributes.get("relationToConstruction") == "inside"
    if parent is not None and (inside or parent.type in _INTERIOR_PARENTS):
        name = f"Int{name}" if f"Int{name}" in context.schema.objects else name
    return name if name in context.schema.objects else context.schema.fallback


def _object(context: Context, node: Node, parent: CityObject | None) -> tuple[str, list[Node]]:
    """The element of an object, and the nodes below it that have no place in it."""
    obj, schema = node.object, context.schema
    target = schema.objects[_class_name(context, obj, parent)]
    values = dict(obj.attributes)
    if schema.aliases.get(obj.type, obj.type) not in schema.objects:
        if "class" in values:
            values["objectClass"] = values.pop("class")
        values["class"] = obj.type
        context.find(
            "class-not-in-version", f"{obj.type} is written as {target.element}", obj.id, severity="info"
        )
    if obj.parent is not None and parent is None:
        values["parent"] = obj.parent
    if obj.type in _RELIEF:
        values.setdefault("lod", _relief_lod(node))
    if context.strict_ids and not is_ncname(obj.id):
        context.strict_ids = False
        context.find(
            "id-not-ncname", "ids like this are kept, though XML Schema wants a letter first", obj.id
        )
    slots, rest = attributes.split(target, _renamed(values, target))
    homeless = _children(context, node, target, slots)
    add_body(context, obj, target, slots)
    _relations(context, obj, target, slots, rest)
    generic_property = "core:genericAttribute" if schema.version == "3.0" else "gen:attribute"
    slots.setdefault(generic_property, []).extend(attributes.generic(schema, rest))
    return assemble(target, obj.id, slots), homeless


def _renamed(values: Attributes, target: ClassSchema) -> Attributes:
    """Height and years under the names that this version has for them (3.0 has dates and height records)."""
    named = dict(values)
    if "con:height" in target.order:
        for old, new in _YEARS.items():
            year = named.get(old)
            if isinstance(year, int) and new not in named:
                named[new] = date(year, 1, 1)
                del named[old]
        height = named.get("measuredHeight")
        if isinstance(height, Measure | float | int) and "height" not in named:
            del named["measuredHeight"]
            measure = height if isinstance(height, Measure) else Measure(height, "m")
            named["height"] = {**MEASURED_HEIGHT, "value": measure}
    elif "measuredHeight" in target.attributes and "measuredHeight" not in named:
        record = named.get("height")
        if isinstance(record, dict) and {k: v for k, v in record.items() if k != "value"} == MEASURED_HEIGHT:
            del named["height"]
            named["measuredHeight"] = record.get("value")
    return named


def _relief_lod(node: Node) -> int:
    lods = [g.lod for n in [node, *node.children] for g in n.object.geometries]
    return int(max(lods)[0]) if lods and max(lods)[:1].isdigit() else 1


def _children(context: Context, node: Node, target: ClassSchema, slots: Slots) -> list[Node]:
    homeless: list[Node] = []
    waiting = list(node.children)
    while waiting:
        child = waiting.pop(0)
        name = _class_name(context, child.object, node.object)
        property_ = next((p for p in context.schema.children.get(name, ()) if p in target.order), None)
        if property_ is None:
            homeless.append(child)
            continue
        text, below = _object(context, child, node.object)
        slots.setdefault(property_, []).append(element(property_, text))
        waiting.extend(below)
    return homeless


def _relations(
    context: Context, obj: CityObject, target: ClassSchema, slots: Slots, rest: Attributes
) -> None:
    """Addresses, group members and relations; as attributes where the class has no property for them."""
    schema = context.schema
    property_ = target.local("address")
    if property_:
        slots[property_] = [
            address(property_, values, schema.version, context.swap_axes) for values in obj.addresses
        ]
    elif obj.addresses:
        rest["address"] = list(obj.addresses)
    if obj.members and "grp:groupMember" not in target.order:
        rest["members"] = [{"id": id, **({"role": role} if role else {})} for id, role in obj.members]
    elif obj.members:
        slots["grp:groupMember"] = [_member(schema, id, role) for id, role in obj.members]
    if not obj.relations:
        return
    if "core:relatedTo" in target.order:
        slots["core:relatedTo"] = [_related(kind, id) for kind, id in obj.relations]
    else:
        rest["relatedTo"] = [{"relationType": kind, "target": id} for kind, id in obj.relations]


def _member(schema: Schema, id: str, role: str | None) -> str:
    link = attribute("xlink:href", "#" + gml_id(id))
    if schema.version == "3.0":
        inner = element("grp:role", content(role)) if role else ""
        return element("grp:groupMember", element("grp:Role", f"{inner}<grp:groupMember{link}/>"))
    named = attribute("role", role) if role else ""
    return f"<grp:groupMember{named}{link}/>"


def _related(kind: str, id: str) -> str:
    external = ":" in id or "/" in id
    target = attribute("xlink:href", id if external else "#" + gml_id(id))
    inner = element("core:relationType", content(kind)) + f"<core:relatedTo{target}/>"
    return element("core:relatedTo", element("core:CityObjectRelation", inner))
