"""The `keys` commands: make, show, rotate and revoke; the trust list goes out by the outbox."""

from collections.abc import Iterable
from pathlib import Path

import click
from sqlalchemy import Engine, inspect
from sqlalchemy.orm import Session

from controller.config import Config, load_config
from controller.db import make_sessions
from controller.keys import Keyring
from controller.keys.certificates import EVERYTHING, Issuing
from controller.people.audit import record
from controller.replan import replan
from controller.stations.desired import devices_of, publish_all_desired
from controller.stations.trust_list import publish_trust
from controller.terminal import open_engine, say, typist, utc_now
from wire.trust import May


@click.group()
def keys() -> None:
    """Khóa của bộ điều khiển / The controller's keys."""


@keys.command()
@click.option("--area", help="Địa bàn phụ trách / The area served (TT_AREA).")
@click.option(
    "--may",
    multiple=True,
    type=click.Choice(EVERYTHING),
    help="Được phát gì (mặc định: tất cả) / What it may say (default: everything).",
)
@click.option(
    "--spare-root",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Nơi ghi khóa gốc dự phòng / Where to write the spare root, to take offline.",
)
def init(area: str | None, may: tuple[May, ...], spare_root: Path | None) -> None:
    """Tạo khóa lần đầu / Make the keys, once."""
    config = load_config()
    folder = config.data_dir / "keys"
    ring = Keyring.create(
        folder, area or config.area, may or EVERYTHING, utc_now(), spare_root=spare_root
    )
    if spare_root is None:
        file = folder / "root-2.jwk"
        say(f"Hãy cất {file} ở nơi khác, ngoại tuyến", f"Take {file} offline, to another place")
    _print(ring)


@keys.command()
def show() -> None:
    """Xem khóa, không có phần bí mật / Show the keys, nothing secret."""
    _print(_open(load_config()))


@keys.command()
@click.option(
    "--may",
    multiple=True,
    type=click.Choice(EVERYTHING),
    help="Chỉ thay khóa này (mặc định: tất cả) / Only this key (default: all).",
)
def rotate(may: tuple[May, ...]) -> None:
    """Thay khóa ký; khóa cũ còn hiệu lực đến khi thu hồi / Replace the issuing keys."""
    config = load_config()
    ring = _open(config)
    made = ring.rotate(utc_now(), may or None)
    _publish(config, ring, "keys.rotate", [one.kid for one in made])
    for one in made:
        click.echo(f"{one.certificate.may[0]} {one.kid}")


@keys.command()
@click.argument("kid")
def revoke(kid: str) -> None:
    """Thu hồi một khóa ký cũ / Revoke an issuing key that is no longer in use."""
    config = load_config()
    ring = _open(config)
    ring.revoke(kid)
    _publish(config, ring, "keys.revoke", [kid])


def _publish(config: Config, ring: Keyring, action: str, kids: Iterable[str]) -> None:
    """Record the change and enqueue what the new keys must sign, where there is a database."""
    with open_engine(config) as engine:
        if not _has_tables(engine):
            say("Chưa có cơ sở dữ liệu, chưa gửi gì", "No database yet, nothing was sent")
            return
        with make_sessions(engine).begin() as session:
            for kid in kids:
                record(session, utc_now(), typist(), action, "key", kid)
            _sign_again(session, config, ring)
    say("Danh sách tin cậy đã vào hàng đợi", "The trust list is in the outbox")


def _sign_again(session: Session, config: Config, ring: Keyring) -> None:
    now = utc_now()
    publish_trust(session, ring, now)
    publish_all_desired(session, devices_of(session, [ring.subtree]), ring, config, now)
    replan(session, areas=[ring.subtree], now=now)


def _has_tables(engine: Engine) -> bool:
    return inspect(engine).has_table("outbox")


def _open(config: Config) -> Keyring:
    return Keyring.open(config.data_dir / "keys")


def _print(ring: Keyring) -> None:
    for number, root in enumerate(ring.bundle().roots, start=1):
        click.echo(f"root {number}: {root}")
    for one in ring.certificates:
        certificate, state = one.certificate, _state(ring, one)
        until, may = certificate.exp, ",".join(certificate.may)
        click.echo(f"issuing {one.kid}: {certificate.subtree} {may} {until:%Y-%m-%d} {state}")
    click.echo(f"bundle: {ring.bundle().fingerprint().hex()}")


def _state(ring: Keyring, one: Issuing) -> str:
    """Return how it stands with an issuing key, and whether whoever types may use it."""
    if one.kid in ring.revoked:
        return "revoked"
    if one not in [ring.in_use(leave) for leave in ring.leaves]:
        return "valid"
    return "in use" if ring.may_open(one.file_name) else "in use, closed to you"
