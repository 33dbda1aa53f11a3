"""Countries by their Geonames ids, and categories."""

from __future__ import annotations

from dataclasses import dataclass

from botcore.sandbox.money import units

from .words import slug


@dataclass(frozen=True, slots=True)
class Country:
    id: str
    name: str
    code: str
    continent: str

    @property
    def home(self) -> str:
        """What workers who live there say."""
        return "uk" if self.code == "GB" else self.code.lower()


@dataclass(frozen=True, slots=True)
class Category:
    """`cost`: what a task must pay more than, in units. `parent` 0: at the top."""

    id: int
    title: str
    cost: int
    parent: int
    slug: str


COUNTRIES = {
    country_id: Country(country_id, name, code, continent)
    for country_id, name, code, continent in (
        ("1269750", "India", "IN", "AS"),
        ("1282028", "Maldives", "MV", "AS"),
        ("1282988", "Nepal", "NP", "AS"),
        ("1210997", "Bangladesh", "BD", "AS"),
        ("1168579", "Pakistan", "PK", "AS"),
        ("1227603", "Sri Lanka", "LK", "AS"),
        ("1694008", "Philippines", "PH", "AS"),
        ("1643084", "Indonesia", "ID", "AS"),
        ("1562822", "Vietnam", "VN", "AS"),
        ("298795", "Turkey", "TR", "AS"),
        ("2328926", "Nigeria", "NG", "AF"),
        ("192950", "Kenya", "KE", "AF"),
        ("357994", "Egypt", "EG", "AF"),
        ("2542007", "Morocco", "MA", "AF"),
        ("2635167", "United Kingdom", "GB", "EU"),
        ("2921044", "Germany", "DE", "EU"),
        ("3017382", "France", "FR", "EU"),
        ("798544", "Poland", "PL", "EU"),
        ("798549", "Romania", "RO", "EU"),
        ("6252001", "United States", "US", "NA"),
        ("6251999", "Canada", "CA", "NA"),
        ("3469034", "Brazil", "BR", "SA"),
        ("3686110", "Colombia", "CO", "SA"),
        ("2077456", "Australia", "AU", "OC"),
    )
}

_TITLES = (
    (9, "Blog / Website owners", "0.10", 0),
    (47, "Banner And Text Link to Website", "0.80", 9),
    (45, "Text Link to Website And Review Up to 50 Words", "0.30", 9),
    (12, "Twitter", "0.02", 0),
    (13, "Tweet", "0.02", 12),
    (112, "Follow", "0.02", 12),
    (114, "Like", "0.02", 12),
    (20, "Video", "0.03", 0),
    (97, "Watch And Comment", "0.04", 20),
    (30, "Sign up", "0.05", 0),
    (31, "Simple Sign up", "0.05", 30),
    (32, "Sign up With Profile", "0.12", 30),
    (40, "Surveys", "0.15", 0),
)
_TOPS = {number: title for number, title, _, parent in _TITLES if not parent}
CATEGORIES = {
    number: Category(
        number, title, units(cost), parent, f"{slug(_TOPS[parent])}/{slug(title)}" if parent else slug(title)
    )
    for number, title, cost, parent in _TITLES
}
AUTOMATED = {13: "send_tweet", 114: "like_tweet", 112: "tweeter_followers"}  # category -> what the site checks
