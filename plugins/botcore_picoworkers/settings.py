"""The keys of an account in the config."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from botcore.transport import checked_base_url
from botcore_sproutgigs.settings import CommonSettings


class PicoworkersSettings(CommonSettings):
    """`[accounts.NAME]` with `provider = "picoworkers"`. There are no webhooks, so there is no secret for them."""

    base_url: Annotated[str, AfterValidator(checked_base_url)] = "https://picoworkers.com/api/"
