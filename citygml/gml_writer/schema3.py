"""Properties of each class of CityGML 3.0, in the order in which its schemas want them.

Source: OGC 21-006r2, CityGML 3.0 GML encoding (the XML schemas of the modules). Tokens are read as in
`schema2`.
"""

from __future__ import annotations

from citygml.gml_writer.schema import ClassSchema, Schema, expand

_URI = "http://www.opengis.net/citygml"
NAMESPACES = {
    "core": f"{_URI}/3.0",
    "con": f"{_URI}/construction/3.0",
    "bldg": f"{_URI}/building/3.0",
    "brid": f"{_URI}/bridge/3.0",
    "tun": f"{_URI}/tunnel/3.0",
    "tran": f"{_URI}/transportation/3.0",
    "veg": f"{_URI}/vegetation/3.0",
    "wtr": f"{_URI}/waterbody/3.0",
    "dem": f"{_URI}/relief/3.0",
    "luse": f"{_URI}/landuse/3.0",
    "frn": f"{_URI}/cityfurniture/3.0",
    "gen": f"{_URI}/generics/3.0",
    "grp": f"{_URI}/cityobjectgroup/3.0",
    "app": f"{_URI}/appearance/3.0",
    "gml": "http://www.opengis.net/gml/3.2",
    "xAL": "urn:oasis:names:tc:ciq:xal:3",
    "xlink": "http://www.w3.org/1999/xlink",
}

_OBJECT = (
    "gml:description=text gml:name=texts core:creationDate=datetime core:terminationDate=datetime "
    "core:validFrom=datetime core:validTo=datetime core:externalReference=references3 "
    "core:relativeToTerrain=text core:relativeToWater=text core:relatedTo core:appearance "
    "core:genericAttribute core:dynamizer "
)
_CLASS = "class=code function=codes usage=codes "
_SPACE = (
    _OBJECT + "core:spaceType=text core:volume=structures core:area=structures core:boundary "
    "core:lod0Point core:lod0MultiSurface core:lod0MultiCurve core:lod1Solid core:lod2Solid "
    "core:lod2MultiSurface core:lod2MultiCurve core:lod3Solid core:lod3MultiSurface core:lod3MultiCurve "
)
_PHYSICAL = _SPACE + "core:lod{1-3}TerrainIntersectionCurve "
_OCCUPIED = _PHYSICAL + "core:lod{1-3}ImplicitRepresentation "
_CONSTRUCTION = (
    _OCCUPIED + "con:conditionOfConstruction=text con:dateOfConstruction=date con:dateOfDemolition=date "
    "con:constructionEvent=structures con:elevation=structures con:height=structures "
    "con:occupancy=structures "
)
_ELEMENT = _OCCUPIED + "con:isStructuralElement=bool con:filling "
_INSTALLATION = _OCCUPIED + "con:relationToConstruction=text " + _CLASS
_THEMATIC = _OBJECT + "core:area=structures core:lod0MultiCurve core:lod{0-3}MultiSurface "

_BUILDING = (
    _CONSTRUCTION + _CLASS + "roofType=code storeysAboveGround=count storeysBelowGround=count "
    "storeyHeightsAboveGround=lengths storeyHeightsBelowGround=lengths buildingConstructiveElement "
    "buildingInstallation buildingRoom buildingFurniture buildingSubdivision address "
)
_BRIDGE = (
    _CONSTRUCTION + _CLASS + "isMovable=bool bridgeConstructiveElement bridgeInstallation bridgeRoom "
    "bridgeFurniture address "
)
_TUNNEL = _CONSTRUCTION + _CLASS + "tunnelConstructiveElement tunnelInstallation hollowSpace tunnelFurniture "
_SUBDIVISION = (
    _SPACE + _CLASS + "elevation sortKey=float buildingConstructiveElement buildingFurniture "
    "buildingInstallation buildingRoom "
)
_TRANSPORT = _PHYSICAL + "trafficDirection=text trafficSpace auxiliaryTrafficSpace hole marking "
_ROAD = _TRANSPORT + _CLASS + "section intersection"
_RELIEF = _OBJECT + "lod=lod extent "

_OBJECTS: dict[str, tuple[str, str]] = {
    "Building": ("bldg:Building", _BUILDING + "buildingPart"),
    "BuildingPart": ("bldg:BuildingPart", _BUILDING),
    "BuildingInstallation": ("bldg:BuildingInstallation", _INSTALLATION),
    "BuildingFurniture": ("bldg:BuildingFurniture", _OCCUPIED + _CLASS),
    "BuildingRoom": (
        "bldg:BuildingRoom",
        _PHYSICAL + _CLASS + "roomHeight=structures buildingFurniture buildingInstallation",
    ),
    "BuildingConstructiveElement": ("bldg:BuildingConstructiveElement", _ELEMENT + _CLASS),
    "BuildingStorey": ("bldg:Storey", _SUBDIVISION + "buildingUnit"),
    "BuildingUnit": ("bldg:BuildingUnit", _SUBDIVISION + "storey address"),
    "Bridge": ("brid:Bridge", _BRIDGE + "bridgePart"),
    "BridgePart": ("brid:BridgePart", _BRIDGE),
    "BridgeInstallation": ("brid:BridgeInstallation", _INSTALLATION),
    "BridgeConstructiveElement": ("brid:BridgeConstructiveElement", _ELEMENT + _CLASS),
    "BridgeRoom": ("brid:BridgeRoom", _PHYSICAL + _CLASS + "bridgeFurniture bridgeInstallation"),
    "BridgeFurniture": ("brid:BridgeFurniture", _OCCUPIED + _CLASS),
    "Tunnel": ("tun:Tunnel", _TUNNEL + "tunnelPart"),
    "TunnelPart": ("tun:TunnelPart", _TUNNEL),
    "TunnelInstallation": ("tun:TunnelInstallation", _INSTALLATION),
    "TunnelConstructiveElement": ("tun:TunnelConstructiveElement", _ELEMENT + _CLASS),
    "TunnelHollowSpace": ("tun:HollowSpace", _PHYSICAL + _CLASS + "tunnelFurniture tunnelInstallation"),
    "TunnelFurniture": ("tun:TunnelFurniture", _OCCUPIED + _CLASS),
    "OtherConstruction": ("con:OtherConstruction", _CONSTRUCTION + _CLASS),
    "Road": ("tran:Road", _ROAD),
    "Railway": ("tran:Railway", _ROAD),
    "Track": ("tran:Track", _ROAD),
    "Waterway": ("tran:Waterway", _ROAD),
    "TransportSquare": ("tran:Square", _TRANSPORT + _CLASS),
    "Section": ("tran:Section", _TRANSPORT + "class=code"),
    "Intersection": ("tran:Intersection", _TRANSPORT + "class=code"),
    "TrafficSpace": (
        "tran:TrafficSpace",
        _PHYSICAL + _CLASS + "granularity=text trafficDirection=text predecessor successor clearanceSpace",
    ),
    "AuxiliaryTrafficSpace": ("tran:AuxiliaryTrafficSpace", _PHYSICAL + _CLASS + "granularity=text"),
    "ClearanceSpace": ("tran:ClearanceSpace", _PHYSICAL + "class=codes"),
    "Hole": ("tran:Hole", _PHYSICAL + "class=code"),
    "Window": ("con:Window", _OCCUPIED + _CLASS),
    "Door": ("con:Door", _OCCUPIED + _CLASS + "address"),
    "PlantCover": (
        "veg:PlantCover",
        _OCCUPIED + _CLASS + "averageHeight=length minHeight=length maxHeight=length",
    ),
    "SolitaryVegetationObject": (
        "veg:SolitaryVegetationObject",
        _OCCUPIED + _CLASS + "species=code height=length trunkDiameter=length crownDiameter=length "
        "rootBallDiameter=length maxRootBallDepth=length",
    ),
    "WaterBody": ("wtr:WaterBody", _OCCUPIED + _CLASS),
    "ReliefFeature": ("dem:ReliefFeature", _OBJECT + "lod=lod reliefComponent"),
    "TINRelief": ("dem:TINRelief", _RELIEF + "tin"),
    "MassPointRelief": ("dem:MassPointRelief", _RELIEF + "reliefPoints"),
    "BreaklineRelief": ("dem:BreaklineRelief", _RELIEF + "ridgeOrValleyLines breaklines"),
    "LandUse": ("luse:LandUse", _THEMATIC + _CLASS),
    "CityFurniture": ("frn:CityFurniture", _OCCUPIED + _CLASS),
    "GenericLogicalSpace": ("gen:GenericLogicalSpace", _SPACE + _CLASS),
    "GenericOccupiedSpace": ("gen:GenericOccupiedSpace", _OCCUPIED + _CLASS),
    "GenericUnoccupiedSpace": ("gen:GenericUnoccupiedSpace", _PHYSICAL + _CLASS),
    "CityObjectGroup": ("grp:CityObjectGroup", _SPACE + _CLASS + "groupMember parent"),
}

_WALL = _THEMATIC + "con:fillingSurface"
_SURFACES: dict[str, tuple[str, str, str]] = {
    "con:WallSurface": ("WallSurface", "core:boundary", _WALL),
    "con:RoofSurface": ("RoofSurface", "core:boundary", _WALL),
    "con:GroundSurface": ("GroundSurface", "core:boundary", _WALL),
    "con:FloorSurface": ("FloorSurface", "core:boundary", _WALL),
    "con:InteriorWallSurface": ("InteriorWallSurface", "core:boundary", _WALL),
    "con:CeilingSurface": ("CeilingSurface", "core:boundary", _WALL),
    "con:OuterCeilingSurface": ("OuterCeilingSurface", "core:boundary", _WALL),
    "con:OuterFloorSurface": ("OuterFloorSurface", "core:boundary", _WALL),
    "core:ClosureSurface": ("ClosureSurface", "core:boundary", _THEMATIC),
    "con:WindowSurface": ("Window", "con:fillingSurface", _THEMATIC),
    "con:DoorSurface": ("Door", "con:fillingSurface", _THEMATIC + "address"),
    "wtr:WaterSurface": ("WaterSurface", "core:boundary", _THEMATIC + "waterLevel=code"),
    "wtr:WaterGroundSurface": ("WaterGroundSurface", "core:boundary", _THEMATIC),
    "tran:TrafficArea": ("TrafficArea", "core:boundary", _THEMATIC + _CLASS + "surfaceMaterial=code"),
    "tran:AuxiliaryTrafficArea": (
        "AuxiliaryTrafficArea",
        "core:boundary",
        _THEMATIC + _CLASS + "surfaceMaterial=code",
    ),
    "tran:Marking": ("TransportationMarking", "core:boundary", _THEMATIC + "class=code"),
    "tran:HoleSurface": ("TransportationHole", "core:boundary", _THEMATIC),
    "gen:GenericThematicSurface": ("GenericThematicSurface", "core:boundary", _THEMATIC + _CLASS),
}


def _class(element: str, text: str, held_by: str = "") -> ClassSchema:
    return ClassSchema(element, *expand(element.split(":")[0], text), held_by=held_by)


_RELIEF_COMPONENT = ("dem:reliefComponent",)

SCHEMA = Schema(
    version="3.0",
    namespaces=NAMESPACES,
    objects={name: _class(element, text) for name, (element, text) in _OBJECTS.items()},
    surfaces={("", name): _class(element, text, by) for element, (name, by, text) in _SURFACES.items()},
    surface_names={"WaterClosureSurface": "ClosureSurface"},
    children={
        "BuildingPart": ("bldg:buildingPart",),
        "BuildingInstallation": ("bldg:buildingInstallation",),
        "BuildingFurniture": ("bldg:buildingFurniture",),
        "BuildingRoom": ("bldg:buildingRoom",),
        "BuildingConstructiveElement": ("bldg:buildingConstructiveElement",),
        "BuildingStorey": ("bldg:buildingSubdivision", "bldg:storey"),
        "BuildingUnit": ("bldg:buildingSubdivision", "bldg:buildingUnit"),
        "BridgePart": ("brid:bridgePart",),
        "BridgeInstallation": ("brid:bridgeInstallation",),
        "BridgeConstructiveElement": ("brid:bridgeConstructiveElement",),
        "BridgeRoom": ("brid:bridgeRoom",),
        "BridgeFurniture": ("brid:bridgeFurniture",),
        "TunnelPart": ("tun:tunnelPart",),
        "TunnelInstallation": ("tun:tunnelInstallation",),
        "TunnelConstructiveElement": ("tun:tunnelConstructiveElement",),
        "TunnelHollowSpace": ("tun:hollowSpace",),
        "TunnelFurniture": ("tun:tunnelFurniture",),
        "Section": ("tran:section",),
        "Intersection": ("tran:intersection",),
        "TrafficSpace": ("tran:trafficSpace",),
        "AuxiliaryTrafficSpace": ("tran:auxiliaryTrafficSpace",),
        "ClearanceSpace": ("tran:clearanceSpace",),
        "Hole": ("tran:hole",),
        "Window": ("con:filling",),
        "Door": ("con:filling",),
        "TINRelief": _RELIEF_COMPONENT,
        "MassPointRelief": _RELIEF_COMPONENT,
        "BreaklineRelief": _RELIEF_COMPONENT,
    },
    fallback="GenericOccupiedSpace",
    highest_lod=3,
    aliases={"GenericCityObject": "GenericOccupiedSpace"},
)
