"""What the model `sun` declares: its inputs and outputs with units and titles."""

from __future__ import annotations

from analysis.contract import Output, Parameter
from analysis.declare import area, choice, file, number, output, scenario, switch, text, titled, whole
from analysis.sun.run.weather import SOURCES

PLAN_SCHEMA = {
    "type": "object",
    "required": ["footprint", "height"],
    "additionalProperties": False,
    "properties": {
        "footprint": {"type": "object", "description": "Polygon of GeoJSON, longitude and latitude"},
        "height": {"type": "number", "exclusiveMinimum": 0, "maximum": 1000, "description": "[m]"},
        "base": {"type": "number", "description": "[m] in the city's heights; else the ground below it"},
        "remove": {"type": "array", "items": {"type": "string"}, "description": "ids of buildings"},
    },
}

PLACE_SCHEMA = {
    "type": "object",
    "required": ["longitude", "latitude"],
    "additionalProperties": False,
    "properties": {
        "longitude": {"type": "number", "minimum": -180, "maximum": 180, "description": "[degrees]"},
        "latitude": {"type": "number", "minimum": -90, "maximum": 90, "description": "[degrees]"},
        "height": {
            "type": "number",
            "description": "[m] of the model's origin above the ellipsoid; else on the ground",
        },
        "heading": {
            "type": "number",
            "default": 0,
            "description": "[degrees] clockwise; at 0 the model's -z axis points north",
        },
        "scale": {"type": "number", "exclusiveMinimum": 0, "default": 1, "description": "metres in a unit"},
    },
}

PARAMETERS: tuple[Parameter, ...] = (
    area(),
    text(
        "date",
        "날짜 (비우면 기준의 날짜)",
        "date (empty: the rule's own)",
        description=titled(
            "YYYY-MM-DD. 비우면 일조 기준이 정한 날, 기준이 없으면 올해의 동지 (남반구는 6월)이다.",
            "YYYY-MM-DD. Empty for the day of the daylight rule, or without one for this year's winter"
            " solstice (in June south of the equator).",
        ),
    ),
    number("cell_size", "격자 크기", "cell size", "m", 1.0, 0.1, 50.0),
    number("spacing", "벽면과 지붕의 점 간격", "spacing of points on roofs and facades", "m", 2.0, 0.1, 50.0),
    whole("step", "태양 위치 간격 (분)", "minutes between positions of the sun", 10, 1, 60),
    whole("interval", "그림자 출력 간격 (분)", "minutes between shadow masks", 60, 5, 720),
    choice(
        "engine",
        "계산 방식",
        "engine",
        {
            "auto": ("자동", "whichever fits"),
            "sweep": ("높이장 (2.5차원)", "height field (2.5D)"),
            "rays": ("광선 (실제 면)", "rays on the real surfaces"),
        },
    ),
    choice(
        "rule",
        "일조 기준",
        "daylight rule",
        {
            "korea": ("일조권 수인한도 (동지일)", "Korean daylight right (winter solstice)"),
            "en17037": ("EN 17037 일조 시간", "sunlight exposure by EN 17037"),
            "bre209": ("수직면 천공 성분 (BRE 209)", "vertical sky component (BRE 209)"),
            "none": ("없음", "none"),
        },
    ),
    file("rule_file", "다른 일조 기준 (JSON)", "another daylight rule (JSON)"),
    Parameter(
        name="plan",
        title=titled("계획 건물", "planned building"),
        type="object",
        schema=PLAN_SCHEMA,
        description=titled(
            "도시에 넣을 건물의 바닥 모양과 높이, 철거할 건물. 전후를 비교한다.",
            "Footprint and height of a building to put into the city, and buildings that go for it; before"
            " and after are compared.",
        ),
    ),
    file(
        "plan_file",
        "계획 건물 파일 (GLB, CityGML, CityJSON, IFC)",
        "planned buildings of a file (GLB, CityGML, CityJSON, IFC)",
        description=titled(
            "파일의 건물을 도시에 넣어 전후를 비교한다. 식별자가 같은 건물은 갈음한다.",
            "The buildings of the file are put into the city, in the place of those with the same id; before"
            " and after are compared.",
        ),
    ),
    Parameter(
        name="plan_place",
        title=titled("GLB 모형의 자리", "where the model of a GLB stands"),
        type="object",
        schema=PLACE_SCHEMA,
        description=titled(
            "경도와 위도, 그리고 원하면 타원체고, 방위, 축척.",
            "Longitude and latitude, and if wanted ellipsoidal height, heading and scale.",
        ),
    ),
    scenario("전후를 비교한다.", "before and after are compared."),
    Parameter(
        name="plot",
        title=titled("대지 (높이 제한 검토)", "plot (to check the height limit)"),
        type="geometry",
        description=titled(
            "정북 방향 대지경계선에 따른 높이 제한(건축법 시행령 제86조 제1항)을 구할 대지의 다각형.",
            "Polygon of the plot over which the height limit by the boundary to the north is looked at"
            " (Enforcement Decree of the Korean Building Act, article 86 paragraph 1).",
        ),
    ),
    switch("energy", "연간 일사와 태양광 발전", "irradiation of a year and PV", True),
    choice("weather_source", "기상 자료", "source of the weather", SOURCES),
    file("weather", "기상 파일 (EPW, METPV)", "weather file (EPW, METPV)"),
    number("efficiency", "모듈 효율", "efficiency of PV modules", "1", 0.19, 0.01, 0.5),
    number("losses", "시스템 손실", "losses of the PV system", "%", 14.0757, 0.0, 99.0),
    number("setback", "지붕 가장자리 이격", "setback from the edges of roofs", "m", 0.5, 0.0, 10.0),
    switch("glare", "벽면 유리의 눈부심", "glare of glass facades", False),
    number("tree_transmissivity", "수관 투과율", "light that crosses a tree's crown", "1", 0.03, 0.0, 1.0),
    text("timezone", "시간대 (비우면 그곳의 시간대)", "time zone (empty: that of the place)"),
)

OUTPUTS: tuple[Output, ...] = (
    output("shadow", "그림자", "shadow", "rasters", "1"),
    output("sun_hours", "지면 일조 시간", "hours of sun on the ground", "raster", "h"),
    output(
        "sun_hours_change", "지면 일조 시간 변화", "change of sun hours on the ground", "raster", "h",
        optional=True,
    ),
    output("sky_view", "지면 천공률", "sky view factor of the ground", "raster", "1"),
    output("surfaces", "지붕과 벽면의 일조", "sun on roofs and facades", "tiles", optional=True),
    output("points", "지붕과 벽면의 점", "points on roofs and facades", "table"),
    output("surface_table", "면별 일조", "sun by surface", "table"),
    output("buildings", "건물별 일조와 발전량", "sun and power by building", "table"),
    output(
        "shadows", "그림자 윤곽", "outlines of shadows", "json", media_type="application/geo+json",
        optional=True,
    ),
    output("daylight", "일조권", "daylight right", "json", optional=True),
    output("height_limit", "높이 제한", "height limit", "json", optional=True),
    output("pv", "태양광 발전", "photovoltaic power", "json", optional=True),
    output("glare", "눈부심", "glare", "table", optional=True),
    output("report_ko", "보고서 (한국어)", "report in Korean", "document", optional=True),
    output("report_en", "보고서 (영어)", "report in English", "document", optional=True),
    output("summary", "요약", "summary", "json"),
)  # fmt: skip
