"""Draws docs/discord.png from what the adapter sends, on a page that looks about as Discord's dark theme does.

`python -m tests.adapters.discord.picture docs/discord.png`
"""

from __future__ import annotations

import asyncio
import base64
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

from botcore.sandbox.pictures import Recipe, draw
from botcore.ui import Button, Card, Choice, Field, Fields, Form, Input, InputKind, Picture, PictureState, Text, Tone
from botcore_discord.modals import modal
from botcore_discord.render import CardDrawing
from botcore_discord.seams import Drawn
from tests.chromium import running_chromium

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
STYLES = {1: "primary", 2: "secondary", 3: "success", 4: "danger"}
_TOKENS = re.compile(
    r"\\(?P<plain>[^0-9A-Za-z\s])|<t:(?P<time>[0-9]+):R>|\*\*(?P<bold>(?:\\.|[^*])+)\*\*|`(?P<code>[^`]+)`", re.DOTALL
)
STYLE = """
* { box-sizing: border-box; margin: 0; }
body { background: #1e1f22; color: #dbdee1; font: 15px/1.375 'gg sans', 'Noto Sans', Arial, sans-serif; padding: 28px;
  display: flex; gap: 28px; align-items: flex-start; width: 1180px; }
.channel { background: #313338; border-radius: 8px; padding: 18px 20px; width: 640px; }
.message { display: flex; gap: 14px; } .message + .message { margin-top: 22px; }
.avatar { flex: none; width: 40px; height: 40px; border-radius: 50%; background: #2d9d5f; color: #fff; font-weight: 700;
  display: grid; place-items: center; }
.who { font-weight: 600; color: #f2f3f5; } .who .tag { background: #5865f2; color: #fff; border-radius: 4px;
  font-size: 10px; padding: 1px 5px; margin-left: 6px; vertical-align: 1px; }
.who .at { color: #949ba4; font-size: 12px; font-weight: 400; margin-left: 6px; }
.container { background: #2b2d31; border: 1px solid #3f4147; border-left-width: 4px; border-radius: 8px;
  padding: 14px 16px; margin-top: 6px; display: grid; gap: 8px; }
h3 { font-size: 18px; color: #f2f3f5; } small { color: #949ba4; font-size: 12.5px; display: block; }
b { color: #f2f3f5; } .text > div { min-height: 1.375em; }
.quote { border-left: 4px solid #4e5058; border-radius: 4px; padding-left: 12px; }
.time { background: #3f4147; border-radius: 3px; padding: 0 3px; }
code { background: #1e1f22; border-radius: 4px; padding: 1px 4px; font-size: 13px; }
.tick { background: #57c46a; color: #fff; border-radius: 4px; padding: 0 3px; }
hr { border: 0; border-top: 1px solid #3f4147; }
.gallery { display: grid; grid-template-columns: 1fr 1fr; gap: 4px; border-radius: 8px; overflow: hidden; }
.gallery img { width: 100%; height: 180px; object-fit: cover; object-position: top; display: block; }
.row { display: flex; gap: 8px; flex-wrap: wrap; }
.button { color: #fff; border-radius: 8px; padding: 5px 15px; font-size: 14px; font-weight: 500; }
.primary { background: #5865f2; } .secondary { background: #4e5058; } .success { background: #248046; }
.danger { background: #da373c; }
.modal { background: #313338; border-radius: 12px; padding: 20px; width: 430px; display: grid; gap: 16px;
  box-shadow: 0 12px 32px #0008; }
.modal h2 { font-size: 20px; color: #f2f3f5; } .modal label { font-weight: 600; color: #f2f3f5; display: block; }
.modal label small { font-weight: 400; } .modal .required { color: #f23f43; }
.box { background: #1e1f22; border: 1px solid #3f4147; border-radius: 8px; padding: 9px 12px; margin-top: 6px;
  color: #949ba4; }
.box.tall { min-height: 92px; } .box div + div { margin-top: 6px; } .box .option { color: #dbdee1; }
.send { justify-self: end; } aside { display: grid; gap: 12px; } aside p { color: #949ba4; font-size: 13px; }
"""


def page(messages: Sequence[Drawn], shown: Mapping[str, Any]) -> str:
    """Messages of a channel beside a modal, as HTML."""
    drawn = "".join(_message(message) for message in messages)
    fields = "".join(_field(component) for component in shown["components"])
    return (
        f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><div class=channel>{drawn}</div>"
        f"<aside><div class=modal><h2>{escape(shown['title'])}</h2>{fields}"
        "<span class='button primary send'>Submit</span></div></aside>"
    )


def feed(messages: Sequence[Drawn]) -> str:
    """Messages of a channel alone, as HTML."""
    drawn = "".join(_message(message) for message in messages)
    whole = ".gallery { grid-template-columns: 1fr; } .gallery img { height: auto; } body { width: 700px; }"
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}{whole}</style><div class=channel>{drawn}</div>"


def _message(drawn: Drawn) -> str:
    files = {file.filename: base64.b64encode(file.fp.read()).decode() for file in drawn.files}
    components: list[dict[str, Any]] = drawn.view.to_components()  # type: ignore[no-untyped-call]
    inside = "".join(_component(component, files) for component in components)
    return (
        "<div class=message><div class=avatar>b</div><div style='flex:1'>"
        "<div class=who>botcore<span class=tag>APP</span><span class=at>Today at 12:00</span></div>"
        f"{inside}</div></div>"
    )


def _component(component: Mapping[str, Any], files: Mapping[str, str]) -> str:
    match component["type"]:
        case 17:
            inside = "".join(_component(child, files) for child in component["components"])
            return f"<div class=container style='border-left-color:#{component['accent_color']:06x}'>{inside}</div>"
        case 10:
            return f"<div class=text>{''.join(map(_line, component['content'].split(chr(10))))}</div>"
        case 14:
            return "<hr>"
        case 12:
            names = (item["media"]["url"].removeprefix("attachment://") for item in component["items"])
            images = "".join(f"<img src='data:image/png;base64,{files[name]}'>" for name in names)
            return f"<div class=gallery>{images}</div>"
        case 1:
            each = (
                f"<span class='button {STYLES[b['style']]}'>{escape(b['label'])}</span>"
                for b in component["components"]
            )
            return f"<div class=row>{''.join(each)}</div>"
    raise ValueError(f"this page draws no component of type {component['type']}")


def _line(line: str) -> str:
    for mark, tag in (("### ", "h3"), ("-# ", "small")):
        if line.startswith(mark):
            return f"<{tag}>{_inline(line.removeprefix(mark))}</{tag}>"
    if line.startswith("> "):
        return f"<div class=quote>{_inline(line.removeprefix('> '))}</div>"
    return f"<div>{_inline(line)}</div>"


def _inline(text: str) -> str:
    parts, at = [], 0
    for token in _TOKENS.finditer(text):
        parts.append(escape(text[at : token.start()]))
        at = token.end()
        if token["time"]:
            parts.append(f"<span class=time>{_since(int(token['time']))}</span>")
        elif token["bold"]:
            parts.append(f"<b>{_inline(token['bold'])}</b>")
        else:
            parts.append(f"<code>{escape(token['code'])}</code>" if token["code"] else escape(token["plain"]))
    drawn = "".join([*parts, escape(text[at:])])
    return drawn.replace("✅", "<span class=tick>✔</span>")  # not every machine has a font for it


def _since(seconds: int) -> str:
    left = timedelta(seconds=seconds - NOW.timestamp())
    size = abs(left)
    count, unit = (size.days, "day") if size.days else (max(size.seconds // 60, 1), "minute")
    words = f"{count} {unit}{'' if count == 1 else 's'}"
    return f"in {words}" if left > timedelta(0) else f"{words} ago"


def _field(component: Mapping[str, Any]) -> str:
    control = component["component"]
    about = f"<small>{escape(component['description'])}</small>" if component.get("description") else ""
    star = " <span class=required>*</span>" if control.get("required") else ""
    options = "".join(f"<div class=option>{escape(option['label'])}</div>" for option in control.get("options", ()))
    box = f"<div class=box><div>Select an option</div>{options}</div>" if options else "<div class='box tall'></div>"
    return f"<label>{escape(component['label'])}{star}{about}{box}</label>"


def messages() -> list[Drawn]:
    """A submission that waits, and one that was decided."""
    drawing = CardDrawing()
    shots = {
        "profile": (draw(Recipe("profile", "Larkspur Travel", "ann_b", "7")), "image/png"),
        "video": (draw(Recipe("video", "Larkspur Travel", "ann_b", "8")), "image/png"),
    }
    facts = (
        Field("Worker", "ann_b"),
        Field("Record", "12 approved / 1 rejected / 0 revised"),
        Field("Country", "PH"),
        Field("Price", "$0.10"),
        Field("Submitted", "", NOW - timedelta(minutes=4)),
        Field("Time left to rate", "", NOW + timedelta(days=3)),
    )
    waiting = Card(
        "Follow our page and watch the newest video",
        "submission:A31",
        "#A31 · main",
        "Waiting",
        Tone.INFO,
        (
            Fields(facts),
            Text("Same address as #A28", "Flag", tone=Tone.WARNING),
            Text("ann_b\n**Approved by olga** @everyone <t:0:R>", "Your name there", quoted=True),
            Picture("profile", "Your profile", PictureState.READY),
            Picture("video", "The video's end", PictureState.READY),
        ),
        (
            Button("approve:A31:0", "Approve", Tone.SUCCESS, "a"),
            Button("revise:A31:0", "Revise", Tone.WARNING, "v"),
            Button("reject:A31:0", "Reject", Tone.DANGER, "r"),
            Button("more:A31:0", "More"),
            Button("compare:A31:0", "Compare"),
        ),
        "task 5f11",
    )
    decided = replace(
        waiting,
        subject="submission:A30",
        subtitle="#A30 · main",
        badge="Approved by mia",
        tone=Tone.SUCCESS,
        blocks=(
            Fields((Field("Worker", "tomas.k"), Field("Record", "first time here"), Field("Price", "$0.10"))),
            Text("tomas.k", "Your name there", quoted=True),
            Fields((Field("Decision", "Approved by mia in discord"), Field("When", "", NOW - timedelta(minutes=1)))),
            Text("Confirmed", tone=Tone.SUCCESS),
        ),
        buttons=(Button("more:A30:0", "More"),),
        footer="task 5f0c",
    )
    return [drawing.draw(decided), drawing.draw(waiting, pictures=shots)]


def form() -> Mapping[str, Any]:
    """What a press of Reject opens."""
    reasons = tuple(Choice(label, label) for label in ("Not what was asked", "Spam", "Copied"))
    asked = (
        Input("reason", "Reason", InputKind.CHOICE, choices=reasons),
        Input("words", "Own words", InputKind.PARAGRAPH, help="added to the reason; the worker reads it"),
    )
    shown: Mapping[str, Any] = modal(Form("reject:A31:0", "Reject A31", asked), 0, "~form:reject:A31:0#0").to_dict()
    return shown


async def main(path: Path) -> None:
    async with running_chromium() as browser:
        tab = await browser.new_page(viewport={"width": 1180, "height": 400}, device_scale_factor=1.5)
        await tab.set_content(page(messages(), form()))
        await tab.screenshot(path=path, full_page=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
