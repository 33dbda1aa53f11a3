"""Everything that talks to Discord, put together: one login, from its start to its end."""

from __future__ import annotations

import asyncio
import logging
import math
from datetime import timedelta

import aiohttp
import discord

from botcore.adapter import AdapterError, AdapterTools, ChannelBroken, Dispatch, SendFailed
from botcore.store.port import StoreError

from .client import Client, meaning, words
from .commands import SlashCommands
from .forms import FormDesk
from .gateway import Gateway, State
from .interactions import Interactions
from .invitation import invite_link
from .pace import Pace
from .records import Records
from .render import CardDrawing
from .sends import Sends
from .settings import DiscordSettings
from .syncing import sync_commands

log = logging.getLogger(__name__)

READY = 60.0  # seconds from the login until Discord tells what people do
ENDING = 3.0  # seconds for what is under way when the bot stops
PRUNING = 3600.0  # seconds between
TELLING = 600.0  # seconds until the commands are looked at again


class Engine:
    """`start`, then `serve` until it is over; `close` in any case. `sends` works from the login on."""

    def __init__(self, settings: DiscordSettings, tools: AdapterTools, dispatch: Dispatch) -> None:
        self._settings = settings
        self._tools = tools
        self._dispatch = dispatch
        self._records = Records(tools.store, tools.clock)
        self._forms = FormDesk(tools.store, tools.clock, dispatch.check_form)
        self._commands = SlashCommands()
        drawing = CardDrawing()
        self.client = Client(settings.base_url, tools.clock, settings.guild, self._interaction)
        channels = {channel.to for channel in tools.channels}
        self.sends = Sends(
            self.client, tools.clock, self._records, tools.pictures, drawing, Pace(tools.clock), channels
        )
        self._interactions = Interactions(
            settings.guild,
            settings.base_url,
            dispatch,
            self._age,
            self._records,
            self.sends,
            tools.draw,
            (drawing, self._forms, self._commands),
        )
        self._gateway = Gateway(self.client, tools.clock)
        self._tasks: list[asyncio.Task[None]] = []
        self._untold = "its commands are not told yet"  # why the server may not know them; "" where it does

    async def start(self) -> None:
        """Logs in and connects; the server is told the commands meanwhile. Raises `AdapterError`."""
        await self._forms.recover()
        await self._log_in()
        listening = asyncio.create_task(self._gateway.run(), name="Discord's gateway")
        self._tasks = [
            listening,
            asyncio.create_task(self._tell(), name="Discord's commands"),
            asyncio.create_task(self._prune(), name="Discord's pruning"),
        ]
        connected = asyncio.create_task(self.client.connected.wait())
        try:
            await asyncio.wait({listening, connected}, timeout=READY, return_when=asyncio.FIRST_COMPLETED)
        finally:
            connected.cancel()
        if listening.done():
            listening.result()
        if not self.client.connected.is_set():
            raise SendFailed("Discord's gateway does not answer")

    async def serve(self) -> None:
        """Until the connection is over for good, or the bot was put out of its server. Raises `AdapterError`."""
        gone = asyncio.create_task(self.client.put_out.wait())
        waits = {*self._tasks, gone}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
        if gone in done:
            raise self._not_in_server()
        for task in done:
            task.result()

    async def sync(self) -> str:
        """Tells the server the commands, also where nothing has changed. Raises `AdapterError`."""
        await self._log_in()
        await self._sync(force=True)
        return f"{len(await self._dispatch.all_commands())} commands are told to server {self._settings.guild}"

    async def close(self) -> None:
        """Lets what is under way end, for a few seconds, and closes the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(self.sends.finish(ENDING), self._interactions.finish(ENDING))
        await self.client.close()

    def condition(self) -> str:
        latency, state = self.client.latency, str(self._gateway.state)
        if self._gateway.state is State.CONNECTED and math.isfinite(latency):
            state = f"connected, {latency * 1000:.0f} ms"
        return f"{state}; {self._untold}" if self._untold else state

    def _age(self, interaction: discord.Interaction) -> timedelta:
        """By Discord's clock, whatever ours says."""
        return self._tools.clock.now() - self.client.ahead - interaction.created_at

    async def _interaction(self, interaction: discord.Interaction) -> None:
        await self._interactions.handle(interaction)

    async def _log_in(self) -> None:
        try:
            await self.client.login(self._settings.token.get_secret_value())
            await self.client.fetch_guild(int(self._settings.guild), with_counts=False)
        except (discord.Forbidden, discord.NotFound) as error:
            raise self._not_in_server() from error
        except (discord.LoginFailure, discord.HTTPException, aiohttp.ClientError, OSError) as error:
            found = meaning(error)
            raise found if isinstance(found, ChannelBroken | SendFailed) else SendFailed(str(found)) from error

    def _not_in_server(self) -> ChannelBroken:
        link = invite_link(self.client, self._settings)
        return ChannelBroken(f"the bot is not in server {self._settings.guild}: invite it with {link}")

    async def _sync(self, *, force: bool) -> None:
        definitions = self._commands.definitions(await self._dispatch.all_commands())
        try:
            await sync_commands(self.client, self._tools.store, self._settings.guild, definitions, force=force)
        except discord.Forbidden as error:
            link = invite_link(self.client, self._settings)
            raise ChannelBroken(f"the bot may have no commands in its server: invite it again with {link}") from error
        except discord.HTTPException as error:
            log.error("Discord does not take the commands (HTTP %s): %s", error.status, error.text)
            if error.status == 400:
                raise ChannelBroken(f"Discord does not take the commands: {words(error)}") from error
            raise SendFailed("Discord does not take the commands now") from error
        except (aiohttp.ClientError, OSError) as error:
            raise SendFailed(str(meaning(error))) from error

    async def _tell(self) -> None:
        """Cards come and are decided on, whether Discord takes the commands or not."""
        while True:
            try:
                await self._sync(force=False)
                untold = ""
            except (AdapterError, StoreError) as error:
                untold = str(error)
            except Exception:
                log.exception("Discord: the commands cannot be told")
                untold = "the commands cannot be told: the log says why"
            if untold and untold != self._untold:
                log.warning("Discord: %s", untold)
            self._untold = untold
            await self._tools.clock.sleep(TELLING)

    async def _prune(self) -> None:
        while True:
            try:
                await self._records.prune()
                await self._forms.prune()
            except StoreError as error:
                log.warning("Discord: what is old is not forgotten: %s", error)
            await self._tools.clock.sleep(PRUNING)
