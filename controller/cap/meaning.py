"""What a message that keeps to the schema means, and the rules that no schema can state.

CAP by itself is believed when in doubt; here what makes no sense is refused.
"""

import re
from datetime import UTC, datetime
from itertools import chain

from lxml import etree

from controller.cap.message import Info, Message, Pair, Place, Reference, Resource
from controller.cap.reading import Reading
from controller.cap.reasons import CapRefused, Reason, because
from controller.cap.shapes import circle, is_point, ring
from controller.cap.versions import CAP
from wire.message import EARLIEST, LATEST

FORBIDDEN = re.compile(r"[\s,<&]")
REFERRING = frozenset({"Update", "Cancel", "Ack", "Error"})
SPEAKING = frozenset({"Alert", "Update"})


def understand(reading: Reading) -> tuple[Message, tuple[Reason, ...]]:
    """Return the message and what is remarkable about it, or raise `CapRefused`."""
    message = _message(reading.tree)
    _judge_identity(message)
    _judge_references(message)
    _judge_scope(message)
    if message.msg_type in SPEAKING and not message.infos:
        raise CapRefused("info_missing", msg_type=message.msg_type)
    for info in message.infos:
        _judge_order(message, info)
    return message, reading.notes + tuple(dict.fromkeys(_notes(message, reading.tree)))


def _judge_identity(message: Message) -> None:
    for name, value in (("identifier", message.identifier), ("sender", message.sender)):
        if not value or FORBIDDEN.search(value):
            raise CapRefused("identity", field=name)


def _judge_references(message: Message) -> None:
    if message.msg_type in REFERRING and not message.references:
        raise CapRefused("references", detail=f"{message.msg_type} <- ?")
    if message.name in message.references:
        raise CapRefused("references", detail=message.identifier)
    for reference in message.references:
        if reference.sent > message.sent:
            raise CapRefused("order", detail=f"references {reference.identifier} > sent")


def _judge_scope(message: Message) -> None:
    has_no_reader = (message.scope == "Restricted" and not message.restriction) or (
        message.scope == "Private" and not message.addresses
    )
    if has_no_reader:
        raise CapRefused("scope", scope=message.scope)


def _judge_order(message: Message, info: Info) -> None:
    """Refuse what ends before it begins. `onset` is the event's, and may come after `expires`."""
    if not info.event and message.msg_type in SPEAKING:
        raise CapRefused("event_missing")
    if info.expires is None:
        return
    if info.effective is not None and info.expires < info.effective:
        raise CapRefused("order", detail="expires < effective")
    if info.expires < message.sent:
        raise CapRefused("order", detail="expires < sent")


def _notes(message: Message, tree: etree._Element) -> list[Reason]:
    found = []
    for info in message.infos:
        if info.expires is None and message.msg_type in SPEAKING:
            found.append(because("expires_assumed"))
        elif info.expires is not None and message.ends_at(info) < info.expires:
            found.append(because("expires_capped"))
    places = chain.from_iterable(info.places for info in message.infos)
    if any(is_point(one) for place in places for one in place.circles):
        found.append(because("point"))
    if any(not (shape.text or "").strip() for shape in tree.iter(_in_cap("polygon"))):
        found.append(because("empty_shape"))
    if next(tree.iter(_in_cap("altitude"), _in_cap("ceiling")), None) is not None:
        found.append(because("altitude"))
    return found


def _message(tree: etree._Element) -> Message:
    return Message(
        identifier=_text(tree, "identifier"),
        sender=_text(tree, "sender"),
        sent=_required_instant(tree, "sent"),
        status=_text(tree, "status"),
        msg_type=_text(tree, "msgType"),
        scope=_text(tree, "scope"),
        source=_text(tree, "source"),
        restriction=_text(tree, "restriction"),
        addresses=_text(tree, "addresses"),
        codes=_texts(tree, "code"),
        note=_text(tree, "note"),
        references=tuple(map(_reference, _text(tree, "references").split())),
        incidents=_text(tree, "incidents"),
        infos=tuple(map(_info, tree.findall(_in_cap("info")))),
    )


def _info(element: etree._Element) -> Info:
    return Info(
        event=_text(element, "event"),
        urgency=_text(element, "urgency"),
        severity=_text(element, "severity"),
        certainty=_text(element, "certainty"),
        language=_text(element, "language") or "en-US",
        categories=_texts(element, "category"),
        responses=_texts(element, "responseType"),
        audience=_text(element, "audience"),
        event_codes=_pairs(element, "eventCode"),
        effective=_instant(element, "effective"),
        onset=_instant(element, "onset"),
        expires=_instant(element, "expires"),
        sender_name=_text(element, "senderName"),
        headline=_text(element, "headline"),
        description=_text(element, "description"),
        instruction=_text(element, "instruction"),
        web=_text(element, "web"),
        contact=_text(element, "contact"),
        parameters=_pairs(element, "parameter"),
        resources=tuple(map(_resource, element.findall(_in_cap("resource")))),
        places=tuple(map(_place, element.findall(_in_cap("area")))),
    )


def _resource(element: etree._Element) -> Resource:
    return Resource(
        description=_text(element, "resourceDesc"),
        mime_type=_text(element, "mimeType"),
        uri=_text(element, "uri"),
        digest=_text(element, "digest"),
    )


def _place(element: etree._Element) -> Place:
    return Place(
        description=_text(element, "areaDesc"),
        polygons=tuple(ring(text) for text in _texts(element, "polygon") if text),
        circles=tuple(circle(text) for text in _texts(element, "circle") if text),
        geocodes=_pairs(element, "geocode"),
    )


def _reference(text: str) -> Reference:
    parts = text.split(",")
    if len(parts) != 3 or not all(parts):
        raise CapRefused("references", detail=text)
    return Reference(parts[0], parts[1], _parsed("references", parts[2]))


def _required_instant(parent: etree._Element, name: str) -> datetime:
    return _parsed(name, _text(parent, name))


def _instant(parent: etree._Element, name: str) -> datetime | None:
    return _parsed(name, text) if (text := _text(parent, name)) else None


def _parsed(name: str, text: str) -> datetime:
    """Return an instant in UTC; one without an offset could be seven hours away, and is refused."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CapRefused("instant", field=name, value=text) from None
    if at.tzinfo is None or not EARLIEST <= at < LATEST:
        raise CapRefused("instant", field=name, value=text)
    return at.astimezone(UTC)


def _pairs(parent: etree._Element, name: str) -> tuple[Pair, ...]:
    """Return the pairs of a name; by the schema each has a `valueName` and a `value`, in order."""
    return tuple(
        ((pair[0].text or "").strip(), (pair[1].text or "").strip())
        for pair in parent.findall(_in_cap(name))
    )


def _texts(parent: etree._Element, name: str) -> tuple[str, ...]:
    return tuple((element.text or "").strip() for element in parent.findall(_in_cap(name)))


def _text(parent: etree._Element, name: str) -> str:
    return (parent.findtext(_in_cap(name)) or "").strip()


def _in_cap(name: str) -> str:
    return f"{{{CAP}}}{name}"
