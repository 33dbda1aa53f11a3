"""Webhooks in both shapes, signed or not, and bodies that are nobody's."""

from __future__ import annotations

import hashlib
import hmac
import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcore.clock import ManualClock
from botcore.models import Hints, WebhookRequest
from botcore.pacing import OpenGate
from botcore.provider import ProviderTools
from botcore_sproutgigs.provider import SproutGigsProvider
from botcore_sproutgigs.settings import SproutGigsSettings

TASKS = {"9c0de1": ["t1", "t2", "t1"], "77aa01": [15]}
EXPECTED = Hints(tasks={"9c0de1": ("t1", "t2"), "77aa01": ("15",)})
KEY = "the signing key"


def provider(**settings: str) -> SproutGigsProvider:
    checked = SproutGigsSettings.model_validate({"user_id": "u1", "api_secret": "x"} | settings)
    return SproutGigsProvider(checked, ProviderTools("main", OpenGate(), ManualClock()))


def post(body: bytes | str | object, **headers: str) -> WebhookRequest:
    raw = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    return WebhookRequest("POST", {}, {name.replace("_", "-"): text for name, text in headers.items()}, raw)


def form(value: object) -> str:
    return urlencode({"source": "sproutgigs", "data": json.dumps(value)})


def multipart(value: object) -> str:
    head = '--xYz\r\nContent-Disposition: form-data; name="data"\r\n\r\n'
    return f"{head}{json.dumps(value)}\r\n--xYz--\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        post(TASKS),
        post(TASKS, content_type="application/x-www-form-urlencoded"),
        post(form(TASKS), content_type="application/x-www-form-urlencoded"),
        post(multipart(TASKS), content_type='multipart/form-data; boundary="xYz"'),
        post(b"\xef\xbb\xbf" + json.dumps(TASKS).encode()),
    ],
)
def test_the_documented_shape_is_read_as_json_and_from_a_form(request_: WebhookRequest) -> None:
    assert provider().hints(request_) == EXPECTED


@pytest.mark.parametrize("wrap", [json.dumps, form])
def test_the_newer_shape_of_submitted_tasks(wrap: object) -> None:
    event = [
        {"job_id": "9c0de1", "task_ids": ["t1"]},
        {"job_id": "77aa01", "task_ids": [15]},
        {"job_id": "9c0de1", "task_ids": ["t1", "t2"]},
    ]
    body = {"event_type": "tasks_submitted", "event_date": "2026-01-05T12:00:00Z", "event": event}
    assert provider().hints(post(wrap(body))) == EXPECTED  # type: ignore[operator]


def test_a_changed_job_status_hints_at_the_job() -> None:
    change = {"job_id": "9c0de1", "changes": [{"status": "PAUSED", "date": "2026-01-05T12:00:00Z"}]}
    body = {"event_type": "job_status_changed", "event_date": "", "event": [change, change]}
    assert provider().hints(post(body)) == Hints(jobs=("9c0de1",))


@pytest.mark.parametrize(
    ("event", "jobs"),
    [
        ([{"order_id": 5}], ()),
        ({"order_id": 5}, ()),
        ("soon", ()),
        (None, ()),
        ([{"job_id": "9c0de1", "task_ids": 5}, {"job_id": "../x"}, 3], ("9c0de1",)),
    ],
)
def test_an_event_of_a_kind_that_is_not_known_is_taken_so_that_it_is_not_sent_again_all_day(
    event: object, jobs: tuple[str, ...]
) -> None:
    body = {"event_type": "gig_ordered", "event_date": "2026-01-05T12:00:00Z", "event": event}
    assert provider().hints(post(body)) == Hints(jobs=jobs)


@pytest.mark.parametrize("body", [{}, []])
def test_a_webhook_about_nothing_hints_at_nothing(body: object) -> None:
    assert provider().hints(post(body)) == Hints()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"\xff\xfe\x00",
        b"null",
        b"3",
        b'"text"',
        b"[1]",
        b'{"job": "t1"}',
        b'{"job": {"a": 1}}',
        b'{"job": ["a,b"]}',
        b'{"job": ["../../etc"]}',
        b'{"job": [null]}',
        b'{"job": [true]}',
        b'{"job": [1.5]}',
        b'{"job": [' + b"9" * 5000 + b"]}",
        b'{"": ["a"]}',
        b'{"' + b"j" * 65 + b'": ["a"]}',
        b'{"event_type": "tasks_submitted"}',
        b'{"event_type": "tasks_submitted", "event": [3]}',
        b'{"event_type": "tasks_submitted", "event": [{"task_ids": []}]}',
        b'{"event_type": "tasks_submitted", "event": [{"job_id": "a", "task_ids": 5}]}',
        b"[" * 500_000,
        b'{"a":' * 100_000,
        b"&".join(b"a=1" for _ in range(100_000)),
        b"a=" + b"%5B" * 100_000,
    ],
)
def test_a_body_that_is_not_theirs_is_refused(body: bytes) -> None:
    for kind in ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"):
        with pytest.raises(ValueError, match=r"."):
            provider().hints(post(body, content_type=kind))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["event_type", "event", "job_id", "task_ids", "j1"]) | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON.map(json.dumps).map(str.encode) | st.binary(max_size=300))
def test_hostile_bodies_give_hints_of_plain_ids_or_a_value_error(body: bytes) -> None:
    try:
        hints = provider().hints(post(body))
    except ValueError:
        return
    for one in [*hints.jobs, *hints.tasks, *(task for tasks in hints.tasks.values() for task in tasks)]:
        assert one.replace("-", "").replace("_", "").isalnum()
        assert one.isascii()


# --- signatures


def signature(body: bytes, key: str = KEY) -> str:
    return "sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def test_a_signed_webhook_is_read() -> None:
    body = json.dumps(TASKS).encode()
    for given_ in (signature(body), signature(body).upper().replace("SHA", "sha")):
        signed = post(body, **{"x-sproutgigs-signature": given_})
        assert provider(signature_secret=KEY).hints(signed) == EXPECTED


@pytest.mark.parametrize("given_", [None, "", "sha256=", signature(b"other"), signature(b"{}", "x"), "ü", "\udce4"])
def test_where_a_signature_is_required_nothing_else_is_read(given_: str | None) -> None:
    headers = {} if given_ is None else {"x-sproutgigs-signature": given_}
    with pytest.raises(PermissionError):
        provider(signature_secret=KEY).hints(post(b"{}", **headers))


def test_where_no_signature_is_required_a_wrong_one_does_not_matter() -> None:
    assert provider().hints(post(TASKS, **{"x-sproutgigs-signature": "sha256=00"})) == EXPECTED
