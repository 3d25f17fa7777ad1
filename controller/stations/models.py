"""Stations, their devices, outputs and clusters; claim codes and client certificates."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from controller.db import Base


class DeviceState(StrEnum):
    """The life of a device record."""

    NEW = "new"
    ENROLLED = "enrolled"
    REVOKED = "revoked"


class Station(Base):
    """The commune's radio (đài truyền thanh xã)."""

    __tablename__ = "stations"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str] = mapped_column(String(30), default="")
    devices: Mapped[list["Device"]] = relationship(back_populates="station")


class Device(Base):
    """A box that runs the edge agent. `public_x` is its Ed25519 key (RFC 8037 x)."""

    __tablename__ = "devices"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    station_id: Mapped[str] = mapped_column(ForeignKey("stations.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    profile: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(10), default=DeviceState.NEW)
    public_x: Mapped[str | None] = mapped_column(String(43))
    agent_version: Mapped[str] = mapped_column(String(64), default="")
    hardware: Mapped[str] = mapped_column(String(200), default="")
    enrolled_at: Mapped[datetime | None]
    station: Mapped[Station] = relationship(back_populates="devices")
    outputs: Mapped[list["Output"]] = relationship(
        back_populates="device", cascade="all, delete-orphan", order_by="Output.name"
    )


class Output(Base):
    """One stream of sound of a device; `name` is its id on the wire (`main`)."""

    __tablename__ = "outputs"

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[str] = mapped_column(ForeignKey("devices.id"), index=True)
    name: Mapped[str] = mapped_column(String(40), default="main")
    volume_db: Mapped[float] = mapped_column(default=0.0)
    delay_ms: Mapped[int] = mapped_column(default=0)
    device: Mapped[Device] = relationship(back_populates="outputs")
    clusters: Mapped[list["Cluster"]] = relationship(
        back_populates="output", cascade="all, delete-orphan", order_by="Cluster.id"
    )

    __table_args__ = (UniqueConstraint("device_id", "name"),)


class Cluster(Base):
    """Loudspeakers at one place (cụm loa); its area may be a village below the station's."""

    __tablename__ = "clusters"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    output_id: Mapped[int] = mapped_column(ForeignKey("outputs.id"), index=True)
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(10), default="ip")
    address: Mapped[str] = mapped_column(String(64), default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    horns: Mapped[int] = mapped_column(default=2)
    output: Mapped[Output] = relationship(back_populates="clusters")


class EmergencyPack(Base):
    """The newest emergency pack for a set of languages (sorted, with spaces between).

    `sha256` and `bytes` are those of its list in the asset store, `inputs` the hash of what it was
    made of.
    """

    __tablename__ = "emergency_packs"

    languages: Mapped[str] = mapped_column(String(100), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int]
    inputs: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]


class Claim(Base):
    """A claim code, known by the hash of its secret; single use, at most 24 hours (R21)."""

    __tablename__ = "claims"

    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[str] = mapped_column(ForeignKey("devices.id"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_by: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ClientCertificate(Base):
    """A client certificate given to a device."""

    __tablename__ = "client_certificates"

    serial: Mapped[str] = mapped_column(String(40), primary_key=True)
    device_id: Mapped[str] = mapped_column(ForeignKey("devices.id"), index=True)
    not_after: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
