"""All the work on news, put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..accounts import Accounts
from ..clock import Clock
from ..store.port import Handler, Store, Tx
from .deadlines import Everybody, ReminderDesk
from .desk import NoticeDesk
from .noting import PART, ROUTE, look_at_deadlines
from .summary import SummaryDesk, ask_for_summary
from .watch import WatchDesk, ask_to_watch


def notice_handlers(
    store: Store, clock: Clock, desk: NoticeDesk, accounts: Accounts, everybody: Everybody
) -> Mapping[str, Handler]:
    """By kind of work."""
    return {
        "route": desk.route,
        "remind": ReminderDesk(store, clock, desk.room, everybody).remind,
        "watch": WatchDesk(store, clock, accounts, desk.room).watch,
        "summary": SummaryDesk(store, clock, desk.room).summarise,
    }


def begin_notices(tx: Tx, accounts: Sequence[str]) -> None:
    """At a start: what is looked at on a schedule is looked at from now on, and what was left untold is told."""
    tx.put(ROUTE, ROUTE, PART, 50, 0)
    look_at_deadlines(tx)
    ask_for_summary(tx)
    ask_to_watch(tx, accounts)
