"""An employee's calendar for the programs they keep their time in: a secret link, and what is behind it.

The link opens without a log-in, so its secret is as good as a password for this one thing. Like a
log-in's it is random and kept only as its SHA-256. What stands in the calendar may lie on other
companies' machines: events meant for the employee, and of their own agenda no more than what kind of
thing awaits them when. No customer is named, and nothing that was typed about one is told.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

from icalendar import Calendar
from icalendar import Event as Entry
from sqlalchemy import or_, select

from ecrm_core.crm import Crm, Work
from ecrm_core.errors import NotVisible, UnknownEmployee
from ecrm_core.models import AgendaItem, CalendarFeed, Employee, Event, EventAudience
from ecrm_core.texts import Texts

SECRET_BYTES = 32
EVENTS_BACK = timedelta(days=90)
AGENDA_BACK = timedelta(days=7)
AGENDA_AHEAD = timedelta(days=180)
MOST_EVENTS = 500
MOST_ITEMS = 1000
ITEM_SPAN = timedelta(minutes=15)
"""How long an agenda item takes in the calendar; nobody says so in the agenda."""
AGAIN_AFTER = timedelta(hours=1)
"""How soon a calendar program is asked to look again."""


def renew_calendar_link(work: Work) -> str:
    """The secret of a new calendar link for the acting employee; any older one is dead at once.

    It can be told only now: what is kept of it does not give it back.
    """
    secret = secrets.token_urlsafe(SECRET_BYTES)
    with work.crm.system("calendar feed") as system:
        feed = system.session.get(CalendarFeed, work.employee_id, with_for_update=True)
        if feed is None:
            feed = CalendarFeed(employee_id=work.employee_id)
            system.session.add(feed)
        feed.token_hash = _hash(secret)
        feed.made_at = work.now
    return secret


def calendar_link_made(work: Work) -> datetime | None:
    """When the acting employee's calendar link was made; none without one."""
    with work.crm.system("calendar feed") as system:
        return system.session.scalar(select(CalendarFeed.made_at).where(CalendarFeed.employee_id == work.employee_id))


def calendar_file(crm: Crm, secret: str) -> bytes:
    """The calendar (RFC 5545) behind a link.

    Raises:
        NotVisible: nobody's secret, one that was renewed since, or that of somebody who has left: one
            answer, found by one question, for all of them.
    """
    with crm.system("calendar feed") as system:
        username = system.session.scalar(
            select(Employee.username)
            .join(CalendarFeed, CalendarFeed.employee_id == Employee.id)
            .where(CalendarFeed.token_hash == _hash(secret), Employee.active)
        )
    if username is None:
        raise NotVisible(what="calendar")
    try:
        with crm.work(username) as work:
            return bytes(_calendar(work).to_ical())
    except UnknownEmployee:
        raise NotVisible(what="calendar") from None


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def _calendar(work: Work) -> Calendar:
    say = Texts(work.actor.language)
    calendar = Calendar()
    calendar.add("prodid", "-//e-CRM//calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"{work.rules.company_name} · {work.actor.name}")
    calendar.add("refresh-interval", AGAIN_AFTER, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for event in _events(work):
        calendar.add_component(_event_entry(event))
    for item in _items(work):
        calendar.add_component(_item_entry(work, item, say))
    return calendar


def _events(work: Work) -> list[Event]:
    """Events for the acting employee; also for those who may read all, only what is meant for them."""
    mine = select(EventAudience.event_id).where(EventAudience.employee_id == work.employee_id)
    wanted = (
        select(Event)
        .where(Event.ends_at >= work.now - EVENTS_BACK, Event.deleted_at.is_(None))
        .where(or_(Event.for_all, Event.id.in_(mine)))
        .order_by(Event.ends_at, Event.id)
        .limit(MOST_EVENTS)
    )
    return list(work.session.scalars(wanted))


def _items(work: Work) -> list[AgendaItem]:
    wanted = (
        select(AgendaItem)
        .where(
            AgendaItem.employee_id == work.employee_id,
            AgendaItem.day.between(work.today - AGENDA_BACK, work.today + AGENDA_AHEAD),
            AgendaItem.at.is_not(None),
            AgendaItem.done_at.is_(None),
            AgendaItem.deleted_at.is_(None),
        )
        .order_by(AgendaItem.day, AgendaItem.at, AgendaItem.id)
        .limit(MOST_ITEMS)
    )
    return list(work.session.scalars(wanted))


def _event_entry(event: Event) -> Entry:
    entry = _entry("event", event.id, event.created_at, event.starts_at)
    if event.ends_at > event.starts_at:
        entry.add("dtend", event.ends_at.astimezone(UTC))
    entry.add("summary", event.title)
    if event.place:
        entry.add("location", event.place)
    if event.description:
        entry.add("description", event.description)
    return entry


def _item_entry(work: Work, item: AgendaItem, say: Texts) -> Entry:
    assert item.at is not None
    starts_at = datetime.combine(item.day, item.at, work.rules.timezone)
    entry = _entry("agenda", item.id, item.created_at, starts_at)
    entry.add("dtend", (starts_at + ITEM_SPAN).astimezone(UTC))
    # The title may name a customer, the note anything at all: neither leaves the company.
    entry.add("summary", say(f"agenda_kind.{item.kind}"))
    entry.add("class", "PRIVATE")
    return entry


def _entry(kind: str, number: int, created_at: datetime, starts_at: datetime) -> Entry:
    """An entry with the same UID for good. The instant it was made tells two companies' first events apart."""
    entry = Entry()
    made = created_at.astimezone(UTC)
    entry.add("uid", f"{kind}-{number}-{made:%Y%m%dT%H%M%S%f}@e-crm")
    entry.add("dtstamp", made.replace(microsecond=0))
    entry.add("dtstart", starts_at.astimezone(UTC))
    return entry
