"""Rows of orders: how they are locked, what makes them void, and what may follow what.

Rows are locked in one order everywhere, so that two gestures never wait for each other in a ring:
counter, orders, lines, customers, products; rows of one table by their ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Select, bindparam, func, select

from ecrm_core.crm import Work, insert_rows
from ecrm_core.errors import NotVisible
from ecrm_core.models import (
    Customer,
    FollowUp,
    FollowUpClosing,
    FollowUpState,
    Order,
    OrderLine,
    OrderStatus,
    OrderStatusChange,
    Product,
)
from ecrm_core.services.followups import close, reopen_replaced

NEXT: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.NEW: frozenset({OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.CANCELLED}),
    OrderStatus.PAID: frozenset(
        {OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.RETURNED, OrderStatus.CANCELLED}
    ),
    OrderStatus.SHIPPED: frozenset(
        {OrderStatus.PAID, OrderStatus.DELIVERED, OrderStatus.RETURNED, OrderStatus.CANCELLED}
    ),
    OrderStatus.DELIVERED: frozenset({OrderStatus.PAID, OrderStatus.RETURNED}),
    OrderStatus.CANCELLED: frozenset(),
    OrderStatus.RETURNED: frozenset(),
}
"""What may follow what. Cash on delivery is paid last, a transfer first, so paid stands in both places."""

FINAL = frozenset({OrderStatus.CANCELLED, OrderStatus.RETURNED})
ONCE = frozenset({OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.DELIVERED})

Locked = TypeVar("Locked", Customer, Order, OrderLine, Product)

# Made once: a shelf of parcels asks each of them many times.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_PASSED = select(OrderStatusChange.order_id, OrderStatusChange.status).where(OrderStatusChange.order_id.in_(_IDS))
_SEEN = select(Customer.id).where(Customer.id.in_(_IDS))
_LINES = (
    select(OrderLine)
    .where(OrderLine.order_id.in_(_IDS))
    .order_by(OrderLine.id)
    .with_for_update()
    .execution_options(populate_existing=True)
)
_OWED = (
    select(FollowUp)
    .where(FollowUp.line_id.in_(_IDS))
    .order_by(FollowUp.line_id)
    .with_for_update()
    .execution_options(populate_existing=True)
)


def may_follow(status: OrderStatus, passed: Iterable[OrderStatus]) -> frozenset[OrderStatus]:
    """What an order may become, given what it is and was: nothing twice, and no way back from the customer."""
    was = set(passed)
    allowed = NEXT[status] - (ONCE & was)
    return allowed - {OrderStatus.SHIPPED, OrderStatus.CANCELLED} if OrderStatus.DELIVERED in was else allowed


def passed_statuses(work: Work, order_ids: Sequence[int]) -> dict[int, set[OrderStatus]]:
    """What each of these orders has been so far."""
    passed: dict[int, set[OrderStatus]] = {order_id: set() for order_id in order_ids}
    for order_id, status in work.session.execute(_PASSED, {"ids": list(passed)}):
        passed[order_id].add(status)
    return passed


def last_steps(work: Work, order_ids: Sequence[int]) -> dict[int, datetime]:
    """When each of these orders last changed its status."""
    change = OrderStatusChange
    newest = select(change.order_id, func.max(change.at)).where(change.order_id.in_(order_ids))
    rows = work.session.execute(newest.group_by(change.order_id))
    return {row[0]: row[1] for row in rows}


def locked(work: Work, model: type[Locked], ids: Iterable[int]) -> dict[int, Locked]:
    """Rows by id, as they stand now, held until the work ends; those that are missing are left out."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {row.id: row for row in work.session.scalars(_locking(model), {"ids": wanted})}


@cache
def _locking(model: type[Locked]) -> Select[Any]:
    return (
        select(model)
        .where(model.id.in_(_IDS))
        .order_by(model.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def locked_lines(work: Work, order_ids: Sequence[int]) -> list[OrderLine]:
    """The lines of orders, as they stand now, held until the work ends."""
    return list(work.session.scalars(_LINES, {"ids": list(order_ids)}))


def own_orders(work: Work, order_ids: Sequence[int]) -> list[Order]:
    """Orders of customers one may see; who took one through the narrow door sees it, and no more.

    Raises:
        NotVisible: one of them is missing, or a colleague's.
    """
    found = locked(work, Order, order_ids)
    seen = {order.customer_id for order in found.values()}
    if not work.actor.is_staff:  # they see everybody
        seen = set(work.session.scalars(_SEEN, {"ids": list(seen)}))
    for order_id in order_ids:
        if order_id not in found or found[order_id].customer_id not in seen:
            raise NotVisible(order_id=order_id)
    return list(found.values())


def note_statuses(
    work: Work, since: Iterable[tuple[Order, datetime]], *, reason: str | None = None, refused_at_door: bool = False
) -> None:
    """Keep since when each of these orders has its status, by whom and why."""
    changes = [
        {
            "order_id": order.id,
            "status": order.status,
            "at": at,
            "by_id": work.actor.employee_id,
            "reason": reason,
            "refused_at_door": refused_at_door,
        }
        for order, at in since
    ]
    insert_rows(work.session, OrderStatusChange, changes)


def void(work: Work, lines: Sequence[OrderLine], because: FollowUpClosing, *, at: datetime) -> None:
    """From then on these lines count for nothing and owe nothing; what they had replaced is owed again."""
    if not lines:
        return
    for line in lines:
        line.void_at = at
    for follow_up in work.session.scalars(_OWED, {"ids": [line.id for line in lines]}):
        if follow_up.state is FollowUpState.OPEN:
            close(work, follow_up, because)
    reopen_replaced(work, lines)


def move_stock(product: Product, pieces: int) -> None:
    """More may be sold than is counted (a delivery is on its way), but stock never reads below nothing."""
    if product.stock is not None:
        product.stock = max(0, product.stock + pieces)
