"""Which property of a class a geometry goes into, and which semantic surfaces can be written."""

from __future__ import annotations

from collections.abc import Mapping

from citygml.classes import SURFACE_BY_NAME
from citygml.gml_writer.schema import ClassSchema, Schema
from citygml.model import SOLID_TYPES, SURFACE_TYPES, CityObject, Geometry

_ROLE_FORMS = {
    "FootPrint": "MultiSurface",
    "RoofEdge": "MultiSurface",
    "TerrainIntersection": "MultiCurve",
    "TerrainIntersectionCurve": "MultiCurve",
    "Network": "GeometricComplex",
}


def level(lod: str, schema: Schema) -> int:
    """The whole LoD that this version has for a LoD ("2.2" -> 2, and 3.0 ends at 3)."""
    digit = int(lod[0]) if lod[:1].isdigit() else 0
    return min(digit, schema.highest_lod)


def finest(obj: CityObject, schema: Schema) -> dict[int, str]:
    """Level -> the most refined LoD of the object that is written there."""
    best: dict[int, str] = {}
    for geometry in obj.geometries:
        n = level(geometry.lod, schema)
        best[n] = max(best.get(n, ""), geometry.lod)
    return best


def role_of(obj: CityObject, geometry: Geometry, n: int) -> str:
    """The geometry's role; a LoD0 outline of roof surfaces is what CityGML 2.0 calls the roof edge."""
    if n > 0 or geometry.type not in SURFACE_TYPES or geometry.semantics is None:
        return geometry.role
    types = {obj.surfaces[s].type if s >= 0 else "" for s in geometry.semantics.tolist()}
    return "RoofEdge" if types == {"RoofSurface"} else geometry.role


def property_for(target: ClassSchema, geometry: Geometry, role: str, n: int) -> tuple[str, str] | None:
    """(property, form of the GML in it) for this geometry at its level, None when there is no place."""
    for local, form in _candidates(geometry, role, n):
        found = target.local(local)
        if found:
            return found, form
    found = target.local("geometry")
    return (found, "Geometry") if found else None


def elsewhere(
    target: ClassSchema, geometry: Geometry, role: str, n: int, slots: Mapping[str, list[str]]
) -> tuple[str, str] | None:
    """The same at the nearest level that has a free property."""
    for m in nearest(n):
        for local, form in _candidates(geometry, role, m):
            found = target.local(local)
            if found and not slots.get(found):
                return found, form
    return None


def nearest(n: int) -> list[int]:
    """The levels 0 to 4, nearest first."""
    return sorted(range(5), key=lambda m: (abs(m - n), m))


def _candidates(geometry: Geometry, role: str, n: int) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if role:
        form = _ROLE_FORMS.get(role, _form(geometry))
        found = [(f"lod{n}{name}", form) for name in (role, f"{role}Curve")]
    if geometry.type in SOLID_TYPES:
        found += [
            (f"lod{n}Solid", "Solid"),
            (f"lod{n}MultiSolid", "MultiSolid"),
            (f"lod{n}Geometry", "Geometry"),
            (f"lod{n}MultiSurface", "MultiSurface"),
        ]
    elif geometry.type in SURFACE_TYPES:
        found += [("tin", "TIN"), (f"lod{n}MultiSurface", "MultiSurface"), (f"lod{n}Geometry", "Geometry")]
        if n == 0:
            found.append(("lod0FootPrint", "MultiSurface"))
    elif geometry.type == "MultiCurve":
        lines = "ridgeOrValleyLines" if geometry.role == "ridgeOrValleyLines" else "breaklines"
        found += [(lines, "MultiCurve"), (f"lod{n}MultiCurve", "MultiCurve"), (f"lod{n}Geometry", "Geometry")]
        if n == 0:
            found.append(("lod0Network", "GeometricComplex"))
    else:
        found += [("reliefPoints", "MultiPoint"), (f"lod{n}Geometry", "Geometry")]
        if n == 0 and len(geometry.vertices) == 1:
            found.append(("lod0Point", "Point"))
    return found


def _form(geometry: Geometry) -> str:
    if geometry.role in {"Solid", "MultiSolid", "MultiSurface", "MultiCurve", "MultiPoint"}:
        return geometry.role
    return geometry.type


def surface_classes(obj: CityObject, target: ClassSchema, schema: Schema) -> list[ClassSchema | None]:
    """Per surface of the object its class in this version, or None when it cannot be written.

    A surface of an ADE goes as the class that its name ends with (`test:SolarRoofSurface` as RoofSurface);
    one that this version lacks otherwise becomes a GenericThematicSurface where there is that.
    """
    classes: list[ClassSchema | None] = []
    for surface in obj.surfaces:
        known = schema.surface(target, surface.type) or _by_ending(target, surface.type, schema)
        if known is None and "core:boundary" in target.order:
            known = schema.surface(target, "GenericThematicSurface")
        classes.append(known)
    held: list[ClassSchema | None] = []
    for surface, known in zip(obj.surfaces, classes, strict=True):
        holder = classes[surface.parent] if 0 <= surface.parent < len(classes) else target
        fits = known is not None and holder is not None and holding(known, holder) is not None
        held.append(known if fits else None)
    return held


def _by_ending(target: ClassSchema, name: str, schema: Schema) -> ClassSchema | None:
    endings = [s for s in SURFACE_BY_NAME if ":" in name and name.endswith(s)]
    return schema.surface(target, max(endings, key=len)) if endings else None


def holding(surface: ClassSchema, holder: ClassSchema) -> str | None:
    """The property of `holder` (an object or a surface) that can hold this surface."""
    if surface.held_by in holder.order:
        return surface.held_by
    return "core:boundary" if "core:boundary" in holder.order else None


def surface_property(surface: ClassSchema, n: int) -> str | None:
    """The property of a surface class for polygons of this level."""
    return surface.local(f"lod{n}MultiSurface") or surface.local(f"lod{n}Surface")


def homes(obj: CityObject, geometry: Geometry, n: int, classes: list[ClassSchema | None]) -> list[int]:
    """Per polygon the surface it is written in, -1 for none: its own, else the nearest that holds it.

    Lines and points stay with the object.
    """
    if geometry.semantics is None or geometry.type in {"MultiCurve", "MultiPoint"}:
        return [-1] * geometry.polygon_count
    home: dict[int, int] = {-1: -1}
    for index in range(len(obj.surfaces)):
        at = index
        while at >= 0:
            known = classes[at]
            if known is not None and surface_property(known, n):
                break
            at = obj.surfaces[at].parent
        home[index] = at
    return [home[s] for s in geometry.semantics.tolist()]
