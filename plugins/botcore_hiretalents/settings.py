"""The keys of an account in the config."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StrictBool, StrictInt

from botcore.settings import PictureHost, Secret
from botcore.transport import checked_base_url


def _sendable(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[\x21-\x7e]+", value.get_secret_value()):
        raise ValueError("must be the key of the account's settings page, without spaces")
    return value


class HireTalentsSettings(BaseModel):
    """`[accounts.NAME]` with `provider = "hiretalents"`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)

    api_key: Annotated[Secret, AfterValidator(_sendable)]
    base_url: Annotated[str, AfterValidator(checked_base_url)] = "https://www.hiretalents.com/api/v1/"
    webhook_secret: Secret | None = None  # in the callback's path
    days_to_rate: Annotated[StrictInt, Field(ge=1, le=365)] | None = None  # the marketplace tells no deadline
    requests_per_second: Annotated[float, Field(ge=0.01, le=20)] = 1.0  # nor a limit
    keep_emails: StrictBool = False  # show and keep the workers' e-mail addresses
    picture_hosts: tuple[PictureHost, ...] = ()

    @property
    def seconds_between_calls(self) -> float:
        return 1 / self.requests_per_second
