"""The keys of an account in the config."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, SecretStr

from botcore.transport import checked_base_url

_HOST = re.compile(r"\.?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def _user_id(value: object) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not text.strip() or ":" in text:
        raise ValueError("must be the user id of the account's settings page")
    return text.strip()


def _filled(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().strip():
        raise ValueError("must not be empty")
    return value


def _host(value: str) -> str:
    host = value.strip().lower()
    if not _HOST.fullmatch(host):
        raise ValueError("must be a host name, such as img.example.com, or .example.com for all below it")
    return host


Secret = Annotated[SecretStr, AfterValidator(_filled)]


class SproutGigsSettings(BaseModel):
    """`[accounts.NAME]` with `provider = "sproutgigs"`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    user_id: Annotated[str, BeforeValidator(_user_id)]
    api_secret: Secret
    base_url: Annotated[str, AfterValidator(checked_base_url)] = "https://sproutgigs.com/api/"
    webhook_secret: Secret | None = None  # in the webhook's path
    signature_secret: Secret | None = None  # required of webhooks where it is set
    picture_hosts: tuple[Annotated[str, AfterValidator(_host)], ...] = ()
