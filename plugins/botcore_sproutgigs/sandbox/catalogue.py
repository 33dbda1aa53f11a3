"""What jobs can be made of: zones with the countries that can be left out of them, and categories with their
least pay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from botcore.sandbox.base import Call
from botcore.sandbox.money import dollars, units
from botcore.sandbox.world import Books


@dataclass(frozen=True, slots=True)
class Zone:
    id: str
    name: str
    countries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Category:
    """`prices`: the least for a task in int, west1, europe1, europe2, and everywhere else."""

    id: str
    name: str
    sub: str
    prices: str

    def minimum(self, zone: str) -> int:
        """In units."""
        return units(self.prices.split()[{"int": 0, "west1": 1, "europe1": 2, "europe2": 3}.get(zone, 4)])


class Catalogue:
    """The zones and categories of one marketplace; its methods answer requests."""

    def __init__(self, zones: Iterable[Zone], categories: Iterable[Category]) -> None:
        self.zones = {zone.id: zone for zone in zones}
        self.categories = {category.id: category for category in categories}

    def get_zones(self, books: Books, call: Call) -> Any:
        return [
            {"id": zone.id, "zone": zone.name, "excludable_countries": list(zone.countries)}
            for zone in self.zones.values()
        ]

    def get_categories(self, books: Books, call: Call) -> Any:
        return [
            {
                "id": category.id,
                "category": category.name,
                "subcategory": category.sub,
                "min_task_value": {zone: dollars(category.minimum(zone), 3) for zone in _PRICED if zone in self.zones},
            }
            for category in self.categories.values()
        ]


_PRICED = ("int", "west1", "europe1", "europe2", "asia1", "africa1", "latin", "muslim", "arab1")  # in this order

ZONES = tuple(
    Zone(zone, name, tuple(countries.split()))
    for zone, name, countries in (
        ("africa1", "Africa", "ao bw cg eg et gh ke ly ma mz ng rw za tz ug zw tn"),
        ("arab1", "Arab Countries", "ae bh kw sa ye qa om jo sy lb ps iq eg ma ly tn dz sd mr so dj km"),
        ("asia1", "Asia", "bd cn in id jp kr lk my pk ph sg th vn"),
        ("europe1", "Europe West", "at be ch de dk es fi fr uk ie is it lu mc no pt se sm"),
        ("europe2", "Europe East", "al am by ba bg cy cz ee gr hu hr lt mk mt rs ru si sk tr ua pl ro"),
        (
            "int",
            "International",
            "al pk bd id in ph ro eg pl my np vn cn lt ma us ca uk au de fr lk si ve co",
        ),
        ("latin", "Latin America", "ar bo br cl co ec fk gf gy mx py pe sr uy ve"),
        ("muslim", "Muslim Countries", "dz id in pk bd ma ng eg ir tr tn"),
        ("west1", "USA & Western", "us uk ca au nz"),
    )
)
CATEGORIES = tuple(
    Category(number, name, sub, prices)
    for number, name, sub, prices in (
        ("0500", "Sign up", "Email submit only", "0.08 0.24 0.20 0.16 0.10"),
        ("0501", "Sign up", "Simple Sign up", "0.08 0.24 0.20 0.16 0.10"),
        ("0502", "Sign up", "Complex Sign up", "0.15 0.45 0.40 0.30 0.20"),
        ("1001", "Search", "Search and visit", "0.05 0.15 0.13 0.10 0.06"),
        ("1504", "Social", "Follow a page", "0.05 0.15 0.13 0.10 0.06"),
        ("2004", "Video", "Play video", "0.05 0.15 0.13 0.10 0.06"),
        ("2501", "Writing", "Review of a website", "0.30 0.90 0.80 0.60 0.40"),
        ("9001", "Surveys / Offers", "Up to 20 questions", "0.25 0.60 0.50 0.40 0.30"),
        ("9002", "Surveys / Offers", "Up to 50 questions", "0.50 1.20 1.00 0.80 0.60"),
        ("9900", "Other", "Describe and set acceptable price", "0.05 0.15 0.13 0.10 0.06"),
    )
)
