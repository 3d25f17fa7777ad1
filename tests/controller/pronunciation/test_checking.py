"""What an entry may be, and that a refusal says in both languages what to do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.pronunciation.checking import LONGEST_SPOKEN, LONGEST_WRITTEN, fit_entry
from controller.pronunciation.errors import EntryUnfit
from controller.speech import Dictionary, Entry, is_ordinary, normalise


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("KXQ", "khu xóm Quán"), ("Ea H'Leo", "ê a hờ leo"), ("Ê Đê", "Ê Đê"), ("ko", "không"),
        ("A1", "a một"), ("VTV9", "vê tê vê chín"), ("Plei Ku", "pờ lây cu"), ("P.", "phường"),
        ("đ/c", "đồng chí"), ("plei", "pờ lây"), ("Buôn Ma Thuột", "buôn ma thuột"),
        ("K'Bang", "ca bang"), ("4G", "bốn gờ"), ("49/2024/NĐ-XYZ", "nghị định bốn chín"),
    ],
)  # fmt: skip
def test_names_acronyms_and_abbreviations_fit(written: str, spoken: str) -> None:
    fit = fit_entry(f"  {written} ", f"{spoken}\n", "name")

    assert (fit.written, fit.spoken, fit.kind) == (written, spoken, "name")


@pytest.mark.parametrize(
    ("written", "spoken", "why"),
    [
        ("", "khu", "Cách viết cần từ 1"),
        ("A" * (LONGEST_WRITTEN + 1), "khu", "Cách viết cần từ 1"),
        ("KXQ", " \n", "Cách đọc cần từ 1"),
        ("KXQ", "a" * (LONGEST_SPOKEN + 1), "Cách đọc cần từ 1"),
        ("K\u200bXQ", "khu", "ký tự ẩn"),
        ("K\x07XQ", "khu", "ký tự ẩn"),
        ("KXQ", "khu\u202e xóm", "ký tự ẩn"),
        ("KXQ", "khu\x00", "ký tự ẩn"),
        ("=KXQ", "khu", "bắt đầu bằng chữ"),
        ("115", "một một năm", "ít nhất một chữ"),
        ("sơ tán", "ở nhà", "từ hay số thường"),
        ("km/h", "mét trên giờ", "từ hay số thường"),
        ("báo động III", "báo động một", "từ hay số thường"),
        ("KXQ", "khu 3", "không dùng “3”: khu ba"),
        ("KXQ", "[[khu]]", "không dùng “[”"),
        ("KXQ", "khu một. Hai! Ba", "không dùng “!”"),
        ("KXQ", "ABQ", "chưa biết đọc: “ABQ”"),
        ("KXQ", "trụ sở UBND", "viết thành lời: trụ sở Ủy ban nhân dân"),
        ("KXQ", "...", "viết thành lời"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason(written: str, spoken: str, why: str) -> None:
    with pytest.raises(EntryUnfit) as refused:
        fit_entry(written, spoken)

    assert why in refused.value.sentence("vi")
    assert refused.value.sentence("en") != refused.value.sentence("vi")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(EntryUnfit, match="loại"):
        fit_entry("KXQ", "khu", "proverb")


def test_a_typographic_apostrophe_is_the_plain_one() -> None:
    fit = fit_entry("Ea H\u2019Leo", "ê a hờ leo")
    layer = Dictionary([Entry(fit.written, fit.spoken)])

    for sign in ("'", "\u2019"):
        assert normalise(f"Xã Ea H{sign}Leo.", dictionaries=(layer,)).text == "Xã ê a hờ leo."


@pytest.mark.parametrize(
    "text",
    [
        "sơ tán", "lên chỗ cao", "cao", "tin", "nguyễn", "không", "Không", "KHÔNG", "SƠ TÁN",
        "Sơ tán", "cấp 8", "Cấp 8", "báo động III", "Báo động III", "III", "3m", "8h30", "3,25m",
        "8-9", "km", "km/h", "m³/s", "thôn 5",
    ],
)  # fmt: skip
def test_an_ordinary_word_is_known_as_one(text: str) -> None:
    assert is_ordinary(text)


@pytest.mark.parametrize(
    "text",
    ["KXQ", "ko", "tp", "đ/c", "Cao Bằng", "plei", "", "ubnd", "a1", "CAO", "MC", "CD", "4G",
     "Kon", "Đắk", "Ea H'Leo", "Chư Sê", "khu KXQ", "QL1A", "VTV9"],
)  # fmt: skip
def test_an_abbreviation_or_name_is_no_ordinary_word(text: str) -> None:
    assert not is_ordinary(text)


LIKELY = st.text("KXQkxqoaăđĐ'’-.,/ 37\u0301\u200b", max_size=12)


@given(st.text(max_size=40) | LIKELY, st.text(max_size=40) | LIKELY)
def test_whatever_people_type_it_fits_or_is_refused(written: str, spoken: str) -> None:
    """And what fits is read without a warning, once and again."""
    try:
        fit = fit_entry(written, spoken)
    except EntryUnfit:
        return

    again = fit_entry(fit.written, fit.spoken)
    read = normalise(f"là {fit.spoken}")
    assert again == fit
    assert (read.text, read.warnings) == (f"là {fit.spoken}", ())
