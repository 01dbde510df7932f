"""The company's grading of activity: limits, clipped months, and SQL that says the same."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from ecrm_core.analytics.activity import activity_status, status_counts
from ecrm_core.crm import Crm
from ecrm_core.models import Customer
from ecrm_core.queries.activity import status_case
from ecrm_core.rules import ActivityRule, ActivityStatus, birthday_in, months_before, start_of_day

DAYS = st.dates(date(2000, 1, 1), date(2040, 12, 31))


def purchases(*days: date | None) -> pd.DataFrame:
    return pd.DataFrame({"last_order_date": pd.to_datetime(pd.Series(days, dtype=object))})


@pytest.mark.parametrize(
    ("as_of", "last", "status"),
    [
        (date(2026, 11, 24), date(2026, 11, 24), "two_weeks"),
        (date(2026, 11, 24), date(2026, 11, 10), "two_weeks"),
        (date(2026, 11, 24), date(2026, 11, 9), "one_month"),
        (date(2026, 11, 24), date(2026, 10, 24), "one_month"),
        (date(2026, 11, 24), date(2026, 10, 23), "six_months"),
        (date(2026, 11, 24), date(2026, 5, 24), "six_months"),
        (date(2026, 11, 24), date(2026, 5, 23), "lapsed"),
        (date(2026, 11, 24), None, "prospect"),
        (date(2026, 3, 31), date(2026, 2, 28), "one_month"),
        (date(2026, 3, 31), date(2026, 2, 27), "six_months"),
        (date(2024, 3, 31), date(2024, 2, 29), "one_month"),
        (date(2026, 8, 31), date(2026, 2, 28), "six_months"),
    ],
)
def test_limits_are_inclusive_and_months_clip(as_of: date, last: date | None, status: str) -> None:
    assert activity_status(purchases(last), as_of=as_of).tolist() == [status]


@given(as_of=DAYS, age=st.integers(0, 800))
def test_one_customer_and_a_frame_are_judged_alike(as_of: date, age: int) -> None:
    last = as_of - timedelta(days=age)
    rule = ActivityRule()
    assert activity_status(purchases(last), as_of=as_of).tolist() == [str(rule.status(last, as_of=as_of))]


@given(as_of=DAYS, ages=st.lists(st.integers(0, 800), min_size=2, max_size=2))
def test_a_later_purchase_never_grades_lower(as_of: date, ages: list[int]) -> None:
    order = list(ActivityStatus)
    newer, older = (ActivityRule().status(as_of - timedelta(days=age), as_of=as_of) for age in sorted(ages))
    assert order.index(newer) <= order.index(older)


def test_an_order_of_the_future_is_refused() -> None:
    with pytest.raises(ValueError, match="as of that day"):
        activity_status(purchases(date(2026, 11, 25)), as_of=date(2026, 11, 24))


def test_counts_name_all_five() -> None:
    counts = status_counts(activity_status(purchases(None, None), as_of=date(2026, 11, 24)))
    assert counts == {"two_weeks": 0, "one_month": 0, "six_months": 0, "lapsed": 0, "prospect": 2}


def test_sql_and_pandas_grade_alike(crm: Crm) -> None:
    as_of, rule = date(2026, 3, 31), ActivityRule()
    limits = [first_day for _, first_day in rule.since(as_of)]
    days = [day + timedelta(days=shift) for day in limits for shift in (-1, 0, 1)]
    with crm.system("test") as work:
        zone = work.rules.timezone
        for number, day in enumerate([*days, None]):
            at = start_of_day(day, zone) if day else None
            work.session.add(
                Customer(id=number + 1, code=f"C{number}", name="N", last_activity_at=at, created_at=work.now)
            )
        work.session.flush()
        graded = status_case(Customer.last_activity_at, rule, as_of=as_of, zone=zone)
        by_sql = list(work.session.scalars(select(graded).order_by(Customer.id)))
    assert by_sql == activity_status(purchases(*days, None), as_of=as_of).tolist()


def test_today_is_the_companys(crm: Crm) -> None:
    """23.59 and 00.00 in Jakarta are the same day in London."""
    for hour, minute, day in ((16, 59, 24), (17, 0, 25)):
        crm.clock.now = datetime(2026, 11, 24, hour, minute, tzinfo=UTC)  # type: ignore[attr-defined]
        with crm.work("siti") as work:
            assert work.today == date(2026, 11, day)


@given(DAYS)
def test_a_month_earlier_is_in_the_month_before(day: date) -> None:
    before = months_before(day, 1)
    assert (before.year * 12 + before.month) == (day.year * 12 + day.month) - 1
    assert before.day <= day.day


def test_the_leap_day_is_greeted_a_day_early_in_common_years() -> None:
    assert birthday_in(2026, 2, 29) == date(2026, 2, 28)
    assert birthday_in(2028, 2, 29) == date(2028, 2, 29)
