"""Commands of a test that take files and give them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botcore import Command, Kind, Param, Reply
from botcore.dispatch import Context
from botcore.models import Role
from botcore.ui import Card, File

TABLE = "job,price\nFollow — please,$0.08\n"


@dataclass
class Filing:
    """`load FILE place=` remembers what it was given; `table` gives a file."""

    taken: list[tuple[File, str]] = field(default_factory=list)
    table: File = field(default_factory=lambda: File("decisions 2026.csv", TABLE, "text/csv"))
    text: str = "412 decisions."
    card: Card | None = None

    def commands(self) -> tuple[Command, ...]:
        file = Param("file", "what to load", Kind.FILE, required=True)
        place = Param("place", "where to put it", required=True)
        note = Param("note", "a few words", Kind.TEXT, named_only=True)
        return (
            Command("load", "load a file", Role.MANAGER, self._load, (file, place, note)),
            Command("table", "what was decided, as a table", Role.REVIEWER, self._give),
        )

    async def _load(self, context: Context, values: Mapping[str, Any]) -> Reply:
        file: File = values["file"]
        self.taken.append((file, values["place"]))
        return Reply(f"{file.name} is in {values['place']}.")

    async def _give(self, context: Context, values: Mapping[str, Any]) -> Reply:
        return Reply(self.text, self.card, file=self.table)
