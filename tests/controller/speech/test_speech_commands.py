import io
import wave
from pathlib import Path

import pytest

from controller.cli import run


def test_lines_come_out_as_they_will_be_spoken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines(monkeypatch, "UBND xã họp 7h30.\n\nMời ABC dự 1.005 cây.\n")

    code = run(["speech", "normalise", "--region", "south"])

    said = capsys.readouterr()
    assert code == 0
    assert said.out.splitlines() == [
        "Ủy ban nhân dân xã họp bảy giờ ba mươi phút.",
        "",
        "Mời ABC dự một ngàn không trăm lẻ năm cây.",
    ]
    assert said.err.splitlines() == ["Dòng 3: Chưa biết đọc: ABC | Not read: ABC"]


def test_a_dictionary_file_lies_on_the_shipped_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lines(monkeypatch, "ABC\n")
    dictionary = tmp_path / "xa.tsv"
    dictionary.write_text("ABC\ta bê xê\n", "utf-8")

    assert run(["speech", "normalise", "--dictionary", str(dictionary)]) == 0
    assert capsys.readouterr().out == "A bê xê\n"


def test_a_bad_dictionary_is_told_by_its_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    dictionary = tmp_path / "xa.tsv"
    dictionary.write_text("ABC\n", "utf-8")

    assert run(["speech", "normalise", "--dictionary", str(dictionary)]) == 1
    assert "dòng 1" in capsys.readouterr().err


def test_a_text_is_spoken_into_a_file(tmp_path: Path) -> None:
    output = tmp_path / "tin.wav"

    assert run(["speech", "say", "Báo động III lúc 7h30.", "-o", str(output)]) == 0

    with wave.open(str(output)) as sound:
        assert sound.getnframes() / sound.getframerate() > 1


def test_nothing_to_say_is_an_error_in_both_languages(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["speech", "say", "...", "-o", str(tmp_path / "tin.wav")]) == 1

    said = capsys.readouterr().err
    assert "trống" in said
    assert "empty" in said


def lines(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Let the command read these lines from its standard input."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8"))
