"""Decisions go out as ratings, and what became of them is found out: nothing twice, nothing lost.

`sending` is committed before a request leaves. What was sent and not answered is *in doubt* until complete reads of
the marketplace tell; while it is still unrated after two of them it is sent again, in halves, and in the end a person
is asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal

from .accounts import AUTH_PAUSE, Account, Accounts
from .batches import begin_batch, enqueue_next, narrow_down, unseen
from .clock import Clock
from .delivery import touch
from .models import Channel, Outcome, Rating, RatingResult, Satisfaction, Verdict, Verdicted
from .pacing import Urgency
from .provider import AuthFailed, OutcomeUnknown, ProviderError, RateLimited, Refused, Unavailable
from .review import HURRY_MS, NotPossible, enqueue_rating, note_act
from .settling import (
    LEFT_SENDING,
    UNREACHABLE,
    announce_doubts,
    ask_person,
    by_newer,
    confirm,
    enqueue_settling,
    in_doubt,
    newer_known,
    overtake,
    put_in_doubt,
    put_settling,
    read_again,
    refuse,
    ripe,
    send_again,
)
from .store.port import Later, Reader, Row, Store, Tx, Work, being_cancelled

log = logging.getLogger(__name__)

AskAfter = Callable[[Account, str, Sequence[str], Urgency], Awaitable[None]]

FRESH = 120.0  # seconds for which what was seen at the marketplace is believed
LOOKS_FIRST = 5  # so often at most, before a rating, at what an answer leaves out
AGAIN = 5  # sent again so often while still unrated, then a person is asked
LOOKS = 12  # in vain so often, about six minutes, then a person is told; the looking goes on
READS_AT_MOST = 12  # looks that do not agree with each other, then a person is asked
ALONE = 3  # refused one by one so often in a row, a no to many is believed to be meant for each of them
LONGEST_PAUSE = 60.0  # seconds between tries
SELDOM = 300.0  # and between looks, once a person knows


class RatingDesk:
    """Handles the works `rate` and `settle`, one job at a time."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        accounts: Accounts,
        doubt_seconds: float,
        on_confirmed: Callable[[int], None] = lambda submission: None,
        channels: Sequence[Channel] = (),
        ask_after: AskAfter | None = None,
        fresh_seconds: float = FRESH,
    ) -> None:
        """`ask_after` finds out where tasks stand and keeps it: asked about what was not seen for `fresh_seconds`."""
        self._store = store
        self._clock = clock
        self._accounts = accounts
        self._doubt_ms = round(doubt_seconds * 1000)
        self._on_confirmed = on_confirmed
        self._channels = channels  # where a person is asked
        self._ask_after = ask_after
        self._fresh_ms = round(fresh_seconds * 1000)
        self._alone: Counter[tuple[str, str]] = Counter()  # by job: refused alone, in a row, after a whole call was

    async def rate(self, work: Work) -> None:
        """Sends what is due of one job, as one call where the marketplace can."""
        account = self._accounts.get(work.args["account"])
        if account is None:
            raise Later(3600, f"the account {work.args['account']} is not configured", quiet=True)
        account.keep_off(self._clock.ms())
        job = str(work.args["job"])
        await self._look_first(account, job, work.attempt)
        batch = await self._store.tx(begin_batch, account.name, job, account.provider.batch_size, self._clock.ms())
        if not batch:
            return
        ids = [row["id"] for row in batch]
        ratings = [rating_of(row) for row in batch]
        try:
            results = await account.call(lambda p: p.rate(job, ratings), self._urgency(batch))
        except (Unavailable, RateLimited, AuthFailed) as error:
            pause, why = _pause(error, work.attempt)
            await self._store.tx(self._not_sent, account.name, job, ids, why, self._clock.ms())
            raise Later(pause, why) from error
        except Refused as error:
            if len(batch) > 1 and self._alone[account.name, job] < ALONE:
                await self._store.tx(narrow_down, account.name, job, batch, str(error), self._clock.ms())
                return
            results = [RatingResult(rating.task_id, ok=False, message=str(error)) for rating in ratings]
        except OutcomeUnknown as error:
            log.warning("%s: %d ratings of %s in doubt: %s", account.name, len(ids), job, error)
            results = []
        except asyncio.CancelledError:
            if being_cancelled():
                raise  # still `sending`: the next start finds it in doubt
            log.error("%s: rating %s was given up on half-way; in doubt", account.name, job)
            results = []
        except Exception:
            log.exception("%s: rating %s ended unexpectedly; in doubt", account.name, job)
            results = []
        self._note_refusals(account.name, job, batch, results)
        confirmed = await self._store.tx(self._take_results, account.name, job, batch, results, self._clock.ms())
        for submission in confirmed:
            self._on_confirmed(submission)

    async def _look_first(self, account: Account, job: str, attempt: int) -> None:
        """Nobody has looked for a while, as after a night's downtime: what is due may have been handed in anew since,
        and that would be rated in its place."""
        tasks = await self._unseen(account, job)
        if not tasks or self._ask_after is None:
            return
        try:
            await self._ask_after(account, job, tasks, Urgency.RATING)
        except Refused as error:
            log.info("%s: %s cannot be looked at: %s", account.name, job, error)
            return
        except ProviderError as error:
            raise Later(*_pause(error, attempt)) from error
        if attempt < LOOKS_FIRST and await self._unseen(account, job):  # left out of the answer: by a slip, or gone
            raise Later(2.0**attempt, "not all of it was seen")

    async def _unseen(self, account: Account, job: str) -> Sequence[str]:
        now = self._clock.ms()
        return await self._store.read(unseen, account.name, job, now, now - self._fresh_ms)

    async def settle(self, work: Work) -> None:
        """Finds out what became of one job's ratings in doubt."""
        account = self._accounts.get(work.args["account"])
        if account is None:
            raise Later(3600, f"the account {work.args['account']} is not configured", quiet=True)
        account.keep_off(self._clock.ms())
        job = str(work.args["job"])
        rows = await self._store.tx(ripe, account.name, job, self._doubt_ms, self._clock.ms())
        if not rows:
            return
        ratings = [rating_of(row) for row in rows]
        outcomes: Sequence[Outcome]
        try:
            outcomes = await account.call(lambda p: p.outcome(job, ratings), Urgency.RATING)
        except Refused as error:
            outcomes = [Outcome(rating.task_id, Verdicted.CANNOT_TELL, note=str(error)) for rating in ratings]
        except Unavailable as error:
            if work.attempt + 1 < LOOKS:
                raise Later(*_pause(error, work.attempt)) from error
            why = f"the marketplace could not be asked: {error}"
            await self._store.tx(self._ask_all, rows, why, self._clock.ms())
            raise Later(SELDOM, why) from error
        except ProviderError as error:
            raise Later(*_pause(error, work.attempt)) from error
        confirmed = await self._store.tx(self._settle, account.name, job, rows, outcomes, self._clock.ms())
        for submission in confirmed:
            self._on_confirmed(submission)

    def _note_refusals(self, account: str, job: str, batch: Sequence[Row], results: Sequence[RatingResult]) -> None:
        if any(result.ok for result in results):
            self._alone.pop((account, job), None)
        elif results and len(batch) == 1 and batch[0]["said_no"]:
            self._alone[account, job] += 1

    def _urgency(self, batch: Sequence[Row]) -> Urgency:
        soon = self._clock.ms() + HURRY_MS
        hurry = any(row["deadline"] is not None and row["deadline"] < soon for row in batch)
        return Urgency.DEADLINE if hurry else Urgency.RATING

    def _not_sent(self, tx: Tx, account: str, job: str, ids: Sequence[int], why: str, now: int) -> None:
        """Surely not sent. What an earlier send left in doubt is so again: much may have happened until the next."""
        for decision in ids:
            tx.q(
                """UPDATE decisions SET state = CASE WHEN tries THEN 'in doubt' ELSE 'due' END, message = :why,
                       said_no = said_no AND NOT tries
                   WHERE id = :id AND state = 'sending'""",
                id=decision,
                why=why,
            )
        enqueue_settling(tx, account, job, self._doubt_ms, now)

    def _take_results(
        self, tx: Tx, account: str, job: str, batch: Sequence[Row], results: Sequence[RatingResult], now: int
    ) -> list[int]:
        by_task = {result.task_id: result for result in results}
        confirmed: list[int] = []
        for row in batch:
            result = by_task.get(row["task_id"])
            if result is None:
                put_in_doubt(tx, row, now)
            elif result.ok:
                if confirm(tx, row, now, result.message):
                    confirmed.append(row["submission"])
            else:
                put_in_doubt(tx, row, now, said_no=result.message or "refused without a word")
        enqueue_settling(tx, account, job, self._doubt_ms, now)
        enqueue_next(tx, account, job, now if results else now + self._doubt_ms)  # no answer: not all into the dark
        return confirmed

    def _settle(
        self, tx: Tx, account: str, job: str, rows: Sequence[Row], outcomes: Sequence[Outcome], now: int
    ) -> list[int]:
        by_task = {outcome.task_id: outcome for outcome in outcomes}
        confirmed: list[int] = []
        for row in rows:
            if not in_doubt(tx, row):  # a person was quicker
                continue
            outcome = by_task.get(row["task_id"]) or Outcome(row["task_id"], Verdicted.CANNOT_TELL)
            if outcome.verdicted is Verdicted.NOT_YET and newer_known(tx, row):
                outcome = by_newer(row)
            if self._settle_one(tx, row, outcome, now):
                confirmed.append(row["submission"])
        announce_doubts(tx, self._channels, now)
        enqueue_settling(tx, account, job, self._doubt_ms, now)
        return confirmed

    def _ask_all(self, tx: Tx, rows: Sequence[Row], why: str, now: int) -> None:
        for row in rows:
            ask_person(tx, row, why, now, UNREACHABLE)
        announce_doubts(tx, self._channels, now)

    def _settle_one(self, tx: Tx, row: Row, outcome: Outcome, now: int) -> bool:
        """True where the rating turned out to have taken effect."""
        only_refused = bool(row["said_no"]) and row["tries"] == 0  # the one send there was got a plain no
        said = outcome.verdicted
        settled = outcome.sure and said in (Verdicted.MATCHES, Verdicted.DIFFERS)
        twice = f"{said}, twice"  # a list may leave something out twice in a row: absence takes a third look
        agreed = row["read_as"] == (said if outcome.sure else twice)
        if not agreed and not settled and not (said is Verdicted.NOT_YET and only_refused):
            if row["reads"] < READS_AT_MOST:
                read_again(tx, row, twice if not outcome.sure and row["read_as"] == said else said, now)
            else:
                ask_person(tx, row, "the marketplace tells now one thing, now another", now)
            return False
        match said:
            case Verdicted.MATCHES if only_refused:
                overtake(tx, row, now, "rated on the website, the same way")
            case Verdicted.MATCHES:
                return confirm(tx, row, now, "", ", ".join(outcome.unverified))
            case Verdicted.DIFFERS:
                state = "superseded" if newer_known(tx, row) else "elsewhere"
                overtake(tx, row, now, outcome.note or "rated on the website", state)
            case Verdicted.NOT_YET if only_refused and outcome.note:  # nobody can rate it just now
                overtake(tx, row, now, outcome.note)
            case Verdicted.NOT_YET if row["said_no"]:
                refuse(tx, row, now)
            case Verdicted.NOT_YET if row["tries"] <= AGAIN:
                send_again(tx, row, now)
            case Verdicted.NOT_YET:
                ask_person(tx, row, f"sent {row['tries']} times without an answer, and still unrated", now)
            case Verdicted.CANNOT_TELL:
                ask_person(tx, row, outcome.note or "the marketplace does not tell whether it went through", now)
        return False


def rating_of(row: Row) -> Rating:
    """What a decision's row asks of the marketplace."""
    return Rating(
        task_id=row["task_id"],
        revision=row["revision"],
        verdict=Verdict(row["verdict"]),
        satisfaction=Satisfaction(row["satisfaction"]) if row["satisfaction"] else None,
        comment=row["comment"],
        bonus=Decimal(row["bonus"]),
        block=bool(row["block"]),
    )


def recover(tx: Tx, now: int) -> None:
    """After a crash: what was being sent may have arrived, and all that is open is looked after again."""
    for row in tx.q(LEFT_SENDING, account=None, job=None):
        touch(tx, f"submission:{row['submission']}")
    tx.q(  # it was unrated when somebody looked, and that may be long ago by now
        """UPDATE decisions SET state = 'in doubt', reads = 0, read_as = NULL
           WHERE state IN ('held', 'due', 'sending', 'in doubt') AND state = 'due' AND tries > 0"""
    )
    rows = tx.q(
        """SELECT DISTINCT s.account, s.job_id, d.state = 'in doubt' AS doubt, min(d.due_at) AS due_at
           FROM decisions d JOIN submissions s ON s.id = d.submission
           WHERE d.state IN ('held', 'due', 'sending', 'in doubt') GROUP BY 1, 2, 3"""
    )
    for row in rows:
        if row["doubt"]:
            put_settling(tx, row["account"], row["job_id"], now)
        else:
            enqueue_rating(tx, row["account"], row["job_id"], row["due_at"])


def all_in_doubt(tx: Tx, now: int) -> int:
    """After a restore: whatever had not left when the backup was made may have left since. Returns how many."""
    rows = tx.q(
        """UPDATE decisions SET state = 'in doubt', reads = 0, read_as = NULL, said_no = 0, asks = NULL,
               tries = max(tries, 1), sent_at = :now
           WHERE state IN ('held', 'due', 'sending', 'in doubt') RETURNING submission""",
        now=now,
    )
    for row in rows:
        touch(tx, f"submission:{row['submission']}")
    recover(tx, now)
    return len(rows)


def answer_doubt(tx: Tx, decision: int, answer: str, person: str, via: str, now: int) -> int:
    """What a person says of a rating in doubt: `went`, `again` or `leave`. Returns its submission."""
    row = tx.one(
        """SELECT d.*, s.task_id, s.revision, s.account, s.job_id, s.deadline FROM decisions d
           JOIN submissions s ON s.id = d.submission
           WHERE d.id = :id AND d.state = 'in doubt' AND d.asks IS NOT NULL""",
        id=decision,
    )
    if row is None:
        raise NotPossible("this is settled already")
    match answer:
        case "went":
            confirm(tx, row, now, f"{person} says it went through")
        case "again":
            send_again(tx, {**row, "tries": 1}, now)  # it counts as sent: a refusal may mean that it had worked
        case _:
            overtake(tx, row, now, f"left as it is by {person}", spent=True)
    note_act(tx, now, person, via, answer, f"submission:{row['submission']}")
    submission: int = row["submission"]
    return submission


def _pause(error: ProviderError, attempt: int) -> tuple[float, str]:
    match error:
        case RateLimited():
            return error.retry_after, str(error)
        case AuthFailed():
            return AUTH_PAUSE, str(error)
    return min(2.0 ** min(attempt, 10), LONGEST_PAUSE), str(error)


def unsettled(reader: Reader, decisions: Sequence[int]) -> list[Row]:
    """Those of these decisions whose end is not known yet and that wait for no person."""
    marks = ",".join(str(int(decision)) for decision in decisions) or "0"
    return list(
        reader.q(
            f"""SELECT d.*, s.account FROM decisions d JOIN submissions s ON s.id = d.submission
                WHERE d.id IN ({marks}) AND d.asks IS NULL
                AND d.state IN ('held', 'due', 'sending', 'in doubt')"""  # noqa: S608 - whole numbers
        )
    )
