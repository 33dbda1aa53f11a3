"""What Telegram tells: durable before it is confirmed, handled once, by polling and by webhook."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import ClientSession, web

from botcore.adapter import ChannelBroken, SendFailed
from botcore.store.port import Tx
from tests.adapters.telegram.bench import Bench
from tests.adapters.telegram.faults import broken, cut, garbage
from tests.core.rig import Rig, until


async def handled(bench: Bench) -> list[tuple[int, str | None]]:
    rows = await bench.rig.rows("SELECT id, body FROM telegram_updates WHERE handled_at IS NOT NULL ORDER BY id")
    return [(row["id"], row["body"]) for row in rows]


async def keep(rig: Rig, number: int, body: str) -> None:
    """An update that was committed, and no more."""

    def insert(tx: Tx) -> None:
        tx.q("INSERT INTO telegram_updates (id, body, came_at) VALUES (:id, :body, 0)", id=number, body=body)

    await rig.store.tx(insert)


async def while_it_turns(bench: Bench, condition: Callable[[], bool]) -> None:
    """Turns the clock until it is so, also where the database says no."""
    for _ in range(2_000):
        if condition():
            return
        await asyncio.sleep(0.002)
        bench.clock.advance(0.1)
    raise AssertionError(bench.fake.describe())


# polling


async def test_an_update_is_confirmed_only_once_it_is_durable(bench: Bench) -> None:
    rig = await bench.start()
    await until(lambda: bench.fake.updates.polls == 1)
    await rig.settle()  # no work of the start is left that would wait for the disk, and for the clock
    rig.store.down = True
    await bench.fake.says(bench.rob, bench.group, "/whoami")
    await while_it_turns(bench, lambda: bench.fake.updates.polls > 2)
    assert len(bench.fake.updates.pending) == 1
    rig.store.down = False
    await while_it_turns(bench, lambda: not bench.fake.updates.pending)
    await bench.until_answered()
    assert len(await handled(bench)) == 1


async def test_what_was_handled_is_forgotten_but_for_its_number(bench: Bench) -> None:
    await bench.start()
    asked = await bench.fake.says(bench.rob, bench.group, "/whoami")
    await bench.fake.reply_to(asked)
    await bench.until_answered()
    assert [body for _, body in await handled(bench)] == [None]


async def test_a_press_that_was_committed_before_a_crash_is_done_after_it(bench: Bench) -> None:
    rig = await bench.start()
    await bench.come_in("a")
    card = await bench.card()
    await bench.adapter.stop()
    update = bench.fake.press(bench.rob, card, "Approve").update
    await keep(rig, update["update_id"], json.dumps(update))
    await bench.kill()
    await bench.until_answered()
    await bench.rig.settle()
    assert await bench.rig.states() == ["held"]
    assert "Approved by rob" in card.text


async def test_a_press_in_doubt_after_a_crash_decides_once(bench: Bench) -> None:
    await bench.start()
    await bench.come_in("a")
    card = await bench.card()
    press = bench.fake.press(bench.rob, card, "Approve")
    await bench.until_answered()
    await bench.rig.store.tx(lambda tx: tx.q("DELETE FROM telegram_updates"))  # as if nothing of it had been kept
    await bench.kill()
    bench.fake.repeat(press)
    await bench.until_answered()
    assert await bench.rig.states() == ["held"]


async def test_the_same_update_is_handled_once(bench: Bench) -> None:
    await bench.start()
    asked = await bench.fake.says(bench.rob, bench.group, "/whoami")
    (update,) = bench.fake.updates.pending.values()
    await bench.fake.reply_to(asked)
    bench.fake.updates.repeat(update)
    await bench.until_answered()
    await bench.fake.says(bench.rob, bench.group, "/whoami")
    await bench.until_answered()
    assert len(bench.fake.replies(asked)) == 1
    assert len(await handled(bench)) == 2


async def test_polling_comes_back_after_the_server_was_gone(bench: Bench) -> None:
    await bench.start()
    await until(lambda: bench.fake.updates.polls == 1)
    await bench.fake.stop()
    await until(lambda: "reached" in bench.adapter.condition() or "answer" in bench.adapter.condition())
    for _ in range(60):
        bench.clock.advance(1)
        await asyncio.sleep(0.002)
    await bench.fake.start()
    asked = await bench.fake.says(bench.rob, bench.group, "/whoami")
    await bench.turn_until(lambda: bench.fake.replies(asked), seconds=40)
    assert bench.adapter.condition().startswith("@reviews_bot by polling")


@pytest.mark.parametrize("fault", [cut(effect=False), broken(500, effect=False), garbage(effect=False)])
async def test_an_answer_that_is_none_is_asked_for_again(bench: Bench, fault: Any) -> None:
    bench.fake.faults.add("getUpdates", fault, times=2)
    await bench.start()
    asked = await bench.fake.says(bench.rob, bench.group, "/whoami")
    await bench.turn_until(lambda: bench.fake.replies(asked))


async def test_another_program_with_the_same_bot_is_told_of_in_the_status(bench: Bench) -> None:
    await bench.start()
    await until(lambda: bench.fake.updates.polls == 1)
    url = f"{bench.fake.base_url}{bench.fake.token}/getUpdates"
    async with ClientSession() as session, session.post(url, json={"timeout": 0}) as response:
        await response.read()
    await until(lambda: "another program" in bench.adapter.condition())
    asked = await bench.fake.says(bench.rob, bench.group, "/whoami")
    await bench.turn_until(lambda: bench.fake.replies(asked))
    assert "another program" not in bench.adapter.condition()


async def test_an_update_that_cannot_be_understood_blocks_nothing(bench: Bench) -> None:
    rig = await bench.start()
    for number, body in enumerate(('{"update_id": 1, "message": {"date": 0}}', '{"update_id": 2}', "[]"), 1):
        await keep(rig, number, body)
    asked = await bench.fake.says(bench.rob, bench.group, "/whoami")
    await bench.fake.reply_to(asked)
    await bench.until_answered()
    assert len(await handled(bench)) == 4


async def test_a_wrong_token_needs_a_person_and_is_not_shown(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.settings = {"token": "123456:AAwrongwrongwrongwrongwrongwrong"}
    await bench.start(listen=False)
    with pytest.raises(ChannelBroken, match="BotFather") as caught:
        await bench.adapter.start(bench.rig.dispatch)
    assert "wrong" not in f"{caught.value} {caplog.text}"


async def test_a_server_that_is_gone_at_the_start_is_time_s_to_mend(bench: Bench) -> None:
    await bench.start(listen=False)
    await bench.fake.stop()
    with pytest.raises(SendFailed):
        await bench.adapter.start(bench.rig.dispatch)
    await bench.fake.start()
    await bench.adapter.start(bench.rig.dispatch)
    assert "polling" in bench.adapter.condition()


# webhook


@pytest.fixture
async def hooked(bench: Bench) -> AsyncIterator[Bench]:
    """A bot that Telegram calls."""
    app = web.Application()
    bench.settings = {"mode": "webhook"}
    await bench.start(listen=False)
    bench.adapter.mount_hooks(app, "")
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    object.__setattr__(bench.adapter.tools, "public_url", f"http://127.0.0.1:{runner.addresses[0][1]}")
    await bench.adapter.start(bench.rig.dispatch)
    yield bench
    await runner.cleanup()


async def test_updates_come_by_webhook_too(hooked: Bench) -> None:
    asked = await hooked.fake.says(hooked.rob, hooked.group, "/whoami")
    answer = await hooked.fake.reply_to(asked)
    assert "rob" in answer.text
    assert hooked.fake.updates.polls == 0


async def test_a_webhook_is_answered_only_once_its_update_is_durable(hooked: Bench) -> None:
    hooked.rig.store.down = True
    asked = await hooked.fake.says(hooked.rob, hooked.group, "/whoami")
    await until(lambda: bool(hooked.fake.updates.posted))
    assert hooked.fake.updates.posted[0].status >= 500
    hooked.rig.store.down = False
    await hooked.fake.reply_to(asked)


async def test_only_telegram_is_believed(hooked: Bench) -> None:
    webhook = hooked.fake.updates.webhook
    assert webhook is not None
    update = {"update_id": 5, "message": {}}
    header = "X-Telegram-Bot-Api-Secret-Token"
    wrong_path = f"{webhook.url[:-1]}{'0' if webhook.url[-1] != '0' else '1'}"
    async with ClientSession() as session:
        for url, headers, body, status in (
            (webhook.url, {}, update, 404),
            (webhook.url, {header: "guessed"}, update, 404),
            (wrong_path, {header: webhook.secret}, update, 404),
            (webhook.url, {header: webhook.secret}, ["no update"], 400),
            (webhook.url, {header: webhook.secret}, {"update_id": "5"}, 400),
        ):
            async with session.post(url, json=body, headers=headers) as response:
                assert response.status == status
    assert hooked.fake.token.partition(":")[2] not in webhook.url + webhook.secret
    assert await handled(hooked) == []


async def test_a_webhook_needs_an_address(bench: Bench) -> None:
    bench.settings = {"mode": "webhook"}
    await bench.start(listen=False)
    with pytest.raises(ChannelBroken, match="public_url"):
        await bench.adapter.start(bench.rig.dispatch)


async def test_polling_takes_an_earlier_webhook_away(bench: Bench) -> None:
    url = f"{bench.fake.base_url}{bench.fake.token}/setWebhook"
    async with ClientSession() as session, session.post(url, json={"url": "https://elsewhere.example"}) as response:
        assert response.status == 200
    await bench.start()
    asked = await bench.fake.says(bench.rob, bench.group, "/whoami")
    await bench.fake.reply_to(asked)


async def test_a_full_disk_is_told_as_such(bench: Bench) -> None:
    rig = await bench.start()
    rig.store.down = True
    asked = await bench.fake.says(bench.rob, bench.group, "/whoami")
    await while_it_turns(bench, lambda: "disk" in bench.adapter.condition())
    rig.store.down = False
    await while_it_turns(bench, lambda: bool(bench.fake.replies(asked)))
