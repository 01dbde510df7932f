"""One order, with everything its page shows and what may be done next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from ecrm_core.crm import Work
from ecrm_core.models import (
    FollowUpClosing,
    FollowUpState,
    Language,
    OrderChannel,
    OrderKind,
    OrderStatus,
    PaymentMethod,
)


@dataclass(frozen=True)
class OrderCustomer:
    """Whose order it is. For who took it through the door: code, name and city, the rest none."""

    id: int | None
    code: str
    name: str
    city: str | None
    phone: str | None
    address: str | None
    owner_name: str | None
    reduced: bool


@dataclass(frozen=True)
class CardLine:
    """A line of the order, with what came back of it and what is owed for it."""

    id: int
    product_id: int
    product_code: str
    product: str
    quantity: int
    unit_price: Decimal
    discount: Decimal
    amount: Decimal
    returned_quantity: int
    returned_amount: Decimal
    void: bool
    follow_up: FollowUpState | None
    due_on: date | None
    followed_up_on: date | None
    closed_because: FollowUpClosing | None
    can_return: int
    """Pieces that may be taken back now."""


@dataclass(frozen=True)
class CardReturn:
    """Pieces that came back."""

    line_id: int
    quantity: int
    amount: Decimal
    at: datetime
    by_name: str | None
    reason: str


@dataclass(frozen=True)
class CardStep:
    """A step of the order: to which status, when, by whom, why."""

    status: OrderStatus
    at: datetime
    by_name: str | None
    reason: str | None
    refused_at_door: bool


@dataclass(frozen=True)
class OrderCard:
    """An order as its page shows it."""

    id: int
    number: str
    source: str
    kind: OrderKind
    version: int
    status: OrderStatus
    channel: OrderChannel
    ordered_at: datetime
    taken_by: str | None
    currency: str
    lines: Sequence[CardLine]
    returns: Sequence[CardReturn]
    steps: Sequence[CardStep]
    """Oldest first."""
    subtotal: Decimal
    """Sum of the lines, without what shipping costs."""
    shipping_cost: Decimal
    total: Decimal
    returned: Decimal
    customer: OrderCustomer
    ship_name: str | None
    ship_phone: str | None
    ship_address: str | None
    ship_city: str | None
    ship_province: str | None
    ship_postcode: str | None
    courier: str | None
    tracking_number: str | None
    payment_method: PaymentMethod | None
    heard_from_id: int | None
    heard_from: str | None
    note: str | None
    by_door: bool
    """Taken for somebody else's customer; who took it sees this page and can do nothing more."""
    next: Sequence[OrderStatus]
    """Statuses this order may go to now, by the one who looks; `returned` by pieces or as a whole."""
    can_correct: bool
    can_refuse_at_door: bool


def order_card(work: Work, number: str, *, source: str = "") -> OrderCard:
    """An order by its number.

    Args:
        source: the system it was imported from; empty for orders taken here.

    Raises:
        NotVisible: missing, or a colleague's: one answer.
    """
    raise NotImplementedError


def confirmation_text(work: Work, order: OrderCard, language: Language | str) -> str:
    """The order in words to send to the customer, ready for WhatsApp: number, lines, sums, address, payment."""
    raise NotImplementedError
