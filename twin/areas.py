"""The area that an object covers on the map, as a valid shape."""

from __future__ import annotations

import shapely
import shapely.geometry

from citygml.model import CityObject
from twin.footprints import Flatten, footprint


def area(obj: CityObject, flatten: Flatten) -> shapely.Geometry | None:
    """The polygons of an object's footprint, one or several; None where it has none with an area.

    Footprints of real models cross themselves and have spikes: what is left of these as lines is dropped.
    """
    flat = footprint(obj, flatten)
    if flat is None or flat["type"] not in ("Polygon", "MultiPolygon"):
        return None
    parts = shapely.get_parts(shapely.make_valid(shapely.geometry.shape(flat)))
    whole = shapely.union_all(parts[shapely.get_dimensions(parts) == 2])
    return whole if shapely.area(whole) > 0 else None
