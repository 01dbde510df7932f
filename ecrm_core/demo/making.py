"""Making the demo company, and playing the days it has missed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import event, select

from ecrm_core import models as m
from ecrm_core.collector import without_collector
from ecrm_core.crm import Crm, connect
from ecrm_core.demo.founding import found_company
from ecrm_core.demo.life import Life, MovingClock, Progress
from ecrm_core.demo.market import YEARS
from ecrm_core.demo.stage import set_the_stage
from ecrm_core.rules import CompanyRules, months_before, start_of_day

CUSTOMERS = 6000
OPENING_HOURS = timedelta(hours=8)
PLAYED = "demo_played_until"
"""The counter that keeps the last day lived through, as an ordinal."""


def make_demo(
    address: str,
    *,
    today: date,
    passwords: Mapping[str, str],
    customers: int = CUSTOMERS,
    progress: Progress | None = None,
) -> None:
    """Make a company in an empty database: three years up to yesterday evening, and this morning's desks.

    Two companies made for the same day are equal, but for their passwords.

    Args:
        address: of an empty database.
        passwords: by user name.
        customers: how many there are today; orders go with them.
        progress: told how much is done, from 0 to 1.
    """
    founded = months_before(today, YEARS * 12)
    clock = MovingClock(start_of_day(founded, CompanyRules().timezone) + OPENING_HOURS)
    crm = connect(address, clock=clock)
    if crm.engine.dialect.name == "sqlite":
        event.listen(crm.engine, "connect", _hurry)
        crm.engine.dispose()  # connections from before it keep the ways they were opened with
    try:
        with crm.system("founding the demo company") as work:
            found_company(work, passwords)
        _live(crm, clock, founded, today, customers, progress)
    finally:
        crm.close()


def play_forward(address: str, *, today: date, customers: int = CUSTOMERS, progress: Progress | None = None) -> None:
    """Live through the days since the company was last opened, up to yesterday, and set this morning's desks."""
    clock = MovingClock(start_of_day(today, CompanyRules().timezone))
    crm = connect(address, clock=clock)
    try:
        last = played_until(crm)
        if last is not None and last + timedelta(days=1) < today:
            _live(crm, clock, last + timedelta(days=1), today, customers, progress)
    finally:
        crm.close()


def played_until(crm: Crm) -> date | None:
    """The last day a demo company has lived through; none for any other company."""
    with crm.system("how far the demo has come") as work:
        ordinal = work.session.scalar(select(m.Counter.value).where(m.Counter.name == PLAYED))
        return date.fromordinal(ordinal) if ordinal else None


def _hurry(connection: Any, _record: Any) -> None:
    """Wait for no disk and write each page once: a company that was interrupted is made anew anyway."""
    for pragma in ("synchronous=OFF", "wal_autocheckpoint=50000", "cache_size=-128000"):
        connection.execute(f"PRAGMA {pragma}")


def _live(crm: Crm, clock: MovingClock, first: date, today: date, customers: int, progress: Progress | None) -> None:
    yesterday = today - timedelta(days=1)
    with without_collector():
        Life(crm, clock, size=customers).play(first, yesterday, progress)
    set_the_stage(crm, clock, today)
    with crm.system("how far the demo has come") as work:
        work.session.merge(m.Counter(name=PLAYED, value=yesterday.toordinal()))
