"""A webhook storm and a backlog are read with the fewest calls that each marketplace allows, counted there.

`make bench ARGS=storms` has the same with thousands.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.storms import MARKETPLACES, WEBHOOKS, Size, backlog, storm

SIZES = [Size(60, 6, 5), Size(60, 6, 30), Size(12, 12, 5), Size(20, 1, 5)]
sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size.waiting}-in-{size.jobs}-by-{size.page}")


@sizes
@pytest.mark.parametrize("provider", MARKETPLACES)
async def test_a_backlog_is_read_with_the_fewest_calls(tmp_path: Path, provider: str, size: Size) -> None:
    told = await backlog(tmp_path, provider, size)
    assert told.read == size.waiting
    assert told.calls.total() == told.fewest, told.calls


@sizes
@pytest.mark.parametrize("provider", WEBHOOKS)
async def test_what_a_webhook_names_is_read_with_the_fewest_calls(tmp_path: Path, provider: str, size: Size) -> None:
    told = await storm(tmp_path, provider, size)
    assert told.read == size.waiting
    assert told.calls.total() == told.fewest, told.calls
