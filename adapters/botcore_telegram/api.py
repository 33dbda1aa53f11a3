"""The Bot API, one method for each thing that is asked of it. Loaded only where Telegram is used.

Whatever is written to a chat waits for its room first. Errors are those of `errors`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from ssl import SSLContext
from typing import Any
from urllib.parse import urlencode

from httpx import create_ssl_context
from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    ChatFullInfo,
    ChatMember,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    InputMediaDocument,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
    User,
    WebhookInfo,
)
from telegram.request import HTTPXRequest

from botcore.adapter import SendUnknown, Traffic

from .acts import Place
from .errors import Held, translated
from .native import Keyboard, Media, Note
from .pacing import Pacer
from .settings import TelegramSettings

UPDATES = ("message", "callback_query")
POLL_SECONDS = 25  # that a request for updates stays open
CONNECTIONS = 32
CONNECT_SECONDS, READ_SECONDS, UPLOAD_SECONDS = 10.0, 25.0, 60.0
POOL_SECONDS = 10.0
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as Telegram has it. `media`: "", "photo" or "document"; `file`: what names its file."""

    message: int
    media: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """How a message goes to a chat. Who is not `patient` hears of `Busy` instead of waiting."""

    place: Place
    traffic: Traffic = Traffic.ANSWER
    patient: bool = True
    reply_to: int | None = None


class Api:
    """`open`, then the rest, then `close`. `files` of a call: what names pictures that Telegram has already, by key."""

    def __init__(self, settings: TelegramSettings, pacer: Pacer) -> None:
        trusted = {"verify": trust()}
        request = HTTPXRequest(
            connection_pool_size=CONNECTIONS,
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            write_timeout=READ_SECONDS,
            pool_timeout=POOL_SECONDS,
            media_write_timeout=UPLOAD_SECONDS,
            httpx_kwargs=trusted,
        )
        self._polling = HTTPXRequest(
            connection_pool_size=1,
            connect_timeout=CONNECT_SECONDS,
            pool_timeout=POOL_SECONDS,
            httpx_kwargs=trusted,
        )
        self._bot = Bot(
            settings.token.get_secret_value(),
            base_url=settings.base_url,
            base_file_url=settings.file_url,
            request=request,
            get_updates_request=self._polling,
        )
        self._request = request
        self._pacer = pacer
        self.latency_ms: int | None = None  # of the last answer

    @property
    def bot(self) -> Bot:
        """For the library's types, which want one."""
        return self._bot

    async def open(self) -> None:
        await asyncio.gather(self._request.initialize(), self._polling.initialize())

    async def close(self) -> None:
        await asyncio.gather(self._request.shutdown(), self._polling.shutdown())

    async def me(self) -> User:
        async with self._aside():
            return await self._bot.get_me()

    async def updates(self, offset: int | None) -> Sequence[Mapping[str, Any]]:
        """What happened, oldest first, once anything did. What came before `offset` is confirmed by asking for it.

        As it came: one that the library cannot read must not keep the others from being taken.
        """
        asked = {"timeout": POLL_SECONDS, "allowed_updates": json.dumps(UPDATES)}
        query = urlencode(asked if offset is None else {**asked, "offset": offset})
        with translated():
            found: object = await self._polling.post(
                f"{self._bot.base_url}/getUpdates?{query}", read_timeout=POLL_SECONDS + READ_SECONDS
            )
        if not isinstance(found, list):
            raise SendUnknown("Telegram's answer could not be read")
        return [body for body in found if isinstance(body, dict)]

    async def set_webhook(self, url: str, secret: str) -> None:
        async with self._aside():
            await self._bot.set_webhook(url, secret_token=secret, allowed_updates=UPDATES, max_connections=10)

    async def delete_webhook(self) -> None:
        async with self._aside():
            await self._bot.delete_webhook()

    async def webhook(self) -> WebhookInfo:
        async with self._aside():
            return await self._bot.get_webhook_info()

    async def chat(self, chat: int) -> ChatFullInfo:
        async with self._aside():
            return await self._bot.get_chat(chat)

    async def member(self, chat: int, user: int) -> ChatMember:
        async with self._aside():
            return await self._bot.get_chat_member(chat, user)

    async def set_commands(self, commands: Sequence[tuple[str, str]], scope: BotCommandScope) -> None:
        async with self._aside():
            await self._bot.set_my_commands([BotCommand(name, text) for name, text in commands], scope=scope)

    async def answer(self, query: str, text: str = "", *, alert: bool = False) -> None:
        async with self._aside():
            await self._bot.answer_callback_query(query, text=text or None, show_alert=alert or None)

    async def send(self, way: Way, note: Note, files: Mapping[str, str]) -> Sent:
        """Sends one message."""
        to: dict[str, Any] = {**_to(way), "reply_markup": _markup(note)}
        async with self._slot(way):
            if note.file is not None:
                upload = InputFile(note.file, note.file_name)
                message = await self._bot.send_document(**to, document=upload, caption=note.html, parse_mode="HTML")
            elif note.media is None:
                message = await self._bot.send_message(
                    **to, text=note.html, parse_mode="HTML", link_preview_options=NO_PREVIEW
                )
            elif note.media.document:
                message = await self._bot.send_document(
                    **to,
                    document=_file(note.media, files),
                    caption=note.html,
                    parse_mode="HTML",
                    disable_content_type_detection=True,
                )
            else:
                message = await self._bot.send_photo(
                    **to, photo=_file(note.media, files), caption=note.html, parse_mode="HTML"
                )
        return _sent(message)

    async def send_album(
        self, way: Way, items: Sequence[Media], captions: Sequence[str], files: Mapping[str, str]
    ) -> Sequence[Sent]:
        """Sends 2 to 10 pictures, each of which is a message."""
        texts = captions or ("",) * len(items)
        media = [_input(item, text, files) for item, text in zip(items, texts, strict=True)]
        async with self._slot(way, len(items)):
            messages = await self._bot.send_media_group(**_to(way), media=media)
        return [_sent(message) for message in messages]

    async def edit(self, way: Way, message: int, note: Note, files: Mapping[str, str], *, same: bool) -> Sent:
        """Makes a message what a note says, which a picture cannot be where that is a text. `same`: the picture stays.
        An edit takes the keyboard away that it does not bring."""
        what: dict[str, Any] = {"chat_id": way.place.chat, "message_id": message, "reply_markup": _markup(note)}
        async with self._slot(way):
            if note.media is None:
                edited = await self._bot.edit_message_text(
                    note.html, **what, parse_mode="HTML", link_preview_options=NO_PREVIEW
                )
            elif same:
                edited = await self._bot.edit_message_caption(**what, caption=note.html, parse_mode="HTML")
            else:
                edited = await self._bot.edit_message_media(_input(note.media, note.html, files), **what)
        return _sent(edited) if isinstance(edited, Message) else Sent(message)

    async def file(self, file: str) -> tuple[int, Callable[[], Awaitable[bytes]]]:
        """The size of something that somebody sent, in bytes (0 where Telegram does not say), and what fetches it."""
        async with self._aside():
            found = await self._bot.get_file(file)

        async def fetch() -> bytes:
            async with self._aside():
                return bytes(await found.download_as_bytearray())

        return found.file_size or 0, fetch

    async def delete(self, chat: int, message: int) -> None:
        async with self._aside():
            await self._bot.delete_message(chat, message)

    @asynccontextmanager
    async def _slot(self, way: Way, cost: int = 1) -> AsyncIterator[None]:
        chat = way.place.chat
        async with self._pacer.slot(chat, way.traffic, cost, patient=way.patient), self._timed():
            try:
                with translated():
                    yield
            except Held as error:
                self._pacer.hold(chat, error.retry_after)
                raise

    @asynccontextmanager
    async def _aside(self) -> AsyncIterator[None]:
        async with self._pacer.aside(), self._timed():
            with translated():
                yield

    @asynccontextmanager
    async def _timed(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        yield
        self.latency_ms = round((loop.time() - began) * 1000)


@cache
def trust() -> SSLContext:
    """Whom to trust as Telegram: read once, as that takes its time and room."""
    return create_ssl_context()


def _to(way: Way) -> dict[str, Any]:
    answered = way.reply_to
    return {
        "chat_id": way.place.chat,
        "message_thread_id": way.place.thread,
        "reply_parameters": ReplyParameters(answered, allow_sending_without_reply=True) if answered else None,
    }


def _markup(note: Note) -> InlineKeyboardMarkup | ForceReply | None:
    if note.ask is not None:
        return ForceReply(selective=True, input_field_placeholder=note.ask.placeholder or None)
    return _inline(note.keyboard) if note.keyboard else None


def _inline(keyboard: Keyboard) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        [
            [InlineKeyboardButton(key.label, callback_data=key.data, style=key.style or None) for key in row]
            for row in keyboard
        ]
    )


def _file(media: Media, files: Mapping[str, str]) -> str | InputFile:
    return files.get(media.photo.key) or InputFile(media.photo.data, media.name)


def _input(media: Media, caption: str, files: Mapping[str, str]) -> InputMediaPhoto | InputMediaDocument:
    file = files.get(media.photo.key) or InputFile(media.photo.data, media.name, attach=True)
    if media.document:
        return InputMediaDocument(file, caption=caption or None, parse_mode="HTML", disable_content_type_detection=True)
    return InputMediaPhoto(file, caption=caption or None, parse_mode="HTML")


def _sent(message: Message) -> Sent:
    if message.photo:
        return Sent(message.message_id, "photo", message.photo[-1].file_id)
    if message.document:
        return Sent(message.message_id, "document", message.document.file_id)
    return Sent(message.message_id)
