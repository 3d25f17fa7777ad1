import pytest

from controller.speech import Dictionary, Entry, LineBad, layers, normalise, parse, shipped


@pytest.mark.parametrize(
    "text", ["Vitamin C", "nhóm máu B", "loại C", "ông Nguyễn Văn V.", "hạng D"]
)
def test_a_letter_is_no_number_without_a_word_that_says_so(text: str) -> None:
    assert normalise(text).text == text


def test_an_unknown_acronym_is_left_and_told_not_spelled() -> None:
    spoken = normalise("Mời ABC và XYZ họp.")

    assert spoken.text == "Mời ABC và XYZ họp."
    assert [(w.doubt, w.text, w.start, w.end) for w in spoken.warnings] == [
        ("unread", "ABC", 4, 7),
        ("unread", "XYZ", 11, 14),
    ]
    assert spoken.warnings[0].sentence() == "Chưa biết đọc: ABC"
    assert spoken.warnings[0].sentence("en") == "Not read: ABC"


def test_a_line_of_capitals_is_not_full_of_acronyms() -> None:
    assert normalise("THÔNG BÁO MỜI HỌP DÂN THÔN AN BÌNH").warnings == ()


def test_a_change_names_its_rule_and_where_it_is() -> None:
    spoken = normalise("TDP số 5, báo động III")

    told = [(spoken.written[s.start : s.end], spoken.text[s.spoken_start : s.spoken_end], s.rule)
            for s in spoken.spans]  # fmt: skip
    assert told == [
        ("TDP", "Tổ dân phố", "acronym"),
        ("5", "năm", "number"),
        ("III", "ba", "roman"),
    ]


def test_the_dictionary_nearest_to_the_listeners_wins() -> None:
    province = Dictionary([Entry("KDC", "khu dân cư mới"), Entry("A Lưới", "A Lưới")])
    commune = Dictionary([Entry("KDC", "khóm dân cư"), Entry("ABC", "a bê xê")])

    spoken = normalise("KDC số 1, ABC", dictionaries=(province, commune))

    assert spoken.text == "Khóm dân cư số một, a bê xê"
    assert spoken.warnings == ()
    assert layers(shipped(), province, commune).spoken("KDC") == "khóm dân cư"


def test_a_dictionary_of_one_bulletin_changes_nothing_for_the_next() -> None:
    normalise("UBND", dictionaries=(Dictionary([Entry("UBND", "ủy ban")]),))

    assert normalise("UBND").text == "Ủy ban nhân dân"


def test_a_name_of_several_words_is_found_in_one_piece() -> None:
    names = Dictionary([Entry("K'Ho", "cơ ho"), Entry("Đăk Pơ", "đắc pơ")])

    assert normalise("người K'Ho ở Đăk Pơ", dictionaries=(names,)).text == "người cơ ho ở đắc pơ"


@pytest.mark.parametrize("line", ["chỉ một ô", "a\t", "a\tb\tkhi nào", "a\tb\t\t\tthừa"])
def test_a_bad_line_of_a_dictionary_is_named(line: str) -> None:
    with pytest.raises(LineBad) as bad:
        parse(f"written\tspoken\twhen\twhy\n# chú thích\n{line}\n")

    assert bad.value.number == 3
    assert "dòng 3" in bad.value.vi
    assert "line 3" in bad.value.en


def test_every_shipped_entry_is_read_as_it_says() -> None:
    for entry in shipped().entries:
        if not entry.when:
            assert normalise(f"nói {entry.written} rồi").text == f"nói {entry.spoken} rồi", entry
