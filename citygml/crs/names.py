"""The names of coordinate systems: every form of srsName in, one canonical name out, axis order included.

Forms and the axis order that they declare:

- `urn:ogc:def:crs:EPSG::25832`, `http://www.opengis.net/def/crs/EPSG/0/6697`, compound urns and
  `crs-compound?1=...&2=...`: the order of the authority (north or latitude first for many).
- `5187`, `EPSG:5187`, `EPSG:5187+5193`, `...gml/srs/epsg.xml#25833`: east, north, as in GIS practice.
- German `urn:adv:crs:ETRS89_UTM32*DE_DHHN2016_NH*GCG2016`: east, north.
- `OGC:CRS84`, WKT, PROJ strings: WKT as its axes say, the others east, north.
- `local`, `#id` of an engineering CRS, `urn:ogc:def:crs:local:...`: local, no place on the globe.

Files break these rules, so that `resolve` checks the order against the area of use of the CRS.
"""

from __future__ import annotations

import os
import re
import warnings
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from citygml.errors import UnknownCrs

if TYPE_CHECKING:
    from pyproj import CRS as ProjCrs

LOCAL = "local"
_HELP = "name it with --crs, as in --crs EPSG:5187"

_EPSG = re.compile(r"EPSG(?:[:/][\d.]*[:/]|:|/)(\d+)|epsg\.xml#(\d+)|(?<=\d)\+(\d+)", re.IGNORECASE)
_AUTHORITY_ORDER = re.compile(r"^(urn:(x-)?ogc:def:crs|https?://(www\.)?opengis\.net/def/crs)", re.IGNORECASE)
_WKT = re.compile(r"^\s*[A-Z_]{3,}\s*\[")

# Short names of the German land surveys (AdV, GeoInfoDok, list of CRS), as EPSG codes.
_ADV_HORIZONTAL = {
    **{f"ETRS89_UTM{zone}": 25800 + zone for zone in (31, 32, 33)},
    **{f"DE_DHDN_3GK{zone}": 31464 + zone for zone in (2, 3, 4, 5)},
    **{f"DE_42-83_3GK{zone}": 2394 + zone for zone in (3, 4, 5)},
    "DE_PD-83_3GK3": 3396,
    "DE_PD-83_3GK4": 3397,
    "DE_RD-83_3GK4": 3398,
    "DE_RD-83_3GK5": 3399,
    "DE_SOLDNER-BERLIN": 3068,
    "ETRS89_LAT-LON": 4258,
    "ETRS89_LAT-LON-H": 4937,
}
_ADV_VERTICAL = {
    "DE_DHHN2016_NH": 7837,
    "DE_DHHN92_NH": 5783,
    "DE_DHHN85_NOH": 5784,
    "DE_DHHN12_NOH": 7699,
    "DE_SNN76_NH": 5785,
}
# ETRS89 / UTM with the zone written before the easting (32 280 928 m): zone -> EPSG code.
_ZONE_PREFIXED = {25831: 5649, 25832: 4647, 25833: 5650}

# A margin [degrees] for data that lie a little outside the area of use of their CRS.
_MARGIN = 2.0
# Where a CRS claims the whole world, no city is expected nearer to the poles than this [degrees].
_INHABITED = (-60.0, 84.0)


@dataclass(frozen=True)
class Crs:
    """A coordinate system as one srsName declares it.

    name: canonical ("EPSG:5187+5193", "EPSG:6697", "OGC:CRS84", "local", or the WKT or PROJ string).
    swap_axes: whether coordinates written under this srsName have north or latitude first; those in
        memory never have.
    """

    name: str
    is_geographic: bool
    is_local: bool
    has_vertical: bool
    swap_axes: bool

    @cached_property
    def pyproj(self) -> ProjCrs | None:
        """The whole CRS (compound, 3D or 2D), None when local."""
        return None if self.is_local else _pyproj(self.name)

    @cached_property
    def horizontal(self) -> ProjCrs | None:
        """The two-dimensional part, None when local."""
        crs = self.pyproj
        return None if crs is None else _horizontal(crs)

    @cached_property
    def vertical(self) -> ProjCrs | None:
        """The vertical part of a compound CRS; None when heights are ellipsoidal or not declared."""
        crs = self.pyproj
        return crs.sub_crs_list[1] if crs is not None and crs.is_compound else None

    @cached_property
    def horizontal_epsg(self) -> int | None:
        return None if self.horizontal is None else self.horizontal.to_epsg()

    @cached_property
    def vertical_epsg(self) -> int | None:
        return None if self.vertical is None else self.vertical.to_epsg()

    @cached_property
    def title(self) -> str:
        """The name for people: "KGD2002 / East Belt 2010 + KVD1964 height"."""
        return LOCAL if self.pyproj is None else str(self.pyproj.name)

    def same_horizontal(self, other: Crs) -> bool:
        """Whether both place the same eastings and northings at the same point."""
        if self.is_local or other.is_local or self.name == other.name:
            return self.is_local == other.is_local
        if self.horizontal_epsg is not None and other.horizontal_epsg is not None:
            return self.horizontal_epsg == other.horizontal_epsg
        return bool(self.horizontal == other.horizontal)

    def urn(self) -> str:
        """The srsName to write; `parse(crs.urn()).swap_axes` says in which order to write under it."""
        codes = [part for part in self.name.removeprefix("EPSG:").split("+") if part.isdigit()]
        if not self.name.startswith("EPSG:") or not codes:
            return "urn:ogc:def:crs:OGC:1.3:CRS84" if self.name == "OGC:CRS84" else self.name
        if len(codes) == 1:
            return f"urn:ogc:def:crs:EPSG::{codes[0]}"
        return "urn:ogc:def:crs," + ",".join(f"crs:EPSG::{code}" for code in codes)


@lru_cache(maxsize=256)
def parse(srs_name: str) -> Crs:
    """The CRS of an srsName in any of the forms above.

    Raises UnknownCrs, in one line, when it is empty or neither PROJ nor the list of AdV names knows it.
    """
    text = srs_name.strip()
    if not text:
        raise UnknownCrs(
            "the name of the coordinate system is empty; name it with --crs, as in --crs EPSG:5187"
        )
    lower = text.lower()
    if lower == LOCAL or text.startswith("#") or lower.startswith("urn:ogc:def:crs:local:"):
        return Crs(LOCAL, False, True, False, False)
    if lower.startswith("urn:adv:crs:"):
        return _declared(_adv_name(text), srs_name, authority_order=False)
    if re.search(r"CRS:?84h?$", text, re.IGNORECASE):
        return _declared(
            "OGC:CRS84h" if lower.endswith("h") else "OGC:CRS84", srs_name, authority_order=False
        )
    if _WKT.match(text):
        declared = _declared(text, srs_name, authority_order=True)
        return replace(declared, name=_canonical(declared))
    codes = [text] if text.isdecimal() else ["".join(groups) for groups in _EPSG.findall(text)]
    if codes:
        name = "EPSG:" + "+".join(codes[:2])
        return _declared(name, srs_name, authority_order=bool(_AUTHORITY_ORDER.match(text)))
    return _declared(text, srs_name, authority_order=False)


def resolve(crs: Crs, sample: npt.ArrayLike) -> Crs:
    """The CRS that fits real coordinates: axis order checked, zone before the easting understood.

    sample: (n, 2) or (n, 3), some coordinates in the order of the file (an envelope will do).
    """
    fitting = replace(crs, swap_axes=resolve_axis_order(crs, sample))
    prefixed = _ZONE_PREFIXED.get(crs.horizontal_epsg or 0)
    if prefixed is None:
        return fitting
    middle = _middle(sample)
    if middle is None or int(max(middle) // 1_000_000) != (crs.horizontal_epsg or 0) - 25800:
        return fitting
    _, plus, vertical = crs.name.partition("+")
    return resolve(replace(parse(f"EPSG:{prefixed}{plus}{vertical}"), swap_axes=crs.swap_axes), sample)


def resolve_axis_order(crs: Crs, sample: npt.ArrayLike) -> bool:
    """Whether the first coordinate is the north or the latitude.

    What the srsName declares holds, unless the area of use of the CRS contains the middle of the sample
    only when it is read the other way round. Coordinates that are in the area either way keep the declared
    order. Metres that are in it neither way are drawn about an origin of their own, and x is east.

    sample: (n, 2) or (n, 3), coordinates in the order of the file; NaN rows are left out.
    """
    middle = _middle(sample)
    if crs.is_local or middle is None:
        return crs.swap_axes
    for margin in (0.0, _MARGIN):
        straight, swapped = (_in_area(crs, point, margin) for point in (middle, middle[::-1]))
        if straight != swapped:
            return swapped
        if straight and margin == 0:
            return crs.swap_axes
    return crs.swap_axes and crs.is_geographic


def plausible(crs: Crs, sample: npt.ArrayLike) -> bool:
    """Whether coordinates (east, north first) lie in or near the area of use of the CRS."""
    middle = _middle(sample)
    return crs.is_local or middle is None or _in_area(crs, middle, _MARGIN)


def _middle(sample: npt.ArrayLike) -> tuple[float, float] | None:
    points = np.atleast_2d(np.asarray(sample, dtype=np.float64))[:, :2]
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return None
    x, y = (points.min(axis=0) + points.max(axis=0)) / 2
    return float(x), float(y)


def _in_area(crs: Crs, point: tuple[float, float], margin: float) -> bool:
    longitude, latitude = _to_degrees(crs.name).transform(*point)
    if not (np.isfinite(longitude) and np.isfinite(latitude)):
        return False
    area = crs.pyproj.area_of_use if crs.pyproj is not None else None
    if area is None and crs.horizontal is not None:
        area = crs.horizontal.area_of_use
    west, south, east, north = area.bounds if area is not None else (-180.0, -90.0, 180.0, 90.0)
    if south < -80 and north > 80:
        south, north = _INHABITED
    if not south - margin <= latitude <= north + margin:
        return False
    if west > east:  # an area across the antimeridian
        return bool(longitude >= west - margin or longitude <= east + margin)
    return bool(west - margin <= longitude <= east + margin)


@lru_cache(maxsize=1)
def proj() -> Any:
    """pyproj, imported on first use: no network access, and the grids in PROJ_DATA besides its own."""
    import pyproj
    import pyproj.datadir
    from pyproj.network import set_network_enabled  # type: ignore[attr-defined]

    set_network_enabled(False)
    if folder := os.environ.get("PROJ_DATA"):
        pyproj.datadir.append_data_dir(folder)
    return pyproj


@lru_cache(maxsize=64)
def horizontal_transformer(name: str) -> Any:
    """The transformer of the horizontal part of a CRS to WGS 84 longitude and latitude.

    PROJ's best without a ballpark step, which would drop a datum shift of some hundred metres; only a
    datum without any known relation to WGS 84 is taken to be the same.
    """
    horizontal = _horizontal(_pyproj(name))
    from_crs = proj().Transformer.from_crs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of better operations whose grids are missing
        try:
            return from_crs(horizontal, "EPSG:4326", always_xy=True, allow_ballpark=False)
        except proj().exceptions.ProjError:
            return from_crs(horizontal, "EPSG:4326", always_xy=True)


@lru_cache(maxsize=64)
def _to_degrees(name: str) -> Any:
    """The transformer from a horizontal CRS to its own longitude and latitude (no datum shift)."""
    horizontal = _horizontal(_pyproj(name))
    return proj().Transformer.from_crs(horizontal, horizontal.geodetic_crs, always_xy=True)


@lru_cache(maxsize=256)
def _pyproj(name: str) -> ProjCrs:
    crs: ProjCrs = proj().CRS.from_user_input(name)
    return crs


def _canonical(crs: Crs) -> str:
    """The EPSG name of what a WKT describes, where PROJ is sure of it."""
    if crs.pyproj is None:
        return crs.name
    whole = crs.pyproj.to_epsg(min_confidence=90)
    if whole is not None:
        return f"EPSG:{whole}"
    if crs.horizontal_epsg is not None and crs.vertical_epsg is not None:
        return f"EPSG:{crs.horizontal_epsg}+{crs.vertical_epsg}"
    return crs.name


def _horizontal(crs: ProjCrs) -> ProjCrs:
    if crs.is_compound:
        return crs.sub_crs_list[0]
    return crs.to_2d() if len(crs.axis_info) == 3 else crs


def _declared(name: str, srs_name: str, *, authority_order: bool) -> Crs:
    unknown = proj().exceptions.CRSError  # imported first: an interrupt on the way is not to end up here
    try:
        crs = _pyproj(name)
    except unknown:
        shown = srs_name if len(srs_name) <= 120 else srs_name[:117] + "..."
        raise UnknownCrs(f"the coordinate system {shown!r} is not known; {_HELP}") from None
    if crs.is_engineering:
        return Crs(LOCAL, False, True, False, False)
    if not (crs.is_geographic or crs.is_projected):
        raise UnknownCrs(
            f"the coordinate system {srs_name!r} ({crs.type_name}) has no eastings and northings; "
            "name a projected or geographic one with --crs"
        )
    if crs.is_compound and not crs.sub_crs_list[1].is_vertical:
        raise UnknownCrs(f"in {srs_name!r} the second coordinate system is not a vertical one")
    first = _horizontal(crs).axis_info[0].direction.lower()
    return Crs(
        name=name,
        is_geographic=bool(_horizontal(crs).is_geographic),
        is_local=False,
        has_vertical=len(crs.axis_info) == 3,
        swap_axes=authority_order and first in {"north", "south"},
    )


def _adv_name(text: str) -> str:
    horizontal, *heights = text.split(":", 3)[3].upper().split("*")
    code = _ADV_HORIZONTAL.get(horizontal)
    if code is None:
        raise UnknownCrs(f"the coordinate system {text!r} is not in the list of AdV names; {_HELP}")
    verticals = [_ADV_VERTICAL[part] for part in heights if part in _ADV_VERTICAL]
    return f"EPSG:{code}" + "".join(f"+{vertical}" for vertical in verticals[:1])
