"""Finds plugins by their entry points, without importing any."""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """A plugin that can be loaded. `load` imports it and may raise anything."""

    name: str
    version: str
    load: Callable[[], object]


def find_plugins(group: str, folders: Sequence[Path], *, installed: bool) -> list[Found]:
    """Plugins, by name: the installed ones, and those in folders as `pip install --target` leaves them.

    The folders are added to the end of `sys.path`, where they can hide nothing that is installed.
    """
    found: dict[tuple[str, str], Found] = {}
    for entry_point, version in _entry_points(group, folders, installed):
        # the same installation may be reachable in two ways
        found.setdefault((entry_point.name, entry_point.value), Found(entry_point.name, version, entry_point.load))
    return sorted(found.values(), key=lambda plugin: plugin.name)


def _entry_points(group: str, folders: Sequence[Path], installed: bool) -> Iterator[tuple[EntryPoint, str]]:
    if installed:
        yield from _of(group, distributions())
    for folder in folders:
        path = str(folder.absolute())
        if path not in sys.path:
            sys.path.append(path)
        importlib.invalidate_caches()
        yield from _of(group, distributions(path=[path]))


def _of(group: str, found: Iterable[Distribution]) -> Iterator[tuple[EntryPoint, str]]:
    for distribution in found:
        try:
            ours = [
                (entry_point, distribution.version) for entry_point in distribution.entry_points.select(group=group)
            ]
        except Exception:  # whatever a damaged installation raises must not hide the others
            log.exception("the entry points of %s cannot be read", distribution)
            continue
        yield from ours
