"""What an order is made of as it is typed, what comes back, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from ecrm_core.errors import EcrmError
from ecrm_core.models import Order, OrderChannel, OrderStatus, PaymentMethod


@dataclass(frozen=True)
class LineForm:
    """A line as it is typed. `unit_price` none means today's price.

    `discount` is off the whole line, `discount_percent` a part of it (rounded to the currency's
    units: whole rupiah); never both. `line_id` names the line of an order that is being corrected;
    none is a new line.
    """

    product_id: int
    quantity: int = 1
    unit_price: Decimal | None = None
    discount: Decimal = Decimal(0)
    discount_percent: Decimal | None = None
    line_id: int | None = None


@dataclass(frozen=True)
class OrderForm:
    """An order as it is typed. `intention` is the form's own key: sent twice, it makes one order."""

    customer_id: int
    lines: Sequence[LineForm]
    intention: str
    channel: OrderChannel = OrderChannel.PHONE
    ordered_at: datetime | None = None
    """When the customer ordered, where it is written down later; none means now."""
    shipping_cost: Decimal = Decimal(0)
    ship_name: str | None = None
    """Who receives it; none means the customer."""
    ship_phone: str | None = None
    ship_address: str | None = None
    """Where it goes; none means the customer's address, with the four fields below."""
    ship_city: str | None = None
    ship_province: str | None = None
    ship_postcode: str | None = None
    payment_method: PaymentMethod | None = None
    heard_from_id: int | None = None
    note: str | None = None
    source_required: bool = False
    """An order by phone must say how the customer heard of us; files and old orders need not."""
    confirmed_stock: bool = False
    """The taker knows that more is sold than is counted."""


@dataclass(frozen=True)
class OrderReceipt:
    """An order on record. `again` where this intention had made its order before."""

    order_id: int
    number: str
    total: Decimal
    currency: str
    follow_ups: list[date] = field(default_factory=list)
    again: bool = False
    customer_id: int = 0


class StatusRefused(EcrmError):
    """An order cannot go from this status to that; facts: `number`, `before`, `after`, `reason`."""

    code = "error.status_refused"

    def __init__(self, order: Order, after: OrderStatus, *, already: bool = False) -> None:
        reason = f"already_{after}" if already else str(after)
        super().__init__(number=order.number, before=str(order.status), after=str(after), reason=reason)


@dataclass(frozen=True)
class StockShort:
    """A product with fewer pieces left than are ordered."""

    product_id: int
    name: str
    left: int
    wanted: int


class StockTooLow(EcrmError):
    """More is ordered than is left; send again with `confirmed_stock` to sell it all the same."""

    code = "error.stock_too_low"

    def __init__(self, short: Sequence[StockShort]) -> None:
        super().__init__(products=[f"{each.name} ({each.left})" for each in short])
        self.short = tuple(short)
