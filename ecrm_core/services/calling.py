"""Call mode: the day's calls one customer at a time, the clock of the day, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, bindparam, case, func, or_, select

from ecrm_core import models as m
from ecrm_core.crm import Work
from ecrm_core.errors import NotVisible
from ecrm_core.models import (
    AgendaItem,
    AgendaKind,
    CallDay,
    CallPause,
    Channel,
    Contact,
    Customer,
    Direction,
    Language,
    Outcome,
    TemplateKind,
)
from ecrm_core.phones import show_phone
from ecrm_core.queries.customer_card import OpenComplaint
from ecrm_core.queries.home import agenda_counts
from ecrm_core.rules import ActivityStatus
from ecrm_core.services.contacts import UNANSWERED, may_be_called, zone_of
from ecrm_core.services.do_not_call import refused_channels
from ecrm_core.services.templates import TextFacts, texts_for

QUEUE_ROWS = 500
"""More than anybody could call in a day."""
PURCHASE_ROWS = 8
CONTACT_ROWS = 5
ASK_ROWS = 20
NOT_REACHED = frozenset({*UNANSWERED, Outcome.WRONG_NUMBER})
"""Outcomes at which nobody was spoken to who was meant."""


@dataclass(frozen=True)
class QueuedCall:
    """A call of the queue. `at` is when it was promised, in company time; `later` while that has not come."""

    item_id: int
    customer_id: int
    at: datetime | None
    later: bool


@dataclass(frozen=True)
class CallQueue:
    """The calls of today in their order: promises whose time has come, then the plan, then what is promised for later.

    `open` and `done` are Home's: open items of the agenda with a customer, overdue ones included, and
    those done today.
    """

    calls: Sequence[QueuedCall]
    open: int
    done: int

    @property
    def ids(self) -> list[int]:
        """The items in their order."""
        return [call.item_id for call in self.calls]

    @property
    def total(self) -> int:
        return self.open + self.done

    @property
    def position(self) -> int:
        """Which one of the total comes next, 1 first; the total itself once all are done."""
        return min(self.done + 1, self.total)


@dataclass(frozen=True)
class CallPhone:
    """A number: E.164, as it is read, and whether it is somebody else's."""

    e164: str
    shown: str
    wrong: bool


@dataclass(frozen=True)
class AskAbout:
    """A line whose follow-up is due: what to ask about."""

    line_id: int
    product_id: int
    product: str
    bought_on: date
    due_on: date


@dataclass(frozen=True)
class Bought:
    """A line of the customer's newest orders. `void` ones were cancelled or came back."""

    line_id: int
    order_number: str
    product_id: int
    product: str
    quantity: int
    amount: Decimal
    currency: str
    bought_on: date
    void: bool


@dataclass(frozen=True)
class EarlierContact:
    """An earlier call or message; `at` is company time."""

    at: datetime
    channel: Channel
    direction: Direction
    outcome: Outcome
    note: str | None
    by: str


@dataclass(frozen=True)
class CallCard:
    """All that is needed to call one customer. Instants are in company time, `local` in the customer's."""

    item_id: int
    kind: AgendaKind
    at: datetime | None
    note: str | None
    reasons: Sequence[Mapping[str, Any]]
    """Why, the most pressing first; `texts.reasons.reason_sentence` tells each."""
    done: bool
    customer_id: int
    code: str
    name: str
    city: str | None
    email: str | None
    phones: Sequence[CallPhone]
    """The one to call first in front; wrong ones last."""
    refused: Mapping[Channel, str]
    """The ways by which nobody may contact them, with `person` or `number`."""
    zone: str
    local: datetime
    calling_from: time
    calling_to: time
    outside_hours: bool
    """No hour to call there now."""
    status: ActivityStatus
    last_activity: date | None
    ask: Sequence[AskAbout]
    purchases: Sequence[Bought]
    interests: Sequence[str]
    contacts: Sequence[EarlierContact]
    tries_today: int
    complaints: Sequence[OpenComplaint]
    script: str | None
    whatsapp_text: str | None
    greeting_text: str | None
    """Where it is their birthday."""

    @property
    def may_offer(self) -> bool:
        """Nothing is offered while a complaint is open."""
        return not self.complaints


@dataclass(frozen=True)
class CallDayState:
    """The clock and the counts of today. `started_at` none: not begun yet. Instants are in company time."""

    started_at: datetime | None
    ended_at: datetime | None
    paused_at: datetime | None
    seconds_worked: int
    """Pauses left out; goes on counting while `running`."""
    calls: int
    """Outgoing calls and messages of today, whether made in call mode or not."""
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        return self.started_at is not None and self.ended_at is None and self.paused_at is None

    @property
    def paused(self) -> bool:
        return self.paused_at is not None


@dataclass(frozen=True)
class CallDaySummary:
    """What came of a day: of one employee, as of its end or of now."""

    day: date
    started_at: datetime | None
    ended_at: datetime | None
    seconds_worked: int
    outcomes: Mapping[Outcome, int]
    """Of outgoing contacts."""
    contacts: int
    incoming: int
    reached: int
    """Outgoing contacts at which the customer was spoken to."""
    orders: int
    """Orders taken that day and not cancelled on it, from whatever call."""
    amounts: Mapping[str, Decimal]
    """What these were sold for, by currency."""
    responses: int
    promises: int
    """Promised call-backs that are still to be kept, on whatever day."""
    left_over: int
    """Open items of the agenda with a customer, overdue ones included; what Home counts as calls."""
    done: int
    """Items of the agenda with a customer that were done that day."""


def call_queue(work: Work) -> CallQueue:
    """Whom the acting employee calls today, in the order of calling.

    Promises whose time has come, the oldest first; then what is overdue, what was put there by hand
    and the plan in its order; last what is promised for later today. An item is left out where its
    customer is somebody else's by now.
    """
    item, today = AgendaItem, work.today
    clock = work.now.astimezone(work.rules.timezone).time()
    due = and_(item.at.is_not(None), or_(item.day < today, item.at <= clock))
    later = and_(item.day == today, item.at > clock)
    place = case((due, 0), (later, 2), else_=1)
    rows = work.session.execute(
        select(item.id, item.customer_id, item.day, item.at, place.label("place"))
        .join(Customer, Customer.id == item.customer_id)
        .where(item.employee_id == work.employee_id, *_open(item), item.day <= today)
        .order_by(place, item.day, item.at, item.proposed, item.rank.nulls_last(), item.id)
        .limit(QUEUE_ROWS)
    ).all()
    still_to_do, done = agenda_counts(work, today, calls=True)
    later_place = 2
    calls = [
        QueuedCall(row.id, row.customer_id, _instant(work, row.day, row.at), row.place == later_place) for row in rows
    ]
    return CallQueue(calls, open=still_to_do, done=done)


def call_card(work: Work, item_id: int, *, language: Language | str | None = None) -> CallCard:
    """Everything about one call of the queue, in a fixed number of statements, whatever the customer's history.

    Args:
        language: of the script and the messages; none means the actor's own.

    Raises:
        NotVisible: missing, taken away, a colleague's, or about no customer.
    """
    item = work.session.get(AgendaItem, item_id)
    if item is None or item.customer_id is None or item.deleted_at is not None or item.dismissed_at is not None:
        raise NotVisible(item_id=item_id)
    customer = work.session.get(Customer, item.customer_id)
    if customer is None:
        raise NotVisible(item_id=item_id)
    rules, today = work.rules, work.today
    zone = zone_of(work, customer)
    local = work.now.astimezone(ZoneInfo(zone))
    ask, purchases = _ask(work, customer.id), _purchases(work, customer.id)
    contacts = _contacts(work, customer.id)
    reasons = item.reasons or [{"kind": str(item.kind)}]
    about = _about(item.kind, reasons, ask, purchases)
    birthday = any(reason["kind"] == AgendaKind.BIRTHDAY for reason in reasons)
    kinds = [TemplateKind.SCRIPT, TemplateKind.WHATSAPP, *([TemplateKind.GREETING] if birthday else [])]
    facts = TextFacts(customer.name, customer.city, local, *(about or ()))
    texts = texts_for(work, kinds, facts, reason=item.kind, language=language)
    greeting = None
    if birthday:
        greeting = texts[TemplateKind.GREETING]
        if item.kind is not AgendaKind.BIRTHDAY:
            only = texts_for(work, [TemplateKind.GREETING], facts, reason=AgendaKind.BIRTHDAY, language=language)
            greeting = only[TemplateKind.GREETING]
    last = rules.business_date(customer.last_activity_at) if customer.last_activity_at else None
    return CallCard(
        item_id=item.id,
        kind=item.kind,
        at=_instant(work, item.day, item.at),
        note=item.note,
        reasons=reasons,
        done=item.done_at is not None,
        customer_id=customer.id,
        code=customer.code,
        name=customer.name,
        city=customer.city,
        email=customer.email,
        phones=_phones(work, customer.id),
        refused=refused_channels(work, customer.id),
        zone=zone,
        local=local,
        calling_from=rules.contact_from,
        calling_to=rules.contact_to,
        outside_hours=not may_be_called(rules, zone, work.now),
        status=rules.activity.status(last, as_of=today),
        last_activity=last,
        ask=ask,
        purchases=purchases,
        interests=_interests(work, customer.id),
        contacts=contacts[:CONTACT_ROWS],
        tries_today=sum(
            contact.direction is Direction.OUTGOING and contact.outcome in UNANSWERED and contact.at.date() == today
            for contact in contacts
        ),
        complaints=_complaints(work, customer.id),
        script=texts[TemplateKind.SCRIPT],
        whatsapp_text=texts[TemplateKind.WHATSAPP],
        greeting_text=greeting,
    )


def call_day(work: Work) -> CallDayState:
    """How the day stands: not begun, running, paused or ended; nothing is written."""
    return _state(work, work.session.get(CallDay, (work.employee_id, work.today)))


def start_calls(work: Work) -> CallDayState:
    """Begin the day in call mode; twice changes nothing.

    A day that was ended goes on, and what lay between counts as a pause. A pause goes on.
    """
    day = _locked(work)
    if day is None:
        day = CallDay(employee_id=work.employee_id, day=work.today, started_at=work.now)
        work.session.add(day)
    elif day.ended_at is not None:
        work.session.add(CallPause(employee_id=work.employee_id, started_at=day.ended_at, ended_at=work.now))
        day.ended_at = None
    work.session.flush()
    return _state(work, day)


def pause_calls(work: Work) -> CallDayState:
    """Stop the clock; nothing where it does not run."""
    day = _locked(work)
    if day is not None and day.ended_at is None and _running_pause(work) is None:
        work.session.add(CallPause(employee_id=work.employee_id, started_at=work.now))
        work.session.flush()
    return _state(work, day)


def resume_calls(work: Work) -> CallDayState:
    """Let the clock go on; begins the day where nobody has, and goes on with one that was ended."""
    day = _locked(work)
    pause = _running_pause(work)
    if pause is not None:
        pause.ended_at = work.now
        work.session.flush()
    if day is None or day.ended_at is not None:
        return start_calls(work)
    return _state(work, day)


def end_calls(work: Work) -> CallDayState:
    """End the day in call mode, and a pause with it; twice keeps the first end."""
    day = _locked(work)
    if day is not None and day.ended_at is None:
        pause = _running_pause(work)
        # Who goes home from a pause has worked until it began.
        day.ended_at = pause.started_at if pause is not None else work.now
        if pause is not None:
            work.session.delete(pause)
        work.session.flush()
    return _state(work, day)


def day_summary(work: Work, day: date, *, employee_id: int | None = None) -> CallDaySummary:
    """What came of a day, from the contacts, orders and responses themselves.

    A day that is over is told as of its end, whatever was done since.

    Args:
        employee_id: whose; none means the actor's own. Of a colleague only staff are told anything.

    Raises:
        NotVisible: a colleague's day, asked for by a telemarketer.
    """
    whose = employee_id if employee_id is not None else work.employee_id
    if not work.actor.is_staff and whose != work.employee_id:
        raise NotVisible(employee_id=whose)
    row = work.session.get(CallDay, (whose, day))
    counted = _counted(work, whose, day)
    outgoing = {outcome: number for (direction, outcome), number in counted.items() if direction is Direction.OUTGOING}
    orders, amounts = _sold(work, whose, day)
    started, ended, seconds, _ = _clock(work, whose, day, row)
    left_over, promises, done = _agenda_counts(work, whose, day)
    return CallDaySummary(
        day=day,
        started_at=started,
        ended_at=ended,
        seconds_worked=seconds,
        outcomes={outcome: outgoing[outcome] for outcome in Outcome if outcome in outgoing},
        contacts=sum(outgoing.values()),
        incoming=sum(counted.values()) - sum(outgoing.values()),
        reached=sum(number for outcome, number in outgoing.items() if outcome not in NOT_REACHED),
        orders=orders,
        amounts=amounts,
        responses=_responses(work, whose, day),
        promises=promises,
        left_over=left_over,
        done=done,
    )


def seconds_between(started: datetime, ended: datetime, pauses: Sequence[tuple[datetime, datetime | None]]) -> int:
    """How long somebody worked, without the pauses; an open one lasts until the end.

    Pauses may touch, overlap, or reach beyond either end; none counts twice.
    """
    worked, since = timedelta(), started
    for pause_from, pause_to in sorted((begun, over or ended) for begun, over in pauses):
        if pause_from >= ended:
            break
        worked += max(pause_from - since, timedelta())
        since = max(since, pause_to)
    worked += max(ended - since, timedelta())
    return int(worked.total_seconds())


def _open(item: type[AgendaItem]) -> tuple[ColumnElement[bool], ...]:
    return item.done_at.is_(None), item.deleted_at.is_(None), item.dismissed_at.is_(None)


def _within(work: Work, column: Any, day: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return column >= work.rules.start_of(day), column < work.rules.end_of(day)


def _instant(work: Work, day: date, at: time | None) -> datetime | None:
    return datetime.combine(day, at, work.rules.timezone) if at is not None else None


def _about(
    kind: AgendaKind, reasons: Sequence[Mapping[str, Any]], ask: Sequence[AskAbout], purchases: Sequence[Bought]
) -> tuple[int, str, date] | None:
    """The product a call is about: that of its reason, else what is to be asked about, else what was bought last."""
    named = [reason.get("product") for reason in reasons if reason["kind"] == AgendaKind.FOLLOW_UP]
    for line in ask:
        if not named or line.product in named:
            return line.product_id, line.product, line.bought_on
    if kind is AgendaKind.FOLLOW_UP or not purchases:
        kept = next((line for line in purchases if line.product in named), None)
        return (kept.product_id, kept.product, kept.bought_on) if kept else None
    newest = next((line for line in purchases if not line.void), None)
    return (newest.product_id, newest.product, newest.bought_on) if newest else None


# Of the customer on the card. Built once: making a statement costs more than running it.

_CUSTOMER: Any = bindparam("customer_id")
_wrong_last = case((m.CustomerPhone.wrong_at.is_(None), 0), else_=1)
_PHONES: Any = (
    select(m.CustomerPhone.e164, m.CustomerPhone.wrong_at)
    .where(m.CustomerPhone.customer_id == _CUSTOMER)
    .order_by(_wrong_last, m.CustomerPhone.position, m.CustomerPhone.id)
)
_ASK: Any = (
    select(
        m.FollowUp.line_id,
        m.FollowUp.product_id,
        m.Product.name,
        m.OrderLine.ordered_at,
        m.FollowUp.due_on,
    )
    .join(m.OrderLine, m.OrderLine.id == m.FollowUp.line_id)
    .join(m.Product, m.Product.id == m.FollowUp.product_id)
    .where(
        m.FollowUp.customer_id == _CUSTOMER,
        m.FollowUp.state == m.FollowUpState.OPEN,
        m.FollowUp.due_on <= bindparam("today"),
        m.FollowUp.expires_on >= bindparam("today"),
    )
    .order_by(m.FollowUp.due_on, m.FollowUp.line_id)
    .limit(ASK_ROWS)
)
_PURCHASES: Any = (
    select(
        m.OrderLine.id,
        m.Order.number,
        m.OrderLine.product_id,
        m.Product.name,
        m.OrderLine.quantity,
        m.OrderLine.amount,
        m.Order.currency,
        m.OrderLine.ordered_at,
        m.OrderLine.void_at,
    )
    .join(m.Order, m.Order.id == m.OrderLine.order_id)
    .join(m.Product, m.Product.id == m.OrderLine.product_id)
    .where(m.OrderLine.customer_id == _CUSTOMER, m.Order.kind == m.OrderKind.SALE)
    .order_by(m.OrderLine.ordered_at.desc(), m.OrderLine.id)
    .limit(PURCHASE_ROWS)
)
_INTERESTS: Any = (
    select(func.coalesce(m.Product.name, m.Category.name))
    .select_from(m.Interest)
    .outerjoin(m.Product, m.Product.id == m.Interest.product_id)
    .outerjoin(m.Category, m.Category.id == m.Interest.category_id)
    .where(m.Interest.customer_id == _CUSTOMER, m.Interest.withdrawn_at.is_(None))
    .order_by(m.Interest.at.desc(), m.Interest.id.desc())
    .limit(PURCHASE_ROWS)
)
_CONTACTS: Any = (
    select(Contact.at, Contact.channel, Contact.direction, Contact.outcome, Contact.note, m.Employee.name)
    .join(m.Employee, m.Employee.id == Contact.by_id)
    .where(Contact.customer_id == _CUSTOMER)
    .order_by(Contact.at.desc(), Contact.id.desc())
    .limit(4 * CONTACT_ROWS)
)
_COMPLAINTS: Any = (
    select(m.Complaint.id, m.Complaint.kind, m.Complaint.text, m.Complaint.due_on)
    .where(m.Complaint.customer_id == _CUSTOMER, m.Complaint.state == m.ComplaintState.OPEN)
    .order_by(m.Complaint.due_on, m.Complaint.id)
)


def _rows(work: Work, statement: Any, customer_id: int, **values: Any) -> Any:
    return work.session.execute(
        statement, {"customer_id": customer_id, **values}, execution_options={"of_customer": customer_id}
    )


def _phones(work: Work, customer_id: int) -> list[CallPhone]:
    region = work.rules.phone_region
    return [
        CallPhone(e164, show_phone(e164, region), wrong_at is not None)
        for e164, wrong_at in _rows(work, _PHONES, customer_id)
    ]


def _ask(work: Work, customer_id: int) -> list[AskAbout]:
    rows = _rows(work, _ASK, customer_id, today=work.today)
    return [AskAbout(row[0], row[1], row[2], work.rules.business_date(row[3]), row[4]) for row in rows]


def _purchases(work: Work, customer_id: int) -> list[Bought]:
    rows = _rows(work, _PURCHASES, customer_id)
    return [
        Bought(
            line_id=row.id,
            order_number=row.number,
            product_id=row.product_id,
            product=row.name,
            quantity=row.quantity,
            amount=row.amount,
            currency=row.currency,
            bought_on=work.rules.business_date(row.ordered_at),
            void=row.void_at is not None,
        )
        for row in rows
    ]


def _interests(work: Work, customer_id: int) -> list[str]:
    return list(dict.fromkeys(name for (name,) in _rows(work, _INTERESTS, customer_id) if name))


def _contacts(work: Work, customer_id: int) -> list[EarlierContact]:
    """Newest first; enough of them that those of today are among them."""
    zone = work.rules.timezone
    return [EarlierContact(row[0].astimezone(zone), *row[1:]) for row in _rows(work, _CONTACTS, customer_id)]


def _complaints(work: Work, customer_id: int) -> list[OpenComplaint]:
    return [OpenComplaint(*row) for row in _rows(work, _COMPLAINTS, customer_id)]


def _locked(work: Work) -> CallDay | None:
    """Today's row. Who presses in two tabs waits here, at their own row, which is always there."""
    work.session.execute(select(m.Employee.id).where(m.Employee.id == work.employee_id).with_for_update())
    return work.session.get(CallDay, (work.employee_id, work.today), with_for_update=True)


def _running_pause(work: Work) -> CallPause | None:
    return work.session.scalar(
        select(CallPause)
        .where(
            CallPause.employee_id == work.employee_id,
            CallPause.ended_at.is_(None),
            *_within(work, CallPause.started_at, work.today),
        )
        .order_by(CallPause.id)
        .limit(1)
        .with_for_update()
    )


def _state(work: Work, row: CallDay | None) -> CallDayState:
    started, ended, seconds, paused = _clock(work, work.employee_id, work.today, row)
    counted = _counted(work, work.employee_id, work.today)
    outcomes = {outcome: number for (direction, outcome), number in counted.items() if direction is Direction.OUTGOING}
    return CallDayState(
        started_at=started,
        ended_at=ended,
        paused_at=paused,
        seconds_worked=seconds,
        calls=sum(outcomes.values()),
        outcomes={outcome: outcomes[outcome] for outcome in Outcome if outcome in outcomes},
    )


def _clock(
    work: Work, whose: int, day: date, row: CallDay | None
) -> tuple[datetime | None, datetime | None, int, datetime | None]:
    """When a day in call mode began and ended, how many seconds were worked, and since when it is paused."""
    if row is None:
        return None, None, 0, None
    zone = work.rules.timezone
    pauses = [
        (begun, over)
        for begun, over in work.session.execute(
            select(CallPause.started_at, CallPause.ended_at)
            .where(CallPause.employee_id == whose, *_within(work, CallPause.started_at, day))
            .order_by(CallPause.started_at, CallPause.id)
        )
    ]
    over = work.now >= work.rules.end_of(day)
    ended = row.ended_at
    if ended is None and over:
        # Nobody said when: they worked until the last call they made.
        last = work.session.scalar(
            select(func.max(Contact.at)).where(Contact.by_id == whose, *_within(work, Contact.at, day))
        )
        ended = max(row.started_at, last or row.started_at)
    until = ended if ended is not None else max(work.now, row.started_at)
    paused = next((begun for begun, finished in pauses if finished is None), None) if ended is None else None
    return (
        row.started_at.astimezone(zone),
        ended.astimezone(zone) if ended is not None else None,
        seconds_between(row.started_at, until, pauses),
        paused.astimezone(zone) if paused is not None else None,
    )


def _counted(work: Work, whose: int, day: date) -> dict[tuple[Direction, Outcome], int]:
    rows = work.session.execute(
        select(Contact.direction, Contact.outcome, func.count())
        .where(Contact.by_id == whose, *_within(work, Contact.at, day))
        .group_by(Contact.direction, Contact.outcome)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def _sold(work: Work, whose: int, day: date) -> tuple[int, dict[str, Decimal]]:
    """Orders taken on a day and not cancelled on it, and what they were sold for, by currency."""
    order, line = m.Order, m.OrderLine
    rows = work.session.execute(
        select(order.currency, func.count(order.id.distinct()), func.sum(line.amount))
        .join(line, line.order_id == order.id)
        .where(
            order.taken_by_id == whose,
            order.kind == m.OrderKind.SALE,
            # Cancelled on a later day, it still counted by the end of this one.
            or_(order.status != m.OrderStatus.CANCELLED, line.void_at >= work.rules.end_of(day)),
            *_within(work, order.ordered_at, day),
        )
        .group_by(order.currency)
        .order_by(order.currency)
    ).all()
    return sum(row[1] for row in rows), {row[0]: row[2] for row in rows}


def _responses(work: Work, whose: int, day: date) -> int:
    found = work.session.scalar(
        select(func.count(m.Response.id)).where(m.Response.by_id == whose, *_within(work, m.Response.at, day))
    )
    return found or 0


def _agenda_counts(work: Work, whose: int, day: date) -> tuple[int, int, int]:
    """What of the agenda was left over at the end of a day, or is now; open promises; and what was done that day."""
    item, end = AgendaItem, work.rules.end_of(day)

    def not_by_then(column: Any) -> ColumnElement[bool]:
        return or_(column.is_(None), column >= end)

    there = and_(
        item.created_at < end, not_by_then(item.done_at), not_by_then(item.deleted_at), not_by_then(item.dismissed_at)
    )
    done = and_(*_within(work, item.done_at, day), item.deleted_at.is_(None), item.dismissed_at.is_(None))
    promise = and_(item.kind == AgendaKind.CALL_BACK, item.proposed.is_(False))
    theirs = item.customer_id.is_not(None)
    if whose != work.employee_id and work.session.get_one(m.Employee, whose).role is m.Role.TELEMARKETER:
        # As they see it themselves: without customers whom a colleague looks after by now.
        theirs = item.customer_id.in_(select(Customer.id).where(Customer.owner_id == whose))
    row = work.session.execute(
        select(
            func.count(case((and_(there, item.day <= day), 1))),
            func.count(case((and_(there, promise), 1))),
            func.count(case((done, 1))),
        ).where(
            item.employee_id == whose,
            theirs,
            or_(item.done_at.is_(None), item.done_at >= work.rules.start_of(day)),
        )
    ).one()
    return row[0], row[1], row[2]
