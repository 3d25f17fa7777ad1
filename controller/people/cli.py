"""The `people`, `areas` and `audit` commands, for whoever has the server's terminal."""

from collections.abc import Callable
from pathlib import Path

import click

from controller.areas.importing import VIETNAM
from controller.people import audit as chain
from controller.people.area_changes import import_areas
from controller.people.models import Role
from controller.people.rights import machine_owner
from controller.people.second_factor import remove_of
from controller.people.service import (
    create_person,
    grant_role,
    person_by_login,
    reset_password,
    revoke_role,
)
from controller.terminal import say, transaction, typist, utc_now

ROLE = click.Choice([role.value for role in Role])


@click.group()
def people() -> None:
    """Tài khoản và vai trò / Accounts and roles."""


@people.command()
@click.argument("login")
@click.option("--name", required=True, help="Họ và tên / Full name.")
@click.option("--role", type=ROLE, required=True, help="Vai trò / Role.")
@click.option("--area", required=True, help="Mã địa bàn / Id of the area.")
@click.option("--phone", default="", help="Điện thoại / Phone.")
def add(login: str, name: str, role: str, area: str, phone: str) -> None:
    """Tạo tài khoản, in mật khẩu lần đầu / Create an account, print its first password."""
    with transaction() as session:
        _, password = create_person(
            session,
            machine_owner(typist()),
            login=login,
            full_name=name,
            role=Role(role),
            area_id=area,
            now=utc_now(),
            phone=phone,
        )
    say("Mật khẩu dùng một lần, đổi khi đăng nhập:", "A one-time password, to change at sign-in:")
    click.echo(password)


@people.command()
@click.argument("login")
@click.option("--role", type=ROLE, required=True, help="Vai trò / Role.")
@click.option("--area", required=True, help="Mã địa bàn / Id of the area.")
@click.option("--revoke", is_flag=True, help="Thu hồi / Take it back.")
def grant(login: str, role: str, area: str, *, revoke: bool) -> None:
    """Cấp hoặc thu hồi vai trò / Give a role, or take it back; ends the person's sessions."""
    change = revoke_role if revoke else grant_role
    with transaction() as session:
        person = person_by_login(session, login)
        change(session, machine_owner(typist()), person.id, Role(role), area, utc_now())
    say("Đã ghi", "Done")


@people.command()
@click.argument("login")
def password(login: str) -> None:
    """Đặt lại mật khẩu / Reset a password; prints the new one, to change at sign-in."""
    with transaction() as session:
        person = person_by_login(session, login)
        click.echo(reset_password(session, machine_owner(typist()), person.id, utc_now()))


@people.command()
@click.argument("login")
def second_factor_reset(login: str) -> None:
    """Gỡ bảo mật hai lớp của người mất điện thoại / Remove a lost second factor."""
    with transaction() as session:
        person = person_by_login(session, login)
        remove_of(session, machine_owner(typist()), person.id, utc_now())
    say(f"Đã gỡ; {login} phải thiết lập lại", f"Removed; {login} has to set it up again")


@click.group()
def areas() -> None:
    """Địa bàn / Areas."""


@areas.command("import")
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False
)
@click.option("--vietnam", is_flag=True, help="Bảng có sẵn / The table that ships with us.")
def import_command(file: Path | None, *, vietnam: bool) -> None:
    """Nhập địa bàn từ CSV, tất cả hoặc không / Import areas from CSV, all of them or none."""
    if (file is None) != vietnam:
        raise click.UsageError("Cần FILE hoặc --vietnam / Give FILE or --vietnam")
    text = (file or VIETNAM).read_text(encoding="utf-8-sig")
    with transaction() as session:
        done = import_areas(session, machine_owner(typist()), text, utc_now(), _progress())
    say(
        f"Tạo {done.created}, cập nhật {done.updated}, kế thừa {done.successions}",
        f"{done.created} created, {done.updated} updated, {done.successions} successions",
    )


@click.group()
def audit() -> None:
    """Nhật ký hệ thống / The audit chain."""


@audit.command()
@click.option(
    "--head", "expected", default="", help="Mã đã giữ ở nơi khác / A head kept elsewhere."
)
@click.pass_context
def verify(context: click.Context, expected: str) -> None:
    """Kiểm tra chuỗi / Check the chain; prints its head; exit 1 when it is broken."""
    with transaction() as session:
        broken = chain.verify(session, expected)
        head = chain.head(session)
    if broken is not None:
        say(f"Chuỗi bị sửa từ mục {broken}", f"The chain is broken at entry {broken}")
        context.exit(1)
    say("Chuỗi nguyên vẹn", "The chain is whole")
    click.echo(head)


def _progress() -> Callable[[int, int], None]:
    def tell(done: int, total: int) -> None:
        click.echo(f"\r{done}/{total}", err=True, nl=done == total)

    return tell
