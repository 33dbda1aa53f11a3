"""Single messages to chats: pictures that Telegram has already are only named, and what it refuses goes as what it
takes. Loaded only where Telegram is used."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from botcore.clock import Clock
from botcore.store.port import Store, StoreError

from .api import Api, Sent, Way
from .chats import Chats
from .errors import Moved, Refused
from .kept import NO_PHOTO, files, forget_files, keep_files
from .native import Album, Media, Note

log = logging.getLogger(__name__)

T = TypeVar("T")

PLAIN_UNITS = {"text": 4000, "caption": 1000}
_TAG = re.compile(r"<[^>]*>")
_UNREADABLE = ("can't parse entities", "too long", "message_too_long", "caption_too_long", "entity_text_invalid")
_NO_SUCH_FILE = ("file identifier", "file_reference", "file reference", "remote file", "file_id")
_NO_PHOTO = ("photo", "image_process_failed", "wrong type of the web page content", "dimensions")


class Sender:
    """Sends and edits single messages. Follows groups that move. Errors are those of `errors`."""

    def __init__(self, api: Api, store: Store, clock: Clock, chats: Chats, bot: int) -> None:
        self._api = api
        self._store = store
        self._clock = clock
        self._chats = chats
        self._bot = bot

    async def note(self, way: Way, note: Note) -> Sent:
        """Sends a message."""

        async def go(way: Way, note: Note, known: Mapping[str, str]) -> Sent:
            return await self._api.send(way, note, known)

        sent, media = await self._insist(way, note, go)
        await self._keep((media,) if media else (), (sent,))
        return sent

    async def edit(self, way: Way, message: int, note: Note, had: tuple[str, str]) -> Sent:
        """Edits a message that had this `Sent.media`, and the picture of this key. Raises `Moved` too: the message was
        left behind."""

        async def go(way: Way, note: Note, known: Mapping[str, str]) -> Sent:
            now = (_kind(note.media), note.media.photo.key) if note.media else ("", "")
            return await self._api.edit(way, message, note, known, same=now == had)

        sent, media = await self._insist(way, note, go, follow=False)
        await self._keep((media,) if media else (), (sent,))
        return sent

    async def album(self, way: Way, album: Album) -> Sequence[Sent]:
        """Sends pictures that belong together; as documents where one of them is taken for no photo."""
        items = await self._allowed(album.items)
        while True:
            known = await self._known(items)
            try:
                sent = await self._moving(way, lambda way: self._api.send_album(way, items, album.captions, known))  # noqa: B023
            except Refused as error:
                if known and _is(error, _NO_SUCH_FILE):
                    await self._store.tx(forget_files, self._bot, known)
                elif not items[0].document and _is(error, _NO_PHOTO):
                    log.info("an album goes as documents: %s", error.words)
                    items = tuple(replace(item, document=True) for item in items)
                else:
                    raise
            else:
                await self._keep(items, sent)
                return sent

    # --- inside

    async def _insist(
        self, way: Way, note: Note, go: Callable[[Way, Note, Mapping[str, str]], Awaitable[T]], *, follow: bool = True
    ) -> tuple[T, Media | None]:
        """Sends as it is, and where Telegram refuses that, as what it does take; with the picture as it was taken."""
        if note.media is not None:
            note = replace(note, media=(await self._allowed((note.media,)))[0])
        plain = False
        while True:
            known = await self._known((note.media,) if note.media else ())
            try:
                return await self._moving(way, lambda way: go(way, note, known), follow=follow), note.media  # noqa: B023
            except Refused as error:
                if not plain and _is(error, _UNREADABLE):
                    log.error("Telegram refused a message, which goes as plain text: %s", error.words)
                    note, plain = _as_plain(note), True
                elif known and _is(error, _NO_SUCH_FILE):
                    await self._store.tx(forget_files, self._bot, known)
                elif note.media and not note.media.document and _is(error, _NO_PHOTO):
                    log.info("a picture goes as a document: %s", error.words)
                    await self._store.tx(
                        keep_files, self._bot, {(note.media.photo.key, "photo"): NO_PHOTO}, self._clock.ms()
                    )
                    note = replace(note, media=replace(note.media, document=True))
                else:
                    raise

    async def _moving(self, way: Way, go: Callable[[Way], Awaitable[T]], *, follow: bool = True) -> T:
        while True:
            place = self._chats.now(way.place)
            try:
                return await go(replace(way, place=place))
            except Moved as error:
                await self._chats.moved(place.chat, error.chat)
                if not follow or self._chats.now(place) == place:
                    raise
                way = replace(way, reply_to=None)  # that one stays behind

    async def _allowed(self, items: Sequence[Media]) -> tuple[Media, ...]:
        """As documents, where one of them was refused as a photo before."""
        refused = await self._store.read(files, self._bot, [item.photo.key for item in items if not item.document])
        if any(file == NO_PHOTO for (_, kind), file in refused.items() if kind == "photo"):
            return tuple(replace(item, document=True) for item in items)
        return tuple(items)

    async def _known(self, items: Sequence[Media]) -> Mapping[str, str]:
        found = await self._store.read(files, self._bot, [item.photo.key for item in items])
        kinds = {item.photo.key: _kind(item) for item in items}
        return {key: file for (key, kind), file in found.items() if kinds[key] == kind and file != NO_PHOTO}

    async def _keep(self, items: Sequence[Media], sent: Sequence[Sent]) -> None:
        found = {
            (item.photo.key, one.media): one.file
            for item, one in zip(items, sent, strict=False)  # a text has no item
            if one.file and one.media == _kind(item)
        }
        if not found:
            return
        try:
            await self._store.tx(keep_files, self._bot, found, self._clock.ms())
        except StoreError as error:  # it was sent all the same
            log.warning("a picture will be uploaded again: %s", error)


def _kind(media: Media) -> str:
    return "document" if media.document else "photo"


def _is(error: Refused, words: Sequence[str]) -> bool:
    return any(word in error.words for word in words)


def _as_plain(note: Note) -> Note:
    """Its words without any markup."""
    text = html.unescape(_TAG.sub("", note.html))
    limit = PLAIN_UNITS["text" if note.media is None and note.file is None else "caption"]
    cut = text.encode("utf-16-le")[: limit * 2].decode("utf-16-le", "ignore")
    return replace(note, html=html.escape(cut, quote=False))
