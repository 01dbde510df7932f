"""An order's way: paid, shipped, delivered, or cancelled and returned."""

from __future__ import annotations

from ecrm_core.crm import Work
from ecrm_core.models import OrderStatus


def ship(work: Work, order_id: int, courier: str | None, tracking_number: str | None) -> OrderStatus:
    """Hand an order to the courier; who carries it under which number may be left open.

    Raises:
        NotVisible, StatusRefused: as for `change_order_status`.
        InvalidValue: a text that cannot be kept.
    """
    raise NotImplementedError


def refuse_at_door(work: Work, order_id: int, *, reason: str) -> OrderStatus:
    """Note that a parcel was not taken in: all of it is returned, and the order says so.

    Raises:
        NotVisible: missing, or a colleague's.
        StatusRefused: it is not under way.
        InvalidValue: no reason.
    """
    raise NotImplementedError
