"""Small CityGML documents for tests, and a reading of them in one call."""

from __future__ import annotations

from pathlib import Path

from citygml.gml import GmlReader
from citygml.model import CityObject
from citygml.reading import ReadOptions

SHORT = {
    "building": "bldg",
    "bridge": "brid",
    "tunnel": "tun",
    "transportation": "tran",
    "vegetation": "veg",
    "waterbody": "wtr",
    "relief": "dem",
    "landuse": "luse",
    "cityfurniture": "frn",
    "generics": "gen",
    "cityobjectgroup": "grp",
    "appearance": "app",
    "construction": "con",
    "dynamizer": "dyn",
    "versioning": "vers",
    "pointcloud": "pcl",
}


def namespaces(version: str = "2.0") -> str:
    gml = "http://www.opengis.net/gml" + ("/3.2" if version == "3.0" else "")
    xal = "urn:oasis:names:tc:ciq:xal:3" if version == "3.0" else "urn:oasis:names:tc:ciq:xsdschema:xAL:2.0"
    modules = " ".join(f'xmlns:{SHORT[m]}="http://www.opengis.net/citygml/{m}/{version}"' for m in SHORT)
    return (
        f'xmlns:core="http://www.opengis.net/citygml/{version}" xmlns:gml="{gml}" xmlns:xAL="{xal}" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:uro="https://example.org/uro/3.0" {modules}'
    )


def document(members: str, version: str = "2.0", srs: str | None = "EPSG:5187") -> str:
    """A city model; `members` are whole member elements."""
    envelope = (
        f'<gml:boundedBy><gml:Envelope srsName="{srs}" srsDimension="3">'
        "<gml:lowerCorner>175000 281000 0</gml:lowerCorner>"
        "<gml:upperCorner>177000 283000 50</gml:upperCorner></gml:Envelope></gml:boundedBy>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f"<core:CityModel {namespaces(version)}>{envelope if srs else ''}{members}</core:CityModel>"
    )


def member(*features: str) -> str:
    return "".join(f"<core:cityObjectMember>{f}</core:cityObjectMember>" for f in features)


def building(content: str, gml_id: str = "b1") -> str:
    return f'<bldg:Building gml:id="{gml_id}">{content}</bldg:Building>'


def ring(points: str, gml_id: str | None = None) -> str:
    named = f' gml:id="{gml_id}"' if gml_id else ""
    return f"<gml:LinearRing{named}><gml:posList>{points}</gml:posList></gml:LinearRing>"


def polygon(points: str, *holes: str, gml_id: str | None = None, ring_id: str | None = None) -> str:
    named = f' gml:id="{gml_id}"' if gml_id else ""
    inner = "".join(f"<gml:interior>{ring(h)}</gml:interior>" for h in holes)
    return f"<gml:Polygon{named}><gml:exterior>{ring(points, ring_id)}</gml:exterior>{inner}</gml:Polygon>"


def square(x: float = 0, y: float = 0, z: float = 0, size: float = 1) -> str:
    corners = [(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)]
    return " ".join(f"{a:g} {b:g} {z:g}" for a, b in corners)


def multi_surface(*surfaces: str, gml_id: str | None = None) -> str:
    named = f' gml:id="{gml_id}"' if gml_id else ""
    inside = "".join(f"<gml:surfaceMember>{s}</gml:surfaceMember>" for s in surfaces)
    return f"<gml:MultiSurface{named}>{inside}</gml:MultiSurface>"


def links(*ids: str) -> str:
    return "".join(f'<gml:surfaceMember xlink:href="{i}"/>' for i in ids)


def solid(members: str) -> str:
    return (
        f"<gml:Solid><gml:exterior><gml:CompositeSurface>{members}</gml:CompositeSurface>"
        "</gml:exterior></gml:Solid>"
    )


def lod2(surface: str, holder: str = "bldg") -> str:
    return f"<{holder}:lod2MultiSurface>{surface}</{holder}:lod2MultiSurface>"


def read(
    folder: Path, text: str | bytes, options: ReadOptions | None = None, name: str = "city.gml"
) -> tuple[list[CityObject], GmlReader]:
    """The objects of a document and its reader."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    reader = GmlReader(path, options or ReadOptions())
    return [o for batch in reader.batches() for o in batch], reader


def codes(reader: GmlReader) -> list[str]:
    return [finding.code for finding in reader.gathered.findings]
