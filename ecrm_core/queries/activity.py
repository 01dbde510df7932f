"""Who bought how recently."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from pandera.typing import DataFrame
from sqlalchemy import ColumnElement, Select, case, func, select

from ecrm_core.crm import Work
from ecrm_core.frames import CustomerPurchases, checked
from ecrm_core.models import Customer, OrderLine
from ecrm_core.queries.counting import line_counts
from ecrm_core.rules import ActivityRule, ActivityStatus, CompanyRules, start_of_day


def last_activity_statement(rules: CompanyRules, *, as_of: date) -> Select[Any]:
    """Every customer with the instant of their newest order that counts, by the end of a day."""
    latest = (
        select(OrderLine.customer_id, func.max(OrderLine.ordered_at).label("last_at"))
        .where(line_counts(rules.end_of(as_of)))
        .group_by(OrderLine.customer_id)
        .subquery()
    )
    return (
        select(Customer.id, Customer.code, Customer.name, latest.c.last_at)
        .outerjoin(latest, latest.c.customer_id == Customer.id)
        .where(Customer.merged_into_id.is_(None))
        .order_by(Customer.id)
    )


def customer_purchases(work: Work, *, as_of: date) -> DataFrame[CustomerPurchases]:
    """The customers one may see, with the business date of their last activity as of a day.

    Orders after `as_of` do not exist for it, and what was cancelled or returned later still counts.
    """
    rows = work.session.execute(last_activity_statement(work.rules, as_of=as_of)).all()
    frame = pd.DataFrame(rows, columns=["customer_id", "code", "name", "last_order_date"])
    frame = frame.astype({"customer_id": "int64", "code": "str", "name": "str"})
    frame["last_order_date"] = business_dates(frame["last_order_date"], work.rules.timezone)
    return checked(frame, CustomerPurchases)


def business_dates(instants: pd.Series[Any], zone: ZoneInfo) -> pd.Series[Any]:
    """The company's calendar days of instants, as midnights without a zone; missing stays missing."""
    days: pd.Series[Any] = pd.to_datetime(instants, utc=True).dt.tz_convert(zone).dt.normalize().dt.tz_localize(None)
    return days.astype("datetime64[us]")


def last_activity_now(rules: CompanyRules, *, today: date) -> ColumnElement[datetime | None]:
    """`Customer.last_activity_at` as SQL for lists; where a file brought orders of days to come, those before them."""
    tonight = rules.end_of(today)
    before = (
        select(func.max(OrderLine.ordered_at))
        .where(OrderLine.customer_id == Customer.id, line_counts(tonight))
        .correlate(Customer)
        .scalar_subquery()
    )
    return case((Customer.last_activity_at >= tonight, before), else_=Customer.last_activity_at)


def status_now(rules: CompanyRules, *, today: date) -> ColumnElement[str]:
    """The activity status of customers today, as SQL for lists."""
    last_at = last_activity_now(rules, today=today)
    return status_case(last_at, rules.activity, as_of=today, zone=rules.timezone)


def status_counts_now(work: Work) -> dict[ActivityStatus, int]:
    """How many of one's own customers have each of the five statuses today, none left out.

    The same figures as `services.overview.status_overview` gives, counted in the database.
    """
    status = status_now(work.rules, today=work.today).label("status")
    rows = work.session.execute(
        select(status, func.count())
        .where(Customer.owner_id == work.employee_id, Customer.merged_into_id.is_(None))
        .group_by(status)
    )
    counts = {ActivityStatus(code): many for code, many in rows}
    return {each: counts.get(each, 0) for each in ActivityStatus}


def status_case(last_at: ColumnElement[Any], rule: ActivityRule, *, as_of: date, zone: ZoneInfo) -> ColumnElement[str]:
    """The activity status as SQL, made from the same rule object that `analytics` judges by."""
    active = [(last_at >= start_of_day(first_day, zone), str(status)) for status, first_day in rule.since(as_of)]
    return case((last_at.is_(None), str(ActivityStatus.PROSPECT)), *active, else_=str(ActivityStatus.LAPSED))
