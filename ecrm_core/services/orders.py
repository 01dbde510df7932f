"""Orders: taken once per intention, moved along, cancelled, returned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from ecrm_core.crm import Work
from ecrm_core.errors import EcrmError, InvalidValue, NotVisible
from ecrm_core.models import (
    Customer,
    FollowUp,
    FollowUpClosing,
    FollowUpState,
    LineReturn,
    Order,
    OrderChannel,
    OrderLine,
    OrderStatus,
    OrderStatusChange,
    PaymentMethod,
    Product,
)
from ecrm_core.models.base import MONEY_UNIT
from ecrm_core.services.activity import refresh_last_activity
from ecrm_core.services.checks import clean_money, clean_text, required_text
from ecrm_core.services.customers import own_customer
from ecrm_core.services.followups import close, open_follow_up
from ecrm_core.services.numbers import next_number, order_number

NEXT: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.NEW: frozenset({OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.CANCELLED}),
    OrderStatus.PAID: frozenset({OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.CANCELLED}),
    OrderStatus.SHIPPED: frozenset(
        {OrderStatus.PAID, OrderStatus.DELIVERED, OrderStatus.RETURNED, OrderStatus.CANCELLED}
    ),
    OrderStatus.DELIVERED: frozenset({OrderStatus.PAID, OrderStatus.RETURNED}),
    OrderStatus.CANCELLED: frozenset(),
    OrderStatus.RETURNED: frozenset(),
}
"""What may follow what. Cash on delivery is paid last, a transfer first, so paid stands in both places."""


class StatusRefused(EcrmError):
    """An order cannot go from this status to that; facts: `number`, `before`, `after`."""

    code = "error.status_refused"


@dataclass(frozen=True)
class LineForm:
    """A line as it is typed. `unit_price` none means today's price; `discount` is off the whole line."""

    product_id: int
    quantity: int = 1
    unit_price: Decimal | None = None
    discount: Decimal = Decimal(0)


@dataclass(frozen=True)
class OrderForm:
    """An order as it is typed. `intention` is the form's own key: sent twice, it makes one order."""

    customer_id: int
    lines: Sequence[LineForm]
    intention: str
    channel: OrderChannel = OrderChannel.PHONE
    shipping_cost: Decimal = Decimal(0)
    ship_address: str | None = None
    ship_city: str | None = None
    ship_province: str | None = None
    ship_postcode: str | None = None
    payment_method: PaymentMethod | None = None
    heard_from_id: int | None = None
    note: str | None = None


@dataclass(frozen=True)
class OrderReceipt:
    """An order on record. `again` where this intention had made its order before."""

    order_id: int
    number: str
    total: Decimal
    currency: str
    follow_ups: list[date] = field(default_factory=list)
    again: bool = False


def take_order(work: Work, form: OrderForm) -> OrderReceipt:
    """Take an order for one's own customer; status, follow-ups and stock follow at once.

    Raises:
        CustomerNotVisible: the customer is missing, or a colleague's.
        InvalidValue: no line, a quantity below one, an unknown or inactive product, a price that
            cannot be kept, a discount larger than the line.
    """
    known = _by_intention(work, form.intention)
    if known is not None:
        return known
    customer = own_customer(work, form.customer_id, lock=True)
    if not form.lines:
        raise InvalidValue("lines", None, "empty")
    products = _products(work, [line.product_id for line in form.lines])
    order = Order(
        number=order_number(next_number(work, "order")),
        customer_id=customer.id,
        taken_by_id=work.actor.employee_id,
        channel=form.channel,
        ordered_at=work.now,
        status=OrderStatus.NEW,
        currency=work.rules.currency,
        shipping_cost=clean_money("shipping_cost", form.shipping_cost),
        ship_name=customer.name,
        ship_address=clean_text("ship_address", form.ship_address or customer.address, limit=500, lines=True),
        ship_city=clean_text("ship_city", form.ship_city or customer.city, limit=100),
        ship_province=clean_text("ship_province", form.ship_province or customer.province, limit=100),
        ship_postcode=clean_text("ship_postcode", form.ship_postcode or customer.postcode, limit=10),
        payment_method=form.payment_method,
        heard_from_id=form.heard_from_id,
        note=clean_text("note", form.note, limit=4000, lines=True),
        intention=form.intention,
        created_at=work.now,
    )
    try:
        with work.session.begin_nested():
            work.session.add(order)
    except IntegrityError:
        # The same form, sent twice at once: the other one was quicker.
        known = _by_intention(work, form.intention)
        if known is None:
            raise
        return known
    lines = [_line(order, typed, products[typed.product_id]) for typed in form.lines]
    work.session.add_all(lines)
    work.session.add(
        OrderStatusChange(order_id=order.id, status=OrderStatus.NEW, at=work.now, by_id=work.actor.employee_id)
    )
    work.session.flush()
    due = [open_follow_up(work, line, products[line.product_id], customer) for line in lines]
    for line in lines:
        _move_stock(products[line.product_id], -line.quantity)
    refresh_last_activity(work, [customer.id])
    total = sum((line.amount for line in lines), order.shipping_cost)
    return OrderReceipt(order.id, order.number, total, order.currency, [day for day in due if day is not None])


def change_order_status(
    work: Work, order_id: int, status: OrderStatus | str, *, reason: str | None = None
) -> OrderStatus:
    """Move an order along; cancelled and returned ones count for nothing from this instant on.

    Raises:
        NotVisible: missing, or a colleague's.
        StatusRefused: this does not follow that.
        InvalidValue: a cancellation or return without a reason.
    """
    order = _order(work, order_id)
    status = OrderStatus(status)
    if status not in NEXT[order.status]:
        raise StatusRefused(number=order.number, before=str(order.status), after=str(status))
    told = clean_text("reason", reason, limit=500)
    if status in {OrderStatus.CANCELLED, OrderStatus.RETURNED}:
        told = required_text("reason", reason, limit=500)
        for line in _lines(work, order_id):
            if status is OrderStatus.RETURNED:
                _return(work, line, line.quantity - line.returned_quantity, told)
            elif line.void_at is None:
                _void(work, line, FollowUpClosing.CANCELLED)
                _move_stock_of(work, line, line.quantity - line.returned_quantity)
    _set_status(work, order, status, told)
    refresh_last_activity(work, [order.customer_id])
    return status


def return_pieces(work: Work, line_id: int, quantity: int, *, reason: str) -> OrderStatus:
    """Take back pieces of a line; the line counts while one is kept. The order's status afterwards.

    Raises:
        NotVisible: missing, or a colleague's.
        InvalidValue: not between one and what the customer still has; no reason.
        StatusRefused: the order is cancelled.
    """
    line = work.session.get(OrderLine, line_id, with_for_update=True)
    if line is None:
        raise NotVisible(line_id=line_id)
    order = _order(work, line.order_id)
    if order.status is OrderStatus.CANCELLED:
        raise StatusRefused(number=order.number, before=str(order.status), after=str(OrderStatus.RETURNED))
    kept = line.quantity - line.returned_quantity
    if not 1 <= quantity <= kept:
        raise InvalidValue("quantity", quantity, "range", least=1, most=kept)
    told = required_text("reason", reason, limit=500)
    _return(work, line, quantity, told)
    if all(other.void_at is not None for other in _lines(work, order.id)):
        _set_status(work, order, OrderStatus.RETURNED, told)
    refresh_last_activity(work, [order.customer_id])
    return order.status


def _by_intention(work: Work, intention: str) -> OrderReceipt | None:
    order = work.session.scalar(select(Order).where(Order.intention == intention))
    if order is None:
        return None
    lines = _lines(work, order.id)
    owed = select(FollowUp.due_on).where(FollowUp.line_id.in_([line.id for line in lines]))
    due = list(work.session.scalars(owed.order_by(FollowUp.line_id)))
    total = sum((line.amount for line in lines), order.shipping_cost)
    return OrderReceipt(order.id, order.number, total, order.currency, due, again=True)


def _products(work: Work, wanted: Sequence[int]) -> dict[int, Product]:
    # In one order by id, so that two orders for the same products never wait for each other in a ring.
    statement = select(Product).where(Product.id.in_(set(wanted))).order_by(Product.id).with_for_update()
    found = {product.id: product for product in work.session.scalars(statement)}
    for product_id in wanted:
        product = found.get(product_id)
        if product is None:
            raise InvalidValue("product", product_id, "unknown_product")
        if not product.active:
            raise InvalidValue("product", product.name, "inactive_product")
    return found


def _line(order: Order, typed: LineForm, product: Product) -> OrderLine:
    if typed.quantity < 1:
        raise InvalidValue("quantity", typed.quantity, "range", least=1, most="…")
    price = clean_money("unit_price", product.price if typed.unit_price is None else typed.unit_price)
    discount = clean_money("discount", typed.discount)
    if discount > price * typed.quantity:
        raise InvalidValue("discount", discount, "too_large")
    return OrderLine(
        order_id=order.id,
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


def _order(work: Work, order_id: int) -> Order:
    order = work.session.get(Order, order_id, with_for_update=True)
    if order is None or work.session.get(Customer, order.customer_id) is None:
        raise NotVisible(order_id=order_id)
    return order


def _lines(work: Work, order_id: int) -> list[OrderLine]:
    return list(work.session.scalars(select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.id)))


def _set_status(work: Work, order: Order, status: OrderStatus, reason: str | None) -> None:
    order.status = status
    work.session.add(
        OrderStatusChange(order_id=order.id, status=status, at=work.now, by_id=work.actor.employee_id, reason=reason)
    )


def _return(work: Work, line: OrderLine, quantity: int, reason: str) -> None:
    if quantity == 0:
        return
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
    _move_stock_of(work, line, quantity)


def _void(work: Work, line: OrderLine, because: FollowUpClosing) -> None:
    """From now on this line counts for nothing, and nothing is owed for it."""
    line.void_at = work.now
    owed = work.session.get(FollowUp, line.id)
    if owed is not None and owed.state is FollowUpState.OPEN:
        close(work, owed, because)


def _move_stock_of(work: Work, line: OrderLine, pieces: int) -> None:
    product = work.session.get(Product, line.product_id, with_for_update=True)
    if product is not None:
        _move_stock(product, pieces)


def _move_stock(product: Product, pieces: int) -> None:
    """More may be sold than is counted (a delivery is on its way), but stock never reads below nothing."""
    if product.stock is not None:
        product.stock = max(0, product.stock + pieces)
