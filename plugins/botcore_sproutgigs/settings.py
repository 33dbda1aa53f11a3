"""The keys of an account in the config."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from botcore.settings import Number, PictureHost, Secret
from botcore.transport import checked_base_url


def _user_id(value: object) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not text.strip() or ":" in text:
        raise ValueError("must be the user id of the account's settings page")
    return text.strip()


def _percent(value: Decimal) -> Decimal:
    if not 0 <= value <= 100:
        raise ValueError("must be from 0 to 100, in percent")
    return value


class CommonSettings(BaseModel):
    """What an account needs, under either name of the marketplace."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)

    user_id: Annotated[str, BeforeValidator(_user_id)]
    api_secret: Secret
    base_url: Annotated[str, AfterValidator(checked_base_url)]
    fee_percent: Annotated[Number, AfterValidator(_percent)] | None = None  # of what tasks cost; no document tells it
    picture_hosts: tuple[PictureHost, ...] = ()


class SproutGigsSettings(CommonSettings):
    """`[accounts.NAME]` with `provider = "sproutgigs"`."""

    base_url: Annotated[str, AfterValidator(checked_base_url)] = "https://sproutgigs.com/api/"
    webhook_secret: Secret | None = None  # in the webhook's path
    signature_secret: Secret | None = None  # required of webhooks where it is set
