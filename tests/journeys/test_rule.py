"""A rule approves what holds, in a real bot with real pictures, and leaves the rest to people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

RULES = """
[[rules]]
name = "anything"
accounts = ["{account}"]
when = [{{ matches = '(?s).+' }}]
min_approvals = 0
max_per_day = 2
max_dollars_per_day = 100
shadow = false
sample = 0
"""


async def test_a_rule_approves_within_its_limit_what_is_complete_and_says_so(
    make_town: Callable[..., Any], until: Callable[..., Any]
) -> None:
    town = await make_town(waiting=4, hurried=True)
    account = town.sandbox.accounts[0].name
    with town.config.open("a") as config:
        config.write(RULES.format(account=account))
    await town.bot()

    def judged() -> bool:
        (row,) = town.rows(
            """SELECT (SELECT count(*) FROM submissions) AS came, (SELECT count(*) FROM rule_findings) AS judged,
                      (SELECT count(*) FROM decisions WHERE state = 'confirmed') AS confirmed"""
        )
        return bool(row["judged"] == row["came"] and row["confirmed"] == 2)

    await until(judged)
    assert [entry["rating"] for entry in town.ratings()] == ["ok"] * 2
    decided = town.rows(
        """SELECT d.person, (SELECT count(*) FROM flags WHERE submission = d.submission) AS flags,
                  (SELECT count(*) FROM submission_pictures l JOIN pictures p ON p.url = l.url
                   WHERE l.submission = d.submission AND p.state != 'ready') AS missing
           FROM decisions d"""
    )
    assert [tuple(row.values()) for row in decided] == [("rule anything", 0, 0)] * 2
    answer = await town.ask("rules")
    assert answer is not None
    (row,) = answer["reply"]["card"]["blocks"][0]["rows"]
    assert row[:2] == ["anything", "approves"]
    assert row[4].startswith("2 of 2, ")
