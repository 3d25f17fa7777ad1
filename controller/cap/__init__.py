"""Warnings from outside and ours, as CAP 1.2 (OASIS): read, judged, matched, written.

A library: no page, no loop, no table of its own. Only `commands.py` knows click and `places.py`
reads rows; everything else works on bytes and values, with `now` passed in.
"""
