"""The keys of an account, and how it is paced."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from botcore.app import Bot
from botcore.clock import ManualClock
from botcore.config import load_config
from botcore.host import Host
from botcore_hiretalents.settings import HireTalentsSettings

if TYPE_CHECKING:
    from tests.plugins.hiretalents.conftest import OpenProvider


def test_only_the_key_is_needed() -> None:
    settings = HireTalentsSettings.model_validate({"api_key": "k"})
    assert settings.base_url == "https://www.hiretalents.com/api/v1/"
    assert (settings.days_to_rate, settings.keep_emails, settings.seconds_between_calls) == (None, False, 1.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"api_key": " "},
        {"api_key": "s3cret key"},
        {"api_key": "s3cret\nkey"},
        {"base_url": "http://hiretalents.example/api"},
        {"days_to_rate": 0},
        {"days_to_rate": "7"},
        {"requests_per_second": 0},
        {"keep_emails": "yes"},
        {"picture_hosts": ["https://img.example"]},
        {"user_id": "1"},
    ],
)
def test_what_makes_no_sense_is_refused_without_a_secret_in_the_message(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as error:
        HireTalentsSettings.model_validate({"api_key": "s3cret", **wrong})
    assert "s3cret" not in str(error.value)


def test_pictures_come_from_the_marketplace_and_from_where_the_settings_say(open_provider: OpenProvider) -> None:
    def there(**given: Any) -> set[str]:
        return set(open_provider(**given).picture_hosts())

    own = {"hiretalents.com", ".hiretalents.com"}
    assert there() == own
    assert there(picture_hosts=["img.example.com"]) == own | {"img.example.com"}
    assert there(base_url="http://127.0.0.1:99/api/v1/") == own | {"127.0.0.1:99"}


@pytest.mark.parametrize(("setting", "seconds"), [("", 1.0), ("requests_per_second = 0.5", 2.0)])
async def test_calls_are_as_far_apart_as_the_settings_say(setting: str, seconds: float, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        f'[bot]\ndatabase = "bot.db"\n[accounts.hire]\nprovider = "hiretalents"\napi_key = "k"\n{setting}\n'
    )
    host, clock = Host(), ManualClock()
    host.load()
    bot = await Bot.open(load_config(tmp_path / "config.toml"), host, clock)
    gate = bot.accounts["hire"].provider.tools.gate
    async with gate.turn():
        pass
    at = await bot.store.read(lambda r: r.value("SELECT next_call_at FROM accounts WHERE name = 'hire'"))
    assert at - clock.ms() == seconds * 1000
    await bot.stop()
