"""Transactions of a period: order lines as history shows them, and their sums.

`since` and `until` are business days, both included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
from pandera.typing import DataFrame
from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, func, or_, select
from sqlalchemy.orm import aliased

from ecrm_core.crm import Work
from ecrm_core.frames import Transactions, checked
from ecrm_core.models import Customer, FollowUp, Order, OrderKind, OrderLine, OrderStatus, Product, Response
from ecrm_core.queries.activity import business_dates

SOLD, RETURNED, CANCELLED = "sold", "returned", "cancelled"


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


def line_state() -> ColumnElement[str]:
    """`sold`, `returned` or `cancelled`, as SQL over `OrderLine` joined to `Order`."""
    return case(
        (Order.status == OrderStatus.CANCELLED, CANCELLED),
        (or_(Order.kind == OrderKind.RETURN, OrderLine.void_at.is_not(None)), RETURNED),
        else_=SOLD,
    )


def period(work: Work, *, since: date, until: date, product: str | None = None) -> Sequence[ColumnElement[bool]]:
    """The conditions of a history: ordered in the period, product name or code with this in it."""
    conditions = [OrderLine.ordered_at >= work.rules.start_of(since), OrderLine.ordered_at < work.rules.end_of(until)]
    if product and product.strip():
        wanted = product.strip()
        found = select(Product.id).where(
            or_(Product.name.icontains(wanted, autoescape=True), Product.code.icontains(wanted, autoescape=True))
        )
        conditions.append(OrderLine.product_id.in_(found))
    return conditions


def transactions(work: Work, *, since: date, until: date, product: str | None = None) -> DataFrame[Transactions]:
    """The order lines of a period that one may see, oldest first, returned and cancelled ones marked."""
    # The newest answer only: one row per line, however often a customer was asked.
    later = aliased(Response)
    newest = ~select(later.id).where(later.line_id == Response.line_id, later.id > Response.id).exists()
    rows = work.session.execute(
        select(
            OrderLine.id,
            OrderLine.ordered_at,
            Order.number,
            Customer.code,
            Customer.name,
            Product.code,
            Product.name,
            OrderLine.quantity,
            OrderLine.unit_price,
            OrderLine.amount,
            Order.currency,
            line_state(),
            FollowUp.due_on,
            FollowUp.followed_up_on,
            Response.rating,
            Response.text,
        )
        .join(Order, Order.id == OrderLine.order_id)
        .join(Customer, Customer.id == OrderLine.customer_id)
        .join(Product, Product.id == OrderLine.product_id)
        .outerjoin(FollowUp, FollowUp.line_id == OrderLine.id)
        .outerjoin(Response, and_(Response.line_id == OrderLine.id, newest))
        .where(*period(work, since=since, until=until, product=product))
        .order_by(OrderLine.ordered_at, OrderLine.id)
    ).all()
    frame = pd.DataFrame(rows, columns=list(Transactions.to_schema().columns))
    texts = dict.fromkeys(("order", "customer_code", "customer", "product_code", "product", "currency", "state"), "str")
    frame = frame.astype({"line_id": "int64", "quantity": "int64", **texts})
    frame["date"] = business_dates(frame["date"], work.rules.timezone)
    return checked(frame, Transactions)


def transaction_sums(work: Work, *, since: date, until: date, product: str | None = None) -> list[TransactionSums]:
    """What was sold and returned in a period, one entry per currency: sums never mix them."""
    sold = and_(Order.kind == OrderKind.SALE, Order.status != OrderStatus.CANCELLED)
    back = or_(Order.kind == OrderKind.RETURN, and_(sold, OrderLine.returned_quantity > 0))
    back_amount = case((Order.kind == OrderKind.RETURN, OrderLine.amount), else_=OrderLine.returned_amount)
    rows = work.session.execute(
        select(Order.currency, *_side(sold, OrderLine.amount), *_side(back, back_amount))
        .join(Order, Order.id == OrderLine.order_id)
        .where(*period(work, since=since, until=until, product=product))
        .group_by(Order.currency)
        .order_by(Order.currency)
    )
    return [TransactionSums(currency, _as_side(figures[:4]), _as_side(figures[4:])) for currency, *figures in rows]


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
