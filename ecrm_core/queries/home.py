"""What Home tells one employee about a day.

Each function answers for the acting employee and one business day. Whatever role they have, it is
their own agenda, their own customers' birthdays and the news meant for them. Every answer takes a
fixed number of statements, however many rows it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from ecrm_core import models as m
from ecrm_core.crm import Work
from ecrm_core.models.agenda import AgendaKind
from ecrm_core.models.customers import Channel
from ecrm_core.models.orders import FollowUpState
from ecrm_core.models.people import Appearance, Language, Role
from ecrm_core.queries.activity import status_counts_now
from ecrm_core.rules import ActivityRule, ActivityStatus, birthday_in
from ecrm_core.working_days import days_off_before

AGENDA_ROWS = 200
"""As many open items as one person could ever work through in a day, and more."""
EVENT_DAYS = 60
EVENT_ROWS = 8
ANNOUNCEMENT_ROWS = 20
LONGEST_ABSENCE_DAYS = 14
"""How far back missed birthdays are looked for at most; the longest holidays are shorter."""


@dataclass(frozen=True)
class Me:
    """The acting employee, as the frame greets them."""

    id: int
    username: str
    name: str
    role: Role
    language: Language
    appearance: Appearance
    company: str
    today: date
    now: datetime
    """The instant of asking, in company time."""
    activity: ActivityRule
    """The limits that the activity statuses are named after."""


@dataclass(frozen=True)
class AgendaRow:
    """Something on the agenda. `at` is company time; `customer` none for what concerns nobody."""

    id: int
    day: date
    at: time | None
    kind: AgendaKind
    title: str
    note: str | None
    customer_id: int | None
    customer: str | None
    customer_code: str | None
    proposed: bool
    done: bool
    reasons: Sequence[Mapping[str, Any]] = ()
    """Why it is proposed, the most pressing first; see `texts.reasons`."""
    accepted: bool = False
    """A proposal that was kept, changed or moved."""


@dataclass(frozen=True)
class Agenda:
    """A day's agenda: overdue ones first, then the day's by time, then what is done."""

    items: list[AgendaRow]
    open: int
    done: int
    left_over: int = 0
    """Calls for which the day's plan has no room; they wait for another day."""

    @property
    def hidden(self) -> int:
        """Open items beyond those listed."""
        return self.open - sum(not item.done for item in self.items)


@dataclass(frozen=True)
class DayNumbers:
    """What a day holds, in numbers."""

    calls: int
    """Open items with a customer to contact, overdue ones included."""
    appointments: int
    """Open items of the day with a customer and a time."""
    late_follow_ups: int
    """Follow-ups that were due before the day and are still open."""
    birthdays: int
    """Birthdays not greeted yet."""
    open_items: int
    unread: int


@dataclass(frozen=True)
class Birthday:
    """A customer's birthday, today or missed over days off; `greeted` is the channel used."""

    customer_id: int
    name: str
    on: date
    age: int | None
    phone: str | None
    """E.164, the number called first."""
    email: str | None
    greeted: Channel | None


@dataclass(frozen=True)
class EventRow:
    """A company event; instants are in company time."""

    id: int
    title: str
    starts: datetime
    ends: datetime
    place: str | None
    description: str | None


@dataclass(frozen=True)
class AnnouncementRow:
    """An important notice, and whether the employee has read it."""

    id: int
    title: str
    text: str
    since: date
    until: date | None
    read: bool


@dataclass(frozen=True)
class Home:
    """Everything the Home screen shows."""

    numbers: DayNumbers
    agenda: Agenda
    birthdays: list[Birthday] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)
    announcements: list[AnnouncementRow] = field(default_factory=list)
    statuses: dict[ActivityStatus, int] = field(default_factory=dict)
    """How many of one's own customers have each activity status."""


def who_am_i(work: Work) -> Me:
    """The acting employee."""
    row = work.session.get(m.Employee, work.employee_id)
    assert row is not None
    return Me(
        row.id,
        row.username,
        row.name,
        row.role,
        row.language,
        row.appearance,
        work.rules.company_name,
        work.today,
        work.now.astimezone(work.rules.timezone),
        work.rules.activity,
    )


def home_of(work: Work, day: date) -> Home:
    """All of Home in one `Work`."""
    greeted = birthdays(work, day)
    return Home(
        _numbers(work, day, ungreeted=sum(birthday.greeted is None for birthday in greeted)),
        agenda_of(work, day),
        greeted,
        events_for(work, day),
        announcements_for(work, day),
        status_counts_now(work),
    )


def agenda_of(work: Work, day: date) -> Agenda:
    """The agenda of a day, hand-made and proposed together, with what is overdue and what was done that day."""
    item, customer = m.AgendaItem, m.Customer
    columns = (
        select(
            item.id,
            item.day,
            item.at,
            item.kind,
            item.title,
            item.note,
            item.customer_id,
            customer.name.label("customer"),
            customer.code.label("customer_code"),
            item.proposed,
            item.done_at,
            item.reasons,
            item.accepted_at,
        )
        .join(customer, customer.id == item.customer_id, isouter=True)
        .where(item.employee_id == work.employee_id, item.deleted_at.is_(None), item.dismissed_at.is_(None))
    )
    without_time = case((item.at.is_(None), 1), else_=0)
    overdue = case((item.day < day, 0), else_=1)
    still_open = work.session.execute(
        columns.where(item.done_at.is_(None), item.day <= day)
        .order_by(overdue, item.day, without_time, item.at, item.proposed, item.rank, item.id)
        .limit(AGENDA_ROWS)
    ).all()
    done = work.session.execute(
        columns.where(*_done_on(work, day)).order_by(item.done_at.desc(), item.id).limit(AGENDA_ROWS)
    ).all()
    still_to_do, ticked = agenda_counts(work, day)
    rows = [
        AgendaRow(
            row.id,
            row.day,
            row.at,
            row.kind,
            row.title,
            row.note,
            row.customer_id,
            row.customer,
            row.customer_code,
            row.proposed,
            row.done_at is not None,
            row.reasons or (),
            row.accepted_at is not None,
        )
        for row in (*still_open, *done)
    ]
    plan = work.session.get(m.DayPlan, (work.employee_id, day))
    return Agenda(rows, open=still_to_do, done=ticked, left_over=plan.left_over if plan is not None else 0)


def agenda_counts(work: Work, day: date, *, calls: bool = False) -> tuple[int, int]:
    """How many items of the acting employee's agenda are open on a day, overdue ones included, and how many were done.

    Args:
        calls: only those with a customer to call.
    """
    item = m.AgendaItem
    statement = select(func.count(case((item.done_at.is_(None), 1))), func.count(item.done_at)).where(
        item.employee_id == work.employee_id,
        item.deleted_at.is_(None),
        item.dismissed_at.is_(None),
        or_(and_(item.done_at.is_(None), item.day <= day), and_(*_done_on(work, day))),
    )
    if calls:
        statement = statement.where(item.customer_id.is_not(None))
    still_open, done = work.session.execute(statement).one()
    return still_open, done


def _done_on(work: Work, day: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return m.AgendaItem.done_at >= work.rules.start_of(day), m.AgendaItem.done_at < work.rules.end_of(day)


def day_numbers(work: Work, day: date) -> DayNumbers:
    """What a day holds for the acting employee, in numbers."""
    return _numbers(work, day, ungreeted=sum(birthday.greeted is None for birthday in birthdays(work, day)))


def _numbers(work: Work, day: date, *, ungreeted: int) -> DayNumbers:
    item, due = m.AgendaItem, m.FollowUp
    calls, appointments, open_items = work.session.execute(
        select(
            func.count(item.customer_id),
            func.count(case((and_(item.at.is_not(None), item.customer_id.is_not(None), item.day == day), 1))),
            func.count(),
        ).where(
            item.employee_id == work.employee_id,
            item.done_at.is_(None),
            item.deleted_at.is_(None),
            item.dismissed_at.is_(None),
            item.day <= day,
        )
    ).one()
    late = work.session.scalars(
        select(func.count())
        .select_from(due)
        .join(m.Customer, m.Customer.id == due.customer_id)
        .where(
            due.state == FollowUpState.OPEN,
            due.due_on < day,
            due.expires_on >= day,
            m.Customer.owner_id == work.employee_id,
        )
    ).one()
    return DayNumbers(calls, appointments, late, ungreeted, open_items, unread_announcements(work, day))


def open_items(work: Work, day: date, *, calls: bool = False) -> int:
    """How many items wait for the acting employee, overdue ones included; `calls`: only those with a customer."""
    item = m.AgendaItem
    return work.session.scalars(
        select(func.count(item.customer_id) if calls else func.count())
        .select_from(item)
        .where(
            item.employee_id == work.employee_id,
            item.done_at.is_(None),
            item.deleted_at.is_(None),
            item.dismissed_at.is_(None),
            item.day <= day,
        )
    ).one()


def birthdays(work: Work, day: date) -> list[Birthday]:
    """Own customers whose birthday is on the day, and those missed on the days off before it.

    Whoever asked not to be contacted is left out. Missed ones come last, newest first.
    """
    days = _days_to_greet(work, day)
    month_days: dict[tuple[int, int], date] = {}
    for each in days:
        month_days[each.month, each.day] = each
        if birthday_in(each.year, 2, 29) == each:
            month_days[2, 29] = each
    customer = m.Customer
    people = work.session.execute(
        select(
            customer.id,
            customer.name,
            customer.birth_year,
            customer.birth_month,
            customer.birth_day,
            customer.email,
        )
        .where(
            customer.owner_id == work.employee_id,
            or_(*(and_(customer.birth_month == month, customer.birth_day == number) for month, number in month_days)),
            customer.do_not_call_at.is_(None),
            customer.merged_into_id.is_(None),
        )
        .order_by(customer.name, customer.id)
    ).all()
    ids = [row.id for row in people]
    phones, greetings = _first_phones(work, ids), _greetings(work, ids, {each.year for each in days})
    found = []
    for row in people:
        on = month_days[row.birth_month, row.birth_day]
        age = on.year - row.birth_year if row.birth_year else None
        found.append(
            Birthday(row.id, row.name, on, age, phones.get(row.id), row.email, greetings.get((row.id, on.year)))
        )
    return sorted(found, key=lambda birthday: birthday.on, reverse=True)


def _days_to_greet(work: Work, day: date) -> list[date]:
    """The day and the days off right before it, newest first."""
    employee = work.session.get(m.Employee, work.employee_id)
    assert employee is not None
    return [day, *days_off_before(employee.working_days, day, most=LONGEST_ABSENCE_DAYS - 1)]


def _first_phones(work: Work, customer_ids: Iterable[int]) -> dict[int, str]:
    phone = m.CustomerPhone
    rows = work.session.execute(
        select(phone.customer_id, phone.e164)
        .where(phone.customer_id.in_(list(customer_ids)), phone.wrong_at.is_(None))
        .order_by(phone.customer_id, phone.position, phone.id)
    )
    first: dict[int, str] = {}
    for customer_id, e164 in rows:
        first.setdefault(customer_id, e164)
    return first


def _greetings(work: Work, customer_ids: Iterable[int], years: Iterable[int]) -> dict[tuple[int, int], Channel]:
    greeting = m.Greeting
    rows = work.session.execute(
        select(greeting.customer_id, greeting.year, greeting.channel).where(
            greeting.customer_id.in_(list(customer_ids)), greeting.year.in_(list(years))
        )
    )
    return {(customer_id, year): channel for customer_id, year, channel in rows}


def events_for(work: Work, day: date) -> list[EventRow]:
    """Events meant for the acting employee that go on or begin within two months, soonest first."""
    event, zone = m.Event, work.rules.timezone
    rows = work.session.execute(
        select(event.id, event.title, event.starts_at, event.ends_at, event.place, event.description)
        .where(
            event.ends_at >= work.rules.start_of(day),
            event.starts_at < work.rules.end_of(day + timedelta(days=EVENT_DAYS)),
            event.deleted_at.is_(None),
        )
        .order_by(event.starts_at, event.id)
        .limit(EVENT_ROWS)
    )
    return [
        EventRow(
            row.id,
            row.title,
            row.starts_at.astimezone(zone),
            row.ends_at.astimezone(zone),
            row.place,
            row.description,
        )
        for row in rows
    ]


def announcements_for(work: Work, day: date) -> list[AnnouncementRow]:
    """Notices in force on a day and meant for the acting employee: unread ones first, then newest."""
    notice, read = m.Announcement, m.AnnouncementRead
    rows = work.session.execute(
        select(notice.id, notice.title, notice.text, notice.valid_from, notice.valid_to, read.at)
        .join(
            read,
            and_(read.announcement_id == notice.id, read.employee_id == work.employee_id),
            isouter=True,
        )
        .where(*_in_force(day))
        .order_by(case((read.at.is_(None), 0), else_=1), notice.valid_from.desc(), notice.id.desc())
        .limit(ANNOUNCEMENT_ROWS)
    )
    return [
        AnnouncementRow(row.id, row.title, row.text, row.valid_from, row.valid_to, row.at is not None) for row in rows
    ]


def unread_announcements(work: Work, day: date) -> int:
    """How many notices in force the acting employee has not read."""
    notice, read = m.Announcement, m.AnnouncementRead
    seen = (
        select(read.announcement_id)
        .where(read.announcement_id == notice.id, read.employee_id == work.employee_id)
        .exists()
    )
    return work.session.scalars(select(func.count()).select_from(notice).where(*_in_force(day), ~seen)).one()


def _in_force(day: date) -> tuple[ColumnElement[bool], ...]:
    notice = m.Announcement
    return (
        notice.valid_from <= day,
        or_(notice.valid_to.is_(None), notice.valid_to >= day),
        notice.deleted_at.is_(None),
    )


__all__ = [
    "Agenda",
    "AgendaRow",
    "AnnouncementRow",
    "Birthday",
    "DayNumbers",
    "EventRow",
    "Home",
    "Me",
    "agenda_of",
    "announcements_for",
    "birthdays",
    "day_numbers",
    "events_for",
    "home_of",
    "open_items",
    "unread_announcements",
    "who_am_i",
]
