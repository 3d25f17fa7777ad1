"""One key for each leave: what signs a programme signs no alert, and need not read that key."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from controller.errors import Conflict
from controller.keys import Keyring, KeysExposed, LeaveMissing
from controller.keys.certificates import EVERYTHING, STATE_FILE, jwk_of, read_state, write_state
from tests.controller.keys.test_keyring import desired
from wire.alert import Alert, AlertAction, AlertStatus, Hazard, Issuer, Target
from wire.down import Desired
from wire.errors import OutOfScope
from wire.signing import new_key, public_x, sign, signer
from wire.trust import LONGEST_CERTIFICATE, IssuingCertificate, May, Place, judge

ROOT = Path(__file__).parents[3]
PLACE = Place("d-anbinh1", (("vn", "vn-31", "vn-31-an-binh"),))
SOMEBODY = 65534
"""`nobody` and `nogroup`: here the user of the web half."""


def alert(keyring: Keyring, status: AlertStatus, leave: May, now: datetime) -> str:
    """Return an alert signed by the key of a leave."""
    message = Alert(
        iss=keyring.subtree,
        iat=now,
        exp=now + timedelta(hours=1),
        jti="j",
        rev=1,
        crit=("status", "target", "exp"),
        id="a-1",
        area="vn-31-an-binh",
        action=AlertAction.ALERT,
        status=status,
        hazard=Hazard.FLOOD,
        level=3,
        target=Target(areas=("vn-31-an-binh",)),
        issued_at=now,
        starts_at=now,
        ends_at=now + timedelta(hours=1),
        issuer=Issuer(name="Trần Văn Hùng", origin="commune"),
    )
    return sign(message, keyring.signer(leave))


def undivided(folder: Path, now: datetime) -> Keyring:
    """Return a ring as it was made before: one certificate for everything."""
    ring = Keyring.create(folder, "vn", ("programme",), now)
    key = new_key()
    certificate = IssuingCertificate(
        iss="root",
        iat=now,
        exp=now + LONGEST_CERTIFICATE,
        jti="old",
        rev=1,
        name="vn 2026-11-02",
        x=public_x(key),
        subtree="vn",
        may=EVERYTHING,
    )
    root = signer(ring._private("root-1.jwk"))
    (folder / ring.issuing.file_name).unlink()
    (folder / f"issuing-{key.thumbprint()}.jwk").write_bytes(jwk_of(key))
    (folder / f"issuing-{key.thumbprint()}.jwk").chmod(0o600)
    write_state(folder, replace(read_state(folder), certificates=(sign(certificate, root),)))
    return Keyring.open(folder)


def test_each_leave_has_its_own_key_in_its_own_file(keyring: Keyring) -> None:
    kids = {leave: keyring.signer(leave).kid for leave in EVERYTHING}

    assert len(set(kids.values())) == 3
    for leave, kid in kids.items():
        assert (keyring.folder / f"{leave}-{kid}.jwk").exists()
        assert keyring.in_use(leave).certificate.may == (leave,)
    assert keyring.signer() == keyring.signer("programme")


@pytest.mark.parametrize("leave", EVERYTHING)
@pytest.mark.parametrize("status", list(AlertStatus))
def test_only_the_alert_key_says_a_real_alert_and_only_the_drill_key_a_drill(
    keyring: Keyring, now: datetime, status: AlertStatus, leave: May
) -> None:
    """R19."""
    token = alert(keyring, status, leave, now)

    if leave == ("alert" if status is AlertStatus.REAL else "drill"):
        assert judge(token, Alert, keyring.pinned(), PLACE, now).status is status
    else:
        with pytest.raises(OutOfScope):
            judge(token, Alert, keyring.pinned(), PLACE, now)


def test_what_the_controller_may_not_say_has_no_signer(tmp_path: Path, now: datetime) -> None:
    ring = Keyring.create(tmp_path / "keys", "vn", ("programme", "drill"), now)

    assert ring.leaves == ("programme", "drill")
    with pytest.raises(LeaveMissing):
        ring.signer("alert")
    with pytest.raises(LeaveMissing):
        ring.rotate(now, ["alert"])


def test_one_key_is_rotated_and_revoked_without_the_others(keyring: Keyring, now: datetime) -> None:
    before = {leave: keyring.in_use(leave).kid for leave in EVERYTHING}

    keyring.rotate(now, ["alert"])

    after = {leave: keyring.in_use(leave).kid for leave in EVERYTHING}
    assert {leave for leave in EVERYTHING if before[leave] != after[leave]} == {"alert"}
    for kid in after.values():
        with pytest.raises(Conflict):
            keyring.revoke(kid)
    keyring.revoke(before["alert"])
    assert keyring.signer("alert").kid == after["alert"]


def test_only_what_grows_old_is_rotated(keyring: Keyring, now: datetime) -> None:
    keyring.rotate(now + timedelta(days=200), ["alert"])
    alert_kid, drill_kid = keyring.in_use("alert").kid, keyring.in_use("drill").kid

    assert keyring.rotate_when_due(now + timedelta(days=310))

    assert keyring.in_use("alert").kid == alert_kid
    assert keyring.in_use("drill").kid != drill_kid


def test_a_folder_of_before_goes_on_working_and_is_divided_by_the_next_rotation(
    tmp_path: Path, now: datetime
) -> None:
    ring = undivided(tmp_path / "keys", now)
    old = ring.issuing.kid
    token = desired(ring, now)
    assert {ring.signer(leave).kid for leave in EVERYTHING} == {old}
    assert ring.leaves == EVERYTHING

    ring.rotate(now)

    assert len({ring.signer(leave).kid for leave in EVERYTHING} - {old}) == 3
    assert list(ring.folder.glob("issuing-*")) == []
    assert judge(token, Desired, ring.pinned(), PLACE, now)
    ring.revoke(old)


def test_a_folder_of_before_keeps_its_key_while_something_still_needs_it(
    tmp_path: Path, now: datetime
) -> None:
    ring = undivided(tmp_path / "keys", now)
    old = ring.issuing.kid

    ring.rotate(now, ["alert"])

    assert ring.signer("drill").kid == old != ring.signer("alert").kid
    assert [file.name for file in ring.folder.glob("issuing-*")] == [f"issuing-{old}.jwk"]


@pytest.fixture
def shared(made_keys: Path) -> Iterator[Path]:
    """A folder of keys that is opened to the group of the web half, where its user can reach it.

    Who is not root cannot be two users: for them the alert key and the root are closed to all.
    """
    top = Path(tempfile.mkdtemp(prefix="tt-keys-"))
    top.chmod(0o755)
    folder = top / "keys"
    shutil.copytree(made_keys, folder)
    open_to_group(folder)
    yield folder
    shutil.rmtree(top)


def open_to_group(folder: Path) -> None:
    """Do what docs/operations.md says."""
    if os.geteuid() == 0:
        for path in (folder, *folder.iterdir()):
            os.chown(path, 0, SOMEBODY)
    folder.chmod(0o2750)
    for pattern in ("trust.json", "ca.*", "server.*", "programme-*"):
        for file in folder.glob(pattern):
            file.chmod(0o640)
    if os.geteuid() != 0:
        for file in (*folder.glob("alert-*"), *folder.glob("root-*")):
            file.chmod(0o000)


WEB_HALF = """
import json, os, sys
from datetime import datetime
from pathlib import Path
from controller.keys import KeyClosed, Keyring
from tests.controller.keys.test_keyring import desired
folder, now, user = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), int(sys.argv[3])
if os.geteuid() == 0:
    os.setgroups([]); os.setegid(user); os.seteuid(user)
def code(work):
    try:
        work()
    except KeyClosed as error:
        return error.code + " " + error.facts["name"].split("-")[0]
    return "done"
ring = Keyring.open(folder)
print(json.dumps({
    "desired": desired(ring, now),
    "alert": code(lambda: ring.signer("alert")),
    "rotate": code(lambda: ring.rotate(now)),
    "trust": code(lambda: ring.trust_token(now, 1)),
    "holds_root": ring.holds_root,
    "listed": len(ring.trust(now, 1).certificates),
    "tls": len([file.read_bytes() for file in ring.server_files(["localhost"], now)]),
    "authority": len(ring.bundle().authorities),
}))
"""


def as_web_half(folder: Path, now: datetime) -> dict[str, object]:
    """Do the web half's work with these keys as another user, in another process."""
    ran = subprocess.run(
        [sys.executable, "-c", WEB_HALF, str(folder), now.isoformat(), str(SOMEBODY)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    told: dict[str, object] = json.loads(ran.stdout)
    return told


def test_another_user_does_the_web_halfs_work_and_reads_neither_alert_key_nor_root(
    shared: Path, now: datetime
) -> None:
    worker = Keyring(shared, read_state(shared))
    worker.server_files(["localhost"], now)

    told = as_web_half(shared, now)

    judge(str(told.pop("desired")), Desired, worker.pinned(), PLACE, now)
    assert told == {
        "alert": "key_closed alert",
        "rotate": "key_closed root",
        "trust": "key_closed root",
        "holds_root": False,
        "listed": 3,
        "tls": 2,
        "authority": 1,
    }


@pytest.mark.parametrize("name", ["alert", "drill", "root", "client"])
def test_in_a_folder_for_two_users_what_the_web_half_does_not_need_stays_closed(
    shared: Path, name: str
) -> None:
    Keyring.open(shared)
    file = next(shared.glob(f"{name}-*"))
    file.chmod(0o640)

    with pytest.raises(KeysExposed, match=file.name):
        Keyring.open(shared)


@pytest.mark.parametrize(("mode", "name"), [(0o644, "programme-*"), (0o660, "trust.json")])
def test_nobody_else_reads_and_the_group_never_writes(shared: Path, mode: int, name: str) -> None:
    next(shared.glob(name)).chmod(mode)

    with pytest.raises(KeysExposed):
        Keyring.open(shared)


def test_a_folder_of_one_user_stays_closed_to_its_group(keyring: Keyring) -> None:
    (keyring.folder / STATE_FILE).chmod(0o640)

    with pytest.raises(KeysExposed):
        Keyring.open(keyring.folder)


def test_a_process_that_signs_no_alert_never_opens_the_alert_key(
    keyring: Keyring, now: datetime
) -> None:
    (keyring.folder / keyring.in_use("alert").file_name).write_bytes(b"not even JSON")

    assert desired(Keyring.open(keyring.folder), now)
