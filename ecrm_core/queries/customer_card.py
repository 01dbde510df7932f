"""All of one customer on one page: who they are, what they bought, what took place, what is owed.

A fixed number of statements, however much a customer bought; each reads what hangs on one customer
through an index, so none grows with the company. Statements are built once: making them costs more
than running them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from statistics import median
from typing import Any, Self

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Integer,
    Result,
    Select,
    String,
    and_,
    asc,
    bindparam,
    case,
    cast,
    desc,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import aliased

from ecrm_core import models as m
from ecrm_core.crm import Work
from ecrm_core.errors import CustomerNotVisible
from ecrm_core.models.agenda import Direction, Outcome
from ecrm_core.models.customers import Channel, InterestOrigin
from ecrm_core.models.orders import ComplaintState, FollowUpState, OrderChannel, OrderKind, OrderStatus
from ecrm_core.phones import show_phone
from ecrm_core.queries.counting import DERIVED_ORDERS
from ecrm_core.rules import ActivityRule, ActivityStatus, months_before

TIMELINE_ROWS = 30
PURCHASE_ROWS = 12
MONTHS = 24
ORDER_DAYS = 200
"""How many of the newest orders tell the rhythm, and since when a customer is active."""
LEAST_ORDERS = 3
"""Two gaps at least: one alone is no habit."""
SHOWN_PRODUCTS = 3
OPEN_ROWS = 20
MERGES = 8
ANY_ID = 2**62


class EntryKind(StrEnum):
    """What a timeline is made of."""

    ORDER = "order"
    CONTACT = "contact"
    RESPONSE = "response"
    GREETING = "greeting"
    NOTE = "note"
    COMPLAINT = "complaint"
    OWNER = "owner"


RANKS = {kind: rank for rank, kind in enumerate(EntryKind)}
"""Which comes first of two at the same instant."""


@dataclass(frozen=True)
class Person:
    """Who they are. Days and instants are the company's; a birth year may be unknown."""

    id: int
    code: str
    name: str
    email: str | None
    address: str | None
    city: str | None
    province: str | None
    postcode: str | None
    birth: tuple[int | None, int, int] | None
    age: int | None
    owner_id: int | None
    owner: str | None
    since: date
    do_not_call_on: date | None
    version: int
    changed_at: datetime | None
    changed_by: str | None


@dataclass(frozen=True)
class Phone:
    """A number: E.164, as it is read, as it was typed, and whether it is somebody else's."""

    e164: str
    shown: str
    typed: str
    wrong: bool


@dataclass(frozen=True)
class ConsentState:
    """What a customer said last about a channel."""

    channel: Channel
    granted: bool
    on: date
    source: str


@dataclass(frozen=True)
class Standing:
    """The activity status, and the day it began; `since` is none where that is longer ago than was looked at."""

    status: ActivityStatus
    since: date | None
    last: date | None


@dataclass(frozen=True)
class Month:
    """What was sold in a month, `first` being its first day."""

    first: date
    amount: Decimal


@dataclass(frozen=True)
class Sums:
    """What was sold and returned in one currency; `months` are the last 24, this one included."""

    currency: str
    orders: int
    """Orders that were not cancelled."""
    sold: Decimal
    returned: Decimal
    counting: int
    """Orders of which something was kept."""
    kept: Decimal
    months: list[Month]

    @property
    def difference(self) -> Decimal:
        return self.sold - self.returned

    @property
    def average(self) -> Decimal | None:
        """What an order that counts brought."""
        return (self.kept / self.counting).quantize(Decimal(1)) if self.counting else None


@dataclass(frozen=True)
class Purchase:
    """A product, and how often, how many and when last. `line_id` is the line an answer belongs to."""

    product_id: int
    code: str
    name: str
    category: str | None
    times: int
    pieces: int
    last_on: date
    amount: Decimal
    currency: str
    line_id: int | None
    due_on: date | None
    follow_up: FollowUpState | None
    rating: int | None
    answer: str | None
    answered_on: date | None


@dataclass(frozen=True)
class InterestRow:
    """A product or category a customer cares about; derived ones have no id, and tell in how many orders."""

    id: int | None
    origin: InterestOrigin
    product_id: int | None
    product: str | None
    category_id: int | None
    category: str | None
    orders: int | None
    on: date


@dataclass(frozen=True)
class OpenFollowUp:
    """A product that was to be asked about."""

    line_id: int
    product: str
    due_on: date


@dataclass(frozen=True)
class OpenComplaint:
    """A complaint without a solution yet."""

    id: int
    kind: str
    text: str
    due_on: date


@dataclass(frozen=True)
class Cursor:
    """Where a page of the timeline ended; the next one goes on behind it."""

    at: datetime
    rank: int
    id: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}|{self.rank}|{self.id}"

    @classmethod
    def read(cls, text: str) -> Self:
        """The cursor of a text made by `str`.

        Raises:
            ValueError: it is none.
        """
        at, rank, number = text.split("|")
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is None:
            raise ValueError(text)
        return cls(instant, int(rank), int(number))


@dataclass(frozen=True)
class Entry:
    """Something that took place. What a kind does not have is none."""

    kind: EntryKind
    id: int
    at: datetime
    """In company time."""
    by: str | None = None
    text: str | None = None
    number: str | None = None
    status: OrderStatus | None = None
    order_kind: OrderKind | None = None
    order_channel: OrderChannel | None = None
    products: tuple[tuple[str, int], ...] = ()
    """The first few products of an order, with their pieces."""
    more_products: int = 0
    amount: Decimal | None = None
    currency: str | None = None
    channel: Channel | None = None
    outcome: Outcome | None = None
    direction: Direction | None = None
    product: str | None = None
    rating: int | None = None
    complaint_kind: str | None = None
    complaint_state: ComplaintState | None = None
    solution: str | None = None
    from_owner: str | None = None
    to_owner: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Timeline:
    """A page of what took place, newest first; `after` goes on behind it, none where that was all."""

    entries: list[Entry]
    after: Cursor | None


@dataclass(frozen=True)
class CustomerCard:
    """Everything the Customer screen shows."""

    person: Person
    phones: list[Phone]
    consents: list[ConsentState]
    standing: Standing
    sums: list[Sums]
    usual_gap_days: int | None
    """The middle one of the gaps between own orders; none below three orders."""
    purchases: list[Purchase]
    products: int
    """How many products there are in all."""
    interests: list[InterestRow]
    follow_ups: list[OpenFollowUp]
    complaints: list[OpenComplaint]
    timeline: Timeline


def customer_card(
    work: Work,
    code: str,
    *,
    timeline_limit: int = TIMELINE_ROWS,
    kinds: Collection[EntryKind] = tuple(EntryKind),
    purchase_limit: int = PURCHASE_ROWS,
) -> CustomerCard:
    """A customer by their code; the code of one that was merged away finds the one they became.

    Raises:
        CustomerNotVisible: missing, or a colleague's: one answer.
    """
    person = _person(work, code)
    phones, consents = _reached(work, person.id)
    days = _order_days(work, person.id)
    purchases, products = _purchases(work, person.id, purchase_limit)
    follow_ups, complaints = _open(work, person.id)
    return CustomerCard(
        person,
        phones,
        consents,
        standing_of(days, work.rules.activity, today=work.today, known_since=person.since),
        _sums(work, person.id),
        usual_gap(days),
        purchases,
        products,
        _interests(work, person.id),
        follow_ups,
        complaints,
        timeline_of(work, person.id, limit=timeline_limit, kinds=kinds),
    )


# Who they are


_owner, _changer = aliased(m.Employee), aliased(m.Employee)
_PERSON = (
    select(m.Customer, _owner.name.label("owner"), _changer.name.label("changer"))
    .outerjoin(_owner, _owner.id == m.Customer.owner_id)
    .outerjoin(_changer, _changer.id == m.Customer.changed_by_id)
)
_BY_CODE = _PERSON.where(m.Customer.code == bindparam("code"))
_BY_ID = _PERSON.where(m.Customer.id == bindparam("customer_id"))


def _person(work: Work, code: str) -> Person:
    found = work.session.execute(_BY_CODE, {"code": code}).one_or_none()
    for _ in range(MERGES):
        if found is None or found.Customer.merged_into_id is None:
            break
        found = work.session.execute(_BY_ID, {"customer_id": found.Customer.merged_into_id}).one_or_none()
    if found is None or found.Customer.merged_into_id is not None:
        raise CustomerNotVisible(code=code)
    row: m.Customer = found.Customer
    rules = work.rules
    birth = None if row.birthday is None else (row.birth_year, *row.birthday)
    return Person(
        row.id,
        row.code,
        row.name,
        row.email,
        row.address,
        row.city,
        row.province,
        row.postcode,
        birth,
        age_on(birth, work.today),
        row.owner_id,
        found.owner,
        rules.business_date(row.created_at),
        rules.business_date(row.do_not_call_at) if row.do_not_call_at else None,
        row.version,
        row.changed_at.astimezone(rules.timezone) if row.changed_at else None,
        found.changer,
    )


def age_on(birth: tuple[int | None, int, int] | None, day: date) -> int | None:
    """Whole years lived by a day; none where the year is unknown."""
    if birth is None or birth[0] is None:
        return None
    return day.year - birth[0] - ((day.month, day.day) < birth[1:])


_NO_TEXT = cast(null(), String)
_NO_NUMBER = cast(null(), Integer)
_CUSTOMER = bindparam("customer_id", type_=BigInteger)


def _text(column: Any) -> ColumnElement[str]:
    """A code as its text, so that parts of a union are of one type."""
    return type_coerce(column, String)


_later = aliased(m.Consent)
_REACHED: Any = union_all(
    select(
        literal("phone").label("what"),
        m.CustomerPhone.position.label("place"),
        m.CustomerPhone.id.label("id"),
        m.CustomerPhone.e164.label("name"),
        m.CustomerPhone.typed.label("text"),
        m.CustomerPhone.wrong_at.label("at"),
        literal(False, Boolean).label("granted"),
    ).where(m.CustomerPhone.customer_id == _CUSTOMER),
    select(
        literal("consent"),
        literal(0),
        m.Consent.id,
        _text(m.Consent.channel),
        m.Consent.source,
        m.Consent.at,
        m.Consent.granted,
    ).where(
        m.Consent.customer_id == _CUSTOMER,
        ~select(_later.id)
        .where(
            _later.customer_id == m.Consent.customer_id,
            _later.channel == m.Consent.channel,
            or_(_later.at > m.Consent.at, and_(_later.at == m.Consent.at, _later.id > m.Consent.id)),
        )
        .exists(),
    ),
).order_by("place", "id")


def _reached(work: Work, customer_id: int) -> tuple[list[Phone], list[ConsentState]]:
    phones, consents = [], []
    region = work.rules.phone_region
    for row in _rows(work, _REACHED, customer_id):
        if row.what == "phone":
            phones.append(Phone(row.name, show_phone(row.name, region), row.text, row.at is not None))
        else:
            day = work.rules.business_date(row.at)
            consents.append(ConsentState(Channel(row.name), row.granted, day, row.text))
    return phones, consents


# What they bought

_END = bindparam("end", type_=m.UtcDateTime())
_COUNTS = and_(m.OrderLine.ordered_at < _END, or_(m.OrderLine.void_at.is_(None), m.OrderLine.void_at >= _END))
_SOLD = and_(m.Order.kind == OrderKind.SALE, m.Order.status != OrderStatus.CANCELLED)

_ORDER_DAYS = (
    select(m.OrderLine.ordered_at)
    .where(m.OrderLine.customer_id == _CUSTOMER, _COUNTS)
    .distinct()
    .order_by(m.OrderLine.ordered_at.desc())
    .limit(ORDER_DAYS)
)


def _order_days(work: Work, customer_id: int) -> list[date]:
    """Business days with an order that counts, newest first."""
    found = _rows(work, _ORDER_DAYS, customer_id, **_until_today(work)).scalars()
    return list(dict.fromkeys(work.rules.business_date(instant) for instant in found))


def _until_today(work: Work) -> dict[str, Any]:
    return {"end": work.rules.end_of(work.today)}


def _rows(work: Work, statement: Any, customer_id: int, **values: Any) -> Result[Any]:
    """Run a statement that reads what hangs on one customer, found to be the actor's."""
    options = {"of_customer": customer_id}
    return work.session.execute(statement, {"customer_id": customer_id, **values}, execution_options=options)


def standing_of(days: Sequence[date], rule: ActivityRule, *, today: date, known_since: date) -> Standing:
    """The status as of today, and the day it began.

    Args:
        days: with an order that counts, newest first, none after `today`.
        known_since: the day a prospect became one.
    """
    if not days:
        return Standing(ActivityStatus.PROSPECT, known_since, None)
    last = days[0]
    status = rule.status(last, as_of=today)
    first, until = last, today
    while first < until:  # the status only ever grows older, so the first day of the present one is found by halving
        middle = first + timedelta(days=(until - first).days // 2)
        if rule.status(last, as_of=middle) is status:
            until = middle
        else:
            first = middle + timedelta(days=1)
    if first > last:
        return Standing(status, first, last)
    # It began with an order: go back through orders that followed before the status could change.
    for newer, older in pairwise(days):
        if rule.status(older, as_of=newer - timedelta(days=1)) is not status:
            return Standing(status, newer, last)
    whole = len(days) < ORDER_DAYS
    return Standing(status, days[-1] if whole else None, last)


def usual_gap(days: Sequence[date]) -> int | None:
    """The middle one of the gaps between order days, in days; none below three of them."""
    if len(days) < LEAST_ORDERS:
        return None
    return round(median((newer - older).days for newer, older in pairwise(days)))


_month_starts = [bindparam(f"month_{place}", type_=m.UtcDateTime()) for place in range(MONTHS)]
_month = case(
    *((m.OrderLine.ordered_at < start, place - 1) for place, start in enumerate(_month_starts)), else_=MONTHS - 1
)
_SUMS = (
    select(
        m.Order.currency,
        _month.label("month"),
        func.count(case((_SOLD, m.OrderLine.order_id)).distinct()).label("orders"),
        func.sum(case((_SOLD, m.OrderLine.amount))).label("sold"),
        func.sum(
            case((m.Order.kind == OrderKind.RETURN, m.OrderLine.amount), (_SOLD, m.OrderLine.returned_amount))
        ).label("returned"),
        func.count(case((_COUNTS, m.OrderLine.order_id)).distinct()).label("counting"),
        type_coerce(func.sum(case((_COUNTS, m.OrderLine.amount - m.OrderLine.returned_amount))), m.Money).label("kept"),
    )
    .join(m.Order, m.Order.id == m.OrderLine.order_id)
    .where(m.OrderLine.customer_id == _CUSTOMER, m.OrderLine.ordered_at < _END)
    .group_by(m.Order.currency, "month")
)


@lru_cache(maxsize=8)
def _firsts(this_month: date) -> tuple[date, ...]:
    """The first days of the months that are told, this one last."""
    return tuple(months_before(this_month, back) for back in reversed(range(MONTHS)))


def _sums(work: Work, customer_id: int) -> list[Sums]:
    firsts = _firsts(work.today.replace(day=1))
    starts = {f"month_{place}": work.rules.start_of(first) for place, first in enumerate(firsts)}
    rows = _rows(work, _SUMS, customer_id, **_until_today(work), **starts).all()
    nothing = Decimal(0)
    found = []
    for currency in {row.currency for row in rows}:
        own = [row for row in rows if row.currency == currency]
        sold = {row.month: row.sold or nothing for row in own}
        found.append(
            Sums(
                currency,
                sum(row.orders for row in own),
                sum((row.sold or nothing for row in own), nothing),
                sum((row.returned or nothing for row in own), nothing),
                sum(row.counting for row in own),
                sum((row.kept or nothing for row in own), nothing),
                [Month(first, sold.get(place, nothing)) for place, first in enumerate(firsts)],
            )
        )
    return sorted(found, key=lambda sums: (-sums.orders, sums.currency))


_last_line, _last_response = aliased(m.OrderLine), aliased(m.Response)
_bought = (
    select(
        m.OrderLine.product_id.label("product_id"),
        m.Order.currency.label("currency"),
        func.count(case((_COUNTS, m.OrderLine.order_id)).distinct()).label("times"),
        func.sum(m.OrderLine.quantity - m.OrderLine.returned_quantity).label("pieces"),
        func.max(m.OrderLine.ordered_at).label("last_at"),
        func.sum(m.OrderLine.amount).label("amount"),
    )
    .join(m.Order, m.Order.id == m.OrderLine.order_id)
    .where(m.OrderLine.customer_id == _CUSTOMER, m.OrderLine.ordered_at < _END, _SOLD)
    .group_by(m.OrderLine.product_id, m.Order.currency)
    .subquery()
)
_newest = (
    select(_bought, func.count().over().label("products"))
    .order_by(_bought.c.last_at.desc(), _bought.c.product_id)
    .limit(bindparam("limit", type_=Integer))
    .subquery()
)
_line_id = (
    select(_last_line.id)
    .where(
        _last_line.product_id == _newest.c.product_id,
        _last_line.customer_id == _CUSTOMER,
        _last_line.ordered_at < _END,
        or_(_last_line.void_at.is_(None), _last_line.void_at >= _END),
    )
    .order_by(_last_line.ordered_at.desc(), _last_line.id.desc())
    .limit(1)
    .correlate(_newest)
    .scalar_subquery()
)
_response_id = (
    select(_last_response.id)
    .where(_last_response.product_id == _newest.c.product_id, _last_response.customer_id == _CUSTOMER)
    .order_by(_last_response.at.desc(), _last_response.id.desc())
    .limit(1)
    .correlate(_newest)
    .scalar_subquery()
)
_PURCHASES = (
    select(
        m.Product.id,
        m.Product.code,
        m.Product.name,
        m.Category.name.label("category"),
        _newest.c.currency,
        _newest.c.times,
        _newest.c.pieces,
        _newest.c.last_at,
        _newest.c.amount,
        _newest.c.products,
        _line_id.label("line_id"),
        m.FollowUp.due_on,
        m.FollowUp.expires_on,
        m.FollowUp.state,
        m.Response.rating,
        m.Response.text,
        m.Response.at,
    )
    .join(_newest, _newest.c.product_id == m.Product.id)
    .outerjoin(m.Category, m.Category.id == m.Product.category_id)
    .outerjoin(m.FollowUp, m.FollowUp.line_id == _line_id)
    .outerjoin(m.Response, m.Response.id == _response_id)
    .order_by(_newest.c.last_at.desc(), m.Product.id)
)


def _purchases(work: Work, customer_id: int, limit: int) -> tuple[list[Purchase], int]:
    rows = _rows(work, _PURCHASES, customer_id, **_until_today(work), limit=limit).all()
    day = work.rules.business_date
    found = []
    for row in rows:
        state = row.state
        if state is FollowUpState.OPEN and row.expires_on < work.today:
            state = FollowUpState.EXPIRED
        found.append(
            Purchase(
                row.id,
                row.code,
                row.name,
                row.category,
                row.times,
                row.pieces,
                day(row.last_at),
                row.amount,
                row.currency,
                row.line_id,
                row.due_on,
                state,
                row.rating,
                row.text,
                day(row.at) if row.at else None,
            )
        )
    return found, rows[0].products if rows else 0


_orders_of = func.count(m.OrderLine.order_id.distinct())
_INTERESTS: Any = union_all(
    select(
        m.Interest.id.label("id"),
        _text(m.Interest.origin).label("origin"),
        m.Interest.product_id.label("product_id"),
        m.Product.name.label("product"),
        m.Interest.category_id.label("category_id"),
        m.Category.name.label("category"),
        _NO_NUMBER.label("orders"),
        m.Interest.at.label("at"),
    )
    .outerjoin(m.Product, m.Product.id == m.Interest.product_id)
    .outerjoin(m.Category, m.Category.id == m.Interest.category_id)
    .where(m.Interest.customer_id == _CUSTOMER, m.Interest.withdrawn_at.is_(None)),
    select(
        _NO_NUMBER,
        literal(str(InterestOrigin.DERIVED)),
        _NO_NUMBER,
        _NO_TEXT,
        m.Category.id,
        m.Category.name,
        _orders_of,
        func.max(m.OrderLine.ordered_at),
    )
    .select_from(m.OrderLine)
    .join(m.Product, m.Product.id == m.OrderLine.product_id)
    .join(m.Category, m.Category.id == m.Product.category_id)
    .where(m.OrderLine.customer_id == _CUSTOMER, _COUNTS)
    .group_by(m.Category.id, m.Category.name)
    .having(_orders_of >= DERIVED_ORDERS),
)


def _interests(work: Work, customer_id: int) -> list[InterestRow]:
    """Stated ones first, newest first; then those that the purchases tell, most often bought first."""
    found: dict[tuple[str, str | None, str | None], InterestRow] = {}
    for row in _rows(work, _INTERESTS, customer_id, **_until_today(work)):
        origin = InterestOrigin(row.origin)
        day = work.rules.business_date(row.at)
        told = InterestRow(row.id, origin, row.product_id, row.product, row.category_id, row.category, row.orders, day)
        found[origin, row.product, row.category] = told
    return sorted(
        found.values(),
        key=lambda row: (row.origin is InterestOrigin.DERIVED, -(row.orders or 0), -row.on.toordinal(), row.id or 0),
    )


# What is owed to them

_OPEN: Any = union_all(
    select(
        literal("follow_up").label("what"),
        m.FollowUp.line_id.label("id"),
        m.Product.name.label("name"),
        literal("").label("text"),
        m.FollowUp.due_on.label("due_on"),
    )
    .join(m.Product, m.Product.id == m.FollowUp.product_id)
    .where(
        m.FollowUp.customer_id == _CUSTOMER,
        m.FollowUp.state == FollowUpState.OPEN,
        m.FollowUp.expires_on >= bindparam("today"),
    ),
    select(literal("complaint"), m.Complaint.id, m.Complaint.kind, m.Complaint.text, m.Complaint.due_on).where(
        m.Complaint.customer_id == _CUSTOMER, m.Complaint.state == ComplaintState.OPEN
    ),
).order_by("due_on", "id")


def _open(work: Work, customer_id: int) -> tuple[list[OpenFollowUp], list[OpenComplaint]]:
    rows = _rows(work, _OPEN, customer_id, today=work.today).all()
    return (
        [OpenFollowUp(row.id, row.name, row.due_on) for row in rows if row.what == "follow_up"][:OPEN_ROWS],
        [OpenComplaint(row.id, row.name, row.text, row.due_on) for row in rows if row.what == "complaint"],
    )


# What took place


_by, _from, _to = aliased(m.Employee), aliased(m.Employee), aliased(m.Employee)


def _part(kind: EntryKind, model: Any, at: Any, by: Any, joins: Iterable[tuple[Any, Any]] = (), **told: Any) -> Any:
    """The entries of one kind behind a cursor, newest first, no more than a page of them.

    `told` fills the columns that all kinds share: four short texts, a number, and the long text.
    """
    rank = RANKS[kind]
    before, below = bindparam("before", type_=m.UtcDateTime()), bindparam(f"below_{rank}", type_=BigInteger)
    shared = {name: told.get(name, _NO_TEXT) for name in ("a", "b", "c", "d", "text")}
    statement = select(
        literal(rank).label("rank"),
        model.id.label("id"),
        at.label("at"),
        _by.name.label("by"),
        *(column.label(name) for name, column in shared.items()),
        told.get("n", _NO_NUMBER).label("n"),
    ).select_from(model)
    for other, condition in ((_by, _by.id == by), *joins):
        statement = statement.outerjoin(other, condition)
    page = (
        statement.where(model.customer_id == _CUSTOMER, at <= before, or_(at < before, model.id < below))
        .order_by(at.desc(), model.id.desc())
        .limit(bindparam("limit", type_=Integer))
        .subquery()
    )
    return select(page)


@lru_cache
def _timeline_statement(kinds: frozenset[EntryKind]) -> Select[Any]:
    """The statement of these kinds; made once for each choice."""
    contact, response, complaint = m.Contact, m.Response, m.Complaint
    parts = {
        EntryKind.ORDER: lambda kind: _part(
            kind,
            m.Order,
            m.Order.ordered_at,
            m.Order.taken_by_id,
            a=m.Order.number,
            b=_text(m.Order.status),
            c=_text(m.Order.kind),
            d=m.Order.currency,
            text=_text(m.Order.channel),
        ),
        EntryKind.CONTACT: lambda kind: _part(
            kind,
            contact,
            contact.at,
            contact.by_id,
            a=_text(contact.channel),
            b=_text(contact.outcome),
            c=_text(contact.direction),
            text=contact.note,
        ),
        EntryKind.RESPONSE: lambda kind: _part(
            kind,
            response,
            response.at,
            response.by_id,
            [(m.Product, m.Product.id == response.product_id)],
            a=m.Product.name,
            n=cast(response.rating, Integer),
            text=response.text,
        ),
        EntryKind.GREETING: lambda kind: _part(
            kind, m.Greeting, m.Greeting.at, m.Greeting.by_id, a=_text(m.Greeting.channel)
        ),
        EntryKind.NOTE: lambda kind: _part(
            kind, m.CustomerNote, m.CustomerNote.at, m.CustomerNote.by_id, text=m.CustomerNote.text
        ),
        EntryKind.COMPLAINT: lambda kind: _part(
            kind,
            complaint,
            complaint.opened_at,
            complaint.opened_by_id,
            a=complaint.kind,
            b=_text(complaint.state),
            c=complaint.solution,
            text=complaint.text,
        ),
        EntryKind.OWNER: lambda kind: _part(
            kind,
            m.OwnerChange,
            m.OwnerChange.at,
            m.OwnerChange.by_id,
            [(_from, _from.id == m.OwnerChange.from_id), (_to, _to.id == m.OwnerChange.to_id)],
            a=_from.name,
            b=_to.name,
            c=m.OwnerChange.reason,
        ),
    }
    chosen = [parts[kind](kind) for kind in EntryKind if kind in kinds]
    page: Any = union_all(*chosen) if len(chosen) > 1 else chosen[0]
    ordered: Select[Any] = page.order_by(*_ORDER).limit(bindparam("limit", type_=Integer))
    return ordered


_ORDER: Sequence[Any] = (desc("at"), asc("rank"), desc("id"))
_numbered = (
    select(
        m.OrderLine.id.label("id"),
        func.row_number().over(partition_by=m.OrderLine.order_id, order_by=m.OrderLine.id).label("place"),
        func.count().over(partition_by=m.OrderLine.order_id).label("lines"),
        func.sum(m.OrderLine.amount).over(partition_by=m.OrderLine.order_id).label("sum"),
    )
    .where(m.OrderLine.order_id.in_(bindparam("orders", expanding=True)))
    .subquery()
)
_LINES = (
    select(m.OrderLine.order_id, m.OrderLine.quantity, m.Product.name, _numbered.c.lines, _numbered.c.sum)
    .join(_numbered, _numbered.c.id == m.OrderLine.id)
    .join(m.Product, m.Product.id == m.OrderLine.product_id)
    .where(_numbered.c.place <= SHOWN_PRODUCTS)
    .order_by(m.OrderLine.order_id, m.OrderLine.id)
)


def timeline_of(
    work: Work,
    customer_id: int,
    *,
    after: Cursor | None = None,
    limit: int = TIMELINE_ROWS,
    kinds: Collection[EntryKind] = tuple(EntryKind),
) -> Timeline:
    """A page of what took place with a customer, newest first.

    Args:
        after: where the page before ended; none begins with the newest.
        kinds: which entries.

    Raises:
        CustomerNotVisible: missing, or a colleague's.
    """
    start = after or Cursor(work.rules.end_of(work.today), len(RANKS), 0)
    below = {
        f"below_{rank}": ANY_ID if rank > start.rank else start.id if rank == start.rank else 0
        for kind, rank in RANKS.items()
        if kind in kinds
    }
    wanted = {"before": start.at, "limit": limit + 1, **below}
    rows = _rows(work, _timeline_statement(frozenset(kinds)), customer_id, **wanted).all()
    page = rows[:limit]
    orders = [row.id for row in page if row.rank == RANKS[EntryKind.ORDER]]
    lines: dict[int, list[Any]] = {}
    if orders:
        for line in _rows(work, _LINES, customer_id, orders=orders):
            lines.setdefault(line.order_id, []).append(line)
    after = Cursor(page[-1].at, page[-1].rank, page[-1].id) if len(rows) > limit else None
    zone = work.rules.timezone
    return Timeline([_entry(row, row.at.astimezone(zone), lines.get(row.id, [])) for row in page], after)


def _entry(row: Any, at: datetime, lines: Sequence[Any]) -> Entry:
    kind = tuple(EntryKind)[row.rank]
    entry = Entry(kind, row.id, at, row.by, row.text or None)
    told: dict[str, Any] = {}
    match kind:
        case EntryKind.ORDER:
            told = {
                "text": None,
                "number": row.a,
                "status": OrderStatus(row.b),
                "order_kind": OrderKind(row.c),
                "currency": row.d,
                "order_channel": OrderChannel(row.text),
                "products": tuple((line.name, line.quantity) for line in lines),
                "more_products": lines[0].lines - len(lines) if lines else 0,
                "amount": lines[0].sum if lines else None,
            }
        case EntryKind.CONTACT:
            told = {"channel": Channel(row.a), "outcome": Outcome(row.b), "direction": Direction(row.c)}
        case EntryKind.RESPONSE:
            told = {"product": row.a, "rating": row.n}
        case EntryKind.GREETING:
            told = {"channel": Channel(row.a)}
        case EntryKind.COMPLAINT:
            told = {"complaint_kind": row.a, "complaint_state": ComplaintState(row.b), "solution": row.c}
        case EntryKind.OWNER:
            told = {"from_owner": row.a, "to_owner": row.b, "reason": row.c or None}
    return replace(entry, **told)


def who_is(work: Work, code: str) -> tuple[Person, list[Phone]]:
    """The customer alone, as somebody about to correct them reads them.

    Raises:
        CustomerNotVisible: missing, or a colleague's: one answer.
    """
    person = _person(work, code)
    return person, _reached(work, person.id)[0]


@dataclass(frozen=True)
class InterestChoice:
    """A product on sale or a category that somebody may care about; one of the two ids is none."""

    product_id: int | None
    category_id: int | None
    name: str
    category: str | None


def interest_choices(work: Work, text: str, *, limit: int = 8) -> list[InterestChoice]:
    """Categories and products on sale with this in their name, or in the product's code; categories first."""
    wanted = text.strip()
    if not wanted:
        return []
    categories = work.session.execute(
        select(m.Category.id, m.Category.name)
        .where(m.Category.name.icontains(wanted, autoescape=True))
        .order_by(m.Category.name)
        .limit(limit)
    ).all()
    products = work.session.execute(
        select(m.Product.id, m.Product.name, m.Category.name.label("category"))
        .outerjoin(m.Category, m.Category.id == m.Product.category_id)
        .where(
            m.Product.active,
            or_(m.Product.name.icontains(wanted, autoescape=True), m.Product.code.istartswith(wanted, autoescape=True)),
        )
        .order_by(m.Product.name, m.Product.id)
        .limit(limit)
    ).all()
    found = [InterestChoice(None, row.id, row.name, None) for row in categories]
    return [*found, *(InterestChoice(row.id, None, row.name, row.category) for row in products)][:limit]
