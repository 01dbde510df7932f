"""An order's way: paid, shipped, delivered, or cancelled and returned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ecrm_core.crm import Work
from ecrm_core.errors import InvalidValue, NotVisible
from ecrm_core.models import Customer, FollowUpClosing, LineReturn, Order, OrderLine, OrderStatus, Product
from ecrm_core.models.base import MONEY_UNIT
from ecrm_core.services.activity import refresh_last_activity
from ecrm_core.services.checks import clean_text, required_text
from ecrm_core.services.orders.forms import StatusRefused
from ecrm_core.services.orders.rows import (
    FINAL,
    ONCE,
    last_steps,
    locked,
    locked_lines,
    may_follow,
    move_stock,
    note_statuses,
    own_orders,
    passed_statuses,
    void,
)


def change_order_status(
    work: Work, order_id: int, status: OrderStatus | str, *, reason: str | None = None, at: datetime | None = None
) -> OrderStatus:
    """Move an order along; cancelled and returned ones count for nothing from this instant on.

    Args:
        reason: why, for a cancellation or return.
        at: when it happened, where it is written down later; none means now.

    Raises:
        NotVisible: missing, or a colleague's.
        StatusRefused: this does not follow that, or was so already.
        InvalidValue: a cancellation or return without a reason; an instant to come, before the order, or before
            its last step.
    """
    return change_order_statuses(work, [order_id], status, reason=reason, at=at)


def change_order_statuses(
    work: Work,
    order_ids: Sequence[int],
    status: OrderStatus | str,
    *,
    reason: str | None = None,
    at: datetime | None = None,
) -> OrderStatus:
    """Move many orders along, as one gesture: a shelf of parcels handed to the courier.

    Raises:
        NotVisible, StatusRefused, InvalidValue: as for one; then none has moved.
    """
    status = OrderStatus(status)
    told = (required_text if status in FINAL else clean_text)("reason", reason, limit=500)
    _move(work, own_orders(work, order_ids), status, told, at=at)
    return status


def ship(work: Work, order_id: int, courier: str | None, tracking_number: str | None) -> OrderStatus:
    """Hand an order to the courier; who carries it under which number may be left open.

    Raises:
        NotVisible, StatusRefused: as for `change_order_status`.
        InvalidValue: a text that cannot be kept.
    """
    carrier = clean_text("courier", courier, limit=64)
    number = clean_text("tracking_number", tracking_number, limit=64)
    orders = own_orders(work, [order_id])
    _move(work, orders, OrderStatus.SHIPPED, None)
    for order in orders:
        order.courier, order.tracking_number = carrier, number
    return OrderStatus.SHIPPED


def refuse_at_door(work: Work, order_id: int, *, reason: str, at: datetime | None = None) -> OrderStatus:
    """Note that a parcel was not taken in: all of it is returned, and the order says so.

    Raises:
        NotVisible: missing, or a colleague's.
        StatusRefused: it is not under way.
        InvalidValue: no reason; an instant to come, before the order, or before its last step.
    """
    told = required_text("reason", reason, limit=500)
    orders = own_orders(work, [order_id])
    _move(work, orders, OrderStatus.RETURNED, told, at=at, refused_at_door=True)
    return OrderStatus.RETURNED


def return_pieces(work: Work, line_id: int, quantity: int, *, reason: str) -> OrderStatus:
    """Take back pieces of a line; the line counts while one is kept. The order's status afterwards.

    Raises:
        NotVisible: missing, or a colleague's.
        InvalidValue: not between one and what the customer still has; no reason.
        StatusRefused: the order is cancelled, or has not left the house yet.
    """
    found = work.session.get(OrderLine, line_id)
    if found is None:
        raise NotVisible(line_id=line_id)
    (order,) = own_orders(work, [found.order_id])
    _check(work, [order], OrderStatus.RETURNED)
    lines = locked_lines(work, [order.id])
    line = next(line for line in lines if line.id == line_id)
    kept = line.quantity - line.returned_quantity
    if not 1 <= quantity <= kept:
        raise InvalidValue("quantity", quantity, "range", least=1, most=kept)
    told = required_text("reason", reason, limit=500)
    products = locked(work, Product, [line.product_id])
    _return(work, line, quantity, told, at=work.now)
    if quantity == kept:
        void(work, [line], FollowUpClosing.RETURNED, at=work.now)
    move_stock(products[line.product_id], quantity)
    order.version += 1
    if all(other.void_at is not None for other in lines):
        order.status = OrderStatus.RETURNED
        note_statuses(work, [(order, work.now)], reason=told)
    if quantity == kept:
        refresh_last_activity(work, [order.customer_id])
    return order.status


def _move(
    work: Work,
    orders: Sequence[Order],
    status: OrderStatus,
    reason: str | None,
    *,
    at: datetime | None = None,
    refused_at_door: bool = False,
) -> None:
    _check(work, orders, status, refused_at_door=refused_at_door)
    since = at or work.now
    if since > work.now:
        raise InvalidValue("date", since, "in_the_future")
    last = last_steps(work, [order.id for order in orders]) if at is not None else {}
    for order in orders:
        if since < order.ordered_at:
            raise InvalidValue("date", since, "before_order")
        if since < last.get(order.id, since):
            raise InvalidValue("date", since, "before_step")
    if status in FINAL:
        _undo_lines(work, orders, status, reason or "", at=since)
    for order in orders:
        order.status = status
        order.version += 1
    note_statuses(work, [(order, since) for order in orders], reason=reason, refused_at_door=refused_at_door)
    if status in FINAL:
        refresh_last_activity(work, {order.customer_id for order in orders})


def _check(work: Work, orders: Sequence[Order], status: OrderStatus, *, refused_at_door: bool = False) -> None:
    passed = passed_statuses(work, [order.id for order in orders])
    for order in orders:
        was = passed[order.id] | {order.status}
        if order.status is status or status in ONCE & was:
            raise StatusRefused(order, status, already=True)
        if status not in may_follow(order.status, was):
            raise StatusRefused(order, status)
        if refused_at_door and (OrderStatus.DELIVERED in was or OrderStatus.SHIPPED not in was):
            raise StatusRefused(order, status)


def _undo_lines(work: Work, orders: Sequence[Order], status: OrderStatus, reason: str, *, at: datetime) -> None:
    """Cancel or take back all that is left of these orders, and put it back into stock."""
    lines = locked_lines(work, [order.id for order in orders])
    locked(work, Customer, (order.customer_id for order in orders))
    products = locked(work, Product, (line.product_id for line in lines))
    left = [line for line in lines if line.quantity > line.returned_quantity]
    for line in left:
        kept = line.quantity - line.returned_quantity
        if status is OrderStatus.RETURNED:
            _return(work, line, kept, reason, at=at)
        move_stock(products[line.product_id], kept)
    void(work, left, FollowUpClosing.RETURNED if status is OrderStatus.RETURNED else FollowUpClosing.CANCELLED, at=at)


def _return(work: Work, line: OrderLine, quantity: int, reason: str, *, at: datetime) -> None:
    left = line.amount - line.returned_amount
    last = line.returned_quantity + quantity == line.quantity
    # The last piece takes what rounding has left, so that the returns add up to the line.
    share = left if last else (line.amount * quantity / line.quantity).quantize(MONEY_UNIT)
    work.session.add(
        LineReturn(
            line_id=line.id,
            customer_id=line.customer_id,
            quantity=quantity,
            amount=share,
            at=at,
            by_id=work.actor.employee_id,
            reason=reason,
        )
    )
    line.returned_quantity += quantity
    line.returned_amount += share
