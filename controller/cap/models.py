"""Where warnings come from, every message that came, and what is proposed to the officers.

The bytes of a message are kept as they came and never change; nothing here sounds by itself.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from controller.db import Base


class SourceKind(StrEnum):
    """How a source is reached: `place` is a path, an address, or nothing for MQTT."""

    FILE = "file"
    FOLDER = "folder"
    HTTP = "http"
    MQTT = "mqtt"


class ProposalState(StrEnum):
    """Where a proposal stands: open until an officer takes or dismisses it, or its source ends it.

    `released` by the policy of its source, without an officer; `replaced` by an update of the same
    source, `cancelled` by a cancel.
    """

    OPEN = "open"
    RELEASED = "released"
    TAKEN = "taken"
    DISMISSED = "dismissed"
    REPLACED = "replaced"
    CANCELLED = "cancelled"


class CapSource(Base):
    """A sender of warnings for an area and everything below it.

    A signed source owes a signature under one of `pinned` (certificates, PEM); an open one may come
    unsigned. `stops_at_once` lets a valid signature cancel what was made of its own warning.
    `hosts` may be asked besides the host of `place`.

    `releases_upto` is the level up to which it is asked to release by itself (0: never); that holds
    once a second person approved it (`releases_approved_by`). `version` rises with each change of
    what they approve, and such a change voids it. Retired for ever at `retired_at`: no other source
    has its name. The rest is how the last polls went.
    """

    __tablename__ = "cap_sources"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(10))
    place: Mapped[str] = mapped_column(Text, default="")
    is_open: Mapped[bool] = mapped_column(default=False)
    pinned: Mapped[str] = mapped_column(Text, default="")
    stops_at_once: Mapped[bool] = mapped_column(default=False)
    hosts: Mapped[list[str]] = mapped_column(default=list)
    poll_s: Mapped[int] = mapped_column(default=60)
    is_on: Mapped[bool] = mapped_column(default=True)
    etag: Mapped[str] = mapped_column(Text, default="")
    last_modified: Mapped[str] = mapped_column(Text, default="")
    failures: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    trouble_vi: Mapped[str] = mapped_column(Text, default="")
    trouble_en: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]
    releases_upto: Mapped[int] = mapped_column(default=0)
    releases_approved_by: Mapped[str] = mapped_column(String(60), default="")
    releases_approved_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    changed_by: Mapped[str] = mapped_column(String(60), default="")
    changed_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]


class CapMessage(Base):
    """A message as it came, with its verdict: `outcome` and the sentences of its reason.

    `is_for_us` when a cluster below the source's area would sound. `replaces` names what an
    accepted update or cancel ends: lists of identifier and instant.
    """

    __tablename__ = "cap_messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("cap_sources.id"))
    digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(index=True)
    identifier: Mapped[str] = mapped_column(Text, default="")
    sender: Mapped[str] = mapped_column(Text, default="")
    sent_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(Text, default="")
    msg_type: Mapped[str] = mapped_column(Text, default="")
    outcome: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(40))
    why_vi: Mapped[str] = mapped_column(Text)
    why_en: Mapped[str] = mapped_column(Text)
    signature: Mapped[str] = mapped_column(String(10))
    signer: Mapped[str] = mapped_column(Text, default="")
    hazard: Mapped[str | None] = mapped_column(String(30))
    level: Mapped[int | None]
    headline: Mapped[str] = mapped_column(Text, default="")
    is_for_us: Mapped[bool] = mapped_column(default=False)
    replaces: Mapped[list[Any]] = mapped_column(default=list)

    __table_args__ = (
        UniqueConstraint("source_id", "digest"),
        Index("ix_cap_messages_source_id_identifier", "source_id", "identifier"),
    )


class CapProposal(Base):
    """What an officer may make of an accepted message: an alert, its update, or its cancel.

    `draft` are the values of `emergencies.content.Draft`. `alert_id` is the alert it became, or
    the one that it would change. Over at `ends_at`, taken or not. `held` is a code that says why
    its source did not release it by itself, with a sentence in both languages.
    """

    __tablename__ = "cap_proposals"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("cap_messages.id"), index=True)
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"), index=True)
    action: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10), default=ProposalState.OPEN, index=True)
    draft: Mapped[dict[str, Any]]
    clusters: Mapped[list[str]]
    alert_id: Mapped[str | None] = mapped_column(ForeignKey("alerts.id"))
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str] = mapped_column(String(60), default="")
    held: Mapped[str] = mapped_column(String(40), default="")
    held_vi: Mapped[str] = mapped_column(Text, default="")
    held_en: Mapped[str] = mapped_column(Text, default="")
