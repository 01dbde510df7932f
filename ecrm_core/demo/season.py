"""When people buy: paydays and weekends, the weeks before Lebaran, the end of the year."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import holidays

SATURDAY = 5


def season(day: date) -> float:
    """How much is bought on a day, compared with an ordinary one (1)."""
    weight = 1.0
    if day.weekday() >= SATURDAY:
        weight *= 0.8
    if day.day >= 25 or day.day <= 3:
        weight *= 1.2  # wages are paid
    if day.month == 12:
        weight *= 1.35
    if day.month in {1, 2}:
        weight *= 0.85
    before = (lebaran(day.year) - day).days
    if 7 <= before <= 35:
        weight *= 1.8  # the holiday allowance
    elif -7 <= before < 4:
        weight *= 0.3  # everybody is on the way home
    return weight


@lru_cache
def lebaran(year: int) -> date:
    """The first day of Idul Fitri."""
    return min(
        day
        for day, name in holidays.country_holidays("ID", language="en_US", years=year).items()
        if "Eid al-Fitr" in name
    )


def days(first: date, last: date) -> list[date]:
    """Every day from the first to the last, both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
