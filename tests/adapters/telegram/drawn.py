"""What is drawn, as text files that people review: `BOTCORE_SNAPSHOTS=write pytest tests/adapters/telegram` makes them
anew."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from botcore_telegram.native import Album, Keyboard, Media, Note, Plan

FOLDER = Path(__file__).with_name("snapshots")


def check(name: str, drawn: str) -> None:
    """Compares with the file of that name, to the last character."""
    path = FOLDER / f"{name}.txt"
    if os.environ.get("BOTCORE_SNAPSHOTS") == "write":
        path.write_text(drawn, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == drawn, f"{path.name} shows something else: see this module's docstring"


def plan_text(plan: Plan) -> str:
    return "\n".join(part for message in (*plan.before, plan.card) for part in _message(message)) + "\n"


def note_text(*notes: Note) -> str:
    return "\n".join(part for note in notes for part in _message(note)) + "\n"


def _message(message: Album | Note) -> Iterator[str]:
    if isinstance(message, Album):
        yield "=== album"
        for media, caption in zip(message.items, message.captions, strict=True):
            yield f"{_media(media)} {caption}"
        return
    kind = _media(message.media) if message.media else "opens the answer box" if message.ask else "text"
    yield f"=== {kind}"
    yield message.html
    if message.ask:
        yield f"--- {message.ask.placeholder}"
    if message.keyboard:
        yield _keyboard(message.keyboard)


def _media(media: Media) -> str:
    photo = media.photo
    return f"{'document' if media.document else 'photo'} {photo.key[:8]} {photo.width}x{photo.height}"


def _keyboard(keyboard: Keyboard) -> str:
    rows = (
        "  ".join(f"[{key.label}{f' ({key.style})' if key.style else ''}: {key.data}]" for key in row)
        for row in keyboard
    )
    return "--- buttons\n" + "\n".join(rows)
