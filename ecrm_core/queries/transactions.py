"""Transactions of a period: which order lines, a page of them at a time, and their sums.

`since` and `until` are business days, both included. The conditions here serve the screen, its
export, and the frames of `queries.history` alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import aliased

from ecrm_core.crm import Work
from ecrm_core.errors import InvalidValue
from ecrm_core.models import (
    Category,
    Customer,
    Employee,
    FollowUp,
    FollowUpState,
    Order,
    OrderKind,
    OrderLine,
    OrderStatus,
    Product,
    Response,
    Role,
    folded,
)
from ecrm_core.rules import month_of, previous_month

SOLD, RETURNED, CANCELLED = "sold", "returned", "cancelled"
STATES = (SOLD, RETURNED, CANCELLED)
PAGE_ROWS = 50
EXPORT_ROWS = 1_000
NOBODY = 0
"""As `telemarketer_id`: customers that nobody looks after."""
FIRST_YEAR = 1990
SUGGESTIONS = 8


class FollowUpChoice(StrEnum):
    """Which follow-ups a history shows. `due` are the open ones whose day has come."""

    OPEN = "open"
    DUE = "due"
    ANSWERED = "answered"
    CLOSED = "closed"
    EXPIRED = "expired"


class SortKey(StrEnum):
    """What a history can be sorted by: its columns."""

    DATE = "date"
    ORDER = "order"
    CUSTOMER = "customer"
    PRODUCT = "product"
    QUANTITY = "quantity"
    AMOUNT = "amount"
    DUE = "due"
    FOLLOWED_UP = "followed_up"
    RESPONSE = "response"


@dataclass(frozen=True)
class Sort:
    """By what, and which end first. Lines without a value come last either way."""

    key: SortKey = SortKey.DATE
    down: bool = True


@dataclass(frozen=True)
class TransactionFilters:
    """Which transactions: a period, and what is asked of a line within it."""

    since: date
    until: date
    product: str = ""
    """Product name or code with this in it."""
    customer: str = ""
    """Customer name with this in it, or a code that begins so."""
    state: str | None = None
    follow_up: FollowUpChoice | None = None
    telemarketer_id: int | None = None
    """Who looks after the customer; `NOBODY` for customers without an owner."""

    @classmethod
    def of_month(cls, year: int, month: int | None, **others: Any) -> TransactionFilters:
        """The filters of a month, or where none is given of a whole year."""
        first, last = month_of(date(year, month or 1, 1))
        return cls(first, last if month else date(year, 12, 31), **others)

    @classmethod
    def at_first(cls, today: date) -> TransactionFilters:
        """What history opens on: the previous month of the current year, in January last December."""
        first = previous_month(today)
        return cls.of_month(first.year, first.month)


@dataclass(frozen=True)
class Side:
    """One side of a sum: how many lines, in how many orders, of how many customers, for how much."""

    lines: int
    orders: int
    customers: int
    amount: Decimal


@dataclass(frozen=True)
class TransactionSums:
    """What was sold and what came back in a period, in one currency.

    `sold` leaves out cancelled orders and returns; `returned` are pieces that came back of these
    lines, and returns of their own. A line that came back stays sold, and is returned as well.
    """

    currency: str
    sold: Side
    returned: Side

    @property
    def difference(self) -> Decimal:
        return self.sold.amount - self.returned.amount


@dataclass(frozen=True)
class TransactionRow:
    """An order line as history shows it.

    `customer_id` and `customer_code` are none where the actor took the order for a colleague's
    customer: `customer` is then the name it was shipped to, and nothing else is told.
    """

    line_id: int
    day: date
    order: str
    customer_id: int | None
    customer_code: str | None
    customer: str
    product_code: str
    product: str
    quantity: int
    returned_quantity: int
    unit_price: Decimal
    amount: Decimal
    currency: str
    state: str
    follow_up: FollowUpState | None
    due_on: date | None
    followed_up_on: date | None
    response_id: int | None
    rating: int | None
    response: str | None
    responsible: str | None
    do_not_call: bool

    @property
    def may_answer(self) -> bool:
        """Whether a response can be put down for it."""
        return self.customer_id is not None and self.state == SOLD


@dataclass(frozen=True)
class TransactionTotals:
    """How many lines, and what they add up to, one entry per currency."""

    count: int
    sums: list[TransactionSums] = field(default_factory=list)


@dataclass(frozen=True)
class TransactionPage:
    """One page of a history. `number` begins at 1; a page beyond the last is the last."""

    rows: list[TransactionRow]
    totals: TransactionTotals
    number: int
    rows_a_page: int = PAGE_ROWS

    @property
    def pages(self) -> int:
        return max(1, -(-self.totals.count // self.rows_a_page))

    @property
    def first(self) -> int:
        """Which row of all is the first here; 0 where there is none."""
        return (self.number - 1) * self.rows_a_page + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1 if self.rows else 0


@dataclass(frozen=True)
class Suggestion:
    """A product or a category that a customer may care about."""

    kind: str
    id: int
    name: str
    code: str | None


# Which lines


def line_state() -> ColumnElement[str]:
    """`sold`, `returned` or `cancelled`, as SQL over `OrderLine` joined to `Order`."""
    return case(
        (Order.status == OrderStatus.CANCELLED, CANCELLED),
        (or_(Order.kind == OrderKind.RETURN, OrderLine.void_at.is_not(None)), RETURNED),
        else_=SOLD,
    )


def chosen(work: Work, filters: TransactionFilters) -> list[ColumnElement[bool]]:
    """The conditions of a history, over `OrderLine` joined to `Order`.

    Raises:
        InvalidValue: the period ends before it begins, or a filter is not one of those there are.
    """
    if filters.until < filters.since:
        raise InvalidValue("until", filters.until, "ends_before_start")
    if filters.state is not None and filters.state not in STATES:
        raise InvalidValue("state", filters.state, "unknown_field")
    conditions = _within(work, filters, OrderLine.ordered_at)
    if wanted := filters.product.strip():
        found = select(Product.id).where(
            or_(Product.name.icontains(wanted, autoescape=True), Product.code.icontains(wanted, autoescape=True))
        )
        conditions.append(OrderLine.product_id.in_(found))
    if named := folded(filters.customer):
        # Looked up line by line: however many customers there are, no more than the period's are read.
        conditions.append(
            _its_customer(
                or_(
                    Customer.search_name.contains(named, autoescape=True),
                    Customer.code.startswith(filters.customer.strip().upper(), autoescape=True),
                )
            )
        )
    if filters.telemarketer_id is not None:
        owner = None if filters.telemarketer_id == NOBODY else filters.telemarketer_id
        conditions.append(_its_customer(Customer.owner_id == owner))
    if filters.state is not None:
        conditions.append(line_state() == filters.state)
    if filters.follow_up is not None:
        conditions.append(_its_follow_up(work, FollowUpChoice(filters.follow_up)))
    return conditions


def _within(work: Work, filters: TransactionFilters, column: Any) -> list[ColumnElement[bool]]:
    return [column >= work.rules.start_of(filters.since), column < work.rules.end_of(filters.until)]


def _its_order(work: Work, filters: TransactionFilters) -> ColumnElement[bool]:
    """The order of a line. The period is said of it too: a line repeats its date, and PostgreSQL need not
    read every order there is to find those of a month."""
    return and_(Order.id == OrderLine.order_id, *_within(work, filters, Order.ordered_at))


def _its_customer(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    # Told what is outside, for exports have the customer there too.
    return select(Customer.id).where(Customer.id == OrderLine.customer_id, condition).correlate(OrderLine).exists()


def _its_follow_up(work: Work, choice: FollowUpChoice) -> ColumnElement[bool]:
    still_open = and_(FollowUp.state == FollowUpState.OPEN, FollowUp.expires_on >= work.today)
    asked = {
        FollowUpChoice.OPEN: still_open,
        FollowUpChoice.DUE: and_(still_open, FollowUp.due_on <= work.today),
        FollowUpChoice.ANSWERED: FollowUp.state == FollowUpState.ANSWERED,
        FollowUpChoice.CLOSED: FollowUp.state == FollowUpState.CLOSED,
        FollowUpChoice.EXPIRED: or_(
            FollowUp.state == FollowUpState.EXPIRED,
            and_(FollowUp.state == FollowUpState.OPEN, FollowUp.expires_on < work.today),
        ),
    }[choice]
    return select(FollowUp.line_id).where(FollowUp.line_id == OrderLine.id, asked).correlate(OrderLine).exists()


# One page


def transaction_page(
    work: Work, filters: TransactionFilters, *, sort: Sort | None = None, page: int = 1
) -> TransactionPage:
    """One page of the transactions one may see, with the count and the sums of exactly what is filtered.

    Own door orders are among them, under the name they were shipped to.

    Raises:
        InvalidValue: the filters cannot be.
    """
    totals = transaction_totals(work, filters)
    number = min(max(1, page), max(1, -(-totals.count // PAGE_ROWS)))
    return TransactionPage(transaction_rows(work, filters, sort=sort, page=number), totals, number)


def transaction_rows(
    work: Work, filters: TransactionFilters, *, sort: Sort | None = None, page: int = 1
) -> list[TransactionRow]:
    """The rows of a page alone, where count and sums are known already."""
    # First which lines, over as few tables as the question needs; then all about those few.
    sort = sort or Sort()
    wanted = select(OrderLine.id).where(*chosen(work, filters))
    if filters.state is not None or sort.key is SortKey.ORDER:
        wanted = wanted.join(Order, _its_order(work, filters))
    wanted = _sorted(wanted, sort)
    ids = list(work.session.scalars(wanted.limit(PAGE_ROWS).offset((page - 1) * PAGE_ROWS)))
    found = {row.line_id: row for row in _rows(work, _THESE_LINES, {"lines": ids})} if ids else {}
    return [found[line_id] for line_id in ids if line_id in found]


def all_transaction_rows(
    work: Work, filters: TransactionFilters, *, sort: Sort | None = None
) -> Iterator[TransactionRow]:
    """Every row of a history in its order, read as they are taken: for exports of any length."""
    statement = full_lines().where(*chosen(work, filters), *_within(work, filters, Order.ordered_at))
    statement = _sorted(statement, sort or Sort(), joined=True)
    return _rows(work, statement.execution_options(yield_per=EXPORT_ROWS))


def transaction_totals(work: Work, filters: TransactionFilters) -> TransactionTotals:
    """How many lines there are, and what they add up to."""
    found = list(_sums(work, filters))
    return TransactionTotals(sum(count for count, _ in found), [sums for _, sums in found])


def one_transaction(work: Work, line_id: int) -> TransactionRow | None:
    """One line as history shows it; none where it is missing, or not the actor's to see."""
    return next(_rows(work, _THESE_LINES, {"lines": [line_id]}), None)


def _sorted(statement: Select[Any], sort: Sort, *, joined: bool = False) -> Select[Any]:
    """In order, equal ones by date and line, so that no row is on two pages."""

    def by(column: SQLColumnExpression[Any]) -> ColumnElement[Any]:
        return column.desc().nulls_last() if sort.down else column.asc().nulls_last()

    last = (OrderLine.ordered_at.desc(), OrderLine.id.desc()) if sort.down else (OrderLine.ordered_at, OrderLine.id)
    if sort.key is SortKey.DATE:
        return statement.order_by(*last)
    columns: dict[SortKey, SQLColumnExpression[Any]] = {
        SortKey.ORDER: Order.number,
        SortKey.CUSTOMER: Customer.search_name,
        SortKey.PRODUCT: Product.name,
        SortKey.QUANTITY: OrderLine.quantity,
        SortKey.AMOUNT: OrderLine.amount,
        SortKey.DUE: _of_follow_up(FollowUp.due_on),
        SortKey.FOLLOWED_UP: _of_follow_up(FollowUp.followed_up_on),
        SortKey.RESPONSE: _newest_rating(),
    }
    if not joined and sort.key is SortKey.CUSTOMER:
        statement = statement.outerjoin(Customer, Customer.id == OrderLine.customer_id)
    if not joined and sort.key is SortKey.PRODUCT:
        statement = statement.join(Product, Product.id == OrderLine.product_id)
    return statement.order_by(by(columns[sort.key]), *last)


def _of_follow_up(column: Any) -> SQLColumnExpression[Any]:
    """A date of a line's follow-up, looked up line by line: a join would read every follow-up there is."""
    return select(column).where(FollowUp.line_id == OrderLine.id).correlate(OrderLine).scalar_subquery()


def _newest_rating() -> SQLColumnExpression[Any]:
    """The rating of a line's newest answer, for sorting."""
    answer = aliased(Response)
    return (
        select(answer.rating)
        .where(answer.line_id == OrderLine.id)
        .order_by(answer.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def full_lines() -> Select[Any]:
    """All that history tells about lines: `OrderLine` joined to what hangs on it, unordered and unlimited."""
    # The newest answer only: one row per line, however often a customer was asked.
    later = aliased(Response)
    newest = ~select(later.id).where(later.line_id == Response.line_id, later.id > Response.id).exists()
    columns: tuple[Any, ...] = (
        OrderLine.id.label("line_id"),
        OrderLine.ordered_at,
        Order.number,
        Order.ship_name,
        Customer.id.label("customer_id"),
        Customer.code.label("customer_code"),
        Customer.name.label("customer"),
        Customer.do_not_call_at,
        Product.code.label("product_code"),
        Product.name.label("product"),
        OrderLine.quantity,
        OrderLine.returned_quantity,
        OrderLine.unit_price,
        OrderLine.amount,
        Order.currency,
        line_state().label("state"),
        FollowUp.state.label("follow_up"),
        FollowUp.due_on,
        FollowUp.expires_on,
        FollowUp.followed_up_on,
        Response.id.label("response_id"),
        Response.rating,
        Response.text.label("response"),
        Employee.name.label("responsible"),
    )
    return (
        select(*columns)
        .select_from(OrderLine)
        .join(Order, Order.id == OrderLine.order_id)
        .join(Product, Product.id == OrderLine.product_id)
        # What of a line is a colleague's is left out, and the line stays: an order taken at the narrow door.
        .outerjoin(Customer, Customer.id == OrderLine.customer_id)
        .outerjoin(Employee, Employee.id == Customer.owner_id)
        .outerjoin(FollowUp, FollowUp.line_id == OrderLine.id)
        .outerjoin(Response, and_(Response.line_id == OrderLine.id, newest))
    )


# Made once: making it costs more than running it.
_THESE_LINES = full_lines().where(OrderLine.id.in_(bindparam("lines", expanding=True)))


def _rows(work: Work, statement: Select[Any], values: Mapping[str, Any] | None = None) -> Iterator[TransactionRow]:
    for row in work.session.execute(statement, values):
        state = row.follow_up
        if state is FollowUpState.OPEN and row.expires_on < work.today:
            state = FollowUpState.EXPIRED
        yield TransactionRow(
            line_id=row.line_id,
            day=work.rules.business_date(row.ordered_at),
            order=row.number,
            customer_id=row.customer_id,
            customer_code=row.customer_code,
            customer=(row.customer if row.customer_id is not None else row.ship_name) or "",
            product_code=row.product_code,
            product=row.product,
            quantity=row.quantity,
            returned_quantity=row.returned_quantity,
            unit_price=row.unit_price,
            amount=row.amount,
            currency=row.currency,
            state=row.state,
            follow_up=state,
            due_on=row.due_on,
            followed_up_on=row.followed_up_on,
            response_id=row.response_id,
            rating=row.rating,
            response=row.response,
            responsible=row.responsible,
            do_not_call=row.do_not_call_at is not None,
        )


# Sums


def transaction_sums(work: Work, *, since: date, until: date, product: str | None = None) -> list[TransactionSums]:
    """What was sold and returned in a period, one entry per currency: sums never mix them."""
    filters = TransactionFilters(since, until, product=product or "")
    return [sums for _, sums in _sums(work, filters)]


def _sums(work: Work, filters: TransactionFilters) -> Iterator[tuple[int, TransactionSums]]:
    """All lines counted, and their sums, for each currency."""
    sold = and_(Order.kind == OrderKind.SALE, Order.status != OrderStatus.CANCELLED)
    back = or_(Order.kind == OrderKind.RETURN, and_(sold, OrderLine.returned_quantity > 0))
    back_amount = case((Order.kind == OrderKind.RETURN, OrderLine.amount), else_=OrderLine.returned_amount)
    rows = work.session.execute(
        select(Order.currency, func.count(), *_side(sold, OrderLine.amount), *_side(back, back_amount))
        .select_from(OrderLine)
        .join(Order, _its_order(work, filters))
        .where(*chosen(work, filters))
        .group_by(Order.currency)
        .order_by(Order.currency)
    )
    for currency, count, *figures in rows:
        yield count, TransactionSums(currency, _as_side(figures[:4]), _as_side(figures[4:]))


def _as_side(figures: Sequence[Any]) -> Side:
    lines, orders, customers, amount = figures
    return Side(lines, orders, customers, amount or Decimal(0))


def _side(chosen: ColumnElement[bool], amount: SQLColumnExpression[Decimal]) -> list[ColumnElement[Any]]:
    """The four figures of the lines chosen."""
    return [
        func.count(case((chosen, OrderLine.id))),
        func.count(case((chosen, OrderLine.order_id)).distinct()),
        func.count(case((chosen, OrderLine.customer_id)).distinct()),
        func.sum(case((chosen, amount))),
    ]


# What the screen offers to choose from


def telemarketers(work: Work) -> list[tuple[int, str]]:
    """Who looks after customers or did: id and name; for staff, who may look at one's alone."""
    if not work.actor.is_staff:
        return []
    rows = work.session.execute(
        select(Employee.id, Employee.name).where(Employee.role == Role.TELEMARKETER).order_by(Employee.name)
    )
    return [(row.id, row.name) for row in rows]


def years(work: Work) -> list[int]:
    """The years from the first transaction of the customers one may see to this one, newest first."""
    first_line = select(OrderLine.ordered_at).order_by(OrderLine.ordered_at).limit(1)
    if work.actor.is_staff:
        first = work.session.scalar(first_line)
    else:
        # Customer by customer: whoever has few, or none, need not look through everybody's lines.
        of_each = first_line.where(OrderLine.customer_id == Customer.id).correlate(Customer).scalar_subquery()
        first = work.session.scalar(select(func.min(of_each)))
    begun = work.rules.business_date(first).year if first is not None else work.today.year
    return list(range(work.today.year, max(FIRST_YEAR, min(begun, work.today.year)) - 1, -1))


def wanted_things(work: Work, text: str) -> list[Suggestion]:
    """Categories and products on sale with this in their name, or products whose code begins so."""
    wanted = text.strip()
    if not wanted:
        return []
    categories = work.session.execute(
        select(Category.id, Category.name)
        .where(Category.name.icontains(wanted, autoescape=True))
        .order_by(Category.name)
        .limit(SUGGESTIONS // 2)
    )
    found = [Suggestion("category", row.id, row.name, None) for row in categories]
    products = work.session.execute(
        select(Product.id, Product.name, Product.code)
        .where(
            Product.active,
            or_(Product.name.icontains(wanted, autoescape=True), Product.code.istartswith(wanted, autoescape=True)),
        )
        .order_by(Product.name, Product.id)
        .limit(SUGGESTIONS - len(found))
    )
    return found + [Suggestion("product", row.id, row.name, row.code) for row in products]
