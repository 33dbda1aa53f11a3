"""Answers with any part of them replaced by anything: a typed value or a provider's error, never a crash."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botcore.clock import ManualClock
from botcore.pacing import OpenGate
from botcore.provider import ProviderError, ProviderTools
from botcore.ui import to_json
from botcore_picoworkers.provider import PicoworkersProvider
from botcore_picoworkers.settings import PicoworkersSettings
from tests.plugins.sproutgigs.test_sproutgigs_mangled import CALLS, JUNK, WHOLE, Mangled

if TYPE_CHECKING:
    import pytest

WALLET = {"wallet/deposit.php": {"ok": True, "message": "m"}}


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 80), junk=JUNK)
async def test_a_mangled_answer_of_the_older_dialect_is_a_storable_value_or_a_providers_error(
    place: int, junk: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botcore_sproutgigs.pages.Pages.most_pages", 3)
    checked = PicoworkersSettings.model_validate({"user_id": "u", "api_secret": "x"})
    provider = PicoworkersProvider(checked, ProviderTools("main", OpenGate(), ManualClock()))
    provider.api.transport = Mangled(place, junk, WHOLE | WALLET)  # type: ignore[assignment]
    for call in CALLS:
        with suppress(ProviderError):
            to_json(await call(provider)).encode()
    with suppress(ProviderError):
        assert await provider.deposit(Decimal(10))
