"""The errors of the twin itself.

TwinError
├── CityNotFound     there is no city in that folder
├── CityBusy         another process is writing to it
├── CrsMismatch      a file's coordinate system is not the city's
├── ObjectNotFound   no object of that id (at that time)
└── RasterError      a raster that cannot be used (no CRS, not a raster, wrong CRS)

Each message is one line for the user. Errors of reading files are `citygml.errors`.
"""

from __future__ import annotations


class TwinError(Exception):
    """The city cannot do what was asked; the message is one line for the user."""


class CityNotFound(TwinError):
    pass


class CityBusy(TwinError):
    pass


class CrsMismatch(TwinError):
    pass


class ObjectNotFound(TwinError):
    pass


class RasterError(TwinError):
    pass
