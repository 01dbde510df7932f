"""Why somebody should be called on a day: everything that was known at an instant, and nothing later.

Read for many telemarketers at once, in a fixed number of statements. The system reads, since a
number may belong to a colleague's customer who asked not to be called.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import aliased

from ecrm_core import models as m
from ecrm_core.crm import Work
from ecrm_core.models import AgendaKind, Outcome
from ecrm_core.queries.counting import line_counts
from ecrm_core.rules import ActivityStatus, CompanyRules, birthday_in, months_before
from ecrm_core.working_days import days_off_before, nth_working_day_after

LONGEST_ABSENCE_DAYS = 14
"""How far back missed birthdays are looked for at most."""
FEW = 5
"""Telemarketers whose customers' lines are picked out of all lines."""
NAMED = 500
"""Values that one statement names at most."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason to call a customer.

    `due_on` is the day it fell due; none where it is never late (win-back, prospects). `facts` are
    what its sentence is made of.
    """

    kind: AgendaKind
    due_on: date | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kept(self) -> dict[str, Any]:
        """As it is kept with the agenda item."""
        return {"kind": str(self.kind), **self.facts}


class Purchases(NamedTuple):
    """What a customer had bought by then; orders that count."""

    orders: int
    amount: Decimal
    first_on: date
    last_on: date


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer with at least one reason to be called; the most pressing reason comes first."""

    customer_id: int
    owner_id: int
    name: str
    known_since: date
    purchases: Purchases | None
    reasons: Sequence[Reason]
    due_on: date | None = field(init=False, compare=False)
    """The day on which the oldest of the reasons fell due."""

    def __post_init__(self) -> None:
        due = [reason.due_on for reason in self.reasons if reason.due_on is not None]
        object.__setattr__(self, "due_on", min(due, default=None))


@dataclass(frozen=True)
class Moment:
    """The day that is planned, and the instant after which nothing is known yet."""

    day: date
    known_at: datetime
    """Exclusive: what happened at this instant or later does not exist."""
    past: bool
    """A day that is over: what became of things since is taken back."""


class _Person(NamedTuple):
    """A customer who may be called."""

    id: int
    owner_id: int
    name: str
    created_at: datetime


def candidates(work: Work, moment: Moment, employees: Sequence[m.Employee]) -> dict[int, list[Candidate]]:
    """Whom each telemarketer could call on a day, and why; in the order of the customers' ids.

    Nobody who asked not to be contacted or shares a number with such a person, whose only numbers
    are known to be wrong, who was spoken to lately or refused not long ago. One per customer, with
    all reasons.

    Args:
        employees: telemarketers.
    """
    weeks = {employee.id: employee.working_days for employee in employees}
    if not weeks:
        return {}
    people = {person.id: person for person in _people(work, list(weeks))}
    resting, dismissed = _resting(work, moment, list(weeks)), _dismissed(work, moment, list(weeks))
    refused, unreachable = _not_to_be_called(work, moment), _wrong_numbers(work, moment, list(weeks))
    for customer_id in (*resting, *refused, *unreachable):
        people.pop(customer_id, None)
    purchases = _purchases(work, moment, list(weeks))
    if moment.past:  # a file may tell of purchases from before it was brought in
        people = {
            number: person
            for number, person in people.items()
            if person.created_at < moment.known_at or number in purchases
        }
    found: dict[int, list[Reason]] = defaultdict(list)
    for customer_id, reason in (
        *_follow_ups(work, moment, list(weeks)),
        *_birthdays(work, moment, weeks),
        *_by_activity(work, moment, people.values(), purchases),
    ):
        if customer_id in people and reason.kind not in dismissed.get(customer_id, ()):
            found[customer_id].append(reason)
    answer: dict[int, list[Candidate]] = {employee_id: [] for employee_id in weeks}
    zone = work.rules.timezone
    for customer_id in sorted(found):
        person = people[customer_id]
        answer[person.owner_id].append(
            Candidate(
                customer_id,
                person.owner_id,
                person.name,
                person.created_at.astimezone(zone).date(),
                purchases.get(customer_id),
                tuple(sorted(found[customer_id], key=lambda reason: reason.due_on or date.max)),
            )
        )
    return answer


def _own(employee_ids: Sequence[int]) -> ColumnElement[bool]:
    return and_(m.Customer.owner_id.in_(employee_ids), m.Customer.merged_into_id.is_(None))


def _people(work: Work, employee_ids: Sequence[int]) -> Iterator[_Person]:
    customer = m.Customer
    statement = select(customer.id, customer.owner_id, customer.name, customer.created_at).where(_own(employee_ids))
    for number, owner_id, name, created_at in work.session.execute(statement):
        assert owner_id is not None
        yield _Person(number, owner_id, name, created_at)


def _purchases(work: Work, moment: Moment, employee_ids: Sequence[int]) -> dict[int, Purchases]:
    line, zone = m.OrderLine, work.rules.timezone
    counts = and_(line_counts(moment.known_at), line.ordered_at < moment.known_at)
    statement = select(
        line.customer_id,
        func.count(line.order_id.distinct()),
        func.sum(line.amount),
        func.min(line.ordered_at),
        func.max(line.ordered_at),
    ).where(counts)
    if len(employee_ids) <= FEW:  # else the lines of all are read in one go, in the order of their index
        statement = statement.join(m.Customer, m.Customer.id == line.customer_id).where(_own(employee_ids))
    rows = work.session.execute(statement.group_by(line.customer_id))
    return {
        customer_id: Purchases(orders, amount, first_at.astimezone(zone).date(), last_at.astimezone(zone).date())
        for customer_id, orders, amount, first_at, last_at in rows
    }


def _follow_ups(work: Work, moment: Moment, employee_ids: Sequence[int]) -> Iterator[tuple[int, Reason]]:
    """Answers that are due: the newest purchase of each product, oldest due first."""
    owed, line, day = m.FollowUp, m.OrderLine, moment.day
    rows = work.session.execute(
        select(owed.customer_id, owed.due_on, m.Product.name, line.ordered_at)
        .join(line, line.id == owed.line_id)
        .join(m.Product, m.Product.id == owed.product_id)
        .join(m.Customer, m.Customer.id == owed.customer_id)
        .where(
            _own(employee_ids),
            owed.due_on <= day,
            owed.expires_on >= day,
            line.ordered_at < moment.known_at,
            *_still_owed(moment),
        )
        .order_by(owed.due_on, owed.line_id)
    )
    seen: set[tuple[int, str]] = set()
    zone = work.rules.timezone

    @cache
    def reason(product: str, bought_on: date, due_on: date) -> Reason:
        facts = {"product": product, "bought_on": bought_on.isoformat(), "due_on": due_on.isoformat()}
        return Reason(AgendaKind.FOLLOW_UP, due_on, facts)

    for customer_id, due_on, product, ordered_at in rows:
        if (customer_id, product) in seen:
            continue  # two lines of one product are asked about once
        seen.add((customer_id, product))
        yield customer_id, reason(product, ordered_at.astimezone(zone).date(), due_on)


def _still_owed(moment: Moment) -> list[ColumnElement[bool]]:
    """Neither answered nor closed by then."""
    owed, line, again = m.FollowUp, m.OrderLine, aliased(m.OrderLine)
    if not moment.past:
        return [owed.state == m.FollowUpState.OPEN]
    return [
        or_(owed.closed_at.is_(None), owed.closed_at >= moment.known_at),
        or_(owed.followed_up_on.is_(None), owed.followed_up_on >= moment.day),
        # Closed without an instant of its own: it came closed with a file.
        or_(owed.state != m.FollowUpState.CLOSED, owed.closed_at.is_not(None)),
        # Bought again by then: owed once more only since that was cancelled.
        ~select(again.id)
        .where(
            again.customer_id == owed.customer_id,
            again.product_id == owed.product_id,
            again.order_id != line.order_id,
            again.ordered_at > line.ordered_at,
            again.ordered_at < moment.known_at,
            or_(again.void_at.is_(None), again.void_at >= moment.known_at),
        )
        .exists(),
    ]


def _birthdays(work: Work, moment: Moment, weeks: Mapping[int, str]) -> Iterator[tuple[int, Reason]]:
    """Birthdays of the day, and those missed on the days off right before it, not greeted yet."""
    customer = m.Customer
    days = {
        employee_id: {moment.day, *days_off_before(week, moment.day, most=LONGEST_ABSENCE_DAYS - 1)}
        for employee_id, week in weeks.items()
    }
    greeted = {
        (row.customer_id, row.birthday_on)
        for row in work.session.execute(
            select(m.Greeting.customer_id, m.Greeting.birthday_on).where(
                m.Greeting.birthday_on > moment.day - timedelta(days=LONGEST_ABSENCE_DAYS),
                m.Greeting.at < moment.known_at,
            )
        )
    }
    for on in sorted(set().union(*days.values()), reverse=True):
        whose = [employee_id for employee_id, own in days.items() if on in own]
        rows = work.session.execute(select(customer.id, customer.birth_year).where(_own(whose), _born_on(on)))
        for number, year in rows:
            if (number, on) not in greeted:
                facts = {"on": on.isoformat(), "turns": on.year - year if year else None}
                yield number, Reason(AgendaKind.BIRTHDAY, on, facts)


def _born_on(day: date) -> ColumnElement[bool]:
    """Whose birthday is greeted on a day."""
    dates = {(day.month, day.day)} | ({(2, 29)} if birthday_in(day.year, 2, 29) == day else set())
    customer = m.Customer
    return or_(*(and_(customer.birth_month == month, customer.birth_day == number) for month, number in sorted(dates)))


def _by_activity(
    work: Work, moment: Moment, people: Iterable[_Person], purchases: Mapping[int, Purchases]
) -> Iterator[tuple[int, Reason]]:
    """Who is about to slip, who slipped and is worth winning back, and who has not been called yet."""
    rules, day = work.rules, moment.day
    called = _called_ever(work, moment, [person.id for person in people if person.id not in purchases])
    worth_since = months_before(day, rules.win_back_months)
    activity = _Activity(rules, day)
    zone = rules.timezone

    # Many share what speaks for them; each such reason is made once.
    @cache
    def new_since(since: date) -> Reason:
        return Reason(AgendaKind.PROSPECT, None, {"since": since.isoformat()})

    @cache
    def silent_since(last_on: date, orders: int) -> Reason | None:
        status, slips_on = activity(last_on)
        facts = {"last_on": last_on.isoformat(), "status": str(status)}
        if status is ActivityStatus.LAPSED:
            if orders > 1 and last_on >= worth_since:
                return Reason(AgendaKind.WIN_BACK, None, {**facts, "orders": orders})
        elif status is ActivityStatus.SIX_MONTHS and slips_on is not None:
            # Due from the first day on which it could be seen.
            due = max(slips_on - timedelta(days=rules.slip_days), last_on)
            return Reason(AgendaKind.SLIP, due, {**facts, "slips_on": slips_on.isoformat()})
        return None

    for person in people:
        bought = purchases.get(person.id)
        if bought is not None:
            reason = silent_since(bought.last_on, bought.orders)
            if reason is not None:
                yield person.id, reason
        elif person.id not in called:
            yield person.id, new_since(person.created_at.astimezone(zone).date())


class _Activity:
    """How recently somebody bought, and when they slip, by the day of their last order."""

    def __init__(self, rules: CompanyRules, day: date) -> None:
        self.rules, self.day = rules, day
        later = [day + timedelta(days=ahead) for ahead in range(1, rules.slip_days + 1)]
        self._active_since = [(each, min(first for _, first in rules.activity.since(each))) for each in later]
        """The days within reach, soonest first, and the first day that is active still on each."""

    def __call__(self, last_on: date) -> tuple[ActivityStatus, date | None]:
        """The status, and the day within reach on which they are inactive unless they buy."""
        slips_on = next((later for later, first in self._active_since if last_on < first), None)
        return self.rules.activity.status(last_on, as_of=self.day), slips_on


def _called_ever(work: Work, moment: Moment, customer_ids: Sequence[int]) -> set[int]:
    """Who of these has been spoken to, or tried, before."""
    called: set[int] = set()
    for some in slices(customer_ids):
        statement = select(m.Contact.customer_id).where(
            m.Contact.customer_id.in_(some), m.Contact.at < moment.known_at, m.Contact.outcome.in_(_ANSWERED)
        )
        called.update(work.session.scalars(statement.distinct()))
    return called


def slices(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Values in a fixed order, as many at a time as a statement may name."""
    ordered = sorted(values)
    for start in range(0, len(ordered), NAMED):
        yield ordered[start : start + NAMED]


_ANSWERED = [outcome for outcome in Outcome if outcome not in {Outcome.NO_ANSWER, Outcome.BUSY, Outcome.WRONG_NUMBER}]
_REFUSED = frozenset({Outcome.NOT_INTERESTED})
_UNANSWERED = frozenset({Outcome.NO_ANSWER, Outcome.BUSY, Outcome.WRONG_NUMBER})


def _resting(work: Work, moment: Moment, employee_ids: Sequence[int]) -> set[int]:
    """Who was spoken to so lately, or refused not long ago, that another call would be a nuisance."""
    rules, contact = work.rules, m.Contact
    longest = max(rules.contact_rest_days, rules.refusal_rest_days)
    rows = work.session.execute(
        select(contact.customer_id, contact.outcome, func.max(contact.at))
        .join(m.Customer, m.Customer.id == contact.customer_id)
        .where(
            _own(employee_ids),
            contact.at >= rules.start_of(moment.day - timedelta(days=longest)),
            contact.at < moment.known_at,
        )
        .group_by(contact.customer_id, contact.outcome)
    )
    resting = set()
    for customer_id, outcome, at in rows:
        if outcome in _UNANSWERED:
            continue
        days = rules.refusal_rest_days if outcome in _REFUSED else rules.contact_rest_days
        if rules.business_date(at) > moment.day - timedelta(days=days):
            resting.add(customer_id)
    return resting


def _dismissed(work: Work, moment: Moment, employee_ids: Sequence[int]) -> dict[int, set[AgendaKind]]:
    """Reasons that were waved off: on the day itself all of them, and each of them for a while after."""
    item = m.AgendaItem
    rows = work.session.execute(
        select(item.customer_id, item.dismissed_at, item.reasons).where(
            item.employee_id.in_(employee_ids),
            item.customer_id.is_not(None),
            item.dismissed_at >= work.rules.start_of(moment.day - timedelta(days=work.rules.refusal_rest_days)),
            item.dismissed_at < moment.known_at,
        )
    )
    dismissed: dict[int, set[AgendaKind]] = defaultdict(set)
    for customer_id, at, reasons in rows:
        if work.rules.business_date(at) == moment.day:
            dismissed[customer_id].update(AgendaKind)
        dismissed[customer_id].update(AgendaKind(reason["kind"]) for reason in reasons or ())
    return dismissed


def _not_to_be_called(work: Work, moment: Moment) -> set[int]:
    """Who asked not to be contacted by then, and who shares a number with such a person."""
    mark, phone = m.DoNotCall, m.CustomerPhone
    marked = select(m.Customer.id).where(m.Customer.do_not_call_at.is_not(None))
    if moment.past:
        marked = select(mark.customer_id).where(
            mark.marked_at < moment.known_at, or_(mark.lifted_at.is_(None), mark.lifted_at >= moment.known_at)
        )
    refused = set(work.session.scalars(marked))
    # In two steps along an index each, however many numbers there are.
    numbers = {
        number
        for some in slices(refused)
        for number in work.session.scalars(
            select(phone.e164).where(phone.customer_id.in_(some), ~_wrong_by(moment, phone))
        )
    }
    for some in slices(numbers):
        holders = select(phone.customer_id).where(phone.e164.in_(some), ~_wrong_by(moment, phone))
        refused.update(work.session.scalars(holders))
    return refused


def _wrong_numbers(work: Work, moment: Moment, employee_ids: Sequence[int]) -> set[int]:
    """Whose every known number is somebody else's. Who has none at all may still be written to."""
    phone = m.CustomerPhone
    wrong = _wrong_by(moment, phone)
    right = aliased(m.CustomerPhone)
    statement = (
        select(phone.customer_id)
        .join(m.Customer, m.Customer.id == phone.customer_id)
        .where(
            _own(employee_ids),
            wrong,
            ~select(right.id).where(right.customer_id == phone.customer_id, ~_wrong_by(moment, right)).exists(),
        )
    )
    return set(work.session.scalars(statement))


def _wrong_by(moment: Moment, phone: type[m.CustomerPhone]) -> ColumnElement[bool]:
    """Whether a number was known by then to be somebody else's."""
    known = phone.wrong_at.is_not(None)
    return and_(known, phone.wrong_at < moment.known_at) if moment.past else known


def deadline(candidate: Candidate, week: str, waiting_days: int) -> date:
    """The last working day on which the oldest of the reasons has not waited too long.

    A birthday is greeted on its day, and a slip is met before it happens.
    """
    last = date.max
    for reason in candidate.reasons:
        if reason.due_on is None:
            continue
        if reason.kind is AgendaKind.BIRTHDAY:
            last = min(last, reason.due_on)
        else:
            last = min(last, nth_working_day_after(week, reason.due_on, waiting_days))
    return last
