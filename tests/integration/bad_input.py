"""Input that is refused whole, and defects of single objects, made in a folder."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin

from tests.integration.command_line import BOXES, CRS
from tests.unit.gml_models import building, document, lod2, member, multi_surface, polygon, square
from tests.unit.models import city, write

RING = square(176_000, 282_000, 5, 10)
Make = Callable[[Path], Path]


def text(name: str, content: str | bytes) -> Make:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def model(*polygons: str, srs: str | None = CRS) -> str:
    members = [member(building(lod2(multi_surface(p)), f"b{n}")) for n, p in enumerate(polygons)]
    return document("".join(members), srs=srs)


def archive(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "bad.zip", "w") as opened:
        opened.writestr("../outside.gml", model(polygon(RING)))
    return folder / "bad.zip"


def unlike_image(folder: Path) -> Path:
    (folder / "bad-picture.png").write_text("this is no picture")
    document = city({"textured": (0.0, 0.0, 5.0)})
    document["appearance"] = {"textures": [{"type": "PNG", "image": "bad-picture.png"}]}
    document["appearance"]["vertices-texture"] = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    geometry = document["CityObjects"]["textured"]["geometry"][0]
    geometry["texture"] = {"t": {"values": [[[[0, 0, 1, 2, 3]]] * 6]}}
    return write(folder / "bad.city.json", document)


def dem(folder: Path, crs: str | None, name: str = "bad.tif") -> Path:
    with rasterio.open(
        folder / name, "w", driver="GTiff", width=4, height=4, count=1, dtype="float32", crs=crs,
        transform=from_origin(176_000, 282_100, 10, 10),
    ) as raster:  # fmt: skip
        raster.write(np.ones((1, 4, 4), np.float32))
    return folder / name


def sparse(name: str, begin: bytes = b"") -> Make:
    def make(folder: Path) -> Path:
        with (folder / name).open("wb") as file:
            file.write(begin)
            file.truncate(2 << 30)
        return folder / name

    return make


BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
REFUSED: dict[str, Make] = {
    "not XML": text("bad.gml", "this is no XML"),
    "broken XML": text("bad.gml", model(polygon(RING)).replace("</gml:Polygon>", "")),
    "truncated": text("bad.gml", (whole := model(*[polygon(RING)] * 9))[: len(whole) // 2]),
    "truncated JSON": text("bad.city.json", json.dumps(city(BOXES))[:-40]),
    "wrong root": text("bad.gml", '<kml xmlns="http://www.opengis.net/kml/2.2"/>'),
    "wrong JSON": text("bad.city.json", '{"type": "FeatureCollection", "features": []}'),
    "XML bomb": text("bad.gml", f'<!DOCTYPE x [<!ENTITY l0 "lol">{BOMB}]><CityModel>&l9;</CityModel>'),
    "external entity": text(
        "bad.gml",
        '<!DOCTYPE x [<!ENTITY s SYSTEM "file:///etc/passwd">]>'
        + model(polygon(RING)).replace("<gml:exterior>", "<gml:name>&s;</gml:name><gml:exterior>"),
    ),
    "archive that leads outside": archive,
    "texture that is no image": unlike_image,
    "another CRS": text("bad.gml", model(polygon(RING), srs="EPSG:25832")),
    "unknown CRS": text("bad.gml", model(polygon(RING), srs="EPSG:999999")),
    "no CRS": text("bad.gml", model(polygon(RING), srs=None)),
    "DEM without CRS": lambda folder: dem(folder, None),
    "DEM in another CRS": lambda folder: dem(folder, "EPSG:25832"),
    "DEM that is none": text("bad.asc", "ncols four\nnrows 4\n"),
    "2 GB of nothing, GML": sparse("bad.gml"),
    "2 GB of JSON": sparse("bad.city.json", b'{"type":"CityJSON","version":"2.0","CityObjects":{'),
    "2 GB of nothing, TIFF": sparse("bad.tif"),
    "no such file": lambda folder: folder / "bad-and-absent.gml",
    "empty folder": lambda folder: (folder / "bad").mkdir() or folder / "bad",  # type: ignore[func-returns-value]
}


DEFECTS = {
    "not a number": RING.replace("176000", "NaN", 1),
    "infinite": RING.replace("176000", "INF", 1),
    "not numeric": RING.replace("176000", "here", 1),
    "missing coordinate": RING.rpartition(" ")[0],
    "no coordinates": "",
}
