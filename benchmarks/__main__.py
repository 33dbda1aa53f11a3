"""What `make bench` prints: what the bot promises to stay within, measured here and now."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import Figure, table
from benchmarks.help_time import help_time
from benchmarks.memory import memory
from benchmarks.press import press


async def main() -> int:
    figures: list[Figure] = [help_time()]
    with tempfile.TemporaryDirectory(prefix="botcore-bench-") as folder:
        figures.append(await memory(Path(folder)))
        figures.append(await press(Path(folder)))
    print(table(figures))
    return 0 if all(figure.within for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
