"""The plugin as the host meets it: its settings, its declarations, and that looking at it costs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

import botcore_sproutgigs
from botcore.clock import ManualClock
from botcore.pacing import OpenGate
from botcore.provider import Capability, ProviderTools
from botcore_sproutgigs.provider import SproutGigsProvider
from botcore_sproutgigs.settings import SproutGigsSettings

GOOD = {"user_id": "u1", "api_secret": "s3cret-s3cret"}


def provider(**settings: object) -> SproutGigsProvider:
    checked = SproutGigsSettings.model_validate(GOOD | settings)
    return SproutGigsProvider(checked, ProviderTools("main", OpenGate(), ManualClock()))


def test_the_provider_is_registered_under_its_name() -> None:
    assert botcore_sproutgigs.register_providers() == {SproutGigsProvider.name: SproutGigsProvider}


def test_finding_the_plugin_loads_nothing_heavy() -> None:
    code = "import sys, botcore_sproutgigs; sys.exit(bool({'aiohttp', 'pydantic'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_settings_have_the_documented_defaults() -> None:
    settings = SproutGigsSettings.model_validate({"user_id": 4711, "api_secret": "x"})
    assert settings.user_id == "4711"
    assert settings.base_url == "https://sproutgigs.com/api/"
    assert settings.webhook_secret is settings.signature_secret is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("user_id", ""),
        ("user_id", "a:b"),
        ("user_id", True),
        ("user_id", None),
        ("api_secret", ""),
        ("api_secret", "  "),
        ("api_secret", 5),
        ("base_url", "http://sproutgigs.com/api/"),
        ("base_url", 5),
        ("webhook_secret", ""),
        ("signature_secret", ""),
        ("fee_percent", -1),
        ("fee_percent", 101),
        ("fee_percent", "5"),
        ("fee_percent", True),
        ("picture_hosts", ["https://img.example.com/"]),
        ("picture_hosts", ["localhost"]),
        ("picture_hosts", "img.example.com"),
        ("api_key", "x"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not_told(key: str, value: object) -> None:
    with pytest.raises(ValidationError) as wrong:
        SproutGigsSettings.model_validate(GOOD | {key: value})
    assert [error["loc"][0] for error in wrong.value.errors()] == [key]
    assert "s3cret" not in str(wrong.value)


def test_no_secret_shows_in_settings_or_provider() -> None:
    one = provider(webhook_secret="hook-hook", signature_secret="sign-sign")
    for secret in ("s3cret", "hook-hook", "sign-sign"):
        assert secret not in f"{one.settings!r} {one.settings} {one!r}"


def test_pictures_come_from_the_marketplace_and_what_the_settings_add() -> None:
    assert provider(picture_hosts=["IMG.example.com", ".cdn.example.com"]).picture_hosts() == (
        "sproutgigs.com",
        ".sproutgigs.com",
        "img.example.com",
        ".cdn.example.com",
    )


def test_a_simulated_marketplace_on_loopback_serves_its_own_pictures() -> None:
    assert provider(base_url="http://127.0.0.1:8123/api").picture_hosts()[-1] == "127.0.0.1:8123"


def test_everything_it_can_do_is_declared() -> None:
    assert provider().capabilities == frozenset(Capability) - {Capability.COUNTRIES, Capability.TEAMS}
    assert provider().batch_size == 1000


async def test_a_provider_that_was_never_used_closes() -> None:
    await provider().close()
