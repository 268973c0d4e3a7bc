"""Compare `twin check` with the planted defects of PLATEAU's quality cases, and write the table of it.

    python tools/plateau_quality.py ../shared/data/citygml/plateau-quality-cases docs/plateau-quality.md

A case is a folder with a `workflow_test.json`, model files under `udx/`, and what PLATEAU's own quality
check reports for them: counts per rule (`summary_*.json`) and lists with object ids (CSV). Each rule is one
of ours (a set of finding codes) or out of scope, with the reason. A case agrees when, for each of its rules
that is ours, we report something exactly if PLATEAU does, and on the same objects where its lists name
them; a case without errors agrees when we report no error at all.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from citygml.check import CheckOptions, Report, check_folder
from citygml.findings import Finding

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
    "L05CRS識別子": Rule("L05 CRS", "crs-missing crs-unknown crs-no-vertical crs-implausible"),
    "L06エラー": Rule("L06 inside the envelope", "outside-envelope"),
    "T03エラー": Rule("T03 xlink to the right kind", "broken-xlink"),
    "xlink参照先なし": Rule("xlink target exists", "broken-xlink"),
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
    "L-bldg-02 エラー": Rule("L-bldg-02 parts connected", "parts-not-connected"),
    "L-bldg-04,05 エラー": Rule("L-bldg-04/05 usage attributes", why=IUR),
    "L-bldg-06 エラー": Rule(
        "L-bldg-06 solid and surfaces share polygons",
        why="both may have polygons of their own in CityGML; PLATEAU forbids it",
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
    "L-bldg-04,05エラー": "L-bldg-04,05 エラー",
    "T03": "T03エラー",
}
_LOD = re.compile(r"^LOD([0-4]) (.+)$")
_ID_COLUMNS = ("gml:id", "gml_id", "GmlId", "gmlIdA", "gmlIdB", "gml_id_a", "gml_id_b", "BuildingPart.gml_id")
_CLASSES = {"OtherConstruction": "uro:OtherConstruction"}


@dataclass
class Expectation:
    """What a case says of one rule: how many, and on which objects if a list names them."""

    rule: Rule
    lod: str | None = None
    count: int = 0
    ids: set[str] = field(default_factory=set)


@dataclass
class Row:
    """One case of the table."""

    case: str
    verdict: str
    expected: str
    found: str
    note: str = ""


def rule_of(name: str) -> tuple[Rule, str | None] | None:
    """The rule and the LoD that a column or summary entry of PLATEAU names."""
    lod = None
    if match := _LOD.match(name):
        lod, name = match[1], match[2]
    rule = RULES.get(ALIASES.get(name, name))
    return (rule, lod) if rule else None


def expectations(folder: Path) -> dict[str, Expectation]:
    """Name of the rule as PLATEAU writes it → what the case expects."""
    expected: dict[str, Expectation] = {}

    def at(name: str) -> Expectation | None:
        known = rule_of(name)
        if known is None:
            return None
        return expected.setdefault(name, Expectation(*known))

    for file in sorted(folder.rglob("summary_*.json")):
        for entry in json.loads(file.read_text()):
            item = at(entry["name"])
            if item is not None:
                item.count += int(entry["count"])
    for file in sorted(p for p in folder.rglob("*.csv") if "codelists" not in p.parts):
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
        _from_rows(file, rows, expected, at)
    if "L01" in folder.name:
        expected["L01エラー"] = Expectation(RULES["L01エラー"], count=1)
    return expected


def _from_rows(file: Path, rows: list[dict[str, str]], expected: dict[str, Expectation], at) -> None:  # type: ignore[no-untyped-def]
    """Counts in per-file tables that no summary has, and the ids of the lists of findings."""
    for column in rows[0] if rows else ():
        known = rule_of(column)
        if known is not None and column not in expected and not column.startswith("L03"):
            values = [r[column] for r in rows]
            item = at(column)
            item.count = sum(int(v) if v.isdigit() else int(v == "Wrong") for v in values if v)
    stem = file.stem
    if stem.endswith("地物インスタンス数"):
        item = at("地物インスタンス数")
        for row in rows:
            if "フィーチャータイプ" in row:
                item.count += int(row["インスタンス数"])
                item.ids.add(row["フィーチャータイプ"])
            else:
                item.count += sum(int(row[c] or 0) for c in ("Building", "BuildingPart") if c in row)
                item.ids |= {"bldg:Building", "bldg:BuildingPart"}
        return
    if stem.endswith("図郭不正"):
        at("図郭不正").count = len(rows)
        return
    listed = _listed_rule(stem, rows)
    if listed is None:
        return
    targets = [e for e in expected.values() if e.rule is listed and e.count] or [at(_name_of(listed))]
    for item in targets:
        of_lod = [r for r in rows if item.lod is None or r.get("lod", item.lod) == item.lod]
        item.count = item.count or len(of_lod)
        for row in of_lod:
            if "Surface" not in (row.get("FeatureType") or row.get("feature_type") or ""):
                item.ids |= {row[c] for c in _ID_COLUMNS if row.get(c)}


_LISTS = {
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
    "GML_ID重複": "gml:id重複",
    "L04エラー": "L04エラー",
    "不正なcodeSpace": "不正なcodeSpace数",
    "L06エラー": "L06エラー",
}


def _listed_rule(stem: str, rows: list[dict[str, str]]) -> Rule | None:
    if not rows:
        return None
    for ending in sorted(_LISTS, key=len, reverse=True):
        if stem.endswith(ending):
            return RULES[_LISTS[ending]]
    return None


def _name_of(rule: Rule) -> str:
    return next(name for name, known in RULES.items() if known is rule)


def run_case(folder: Path, codelists: Path) -> list[Report]:
    """Check the files of a case, with the code lists of the same city laid beside them if it has none."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        shutil.copytree(folder / "udx", root / "udx")
        own = folder / "codelists"
        shutil.copytree(own if any(own.glob("*.xml")) else codelists, root / "codelists")
        return list(check_folder(root / "udx", CheckOptions(limit=None)))


def found_by(item: Expectation, findings: Iterable[Finding]) -> list[Finding]:
    """Our findings that answer a rule (of its LoD, where a message names one)."""
    chosen = [f for f in findings if f.code in item.rule.ours]
    if item.lod is not None:
        chosen = [f for f in chosen if f.message.startswith(f"LoD{item.lod}") or "LoD" not in f.message[:3]]
    return chosen


def judge(folder: Path, root: Path, codelists: Path) -> Row:
    """The row of one case."""
    case = folder.relative_to(root).as_posix()
    expected = expectations(folder)
    reports = run_case(folder, codelists)
    findings = [f for r in reports for f in r.findings]
    findings += [Finding("refused", r.refused) for r in reports if r.refused]
    counts = Counter(f.code for f in findings if f.severity != "info" or f.code.startswith("tin-"))
    found = ", ".join(f"{code} {n}" for code, n in sorted(counts.items())) or "none"
    planted = {name: e for name, e in expected.items() if e.count}
    wanted = ", ".join(f"{e.rule.title} {e.count}" for e in planted.values()) or "no error"
    in_scope = {name: e for name, e in expected.items() if e.rule.codes}
    wrong: list[str] = []
    for item in in_scope.values():
        wrong += _difference(item, findings, reports)
    if not planted:
        errors = sorted({f.code for f in findings if f.severity == "error"})
        wrong += [f"error {code} where PLATEAU finds none" for code in errors]
    if planted and not any(e.rule.codes for e in planted.values()):
        why = next(e.rule.why for e in planted.values())
        return Row(case, "out of scope", wanted, found, why)
    note = "; ".join(dict.fromkeys(wrong))
    missed = [e.rule.title for e in planted.values() if not e.rule.codes]
    if missed and not wrong:
        note = "not looked at: " + ", ".join(missed)
    return Row(case, "disagree" if wrong else "agree", wanted, found, note)


def _difference(item: Expectation, findings: list[Finding], reports: list[Report]) -> list[str]:
    title = item.rule.title
    if item.rule.codes == "objects":
        names = {
            _CLASSES.get(n.split(":")[-1], n if n.startswith("urf") else n.split(":")[-1]) for n in item.ids
        }
        number = sum(r.objects[name] for r in reports for name in names)
        return [] if number == item.count else [f"{title}: {number} objects, PLATEAU counts {item.count}"]
    ours = found_by(item, findings)
    if not item.count:
        return [f"{title}: we report {ours[0].code}, PLATEAU nothing"] if ours else []
    if not ours:
        return [f"{title}: not found"]
    if not item.ids:
        return []
    named = {f.object_id for f in ours} | {f.part for f in ours}
    differences = []
    if missing := item.ids - named:
        differences.append(f"{title}: not found on {', '.join(sorted(missing))}")
    if extra := {f.object_id for f in ours if f.object_id not in item.ids and f.part not in item.ids}:
        differences.append(f"{title}: found on {', '.join(sorted(map(str, extra)))} too")
    return differences


def compare(root: Path) -> list[Row]:
    """All cases, in the order of their folders."""
    codelists = root / "02-bldg" / "L13_LOD1_03" / "codelists"
    return [judge(f.parent, root, codelists) for f in sorted(root.rglob("workflow_test.json"))]


HEAD = """# Agreement with PLATEAU's quality cases

Written by `tools/plateau_quality.py`; do not edit by hand.

{total} cases, each with planted defects or none: **{agree} agree**, {disagree} disagree, {out} are out of scope
(so {share:.0%} of the {judged} that are in scope agree).

A case is judged by the rules of PLATEAU's quality check that its expected output names. Each rule is
answered by some of our finding codes ([findings.md](findings.md)) or is out of scope. A case *agrees* when, for
every rule in scope, we report something exactly if PLATEAU does, on the same objects where PLATEAU's list names
them; in a case without errors we may report no error at all. It is *out of scope* when all the defects planted
in it are. "Found" lists everything we report in the files of the case, also what its expected output does not
speak of. Cases without code lists of their own are checked with those of `02-bldg/L13_LOD1_03` (the same city).

| case | PLATEAU expects | found | verdict | note |
|---|---|---|---|---|
"""


def write(rows: list[Row], target: Path) -> None:
    verdicts = Counter(r.verdict for r in rows)
    judged = len(rows) - verdicts["out of scope"]
    text = HEAD.format(
        total=len(rows),
        agree=verdicts["agree"],
        disagree=verdicts["disagree"],
        out=verdicts["out of scope"],
        judged=judged,
        share=verdicts["agree"] / max(judged, 1),
    )
    for row in rows:
        cells = (row.case, row.expected, row.found, row.verdict, row.note)
        text += "| " + " | ".join(c.replace("|", "/") for c in cells) + " |\n"
    text += "\n## Rules and the findings that answer them\n\n| PLATEAU | our findings | |\n|---|---|---|\n"
    for name, rule in RULES.items():
        codes = ", ".join(f"`{c}`" for c in rule.codes.split()) or "out of scope"
        text += f"| {rule.title} ({name}) | {codes} | {rule.why} |\n"
    target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: plateau_quality.py CASES TABLE.md")
    table = compare(Path(sys.argv[1]))
    write(table, Path(sys.argv[2]))
    print(Counter(r.verdict for r in table))
