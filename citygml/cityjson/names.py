"""Names of versions, classes and semantic surfaces: any CityJSON ↔ ours.

Older names (`Room`, `IntBuildingInstallation`, `BridgeConstructionElement`) become those of 2.0. An
extension type `+Name` stays as it is unless `Name` is one of our classes (`+Track` → `Track`). A class of
an ADE, `uro:UnderGroundBuilding`, is written `+UnderGroundBuilding:uro`, since the schema wants a capital
after the plus sign, and read back.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from citygml.classes import BY_NAME, CITY_OBJECTS, SURFACE_BY_NAME, SURFACES, CityClass

VERSIONS = frozenset({"0.6", "0.8", "0.9", "1.0", "1.1", "2.0"})


def _older(classes: tuple[CityClass, ...]) -> dict[str, str]:
    names = {alias: c.name for c in classes for alias in (*c.gml2, c.gml3) if alias}
    return names | {c.name: c.name for c in classes}


_OBJECT_NAMES = _older(CITY_OBJECTS)
_SURFACE_NAMES = _older(SURFACES)


# A part of a building, bridge or tunnel must name its parents (cityobjects.schema.json, 2.0.2).
_PARTS = frozenset(
    c.cityjson
    for c in CITY_OBJECTS
    if c.module in {"building", "bridge", "tunnel"} and c.name.lower() != c.module
)


def needs_parents(cityjson_type: str) -> bool:
    """Whether the schema demands the member `parents` of this type."""
    return cityjson_type in _PARTS


def version_of(value: object) -> str | None:
    """`2.0` for "2.0", "2.0.1" or the number 2.0; None when it is no version."""
    parts = str(value).split(".") if isinstance(value, str | int | float) else []
    if not 1 <= len(parts) <= 3 or not all(p.isdigit() for p in parts):
        return None
    return f"{parts[0]}.{parts[1] if len(parts) > 1 else 0}"


def _ours(name: str, known: Mapping[str, str]) -> tuple[str, bool]:
    bare = name.removeprefix("+")
    if bare in known:
        return known[bare], True
    local, colon, prefix = bare.partition(":")
    if colon and name.startswith("+"):
        return f"{prefix}:{local}", True
    return f"+{bare}", name.startswith("+")


@lru_cache(maxsize=1024)
def class_name(cityjson_type: str) -> tuple[str, bool]:
    """Our class of a CityJSON type, and whether the type is one that CityJSON allows."""
    return _ours(cityjson_type, _OBJECT_NAMES)


@lru_cache(maxsize=1024)
def surface_name(cityjson_type: str) -> str:
    """Our class of a semantic surface."""
    return _ours(cityjson_type, _SURFACE_NAMES)[0]


def _theirs(name: str, known: Mapping[str, CityClass]) -> str:
    found = known.get(name)
    if found is not None and found.cityjson:
        return found.cityjson
    prefix, colon, local = name.partition(":")
    return f"+{local}:{prefix}" if colon else f"+{name.removeprefix('+')}"


def cityjson_type(class_name: str, version: str) -> str:
    """The CityJSON type of one of our classes; `+Name` when that version has none."""
    if class_name == "GenericCityObject" and version == "1.1":
        return "+GenericCityObject"
    return _theirs(class_name, BY_NAME)


def cityjson_surface(surface_class: str) -> str:
    """The CityJSON type of a semantic surface."""
    return _theirs(surface_class, SURFACE_BY_NAME)
