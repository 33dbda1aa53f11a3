"""A mail server and a webhook on this machine, and a bot whose notices go there."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

from botcore.adapter import AdapterTools
from botcore.clock import ManualClock
from botcore.delivery import announce
from botcore.models import Channel
from botcore.notices.kinds import Event, Hearing
from botcore_notify.adapter import NotifyAdapter, NotifySettings
from botcore_notify.doubts import notify
from tests.core.market import START
from tests.core.rig import INBOX, Rig, Rigs, Setup
from tests.ports import free_port

ONLY_WHAT_A_TEST_TELLS = Hearing(events=(Event.SUMMARY,))


class Webhook:
    """Takes what is posted to it. `answers`: a status, or False for none at all, by path."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, int | bool] = {}
        self.release = asyncio.Event()
        self.port = free_port()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        self.release.clear()
        app = web.Application()
        app.router.add_post("/{path:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        self.release.set()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    def url(self, path: str, more: str = "") -> str:
        return f"json://127.0.0.1:{self.port}/{path}{more}"

    def told(self, path: str) -> list[str]:
        """The texts that came there."""
        return [body["message"] for where, body in self.got if where == path]

    async def _take(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        self.got.append((path, await request.json()))
        answer = self.answers.get(path, 200)
        if answer is False:
            await self.release.wait()
        return web.Response(status=answer if type(answer) is int else 200)


class MailServer:
    """Takes mail for everybody but those of `refused`, by address."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refused: dict[str, str] = {}
        self.port = free_port()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, enable_SMTPUTF8=True), "127.0.0.1", self.port)

    async def stop(self) -> None:
        if self._server:
            self._server.close()
            self._server = None

    def url(self, *people: str) -> str:
        return f"mailto://127.0.0.1:{self.port}/?from=bot@example.com&mode=insecure&to={','.join(people)}"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name for it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        return "250 OK"


@dataclass
class Office:
    """A bot with one submission that waits, and channels of notices."""

    rigs: Rigs
    clock: ManualClock
    hook: Webhook
    mail: MailServer
    channels: list[Channel] = field(default_factory=list)
    public_url: str = ""
    _rig: Rig | None = None

    @property
    def rig(self) -> Rig:
        assert self._rig is not None
        return self._rig

    @property
    def adapter(self) -> NotifyAdapter:
        adapter = self.rig.messengers["notify"]
        assert isinstance(adapter, NotifyAdapter)
        return adapter

    def channel(self, name: str, url: str) -> Channel:
        self.channels.append(Channel(name, "notify", url, "notify", secret=True, hears=ONLY_WHAT_A_TEST_TELLS))
        return self.channels[-1]

    async def start(self) -> None:
        setup = Setup(
            channels=(INBOX, *self.channels),
            messengers={"notify": lambda tools: NotifyAdapter(NotifySettings(), tools)},
            migrations=(notify,),
            public_url=self.public_url,
        )
        self._rig = await self.rigs.start(setup)
        await self.adapter.start(self.rig.dispatch)
        for task in ("a", "b", "c", "d"):
            self.rig.market.add(task)
        await self.rig.poll()

    async def restart(self) -> None:
        """Ends the bot where it stands, and starts another on what it left."""
        rig = self.rig
        path = self.rigs.copy(rig)
        rig.store.down = True
        self._rig = await self.rigs.start(rig.setup, path=path, world=rig)
        await self.adapter.start(self.rig.dispatch)
        await self.rig.settle()

    async def tell(self, number: int = 1, channels: Sequence[Channel] = ()) -> None:
        """A notice about this submission to these channels, or to all."""
        await self.rig.store.tx(announce, channels or self.channels, f"submission:{number}", self.clock.ms())
        await self.rig.settle()

    async def states(self, channel: str) -> list[str]:
        rows = await self.rig.rows("SELECT state FROM deliveries WHERE channel = :c ORDER BY id", c=channel)
        return [row["state"] for row in rows]


def tools_of(rig: Rig, *channels: Channel) -> AdapterTools:
    return AdapterTools(rig.store, rig.clock, rig.pictures, rig.people, "", channels)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
async def office(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Office]:
    hook, mail, rigs = Webhook(), MailServer(), Rigs(tmp_path, clock)
    await hook.start()
    await mail.start()
    yield Office(rigs, clock, hook, mail)
    await hook.stop()
    await mail.stop()
    await rigs.close()
