"""What people install: the built wheel, away from the checkout, with its libraries and nothing else beside it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

CHECKOUT = Path(__file__).parents[1]
START_SECONDS = 60.0
STOP_SECONDS = 60.0


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(target)]
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True)
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the installed programs."""
    home = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", str(home / "venv")], check=True, capture_output=True)
    python = home / "venv" / "bin" / "python"
    pip = [str(python), "-m", "pip", "--isolated", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True)
    _lend_libraries(python, home / "libraries")
    return python.parent


def _lend_libraries(python: Path, folder: Path) -> None:
    """Links to the libraries of the tests' environment, but not to the botcore that is installed there."""
    folder.mkdir()
    for site in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for path in Path(site).iterdir():
            if "botcore" not in path.name and path.suffix != ".pth":
                (folder / path.name).symlink_to(path)
    (theirs,) = (python.parent.parent / "lib").glob("python*/site-packages")
    (theirs / "libraries.pth").write_text(f"{folder}\n")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """That of somebody who has never seen the checkout."""
    ours = ("PYTHON", "VIRTUAL_ENV", "COV", "PYTEST")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {"HOME": str(tmp_path)}


def test_only_the_wheels_own_code_is_there(installed: Path, environment: dict[str, str]) -> None:
    code = "import botcore, botcore_sproutgigs, botcore_web as w; print(botcore.__file__, w.__file__, sep='\\n')"
    ran = subprocess.run(
        [installed / "python", "-c", code], cwd="/", env=environment, capture_output=True, text=True, check=True
    )
    assert all(line.startswith(str(installed.parent)) for line in ran.stdout.splitlines())


def test_the_wheel_lists_its_plugins(installed: Path, environment: dict[str, str]) -> None:
    ran = subprocess.run(
        [installed / "botcore", "plugins"], cwd="/", env=environment, capture_output=True, text=True, check=True
    )
    rows = [line.split() for line in ran.stdout.splitlines() if line.startswith("  ")]
    plugins = ("discord", "hiretalents", "notify", "picoworkers", "sproutgigs", "telegram", "web")
    assert {row[0]: row[2] for row in rows[2:]} == dict.fromkeys(plugins, "running")


def test_the_wheel_starts_the_demo_and_stops_clean(
    installed: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    command: list[str | Path] = [
        installed / "botcore",
        "demo",
        "--data",
        tmp_path / "data",
        "--port",
        "0",
        "--sandbox-port",
        "0",
    ]
    with subprocess.Popen(
        command, cwd="/", env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as demo:
        impatience = threading.Timer(START_SECONDS, demo.kill)
        impatience.start()
        try:
            link = next(_links(demo), "")
            assert "/sign-in/" in link
            with urlopen(link) as page:
                assert b"Sign in" in page.read()
            demo.send_signal(signal.SIGINT)
            _, errors = demo.communicate(timeout=STOP_SECONDS)
        finally:
            impatience.cancel()
            demo.kill()
    assert demo.returncode == 0
    assert "Traceback" not in errors


def _links(demo: subprocess.Popen[str]) -> Iterator[str]:
    """What stdout says that is an address alone on its line."""
    assert demo.stdout is not None
    for line in demo.stdout:
        if line.startswith("http://127.0.0.1:"):
            yield line.strip()
