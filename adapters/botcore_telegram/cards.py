"""Cards in chats: sent, edited, turned and answered with. Loaded only where Telegram is used."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import replace
from weakref import WeakValueDictionary

from botcore.adapter import AdapterError, ChannelBroken, MessageGone, Pictures, SendUnknown, Traffic
from botcore.charts import PicturesOf, as_pictures
from botcore.clock import Clock
from botcore.models import Channel
from botcore.store.port import Store
from botcore.ui import Card, Picture

from . import kept as rows
from .acts import Place
from .api import Way
from .chats import Chats
from .errors import TOKEN_REFUSED, Moved, NotModified
from .kept import Kept
from .native import Album, Note, Photo, Plan
from .pacing import Busy, Pacer
from .photos import load
from .render import draw, redraw, wanted
from .sender import Sender

log = logging.getLogger(__name__)

LEFT_BEHIND_MS = 14 * 86_400_000  # a card in a group that moved is sent anew if it was touched since then
AGAIN = "sent again: the first may have arrived"
_TEXT = "text "  # names a message ahead of a card that has no picture


class Cards:
    def __init__(
        self, sender: Sender, pacer: Pacer, chats: Chats, store: Store, clock: Clock, pictures: Pictures
    ) -> None:
        self._sender = sender
        self._pacer = pacer
        self._chats = chats
        self._store = store
        self._clock = clock
        self._pictures = pictures
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def send(self, channel: Channel, card: Card, key: str) -> int:
        """Sends a card to a channel and returns its number. What is known to have arrived under this key already is
        not sent again. Raises `SendFailed`, `SendUnknown`, `ChannelBroken`."""
        place = self._chats.place(channel.name)
        if place is None:
            raise ChannelBroken(f'"{channel.to}" is no chat: say /here in it, and put the number under `to`')
        begun = await self._store.tx(rows.begin_send, key, channel.name, place, card, self._clock.ms())
        async with self._lock(begun.id):
            if begun.message is None:
                await self._post(begun, card, Way(place, Traffic.NEW, patient=False))
            else:
                await self._show(begun, card, Way(place, Traffic.NEW, patient=False))
        return begun.id

    async def edit(self, number: int, card: Card) -> None:
        """Makes a card show this. Raises `SendFailed`, `SendUnknown`, `MessageGone`, `ChannelBroken`."""
        async with self._lock(number):
            kept = await self._store.read(rows.by_id, number)
            if kept is None:
                raise MessageGone("nobody knows where that card is")
            try:
                await self._show(kept, card, Way(kept.place, Traffic.DECISION, patient=False))
            except ChannelBroken as error:
                if str(error) == TOKEN_REFUSED or self._chats.now(kept.place).chat in self._chats.all():
                    raise
                raise MessageGone("it is in a chat of before, which the bot cannot reach any more") from error

    async def answer(self, place: Place, card: Card, reply_to: int | None) -> None:
        """Sends a card to somebody who waits for it. Raises as `send` does."""
        photos = await load(PicturesOf(self._pictures, card), wanted(card, whole=True))
        way = Way(place, reply_to=reply_to)
        what = draw(card, photos, now=self._clock.now(), whole=True)
        kept = await self._store.tx(rows.insert, None, "", place, card, self._clock.ms()) if card.buttons else None
        await self._send_plan(kept, card, what, way)

    async def replace(self, place: Place, message: int, card: Card) -> None:
        """Puts a card into the place of an answer that was pressed. Raises `MessageGone` where it cannot be."""
        await self._change(place, message, card, None)

    async def turn(self, place: Place, message: int, picture: int) -> None:
        """Shows another picture of a card. Raises `MessageGone` where nobody knows the card any more."""
        await self._change(place, message, None, picture)

    async def bring_along(self) -> None:
        """Sends what was left behind in groups that became supergroups."""
        for left in await self._store.read(rows.unsent, self._clock.ms() - LEFT_BEHIND_MS):
            async with self._lock(left.id):
                kept = await self._store.read(rows.by_id, left.id)
                if kept is not None and kept.message is None and not kept.doubtful:
                    try:
                        await self._post(kept, kept.card, Way(kept.place, Traffic.NEW))
                    except AdapterError as error:
                        log.warning("a card was left behind in a group that moved: %s", error)

    # --- inside

    def _lock(self, number: int) -> asyncio.Lock:
        """One at a time changes a card."""
        lock = self._locks.get(number)
        if lock is None:
            lock = self._locks[number] = asyncio.Lock()
        return lock

    async def _change(self, place: Place, message: int, card: Card | None, picture: int | None) -> None:
        found = await self._store.read(rows.by_message, self._chats.now(place).chat, message)
        if found is None or (card is not None and found.channel):  # a channel's card is not one person's to replace
            raise MessageGone("that card is too old")
        async with self._lock(found.id):
            kept = await self._store.read(rows.by_id, found.id)
            if kept is None or kept.message is None:
                raise MessageGone("that card is too old")
            if picture is not None:
                kept = replace(kept, picture=picture)
            await self._show(kept, card or kept.card, Way(kept.place))

    async def _post(self, kept: Kept, card: Card, way: Way) -> None:
        photos = await load(PicturesOf(self._pictures, card), wanted(card))
        shown = replace(card, footer=f"{card.footer} · {AGAIN}".strip(" ·")) if kept.was_doubtful else card
        await self._send_plan(replace(kept, card=card), card, draw(shown, photos, now=self._clock.now()), way)

    async def _send_plan(self, kept: Kept | None, card: Card, what: Plan, way: Way) -> None:
        """Sends all of a plan that is not there yet. Keeps what is known of it, whatever happens."""
        try:
            if not way.patient and (pause := self._pacer.pause(way.place.chat, way.traffic, what.messages)):
                raise Busy(pause)
            way = replace(way, patient=True)  # nothing comes between its parts
            before = dict(kept.before) if kept else {}
            for number, part in enumerate(what.before):
                sent = await self._send_part(part, number, before, way)
                before |= sent
                if kept and sent:
                    kept = replace(kept, before=before)
                    await self._store.tx(rows.save, kept, self._clock.ms())
            last = await self._sender.note(_answering(way, before), what.card)
        except SendUnknown:
            raise
        except AdapterError:
            if kept:  # surely not there
                await self._store.tx(rows.save, replace(kept, doubtful=False), self._clock.ms())
            raise
        if kept:
            kept = replace(kept, place=self._chats.now(kept.place), message=last.message, media=last.media)
            await self._store.tx(rows.save, _as_shown(kept, card, what.card, kept.picture), self._clock.ms())

    async def _send_part(
        self, part: Album | Note, number: int, before: Mapping[str, int], way: Way
    ) -> Mapping[str, int]:
        """The messages that it made, by what is in them; none where they are there already."""
        names = [item.photo.key for item in part.items] if isinstance(part, Album) else [_name(part, number)]
        if all(name in before for name in names):
            return {}
        way = _answering(way, before)
        sent = await self._sender.album(way, part) if isinstance(part, Album) else [await self._sender.note(way, part)]
        return {name: one.message for name, one in zip(names, sent, strict=True)}

    async def _show(self, kept: Kept, card: Card, way: Way) -> None:
        if kept.message is None:
            await self._post(kept, card, way)
            return
        picture = kept.picture if _pictures(card) == _pictures(kept.card) else 0
        above = any(not name.startswith(_TEXT) for name in kept.before)
        photos: Mapping[str, Photo] = {}
        if not above:
            photos = await load(PicturesOf(self._pictures, card), wanted(card, picture=picture))
        note = redraw(card, photos, now=self._clock.now(), picture=picture, media=bool(kept.media), above=above)
        after = _as_shown(replace(kept, doubtful=False), card, note, picture)
        if after.drawn != kept.drawn:
            try:
                sent = await self._sender.edit(way, kept.message, note, (kept.media, kept.shown))
                after = replace(after, media=sent.media or after.media)
            except NotModified:
                pass
            except Moved:
                moved = await self._store.read(rows.by_id, kept.id)
                if moved is not None:
                    await self._post(moved, card, replace(way, place=moved.place))
                return
        await self._store.tx(rows.save, after, self._clock.ms())


def _answering(way: Way, before: Mapping[str, int]) -> Way:
    """The parts of a card hang together: each answers to the first."""
    return replace(way, reply_to=next(iter(before.values()))) if before else way


def _name(note: Note, number: int) -> str:
    return note.media.photo.key if note.media else f"{_TEXT}{number}"


def _pictures(card: Card) -> list[str]:
    return [block.key for block in as_pictures(card).blocks if isinstance(block, Picture) and block.key]


def _as_shown(kept: Kept, card: Card, note: Note, picture: int) -> Kept:
    key = note.media.photo.key if note.media else ""
    looks = repr((note.html, note.keyboard, key))
    drawn = hashlib.sha256(looks.encode()).hexdigest()
    return replace(kept, card=card, picture=picture, shown=key, drawn=drawn, doubtful=False)
