"""Whether what a worker wrote is what a rule asks for. The text is hostile: whatever it is, an answer comes soon."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..models import Proof, ProofKind, Submission
from ..text import clean, plain
from .settings import Condition, Rule

LONGEST_TEXT = 10_000  # characters; nothing that a rule asks for is as long
PATIENCE = 0.1  # seconds for one pattern on one text


def holds(rule: Rule, submission: Submission) -> bool:
    """Whether all of a rule's conditions hold. Raises `TimeoutError` where a pattern takes too long.

    Takes up to `PATIENCE` for each of its patterns, and lets other threads run meanwhile.
    """
    return all(any(_test(condition, text) for text in _texts(condition, submission.proofs)) for condition in rule.when)


def _texts(condition: Condition, proofs: tuple[Proof, ...]) -> Iterator[str]:
    """What a condition is about: nothing empty, and nothing too long, of which a part could hold without the whole."""
    asked = condition.proof
    if isinstance(asked, int):
        proofs = proofs[asked - 1 : asked]
    for proof in proofs:
        if proof.kind is not ProofKind.TEXT or len(proof.text) > LONGEST_TEXT:
            continue
        text = clean(proof.text).strip()
        if text and (not isinstance(asked, str) or f" {_words(asked)} " in f" {_words(proof.prompt)} "):
            yield text


def _test(condition: Condition, text: str) -> bool:
    if condition.matches is not None:
        import regex  # only where a rule has a pattern

        return regex.fullmatch(condition.matches, text, timeout=PATIENCE, concurrent=True) is not None
    words = plain(text)
    if condition.contains is not None:
        return _has_words(words, condition.contains)
    return words in (condition.one_of or (condition.is_,))


def _has_words(text: str, asked: str) -> bool:
    """Whether a text has what is asked for, and not as a part of longer words."""
    before = r"(?<!\w)" if re.match(r"\w", asked) else ""
    after = r"(?!\w)" if re.match(r"\w", asked[-1]) else ""
    return re.search(f"{before}{re.escape(asked)}{after}", text) is not None


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", plain(text[:LONGEST_TEXT])))
