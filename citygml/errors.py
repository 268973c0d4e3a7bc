"""The errors of reading and writing city models.

CityModelError
├── NotACityModel        the file is not what its name says (not XML, wrong root, truncated ...)
├── UnsafeInput          XML bombs, external entities, paths that leave the archive
├── UnknownCrs           no CRS, or one that PROJ does not know
├── BadCoordinates       NaN, missing or miscounted coordinates outside any single object
└── UnsupportedFormat    no reader for it, or the extra that it needs is not installed

Each message is one line that names the file (or object) and says what to do. A defect inside one
object is not an error but a `citygml.findings.Finding`.
"""

from __future__ import annotations


class CityModelError(Exception):
    """A city model cannot be read or written; the message is one line for the user."""


class NotACityModel(CityModelError):
    pass


class UnsafeInput(CityModelError):
    pass


class UnknownCrs(CityModelError):
    pass


class BadCoordinates(CityModelError):
    pass


class UnsupportedFormat(CityModelError):
    pass
