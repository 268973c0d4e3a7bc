"""Land uses of any code list as the few that the ground picture tells apart."""

from __future__ import annotations

from citygml.model import CityObject, Code

_WORDS = {
    # before "park"
    "parking": ("주차", "parking", "car park", "parkplatz", "駐車"),
    "green": (
        "공원",
        "녹지",
        "수변",
        "제방",
        "park",
        "green",
        "waterfront",
        "levee",
        "公園",
        "緑地",
        "grass",
        "잔디",
    ),
    "forest": ("산림", "임야", "forest", "wood", "山林", "森林"),
    "agriculture": ("농", "farm", "agricult", "田", "畑", "농경", "orchard"),
    "residential": ("주택", "주거", "housing", "residen", "住宅", "住居"),
    "industrial": ("산업", "공업", "물류", "industr", "logist", "工業", "warehouse"),
    "public": (
        "학교",
        "공공",
        "교육",
        "의료",
        "school",
        "public",
        "educat",
        "hospital",
        "公共",
        "公益",
        "文教",
    ),
    "commercial": ("상업", "업무", "commerc", "office", "retail", "商業", "業務"),
    "bare": ("나대지", "예정지", "bare", "reserve", "空地", "荒地", "裸地"),
}
_NAMES = ("class", "function", "usage", "orgLandUse", "name")


def landuse_of(obj: CityObject) -> str:
    """The kind of a land use object, from the names of its codes; `other` when none tells."""
    words = " ".join(_text(obj.attributes.get(name)) for name in _NAMES).casefold()
    for kind, names in _WORDS.items():
        if any(name in words for name in names):
            return kind
    return "other"


def _text(value: object) -> str:
    if isinstance(value, list):
        return " ".join(_text(v) for v in value)
    if isinstance(value, Code):
        return value.name or ""
    return value if isinstance(value, str) else ""
