"""Inputs and outputs of the model `flood`."""

from __future__ import annotations

from analysis.declare import area, choice, file, number, output, text
from analysis.flood.hazard import UNIT as HAZARD_UNIT
from analysis.warning import declared as warning

PARAMETERS = (
    area(),
    number("cell_size", "격자 크기", "cell size", "m", 5.0, 0.25, 1000.0),
    number("duration", "모의 시간", "time simulated", "min", 120.0, 1.0, 14_400.0),
    number("rain", "강우 강도", "rain intensity", "mm/h", 60.0, 0.0, 1000.0),
    number("rain_duration", "강우 지속 시간", "how long it rains", "min", 60.0, 0.0, 14_400.0),
    choice(
        "rain_source",
        "강우 자료",
        "rain from",
        {
            "design": ("주어진 강도와 지속 시간", "the given intensity and time"),
            "sensors": ("강우 센서의 최근 관측", "the newest readings of the rain sensors"),
            "file": ("격자 강우 파일", "the file of gridded rain"),
            "inp": ("SWMM 파일의 강우", "the SWMM file of the storm drains"),
        },
    ),
    file(
        "rain_file",
        "격자 강우 파일 (NetCDF, GeoTIFF, ODIM HDF5)",
        "gridded rain (NetCDF, GeoTIFF, ODIM HDF5)",
    ),
    file("sewers", "우수관망 (SWMM .inp)", "storm drains (SWMM .inp)"),
    number("stream_rise", "하천 수위 상승", "rise of the streams within an hour", "m", 0.0, 0.0, 20.0),
    choice(
        "scheme",
        "계산 기법",
        "scheme",
        {
            "hllc": ("유한체적 1차: 기본", "finite volumes, first order: the usual one"),
            "inertial": ("국부 관성: 빠른 미리보기", "local inertia: a fast preview"),
            "muscl": (
                "유한체적 2차: 정밀, 세 배 느림",
                "finite volumes, second order: sharp, 3 times slower",
            ),
        },
    ),
    choice(
        "edges",
        "가장자리",
        "edges of the area",
        {
            "free": ("물이 흘러 나감", "water runs off over them"),
            "closed": ("막힘", "nothing passes"),
        },
    ),
    choice(
        "buildings",
        "건물 처리",
        "buildings are",
        {
            "blocked": ("물이 들지 않는 벽", "walls that keep water out"),
            "raised": ("지붕에서 비가 흘러내림", "raised ground that sheds rain"),
            "porous": ("칸의 일부를 막음", "a closed share of each cell"),
        },
    ),
    choice(
        "losses",
        "침투",
        "losses of rain",
        {
            "curve-number": ("유출곡선지수 (NRCS)", "curve numbers (NRCS)"),
            "green-ampt": ("그린-암프트", "Green and Ampt"),
            "none": ("없음", "no losses"),
        },
    ),
    choice(
        "soil",
        "토양군 (NRCS)",
        "hydrologic soil group (NRCS)",
        {
            "A": ("유출이 적음: 모래, 자갈 (A)", "little runoff: sand, gravel (A)"),
            "B": ("유출이 다소 적음 (B)", "rather little runoff (B)"),
            "C": ("유출이 다소 많음 (C)", "rather much runoff (C)"),
            "D": ("유출이 많음: 점토 (D)", "much runoff: clay (D)"),
        },
        default="C",
    ),
    number("interval", "출력 간격", "time between pictures", "min", 5.0, 0.1, 1440.0),
    choice(
        "precision",
        "정밀도",
        "precision",
        {
            "float64": ("배정밀도 (64비트)", "double (64 bits)"),
            "float32": ("단정밀도 (32비트)", "single (32 bits)"),
        },
    ),
    number("sill", "문턱 높이", "height of door sills", "m", 0.1, 0.0, 3.0),
    text("country", "피해액 국가 (ISO 3166)", "country of damage costs (ISO 3166)", "KOR"),
    warning.LEVELS,
    warning.BASIN_AREA,
)
OUTPUTS = (
    output("depth_max", "최대 침수심", "greatest depth", "raster", "m"),
    output("speed_max", "최대 유속", "greatest speed", "raster", "m/s"),
    output("hazard_max", "최대 위험도", "greatest hazard rating", "raster", HAZARD_UNIT),
    output("arrival", "도달 시간", "time of arrival", "raster", "s"),
    output("duration", "침수 지속 시간", "time under deep water", "raster", "s"),
    output("depth", "시간별 침수심", "depth in time", "rasters", "m"),
    output("water", "뷰어용 수면", "water for the viewer", "json"),
    output("sewers", "우수관망의 수위와 유량", "heads and flows of the storm drains", "json", optional=True),
    output("buildings", "건물별 침수심과 피해액", "depth and damage of buildings", "json"),
    output("building_table", "건물별 표", "table of buildings", "table"),
    output("summary", "요약", "summary", "json"),
    *warning.OUTPUTS,
)
