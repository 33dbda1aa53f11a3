"""Databases with many submissions that were rated long ago, as a bot would have left them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from benchmarks.samples import START, submission
from botcore.clock import to_ms
from botcore.likeness.desk import DONE
from botcore.store.codec import dump
from botcore.ui import Block, Card, Text

# What a submission leaves behind, each row made out of its number.
ROWS = (
    """INSERT INTO submissions (id, account, job_id, task_id, revision, worker_id, state, submitted_at, deadline, price,
           country, ip_address, data, received_at, seen_at)
       SELECT n, 'one', 'job-' || n / 500, 'old-' || n, 0, 'worker-' || n % 3000, 'rated', :start + n, :start + n,
           '0.10', 'US', '10.0.0.' || n % 250, :data, :start + n, :start + n FROM numbers""",
    """INSERT INTO decisions (submission, verdict, person, via, decided_at, due_at, state, sent_at, settled_at)
       SELECT n, 'approve', 'ana', 'web', :start + n, :start + n, 'confirmed', :start + n, :start + n FROM numbers""",
    """INSERT INTO deliveries (channel, adapter, subject, state, ref, wanted, shown, created_at, sent_at)
       SELECT 'review', 'web', 'submission:' || n, 'sent', '{}', 3, 3, :start + n, :start + n FROM numbers""",
    """INSERT INTO web_messages (id, channel, key, card, waiting, sent_at, updated_at, version)
       SELECT n, 'review', 'old-' || n, :card, 0, :start + n, :start + n, n FROM numbers""",
    """INSERT INTO audit (at, person, via, act, subject)
       SELECT :start + n, 'ana', 'web', 'approve', 'submission:' || n FROM numbers""",
    """INSERT INTO prints (kind, print, submission) SELECT 'text', printf('%032x', n), n FROM numbers""",
    """INSERT INTO pictures (url, account, state, sha256, used_at)
       SELECT printf('https://pictures.example.com/%08d.jpg', n), 'one', 'ready', printf('%064x', n), :start + n
       FROM numbers""",
    """INSERT INTO submission_pictures (submission, url)
       SELECT n, printf('https://pictures.example.com/%08d.jpg', n) FROM numbers""",
    "INSERT INTO meta (key, value) VALUES (:likened, :count)",
)


def add_old(path: Path, count: int) -> None:
    """Fills a new database, whose tables are there and empty."""
    blocks: tuple[Block, ...] = (Text("It was easy to find what I was looking for.", title="Proof", quoted=True),)
    card = Card("Sign up and look around", subtitle="one", badge="Approved by ana", blocks=blocks)
    data = dump(submission("one", 0))
    given = {"count": count, "start": to_ms(START), "data": data, "card": dump(card), "likened": DONE}
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA synchronous = OFF")  # nothing is lost with it that cannot be made again
        conn.execute("BEGIN")
        conn.execute(
            "CREATE TEMP TABLE numbers AS WITH RECURSIVE c (n) AS "
            "(SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < :count) SELECT n FROM c",
            given,
        )
        for statement in ROWS:
            conn.execute(statement, given)
        conn.execute("COMMIT")
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
