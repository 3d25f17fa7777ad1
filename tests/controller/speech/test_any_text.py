import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.speech import normalise

PIECES = [
    "ngày",
    "tháng",
    "năm",
    "thứ",
    "báo",
    "động",
    "cấp",
    "khóa",
    "quý",
    "từ",
    "đến",
    "lúc",
    "số",
    "UBND",
    "TDP",
    "đ/c",
    "P.",
    "TP.",
    "km",
    "mm",
    "m",
    "ha",
    "h",
    "g",
    "đ",
    "đồng",
    "/hộ",
    "%",
    "°",
    "°C",
    "I",
    "II",
    "III",
    "IV",
    "X",
    "VNĐ",
    "T2",
    "CN",
    "BĐ",
    "ĐT",
    "QL",
    "Km",
    "x",
    "và",
    "hộ",
    "người",
    "1",
    "2",
    "05",
    "10",
    "31/2",
    "01/7",
    "2025",
    "7h30",
    "3,25",
    "1.500",
    "0912345678",
    "-",
    "–",
    "/",
    ".",
    ",",
    "(",
    ")",
    "'",
    '"',
    "+",
    "&",
    "*",
    "#",
    "~",
    "=",
    "<",
    "114",
    "1900",
    "NĐ-CP",
    "QĐ-TTg",
    "49/2024/NĐ-CP",
    "ABC",
    "a@b.vn",
    "½",
    "²",
    "③",
    "oC",
    "độ",
    "C",
    "vĩ",
    "Bắc",
    "N",
    "E",
    "tỷ",
    "số",
    "gọi",
    "điện",
    "thoại",
    "sáng",
    "đêm",
    "TT",
    "Y",
    "tế",
    "mỗi",
    "trăm",
    "v.v",
    "v/v",
    "24/24",
    "T7/2025",
]
SENTENCES = st.lists(
    st.tuples(st.sampled_from(PIECES), st.sampled_from(("", " ", "\n"))), max_size=9
).map(lambda pairs: "".join(piece + gap for piece, gap in pairs))
TEXTS = st.text(max_size=60) | SENTENCES


@settings(max_examples=400)
@given(TEXTS)
def test_any_text_is_read_and_its_own_reading_stays_as_it_is(text: str) -> None:
    spoken = normalise(text).text

    assert normalise(spoken).text == spoken


@settings(max_examples=400)
@given(TEXTS)
def test_no_digit_is_left_without_a_word(text: str) -> None:
    spoken = normalise(text)

    assert not any(letter.isdigit() for letter in spoken.text)
    for at, letter in enumerate(spoken.written):
        if letter.isdigit():
            span = next(one for one in spoken.spans if one.start <= at < one.end)
            assert span.spoken_end > span.spoken_start


@given(TEXTS)
def test_spans_tell_every_change_in_both_texts(text: str) -> None:
    spoken = normalise(text)

    written_at = spoken_at = 0
    for span in spoken.spans:
        between = spoken.text[spoken_at : span.spoken_start]
        assert between.replace(" ", "") == spoken.written[written_at : span.start].replace(" ", "")
        assert span.rule
        written_at, spoken_at = span.end, span.spoken_end
    assert spoken.written == unicodedata.normalize("NFC", text)
