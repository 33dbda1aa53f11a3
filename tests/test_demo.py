"""`botcore demo`: an account at each marketplace, little to begin with, and nothing that a person must repair."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from botcore.demo import CONFIG, SANDBOX
from botcore.host import Host

LAST_LINE = "Try too: "


@contextmanager
def demo(folder: Path) -> Iterator[list[str]]:
    """What a demo printed until it was up; it is ended as by Ctrl-C."""
    command = [sys.executable, "-m", "botcore", "demo", "--calm", "--data", str(folder), "--port", "0"]
    with subprocess.Popen(
        [*command, "--sandbox-port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            printed: list[str] = []
            while not (printed and printed[-1].startswith(LAST_LINE)):
                line = process.stdout.readline()
                assert line, f"it ended after {printed}"
                printed.append(line.rstrip("\n"))
            yield printed
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
        finally:
            process.kill()


def accounts(printed: list[str]) -> dict[str, Any]:
    """What the simulated marketplaces say of their accounts."""
    (line,) = [line for line in printed if line.startswith("The simulated marketplaces: ")]
    base = line.split()[3].partition("/_sandbox/")[0]
    with urlopen(f"{base}/_sandbox/state") as answer:
        state: dict[str, Any] = json.load(answer)["accounts"]
    return state


def test_it_begins_anew_after_another_version_and_goes_on_after_itself(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / SANDBOX)) as old:
        old.execute("CREATE TABLE account (name TEXT)")
        old.execute("PRAGMA user_version = 1")
    (tmp_path / "mine.txt").write_text("not the demo's")
    host = Host()
    host.load()
    names = {kind.account_name for name, kind in host.sandboxes().items() if name in host.providers()}
    host.close()

    with demo(tmp_path) as printed:
        first = accounts(printed)
        assert "another version" in printed[0]
    assert set(first) == names
    assert 3 <= sum(account["tasks"]["unrated"] for account in first.values()) <= 9
    for name in names:
        assert f"[accounts.{name}]" in (tmp_path / CONFIG).read_text()
    assert (tmp_path / "mine.txt").exists()

    with demo(tmp_path) as printed:
        assert not any("another version" in line for line in printed)
        assert accounts(printed).keys() == first.keys()
