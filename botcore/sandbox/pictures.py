"""Screenshots: each is a recipe in the database, and drawing the same recipe gives the same bytes."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from random import Random
from typing import TYPE_CHECKING, Literal

from .prose import honest
from .world import Books

if TYPE_CHECKING:
    from PIL import ImageDraw

Page = Literal["profile", "video", "long", "login"]

_WIDTH, _HEIGHT, _TALL = 960, 600, 2000
_INK, _FAINT, _PAPER = (32, 36, 44), (120, 126, 138), (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a screenshot shows: a page in a browser's window, signed in as somebody. `luck` seeds the rest."""

    page: Page
    title: str
    user: str
    luck: str


def hang(books: Books, picture_id: str, recipe: Recipe) -> str:
    """Keeps a picture under an id; returns the id."""
    books.q("INSERT INTO picture VALUES (:id, :recipe)", id=picture_id, recipe=json.dumps(asdict(recipe)))
    return picture_id


def recipe_of(books: Books, picture_id: str) -> Recipe | None:
    text = books.value("SELECT recipe FROM picture WHERE id = :id", id=picture_id)
    return None if text is None else Recipe(**json.loads(text))


def draw(recipe: Recipe, kind: str = "png") -> bytes:
    """A recipe as a PNG or a JPEG ("jpg"). Takes some tens of milliseconds: call it off the event loop."""
    from PIL import Image, ImageDraw  # heavy, and needed by nobody who looks at no picture

    luck = Random(recipe.luck)
    hue = luck.randrange(360)
    image = Image.new("RGB", (_WIDTH, _TALL if recipe.page == "long" else _HEIGHT), _PAPER)
    pen = ImageDraw.Draw(image)
    _window(pen, recipe, image.height, hue)
    match recipe.page:
        case "profile":
            _profile(pen, recipe, luck, hue)
        case "video":
            _video(pen, recipe, luck, hue)
        case "long":
            _long(pen, recipe, luck, image.height)
        case "login":
            _login(pen, hue)
    out = io.BytesIO()
    image.save(out, "JPEG" if kind == "jpg" else "PNG")
    return out.getvalue()


def _window(pen: ImageDraw.ImageDraw, recipe: Recipe, height: int, hue: int) -> None:
    pen.rectangle((0, 0, _WIDTH, 40), fill=(222, 225, 230))
    for i, colour in enumerate(((237, 106, 94), (245, 191, 79), (98, 197, 84))):
        pen.ellipse((16 + 24 * i, 13, 30 + 24 * i, 27), fill=colour)
    pen.rounded_rectangle((110, 7, _WIDTH - 110, 33), 13, fill=_PAPER)
    _say(pen, (126, 11), f"https://app.example/{recipe.page}/{recipe.user}", 14, _FAINT)
    pen.rectangle((0, 41, _WIDTH, 100), fill=_colour(hue, 45))
    _say(pen, (32, 58), recipe.title[:60], 22, _PAPER)
    pen.line((0, height - 1, _WIDTH, height - 1), fill=_FAINT)


def _profile(pen: ImageDraw.ImageDraw, recipe: Recipe, luck: Random, hue: int) -> None:
    pen.ellipse((40, 140, 160, 260), fill=_colour(hue, 70))
    _say(pen, (80, 165), recipe.user[0].upper(), 56, _PAPER)
    _say(pen, (190, 150), recipe.user, 34)
    _say(pen, (190, 200), f"Member no. {luck.randint(10_000, 99_999)} · joined today", 18, _FAINT)
    for i, label in enumerate(("Account confirmed", "Newsletter on", f"{luck.randint(0, 40)} points")):
        top = 300 + 70 * i
        pen.rounded_rectangle((40, top, _WIDTH - 40, top + 54), 8, outline=(208, 212, 220), width=2)
        _say(pen, (64, top + 16), label, 18)


def _video(pen: ImageDraw.ImageDraw, recipe: Recipe, luck: Random, hue: int) -> None:
    pen.rectangle((40, 130, 700, 500), fill=_colour(hue, 20))
    pen.polygon(((340, 270), (340, 360), (415, 315)), fill=_PAPER)
    played = luck.uniform(0.55, 0.99)
    pen.rectangle((40, 490, 700, 500), fill=(90, 94, 104))
    pen.rectangle((40, 490, 40 + 660 * played, 500), fill=(224, 60, 60))
    minutes, seconds = divmod(int(played * luck.randint(150, 400)), 60)
    _say(pen, (40, 515), f"{minutes}:{seconds:02} · signed in as {recipe.user}", 20)
    for i in range(4):
        pen.rectangle((730, 130 + 95 * i, 900, 210 + 95 * i), fill=_colour(luck.randrange(360), 75))


def _long(pen: ImageDraw.ImageDraw, recipe: Recipe, luck: Random, height: int) -> None:
    _say(pen, (40, 130), f"Answers of {recipe.user}", 30)
    for number, top in enumerate(range(200, height - 120, 120), start=1):
        _say(pen, (40, top), f"{number}. Your answer", 18, _FAINT)
        _say(pen, (40, top + 30), honest("opinion", recipe.user, luck)[:95], 18)
        pen.line((40, top + 90, _WIDTH - 40, top + 90), fill=(224, 227, 232))


def _login(pen: ImageDraw.ImageDraw, hue: int) -> None:
    _say(pen, (360, 180), "Sign in to continue", 26)
    for top in (240, 310):
        pen.rounded_rectangle((300, top, 660, top + 50), 6, outline=(190, 195, 204), width=2)
    pen.rounded_rectangle((300, 390, 660, 440), 6, fill=_colour(hue, 50))


def _say(
    pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, size: int, colour: tuple[int, int, int] = _INK
) -> None:
    from PIL import ImageFont

    # the font that comes with Pillow, so that every machine draws the same
    pen.text(at, text, fill=colour, font=ImageFont.load_default(size))


def _colour(hue: int, light: int) -> tuple[int, int, int]:
    from PIL import ImageColor

    red, green, blue, *_ = ImageColor.getrgb(f"hsl({hue}, 55%, {light}%)")
    return red, green, blue
