"""Notices through Apprise, to a real mail server and a real webhook; and what becomes of those that fail."""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import replace

import pytest
from apprise.plugins.email.base import NotifyEmail

from botcore.adapter import SendUnknown, Traffic
from botcore.redaction import Redactor
from botcore.secrets import url_secrets
from botcore.ui import Card, Chart, MessageRef, Picture, PictureState, Series, Text
from botcore_notify.adapter import CALL, TIMES
from tests.adapters.notify.conftest import Office
from tests.core.rig import until
from tests.ports import free_port

HOUR = 3_600


async def test_a_notice_arrives_at_a_webhook_and_by_mail(office: Office) -> None:
    office.public_url = "https://bot.example.com"
    office.channel("ops", office.hook.url("ops"))
    office.channel("owner", office.mail.url("ana@example.com"))
    await office.start()
    await office.tell()
    ((_, told),) = office.hook.got
    assert told["title"].startswith("Job J1")
    assert "Worker: w-a" in told["message"]
    assert "Open: https://bot.example.com" in told["message"]
    (mail,) = office.mail.mails
    assert mail["subject"] == told["title"]
    assert mail["to"] == "ana@example.com"
    html = mail.get_body(("html",))
    assert html is not None
    assert '<a href="https://bot.example.com">Open the page</a>' in html.get_content()
    assert await office.states("ops") == ["sent"]
    assert await office.states("owner") == ["sent"]


async def test_a_notice_is_told_once_whatever_happens_to_what_it_is_about(office: Office) -> None:
    office.channel("ops", office.hook.url("ops"))
    await office.start()
    await office.tell()
    await office.rig.press("rob", "approve:A1:0")
    await office.rig.turn(60)
    await office.adapter.edit(MessageRef("notify", "ops", "1"), Card("Anything"))
    assert len(office.hook.got) == 1
    assert await office.states("ops") == ["sent"]


async def test_notices_to_one_place_are_paced(office: Office) -> None:
    ops = office.channel("ops", office.hook.url("ops"))
    await office.start()
    assert office.adapter.pause(ops, Traffic.NEW) == 0
    for number in (1, 2, 3):
        await office.tell(number)
    assert len(office.hook.got) == 1
    await office.rig.turn(10)
    assert len(office.hook.got) == 3


async def test_a_place_that_hangs_costs_only_itself(office: Office) -> None:
    office.channel("slow", office.hook.url("slow", "?rto=300"))
    office.channel("ops", office.hook.url("ops"))
    office.hook.answers["slow"] = False
    await office.start()
    telling = asyncio.create_task(office.tell())
    await until(lambda: bool(office.hook.told("ops") and office.hook.told("slow")))
    assert await office.states("ops") in (["sending"], ["sent"])
    office.clock.advance(CALL)
    await telling
    assert await office.states("slow") == ["in doubt"]
    assert "does not answer" in office.adapter.condition()
    for number in (2, 3):
        await office.tell(number)
        await office.rig.turn(60)
    assert len(office.hook.told("ops")) == 3
    assert len(office.hook.told("slow")) == 1, "while it hangs, nothing else is begun there"
    await office.rig.turn(4 * HOUR)
    assert "does not answer" in office.rig.delivery.broken["slow"]
    assert sum("notify slow" in thread.name for thread in threading.enumerate()) == 1


async def test_an_answer_that_comes_late_counts_and_nothing_is_sent_twice(office: Office) -> None:
    office.channel("slow", office.hook.url("slow", "?rto=300"))
    office.hook.answers["slow"] = False
    await office.start()
    telling = asyncio.create_task(office.tell())
    await until(lambda: bool(office.hook.told("slow")))
    office.clock.advance(CALL)
    await telling
    office.hook.release.set()
    await until(lambda: not (any(thread.name == "notify slow" for thread in threading.enumerate())))
    await office.rig.turn(HOUR)
    assert await office.states("slow") == ["sent"]
    assert len(office.hook.told("slow")) == 1


async def test_a_bot_stops_though_a_place_hangs(office: Office) -> None:
    office.channel("slow", office.hook.url("slow", "?rto=300"))
    office.hook.answers["slow"] = False
    await office.start()
    telling = asyncio.create_task(office.tell())
    await until(lambda: bool(office.hook.told("slow")))
    await office.adapter.stop()
    await office.rig.kill()
    telling.cancel()
    (hanging,) = [thread for thread in threading.enumerate() if thread.name == "notify slow"]
    assert hanging.daemon, "the process does not wait for it"


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_what_is_in_doubt_is_sent_once_more_and_never_a_third_time(office: Office, status: int) -> None:
    office.channel("ops", office.hook.url("ops"))
    office.hook.answers["ops"] = status
    await office.start()
    await office.tell()
    assert await office.states("ops") == ["in doubt"]
    await office.rig.turn(24 * HOUR)
    assert len(office.hook.got) == TIMES
    assert await office.states("ops") == ["sent"], "it is let go"


async def test_what_a_crash_left_in_doubt_counts_as_well(office: Office) -> None:
    office.channel("ops", office.hook.url("ops"))
    office.hook.answers["ops"] = 500
    await office.start()
    await office.tell()
    for _ in range(3):
        await office.restart()
        await office.rig.turn(2 * HOUR)
    assert len(office.hook.got) == TIMES


async def test_a_place_that_is_gone_is_asked_less_and_less_until_it_is_back(office: Office) -> None:
    office.channel("ops", office.hook.url("ops"))
    office.channel("owner", office.mail.url("ana@example.com"))
    await office.start()
    await office.hook.stop()
    await office.mail.stop()
    await office.tell()
    assert await office.states("ops") == await office.states("owner") == ["due"]
    await office.rig.turn(HOUR)
    for name in ("ops", "owner"):
        assert "cannot be reached: it is tried again by itself" in office.rig.delivery.broken[name]
        assert f"{name} cannot be reached" in office.adapter.condition()
    assert office.adapter.pause(office.channels[0], Traffic.NEW) <= HOUR
    await office.hook.start()
    await office.mail.start()
    await office.rig.turn(2 * HOUR)
    assert len(office.hook.got) == len(office.mail.mails) == 1
    assert office.rig.delivery.broken == {}
    assert office.adapter.condition() == "2 channels"


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_place_that_says_no_needs_a_person(office: Office, status: int) -> None:
    office.channel("ops", office.hook.url("ops"))
    office.hook.answers["ops"] = status
    await office.start()
    await office.tell()
    assert office.rig.delivery.broken == {"ops": f"JSON refuses it (HTTP {status}): is its URL right?"}
    office.hook.answers["ops"] = 200
    await office.rig.turn(HOUR)
    assert await office.states("ops") == ["sent"]
    assert office.rig.delivery.broken == {}


async def test_a_pause_that_is_asked_for_is_kept_and_nothing_is_lost(office: Office) -> None:
    office.channel("ops", office.hook.url("ops"))
    office.hook.answers["ops"] = 429
    await office.start()
    await office.tell()
    assert await office.states("ops") == ["due"]
    office.hook.answers["ops"] = 200
    await office.rig.turn(60)
    assert await office.states("ops") == ["sent"]


async def test_a_notice_that_a_place_does_not_take_keeps_no_others_waiting(office: Office) -> None:
    office.channel("ops", office.hook.url("ops"))
    office.hook.answers["ops"] = 400
    await office.start()
    await office.tell(1)
    assert office.rig.delivery.broken == {"ops": "JSON does not take it (HTTP 400): is its URL right?"}
    await office.rig.turn(2 * HOUR)
    office.hook.answers["ops"] = 200
    await office.tell(2)
    await office.rig.turn(2 * HOUR)
    assert await office.states("ops") == ["sent", "sent"]
    assert ["Worker: w-a" in told for told in office.hook.told("ops")] == [True] * TIMES + [False]


async def test_a_mailbox_that_is_refused_needs_a_person(office: Office) -> None:
    office.channel("owner", office.mail.url("nobody@example.com"))
    office.mail.refused["nobody@example.com"] = "550 no such mailbox"
    await office.start()
    await office.tell()
    assert office.rig.delivery.broken == {"owner": "E-Mail refuses it (SMTP 550): is its URL right?"}
    assert await office.states("owner") == ["due"]
    office.mail.refused.clear()
    await office.rig.turn(HOUR)
    assert len(office.mail.mails) == 1


async def test_who_of_several_got_a_mail_gets_it_twice_at_most(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.channel("team", office.mail.url("ana@example.com", "nobody@example.com"))
    office.mail.refused["nobody@example.com"] = "550 no such mailbox"
    await office.start()
    monkeypatch.setattr(NotifyEmail, "request_rate_per_sec", 0.0)  # it would sleep between its targets
    await office.tell()
    assert await office.states("team") == ["in doubt"]
    await office.rig.turn(24 * HOUR)
    assert len(office.mail.mails) == TIMES
    assert await office.states("team") == ["sent"]


async def test_a_notice_cannot_pretend_how_it_went(office: Office) -> None:
    ops = office.channel("ops", office.hook.url("ops"))
    office.hook.answers["ops"] = 500
    await office.start()
    card = Card("error=404", blocks=(Text("Sent error=401 connection refused ('550', (550, b'x') error=404"),))
    with pytest.raises(SendUnknown, match="HTTP 500"):
        await office.adapter.send(ops, card, "k")


async def test_charts_go_along_as_one_picture(office: Office) -> None:
    ops = office.channel("ops", office.hook.url("ops"))
    await office.start()
    bars = Chart("Rated a day", ("4 Jan", "5 Jan"), (Series("approved", (3.0, 5.0)),))
    await office.adapter.send(ops, Card("The day", blocks=(bars, replace(bars, title="Paid"))), "k")
    ((_, told),) = office.hook.got
    (attached,) = told["attachments"]
    assert attached["mimetype"] == "image/png"


async def test_pictures_go_along_where_a_service_takes_files(office: Office) -> None:
    ops = office.channel("ops", office.hook.url("ops"))
    await office.start()
    office.rig.pictures.kept["chart"] = (b"\x89PNG picture", "image/png")
    pictures = tuple(Picture(key, key, PictureState.READY) for key in ("chart", "lost"))
    await office.adapter.send(ops, Card("The last 14 days", blocks=pictures), "k")
    ((_, told),) = office.hook.got
    (attached,) = told["attachments"]
    assert (attached["filename"], attached["mimetype"]) == ("picture-1.png", "image/png")


async def test_a_url_that_cannot_be_used_costs_only_its_channel(office: Office) -> None:
    office.channel("bad", "nosuch://hunter2hunter2/secret")
    office.channel("ops", office.hook.url("ops"))
    await office.start()
    await office.tell()
    assert await office.states("ops") == ["sent"]
    assert office.rig.delivery.broken["bad"].startswith("nosuch:// is no service that Apprise knows")
    assert "hunter2" not in str(office.rig.delivery.broken) + office.adapter.condition()


KEYS = "tok3ntok3ntok3n"


async def test_no_key_is_ever_logged_or_said(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    urls = {
        "ops": f"json://us3rus3rus3r:{KEYS}@127.0.0.1:{office.hook.port}/{KEYS}?-api_key={KEYS}",
        "gone": f"json://us3rus3rus3r:{KEYS}@127.0.0.1:{port}/{KEYS}",
        "mail": f"mailto://us3rus3rus3r:{KEYS}@127.0.0.1:{port}/?from=a@b.co&to=c@d.co&mode=insecure",
        "bad": f"slack://{KEYS}",
        "odd": f"nosuch://{KEYS}",
        "none": KEYS,
    }
    for name, url in urls.items():
        office.channel(name, url)
    for logger in ("", "apprise", "urllib3", "requests", "botcore_notify"):
        caplog.set_level(logging.DEBUG, logger)
    await office.start()
    office.hook.answers[KEYS] = 404
    await office.tell()
    await office.rig.turn(2 * HOUR)
    assert office.hook.got, "the webhook was reached"
    said = [
        caplog.text,
        *office.rig.delivery.broken.values(),
        office.adapter.condition(),
        *(finding.text for finding in await office.adapter.check()),
        repr(office.channels),
        *(channel.shown for channel in office.channels),
        str(await office.rig.rows("SELECT * FROM deliveries")),
    ]
    for text in said:
        assert KEYS not in text
        assert "us3rus3rus3r" not in text
    assert set(office.rig.delivery.broken) == set(urls)


def test_the_parts_of_a_url_are_struck_out_of_logs_and_host_names_are_not() -> None:
    url = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlaz%2BkcOX/#general?x=y"
    redact = Redactor({url, *url_secrets(url)})
    for part in (url, "T1JJ3T3L2", "TIiajkdnlaz%2BkcOX", "TIiajkdnlaz+kcOX"):
        assert part not in redact(f"POST /services/{part} went wrong")
    mail = "mailto://ana:correcthorse@smtp.example.com:587/?to=bob@example.org"
    assert url_secrets(mail) == {"correcthorse"}
    assert url_secrets("https://hooks.slack.com/services/T0/B0/x1Y2z3A4b5C6") == {"x1Y2z3A4b5C6"}
