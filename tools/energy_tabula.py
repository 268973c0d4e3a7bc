"""Write TABULA's residential envelopes and window shares in the form of CityTwin's tables of archetypes.

    python -m tools.energy_tabula FOLDER analysis/data/energy/archetypes

FOLDER has `germany.csv` and `netherlands.csv`: the calculation rows of the TABULA WebTool (IWU Darmstadt,
2012-2016, https://webtool.building-typology.eu) as City2TABULA (THD-Spatial, Apache-2.0) keeps them. Of each
size class, construction year class and variant (1 existing, 2 usual, 3 advanced refurbishment) the typical
buildings are taken together, areas weighing. The U-value after a measure follows TABULA's method (Loga and
Diefenbach 2013, TABULA Calculation Method, chapter 3): the measure's resistance is added to the original
element's, or replaces it. Replaced insulation gives up the resistance of what was there, taken at
0.04 W/(m K).
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from pathlib import Path

Row = dict[str, str]

FILES = {"DEU": "germany.csv", "NLD": "netherlands.csv"}
STATES = {1: "existing", 2: "usual", 3: "advanced"}
TYPICAL = ("Gen", "Gal", "Mai", "Por1945", "HR")
SOURCE = "TABULA WebTool (IWU, 2012-2016) as in City2TABULA (Apache-2.0)"
COMMON = ("source", "assumed", "verify")
FIGURES = ("wall", "roof", "floor", "window", "door", "g", "bridges", "infiltration", "mass", "insulation")
ENVELOPES = ("region", "classes", "from", "until", "state", *FIGURES, *COMMON)
WINDOWS = ("region", "kinds", "north", "east", "south", "west", "frame", *COMMON)
LARGEST_OPAQUE = 5.0
"""[W/(m²K)] What surfaces alone let through is 5.88; TABULA has floors of bare soil above."""
OLD_INSULATION = 0.04
PARTS = {"wall": "Wall", "roof": "Roof", "floor": "Floor", "window": "Window", "door": "Door"}


def number(row: Row, name: str) -> float:
    """A cell, 0 where it is empty or absent."""
    return float(row.get(name) or 0.0)


def actual(row: Row, part: str, which: int) -> float:
    """The U-value of an element with its measure [W/(m²K)]."""
    name = f"{part}_{which}"
    original, added = number(row, f"U_{name}"), number(row, f"R_PredefinedMeasure_{name}")
    kind = row.get(f"Code_MeasureType_{name}") or "0"
    if kind == "0" or added == 0 or original == 0:
        return original
    if kind == "Replace":
        return 1.0 / added
    resistance = 1.0 / original
    if kind == "ReplaceInsulation":
        resistance = max(0.1, resistance - number(row, f"d_Insulation_{name}") / OLD_INSULATION)
    return 1.0 / (resistance + added)


def elements(row: Row, part: str) -> list[tuple[float, float]]:
    """(area, U-value) of the elements of a part."""
    found = [(number(row, f"A_{part}_{k}"), actual(row, part, k)) for k in (1, 2, 3)]
    return [(area, u) for area, u in found if area > 0 and u > 0]


def mean(pairs: list[tuple[float, float]]) -> float | None:
    """Weighted mean of (weight, value)."""
    total = sum(weight for weight, _ in pairs)
    return sum(weight * value for weight, value in pairs) / total if total else None


def panes(row: Row) -> list[tuple[float, float]]:
    """(area, g) of windows after measures."""
    pairs = []
    for k in (1, 2):
        new = number(row, f"g_gl_n_PredefinedMeasure_Window_{k}")
        pairs.append((number(row, f"A_Window_{k}"), new or number(row, f"g_gl_n_Window_{k}")))
    return [(area, g) for area, g in pairs if area > 0 and g > 0]


def envelope(rows: list[Row]) -> dict[str, object]:
    """The figures of some buildings of a class and variant taken together."""
    figures: dict[str, object] = {}
    for column, part in PARTS.items():
        u = mean([pair for row in rows for pair in elements(row, part)])
        most = LARGEST_OPAQUE if column in ("wall", "roof", "floor") else 7.0
        figures[column] = "" if u is None else round(min(u, most), 3)
    glass = mean([pair for row in rows for pair in panes(row)])
    figures["g"] = round(glass or 0.6, 3)
    refurbished = [number(r, "delta_U_ThermalBridging_Refurbished") for r in rows]
    original = [number(r, "delta_U_ThermalBridging_Original") for r in rows]
    bridges = refurbished if any(refurbished) else original
    figures["bridges"] = round(sum(bridges) / len(rows), 3)
    figures["infiltration"] = round(sum(number(r, "n_air_infiltration") for r in rows) / len(rows), 3)
    return figures


def read(path: Path) -> list[Row]:
    """The typical buildings of the national typology, in their three variants."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        row
        for row in rows
        if row["Code_BuildingVariant"].split(".")[1] == "N"
        and row["Code_BuildingVariant"].split(".")[4] in TYPICAL
        and int(row["Number_BuildingVariant"]) in STATES
    ]


def write(path: Path, columns: tuple[str, ...], rows: list[dict[str, object]]) -> None:
    """A table as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(rows)


def main(folder: Path, out: Path) -> None:
    """Write both tables."""
    envelopes: list[dict[str, object]] = []
    windows: list[dict[str, object]] = []
    for country, name in FILES.items():
        groups: dict[tuple[str, int, int, int], list[Row]] = defaultdict(list)
        shares: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for row in read(folder / name):
            size, variant = row["Code_BuildingSizeClass"].lower(), int(row["Number_BuildingVariant"])
            years = int(row["Year1_Building"]), int(row["Year2_Building"])
            groups[size, *years, variant].append(row)
            glazed = sum(number(row, f"A_Window_{k}") for k in (1, 2))
            wall = sum(number(row, f"A_Wall_{k}") for k in (1, 2))
            shares[size].append((glazed + wall, glazed / (glazed + wall)))
        for (size, first, last, variant), rows in sorted(groups.items()):
            dates = {"from": first or "", "until": "" if last > 2100 else last + 1}
            fixed = {"region": country, "classes": size, "state": STATES[variant], **dates}
            heavy = {"mass": "heavy" if size == "ab" else "medium", "insulation": "outside"}
            assumed = {"source": SOURCE, "assumed": "mass|insulation"}
            envelopes.append({**fixed, **envelope(rows), **heavy, **assumed})
        for size, pairs in sorted(shares.items()):
            share = round(mean(pairs) or 0.2, 3)
            sides = dict.fromkeys(("north", "east", "south", "west"), share)
            windows.append(
                {
                    "region": country,
                    "kinds": size,
                    **sides,
                    "frame": 0.3,
                    "source": f"{SOURCE}, all sides alike",
                }
            )
    write(out / "envelopes_tabula.csv", ENVELOPES, envelopes)
    write(out / "windows_tabula.csv", WINDOWS, windows)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
