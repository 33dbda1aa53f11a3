"""What a new job is made of. Source: HireTalents' API documentation, jobs/create.

The document bounds nothing but the price, which must be more than the category's; the other bounds are there against
slips. A restart schedule is not in it: only jobs/update takes one.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from botcore.draft import DraftField, Option, Shape, Source

from .mapping import INTERNATIONAL

AUTOMATED: Mapping[str, str] = {"13": "send_tweet", "114": "like_tweet", "112": "tweeter_followers"}
"""By category, the one proof of a job whose work the marketplace checks by itself."""

FLAGS: Mapping[str, str] = {"automated": "automated", "tweet": "send_tweet", "hidden": "hide_search_engines"}
"""What is either so or not, by our names, and what the marketplace calls it."""

AUDIENCE, CHECKING, VISIBILITY = "Who and how often", "Automatic check", "Visibility"

FIELDS = (
    DraftField(name="title", label="Title", shape=Shape.LINE, help="What workers see first.", required=True),
    DraftField(
        name="category",
        label="Category",
        shape=Shape.ONE,
        help="What kind of work it is. Each kind has a price that a task must pay more than.",
        required=True,
        source=Source.CATEGORIES,
    ),
    DraftField(
        name="countries",
        label="Countries",
        shape=Shape.SOME,
        help="Where workers may live: Anywhere, or some countries with commas between. Leave Anywhere for a team.",
        default=INTERNATIONAL,
        source=Source.COUNTRIES,
        options=(Option(INTERNATIONAL, "Anywhere"),),
        also=("country",),
    ),
    DraftField(
        name="price",
        label="Price",
        shape=Shape.MONEY,
        help="What each worker is paid, in US dollars, with at most four decimals: more than the category's price.",
        required=True,
        least=Decimal("0.0001"),
        most=1000,
    ),
    DraftField(
        name="positions",
        label="Positions",
        shape=Shape.NUMBER,
        help="How many workers may do it, at least 1.",
        required=True,
        least=1,
        most=1_000_000,
        also=("availseats",),
    ),
    DraftField(
        name="minutes",
        label="Minutes",
        shape=Shape.NUMBER,
        help="How long it takes one worker, about; at least 1.",
        required=True,
        default="5",
        least=1,
        most=100_000,
        also=("time",),
    ),
    DraftField(
        name="instructions",
        label="Instructions",
        shape=Shape.LINES,
        help="The steps, one a line, at most 100. Where the work is checked automatically: the text to tweet, or the "
        "address of the tweet to like or of the account to follow.",
        required=True,
        least=1,
        most=100,
        also=("expected",),
    ),
    DraftField(
        name="proofs",
        label="Proofs",
        shape=Shape.PROOFS,
        help="What to hand in, one a line, 1 to 20: screenshot: Your profile page, or text: Your user name. "
        "None where the work is checked automatically.",
        most=20,
        also=("proof",),
    ),
    DraftField(
        name="team",
        label="Team",
        shape=Shape.ONE,
        group=AUDIENCE,
        help="Only its members can do the job, wherever they live. Empty: everybody can.",
        source=Source.TEAMS,
        also=("team_id",),
    ),
    DraftField(
        name="limit",
        label="Limit",
        shape=Shape.LINE,
        group=AUDIENCE,
        help="How many may do it in an hour or a day: 3/hour, 10/day. Empty: any number.",
        longest=40,
        also=("job_limit", "hourly_limit"),
    ),
    DraftField(
        name="automated",
        label="Checked automatically",
        shape=Shape.FLAG,
        group=CHECKING,
        help="The marketplace checks and approves the work by itself. "
        f"Only in the categories {', '.join(AUTOMATED)}: tweeting, liking a tweet, following; without proofs.",
        default="no",
    ),
    DraftField(
        name="tweet",
        label="Announce it",
        shape=Shape.FLAG,
        group=VISIBILITY,
        help="The marketplace tweets it on its own page, which costs extra.",
        default="no",
        also=("send_tweet",),
    ),
    DraftField(
        name="hidden",
        label="Hide it",
        shape=Shape.FLAG,
        group=VISIBILITY,
        help="From search engines, and from visitors who are not signed in.",
        default="no",
        also=("hide_search_engines",),
    ),
)
