"""Every kind of signed message, by the word in its `typ`."""

from types import MappingProxyType
from typing import Final

from wire.alert import Alert, Live
from wire.down import Command, Desired, Sync, Trust
from wire.enrolment import Pull, RenewRequest
from wire.message import Message
from wire.plan import Plan
from wire.trust import IssuingCertificate
from wire.up import Health, Panic, Receipts, Status

FROM_CONTROLLER: Final[tuple[type[Message], ...]] = (Plan, Desired, Command, Sync, Alert, Live)
FROM_DEVICE: Final[tuple[type[Message], ...]] = (
    Status,
    Health,
    Receipts,
    Panic,
    RenewRequest,
    Pull,
)
FROM_ROOT: Final[tuple[type[Message], ...]] = (Trust, IssuingCertificate)

MESSAGES: Final = MappingProxyType(
    {model.kind: model for model in (*FROM_CONTROLLER, *FROM_DEVICE, *FROM_ROOT)}
)
