"""Names of layers in Korean and English."""

from __future__ import annotations

LAYERS: dict[str, tuple[str, str]] = {
    "buildings": ("건물", "Buildings"),
    "bridges": ("교량", "Bridges"),
    "tunnels": ("터널", "Tunnels"),
    "constructions": ("기타 구조물", "Other constructions"),
    "roads": ("도로·교통", "Roads and transport"),
    "vegetation": ("식생", "Vegetation"),
    "water": ("수계", "Water"),
    "relief": ("지형", "Relief"),
    "landuse": ("토지이용", "Land use"),
    "furniture": ("도시시설물", "Street furniture"),
    "generics": ("일반 객체", "Generic objects"),
    "utilities": ("지하시설물", "Underground utilities"),
    "planning": ("도시계획", "Urban planning"),
    "hazards": ("재해위험", "Hazards"),
    "indoor": ("실내공간", "Indoor spaces"),
    "other": ("기타", "Other"),
}
UNDERGROUND = frozenset({"utilities", "tunnels"})


def layer_title(name: str) -> dict[str, str]:
    """{"ko": ..., "en": ...}; an unknown layer is called by its id."""
    ko, en = LAYERS.get(name, (name, name))
    return {"ko": ko, "en": en}
