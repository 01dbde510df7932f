"""The company's rules as plain values: dates, activity boundaries, and the settings of a day.

Nothing here reads a clock or a database. SQL and pandas both build on these objects, so each rule
exists once.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ecrm_core.errors import InvalidValue


class ActivityStatus(StrEnum):
    """How recently a customer bought; exclusive, newest first."""

    TWO_WEEKS = "two_weeks"
    ONE_MONTH = "one_month"
    SIX_MONTHS = "six_months"
    LAPSED = "lapsed"
    PROSPECT = "prospect"


@dataclass(frozen=True)
class ActivityRule:
    """The limits of the activity statuses, all inclusive. Months are calendar months."""

    two_weeks_days: int = 14
    one_month_months: int = 1
    six_months_months: int = 6

    def since(self, as_of: date) -> list[tuple[ActivityStatus, date]]:
        """The first day that still belongs to each active status, newest status first."""
        return [
            (ActivityStatus.TWO_WEEKS, as_of - timedelta(days=self.two_weeks_days)),
            (ActivityStatus.ONE_MONTH, months_before(as_of, self.one_month_months)),
            (ActivityStatus.SIX_MONTHS, months_before(as_of, self.six_months_months)),
        ]

    def status(self, last_activity: date | None, *, as_of: date) -> ActivityStatus:
        """The status of one customer as of a day."""
        if last_activity is None:
            return ActivityStatus.PROSPECT
        for status, first_day in self.since(as_of):
            if last_activity >= first_day:
                return status
        return ActivityStatus.LAPSED


def months_after(day: date, months: int) -> date:
    """The same day some calendar months later, clipped: 31 January + 1 month = 28 or 29 February."""
    return day + relativedelta(months=months)


def months_before(day: date, months: int) -> date:
    """The same day some calendar months earlier, clipped: 31 March − 1 month = 28 or 29 February."""
    return day - relativedelta(months=months)


def month_of(day: date) -> tuple[date, date]:
    """First and last day of a day's month."""
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])


def previous_month(today: date) -> date:
    """First day of the month that history opens on (in January: December of last year)."""
    return months_before(today.replace(day=1), 1)


def birthday_in(year: int, month: int, day: int) -> date:
    """The day a birthday is greeted on; 29 February on 28 February in common years."""
    if (month, day) == (2, 29) and not isleap(year):
        return date(year, 2, 28)
    return date(year, month, day)


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The instant a company day begins."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The instant a company day is over; exclusive."""
    return start_of_day(day + timedelta(days=1), zone)


class CompanyRules(BaseModel):
    """Every rule the company can set, as in force on one day. Defaults are product defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_timedelta="iso8601")

    company_name: str = Field(default="Toko TV Nusantara", min_length=1, max_length=100)
    timezone_name: str = "Asia/Jakarta"
    currency: str = Field(default="IDR", pattern=r"^[A-Z]{3}$")
    phone_region: str = Field(default="ID", pattern=r"^[A-Z]{2}$")
    two_weeks_days: int = Field(default=14, ge=1, le=3650)
    one_month_months: int = Field(default=1, ge=1, le=120)
    six_months_months: int = Field(default=6, ge=1, le=120)
    follow_up_months: int = Field(default=1, ge=1, le=24)
    follow_up_expiry_months: int = Field(default=2, ge=1, le=24)
    capacity: int = Field(default=60, ge=1, le=500)
    contact_rest_days: int = Field(default=7, ge=0, le=365)
    refusal_rest_days: int = Field(default=30, ge=0, le=365)
    waiting_days: int = Field(default=5, ge=1, le=60)
    slip_days: int = Field(default=14, ge=1, le=90)
    win_back_months: int = Field(default=24, ge=1, le=120)
    most_tries: int = Field(default=3, ge=1, le=20)
    no_answer_minutes: int = Field(default=120, ge=1, le=1440)
    busy_minutes: int = Field(default=30, ge=1, le=1440)
    contact_from: time = time(8)
    contact_to: time = time(20)

    @field_validator("timezone_name")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("unknown time zone") from error
        return value

    @property
    def timezone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone_name)

    @property
    def activity(self) -> ActivityRule:
        return ActivityRule(self.two_weeks_days, self.one_month_months, self.six_months_months)

    def business_date(self, instant: datetime) -> date:
        """The company's calendar day of an instant."""
        return instant.astimezone(self.timezone).date()

    def start_of(self, day: date) -> datetime:
        return start_of_day(day, self.timezone)

    def end_of(self, day: date) -> datetime:
        return end_of_day(day, self.timezone)

    def follow_up_dates(self, ordered_at: datetime, own_months: int | None = None) -> tuple[date, date]:
        """Due day and last day of the follow-up owed for a line; a product may have its own interval."""
        due = months_after(self.business_date(ordered_at), own_months or self.follow_up_months)
        return due, months_after(due, self.follow_up_expiry_months)


def company_rules(values: dict[str, Any]) -> CompanyRules:
    """Rules from stored settings, defaults where none is set.

    Raises:
        InvalidValue: a setting is unknown or out of its range.
    """
    try:
        return CompanyRules.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise InvalidValue(name, first.get("input"), "setting", detail=first["msg"]) from error
