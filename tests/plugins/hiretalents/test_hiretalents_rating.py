"""Ratings as they leave, what is made of the answers, and what became of those that got none."""

from __future__ import annotations

from decimal import Decimal

import pytest

from botcore.clock import ManualClock
from botcore.models import Outcome, Rating, RatingResult, Satisfaction, Verdict, Verdicted
from botcore.provider import AuthFailed, OutcomeUnknown, ProviderError, RateLimited, Refused, Unavailable
from botcore.sandbox import SandboxServer
from botcore_hiretalents.provider import HireTalentsProvider
from tests.plugins.hiretalents.buyer import Buyer
from tests.plugins.hiretalents.site import Site, application, with_pictures

SET = "application/501141/set"
RATED_WELL = {"result": "ok", "app_id": 501141}


def rating(verdict: Verdict = Verdict.APPROVE, comment: str = "", **more: object) -> Rating:
    return Rating("501141", 0, verdict, comment=comment, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (rating(), {"status": 3}),
        (rating(comment="Lovely"), {"status": 3, "reason": "Lovely"}),
        (rating(satisfaction=Satisfaction.EXCELLENT), {"status": 3}),
        (rating(Verdict.REJECT, "No "), {"status": 1, "reason": "No"}),
        (rating(Verdict.REVISE, "Again"), {"status": 5, "reason": "Again"}),
    ],
)
async def test_a_rating_leaves_as_the_document_shows_it(
    given: Rating, sent: dict[str, object], site: Site, hire: HireTalentsProvider
) -> None:
    site.says(SET, RATED_WELL)
    assert await hire.rate("15356", [given]) == [RatingResult("501141", ok=True, message="Done.")]
    [heard] = site.heard
    assert (heard.method, heard.path, heard.body) == ("POST", SET, sent)


@pytest.mark.parametrize(
    "bad",
    [
        rating(Verdict.REJECT),
        rating(Verdict.REVISE, " \n"),
        rating(bonus=Decimal("0.1")),
        rating(Verdict.REJECT, "No", bonus=Decimal("0.1")),
    ],
)
async def test_what_would_be_turned_down_is_not_sent(bad: Rating, site: Site, hire: HireTalentsProvider) -> None:
    [result] = await hire.rate("15356", [bad])
    assert not result.ok
    assert result.message
    assert site.heard == []


async def test_one_rating_is_one_call(site: Site, hire: HireTalentsProvider) -> None:
    assert hire.batch_size == 1
    for ratings in ([], [rating(), rating()]):
        with pytest.raises(ValueError, match="one rating"):
            await hire.rate("15356", ratings)
    assert site.heard == []


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (200, {"result": "error", "message": "Not pending."}, Refused),
        (200, {"result": "failed"}, Refused),
        (200, {"error": "No such thing"}, Refused),
        (200, {"errors": {"reason": ["reason is required"]}}, Refused),
        (200, {"ok": 0}, Refused),
        (200, {"result": "error", "message": "Unauthenticated."}, AuthFailed),
        (401, {"message": "Unauthenticated."}, AuthFailed),
        (404, {"message": "No application."}, Refused),
        (422, {"message": "Bad."}, Refused),
        (429, {"message": "Slower."}, RateLimited),
        (500, "<html>", OutcomeUnknown),
        (200, "<html>", OutcomeUnknown),
        (200, {}, OutcomeUnknown),
        (200, [], OutcomeUnknown),
        (200, [{"result": "ok"}, {"result": "ok"}], OutcomeUnknown),
        (200, "3", OutcomeUnknown),
        (200, {"result": "perhaps"}, OutcomeUnknown),
        (200, {"message": "Fine"}, OutcomeUnknown),
        (200, {"result": "ok", "app_id": 7}, OutcomeUnknown),
    ],
)
async def test_errors_are_told_apart_and_nothing_is_guessed(
    status: int, answer: object, error: type[ProviderError], site: Site, hire: HireTalentsProvider
) -> None:
    site.says(SET, answer, status=status)
    with pytest.raises(error):
        await hire.rate("15356", [rating()])
    assert len(site.heard) == 1


@pytest.mark.parametrize("answer", [RATED_WELL, [RATED_WELL], {"ok": 1}, {"result": "ok", "app_id": "501141"}])
async def test_every_yes_is_one(answer: object, site: Site, hire: HireTalentsProvider) -> None:
    site.says(SET, answer)
    assert (await hire.rate("15356", [rating()]))[0].ok


async def test_the_marketplaces_words_are_kept(site: Site, hire: HireTalentsProvider) -> None:
    site.says(SET, {**RATED_WELL, "message": "Approved\u202e."})
    assert (await hire.rate("15356", [rating()]))[0].message == "Approved ."


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed_but_told(status: int, site: Site, hire: HireTalentsProvider) -> None:
    there = f"https://hiretalents.example/api/v1/{SET}"
    site.says(SET, "", status=status, headers={"Location": there})
    with pytest.raises(Refused, match="set base_url to https"):
        await hire.rate("15356", [rating()])
    assert len(site.heard) == 1


# --- outcomes


@pytest.mark.parametrize(
    ("status", "verdict", "verdicted"),
    [
        (4, Verdict.APPROVE, Verdicted.NOT_YET),
        (3, Verdict.APPROVE, Verdicted.MATCHES),
        (1, Verdict.APPROVE, Verdicted.DIFFERS),
        (5, Verdict.APPROVE, Verdicted.DIFFERS),
        (1, Verdict.REJECT, Verdicted.MATCHES),
        (5, Verdict.REVISE, Verdicted.MATCHES),
        (2, Verdict.REJECT, Verdicted.NOT_YET),
        (9, Verdict.APPROVE, Verdicted.CANNOT_TELL),
    ],
)
async def test_an_outcome_is_an_answer_by_id(
    status: int, verdict: Verdict, verdicted: Verdicted, site: Site, hire: HireTalentsProvider
) -> None:
    site.says("application/501141", with_pictures(status=status))
    [outcome] = await hire.outcome("15356", [rating(verdict, "no")])
    assert (outcome.verdicted, outcome.sure) == (verdicted, True)
    assert site.paths == ["GET application/501141"]


async def test_what_is_reported_is_said_to_be(site: Site, hire: HireTalentsProvider) -> None:
    site.says("application/501141", application(id=501141, status=2))
    assert await hire.outcome("15356", [rating()]) == [
        Outcome("501141", Verdicted.NOT_YET, note="reported: the marketplace looks at it")
    ]


@pytest.mark.parametrize(
    ("fault", "error", "done"),
    [
        ("refuse", OutcomeUnknown, False),
        ("5xx", OutcomeUnknown, False),
        ("5xx_after", OutcomeUnknown, True),
        ("drop", OutcomeUnknown, True),
        ("cut", OutcomeUnknown, True),
        ("garbage", OutcomeUnknown, True),
        ("redirect_after", OutcomeUnknown, True),
        ("429", RateLimited, False),
        ("401", AuthFailed, False),
    ],
)
async def test_what_was_lost_on_the_way_is_found_out_by_asking(
    fault: str,
    error: type[ProviderError],
    done: bool,
    sandbox: SandboxServer,
    live: HireTalentsProvider,
    buyer: Buyer,
    sandbox_clock: ManualClock,
) -> None:
    one = (await buyer.pending())[0]
    task, job = str(one["id"]), str(one["jobid"])
    sandbox.faults.add("application/*/set", fault, count=1)
    with pytest.raises(error):
        await live.rate(job, [Rating(task, 0, Verdict.REJECT, comment="No")])
    sandbox_clock.advance(10)
    [outcome] = await live.outcome(job, [Rating(task, 0, Verdict.REJECT, comment="No")])
    assert outcome.verdicted is (Verdicted.MATCHES if done else Verdicted.NOT_YET)
    assert len(sandbox.ledger()) == done


async def test_who_cannot_be_reached_has_done_nothing(
    site: Site, open_provider: object, hire: HireTalentsProvider
) -> None:
    await hire.close()
    with pytest.raises(Unavailable):
        await hire.rate("15356", [rating()])


async def test_what_was_rated_cannot_be_rated_again(
    sandbox: SandboxServer, live: HireTalentsProvider, buyer: Buyer
) -> None:
    one = (await buyer.pending())[0]
    task, job = str(one["id"]), str(one["jobid"])
    assert (await live.rate(job, [Rating(task, 0, Verdict.APPROVE)]))[0].ok
    with pytest.raises(Refused, match="pending"):
        await live.rate(job, [Rating(task, 0, Verdict.REJECT, comment="No")])
    [entry] = sandbox.ledger()
    assert (entry["task_id"], entry["rating"]) == (task, "ok")
