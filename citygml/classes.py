"""The classes of city objects and semantic surfaces, by our name, and their names in each encoding.

Our name is CityJSON 2.0's where it has one, else CityGML 3.0's. `module` is the CityGML module and
decides the layer. Classes that are not here (those of an ADE) keep the name of their element with the
prefix of their file, `uro:UnderGroundBuilding`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CityClass:
    """name: ours. gml2: local element names in CityGML 1.0 and 2.0. gml3: the one in 3.0 ("" when
    the class is not in that version). cityjson: the CityJSON 2.0 type ("" when it has none)."""

    name: str
    module: str
    gml2: tuple[str, ...]
    gml3: str
    cityjson: str


def _c(name: str, module: str, gml2: str = "=", gml3: str = "=", cityjson: str = "=") -> CityClass:
    def expand(text: str) -> str:
        return name if text == "=" else text

    return CityClass(name, module, tuple(expand(gml2).split()), expand(gml3), expand(cityjson))


CITY_OBJECTS: tuple[CityClass, ...] = (
    _c("Building", "building"),
    _c("BuildingPart", "building"),
    _c("BuildingInstallation", "building", "BuildingInstallation IntBuildingInstallation"),
    _c("BuildingFurniture", "building"),
    _c("BuildingRoom", "building", "Room"),
    _c("BuildingConstructiveElement", "building", ""),
    _c("BuildingStorey", "building", "", "Storey"),
    _c("BuildingUnit", "building", ""),
    _c("Bridge", "bridge"),
    _c("BridgePart", "bridge"),
    _c("BridgeInstallation", "bridge", "BridgeInstallation IntBridgeInstallation"),
    _c("BridgeConstructiveElement", "bridge", "BridgeConstructionElement"),
    _c("BridgeRoom", "bridge"),
    _c("BridgeFurniture", "bridge"),
    _c("Tunnel", "tunnel"),
    _c("TunnelPart", "tunnel"),
    _c("TunnelInstallation", "tunnel", "TunnelInstallation IntTunnelInstallation"),
    _c("TunnelConstructiveElement", "tunnel", ""),
    _c("TunnelHollowSpace", "tunnel", "HollowSpace", "HollowSpace"),
    _c("TunnelFurniture", "tunnel"),
    _c("OtherConstruction", "construction", ""),
    _c("Road", "transportation"),
    _c("Railway", "transportation"),
    _c("Track", "transportation", cityjson=""),
    _c("TransportSquare", "transportation", "Square", "Square"),
    _c("Waterway", "transportation", ""),
    _c("TransportationComplex", "transportation", gml3="", cityjson=""),
    _c("Section", "transportation", "", cityjson=""),
    _c("Intersection", "transportation", "", cityjson=""),
    _c("TrafficSpace", "transportation", "", cityjson=""),
    _c("AuxiliaryTrafficSpace", "transportation", "", cityjson=""),
    _c("ClearanceSpace", "transportation", "", cityjson=""),
    _c("PlantCover", "vegetation"),
    _c("SolitaryVegetationObject", "vegetation"),
    _c("WaterBody", "waterbody"),
    _c("ReliefFeature", "relief", cityjson=""),
    _c("TINRelief", "relief"),
    _c("MassPointRelief", "relief", cityjson=""),
    _c("BreaklineRelief", "relief", cityjson=""),
    _c("RasterRelief", "relief", cityjson=""),
    _c("LandUse", "landuse"),
    _c("CityFurniture", "cityfurniture"),
    _c("GenericCityObject", "generics", gml3=""),
    _c("GenericLogicalSpace", "generics", "", cityjson=""),
    _c("GenericOccupiedSpace", "generics", "", cityjson=""),
    _c("GenericUnoccupiedSpace", "generics", "", cityjson=""),
    _c("CityObjectGroup", "cityobjectgroup"),
    _c("CityObjectRelation", "core", "", cityjson=""),
    _c("Version", "versioning", "", cityjson=""),
    _c("VersionTransition", "versioning", "", cityjson=""),
    _c("Dynamizer", "dynamizer", "", cityjson=""),
)

SURFACES: tuple[CityClass, ...] = (
    _c("WallSurface", "construction"),
    _c("RoofSurface", "construction"),
    _c("GroundSurface", "construction"),
    _c("ClosureSurface", "core"),
    _c("FloorSurface", "construction"),
    _c("InteriorWallSurface", "construction"),
    _c("CeilingSurface", "construction"),
    _c("OuterCeilingSurface", "construction"),
    _c("OuterFloorSurface", "construction"),
    _c("Window", "construction", gml3="WindowSurface"),
    _c("Door", "construction", gml3="DoorSurface"),
    _c("WaterSurface", "waterbody"),
    _c("WaterGroundSurface", "waterbody"),
    _c("WaterClosureSurface", "waterbody", gml3="", cityjson="WaterClosureSurface"),
    _c("TrafficArea", "transportation"),
    _c("AuxiliaryTrafficArea", "transportation"),
    _c("TransportationMarking", "transportation", "", "Marking"),
    _c("TransportationHole", "transportation", "", "HoleSurface"),
    _c("GenericThematicSurface", "generics", "", cityjson=""),
)

MEASURED_HEIGHT = {
    "highReference": "highestRoofEdge",
    "lowReference": "lowestGroundPoint",
    "status": "measured",
}
"""The con:Height of CityGML 3.0 that says what `measuredHeight` of 2.0 and CityJSON (our name) says."""

LAYER_OF_MODULE = {
    "building": "buildings",
    "bridge": "bridges",
    "tunnel": "tunnels",
    "construction": "constructions",
    "transportation": "roads",
    "vegetation": "vegetation",
    "waterbody": "water",
    "relief": "relief",
    "landuse": "landuse",
    "cityfurniture": "furniture",
    "generics": "generics",
    "utility": "utilities",
    "planning": "planning",
    "disaster": "hazards",
    "indoor": "indoor",
}

BY_NAME = {c.name: c for c in CITY_OBJECTS}
SURFACE_BY_NAME = {c.name: c for c in SURFACES}


_LAYER_OF_PREFIX = {"urf": "planning", "utility": "utilities", "indoor": "indoor"}
_LAYER_OF_ENDING = {
    "Pipe": "utilities",
    "Cable": "utilities",
    "Duct": "utilities",
    "Manhole": "utilities",
    "Handhole": "utilities",
    "Building": "buildings",
    "Construction": "constructions",
}
"""Layers of ADE classes by what their names end with (i-UR: `uro:WaterPipe`, `uro:UndergroundBuilding`)."""


def layer_of(class_name: str) -> str:
    """The layer that objects of this class belong to; ADE classes go by their prefix or their name."""
    known = BY_NAME.get(class_name)
    if known is not None:
        return LAYER_OF_MODULE.get(known.module, "other")
    prefix, _, name = class_name.rpartition(":")
    if prefix in _LAYER_OF_PREFIX:
        return _LAYER_OF_PREFIX[prefix]
    if prefix and name in BY_NAME:
        return layer_of(name)
    return next((layer for end, layer in _LAYER_OF_ENDING.items() if prefix and name.endswith(end)), "other")
