"""The errors of the twin itself.

TwinError
├── CityNotFound     there is no city in that folder
├── CityBusy         another process is writing to it
├── CrsMismatch      a file's coordinate system is not the city's
├── ObjectNotFound   no object of that id (at that time)
├── RasterError      a raster that cannot be used (no CRS, not a raster, wrong CRS)
├── EntityNotFound   no SensorThings entity of that id
├── QueryError       a filter, order or path that means nothing, or a body that lacks something
├── NotSupported     something the standard allows and this service does not do
├── Conflict         the id is taken by something else
├── NotAuthorized    no token, or one that is unknown, expired or revoked
├── Forbidden        a token without the scope
├── TooLarge         a body, filter or expansion beyond the limits
├── TooMany          more requests than the rate limit allows
└── StorageFull      the disk, or what the database may take, is full

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


class EntityNotFound(TwinError):
    pass


class QueryError(TwinError):
    pass


class NotSupported(TwinError):
    pass


class Conflict(TwinError):
    pass


class NotAuthorized(TwinError):
    pass


class Forbidden(TwinError):
    pass


class TooLarge(TwinError):
    pass


class TooMany(TwinError):
    pass


class StorageFull(TwinError):
    pass
