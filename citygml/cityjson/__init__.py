"""CityJSON 0.6 to 2.0 and CityJSONSeq in; CityJSON 1.1, 2.0 and CityJSONSeq out."""

from citygml.cityjson.reader import open_cityjson
from citygml.cityjson.writer import write_cityjson, write_cityjsonseq

__all__ = ["open_cityjson", "write_cityjson", "write_cityjsonseq"]
