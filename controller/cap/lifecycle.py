"""Which warnings of one source stand, from whatever of its messages arrived, in any order.

A pure function of the set of messages: duplicates, order and delays change nothing. A message that
was lost changes only what it alone would have changed. Sources never touch one another's messages.
"""

from collections.abc import Iterable
from datetime import datetime

from controller.cap.message import Message

SPEAKING = frozenset({"Alert", "Update"})
REPLACING = frozenset({"Update", "Cancel"})

Name = tuple[str, datetime, str]
"""What a reference must meet: identifier, instant of sending, and status (of the referring one)."""


def current(messages: Iterable[Message], at: datetime) -> frozenset[Message]:
    """Return the alerts and updates that are in force at `at` and that nothing replaced.

    An Update or Cancel replaces what it refers to within its own status: a test never ends a real
    warning. Its effect stays when it is itself replaced. References meet by identifier and instant:
    senders are known to write their own name in several ways, and the source is the same.
    Of an identifier sent twice with different words both stand: nobody can silence a warning by
    repeating its name.
    """
    known = set(messages)
    replaced = {name for message in known for name in replaces(message)}
    return frozenset(
        message
        for message in known
        if message.msg_type in SPEAKING
        and name_of(message) not in replaced
        and message.infos_in_force(at)
    )


def replaces(message: Message) -> frozenset[Name]:
    """Return what a message ends, by name; nothing for an Alert, an Ack or an Error."""
    if message.msg_type not in REPLACING:
        return frozenset()
    return frozenset(
        (reference.identifier, reference.sent, message.status) for reference in message.references
    )


def name_of(message: Message) -> Name:
    """Return the name by which others of the same status refer to a message."""
    return message.identifier, message.sent, message.status
