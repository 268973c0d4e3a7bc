"""The code lists of the sample district, written beside its files as GML dictionaries.

Uses of buildings follow the five-digit main use codes of the Korean building register (건축물대장); roof
types and traffic area functions the numbering of the (non-normative) lists in CityGML 2.0, annex C. The
other lists are the district's own. A dictionary entry has the code as gml:name and its Korean and English
name as gml:description, the form that the code lists of PLATEAU have.
"""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

from citygml.model import Code

FOLDER = "codelists"

LISTS: dict[str, dict[str, str]] = {
    "Building_class": {
        "1000": "주거 (Habitation)",
        "1010": "상업·업무 (Business and trade)",
        "1020": "교육·문화 (Education and culture)",
        "1030": "산업·물류 (Industry and logistics)",
        "1040": "여가 (Recreation)",
    },
    "Building_function": {
        "01001": "단독주택 (Detached house)",
        "02001": "아파트 (Apartments)",
        "02002": "연립주택 (Row house)",
        "03000": "제1종 근린생활시설 (Neighbourhood shops and services)",
        "04000": "제2종 근린생활시설 (Restaurants and local offices)",
        "05000": "문화 및 집회시설 (Culture and assembly)",
        "07000": "판매시설 (Retail)",
        "10000": "교육연구시설 (Education and research)",
        "11000": "노유자시설 (Community and care)",
        "13000": "운동시설 (Sports hall)",
        "14000": "업무시설 (Offices)",
        "15000": "숙박시설 (Hotel)",
        "17000": "공장 (Factory)",
        "18000": "창고시설 (Warehouse and logistics)",
        "27000": "관광휴게시설 (Leisure and rest)",
    },
    "Building_roofType": {
        "1000": "평지붕 (Flat roof)",
        "1010": "외쪽지붕 (Monopitch roof)",
        "1030": "박공지붕 (Gabled roof)",
        "1040": "우진각지붕 (Hipped roof)",
        "1070": "모임지붕 (Pavilion roof)",
        "1100": "톱날지붕 (Sawtooth roof)",
        "1110": "아치지붕 (Arched roof)",
        "1130": "복합지붕 (Combination of roof forms)",
    },
    "BuildingInstallation_function": {
        "1000": "발코니 (Balcony)",
        "1040": "옥상 기계실 (Rooftop plant room)",
        "1050": "옥탑 장식 (Crown)",
    },
    "Bridge_class": {"1000": "도로교 (Road bridge)", "1010": "보도교 (Footbridge)"},
    "Bridge_function": {"1000": "아치교 (Arch bridge)", "1010": "거더교 (Girder bridge)"},
    "BridgeElement_function": {
        "1000": "교각 (Pier)",
        "1010": "아치 리브 (Arch rib)",
        "1020": "행어 (Hanger)",
        "1030": "난간 (Railing)",
    },
    "Road_class": {
        "1000": "대로 (Boulevard)",
        "1010": "간선도로 (Arterial)",
        "1020": "집산도로 (Local street)",
        "1030": "골목길 (Alley)",
        "1040": "교차로 (Intersection)",
    },
    "TrafficArea_function": {
        "1": "차도 (Carriageway)",
        "2": "보도 (Footway)",
        "3": "자전거도로 (Cycleway)",
        "6": "횡단보도 (Crossing)",
    },
    "AuxiliaryTrafficArea_function": {
        "1210": "중앙분리대 (Median)",
        "1220": "가로녹지 (Planted verge)",
        "1230": "노면표시 (Marking)",
    },
    "LandUse_class": {
        "1000": "단독주택용지 (Detached housing)",
        "1010": "공동주택용지 (Apartment housing)",
        "1020": "상업·업무용지 (Commerce and offices)",
        "1030": "학교용지 (School)",
        "1040": "산업·물류용지 (Industry and logistics)",
        "1050": "공원 (Park)",
        "1060": "수변공간 (Waterfront)",
        "1070": "제방 (Levee)",
        "1080": "농경지 (Farmland)",
        "1100": "개발예정지 (Development reserve)",
    },
    "WaterBody_class": {"1000": "하천 (River)", "1010": "수로 (Canal)", "1020": "연못 (Pond)"},
    "PlantCover_class": {"1000": "잔디 (Lawn)", "1020": "갈대밭 (Reeds)", "1030": "운동장 (Sports turf)"},
    "SolitaryVegetationObject_species": {
        "1000": "느티나무 (Zelkova serrata)",
        "1010": "곰솔 (Pinus thunbergii)",
        "1020": "왕벚나무 (Prunus × yedoensis)",
        "1030": "철쭉 (Rhododendron schlippenbachii)",
        "1040": "이팝나무 (Chionanthus retusus)",
        "1050": "메타세쿼이아 (Metasequoia glyptostroboides)",
    },
    "CityFurniture_class": {
        "1000": "교통 (Traffic)",
        "1010": "휴게 (Rest)",
        "1020": "안전 (Safety)",
        "1030": "감지 (Sensing)",
        "1040": "지하시설 (Underground works)",
    },
    "CityFurniture_function": {
        "1000": "가로등 (Street lamp)",
        "1010": "벤치 (Bench)",
        "1020": "버스정류장 (Bus stop)",
        "1030": "소화전 (Hydrant)",
        "1040": "신호등 (Traffic light)",
        "1050": "환경 감지기 (Environmental sensor pole)",
        "1060": "수위계 (Water level gauge)",
        "1070": "맨홀 (Manhole)",
    },
    "Pipe_function": {
        "1000": "상수도 (Water supply)",
        "1010": "오수 (Sanitary sewer)",
        "1020": "우수 (Storm drain)",
        "1030": "지역난방 공급 (District heating, flow)",
        "1040": "지역난방 환수 (District heating, return)",
        "1050": "전력 관로 (Power duct)",
    },
}


def code(list_name: str, value: str) -> Code:
    """The code with its list and name, as a reader that finds the dictionary gives it."""
    return Code(value, f"{FOLDER}/{list_name}.xml", LISTS[list_name][value])


def write_codelists(folder: Path) -> list[Path]:
    """Write every list as `codelists/NAME.xml` below the folder; returns the paths."""
    target = folder / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for name, entries in LISTS.items():
        lines = [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<gml:Dictionary xmlns:gml="http://www.opengis.net/gml" gml:id="{name}">',
            f"  <gml:name>{name}</gml:name>",
        ]
        for value, text in entries.items():
            lines += [
                f'  <gml:dictionaryEntry><gml:Definition gml:id="{name}_{value}">',
                f"    <gml:description>{escape(text)}</gml:description>",
                f"    <gml:name>{value}</gml:name>",
                "  </gml:Definition></gml:dictionaryEntry>",
            ]
        lines.append("</gml:Dictionary>\n")
        path = target / f"{name}.xml"
        path.write_text("\n".join(lines), encoding="utf-8")
        written.append(path)
    return written
