"""The model `damage`: from a raster of the greatest depths to tables of damage, and totals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.contract import Model, Parameter, Result
from analysis.declare import choice, file, number, output, switch, text
from analysis.errors import AnalysisError

if TYPE_CHECKING:
    import numpy.typing as npt

    from analysis.context import Context
    from analysis.scene.grid import Grid
    from twin.store import City


def run(
    context: Context,
    *,
    depth: Path,
    country: str,
    curves: Path | None,
    costs: Path | None,
    uses: Path | None,
    region: str | None,
    default_use: str,
    threshold: float,
    depreciation: float,
    storeys: float,
    statistic: str,
    blocked: bool,
    depth_error: float,
    cost_error: float,
    price_index: float,
    price_year: int | None,
    exchange_rate: float,
    currency: str | None,
    persons: float,
    exposed_from: float,
    cut_from: float,
) -> Mapping[str, Result]:
    """See `docs/damage.md`. Raises AnalysisError for inputs that cannot be used."""
    import geopandas

    from analysis import damage
    from analysis.damage.city import Exposed
    from analysis.damage.roads import UNITS
    from analysis.scene.grid import plane_of
    from twin.store import open_city

    with open_city(context.city_folder) as city:
        context.progress(0.0, "reading depths")
        water, grid = _read(depth, city)
        plane = plane_of(city, None if grid.crs == city.get("crs") else grid.crs)
        context.progress(0.1, "reading buildings")
        exposed = Exposed.read(city, grid, plane)
        context.progress(0.6, "damage")
        base = damage.construction_costs(country, costs)
        found = damage.city_damage(
            city,
            exposed,
            water,
            costs=base,
            curves=damage.damage_curves(region or base.region, curves),
            uses=damage.use_table(uses),
            default=default_use,
            vulnerability=damage.Vulnerability(
                threshold=threshold,
                depreciation=depreciation,
                storeys=storeys,
                depth_error=depth_error,
                cost_error=cost_error,
            ),
            prices=damage.Prices(price_index, price_year, exchange_rate, currency),
            occupancy=damage.Occupancy(persons=persons),
            statistic="mean" if statistic == "mean" else "max",
            blocked=blocked,
            exposed_from=exposed_from,
            cut_from=cut_from,
        )
    context.progress(0.9, "writing tables")
    assessment = found.assessment
    buildings = geopandas.GeoDataFrame(
        assessment.buildings, geometry=[b.shape for b in exposed.buildings], crs=plane_crs(grid.crs)
    )
    blocks = assessment.blocks.reset_index()
    money = dict.fromkeys(("value", "damage", "damage_low", "damage_high"), assessment.currency)
    return {
        "buildings": context.table("buildings", buildings, assessment.units(assessment.buildings)),
        "blocks": context.table("blocks", blocks, assessment.units(blocks)),
        "roads": context.table("roads", found.roads, UNITS),
        "summary": context.json(
            "summary", damage.summary(assessment) | {"roads_cut": int(found.roads["cut"].sum())}, money
        ),
    }


def plane_crs(name: str) -> Any:
    """The horizontal coordinate system of a grid, as geopandas takes it; None for a local one."""
    from citygml.crs import parse

    return parse(name).horizontal


def _read(path: Path, city: City) -> tuple[npt.NDArray[np.float32], Grid]:
    """The depths of a GeoTIFF, and its grid in the city's coordinate system or one in metres."""
    import rasterio
    from rasterio.errors import RasterioError

    from analysis.scene.grid import Grid
    from citygml.crs import parse
    from citygml.errors import UnknownCrs

    try:
        with rasterio.open(path, driver="GTiff") as dataset:
            values = dataset.read(1, masked=True).astype(np.float32).filled(np.nan)
            transform, crs = dataset.transform, dataset.crs
    except RasterioError as error:
        raise AnalysisError(f"{path.name}: not a raster of depths ({str(error).splitlines()[0]})") from None
    if transform.b or transform.d or abs(transform.a + transform.e) > 1e-6 * transform.a:
        raise AnalysisError(f"{path.name}: the raster of depths must be north up, with square cells")
    own = city.get("crs") or "local"
    name = own
    if crs is not None:
        code = crs.to_epsg()
        try:
            stated = parse(f"EPSG:{code}" if code else crs.to_wkt())
        except UnknownCrs as error:
            raise AnalysisError(f"{path.name}: {error}") from None
        name = own if stated.same_horizontal(parse(own)) else stated.name
    rows, columns = values.shape
    return values, Grid(transform.c, transform.f, transform.a, rows, columns, name)


MODEL = Model(
    name="damage",
    version="1",
    title={"ko": "침수 피해액", "en": "Flood damage"},
    description={
        "ko": "최대 침수심으로부터 건물별·블록별 피해액, 노출 인구, 침수 도로를 구한다"
        " (JRC 침수심-피해 곡선).",
        "en": "Damage by building and block, people exposed and roads cut, from the greatest depths of a"
        " flood (JRC depth-damage curves).",
    },
    parameters=(
        file("depth", "최대 침수심 래스터 (GeoTIFF, m)", "greatest depths (GeoTIFF, m)", required=True),
        text("country", "국가 (ISO 3166 세 글자)", "country (ISO 3166, three letters)", "KOR"),
        text("region", "피해 곡선의 지역", "region of the curves, if not the country's"),
        file("curves", "피해 곡선 표 (CSV)", "table of damage curves (CSV)"),
        file("costs", "건축비 표 (CSV)", "table of construction costs (CSV)"),
        file("uses", "건물 용도 표 (CSV)", "table of building uses (CSV)"),
        choice(
            "default_use",
            "용도를 모르는 건물",
            "sector of buildings that state no use",
            {
                "residential": ("주거", "residential"),
                "commercial": ("상업", "commercial"),
                "industrial": ("공업", "industrial"),
                "none": ("제외", "left out"),
            },
        ),
        number("threshold", "바닥 높이", "height of floors above the ground", "m", 0.0, 0.0, 5.0),
        number("depreciation", "잔존 가치 비율", "remaining worth of structures, a share", "1", 1.0, 0, 1),
        number("storeys", "피해를 입는 층수", "lowest storeys at risk", "1", 2.0, 0.5, 10.0),
        choice(
            "statistic",
            "건물 둘레의 침수심",
            "depth around a building",
            {"max": ("최대", "the greatest"), "mean": ("평균", "the mean")},
        ),
        switch("blocked", "건물 칸에는 물이 없음", "cells of buildings held no water in the flood run", True),
        number("depth_error", "침수심 오차", "error of depths", "m", 0.0, 0.0, 5.0),
        number("cost_error", "건축비 오차", "error of costs, as a share", "1", 0.0, 0.0, 1.0),
        number("price_index", "물가 지수", "price index since the costs' year", "1", 1.0, 1e-3, 1e3),
        Parameter(
            name="price_year",
            title={"ko": "가격 기준 연도", "en": "price year that the index leads to"},
            type="integer",
            unit="a",
            minimum=1900,
            maximum=2200,
        ),
        number("exchange_rate", "환율", "currency for one unit of the costs' currency", "1", 1.0, 1e-6, 1e6),
        text("currency", "통화", "currency that the exchange rate leads to"),
        number("persons", "가구원 수", "persons in a household", "1", 2.2, 0.5, 20.0),
        number("exposed_from", "인구 노출 침수심", "depth that exposes people", "m", 0.1, 0.0, 5.0),
        number("cut_from", "통행 불가 침수심", "depth that cuts a road", "m", 0.3, 0.01, 5.0),
    ),
    outputs=(
        output("buildings", "건물별 피해", "damage by building", "table"),
        output("blocks", "블록별 피해", "damage by block", "table"),
        output("roads", "침수 도로", "roads under water", "table"),
        output("summary", "총 피해", "totals", "json"),
    ),
    run=run,
    quick=True,
)
