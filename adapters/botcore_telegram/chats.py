"""Which chats the bot obeys, and where groups went that became supergroups."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from botcore.clock import Clock
from botcore.models import Channel
from botcore.store.port import Store

from .acts import Place
from .kept import move, moves
from .settings import ChannelOptions, chat_of, thread_of

log = logging.getLogger(__name__)


class Chats:
    """The places of channels as they are now. `on_move` is called once a move is durable."""

    def __init__(self, store: Store, clock: Clock, channels: Sequence[Channel]) -> None:
        self._store = store
        self._clock = clock
        self._moves: dict[int, int] = {}
        self._places = {
            channel.name: Place(chat, thread_of(ChannelOptions.model_validate(channel.options)), private=chat > 0)
            for channel in channels
            if (chat := chat_of(channel)) is not None
        }
        self.on_move: Callable[[], None] = lambda: None

    async def open(self) -> None:
        self._moves = await self._store.read(moves)

    def place(self, channel: str) -> Place | None:
        """Where a channel is; None where its `to` is no chat."""
        place = self._places.get(channel)
        return self.now(place) if place else None

    def now(self, place: Place) -> Place:
        """A place where it is now."""
        chat = self._moves.get(place.chat)
        return place if chat is None else replace(place, chat=chat)

    def obeys(self, chat: int) -> bool:
        """Whether people are heard there: it is a channel, or was one before it moved."""
        return any(chat in (place.chat, self.now(place).chat) for place in self._places.values())

    def all(self) -> Sequence[int]:
        """The chats of all channels, each once."""
        return list(dict.fromkeys(self.now(place).chat for place in self._places.values()))

    async def moved(self, chat: int, to: int) -> None:
        """Follows a group. Harmless to repeat."""
        if self._moves.get(chat) == to or chat == to:
            return
        await self._store.tx(move, chat, to, self._clock.ms())
        self._moves = await self._store.read(moves)
        log.warning("the group %s became the supergroup %s: change `to` in the config when it suits you", chat, to)
        self.on_move()
