"""The page as an adapter: cards go into the database, and every open page hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from botcore import Adapter, AdapterTools, Dispatch
from botcore.adapter import MessageGone
from botcore.models import Channel, Person
from botcore.ui import Card, MessageRef

from .live import Wakers
from .messages import Messages
from .sessions import Sessions

if TYPE_CHECKING:
    from aiohttp.web import Application

    from .pages import Pages


class WebSettings(BaseModel):
    """`[adapters.web]`: nothing to set. Where the page is reached is `[bot] listen` and `public_url`."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class WebAdapter(Adapter):
    name = "web"
    Settings = WebSettings
    idempotent_sends = True

    def __init__(self, settings: Any, tools: AdapterTools) -> None:
        super().__init__(settings, tools)
        self._wakers = Wakers()
        self._messages = Messages(tools.store, tools.clock, tools.channels, self._wakers.wake)
        self._sessions = Sessions(tools.store, tools.clock)
        self._dispatch: Dispatch | None = None
        self._pages: Pages | None = None

    async def start(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        self._wakers.reopen()
        if self._pages is not None:
            self._pages.dispatch = dispatch

    async def stop(self) -> None:
        self._dispatch = None
        if self._pages is not None:
            self._pages.dispatch = None
        self._wakers.close()

    async def send(self, channel: Channel, card: Card, key: str) -> MessageRef:
        message = await self._messages.send(channel.name, card, key)
        return MessageRef(self.name, channel.name, str(message))

    async def edit(self, ref: MessageRef, card: Card) -> None:
        if not (ref.id.isascii() and ref.id.isdigit()):
            raise MessageGone(f"there is no card {ref.id} on the page")
        await self._messages.edit(int(ref.id), card)

    def mount(self, app: Application, base: str) -> None:
        from .pages import Pages  # templates are read only where there is a page

        self._pages = Pages(self.tools, self._messages, self._sessions, self._wakers, base)
        self._pages.dispatch = self._dispatch
        app.add_routes(self._pages.routes())
        app.on_shutdown.append(self._end_streams)

    async def sign_in_link(self, person: Person, base: str) -> str:
        """A link that signs this person in once, within a day."""
        token = await self._sessions.make_link(person.identities.get(self.name, person.name), person)
        return f"{base.rstrip('/')}/sign-in/{token}"

    async def _end_streams(self, _: Application) -> None:
        """A server that closes waits for its open answers, and streams would never end."""
        self._wakers.close()
