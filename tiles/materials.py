"""glTF materials: plain colours by class, X3D materials and textures.

Colours are given as sRGB and written linear, as glTF wants its factors.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from citygml.model import Material
from tiles.gltf import Json

MOST = 12  # looks that get a material each; beyond, colours go to the vertices
_PLAIN = (0.91, 0.90, 0.88)
_COLOURS: dict[str, tuple[float, float, float]] = {
    "Window": (0.55, 0.66, 0.74),
    "Door": (0.55, 0.45, 0.37),
    "Bridge": (0.78, 0.78, 0.79),
    "Tunnel": (0.66, 0.65, 0.65),
    "Road": (0.52, 0.53, 0.55),
    "Railway": (0.50, 0.46, 0.43),
    "Track": (0.72, 0.67, 0.58),
    "TransportSquare": (0.70, 0.69, 0.67),
    "TrafficArea": (0.45, 0.46, 0.48),
    "AuxiliaryTrafficArea": (0.66, 0.70, 0.60),
    "TransportationMarking": (0.95, 0.95, 0.93),
    "Waterway": (0.40, 0.60, 0.75),
    "WaterBody": (0.40, 0.60, 0.75),
    "WaterSurface": (0.40, 0.60, 0.75),
    "PlantCover": (0.52, 0.66, 0.42),
    "SolitaryVegetationObject": (0.42, 0.60, 0.36),
    "TINRelief": (0.74, 0.73, 0.66),
    "LandUse": (0.78, 0.80, 0.70),
    "CityFurniture": (0.60, 0.61, 0.63),
}


def colour_of(kind: str) -> tuple[float, float, float]:
    """The plain sRGB colour of an object or surface class; parts take the colour of their whole."""
    if kind in _COLOURS:
        return _COLOURS[kind]
    whole = next((name for name in ("Bridge", "Tunnel") if kind.startswith(name)), None)
    return _COLOURS[whole] if whole else _PLAIN


def linear(colour: tuple[float, ...]) -> list[float]:
    """sRGB in 0..1 to linear light (IEC 61966-2-1), to four digits."""
    return [
        round(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4, 4)
        for c in (min(max(x, 0.0), 1.0) for x in colour)
    ]


def material_json(kind: str, material: Material | None = None) -> Json:
    """A glTF material without texture. Both faces are drawn, since many models turn some inwards."""
    diffuse = material.diffuse if material is not None else None
    alpha, roughness = 1.0, 1.0
    entry: Json = {"doubleSided": True}
    if material is not None:
        alpha = 1.0 - min(max(material.transparency or 0.0, 0.0), 1.0)
        if material.shininess is not None:
            roughness = round(1.0 - 0.8 * min(max(material.shininess, 0.0), 1.0), 2)
        if material.emissive is not None and any(material.emissive):
            entry["emissiveFactor"] = linear(material.emissive)
    entry["pbrMetallicRoughness"] = {
        "baseColorFactor": [*linear(colour_of(kind) if diffuse is None else diffuse), round(alpha, 4)],
        "metallicFactor": 0.0,
        "roughnessFactor": roughness,
    }
    if alpha < 1.0:
        entry["alphaMode"] = "BLEND"
    return entry


def by_vertex(looks: list[Json]) -> tuple[list[Json], npt.NDArray[np.uint8]]:
    """The same looks with their colours taken out: white materials, and (k, 4) uint8 linear RGBA for the
    vertices. For when there are too many looks for a material each."""
    whites: list[Json] = []
    colours = np.zeros((len(looks), 4), np.uint8)
    for number, look in enumerate(looks):
        colours[number] = np.round(np.array(look["pbrMetallicRoughness"]["baseColorFactor"]) * 255)
        white: Json = {"doubleSided": True, "pbrMetallicRoughness": {"metallicFactor": 0.0}}
        if "alphaMode" in look:
            white["alphaMode"] = look["alphaMode"]
        whites.append(white)
    return whites, colours


def textured_json(texture: int, alpha: bool) -> Json:
    """A glTF material that shows a texture as it is; `alpha`: the image has transparent parts."""
    entry: Json = {
        "doubleSided": True,
        "pbrMetallicRoughness": {
            "baseColorTexture": {"index": texture},
            "metallicFactor": 0.0,
            "roughnessFactor": 1.0,
        },
    }
    if alpha:
        entry |= {"alphaMode": "BLEND"}
    return entry
