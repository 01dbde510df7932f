"""Orders taken, once per intention."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import select

from ecrm_core.crm import Work
from ecrm_core.errors import CustomerNotVisible, InvalidValue
from ecrm_core.models import (
    Counter,
    Customer,
    FollowUp,
    Order,
    OrderChannel,
    OrderDraft,
    OrderLine,
    OrderSource,
    OrderStatus,
    Product,
)
from ecrm_core.services.checks import clean_money, clean_text, required_text
from ecrm_core.services.customers import CustomerForm, add_customers, change_customer
from ecrm_core.services.duplicates import DuplicatesUnchecked, PossibleDuplicate, possible_duplicates
from ecrm_core.services.followups import open_follow_ups
from ecrm_core.services.numbers import locked_counter, order_number
from ecrm_core.services.orders.addresses import remember_addresses
from ecrm_core.services.orders.forms import OrderForm, OrderReceipt
from ecrm_core.services.orders.pricing import new_line, refuse_short, short_of
from ecrm_core.services.orders.rows import locked, move_stock, note_statuses


def take_order(work: Work, form: OrderForm) -> OrderReceipt:
    """Take an order for one's own customer; status, follow-ups and stock follow at once.

    Raises:
        CustomerNotVisible: the customer is missing, or a colleague's.
        InvalidValue: no line, a quantity below one, an unknown or inactive product, a price that
            cannot be kept, a discount larger than the line or given twice, an unknown source or
            none where one is asked for, a time to come.
        StockTooLow: more than is left of a product, and nobody has confirmed it.
    """
    return take_orders(work, [form])[0]


def take_orders(work: Work, forms: Sequence[OrderForm]) -> list[OrderReceipt]:
    """Take many orders, oldest first, as one gesture: all of them or none; a receipt for each form.

    Raises:
        CustomerNotVisible, InvalidValue, StockTooLow: as for one.
    """
    return _take(work, forms, door_taker_id=None)


def take_order_for_new(
    work: Work, customer: CustomerForm, form: OrderForm, *, check_duplicates: bool = True
) -> OrderReceipt:
    """Enter a new customer and take their first order, both or neither; sent twice, it makes one of each.

    `form.customer_id` is not looked at; `OrderReceipt.customer_id` says who it became. Where the
    customer looks like one we know, `customer.why_new` must say why it is somebody else.

    Raises:
        PossibleDuplicate: this could be one of those it carries, and nothing says why not.
        DuplicatesUnchecked: too many looks in a minute to tell, and nothing says why not.
        InvalidValue, UnknownEmployee: as for `add_customer` and `take_order`.
        StockTooLow: as for `take_order`.
    """
    made = _made_already(work, form)
    unsure = check_duplicates and not (customer.why_new or "").strip()
    entered = work.session.scalar(select(Counter.value).where(Counter.name == "customer")) or 0
    if made is None and unsure:
        _refuse_known(work, customer)
    if made is None:
        # Whoever sends the same at the same time waits here, before a customer is made.
        locked_counter(work, "order")
        made = _made_already(work, form)
    if made is None and unsure and locked_counter(work, "customer").value != entered:
        _refuse_known(work, customer)  # somebody was entered meanwhile: perhaps this one, by whoever took a call too
    if made is not None:
        return made
    return take_order(work, replace(form, customer_id=add_customers(work, [customer])[0].id))


def _refuse_known(work: Work, customer: CustomerForm) -> None:
    found = possible_duplicates(
        work, phones=customer.phones, name=customer.name, birth_date=customer.birth_date, city=customer.city
    )
    if found.rows:
        raise PossibleDuplicate(found.rows)
    if found.throttled:
        raise DuplicatesUnchecked


def take_order_with_changes(
    work: Work, form: OrderForm, changes: Mapping[str, Any], version: int | None = None
) -> OrderReceipt:
    """Correct one's customer and take their order, both or neither; sent twice, it does each once.

    Args:
        changes: fields of `change_customer`.
        version: of the customer as the form showed them.

    Raises:
        ChangedMeanwhile: the customer was corrected since; nothing is written.
        CustomerNotVisible, InvalidValue, StockTooLow: as for `change_customer` and `take_order`.
    """
    if changes:
        locked_counter(work, "order")
        made = _made_already(work, form)
        if made is not None:
            return made
        change_customer(work, form.customer_id, version=version, **changes)
    return take_order(work, form)


def take_through_door(work: Work, form: OrderForm) -> OrderReceipt:
    """Take an order for a customer who is not the taker's, in a work that sees them; see `services/door.py`.

    Raises:
        InvalidValue: as for `take_order`; also no address.
        StockTooLow: as for `take_order`.
    """
    required_text("address", form.ship_address, limit=500, lines=True)
    return _take(work, [form], door_taker_id=work.employee_id)[0]


def _take(work: Work, forms: Sequence[OrderForm], *, door_taker_id: int | None) -> list[OrderReceipt]:
    # Whoever sends the same intention at the same time waits here, and then finds the order made.
    counter = locked_counter(work, "order")
    receipts = _receipts(work, {_intention(form) for form in forms})
    new: dict[str, OrderForm] = {}
    for form in forms:
        if form.intention not in receipts:
            new.setdefault(form.intention, form)
    fresh = list(new.values())
    customers = locked(work, Customer, (form.customer_id for form in fresh))
    products = locked(work, Product, (line.product_id for form in fresh for line in form.lines))
    check_sources(work, fresh)
    # Everything is checked before anything is written.
    orders = [_order(work, form, customers.get(form.customer_id), door_taker_id) for form in fresh]
    lines_of = [_lines(order, form, products) for order, form in zip(orders, fresh, strict=True)]
    refuse_short(short_of([line for form in fresh if not form.confirmed_stock for line in form.lines], products))
    for order in orders:
        counter.value += 1
        order.number = order_number(counter.value)
    work.session.add_all(orders)
    work.session.flush()

    for order, lines in zip(orders, lines_of, strict=True):
        for line in lines:
            line.order_id = order.id
            move_stock(products[line.product_id], -line.quantity)
        work.session.add_all(lines)
        customer = customers[order.customer_id]
        customer.last_activity_at = max(customer.last_activity_at or order.ordered_at, order.ordered_at)
    note_statuses(work, [(order, order.ordered_at) for order in orders])
    remember_addresses(work, orders)
    _drop_drafts(work, list(new))
    work.session.flush()

    due = open_follow_ups(work, lines_of, products, customers)
    for order, lines in zip(orders, lines_of, strict=True):
        assert order.intention is not None
        owed = [due[line.id] for line in lines if line.id in due]
        receipts[order.intention] = receipt_of(order, lines, owed)
    return [receipts[form.intention] for form in forms]


def receipt_of(order: Order, lines: Sequence[OrderLine], due: list[date], *, again: bool = False) -> OrderReceipt:
    """What an order on record came to."""
    total = sum((line.amount for line in lines), order.shipping_cost)
    return OrderReceipt(order.id, order.number, total, order.currency, due, again, order.customer_id)


def check_sources(work: Work, forms: Iterable[OrderForm]) -> None:
    """Refuse a source that is not there, or none where the form must name one.

    Raises:
        InvalidValue: `unknown_source`, or `empty`.
    """
    wanted = set()
    for form in forms:
        if form.heard_from_id is not None:
            wanted.add(form.heard_from_id)
        elif form.source_required and OrderChannel(form.channel) is OrderChannel.PHONE:
            raise InvalidValue("source", None, "empty")
    if not wanted:
        return
    known = set(work.session.scalars(select(OrderSource.id).where(OrderSource.id.in_(wanted))))
    for source_id in wanted - known:
        raise InvalidValue("source", source_id, "unknown_source")


def _intention(form: OrderForm) -> str:
    return required_text("intention", form.intention, limit=64)


def _made_already(work: Work, form: OrderForm) -> OrderReceipt | None:
    return _receipts(work, {_intention(form)}).get(form.intention)


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
        order.intention: receipt_of(
            order, lines[order.id], [due[line.id] for line in lines[order.id] if line.id in due], again=True
        )
        for order in made.values()
        if order.intention is not None
    }


def _drop_drafts(work: Work, intentions: Sequence[str]) -> None:
    """What was half typed is an order now."""
    for draft in work.session.scalars(select(OrderDraft).where(OrderDraft.intention.in_(intentions))):
        work.session.delete(draft)


def _order(work: Work, form: OrderForm, customer: Customer | None, door_taker_id: int | None) -> Order:
    if customer is None:
        raise CustomerNotVisible(customer_id=form.customer_id)
    ordered_at = form.ordered_at or work.now
    if ordered_at > work.now:
        raise InvalidValue("ordered_at", ordered_at, "in_the_future")
    order = Order(
        customer_id=customer.id,
        taken_by_id=work.actor.employee_id,
        door_taker_id=door_taker_id,
        channel=form.channel,
        ordered_at=ordered_at,
        status=OrderStatus.NEW,
        currency=work.rules.currency,
        intention=form.intention,
        created_at=work.now,
    )
    # Who takes an order through the door reads it afterwards: nothing of the customer's own goes into it.
    fill_in(order, form, customer, own_address=door_taker_id is None)
    return order


def fill_in(order: Order, form: OrderForm, customer: Customer, *, own_address: bool = True) -> None:
    """Put into an order what its form says besides the lines.

    Raises:
        InvalidValue: a text or an amount that cannot be kept.
    """
    # An address is one thing: half of one is not filled up from another.
    at_home = own_address and not (form.ship_address or "").strip()
    home = customer if at_home else Customer(name=customer.name)
    order.shipping_cost = clean_money("shipping_cost", form.shipping_cost)
    order.ship_name = clean_text("name", form.ship_name, limit=200) or customer.name
    order.ship_phone = clean_text("phone", form.ship_phone, limit=64)
    order.ship_address = clean_text("address", form.ship_address or home.address, limit=500, lines=True)
    order.ship_city = clean_text("city", form.ship_city or home.city, limit=100)
    order.ship_province = clean_text("province", form.ship_province or home.province, limit=100)
    order.ship_postcode = clean_text("postcode", form.ship_postcode or home.postcode, limit=10)
    order.payment_method = form.payment_method
    order.heard_from_id = form.heard_from_id
    order.note = clean_text("note", form.note, limit=4000, lines=True)


def _lines(order: Order, form: OrderForm, products: dict[int, Product]) -> list[OrderLine]:
    if not form.lines:
        raise InvalidValue("lines", None, "empty")
    return [new_line(order, typed, products.get(typed.product_id)) for typed in form.lines]
