"""Hostile bytes: refused at once, by name, and never with a crash (docs/promises.md R12, R41)."""

import random
import socket
import time

import pytest

from controller.cap.judging import Outcome, Policy, judge
from controller.cap.reading import read
from controller.cap.reasons import CapRefused
from tests.controller.cap.messages import NOW, cap, info

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE alert [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    + "]>"
)
TEXT = cap().decode()
BODY = TEXT.partition("?>")[2]


def reason_of(content: bytes) -> str:
    with pytest.raises(CapRefused) as refused:
        read(content)
    return refused.value.reason.code


@pytest.mark.parametrize(
    "content",
    [
        (BOMB + BODY).encode(),
        (BOMB + BODY).encode("utf-16"),
        b"\xef\xbb\xbf" + ("<!DOCTYPE alert>" + BODY).encode(),
        ("<!-- > --><?a ?>\n<!DOCTYPE alert SYSTEM 'http://127.0.0.1/x'>" + BODY).encode(),
        ("<!doctype alert>" + BODY).encode(),
        ("<!DOCTYPE alert>" + BODY).encode("utf-16-be"),
        ("<?xml version='1.0' encoding='GB18030'?><!DOCTYPE a>" + BODY).encode("gb18030"),
        (BOMB + " " * 1_500_000 + BODY).encode(),
    ],
)
def test_a_doctype_is_refused_before_parsing_within_50_ms(content: bytes) -> None:
    begun = time.process_time()

    assert reason_of(content) == "doctype"

    assert time.process_time() - begun < 0.05


def test_a_doctype_in_words_is_only_words() -> None:
    words = "<description><![CDATA[<!DOCTYPE alert>]]></description>"

    assert read(cap(infos=info(words=words))).version == "1.2"


@pytest.mark.parametrize(
    "content",
    [
        BODY.encode("utf-32"),
        ("<?xml version='1.0' encoding='UTF-32BE'?>" + BODY).encode("utf-32-be"),
        b"<?xml version='1.0' encoding='UTF-7'?>+ADw-alert+AD4-",
        ("<?xml version='1.0' encoding='ISO-2022-JP'?>" + BODY).encode(),
        ("<?xml version='1.0' encoding='UTF-16'?>" + BODY).encode(),
        ("<?xml version='1.0' encoding='UTF-8'?>" + BODY).encode("utf-16"),
        b"\xef\xbb\xbf" + ("<?xml version='1.0' encoding='ISO-8859-1'?>" + BODY).encode(),
        TEXT.encode().replace("Lũ".encode(), b"L\xfb"),
        ("<?xml version='1.0' encoding='no-such'?>" + BODY).encode(),
        ("<?xml version='1.0' encoding='base64'?>" + BODY).encode(),
        ("<?xml version='1.0' encoding='cp037'?>" + BODY).encode("cp037", errors="replace"),
        b"a\0b" + BODY.encode(),
    ],
)
def test_bytes_that_are_not_what_they_say_are_refused(content: bytes) -> None:
    assert reason_of(content) in {"encoding", "not_xml"}


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("UTF-8", "utf-8"),
        ("UTF-8", "utf-8-sig"),
        ("UTF-16", "utf-16"),
        ("UTF-16LE", "utf-16-le"),
        ("windows-1258", "windows-1258"),
        ("ISO-8859-1", "iso-8859-1"),
        ("Shift_JIS", "shift_jis"),
    ],
)
def test_an_honest_encoding_is_read(name: str, codec: str) -> None:
    text = f"<?xml version='1.0' encoding='{name}'?>" + BODY.replace("Lũ", "Flood").replace(
        "ã An Bình", "a An Binh"
    )

    assert read(text.encode(codec)).version == "1.2"


@pytest.mark.parametrize("content", [b"", b" \n", b"\0\0\0\0", b"\xff\xfe\0\0"])
def test_nothing_is_refused_as_nothing_or_as_an_encoding(content: bytes) -> None:
    assert reason_of(content) in {"empty", "encoding"}


def test_ten_megabytes_are_refused_at_once() -> None:
    content = cap(infos=info(words="<description>" + "a" * 10_000_000 + "</description>"))
    begun = time.process_time()

    assert reason_of(content) == "too_big"

    assert time.process_time() - begun < 0.05


def test_too_many_elements_and_too_much_depth_are_refused() -> None:
    assert reason_of(b"<a>" * 300 + b"</a>" * 300) == "not_xml"
    assert reason_of(b"<a>" + b"<b/>" * 260_000 + b"</a>") == "too_complex"


def test_nothing_in_a_message_makes_us_ask_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    inclusion = (
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="http://127.0.0.1:9/a"/>'
    )
    location = (
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:schemaLocation="urn:x http://127.0.0.1:9/x.xsd" xmlns='
    )

    assert reason_of(cap(more=inclusion)) == "schema"
    assert read(cap().replace(b"xmlns=", location.encode(), 1))
    assert read(b'<?xml-stylesheet href="http://127.0.0.1:9/"?>' + BODY.encode())


def test_a_comment_never_hides_half_a_word() -> None:
    content = cap(identifier="VN-<!-- x -->1")

    assert judge(content, Policy(is_open=True), NOW).message.identifier == "VN-1"  # type: ignore[union-attr]


@pytest.mark.parametrize("seed", range(20))
def test_mutated_messages_never_crash(seed: int) -> None:
    chance = random.Random(seed)
    good = cap(infos=info(tail="<area><areaDesc>x</areaDesc><circle>1,2 3</circle></area>"))
    for _ in range(50):
        content = bytearray(good)
        for _ in range(chance.randint(1, 8)):
            at = chance.randrange(len(content))
            match chance.randrange(4):
                case 0:
                    content[at] = chance.randrange(256)
                case 1:
                    del content[at : at + chance.randrange(40)]
                case 2:
                    content[at:at] = bytes(chance.choices(b"<>&;/!-[]\0\xff\"'", k=3))
                case _:
                    other = chance.randrange(len(content))
                    content[at:at] = content[other : other + 30]

        assert judge(bytes(content), Policy(is_open=True), NOW).outcome in Outcome
