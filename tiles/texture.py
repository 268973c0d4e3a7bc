"""Textures of a tile: the used parts of many images packed into atlases, repeating images kept whole.

Texture coordinates of CityGML have their origin at the lower left of the image, glTF's at the upper
left; they are turned here. An image that cannot be read is a finding, and its polygons stay plain.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from citygml.findings import Finding
from citygml.model import Float64, Int32, Texture
from tiles.atlas import Rect, merge, pack
from tiles.surfaces import Surfaces

FORMATS = ("JPEG", "PNG", "TIFF", "GIF", "BMP", "WEBP")
MAX_PIXELS = 2**28  # 16384 x 16384; a larger image is taken for a decompression bomb
PAD = 2  # [pixel] edge repeated around each part, against bleeding
_QUALITY = 80
_REPEAT_EDGE = 1024  # [pixel] largest edge of an image that repeats
_OPAQUE = 250  # alpha from here on counts as opaque
_OUTSIDE = 1e-3  # texture coordinates may leave the image by this much without repeating
_PLAIN = (232, 230, 224)  # sRGB, stands for pixels that cannot be decoded
_CLAMPED = frozenset({"none", "clamp", "border"})

_BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError)

Loader = Callable[[Texture], bytes | None]
Pixels = npt.NDArray[np.uint8]


@dataclass(slots=True, frozen=True)
class Source:
    """An image that could be opened; its pixels are decoded when they are needed, and not kept."""

    data: bytes
    width: int
    height: int
    alpha: bool

    def pixels(self, mode: str) -> Image.Image | None:
        """The decoded image, or None when it is damaged."""
        try:
            return _open(self.data).convert(mode)
        except _BROKEN:
            return None


@dataclass(slots=True)
class Page:
    """One encoded image of the tile. wrap: glTF sampler mode, or None for clamping."""

    data: bytes
    mime: str
    width: int
    height: int
    alpha: bool
    wrap: Literal["repeat", "mirror"] | None = None


@dataclass(slots=True)
class Textured:
    """page: (p,) int32 per polygon into `pages`, -1 for plain. uv: (n, 2) float64, origin upper left,
    NaN at plain polygons."""

    pages: list[Page]
    page: Int32
    uv: Float64
    findings: list[Finding] = field(default_factory=list)


def pack_textures(
    surfaces: Surfaces,
    textures: list[Texture],
    load: Loader,
    kind: str,
    size: int,
    owners: list[str],
) -> Textured:
    """Atlases of at most `size` pixels edge, as WebP (kind `webp`) or JPEG and, with transparency, PNG.
    owners: ids by feature row, for findings."""
    starts = surfaces.rings[surfaces.polygons[:-1]]
    counts = surfaces.rings[surfaces.polygons[1:]] - starts
    owner = np.repeat(np.arange(len(starts)), counts)
    uv = np.full((len(surfaces.vertices), 2), np.nan)
    page = np.full(len(starts), -1, np.int32)
    result = Textured([], page, uv)
    if surfaces.uv is None or not (surfaces.image >= 0).any():
        return result
    source = surfaces.uv.astype(np.float64)
    low = np.minimum.reduceat(source, starts, axis=0)
    high = np.maximum.reduceat(source, starts, axis=0)
    usable = (surfaces.image >= 0) & np.isfinite(low).all(axis=1) & np.isfinite(high).all(axis=1)
    found = _Found(surfaces, textures, owners)
    opened = _open_all(surfaces, textures, load, usable, found)
    usable &= np.isin(surfaces.image, list(opened))
    clamped = np.array([(t.wrap or "") in _CLAMPED for t in textures])
    held = usable.copy()
    held[usable] = clamped[surfaces.image[usable]]
    base = np.where(held[:, None], 0.0, np.floor(np.where(usable[:, None], low, 0.0) + _OUTSIDE))
    source -= base[owner]
    np.clip(source, 0.0, 1.0, out=source, where=held[owner][:, None])
    whole = usable & ~held & ((high - base) > 1 + _OUTSIDE).any(axis=1)
    repeating = np.unique(surfaces.image[whole])
    whole = usable & np.isin(surfaces.image, repeating)
    for image in repeating.tolist():
        mirrored = textures[image].wrap == "mirror"
        chosen = whole & (surfaces.image == image)
        repeated = _repeat_page(opened[image], kind, min(size, _REPEAT_EDGE), mirrored)
        if repeated is None:
            found.bad(image)
            continue
        page[chosen] = len(result.pages)
        result.pages.append(repeated)
        at = chosen[owner]
        # the mirror image of a texture shifted by an odd number of repeats is not itself
        uv[at] = source[at] + (base[owner][at] if mirrored else 0.0)
        uv[at, 1] = 1.0 - uv[at, 1]
    for alpha in (False, True):
        images = [i for i, opening in opened.items() if opening.alpha == alpha]
        chosen = usable & ~whole & np.isin(surfaces.image, images)
        if chosen.any():
            _atlas_page(result, found, surfaces.image, chosen, owner, source, opened, kind, size)
    result.findings = found.findings
    return result


def open_image(data: bytes) -> Source | None:
    """The image by its head, or None when it is none, or is far too large."""
    try:
        image = _open(data)
    except _BROKEN:
        return None
    if not 0 < image.width * image.height <= MAX_PIXELS:
        return None
    alpha = image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info
    return Source(data, image.width, image.height, alpha)


def _open(data: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(io.BytesIO(data), formats=FORMATS)


def _open_all(
    surfaces: Surfaces, textures: list[Texture], load: Loader, usable: npt.NDArray[np.bool_], found: _Found
) -> dict[int, Source]:
    opened: dict[int, Source] = {}
    for number in np.unique(surfaces.image[usable]).tolist():
        data = load(textures[number])
        if data is None:
            continue
        source = open_image(data)
        if source is None:
            found.bad(number)
        else:
            opened[number] = source
    return opened


class _Found:
    """Findings on images, each with the first object that shows the image."""

    def __init__(self, surfaces: Surfaces, textures: list[Texture], owners: list[str]) -> None:
        self.surfaces, self.textures, self.owners = surfaces, textures, owners
        self.findings: list[Finding] = []

    def bad(self, image: int) -> None:
        row = self.surfaces.feature[np.flatnonzero(self.surfaces.image == image)[0]]
        message = f"{self.textures[image].uri} is not an image that can be read; its surfaces stay plain"
        self.findings.append(Finding("bad-texture", message, self.owners[row], severity="warning"))


def _repeat_page(source: Source, kind: str, edge: int, mirrored: bool) -> Page | None:
    picture = source.pixels("RGBA" if source.alpha else "RGB")
    if picture is None:
        return None
    picture.thumbnail((edge, edge))
    return _encode(np.asarray(picture), kind, "mirror" if mirrored else "repeat")


def _atlas_page(
    result: Textured,
    found: _Found,
    image_of: Int32,
    chosen: npt.NDArray[np.bool_],
    owner: npt.NDArray[np.intp],
    source: Float64,
    opened: dict[int, Source],
    kind: str,
    size: int,
) -> None:
    """Pack the parts of images that these polygons use into one more page, or more when one is too small."""
    polygons = np.flatnonzero(chosen)
    held = chosen[owner]
    inner = np.cumsum(np.bincount(owner[held], minlength=len(chosen))[polygons])
    begin = np.concatenate([[0], inner[:-1]])
    corners = source[held]
    low = np.minimum.reduceat(corners, begin, axis=0)
    high = np.maximum.reduceat(corners, begin, axis=0)
    rects: list[Rect] = []
    rect_image: list[int] = []
    rect_of = np.empty(len(polygons), np.intp)
    for number in np.unique(image_of[polygons]).tolist():
        mine = np.flatnonzero(image_of[polygons] == number)
        width, height = opened[number].width, opened[number].height
        boxes = np.stack(
            [
                np.floor(low[mine, 0] * width),
                np.floor((1 - high[mine, 1]) * height),
                np.ceil(high[mine, 0] * width),
                np.ceil((1 - low[mine, 1]) * height),
            ],
            axis=1,
        ).astype(int)
        merged, place = merge(boxes, width, height)
        rect_of[mine] = place + len(rects)
        rects += merged
        rect_image += [number] * len(merged)
    packed = pack([(r.width, r.height) for r in rects], size, PAD)
    if packed is None and len(polygons) == 1:
        return
    if packed is None:
        for half in np.array_split(polygons[np.argsort(image_of[polygons], kind="stable")], 2):
            part_of = np.zeros_like(chosen)
            part_of[half] = True
            _atlas_page(result, found, image_of, part_of, owner, source, opened, kind, size)
        return
    cells, width, height = packed
    pixels = np.zeros((height, width, 4 if any(opened[i].alpha for i in set(rect_image)) else 3), np.uint8)
    mode = "RGBA" if pixels.shape[2] == 4 else "RGB"
    whole: Image.Image | None = None
    for k, (rect, number, cell) in enumerate(zip(rects, rect_image, cells, strict=True)):
        if k == 0 or rect_image[k - 1] != number:
            whole = opened[number].pixels(mode)
            if whole is None:
                found.bad(number)
        if whole is None:
            part = Image.new(mode, (cell.width, cell.height), _PLAIN)
        else:
            part = whole.crop((rect.left, rect.top, rect.right, rect.bottom))
        if part.size != (cell.width, cell.height):
            part = part.resize((cell.width, cell.height), Image.Resampling.BOX)
        framed = np.pad(np.asarray(part), ((PAD, PAD), (PAD, PAD), (0, 0)), mode="edge")
        pixels[cell.top - PAD : cell.bottom + PAD, cell.left - PAD : cell.right + PAD] = framed
    sizes = np.array([(opened[i].width, opened[i].height) for i in rect_image], float)
    from_corner = np.array([(r.left, r.top) for r in rects], float)
    to_corner = np.array([(c.left, c.top) for c in cells], float)
    scale = np.array([(c.width / r.width, c.height / r.height) for c, r in zip(cells, rects, strict=True)])
    of_vertex = np.repeat(rect_of, np.diff(np.concatenate([begin, [len(corners)]])))
    turned = np.stack([corners[:, 0], 1.0 - corners[:, 1]], axis=1) * sizes[of_vertex]
    placed = to_corner[of_vertex] + (turned - from_corner[of_vertex]) * scale[of_vertex]
    result.uv[held] = placed / [width, height]
    result.page[polygons] = len(result.pages)
    result.pages.append(_encode(pixels, kind, None))


def _encode(pixels: Pixels, kind: str, wrap: Literal["repeat", "mirror"] | None) -> Page:
    alpha = pixels.shape[2] == 4 and int(pixels[..., 3].min()) < _OPAQUE
    if pixels.shape[2] == 4 and not alpha:
        pixels = np.ascontiguousarray(pixels[..., :3])
    out = io.BytesIO()
    picture = Image.fromarray(pixels)
    if kind == "webp":
        picture.save(out, "WEBP", quality=_QUALITY, method=3)
        mime = "image/webp"
    elif alpha:
        picture.save(out, "PNG", optimize=False)
        mime = "image/png"
    else:
        picture.save(out, "JPEG", quality=_QUALITY)
        mime = "image/jpeg"
    return Page(out.getvalue(), mime, picture.width, picture.height, alpha, wrap)
