"""How alike texts and pictures are: small changes leave them alike, and what has nothing in common is not."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from botcore.likeness.measures import (
    LONGEST,
    TEXT_ALIKE,
    Look,
    percent,
    picture_bands,
    picture_likeness,
    pieces,
    same_picture,
    shingles,
    text_bands,
    text_likeness,
)

SEEDS = st.integers(0, 2**32)


def words(luck: Random, count: int) -> list[str]:
    return ["".join(luck.choices("abcdefghiklmnoprstuvwy", k=luck.randint(3, 9))) for _ in range(count)]


def likeness(one: str, other: str) -> float:
    return text_likeness(shingles(one), shingles(other))


@given(SEEDS, st.integers(12, 60))
def test_one_word_changed_is_still_alike(seed: int, count: int) -> None:
    luck = Random(seed)
    one = words(luck, count)
    other = list(one)
    other[luck.randrange(count)] = words(luck, 1)[0]
    assert likeness(" ".join(one), " ".join(other)) >= (TEXT_ALIKE if count >= 16 else 0.7)


@given(SEEDS, st.integers(10, 60))
def test_texts_of_other_words_are_not_alike(seed: int, count: int) -> None:
    luck = Random(seed)
    assert likeness(" ".join(words(luck, count)), " ".join(words(luck, count))) < 0.3


@given(SEEDS)
def test_case_space_marks_and_links_make_no_difference(seed: int) -> None:
    luck = Random(seed)
    one = words(luck, 20)
    other = luck.choice([", ", "\n", "  ", " … "]).join(one).upper() + " https://a.example/" + words(luck, 1)[0]
    assert text_bands(shingles(" ".join(one))) == text_bands(shingles(other))


def test_what_is_alike_has_a_key_in_common() -> None:
    luck = Random(7)
    alike = []
    for _ in range(400):
        one = words(luck, luck.randint(10, 60))
        other = list(one)
        for _ in range(luck.randint(1, 4)):
            other[luck.randrange(len(other))] = words(luck, 1)[0]
        a, b = shingles(" ".join(one)), shingles(" ".join(other))
        if text_likeness(a, b) >= TEXT_ALIKE:
            alike.append(bool({*text_bands(a)} & {*text_bands(b)}))
    assert len(alike) > 100
    assert sum(alike) / len(alike) > 0.95


def test_what_has_nothing_in_common_seldom_has_a_key_in_common() -> None:
    luck = Random(8)
    keys = [set(text_bands(shingles(" ".join(words(luck, 20))))) for _ in range(200)]
    assert sum(bool(a & b) for i, a in enumerate(keys) for b in keys[:i]) == 0


@pytest.mark.parametrize(
    "text",
    [
        "done",
        "Done sir please approve, thank you",
        "https://social.example/amina/posts/1234567890123456789012345678901234567890",
        "www.a-rather-long-site-name.example/with/a/rather/long/path/behind/it",
        "somebody.with.a.long.name@a-rather-long-mail-provider.example",
        "",
    ],
)
def test_short_texts_and_bare_links_are_alike_by_chance(text: str) -> None:
    assert shingles(text) == frozenset()
    assert text_bands(shingles(text)) == []


def test_what_the_job_says_itself_does_not_count() -> None:
    asked = "Write: I have watched the whole video, liked it, and subscribed to the channel as"
    assert shingles(
        "I have watched the whole video, liked it, and subscribed to the channel as amina", pieces(asked)
    ) == (frozenset())


@given(st.text(max_size=300))
def test_every_text_can_be_compared(text: str) -> None:
    own = shingles(text)
    assert text_likeness(own, own) == bool(own)
    assert all(0 <= key < 2**32 for key in text_bands(own))


@given(st.sampled_from(["x", "a.", ".", "@", "://", "www.", ".com/", " ", "\u0301"]))
def test_no_text_takes_long(run: str) -> None:
    pieces(run * LONGEST)


def test_words_of_every_script_are_compared() -> None:
    bengali = "আমি পুরো ভিডিওটি দেখেছি এবং চ্যানেলটি সাবস্ক্রাইব করেছি ধন্যবাদ সবাইকে"
    assert likeness(bengali, bengali.replace("ধন্যবাদ", "শুভেচ্ছা")) > 0.7


def test_no_more_than_the_beginning_of_a_huge_text_is_looked_at() -> None:
    assert len(shingles("".join(f"{i:07}" for i in range(200_000)))) <= LONGEST


# --- pictures


def look(*shades: int, bits: int = 0) -> Look:
    return Look(bits.to_bytes(32), bytes(shades) + bytes(1024 - len(shades)))


@given(st.integers(0, 2**256 - 1), st.sets(st.integers(0, 255), max_size=15))
def test_pictures_that_differ_in_few_bits_have_a_key_in_common(bits: int, flipped: set[int]) -> None:
    other = bits
    for bit in flipped:
        other ^= 1 << bit
    one, two = look(bits=bits), look(bits=other)
    assert picture_likeness(one, two) == 1 - len(flipped) / 256
    assert {*picture_bands(one)} & {*picture_bands(two)}
    assert len({*picture_bands(one)}) == 16


def test_one_cell_is_enough_to_be_another_picture() -> None:
    assert same_picture(look(), look(5))
    assert not same_picture(look(), look(8))


def test_a_darker_copy_is_a_copy() -> None:
    grey = bytes(Image.linear_gradient("L").resize((32, 32)).tobytes())
    darker = bytes(max(shade - 4, 0) for shade in grey)
    assert same_picture(Look(bytes(32), grey), Look(bytes(32), darker))


def test_only_what_is_the_same_is_alike_by_100_percent() -> None:
    assert [percent(value) for value in (0.0, 0.925, 0.9999, 1.0)] == ["0 %", "92 %", "99 %", "100 %"]
