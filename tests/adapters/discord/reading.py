"""Discord's texts and components as its own client reads them, written from its documentation and not from ours."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import Any

SNAPSHOTS = Path(__file__).parent / "snapshots"
STYLES = {1: "primary", 2: "secondary", 3: "success", 4: "danger"}
CONTROLS = {3: "select", 4: "text", 21: "radio", 22: "checkboxes", 23: "checkbox"}

_STARTS = [
    ("quote", re.compile(r"(?:>>> |> )")),
    ("heading", re.compile(r"#{1,3}[^\S\n]")),
    ("small", re.compile(r"-#[^\S\n]")),
    ("list", re.compile(r"[^\S\n]*(?:[-*+]|[0-9]+[.)])[^\S\n]")),
]
_INLINE = [
    ("code", re.compile(r"(`+)(?!`)(?:[^`]|(?!\1)`+)*?\1(?!`)", re.DOTALL)),
    ("time", re.compile(r"<t:-?[0-9]+(?::[tTdDfFR])?>")),
    ("mention", re.compile(r"<(?:@[!&]?|#)[0-9]+>|@(?:everyone|here)|<id:[a-z]+>|</[^>\n]+:[0-9]+>")),
    ("emoji", re.compile(r"<a?:[A-Za-z0-9_]+:[0-9]+>|:[A-Za-z0-9_~+-]+:")),
    ("link", re.compile(r"<?(?:https?|discord|steam)://[^\s>]+>?|\[[^\]\n]+\]\([^)\n]+\)")),
    ("bold", re.compile(r"\*\*")),
    ("mark", re.compile(r"\*|__?|~~|\|\|")),
]
_ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")


@dataclass(slots=True)
class Read:
    """What is seen of a text, and the markup that was in it."""

    seen: str = ""
    markup: list[str] = field(default_factory=list)


def read(text: str) -> Read:
    """A text as Discord's client takes it apart. Strict: a star that might be emphasis counts as markup."""
    found, at, at_start = Read(), 0, True
    while at < len(text):
        kind, match = _next(text, at, at_start)
        if match is None:
            found.seen += text[at]
            at_start = text[at] == "\n"
            at += 1
            continue
        if kind == "escape":
            found.seen += match[1]
        else:
            found.markup.append(kind)
            found.seen += {"code": match[0].strip("`"), "time": match[0]}.get(kind, "")
        at_start = at_start and kind == "quote"
        at = match.end()
    return found


def _next(text: str, at: int, at_start: bool) -> tuple[str, re.Match[str] | None]:
    if at_start:
        for kind, pattern in _STARTS:
            if match := pattern.match(text, at):
                return kind, match
    if match := _ESCAPE.match(text, at):
        return "escape", match
    for kind, pattern in _INLINE:
        if match := pattern.match(text, at):
            return kind, match
    return "", None


def walk(components: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for component in components:
        yield component
        yield from walk(component.get("components", ()))
        yield from walk([component[key] for key in ("component", "accessory") if key in component])


def texts(components: Sequence[Mapping[str, Any]]) -> list[str]:
    return [component["content"] for component in walk(components) if component["type"] == 10]


def buttons(components: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Custom ids by label."""
    return {component["label"]: component["custom_id"] for component in walk(components) if component["type"] == 2}


def broken_limits(components: Sequence[Mapping[str, Any]]) -> list[str]:
    """What Discord would refuse a message for."""
    every = list(walk(components))
    ids = [component["custom_id"] for component in every if "custom_id" in component]
    said = [units(text) for text in texts(components)]
    rules = {
        "over 40 components": len(every) > 40,
        "over 4000 characters": sum(said) > 4000,
        "an empty text": 0 in said,
        "a custom id twice": len(set(ids)) < len(ids),
        "a custom id over 100": any(not 0 < units(one) <= 100 for one in ids),
        "a label over 80": any(not 0 < units(c["label"]) <= 80 for c in every if c["type"] == 2),
        "a row over 5": any(not 0 < len(c["components"]) <= 5 for c in every if c["type"] == 1),
        "a gallery over 10": any(not 0 < len(c["items"]) <= 10 for c in every if c["type"] == 12),
    }
    return [rule for rule, broken in rules.items() if broken]


def units(text: str) -> int:
    return sum(2 if ord(char) > 0xFFFF else 1 for char in text)


def outline(components: Sequence[Mapping[str, Any]], depth: int = 0) -> str:
    """Components as text that people can review."""
    return "\n".join(line for component in components for line in _lines(component, depth))


def _lines(component: Mapping[str, Any], depth: int) -> Iterator[str]:
    indent = "    " * depth
    match component["type"]:
        case 17:
            yield f"{indent}[container #{component['accent_color']:06x}]"
            yield outline(component["components"], depth + 1)
        case 10:
            yield "\n".join(f"{indent}{line}" for line in component["content"].split("\n"))
        case 14:
            yield f"{indent}----"
        case 12:
            for item in component["items"]:
                yield f"{indent}[picture {item['media']['url']}] {item['description']}"
        case 13:
            yield f"{indent}[file {component['file']['url']}]"
        case 1:
            shown = (f"({b['label']} {STYLES[b['style']]} {b['custom_id']})" for b in component["components"])
            yield indent + " ".join(shown)
        case 18:
            yield f"{indent}{component['label']}" + (f" -- {about}" if (about := component.get("description")) else "")
            yield outline([component["component"]], depth + 1)
        case kind:
            yield f"{indent}[{CONTROLS[kind]} {component['custom_id']}] {_details(component)}".rstrip()
            for option in component.get("options", ()):
                chosen = "x" if option.get("default") else " "
                yield f"{indent}    ({chosen}) {option['label']} = {option['value']}"


def _details(component: Mapping[str, Any]) -> str:
    words = [
        f"{key}={component[key]!r}" for key in ("style", "max_length", "placeholder", "value") if component.get(key)
    ]
    required = component.get("required", component["type"] == 4)
    flags = (["required"] if required else []) + (["checked"] if component.get("default") else [])
    return " ".join([*flags, *words])


def check_snapshot(name: str, text: str) -> None:
    """The text is the one that was reviewed. With REWRITE_SNAPSHOTS in the environment it becomes that."""
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("REWRITE_SNAPSHOTS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{text}\n")
    assert path.exists(), f"{name} has no snapshot: review it and write it with REWRITE_SNAPSHOTS=1"
    changes = unified_diff(path.read_text().splitlines(), text.splitlines(), "reviewed", "drawn", lineterm="")
    if found := "\n".join(changes):
        raise AssertionError(f"{name}\n{found}")
