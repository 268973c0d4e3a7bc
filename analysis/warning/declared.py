"""Inputs and outputs that models with warnings have in common."""

from __future__ import annotations

from analysis.contract import Output, Parameter
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
BASIN_AREA = Parameter(
    name="basin_area",
    title={"ko": "소유역 최소 면적", "en": "area from which a tributary is a sub-basin"},
    type="number",
    unit="m2",
    minimum=100.0,
    maximum=1e9,
    default=20_000.0,
)
PASSABLE = Parameter(
    name="passable",
    title={"ko": "통행 가능 침수심", "en": "deepest water that a way may lead through"},
    type="number",
    unit="m",
    minimum=0.01,
    maximum=2.0,
    default=DEPTH_LIMIT_M,
)
OUTPUTS = (
    Output(name="warnings", title={"ko": "침수 경보", "en": "flood warnings"}, kind="json"),
    Output(
        name="basins",
        title={"ko": "소유역별 침수심과 경보", "en": "sub-basins with depth and warning level"},
        kind="json",
        media_type=GEOJSON,
    ),
    Output(name="routes", title={"ko": "대피 경로", "en": "ways out"}, kind="json", media_type=GEOJSON),
)
