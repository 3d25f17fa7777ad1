"""CAP 1.1 and 1.0 read as 1.2, where they say the same thing; what they leave open is refused.

Differences: the namespace; instants with `Z` or parts of a second; in 1.0 a scope that may be
missing, `certainty` "Very Likely", a `password`, and codes written `scheme=value` in one string.
"""

import copy
import re

from lxml import etree

from controller.cap.reasons import CapRefused

CAP = "urn:oasis:names:tc:emergency:cap:1.2"
VERSIONS = {
    CAP: "1.2",
    "urn:oasis:names:tc:emergency:cap:1.1": "1.1",
    "http://www.incident.com/cap/1.0": "1.0",
    "urn:oasis:names:tc:emergency:cap:1.0": "1.0",
}
INSTANTS = ("sent", "effective", "onset", "expires")
PAIRS = ("eventCode", "parameter", "geocode")
INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[-+]\d\d:\d\d)")


def version_of(root: etree._Element) -> str:
    """Return `1.2`, `1.1` or `1.0`, or raise `CapRefused` (`not_cap`)."""
    name = etree.QName(root)
    if name.localname != "alert" or name.namespace not in VERSIONS:
        raise CapRefused("not_cap", detail=root.tag)
    return VERSIONS[name.namespace]


def as_cap_1_2(root: etree._Element, version: str) -> etree._Element:
    """Return a copy of a message in the words of 1.2, without comments and instructions.

    Text on both sides of a comment becomes one text again: a comment never hides half a word.
    """
    result = copy.deepcopy(root)
    etree.strip_tags(result, etree.Comment, etree.ProcessingInstruction)
    if version != "1.2":
        _rename(result)
        for element in list(result.iter(*(_in_cap(name) for name in INSTANTS))):
            element.text = _instant(element.text or "")
        for element in list(result.iter(_in_cap("altitude"), _in_cap("ceiling"))):
            _remove(element)  # any words in 1.1, a number in 1.2; we use neither
        for resource in list(result.iter(_in_cap("resource"))):
            _give_mime_type(resource)
    if version == "1.0":
        _from_1_0(result)
    return result


def _from_1_0(root: etree._Element) -> None:
    if root.find(_in_cap("scope")) is None:
        raise CapRefused("ambiguous", version="1.0", detail="scope")
    for password in root.findall(_in_cap("password")):
        root.remove(password)
    for certainty in root.iter(_in_cap("certainty")):
        if (certainty.text or "").strip() == "Very Likely":
            certainty.text = "Likely"
    for pair in list(root.iter(*(_in_cap(name) for name in PAIRS))):
        _split(pair)
    for info in root.iter(_in_cap("info")):
        if info.find(_in_cap("category")) is None:
            language = info.find(_in_cap("language"))
            category = etree.Element(_in_cap("category"))
            category.text = "Other"
            info.insert(0 if language is None else 1, category)


def _split(pair: etree._Element) -> None:
    """Make `scheme=value` the two elements of 1.2; without `=` nobody knows the scheme."""
    if len(pair):
        return
    scheme, sign, value = (pair.text or "").strip().partition("=")
    if not sign:
        raise CapRefused("ambiguous", version="1.0", detail=pair.text)
    pair.text = None
    etree.SubElement(pair, _in_cap("valueName")).text = scheme.strip()
    etree.SubElement(pair, _in_cap("value")).text = value.strip()


def _give_mime_type(resource: etree._Element) -> None:
    description = resource.find(_in_cap("resourceDesc"))
    if resource.find(_in_cap("mimeType")) is None and description is not None:
        mime_type = etree.Element(_in_cap("mimeType"))
        mime_type.text = "application/octet-stream"
        description.addnext(mime_type)


def _rename(root: etree._Element) -> None:
    old = etree.QName(root).namespace
    for element in root.iter():
        name = etree.QName(element)
        if name.namespace == old:
            element.tag = _in_cap(name.localname)


def _instant(text: str) -> str:
    """Return an instant as 1.2 writes it; anything else stays, and the schema refuses it."""
    found = INSTANT.fullmatch(text.strip())
    if found is None:
        return text
    return found[1] + ("+00:00" if found[2] == "Z" else found[2])


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _in_cap(name: str) -> str:
    return f"{{{CAP}}}{name}"
