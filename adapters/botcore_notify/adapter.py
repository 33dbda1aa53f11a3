"""Notices to wherever Apprise reaches: each channel is one of its URLs. They are told once, and never edited."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from botcore import Adapter, AdapterTools, Dispatch
from botcore.adapter import ChannelBroken, Finding, SendFailed, SendUnknown, Traffic
from botcore.charts import PicturesOf, as_pictures
from botcore.models import Channel
from botcore.ui import Card, MessageRef, Picture, PictureState

from . import doubts
from .outcomes import Fate, Outcome
from .threads import Late, Line, in_thread
from .words import notice_of

if TYPE_CHECKING:
    from .services import Attachment, Service

log = logging.getLogger(__name__)

CONNECTING = 1.0  # seconds until it may be started
EVERY = 2.0  # seconds from one notice of a channel to its next, at least
CALL = 30.0  # seconds that a service may take; Apprise gives up on most connections by itself after 4
FIRST_PAUSE, LONGEST_PAUSE = 30.0, 3_600.0  # seconds until a service that failed is tried again; doubles each time
PATIENCE = 3  # failures in a row after which a person hears of it
TIMES = 2  # that a notice may arrive
FILES = 3  # pictures with a notice, at most


class NotifySettings(BaseModel):
    """`[adapters.notify]`: nothing to set. Where notices go is in the channels' `to`."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


@dataclass
class Place:
    """A channel's service, and how it has been doing. Where its URL cannot be used it is None: `wrong` says why."""

    name: str
    line: Line[Outcome]
    service: Service | None = None
    wrong: str = ""
    failures: int = 0  # in a row
    not_before: int = 0  # ms since the epoch
    trouble: str = ""


class NotifyAdapter(Adapter):
    """What Apprise tells of a send is in `outcomes`; what that means is said in `send`."""

    name = "notify"
    Settings = NotifySettings
    purposes = ("notify",)

    def __init__(self, settings: Any, tools: AdapterTools) -> None:
        super().__init__(settings, tools)
        self._places: dict[str, Place] | None = None

    async def start(self, dispatch: Dispatch) -> None:
        _need_library()
        self._places = {place.name: place for place in await self._load()}

    async def stop(self) -> None:
        self._places = None

    async def send(self, channel: Channel, card: Card, key: str) -> MessageRef:
        """Raises `SendFailed` where nothing had left, `SendUnknown` where the service had trouble or gave no answer,
        and `ChannelBroken` where it said no, or has failed time and again. What is in doubt is sent once more at most,
        so that nobody reads the same thing for the third time; so is what a service may not take for what is in it, so
        that it keeps no others waiting. Then it counts as told."""
        place = self._place(channel)
        if place.service is None:
            raise ChannelBroken(place.wrong)
        ref = MessageRef(self.name, channel.name, key)
        outcome = place.line.came_late(key)
        if outcome is None:
            if place.line.is_busy:
                raise self._failed(place, Outcome(Fate.NOT_SENT, "does not answer"))
            if await self.tools.store.tx(doubts.begin, key, self.tools.clock.ms()) > TIMES:
                log.warning("channel %s: a notice may have arrived, or not: it is not sent again", channel.name)
                await self.tools.store.tx(doubts.settle, key)
                return ref
            outcome = await self._tell(place, place.service, card, key)
        if outcome.fate is Fate.SENT:
            await self.tools.store.tx(doubts.settle, key)
            place.failures, place.trouble = 0, ""
            place.not_before = self.tools.clock.ms() + round(max(EVERY, place.service.seconds_between) * 1000)
            return ref
        if outcome.fate in (Fate.NOT_SENT, Fate.REFUSED):
            await self.tools.store.tx(doubts.not_sent, key)
        raise self._failed(place, outcome)

    async def edit(self, ref: MessageRef, card: Card) -> None:
        """A notice is told once: what changes afterwards is seen where there are cards."""

    def pause(self, channel: Channel, traffic: Traffic) -> float:
        if self._places is None:
            return CONNECTING
        place = self._places.get(channel.name)
        left = (place.not_before - self.tools.clock.ms()) / 1000 if place else 0.0
        return left if 0 < left <= LONGEST_PAUSE else 0.0

    async def check(self) -> Sequence[Finding]:
        try:
            _need_library()
        except ChannelBroken as error:
            return [Finding(ok=False, text=str(error))]
        return [
            Finding(place.service is not None, f"channel {place.name}: {place.wrong or _title(place)}")
            for place in await self._load()
        ]

    def condition(self) -> str:
        places = list((self._places or {}).values())
        troubles = [f"{place.name} {place.trouble}" for place in places if place.trouble]
        return "; ".join(troubles) or (f"{len(places)} channels" if len(places) != 1 else "1 channel")

    # --- inside

    async def _load(self) -> list[Place]:
        """Apprise and what its services need take a moment to load."""
        channels, clock = list(self.tools.channels), self.tools.clock

        def load() -> list[Place]:
            from .services import BadUrl, Service

            places = []
            for channel in channels:
                place = Place(channel.name, Line(f"notify {channel.name}", clock))
                try:
                    place.service = Service(channel.to)
                except BadUrl as error:
                    place.wrong = place.trouble = str(error)
                places.append(place)
            return places

        return await in_thread("notify", load)

    def _place(self, channel: Channel) -> Place:
        if self._places is None:
            raise SendFailed("notices are not started", CONNECTING)
        place = self._places.get(channel.name)
        if place is None:
            raise ChannelBroken(f"there is no channel {channel.name}")
        return place

    async def _tell(self, place: Place, service: Service, card: Card, key: str) -> Outcome:
        notice = notice_of(card, service.style, self.tools.clock.now(), self.tools.public_url)
        files = await self._pictures(card) if service.takes_files else []
        try:
            return await place.line.call(key, lambda: service.tell(notice, card.tone, files), CALL)
        except Late:
            return Outcome(Fate.UNKNOWN, "does not answer")

    async def _pictures(self, card: Card) -> list[Attachment]:
        from .services import Attachment

        found: list[Attachment] = []
        pictures = PicturesOf(self.tools.pictures, card)
        for block in as_pictures(card).blocks:
            if isinstance(block, Picture) and block.state is PictureState.READY and len(found) < FILES:
                picture = await pictures.read(block.key)
                if picture is not None:
                    name = f"picture-{len(found) + 1}.{picture[1].rpartition('/')[2]}"
                    found.append(Attachment(name, *picture))
        return found

    def _failed(self, place: Place, outcome: Outcome) -> SendFailed | SendUnknown | ChannelBroken:
        """Notes a failure; the pauses grow with those in a row."""
        place.failures += 1
        pause = min(FIRST_PAUSE * 2.0 ** (place.failures - 1), LONGEST_PAUSE)
        place.not_before = self.tools.clock.ms() + round(pause * 1000)
        place.trouble = outcome.why
        words = f"{_title(place)} {outcome.why}"
        log.info("channel %s: %s", place.name, words)
        if outcome.fate in (Fate.REFUSED, Fate.UNFIT):
            return ChannelBroken(f"{words}: is its URL right?")
        if place.failures >= PATIENCE:
            return ChannelBroken(f"{words}: it is tried again by itself")
        return SendUnknown(words) if outcome.fate is Fate.UNKNOWN else SendFailed(words, pause)


def _title(place: Place) -> str:
    return place.service.title if place.service else place.name


def _need_library() -> None:
    """Raises `ChannelBroken` where Apprise is not installed."""
    if find_spec("apprise") is None:
        raise ChannelBroken('Apprise is not installed: pip install "botcore[notify]"')
