"""What the site takes: a guess that fits.

The document tells no fees, but three costs: 100 seats at 0.03 with a tweet are 4.875; 10 more seats of a job at 0.20
are 2.35; 10 seats of the same job, with a tweet and hidden from search engines, are 2.85. Taken for granted here: that
hiding is free, that all three jobs are under the same rule, and that it is a fee s a seat and a share r of the price.
Then a tweet is 0.50, and 100 s + 3.00 r = 1.375 with 10 s + 2.00 r = 0.35 makes a cent a seat and an eighth of the
price. Three numbers for three unknowns: nothing is left over to check it by.
"""

from __future__ import annotations

from botcore.sandbox.money import units

_TWEET = units("0.50")
_SEAT = units("0.01")
_SHARE = 8


def cost(price: int, seats: int, *, tweet: bool = False) -> int:
    """What so many seats cost, price and fees, rounded up; in units, as the price."""
    return price * seats + fees(price, seats, tweet=tweet)


def fees(price: int, seats: int, *, tweet: bool = False) -> int:
    """What of it is not for the workers."""
    return -(-price * seats // _SHARE) + _SEAT * seats + (_TWEET if tweet else 0)


def fees_back(price: int, seats: int) -> int:
    """The fees of seats that nobody took, rounded down."""
    return price * seats // _SHARE + _SEAT * seats
