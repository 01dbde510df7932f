"""Which order lines count, as of the end of a day: one expression for every query."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_

from ecrm_core.models import OrderLine

DERIVED_ORDERS = 2
"""Orders in which a category was bought, from which on the customer is interested in it."""


def line_counts(end: datetime) -> ColumnElement[bool]:
    """Ordered before `end` (exclusive), and by then neither cancelled nor wholly returned."""
    return and_(OrderLine.ordered_at < end, or_(OrderLine.void_at.is_(None), OrderLine.void_at >= end))
