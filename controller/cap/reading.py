"""From bytes to a CAP tree that keeps to the schema of 1.2; the original bytes stay beside it."""

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from lxml import etree

from controller.cap.reasons import CapRefused, Reason, because
from controller.cap.versions import CAP, as_cap_1_2, version_of
from controller.cap.xml import MAX_BYTES, parse

DSIG = "http://www.w3.org/2000/09/xmldsig#"


@dataclass(frozen=True, slots=True)
class Reading:
    """A message that could be read: `tree` in the words of 1.2, `root` as it was sent.

    Signatures are checked on `root`; meaning is taken from `tree`, which holds the same content
    without comments, instructions and signatures.
    """

    content: bytes = field(repr=False)
    root: etree._Element = field(compare=False)
    tree: etree._Element = field(compare=False)
    version: str
    notes: tuple[Reason, ...] = ()


def read(content: bytes, max_bytes: int = MAX_BYTES) -> Reading:
    """Read a message, or raise `CapRefused`; nothing outside these bytes is ever asked for."""
    return read_tree(content, parse(content, max_bytes))


def read_tree(content: bytes, root: etree._Element) -> Reading:
    """Read a message that is parsed, or raise `CapRefused`."""
    version = version_of(root)
    tree = as_cap_1_2(root, version)
    _keep_to_schema(tree)
    for signature in tree.findall(f"{{{DSIG}}}*"):
        tree.remove(signature)
    notes = () if version == "1.2" else (because("old_version", version=version),)
    return Reading(content, root, tree, version, notes)


def keeps_to_schema(root: etree._Element) -> str:
    """Return what is wrong with a CAP 1.2 tree by the schema, one line; empty when nothing is."""
    schema = _schema()
    if schema.validate(root):
        return ""
    first = schema.error_log[0]
    return str(first.message).replace(f"{{{CAP}}}", "")


def _keep_to_schema(tree: etree._Element) -> None:
    wrong = keeps_to_schema(tree)
    if wrong:
        raise CapRefused("schema", detail=wrong)


@cache
def _schema_text() -> bytes:
    return files("controller.cap.data").joinpath("cap-1.2.xsd").read_bytes()


def _schema() -> etree.XMLSchema:
    """Return the schema: made anew each time (2 ms), because its error log is not thread-safe."""
    return etree.XMLSchema(etree.fromstring(_schema_text()))
