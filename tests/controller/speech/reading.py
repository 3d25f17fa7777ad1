"""A reader of spoken Vietnamese numbers, written apart from the speaker, for the round trip."""

UNITS = {"không": 0, "một": 1, "mốt": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "lăm": 5,
         "sáu": 6, "bảy": 7, "tám": 8, "chín": 9}  # fmt: skip
SCALES = {"nghìn": 10**3, "ngàn": 10**3, "triệu": 10**6}


def number(words: str) -> int:
    """Return the number that some words say: groups of three, then thousands of millions."""
    parts = [part.split() for part in f" {words} ".split(" tỷ ")]
    if len(parts) == 1:
        return below_a_billion(parts[0])
    head, rest = parts
    return below_a_billion(head) * 10**9 + below_a_billion(rest)


def below_a_billion(words: list[str]) -> int:
    total, group = 0, list[str]()
    for word in words:
        if word in SCALES:
            total += below_a_thousand(group) * SCALES[word]
            group = []
        else:
            group.append(word)
    return total + below_a_thousand(group)


def below_a_thousand(words: list[str]) -> int:
    total, digit = 0, 0
    for word in words:
        match word:
            case "trăm":
                total, digit = digit * 100, 0
            case "mươi":
                total, digit = total + digit * 10, 0
            case "mười":
                total += 10
            case "linh" | "lẻ":
                pass
            case _:
                digit = UNITS[word]
    return total + digit
