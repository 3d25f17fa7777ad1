"""Our own alerts as CAP 1.2, for whoever wants to read them: documents, signed or not.

What CAP cannot say travels in parameters of ours that strangers skip: the exact hazard, level and
status, and the exceptions. A stranger may so warn more widely than we do, never less.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, SignatureMethod
from signxml.signer import XMLSigner

from controller.cap.hazards import OWN_HAZARD
from controller.cap.reading import keeps_to_schema
from controller.cap.versions import CAP
from wire.alert import Alert, AlertAction, AlertStatus, Circle, Hazard, Polygon

FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
VIET_NAM = timezone(timedelta(hours=7))
MSG_TYPES = {
    AlertAction.ALERT: "Alert",
    AlertAction.UPDATE: "Update",
    AlertAction.CANCEL: "Cancel",
    AlertAction.END: "Cancel",
}
NOTES = {
    AlertStatus.EXERCISE: "Diễn tập, không phải cảnh báo thật / An exercise, not a real warning",
    AlertStatus.DRILL: "Diễn tập, không phải cảnh báo thật / A drill, not a real warning",
}
SEVERITIES = {1: "Minor", 2: "Moderate", 3: "Severe", 4: "Severe", 5: "Extreme"}
EVENTS: dict[Hazard, tuple[str, str, str]] = {
    Hazard.STORM: ("Met", "Bão", "Storm"),
    Hazard.TROPICAL_DEPRESSION: ("Met", "Áp thấp nhiệt đới", "Tropical depression"),
    Hazard.FLOOD: ("Met", "Lũ, ngập lụt", "Flood"),
    Hazard.FLASH_FLOOD: ("Met", "Lũ quét", "Flash flood"),
    Hazard.LANDSLIDE: ("Geo", "Sạt lở đất", "Landslide"),
    Hazard.DAM_RELEASE: ("Infra", "Xả lũ hồ chứa", "Dam release"),
    Hazard.TSUNAMI: ("Geo", "Sóng thần", "Tsunami"),
    Hazard.EARTHQUAKE: ("Geo", "Động đất", "Earthquake"),
    Hazard.FIRE: ("Fire", "Cháy", "Fire"),
    Hazard.EPIDEMIC: ("Health", "Dịch bệnh", "Epidemic"),
    Hazard.SECURITY: ("Security", "An ninh, trật tự", "Security"),
    Hazard.OTHER: ("Other", "Thông báo khẩn cấp", "Emergency notice"),
}


@dataclass(frozen=True, slots=True)
class Names:
    """What areas are called, and their codes of the statistics office where they have one."""

    names: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seal:
    """A key and its certificate chain, signer first, for the signature of a document."""

    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, ...]


def write(
    alert: Alert,
    sender: str,
    names: Names,
    earlier: Sequence[Alert] = (),
    seal: Seal | None = None,
) -> bytes:
    """Return a revision of an alert as one CAP 1.2 document.

    `earlier` are the revisions that went out before; an update, cancel or end needs them.
    `sender` is a name without spaces and commas. Raises `ValueError` for what is not valid CAP.
    """
    root = etree.Element(_cap("alert"), nsmap={None: CAP})
    _add(root, "identifier", identifier(alert))
    _add(root, "sender", sender)
    _add(root, "sent", written(alert.iat))
    _add(root, "status", "Actual" if alert.status is AlertStatus.REAL else "Exercise")
    _add(root, "msgType", MSG_TYPES[alert.action])
    _add(root, "scope", "Public")
    _add(root, "note", NOTES.get(alert.status, ""))
    _add(root, "references", " ".join(_reference(one, sender) for one in earlier))
    texts = alert.all_clear if MSG_TYPES[alert.action] == "Cancel" else alert.texts
    for language, text in texts.items():
        _add_info(root, alert, language, text, names)
    wrong = keeps_to_schema(root)
    if wrong or (alert.action is not AlertAction.ALERT and not earlier):
        raise ValueError(wrong or "an update, cancel or end refers to nothing")
    if seal is not None:
        root = _sealed(root, seal)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def identifier(alert: Alert) -> str:
    """Return the identifier of a revision."""
    return f"truyenthanh.{alert.area}.{alert.id}.{alert.rev}"


def written(at: datetime) -> str:
    """Return an instant as CAP writes it: whole seconds and an offset, here that of Viet Nam."""
    return at.astimezone(VIET_NAM).replace(microsecond=0).isoformat()


def _reference(alert: Alert, sender: str) -> str:
    return f"{sender},{identifier(alert)},{written(alert.iat)}"


def _add_info(root: etree._Element, alert: Alert, language: str, text: str, names: Names) -> None:
    category, vi, en = EVENTS[alert.hazard]
    is_over = MSG_TYPES[alert.action] == "Cancel"
    info = etree.SubElement(root, _cap("info"))
    _add(info, "language", language)
    _add(info, "category", category)
    _add(info, "event", en if language.startswith("en") else vi)
    _add(info, "responseType", "AllClear" if is_over else "")
    _add(info, "urgency", "Past" if is_over else "Immediate")
    _add(info, "severity", SEVERITIES[alert.level])
    _add(info, "certainty", "Observed" if alert.level > 3 else "Likely")
    _add_pair(info, "eventCode", OWN_HAZARD, alert.hazard.value)
    _add(info, "effective", written(alert.starts_at))
    _add(info, "expires", written(max(alert.ends_at, alert.iat, alert.starts_at)))
    _add(info, "senderName", alert.issuer.name)
    _add(info, "headline", text.splitlines()[0][:160] if text.strip() else "")
    _add(info, "description", text)
    _add_pair(info, "parameter", "truyenthanh:level", str(alert.level))
    _add_pair(info, "parameter", "truyenthanh:status", alert.status.value)
    for area in alert.target.exceptions:
        _add_pair(info, "parameter", "truyenthanh:except", area)
    _add_places(info, alert, names)


def _add_places(info: etree._Element, alert: Alert, names: Names) -> None:
    """Add an `area` for each area of the target, and one for all its shapes."""
    for area in alert.target.areas:
        place = etree.SubElement(info, _cap("area"))
        _add(place, "areaDesc", names.names.get(area, area))
        _add_pair(place, "geocode", "truyenthanh:area", area)
        if area in names.codes:
            _add_pair(place, "geocode", "GSO", names.codes[area])
    if alert.target.shapes:
        place = etree.SubElement(info, _cap("area"))
        _add(place, "areaDesc", names.names.get(alert.area, alert.area))
        shapes = sorted(alert.target.shapes, key=lambda one: one.shape, reverse=True)
        for shape in shapes:  # the schema wants polygons before circles
            _add(place, shape.shape, _drawn(shape))


def _drawn(shape: Circle | Polygon) -> str:
    if isinstance(shape, Circle):
        centre = f"{_number(shape.latitude)},{_number(shape.longitude)}"
        return f"{centre} {_number(shape.radius_m / 1000)}"
    return " ".join(f"{_number(lat)},{_number(lon)}" for lat, lon in shape.points)


def _number(value: float) -> str:
    """Return a decimal without exponent: a tenth of a metre is enough."""
    return f"{value:.6f}".rstrip("0").rstrip(".") if value else "0"


def _sealed(root: etree._Element, seal: Seal) -> etree._Element:
    method = (
        SignatureMethod.RSA_SHA256
        if isinstance(seal.key, rsa.RSAPrivateKey)
        else SignatureMethod.ECDSA_SHA256
    )
    signer = XMLSigner(
        signature_algorithm=method,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    return signer.sign(root, key=seal.key, cert=list(seal.chain), always_add_key_value=False)


def _add_pair(parent: etree._Element, name: str, scheme: str, value: str) -> None:
    pair = etree.SubElement(parent, _cap(name))
    _add(pair, "valueName", scheme)
    _add(pair, "value", value)


def _add(parent: etree._Element, name: str, text: str) -> None:
    """Add an element unless it would be empty; letters that XML forbids become spaces."""
    allowed = FORBIDDEN.sub(" ", text)
    if allowed:
        etree.SubElement(parent, _cap(name)).text = allowed


def _cap(name: str) -> str:
    return f"{{{CAP}}}{name}"
