"""A table of the cases of ASHRAE Standard 140-2020: ours, the reference programs' range, EnergyPlus.

    python -m tests.benchmarks.bestest [FOLDER]

FOLDER holds the standard's ranges, results and weather; without it `energy/bestest` of the shared data.
Lines for docs/energy-bestest.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bestest import QUANTITIES, rows
from tests.conftest import DATA

_TABLES = {
    "Table B8-1.": "annual_heating",
    "Table B8-2.": "annual_cooling",
    "Table B8-3.": "peak_heating",
    "Table B8-4.": "peak_cooling",
    "Maximum": "max_zone_temperature",
    "Minimum": "min_zone_temperature",
    "Average": "mean_zone_temperature",
}
_PROGRAM = "EnergyPlus"


def published(folder: Path) -> dict[tuple[str, str], str]:
    """EnergyPlus's figures by case and quantity, of the standard's own results."""
    found: dict[tuple[str, str], str] = {}
    quantity, columns = "", [""]
    for line in (folder / "ASHRAE140_data.dat").read_text().splitlines():
        for title, name in _TABLES.items():
            if line.startswith("#") and title.lower() in line.lower():
                quantity = name
        cells = [cell.strip() for cell in line.split(",")]
        if cells[0] == "Case":
            columns = cells
        elif quantity and _PROGRAM in columns and len(cells) >= len(columns) and cells[0][:1].isdigit():
            found[cells[0], quantity] = cells[columns.index(_PROGRAM)].split("(")[0]
    return found


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA / "energy" / "bestest"
    other = published(folder)
    print("| case | figure | | ours | range | EnergyPlus | outside |")
    print("|---|---|---|---:|---:|---:|---:|")
    for row in rows(folder):
        unit = QUANTITIES[row.quantity]
        figure = row.quantity.replace("_zone", "").replace("_", " ")
        digits = 1 if unit == "°C" else 3
        beyond = f"{row.outside:+.1%}" if row.outside else ""
        span = f"{row.low:.{digits}f} to {row.high:.{digits}f}"
        known = other.get((row.case, row.quantity), "")
        print(f"| {row.case} | {figure} | {unit} | {row.ours:.{digits}f} | {span} | {known} | {beyond} |")


if __name__ == "__main__":
    main()
