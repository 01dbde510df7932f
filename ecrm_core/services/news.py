"""Events and announcements: given out by the admin, read by those they are for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import Select, select

from ecrm_core.crm import Work
from ecrm_core.errors import ChangedMeanwhile, InvalidValue, NotVisible, UnknownEmployee
from ecrm_core.models import Announcement, AnnouncementAudience, AnnouncementRead, Employee, Event, EventAudience
from ecrm_core.queries.news import announcement_record, event_record
from ecrm_core.services.checks import clean_text, required_text

TITLE_LIMIT = 200
TEXT_LIMIT = 4000

News = TypeVar("News", Event, Announcement)


@dataclass(frozen=True)
class EventCard:
    """A company event; instants are UTC."""

    id: int
    title: str
    starts_at: datetime
    ends_at: datetime
    place: str | None
    description: str | None
    for_all: bool


@dataclass(frozen=True)
class AnnouncementCard:
    """An important notice, valid from a day to a day, both included."""

    id: int
    title: str
    text: str
    valid_from: date
    valid_to: date | None
    for_all: bool


def add_event(
    work: Work,
    *,
    title: str,
    starts_at: datetime,
    ends_at: datetime,
    place: str | None = None,
    description: str | None = None,
    audience: Sequence[str] | None = None,
) -> EventCard:
    """Announce an event to all telemarketers, or to those named.

    Raises:
        InvalidValue: no title, nobody it is for, or it ends before it starts.
        UnknownEmployee: somebody in the audience does not work here.
        ForeignWrite: not an admin (when the work is written).
    """
    row = Event(created_at=work.now, created_by_id=work.actor.employee_id)
    _fill_event(row, title, starts_at, ends_at, place, description, for_all=audience is None)
    work.session.add(row)
    work.session.flush()
    for employee_id in _ids(work, audience):
        work.session.add(EventAudience(event_id=row.id, employee_id=employee_id))
    return _event(row)


def change_event(
    work: Work,
    event_id: int,
    *,
    title: str,
    starts_at: datetime,
    ends_at: datetime,
    place: str | None = None,
    description: str | None = None,
    audience: Sequence[str] | None = None,
    seen: str | None = None,
) -> EventCard:
    """Write an event anew, with its audience.

    Args:
        seen: stamp of the `event_record` that was opened; what has changed since is not written over.

    Raises:
        NotVisible: missing or taken away.
        ChangedMeanwhile: somebody else has changed it since it was opened.
        InvalidValue: as for a new one.
    """
    row = _found(work, Event, event_id, lock=True)
    if seen is not None and event_record(work, event_id).stamp != seen:
        raise ChangedMeanwhile(id=event_id)
    _fill_event(row, title, starts_at, ends_at, place, description, for_all=audience is None)
    listed = select(EventAudience).where(EventAudience.event_id == event_id)
    for employee_id in _changed_audience(work, listed, audience):
        work.session.add(EventAudience(event_id=event_id, employee_id=employee_id))
    return _event(row)


def delete_event(work: Work, event_id: int) -> None:
    """Take an event away; `restore_event` brings it back."""
    _found(work, Event, event_id).deleted_at = work.now


def delete_events(work: Work, event_ids: Collection[int]) -> list[EventCard]:
    """Take several events away; those that are gone already are passed over."""
    return [_event(row) for row in _taken_away(work, Event, event_ids)]


def restore_event(work: Work, event_id: int) -> None:
    """Bring back an event that was taken away."""
    _found(work, Event, event_id, deleted=True).deleted_at = None


def restore_events(work: Work, event_ids: Collection[int]) -> None:
    """Bring back events that were taken away."""
    for number in event_ids:
        restore_event(work, number)


def add_announcement(
    work: Work,
    *,
    title: str,
    text: str,
    valid_from: date,
    valid_to: date | None = None,
    audience: Sequence[str] | None = None,
) -> AnnouncementCard:
    """Give out an important notice to all telemarketers, or to those named.

    Raises:
        InvalidValue: no title or text, nobody it is for, or it ends before it begins.
        UnknownEmployee: somebody in the audience does not work here.
        ForeignWrite: not an admin (when the work is written).
    """
    row = Announcement(created_at=work.now, created_by_id=work.actor.employee_id)
    _fill_announcement(row, title, text, valid_from, valid_to, for_all=audience is None)
    work.session.add(row)
    work.session.flush()
    for employee_id in _ids(work, audience):
        work.session.add(AnnouncementAudience(announcement_id=row.id, employee_id=employee_id))
    return _announcement(row)


def change_announcement(
    work: Work,
    announcement_id: int,
    *,
    title: str,
    text: str,
    valid_from: date,
    valid_to: date | None = None,
    audience: Sequence[str] | None = None,
    seen: str | None = None,
) -> AnnouncementCard:
    """Write a notice anew; who has read it stays on record.

    Args:
        seen: stamp of the `announcement_record` that was opened; what has changed since is not written over.

    Raises:
        NotVisible: missing or taken away.
        ChangedMeanwhile: somebody else has changed it since it was opened.
        InvalidValue: as for a new one.
    """
    row = _found(work, Announcement, announcement_id, lock=True)
    if seen is not None and announcement_record(work, announcement_id).stamp != seen:
        raise ChangedMeanwhile(id=announcement_id)
    _fill_announcement(row, title, text, valid_from, valid_to, for_all=audience is None)
    listed = select(AnnouncementAudience).where(AnnouncementAudience.announcement_id == announcement_id)
    for employee_id in _changed_audience(work, listed, audience):
        work.session.add(AnnouncementAudience(announcement_id=announcement_id, employee_id=employee_id))
    return _announcement(row)


def delete_announcement(work: Work, announcement_id: int) -> None:
    """Take a notice away; `restore_announcement` brings it back."""
    _found(work, Announcement, announcement_id).deleted_at = work.now


def delete_announcements(work: Work, announcement_ids: Collection[int]) -> list[AnnouncementCard]:
    """Take several notices away; those that are gone already are passed over."""
    return [_announcement(row) for row in _taken_away(work, Announcement, announcement_ids)]


def restore_announcement(work: Work, announcement_id: int) -> None:
    """Bring back a notice that was taken away."""
    _found(work, Announcement, announcement_id, deleted=True).deleted_at = None


def restore_announcements(work: Work, announcement_ids: Collection[int]) -> None:
    """Bring back notices that were taken away."""
    for number in announcement_ids:
        restore_announcement(work, number)


def mark_announcement_read(work: Work, announcement_id: int) -> None:
    """Note that the acting employee has read a notice; the first time counts.

    Raises:
        NotVisible: missing, taken away, or not meant for them.
    """
    _found(work, Announcement, announcement_id, lock=True)
    if work.session.get(AnnouncementRead, (announcement_id, work.employee_id)) is None:
        read = AnnouncementRead(announcement_id=announcement_id, employee_id=work.employee_id, at=work.now)
        work.session.add(read)


def _fill_event(
    row: Event,
    title: str,
    starts_at: datetime,
    ends_at: datetime,
    place: str | None,
    description: str | None,
    *,
    for_all: bool,
) -> None:
    if ends_at < starts_at:
        raise InvalidValue("ends_at", ends_at, "ends_before_start")
    row.title = required_text("title", title, limit=TITLE_LIMIT)
    row.starts_at = starts_at
    row.ends_at = ends_at
    row.place = clean_text("place", place, limit=200)
    row.description = clean_text("description", description, limit=TEXT_LIMIT, lines=True)
    row.for_all = for_all


def _fill_announcement(
    row: Announcement, title: str, text: str, valid_from: date, valid_to: date | None, *, for_all: bool
) -> None:
    if valid_to is not None and valid_to < valid_from:
        raise InvalidValue("valid_to", valid_to, "ends_before_start")
    row.title = required_text("title", title, limit=TITLE_LIMIT)
    row.text = required_text("text", text, limit=TEXT_LIMIT, lines=True)
    row.valid_from = valid_from
    row.valid_to = valid_to
    row.for_all = for_all


def _changed_audience(work: Work, listed: Select[Any], audience: Sequence[str] | None) -> set[int]:
    """Take those off the list whom the news is no longer for; who is to be added."""
    wanted = _ids(work, audience)
    for row in work.session.scalars(listed):
        if row.employee_id in wanted:
            wanted.discard(row.employee_id)
        else:
            work.session.delete(row)
    return wanted


def _ids(work: Work, audience: Sequence[str] | None) -> set[int]:
    if audience is None:
        return set()
    if not audience:
        raise InvalidValue("audience", None, "empty")
    found = {
        row.username: row.id
        for row in work.session.execute(select(Employee.username, Employee.id).where(Employee.username.in_(audience)))
    }
    for username in audience:
        if username not in found:
            raise UnknownEmployee(username=username)
    return set(found.values())


def _found(work: Work, model: type[News], number: int, *, deleted: bool = False, lock: bool = False) -> News:
    row = work.session.get(model, number, with_for_update=lock or None)
    if row is None or (row.deleted_at is not None and not deleted):
        raise NotVisible(id=number)
    return row


def _taken_away(work: Work, model: type[News], numbers: Collection[int]) -> list[News]:
    wanted = select(model).where(model.id.in_(numbers), model.deleted_at.is_(None)).order_by(model.id)
    rows = list(work.session.scalars(wanted.with_for_update()))
    for row in rows:
        row.deleted_at = work.now
    return rows


def _event(row: Event) -> EventCard:
    return EventCard(row.id, row.title, row.starts_at, row.ends_at, row.place, row.description, row.for_all)


def _announcement(row: Announcement) -> AnnouncementCard:
    return AnnouncementCard(row.id, row.title, row.text, row.valid_from, row.valid_to, row.for_all)
