"""Measured figures, each beside the least that anything of its kind costs on this machine."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

HEADS = ("what", "ours", "baseline", "ratio", "aim", "ok?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`ours` and `baseline` in `unit`; `of` says what the baseline is of. `least` and `most` are aims for ours,
    `least_ratio` and `most_ratio` for ours divided by the baseline; without any it is only told."""

    what: str
    ours: float
    baseline: float
    unit: str
    of: str
    least: float | None = None
    most: float | None = None
    least_ratio: float | None = None
    most_ratio: float | None = None

    @property
    def ratio(self) -> float:
        return self.ours / self.baseline

    @property
    def ok(self) -> bool:
        return all(
            (
                self.least is None or self.ours >= self.least,
                self.most is None or self.ours <= self.most,
                self.least_ratio is None or self.ratio >= self.least_ratio,
                self.most_ratio is None or self.ratio <= self.most_ratio,
            )
        )

    @property
    def aim(self) -> str:
        aims = (
            ("≥ {:,g} " + self.unit, self.least),
            ("≤ {:,g} " + self.unit, self.most),
            ("× ≥ {:g}", self.least_ratio),
            ("× ≤ {:g}", self.most_ratio),
        )
        return " and ".join(text.format(value) for text, value in aims if value is not None)


async def in_turns(
    ours: Callable[[], Awaitable[float]], bare: Callable[[], Awaitable[float]], rounds: int = 5
) -> tuple[float, float]:
    """The medians of two measurements taken in turns, so that whatever else the machine does meets both."""
    pairs = [(await ours(), await bare()) for _ in range(rounds)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def table(figures: Sequence[Figure]) -> str:
    """The figures in Markdown, aligned for those who read it as it is."""
    rows = [HEADS, *(_row(figure) for figure in figures)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADS))]
    lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _row(figure: Figure) -> tuple[str, ...]:
    verdict = ("ok" if figure.ok else "NO") if figure.aim else ""
    return (
        figure.what,
        f"{_round(figure.ours)} {figure.unit}",
        f"{_round(figure.baseline)} {figure.unit} {figure.of}",
        f"× {figure.ratio:.2f}",
        figure.aim or "—",
        verdict,
    )


def _round(value: float) -> str:
    """Three digits are all that a measurement is good for."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
