"""City objects as XML: an object with its surfaces, geometry, attributes and children."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from citygml.findings import Finding, Severity
from citygml.gml_writer import appearance, attributes, geometry, placing
from citygml.gml_writer.address import address
from citygml.gml_writer.attributes import Slots
from citygml.gml_writer.files import Files
from citygml.gml_writer.geometry import Writing
from citygml.gml_writer.schema import ClassSchema, Schema
from citygml.gml_writer.text import attribute, content, element, gml_id, is_ncname, xlink
from citygml.model import SURFACE_TYPES, Attributes, CityObject, ImplicitGeometry, Measure, Template

_INTERIOR_PARENTS = {"BuildingRoom", "BridgeRoom", "TunnelHollowSpace"}
_YEARS = {"yearOfConstruction": "dateOfConstruction", "yearOfDemolition": "dateOfDemolition"}
_MEASURED: Attributes = {
    "highReference": "highestRoofEdge",
    "lowReference": "lowestGroundPoint",
    "status": "measured",
}
"""How CityGML 3.0 says what `measuredHeight` of 2.0 means."""
_RELIEF = {"TINRelief", "MassPointRelief", "BreaklineRelief", "ReliefFeature"}


@dataclass(slots=True)
class Node:
    """An object with the nodes of its children."""

    object: CityObject
    children: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Context:
    """What holds for the whole file."""

    schema: Schema
    files: Files
    swap_axes: bool
    templates: Mapping[str, Template]
    inlined: dict[str, str] = field(default_factory=dict)
    strict_ids: bool = True
    findings: list[Finding] = field(default_factory=list)

    def find(self, code: str, message: str, object_id: str, severity: Severity = "warning") -> None:
        self.findings.append(Finding(code, message, object_id, severity=severity))


def members(context: Context, root: Node) -> list[str]:
    """The top-level elements of one tree: its root, and descendants that their parents cannot hold."""
    text, homeless = _object(context, root, None)
    texts = [text]
    while homeless:
        node = homeless.pop(0)
        text, more = _object(context, node, None)
        texts.append(text)
        homeless.extend(more)
    return texts


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
    _geometries(context, obj, target, slots, rest)
    _relations(context, obj, target, slots, rest)
    generic_property = "core:genericAttribute" if schema.version == "3.0" else "gen:attribute"
    slots.setdefault(generic_property, []).extend(attributes.generic(schema, rest))
    return _assemble(target, obj.id, slots), homeless


def _assemble(target: ClassSchema, id: str | None, slots: Slots) -> str:
    ordered = sorted((name for name, texts in slots.items() if texts), key=target.order.__getitem__)
    inner = "\n".join(text for name in ordered for text in slots[name])
    named = attribute("gml:id", gml_id(id)) if id else ""
    return f"<{target.element}{named}>\n{inner}\n</{target.element}>"


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
            named["height"] = {**_MEASURED, "value": measure}
    elif "measuredHeight" in target.attributes and "measuredHeight" not in named:
        record = named.get("height")
        if isinstance(record, dict) and {k: v for k, v in record.items() if k != "value"} == _MEASURED:
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


def _geometries(
    context: Context, obj: CityObject, target: ClassSchema, slots: Slots, rest: Attributes
) -> None:
    """Fill in geometry, semantic surfaces, implicit geometry and appearances."""
    schema = context.schema
    name = gml_id(obj.id)
    classes = placing.surface_classes(obj, target, schema)
    finest = placing.finest(obj, schema)
    targets: appearance.Targets = {}
    held: dict[tuple[int, int], list[tuple[Writing, int]]] = {}
    boundaries: list[str] = []
    used_ids: set[str] = set()
    for number, g in enumerate(obj.geometries):
        n = placing.level(g.lod, schema)
        if g.lod != finest[n]:
            context.find("lod-not-written", f"LoD {g.lod} gives way to LoD {finest[n]}", obj.id)
            continue
        w = Writing.of(g, context.swap_axes)
        prefix = f"{name}.g{number}"
        _take_ids(w, used_ids)
        appearance.identify(w, prefix)
        for p, home in enumerate(placing.homes(obj, g, n, classes)):
            if home >= 0:
                w.linked[p] = True
                w.ids[p] = w.ids[p] or f"{prefix}.p{p}"
                held.setdefault((home, n), []).append((w, p))
        if _own_geometry(context, obj, target, w, n, slots, boundaries):
            appearance.collect(w, schema.version, targets)
    _surfaces(context, obj, target, classes, held, slots)
    if boundaries:
        slots.setdefault("core:boundary", []).extend(boundaries)
    for implicit in obj.implicit:
        _implicit(context, obj, target, implicit, slots, targets)
    app = "core:appearance" if schema.version == "3.0" else "app:appearance"
    slots[app] = appearance.appearances(targets, obj.textures, obj.materials, schema.version, context.files)


def _take_ids(w: Writing, used: set[str]) -> None:
    """Keep the polygons' own ids where they are known and each stands once."""
    for p, id in enumerate(w.geometry.polygon_ids or []):
        if id and gml_id(id) not in used:
            w.ids[p] = gml_id(id)
            used.add(w.ids[p])


def _own_geometry(
    context: Context,
    obj: CityObject,
    target: ClassSchema,
    w: Writing,
    n: int,
    slots: Slots,
    boundaries: list[str],
) -> bool:
    """Write what the object itself holds; False when nothing of it stands where an appearance can point."""
    g = w.geometry
    if g.solids is None and w.linked and all(w.linked):
        return True
    role = placing.role_of(obj, g, n)
    place = placing.property_for(target, g, role, n)
    if place is None or role == "RoofEdge":
        boundary = _boundary(context, target, w, n)
        if boundary:
            boundaries.append(boundary)
            return True
    if place is None or slots.get(place[0]):
        place = placing.elsewhere(target, g, role, n, slots)
        what = f"{g.role or g.type} of LoD {g.lod}"
        if place is None:
            message = f"{target.element} has no place for a {what} any more"
            context.find("geometry-not-written", message, obj.id)
            return any(w.linked)
        context.find("lod-changed", f"{target.element} holds its {what} as {place[0]}", obj.id)
    property_, form = place
    if form == "TIN":
        if not geometry.is_triangulated(g):
            context.find("geometry-not-written", f"{target.element} holds triangles only", obj.id)
            return False
        if g.textures or g.materials:
            context.find("appearance-not-written", "the triangles of a TIN are written without it", obj.id)
    slots[property_] = [element(property_, geometry.whole(w, context.schema.version, form))]
    return form != "TIN"


def _boundary(context: Context, target: ClassSchema, w: Writing, n: int) -> str:
    """Surfaces that a space of 3.0 holds in no property of its own (the roof edge, LoD1 surfaces) as a
    boundary, "" where the class has none."""
    g = w.geometry
    name = "RoofSurface" if g.role == "RoofEdge" else "GenericThematicSurface"
    surface = context.schema.surface(target, name)
    if surface is None or "core:boundary" not in target.order or g.type not in SURFACE_TYPES:
        return ""
    property_ = placing.surface_property(surface, n) or ""
    text = element(property_, geometry.whole(w, context.schema.version, "MultiSurface"))
    return element("core:boundary", element(surface.element, text))


def _surfaces(
    context: Context,
    obj: CityObject,
    target: ClassSchema,
    classes: list[ClassSchema | None],
    held: dict[tuple[int, int], list[tuple[Writing, int]]],
    slots: Slots,
) -> None:
    schema = context.schema
    texts: dict[int, list[tuple[str, str]]] = {}
    for index in sorted(range(len(obj.surfaces)), key=lambda i: _depth(obj, i), reverse=True):
        surface, known = obj.surfaces[index], classes[index]
        holder = classes[surface.parent] if surface.parent >= 0 else target
        if known is None or holder is None:
            context.find(
                "surface-not-in-version", f"{surface.type} cannot be written in {target.element}", obj.id
            )
            continue
        values = dict(surface.attributes)
        if schema.surface(target, surface.type) is None:
            values.setdefault("class", surface.type)
        own, rest = attributes.split(known, values)
        for (at, n), polygons in sorted((k, v) for k, v in held.items() if k[0] == index):
            property_ = placing.surface_property(known, n)
            assert property_ is not None and at == index
            single = property_.endswith("Surface") and not property_.endswith("MultiSurface")
            if single and len(polygons) == 1:
                text = geometry.polygon(*polygons[0])
            else:
                text = geometry.multi_surface(
                    polygons, "gml:CompositeSurface" if single else "gml:MultiSurface"
                )
            own.setdefault(property_, []).append(element(property_, text))
        generic_property = "core:genericAttribute" if schema.version == "3.0" else "gen:attribute"
        own.setdefault(generic_property, []).extend(attributes.generic(schema, rest))
        for property_, text in texts.get(index, []):
            own.setdefault(property_, []).append(text)
        property_ = placing.holding(known, holder) or ""
        texts.setdefault(surface.parent, []).append(
            (property_, element(property_, _assemble(known, surface.id, own)))
        )
    for property_, text in texts.get(-1, []):
        slots.setdefault(property_, []).append(text)


def _depth(obj: CityObject, index: int) -> int:
    depth = 0
    while obj.surfaces[index].parent >= 0:
        index = obj.surfaces[index].parent
        depth += 1
    return depth


def _implicit(
    context: Context,
    obj: CityObject,
    target: ClassSchema,
    implicit: ImplicitGeometry,
    slots: Slots,
    targets: appearance.Targets,
) -> None:
    n = placing.level(implicit.lod, context.schema)
    found = (target.local(f"lod{m}ImplicitRepresentation") for m in placing.nearest(n))
    property_ = next((p for p in found if p and not slots.get(p)), None)
    template = context.templates.get(implicit.template)
    if property_ is None or template is None:
        reason = "has no implicit representation" if template else f"template {implicit.template} is unknown"
        context.find("geometry-not-written", f"{target.element}: {reason}", obj.id)
        return
    matrix = " ".join(repr(v) for v in implicit.matrix.ravel().tolist())
    x, y, z = implicit.anchor.tolist()
    anchor = f"{y!r} {x!r} {z!r}" if context.swap_axes else f"{x!r} {y!r} {z!r}"
    parts = {
        "transformationMatrix": element("core:transformationMatrix", matrix),
        "referencePoint": element(
            "core:referencePoint", f'<gml:Point><gml:pos srsDimension="3">{anchor}</gml:pos></gml:Point>'
        ),
    }
    if template.uri:
        uri = context.files.reference(template.uri, template.path)
        parts["libraryObject"] = element("core:libraryObject", content(uri))
        if template.mime:
            parts["mimeType"] = element("core:mimeType", content(template.mime))
    if template.geometries:
        name = "relativeGeometry" if context.schema.version == "3.0" else "relativeGMLGeometry"
        parts[name] = _template(context, f"core:{name}", template)
    order = (
        ("transformationMatrix", "mimeType", "libraryObject", "referencePoint", "relativeGeometry")
        if context.schema.version == "3.0"
        else ("mimeType", "transformationMatrix", "libraryObject", "relativeGMLGeometry", "referencePoint")
    )
    text = "".join(parts[key] for key in order if key in parts)
    slots[property_] = [element(property_, element("core:ImplicitGeometry", text))]


def _template(context: Context, property_: str, template: Template) -> str:
    """The library geometry, in full the first time and by reference afterwards."""
    known = context.inlined.get(template.id)
    if known is not None:
        return xlink(property_, known)
    if len(template.geometries) > 1:
        context.find("geometry-not-written", "only the first geometry of a template is written", template.id)
    w = Writing.of(template.geometries[0], swap_axes=False)
    name = gml_id(template.id)
    context.inlined[template.id] = name
    text = geometry.whole(w, context.schema.version, "Geometry")
    tag, _, tail = text.partition(">")
    return element(property_, f"{tag}{attribute('gml:id', name)}>{tail}")


def _relations(
    context: Context, obj: CityObject, target: ClassSchema, slots: Slots, rest: Attributes
) -> None:
    """Addresses, group members and relations; as attributes where the class has no property for them."""
    schema = context.schema
    property_ = target.local("address")
    if property_:
        slots[property_] = [address(property_, values, schema.version) for values in obj.addresses]
    elif obj.addresses:
        rest["address"] = list(obj.addresses)
    if obj.members:
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
