"""`[adapters.discord]`."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from botcore.settings import Id, Secret
from botcore.transport import checked_base_url

API = "https://discord.com/api/v10"
_SNOWFLAKE = re.compile("[0-9]{5,20}")


def snowflake(value: str) -> str:
    """An id of Discord's, as text. Raises `ValueError`."""
    if not _SNOWFLAKE.fullmatch(value):
        raise ValueError("must be an id of Discord's, such as 123456789012345678 (Copy ID in its menus)")
    return value


def _base_url(value: str) -> str:
    return checked_base_url(value).rstrip("/")


class DiscordSettings(BaseModel):
    """`token` is the bot's, `guild` the id of the one server that it serves."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    token: Secret
    guild: Annotated[Id, AfterValidator(snowflake)]
    base_url: Annotated[str, AfterValidator(_base_url)] = API
