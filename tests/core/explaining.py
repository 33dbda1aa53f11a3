"""A reader that has every statement explained: what it would read without an index."""

from __future__ import annotations

from collections.abc import Sequence

from botcore.store.port import Reader, Row

WHOLE = ("VIRTUAL TABLE", "SCAN f", "(subquery")  # a list that was given, or what has just been selected


class Explaining(Reader):
    """Passes statements on; `scans` are the tables of which any was to read everything."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.statements = 0
        self.scans: list[str] = []

    def q(self, sql: str, **params: object) -> Sequence[Row]:
        self.statements += 1
        for step in self._reader.q(f"EXPLAIN QUERY PLAN {sql}", **params):
            detail: str = step["detail"]
            if detail.startswith("SCAN") and not any(word in detail for word in WHOLE):
                self.scans.append(f"{detail}: {' '.join(sql.split())[:80]}")
        return self._reader.q(sql, **params)
