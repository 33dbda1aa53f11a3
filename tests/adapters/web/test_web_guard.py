from __future__ import annotations

import re

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .desk import Desk, waiting

POSTS = ("/act", "/form", "/check", "/command", "/complete", "/sign-out")


@pytest.mark.parametrize("path", POSTS)
async def test_a_post_without_the_sessions_token_is_refused(site: Desk, path: str) -> None:
    async with site.visitor() as ana:
        for token in ("", "wrong", "é"):
            fields = {"csrf": token, "button": "approve:A1:0", "line": "balance"}
            async with ana.http.post(path, data=fields, allow_redirects=False) as answer:
                assert answer.status == 403
        assert (await ana.get("/"))[0] == 200  # still signed in
    assert site.script.heard == []


async def test_one_sessions_token_is_of_no_use_in_another(site: Desk) -> None:
    async with site.visitor() as one, site.visitor() as other:
        headers = {"X-CSRF-Token": one.csrf}
        async with other.http.post("/command", data={"line": "balance"}, headers=headers) as answer:
            assert answer.status == 403
    assert site.script.heard == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://["},
        {"Origin": ""},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_what_another_sites_page_posts_is_refused(site: Desk, headers: dict[str, str]) -> None:
    link = await site.link()
    async with site.visitor() as ana:
        for path in ("/act", "/command", link):
            async with ana.http.post(path, data={"csrf": ana.csrf}, headers=headers, allow_redirects=False) as answer:
                assert answer.status == 403
        async with ana.http.get(link) as answer:
            assert answer.status == 200  # not spent
    assert site.script.heard == []


async def test_the_pages_own_posts_are_taken(site: Desk) -> None:
    async with site.visitor() as ana:
        for headers in (
            {"Origin": site.base},
            {"Origin": site.base, "Sec-Fetch-Site": "same-origin"},
            {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        ):
            fields = {"csrf": ana.csrf, "line": "balance"}
            async with ana.http.post("/command", data=fields, headers=headers) as answer:
                assert answer.status == 200
    assert len(site.script.heard) == 3


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:1", "127.0.0.1", "evil@127.0.0.1", "", "[::1", "a/b"])
async def test_a_foreign_host_is_refused_also_for_reading(site: Desk, host: str) -> None:
    async with site.visitor() as ana:
        for path in ("/", "/board", "/events", "/static/x/page.css", "/sign-in/x", "/pictures/x"):
            async with ana.http.get(path, headers={"Host": host}) as answer:
                assert answer.status == 403


async def test_loopback_names_with_the_listening_port_are_ours(site: Desk) -> None:
    await site.close()
    await site.serve(base="https://bot.example.com")
    port = site.base.rpartition(":")[2]
    async with site.visitor_http() as http:
        for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "bot.example.com"):
            async with http.get("/", headers={"Host": host}) as answer:
                assert answer.status == 401


async def test_behind_https_a_page_of_the_same_name_without_it_is_another_site(site: Desk) -> None:
    await site.close()
    await site.serve(base="https://bot.example.com")
    link = (await site.link()).removeprefix(site.base)
    port = site.base.rpartition(":")[2]
    async with site.visitor_http() as http:
        for host, origin, status in (
            ("bot.example.com", "http://bot.example.com", 403),
            ("bot.example.com", "https://bot.example.com", 303),
            (f"localhost:{port}", f"http://localhost:{port}", 410),  # spent; on this machine there is no https
        ):
            headers = {"Host": host, "Origin": origin}
            async with http.post(link, headers=headers, allow_redirects=False) as answer:
                assert answer.status == status


async def test_every_answer_carries_the_strict_headers(site: Desk) -> None:
    site.album.pictures["k"] = (b"x", "image/png")
    await site.send(waiting("A1"))
    async with site.visitor() as ana:
        for path in ("/", "/board", "/sign-in/x", "/static/x/app.js", "/static/x/nothing", "/events", "/pictures/k"):
            async with ana.http.get(path) as answer:
                headers = answer.headers
                policy = headers["Content-Security-Policy"]
                assert policy.startswith("default-src 'none'")
                assert "unsafe" not in policy
                assert headers["X-Content-Type-Options"] == "nosniff"
                assert headers["Referrer-Policy"] == "no-referrer"
                if not path.startswith(("/static", "/pictures")):
                    assert headers["Cache-Control"] == "no-store"
                    assert "frame-ancestors 'none'" in policy


async def test_the_page_has_no_script_or_style_of_its_own_inside(site: Desk) -> None:
    await site.send(waiting("A1"))
    async with site.visitor() as ana:
        _, html = await ana.get("/")
    assert "<style" not in html
    assert " style=" not in html
    assert html.count("<script") == html.count('<script type="module" src=') == 1
    assert re.search(r"\son\w+=", html) is None


async def test_pictures_go_out_as_what_they_were_checked_to_be(site: Desk) -> None:
    site.album.pictures |= {"good": (b"\x89PNG", "image/png"), "bad": (b"<script>", "text/html")}
    async with site.visitor() as ana:
        async with ana.http.get("/pictures/good") as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"] == "image/png"
            assert answer.headers["Content-Disposition"] == "inline"
            assert "sandbox" in answer.headers["Content-Security-Policy"]
        for missing in ("bad", "unknown", "..%2Fbot.db", "%00"):
            assert (await ana.get(f"/pictures/{missing}"))[0] == 404
    async with site.visitor_http() as http, http.get("/pictures/good") as answer:
        assert answer.status == 401


async def test_bodies_have_a_limit(site: Desk) -> None:
    async with site.visitor() as ana:
        assert (await ana.post("/command", line="x" * 1_000_000))[0] == 413
        assert (await ana.post("/form", form="f", **{"in.words": "x" * 200_000}))[0] == 200
        assert (await ana.post("/form", form="f", **{"in.words": "x" * 300_000}))[0] == 413
        assert (await ana.post("/form", **{f"in.{n}": "x" for n in range(200)}))[0] == 400
        assert (await ana.post("/check", form="f", **{"in.words": "x" * 200_000})) == (200, {"form": None})
        assert (await ana.post("/check", form="f", **{"in.words": "x" * 300_000}))[0] == 413
        async with ana.http.post("/act", json={"button": "approve:A1:0"}, headers={"X-CSRF-Token": ana.csrf}) as answer:
            assert answer.status == 415
    assert [kind for kind, _ in site.script.acts()] == ["form"]


async def test_a_fault_is_told_in_a_sentence_with_a_reference(site: Desk, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("the inside of things")

    site.script.after = fail
    async with site.visitor() as ana:
        status, reply = await ana.post("/command", line="balance")
    assert status == 500
    assert "inside" not in reply["text"]
    assert reply["text"].rstrip(".").rsplit(" ", 1)[-1] in caplog.text


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cookie=st.text(st.characters(min_codepoint=32, exclude_characters="\x7f"), max_size=60),
    body=st.binary(max_size=300),
    last=st.text(st.characters(min_codepoint=32, exclude_characters="\x7f"), max_size=20),
)
async def test_nonsense_is_refused_without_a_fault(site: Desk, cookie: str, body: bytes, last: str) -> None:
    name = f"botcore-{site.base.rpartition(':')[2]}"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with aiohttp.ClientSession(site.base) as stranger:
        for path in ("/act", "/form", "/check", "/command", "/complete", "/events"):
            headers = {**form, "Cookie": f"{name}={cookie}", "Last-Event-ID": last, "X-CSRF-Token": last}
            async with stranger.request("GET" if path == "/events" else "POST", path, data=body, headers=headers) as a:
                assert a.status == 401
    assert site.script.heard == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(st.binary(max_size=300), min_size=5, max_size=5))
async def test_nonsense_of_somebody_signed_in_is_answered_without_a_fault(site: Desk, bodies: list[bytes]) -> None:
    async with site.visitor() as ana:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-CSRF-Token": ana.csrf}
        for path, prefix, body in zip(
            ("/act", "/form", "/check", "/command", "/complete"),
            (b"button=", b"form=f&in.x=", b"form=f&in.x=", b"line=", b"line="),
            bodies,
            strict=True,
        ):
            async with ana.http.post(path, data=prefix + body, headers=headers) as answer:
                assert answer.status in (200, 400)
