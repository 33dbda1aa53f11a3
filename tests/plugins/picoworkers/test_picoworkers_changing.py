"""What is changed in the older dialect: one rating a call, jobs, lists, and a card that is charged in cents."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from botcore.models import Rating, RatingResult, Role, Satisfaction, Verdict
from botcore.provider import OutcomeUnknown, Refused
from botcore.ui import Card, Fields, Reply, Result
from botcore_picoworkers.commands import COMMANDS, DEPOSIT
from tests.core.rig import Rig, actor, words

if TYPE_CHECKING:
    from botcore_picoworkers.provider import PicoworkersProvider
    from tests.plugins.sproutgigs.answering import Marketplace

JOB = "7c1d0a9be210"
RATE = "jobs/rate-single-task.php"
WALLET = "wallet/deposit.php"


def card(reply: Reply) -> Card:
    assert reply.card is not None, reply.text
    return reply.card


def facts(reply: Reply) -> dict[str, str]:
    return {f.name: f.value for block in card(reply).blocks if isinstance(block, Fields) for f in block.fields}


# --- ratings, jobs, lists


async def test_a_rating_goes_under_the_names_of_the_one(
    marketplace: Marketplace, provider: PicoworkersProvider
) -> None:
    marketplace.says(RATE, {"ok": True, "message": "Rated."})
    rating = Rating("t1", 0, Verdict.APPROVE, Satisfaction.GOOD, "Nice", Decimal("0.05"))
    assert await provider.rate(JOB, [rating]) == [RatingResult("t1", ok=True, message="Rated.")]
    assert marketplace.bodies(RATE) == [
        {
            "job_id": JOB,
            "task_id": "t1",
            "task_rating": "ok",
            "task_satisfaction": "good",
            "task_comment": "Nice",
            "task_bonus": "0.05",
        }
    ]


async def test_a_worker_is_blocked_together_with_a_rejection(
    marketplace: Marketplace, provider: PicoworkersProvider
) -> None:
    marketplace.says(RATE, {"ok": True})
    await provider.rate(JOB, [Rating("t1", 0, Verdict.REJECT, comment="Copied", block=True)])
    [sent] = marketplace.bodies(RATE)
    assert (sent["task_rating"], sent["task_satisfaction"], sent["block_worker"]) == ("not_ok", "incorrect", True)
    assert "task_block_worker" not in sent


async def test_a_no_is_told_and_an_answer_that_does_not_tell_is_a_doubt(
    marketplace: Marketplace, provider: PicoworkersProvider
) -> None:
    marketplace.says(RATE, {"ok": False, "message": "Task cannot be rated."}, "<html>")
    asked = [Rating("t1", 0, Verdict.REVISE, comment="Name it")]
    assert await provider.rate(JOB, asked) == [RatingResult("t1", ok=False, message="Task cannot be rated.")]
    with pytest.raises(OutcomeUnknown):
        await provider.rate(JOB, asked)


async def test_two_ratings_are_never_sent_at_once(marketplace: Marketplace, provider: PicoworkersProvider) -> None:
    with pytest.raises(ValueError, match="at most 1"):
        await provider.rate(JOB, [Rating("t1", 0, Verdict.APPROVE), Rating("t2", 0, Verdict.APPROVE)])
    assert marketplace.heard == []


async def test_jobs_and_lists_are_changed_as_the_document_has_it(
    marketplace: Marketplace, provider: PicoworkersProvider
) -> None:
    for name in ("job-pause", "job-resume", "job-stop", "add-positions", "set-speed", "set-ttr"):
        marketplace.says(f"jobs/{name}.php", {"ok": True})
    marketplace.says("jobs/job-restart.php", {"ok": True, "notice": "It runs again."})
    marketplace.says("lists/add-workers.php", {"ok": True, "message": "Added."})
    assert (await provider.pause(JOB)).message == "Done."
    await provider.resume(JOB)
    await provider.stop(JOB)
    assert (await provider.restart(JOB, 12)).message == "It runs again."
    await provider.add_positions(JOB, 5)
    await provider.set_speed(JOB, 700)
    await provider.set_time_to_rate(JOB, 2)
    assert await provider.add_to_list("15237", ["w1", "w2"]) == "Added."
    assert [(heard.endpoint, heard.body) for heard in marketplace.heard] == [
        ("jobs/job-pause.php", {"job_id": JOB}),
        ("jobs/job-resume.php", {"job_id": JOB}),
        ("jobs/job-stop.php", {"job_id": JOB}),
        ("jobs/job-restart.php", {"job_id": JOB, "positions": 12}),
        ("jobs/add-positions.php", {"job_id": JOB, "positions": 5}),
        ("jobs/set-speed.php", {"job_id": JOB, "speed": 700}),
        ("jobs/set-ttr.php", {"job_id": JOB, "ttr": 2}),
        ("lists/add-workers.php", {"list_id": 15237, "workers": ["w1", "w2"]}),
    ]


# --- deposits


@pytest.mark.parametrize(("amount", "cents"), [("10", 1000), ("10.00", 1000), ("12.34", 1234), ("1000000", 10**8)])
async def test_a_deposit_is_sent_in_whole_cents(
    amount: str, cents: int, marketplace: Marketplace, provider: PicoworkersProvider
) -> None:
    marketplace.says(WALLET, {"ok": True, "message": "Thank you."})
    assert await provider.deposit(Decimal(amount)) == "Thank you."
    assert [heard.text for heard in marketplace.heard] == [f'{{"amount": {cents}}}']


@pytest.mark.parametrize("amount", ["9.99", "0", "-10", "10.001"])
async def test_what_cannot_be_deposited_is_not_sent(
    amount: str, marketplace: Marketplace, provider: PicoworkersProvider
) -> None:
    with pytest.raises(ValueError, match="deposited"):
        await provider.deposit(Decimal(amount))
    assert marketplace.heard == []


async def test_a_deposit_that_is_not_enabled_is_refused(
    marketplace: Marketplace, provider: PicoworkersProvider
) -> None:
    marketplace.says(WALLET, {"ok": False, "message": "Enable it in your settings first."})
    with pytest.raises(Refused, match="Enable it"):
        await provider.deposit(Decimal(10))


async def test_depositing_shows_what_it_charges_and_waits_for_confirm(marketplace: Marketplace, rig: Rig) -> None:
    marketplace.says("users/get-balances.php", {"spendable": "2.50"})
    marketplace.says(WALLET, {"ok": True, "message": "On its way."})
    asked = await rig.say("olga", "deposit main 12.5")
    assert asked.result is Result.NEEDS_CONFIRMATION
    assert words(card(asked)) == "Charge the credit card of main with $12.50, for its balance at Picoworkers."
    assert (facts(asked)["Cost"], facts(asked)["Balance"]) == ("$12.50", "$2.50, then $15.00")
    assert marketplace.bodies(WALLET) == []
    done = await rig.patiently(rig.press("olga", f"confirm:op-{asked.operations[0]}:0"))
    assert done.result is Result.DONE
    assert marketplace.bodies(WALLET) == [{"amount": 1250}]
    await rig.settle()
    assert await rig.value("SELECT found FROM operations") == "The account can spend $2.50 now."


async def test_a_deposit_whose_answer_was_lost_is_never_repeated(marketplace: Marketplace, rig: Rig) -> None:
    marketplace.says("users/get-balances.php", {"spendable": "2.50"})
    marketplace.says(WALLET, "{}", status=504)
    asked = await rig.say("olga", "deposit 20")
    done = await rig.patiently(rig.press("olga", f"confirm:op-{asked.operations[0]}:0"))
    assert done.result is Result.IN_DOUBT
    await rig.turn(3600)
    assert len(marketplace.bodies(WALLET)) == 1
    assert not DEPOSIT.repeatable
    again = await rig.say("olga", "deposit 20")
    assert "op-1 is in doubt" in facts(again)


async def test_a_deposit_counts_toward_the_days_limit(marketplace: Marketplace, rig: Rig) -> None:
    marketplace.says("users/get-balances.php", {"spendable": "2.50"})
    asked = await rig.say("olga", "deposit 60")
    over = await rig.press("olga", f"confirm:op-{asked.operations[0]}:0")
    assert "daily_spend is $50.00" in over.text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("deposit 9.99", "A deposit is $10.00 or more."),
        ("deposit main 10.005", "A deposit is a whole number of cents."),
        ("deposit main", "Amount is an amount of dollars, such as 0.25."),
        ("deposit", "Amount is missing: type `deposit [ACCOUNT] AMOUNT`."),
        ("deposit other 10", "Other (Scripted) cannot do that; these can: main."),
    ],
)
async def test_what_cannot_be_is_refused_before_anything_is_asked(
    line: str, said: str, marketplace: Marketplace, rig: Rig
) -> None:
    assert await rig.say("olga", line) == Reply(said, result=Result.REFUSED)
    assert marketplace.heard == []


async def test_only_an_owner_may_deposit_and_only_where_an_account_is_there(rig: Rig) -> None:
    assert [(command.name, command.role) for command in COMMANDS] == [("deposit", Role.OWNER)]
    assert DEPOSIT.role is Role.OWNER
    assert "owner" in (await rig.say("mia", "deposit 20")).text
    assert "deposit" in [command.name for command in await rig.dispatch.commands(actor("olga"))]
    rig.accounts["main"].provider = rig.accounts["other"].provider
    assert "deposit" not in [command.name for command in await rig.dispatch.commands(actor("olga"))]
