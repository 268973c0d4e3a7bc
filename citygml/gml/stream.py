"""The XML of a CityGML file as a stream of top-level members, safely.

A document type declaration is refused before any parser sees it (that is where entity bombs and external
entities come from), nothing is fetched, and each member leaves memory once it has been read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree
from lxml.etree import _Element as Element

from citygml.errors import NotACityModel, UnsafeInput
from citygml.gml.names import APPEARANCE_MEMBER, CITYGML, GML_NAMESPACES, LOCAL, MEMBERS, Names, split
from citygml.gml.triangles import Triangles

_PROLOG = re.compile(r"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*", re.S)
_PROLOG_LIMIT = 1 << 20
_ENCODING = re.compile(r"""\s*<\?xml\s[^>]*?\bencoding\s*=\s*["']([^"'>]*)""")
# Encodings in which every byte of markup is its ASCII character (or UTF-16, which is decoded as such).
_PLAIN_ENCODINGS = re.compile(
    r"utf-?8|utf-?16(-?[lb]e)?|(us-)?ascii|iso[-_]?8859-\d+|latin-?\d+|windows-\d+|cp(125\d|932|936|949|950)"
    r"|shift[-_]jis|sjis|windows-31j|ms932|euc-?(jp|kr|cn|tw)|gb2312|gbk|gb18030|big5|uhc|ks_c_5601-1987"
    r"|koi8-[ru]",
    re.IGNORECASE,
)
_PARSER: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": True,
    "remove_comments": True,
    "remove_pis": True,
    "remove_blank_text": True,
    "collect_ids": False,
}
_HEAD_ELEMENTS = 200_000
_BLOCK = 1 << 20
_OVERLAP = 1024
_ID = re.compile(r"""\bid\s*=\s*["']([^"'<>]*)["']""")


@dataclass(slots=True)
class Head:
    """What the start of a file says. members: tags to stream, or None when features stand directly
    under the root. envelope: the texts of its corners. sample: the first coordinates. dimension: the
    srsDimension declared with the srsName."""

    version: str
    gml_namespace: str
    prefixes: dict[str, str]
    members: list[str] | None
    srs_name: str | None = None
    name: str | None = None
    envelope: list[str] = field(default_factory=list)
    sample: str | None = None
    dimension: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


def refuse_doctype(path: Path) -> None:
    """Raise UnsafeInput when there is a document type declaration, NotACityModel when there is no root.

    An encoding in which ASCII bytes may mean other characters could hide one, and is refused too.
    """
    with path.open("rb") as file:
        raw = file.read(_PROLOG_LIMIT)
    text = raw.removeprefix(b"\xef\xbb\xbf").decode(_code_units(raw), "replace").lstrip("\ufeff")
    declared = _ENCODING.match(text)
    if declared and not _PLAIN_ENCODINGS.fullmatch(declared[1]):
        raise UnsafeInput(f"{path}: the encoding {declared[1]} is not read; save the file as UTF-8")
    match = _PROLOG.match(text)
    rest = text[match.end() if match else 0 :]
    if rest[:9].upper() == "<!DOCTYPE":
        raise UnsafeInput(f"{path}: has a document type declaration, which CityGML never needs; remove it")
    if not re.match(r"<[^\s!?<>/]", rest):
        raise NotACityModel(f"{path}: no XML root element was found")


def _code_units(raw: bytes) -> str:
    """An encoding in which the ASCII characters of these first bytes of a file can be read."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in raw[:4]:
        little = raw[:2] == b"\xff\xfe" or raw[1:2] == b"\x00"
        return "utf-16-le" if little else "utf-16-be"
    return "latin-1"


def syntax_error(path: Path, error: etree.XMLSyntaxError) -> NotACityModel:
    """The one-line error for XML that does not parse."""
    line = error.lineno or 0
    message = " ".join(str(error.msg or error).split())
    return NotACityModel(f"{path}: not well-formed XML, or cut off, at line {line}: {message}")


def read_head(path: Path) -> Head:
    """Look at the file as far as its first member (or the first srsName, when there is none before)."""
    refuse_doctype(path)
    head: Head | None = None
    depth = 0
    seen = 0
    in_member = False
    try:
        for event, element in etree.iterparse(str(path), events=("start", "end"), **_PARSER):
            if event == "end":
                depth -= 1
                if head is not None:
                    _take(head, element, depth)
                    if depth == 1:
                        element.clear()
                    if in_member and head.srs_name and head.sample:
                        break
                continue
            depth += 1
            seen += 1
            if head is None:
                head = _root(path, element)
                continue
            if head.srs_name is None and element.get("srsName"):
                head.srs_name = element.get("srsName")
                head.dimension = element.get("srsDimension") or head.dimension
            if depth == 2 and _is_member(element, head):
                in_member = True
                if LOCAL[element.tag] not in MEMBERS:
                    head.members = None
            if seen > _HEAD_ELEMENTS:
                break
    except etree.XMLSyntaxError as error:
        if head is None:
            raise syntax_error(path, error) from None
    if head is None:
        raise NotACityModel(f"{path}: no XML root element was found")
    return head


def _root(path: Path, root: Element) -> Head:
    namespace, local = split(root.tag)
    namespaces = {str(uri) for uri in root.nsmap.values()}
    match = CITYGML.match(namespace)
    if local != "CityModel" and not local.endswith("FeatureCollection"):
        raise NotACityModel(f"{path}: the root element is {local}, not a CityModel")
    if match is None:
        versions = [m for m in map(CITYGML.match, sorted(namespaces)) if m]
        if local == "CityModel" or not versions:
            raise NotACityModel(f"{path}: {local} in namespace {namespace!r} is not CityGML 1.0, 2.0 or 3.0")
        match = versions[0]
    version = match[1]
    gml = GML_NAMESPACES[1] if version == "3" or GML_NAMESPACES[1] in namespaces else GML_NAMESPACES[0]
    cores = {namespace, "http://www.opengis.net/citygml/1.0", "http://www.opengis.net/citygml/2.0"}
    cores |= {"http://www.opengis.net/citygml/3.0", gml, "http://www.opengis.net/wfs/2.0"}
    members = [f"{{{ns}}}{m}" for ns in sorted(cores) for m in sorted(MEMBERS)]
    prefixes = {str(uri): prefix for prefix, uri in root.nsmap.items() if prefix}
    return Head(f"{version}.0", gml, prefixes, members)


def _is_member(element: Element, head: Head) -> bool:
    name = Names(head.prefixes)[element.tag]
    return name.local in MEMBERS or name.local == "featureMembers" or name.kind == "object"


def _take(head: Head, element: Element, depth: int) -> None:
    """Keep what a finished element of the head says."""
    namespace, local = split(element.tag)
    if namespace in GML_NAMESPACES:
        text = (element.text or "").strip()
        if depth == 1 and local == "name" and head.name is None:
            head.name = text or None
        elif depth == 1 and local == "description" and text:
            head.metadata["description"] = text
        elif local in ("lowerCorner", "upperCorner", "pos") and depth == 3 and len(head.envelope) < 2:
            head.envelope.append(text)
        elif local in ("posList", "pos", "coordinates") and head.sample is None:
            head.sample = text.replace(",", " ")
        elif local == "anchorDefinition" or local == "anchorPoint":
            head.metadata["engineering_crs"] = {"anchor": text, "anchor_crs": element.get("codeSpace")}


def features(path: Path, head: Head, triangles: Triangles | None = None) -> Iterator[Element]:
    """Each top-level feature, valid until the next. With `triangles`, those are taken out on the way."""
    try:
        if head.members is None:
            yield from _direct(path)
            return
        tags = [*head.members, triangles.tag] if triangles is not None else head.members
        for _, element in etree.iterparse(str(path), events=("end",), tag=tags, **_PARSER):
            if triangles is not None and element.tag == triangles.tag:
                triangles.take(element)
                continue
            yield from element
            _forget(element)
    except etree.XMLSyntaxError as error:
        raise syntax_error(path, error) from None


def appearances(path: Path, head: Head) -> Iterator[Element]:
    """Each Appearance that is a member of the model itself, valid until the next."""
    tags = [f"{{*}}{APPEARANCE_MEMBER}", *(head.members or [])]
    try:
        for _, element in etree.iterparse(str(path), events=("end",), tag=tags, **_PARSER):
            if LOCAL[element.tag] == APPEARANCE_MEMBER and _is_top(element):
                yield from element
            _forget(element)
    except etree.XMLSyntaxError as error:
        raise syntax_error(path, error) from None


def _is_top(element: Element) -> bool:
    parent = element.getparent()
    return parent is not None and parent.getparent() is None


def _direct(path: Path) -> Iterator[Element]:
    """Features that stand directly under the root, or under gml:featureMembers."""
    names = Names({})
    depth = 0
    holder = 1
    for event, element in etree.iterparse(str(path), events=("start", "end"), **_PARSER):
        if event == "start":
            depth += 1
            if depth == 2 and LOCAL[element.tag] in ("featureMembers", *MEMBERS):
                holder = 2
            continue
        depth -= 1
        if depth == 1:
            holder = 1
        if depth == holder:
            name = names[element.tag]
            if name.kind == "object" or (name.local[:1].isupper() and ":" in name.name):
                yield element
            _forget(element)


def _forget(element: Element) -> None:
    """Free a finished element and what stands before it."""
    element.clear()
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]


def every_element(path: Path) -> Iterator[Element]:
    """Each element of a file when it is complete; those at the second level are freed after their turn."""
    depth = 0
    for event, element in etree.iterparse(str(path), events=("start", "end"), **_PARSER):
        depth += 1 if event == "start" else -1
        if event == "end":
            yield element
            if depth == 1:
                _forget(element)


def has_global_appearances(path: Path) -> bool:
    """Whether the file names the member that holds them, found without parsing."""
    wanted = APPEARANCE_MEMBER.encode(_encoding(path))
    return any(wanted in block for block in _blocks(path))


def ids_among(path: Path, wanted: set[str]) -> set[str]:
    """Those of the wanted ids that elements of the file have, found in one pass without parsing."""
    found: set[str] = set()
    if wanted:
        encoding = _encoding(path)
        for block in _blocks(path):
            found.update(wanted.intersection(_ID.findall(block.decode(encoding, "replace"))))
    return found


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        units = _code_units(file.read(4))
    return "utf-8" if units == "latin-1" else units


def _blocks(path: Path) -> Iterator[bytes]:
    """The file in blocks, each with the end of the one before it, so that no name or id is cut."""
    tail = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            block = tail + block
            yield block
            tail = block[-_OVERLAP:]
