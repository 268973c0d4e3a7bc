"""What the model `energy` declares: its inputs and outputs with units and titles."""

from __future__ import annotations

from analysis.contract import Output, Parameter
from analysis.declare import area, choice, file, number, output, scenario, switch, text, titled, whole
from analysis.energy.run.metered import CHOICES
from analysis.energy.run.weather import SOURCES

PARAMETERS: tuple[Parameter, ...] = (
    area(),
    choice("weather_source", "기상 자료", "source of the weather", SOURCES),
    file("weather", "기상 파일 (EPW, METPV)", "weather file (EPW, METPV)"),
    choice(
        "method",
        "계산 방식",
        "method",
        {
            "iso52016": ("ISO 52016-1 시간별", "hourly by ISO 52016-1"),
            "5r1c": ("ISO 13790 5R1C (빠름)", "5R1C of ISO 13790 (quick)"),
        },
    ),
    choice(
        "by",
        "열 구역",
        "thermal zones",
        {
            "building": ("건물", "a building"),
            "part": ("건물 부분", "a part of a building"),
            "storey": ("층", "a storey"),
        },
    ),
    text(
        "region",
        "건물 유형의 지역 (비우면 그곳)",
        "region of the archetypes (empty: by the place)",
        description=titled(
            "KOR-central-1, KOR-south, JPN, DEU, NLD 등, 또는 건물 유형 표가 이름 붙인 지역.",
            "KOR-central-1, KOR-south, JPN, DEU, NLD, or one that tables of archetypes name.",
        ),
    ),
    choice(
        "state",
        "건물 외피의 상태",
        "state of envelopes",
        {
            "existing": ("현재", "as they stand"),
            "usual": ("통상 개수", "usual refurbishment"),
            "advanced": ("고급 개수", "advanced refurbishment"),
        },
    ),
    file(
        "archetypes",
        "건물 유형 표 (CSV)",
        "tables of archetypes (CSV)",
        many=True,
        description=titled(
            "열관류율, 용도, 설비를 도시의 값으로 채운 파일. 없는 것은 기본값을 쓴다.",
            "U-values, uses and systems of the city's own; what it leaves out is as built in.",
        ),
    ),
    whole("default_year", "준공 연도를 모르는 건물", "year of buildings that state none", None, 1800, 2100),
    text("default_use", "용도를 모르는 건물", "use of buildings that state none"),
    text("system", "설비 (비우면 유형별)", "heating and cooling system of all (empty: by archetype)"),
    switch("shading", "주변 건물의 그늘", "shade of what stands around", True),
    text(
        "measures",
        "에너지 개선 조치 (쉼표로 나열)",
        "retrofit measures for all buildings, separated by commas",
    ),
    switch("pv", "지붕 태양광", "photovoltaics on roofs", True),
    number("pv_efficiency", "모듈 효율", "efficiency of PV modules", "1", 0.19, 0.01, 0.5),
    number(
        "pv_share",
        "모듈을 놓을 수 있는 지붕 비율",
        "share of roofs that is free for modules",
        "1",
        0.6,
        0.0,
        1.0,
    ),
    number("battery", "축전지 (태양광 1 kW당)", "battery for each kW of PV", "h", 0.0, 0.0, 20.0),
    number(
        "solar_thermal",
        "태양열 집열기를 놓을 지붕 비율",
        "share of roofs with solar thermal collectors",
        "1",
        0.0,
        0.0,
        1.0,
        description=titled(
            "급탕용. 태양광의 지붕 비율과 합해 1을 넘을 수 없다.",
            "For hot water. Together with the share of roofs for modules at most 1.",
        ),
    ),
    number(
        "fuel_cell",
        "연료전지 발전 용량 (연면적 1 m²당)",
        "power of fuel cells for each m² of floor area",
        "W/m2",
        0.0,
        0.0,
        1000.0,
    ),
    choice(
        "fuel_cell_kind",
        "연료전지의 종류",
        "kind of fuel cells",
        {
            "polymer": ("고분자형, 열 추종 운전", "polymer, led by heat"),
            "solid_oxide": ("고체산화물형, 상시 운전", "solid oxide, always on"),
        },
    ),
    number(
        "flexible",
        "하루 안에서 옮길 수 있는 전력 수요 비율",
        "share of the demand for electricity that can wait within a day",
        "1",
        0.0,
        0.0,
        1.0,
    ),
    number(
        "outage",
        "계통 정전 시간 (블록별 독립 운전 시험)",
        "hours without the grid that blocks are tested for",
        "h",
        0.0,
        0.0,
        168.0,
    ),
    number(
        "critical",
        "정전 때 공급해야 하는 수요 비율",
        "share of the demand that has to be served in an outage",
        "1",
        1.0,
        0.01,
        1.0,
    ),
    number("vehicles", "세대당 전기차", "electric vehicles of a household", "1", 0.0, 0.0, 5.0),
    number("street_lighting", "가로등 설치 전력", "power of street lamps", "kW", 0.0, 0.0, 1e6),
    number("park_lighting", "공원등 설치 전력", "power of park lamps", "kW", 0.0, 0.0, 1e6),
    choice("meters", "건물 계량값", "meters of buildings", CHOICES),
    file("factors", "에너지원 계수 표 (CSV)", "table of energy carriers' factors (CSV)"),
    choice(
        "scheme",
        "제로에너지건축물 등급 기준",
        "scheme of zero-energy grades",
        {
            "kr-zeb-2017": ("2017년 인증 기준", "Korean certification of 2017"),
            "kr-zeb-2025": ("2025년 통합 인증 기준", "Korean certification as merged in 2025"),
        },
    ),
    switch("plan", "계획의 자립률 표 (기본: 시범도시 2019)", "a plan's table of self-sufficiency", False),
    file(
        "plan_file",
        "자립률 계획 표 (CSV)",
        "table of a plan (CSV)",
        description=titled(
            "비우면 국가 시범도시 서비스로드맵(2019) 안의 표를 쓴다.",
            "Empty for that of the national pilot city's service roadmap, draft of 2019.",
        ),
    ),
    scenario("그 건물들을 계산한다.", "its buildings are what is computed."),
    switch("hourly", "건물별 시간 자료", "hours of every building in the results", False),
)

OUTPUTS: tuple[Output, ...] = (
    output("buildings", "건물별 에너지", "energy by building", "table"),
    output("envelope", "외피", "envelopes by element", "table"),
    output("load", "시간별 부하", "load by the hour", "series"),
    output("zones", "모사한 열 구역과 기상", "zones and weather that were simulated", "dataset"),
    output("hours", "건물별 시간 자료", "hours of every building", "dataset", optional=True),
    output("outages", "블록별 독립 운전", "blocks without the grid", "table", optional=True),
    output("plan", "도시 계획 자립률", "self-sufficiency by the city plan's scopes", "json", optional=True),
    output("summary", "요약", "summary", "json"),
)
