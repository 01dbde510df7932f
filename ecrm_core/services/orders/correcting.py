"""A new order written anew: what was misheard is put right before it leaves the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from ecrm_core.crm import Work
from ecrm_core.errors import ChangedMeanwhile, InvalidValue
from ecrm_core.models import (
    AuditKind,
    AuditRecord,
    Complaint,
    Customer,
    Employee,
    FollowUp,
    FollowUpState,
    Order,
    OrderLine,
    OrderStatus,
    OrderStatusChange,
    Product,
    Response,
)
from ecrm_core.services.activity import refresh_last_activity
from ecrm_core.services.followups import open_follow_ups, reopen_replaced
from ecrm_core.services.orders.addresses import remember_addresses
from ecrm_core.services.orders.forms import LineForm, OrderForm, OrderReceipt, StatusRefused
from ecrm_core.services.orders.pricing import new_line, price_line, refuse_short, short_of
from ecrm_core.services.orders.rows import locked, locked_lines, move_stock, own_orders
from ecrm_core.services.orders.taking import check_sources, fill_in, receipt_of
from ecrm_core.services.record import changed_since, put_change_on_record

HEADER = (
    *("shipping_cost", "ship_name", "ship_phone", "ship_address", "ship_city", "ship_province", "ship_postcode"),
    *("payment_method", "heard_from_id", "note"),
)
"""What of an order's header may be corrected."""


def correct_order(work: Work, order_id: int, version: int, form: OrderForm) -> OrderReceipt:
    """Write a new order anew: lines, address, payment, source, note, shipping cost.

    Lines keep their place by `LineForm.line_id`; those not named are taken out. Follow-ups, stock,
    amounts and last activity follow. `form.customer_id`, `intention`, `channel` and `ordered_at` are
    not looked at. The same again is no change.

    Args:
        version: of the order as it was read (`OrderCard.version`).

    Raises:
        NotVisible: missing, or a colleague's.
        ChangedMeanwhile: corrected or moved along since; facts `by`, `at`, `fields`.
        StatusRefused: the order is not new any more.
        InvalidValue, StockTooLow: as for `take_order`; also a line that is not this order's, or one
            taken out about which the customer has said something already.
    """
    (order,) = own_orders(work, [order_id])
    _refuse_late(work, order, version)
    if order.status is not OrderStatus.NEW:
        raise StatusRefused(order, OrderStatus.NEW)
    if not form.lines:
        raise InvalidValue("lines", None, "empty")
    lines = locked_lines(work, [order.id])
    customers = locked(work, Customer, [order.customer_id])
    products = locked(
        work, Product, {*(line.product_id for line in lines), *(typed.product_id for typed in form.lines)}
    )
    check_sources(work, [form])
    before = _state(order, lines, products)

    kept, new = _sorted_out(order, lines, form.lines, products)
    gone = [line for line in lines if line.id not in kept]
    _refuse_answered(work, gone, products)
    held = _pieces(lines)
    if not form.confirmed_stock:
        refuse_short(short_of(form.lines, products, held=held))

    fill_in(order, form, customers[order.customer_id], own_address=order.door_taker_id is None)
    for line in lines:
        if line.id in kept:
            _write(line, kept[line.id], products, order.currency)
    _take_out(work, gone)
    work.session.add_all(new)
    work.session.flush()
    standing = [line for line in lines if line.id in kept] + new
    for product_id, pieces in _pieces(standing).items():
        held[product_id] = held.get(product_id, 0) - pieces
    for product_id, back in held.items():
        move_stock(products[product_id], back)
    due = _follow(work, order, standing, new, products, customers)

    after = _state(order, standing, products)
    changed = {name: value for name, value in after.items() if value != before[name]}
    if changed:
        order.version += 1
        put_change_on_record(
            work,
            AuditKind.ORDER_CORRECTED,
            before,
            changed,
            version=order.version,
            customer_id=order.customer_id,
            order_id=order.id,
        )
        remember_addresses(work, [order])
        refresh_last_activity(work, [order.customer_id])
    work.session.flush()
    return receipt_of(order, standing, due)


def _refuse_late(work: Work, order: Order, version: int) -> None:
    if order.version == version:
        return
    since = changed_since(work, AuditKind.ORDER_CORRECTED, AuditRecord.order_id == order.id, version)
    fields, by, at = since.fields, since.by, since.at
    if since.records < order.version - version:  # the other versions are steps
        step = work.session.execute(
            select(OrderStatusChange.at, Employee.name)
            .outerjoin(Employee, Employee.id == OrderStatusChange.by_id)
            .where(OrderStatusChange.order_id == order.id)
            .order_by(OrderStatusChange.id.desc())
            .limit(1)
        ).first()
        fields = [*fields, "status"]
        if step is not None and (at is None or step.at >= at):
            at, by = step.at, step.name
    raise ChangedMeanwhile(by=by, at=at, fields=fields)


def _sorted_out(
    order: Order, lines: Sequence[OrderLine], typed: Sequence[LineForm], products: Mapping[int, Product]
) -> tuple[dict[int, LineForm], list[OrderLine]]:
    """The typed lines as those that stay, by their ids, and new ones. All of them are checked here."""
    standing = {line.id: line for line in lines}
    kept: dict[int, LineForm] = {}
    new: list[OrderLine] = []
    for each in typed:
        line = standing.get(each.line_id) if each.line_id is not None else None
        if each.line_id is not None and (line is None or each.line_id in kept):
            raise InvalidValue("lines", each.line_id, "unknown_line")
        if line is not None and line.product_id == each.product_id:
            # No price means the one it was sold at, not today's.
            stays = each if each.unit_price is not None else replace(each, unit_price=line.unit_price)
            price_line(stays, products.get(stays.product_id), order.currency, sold_before=True)
            kept[line.id] = stays
        else:  # another product is another line
            added = new_line(order, each, products.get(each.product_id))
            added.order_id = order.id
            new.append(added)
    return kept, new


def _write(line: OrderLine, typed: LineForm, products: Mapping[int, Product], currency: str) -> None:
    priced = price_line(typed, products[line.product_id], currency, sold_before=True)
    line.quantity = typed.quantity
    line.unit_price, line.discount, line.amount = priced.unit_price, priced.discount, priced.amount


def _refuse_answered(work: Work, gone: Sequence[OrderLine], products: Mapping[int, Product]) -> None:
    ids = {line.id: products[line.product_id].name for line in gone}
    if not ids:
        return
    for model in (Response, Complaint):
        told = work.session.scalar(select(model.line_id).where(model.line_id.in_(ids)).limit(1))
        if told is not None:
            raise InvalidValue("lines", ids[told], "answered_line")


def _take_out(work: Work, gone: Sequence[OrderLine]) -> None:
    ids = [line.id for line in gone]
    for owed in work.session.scalars(select(FollowUp).where(FollowUp.line_id.in_(ids))):
        work.session.delete(owed)
    work.session.flush()
    for line in gone:
        work.session.delete(line)
    work.session.flush()
    reopen_replaced(work, gone)


def _pieces(lines: Sequence[OrderLine]) -> dict[int, int]:
    pieces: dict[int, int] = {}
    for line in lines:
        pieces[line.product_id] = pieces.get(line.product_id, 0) + line.quantity
    return pieces


def _follow(
    work: Work,
    order: Order,
    standing: Sequence[OrderLine],
    new: Sequence[OrderLine],
    products: Mapping[int, Product],
    customers: Mapping[int, Customer],
) -> list[date]:
    """What is owed for the order now; lines of one order each owe their own."""
    ids = [line.id for line in standing]
    owed = select(FollowUp).where(FollowUp.line_id.in_(ids)).with_for_update()
    open_before = [row for row in work.session.scalars(owed) if row.state is FollowUpState.OPEN]
    if new:
        open_follow_ups(work, [new], products, customers, bought_at=work.now)
        for row in open_before:  # a second line of the same product does not replace the first
            row.state, row.closed_because, row.closed_at = FollowUpState.OPEN, None, None
        work.session.flush()
    due = {row.line_id: row.due_on for row in work.session.scalars(owed)}
    return [due[line.id] for line in standing if line.id in due]


def _state(order: Order, lines: Sequence[OrderLine], products: Mapping[int, Product]) -> dict[str, Any]:
    """An order as the record keeps it."""
    header = {name: _told(getattr(order, name)) for name in HEADER}
    told = [
        {
            "product": products[line.product_id].code,
            "quantity": line.quantity,
            "unit_price": _told(line.unit_price),
            "discount": _told(line.discount),
        }
        for line in lines
    ]
    return {**header, "lines": told}


def _told(value: Any) -> Any:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value
