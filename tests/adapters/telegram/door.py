"""The Bot API over HTTP: `/botTOKEN/METHOD`, each request and answer checked, some of them on purpose spoiled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.adapters.telegram import asking, messages
from tests.adapters.telegram.faults import Fault, Faults
from tests.adapters.telegram.schema import wrong_in_answer, wrong_in_request
from tests.adapters.telegram.state import World
from tests.adapters.telegram.wire import ApiError, Call, read_call
from tests.ports import free_port

Method = Callable[[World, Call], Any]

METHODS: dict[str, Method] = {
    method.__name__.replace("_", ""): method
    for method in (
        messages.send_message,
        messages.send_photo,
        messages.send_document,
        messages.send_media_group,
        messages.edit_message_text,
        messages.edit_message_caption,
        messages.edit_message_media,
        messages.edit_message_reply_markup,
        messages.delete_message,
        messages.pin_chat_message,
        messages.unpin_chat_message,
        asking.get_me,
        asking.answer_callback_query,
        asking.get_chat,
        asking.get_chat_member,
        asking.get_chat_administrators,
        asking.get_chat_member_count,
        asking.send_chat_action,
        asking.set_my_commands,
        asking.get_my_commands,
        asking.delete_my_commands,
        asking.get_file,
        asking.set_webhook,
        asking.delete_webhook,
        asking.get_webhook_info,
    )
}
LARGEST_BODY = 600 * 1024 * 1024


class Door:
    """Serves a world at a port, goes away and comes back. `calls`: all that was asked, in its order."""

    def __init__(self, world: World, token: str) -> None:
        self.world = world
        self.faults = Faults()
        self.calls: list[Call] = []
        self.port = free_port()
        self._token = token
        self._runner: web.AppRunner | None = None
        self._closing = asyncio.Event()

    async def open(self) -> None:
        """Serves at `port`, every time."""
        self._closing.clear()
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        app.router.add_get("/file/bot{token}/files/{file}", self._file)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.world.updates.resume()

    async def close(self) -> None:
        """Ends every connection; what is known stays known."""
        self._closing.set()
        await self.world.updates.stop()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if request.match_info["token"] != self._token:
            return web.json_response({"ok": False, "error_code": 401, "description": "Unauthorized"}, status=401)
        try:
            call = await read_call(request, method, self.world.now())
        except ApiError as error:
            self.world.wrongs.append(f"{method}: {error.description}")
            return web.json_response(error.to_json(), status=error.code)
        self.calls.append(call)
        fault = self.faults.take(method, call.chat_id)
        if fault and not fault.effect:
            return await self._spoil(request, call, fault)
        answer, status = await self._run(call)
        if fault and fault.kind != "slow":
            return await self._spoil(request, call, fault)
        if fault:
            await self._pause(fault.seconds)
        call.outcome, call.answer = status, answer
        headers = {}
        if status == 429:
            headers["Retry-After"] = str(answer["parameters"]["retry_after"])
        return web.json_response(answer, status=status, headers=headers)

    async def _run(self, call: Call) -> tuple[dict[str, Any], int]:
        self.world.wrongs += wrong_in_request(call.method, _with_files(call))
        try:
            if call.method.lower() == "getupdates":
                result: Any = await self.world.updates.poll(call)
            elif call.method.lower() in METHODS:
                result = METHODS[call.method.lower()](self.world, call)
            else:
                raise ApiError(404, "Not Found: method not found")
            answer, status = {"ok": True, "result": result}, 200
        except ApiError as error:
            answer, status = error.to_json(), error.code
        self.world.wrongs += wrong_in_answer(call.method, answer)
        return answer, status

    async def _spoil(self, request: web.Request, call: Call, fault: Fault) -> web.StreamResponse:
        match fault.kind:
            case "slow":
                await self._pause(fault.seconds)
            case "hang":
                await self._closing.wait()
            case "garbage":
                return web.Response(text="<html>it is not what you asked for", content_type="text/html")
            case "broken":
                page = f"<html><h1>{fault.status} Bad Gateway</h1></html>"
                return web.Response(status=fault.status, text=page, content_type="text/html")
            case "too many":
                error = ApiError(
                    429,
                    f"Too Many Requests: retry after {round(fault.seconds)}",
                    retry_after=max(1, round(fault.seconds)),
                )
                call.outcome = 429
                return web.json_response(error.to_json(), status=429)
        if request.transport:
            request.transport.abort()
        return web.Response()

    async def _pause(self, seconds: float) -> None:
        """Some time, but not longer than the server lives."""
        closing = asyncio.ensure_future(self._closing.wait())
        await asyncio.wait({closing}, timeout=seconds)
        closing.cancel()

    async def _file(self, request: web.Request) -> web.Response:
        file = self.world.files.get(request.match_info["file"])
        if file is None or request.match_info["token"] != self._token:
            return web.json_response({"ok": False, "error_code": 404, "description": "Not Found"}, status=404)
        return web.Response(body=file.content, content_type=file.media_type)


def _with_files(call: Call) -> dict[str, Any]:
    """Its parameters, with the files that are one themselves; those of an album are named in its media."""
    named = str(call.params.get("media", ""))
    return call.params | {
        name: upload.content for name, upload in call.files.items() if f"attach://{name}" not in named
    }
