"""Properties of each class of CityGML 2.0, in the order in which its schemas want them.

Source: OGC 12-019, CityGML 2.0, Annex A (the XML schemas of the modules). A token is a property, with
`=kind` when it holds a plain attribute (`citygml.gml_writer.attributes.KINDS`) and `{a-b}` for its LoDs.
"""

from __future__ import annotations

from citygml.gml_writer.schema import ClassSchema, Schema, expand

NAMESPACES = {
    "core": "http://www.opengis.net/citygml/2.0",
    "bldg": "http://www.opengis.net/citygml/building/2.0",
    "brid": "http://www.opengis.net/citygml/bridge/2.0",
    "tun": "http://www.opengis.net/citygml/tunnel/2.0",
    "tran": "http://www.opengis.net/citygml/transportation/2.0",
    "veg": "http://www.opengis.net/citygml/vegetation/2.0",
    "wtr": "http://www.opengis.net/citygml/waterbody/2.0",
    "dem": "http://www.opengis.net/citygml/relief/2.0",
    "luse": "http://www.opengis.net/citygml/landuse/2.0",
    "frn": "http://www.opengis.net/citygml/cityfurniture/2.0",
    "gen": "http://www.opengis.net/citygml/generics/2.0",
    "grp": "http://www.opengis.net/citygml/cityobjectgroup/2.0",
    "app": "http://www.opengis.net/citygml/appearance/2.0",
    "gml": "http://www.opengis.net/gml",
    "xAL": "urn:oasis:names:tc:ciq:xsdschema:xAL:2.0",
    "xlink": "http://www.w3.org/1999/xlink",
}

_OBJECT = (
    "gml:description=text gml:name=texts core:creationDate=date core:terminationDate=date "
    "core:externalReference=references2 core:relativeToTerrain=text core:relativeToWater=text "
    "app:appearance gen:attribute "
)
_CLASS = "class=code function=codes usage=codes "
_YEARS = "yearOfConstruction=year yearOfDemolition=year "


def _site(name: str, extra: str, interior: str, part: str, address: str, lod0: str = "") -> str:
    """Buildings, bridges and tunnels have the same pattern of properties."""
    high = " ".join(
        f"lod{n}Solid lod{n}MultiSurface lod{n}MultiCurve lod{n}TerrainIntersection" for n in (3, 4)
    )
    construction = "outerBridgeConstruction " if name == "Bridge" else ""
    return (
        f"{_CLASS}{_YEARS}{extra}{lod0}lod1Solid lod1MultiSurface lod1TerrainIntersection "
        "lod2Solid lod2MultiSurface lod2MultiCurve lod2TerrainIntersection "
        f"{construction}outer{name}Installation interior{name}Installation boundedBy {high} "
        f"{interior} {part} {address}"
    )


_BUILDING = _site(
    "Building",
    "roofType=code measuredHeight=length storeysAboveGround=count storeysBelowGround=count "
    "storeyHeightsAboveGround=lengths storeyHeightsBelowGround=lengths ",
    "interiorRoom",
    "consistsOfBuildingPart",
    "address",
    "lod0FootPrint lod0RoofEdge ",
)
_BRIDGE = _site("Bridge", "isMovable=bool ", "interiorBridgeRoom", "consistsOfBridgePart", "address")
_TUNNEL = _site("Tunnel", "", "interiorHollowSpace", "consistsOfTunnelPart", "")
_PLACED = _CLASS + "lod{1-4}Geometry lod{1-4}TerrainIntersection lod{1-4}ImplicitRepresentation boundedBy"
_INSTALLATION = _CLASS + "lod{2-4}Geometry lod{2-4}ImplicitRepresentation boundedBy"
_INTERIOR = _CLASS + "lod4Geometry lod4ImplicitRepresentation boundedBy"
_FURNITURE = _CLASS + "lod4Geometry lod4ImplicitRepresentation"
_ROOM = _CLASS + "lod4Solid lod4MultiSurface boundedBy interiorFurniture "
_ROAD = _CLASS + "trafficArea auxiliaryTrafficArea lod0Network lod{1-4}MultiSurface"
_RELIEF = "lod=lod "

# name of ours -> (element, properties); the prefix of both is that of the module.
_OBJECTS: dict[str, tuple[str, str]] = {
    "Building": ("bldg:Building", _BUILDING),
    "BuildingPart": ("bldg:BuildingPart", _BUILDING),
    "BuildingInstallation": ("bldg:BuildingInstallation", _INSTALLATION),
    "IntBuildingInstallation": ("bldg:IntBuildingInstallation", _INTERIOR),
    "BuildingFurniture": ("bldg:BuildingFurniture", _FURNITURE),
    "BuildingRoom": ("bldg:Room", _ROOM + "roomInstallation"),
    "Bridge": ("brid:Bridge", _BRIDGE),
    "BridgePart": ("brid:BridgePart", _BRIDGE),
    "BridgeInstallation": ("brid:BridgeInstallation", _INSTALLATION),
    "IntBridgeInstallation": ("brid:IntBridgeInstallation", _INTERIOR),
    "BridgeConstructiveElement": ("brid:BridgeConstructionElement", _PLACED),
    "BridgeRoom": ("brid:BridgeRoom", _ROOM + "bridgeRoomInstallation"),
    "BridgeFurniture": ("brid:BridgeFurniture", _FURNITURE),
    "Tunnel": ("tun:Tunnel", _TUNNEL),
    "TunnelPart": ("tun:TunnelPart", _TUNNEL),
    "TunnelInstallation": ("tun:TunnelInstallation", _INSTALLATION),
    "IntTunnelInstallation": ("tun:IntTunnelInstallation", _INTERIOR),
    "TunnelHollowSpace": ("tun:HollowSpace", _ROOM + "hollowSpaceInstallation"),
    "TunnelFurniture": ("tun:TunnelFurniture", _FURNITURE),
    "Road": ("tran:Road", _ROAD),
    "Railway": ("tran:Railway", _ROAD),
    "Track": ("tran:Track", _ROAD),
    "TransportSquare": ("tran:Square", _ROAD),
    "TransportationComplex": ("tran:TransportationComplex", _ROAD),
    "PlantCover": (
        "veg:PlantCover",
        _CLASS + "averageHeight=length lod{1-4}MultiSurface lod{1-4}MultiSolid",
    ),
    "SolitaryVegetationObject": (
        "veg:SolitaryVegetationObject",
        _CLASS + "species=code height=length trunkDiameter=length crownDiameter=length "
        "lod{1-4}Geometry lod{1-4}ImplicitRepresentation",
    ),
    "WaterBody": (
        "wtr:WaterBody",
        _CLASS + "lod0MultiCurve lod0MultiSurface lod1MultiCurve lod1MultiSurface lod{1-4}Solid boundedBy",
    ),
    "ReliefFeature": ("dem:ReliefFeature", _RELIEF + "reliefComponent"),
    "TINRelief": ("dem:TINRelief", _RELIEF + "tin"),
    "MassPointRelief": ("dem:MassPointRelief", _RELIEF + "reliefPoints"),
    "BreaklineRelief": ("dem:BreaklineRelief", _RELIEF + "ridgeOrValleyLines breaklines"),
    "LandUse": ("luse:LandUse", _CLASS + "lod{0-4}MultiSurface"),
    "CityFurniture": ("frn:CityFurniture", _PLACED.removesuffix(" boundedBy")),
    "GenericCityObject": (
        "gen:GenericCityObject",
        _CLASS + "lod{0-4}Geometry lod{0-4}TerrainIntersection lod{0-4}ImplicitRepresentation",
    ),
    "CityObjectGroup": ("grp:CityObjectGroup", _CLASS + "groupMember geometry"),
}

_WALLS = (
    "RoofSurface",
    "WallSurface",
    "GroundSurface",
    "ClosureSurface",
    "FloorSurface",
    "OuterFloorSurface",
    "InteriorWallSurface",
    "CeilingSurface",
    "OuterCeilingSurface",
)
_WALL = "lod{2-4}MultiSurface opening"
_OPENING = "lod{3-4}MultiSurface"


def _surfaces() -> dict[tuple[str, str], ClassSchema]:
    found: dict[tuple[str, str], ClassSchema] = {}

    def add(prefix: str, name: str, property_: str, text: str) -> None:
        element = f"{prefix}:{name}"
        found[prefix, name] = ClassSchema(element, *expand(prefix, _OBJECT + text), held_by=property_)

    for prefix in ("bldg", "brid", "tun"):
        for name in _WALLS:
            add(prefix, name, f"{prefix}:boundedBy", _WALL)
        for name in ("Window", "Door"):
            add(prefix, name, f"{prefix}:opening", _OPENING)
    for name, extra in (
        ("WaterSurface", "waterLevel=code"),
        ("WaterGroundSurface", ""),
        ("WaterClosureSurface", ""),
    ):
        add("wtr", name, "wtr:boundedBy", "lod{2-4}Surface " + extra)
    for name, property_ in (("TrafficArea", "trafficArea"), ("AuxiliaryTrafficArea", "auxiliaryTrafficArea")):
        add("tran", name, f"tran:{property_}", _CLASS + "surfaceMaterial=code lod{2-4}MultiSurface")
    return found


SCHEMA = Schema(
    version="2.0",
    namespaces=NAMESPACES,
    objects={
        name: ClassSchema(element, *expand(element.split(":")[0], _OBJECT + text))
        for name, (element, text) in _OBJECTS.items()
    },
    surfaces=_surfaces(),
    surface_names={},
    children={
        "BuildingPart": ("bldg:consistsOfBuildingPart",),
        "BuildingInstallation": ("bldg:outerBuildingInstallation",),
        "IntBuildingInstallation": ("bldg:interiorBuildingInstallation", "bldg:roomInstallation"),
        "BuildingRoom": ("bldg:interiorRoom",),
        "BuildingFurniture": ("bldg:interiorFurniture",),
        "BridgePart": ("brid:consistsOfBridgePart",),
        "BridgeInstallation": ("brid:outerBridgeInstallation",),
        "IntBridgeInstallation": ("brid:interiorBridgeInstallation", "brid:bridgeRoomInstallation"),
        "BridgeConstructiveElement": ("brid:outerBridgeConstruction",),
        "BridgeRoom": ("brid:interiorBridgeRoom",),
        "BridgeFurniture": ("brid:interiorFurniture",),
        "TunnelPart": ("tun:consistsOfTunnelPart",),
        "TunnelInstallation": ("tun:outerTunnelInstallation",),
        "IntTunnelInstallation": ("tun:interiorTunnelInstallation", "tun:hollowSpaceInstallation"),
        "TunnelHollowSpace": ("tun:interiorHollowSpace",),
        "TunnelFurniture": ("tun:interiorFurniture",),
        "TINRelief": ("dem:reliefComponent",),
        "MassPointRelief": ("dem:reliefComponent",),
        "BreaklineRelief": ("dem:reliefComponent",),
    },
    fallback="GenericCityObject",
    highest_lod=4,
)
