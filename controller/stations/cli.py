"""The `stations` and `devices` commands, for whoever has the server's terminal."""

import click

from controller.config import Config, load_config
from controller.keys import Keyring
from controller.people.rights import machine_owner
from controller.stations.enrolment import issue_claim, revoke_device
from controller.stations.service import create_cluster, create_device, create_station
from controller.terminal import say, transaction, typist, utc_now


@click.group()
def stations() -> None:
    """Đài truyền thanh / Stations."""


@stations.command("add")
@click.argument("name")
@click.option("--area", required=True, help="Mã địa bàn / Id of the area.")
@click.option("--id", "station_id", default="", help="Mã đài, nếu muốn chọn / Its id, to choose.")
def add_station(name: str, area: str, station_id: str) -> None:
    """Tạo đài, in mã / Create a station, print its id."""
    with transaction() as session:
        station = create_station(
            session,
            machine_owner(typist()),
            area_id=area,
            name=name,
            station_id=station_id,
            now=utc_now(),
        )
        click.echo(station.id)


@click.group()
def devices() -> None:
    """Thiết bị / Devices."""


@devices.command("add")
@click.argument("name")
@click.option("--station", required=True, help="Mã đài / Id of the station.")
@click.option("--profile", required=True, help="Mẫu thiết bị / Device model (`profiles list`).")
@click.option("--cluster", default="", help="Thêm một cụm loa / Add a cluster of this name.")
@click.option("--id", "device_id", default="", help="Mã, dạng d-... / Its id, like d-...")
def add_device(name: str, station: str, profile: str, cluster: str, device_id: str) -> None:
    """Tạo thiết bị, in mã / Create a device, print its id."""
    actor, now = machine_owner(typist()), utc_now()
    with transaction() as session:
        device = create_device(
            session,
            actor,
            station_id=station,
            name=name,
            profile=profile,
            device_id=device_id,
            now=now,
        )
        if cluster:
            create_cluster(
                session,
                actor,
                output_id=device.outputs[0].id,
                area_id=device.station.area_id,
                name=cluster,
                now=now,
            )
        click.echo(device.id)


@devices.command()
@click.argument("device")
def claim(device: str) -> None:
    """Mã nhận thiết bị, dùng một lần trong 24 giờ / A claim code: single use, 24 hours."""
    config = load_config()
    with transaction(config) as session:
        code = issue_claim(session, machine_owner(typist()), device, _keys(config), utc_now())
    say(
        f"Gõ mã này trên thiết bị, máy chủ {config.device_url}:",
        f"Type this code on the device, controller {config.device_url}:",
    )
    click.echo(code)


@devices.command()
@click.argument("device")
@click.confirmation_option(prompt="Thu hồi vĩnh viễn? / Revoke for ever?")
def revoke(device: str) -> None:
    """Thu hồi thiết bị / Put a device out for ever (stolen, cloned, scrapped)."""
    config = load_config()
    with transaction(config) as session:
        revoke_device(session, machine_owner(typist()), device, _keys(config), utc_now())
    say("Đã thu hồi", "Revoked")


def _keys(config: Config) -> Keyring:
    return Keyring.open(config.data_dir / "keys")
