"""Two weeks of news: each thing once, in order, at its time, and the figures those of the marketplaces' ledger."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from botcore.sandbox import FaultKind
from botcore.sandbox.money import refund, spend
from tests.journeys.fortnight import DAYS, START, Fortnight, begin, killed

HOUR = timedelta(hours=1)


async def live(of: Fortnight) -> None:
    server = of.server
    first = {name: of.jobs_of(name) for name in ("sprout", "pico", "hire")}
    for day in range(DAYS):
        morning = START + timedelta(days=day, hours=4)  # ten o'clock there
        await of.until(morning)
        if day == 9:
            server.faults.clear()
        await of.hand_in(day, first)
        if day == 0:
            await of.before_look("sprout")
            of.tiny = of.post("sprout", "Try our tiny game", positions=3, ttr=10)
            await of.after_look("sprout")
        if day == 1:
            of.feed.dead.add("dead")
        if day == 3:
            of.submit("sprout", of.tiny, 3)
        if day == 4:
            await of.before_look("pico")
            bad = of.post("pico", "Buy our coins now", positions=50, ttr=3)
            await of.after_look("pico")
            of.set_status("pico", bad, "declined")
        if day == 5:
            of.set_status("sprout", first["sprout"][2], "blocked")
        if day == 6:
            with of.books("sprout") as books:
                of.taken = books.value("SELECT spendable FROM account WHERE name = 'sprout'") - 10_000
                spend(books, of.taken)
        if day == 8:
            with of.books("sprout") as books:
                refund(books, of.taken)
        if day == 9:
            of.feed.dead.clear()
        if day == 10:
            await killed(of)
        if day == 11:
            reply = await of.rig.dispatch.command(of.olga, f"job add-positions {first['sprout'][0]} 300", sure=True)
            print(reply)
        await of.until(morning + 5 * HOUR)
        await of.decide_all()
        if day == 8:
            await of.rig.turn(3600)
            server.faults.add("*", FaultKind.UNAUTHORIZED)
    await of.until(START + timedelta(days=DAYS, hours=6))


async def test_look(tmp_path: Path) -> None:
    of = await begin(tmp_path, poll_seconds=12*3600, look_seconds=4*3600)
    try:
        await live(of)
    finally:
        await of.rigs.close()
        await of.server.stop()
    for one in of.feed.sent:
        print(f"{one.at:%d %a %H:%M:%S} {one.channel:10} [{one.card.badge}] {one.card.title} | {one.card.footer}")
    print(of.server.requests.all)
