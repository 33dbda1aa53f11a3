"""Cards to channels: each is there once, whatever broke on the way.

A send is committed with its nonce before the request leaves. As long as Discord remembers nonces, a repeated request
gives the message that the first one made; later the channel's history is looked at before anything is sent again.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakValueDictionary

import aiohttp
import discord
from discord.utils import time_snowflake

from botcore.adapter import ChannelBroken, MessageGone, Pictures, SendFailed
from botcore.charts import PicturesOf
from botcore.clock import Clock, from_ms
from botcore.models import Channel
from botcore.store.port import StoreError
from botcore.ui import Card, MessageRef, to_json

from .client import OLD_EDITS, TOO_LARGE, Client, meaning
from .pace import Pace
from .records import Begun, Records, Shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .seams import Drawing, Drawn, Loaded

log = logging.getLogger(__name__)
T = TypeVar("T")

NONCE_MS = 120_000  # so long Discord surely knows a nonce again
CLOCKS_APART = timedelta(minutes=2)  # ours and Discord's, at most, beside what is known of it
PAGE, PAGES = 100, 20  # of a channel's history that are looked at
UPLOAD = 24 * 2**20  # bytes of pictures in one message; Discord takes a little more
REMEMBERED = 2_000  # messages
OLD = timedelta(minutes=59)  # edits of messages older than this are few
UNHURRIED = 2  # edits that nobody looks for, within the time that Discord takes five: there is room for those of others


class Sends:
    """Sends and edits, one at a time for each message; what is under way is never cut short. `channels`: the ids of
    those in the config."""

    def __init__(
        self,
        client: Client,
        clock: Clock,
        records: Records,
        pictures: Pictures,
        drawing: Drawing,
        pace: Pace,
        channels: Collection[str],
    ) -> None:
        self._channels = channels
        self._client = client
        self._clock = clock
        self._records = records
        self._pictures = pictures
        self._drawing = drawing
        self._pace = pace
        self._under_way: set[asyncio.Task[Any]] = set()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._showing: OrderedDict[str, str] = OrderedDict()  # message -> digest of the card, where that is certain
        self._drawn: OrderedDict[str, int] = OrderedDict()  # message -> when its card was drawn past `edit`, in turns
        self._turn = 0
        self._old_edits_from: dict[
            str, int
        ] = {}  # channel -> when messages over an hour old may be edited again, in ms

    async def send(self, channel: Channel, card: Card, key: str) -> MessageRef:
        return await self._whole(self._send(_number(channel.to), card, key))

    async def edit(self, ref: MessageRef, card: Card) -> None:
        if not ref.id.isdecimal():
            raise MessageGone("this is no message of Discord's")
        await self._whole(self._edit(_number(ref.channel), ref.id, card, self._turn))

    def pause(self, channel: str) -> float:
        """Seconds until an edit that nobody looks for may be made there: it takes nobody's place."""
        old = self._old_edits_from.get(channel, 0) - self._clock.ms()
        return max(self._pace.wait(f"edit {channel}", UNHURRIED), old / 1000, 0.0)

    async def finish(self, seconds: float) -> None:
        """Lets what is under way end."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)

    @asynccontextmanager
    async def alone(self, message: str) -> AsyncIterator[None]:
        """Nobody else changes this message meanwhile."""
        lock = self._locks.setdefault(message, asyncio.Lock())
        async with lock:
            yield

    def digest(self, message: str) -> str:
        """Of the card that a message surely shows; "" where that is not certain."""
        return self._showing.get(message, "")

    def drawing(self, message: str) -> None:
        """Its card is about to be drawn past `edit`: what was drawn before is older."""
        self._turn += 1
        _keep(self._drawn, message, self._turn)

    async def changed(self, message: str, card: Card, files: Mapping[str, str], *, private: bool = False) -> None:
        """Notes what a message shows after it was changed past `edit`."""
        await self._records.note(message, Shown(card.subject, files), private=private)
        _keep(self._showing, message, digest_of(card))

    def uncertain(self, message: str) -> None:
        """A change of it was sent, and may or may not have been made."""
        self._showing.pop(message, None)

    async def load(self, card: Card, keys: Sequence[str]) -> Loaded:
        """Pictures of a card with their bytes, as many as one message can carry."""
        loaded: dict[str, tuple[bytes, str]] = {}
        pictures = PicturesOf(self._pictures, card)
        left = UPLOAD
        for key in keys:
            found = await pictures.read(key)
            if found is not None and len(found[0]) <= left:
                loaded[key] = found
                left -= len(found[0])
        return loaded

    def drawn_again(self, card: Card, shown: Shown | None) -> Drawn | None:
        """A card for a message that has all its pictures attached already; None where it has not."""
        keys = self._drawing.pictures_of(card)
        files = shown.files if shown else {}
        if list(files) != list(keys):
            return None
        there = {key: (b"", media_type) for key, media_type in files.items()}
        return self._drawing.draw(card, pictures=there, upload=False)

    # --- inside

    async def _send(self, channel: int, card: Card, key: str) -> MessageRef:
        begun = await _kept(self._records.begin(key, str(channel)))
        message = begun.message
        if not message and begun.tries > 1 and self._clock.ms() - begun.first_at > NONCE_MS:
            message = await self._find(channel, begun, card)
        fresh = not message
        if fresh:
            message = await self._post(channel, card, begun, key)
        ref = MessageRef("discord", str(channel), message)
        if not fresh and not begun.message:
            await _kept(self._records.sent(key, message, Shown(card.subject, {})))
        if begun.tries > 1:  # what is there may have been drawn earlier
            self.uncertain(message)
            await self._edit(channel, message, card, self._turn)
        return ref

    async def _post(self, channel: int, card: Card, begun: Begun, key: str) -> str:
        loaded = await self.load(card, self._drawing.pictures_of(card))
        await self._pace.turn(f"send {channel}")
        sent, loaded = await self._asked(
            as_carried(loaded, lambda loaded: self._post_with(channel, card, begun, loaded))
        )
        message = str(sent.id)
        await _kept(self._records.sent(key, message, Shown(card.subject, types(loaded))))
        _keep(self._showing, message, digest_of(card))
        return message

    async def _post_with(self, channel: int, card: Card, begun: Begun, loaded: Loaded) -> discord.Message:
        drawn = self._drawing.draw(card, pictures=loaded)
        _mark(drawn.view, begun.mark)
        place = self._client.get_partial_messageable(channel)
        return await place.send(view=drawn.view, files=list(drawn.files), nonce=begun.nonce)

    async def _edit(self, channel: int, message: str, card: Card, asked: int) -> None:
        """`asked`: the turn in which the card was drawn."""
        digest = digest_of(card)
        if self._showing.get(message) == digest:
            return
        self._wait_for_old(channel, message)
        await self._pace.turn(f"edit {channel}")  # before it is alone: who clicks waits for that
        async with self.alone(message):
            there = self._showing.get(message)
            if there is not None and (there == digest or self._drawn.get(message, 0) > asked):
                return  # it shows this card, or a newer one
            shown = await self._records.shown(message)
            self.uncertain(message)
            files = await self._edit_with(channel, message, card, shown)
            await _kept(self._records.note(message, Shown(card.subject, files)))
            _keep(self._showing, message, digest)

    async def _edit_with(self, channel: int, message: str, card: Card, shown: Shown | None) -> Mapping[str, str]:
        """Edits with the pictures that are there where they are those of the card, and else with new ones."""
        place = self._client.get_partial_messageable(channel).get_partial_message(int(message))
        drawn = self.drawn_again(card, shown)
        there = shown.files if shown else {}
        if drawn is not None:
            try:
                await place.edit(view=drawn.view)
            except discord.HTTPException as error:
                if error.status != 400 or error.code == OLD_EDITS or not there:
                    raise self._not_edited(channel, error) from error
                log.info("Discord: message %s does not have the pictures noted for it", message)
            except (aiohttp.ClientError, OSError) as error:
                raise meaning(error) from error
            else:
                return there
        loaded = await self.load(card, self._drawing.pictures_of(card))

        async def edit(loaded: Loaded) -> None:
            drawn = self._drawing.draw(card, pictures=loaded)
            await place.edit(view=drawn.view, attachments=list(drawn.files))

        try:
            _, loaded = await as_carried(loaded, edit)
        except discord.HTTPException as error:
            raise self._not_edited(channel, error) from error
        except (aiohttp.ClientError, OSError) as error:
            raise meaning(error) from error
        return types(loaded)

    def _not_edited(self, channel: int, error: discord.HTTPException) -> Exception:
        found = meaning(error)
        if isinstance(found, ChannelBroken) and error.status != 401 and str(channel) not in self._channels:
            return MessageGone("it is in a channel of before, which the bot cannot reach any more")
        if error.code == OLD_EDITS and isinstance(found, SendFailed):
            self._old_edits_from[str(channel)] = self._clock.ms() + round(found.retry_after * 1000)
        return found

    def _wait_for_old(self, channel: int, message: str) -> None:
        """Once Discord had enough of them, no edit of an old message is tried for a while: refusals count, too."""
        left = self._old_edits_from.get(str(channel), 0) - self._clock.ms()
        age = self._clock.now() - discord.utils.snowflake_time(int(message))
        if left > 0 and age > OLD:
            raise SendFailed("too many edits of messages over an hour old", left / 1000)

    async def _find(self, channel: int, begun: Begun, card: Card) -> str:
        """A message that an earlier try made, in the channel's history since then; "" where there is none."""
        wanted = {button.id.split(":")[1] for button in card.buttons}
        after = time_snowflake(from_ms(begun.first_at) - max(self._client.ahead, timedelta()) - CLOCKS_APART)
        for _ in range(PAGES):
            page = await self._asked(self._client.http.logs_from(channel, PAGE, after=after))
            for message in page:
                ours = self._client.user is not None and message["author"]["id"] == str(self._client.user.id)
                if not ours or not _is_about(message, wanted, begun.mark):
                    continue
                found = str(message["id"])
                if not await self._records.is_known(found):
                    log.info("Discord: found message %s of a send that was in doubt", found)
                    return found
            if len(page) < PAGE:
                break
            after = max(int(message["id"]) for message in page)
        return ""

    async def _asked(self, call: Awaitable[T]) -> T:
        try:
            return await call
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            raise meaning(error) from error

    async def _whole(self, work: Coroutine[Any, Any, T]) -> T:
        """Goes on when the caller is cancelled: a request that is cut short leaves the library waiting for ever."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.debug("Discord: a send or an edit ended with %r", error)


def digest_of(card: Card) -> str:
    """The same for cards that look the same."""
    return hashlib.sha256(to_json(card).encode()).hexdigest()


async def as_carried(loaded: Loaded, show: Callable[[Loaded], Awaitable[T]]) -> tuple[T, Loaded]:
    """Shows a card with its pictures, or without where Discord finds them too large: better so than not at all. What
    came of it, and the pictures that are there."""
    try:
        return await show(loaded), loaded
    except discord.HTTPException as error:
        if not loaded or (error.status != 413 and error.code != TOO_LARGE):
            raise
    return await show({}), {}


def types(loaded: Loaded) -> dict[str, str]:
    """What is noted of a message's pictures."""
    return {key: media_type for key, (_, media_type) in loaded.items()}


def _keep(kept: OrderedDict[str, T], message: str, value: T) -> None:
    """Of the messages that were changed last."""
    kept[message] = value
    kept.move_to_end(message)
    while len(kept) > REMEMBERED:
        kept.popitem(last=False)


async def _kept(work: Awaitable[T]) -> T:
    """What goes into the database; where that fails, the send is tried again, which costs nothing but time."""
    try:
        return await work
    except StoreError as error:
        raise SendFailed(str(error)) from error


def _number(channel: str) -> int:
    if not channel.isdecimal():
        raise ChannelBroken(f"{channel[:40]} is not the id of a channel: right-click it in Discord and Copy Channel ID")
    return int(channel)


def _mark(view: discord.ui.LayoutView, mark: int) -> None:
    for item in view.children:
        if isinstance(item, discord.ui.Container):
            item.id = mark
            return


def _is_about(message: Mapping[str, Any], wanted: set[str], mark: int) -> bool:
    """Whether its buttons are about the same thing; a card without any is known by its mark."""
    for component in _components(message.get("components", [])):
        if component.get("id") == mark:
            return True
        parts = str(component.get("custom_id", "")).split(":")
        if len(parts) == 3 and parts[1] in wanted:
            return True
    return False


def _components(components: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for component in components:
        yield component
        yield from _components(component.get("components", []))
