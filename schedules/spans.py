"""Arithmetic of half-open spans of time, `[start, end)`."""

from collections.abc import Iterable
from datetime import datetime

Span = tuple[datetime, datetime]


def overlap(span: Span, other: Span) -> Span | None:
    """Return what two spans share, or None."""
    start, end = max(span[0], other[0]), min(span[1], other[1])
    return (start, end) if start < end else None


def subtract(span: Span, holes: Iterable[Span]) -> list[Span]:
    """Return what is left of `span` without `holes`, which are sorted and disjoint."""
    left, at = [], span[0]
    for start, end in holes:
        if end <= at:
            continue
        if start >= span[1]:
            break
        if start > at:
            left.append((at, start))
        at = end
    if at < span[1]:
        left.append((at, span[1]))
    return left
