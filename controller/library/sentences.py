"""Cutting a text into sentences short enough to be spoken one at a time."""

import re
from collections.abc import Iterator

LONGEST_SENTENCE = 400  # characters

# After . ! ? ... and a space, but not after an abbreviation or number such as "TP.", "Q.", "1.".
_SENTENCE_END = re.compile(r"(?<=[.!?…])(?<!\b\w\.)(?<!\b[A-ZĐ]\w\.)\s+")


def split_sentences(text: str) -> list[str]:
    """Cut a text into sentences of at most 400 characters; those without a letter or digit go.

    A longer sentence is cut at its last comma, else at a space, else anywhere.
    """
    rough = (part for line in text.splitlines() for part in _SENTENCE_END.split(line))
    sentences = (piece for part in rough for piece in _shortened(part.strip()))
    return [sentence for sentence in sentences if any(map(str.isalnum, sentence))]


def _shortened(sentence: str) -> Iterator[str]:
    while len(sentence) > LONGEST_SENTENCE:
        at = _cutting_point(sentence[:LONGEST_SENTENCE])
        yield sentence[:at].rstrip()
        sentence = sentence[at:].lstrip()
    yield sentence


def _cutting_point(head: str) -> int:
    for marks in (",;:", " "):
        at = max(head.rfind(mark) for mark in marks)
        if at > 0:
            return at + 1
    return len(head)
