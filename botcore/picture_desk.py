"""Fetches the pictures of submissions, and flags those seen before."""

from __future__ import annotations

from .accounts import Account, Accounts
from .delivery import touch
from .flags import flag_picture
from .pictures import PictureBook, PictureUnavailable
from .store.port import Later, Store, Tx, Work

TRIES = 5


class PictureDesk:
    """Handles the work `picture`."""

    def __init__(self, store: Store, accounts: Accounts, book: PictureBook) -> None:
        self._store = store
        self._accounts = accounts
        self._book = book

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
    for row in tx.q("SELECT submission FROM submission_pictures WHERE url = :url", url=url):
        number = row["submission"]
        if sha256:
            flag_picture(tx, number, sha256)
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
