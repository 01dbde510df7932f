"""Keep the last activity that lists show in step with the order lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BindParameter, bindparam, func, select

from ecrm_core.crm import Work
from ecrm_core.models import Customer, OrderLine

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_CUSTOMERS = select(Customer).where(Customer.id.in_(_IDS))
_NEWEST = (
    select(OrderLine.customer_id, func.max(OrderLine.ordered_at).label("at"))
    .where(OrderLine.customer_id.in_(_IDS), OrderLine.void_at.is_(None))
    .group_by(OrderLine.customer_id)
)


def refresh_last_activity(work: Work, customer_ids: Iterable[int]) -> None:
    """Set `Customer.last_activity_at` from the lines that count by what is known now."""
    wanted = sorted(set(customer_ids))
    work.session.flush()
    newest = {row.customer_id: row.at for row in work.session.execute(_NEWEST, {"ids": wanted})}
    for customer in work.session.scalars(_CUSTOMERS, {"ids": wanted}):
        if customer.last_activity_at != newest.get(customer.id):
            customer.last_activity_at = newest.get(customer.id)
