"""How long `botcore --help` takes, as somebody who types it waits for it."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benchmarks.figures import Figure

RUNS = 15


def help_time() -> Figure:
    """The median, beside that of a Python that does nothing."""
    botcore = _median([sys.executable, "-m", "botcore", "--help"])
    bare = _median([sys.executable, "-c", "pass"])
    return Figure("botcore --help", botcore, 0.5, "s", bare, "for python -c pass")


def _median(command: list[str]) -> float:
    return statistics.median(_seconds(command) for _ in range(RUNS))


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began
