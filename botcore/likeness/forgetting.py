"""What is kept to compare others with is not kept for ever: once a day, what came in long ago is forgotten.

Exact copies of texts and pictures are found however old they are; those are a few bytes. Each step is a short
transaction, so that a press beside it does not wait.
"""

from __future__ import annotations

from ..clock import Clock
from ..store.port import Later, Reader, Store, Tx, Work
from .habits import SPAN_MS
from .measures import Look, picture_bands

DAY_MS = 86_400_000
KEEP_MS = 180 * DAY_MS
FIRST_MS = 600_000  # after a start: what people wait for comes before
STEP = 2_000  # rows that one transaction looks at
PRIO = 90


def ask_to_forget(tx: Tx, now: int) -> None:
    """Enqueues it, where it is not yet."""
    if not tx.one("SELECT 1 FROM work WHERE key = 'forget'"):
        tx.put("forget", "forget", "forget", PRIO, now + FIRST_MS)


class ForgettingDesk:
    """Handles the work `forget`, once a day."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def forget(self, work: Work) -> None:
        old = self._clock.ms() - KEEP_MS
        until = await self._store.read(_last_before, old)
        band: int | None = -1
        while until and band is not None:
            band = await self._store.tx(_forget_texts, band, until)
        look: int | None = 0
        while until and look is not None:
            look = await self._store.tx(_forget_looks, look, until)
        address: str | None = ""
        while until and address is not None:
            address = await self._store.tx(_forget_addresses, address, until)
        await self._store.tx(lambda tx: tx.q("DELETE FROM tallies WHERE span < :span", span=old // SPAN_MS))
        raise Later(DAY_MS / 1000, quiet=True)


def _last_before(reader: Reader, moment: int) -> int:
    """The number of the last submission that came in before a moment, by halving: they came in their order."""
    low, high = 0, int(reader.value("SELECT max(id) FROM submissions") or 0)
    while low < high:
        middle = (low + high + 1) // 2
        row = reader.one(
            "SELECT id, received_at FROM submissions WHERE id <= :middle ORDER BY id DESC LIMIT 1", middle=middle
        )
        if row is None or row["received_at"] < moment:
            low = middle
        else:
            high = row["id"] - 1
    return low


def _forget_texts(tx: Tx, after: int, until: int) -> int | None:
    """A step through the keys of texts; returns where to go on."""
    last: int | None = tx.value(
        "SELECT max(band) FROM (SELECT band FROM text_bands WHERE band > :after ORDER BY band LIMIT :step)",
        after=after,
        step=STEP,
    )
    if last is not None:
        tx.q(
            "DELETE FROM text_bands WHERE band > :after AND band <= :last AND submission <= :until",
            after=after,
            last=last,
            until=until,
        )
    return last


def _forget_looks(tx: Tx, after: int, until: int) -> int | None:
    """A step through what pictures look like; what a newer submission shows too is kept."""
    rows = tx.q(
        """SELECT k.id, k.hash, k.thumb, EXISTS (
               SELECT 1 FROM prints f WHERE f.kind = 'picture' AND f.print = k.sha256 AND f.submission > :until
               UNION ALL SELECT 1 FROM pictures p JOIN submission_pictures l ON l.url = p.url
               WHERE p.sha256 = k.sha256 AND l.submission > :until) AS needed
           FROM looks k WHERE k.id > :after ORDER BY k.id LIMIT :step""",
        after=after,
        until=until,
        step=STEP // 20,
    )
    for row in rows:
        if row["needed"]:
            continue
        if row["hash"] is not None:
            tx.many(
                "DELETE FROM look_bands WHERE band = :band AND look = :look",
                [{"band": band, "look": row["id"]} for band in picture_bands(Look(row["hash"], row["thumb"]))],
            )
        tx.q("DELETE FROM looks WHERE id = :id", id=row["id"])
    return rows[-1]["id"] if rows else None


def _forget_addresses(tx: Tx, after: str, until: int) -> str | None:
    """A step through where work came from; returns where to go on."""
    last: str | None = tx.value(
        """SELECT max(print) FROM (
               SELECT print FROM prints WHERE kind = 'ip' AND print > :after ORDER BY print LIMIT :step)""",
        after=after,
        step=STEP,
    )
    if last is not None:
        tx.q(
            """DELETE FROM prints WHERE kind = 'ip' AND print > :after AND print <= :last
               AND submission <= :until""",
            after=after,
            last=last,
            until=until,
        )
    return last
