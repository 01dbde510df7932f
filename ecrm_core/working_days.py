"""Which days somebody works: their own week, and Indonesia's public holidays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice

import holidays

WORKS = "1"


@lru_cache(maxsize=16)
def public_holidays(year: int) -> frozenset[date]:
    """Indonesia's public holidays of a year."""
    return frozenset(holidays.country_holidays("ID", years=year))


def works_on(week: str, day: date) -> bool:
    """Whether a day is a working day.

    Args:
        week: Monday to Sunday, `1` works and `0` is off.
    """
    return week[day.weekday()] == WORKS and day not in public_holidays(day.year)


def working_days_after(week: str, day: date) -> Iterator[date]:
    """The working days after a day, soonest first; none for whoever never works."""
    while WORKS in week:
        day += timedelta(days=1)
        if works_on(week, day):
            yield day


@lru_cache(maxsize=4096)
def nth_working_day_after(week: str, day: date, number: int) -> date:
    """The last day of a wait of so many working days; the day itself for none."""
    if number < 1:
        return day
    return next(islice(working_days_after(week, day), number - 1, None), day)


def days_off_before(week: str, day: date, *, most: int) -> list[date]:
    """The days off right before a day, newest first."""
    days: list[date] = []
    while len(days) < most:
        before = day - timedelta(days=len(days) + 1)
        if works_on(week, before):
            break
        days.append(before)
    return days
