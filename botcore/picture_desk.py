"""Fetches the pictures of submissions, and flags those seen before and those that look like others."""

from __future__ import annotations

import logging

from .accounts import Account, Accounts
from .delivery import touch
from .flags import flag_picture
from .likeness.desk import ask_to_look
from .likeness.looking import Looker, LookFailed, NothingToSee
from .likeness.measures import Look
from .likeness.pictures import compare, is_known, keep_look, note_compared
from .pictures import PictureBook, PictureUnavailable
from .store.port import Later, Store, Tx, Work

log = logging.getLogger(__name__)

TRIES = 5
LOOKS = 2  # tries to look at a picture: one that ends the process twice is not compared
PAUSE = 5.0  # seconds between them


class PictureDesk:
    """Handles the works `picture` and `look`."""

    def __init__(self, store: Store, accounts: Accounts, book: PictureBook, looker: Looker) -> None:
        self._store = store
        self._accounts = accounts
        self._book = book
        self._looker = looker

    async def fetch(self, work: Work) -> None:
        url = str(work.args["url"])
        account = self._accounts.get(work.args["account"])
        if account is None:
            await self._store.tx(_give_up, url, "its account is no longer configured")
            return
        hosts, loopback = allowed_hosts(account)
        try:
            fetched = await self._book.fetch(url, hosts, loopback)
        except PictureUnavailable as error:
            if work.attempt + 1 >= TRIES:
                await self._store.tx(_give_up, url, f"could not be fetched: {error}")
                return
            raise Later(min(2.0 ** (work.attempt + 1), 60.0), str(error)) from error
        await self._store.tx(_note, url, fetched.sha256)

    async def look(self, work: Work) -> None:
        sha256 = str(work.args["sha256"])
        if not await self._store.read(is_known, sha256):
            look: Look | None = None
            note = ""
            try:
                look = await self._looker.look(self._book.path(sha256).absolute())
            except NothingToSee as error:
                note = str(error)
            except LookFailed as error:
                if work.attempt + 1 < LOOKS:
                    raise Later(PAUSE, str(error)) from error
                log.warning("picture %s is not compared: %s", sha256, error)
                note = str(error)
            await self._store.tx(keep_look, sha256, look, note)
        while (compared := await self._store.read(compare, sha256)).numbers:
            await self._store.tx(note_compared, sha256, compared)


def allowed_hosts(account: Account) -> tuple[list[str], tuple[str, int] | None]:
    """Where an account's pictures may come from: hosts, and the one loopback port of a local marketplace."""
    hosts: list[str] = []
    loopback: tuple[str, int] | None = None
    for entry in account.provider.picture_hosts():
        host, colon, port = entry.rpartition(":")
        if colon and port.isdigit():
            loopback = (host.strip("[]"), int(port))
        else:
            hosts.append(entry)
    return hosts, loopback


def _note(tx: Tx, url: str, sha256: str) -> None:
    """Shows a picture on the cards that wait for it, once the last one of a card is here."""
    if sha256:
        ask_to_look(tx, sha256)
    for row in tx.q("SELECT submission FROM submission_pictures WHERE url = :url", url=url):
        number = row["submission"]
        copies = flag_picture(tx, number, sha256) if sha256 else []
        for copy in copies:
            if copy != number:
                touch(tx, f"submission:{copy}")
        loading = tx.value(
            """SELECT count(*) FROM submission_pictures s JOIN pictures p ON p.url = s.url
               WHERE s.submission = :id AND p.state = 'loading'""",
            id=number,
        )
        if not loading:
            touch(tx, f"submission:{number}")


def _give_up(tx: Tx, url: str, why: str) -> None:
    tx.q("UPDATE pictures SET state = 'refused', note = :why WHERE url = :url AND state = 'loading'", url=url, why=why)
    _note(tx, url, "")
