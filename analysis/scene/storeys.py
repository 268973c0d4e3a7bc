"""How high a storey of each building is, by what its attributes say of its storeys."""

from __future__ import annotations

import numpy as np

from analysis.scene.outlines import number
from analysis.sun.scene import SunScene
from twin.store import City
from twin.store.codec import decode_attributes

_STOREYS = ("storeysAboveGround",)
_LOW, _HIGH = 2.2, 6.0
"""A storey that would be lower or higher than this means that the attribute is wrong, or counts other things
[m]: Korean law asks for 2.1 m of clear height in a habitable room (Rules on Escape and Fire Protection of
Buildings, art. 16), and halls have no storeys to speak of."""


def storey_heights(city: City, scene: SunScene) -> dict[str, float]:
    """By building, its height over its storeys above the ground [m], where both are known and go together."""
    surfaces = scene.surfaces
    if surfaces is None or not surfaces.buildings:
        return {}
    count = len(surfaces.buildings)
    first = surfaces.rings[surfaces.polygons[:-1]]
    owned = surfaces.building >= 0
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    bottoms = np.minimum.reduceat(surfaces.vertices[:, 2], first)
    tops = np.maximum.reduceat(surfaces.vertices[:, 2], first)
    np.minimum.at(low, surfaces.building[owned], bottoms[owned])
    np.maximum.at(high, surfaces.building[owned], tops[owned])
    found = {}
    for id, tall in zip(surfaces.buildings, (high - low).tolist(), strict=True):
        stored = city.object(id)
        storeys = None if stored is None else number(decode_attributes(stored.attributes_json), _STOREYS)
        if storeys and _LOW <= tall / storeys <= _HIGH:
            found[id] = tall / storeys
    return found
