"""Attribute values of CityGML: plain properties, generic attributes, and nested data of ADEs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from lxml.etree import _Element as Element

from citygml.classes import MEASURED_HEIGHT
from citygml.codelists import CodeLists
from citygml.findings import Finding
from citygml.gml.names import GML_NAMESPACES, LOCAL, XLINK_HREF, Names
from citygml.model import Attributes, Code, Measure, Uri, Value

INTEGERS = frozenset(
    {"storeysAboveGround", "storeysBelowGround", "yearOfConstruction", "yearOfDemolition", "lod", "intValue"}
)
DATES = frozenset(
    {
        "creationDate",
        "terminationDate",
        "validFrom",
        "validTo",
        "dateOfConstruction",
        "dateOfDemolition",
        "dateOfRenovation",
    }
)
_SIBLINGS = ("_codeSpace", "_codeName", "_valueType")
_DATES_KEPT = 10_000
_INTEGER = re.compile(r"[+-]?\d{1,18}\Z")


def add(attributes: Attributes, name: str, value: Value) -> None:
    """Set an attribute; one that repeats becomes a list."""
    if name not in attributes:
        attributes[name] = value
        return
    old = attributes[name]
    attributes[name] = [*old, value] if isinstance(old, list) else [old, value]


def _join(value: Value, what: str, word: str) -> Value:
    """The value with what its sibling says."""
    if what == "codeSpace" and isinstance(value, str):
        return Code(value, word or None)
    if what == "codeName" and isinstance(value, Code):
        return replace(value, name=word or value.name)
    if what == "valueType" and isinstance(value, str):
        if word == "boolean" and value in ("true", "false"):
            return value == "true"
        if word == "dateTime":
            try:
                return datetime.fromisoformat(value)
            except ValueError:
                return value
    return value


def use_names_of_2(attributes: Attributes) -> None:
    """Height and years of CityGML 3.0 by the names of 2.0 and CityJSON, where they say just the same: a
    height from the lowest point of the ground to the highest of the roof, and the first day of a year."""
    heights = attributes.get("height")
    if heights is not None and "measuredHeight" not in attributes:
        records = heights if isinstance(heights, list) else [heights]
        rest: list[Value] = []
        for record in records:
            plain = isinstance(record, dict) and {k: v for k, v in record.items() if k != "value"}
            if plain == MEASURED_HEIGHT and "measuredHeight" not in attributes:
                assert isinstance(record, dict)
                attributes["measuredHeight"] = record.get("value")
            else:
                rest.append(record)
        if len(rest) < len(records):
            del attributes["height"]
            if rest:
                attributes["height"] = rest[0] if len(rest) == 1 else rest
    for what in ("Construction", "Demolition"):
        day = attributes.get(f"dateOf{what}")
        if isinstance(day, date) and (day.month, day.day) == (1, 1) and f"yearOf{what}" not in attributes:
            attributes[f"yearOf{what}"] = day.year
            del attributes[f"dateOf{what}"]


def number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


class Values:
    """Turns property elements of one file into attribute values.

    `embedded` is called with every element inside nested data that is no plain value (geometry, features):
    it returns True when it took the element.
    """

    def __init__(self, names: Names, code_lists: CodeLists, findings: list[Finding]) -> None:
        self.embedded: Callable[[Element, str], bool] = lambda element, name: False
        self.object_id: str | None = None
        self._names = names
        self._lists = code_lists
        self._findings = findings
        self._codes: dict[tuple[str, str], Code] = {}
        self._missing_lists: set[str] = set()
        self._dates: dict[str, date] = {}

    def plain(self, element: Element, local: str) -> Value:
        """The value of a property without element children."""
        text = (element.text or "").strip()
        if element.keys():
            code_space = element.get("codeSpace")
            if code_space is not None:
                return self.code(text, code_space)
            unit = element.get("uom")
            if unit is not None:
                return self.measure(text, unit)
            href = element.get(XLINK_HREF)
            if href is not None and not text:
                return Uri(href)
        if not text:
            return None
        if local in INTEGERS:
            return int(text) if _INTEGER.match(text) else text
        if local in DATES:
            return self.date(text)
        if text in ("true", "false"):
            return text == "true"
        if local == "doubleValue":
            return number(text)
        return text

    def code(self, text: str, code_space: str) -> Code:
        """A code with its name; one that its list lacks, or whose list is missing, is a finding."""
        key = (code_space, text)
        known = self._codes.get(key)
        if known is not None and (known.name is not None or not self._lists.names(code_space)):
            return known
        names = self._lists.names(code_space)
        name = None
        if names is not None:
            name = names.get(text)
            if name is None:
                message = f"code {text!r} is not in {code_space}"
                self._findings.append(Finding("unknown-code", message, self.object_id, None, None, "error"))
        elif self._lists.is_local(code_space) and code_space not in self._missing_lists:
            self._missing_lists.add(code_space)
            message = f"the code list {code_space} is not beside the file"
            self._findings.append(Finding("missing-codelist", message, self.object_id, None, None, "warning"))
        code = self._codes[key] = Code(text, code_space, name)
        return code

    def measure(self, text: str, unit: str) -> Value:
        """One Measure, or a list of them when the text holds several numbers."""
        try:
            return Measure(float(text), unit)
        except ValueError:
            parts = text.split()
        if not parts:
            return None
        measures: list[Value] = []
        for part in parts:
            try:
                measures.append(Measure(float(part), unit))
            except ValueError:
                return text
        return measures

    def date(self, text: str) -> Value:
        """A date, a datetime when a time of day is given, else the text."""
        known = self._dates.get(text)
        if known is not None:
            return known
        try:
            value = date.fromisoformat(text[:10])
            if len(text) > 10:
                moment = datetime.fromisoformat(text)
                if moment.time().isoformat() != "00:00:00" or moment.tzinfo is not None:
                    value = moment
        except ValueError:
            return text
        if len(self._dates) < _DATES_KEPT:
            self._dates[text] = value
        return value

    def nested(self, element: Element) -> Value:
        """A property with element children: the data inside as a mapping, or a list of such."""
        found: list[Value] = []
        for child in element:
            name = self._names[child.tag]
            if self.embedded(child, LOCAL[element.tag]):
                continue
            if name.local[:1].isupper():
                found.append(self.data(child, LOCAL[element.tag]))
            else:
                return self.data(element, "")
        if not found:
            return None
        return found[0] if len(found) == 1 else found

    def data(self, element: Element, property_name: str) -> Attributes:
        """A data type's properties by local name; `@type` is the type where the property's name differs."""
        content: Attributes = {}
        local = LOCAL[element.tag]
        if property_name and local.lower() != property_name.lower():
            content["@type"] = local
        for key in map(str, element.keys()):
            if key.endswith("}id"):
                content["@id"] = element.get(key)
            elif "}" not in key and key != "srsDimension":
                content[f"@{key}"] = element.get(key)
        for child in element:
            name = self._names[child.tag]
            if name.namespace in GML_NAMESPACES and name.local == "boundedBy":
                continue
            if not len(child):
                add(content, name.local, self.plain(child, name.local))
            elif not self.embedded(child, name.local):
                value = self.nested(child)
                if value is not None:
                    add(content, name.local, value)
        return content

    def generic(self, element: Element, attributes: Attributes) -> None:
        """A generic attribute of CityGML 1.0, 2.0 (`stringAttribute` ...) or 3.0 (`StringAttribute` ...)."""
        local = LOCAL[element.tag]
        name = element.get("name")
        if local == "stringAttribute" and name and len(element) == 1:
            add(attributes, name, element[0].text or "")
            return
        value: Element | None = None
        members: list[Element] = []
        for child in element:
            child_local = LOCAL[child.tag]
            if child_local == "value":
                value = child
            elif child_local == "name" and name is None:
                name = (child.text or "").strip()
            elif child_local == "genericAttribute":
                members.extend(child)
            elif child_local.endswith(("Attribute", "AttributeSet")):
                members.append(child)
        name = name or "unnamed"
        if local.lower().endswith("attributeset"):
            content: Attributes = {}
            for member in members:
                self.generic(member, content)
            self.join_siblings(content)
            add(attributes, name, content)
            return
        add(attributes, name, self._generic_value(local[0].lower() + local[1:], value, name))

    def join_siblings(self, attributes: Attributes) -> None:
        """Make codes, booleans and moments of texts whose siblings (`NAME_codeSpace`, `NAME_codeName`,
        `NAME_valueType`) say that they are, as `citygml.gml_writer` writes them."""
        for key in [k for k in attributes if k.endswith(_SIBLINGS)]:
            name, _, what = key.rpartition("_")
            value, told = attributes.get(name), attributes[key]
            values = value if isinstance(value, list) else [value]
            words = told if isinstance(told, list) else [told]
            if name not in attributes or len(values) != len(words):
                continue
            joined = [
                _join(v, what, w) if isinstance(w, str) else v for v, w in zip(values, words, strict=True)
            ]
            attributes[name] = joined if isinstance(value, list) else joined[0]
            del attributes[key]

    def _generic_value(self, kind: str, element: Element | None, name: str) -> Value:
        if element is None:
            return None
        text = element.text or ""
        if kind == "stringAttribute":
            return text
        text = text.strip()
        try:
            if kind == "intAttribute":
                return int(text)
            if kind == "doubleAttribute":
                return float(text)
            if kind == "dateAttribute":
                return date.fromisoformat(text[:10])
            if kind == "measureAttribute":
                return Measure(float(text), element.get("uom", ""))
        except ValueError:
            message = f"generic attribute {name!r}: {text!r} is no value of a {kind}; kept as text"
            self._findings.append(Finding("bad-attribute", message, self.object_id, None, None, "warning"))
            return text
        if kind == "uriAttribute":
            return Uri(text)
        if kind == "codeAttribute":
            code_space = element.get("codeSpace")
            return self.code(text, code_space) if code_space else Code(text)
        return text
