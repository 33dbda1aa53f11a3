"""What people, and those who try, may type."""

from __future__ import annotations

from hypothesis import strategies as st

_PIECES = "approve job list person add A1 A31 = reason= bonus= account=main \" ' \\ / ids= - very_quick 0.1 İ ß =x a==b"
FRAGMENTS = st.sampled_from([*_PIECES.split(), "\n", "\x00", "\u202e", " "])
TYPED = st.one_of(st.text(max_size=200), st.lists(st.one_of(FRAGMENTS, st.text(max_size=8)), max_size=12).map(" ".join))
