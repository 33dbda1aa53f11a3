"""Hostile words: whatever workers and marketplaces write is data, and breaks nothing."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from ..models import ProofKind, Verdict
from ..provider import AuthFailed, Refused
from ..sandbox import Answer, FaultKind, Refusal, Sandbox, jobs
from ..sandbox.proofs import Proof
from ..text import storable
from .market import LONGEST_MESSAGE, Contract, Market, a_rating, error_of, opened

WRITTEN = (
    "a\ud83db",
    "\u202eevil\u2066\u200b\ufeff",
    "nul\x00 bell\x07 escape\x1b[31m",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "@everyone <@1> [a](javascript:alert(1)) `a` **b** ||c||",
    "{{7*7}} ${7*7} %s %n {0.__class__}",
    '=HYPERLINK("http://evil.example")',
    "e" + "\u0301" * 500,
    "long " * 20_000,
)
ODD: tuple[object, ...] = (None, 5, 0.1, True, [], {}, [[[[]]]], {"screenshot": "javascript:alert(1)"}, {"text": None})
ADDRESSES = (
    "javascript:alert(1)",
    "file:///etc/passwd",
    "http://[",
    "",
    "data:text/html,x",
    "https://a.example/" + "x" * 9000,
)


class HostileContract(Contract):
    async def test_what_a_worker_writes_stays_data(self, market: Market) -> None:
        written = {
            task_id: text
            for text in (*WRITTEN, "good work")
            for task_id in market.submit(proofs=[Proof("text", f"begins {text} ends")])
        }
        found = {one.task_id: one for one in await market.read()}
        assert set(found) == set(written)
        for task_id, text in written.items():
            told = "\n".join(proof.text for proof in found[task_id].proofs)
            told.encode()  # it can be stored and sent
            assert told.startswith("begins ")
            assert plain(told).startswith(plain(f"begins {text} ends"))
            (result,) = await market.rate(a_rating(task_id))
            assert result.ok

    async def test_proofs_of_any_shape_lose_no_submission(self, market: Market) -> None:
        ids = [task_id for odd in ODD for task_id in market.submit(proofs=[Proof("raw", odd)])]
        ids += [task_id for address in ADDRESSES for task_id in market.submit(proofs=[Proof("url", address)])]
        found = await market.read()
        assert sorted(one.task_id for one in found) == sorted(ids)
        for one in found:
            for proof in one.proofs:
                if proof.kind is ProofKind.PICTURE:
                    assert proof.url.startswith(("http://", "https://"))

    async def test_what_a_job_says_stays_data(self, market: Market) -> None:
        sayable = [text for text in WRITTEN if storable(text) == text]  # as its books keep texts
        for written in sayable:
            with market.books() as books:
                terms = jobs.find(books, market.job_id).terms
                jobs.amend(books, market.job_id, replace(terms, title=f"begins {written} ends"))
            listed = {job.id: job for job in await market.provider.jobs()}
            for job in (listed[market.job_id], await market.provider.job(market.job_id)):
                job.title.encode()
                assert plain(job.title) == plain(f"begins {written} ends")

    async def test_pictures_are_fetched_from_named_hosts_alone(self, market: Market) -> None:
        for host in market.provider.picture_hosts():
            assert re.fullmatch(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]+)?", host)

    async def test_a_marketplace_that_repeats_keys_and_writes_books_is_not_quoted(self) -> None:
        words = list[str]()
        talkative = talking(self.sandbox, words)
        async with opened(self.provider, talkative, self.settings, self.tells) as market:
            (task_id,) = market.submit()
            market.rate_on_site(task_id, Verdict.APPROVE)
            words += [*market.secrets, *WRITTEN]
            errors = [await error_of(market, market.provider.job("404404"), Refused)]
            try:
                (result,) = await market.rate(a_rating(task_id))
                said = result.message
                assert not result.ok
            except Refused as error:
                said = str(error)
            market.break_all(FaultKind.UNAUTHORIZED)
            errors.append(await error_of(market, market.provider.balance(), AuthFailed))
            for text in (said, *map(str, errors)):
                assert not [secret for secret in market.secrets if secret in text]
                assert len(text) <= LONGEST_MESSAGE
                assert not [c for c in text if unicodedata.category(c)[0] == "C"]


def plain(text: str) -> str:
    """What is left of a text whatever was cleaned of it."""
    return "".join(c for c in text if c.isascii() and c.isalnum())


def talking(kind: type[Sandbox], words: list[str]) -> type[Sandbox]:
    """The same marketplace, which adds these words to each no."""

    def refused(self: Sandbox, refusal: Refusal) -> Answer:
        refusal.args = (" ".join((str(refusal), *words)),)
        return kind.refused(self, refusal)

    def unauthorized(self: Sandbox) -> Answer:
        answer = kind.unauthorized(self)
        payload = {name: " ".join((str(value), *words)) for name, value in answer.payload.items()}
        return replace(answer, payload=payload)

    return type(kind.__name__, (kind,), {"refused": refused, "unauthorized": unauthorized})
