"""What an object is made of: its geometries, semantic surfaces, library geometry and appearances."""

from __future__ import annotations

import re

from citygml.gml_writer import appearance, attributes, geometry, placing
from citygml.gml_writer.attributes import Slots
from citygml.gml_writer.context import Context, assemble
from citygml.gml_writer.geometry import Writing
from citygml.gml_writer.schema import ClassSchema
from citygml.gml_writer.text import attribute, content, element, gml_id, xlink
from citygml.model import SURFACE_TYPES, CityObject, ImplicitGeometry, Template


def add_body(context: Context, obj: CityObject, target: ClassSchema, slots: Slots) -> None:
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
        _implicit(context, obj, target, implicit, slots)
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
    if place is None or (slots.get(place[0]) and not place[0].lower().endswith("geometry")):
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
    text = geometry.whole(w, context.schema.version, form)
    slots[property_] = [_with(property_, slots.get(property_, []), text)]
    return form != "TIN"


def _with(property_: str, old: list[str], text: str) -> str:
    """The property with one geometry more: several make a gml:MultiGeometry."""
    if not old:
        return element(property_, text)
    inner = old[0].removeprefix(f"<{property_}>").removesuffix(f"</{property_}>")
    several = inner.removeprefix("<gml:MultiGeometry>").removesuffix("</gml:MultiGeometry>")
    if several == inner:
        several = element("gml:geometryMember", inner)
    return element(property_, element("gml:MultiGeometry", several + element("gml:geometryMember", text)))


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
            (property_, element(property_, assemble(known, surface.id, own)))
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
        parts[name] = f"\0{implicit.template}\0"
    order = (
        ("transformationMatrix", "mimeType", "libraryObject", "referencePoint", "relativeGeometry")
        if context.schema.version == "3.0"
        else ("mimeType", "transformationMatrix", "libraryObject", "relativeGMLGeometry", "referencePoint")
    )
    text = "".join(parts[key] for key in order if key in parts)
    slots[property_] = [element(property_, element("core:ImplicitGeometry", text))]


_HELD_OPEN = re.compile("\0([^\0]*)\0")


def add_templates(context: Context, text: str) -> str:
    """Fill the places that library geometry holds open: in full at the first of the file, by reference
    afterwards. Only the finished text of a top-level object tells which place is the first."""
    return _HELD_OPEN.sub(lambda m: _template(context, context.templates[m[1]]), text)


def _template(context: Context, template: Template) -> str:
    property_ = "core:relativeGeometry" if context.schema.version == "3.0" else "core:relativeGMLGeometry"
    known = context.inlined.get(template.id)
    if known is not None:
        return xlink(property_, known)
    if len(template.geometries) > 1:
        context.find("geometry-not-written", "only the first geometry of a template is written", template.id)
    w = Writing.of(template.geometries[0], swap_axes=False)
    name = gml_id(template.id)
    context.inlined[template.id] = name
    appearance.identify(w, name)
    targets: appearance.Targets = {}
    appearance.collect(w, context.schema.version, targets)
    context.appearances += appearance.appearances(
        targets, template.textures, template.materials, context.schema.version, context.files, "Member"
    )
    text = geometry.whole(w, context.schema.version, "Geometry")
    tag, _, tail = text.partition(">")
    return element(property_, f"{tag}{attribute('gml:id', name)}>{tail}")
