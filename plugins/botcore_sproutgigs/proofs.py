"""What workers handed in, under whatever keys: pictures where they can be told, text for all else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from botcore.models import Proof, ProofKind, ProofSlot
from botcore.wire import as_text, web_address

PICTURE_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".heic", ".avif")
PICTURE_WORDS = frozenset({"screenshot", "image", "picture", "photo"})
DEEPEST = 4  # a proof nested further than this is shown as the JSON it is


def read_slots(raw: Sequence[object]) -> tuple[ProofSlot, ...]:
    """What a job asks for, of its `proofs`. Every slot keeps its place, also one that cannot be read."""
    slots = []
    for item in raw:
        named = item if isinstance(item, Mapping) else {"description": item}
        picture = as_text(named.get("type")).strip().lower() in PICTURE_WORDS
        kind = ProofKind.PICTURE if picture else ProofKind.TEXT
        slots.append(ProofSlot(kind, as_text(named.get("description"))))
    return tuple(slots)


def read_proofs(raw: Sequence[object], slots: Sequence[ProofSlot]) -> tuple[Proof, ...]:
    """A task's proofs, each under what the job's slot at its place asks for. None is dropped."""
    proofs: list[Proof] = []
    for place, item in enumerate(raw):
        slot = slots[place] if place < len(slots) else ProofSlot(ProofKind.TEXT, "")
        wants_picture = slot.kind is ProofKind.PICTURE
        for name, value in _values(item, "", DEEPEST):
            picture = wants_picture or name.lower() in PICTURE_WORDS
            prompt = f"{slot.description} ({name})".strip() if _several(item) and name else slot.description
            proofs.append(_proof(value, prompt, picture))
    return tuple(proofs)


def read_variables(raw: Sequence[object]) -> tuple[tuple[str, str], ...]:
    """The values that a task was done with: `{"name", "value"}` objects, or objects of names and values."""
    variables: list[tuple[str, str]] = []
    for item in raw:
        if isinstance(item, Mapping) and "name" in item and "value" in item:
            variables.append((as_text(item["name"]), _shown(item["value"])))
        elif isinstance(item, Mapping):
            variables += [(as_text(name), _shown(value)) for name, value in item.items()]
        else:
            variables.append(("", _shown(item)))
    return tuple(variables)


def _values(item: object, name: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth and isinstance(item, list) and item:
        for part in item:
            yield from _values(part, name, depth - 1)
    elif depth and isinstance(item, Mapping) and item:
        kind = _kind_word(item)
        for key, value in item.items():
            if not (kind and key == "type"):
                yield from _values(value, kind if kind in PICTURE_WORDS else as_text(key), depth - 1)
    else:
        yield name, _shown(item)


def _kind_word(item: Mapping[object, object]) -> str:
    """The word of a `type` beside a value, which says what the value is and is no proof itself."""
    word = as_text(item.get("type")).strip().lower()
    return word if len(item) > 1 and (word == "text" or word in PICTURE_WORDS) else ""


def _several(item: object) -> bool:
    return isinstance(item, Mapping) and len(item) - bool(_kind_word(item)) > 1


def _proof(value: str, prompt: str, picture: bool) -> Proof:
    address = web_address(value)
    if address and (picture or urlsplit(address).path.lower().endswith(PICTURE_ENDINGS)):
        return Proof(ProofKind.PICTURE, prompt, url=address)
    return Proof(ProofKind.TEXT, prompt, text=value)


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str | int) and not isinstance(value, bool):
        return as_text(value)
    return as_text(json.dumps(value, default=str, ensure_ascii=False))
