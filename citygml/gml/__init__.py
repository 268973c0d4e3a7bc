"""The streaming reader of CityGML 1.0, 2.0 and 3.0."""

from citygml.gml.reader import GmlReader

__all__ = ["GmlReader"]
