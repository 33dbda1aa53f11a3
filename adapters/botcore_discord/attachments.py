"""Files that people attach to a command: read from Discord's own hosts alone, and only what a command can take."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from botcore.attached import MOST_BYTES, BadFile, check_size, read_file, shown_name
from botcore.download import DownloadFailed, DownloadRefused, download
from botcore.settings import is_loopback
from botcore.ui import File

from .commands import ATTACHMENT, options_of

log = logging.getLogger(__name__)

HOSTS = ("cdn.discordapp.com", "media.discordapp.net")
FETCHED = 20.0  # seconds for a file


def attached(data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What was attached to a command, as Discord tells of it; None where nothing was."""
    files = (data.get("resolved") or {}).get("attachments") or {}
    for option in options_of(data):
        if option["type"] == ATTACHMENT and (found := files.get(str(option["value"]))):
            return dict(found)
    return None


async def fetch(told: Mapping[str, Any], base_url: str) -> File:
    """Its text. Raises `BadFile`. `base_url`: where the API is; on this machine, it may have the files as well."""
    name, url = str(told.get("filename") or "file"), str(told.get("url") or "")
    check_size(name, int(told.get("size") or 0))
    api = urlsplit(base_url)
    ours = (api.hostname, api.port) if api.hostname and api.port and is_loopback(api.hostname) else None
    received = bytearray()
    try:
        if ours is None and not url.startswith("https://"):
            raise DownloadRefused("not an https address")
        await download(
            url, received.extend, hosts=HOSTS, loopback=ours, max_bytes=MOST_BYTES, timeout=FETCHED, accept="*/*"
        )
    except (DownloadRefused, DownloadFailed) as error:
        log.warning("Discord: an attached file was not fetched: %s", error)
        raise BadFile(f"the file {shown_name(name)} could not be fetched from Discord: send it again") from error
    return read_file(name, bytes(received))
