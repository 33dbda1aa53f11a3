"""What the logs say, and what they never say."""

from __future__ import annotations

import io
import json
import logging
import re
import time
import warnings
from collections.abc import Iterator

import pytest

from botcore import logs
from botcore.logs import reference, setup
from botcore.redaction import Redactor

log = logging.getLogger("botcore.sample")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    names = ("aiohttp.access", "asyncio", "httpcore", "httpx", "PIL", "urllib3")
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in names}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, earlier in levels.items():
        logging.getLogger(name).setLevel(earlier)
    logging.captureWarnings(capture=False)


def only_line(stream: io.StringIO) -> dict[str, str]:
    (line,) = stream.getvalue().splitlines()
    fields = json.loads(line)
    assert isinstance(fields, dict)
    return fields


def test_a_pipe_gets_one_json_object_a_line() -> None:
    stream = io.StringIO()
    setup(stream=stream)
    log.warning("two\nlines of %s", "text", extra={"account": "main"})
    fields = only_line(stream)
    assert fields["message"] == "two\nlines of text"
    assert (fields["level"], fields["logger"], fields["account"]) == ("warning", "botcore.sample", "main")
    assert fields["time"].endswith("+00:00")


def test_a_terminal_gets_lines_for_people() -> None:
    stream = Terminal()
    setup(stream=stream)
    log.info("hello", extra={"account": "main", "ref": "K7QX"})
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d INFO botcore\.sample: hello \(account=main\) \(ref K7QX\)\n", stream.getvalue()
    )


def test_a_workers_words_cannot_forge_a_line_nor_steer_the_terminal() -> None:
    stream = Terminal()
    setup(stream=stream)
    log.info("said %s", "hi\n12:00:00 ERROR root: \x1b[2Jall is lost\u202e\r")
    lines = stream.getvalue().splitlines()
    assert lines[1] == "    12:00:00 ERROR root: \\x1b[2Jall is lost\\u202e\\r"


def test_a_second_setup_takes_the_place_of_the_first() -> None:
    first, second = io.StringIO(), io.StringIO()
    setup(stream=first)
    setup(stream=second)
    log.info("once")
    assert first.getvalue() == ""
    assert only_line(second)["message"] == "once"


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()], ids=["json", "human"])
def test_a_secret_is_hidden_in_messages_arguments_extras_and_tracebacks(stream: io.StringIO) -> None:
    setup({'hu"sh\\é'}, stream=stream)
    secret = 'hu"sh\\é'
    log.warning("plain %s" % secret)  # noqa: UP031 - as a library might
    log.warning("an argument %s and its repr %r", secret, {"key": secret}, extra={"value": secret})
    try:
        raise ValueError(f"the key {secret} was wrong")
    except ValueError:
        log.exception("failed")
    said = stream.getvalue()
    assert "hu" not in said
    assert said.count("[hidden]") == 5
    assert "ValueError: the key [hidden] was wrong" in said


def test_a_secret_in_an_earlier_exception_of_the_chain_is_hidden() -> None:
    stream = io.StringIO()
    setup({"hush-hush"}, stream=stream)
    try:
        try:
            raise KeyError("hush-hush")
        except KeyError as error:
            raise RuntimeError("no luck") from error
    except RuntimeError:
        log.exception("failed")
    assert "KeyError: '[hidden]'" in only_line(stream)["traceback"]


def test_a_secret_learnt_later_is_hidden_from_then_on() -> None:
    stream = io.StringIO()
    redactor = setup(stream=stream)
    redactor.add("late-secret")
    log.info("it is late-secret")
    assert only_line(stream)["message"] == "it is [hidden]"


def test_a_line_that_cannot_be_formatted_does_not_spill_its_arguments(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stream = io.StringIO()
    setup({"hush-hush"}, stream=stream)
    log.info("%d", "hush-hush")
    assert only_line(stream)["message"].startswith("a log line of botcore.sample (test_logs.py:")
    assert capsys.readouterr() == ("", "")


def test_a_stream_that_nobody_reads_any_more_does_no_harm(capsys: pytest.CaptureFixture[str]) -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    setup(stream=Broken())
    log.info("anybody?")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [hidden]"),
        ("{'Authorization': 'Bot abc.def'}", "{'Authorization': 'Bot [hidden]'}"),
        ("('authorization', 'x-key-1')", "('authorization', '[hidden]')"),
        ("sent bearer abcdef.123 there", "sent bearer [hidden] there"),
        ("Basic authentication failed", "Basic authentication failed"),
        ('"POST /hooks/main/s3cr3t?x=1 HTTP/1.1" 200', '"POST /hooks/main/[hidden]?x=1 HTTP/1.1" 200'),
        ("/hooks/main/a/b", "/hooks/main/[hidden]"),
        ("from a.worker+1@mail.example.com.", "from [hidden]."),
        ("mail=a.worker%40example.com", "mail=[hidden]"),
        ("not@anaddress", "not@anaddress"),
        (
            "api.telegram.org/bot123456789:AAE-abcdefghijklmnopqrstuvwxyz_12345/getMe",
            "api.telegram.org/bot[hidden]/getMe",
        ),
        ("https://user:pass@host.example/x", "https://[hidden]@host.example/x"),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x"),
        ("/sign-in?token=abc&next=1", "/sign-in?token=[hidden]&next=1"),
        ("at 12:30:05 task 123456: done", "at 12:30:05 task 123456: done"),
    ],
)
def test_what_looks_like_a_secret_is_hidden_unasked(text: str, redacted: str) -> None:
    assert Redactor()(text) == redacted


def test_a_secret_is_hidden_in_its_other_spellings() -> None:
    redactor = Redactor(["a b/c&d"])
    assert redactor("x=a%20b%2Fc%26d y=a+b%2Fc%26d") == "x=[hidden] y=[hidden]"


def test_of_two_secrets_the_longer_is_hidden_whole() -> None:
    assert Redactor(["hush", "hush-hush"])("hush-hush hush") == "[hidden] [hidden]"


@pytest.mark.parametrize("text", ["a" * 200_000, "a@" * 100_000, "a." * 100_000, "://a:" * 40_000, "1" * 200_000])
def test_redacting_a_hostile_text_takes_no_long_time(text: str) -> None:
    redactor = Redactor(["hush-hush"])
    began = time.perf_counter()
    redactor(text)
    assert time.perf_counter() - began < 2


def test_a_reference_is_short_and_easy_to_read_out() -> None:
    refs = {reference() for _ in range(200)}
    assert len(refs) > 190
    assert all(re.fullmatch(r"[2-9A-HJKMNP-Z]{4}", ref) for ref in refs)


def test_access_logs_stay_out() -> None:
    stream = io.StringIO()
    setup(stream=stream, level="DEBUG")
    logging.getLogger("aiohttp.access").info("GET /")
    log.debug("shown")
    assert only_line(stream)["message"] == "shown"


def test_warnings_are_logged_too() -> None:
    stream = io.StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        setup({"hush-hush"}, stream=stream)
        warnings.warn("hush-hush is old", stacklevel=1)
    assert "[hidden] is old" in only_line(stream)["message"]


def test_stderr_is_looked_up_when_it_is_set_up(capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup()
    log.info("here")
    assert '"message": "here"' in capsys.readouterr().err
