"""The workers: who they are, which job they take, and what each of them hands in, by habit."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from . import pictures, prose
from .base import Missing
from .jobs import Job, Slot
from .proofs import Proof, load
from .world import Books

_TRIES = 8  # how many regulars are asked before somebody new comes
_HABITS = {"honest": 72, "careless": 10, "spammer": 8, "copier": 10}
_COUNTRIES = {
    "BD": 16, "IN": 14, "PK": 10, "PH": 9, "NG": 8, "US": 7, "UK": 5, "BR": 5, "ID": 5, "VN": 4, "MA": 3,
    "EG": 3, "KE": 3, "CO": 2, "RO": 2, "PL": 2, "DE": 2, "TR": 2,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Worker:
    id: str
    name: str  # what they call themselves on websites
    country: str  # two letters, upper case, the United Kingdom as UK
    ip: str
    habit: str  # honest, careless, spammer or copier


def recruit(books: Books, count: int = 1, countries: Sequence[str] = ()) -> list[Worker]:
    """New workers sign up, from these countries where some are given."""
    first = (books.value("SELECT max(n) FROM worker WHERE provider = :p", p=books.provider) or 0) + 1
    return [_sign_up(books, n, countries) for n in range(first, first + count)]


def find_worker(books: Books, worker_id: str) -> Worker:
    """A worker of this marketplace. Raises `Refusal` where there is none."""
    row = books.one("SELECT * FROM worker WHERE provider = :p AND id = :id", p=books.provider, id=worker_id)
    if row is None:
        raise Missing("Worker not found.")
    return _worker(row)


def who_takes(books: Books, job: Job, luck: Random) -> Worker | None:
    """A worker who may do this job: most often one of the regulars. None where a list has nobody left."""
    if job.terms.list_id is not None:
        rows = books.q(
            "SELECT worker.* FROM member JOIN worker ON provider = :p AND id = worker_id WHERE "
            "list_id = :list",
            p=books.provider, list=job.terms.list_id,
        )  # fmt: skip
        able = [worker for worker in map(_worker, rows) if _may_do(books, job, worker)]
        return luck.choice(able) if able else None
    known = books.value("SELECT max(n) FROM worker WHERE provider = :p", p=books.provider) or 0
    for _ in range(_TRIES if known else 0):
        n = 1 + int(known * luck.random() ** 2)
        row = books.one("SELECT * FROM worker WHERE provider = :p AND n = :n", p=books.provider, n=n)
        if row is not None and _may_do(books, job, worker := _worker(row)):
            return worker
    homes = job.terms.countries or [home.lower() for home in _COUNTRIES]
    return recruit(books, 1, [home.upper() for home in homes if home not in job.terms.excluded])[0]


def answer(books: Books, job: Job, worker: Worker, task_n: int, revision: int = 0) -> tuple[Proof, ...]:
    """What this worker hands in. Asked a second time, everybody does it right."""
    luck = books.chance("answer", books.account, task_n, revision)
    copied = _somebody_elses(books, job, worker) if worker.habit == "copier" and not revision else ()
    proofs = []
    for i, slot in enumerate(job.terms.slots):
        model = copied[i] if i < len(copied) else None
        if slot.type == "screenshot":
            picture_id = books.site.picture_id(books, task_n, revision, i)
            recipe = _copied_picture(books, model) or _page(job, slot, worker, revision, picture_id, luck)
            proofs.append(Proof("picture", pictures.hang(books, picture_id, recipe)))
        else:
            text = model.value if model and model.kind == "text" else _text(slot, worker, revision, luck)
            proofs.append(Proof("text", text))
    return tuple(proofs)


def _text(slot: Slot, worker: Worker, revision: int, luck: Random) -> str:
    if revision:
        return prose.again(prose.honest(slot.description, worker.name, luck), luck)
    match worker.habit:
        case "spammer":
            return prose.spam(luck)
        case "careless":
            return prose.careless(luck)
    return prose.honest(slot.description, worker.name, luck)


def _page(job: Job, slot: Slot, worker: Worker, revision: int, picture_id: str, luck: Random) -> pictures.Recipe:
    page: pictures.Page
    asked = f"{job.terms.title} {slot.description}".lower()
    if worker.habit in ("careless", "spammer") and not revision:
        page = "login"
    elif luck.random() < 0.12:
        page = "long"
    else:
        page = "video" if "video" in asked else "profile"
    return pictures.Recipe(page, job.terms.title, worker.name, picture_id)


def _somebody_elses(books: Books, job: Job, worker: Worker) -> tuple[Proof, ...]:
    row = books.one(
        "SELECT proofs FROM task WHERE job_id = :job AND worker_id != :worker ORDER BY n DESC LIMIT 1",
        job=job.id, worker=worker.id,
    )  # fmt: skip
    return () if row is None else load(row["proofs"])


def _copied_picture(books: Books, model: Proof | None) -> pictures.Recipe | None:
    return pictures.recipe_of(books, model.value) if model and model.kind == "picture" else None


def _may_do(books: Books, job: Job, worker: Worker) -> bool:
    home, terms = worker.country.lower(), job.terms
    if home in terms.excluded or (terms.countries and home not in terms.countries):
        return False
    row = books.one(
        "SELECT (SELECT count(*) FROM task WHERE job_id = :job AND worker_id = :worker AND n > :after) AS done, "
        "EXISTS (SELECT 1 FROM blocked WHERE account = :account AND worker_id = :worker) AS blocked",
        job=job.id, worker=worker.id, account=books.account, after=job.remembers_after,
    )  # fmt: skip
    return row is not None and row["done"] < terms.per_worker and not row["blocked"]


def _sign_up(books: Books, n: int, countries: Sequence[str]) -> Worker:
    luck = books.chance("worker", n)
    country = luck.choice(countries) if countries else luck.choices(list(_COUNTRIES), list(_COUNTRIES.values()))[0]
    ip = _neighbours_ip(books, n) if luck.random() < 0.1 else None
    # 198.18.0.0/15 is set aside for tests: an address there is nobody's
    ip = ip or f"198.{luck.randint(18, 19)}.{luck.randint(0, 255)}.{luck.randint(1, 254)}"
    habit = luck.choices(list(_HABITS), list(_HABITS.values()))[0]
    worker = Worker(books.site.worker_id(books, n), prose.user_name(luck), country, ip, habit)
    books.q(
        "INSERT INTO worker (n, provider, id, name, country, ip, habit) "
        "VALUES (:n, :provider, :id, :name, :country, :ip, :habit)",
        n=n, provider=books.provider, id=worker.id, name=worker.name, country=country, ip=ip, habit=habit,
    )  # fmt: skip
    return worker


def _neighbours_ip(books: Books, n: int) -> str | None:
    ip = books.value("SELECT ip FROM worker WHERE provider = :p AND n = :n", p=books.provider, n=n - 1)
    return None if ip is None else str(ip)


def _worker(row: sqlite3.Row) -> Worker:
    return Worker(row["id"], row["name"], row["country"], row["ip"], row["habit"])
