"""Coordinate systems: names, axis order, vertical datums, and the way to the globe.

The only caller of pyproj. `parse` reads any srsName, `resolve` settles the axis order against real
coordinates, `choose_heights` says how heights become ellipsoidal, `Georeference` does it. pyproj is
imported on first use.
"""

from citygml.crs.georeference import (
    Georeference,
    LocalFrame,
    ecef_to_geographic,
    frame_matrix,
    geographic_to_ecef,
)
from citygml.crs.heights import Heights, choose_heights
from citygml.crs.names import LOCAL, Crs, parse, plausible, resolve, resolve_axis_order

__all__ = [
    "LOCAL",
    "Crs",
    "Georeference",
    "Heights",
    "LocalFrame",
    "choose_heights",
    "ecef_to_geographic",
    "frame_matrix",
    "geographic_to_ecef",
    "parse",
    "plausible",
    "resolve",
    "resolve_axis_order",
]
