"""Writes CityGML 2.0 and 3.0, streaming: one top-level object with its descendants at a time."""

from citygml.gml_writer.writer import write_citygml

__all__ = ["write_citygml"]
