"""The plugin as the host meets it, and what of the older dialect it declares."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

import botcore_picoworkers
from botcore.models import WebhookRequest
from botcore.provider import Capability
from botcore_picoworkers.provider import PicoworkersProvider
from botcore_picoworkers.settings import PicoworkersSettings
from botcore_sproutgigs.provider import SproutGigsProvider

GOOD = {"user_id": "u1", "api_secret": "s3cret-s3cret"}


def test_the_provider_is_registered_under_its_name() -> None:
    assert botcore_picoworkers.register_providers() == {PicoworkersProvider.name: PicoworkersProvider}


def test_finding_the_plugin_loads_nothing_heavy() -> None:
    code = "import sys, botcore_picoworkers; sys.exit(bool({'aiohttp', 'pydantic'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_settings_have_the_documented_defaults() -> None:
    settings = PicoworkersSettings.model_validate({"user_id": 4711, "api_secret": "x"})
    assert (settings.user_id, settings.base_url) == ("4711", "https://picoworkers.com/api/")


@pytest.mark.parametrize("key", ["webhook_secret", "signature_secret", "api_key"])
def test_a_setting_that_means_nothing_there_is_refused(key: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        PicoworkersSettings.model_validate(GOOD | {key: "s3cret"})
    assert [error["loc"][0] for error in wrong.value.errors()] == [key]
    assert "s3cret" not in str(wrong.value)


def test_it_declares_what_its_document_has_and_nothing_else() -> None:
    missing = {Capability.WEBHOOKS, Capability.BATCH_RATING, Capability.BLOCK, Capability.UNBLOCK}
    assert PicoworkersProvider.capabilities == SproutGigsProvider.capabilities - missing
    assert PicoworkersProvider.batch_size == 1
    assert PicoworkersProvider.time_to_rate_range == (1, 7)
    assert PicoworkersProvider.speed_range == (1, 1000)
    assert PicoworkersProvider.positions_range == (1, 9999)


def test_what_only_the_younger_name_has_is_not_there() -> None:
    for name in ("gigs", "feature", "predicted_position"):
        assert hasattr(SproutGigsProvider, name)
        assert not hasattr(PicoworkersProvider, name)


async def test_what_it_cannot_do_is_not_pretended(provider: PicoworkersProvider) -> None:
    for call in (provider.block, provider.unblock):
        with pytest.raises(NotImplementedError):
            await call(["w1"])
    with pytest.raises(NotImplementedError):
        provider.hints(WebhookRequest("POST", {}, {}, b"{}"))


def test_pictures_come_from_its_own_hosts(provider: PicoworkersProvider) -> None:
    first, second, own = provider.picture_hosts()
    assert (first, second) == ("picoworkers.com", ".picoworkers.com")
    assert own.startswith("127.0.0.1:")
