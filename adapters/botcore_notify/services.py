"""Apprise's services behind URLs. Loaded only where the config has a channel of them; all of it blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import apprise
from apprise.attachment.memory import AttachMemory

from botcore.ui import Tone

from .outcomes import Outcome, hearing, listen, outcome_of
from .words import Format, Notice, Style

KINDS = {
    Tone.SUCCESS: apprise.NotifyType.SUCCESS,
    Tone.WARNING: apprise.NotifyType.WARNING,
    Tone.DANGER: apprise.NotifyType.FAILURE,
}
AS_MARKDOWN = ("discord", "guilded")  # say that they want text, and read it as Markdown

ASSET = apprise.AppriseAsset(
    app_id="botcore",
    app_desc="botcore",
    app_url="",
    image_url_mask="",
    image_url_logo="",
    async_mode=False,
    secure_logging=True,
)


class BadUrl(Exception):  # noqa: N818
    """It cannot be used; the message says why, without the URL."""


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    data: bytes
    media_type: str


class Service:
    """What a URL stands for. Raises `BadUrl` where Apprise can make nothing of it."""

    def __init__(self, url: str) -> None:
        listen()
        with hearing():
            found = apprise.Apprise.instantiate(url, asset=ASSET)
        if found is None:
            raise BadUrl(_why_not(url))
        self._service: Any = found
        self.title = str(found.service_name)
        self.takes_files = bool(found.attachment_support)
        self.style = Style(_format(found), found.title_maxlen, found.body_maxlen)
        self.seconds_between = float(found.request_rate_per_sec)
        if len(found) == 1:  # what is paced outside need not sleep inside; between several targets it does
            found.request_rate_per_sec = 0.0

    def tell(self, notice: Notice, tone: Tone, files: Sequence[Attachment] = ()) -> Outcome:
        """Sends a notice. Blocks for as long as the service takes."""
        attach = [
            AttachMemory(content=file.data, name=file.name, mimetype=file.media_type)  # type: ignore[no-untyped-call]
            for file in files
        ]
        with hearing() as heard:
            try:
                taken = self._service.notify(
                    title=notice.title,
                    body=notice.body,
                    body_format=apprise.NotifyFormat(self.style.format.value),
                    notify_type=KINDS.get(tone, apprise.NotifyType.INFO),
                    attach=apprise.AppriseAttachment(attach) if attach else None,
                    overflow=apprise.OverflowMode.TRUNCATE,
                )
            except Exception as error:  # noqa: BLE001 - of one of a hundred plugins; its text may hold the URL
                return outcome_of(False, [*heard, f"{type(error).__name__} {error}"])
            return outcome_of(bool(taken), heard)


def _format(service: Any) -> Format:
    wanted = Format(service.resolve_format().value)
    return Format.MARKDOWN if wanted is Format.TEXT and service.schema in AS_MARKDOWN else wanted


def _why_not(url: str) -> str:
    scheme = urlsplit(url).scheme.lower() if "://" in url else ""
    if not scheme:
        return "is no URL of Apprise's, such as mailto://user:password@example.com"
    if scheme not in apprise.NotificationManager():  # type: ignore[no-untyped-call]
        return f"{scheme}:// is no service that Apprise knows: see github.com/caronc/apprise"
    return f"the {scheme}:// URL is not complete, or has a mistake: see github.com/caronc/apprise for how it is written"
