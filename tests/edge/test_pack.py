"""The emergency pack on the device: old until new is whole, only whole files, honest fall-backs."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge_agent.audio.sirens import BUILT_IN, WAIL
from edge_agent.audio.sources import FilePart, SirenPart, TonePart
from edge_agent.errors import StorageFailed
from edge_agent.pack import PackHolder
from tests.edge.world import AN_BINH, DEVICE, now
from wire.alert import AlertStatus
from wire.down import Desired
from wire.pack import EmergencyPack, Phrase, SirenPattern, Sweep, Wording, pack_bytes
from wire.plan import Asset

REAL, DRILL = Wording.REAL, Wording.DRILL


@dataclass
class Shelf:
    """An audio cache that a test fills, and that remembers what it was told to check."""

    folder: Path
    there: set[str] = field(default_factory=set)
    suspects: list[str] = field(default_factory=list)

    def path(self, sha256: str) -> Path:
        return self.folder / sha256

    def has(self, sha256: str) -> bool:
        return sha256 in self.there

    def suspect(self, sha256: str) -> None:
        self.suspects.append(sha256)

    def put(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        self.path(sha256).write_bytes(data)
        self.there.add(sha256)
        return sha256


@dataclass
class Memory:
    facts: dict[str, str] = field(default_factory=dict)
    is_broken: bool = False

    def fact(self, name: str) -> str | None:
        return self.facts.get(name)

    def remember(self, name: str, value: str) -> None:
        if self.is_broken:
            raise StorageFailed("read-only")
        self.facts[name] = value


@dataclass
class Bench:
    shelf: Shelf
    memory: Memory
    pack: PackHolder

    def desire(self, pack: EmergencyPack) -> bool:
        data = pack_bytes(pack)
        return self.pack.desire(desired(hashlib.sha256(data).hexdigest(), len(data)))

    def bring(self, pack: EmergencyPack) -> bool:
        return self.pack.take(self.shelf.put(pack_bytes(pack)))

    def bring_audio(self, *phrases: Phrase) -> None:
        for phrase in phrases:
            self.pack.take(self.shelf.put(phrase.text.encode()))

    def hold(self, *phrases: Phrase) -> EmergencyPack:
        whole = EmergencyPack(phrases=phrases)
        self.desire(whole)
        self.bring(whole)
        self.bring_audio(*phrases)
        return whole

    def says(self, about: str, wording: Wording = REAL, language: str = "vi") -> str | None:
        part = self.pack.phrase(about, wording, language)
        return part.path.read_text() if part else None


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    shelf, memory = Shelf(tmp_path), Memory()
    return Bench(shelf, memory, PackHolder(shelf, memory))


def desired(sha256: str | None, size: int) -> Desired:
    at = now()
    return Desired(
        iss="an-binh", iat=at, exp=at, jti="j", rev=1, device=DEVICE, station="An Bình",
        areas=AN_BINH, profile="software", audio_url="https://localhost", emergency_pack=sha256,
        emergency_pack_bytes=size,
    )  # fmt: skip


def phrase(about: str, wording: Wording = REAL, language: str = "vi") -> Phrase:
    text = f"{about} {wording} {language}"
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    audio = Asset(sha256=sha256, bytes=len(text.encode()), duration_ms=1000)
    return Phrase(about=about, wording=wording, language=language, text=text, audio=audio)


def digest_of(pack: EmergencyPack) -> str:
    return hashlib.sha256(pack_bytes(pack)).hexdigest()


def names(bench: Bench) -> list[str]:
    return [asset.sha256 for asset in bench.pack.assets()]


def test_first_the_list_is_wanted_and_then_what_it_lists(bench: Bench) -> None:
    flood = phrase("flood")
    pack = EmergencyPack(phrases=(flood,))

    assert bench.desire(pack)
    assert names(bench) == [digest_of(pack)]
    assert bench.bring(pack)
    assert names(bench) == [digest_of(pack), flood.audio.sha256]
    assert bench.pack.digest is None


def test_it_is_reported_only_when_all_of_it_is_here(bench: Bench) -> None:
    flood, storm = phrase("flood"), phrase("storm")
    pack = EmergencyPack(phrases=(flood, storm))
    bench.desire(pack)
    bench.bring(pack)

    bench.bring_audio(flood)
    half = bench.pack.digest
    bench.bring_audio(storm)

    assert (half, bench.pack.digest) == (None, digest_of(pack))
    assert not bench.desire(pack)


def test_a_phrase_is_a_part_to_play(bench: Bench) -> None:
    flood = phrase("flood")
    bench.hold(flood)

    part = bench.pack.phrase("flood", REAL, "vi")

    path = bench.shelf.path(flood.audio.sha256)
    assert part == FilePart(path, flood.audio.sha256, 1000)


def test_a_hazard_falls_back_on_any_and_a_language_on_vietnamese(bench: Bench) -> None:
    bench.hold(phrase("flood"), phrase("any"), phrase("any", language="hmn"))

    assert bench.says("flood") == "flood real vi"
    assert bench.says("tsunami") == "any real vi"
    assert bench.says("flood", language="hmn") == "any real hmn"
    assert bench.says("flood", language="km") == "flood real vi"
    assert bench.says("flood", language="vi-VN") == "flood real vi"


def test_a_drill_is_never_worded_as_real_nor_an_all_clear_as_an_alarm(bench: Bench) -> None:
    bench.hold(phrase("flood"), phrase("any"), phrase("drill", DRILL))

    assert bench.says("flood", DRILL) == "drill drill vi"
    assert bench.says("all_clear") is None
    assert bench.says("drill") == "any real vi"


def test_real_words_are_never_taken_from_a_drill(bench: Bench) -> None:
    bench.hold(phrase("flood", DRILL), phrase("any", DRILL))

    assert bench.says("flood") is None


def test_the_old_pack_serves_until_the_new_one_is_whole(bench: Bench) -> None:
    old = bench.hold(phrase("any"))
    flood = phrase("flood")
    new = EmergencyPack(phrases=(flood,))

    bench.desire(new)
    bench.bring(new)
    between = (bench.pack.digest, bench.says("flood"), set(names(bench)))
    bench.bring_audio(flood)

    assert between[:2] == (digest_of(old), "any real vi")
    assert between[2] >= {digest_of(old), digest_of(new), flood.audio.sha256}
    assert (bench.pack.digest, bench.says("flood")) == (digest_of(new), "flood real vi")
    assert digest_of(old) not in names(bench)


def test_a_restart_between_two_packs_loses_neither(bench: Bench) -> None:
    old = bench.hold(phrase("any"))
    new = EmergencyPack(phrases=(phrase("flood"),))
    bench.desire(new)

    bench.pack = PackHolder(bench.shelf, bench.memory)
    bench.pack.load()
    bench.desire(new)

    assert bench.pack.digest == digest_of(old)
    assert bench.says("flood") == "any real vi"
    assert names(bench)[-1] == digest_of(new)


def test_a_first_pack_serves_with_what_has_come_of_it(bench: Bench) -> None:
    flood, storm = phrase("flood"), phrase("storm")
    pack = EmergencyPack(phrases=(flood, storm))
    bench.desire(pack)
    bench.bring(pack)
    bench.bring_audio(flood)

    assert bench.says("flood") == "flood real vi"
    assert bench.says("storm") is None
    assert bench.pack.digest is None


def test_a_pack_that_is_no_longer_named_goes_on_serving(bench: Bench) -> None:
    pack = bench.hold(phrase("any"))

    assert not bench.pack.desire(desired(None, 0))
    assert bench.pack.digest == digest_of(pack)


def test_going_back_to_the_pack_that_serves_drops_the_other(bench: Bench) -> None:
    old = bench.hold(phrase("any"))
    bench.desire(EmergencyPack(phrases=(phrase("flood"),)))

    assert bench.desire(old)
    assert set(names(bench)) == {digest_of(old), phrase("any").audio.sha256}


def test_a_removed_phrase_is_not_answered_nor_the_pack_reported_until_it_is_back(
    bench: Bench,
) -> None:
    flood = phrase("flood")
    pack = bench.hold(flood, phrase("any"))

    bench.shelf.there.discard(flood.audio.sha256)
    without = (bench.pack.digest, bench.says("flood"))
    bench.bring_audio(flood)

    assert without == (None, "any real vi")
    assert bench.pack.digest == digest_of(pack)


def test_a_damaged_list_is_handed_to_the_library_and_read_when_it_comes_again(
    bench: Bench,
) -> None:
    pack = EmergencyPack(phrases=(phrase("any"),))
    bench.desire(pack)
    bench.shelf.put(pack_bytes(pack))
    bench.shelf.path(digest_of(pack)).write_bytes(b"rotten")

    bench.pack.take(digest_of(pack))
    bench.bring(pack)
    bench.bring_audio(phrase("any"))

    assert bench.shelf.suspects == [digest_of(pack)]
    assert bench.pack.digest == digest_of(pack)


def test_a_list_that_nobody_can_read_is_a_fault_and_the_old_pack_serves(bench: Bench) -> None:
    old = bench.hold(phrase("any"))
    junk = bench.shelf.put(b"{}}")

    bench.pack.desire(desired(junk, 3))

    assert bench.pack.fault == "emergency_pack"
    assert bench.pack.digest == digest_of(old)
    assert junk not in names(bench)
    bench.hold(phrase("flood"))
    assert bench.pack.fault == ""


def test_a_disk_that_takes_no_writes_does_not_keep_a_new_pack_from_serving(bench: Bench) -> None:
    bench.memory.is_broken = True

    pack = bench.hold(phrase("any"))

    assert bench.pack.digest == digest_of(pack)


def test_all_its_files_are_checked_on_request(bench: Bench) -> None:
    pack = bench.hold(phrase("any"))

    bench.pack.check()

    assert bench.shelf.suspects == [digest_of(pack), phrase("any").audio.sha256]


def test_a_siren_comes_from_the_pack_else_from_the_program_else_it_wails(bench: Bench) -> None:
    own = SirenPattern(name="wail", sweeps=(Sweep(from_hz=500, to_hz=500, for_ms=100),))
    pack = EmergencyPack(sirens=(own,))
    bench.desire(pack)
    bench.bring(pack)

    assert bench.pack.pattern("wail") == own
    assert bench.pack.pattern("fast") == BUILT_IN["fast"]
    assert bench.pack.pattern("unheard-of") == WAIL
    assert bench.pack.pattern(None) == WAIL


@pytest.mark.parametrize("status", [AlertStatus.DRILL, AlertStatus.EXERCISE])
def test_only_what_is_real_has_a_siren(bench: Bench, status: AlertStatus) -> None:
    assert bench.pack.attention(status, "fast", 4000) == TonePart("chime", 4000)
    assert bench.pack.attention(AlertStatus.REAL, "fast", 4000) == SirenPart(BUILT_IN["fast"], 4000)
