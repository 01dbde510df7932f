"""Orders: taken once per intention, moved along, cancelled, returned.

Rows are locked in one order everywhere, so that two gestures never wait for each other in a ring:
counter, orders, lines, customers, products; rows of one table by their ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import select

from ecrm_core.crm import Work
from ecrm_core.errors import CustomerNotVisible, InvalidValue, NotVisible
from ecrm_core.models import (
    Customer,
    FollowUp,
    FollowUpClosing,
    FollowUpState,
    LineReturn,
    Order,
    OrderLine,
    OrderSource,
    OrderStatus,
    OrderStatusChange,
    Product,
)
from ecrm_core.models.base import MONEY_UNIT
from ecrm_core.services.activity import refresh_last_activity
from ecrm_core.services.checks import clean_money, clean_text, required_text
from ecrm_core.services.customers import CustomerForm
from ecrm_core.services.followups import close, open_follow_ups
from ecrm_core.services.numbers import locked_counter, order_number
from ecrm_core.services.orders.forms import LineForm, OrderForm, OrderReceipt, StatusRefused

MOST_PIECES = 9_999
"""Pieces of one product in one line; more is a slip of the finger."""

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

Locked = TypeVar("Locked", Customer, Order, OrderLine, Product)


def take_order_for_new(
    work: Work, customer: CustomerForm, form: OrderForm, *, check_duplicates: bool = True
) -> OrderReceipt:
    """Enter a new customer and take their first order, both or neither; sent twice, it makes one of each.

    `form.customer_id` is not looked at; `OrderReceipt.customer_id` says who it became. Where the
    customer looks like one we know, `customer.why_new` must say why it is somebody else.

    Raises:
        PossibleDuplicate: this could be one of those it carries, and nothing says why not.
        InvalidValue, UnknownEmployee: as for `add_customer` and `take_order`.
        StockTooLow: as for `take_order`.
    """
    raise NotImplementedError


def take_order(work: Work, form: OrderForm) -> OrderReceipt:
    """Take an order for one's own customer; status, follow-ups and stock follow at once.

    Raises:
        CustomerNotVisible: the customer is missing, or a colleague's.
        InvalidValue: no line, a quantity below one, an unknown or inactive product, a price that
            cannot be kept, a discount larger than the line, an unknown source, a time to come.
    """
    return take_orders(work, [form])[0]


def take_orders(work: Work, forms: Sequence[OrderForm]) -> list[OrderReceipt]:
    """Take many orders, oldest first, as one gesture: all of them or none; a receipt for each form.

    Raises:
        CustomerNotVisible, InvalidValue: as for one.
    """
    # Whoever sends the same intention at the same time waits here, and then finds the order made.
    counter = locked_counter(work, "order")
    receipts = _receipts(work, {_intention(form) for form in forms})
    new: dict[str, OrderForm] = {}
    for form in forms:
        if form.intention not in receipts:
            new.setdefault(form.intention, form)
    fresh = list(new.values())
    customers = _locked(work, Customer, (form.customer_id for form in fresh))
    products = _locked(work, Product, (line.product_id for form in fresh for line in form.lines))
    _check_sources(work, fresh)
    # Everything is checked before anything is written.
    orders = [_order(work, form, customers.get(form.customer_id)) for form in fresh]
    lines_of = [_lines(order, form, products) for order, form in zip(orders, fresh, strict=True)]
    for order in orders:
        counter.value += 1
        order.number = order_number(counter.value)
    work.session.add_all(orders)
    work.session.flush()

    for order, lines in zip(orders, lines_of, strict=True):
        for line in lines:
            line.order_id = order.id
            _move_stock(products[line.product_id], -line.quantity)
        work.session.add_all(lines)
        _note_status(work, order, at=order.ordered_at)
        customer = customers[order.customer_id]
        customer.last_activity_at = max(customer.last_activity_at or order.ordered_at, order.ordered_at)
    work.session.flush()

    due = open_follow_ups(work, lines_of, products, customers)
    for order, lines in zip(orders, lines_of, strict=True):
        assert order.intention is not None
        owed = [due[line.id] for line in lines if line.id in due]
        receipts[order.intention] = _receipt(order, lines, owed)
    return [receipts[form.intention] for form in forms]


def change_order_status(
    work: Work, order_id: int, status: OrderStatus | str, *, reason: str | None = None
) -> OrderStatus:
    """Move an order along; cancelled and returned ones count for nothing from this instant on.

    Raises:
        NotVisible: missing, or a colleague's.
        StatusRefused: this does not follow that.
        InvalidValue: a cancellation or return without a reason.
    """
    return change_order_statuses(work, [order_id], status, reason=reason)


def change_order_statuses(
    work: Work, order_ids: Sequence[int], status: OrderStatus | str, *, reason: str | None = None
) -> OrderStatus:
    """Move many orders along, as one gesture: a shelf of parcels handed to the courier.

    Raises:
        NotVisible, StatusRefused, InvalidValue: as for one; then none has moved.
    """
    status = OrderStatus(status)
    told = (required_text if status in FINAL else clean_text)("reason", reason, limit=500)
    orders = _own_orders(work, order_ids)
    for order in orders:
        if status not in NEXT[order.status]:
            raise StatusRefused(order, status)
    if status in FINAL:
        _undo_lines(work, orders, status, told or "")
    for order in orders:
        order.status = status
        _note_status(work, order, at=work.now, reason=told)
    if status in FINAL:
        refresh_last_activity(work, {order.customer_id for order in orders})
    return status


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
    (order,) = _own_orders(work, [found.order_id])
    if OrderStatus.RETURNED not in NEXT[order.status]:
        raise StatusRefused(order, OrderStatus.RETURNED)
    lines = _locked_lines(work, [order.id])
    line = next(line for line in lines if line.id == line_id)
    kept = line.quantity - line.returned_quantity
    if not 1 <= quantity <= kept:
        raise InvalidValue("quantity", quantity, "range", least=1, most=kept)
    told = required_text("reason", reason, limit=500)
    products = _locked(work, Product, [line.product_id])
    _return(work, line, quantity, told)
    _move_stock(products[line.product_id], quantity)
    if all(other.void_at is not None for other in lines):
        order.status = OrderStatus.RETURNED
        _note_status(work, order, at=work.now, reason=told)
    refresh_last_activity(work, [order.customer_id])
    return order.status


def _intention(form: OrderForm) -> str:
    return required_text("intention", form.intention, limit=64)


def _receipts(work: Work, intentions: set[str]) -> dict[str, OrderReceipt]:
    """Receipts of what these intentions have made already."""
    made = {order.id: order for order in work.session.scalars(select(Order).where(Order.intention.in_(intentions)))}
    if not made:
        return {}
    lines: dict[int, list[OrderLine]] = {order_id: [] for order_id in made}
    for line in work.session.scalars(select(OrderLine).where(OrderLine.order_id.in_(made)).order_by(OrderLine.id)):
        lines[line.order_id].append(line)
    line_ids = [line.id for each in lines.values() for line in each]
    due = {
        row.line_id: row.due_on
        for row in work.session.execute(select(FollowUp.line_id, FollowUp.due_on).where(FollowUp.line_id.in_(line_ids)))
    }
    return {
        order.intention: _receipt(
            order, lines[order.id], [due[line.id] for line in lines[order.id] if line.id in due], again=True
        )
        for order in made.values()
        if order.intention is not None
    }


def _receipt(order: Order, lines: Sequence[OrderLine], due: list[date], *, again: bool = False) -> OrderReceipt:
    total = sum((line.amount for line in lines), order.shipping_cost)
    return OrderReceipt(order.id, order.number, total, order.currency, due, again)


def _locked(work: Work, model: type[Locked], ids: Iterable[int]) -> dict[int, Locked]:
    """Rows by id, as they stand now, held until the work ends; those that are missing are left out."""
    wanted = set(ids)
    if not wanted:
        return {}
    statement = (
        select(model)
        .where(model.id.in_(wanted))
        .order_by(model.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in work.session.scalars(statement)}


def _locked_lines(work: Work, order_ids: Sequence[int]) -> list[OrderLine]:
    statement = (
        select(OrderLine)
        .where(OrderLine.order_id.in_(order_ids))
        .order_by(OrderLine.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(work.session.scalars(statement))


def _own_orders(work: Work, order_ids: Sequence[int]) -> list[Order]:
    """Orders of customers one may see; who took one through the narrow door sees it, and no more."""
    found = _locked(work, Order, order_ids)
    owners = {order.customer_id for order in found.values()}
    seen = set(work.session.scalars(select(Customer.id).where(Customer.id.in_(owners))))
    for order_id in order_ids:
        if order_id not in found or found[order_id].customer_id not in seen:
            raise NotVisible(order_id=order_id)
    return list(found.values())


def _check_sources(work: Work, forms: Iterable[OrderForm]) -> None:
    wanted = {form.heard_from_id for form in forms if form.heard_from_id is not None}
    if not wanted:
        return
    known = set(work.session.scalars(select(OrderSource.id).where(OrderSource.id.in_(wanted))))
    for source_id in wanted - known:
        raise InvalidValue("source", source_id, "unknown_source")


def _order(work: Work, form: OrderForm, customer: Customer | None) -> Order:
    if customer is None:
        raise CustomerNotVisible(customer_id=form.customer_id)
    ordered_at = form.ordered_at or work.now
    if ordered_at > work.now:
        raise InvalidValue("ordered_at", ordered_at, "in_the_future")
    return Order(
        customer_id=customer.id,
        taken_by_id=work.actor.employee_id,
        channel=form.channel,
        ordered_at=ordered_at,
        status=OrderStatus.NEW,
        currency=work.rules.currency,
        shipping_cost=clean_money("shipping_cost", form.shipping_cost),
        ship_name=customer.name,
        ship_address=clean_text("address", form.ship_address or customer.address, limit=500, lines=True),
        ship_city=clean_text("city", form.ship_city or customer.city, limit=100),
        ship_province=clean_text("province", form.ship_province or customer.province, limit=100),
        ship_postcode=clean_text("postcode", form.ship_postcode or customer.postcode, limit=10),
        payment_method=form.payment_method,
        heard_from_id=form.heard_from_id,
        note=clean_text("note", form.note, limit=4000, lines=True),
        intention=form.intention,
        created_at=work.now,
    )


def _lines(order: Order, form: OrderForm, products: dict[int, Product]) -> list[OrderLine]:
    if not form.lines:
        raise InvalidValue("lines", None, "empty")
    return [_line(order, typed, products.get(typed.product_id)) for typed in form.lines]


def _line(order: Order, typed: LineForm, product: Product | None) -> OrderLine:
    if product is None:
        raise InvalidValue("product", typed.product_id, "unknown_product")
    if not product.active:
        raise InvalidValue("product", product.name, "inactive_product")
    if not 1 <= typed.quantity <= MOST_PIECES:
        raise InvalidValue("quantity", typed.quantity, "range", least=1, most=MOST_PIECES)
    price = clean_money("unit_price", product.price if typed.unit_price is None else typed.unit_price)
    discount = clean_money("discount", typed.discount)
    if discount > price * typed.quantity:
        raise InvalidValue("discount", discount, "too_large")
    return OrderLine(
        customer_id=order.customer_id,
        product_id=product.id,
        ordered_at=order.ordered_at,
        quantity=typed.quantity,
        unit_price=price,
        discount=discount,
        amount=clean_money("amount", price * typed.quantity - discount),
        returned_quantity=0,
        returned_amount=Decimal(0),
        door_taker_id=order.door_taker_id,
    )


def _note_status(work: Work, order: Order, *, at: datetime, reason: str | None = None) -> None:
    by_id = work.actor.employee_id
    work.session.add(OrderStatusChange(order_id=order.id, status=order.status, at=at, by_id=by_id, reason=reason))


def _undo_lines(work: Work, orders: Sequence[Order], status: OrderStatus, reason: str) -> None:
    """Cancel or take back all that is left of these orders, and put it back into stock."""
    lines = _locked_lines(work, [order.id for order in orders])
    _locked(work, Customer, (order.customer_id for order in orders))
    products = _locked(work, Product, (line.product_id for line in lines))
    for line in lines:
        kept = line.quantity - line.returned_quantity
        if kept == 0:
            continue
        if status is OrderStatus.RETURNED:
            _return(work, line, kept, reason)
        else:
            _void(work, line, FollowUpClosing.CANCELLED)
        _move_stock(products[line.product_id], kept)


def _return(work: Work, line: OrderLine, quantity: int, reason: str) -> None:
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
            at=work.now,
            by_id=work.actor.employee_id,
            reason=reason,
        )
    )
    line.returned_quantity += quantity
    line.returned_amount += share
    if last:
        _void(work, line, FollowUpClosing.RETURNED)


def _void(work: Work, line: OrderLine, because: FollowUpClosing) -> None:
    """From now on this line counts for nothing, and nothing is owed for it."""
    line.void_at = work.now
    owed = work.session.get(FollowUp, line.id, with_for_update=True)
    if owed is not None and owed.state is FollowUpState.OPEN:
        close(work, owed, because)


def _move_stock(product: Product, pieces: int) -> None:
    """More may be sold than is counted (a delivery is on its way), but stock never reads below nothing."""
    if product.stock is not None:
        product.stock = max(0, product.stock + pieces)
