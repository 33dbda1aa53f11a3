"""Charts drawn with Pillow. Loaded by who draws one, and by nobody else: it is a large library."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont
from PIL.ImageFont import ImageFont as BitmapFont

from .charts import plot
from .ui import Chart, Tone

WIDTH, HEIGHT = 900, 300  # pixels of one chart
LEFT, RIGHT, TOP, BOTTOM = 84, 28, 78, 44  # around its plot
PAPER, INK, DIM, LINE = "#ffffff", "#1d2330", "#646c7d", "#e3e6ec"
COLOURS = {
    Tone.NEUTRAL: "#9aa2b1",
    Tone.INFO: "#4f6bed",
    Tone.SUCCESS: "#2d9d5f",
    Tone.WARNING: "#e0a020",
    Tone.DANGER: "#d64545",
}
Font = FreeTypeFont | BitmapFont


def draw_charts(charts: Sequence[Chart]) -> bytes:
    """Charts as a PNG, one below the other, on white: it stands beside light and dark words alike."""
    image = Image.new("RGB", (WIDTH, HEIGHT * len(charts)), PAPER)
    pen = ImageDraw.Draw(image)
    for number, chart in enumerate(charts):
        _draw(pen, chart, HEIGHT * number)
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _draw(pen: ImageDraw.ImageDraw, chart: Chart, top: int) -> None:
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    laid = plot(chart, wide, high)
    pen.text((24, top + 16), chart.title, INK, _font(22))
    if len(chart.series) > 1:
        _legend(pen, chart, top + 48)
    for y, text in laid.ticks:
        pen.line([(LEFT, top + TOP + y), (LEFT + wide, top + TOP + y)], LINE, 1)
        pen.text((LEFT - 10, top + TOP + y), text, DIM, _font(15), anchor="rm")
    for bar in laid.bars:
        x, y = LEFT + bar.x, top + TOP + bar.y
        pen.rectangle([x, y, x + bar.width, max(y + bar.height - 1, y)], COLOURS[bar.tone])
    for x, text in laid.labels:
        pen.text((LEFT + x, top + HEIGHT - BOTTOM + 10), text, DIM, _font(15), anchor="ma")


def _legend(pen: ImageDraw.ImageDraw, chart: Chart, y: int) -> None:
    x = 24.0
    for one in chart.series:
        pen.rectangle([x, y + 2, x + 12, y + 14], COLOURS[one.tone])
        pen.text((x + 18, y), one.name, DIM, _font(15))
        x += 18 + pen.textlength(one.name, _font(15)) + 22


@cache
def _font(size: int) -> Font:
    return ImageFont.load_default(size)
