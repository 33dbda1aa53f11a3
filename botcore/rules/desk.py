"""Lets rules judge what comes in: each submission once, when all that is found out about it is known."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from decimal import Decimal

from ..accounts import Accounts, can_serve
from ..clock import Clock, from_ms
from ..delivery import LAZY, touch
from ..likeness.desk import checked
from ..models import ProofKind, Submission, Verdict
from ..provider import Capability
from ..review import Ask, Made, NotPossible, decide, leaves_at_once
from ..spending import Limits
from ..store.codec import load
from ..store.port import Later, Reader, Row, Store, Tx, Work
from ..text import short_id
from .findings import LEFT_TO_PEOPLE, SPOKE, VIA, Outcome, count_in, findings, note
from .matching import PATIENCE, holds
from .settings import Rule

log = logging.getLogger(__name__)

PRIORITY = 75  # behind all that a person waits for, and what finds flags
AGAIN = 1.0, 300.0  # seconds, shortest and longest, until it is looked at again whether everything is known
UNSEEN = 60.0  # seconds until it is looked at again whether the marketplace still has it
NO_ACCOUNT = 3600.0
MOST_WAITING = 1_000  # of what waits already that a new rule judges
NAMES = "rules"  # in meta: those there were at the last start


def ask_rules(rules: Sequence[Rule], tx: Tx, submission: Submission, number: int) -> None:
    """Enqueues the judging of a new submission, where a rule covers it."""
    if any(rule.covers(submission.account, submission.job_id) for rule in rules):
        _enqueue(tx, number)


def ask_new_rules(tx: Tx, rules: Sequence[Rule]) -> None:
    """Enqueues the judging of what waits already by rules that were not there before: what leaves first comes first,
    `MOST_WAITING` at most, and nothing that anybody has decided before."""
    names = sorted(rule.name for rule in rules)
    before = set(json.loads(tx.value("SELECT value FROM meta WHERE key = :key", key=NAMES) or "[]"))
    if before == set(names):
        return
    new = [rule for rule in rules if rule.name not in before]
    rows = tx.q(
        """SELECT s.id, s.account, s.job_id FROM submissions s WHERE s.state IN ('new', 'shown')
           AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.submission = s.id)
           ORDER BY ifnull(s.deadline, 9223372036854775807), s.id"""
    )
    covered = [row["id"] for row in rows if any(rule.covers(row["account"], row["job_id"]) for rule in new)]
    for number in covered[:MOST_WAITING]:
        _enqueue(tx, number)
    tx.q("INSERT OR REPLACE INTO meta (key, value) VALUES (:key, :value)", key=NAMES, value=json.dumps(names))


class RuleDesk:
    """Handles the work `judge`. `hold_ms`: how long its decisions can be undone; `decided` is told of each."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        accounts: Accounts,
        rules: Sequence[Rule],
        limits: Limits,
        hold_ms: int,
        decided: Callable[[Made], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._accounts = accounts
        self._rules = rules
        self._limits = limits
        self._hold_ms = hold_ms
        self._decided = decided
        self._since = clock.ms()
        self._matching = asyncio.Lock()  # slow patterns must not fill the threads that others need
        self.broken: dict[str, str] = {}  # rule -> what a person must mend

    async def judge(self, work: Work) -> None:
        number = int(work.args["submission"])
        row = await self._store.read(_waiting, number)
        if row is None or not any(self._covering(row)):
            return
        if row["account"] not in self._accounts:
            raise Later(NO_ACCOUNT, quiet=True)
        if row["seen_at"] < self._since:
            # It may be rated or handed in again by now, above all where the database is an old one put back.
            raise Later(UNSEEN, quiet=True)
        if not await self._store.read(checked, number):
            shortest, longest = AGAIN  # what could flag it is still being looked for
            waited = (self._clock.ms() - row["received_at"]) / 1000
            raise Later(min(max(waited / 2, shortest), longest), quiet=True)
        submission = load(Submission, row["data"])
        holding = {rule.name for rule in self._covering(row) if await self._holds(rule, submission, number)}
        try:
            made = await self._store.tx(self._judge, number, submission, holding, self._clock.ms())
        except NotPossible as error:
            log.info("%s: no rule decides: %s", short_id(number), error)
            return
        if made:
            self._decided(made)

    def _covering(self, row: Row) -> Iterator[Rule]:
        return (rule for rule in self._rules if rule.covers(row["account"], row["job_id"]))

    async def _holds(self, rule: Rule, submission: Submission, number: int) -> bool:
        async with self._matching:
            try:
                return await asyncio.to_thread(holds, rule, submission)
            except TimeoutError:
                if rule.name not in self.broken:
                    log.warning("rule %s: a pattern takes over %s s on %s", rule.name, PATIENCE, short_id(number))
                    self.broken[rule.name] = f"a pattern takes too long on {short_id(number)}: make it simpler"
                return False

    def _judge(self, tx: Tx, number: int, submission: Submission, holding: Collection[str], now: int) -> Made | None:
        """Notes what every rule finds that has not judged it. The first that holds and does more than watch has the
        only say, and what anybody has decided before is left to people."""
        row = _waiting(tx, number)
        if row is None or tx.one("SELECT 1 FROM decisions WHERE submission = :id LIMIT 1", id=number):
            return None
        before = findings(tx, number)
        obstacle = _obstacle(tx, row, submission, now)
        approved = _approvals(tx, row)
        made: Made | None = None
        said = not SPOKE.isdisjoint(before.values())
        for rule in self._covering(row):
            if rule.name in before:
                continue
            if rule.name not in holding:
                outcome = Outcome.NO
            elif obstacle:
                outcome = obstacle
            elif approved < rule.min_approvals:
                outcome = Outcome.WORKER
            elif rule.shadow:
                outcome = Outcome.SHADOW
            elif said:
                continue
            else:
                said = True
                outcome = self._limit(tx, rule, row, now)
                if outcome is Outcome.APPROVED:
                    made = decide(tx, self._ask(rule, row), self._limits, now)
            note(tx, rule, number, outcome, now)
            if outcome in LEFT_TO_PEOPLE:
                touch(tx, f"submission:{number}", prio=LAZY)
        return made

    def _limit(self, tx: Tx, rule: Rule, row: Row, now: int) -> Outcome:
        """Whether a rule that could approve a submission does so; then it counts toward its limits."""
        if row["price"] is None:
            return Outcome.UNPRICED
        if _drawn(rule, row):
            return Outcome.SAMPLE
        fits = count_in(tx, rule, self._limits.day(from_ms(now)), Decimal(row["price"]))
        return Outcome.APPROVED if fits else Outcome.LIMIT

    def _ask(self, rule: Rule, row: Row) -> Ask:
        tells = can_serve(self._accounts[row["account"]], Capability.SATISFACTION)
        return Ask(
            submission=row["id"],
            verdict=Verdict.APPROVE,
            person=rule.person,
            via=VIA,
            hold_ms=self._hold_ms,
            satisfaction=rule.satisfaction if tells else None,
            comment=rule.comment,
            revision=row["revision"],
        )


def _enqueue(tx: Tx, number: int) -> None:
    tx.put("judge", f"judge:{number}", f"judge:{number}", PRIORITY, 0, submission=number)


def _waiting(reader: Reader, number: int) -> Row | None:
    return reader.one("SELECT * FROM submissions WHERE id = :id AND state IN ('new', 'shown')", id=number)


def _obstacle(reader: Reader, row: Row, submission: Submission, now: int) -> Outcome | None:
    """What leaves a submission to people, whatever a rule says: anything odd, or too little time to undo anything."""
    flagged = reader.value("SELECT 1 FROM flags WHERE submission = :id", id=row["id"])
    if flagged or _has_double(reader, row):
        return Outcome.FLAGGED
    comparable = {
        found["url"]
        for found in reader.q(
            """SELECT p.url FROM submission_pictures l JOIN pictures p ON p.url = l.url
               JOIN looks k ON k.sha256 = p.sha256
               WHERE l.submission = :id AND p.state = 'ready' AND k.hash IS NOT NULL""",
            id=row["id"],
        )
    }
    if any(proof.url not in comparable for proof in submission.proofs if proof.kind is ProofKind.PICTURE):
        return Outcome.PICTURE
    return Outcome.DEADLINE if leaves_at_once(row["deadline"], now) else None


def _has_double(reader: Reader, row: Row) -> bool:
    """Whether another task has the same text, picture or address. Only the later of two is flagged, and which one
    that is hangs on whose picture came first: a rule believes neither."""
    return bool(
        reader.value(
            """SELECT 1 FROM prints mine
               JOIN prints theirs ON theirs.kind = mine.kind AND theirs.print = mine.print
               JOIN submissions s ON s.id = theirs.submission
               WHERE mine.submission = :id AND mine.kind IN ('text', 'picture', 'ip')
               AND (s.account, s.task_id) != (:account, :task) LIMIT 1""",
            id=row["id"],
            account=row["account"],
            task=row["task_id"],
        )
    )


def _approvals(reader: Reader, row: Row) -> int:
    """How often a worker was approved at the account; less than never for one who is blocked."""
    record = reader.one(
        "SELECT approved, blocked FROM worker_records WHERE account = :account AND worker_id = :worker",
        account=row["account"],
        worker=row["worker_id"],
    )
    if record is None:
        return 0
    approved: int = -1 if record["blocked"] else record["approved"]
    return approved


def _drawn(rule: Rule, row: Row) -> bool:
    """Whether a submission is in a rule's sample: the same whenever it is asked."""
    name = f"{rule.name}\n{row['account']}\n{row['task_id']}\n{row['revision']}"
    draw = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return draw < rule.sample * 2**64
