"""Small SWMM models for the tests of sewers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

OPTIONS = {
    "FLOW_UNITS": "CMS", "FLOW_ROUTING": "DYNWAVE", "LINK_OFFSETS": "ELEVATION", "ALLOW_PONDING": "NO",
    "START_DATE": "07/01/2026", "START_TIME": "00:00:00", "END_DATE": "07/01/2026", "END_TIME": "01:00:00",
    "REPORT_STEP": "00:01:00", "ROUTING_STEP": "1", "VARIABLE_STEP": "0.75",
}  # fmt: skip
FOOT = 0.3048


def model(path: Path, sections: dict[str, Sequence[str]], **options: str) -> Path:
    """Write an .inp of these sections and options over the usual ones."""
    lines = ["[OPTIONS]", *(f"{k} {v}" for k, v in {**OPTIONS, **options}.items())]
    for name, rows in sections.items():
        lines += ["", f"[{name}]", *rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def pipes(
    path: Path,
    flows: Sequence[tuple[float, float]],
    *,
    unit: float = 1.0,
    flow_unit: float = 1.0,
    **options: str,
) -> Path:
    """Two manholes A (10, 10) and B (50, 10), rims at 3.0 and 2.9 m, and an outfall O (90, 10).

    flows: (minutes, m³/s) into A. unit, flow_unit: of length [m] and flow [m³/s] in the file.
    """
    m = 1 / unit
    return model(
        path,
        {
            "JUNCTIONS": [f"A {1.0 * m!r} {2.0 * m!r} 0 0 0", f"B {0.9 * m!r} {2.0 * m!r} 0 0 0"],
            "OUTFALLS": [f"O {0.7 * m!r} FREE NO"],
            "CONDUITS": [
                f"P1 A B {100 * m!r} 0.013 {1.0 * m!r} {0.9 * m!r}",
                f"P2 B O {200 * m!r} 0.013 {0.9 * m!r} {0.7 * m!r}",
            ],
            "XSECTIONS": [f"P1 CIRCULAR {0.5 * m!r} 0 0 0", f"P2 CIRCULAR {0.4 * m!r} 0 0 0"],
            "INFLOWS": ["A FLOW q"],
            "TIMESERIES": [f"q 0:{int(t):02d} {q / flow_unit!r}" for t, q in flows],
            "COORDINATES": ["A 10 10", "B 50 10", "O 90 10"],
            "VERTICES": ["P1 30 14"],
        },
        **options,
    )


def tanks(path: Path, flows: Sequence[tuple[float, float]], *, gate: float = 0.02, **options: str) -> Path:
    """A storage S of 4 m² (rim at 3 m), an outlet to a deep storage T of 400 m², and no water in links.

    In feet, where SWMM's own balance is exact (in metric models it takes a cubic foot for 0.02832 m³).
    flows: (minutes, m³/s) into S. gate: of the outlet, Q = gate √head [m³/s, m].
    """
    usual = {
        "FLOW_UNITS": "CFS", "VARIABLE_STEP": "0", "HEAD_TOLERANCE": "1e-7", "MAX_TRIALS": "60",
        "MIN_SURFAREA": "1",
    }  # fmt: skip
    m, m2, m3 = 1 / FOOT, FOOT**-2, FOOT**-3
    return model(
        path,
        {
            "STORAGE": [
                f"S {m!r} {2 * m!r} 0 FUNCTIONAL 0 0 {4 * m2!r}",
                f"T {-9 * m!r} {9.5 * m!r} 0 FUNCTIONAL 0 0 {400 * m2!r}",
            ],
            "OUTFALLS": [f"O {-9 * m!r} FREE NO"],
            "WEIRS": [f"W T O SIDEFLOW {0.4 * m!r} 1.8 NO 0 0 NO"],
            "OUTLETS": [f"L S T {m!r} FUNCTIONAL/HEAD {gate * m3 * FOOT**0.5!r} 0.5 NO"],
            "XSECTIONS": ["W RECT_OPEN 0.3 3 0 0"],
            "INFLOWS": ["S FLOW q"],
            "TIMESERIES": [f"q 0:{int(t):02d} {q * m3!r}" for t, q in flows],
            "COORDINATES": ["S 6 6", "T 500 500", "O 600 600"],
        },
        **{**usual, **options},
    )
