"""Orders that came of a call: found after the form was saved, and linked to the call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from ecrm_core.crm import Work
from ecrm_core.models import Contact, Customer, Order, OrderKind, Outcome
from ecrm_core.services.contacts import link_order


@dataclass(frozen=True)
class OrderCall:
    """A call of today that ended with an order which nobody has saved yet."""

    contact_id: int
    customer_id: int
    code: str
    name: str


def link_orders_of_calls(work: Work) -> Sequence[OrderCall]:
    """Link each call of today that ended with an order to the order taken after it; those without one are returned.

    An order is linked to one call: where a customer was called twice, to the one right before it.
    """
    start = work.rules.start_of(work.today)
    rows = work.session.execute(
        select(Contact.id, Contact.at, Contact.order_id, Contact.customer_id, Customer.code, Customer.name)
        .join(Customer, Customer.id == Contact.customer_id)
        .where(Contact.by_id == work.employee_id, Contact.at >= start, Contact.outcome == Outcome.ORDERED)
        .order_by(Contact.at.desc(), Contact.id.desc())
    ).all()
    waiting = [row for row in rows if row.order_id is None]
    if not waiting:
        return []
    linked = {row.order_id for row in rows}
    orders = work.session.execute(
        select(Order.id, Order.customer_id, Order.created_at)
        .where(
            Order.taken_by_id == work.employee_id,
            Order.kind == OrderKind.SALE,
            Order.ordered_at >= start,
            Order.customer_id.in_({row.customer_id for row in waiting}),
        )
        .order_by(Order.created_at, Order.id)
    ).all()
    without = []
    for call in waiting:
        after = [
            order.id
            for order in orders
            if order.customer_id == call.customer_id and order.created_at >= call.at and order.id not in linked
        ]
        if after:
            link_order(work, call.id, after[0])
            linked.add(after[0])
        else:
            without.append(OrderCall(call.id, call.customer_id, call.code, call.name))
    return without


__all__ = ["OrderCall", "link_orders_of_calls"]
