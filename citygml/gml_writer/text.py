"""Small pieces of XML text: escaping, elements, identifiers."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_ID = re.compile(r"[\s#<>\"'&%]")
_START = r"A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u3001-\ud7ff"
_NCNAME = re.compile(rf"[{_START}][-.0-9\u00b7{_START}]*\Z")


def content(value: object) -> str:
    """Text of an element; characters that XML cannot hold are left out."""
    return escape(_NOT_XML.sub("", str(value)))


def attribute(name: str, value: object) -> str:
    """` name="value"`, with its leading space."""
    return f" {name}={quoteattr(_NOT_XML.sub('', str(value)))}"


def element(name: str, inner: str, attributes: str = "") -> str:
    return f"<{name}{attributes}>{inner}</{name}>"


def xlink(name: str, target: str) -> str:
    """An empty element that points to an id of this file."""
    return f"<{name}{attribute('xlink:href', '#' + target)}/>"


def gml_id(text: str) -> str:
    """The id as it is, but for blanks and marks that would break a reference to it, which become
    `_xHHHH_` (the escape of ISO/IEC 9075-14), so that different ids stay different."""
    return _NOT_ID.sub(lambda m: f"_x{ord(m[0]):04X}_", text) or "_"


def is_ncname(text: str) -> bool:
    """Whether XML Schema takes the text for an xs:ID."""
    return _NCNAME.match(text) is not None
