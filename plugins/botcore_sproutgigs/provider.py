"""SproutGigs as a provider: its tasks are submissions, its words are ours.

Source: SproutGigs' API documentation of 4 March 2024; featured jobs: a later copy of the same page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

from pydantic import BaseModel

from botcore.models import (
    Hints,
    Outcome,
    Rating,
    Sighting,
    SightingState,
    Verdict,
    Verdicted,
    WebhookRequest,
)
from botcore.provider import Capability, judge

from .api import SproutGigsApi
from .calls import Said
from .common import CommonProvider, ReadTasks, done, some
from .gigs import Gigs
from .mapping import rated_sighting, waiting_sighting
from .posting.rules import Rule, hours, variables
from .settings import SproutGigsSettings
from .webhook import check_signature, read_hints
from .wire import WirePosition, WireStanding


class SproutGigsProvider(CommonProvider[SproutGigsApi]):
    """One account at SproutGigs."""

    name: ClassVar[str] = "sproutgigs"
    title: ClassVar[str] = "SproutGigs"
    Settings: ClassVar[type[BaseModel]] = SproutGigsSettings
    capabilities: ClassVar[frozenset[Capability]] = CommonProvider.capabilities | {
        Capability.WEBHOOKS,
        Capability.BATCH_RATING,
        Capability.BLOCK,
        Capability.UNBLOCK,
    }
    batch_size: ClassVar[int] = 1000
    rules: ClassVar[tuple[Rule, ...]] = (*CommonProvider.rules, hours, variables)
    hosts: ClassVar[tuple[str, ...]] = ("sproutgigs.com", ".sproutgigs.com")
    api_class = SproutGigsApi

    @property
    def gigs(self) -> Gigs:
        """What freelancers offer."""
        return Gigs(self.api)

    # --- reading

    def lists_to_look_in(self) -> Sequence[tuple[ReadTasks, Callable[[WireStanding], Sighting]]]:
        """Unrated first, then rated; what is in neither is looked for among the unrated once more, since a task can
        come back between the two reads."""
        unrated = (self.api.unrated_of, waiting_sighting)
        return [unrated, (self.api.rated_of, rated_sighting), unrated]

    async def outcome(self, job_id: str, ratings: Sequence[Rating]) -> Sequence[Outcome]:
        looked = await self.look(job_id, [rating.task_id for rating in ratings])
        seen = {sighting.task_id: sighting for sighting in looked}
        return [self.judge(rating, seen.get(rating.task_id)) for rating in ratings]

    def judge(self, rating: Rating, sighting: Sighting | None) -> Outcome:
        """A task that was sent back is in neither list until its worker hands it in again."""
        if sighting is None or sighting.state is not SightingState.ABSENT:
            return judge(rating, sighting)
        if rating.verdict is Verdict.REVISE:
            return Outcome(rating.task_id, Verdicted.MATCHES, ("comment",), sure=False)
        return Outcome(
            rating.task_id, Verdicted.DIFFERS, note="sent back for revision or taken away: it is in no list", sure=False
        )

    # --- changing

    async def send(self, job_id: str, ratings: Sequence[Rating]) -> Mapping[str, Said]:
        if len(ratings) == 1:
            return await super().send(job_id, ratings)
        return await self.api.rate_many(job_id, ratings)

    async def block(self, worker_ids: Sequence[str]) -> str:
        return done(await self.api.block_workers(some(worker_ids)))

    async def unblock(self, worker_ids: Sequence[str]) -> str:
        return done(await self.api.unblock_workers(some(worker_ids)))

    # --- featured jobs

    async def feature(self, job_id: str, amount: Decimal) -> str:
        """Pays `amount` US dollars for a job to be shown before others; returns the marketplace's words. Not to be
        repeated: it pays again."""
        return done(await self.api.feature(job_id, amount))

    async def predicted_position(self, category_id: str, amount: Decimal) -> WirePosition:
        """Where a job of a category would be shown for so many US dollars."""
        return await self.api.predicted_position(category_id, amount)

    # --- webhooks

    def hints(self, request: WebhookRequest) -> Hints:
        secret = self.settings.signature_secret
        if secret is not None:
            check_signature(request, secret.get_secret_value())
        return read_hints(request)
