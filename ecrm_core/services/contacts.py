"""Calls and messages, and what each outcome leads to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from ecrm_core.crm import Work
from ecrm_core.errors import InvalidValue, NotVisible
from ecrm_core.models import (
    AgendaItem,
    AgendaKind,
    Channel,
    Contact,
    Customer,
    CustomerPhone,
    Direction,
    Employee,
    Order,
    Outcome,
)
from ecrm_core.phones import parse_phone
from ecrm_core.rules import CompanyRules
from ecrm_core.services.checks import clean_text
from ecrm_core.services.customers import change_customer, own_customer
from ecrm_core.services.do_not_call import mark_do_not_call, refuse_contact
from ecrm_core.working_days import working_days_after
from ecrm_core.zones import calling_window, zone_name

DOUBLE_PRESS = timedelta(seconds=30)
"""Within so long, the same outcome of the same agenda item is one key pressed twice, or sent again."""


COMING_BACK = ("day", "at", "note", "proposed", "accepted_at", "reasons")
"""What `_come_back` writes anew in a call-back that stands on the agenda already."""


@dataclass(frozen=True)
class OutcomeRule:
    """What an outcome implies.

    `final` ones settle the call; `again_after` is how long until one that nobody settled comes back
    by itself; the others are asked for, or done, when the outcome is chosen. How long that is, how
    often in a day (`most_tries`), and how long a customer rests after an outcome
    (`contact_rest_days`, `refusal_rest_days`) are company rules.
    """

    final: bool = True
    again_after: Callable[[CompanyRules], timedelta] | None = None
    asks_when: bool = False
    asks_number: bool = False
    marks_number_wrong: bool = False
    marks_do_not_call: bool = False
    opens_order: bool = False


OUTCOMES: Mapping[Outcome, OutcomeRule] = MappingProxyType(
    {
        Outcome.REACHED: OutcomeRule(),
        Outcome.NO_ANSWER: OutcomeRule(
            final=False, again_after=lambda rules: timedelta(minutes=rules.no_answer_minutes)
        ),
        Outcome.BUSY: OutcomeRule(final=False, again_after=lambda rules: timedelta(minutes=rules.busy_minutes)),
        Outcome.CALL_BACK: OutcomeRule(final=False, asks_when=True),
        Outcome.NOT_INTERESTED: OutcomeRule(),
        Outcome.ORDERED: OutcomeRule(opens_order=True),
        Outcome.WRONG_NUMBER: OutcomeRule(asks_number=True, marks_number_wrong=True),
        Outcome.DO_NOT_CALL: OutcomeRule(marks_do_not_call=True),
    }
)
"""Every outcome, in the order of their keys in call mode."""
UNANSWERED = tuple(outcome for outcome, rule in OUTCOMES.items() if rule.again_after is not None)


@dataclass(frozen=True)
class PhoneBefore:
    """A number as it stood, in its order."""

    e164: str
    typed: str
    wrong_at: datetime | None


@dataclass(frozen=True)
class CallBackBefore:
    """The call-back that a contact led to: where it was left, and what it was before, if it stood there already."""

    item_id: int
    left_at: tuple[date, time | None]
    stood: Mapping[str, Any] | None


@dataclass(frozen=True)
class Before:
    """What stood before a contact changed it; see `taking_back.take_back_contact`."""

    ticked: int | None = None
    """The agenda item that it ticked."""
    call_back: CallBackBefore | None = None
    phones: Sequence[PhoneBefore] | None = None
    phones_left: Sequence[PhoneBefore] | None = None


@dataclass(frozen=True)
class ContactReceipt:
    """A contact on record, and the call-back it led to.

    `call_back_at` is in company time; `outside_hours` warns that it is no hour to call this
    customer where they live. `again` where the same was on record a moment before.
    """

    contact_id: int
    call_back_item_id: int | None
    call_back_at: datetime | None = None
    outside_hours: bool = False
    again: bool = False
    before: Before = field(default=Before(), repr=False)


def record_contact(
    work: Work,
    customer_id: int,
    *,
    channel: Channel | str,
    outcome: Outcome | str,
    note: str | None = None,
    direction: Direction | str = Direction.OUTGOING,
    call_back_at: datetime | None = None,
    agenda_item_id: int | None = None,
    order_id: int | None = None,
    phone: str | None = None,
    right_number: str | None = None,
    comes_back: bool = False,
) -> ContactReceipt:
    """Note a contact that took place, tick its agenda item, and act on the outcome (see `OUTCOMES`).

    A promised call-back goes on the agenda of who promised it, at whatever hour the customer wished;
    the receipt warns where that is no hour to call there. `do_not_call` marks the person. The same
    outcome of the same agenda item twice in a moment is one contact.

    Args:
        order_id: the order that came of it; `link_order` adds it later.
        phone: the number that turned out to be wrong; none means the only one there is, and where
            there are several, that nobody knows which.
        right_number: the one to call instead, as typed.
        comes_back: a call that nobody answered is put on the agenda again by itself, and one to a
            wrong number at once, where there is another number to call.

    Raises:
        CustomerNotVisible: missing, or a colleague's.
        NotVisible: the agenda item or the order is missing, a colleague's, or not this customer's.
        DoNotCallRefused: an outgoing contact, or a promise of one, to somebody who asked for none.
        InvalidValue: a call-back without a time, or one in the past; a number that is none, or that
            was not this customer's.
    """
    customer = own_customer(work, customer_id)
    outcome, channel, direction = Outcome(outcome), Channel(channel), Direction(direction)
    rule = OUTCOMES[outcome]
    item = _item(work, agenda_item_id, customer_id)
    earlier = _just_recorded(work, item, outcome)
    if earlier is not None:
        led_to = rule.asks_when or (comes_back and not rule.final) or (comes_back and rule.marks_number_wrong)
        return _receipt(work, customer, earlier, _standing(work, customer_id) if led_to else None, again=True)
    if direction is Direction.OUTGOING:
        refuse_contact(work, customer, channel=channel)
    elif rule.asks_when:
        refuse_contact(work, customer, channel=Channel.PHONE)
    if rule.asks_when and (call_back_at is None or call_back_at <= work.now):
        raise InvalidValue("call_back_at", call_back_at, "in_the_past" if call_back_at else "empty")
    if order_id is not None:
        _order(work, order_id, customer_id)
    ticked = item.id if item is not None and item.done_at is None else None
    if item is not None:
        item.done_at = item.done_at or work.now
    contact = Contact(
        customer_id=customer_id,
        by_id=work.employee_id,
        at=work.now,
        channel=channel,
        direction=direction,
        outcome=outcome,
        note=clean_text("note", note, limit=4000, lines=True),
        agenda_item_id=agenda_item_id,
        order_id=order_id,
    )
    work.session.add(contact)
    work.session.flush()
    call_back = None
    stands = _stands(work, customer_id) if comes_back else {}
    numbers = phones_of(work, customer_id) if rule.marks_number_wrong else None
    if rule.asks_when and call_back_at is not None:
        call_back = _promise(work, customer, call_back_at, contact)
    elif rule.again_after is not None and comes_back and direction is Direction.OUTGOING:
        call_back = _come_back(work, customer, rule.again_after(work.rules), contact)
    if rule.marks_number_wrong and (direction is Direction.OUTGOING or phone is not None):
        another = _mark_wrong(work, customer_id, phone, right_number)
        if another and comes_back:
            call_back = _come_back(work, customer, timedelta(), contact)
    if rule.marks_do_not_call:
        mark_do_not_call(work, customer_id)
    work.session.flush()
    before = Before(
        ticked,
        None
        if call_back is None
        else CallBackBefore(call_back.id, (call_back.day, call_back.at), stands.get(call_back.id)),
        numbers,
        None if numbers is None else phones_of(work, customer_id),
    )
    return replace(_receipt(work, customer, contact, call_back), before=before)


def phones_of(work: Work, customer_id: int) -> list[PhoneBefore]:
    """A customer's numbers in their order, as they stand now."""
    rows = work.session.execute(
        select(CustomerPhone.e164, CustomerPhone.typed, CustomerPhone.wrong_at)
        .where(CustomerPhone.customer_id == customer_id)
        .order_by(CustomerPhone.position, CustomerPhone.id)
    )
    return [PhoneBefore(*row) for row in rows]


def link_order(work: Work, contact_id: int, order_id: int) -> None:
    """Say which order came of a call that is on record already; the first one said stays.

    Raises:
        NotVisible: the contact or the order is missing, a colleague's, or not the same customer's.
    """
    contact = work.session.get(Contact, contact_id, with_for_update=True)
    if contact is None:
        raise NotVisible(contact_id=contact_id)
    _order(work, order_id, contact.customer_id)
    contact.order_id = contact.order_id or order_id


def may_be_called(rules: CompanyRules, zone: str, at: datetime) -> bool:
    """Whether it is an hour to call somebody, by the clock where they live.

    Args:
        zone: IANA name; see `zone_of`.
    """
    start, end = calling_window(zone, at.astimezone(ZoneInfo(zone)).date(), rules.contact_from, rules.contact_to)
    return start <= at < end


def zone_of(work: Work, customer: Customer) -> str:
    """The zone a customer lives in, as an IANA name."""
    return zone_name(customer.timezone, customer.province, customer.city, work.rules.timezone_name)


def next_try(rules: CompanyRules, zone: str, week: str, *, now: datetime, wait: timedelta, tries: int) -> datetime:
    """When a call that nobody answered is tried again: after a while, at an hour when it may be.

    That is an hour when the customer may be called where they live and when the company calls by
    its own clock; only where the two have no hour in common, the customer's alone. After the last
    try of a day, or where the day has no such hour left, it is the first hour of the next working
    day; for whoever never works, of the next day.

    Args:
        zone: the customer's, as an IANA name.
        week: the working days of who calls, Monday to Sunday.
        now: of the call that was not answered.
        wait: until the next try on the same day.
        tries: calls of the day that nobody answered, this one included.
    """
    today = rules.business_date(now)
    start, end = _hours(rules, zone, today)
    at = max(now + wait, start)
    if tries < rules.most_tries and at < end and rules.business_date(at) == today:
        return at
    for day in working_days_after(week, today):
        start, _ = _hours(rules, zone, day)
        if start > now:
            return start
    return _hours(rules, zone, today + timedelta(days=1))[0]


def tries_today(work: Work, customer_id: int) -> int:
    """How many outgoing calls of today nobody has answered."""
    found = work.session.scalar(
        select(func.count(Contact.id)).where(
            Contact.customer_id == customer_id,
            Contact.at >= work.rules.start_of(work.today),
            Contact.at < work.rules.end_of(work.today),
            Contact.direction == Direction.OUTGOING,
            Contact.outcome.in_(UNANSWERED),
        )
    )
    return found or 0


def _hours(rules: CompanyRules, zone: str, day: date) -> tuple[datetime, datetime]:
    """The hours of a day at which somebody is called, there and here."""
    start, end = calling_window(zone, day, rules.contact_from, rules.contact_to)
    opens, closes = calling_window(rules.timezone_name, day, rules.contact_from, rules.contact_to)
    both = max(start, opens), min(end, closes)
    return both if both[0] < both[1] else (start, end)


def _item(work: Work, item_id: int | None, customer_id: int) -> AgendaItem | None:
    """The item a contact is about, locked: who presses a key twice waits for themselves here."""
    if item_id is None:
        return None
    item = work.session.get(AgendaItem, item_id, with_for_update=True)
    if item is None or item.customer_id != customer_id:
        raise NotVisible(item_id=item_id)
    return item


def _order(work: Work, order_id: int, customer_id: int) -> Order:
    order = work.session.get(Order, order_id)
    if order is None or order.customer_id != customer_id:
        raise NotVisible(order_id=order_id)
    return order


def _just_recorded(work: Work, item: AgendaItem | None, outcome: Outcome) -> Contact | None:
    if item is None or item.done_at is None:
        return None
    return work.session.scalar(
        select(Contact)
        .where(
            Contact.customer_id == item.customer_id,
            Contact.at >= work.now - DOUBLE_PRESS,
            Contact.agenda_item_id == item.id,
            Contact.by_id == work.employee_id,
            Contact.outcome == outcome,
        )
        .order_by(Contact.id.desc())
        .limit(1)
    )


def _receipt(
    work: Work, customer: Customer, contact: Contact, call_back: AgendaItem | None, *, again: bool = False
) -> ContactReceipt:
    if call_back is None or call_back.at is None:
        return ContactReceipt(contact.id, call_back.id if call_back else None, again=again)
    due = datetime.combine(call_back.day, call_back.at, work.rules.timezone)
    outside = not may_be_called(work.rules, zone_of(work, customer), due)
    return ContactReceipt(contact.id, call_back.id, due, outside, again)


def _promise(work: Work, customer: Customer, due: datetime, contact: Contact) -> AgendaItem:
    local = due.astimezone(work.rules.timezone)
    row = AgendaItem(
        employee_id=work.employee_id,
        customer_id=customer.id,
        day=local.date(),
        at=local.time().replace(second=0, microsecond=0),
        kind=AgendaKind.CALL_BACK,
        title=customer.name,
        note=contact.note,
        created_at=work.now,
        created_by_id=work.actor.employee_id,
    )
    work.session.add(row)
    return row


def _standing(work: Work, customer_id: int) -> AgendaItem | None:
    """The call-back that stands on the actor's agenda for a customer: a promise, before one that came by itself."""
    return work.session.scalar(
        select(AgendaItem)
        .where(
            AgendaItem.employee_id == work.employee_id,
            AgendaItem.customer_id == customer_id,
            AgendaItem.kind == AgendaKind.CALL_BACK,
            AgendaItem.done_at.is_(None),
            AgendaItem.deleted_at.is_(None),
            AgendaItem.dismissed_at.is_(None),
        )
        .order_by(AgendaItem.proposed, AgendaItem.id.desc())
        .limit(1)
        .with_for_update()
    )


def _stands(work: Work, customer_id: int) -> dict[int, Mapping[str, Any]]:
    """The call-back that stands on the actor's agenda, as it is before `_come_back` writes it anew; by item."""
    row = _standing(work, customer_id)
    return {} if row is None else {row.id: {name: getattr(row, name) for name in COMING_BACK}}


def _come_back(work: Work, customer: Customer, wait: timedelta, contact: Contact) -> AgendaItem:
    """Put an unanswered call on the agenda again, unless a promise to the same customer stands there already."""
    standing = _standing(work, customer.id)
    if standing is not None and not standing.proposed:
        return standing
    tries = tries_today(work, customer.id)
    employee = work.session.get_one(Employee, work.employee_id)
    due = next_try(
        work.rules, zone_of(work, customer), employee.working_days, now=work.now, wait=wait, tries=tries
    ).astimezone(work.rules.timezone)
    row = standing or _promise(work, customer, due, contact)
    row.day, row.at, row.note = due.date(), due.time().replace(second=0, microsecond=0), contact.note
    row.proposed, row.accepted_at = True, work.now
    row.reasons = [{"kind": str(AgendaKind.CALL_BACK), "tries": tries, "outcome": str(contact.outcome)}]
    return row


def _mark_wrong(work: Work, customer_id: int, wrong: str | None, right: str | None) -> bool:
    """Note that the number called is somebody else's, and put the right one first, where it is known.

    Returns:
        whether a number was marked or given, and there is one left to call.
    """
    known = {
        row.e164: row
        for row in work.session.scalars(
            select(CustomerPhone)
            .where(CustomerPhone.customer_id == customer_id)
            .order_by(CustomerPhone.position, CustomerPhone.id)
            .with_for_update()
        )
    }
    right = (right or "").strip()
    region = work.rules.phone_region
    instead = parse_phone(right, region) if right else None
    if wrong is not None:
        called = known.get(parse_phone(wrong, region))
        if called is None:
            raise InvalidValue("phone", wrong, "not_theirs")
    else:
        in_use = [row for row in known.values() if row.wrong_at is None and row.e164 != instead]
        called = in_use[0] if len(in_use) == 1 else None
    if called is not None and called.e164 != instead:
        called.wrong_at = called.wrong_at or work.now
    if instead is None:
        return called is not None and any(row.wrong_at is None for row in known.values())
    if instead in known:
        known[instead].wrong_at = None
    others = [row.typed for e164, row in known.items() if e164 != instead]
    change_customer(work, customer_id, phones=[right, *others])
    return True
