"""Telegram's HTML: which markup it takes, what it makes of it, and the words with which it refuses the rest.

Read off the server's own parser (tdlib, td/telegram/MessageEntity.cpp) and its documentation
(https://core.telegram.org/bots/api#html-style). Offsets count UTF-16 units, places in errors count UTF-8 bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

STYLES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
}
TAGS = {*STYLES, "a", "tg-emoji", "pre", "code", "blockquote"}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
SPACES = " \t\r\n\v\0"

_REFERENCE = re.compile(r"&(?:#x([0-9A-Fa-f]+)|#([0-9]+)|([A-Za-z]+));?")
_FOUND_BY_ITSELF = (
    (
        "url",
        re.compile(r"https?://[^\s<>\"]+|(?<![\w@./])(?:[\w-]+\.)+(?:com|org|net|io|me|ru|info|app|dev)\b(?:/\S*)?"),
    ),
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("mention", re.compile(r"(?<![\w@])@[A-Za-z0-9_]{3,32}(?!\w)")),
    ("bot_command", re.compile(r"(?<![\w/])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])")),
    ("hashtag", re.compile(r"(?<![\w#])#\w*[^\W\d_]\w*")),
)


class MarkupError(Exception):
    """Refused; the message is Telegram's, without what stands before it."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A part of a text that is more than text."""

    type: str
    offset: int  # in UTF-16 units
    length: int
    url: str = ""
    language: str = ""

    @property
    def end(self) -> int:
        return self.offset + self.length

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"type": self.type, "offset": self.offset, "length": self.length}
        if self.url:
            found["url"] = self.url
        if self.language:
            found["language"] = self.language
        return found


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text as people see it."""

    text: str
    entities: tuple[Entity, ...] = ()

    def of(self, kind: str) -> list[str]:
        """What the entities of a type cover: `parsed.of("bold")`."""
        return [cover(self.text, entity) for entity in self.entities if entity.type == kind]


def parse_html(source: str) -> Parsed:
    """What a text with markup shows. Raises `MarkupError`."""
    return Parsed(*_Parser(source).run())


def finish(parsed: Parsed) -> Parsed:
    """What Telegram does to every text: no space around it, and links, names and commands in it found by themselves."""
    text = parsed.text.strip()
    lead = len(parsed.text) - len(parsed.text.lstrip())
    cut = utf16_length(parsed.text[:lead])
    end = utf16_length(text)
    kept = []
    for entity in parsed.entities:
        start, stop = max(0, entity.offset - cut), min(end, entity.end - cut)
        if stop > start:
            kept.append(replace(entity, offset=start, length=stop - start))
    return Parsed(text, _sorted([*kept, *_found_by_itself(text, kept)]))


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cover(text: str, entity: Entity) -> str:
    """The part of a text that an entity is about."""
    return text.encode("utf-16-le")[entity.offset * 2 : entity.end * 2].decode("utf-16-le")


@dataclass(slots=True)
class _Open:
    tag: str
    argument: str
    offset: int
    shown: int  # how much text there was


class _Parser:
    """Goes over the bytes once; a zero byte ends them, as in the server."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._chars = [*source, "\0"]
        self._bytes = [0]
        for char in source:
            self._bytes.append(self._bytes[-1] + len(char.encode("utf-8", "surrogatepass")))
        self._at = 0
        self._shown: list[str] = []
        self._offset = 0
        self._open: list[_Open] = []
        self._entities: list[Entity] = []

    def run(self) -> tuple[str, tuple[Entity, ...]]:
        while self._at < len(self._source):
            if self._chars[self._at] != "<":
                self._show(self._character())
            elif self._chars[self._at + 1] == "/":
                self._end_tag()
            else:
                self._start_tag()
        if self._open:
            raise MarkupError(f'can\'t find end tag corresponding to start tag "{self._open[-1].tag}"')
        text = "".join(self._shown)
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise MarkupError(
                "Text contains invalid Unicode characters after decoding HTML entities, "
                "check for unmatched surrogate code units"
            )
        return text, _sorted(_apart(self._entities))

    def _show(self, char: str) -> None:
        self._shown.append(char)
        self._offset += 2 if ord(char) > 0xFFFF else 1

    def _character(self) -> str:
        """The next one, decoded where it is written as a reference that Telegram knows."""
        if self._chars[self._at] == "&" and (match := _REFERENCE.match(self._source, self._at)):
            decoded = _decode(match)
            if decoded:
                self._at = match.end()
                return decoded
        self._at += 1
        return str(self._chars[self._at - 1])

    def _place(self, at: int) -> str:
        return f"at byte offset {self._bytes[at]}"

    def _skip_spaces(self) -> None:
        while self._at < len(self._source) and self._chars[self._at] in SPACES:
            self._at += 1

    def _until(self, ends: str) -> str:
        begin = self._at
        while self._at < len(self._source) and self._chars[self._at] not in SPACES + ends:
            self._at += 1
        return self._source[begin : self._at]

    def _start_tag(self) -> None:
        begin = self._at
        self._at += 1
        tag = self._until(">").lower()
        if self._at >= len(self._source):
            raise MarkupError(f"Unclosed start tag {self._place(begin)}")
        if tag not in TAGS:
            raise MarkupError(f'Unsupported start tag "{tag}" {self._place(begin)}')
        argument = ""
        while self._chars[self._at] != ">":
            self._skip_spaces()
            if self._chars[self._at] == ">":
                break
            name, value = self._attribute(tag, begin)
            if self._at >= len(self._source):
                raise MarkupError(f"Unclosed start tag {self._place(begin)}")
            argument = _argument(tag, name, value) or argument
        if tag == "span" and argument != "spoiler":
            raise MarkupError(f'Tag "span" must have class "tg-spoiler" {self._place(begin)}')
        self._at += 1
        self._open.append(_Open(tag, argument, self._offset, len(self._shown)))

    def _attribute(self, tag: str, begin: int) -> tuple[str, str]:
        name = self._until("=>" if tag == "blockquote" else "=")
        if not name:
            raise MarkupError(f'Empty attribute name in the tag "{tag}" {self._place(begin)}')
        if (tag, name) == ("blockquote", "expandable") and self._chars[self._at] != "=":
            return name, "1"
        self._skip_spaces()
        if self._chars[self._at] != "=":
            raise MarkupError(
                f'Expected equal sign in declaration of an attribute of the tag "{tag}" {self._place(begin)}'
            )
        self._at += 1
        self._skip_spaces()
        if self._at >= len(self._source):
            raise MarkupError(f'Unclosed start tag "{tag}" {self._place(begin)}')
        quote = self._chars[self._at]
        if quote not in "\"'":
            return name, self._name_token()
        self._at += 1
        value = []
        while self._at < len(self._source) and self._chars[self._at] != quote:
            value.append(self._character())
        self._at = min(self._at + 1, len(self._source))
        return name, "".join(value)

    def _name_token(self) -> str:
        begin = self._at
        while re.fullmatch(r"[A-Za-z0-9.-]", self._chars[self._at]):
            self._at += 1
        if self._chars[self._at] not in SPACES + ">":
            raise MarkupError(f"Unexpected end of name token {self._place(begin)}")
        return self._source[begin : self._at].lower()

    def _end_tag(self) -> None:
        begin = self._at
        if not self._open:
            raise MarkupError(f"Unexpected end tag {self._place(begin)}")
        self._at += 2
        found = self._until(">").lower()
        self._skip_spaces()
        if self._chars[self._at] != ">":
            raise MarkupError(f"Unclosed end tag {self._place(begin)}")
        opened = self._open.pop()
        if found and found != opened.tag:
            raise MarkupError(f'Unmatched end tag {self._place(begin)}, expected "</{opened.tag}>", found "</{found}>"')
        self._at += 1
        if self._offset > opened.offset:
            self._close(opened)

    def _close(self, opened: _Open) -> None:
        covered = (opened.offset, self._offset - opened.offset)
        last = self._entities[-1] if self._entities else None
        inner = last if last and (last.offset, last.length) == covered else None
        match opened.tag:
            case "a":
                url = _link(opened.argument or "".join(self._shown[opened.shown :]))
                if url:
                    self._entities.append(Entity("text_link", *covered, url=url))
            case "tg-emoji":
                if not opened.argument.isdigit() or not int(opened.argument):
                    raise MarkupError("Invalid custom emoji identifier specified")
                self._entities.append(Entity("custom_emoji", *covered))
            case "pre" if inner and inner.type == "code" and inner.language:
                self._entities[-1] = replace(inner, type="pre")
            case "code" if inner and inner.type == "pre" and opened.argument:
                self._entities[-1] = replace(inner, language=opened.argument)
            case "pre":
                self._entities.append(Entity("pre", *covered))
            case "code":
                self._entities.append(Entity("code", *covered, language=opened.argument))
            case "blockquote":
                kind = "expandable_blockquote" if opened.argument else "blockquote"
                self._entities.append(Entity(kind, *covered))
            case tag:
                self._entities.append(Entity(STYLES[tag], *covered))


def _decode(match: re.Match[str]) -> str:
    """The character that a reference stands for; empty where Telegram leaves it as it is."""
    sixteen, ten, name = match.groups()
    if name:
        return NAMED.get(name, "")
    code = int(sixteen, 16) if sixteen else int(ten)
    if not 0 < code < 0x10FFFF or len(match[0].removesuffix(";")) >= 10:
        return ""
    return chr(code)


def _argument(tag: str, name: str, value: str) -> str:
    match tag, name:
        case ("a", "href") | ("tg-emoji", "emoji-id") | ("blockquote", "expandable"):
            return value
        case ("code", "class") if value.startswith("language-"):
            return value.removeprefix("language-")
        case ("span", "class") if value.startswith("tg-"):
            return value.removeprefix("tg-")
    return ""


def _link(address: str) -> str:
    """An address as Telegram keeps it; empty where it makes no link of it."""
    address = address.strip()
    scheme, separator, rest = address.partition(":")
    if separator and re.fullmatch(r"(?i)https?|tg|ton|tonsite", scheme):
        return address if rest.startswith("//") and len(rest) > 2 else ""
    host = re.match(r"[^/?#\s]+", address)
    if host and re.fullmatch(r"[\w-]+(\.[\w-]+)+(:\d+)?", host[0]) and not re.search(r"\s", address):
        return f"http://{address}" if len(address) > len(host[0]) else f"http://{address}/"
    return ""


def _apart(entities: list[Entity]) -> list[Entity]:
    """Code takes no other style into it, and a language is only kept where it is a block's."""
    code = sorted((entity for entity in entities if entity.type in ("pre", "code")), key=lambda entity: entity.offset)
    kept: list[Entity] = []
    for entity in entities:
        if entity.type == "code":
            kept.append(replace(entity, language=""))
        elif entity.type == "pre" or "blockquote" in entity.type:
            kept.append(entity)
        else:
            kept += _without(entity, code)
    return kept


def _without(entity: Entity, holes: list[Entity]) -> list[Entity]:
    """What is left of an entity outside of others."""
    left, start = [], entity.offset
    for hole in holes:
        if hole.offset < entity.end and hole.end > start:
            left.append((start, min(hole.offset, entity.end)))
            start = max(start, hole.end)
    left.append((start, entity.end))
    return [replace(entity, offset=begin, length=end - begin) for begin, end in left if end > begin]


def _found_by_itself(text: str, taken: list[Entity]) -> list[Entity]:
    closed = [entity for entity in taken if entity.type in ("pre", "code", "text_link")]
    found: list[Entity] = []
    for kind, pattern in _FOUND_BY_ITSELF:
        for match in pattern.finditer(text):
            entity = Entity(kind, utf16_length(text[: match.start()]), utf16_length(match[0]))
            if all(entity.end <= other.offset or other.end <= entity.offset for other in [*closed, *found]):
                found.append(entity)
    return found


def _sorted(entities: list[Entity]) -> tuple[Entity, ...]:
    return tuple(sorted(entities, key=lambda entity: (entity.offset, -entity.length)))
