"""Feeds of warnings: an index in Atom or RSS, a bare message, and our own Atom feed.

Reading asks nothing of the network: it says which addresses an index names. RFC 4287 for Atom.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from lxml import etree

from controller.cap.message import Message
from controller.cap.reasons import CapRefused
from controller.cap.versions import VERSIONS
from controller.cap.writing import written
from controller.cap.xml import parse

ATOM = "http://www.w3.org/2005/Atom"
CAP_TYPE = "application/cap+xml"
MAX_ENTRIES = 1000
MAX_INDEX_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """One warning of a feed: where it is, or the message itself when the feed holds it."""

    url: str = ""
    content: bytes = b""


def read_feed(content: bytes, address: str) -> tuple[Entry, ...]:
    """Return the entries of what came from an address, in its order, or raise `CapRefused`.

    A message is a feed of one. Of an Atom entry the link of CAP's own type counts first.
    """
    root = parse(content, MAX_INDEX_BYTES)
    name = etree.QName(root)
    if _is_cap(root):
        return (Entry(content=content),)
    if (name.namespace, name.localname) == (ATOM, "feed"):
        found = [_atom_entry(one, address) for one in root.findall(f"{{{ATOM}}}entry")]
    elif name.localname == "rss":
        found = [_rss_item(one, address) for one in root.iterfind("channel/item")]
    else:
        raise CapRefused("not_cap", detail=root.tag)
    return tuple(one for one in found[:MAX_ENTRIES] if one is not None)


@dataclass(frozen=True, slots=True)
class Published:
    """One of our documents in the feed: what it says, and where it is."""

    message: Message
    url: str


def write_feed(
    published: Iterable[Published], *, address: str, title: str, author: str, now: datetime
) -> bytes:
    """Return an Atom feed of our documents, newest first."""
    newest_first = sorted(published, key=lambda one: one.message.sent, reverse=True)
    root = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})
    _add(root, "id", address)
    _add(root, "title", title)
    _add(root, "updated", written(newest_first[0].message.sent if newest_first else now))
    _add(etree.SubElement(root, f"{{{ATOM}}}author"), "name", author)
    etree.SubElement(root, f"{{{ATOM}}}link", rel="self", href=address)
    for one in newest_first:
        _add_entry(root, one)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _add_entry(root: etree._Element, one: Published) -> None:
    message = one.message
    info = message.infos[0] if message.infos else None
    title = (info.headline or info.event) if info else f"{message.msg_type} {message.note}"
    entry = etree.SubElement(root, f"{{{ATOM}}}entry")
    _add(entry, "id", one.url)
    is_real = message.status == "Actual"
    _add(entry, "title", title if is_real else f"[{message.status}] {title}")
    _add(entry, "updated", written(message.sent))
    _add(entry, "published", written(message.sent))
    _add(entry, "summary", info.description if info else message.note or message.msg_type)
    etree.SubElement(entry, f"{{{ATOM}}}link", rel="alternate", type=CAP_TYPE, href=one.url)


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{ATOM}}}{name}").text = text


def _atom_entry(entry: etree._Element, address: str) -> Entry | None:
    held = next((one for one in entry.iterfind(f"{{{ATOM}}}content/*") if _is_cap(one)), None)
    if held is not None:
        return Entry(content=bytes(etree.tostring(held, with_tail=False)))
    links = entry.findall(f"{{{ATOM}}}link")
    alternates = [one for one in links if one.get("rel", "alternate") == "alternate"]
    typed = [one for one in links if (one.get("type") or "").startswith(CAP_TYPE)]
    return next((_at(one.get("href"), address) for one in typed + alternates), None)


def _rss_item(item: etree._Element, address: str) -> Entry | None:
    typed = [one for one in item.findall("enclosure") if (one.get("type") or "") == CAP_TYPE]
    return _at(typed[0].get("url") if typed else item.findtext("link"), address)


def _at(href: str | None, address: str) -> Entry | None:
    if not (href or "").strip():
        return None
    try:
        return Entry(url=urljoin(address, str(href).strip()))
    except ValueError:
        return None


def _is_cap(element: etree._Element) -> bool:
    name = etree.QName(element)
    return name.localname == "alert" and name.namespace in VERSIONS
