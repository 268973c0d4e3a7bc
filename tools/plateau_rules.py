"""The rules of PLATEAU's quality check, in English, and which of our finding codes answer them."""

from __future__ import annotations

import re
from dataclasses import dataclass

SURFACE = (
    "ring-not-closed too-few-points bad-coordinates ring-duplicate-points ring-self-intersection "
    "polygon-not-planar polygon-degenerate triangle-degenerate hole-outside hole-touches-shell holes-overlap "
    "hole-wrong-orientation"
)
SOLID = (
    "solid-mixed-orientation solid-inside-out solid-non-manifold solid-not-connected solid-self-intersection"
)
UP = "polygon-wrong-orientation"


@dataclass(frozen=True)
class Rule:
    """A rule of PLATEAU in English; codes: ours, separated by blanks ("" = out of scope, with `why`)."""

    title: str
    codes: str = ""
    why: str = ""

    @property
    def ours(self) -> frozenset[str]:
        return frozenset(self.codes.split())


OBJECT_LIST = "judged against the object list (xlsx) of the delivery"
IUR = "a rule on i-UR attribute values, not one of the findings named for this check"
PROFILE = "which geometry a class may have is PLATEAU's product profile, not CityGML"

RULES: dict[str, Rule] = {
    "L01エラー": Rule("L01 well-formed XML", "refused"),
    "L02エラー": Rule("L02 XML schema", "bad-attribute", "values that their type does not allow"),
    "L04エラー": Rule("L04 code in its list", "unknown-code"),
    "不正なcodeSpace数": Rule("L04 code list exists", "missing-codelist"),
    "L05CRS識別子": Rule("L05 CRS", "crs-missing crs-unknown crs-no-vertical"),
    "L06エラー": Rule("L06 inside the envelope", "outside-envelope"),
    "xlink参照先なし": Rule("T03 xlinks lead to what they should", "broken-xlink"),
    "gml:id重複": Rule("C01 gml:id unique", "duplicate-id"),
    "gml:id書式不正": Rule("gml:id form", why="PLATEAU's own form of ids (prefix and UUID)"),
    "L-frn-01エラー": Rule("L-frn-01 geometry type", why=PROFILE),
    "C05_必須属性等の欠落_Error": Rule("C05 required attributes", why=OBJECT_LIST),
    "C06_現われない属性等": Rule("C06 attributes that never occur", why=OBJECT_LIST),
    "C07_品質属性": Rule("C07 quality attributes", why=OBJECT_LIST),
    "C08_公共測量品質属性": Rule("C08 survey quality attributes", why=OBJECT_LIST),
    "C-bldg-01 エラー": Rule("C-bldg-01 building ID unique", why=IUR),
    "不正な建物ID": Rule("form of building IDs", why=IUR),
    "市区町村コードエラー": Rule("city code", why=IUR),
    "L-bldg-02 エラー": Rule("L-bldg-02 parts connected", "parts-not-connected part-alone"),
    "L-bldg-04,05 エラー": Rule("L-bldg-04/05 usage attributes", why=IUR),
    "L-bldg-06 エラー": Rule(
        "L-bldg-06 solid and surfaces share polygons",
        "broken-xlink",
        "polygons that no solid refers to are not looked for: CityGML allows them",
    ),
    "T-bldg-02エラー": Rule("T-bldg-02 geometry type", why=PROFILE),
    "LOD0-1のBuildingPart": Rule("parts at LoD0/1", why=PROFILE),
    "不正なジオメトリ型": Rule("geometry type", why=PROFILE),
    "L-TRAN-02 隣接面重複": Rule("L-tran-02 areas overlap", "areas-overlap"),
    "L-TRAN-03 xlink参照エラー": Rule(
        "L-tran-03 road refers to its areas' polygons",
        why="both may have polygons of their own in CityGML; PLATEAU forbids it",
    ),
    "図郭不正": Rule("map sheet of the object", why="judged against the mesh code in the file's name"),
    "地物インスタンス数": Rule("number of objects", "objects"),
    "面のエラー": Rule("L07/09/11/13 surfaces", SURFACE),
    "面の向き不正": Rule("surfaces look up", UP),
    "面の交差": Rule("ground plans overlap", "footprints-overlap"),
    "非水密立体": Rule("L14 solids closed", "solid-not-closed"),
    "立体のエラー": Rule("L14 solids valid", SOLID),
    "立体の交差": Rule("L-bldg-01 solids overlap", "solids-overlap"),
    "三角形の頂点数": Rule("triangles have three points", "triangle-vertex-count"),
    "潰れた三角形": Rule("triangles have area", "triangle-degenerate too-few-points"),
    "三角形の向き": Rule("triangles look up", f"{UP} triangle-degenerate"),
    "閉じていない三角形": Rule("triangles are closed", "ring-not-closed"),
    "共有先のない辺": Rule("edges shared", "tin-edge-unshared"),
    "不正な穴": Rule("no holes in the terrain", "tin-hole"),
}
# Other names of the same rules, in other themes. A triangle without area counts as turned in floods.
ALIASES = {
    "境界面のエラー": "面のエラー",
    "面の向きエラー": "面の向き不正",
    "立体のその他のエラー": "立体のエラー",
    "非水密体": "非水密立体",
    "頂点数が不正な三角形": "三角形の頂点数",
    "不正な頂点の数": "三角形の頂点数",
    "線状・点状の三角形": "潰れた三角形",
    "向きが不正な三角形": "三角形の向き",
    "三角形の向き不正": "面の向き不正",
    "T03エラー": "xlink参照先なし",
}
_LOD = re.compile(r"^LOD([0-4]) (.+)$")
ID_COLUMNS = (
    "gml:id",
    "gml_id",
    "gmlIdA",
    "gmlIdB",
    "gml_id_a",
    "gml_id_b",
    "BuildingPart.gml_id",
    "Building gml:id",
)
# Cases that cannot be judged from their folder.
INCOMPLETE = {"02-bldg/common/C01": "the second of its two files is not in the folder"}
# The city whose code lists are in the folder of one case, and serve the other cases of that city.
CITY_WITH_LISTS = "16211_imizu-shi"

# What PLATEAU's lists call a defect, and which of our codes say the same.
ISSUES = {
    "DuplicateConsecutivePoints": "ring-duplicate-points",
    "TooFewPoints": "too-few-points",
    "SelfIntersection": "ring-self-intersection",
    "NonPlanarSurface": "polygon-not-planar",
    "InteriorRingNotContainedInExteriorRing": "hole-outside hole-touches-shell",
    "IntersectionBetweenInteriorAndInterior": "holes-overlap",
    "DegenerateSurface": "polygon-degenerate triangle-degenerate too-few-points",
}
# Classes that PLATEAU's tables count, as we call them.
COUNTED = {
    "frn:CityFurniture": "CityFurniture",
    "luse:LandUse": "LandUse",
    "urf:SedimentDisasterProneArea": "urf:SedimentDisasterProneArea",
    "Building": "Building",
    "BuildingPart": "BuildingPart",
}
# The rule that a list of findings belongs to, by the end of its file name.
LISTS = {
    "面のエラー": "面のエラー",
    "境界面のエラー": "面のエラー",
    "面の向き不正": "面の向き不正",
    "面の交差": "面の交差",
    "立体交差": "立体の交差",
    "立体のエラー": "立体のエラー",
    "非水密体": "非水密立体",
    "非水密立体": "非水密立体",
    "隣接面重複": "L-TRAN-02 隣接面重複",
    "L-bldg-02エラー": "L-bldg-02 エラー",
    "図郭不正": "図郭不正",
    "L-bldg-06エラー": "L-bldg-06 エラー",
    "GML_ID重複": "gml:id重複",
    "L04エラー": "L04エラー",
    "不正なcodeSpace": "不正なcodeSpace数",
    "L06エラー": "L06エラー",
}


def rule_of(name: str) -> tuple[Rule, str | None] | None:
    """The rule and the LoD that a column or summary entry of PLATEAU names."""
    lod = None
    if match := _LOD.match(name):
        lod, name = match[1], match[2]
    rule = RULES.get(ALIASES.get(name, name))
    return (rule, lod) if rule else None
