"""The card that shows two submissions side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..cards import PROOF_LENGTH, Fresh, look_up, picture_block
from ..clock import from_ms
from ..flags import compared_with
from ..models import Proof, ProofKind, Verdict
from ..store.port import Reader
from ..text import clean, cut, one_line, short_id
from ..ui import Block, Button, Card, Picture, Table, Text, Tone
from .measures import PICTURE_ALIKE, TEXT_ALIKE, percent, picture_likeness, pieces, text_likeness
from .pictures import look_of

STATES = {"new": "waiting", "shown": "waiting", "elsewhere": "rated elsewhere", "lapsed": "paid automatically"}


def compare_card(reader: Reader, number: int, other: int) -> Card | None:
    """Two submissions, what is most alike of both side by side. None where one of them is not there."""
    ours, theirs = look_up(reader, number), look_up(reader, other)
    if ours is None or theirs is None:
        return None
    flags = reader.q(
        "SELECT text FROM flags WHERE submission = :id AND other = :other ORDER BY text", id=number, other=other
    )
    blocks: list[Block] = [Text(flag["text"], tone=Tone.WARNING, title="Flag") for flag in flags]
    facts = zip(_facts(ours), _facts(theirs), strict=True)
    rows = tuple((name, mine, yours) for (name, mine), (_, yours) in facts)
    blocks.append(Table(("", f"#{ours.name}", f"#{theirs.name}"), rows))
    blocks += _pictures(reader, ours, theirs)
    blocks += _texts(ours, theirs)
    more = [one for one in compared_with(reader, number) if one != other]
    return Card(
        title=f"#{ours.name} beside #{theirs.name}",
        blocks=tuple(blocks),
        buttons=tuple(
            Button(f"compare:{ours.name}-{short_id(one)}:{ours.row['revision']}", f"Beside #{short_id(one)}")
            for one in more
        ),
    )


def _facts(fresh: Fresh) -> list[tuple[str, str]]:
    row, decision = fresh.row, fresh.decision
    rated = decision is not None and row["state"] in ("decided", "rated")
    state = Verdict(decision["verdict"]).past if rated and decision else STATES.get(row["state"], row["state"])
    return [
        ("Worker", one_line(row["worker_id"])),
        ("Submitted", f"{from_ms(row['submitted_at']):%Y-%m-%d %H:%M:%S}"),
        ("Country", one_line(row["country"]).upper()),
        ("State", state),
        ("Account", row["account"]),
        ("Job", one_line(fresh.job.title) if fresh.job else row["job_id"]),
    ]


def _pictures(reader: Reader, ours: Fresh, theirs: Fresh) -> Iterator[Block]:
    keys = {
        row["url"]: row["sha256"]
        for fresh in (ours, theirs)
        for row in reader.q(
            """SELECT p.url, p.sha256 FROM submission_pictures l JOIN pictures p ON p.url = l.url
               WHERE l.submission = :id AND p.state = 'ready'""",
            id=fresh.row["id"],
        )
    }
    looks = {key: look_of(reader, key) for key in keys.values()}

    def likeness(one: Proof, other: Proof) -> float:
        mine, yours = keys.get(one.url), keys.get(other.url)
        if mine is None or yours is None:
            return 0.0
        if mine == yours:
            return 1.0
        a, b = looks[mine], looks[yours]
        return picture_likeness(a, b) if a and b else 0.0

    for one, other, like in _pairs(
        _of(ours, ProofKind.PICTURE), _of(theirs, ProofKind.PICTURE), likeness, PICTURE_ALIKE
    ):
        yield _picture(reader, ours, one, like)
        yield _picture(reader, theirs, other, like)


def _picture(reader: Reader, fresh: Fresh, proof: Proof, likeness: float) -> Picture:
    alike = f" ({percent(likeness)})" if likeness else ""
    return picture_block(reader, proof, f"#{fresh.name}{alike} {clean(one_line(proof.prompt), 100)}".strip())


def _texts(ours: Fresh, theirs: Fresh) -> Iterator[Block]:
    def likeness(one: Proof, other: Proof) -> float:
        return text_likeness(pieces(one.text), pieces(other.text))

    for one, other, _ in _pairs(_of(ours, ProofKind.TEXT), _of(theirs, ProofKind.TEXT), likeness, TEXT_ALIKE):
        for fresh, proof in ((ours, one), (theirs, other)):
            words, _ = cut(clean(proof.text), PROOF_LENGTH)
            yield Text(words or "(empty)", title=f"#{fresh.name} {clean(one_line(proof.prompt), 100)}", quoted=True)


def _of(fresh: Fresh, kind: ProofKind) -> list[Proof]:
    return [proof for proof in fresh.submission.proofs if proof.kind is kind]


def _pairs(
    ours: Sequence[Proof], theirs: Sequence[Proof], likeness: Callable[[Proof, Proof], float], alike: float
) -> list[tuple[Proof, Proof, float]]:
    """Those of both that are alike, the likest first; where none are, what was handed in for the same question."""
    pairs = [(one, other, likeness(one, other)) for one in ours for other in theirs]
    near = sorted((pair for pair in pairs if pair[2] >= alike), key=lambda pair: -pair[2])
    return near or [(one, other, likeness(one, other)) for one, other in zip(ours, theirs, strict=False)]
