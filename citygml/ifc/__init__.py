"""Reads IFC (IFC2X3 and later) through ifcopenshell, which the extra `ifc` installs."""

from citygml.ifc.reader import IfcReader

__all__ = ["IfcReader"]
