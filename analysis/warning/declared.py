"""Inputs and outputs that models with warnings have in common."""

from __future__ import annotations

from analysis.contract import Parameter
from analysis.declare import number, output
from analysis.warning.levels import DEPTH_LIMIT_M, KOREAN

GEOJSON = "application/geo+json"
LIBRARY = "flood-library"
"""Name of the model that makes scenario libraries."""
LEVELS = Parameter(
    name="levels",
    title={"ko": "경보 단계별 침수심", "en": "depths at which the warning levels begin"},
    description={
        "ko": "관심, 주의, 경계, 심각의 네 값",
        "en": "four, in increasing order: attention, caution, alert, serious",
    },
    type="number",
    unit="m",
    many=True,
    minimum=0.01,
    maximum=50.0,
    default=list(KOREAN.depths),
)
BASIN_AREA = number(
    "basin_area", "소유역 최소 면적", "area from which a tributary is a sub-basin", "m2", 20_000.0, 100.0, 1e9
)
PASSABLE = number(
    "passable",
    "통행 가능 침수심",
    "deepest water that a way may lead through",
    "m",
    DEPTH_LIMIT_M,
    0.01,
    2.0,
)
OUTPUTS = (
    output("warnings", "침수 경보", "flood warnings", "json"),
    output(
        "basins",
        "소유역별 침수심과 경보",
        "sub-basins with depth and warning level",
        "json",
        media_type=GEOJSON,
    ),
    output("routes", "대피 경로", "ways out", "json", media_type=GEOJSON),
)
