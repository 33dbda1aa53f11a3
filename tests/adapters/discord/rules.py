"""What Discord refuses, as its documents say: components, modals and commands, checked without the library."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Component = Mapping[str, Any]

V2, EPHEMERAL = 1 << 15, 1 << 6
ROW, BUTTON, SELECT, INPUT = 1, 2, 3, 4
SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = 9, 10, 11, 12, 13, 14, 17
ATTACHMENT = 11  # the type of an option
LABEL, RADIOS, CHECKS, CHECK = 18, 21, 22, 23
ON_TOP = {ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR, CONTAINER}
NEW = ON_TOP - {ROW}
_NAME = re.compile(r"[-_'\w]{1,32}")


class Invalid(Exception):  # noqa: N818
    """What Discord answers with code 50035."""


def every(components: Sequence[Component]) -> Iterator[Component]:
    """All components, those inside others too."""
    for component in components:
        yield component
        yield from every(component.get("components", []))
        for inner in (component.get("accessory"), component.get("component")):
            if inner is not None:
                yield from every([inner])


def check_message(payload: Mapping[str, Any], files: Sequence[str]) -> None:
    """A message as it would be sent. `files`: the names of its attachments. Raises `Invalid`."""
    components = payload.get("components") or []
    found = list(every(components))
    is_v2 = bool(payload.get("flags", 0) & V2)
    _refuse(not is_v2 and any(c["type"] in NEW for c in found), "components of version 2 need their flag")
    if is_v2:
        for other in ("content", "embeds", "poll", "sticker_ids"):
            _refuse(bool(payload.get(other)), f"{other} cannot go with components of version 2")
        _refuse(not components, "cannot be empty")
    _refuse(len(found) > 40, f"{len(found)} components, more than 40")
    letters = sum(len(c["content"].encode("utf-16-le")) // 2 for c in found if c["type"] == TEXT)
    _refuse(letters > 4000, f"{letters} characters of text, more than 4000")
    for component in components:
        _refuse(component["type"] not in ON_TOP, f"type {component['type']} cannot be on top")
        if component["type"] == CONTAINER:
            inside = {c["type"] for c in component["components"]}
            _refuse(not inside, "an empty container")
            _refuse(not inside <= ON_TOP - {CONTAINER}, f"a container cannot hold all of {inside}")
    _check_ids(found)
    for component in found:
        _check_one(component, files)


def _check_ids(found: Sequence[Component]) -> None:
    custom = [c["custom_id"] for c in found if "custom_id" in c]
    _refuse(len(custom) != len(set(custom)), "a custom_id is there twice")
    _refuse(any(not 1 <= len(name) <= 100 for name in custom), "a custom_id is not of 1 to 100 characters")
    numbers = [c["id"] for c in found if c.get("id")]
    _refuse(len(numbers) != len(set(numbers)), "a component's id is there twice")
    _refuse(any(not 0 < number < 2**31 for number in numbers), "a component's id is no 32-bit number")


def _check_one(component: Component, files: Sequence[str]) -> None:
    match component["type"]:
        case 1:
            inside = [c["type"] for c in component["components"]]
            good = (set(inside) == {BUTTON} and len(inside) <= 5) or inside == [SELECT]
            _refuse(not good, f"a row of {inside}")
        case 2:
            _refuse(len(component.get("label") or "") > 80, "a button's label is over 80 characters")
            _refuse(not component.get("label") and not component.get("emoji"), "a button without a label")
            _refuse((component["style"] == 5) == ("custom_id" in component), "a button needs an id or an address")
        case 9:
            _refuse(not 1 <= len(component["components"]) <= 3, "a section has 1 to 3 texts")
            _refuse(component["accessory"]["type"] not in (BUTTON, THUMBNAIL), "a section's accessory")
        case 10:
            _refuse(not component["content"], "an empty text")
        case 13:
            url = component["file"]["url"]
            named = url.startswith("attachment://") and url.removeprefix("attachment://") in files
            _refuse(not named, f"{url} is not attached")
        case 12:
            _refuse(not 1 <= len(component["items"]) <= 10, "a gallery has 1 to 10 pictures")
            for item in component["items"]:
                _refuse(len(item.get("description") or "") > 1024, "a description over 1024 characters")
                url = item["media"]["url"]
                if url.startswith("attachment://"):
                    _refuse(url.removeprefix("attachment://") not in files, f"{url} is not attached")
                else:
                    _refuse(not url.startswith("https://"), f"{url} is no address")


def check_modal(data: Mapping[str, Any]) -> None:
    """The data of an answer that opens a modal. Raises `Invalid`."""
    _refuse(not 1 <= len(data["title"]) <= 45, "a modal's title is of 1 to 45 characters")
    _refuse(not 1 <= len(data["components"]) <= 5, "a modal has 1 to 5 components")
    _check_ids([{"custom_id": data["custom_id"], "type": 0}, *every(data["components"])])
    for label in data["components"]:
        _refuse(label["type"] not in (LABEL, TEXT), f"type {label['type']} in a modal")
        if label["type"] != LABEL:
            continue
        _refuse(not 1 <= len(label["label"]) <= 45, "a label is of 1 to 45 characters")
        _refuse(len(label.get("description") or "") > 100, "a label's description is over 100 characters")
        _check_question(label["component"])


def _check_question(asked: Component) -> None:
    match asked["type"]:
        case 4:
            most = asked.get("max_length", 4000)
            _refuse(not 1 <= most <= 4000, "an input's max_length")
            _refuse(len(asked.get("value") or "") > most, "an input's value is too long for it")
            _refuse(len(asked.get("placeholder") or "") > 100, "a placeholder is over 100 characters")
            _refuse(asked["style"] not in (1, 2), "an input's style")
        case 3 | 21 | 22:
            options = asked["options"]
            most = 25 if asked["type"] == SELECT else 10
            _refuse(not 1 <= len(options) <= most, f"{len(options)} options")
            values = [option["value"] for option in options]
            _refuse(len(set(values)) != len(values), "two options have one value")
            for option in options:
                _refuse(not 1 <= len(option["label"]) <= 100, "an option's label")
                _refuse(not 1 <= len(option["value"]) <= 100, "an option's value")
                _refuse(len(option.get("description") or "") > 100, "an option's description")
        case 23:
            pass
        case other:
            raise Invalid(f"type {other} in a modal")


def check_commands(commands: Sequence[Mapping[str, Any]]) -> None:
    """The body of a bulk overwrite. Raises `Invalid`."""
    _refuse(len(commands) > 100, "more than 100 commands")
    names = [command["name"] for command in commands]
    _refuse(len(set(names)) != len(names), "a command is there twice")
    for command in commands:
        _check_named(command)
        letters = len(json.dumps(command, ensure_ascii=False))
        _refuse(letters > 32_000, f"{command['name']} is far over what Discord takes")


def _check_named(item: Mapping[str, Any]) -> None:
    name = item["name"]
    _refuse(not _NAME.fullmatch(name) or name != name.lower(), f"the name {name}")
    _refuse(not 1 <= len(item["description"]) <= 100, f"the description of {name}")
    options = item.get("options") or []
    _refuse(len(options) > 25, f"{name} has {len(options)} options")
    required = [bool(option.get("required")) for option in options]
    _refuse(required != sorted(required, reverse=True), f"{name}: what is required comes first")
    _refuse(len(item.get("choices") or []) > 25, f"{name} has too many choices")
    _refuse(bool(item.get("choices")) and bool(item.get("autocomplete")), f"{name} has choices and completes")
    names = [option["name"] for option in options]
    _refuse(len(set(names)) < len(names), f"{name}: an option is there twice")
    choices = [choice["name"] for choice in item.get("choices") or []]
    _refuse(any(not 1 <= len(choice) <= 100 for choice in choices), f"{name}: a choice is of 1 to 100 characters")
    _refuse(len(set(choices)) < len(choices), f"{name}: a choice is there twice")
    for option in options:
        _refuse(not 1 <= option["type"] <= ATTACHMENT, f"{name}: an option of type {option['type']}")
        if option["type"] == ATTACHMENT:
            beside = option.keys() & {"choices", "autocomplete", "max_length", "min_length", "min_value", "max_value"}
            _refuse(bool(beside), f"{name}: {beside} cannot go with a file")
        _check_named(option)


def _refuse(wrong: bool, why: str) -> None:
    if wrong:
        raise Invalid(why)
