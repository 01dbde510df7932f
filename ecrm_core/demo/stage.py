"""The morning on which the demo is opened: what waits on every desk, on Siti's most of all."""

from __future__ import annotations

from datetime import date, time, timedelta

from sqlalchemy import func, select

from ecrm_core import models as m
from ecrm_core.crm import Crm, Work
from ecrm_core.demo import words
from ecrm_core.demo.life import MovingClock
from ecrm_core.demo.market import chance_of
from ecrm_core.demo.season import SATURDAY
from ecrm_core.demo.staff import ADMIN, TELEMARKETERS
from ecrm_core.rules import CompanyRules, start_of_day
from ecrm_core.services.agenda import add_agenda_item, tick_agenda_item
from ecrm_core.services.contacts import record_contact
from ecrm_core.services.customers import change_customer
from ecrm_core.services.news import add_announcement, add_event, mark_announcement_read
from ecrm_core.services.plan_agenda import plan_agenda

STAR = "siti"
"""The telemarketer whose day is shown: hers is the fullest."""
UPCOMING_EVENTS = 3
PROMISES = ((10, 15), (13, 30), (16, 0))
"""Times at which Siti has promised to call back today."""


def set_the_stage(crm: Crm, clock: MovingClock, today: date) -> None:
    """Make a day worth looking at, the evening before and early in the morning."""
    before = today - timedelta(days=1)
    while before.weekday() >= SATURDAY:
        before -= timedelta(days=1)
    _set(clock, before, time(17))
    with crm.work(ADMIN.username) as work:
        _give_news(work, today)
    for colleague in TELEMARKETERS:
        with crm.work(colleague.username) as work:
            _promise(work, today, PROMISES if colleague.username == STAR else PROMISES[:1])
            _leave_undone(work, before, colleague.username)
            _read_old_news(work, today)
    _set(clock, today, time(7, 40))
    for colleague in TELEMARKETERS:
        with crm.work(colleague.username) as work:
            _plan(work, today, colleague.username)
    with crm.work(STAR) as work:
        _birthdays(work, today)
    with crm.system("plans of this morning") as work:
        plan_agenda(work, today)


def _set(clock: MovingClock, day: date, at: time) -> None:
    midnight = start_of_day(day, CompanyRules().timezone)
    clock.now = midnight + timedelta(hours=at.hour, minutes=at.minute)


def _give_news(work: Work, today: date) -> None:
    upcoming = work.session.scalars(select(func.count()).select_from(m.Event).where(m.Event.ends_at > work.now)).one()
    if upcoming < UPCOMING_EVENTS:
        for days, hour, hours, title, place, description, audience in words.EVENTS:
            starts_at = start_of_day(today + timedelta(days=days), work.rules.timezone) + timedelta(hours=hour)
            add_event(
                work,
                title=title,
                starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=hours),
                place=place,
                description=description,
                audience=audience,
            )
    in_force = select(m.Announcement.title).where(m.Announcement.valid_to >= today)
    known = set(work.session.scalars(in_force))
    for begins, ends, title, text in words.ANNOUNCEMENTS:
        if title not in known:
            valid_from = today + timedelta(days=begins)
            add_announcement(work, title=title, text=text, valid_from=valid_from, valid_to=today + timedelta(days=ends))


def _read_old_news(work: Work, today: date) -> None:
    """What is older than a day has been read; what came yesterday is still new to everybody."""
    old = select(m.Announcement.id).where(m.Announcement.valid_from < today - timedelta(days=1))
    for announcement_id in list(work.session.scalars(old.order_by(m.Announcement.id))):
        mark_announcement_read(work, announcement_id)


def _promise(work: Work, today: date, times: tuple[tuple[int, int], ...]) -> None:
    """Customers who asked yesterday to be called again today and tomorrow."""
    customers = _recent(work, len(times) + 1)
    days = [*(today for _ in times), today + timedelta(days=1)]
    midnights = [start_of_day(day, work.rules.timezone) for day in days]
    for number, (customer, midnight) in enumerate(zip(customers, midnights, strict=False)):
        hour, minute = [*times, (11, 0)][number]
        record_contact(
            work,
            customer.id,
            channel="phone",
            outcome="call_back",
            note=words.CALL_NOTES[number % len(words.CALL_NOTES)],
            call_back_at=midnight + timedelta(hours=hour, minutes=minute),
        )


def _leave_undone(work: Work, day: date, username: str) -> None:
    """Tasks of the day before that nobody got to."""
    chance = chance_of("undone", username, day)
    for title in chance.sample(words.TASKS, 2 if username == STAR else chance.randint(0, 1)):
        add_agenda_item(work, title=title, day=day)


def _plan(work: Work, today: date, username: str) -> None:
    """What they have written down for today themselves; some of it is done already."""
    chance = chance_of("plan", username, today)
    for number, title in enumerate(chance.sample(words.TASKS, 4 if username == STAR else 2)):
        at = chance.choice(words.TASK_TIMES)
        card = add_agenda_item(work, title=title, day=today, at=time(*at) if at else None)
        if number == 0:
            tick_agenda_item(work, card.id)


def _birthdays(work: Work, today: date) -> None:
    """Two birthdays today, and one on each day of last weekend, noted by the customers' own word."""
    saturday = today - timedelta(days=(today.weekday() - SATURDAY) % 7 or 7)
    wanted = [today, today, saturday, saturday + timedelta(days=1)]
    unknown = [customer for customer in _recent(work, 200) if customer.birthday is None]
    for customer, day in zip(unknown, wanted, strict=False):
        year_known = day != saturday and (day.month, day.day) != (2, 29)
        year = today.year - 30 - customer.id % 30 if year_known else None
        change_customer(work, customer.id, birth_date=(year, day.month, day.day))


def _recent(work: Work, number: int) -> list[m.Customer]:
    """Customers who bought last, and may be called."""
    statement = select(m.Customer).where(m.Customer.do_not_call_at.is_(None), m.Customer.last_activity_at.is_not(None))
    newest_first = statement.order_by(m.Customer.last_activity_at.desc(), m.Customer.id)
    return list(work.session.scalars(newest_first.limit(number)))
