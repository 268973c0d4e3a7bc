"""Compare `twin check` with the planted defects of PLATEAU's quality cases, and write the table of it.

    python tools/plateau_quality.py FOLDER_OF_CASES docs/plateau-quality.md

The cases are those of PLATEAU Flow's tests, and not part of this repository. A case is a folder with a
`workflow_test.json`, model files under `udx/`, and what PLATEAU's own quality check reports for them: counts
per rule (`summary_*.json`) and lists with object ids (CSV). Each rule is answered by a set of codes, or
is out of scope, with the reason (`plateau_rules`). A case agrees when, for each of its rules in scope, we
report something exactly if PLATEAU does, and on the same objects where its lists name them; a case called
no-error agrees when we report no error at all.
"""

from __future__ import annotations

import csv
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from plateau_rules import (
    CITY_WITH_LISTS,
    COUNTED,
    ID_COLUMNS,
    INCOMPLETE,
    ISSUES,
    LISTS,
    RULES,
    Rule,
    rule_of,
)

from citygml.check import CheckOptions, Report, check_folder
from citygml.findings import Finding


@dataclass
class Expectation:
    """What a case says of one rule: how many, and on which objects if a list names them."""

    rule: Rule
    lod: str | None = None
    count: int = 0
    ids: set[str] = field(default_factory=set)
    issues: set[str] = field(default_factory=set)


@dataclass
class Row:
    """One case of the table."""

    case: str
    verdict: str
    expected: str
    found: str
    note: str = ""


Expected: TypeAlias = "dict[tuple[Rule, str | None], Expectation]"


def _at(expected: Expected, known: tuple[Rule, str | None]) -> Expectation:
    return expected.setdefault(known, Expectation(*known))


def expectations(folder: Path) -> Expected:
    """Rule and LoD → what the case expects."""
    expected: Expected = {}
    for file in sorted(folder.rglob("summary_*.json")):
        for entry in json.loads(file.read_text(encoding="utf-8")):
            if known := rule_of(entry["name"]):
                _at(expected, known).count += int(entry["count"])
    for file in sorted(p for p in folder.rglob("*.csv") if "codelists" not in p.parts):
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
        if rows:
            _count_columns(rows, expected)
            _read_list(file.stem, rows, expected)
    if folder.name == "L01":
        _at(expected, (RULES["L01エラー"], None)).count = 1
    return expected


def _count_columns(rows: list[dict[str, str]], expected: Expected) -> None:
    """Counts of tables with one row per file, for rules that no summary has."""
    counted: Expected = {}
    for column in rows[0]:
        known = rule_of(column)
        if known is not None and known not in expected:
            values = [r[column] for r in rows]
            count = sum(int(v) if v.isdigit() else int(v == "Wrong") for v in values)
            _at(counted, known).count += count
    expected.update(counted)


def _read_list(stem: str, rows: list[dict[str, str]], expected: Expected) -> None:
    """The objects on which a list of findings, one per row, finds something."""
    if stem.endswith("地物インスタンス数"):
        item = _at(expected, (RULES["地物インスタンス数"], None))
        for row in rows:
            counts = (
                {row["フィーチャータイプ"]: row["インスタンス数"]} if "フィーチャータイプ" in row else row
            )
            counts = {k: v for k, v in counts.items() if k in COUNTED}
            item.ids |= {COUNTED[k] for k in counts}
            item.count += sum(int(v) for v in counts.values())
        return
    name = next((LISTS[e] for e in sorted(LISTS, key=len, reverse=True) if stem.endswith(e)), None)
    if name is None:
        return
    targets = [e for e in expected.values() if e.rule is RULES[name] and e.count]
    for item in targets or [_at(expected, (RULES[name], None))]:
        of_lod = [r for r in rows if item.lod is None or r.get("lod", item.lod) == item.lod]
        item.count = item.count or len(of_lod)
        for row in of_lod:
            item.issues |= {row[c] for c in ("issue", "エラー内容") if row.get(c)}
            kind = row.get("FeatureType") or row.get("feature_type") or ""
            if not kind.endswith(("Surface", "TrafficArea")):
                item.ids |= {row[c] for c in ID_COLUMNS if row.get(c)}


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
    if not _has_lists(folder):
        expected.pop((RULES["不正なcodeSpace数"], None), None)
        expected.pop((RULES["L04エラー"], None), None)
    reports = run_case(folder, codelists)
    findings = [f for r in reports for f in r.findings]
    findings += [Finding("refused", r.refused) for r in reports if r.refused]
    counts = Counter(f.code for f in findings if f.code != "missing-codelist" or _has_lists(folder))
    found = ", ".join(f"{code} {n}" for code, n in sorted(counts.items())) or "none"
    planted = [e for e in expected.values() if e.count]
    wanted = ", ".join(_title(e) + f" {e.count}" for e in planted) or "no error"
    if case in INCOMPLETE:
        return Row(case, "out of scope", wanted, found, INCOMPLETE[case])
    if planted and not any(e.rule.codes for e in planted):
        return Row(case, "out of scope", wanted, found, planted[0].rule.why)
    wrong = [w for e in expected.values() if e.rule.codes for w in _difference(e, findings, reports)]
    if "no-error" in case:
        errors = sorted({f.code for f in findings if f.severity == "error"})
        wrong += [f"error {code} where PLATEAU finds none" for code in errors]
    other = [_other_name(e, findings) for e in planted if e.rule.codes]
    missed = [e.rule.title for e in planted if not e.rule.codes]
    notes = [*dict.fromkeys(wrong), *filter(None, other)]
    if missed:
        notes.append("not looked at: " + ", ".join(missed))
    note = "; ".join(notes)
    return Row(case, "disagree" if wrong else "agree", wanted, found, note)


def _title(item: Expectation) -> str:
    return item.rule.title + (f" (LoD{item.lod})" if item.lod else "")


def _other_name(item: Expectation, findings: list[Finding]) -> str:
    """A note when we call the defect of a surface something else than PLATEAU does."""
    ours = {f.code for f in found_by(item, findings)}
    unlike = [i for i in sorted(item.issues) if i in ISSUES and not ours & set(ISSUES[i].split())]
    if not (ours and unlike):
        return ""
    return f"another name: {', '.join(sorted(ours))} for {', '.join(unlike)}"


def _has_lists(folder: Path) -> bool:
    """Whether the code lists of the case are at hand: its own, or those of its city."""
    text = (folder / "workflow_test.json").read_text(encoding="utf-8")
    return any((folder / "codelists").glob("*.xml")) or CITY_WITH_LISTS in text


def _difference(item: Expectation, findings: list[Finding], reports: list[Report]) -> list[str]:
    title = _title(item)
    if item.rule.codes == "objects":
        number = sum(r.objects[name] for r in reports for name in item.ids)
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

{total} cases, each with planted defects or none: **{agree} agree**, {disagree} disagree and {out} are out of
scope (of the {judged} in scope, {share:.0%} agree; in {renamed} of those we name another defect of the
same surface, as the note says).

A case is judged by the rules of PLATEAU's quality check that its expected output names. Each rule is answered
by some of our finding codes ([findings.md](findings.md)), or is out of scope. A case *agrees* when, for every
rule in scope, we report something exactly if PLATEAU does, and on the same objects where its lists name them;
in a case called no-error we may report no error at all. It is *out of scope* when all the defects planted in
it are. "Found" lists everything that we report in the files of the case, also what its expected output does
not speak of. Code lists are judged where they are at hand: those of `02-bldg/L13_LOD1_03` serve all cases of
that city, which lack them. Rings that are not closed leave no polygon behind, so that further defects of the
same ring are not found.

| case | PLATEAU expects | found | verdict | note |
|---|---|---|---|---|
"""


def write(rows: list[Row], target: Path) -> None:
    verdicts = Counter(r.verdict for r in rows)
    renamed = sum(r.verdict == "agree" and "another name" in r.note for r in rows)
    judged = len(rows) - verdicts["out of scope"]
    text = HEAD.format(
        total=len(rows),
        agree=verdicts["agree"],
        disagree=verdicts["disagree"],
        out=verdicts["out of scope"],
        judged=judged,
        renamed=renamed,
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
