"""What is done every minute reads no table from one end to the other, however much history there is."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from botcore.core_kinds import BLOCK
from botcore.models import Hints, Proof, ProofKind, SightingState
from botcore.operations import Proposal, confirm, quote
from botcore.provider import OutcomeUnknown, Unavailable
from botcore.store import engine
from botcore.store.codec import dump
from botcore.store.port import Row, Tx
from botcore.store.sqlite import SqliteReader, SqliteStore, SqliteTx
from botcore.text import short_id
from botcore.ui import Result
from tests.core.market import HOUR, make_submission, raises, refuses
from tests.core.rig import LIMITS, Rig, Rigs

OLD = 2_000  # enough for the planner to think of them as many
HISTORY = {  # tables that only grow, or that a busy day fills
    "submissions", "decisions", "deliveries", "work", "audit", "prints", "flags", "pictures", "submission_pictures",
    "worker_records", "bulk_items", "rule_findings",
}  # fmt: skip
SCAN = re.compile(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?$")
NEWEST = "ORDER BY d.id DESC LIMIT :limit"  # from the end, and no further than is asked for
NAMED = re.compile(r"\b(?:FROM|JOIN|UPDATE|INTO)\s+(\w+)(?:\s+(?:AS\s+)?(?!WHERE|SET|ON|JOIN|NOT|ORDER)(\w+))?")


class Heard:
    """Every statement that was run, once, with parameters of one of its runs."""

    def __init__(self) -> None:
        self.statements: dict[str, Mapping[str, object]] = {}

    def scans(self, path: Path) -> list[str]:
        """Those that read all of a table that has a history, with the table."""
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as conn:
            partial = {
                name for name, sql in conn.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'index'")
                if sql and " WHERE " in sql
            }  # fmt: skip
            found = []
            for sql, params in self.statements.items():
                tables = {alias or table: table for table, alias in NAMED.findall(sql)}
                for *_, step in conn.execute(f"EXPLAIN QUERY PLAN {sql}", params):
                    scan = SCAN.match(step)
                    if sql.endswith(NEWEST):
                        continue
                    if scan and tables.get(scan[1]) in HISTORY and scan[2] not in partial:
                        found.append(f"{step}: {' '.join(sql.split())}")
        return found


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    heard = Heard()
    ask, many = SqliteReader.q, SqliteTx.many

    def q(reader: SqliteReader, sql: str, **params: object) -> Sequence[Row]:
        if sql.lstrip().startswith(("SELECT", "UPDATE", "DELETE", "INSERT", "WITH")):
            heard.statements[sql] = params
        return ask(reader, sql, **params)

    def all_of(tx: SqliteTx, sql: str, rows: Iterable[Mapping[str, object]]) -> None:
        listed = list(rows)
        if listed:
            heard.statements[sql] = listed[0]
        many(tx, sql, listed)

    monkeypatch.setattr(SqliteReader, "q", q)
    monkeypatch.setattr(SqliteTx, "many", all_of)
    return heard


def fill(tx: Tx) -> None:
    """What years leave behind."""
    data = dump(make_submission("old", proofs=()))
    numbers = [{"n": number, "data": data} for number in range(1, OLD + 1)]
    for sql in (
        """INSERT INTO submissions (id, account, job_id, task_id, revision, worker_id, state, submitted_at, country,
               ip_address, data, received_at, seen_at)
           VALUES (:n, 'main', 'J' || :n % 9, 'old' || :n, 0, 'w' || :n % 50, 'rated', :n, '', '', :data, :n, :n)""",
        """INSERT INTO decisions (id, submission, verdict, person, via, decided_at, due_at, state, sent_at, settled_at)
           VALUES (:n, :n, 'approve', 'rob', 'memory', :n, :n, 'confirmed', :n, :n)""",
        """INSERT INTO deliveries (channel, adapter, subject, state, created_at, sent_at, ref)
           VALUES ('inbox', 'memory', 'submission:' || :n, 'sent', :n, :n, '{}')""",
        """INSERT INTO audit (at, person, via, act, subject)
           VALUES (:n, 'rob', 'memory', 'approve', 'submission:' || :n)""",
        "INSERT INTO prints (kind, print, submission) VALUES ('text', 'p' || :n, :n)",
        "INSERT INTO flags (submission, kind, text) VALUES (:n, 'copy', 'Same text as #A1')",
        "INSERT INTO submission_pictures (submission, url) VALUES (:n, 'u' || :n)",
        "INSERT INTO pictures (url, account, state) VALUES ('u' || :n, 'main', 'ready')",
        """INSERT INTO work (kind, key, part, prio, not_before, args)
           VALUES ('deliver', 'old' || :n, 'to:somewhere', 40, 9000000000000, '{}')""",
    ):
        tx.many(sql, numbers)


async def a_busy_hour(rig: Rig) -> None:
    """Everything that people and the bot itself do all the time."""
    text = (Proof(ProofKind.TEXT, "Say why", "I liked the quiet page and its colours very much."),)
    for number in range(12):
        rig.market.add(f"t{number}", f"J{number % 3}", proofs=text, ip_address="192.0.2.1")
    await rig.poll()
    await rig.turn(60)
    await rig.poll()
    for line in (
        "pending",
        "status",
        "show t1",
        "history",
        "history person=rob",
        "pending job=J1",
        "whoami",
        "review",
        "worker w-t1",
    ):
        await rig.say("mia", line)
    assert (await rig.say("rob", "approve t0 bonus=0.10")).result is Result.DONE
    await rig.say("rob", "undo t0")
    number = await rig.value("SELECT id FROM submissions WHERE task_id = 't1'")
    assert (await rig.press("rob", f"approve:{short_id(number)}:0")).result is Result.DONE
    rig.market.steps = [raises(OutcomeUnknown("no answer")), raises(Unavailable("down")), refuses("t4")]
    await rig.say("rob", "approve t2 t3 t4 t5")
    await rig.say("rob", "reject t6 reason=Not yours")
    await rig.turn(HOUR // 4)
    rig.market.rate_on_website("t7", SightingState.REJECTED)
    rig.market.hand_in_again("t8")
    rig.market.add("new", "J1")
    await rig.intake.take_hints("main", Hints(tasks={"J1": ("new",)}))
    await rig.settle()
    await rig.poll(sweep=True)
    proposal = Proposal(
        kind=BLOCK, account="main", args={"workers": "w1"}, summary="Block.", person="mia", via="memory"
    )
    operation = await rig.store.tx(quote, proposal, rig.clock.ms())
    await rig.store.tx(confirm, operation, "mia", "memory", LIMITS, rig.clock.ms())
    await rig.say("mia", "approve-all J0")
    await rig.turn(HOUR)
    assert await rig.value("SELECT max(tries) FROM decisions WHERE state = 'confirmed'") == 1


@pytest.mark.parametrize("analyzed", [True, False])
async def test_no_table_is_read_from_one_end_to_the_other(
    rigs: Rigs, heard: Heard, tmp_path: Path, analyzed: bool
) -> None:
    path = tmp_path / "years.db"
    store = await SqliteStore.open(path)
    await store.tx(fill)
    if analyzed:
        await store.tx(lambda tx: tx.q("ANALYZE"))
    await store.close()
    rig = await rigs.start(path=path)
    heard.statements.clear()  # a start may look at everything once
    await a_busy_hour(rig)
    assert len(heard.statements) > 100
    assert heard.scans(path) == []


async def test_taking_work_costs_the_same_whatever_waits_behind_it(rigs: Rigs, tmp_path: Path) -> None:
    async def cost(waiting: int) -> int:
        """Steps of SQLite's machine."""
        store = await SqliteStore.open(tmp_path / f"{waiting}.db")

        def put(tx: Tx) -> None:
            for number in range(waiting):
                tx.put("deliver", f"d{number}", "to:inbox", 40, 0)
            tx.put("rate", "r", "job:1", 10, 0)
            tx.put("settle", "s", "job:1", 15, 5_000)

        await store.tx(put)
        steps = 0

        def count() -> None:
            nonlocal steps
            steps += 1

        def take(tx: Tx) -> Any:
            assert isinstance(tx, SqliteTx)
            tx._conn.set_progress_handler(count, 1)
            try:
                return engine._take(tx, 1_000, frozenset({"to:inbox"}), 32, frozenset({"deliver", "rate", "settle"}))
            finally:
                tx._conn.set_progress_handler(None, 1)

        taken, next_at = await store.tx(take)
        assert [work.key for work, _ in taken] == ["r"]
        assert next_at is None
        await store.close()
        return steps

    few, many = await cost(10), await cost(10_000)
    assert many <= few * 1.5
