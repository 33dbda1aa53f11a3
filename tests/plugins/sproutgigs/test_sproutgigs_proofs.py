"""Proofs come under any key: pictures are told from text, and nothing is dropped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcore.models import Proof, ProofKind, ProofSlot
from botcore_sproutgigs.proofs import read_proofs, read_slots, read_variables

TEXT = ProofSlot(ProofKind.TEXT, "Your name")
SHOT = ProofSlot(ProofKind.PICTURE, "Your page")
URL = "https://static.sproutgigs.com/proofs/1"


def text(prompt: str, value: str) -> Proof:
    return Proof(ProofKind.TEXT, prompt, text=value)


def picture(prompt: str, address: str) -> Proof:
    return Proof(ProofKind.PICTURE, prompt, url=address)


@pytest.mark.parametrize(
    ("raw", "slot", "proofs"),
    [
        ({"text": "rose"}, TEXT, [text("Your name", "rose")]),
        ({"text": URL}, TEXT, [text("Your name", URL)]),
        ({"text": f"{URL}.PNG?size=2"}, TEXT, [picture("Your name", f"{URL}.PNG?size=2")]),
        ({"text": f" {URL}.jpeg\n"}, TEXT, [picture("Your name", f"{URL}.jpeg")]),
        ({"text": f"see {URL}.png"}, TEXT, [text("Your name", f"see {URL}.png")]),
        ({"text": URL}, SHOT, [picture("Your page", URL)]),
        ({"text": "//img.example/1"}, SHOT, [picture("Your page", "https://img.example/1")]),
        ({"text": "I have none"}, SHOT, [text("Your page", "I have none")]),
        ({"text": "javascript:alert(1).png"}, SHOT, [text("Your page", "javascript:alert(1).png")]),
        ({"text": "https://[broken.png"}, SHOT, [text("Your page", "https://[broken.png")]),
        ({"screenshot": URL}, TEXT, [picture("Your name", URL)]),
        ({"type": "screenshot", "value": URL}, TEXT, [picture("Your name", URL)]),
        ({"type": "text", "answer": "rose"}, TEXT, [text("Your name", "rose")]),
        ({"type": "text"}, TEXT, [text("Your name", "text")]),
        (
            {"text": "rose", "file": f"{URL}.gif"},
            TEXT,
            [text("Your name (text)", "rose"), picture("Your name (file)", f"{URL}.gif")],
        ),
        (
            [f"{URL}/a", f"{URL}/b"],
            SHOT,
            [picture("Your page", f"{URL}/a"), picture("Your page", f"{URL}/b")],
        ),
        ("bare", TEXT, [text("Your name", "bare")]),
        (7, TEXT, [text("Your name", "7")]),
        (True, TEXT, [text("Your name", "true")]),
        (None, TEXT, [text("Your name", "")]),
        ({}, TEXT, [text("Your name", "{}")]),
        ({"text": None}, TEXT, [text("Your name", "")]),
        ({"a": {"b": {"c": {"d": {"e": "deep"}}}}}, TEXT, [text("Your name", '{"e": "deep"}')]),
    ],
)
def test_a_proof_is_a_picture_where_that_can_be_told(raw: object, slot: ProofSlot, proofs: list[Proof]) -> None:
    assert list(read_proofs([raw], [slot])) == proofs


def test_proofs_are_matched_to_slots_by_their_place_and_none_is_dropped() -> None:
    raw = [{"text": "one"}, {"text": URL}, {"text": "more"}]
    assert read_proofs(raw, [TEXT, SHOT]) == (
        text("Your name", "one"),
        picture("Your page", URL),
        text("", "more"),
    )


def test_a_slot_that_cannot_be_read_keeps_its_place() -> None:
    raw = [None, "Your name", {"type": "Screenshot", "description": "Your page"}]
    assert read_slots(raw) == (ProofSlot(ProofKind.TEXT, ""), TEXT, SHOT)


def test_variables_come_as_pairs_as_objects_or_bare() -> None:
    raw = [{"name": "CITY", "value": "Lugo"}, {"A": 1, "B": ["x"]}, "bare"]
    assert read_variables(raw) == (("CITY", "Lugo"), ("A", "1"), ("B", '["x"]'), ("", "bare"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters()), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(JSON, max_size=5))
def test_every_proof_leaves_something_to_see(raw: list[object]) -> None:
    proofs = read_proofs(raw, [TEXT, SHOT])
    assert len(proofs) >= len(raw)
    for proof in proofs:
        (proof.prompt + proof.text + proof.url).encode()
    read_variables(raw)
    assert len(read_slots(raw)) == len(raw)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_what_a_worker_wrote_is_kept_to_the_letter(words: str) -> None:
    [proof] = read_proofs([{"text": words}], [TEXT])
    assert proof.text == words or proof.url == words.strip()
