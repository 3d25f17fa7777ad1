import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from controller.errors import Conflict, Missing
from controller.keys import Keyring, KeysExposed, KeysMissing
from wire.down import Desired
from wire.errors import OutOfScope, Revoked
from wire.signing import sign
from wire.trust import LONGEST_CERTIFICATE, Pinned, Place, judge, judge_trust

PLACE = Place("d-anbinh1", (("vn", "vn-31", "vn-31-an-binh"),))


def desired(keyring: Keyring, now: datetime) -> str:
    message = Desired(
        iss=keyring.subtree,
        iat=now,
        exp=now + timedelta(days=1),
        jti="j",
        rev=1,
        device="d-anbinh1",
        station="Đài",
        areas=("vn", "vn-31", "vn-31-an-binh"),
        profile="software",
        audio_url="https://localhost",
    )
    return sign(message, keyring.signer())


def revocations(keyring: Keyring, now: datetime) -> Pinned:
    trust = judge_trust(keyring.trust_token(now, rev=1), keyring.pinned(), now)
    return Pinned(keyring.pinned().roots, frozenset(trust.revoked))


def test_what_the_keyring_signs_a_device_believes(keyring: Keyring, now: datetime) -> None:
    message = judge(desired(keyring, now), Desired, keyring.pinned(), PLACE, now)

    assert message.iss == "vn"


def test_every_file_is_its_owners_alone(keyring: Keyring, now: datetime) -> None:
    """R21."""
    keyring.server_files(["localhost"], now)
    keyring.rotate(now)

    assert keyring.folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in keyring.folder.iterdir()} == {0o600}


def test_keys_that_others_can_read_are_refused(keyring: Keyring) -> None:
    (keyring.folder / "root-1.jwk").chmod(0o640)

    with pytest.raises(KeysExposed, match=r"root-1\.jwk"):
        Keyring.open(keyring.folder)


def test_a_folder_without_keys_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KeysMissing, match="keys init"):
        Keyring.open(tmp_path)


def test_keys_are_never_made_over_others(keyring: Keyring, now: datetime) -> None:
    with pytest.raises(Conflict):
        Keyring.create(keyring.folder, "vn", ("programme",), now)


def test_the_spare_root_leaves_only_its_public_half(tmp_path: Path, now: datetime) -> None:
    spare = tmp_path / "usb-stick.jwk"

    keyring = Keyring.create(tmp_path / "keys", "vn-31", ("drill",), now, spare_root=spare)

    secret = json.loads(spare.read_bytes())
    assert keyring.bundle().roots[1] == secret["x"]
    assert not any(secret["d"] in file.read_text() for file in keyring.folder.iterdir())
    assert spare.stat().st_mode & 0o777 == 0o600


def test_two_controllers_share_no_key(tmp_path: Path, keyring: Keyring, now: datetime) -> None:
    """R21."""
    other = Keyring.create(tmp_path / "other", "vn", ("programme",), now)

    assert not set(other.bundle().roots) & set(keyring.bundle().roots)
    assert other.bundle().fingerprint() != keyring.bundle().fingerprint()


def test_a_certificate_says_where_and_what_and_lives_400_days_at_most(
    tmp_path: Path, now: datetime
) -> None:
    keyring = Keyring.create(tmp_path / "keys", "vn-31", ("programme", "drill"), now)

    certificate = keyring.in_use("drill").certificate
    assert (certificate.subtree, certificate.may) == ("vn-31", ("drill",))
    assert certificate.exp - certificate.iat == LONGEST_CERTIFICATE == timedelta(days=400)


def test_a_controller_of_one_commune_cannot_speak_to_another(tmp_path: Path, now: datetime) -> None:
    """R16."""
    keyring = Keyring.create(tmp_path / "keys", "vn-31-tan-lap", ("programme",), now)

    with pytest.raises(OutOfScope):
        judge(desired(keyring, now), Desired, keyring.pinned(), PLACE, now)


def test_rotation_misses_nothing_and_revocation_ends_the_old_key(
    keyring: Keyring, now: datetime
) -> None:
    """R17."""
    old_kid, before = keyring.issuing.kid, desired(keyring, now)
    bundle = keyring.bundle()

    keyring.rotate(now)
    after = desired(keyring, now)

    assert keyring.bundle() == bundle
    for token in (before, after):
        judge(token, Desired, revocations(keyring, now), PLACE, now)
    keyring.revoke(old_kid)
    judge(after, Desired, revocations(keyring, now), PLACE, now)
    with pytest.raises(Revoked):
        judge(before, Desired, revocations(keyring, now), PLACE, now)


def test_the_key_in_use_and_an_unknown_one_are_not_revoked(keyring: Keyring) -> None:
    with pytest.raises(Conflict):
        keyring.revoke(keyring.issuing.kid)
    with pytest.raises(Missing):
        keyring.revoke("unknown")


def test_a_running_server_sees_a_rotation_by_the_command_line(
    keyring: Keyring, now: datetime
) -> None:
    running = Keyring.open(keyring.folder)
    assert running.signer().kid == keyring.issuing.kid
    old_kid = keyring.issuing.kid

    keyring.rotate(now)
    keyring.revoke(old_kid)

    assert running.signer().kid == keyring.issuing.kid != old_kid
    assert running.pinned().revoked == {old_kid}


def test_the_private_half_of_a_rotated_key_is_gone(keyring: Keyring, now: datetime) -> None:
    keyring.rotate(now)

    files = {file.name for file in keyring.folder.glob("*-*.jwk")} - {"root-1.jwk", "root-2.jwk"}
    assert files == {f"{leave}-{keyring.in_use(leave).kid}.jwk" for leave in keyring.leaves}


def test_a_certificate_is_replaced_in_its_last_ninety_days(keyring: Keyring, now: datetime) -> None:
    assert not keyring.rotate_when_due(now + timedelta(days=309))
    assert keyring.rotate_when_due(now + timedelta(days=310))
    assert not keyring.rotate_when_due(now + timedelta(days=311))


def test_the_trust_list_leaves_out_what_is_revoked_or_over(keyring: Keyring, now: datetime) -> None:
    old_kid = keyring.issuing.kid
    keyring.rotate(now + timedelta(days=300))
    later = now + timedelta(days=300)

    def listed(at: datetime) -> int:
        token = keyring.trust_token(at, rev=1, revoked_devices=["d-bbbb", "d-aaaa"])
        return len(judge_trust(token, keyring.pinned(), at).certificates)

    assert listed(later) == 6
    assert listed(now + timedelta(days=401)) == 3
    keyring.revoke(old_kid)
    assert listed(later) == 5


def test_a_server_certificate_is_kept_until_names_or_time_ask_for_a_new_one(
    keyring: Keyring, now: datetime
) -> None:
    def made(names: list[str], at: datetime) -> bytes:
        return keyring.server_files(names, at)[0].read_bytes()

    first = made(["localhost", "127.0.0.1"], now)

    assert made(["127.0.0.1", "localhost"], now + timedelta(days=300)) == first
    assert made(["localhost", "127.0.0.1"], now + timedelta(days=340)) != first
    assert made(["loa.example.vn"], now) != first


def test_a_creation_that_was_cut_short_begins_again(
    tmp_path: Path, keyring: Keyring, now: datetime
) -> None:
    folder = tmp_path / "half"
    shutil.copytree(keyring.folder, folder)
    (folder / "trust.json").unlink()

    made = Keyring.create(folder, "vn", ("programme",), now)

    assert Keyring.open(folder).issuing == made.issuing
    assert [file.name for file in folder.glob("programme-*")] == [made.issuing.file_name]
    assert list(folder.glob("alert-*")) == []
