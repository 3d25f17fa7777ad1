"""Numbers in Vietnamese words, 0 to 10**15 and beyond, and digits one by one."""

from controller.speech.settings import Settings

DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_BILLION = 10**9
_LARGEST = 10**18 - 1  # beyond "tỷ tỷ" nobody follows: longer numbers are read digit by digit


def say_integer(number: int, settings: Settings) -> str:
    """Say a whole number: 1005 is `một nghìn không trăm linh năm`."""
    if number < 0:
        return f"âm {say_integer(-number, settings)}"
    if number > _LARGEST:
        return say_digits(str(number))
    return " ".join(_words(number, settings)) or DIGITS[0]


def say_digits(digits: str) -> str:
    """Say ASCII digits one by one; whatever else is in the text is not said."""
    return " ".join(DIGITS[int(digit)] for digit in digits if digit in "0123456789")


def say_fraction_digits(digits: str, settings: Settings) -> str:
    """Say what follows the comma: two digits as a number, digit by digit otherwise."""
    if len(digits) == 2 and digits[0] != "0":
        return say_integer(int(digits), settings)
    return say_digits(digits)


def _words(number: int, settings: Settings) -> list[str]:
    billions, rest = divmod(number, _BILLION)
    head = [*_words(billions, settings), "tỷ"] if billions else []
    groups = ((rest // 10**6, "triệu"), (rest // 1000 % 1000, settings.thousand), (rest % 1000, ""))
    for group, unit in groups:
        if group:
            head += _below_thousand(group, settings, is_full=bool(head))
            head += [unit] if unit else []
    return head


def _below_thousand(number: int, settings: Settings, *, is_full: bool) -> list[str]:
    """`is_full`: something greater stands before, so an empty hundreds place is said."""
    hundreds, rest = divmod(number, 100)
    words = [DIGITS[hundreds], "trăm"] if hundreds or is_full else []
    if not rest:
        return words
    if rest < 10:
        return [*words, settings.empty_tens, DIGITS[rest]] if words else [DIGITS[rest]]
    return [*words, *_tens(rest)]


def _tens(number: int) -> list[str]:
    tens, ones = divmod(number, 10)
    words = ["mười"] if tens == 1 else [DIGITS[tens], "mươi"]
    if not ones:
        return words
    if ones == 5:
        return [*words, "lăm"]
    if tens > 1 and ones in {1, 4}:
        return [*words, "mốt" if ones == 1 else "tư"]
    return [*words, DIGITS[ones]]
