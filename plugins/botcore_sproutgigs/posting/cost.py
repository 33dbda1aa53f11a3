"""What a job costs, as far as it can be told without asking."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

from botcore.draft import CostLine, JobDraft, Quote
from botcore.text import money

FOLLOWERS_SHARE, LEAST_FOR_FOLLOWERS = Decimal("0.03"), Decimal(1)  # of what the tasks cost, and at least this
SMALLEST = Decimal("0.0001")  # what balances are told in


def estimate(draft: JobDraft, fee_percent: Decimal | None) -> Quote:
    """The cost of a draft, also of one that lacks something. `fee_percent`: what the marketplace is known to take of
    what the tasks cost; None: not known."""
    return Quote(tuple(_lines(draft, fee_percent)), tuple(_notes(draft, fee_percent)))


def with_fee(amount: Decimal, fee_percent: Decimal | None) -> Decimal:
    """What tasks of this amount come to."""
    return amount + (fee_percent or 0) * amount / 100


def _lines(draft: JobDraft, fee_percent: Decimal | None) -> Iterator[CostLine]:
    price, positions = draft.money("price"), draft.number("positions")
    tasks = None if price is None or positions is None else price * positions
    if tasks is not None and price is not None:
        yield CostLine(f"{positions} × {money(price)}", tasks)
    if tasks is not None and fee_percent:
        fee = _rounded_up(with_fee(tasks, fee_percent) - tasks)
        yield CostLine(f"Fee, {format(fee_percent.normalize(), 'f')} %", fee, estimate=True)
    if draft.flag("notify_followers"):
        share = _rounded_up((tasks or Decimal(0)) * FOLLOWERS_SHARE)
        yield CostLine("Telling your followers", max(share, LEAST_FOR_FOLLOWERS), estimate=tasks is None)
    if premium := draft.money("premium"):
        yield CostLine("Premium", premium)


def _notes(draft: JobDraft, fee_percent: Decimal | None) -> Iterator[str]:
    missing = [name for name in ("price", "positions") if name not in draft]
    if missing:
        yield f"Without {' and '.join(missing)}, this is not all of it."
    if fee_percent is None:
        yield (
            "The marketplace's fee is not known, and not part of this: "
            f"say it as fee_percent in [accounts.{draft.account}] of the config."
        )


def _rounded_up(amount: Decimal) -> Decimal:
    return amount.quantize(SMALLEST, ROUND_CEILING)
