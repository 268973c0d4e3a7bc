"""Attributes of IFC objects: direct ones, property sets and quantities with their units."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from citygml.model import Attributes, Measure, Value

_DIRECT: Final = {
    "Name": "name",
    "Description": "description",
    "LongName": "longName",
    "ObjectType": "objectType",
    "Tag": "tag",
    "PredefinedType": "predefinedType",
}
_LENGTHS: Final = {"Elevation": "elevation", "OverallHeight": "height", "OverallWidth": "width"}
_QUANTITIES: Final = ("LengthValue", "AreaValue", "VolumeValue", "CountValue", "WeightValue", "TimeValue")

_SYMBOLS: Final = {
    "KELVIN": "K",
    "DEGREE_CELSIUS": "degC",
    "RADIAN": "rad",
    "DEGREE": "deg",
    "STERADIAN": "sr",
}


def library(name: str) -> Any:
    """A module of ifcopenshell, which is loaded on first use only."""
    return import_module(f"ifcopenshell.{name}")


def attributes(entity: Any, length_unit: str) -> Attributes:
    """Direct attributes, then one nested mapping per property set; its type's sets come first."""
    values: Attributes = {"ifcClass": entity.is_a()}
    for name, ours in _DIRECT.items():
        value = getattr(entity, name, None)
        if value not in (None, "", "NOTDEFINED"):
            values[ours] = value
    for name, ours in _LENGTHS.items():
        value = getattr(entity, name, None)
        if isinstance(value, float):
            values[ours] = Measure(value, length_unit)
    for definition in _definitions(entity):
        members = _members(definition)
        if members:
            known = values.setdefault(definition.Name or definition.is_a(), {})
            if isinstance(known, dict):
                known.update(members)
    return values


def _definitions(entity: Any) -> list[Any]:
    """Property sets and quantities of the object's type and of the object itself."""
    element = library("util.element")

    kind = element.get_type(entity)
    found = list(getattr(kind, "HasPropertySets", None) or ()) if kind is not None else []
    for relation in getattr(entity, "IsDefinedBy", None) or ():
        if relation.is_a("IfcRelDefinesByProperties"):
            definition = relation.RelatingPropertyDefinition
            found += [definition] if hasattr(definition, "is_a") else list(definition)
    return found


def _members(definition: Any) -> dict[str, Value]:
    items = getattr(definition, "HasProperties", None) or getattr(definition, "Quantities", None) or ()
    values: dict[str, Value] = {}
    for item in items:
        value = _value(item)
        if value is not None:
            values[item.Name] = value
    return values


def _value(item: Any) -> Value:
    """The value of a property or quantity; kinds that carry none of their own are left out."""
    if item.is_a("IfcPropertySingleValue"):
        return _measured(item, _wrapped(item.NominalValue))
    if item.is_a("IfcPropertyEnumeratedValue"):
        return _several(item, item.EnumerationValues)
    if item.is_a("IfcPropertyListValue"):
        return _several(item, item.ListValues)
    if item.is_a("IfcPropertyBoundedValue"):
        bounds = {
            "lower": _measured(item, _wrapped(item.LowerBoundValue)),
            "upper": _measured(item, _wrapped(item.UpperBoundValue)),
        }
        return {name: value for name, value in bounds.items() if value is not None} or None
    if item.is_a("IfcComplexProperty"):
        return _members(item) or None
    for name in _QUANTITIES:
        value = getattr(item, name, None)
        if value is not None:
            return _measured(item, value)
    return None


def _several(item: Any, values: Any) -> Value:
    found = [_measured(item, _wrapped(v)) for v in values or ()]
    return found[0] if len(found) == 1 else found or None


def _wrapped(value: Any) -> Any:
    return None if value is None else value.wrappedValue


def _measured(item: Any, value: Any) -> Value:
    """A number with the unit that the property or the project gives it; other values as they are."""
    if isinstance(value, str | bool) or value is None:
        return value or (value if isinstance(value, bool) else None)
    if isinstance(value, int | float):
        unit = unit_symbol(item)
        return Measure(float(value), unit) if unit else value
    return str(value)


def unit_symbol(item: Any) -> str:
    """`mm`, `m2`, `kg/K.s3` ..., or "" for what has no unit."""
    found = library("util.unit").get_property_unit(item, item.file)
    return symbol(found) if found is not None else ""


def symbol(unit: Any) -> str:
    """The symbol of an IFC unit; one without a symbol goes by its name."""
    if unit.is_a("IfcDerivedUnit"):
        above = [_power(e.Unit, e.Exponent) for e in unit.Elements if e.Exponent > 0]
        below = [_power(e.Unit, -e.Exponent) for e in unit.Elements if e.Exponent < 0]
        return "/".join(part for part in (".".join(above) or "1", ".".join(below)) if part)
    found = str(library("util.unit").get_unit_symbol(unit))
    return found if "?" not in found else _SYMBOLS.get(unit.Name, str(unit.Name).lower())


def _power(unit: Any, exponent: int) -> str:
    return symbol(unit) + (str(exponent) if exponent > 1 else "")
