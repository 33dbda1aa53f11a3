"""Templates: drafts to begin with, and what stands in double square brackets in them to be filled in each time."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..review import NotPossible, note_act
from ..settings import NAME, NAME_RULE
from ..store.port import Reader, Row, Tx
from ..text import one_line

_GAP = re.compile(r"\[\[\s*([^\[\]\n]{1,60}?)\s*\]\]")


@dataclass(frozen=True, slots=True)
class Template:
    """`provider`: whose fields it has."""

    name: str
    provider: str
    answers: Mapping[str, str]
    person: str


def gaps_in(answers: Mapping[str, str]) -> list[str]:
    """What is to be filled in, each once, in the order of the answers."""
    return list(dict.fromkeys(name for text in answers.values() for name in _GAP.findall(text)))


def fill(answers: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The answers with what was given for their gaps; those that nothing was given for stay."""
    return {name: _GAP.sub(lambda gap: given.get(gap[1], "").strip() or gap[0], text) for name, text in answers.items()}


def check_name(name: str) -> str:
    """A name that can be typed. Raises `NotPossible`."""
    if not NAME.fullmatch(name):
        raise NotPossible(f"a template's name is {NAME_RULE}")
    return name


def save(tx: Tx, template: Template, via: str, now: int) -> bool:
    """Keeps a template, in place of one of this name; whether there was one."""
    before = find_template(tx, template.name)
    tx.q(
        """INSERT INTO templates (name, provider, answers, person, at)
           VALUES (:name, :provider, :answers, :person, :now)
           ON CONFLICT (name) DO UPDATE SET provider = excluded.provider, answers = excluded.answers,
               person = excluded.person, at = excluded.at""",
        name=check_name(template.name),
        provider=template.provider,
        answers=json.dumps(dict(template.answers)),
        person=template.person,
        now=now,
    )
    note_act(tx, now, template.person, via, "save template", f"template:{template.name}")
    return before is not None


def rename(tx: Tx, name: str, to: str, person: str, via: str, now: int) -> None:
    """Raises `NotPossible`."""
    if find_template(tx, check_name(to)):
        raise NotPossible(f"there is a template {to} already")
    if not tx.q("UPDATE templates SET name = :to WHERE name = :name RETURNING name", name=name, to=to):
        raise NotPossible(_unknown(name))
    note_act(tx, now, person, via, "rename template", f"template:{name}", to)


def delete(tx: Tx, name: str, person: str, via: str, now: int) -> None:
    """Raises `NotPossible`."""
    if not tx.q("DELETE FROM templates WHERE name = :name RETURNING name", name=name):
        raise NotPossible(_unknown(name))
    note_act(tx, now, person, via, "delete template", f"template:{name}")


def find_template(reader: Reader, name: str) -> Template | None:
    row = reader.one("SELECT * FROM templates WHERE name = :name", name=name)
    return _template(row) if row else None


def meant_template(reader: Reader, name: str) -> Template:
    """Raises `NotPossible` where there is none."""
    found = find_template(reader, name)
    if found is None:
        raise NotPossible(_unknown(name))
    return found


def all_templates(reader: Reader) -> list[Template]:
    return [_template(row) for row in reader.q("SELECT * FROM templates ORDER BY name")]


def _template(row: Row) -> Template:
    return Template(row["name"], row["provider"], json.loads(row["answers"]), row["person"])


def _unknown(name: str) -> str:
    return f"there is no template {one_line(name)[:40]}: see `template list`"
