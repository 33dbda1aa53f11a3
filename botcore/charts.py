"""Charts: where their bars stand, and how they become pictures for messengers that draw none."""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from .ui import Block, Card, Chart, Picture, PictureState, Tone, to_json

if TYPE_CHECKING:
    from .adapter import Pictures

BAR = 0.72  # of the width there is for it
TICKS = 4  # lines behind the bars, at most
LABELS = 8  # below them, at most
PICTURE = "chart-"  # begins the key of the picture that a card's charts are drawn on


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a bar, in pixels from the top left corner of the plot; `label` and `value` say what it stands for."""

    x: float
    y: float
    width: float
    height: float
    tone: Tone
    name: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A chart laid out. `ticks` are heights with their numbers, `labels` places below the bars, `totals` what each bar
    comes to."""

    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, str], ...]
    labels: tuple[tuple[float, str], ...]
    totals: tuple[str, ...]


def plot(chart: Chart, width: float, height: float) -> Plot:
    """Where everything of a chart stands in a plot of this size, in pixels."""
    sums = [sum(max(one.values[at], 0.0) for one in chart.series) for at in range(len(chart.labels))]
    step = _step(max(sums, default=0.0))
    top = max(math.ceil(round(max(sums, default=0.0) / step, 9)), 1) * step
    slot = width / max(len(chart.labels), 1)
    bars = []
    for at, label in enumerate(chart.labels):
        below = height
        for one in chart.series:
            value = max(one.values[at], 0.0)
            tall = height * value / top
            if tall > 0:
                below -= tall
                x = slot * at + slot * (1 - BAR) / 2
                bars.append(Bar(x, below, slot * BAR, tall, one.tone, one.name, label, amount(value, chart.unit)))
    every = -(-len(chart.labels) // LABELS) or 1
    first = (len(chart.labels) - 1) % every if chart.labels else 0  # the newest always has its name
    return Plot(
        tuple(bars),
        tuple((height * (1 - step * n / top), amount(step * n, chart.unit)) for n in range(round(top / step) + 1)),
        tuple((slot * (at + 0.5), chart.labels[at]) for at in range(first, len(chart.labels), every)),
        tuple(amount(value, chart.unit) for value in sums),
    )


def amount(value: float, unit: str = "") -> str:
    """A number as it stands in a chart: `1,200`, `$0.08`."""
    if unit:
        return f"{unit}{value:,.2f}"
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def _step(highest: float) -> float:
    """The distance of the lines behind the bars: 1, 2 or 5 times a power of ten."""
    if highest <= 0:
        return 1.0
    rough = highest / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    return next(n * power for n in (1.0, 2.0, 5.0, 10.0) if n * power >= rough * (1 - 1e-9))


def charts_of(card: Card) -> tuple[Chart, ...]:
    return tuple(block for block in card.blocks if isinstance(block, Chart))


def as_pictures(card: Card) -> Card:
    """A card with one picture in the place of its first chart, for all of them: what `PicturesOf` has is drawn."""
    charts = charts_of(card)
    if not charts:
        return card
    title = ", ".join(chart.title for chart in charts if chart.title) or "Chart"
    blocks: list[Block] = []
    for block in card.blocks:
        if not isinstance(block, Chart):
            blocks.append(block)
        elif block is charts[0]:
            blocks.append(Picture(_key(charts), title, PictureState.READY))
    return replace(card, blocks=tuple(blocks))


class PicturesOf:
    """The pictures of a card, those that its charts become among them; the others are another store's."""

    def __init__(self, pictures: Pictures, card: Card) -> None:
        self._pictures = pictures
        self._charts = charts_of(card)

    async def read(self, key: str) -> tuple[bytes, str] | None:
        if key.startswith(PICTURE):
            if not self._charts or key != _key(self._charts):
                return None
            return await chart_png(self._charts), "image/png"
        return await self._pictures.read(key)


async def chart_png(charts: Sequence[Chart]) -> bytes:
    """Charts as one PNG, one below the other. Drawn in a thread: the library that draws is loaded there, by who needs
    it first."""
    return await asyncio.to_thread(_drawn, tuple(charts))


@lru_cache(maxsize=16)
def _drawn(charts: tuple[Chart, ...]) -> bytes:
    from .chart_png import draw_charts

    return draw_charts(charts)


def _key(charts: Sequence[Chart]) -> str:
    return PICTURE + hashlib.sha256(to_json(charts).encode()).hexdigest()[:32]
