"""Lists of events and announcements, and one of each with everything about it.

Everybody sees what is meant for them; managers and admins see all of it. What is over is kept apart.
Each list takes a fixed number of statements and reads one page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from ecrm_core import models as m
from ecrm_core.crm import Work
from ecrm_core.errors import NotVisible
from ecrm_core.models.people import Role
from ecrm_core.queries.stamps import stamp

PAGE_ROWS = 50
EVENT_SORTS = {"title": m.Event.title, "starts": m.Event.starts_at, "place": m.Event.place}
NOTICE_SORTS = {"title": m.Announcement.title, "from": m.Announcement.valid_from, "to": m.Announcement.valid_to}


@dataclass(frozen=True)
class EventLine:
    """An event in a list; instants in company time. `audience` names those it is for, empty for all."""

    id: int
    title: str
    starts: datetime
    ends: datetime
    place: str | None
    description: str | None
    audience: list[str]


@dataclass(frozen=True)
class NoticeLine:
    """An announcement in a list. `read_by` of `meant_for` have read it; `read` is the acting employee's."""

    id: int
    title: str
    text: str
    valid_from: date
    valid_to: date | None
    audience: list[str]
    read_by: int
    meant_for: int
    read: bool


@dataclass(frozen=True)
class EventPage:
    """One page of events; `first` is the place of its first row, from 0."""

    rows: list[EventLine]
    count: int
    first: int


@dataclass(frozen=True)
class NoticePage:
    """One page of announcements; `unread` counts those in force that the acting employee has not read."""

    rows: list[NoticeLine]
    count: int
    first: int
    unread: int


@dataclass(frozen=True)
class EventRecord:
    """An event with those it is for (user names; none for all), as whoever changes it finds it."""

    id: int
    title: str
    starts: datetime
    ends: datetime
    place: str | None
    description: str | None
    audience: list[str] | None
    stamp: str = field(init=False)
    """Differs as soon as anybody has changed something."""

    def __post_init__(self) -> None:
        facts = (self.title, self.starts, self.ends, self.place, self.description, self.audience)
        object.__setattr__(self, "stamp", stamp(*facts))


@dataclass(frozen=True)
class NoticeRecord:
    """An announcement with those it is for, and who of them has read it and who has not."""

    id: int
    title: str
    text: str
    valid_from: date
    valid_to: date | None
    audience: list[str] | None
    readers: list[Reader] = field(default_factory=list)
    stamp: str = field(init=False)

    def __post_init__(self) -> None:
        facts = (self.title, self.text, self.valid_from, self.valid_to, self.audience)
        object.__setattr__(self, "stamp", stamp(*facts))


@dataclass(frozen=True)
class Reader:
    """Somebody an announcement is for; `at` is when they read it, in company time."""

    name: str
    at: datetime | None


@dataclass(frozen=True)
class Colleague:
    """Somebody who may be told something."""

    username: str
    name: str


def telemarketers(work: Work) -> list[Colleague]:
    """Those whom events and announcements are for, by name."""
    rows = work.session.execute(
        select(m.Employee.username, m.Employee.name).where(*_telemarketer()).order_by(m.Employee.name, m.Employee.id)
    )
    return [Colleague(row.username, row.name) for row in rows]


def event_page(
    work: Work, *, past: bool = False, sort: str = "starts", down: bool = False, first: int = 0, rows: int = PAGE_ROWS
) -> EventPage:
    """Events that are still to come or under way, or those that are over.

    Args:
        sort: one of `EVENT_SORTS`; by start unless it is.
        down: from the last to the first.
        first: place of the first row wanted, from 0.
    """
    event, zone = m.Event, work.rules.timezone
    wanted = (
        event.ends_at < work.now if past else event.ends_at >= work.now,
        event.deleted_at.is_(None),
    )
    count = work.session.scalars(select(func.count()).select_from(event).where(*wanted)).one()
    first = _within(first, count, rows)
    column = EVENT_SORTS.get(sort, event.starts_at)
    found = work.session.execute(
        select(event.id, event.title, event.starts_at, event.ends_at, event.place, event.description, event.for_all)
        .where(*wanted)
        .order_by(*_ordered(column, event.id, down=down))
        .offset(first)
        .limit(rows)
    ).all()
    names = _audiences(work, m.EventAudience, m.EventAudience.event_id, [row.id for row in found if not row.for_all])
    lines = [
        EventLine(
            row.id,
            row.title,
            row.starts_at.astimezone(zone),
            row.ends_at.astimezone(zone),
            row.place,
            row.description,
            names[row.id],
        )
        for row in found
    ]
    return EventPage(lines, count, first)


def event_record(work: Work, event_id: int) -> EventRecord:
    """An event as it is now.

    Raises:
        NotVisible: missing, taken away, or not for the acting employee.
    """
    row = work.session.get(m.Event, event_id)
    if row is None or row.deleted_at is not None:
        raise NotVisible(id=event_id)
    zone = work.rules.timezone
    audience = None if row.for_all else _usernames(work, m.EventAudience, m.EventAudience.event_id == event_id)
    return EventRecord(
        row.id,
        row.title,
        row.starts_at.astimezone(zone),
        row.ends_at.astimezone(zone),
        row.place,
        row.description,
        audience,
    )


def announcement_page(
    work: Work, *, past: bool = False, sort: str = "from", down: bool = True, first: int = 0, rows: int = PAGE_ROWS
) -> NoticePage:
    """Announcements that are or will be in force, or those that were. Telemarketers learn of one on its first day.

    Args:
        sort: one of `NOTICE_SORTS`; by first day unless it is.
        down: from the last to the first.
        first: place of the first row wanted, from 0.
    """
    notice, read, today = m.Announcement, m.AnnouncementRead, work.today
    in_force = or_(notice.valid_to.is_(None), notice.valid_to >= today)
    wanted = [~in_force if past else in_force, notice.deleted_at.is_(None)]
    if not work.actor.is_staff:
        wanted.append(notice.valid_from <= today)
    count = work.session.scalars(select(func.count()).select_from(notice).where(*wanted)).one()
    first = _within(first, count, rows)
    mine = and_(read.announcement_id == notice.id, read.employee_id == work.employee_id)
    found = work.session.execute(
        select(notice.id, notice.title, notice.text, notice.valid_from, notice.valid_to, notice.for_all, read.at)
        .join(read, mine, isouter=True)
        .where(*wanted)
        .order_by(*_ordered(NOTICE_SORTS.get(sort, notice.valid_from), notice.id, down=down))
        .offset(first)
        .limit(rows)
    ).all()
    some = [row.id for row in found if not row.for_all]
    key = m.AnnouncementAudience.announcement_id
    names = _audiences(work, m.AnnouncementAudience, key, some)
    everybody = work.session.scalars(select(func.count()).select_from(m.Employee).where(*_telemarketer())).one()
    by_all = _counts(work, _reads([row.id for row in found if row.for_all]).where(*_telemarketer()))
    by_some = _counts(
        work,
        _reads(some).join(
            m.AnnouncementAudience,
            and_(key == read.announcement_id, m.AnnouncementAudience.employee_id == read.employee_id),
        ),
    )
    unread = work.session.scalars(
        select(func.count())
        .select_from(notice)
        .where(in_force, notice.valid_from <= today, notice.deleted_at.is_(None))
        .where(~select(read.announcement_id).where(mine).exists())
    ).one()
    lines = [
        NoticeLine(
            row.id,
            row.title,
            row.text,
            row.valid_from,
            row.valid_to,
            names[row.id],
            (by_all if row.for_all else by_some).get(row.id, 0),
            everybody if row.for_all else len(names[row.id]),
            row.at is not None,
        )
        for row in found
    ]
    return NoticePage(lines, count, first, unread)


def announcement_record(work: Work, announcement_id: int) -> NoticeRecord:
    """An announcement as it is now; those who have not read it come first.

    Raises:
        NotVisible: missing, taken away, not yet told, or not for the acting employee.
    """
    row = work.session.get(m.Announcement, announcement_id)
    if row is None or row.deleted_at is not None or (not work.actor.is_staff and row.valid_from > work.today):
        raise NotVisible(id=announcement_id)
    listed = m.AnnouncementAudience
    audience = None if row.for_all else _usernames(work, listed, listed.announcement_id == announcement_id)
    employee, read, zone = m.Employee, m.AnnouncementRead, work.rules.timezone
    meant = select(employee.name, read.at).join(
        read, and_(read.employee_id == employee.id, read.announcement_id == announcement_id), isouter=True
    )
    if row.for_all:
        meant = meant.where(*_telemarketer())
    else:
        meant = meant.join(listed, listed.employee_id == employee.id).where(
            listed.announcement_id == announcement_id, employee.active
        )
    found = work.session.execute(meant.order_by(employee.name, employee.id)).all() if work.actor.is_staff else []
    readers = [Reader(each.name, each.at and each.at.astimezone(zone)) for each in found]
    readers.sort(key=lambda reader: reader.at is not None)
    return NoticeRecord(row.id, row.title, row.text, row.valid_from, row.valid_to, audience, readers)


def _telemarketer() -> tuple[ColumnElement[bool], ...]:
    return (m.Employee.active.is_(True), m.Employee.role == Role.TELEMARKETER)


def _within(first: int, count: int, rows: int) -> int:
    """The place of a page that exists, where rows have gone since it was turned to."""
    last = max(0, (count - 1) // rows * rows)
    return min(max(0, first), last)


def _ordered(column: Any, key: Any, *, down: bool) -> tuple[Any, ...]:
    # Ends without a day come last both ways, on both databases.
    return (column.is_(None), column.desc(), key.desc()) if down else (column.is_(None), column, key)


def _audiences(work: Work, listed: Any, key: Any, numbers: Iterable[int]) -> defaultdict[int, list[str]]:
    """Names of the active ones that each of some news is for."""
    names: defaultdict[int, list[str]] = defaultdict(list)
    wanted = list(numbers)
    if wanted:
        rows = work.session.execute(
            select(key.label("number"), m.Employee.name)
            .select_from(listed)
            .join(m.Employee, m.Employee.id == listed.employee_id)
            .where(key.in_(wanted), m.Employee.active)
            .order_by(m.Employee.name, m.Employee.id)
        )
        for row in rows:
            names[row.number].append(row.name)
    return names


def _usernames(work: Work, listed: Any, of: ColumnElement[bool]) -> list[str]:
    rows = (
        select(m.Employee.username)
        .select_from(listed)
        .join(m.Employee, m.Employee.id == listed.employee_id)
        .where(of)
        .order_by(m.Employee.username)
    )
    return list(work.session.scalars(rows))


def _reads(numbers: Iterable[int]) -> Select[int, int]:
    read = m.AnnouncementRead
    return (
        select(read.announcement_id, func.count())
        .join(m.Employee, m.Employee.id == read.employee_id)
        .where(read.announcement_id.in_(list(numbers)), m.Employee.active)
        .group_by(read.announcement_id)
    )


def _counts(work: Work, statement: Select[int, int]) -> dict[int, int]:
    return dict(work.session.execute(statement).all())
