"""What the plugin's tests start from: a marketplace, a provider for it, and a bot's commands with both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from botcore.clock import ManualClock
from botcore.core_kinds import CORE_KINDS
from botcore.pacing import OpenGate
from botcore.provider import ProviderTools
from botcore_sproutgigs.commands import COMMANDS, OPERATIONS
from botcore_sproutgigs.provider import SproutGigsProvider
from botcore_sproutgigs.settings import SproutGigsSettings
from tests.core.market import START
from tests.core.rig import Rig, Rigs, Setup
from tests.plugins.sproutgigs.answering import SECRET, Marketplace, opened


@pytest.fixture
async def marketplace() -> AsyncIterator[Marketplace]:
    async with opened() as marketplace:
        yield marketplace


@pytest.fixture
async def provider(marketplace: Marketplace) -> AsyncIterator[SproutGigsProvider]:
    settings = SproutGigsSettings.model_validate(
        {"user_id": "u1", "api_secret": SECRET, "base_url": marketplace.base_url}
    )
    provider = SproutGigsProvider(settings, ProviderTools("main", OpenGate(), ManualClock()))
    yield provider
    await provider.close()


@pytest.fixture
async def rig(tmp_path: Path, provider: SproutGigsProvider) -> AsyncIterator[Rig]:
    """Two accounts: `main` is the provider's, `other` is at another marketplace."""
    rigs = Rigs(tmp_path, ManualClock(START))
    kinds = {**CORE_KINDS, **{kind.name: kind for kind in OPERATIONS}}
    rig = await rigs.start(Setup(accounts=("main", "other"), commands=COMMANDS, kinds=kinds))
    rig.accounts["main"].provider = provider
    yield rig
    await rigs.close()
