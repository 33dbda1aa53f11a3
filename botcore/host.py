"""The plugin host: finds plugins, calls each one's hooks by itself, and keeps what one breaks to that one.

Every call has a time limit, in real seconds, and runs beside the bot's event loop (see `isolation`): a hook
may block, raise or never return. A hook's coroutine therefore runs on its plugin's event loop, not on the
bot's, and cannot await what belongs to that one.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from . import hookspecs
from .discovery import Found, find_plugins
from .isolation import Isolated
from .logs import reference
from .problems import did_you_mean

if TYPE_CHECKING:
    from sqlite_utils import Migrations

    from .adapter import Adapter
    from .commands.registry import Command
    from .kinds import OperationKind
    from .provider import Provider
    from .sandbox import Sandbox

log = logging.getLogger(__name__)

IMPORT = "import"
RESERVED = frozenset({"core", "botcore"})


class PluginState(StrEnum):
    RUNNING = "running"
    FAILED = "failed"  # it could not be imported
    REFUSED = "refused"  # what it offers cannot be used: a hook nobody calls, a name that is taken
    NEEDS_ATTENTION = "needs attention"  # it failed time and again, and is left alone until a restart


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """A plugin as a person sees it. `error` is short and safe to show; the log has the rest."""

    name: str
    version: str
    state: PluginState
    error: str
    hooks: tuple[str, ...]


@dataclass(slots=True)
class _Plugin:
    name: str
    version: str
    side: Isolated
    state: PluginState = PluginState.RUNNING
    problems: list[str] = field(default_factory=list)  # what it registers and nobody can use
    last_error: str = ""
    failed_in_a_row: int = 0
    impls: dict[str, list[pluggy.HookImpl]] = field(default_factory=dict)

    def info(self) -> PluginInfo:
        errors = [*self.problems, self.last_error] if self.last_error else self.problems
        return PluginInfo(self.name, self.version, self.state, "; ".join(errors), tuple(sorted(self.impls)))


class Host:
    """The plugins of one bot.

    A hook is given `seconds`, an import `import_seconds`, and so is a hook that registers something, as it imports
    what it registers. After `patience` failures in a row a plugin is left alone until a restart. `failures` counts
    them by plugin and hook.
    """

    def __init__(self, *, seconds: float = 5.0, import_seconds: float = 30.0, patience: int = 5) -> None:
        self.failures: Counter[tuple[str, str]] = Counter()
        self._seconds = seconds
        self._import_seconds = import_seconds
        self._patience = patience
        self._plugins: dict[str, _Plugin] = {}
        self._answers: dict[str, dict[str, Any]] = {}
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)

    def load(self, folders: Iterable[Path] = (), entry_points: bool = True) -> None:
        """Loads what is installed (`entry_points`) or lies in a folder as installed there, one by one.

        What cannot be loaded is kept in `plugins` with its error. The folders go to the end of `sys.path`.
        """
        for found in find_plugins(hookspecs.PROJECT, list(folders), installed=entry_points):
            self._load(found)

    def register(self, name: str, plugin: object, version: str = "") -> None:
        """Takes a module or object that is already here as a plugin."""
        if added := self._add(name, version):
            self._admit(added, plugin)

    @property
    def plugins(self) -> Sequence[PluginInfo]:
        """Every plugin that was found, by name."""
        return [self._plugins[name].info() for name in sorted(self._plugins)]

    def listens(self, hook: str) -> bool:
        """Whether any plugin has something to say to a hook."""
        return any(p.state is PluginState.RUNNING and hook in p.impls for p in self._plugins.values())

    def call(self, hook: str, **kwargs: object) -> list[tuple[str, Any]]:
        """Calls a hook in one plugin after the other: the results other than None, by plugin name. Blocks; it is for
        those that register something."""
        results = []
        for plugin, impl in self._impls(hook, kwargs):
            future = plugin.side.submit(impl.function, *_arguments(impl, kwargs))
            concurrent.futures.wait([future], self._import_seconds)
            if self._went_well(plugin, hook, future, self._import_seconds):
                results.append((plugin.name, future.result()))
        return [(name, result) for name, result in results if result is not None]

    async def acall(self, hook: str, **kwargs: object) -> list[tuple[str, Any]]:
        """Calls a hook in all plugins at once and awaits what they return: the results other than None."""
        called = [
            (plugin, asyncio.wrap_future(plugin.side.submit(impl.function, *_arguments(impl, kwargs))))
            for plugin, impl in self._impls(hook, kwargs)
        ]
        if not called:
            return []
        try:
            await asyncio.wait([future for _, future in called], timeout=self._seconds)
        except asyncio.CancelledError:
            for _, future in called:
                future.cancel()
            raise
        results = [
            (plugin.name, future.result())
            for plugin, future in called
            if self._went_well(plugin, hook, future, self._seconds)
        ]
        return [(name, result) for name, result in results if result is not None]

    def providers(self) -> dict[str, type[Provider]]:
        """The marketplaces, by the word after `provider =`."""
        return self._registered("register_providers", "provider", _classes)

    def adapters(self) -> dict[str, type[Adapter]]:
        """The messengers, by the word in `[adapters.NAME]`."""
        return self._registered("register_adapters", "adapter", _classes)

    def sandboxes(self) -> dict[str, type[Sandbox]]:
        """The simulated marketplaces, by provider."""
        return self._registered("register_sandboxes", "sandbox", _classes)

    def commands(self) -> list[Command]:
        """The plugins' commands, by plugin."""
        return list(self._registered("register_commands", "command", _commands).values())

    def operations(self, taken: Collection[str] = ()) -> dict[str, OperationKind]:
        """The plugins' kinds of operations, by name; none may have a name that is `taken`."""
        return self._registered("register_operations", "operation", partial(_operations, taken))

    def migrations(self) -> dict[str, Migrations]:
        """The plugins' own tables, by plugin."""
        return self._registered("register_migrations", "set of migrations", _migrations)

    def close(self) -> None:
        """Gives up on whatever plugins still do."""
        for plugin in self._plugins.values():
            plugin.side.close()

    def _load(self, found: Found) -> None:
        plugin = self._add(found.name, found.version)
        if plugin is None:
            return
        future = plugin.side.submit(found.load)
        concurrent.futures.wait([future], self._import_seconds)
        if self._went_well(plugin, IMPORT, future, self._import_seconds):
            self._admit(plugin, future.result())
        else:
            plugin.state = PluginState.FAILED
            plugin.side.close()

    def _add(self, name: str, version: str) -> _Plugin | None:
        """A place for a plugin; None where its name is taken, which is noted with who has it."""
        if first := self._plugins.get(name):
            first.problems.append(f"another plugin is called {name} too, and was left out")
            log.error("two plugins are called %s: only the first one found is used", name)
            return None
        plugin = self._plugins[name] = _Plugin(name, version, Isolated(name))
        if name in RESERVED:
            self._refuse(plugin, f"{name} cannot be the name of a plugin")
            return None
        return plugin

    def _admit(self, plugin: _Plugin, module: object) -> None:
        """Makes its hooks callable, or refuses it with the reason."""
        self._answers.clear()
        if self._manager.is_registered(module):
            self._refuse(plugin, f"is the same as {self._manager.get_name(module)}")
            return
        try:
            self._manager.register(module, plugin.name)
        except pluggy.PluginValidationError as error:
            self._refuse(plugin, " ".join(str(error).split()))
            return
        known = [name for name, caller in vars(self._manager.hook).items() if caller.has_spec()]
        for caller in self._manager.get_hookcallers(module) or ():
            impls = [impl for impl in caller.get_hookimpls() if impl.plugin is module]
            if caller.has_spec() and not any(impl.wrapper or impl.hookwrapper for impl in impls):
                plugin.impls[caller.name] = impls
            elif caller.has_spec():
                self._refuse(plugin, f"{caller.name} cannot be a wrapper: plugins are called one by one")
            elif not all(impl.optionalhook for impl in impls):
                self._refuse(plugin, f"there is no hook {caller.name}{did_you_mean(caller.name, known)}")
        if plugin.state is PluginState.REFUSED:
            plugin.impls.clear()
            self._manager.unregister(name=plugin.name)

    def _impls(self, hook: str, kwargs: Mapping[str, object]) -> list[tuple[_Plugin, pluggy.HookImpl]]:
        spec = getattr(self._manager.hook, hook).spec
        if set(spec.argnames) != set(kwargs):
            raise TypeError(f"{hook} takes {', '.join(spec.argnames) or 'nothing'}")
        return [
            (plugin, impl)
            for _, plugin in sorted(self._plugins.items())
            if plugin.state is PluginState.RUNNING
            for impl in plugin.impls.get(hook, ())
        ]

    def _went_well(self, plugin: _Plugin, what: str, future: _AnyFuture, seconds: float) -> bool:
        """Whether a call returned in time; otherwise gives up on it, and notes whose fault it was."""
        error: BaseException | None = None
        if not future.done():
            future.cancel()
            trouble = f"{what} did not return within {seconds:g} s"
        elif future.cancelled():
            trouble = f"{what} was cancelled from within"
        elif (error := future.exception()) is not None:
            trouble = f"{what} raised {type(error).__name__}"
            if what == IMPORT:  # it has seen no secret yet, and what it lacks is worth knowing
                trouble += f": {' '.join(str(error).split())[:200]}"
        else:
            plugin.failed_in_a_row = 0
            return True
        ref = reference()
        self.failures[plugin.name, what] += 1
        plugin.failed_in_a_row += 1
        plugin.last_error = f"{trouble} (ref {ref})"
        log.error("plugin %s: %s", plugin.name, trouble, exc_info=error, extra={"ref": ref})
        if plugin.state is PluginState.RUNNING and plugin.failed_in_a_row >= self._patience:
            plugin.state = PluginState.NEEDS_ATTENTION
            log.error("plugin %s failed %s times in a row: it is left alone", plugin.name, self._patience)
        return False

    def _refuse(self, plugin: _Plugin, why: str) -> None:
        plugin.state = PluginState.REFUSED
        plugin.problems.append(why)
        log.error("plugin %s is refused: %s", plugin.name, why)

    def _problem(self, name: str, problem: str) -> None:
        self._plugins[name].problems.append(problem)
        log.error("plugin %s: %s", name, problem)

    def _registered(self, hook: str, kind: str, read: _Read) -> dict[str, Any]:
        """What all plugins register, by name: where two claim one name, the first has it. Asked for once."""
        if hook not in self._answers:
            owners: dict[str, str] = {}
            values: dict[str, Any] = {}
            for plugin, offered in self.call(hook):
                try:
                    named = read(plugin, offered)
                except TypeError as error:
                    self._problem(plugin, f"{hook} must return {error}")
                    continue
                for name, value in named:
                    if name in owners:
                        self._problem(plugin, f"the {kind} {name} is already registered by {owners[name]}")
                    else:
                        owners[name], values[name] = plugin, value
            self._answers[hook] = values
        return dict(self._answers[hook])


_Read = Callable[[str, object], Sequence[tuple[str, Any]]]
_AnyFuture = asyncio.Future[Any] | concurrent.futures.Future[Any]


def _classes(plugin: str, offered: object) -> list[tuple[str, Any]]:
    if not isinstance(offered, Mapping) or not all(callable(value) for value in offered.values()):
        raise TypeError("a mapping of names to classes")
    return list(offered.items())


def _commands(plugin: str, offered: object) -> list[tuple[str, Any]]:
    from .commands.registry import Command

    if not isinstance(offered, list | tuple) or not all(isinstance(value, Command) for value in offered):
        raise TypeError("a list of commands")
    return [(command.name, command) for command in offered]


def _operations(taken: Collection[str], plugin: str, offered: object) -> list[tuple[str, Any]]:
    from .kinds import OperationKind

    if not isinstance(offered, list | tuple) or not all(isinstance(value, OperationKind) for value in offered):
        raise TypeError("a list of operation kinds")
    if clash := sorted({kind.name for kind in offered} & set(taken)):
        raise TypeError(f"operations of its own: {clash[0]} is the bot's")
    return [(kind.name, kind) for kind in offered]


def _migrations(plugin: str, offered: object) -> list[tuple[str, Any]]:
    # the name is how the database remembers which of them ran: two plugins must not share one
    if getattr(offered, "name", None) != plugin:
        raise TypeError(f"a set of migrations called {plugin}")
    return [(plugin, offered)]


def _arguments(impl: pluggy.HookImpl, kwargs: Mapping[str, object]) -> list[object]:
    """What an implementation asked for; it may leave out what it does not need."""
    return [kwargs[name] for name in impl.argnames]
