"""Foreign bytes to an XML tree: no DOCTYPE, no entity, no network, no surprise of encoding or size.

The text is decoded here, strictly, and handed to libxml2 as UTF-8: there is one opinion about what
the bytes say, so that no trick of encoding hides a DOCTYPE. The parser is built for each message.
"""

import codecs
import re

from lxml import etree

from controller.cap.reasons import CapRefused

MAX_BYTES = 2 * 1024 * 1024
MAX_TAGS = 250_000

ENCODINGS = {
    codecs.lookup(name).name
    for name in (
        *("utf-8", "ascii", "utf-16", "utf-16-le", "utf-16-be"),
        *("iso-8859-1", "iso-8859-2", "iso-8859-5", "iso-8859-7", "iso-8859-9", "iso-8859-15"),
        *(f"windows-125{digit}" for digit in range(9)),
        *("koi8-r", "shift_jis", "cp932", "euc-jp", "euc-kr", "big5", "gbk", "gb2312", "gb18030"),
        "tis-620",
    )
}
"""None of them has escape sequences (as UTF-7 and ISO-2022 have) that could hide markup."""

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, ""),  # before UTF-16, whose mark it begins with; not accepted
    (codecs.BOM_UTF32_BE, ""),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
DECLARATION = re.compile(r"<\?xml[ \t\r\n][^>]{0,200}?\?>")
DECLARED = re.compile(r"""encoding[ \t\r\n]*=[ \t\r\n]*["']([A-Za-z][A-Za-z0-9._-]{0,39})["']""")


def parse(content: bytes, max_bytes: int = MAX_BYTES) -> etree._Element:
    """Return the root element of a document, or raise `CapRefused`.

    Costs at most one pass over the bytes before a DOCTYPE is refused. libxml2 itself refuses more
    than 256 levels. Comments and processing instructions stay in the tree, because a signature may
    cover them.
    """
    if len(content) > max_bytes:
        raise CapRefused("too_big", limit=max_bytes)
    text = _without_declaration(decode(content))
    _refuse_doctype(text)
    if text.count("<") > MAX_TAGS:
        raise CapRefused("too_complex")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_blank_text=False,
    )
    try:
        return etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise CapRefused("not_xml", detail=error) from None


def decode(content: bytes) -> str:
    """Return the text of a document by XML 1.0, appendix F, without byte order mark, strictly."""
    if not content.strip(b"\x00 \t\r\n"):
        raise CapRefused("empty")
    marked, content = _mark(content)
    found = marked or _by_first_bytes(content)
    name = _agreed(found, _declared(content, found or "latin-1"))
    try:
        text = content.decode(name)
    except (UnicodeDecodeError, LookupError):
        raise CapRefused("encoding", detail=name) from None
    if "\0" in text:
        raise CapRefused("encoding", detail=name)
    return text


def _mark(content: bytes) -> tuple[str, bytes]:
    for mark, name in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            if not name:
                raise CapRefused("encoding", detail="UTF-32")
            return name, content[len(mark) :]
    return "", content


def _by_first_bytes(content: bytes) -> str:
    """Return UTF-16 without its mark; anything that is no superset of ASCII is refused later."""
    if content.startswith(b"<\0") and content[2:4] != b"\0\0":
        return "utf-16-le"
    if content.startswith(b"\0<"):
        return "utf-16-be"
    return ""


def _declared(content: bytes, seen_as: str) -> str:
    start = content[:1000].decode(seen_as, errors="replace")
    declaration = DECLARATION.match(start)
    named = DECLARED.search(declaration[0]) if declaration else None
    return named[1].lower() if named else ""


def _agreed(found: str, declared: str) -> str:
    """Return the one encoding that the bytes and the declaration agree on, or refuse."""
    if not declared:
        return found or "utf-8"
    try:
        name = codecs.lookup(declared).name
    except LookupError:
        raise CapRefused("encoding", detail=declared) from None
    is_wide = name.startswith("utf-16")
    if name not in ENCODINGS or is_wide != found.startswith("utf-16"):
        raise CapRefused("encoding", detail=declared)
    if found == "utf-8" and name not in {"utf-8", "ascii"}:
        raise CapRefused("encoding", detail=declared)
    if is_wide and name not in {"utf-16", found}:
        raise CapRefused("encoding", detail=declared)
    return found or name


def _without_declaration(text: str) -> str:
    declaration = DECLARATION.match(text)
    return text[declaration.end() :] if declaration else text


def _refuse_doctype(text: str) -> None:
    """Walk over what may stand before the root: spaces, comments, instructions; once, forwards."""
    at = 0
    while True:
        at = text.find("<", at)
        if at < 0:
            return
        if text.startswith("<!--", at):
            end = text.find("-->", at + 4)
        elif text.startswith("<?", at):
            end = text.find("?>", at + 2)
        elif text.startswith("<!", at):
            raise CapRefused("doctype")
        else:
            return
        if end < 0:
            return
        at = end + 2
