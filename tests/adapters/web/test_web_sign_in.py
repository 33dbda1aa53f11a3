from __future__ import annotations

import re
import sqlite3
from pathlib import Path

from botcore.access import People
from botcore.clock import ManualClock
from botcore.models import Person, Role
from botcore_web.sessions import LINK_LIFE, SESSION_LIFE

from .desk import ANA, BEN, Desk, Events, waiting


async def test_looking_at_a_link_does_not_spend_it(site: Desk) -> None:
    link = await site.link()
    async with site.visitor_http() as http:
        for method in ("GET", "HEAD", "GET"):
            async with http.request(method, link) as answer:
                assert answer.status == 200
                assert not answer.cookies
        async with http.post(link, allow_redirects=False) as answer:
            assert answer.status == 303
            assert answer.headers["Location"] == "/"


async def test_a_link_works_once_and_the_second_is_told(site: Desk) -> None:
    link = await site.link()
    async with site.visitor_http() as first, first.post(link, allow_redirects=False) as answer:
        assert answer.status == 303
    async with site.visitor_http() as second:
        for method in ("POST", "GET"):
            async with second.request(method, link, allow_redirects=False) as answer:
                assert answer.status == 410
                assert not answer.cookies
                assert "used already" in await answer.text()


async def test_a_link_is_good_for_a_day(site: Desk, clock: ManualClock) -> None:
    link = await site.link()
    clock.advance(LINK_LIFE / 1000 + 1)
    async with site.visitor_http() as http:
        for method in ("GET", "POST"):
            async with http.request(method, link, allow_redirects=False) as answer:
                assert answer.status == 410
                assert "no longer valid" in await answer.text()


async def test_made_up_links_open_nothing(site: Desk) -> None:
    async with site.visitor_http() as http:
        for token in ("x", "%00", "%ff%fe", "a" * 4000):
            async with http.post(f"{site.base}/sign-in/{token}", allow_redirects=False) as answer:
                assert answer.status == 410
                assert not answer.cookies


async def test_the_cookie_is_kept_from_scripts_and_other_sites(site: Desk) -> None:
    async with site.visitor_http() as http, http.post(await site.link(), allow_redirects=False) as answer:
        cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie  # a browser would not send it back over http


async def test_behind_https_the_cookie_is_bound_to_its_host(site: Desk) -> None:
    await site.close()
    await site.serve(base="https://bot.example.com")
    link = (await site.link()).removeprefix(site.base)
    headers = {"Host": "bot.example.com", "Origin": "https://bot.example.com"}
    async with site.visitor_http() as http, http.post(link, headers=headers, allow_redirects=False) as answer:
        cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-botcore=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


async def test_no_token_is_stored_as_it_is(site: Desk, tmp_path: Path) -> None:
    link = await site.link()
    async with site.visitor_http() as http:
        async with http.post(link):
            pass
        cookies = [cookie.value for cookie in http.cookie_jar]
    tokens = [link.rpartition("/")[2], *cookies]
    assert len(tokens) == 2
    with sqlite3.connect(tmp_path / "bot.db") as db:
        dump = "\n".join(db.iterdump())
    assert not any(token in dump for token in tokens)


async def test_who_is_signed_out_learns_how_to_get_a_link(site: Desk) -> None:
    await site.send(waiting("A1", "Secret work"))
    async with site.visitor_http() as http, http.get("/") as answer:
        assert answer.status == 401
        text = await answer.text()
    assert "botcore link NAME" in text
    assert "Secret work" not in text


async def test_a_session_ends_after_thirty_days(site: Desk, clock: ManualClock) -> None:
    async with site.visitor() as ana:
        clock.advance(SESSION_LIFE / 1000 - 60)
        assert (await ana.get("/"))[0] == 200
        clock.advance(61)
        assert (await ana.get("/"))[0] == 401


async def test_signing_out_ends_the_session_and_its_streams(site: Desk) -> None:
    async with site.visitor() as ana, ana.http.get("/events") as answer:
        events = Events(answer)
        await events.next("state")
        cookies = {cookie.key: cookie.value for cookie in ana.http.cookie_jar}
        async with ana.http.post("/sign-out", data={"csrf": ana.csrf}) as signed_out:
            assert signed_out.status == 401  # the page it leads to
        assert (await events.next("bye"))[0] == "bye"
        async with site.visitor_http() as http, http.get("/", cookies=cookies) as replay:
            assert replay.status == 401


async def test_a_removed_person_loses_the_page_at_once(site: Desk) -> None:
    site.album.pictures["k"] = (b"x", "image/png")
    async with site.visitor(BEN) as ben, ben.http.get("/events") as answer:
        events = Events(answer)
        await events.next("state")
        del site.people.people["ben"]
        await site.send(waiting("A1", "Not for Ben"))
        assert (await events.next("bye", "card"))[0] == "bye"
        assert (await events.next())[0] == "end"
        status, text = await ben.get("/")
        assert status == 403
        assert re.search(r"<pre>ben</pre>", text)
        assert "Not for Ben" not in text
        for path in ("/board", "/events", "/pictures/k"):
            assert (await ben.get(path))[0] == 403
        for path in ("/act", "/form", "/command", "/complete"):
            assert (await ben.post(path, line="balance"))[0] == 403
    assert site.script.heard == []


async def test_a_person_whose_removal_was_ordered_on_the_page_loses_it_without_a_card(site: Desk) -> None:
    async def remove(*_: object) -> None:
        site.people.people.pop("ben", None)

    site.script.after = remove
    async with site.visitor(ANA) as ana, site.visitor(BEN) as ben, ben.http.get("/events") as answer:
        events = Events(answer)
        await events.next("state")
        await ana.post("/command", line="person remove ben")
        assert (await events.next("bye"))[0] == "bye"


async def test_who_gets_a_removed_persons_name_gets_neither_their_links_nor_their_browsers(
    site: Desk, clock: ManualClock
) -> None:
    people = site.people = People(site.store, [ANA])
    await site.close()
    await site.serve()
    first = await people.add("ben", Role.VIEWER, {"web": "ben"}, by="ana", now=clock.ms())
    unused = await site.link(first)
    async with site.visitor(first) as old, site.visitor_http() as stranger:
        await people.set_role("ben", Role.REVIEWER)
        assert (await old.get("/"))[0] == 200  # another role changes nothing
        await people.remove("ben")
        clock.advance(60)
        second = await people.add("ben", Role.OWNER, {"web": "ben"}, by="ana", now=clock.ms())
        assert (await old.get("/"))[0] == 401
        assert (await old.post("/act", button="approve:A1:0"))[0] == 401
        async with stranger.post(unused) as answer:
            assert answer.status == 401
        async with site.visitor(second) as new:
            assert (await new.get("/"))[0] == 200
    assert site.script.heard == []


async def test_the_bot_hears_who_acts_by_their_id_and_session(site: Desk) -> None:
    site.people.people["cleo"] = Person("cleo", Role.REVIEWER, {"web": "cleo@desk"})
    async with site.visitor(site.people.people["cleo"]) as cleo:
        await cleo.post("/act", button="approve:A1:0")
        await cleo.post("/command", line="/balance")
    kinds = [(kind, actor.adapter, actor.user_id, actor.name, what) for kind, actor, what, _ in site.script.heard]
    assert kinds == [
        ("press", "web", "cleo@desk", "cleo", "approve:A1:0"),
        ("command", "web", "cleo@desk", "cleo", "balance"),
    ]
    chats = {actor.chat_id for _, actor, _, _ in site.script.heard}
    assert len(chats) == 1
    assert all(chats)
