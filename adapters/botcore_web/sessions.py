"""Who is signed in: links that work once, and the sessions they open. Tokens are stored only as hashes."""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass
from enum import Enum

from botcore.clock import Clock
from botcore.models import Person
from botcore.store.port import Reader, Store, StoreError, Tx

log = logging.getLogger(__name__)

TOKEN_BYTES = 32
MINUTE = 60_000
DAY = 24 * 60 * MINUTE
LINK_LIFE = DAY
SESSION_LIFE = 30 * DAY
SEEN_EVERY = 10 * MINUTE  # a session notes no oftener that it was used

REDEEM = """
UPDATE web_links SET used_at = :now WHERE token = :token AND used_at IS NULL AND expires_at > :now
RETURNING user_id, person_since
"""
OPEN = """
INSERT INTO web_sessions (token, user_id, person_since, csrf, created_at, seen_at, expires_at)
VALUES (:token, :user_id, :person_since, :csrf, :now, :now, :expires)
"""


class LinkState(Enum):
    GOOD = "good"
    USED = "used"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Session:
    """`short_id` names a session without giving it away. `person_since`: `Person.since` of whom the link was made for;
    None for one from before that was noted."""

    user_id: str
    csrf: str
    short_id: str
    person_since: int | None

    def is_of(self, person: Person) -> bool:
        """False where the link was for somebody who was shut out, and whose id somebody else has now."""
        return self.person_since in (None, person.since)


class Sessions:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def make_link(self, user_id: str, person: Person) -> str:
        """A token that signs this person in once, within a day."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        await self._store.tx(_make_link, hashed(token), user_id, person.since, self._clock.ms())
        return token

    async def link_state(self, token: str) -> LinkState:
        return await self._store.read(_link_state, hashed(token), self._clock.ms())

    async def redeem(self, token: str) -> str | LinkState:
        """Spends a link and returns the new session's token, or says why it cannot."""
        session = secrets.token_urlsafe(TOKEN_BYTES)
        csrf = secrets.token_urlsafe(TOKEN_BYTES)
        found = await self._store.tx(_redeem, hashed(token), hashed(session), csrf, self._clock.ms())
        return session if found is LinkState.GOOD else found

    async def find(self, token: str) -> Session | None:
        """The session of a cookie, unless it is over."""
        name, now = hashed(token), self._clock.ms()
        row = await self._store.read(_find, name, now)
        if row is None:
            return None
        session, seen_at = row
        if now - seen_at >= SEEN_EVERY:
            try:
                await self._store.tx(_touch, name, now)
            except StoreError as error:  # a full disk must not keep people from reading
                log.warning("could not note that a session was used: %s", error)
        return session

    async def end(self, token: str) -> None:
        """Signs out."""
        await self._store.tx(_end, hashed(token))


def hashed(token: str) -> str:
    """How a token is stored. Takes whatever a browser sent, also what is no valid text."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _make_link(tx: Tx, token: str, user_id: str, person_since: int, now: int) -> None:
    tx.q("DELETE FROM web_links WHERE expires_at < :old", old=now - SESSION_LIFE)
    tx.q("DELETE FROM web_sessions WHERE expires_at < :now", now=now)
    tx.q(
        """INSERT INTO web_links (token, user_id, person_since, created_at, expires_at)
           VALUES (:token, :user_id, :person_since, :now, :expires)""",
        token=token,
        user_id=user_id,
        person_since=person_since,
        now=now,
        expires=now + LINK_LIFE,
    )


def _link_state(reader: Reader, token: str, now: int) -> LinkState:
    row = reader.one("SELECT used_at, expires_at FROM web_links WHERE token = :token", token=token)
    if row is None:
        return LinkState.UNKNOWN
    if row["used_at"] is not None:
        return LinkState.USED
    return LinkState.GOOD if row["expires_at"] > now else LinkState.EXPIRED


def _redeem(tx: Tx, link: str, session: str, csrf: str, now: int) -> LinkState:
    spent = tx.one(REDEEM, token=link, now=now)
    if spent is None:
        return _link_state(tx, link, now)
    tx.q(OPEN, token=session, csrf=csrf, now=now, expires=now + SESSION_LIFE, **spent)
    return LinkState.GOOD


def _find(reader: Reader, token: str, now: int) -> tuple[Session, int] | None:
    row = reader.one(
        """SELECT user_id, person_since, csrf, seen_at FROM web_sessions
           WHERE token = :token AND expires_at > :now""",
        token=token,
        now=now,
    )
    if row is None:
        return None
    return Session(row["user_id"], row["csrf"], token[:8], row["person_since"]), row["seen_at"]


def _touch(tx: Tx, token: str, now: int) -> None:
    tx.q("UPDATE web_sessions SET seen_at = :now WHERE token = :token", token=token, now=now)


def _end(tx: Tx, token: str) -> None:
    tx.q("DELETE FROM web_sessions WHERE token = :token", token=token)
