"""The plugin host: strangers' plugins are found and used, and what one breaks is its own."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import textwrap
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from botcore import Command, Reply, hookimpl
from botcore.host import Host, PluginInfo, PluginState
from botcore.models import Role

SHORT = 2  # seconds that a plugin is given where one hangs
SUBMISSION = {"submission": SimpleNamespace(task_id="t1"), "short_id": "A1"}
GOOD = """
    from botcore import hookimpl

    class Market: ...

    @hookimpl
    def register_providers():
        return {"market": Market}

    @hookimpl
    async def bot_started():
        return "up"
"""


@pytest.fixture
def host() -> Iterator[Host]:
    host = Host(seconds=60, import_seconds=60, patience=3)
    yield host
    host.close()


@pytest.fixture
def hasty() -> Iterator[Host]:
    """For plugins that hang, beside others that have time enough."""
    host = Host(seconds=SHORT, import_seconds=SHORT, patience=3)
    yield host
    host.close()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    path, modules = sys.path[:], set(sys.modules)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if str(tmp_path) in (getattr(sys.modules[name], "__file__", None) or ""):
            del sys.modules[name]


def install(folder: Path, name: str, source: str, *, module: str = "", dist: str = "", version: str = "1.2") -> None:
    """Leaves a plugin in a folder as `pip install --target` would."""
    dist, module = dist or f"third-party-{name}", module or f"third_party_{name}"
    (folder / f"{module}.py").write_text(textwrap.dedent(source))
    info = folder / f"{dist.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[botcore]\n{name} = {module}\n")


def states(host: Host) -> dict[str, PluginState]:
    return {plugin.name: plugin.state for plugin in host.plugins}


def info(host: Host, name: str) -> PluginInfo:
    return next(plugin for plugin in host.plugins if plugin.name == name)


class Advisor:
    """Works, and says that it did."""

    @hookimpl
    def advise(self) -> Sequence[str]:
        return ["fine"]

    @hookimpl
    async def submission_received(self, short_id: str) -> str:
        return f"heard of {short_id}"


# --- finding and loading


def test_a_plugin_in_a_folder_is_found_by_its_entry_point(host: Host, folder: Path) -> None:
    install(folder, "market", GOOD)
    host.load([folder], entry_points=False)
    assert host.plugins == [PluginInfo("market", "1.2", PluginState.RUNNING, "", ("bot_started", "register_providers"))]
    assert host.providers()["market"].__module__ == "third_party_market"


def test_a_plugin_installed_on_sys_path_is_found_among_the_shipped_ones(host: Host, folder: Path) -> None:
    install(folder, "market", GOOD)
    sys.path.append(str(folder))
    host.load([folder])  # reachable twice, loaded once
    assert states(host)["market"] is PluginState.RUNNING
    assert info(host, "market").error == ""
    assert {"market", "sproutgigs", "web"} <= states(host).keys()


def test_a_plugin_that_fails_at_import_costs_only_itself(hasty: Host, folder: Path) -> None:
    install(folder, "market", GOOD)
    install(folder, "abroken", "import no_such_library")
    install(folder, "quitter", "raise SystemExit(3)")
    install(folder, "sleeper", "import threading\nthreading.Event().wait(90)")
    install(folder, "typo", "def (:")
    hasty.load([folder], entry_points=False)
    assert states(hasty) == {
        "abroken": PluginState.FAILED,
        "market": PluginState.RUNNING,
        "quitter": PluginState.FAILED,
        "sleeper": PluginState.FAILED,
        "typo": PluginState.FAILED,
    }
    assert info(hasty, "abroken").error.startswith(
        "import raised ModuleNotFoundError: No module named 'no_such_library' (ref "
    )
    assert info(hasty, "sleeper").error.startswith("import did not return within 2 s")
    assert hasty.failures["typo", "import"] == 1
    assert list(hasty.providers()) == ["market"]


def test_a_damaged_installation_hides_no_other(host: Host, folder: Path) -> None:
    install(folder, "market", GOOD)
    install(folder, "damaged", GOOD)
    (folder / "third_party_damaged-1.2.dist-info" / "entry_points.txt").write_bytes(b"[botcore]\n\xff\xfe = \xff")
    host.load([folder], entry_points=False)
    assert states(host) == {"market": PluginState.RUNNING}


def test_of_two_plugins_with_one_name_the_first_is_used_and_says_so(host: Host, folder: Path) -> None:
    install(folder, "market", GOOD)
    install(folder, "market", GOOD, module="another_market", dist="another")
    host.load([folder], entry_points=False)
    (market,) = host.plugins
    assert market.state is PluginState.RUNNING
    assert market.error == "another plugin is called market too, and was left out"


def test_a_misspelled_hook_is_refused_by_name_and_the_others_stay(host: Host) -> None:
    class Misspelled:
        @hookimpl
        def submission_recieved(self) -> None: ...

    host.register("wrong", Misspelled())
    host.register("right", Advisor())
    assert states(host) == {"right": PluginState.RUNNING, "wrong": PluginState.REFUSED}
    assert info(host, "wrong").error == ("there is no hook submission_recieved (did you mean submission_received?)")
    assert info(host, "wrong").hooks == ()
    assert host.call("advise", submission=None) == [("right", ["fine"])]


def test_a_hook_that_asks_for_what_it_will_not_get_is_refused(host: Host) -> None:
    class Greedy:
        @hookimpl
        def advise(self, submission: object, password: str) -> None: ...

    host.register("greedy", Greedy())
    assert states(host) == {"greedy": PluginState.REFUSED}
    assert "password" in info(host, "greedy").error


def test_a_wrapper_around_other_plugins_is_refused(host: Host) -> None:
    class Wrapper:
        @hookimpl(wrapper=True)
        def advise(self) -> Iterator[None]:
            yield

    host.register("wrapper", Wrapper())
    assert info(host, "wrapper").error == "advise cannot be a wrapper: plugins are called one by one"


def test_the_cores_name_is_not_to_be_had(host: Host) -> None:
    host.register("core", Advisor())
    assert states(host) == {"core": PluginState.REFUSED}


def test_one_module_cannot_be_two_plugins(host: Host) -> None:
    advisor = Advisor()
    host.register("one", advisor)
    host.register("two", advisor)
    assert states(host) == {"one": PluginState.RUNNING, "two": PluginState.REFUSED}
    assert info(host, "two").error == "is the same as one"


# --- calling


def test_a_hook_that_registers_is_given_the_time_of_an_import() -> None:
    class Slow:
        @hookimpl
        def register_providers(self) -> Mapping[str, type]:
            threading.Event().wait(0.2)  # as an import takes on a machine that has much to do
            return {"market": Advisor}

    host = Host(seconds=0.01, import_seconds=30)
    host.register("slow", Slow())
    assert list(host.providers()) == ["market"]
    host.close()


def test_a_plugin_that_raises_in_every_hook_costs_only_itself(host: Host) -> None:
    class Angry:
        @hookimpl
        def register_providers(self) -> Mapping[str, type]:
            raise RuntimeError("no providers")

        @hookimpl
        def advise(self) -> None:
            raise SystemExit("go away")

        @hookimpl
        def register_commands(self) -> None:
            raise StopIteration

    class Market:
        @hookimpl
        def register_providers(self) -> Mapping[str, type]:
            return {"market": Advisor}

    host.register("angry", Angry())
    host.register("market", Market())
    host.register("works", Advisor())
    assert list(host.providers()) == ["market"]
    assert host.call("advise", submission=None) == [("works", ["fine"])]
    assert host.commands() == []
    assert host.failures.total() == 3
    assert states(host)["angry"] is PluginState.NEEDS_ATTENTION


class BlocksPlainly:
    @hookimpl
    def submission_received(self) -> None:
        threading.Event().wait(90)


class NeverComesBack:
    @hookimpl
    async def submission_received(self) -> None:
        await asyncio.Event().wait()


class BlocksItsEventLoop:
    @hookimpl
    async def submission_received(self) -> None:
        threading.Event().wait(90)


class ReturnsWhatNeverEnds:
    @hookimpl
    def submission_received(self) -> Awaitable[None]:
        return NeverComesBack().submission_received()


class RaisesLater:
    @hookimpl
    async def submission_received(self) -> None:
        await asyncio.sleep(0)
        raise ValueError("later")


class Exits:
    @hookimpl
    async def submission_received(self) -> None:
        raise SystemExit


class CancelsItself:
    @hookimpl
    async def submission_received(self) -> None:
        raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (BlocksPlainly, "submission_received did not return within 2 s"),
        (NeverComesBack, "submission_received did not return within 2 s"),
        (BlocksItsEventLoop, "submission_received did not return within 2 s"),
        (ReturnsWhatNeverEnds, "submission_received did not return within 2 s"),
        (RaisesLater, "submission_received raised ValueError"),
        (Exits, "submission_received raised RuntimeError"),
        (CancelsItself, "submission_received was cancelled from within"),
    ],
)
async def test_an_event_reaches_the_others_whatever_one_plugin_does(
    hasty: Host, broken: Callable[[], object], said: str
) -> None:
    hasty.register("broken", broken())
    hasty.register("works", Advisor())
    assert await hasty.acall("submission_received", **SUBMISSION) == [("works", "heard of A1")]
    assert info(hasty, "broken").error.startswith(f"{said} (ref ")
    assert states(hasty) == {"broken": PluginState.RUNNING, "works": PluginState.RUNNING}


async def test_the_bots_event_loop_goes_on_while_a_hook_blocks(hasty: Host) -> None:
    hasty.register("plain", BlocksPlainly())
    hasty.register("async", BlocksItsEventLoop())
    call = asyncio.create_task(hasty.acall("submission_received", **SUBMISSION))
    ticks = 0
    while not call.done():
        await asyncio.sleep(0.01)
        ticks += 1
    assert ticks > 5


async def test_a_hanging_coroutine_is_cancelled_when_it_is_given_up_on(hasty: Host) -> None:
    cancelled = threading.Event()

    class Hangs:
        @hookimpl
        async def bot_started(self) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

    hasty.register("hangs", Hangs())
    assert await hasty.acall("bot_started") == []
    assert await asyncio.to_thread(cancelled.wait, 60)


async def test_who_gives_up_on_an_event_gives_up_on_its_hooks_and_blames_nobody(host: Host) -> None:
    begun, cancelled = threading.Event(), threading.Event()

    class Slow:
        @hookimpl
        async def bot_started(self) -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

    host.register("slow", Slow())
    call = asyncio.create_task(host.acall("bot_started"))
    assert await asyncio.to_thread(begun.wait, 60)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await asyncio.to_thread(cancelled.wait, 60)
    assert host.failures.total() == 0


async def test_a_plugin_that_fails_time_and_again_is_left_alone(host: Host) -> None:
    calls = []

    class Fails:
        @hookimpl
        def advise(self) -> None:
            calls.append(1)
            raise ValueError

    host.register("fails", Fails())
    host.register("works", Advisor())
    for _ in range(5):
        assert await host.acall("advise", submission=None) == [("works", ["fine"])]
    assert len(calls) == 3
    assert host.failures == {("fails", "advise"): 3}
    assert states(host) == {"fails": PluginState.NEEDS_ATTENTION, "works": PluginState.RUNNING}


async def test_who_has_nothing_to_say_to_a_hook_or_is_left_alone_does_not_listen(host: Host) -> None:
    class Fails:
        @hookimpl
        def advise(self) -> None:
            raise ValueError

    assert not host.listens("advise")
    host.register("fails", Fails())
    assert host.listens("advise")
    assert not host.listens("decision_made")
    for _ in range(3):
        await host.acall("advise", submission=None)
    assert not host.listens("advise")


async def test_a_success_in_between_is_forgiven(host: Host) -> None:
    outcomes = iter([ValueError, ValueError, None, ValueError, ValueError, None])

    class Moody:
        @hookimpl
        def advise(self) -> Sequence[str]:
            if outcome := next(outcomes):
                raise outcome
            return ["well"]

    host.register("moody", Moody())
    heard = [await host.acall("advise", submission=None) for _ in range(6)]
    assert heard == [[], [], [("moody", ["well"])]] * 2
    assert states(host) == {"moody": PluginState.RUNNING}


async def test_an_error_is_shown_by_kind_and_told_in_full_in_the_log(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    class Tells:
        @hookimpl
        def advise(self) -> None:
            raise ValueError("the worker's address is x")

    host.register("tells", Tells())
    with caplog.at_level(logging.ERROR):
        await host.acall("advise", submission=None)
    (record,) = caplog.records
    assert info(host, "tells").error == f"advise raised ValueError (ref {vars(record)['ref']})"
    assert "the worker's address is x" in caplog.text


async def test_many_events_at_once_do_not_wait_for_each_other_in_a_slow_plugin() -> None:
    host = Host(seconds=60)
    everyone = threading.Barrier(10)

    class Slow:
        @hookimpl
        def advise(self) -> Sequence[str]:
            everyone.wait(60)
            return ["done"]

    host.register("slow", Slow())
    answers = await asyncio.gather(*(host.acall("advise", submission=None) for _ in range(10)))
    assert answers == [[("slow", ["done"])]] * 10
    host.close()


async def test_a_plugins_coroutines_share_one_event_loop(host: Host) -> None:
    class Remembers:
        @hookimpl
        async def bot_started(self) -> asyncio.AbstractEventLoop:
            return asyncio.get_running_loop()

    host.register("remembers", Remembers())
    [(_, first)], [(_, second)] = await host.acall("bot_started"), await host.acall("bot_started")
    assert first is second
    assert first is not asyncio.get_running_loop()


async def test_a_hook_called_wrongly_is_the_callers_mistake(host: Host) -> None:
    with pytest.raises(TypeError, match="advise takes submission"):
        await host.acall("advise", worker="w")
    with pytest.raises(AttributeError):
        host.call("no_such_hook")


# --- what plugins register


def offers(hook: str, value: object) -> object:
    def offer() -> object:
        return value

    offer.__name__ = hook
    return SimpleNamespace(**{hook: hookimpl(offer)})


async def ran(context: object, values: Mapping[str, Any]) -> Reply:
    return Reply("ran")


@pytest.mark.parametrize("hook", ["register_providers", "register_adapters", "register_sandboxes"])
def test_of_two_plugins_that_register_one_name_the_first_has_it(host: Host, hook: str) -> None:
    kind = hook.removeprefix("register_")
    host.register("bee", offers(hook, {"market": Host, "only": Host}))
    host.register("ant", offers(hook, {"market": Advisor}))
    assert getattr(host, kind)() == {"market": Advisor, "only": Host}
    singular = {"sandboxes": "sandbox"}.get(kind, kind[:-1])
    assert info(host, "bee").error == f"the {singular} market is already registered by ant"
    assert info(host, "ant").error == ""


def test_of_two_commands_with_one_name_the_first_plugins_stays(host: Host) -> None:
    first, second = (Command("gig list", text, Role.VIEWER, ran) for text in ("first", "second"))
    host.register("ant", offers("register_commands", [first]))
    host.register("bee", offers("register_commands", (second,)))
    assert host.commands() == [first]
    assert info(host, "bee").error == "the command gig list is already registered by ant"


def test_migrations_are_known_by_their_plugins_name(host: Host) -> None:
    from sqlite_utils import Migrations

    mine = Migrations("ant")
    host.register("ant", offers("register_migrations", mine))
    host.register("thief", offers("register_migrations", Migrations("core")))
    assert host.migrations() == {"ant": mine}
    assert info(host, "thief").error == "register_migrations must return a set of migrations called thief"


@pytest.mark.parametrize(
    ("hook", "value", "said"),
    [
        ("register_providers", ["market"], "register_providers must return a mapping of names to classes"),
        (
            "register_adapters",
            {"web": "a string"},
            "register_adapters must return a mapping of names to classes",
        ),
        ("register_commands", [ran], "register_commands must return a list of commands"),
    ],
)
def test_what_is_of_the_wrong_kind_is_not_taken(host: Host, hook: str, value: object, said: str) -> None:
    host.register("odd", offers(hook, value))
    assert not getattr(host, hook.removeprefix("register_"))()
    assert info(host, "odd").error == said


def test_plugins_are_asked_once_for_what_they_register(host: Host) -> None:
    asked = []

    class Counts:
        @hookimpl
        def register_providers(self) -> Mapping[str, type]:
            asked.append(1)
            return {"market": Host}

    host.register("counts", Counts())
    assert [list(host.providers()) for _ in range(3)] == [["market"]] * 3
    assert len(asked) == 1


def test_a_registration_that_hangs_costs_only_its_plugin(hasty: Host) -> None:
    class Hangs:
        @hookimpl
        def register_providers(self) -> None:
            threading.Event().wait(90)

    hasty.register("hangs", Hangs())
    hasty.register("market", offers("register_providers", {"market": Host}))
    assert list(hasty.providers()) == ["market"]
    assert info(hasty, "hangs").error.startswith("register_providers did not return within 2 s")


# --- the process


def test_the_host_imports_nothing_heavy() -> None:
    code = "import sys, botcore.host; print({'aiohttp', 'pydantic', 'sqlite_utils'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_process_with_hanging_plugins_can_end(folder: Path) -> None:
    install(folder, "sleeper", "import threading\nthreading.Event().wait()")
    install(
        folder,
        "blocker",
        """
        import threading
        from botcore import hookimpl

        @hookimpl
        async def bot_started():
            threading.Event().wait()
        """,
    )
    code = """
        import asyncio, sys
        from pathlib import Path
        from botcore.host import Host

        host = Host(seconds=2, import_seconds=2)
        host.load([Path(sys.argv[1])], entry_points=False)
        print(asyncio.run(host.acall("bot_started")))
        host.close()
        print([(plugin.name, plugin.state.value) for plugin in host.plugins])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(folder)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == ["[]", "[('blocker', 'running'), ('sleeper', 'failed')]"]
