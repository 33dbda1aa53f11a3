"""What a new job is made of here: SproutGigs' fields without variables and times of the day, within other bounds.

Source: Picoworkers' API documentation of 29 June 2022, jobs/post-job.
"""

from __future__ import annotations

from botcore_sproutgigs.posting import fields

FIELDS = fields.adapted(
    fields.FIELDS,
    without=("variables", "start", "end"),
    instructions={"required": False, "least": None, "help": "One step a line; may be empty."},
    proofs={
        "required": False,
        "least": 0,
        "help": "Up to 4, one a line, each with screenshot: or text: before it, such as screenshot: Your profile page",
    },
    days_to_rate={"most": 7, "help": "1 to 7; what you have not rated by then is approved and paid by itself."},
    hold_minutes={"default": "5"},
)
