"""What a new account finds here: lists, and its first jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from botcore_sproutgigs.sandbox.first import Lists

LISTS: Lists = {"Good work before": slice(22), "Careful readers": slice(18, 30), "Testers": slice(30, 36)}
DRAFTS: Sequence[Mapping[str, Any]] = (
    {
        "zone_id": "int",
        "category_id": "1504",
        "title": "Follow our hiking club",
        "task_value": "0.08",
        "ttr": 3,
        "instructions": ["Open https://hikers.example/club", "Follow the page", "Open your profile"],
        "proofs": [
            {"type": "screenshot", "description": "Screenshot of your profile with the club followed"},
            {"type": "text", "description": "Your user name"},
        ],
    },
    {
        "zone_id": "int",
        "category_id": "1001",
        "title": "Search for tea pots and visit our shop",
        "task_value": "0.07",
        "ttr": 5,
        "instructions": ["Search for: tea pots", "Open https://teapots.example", "Stay for a minute"],
        "proofs": [{"type": "text", "description": "The link of the last page you saw"}],
    },
    {
        "zone_id": "int",
        "category_id": "2501",
        "title": "Review of our recipe site",
        "task_value": "0.40",
        "workers_level": "advanced",
        "workers_max_tasks": 3,
        "instructions": ["Open https://recipes.example", "Cook something, or imagine it", "Write what you think"],
        "proofs": [{"type": "text", "description": "Your opinion in three sentences"}],
    },
)
