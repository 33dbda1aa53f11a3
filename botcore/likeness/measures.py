"""How alike two texts are, or two pictures, and the keys that find what may be alike. All of it pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from dataclasses import dataclass
from zlib import crc32

from ..text import plain

Shingles = Set[str]

TEXT_ALIKE = 0.8  # of two texts; one word of six changed is still that
PICTURE_ALIKE = 0.9  # of two pictures; pages that have nothing in common have about 0.5, seldom 0.7
CELL_OFF = 5  # shades of grey: see `same_picture`
EMPTY = "nothing to be seen on it"  # why a picture that can be read has no look

SHINGLE = 5  # characters
LEAST_SHINGLES = 30  # less is alike by chance: "done sir please approve"
LONGEST = 4_000  # characters of a text that are looked at
ROWS, TEXT_BANDS = 3, 8  # finds 95 of 100 texts that are 80 % alike, and nearly all from 90 % on
PICTURE_BANDS = 16  # of 16 bits each
HASH_BYTES, THUMB_BYTES = 32, 32 * 32

_PLACES = ROWS * TEXT_BANDS
_NONE = 2**32
_LINK = re.compile(r"://|@|^\W?www\.|\.[a-z]{2,}/")  # in a word; links are alike by their site, whoever hands them in
_MARKS = re.compile(r"[\s!-/:-@\[-`{-~…“”„‘’«»–—•·、。]+")


@dataclass(frozen=True, slots=True)
class Look:
    """What a picture looks like. `hash`: a perceptual hash of 16 × 16 bits; `thumb`: 32 × 32 shades of grey."""

    hash: bytes
    thumb: bytes


# --- texts


def shingles(text: str, asked: Shingles = frozenset()) -> Shingles:
    """What a text is made of, without links and without what the job's own words (`asked`) have as well.

    Empty where too little is left to be compared.
    """
    own = pieces(text) - asked
    return own if len(own) >= LEAST_SHINGLES else frozenset()


def pieces(text: str) -> Shingles:
    """Every run of five characters, whatever the case, white space and punctuation."""
    told = (word for word in plain(text[:LONGEST]).split() if not _LINK.search(word))
    words = _MARKS.sub(" ", " ".join(told)).strip()
    return frozenset(words[i : i + SHINGLE] for i in range(len(words) - SHINGLE + 1))


def text_likeness(one: Shingles, other: Shingles) -> float:
    """From 0 to 1: the share of pieces they have in common."""
    both = len(one) + len(other)
    return 2 * len(one & other) / both if both else 0.0


def text_bands(own: Shingles) -> list[int]:
    """Keys (32 bits each), one of which two texts that are alike have in common, most likely.

    The least hash in each of 24 places, three places to a key.
    """
    if not own:
        return []
    least = [_NONE] * _PLACES
    for piece in own:
        mixed = crc32(piece.encode("utf-8", "surrogatepass")) * 0x9E3779B1 & 0xFFFFFFFF
        place = mixed % _PLACES
        if mixed < least[place]:
            least[place] = mixed
    filled = [_next(least, place) for place in range(_PLACES)]
    return [crc32(b"%d:%d:%d:%d" % (band, *filled[band * ROWS : (band + 1) * ROWS])) for band in range(TEXT_BANDS)]


def _next(least: list[int], place: int) -> int:
    """What is in a place, or in the next one that is not empty."""
    while least[place] == _NONE:
        place = (place + 1) % _PLACES
    return least[place]


# --- pictures


def picture_bands(look: Look) -> list[int]:
    """Keys (20 bits each), one of which two pictures that are alike have in common, most likely."""
    bits = int.from_bytes(look.hash)
    # coarse and fine features mixed in each key, so that no key is the same for half of all pages
    mixed = [(bits >> (i * 37 % 256)) & 1 for i in range(256)]
    return [
        band << 16 | _number(mixed[band * PICTURE_BANDS : (band + 1) * PICTURE_BANDS]) for band in range(PICTURE_BANDS)
    ]


def picture_likeness(one: Look, other: Look) -> float:
    """From 0 to 1: the share of the hash's bits that agree.

    Measured on drawn screenshots of pages and telephones and on noise like photographs: compressed or scaled copies
    0.97 to 1, cut by 1 % on each side 0.89 to 0.96; different pages 0.40 to 0.75; one page as two people see it 0.80
    to 0.99, which is why `same_picture` looks closer.
    """
    apart = (int.from_bytes(one.hash) ^ int.from_bytes(other.hash)).bit_count()
    return 1 - apart / (8 * HASH_BYTES)


def same_picture(one: Look, other: Look) -> bool:
    """Whether two pictures are one but for size and compression.

    One page as two people see it differs in a corner: a name, a number, the time. Measured as in `picture_likeness`,
    the cell of the thumbnails that differs most is off by 6 shades or more for 99 of 100 pairs of those, and by 5 or
    less for 95 of 100 copies.
    """
    if picture_likeness(one, other) < PICTURE_ALIKE:
        return False
    mean = (sum(one.thumb) - sum(other.thumb)) / THUMB_BYTES  # a darker copy is a copy
    return all(abs(a - b - mean) <= CELL_OFF for a, b in zip(one.thumb, other.thumb, strict=True))


def percent(likeness: float) -> str:
    """`92 %`; 100 is only said of what is the same."""
    return f"{min(int(likeness * 100), 99) if likeness < 1 else 100} %"


def _number(bits: Iterable[int]) -> int:
    value = 0
    for bit in bits:
        value = value << 1 | bit
    return value
