"""What an order comes to while it is typed, and each line as it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import select

from ecrm_core.crm import Work
from ecrm_core.errors import InvalidValue
from ecrm_core.models import Order, OrderLine, Product
from ecrm_core.services.checks import clean_money
from ecrm_core.services.orders.forms import LineForm, StockShort, StockTooLow

MOST_PIECES = 9_999
"""Pieces of one product in one line; more is a slip of the finger."""
WHOLE = frozenset({"IDR", "JPY", "KRW", "VND"})
"""Currencies whose smallest unit in use is one."""
PERCENT = Decimal(100)


@dataclass(frozen=True)
class PricedLine:
    """A typed line and what it comes to; `problem` says why it cannot be kept, and then there is no amount."""

    unit_price: Decimal | None = None
    discount: Decimal = Decimal(0)
    amount: Decimal | None = None
    stock: int | None = None
    short: bool = False
    """More is ordered, in all lines together, than is left."""
    problem: InvalidValue | None = None


@dataclass(frozen=True)
class PricedOrder:
    """What an order comes to; lines with a problem count for nothing."""

    currency: str
    lines: Sequence[PricedLine]
    subtotal: Decimal
    """Before discounts."""
    discount: Decimal
    shipping_cost: Decimal
    total: Decimal


@dataclass(frozen=True)
class Priced:
    """Price, discount and amount of a line that can be kept."""

    unit_price: Decimal
    discount: Decimal
    amount: Decimal


def price_order(work: Work, lines: Sequence[LineForm], *, shipping_cost: Decimal = Decimal(0)) -> PricedOrder:
    """What an order would come to, line by line, while it is typed; nothing is written.

    Raises:
        InvalidValue: shipping that cannot be kept.
    """
    shipping = clean_money("shipping_cost", shipping_cost)
    ids = {line.product_id for line in lines}
    rows = work.session.scalars(select(Product).where(Product.id.in_(ids))) if ids else ()
    products = {product.id: product for product in rows}
    short = {each.product_id for each in short_of(lines, products)}
    priced: list[PricedLine] = []
    for line in lines:
        product = products.get(line.product_id)
        stock, low = (product.stock if product else None), line.product_id in short
        try:
            found = price_line(line, product, work.rules.currency)
        except InvalidValue as problem:
            priced.append(PricedLine(stock=stock, short=low, problem=problem))
        else:
            priced.append(PricedLine(found.unit_price, found.discount, found.amount, stock, low))
    kept = [line for line in priced if line.amount is not None]
    amount = sum((line.amount or Decimal(0) for line in kept), Decimal(0))
    discount = sum((line.discount for line in kept), Decimal(0))
    return PricedOrder(work.rules.currency, priced, amount + discount, discount, shipping, amount + shipping)


def price_line(typed: LineForm, product: Product | None, currency: str, *, sold_before: bool = False) -> Priced:
    """What a line comes to.

    Args:
        sold_before: the line is on the order already, so the product need not be on sale any more.

    Raises:
        InvalidValue: an unknown or inactive product, a quantity out of range, a price that cannot be
            kept, two discounts, or one larger than the line.
    """
    if product is None:
        raise InvalidValue("product", typed.product_id, "unknown_product")
    if not product.active and not sold_before:
        raise InvalidValue("product", product.name, "inactive_product")
    if not 1 <= typed.quantity <= MOST_PIECES:
        raise InvalidValue("quantity", typed.quantity, "range", least=1, most=MOST_PIECES)
    price = clean_money("unit_price", product.price if typed.unit_price is None else typed.unit_price)
    full = price * typed.quantity
    if typed.discount_percent is None:
        discount = clean_money("discount", typed.discount)
        if discount > full:
            raise InvalidValue("discount", discount, "too_large")
    else:
        if typed.discount:
            raise InvalidValue("discount", typed.discount, "both_discounts")
        if not typed.discount_percent.is_finite() or not 0 <= typed.discount_percent <= PERCENT:
            raise InvalidValue("discount", typed.discount_percent, "percent")
        discount = (full * typed.discount_percent / PERCENT).quantize(unit_of(currency), ROUND_HALF_UP)
        discount = min(discount, full)
    return Priced(price, discount, clean_money("amount", full - discount))


def unit_of(currency: str) -> Decimal:
    """The smallest amount that is paid: whole rupiah, cents elsewhere."""
    return Decimal(1) if currency in WHOLE else Decimal("0.01")


def short_of(
    lines: Sequence[LineForm], products: Mapping[int, Product], *, held: Mapping[int, int] | None = None
) -> list[StockShort]:
    """Counted products of which more is ordered than is left; `held` are pieces the order has already."""
    wanted: dict[int, int] = {}
    for line in lines:
        wanted[line.product_id] = wanted.get(line.product_id, 0) + line.quantity
    short = []
    for product_id, pieces in wanted.items():
        product = products.get(product_id)
        already = (held or {}).get(product_id, 0)
        if product is not None and product.stock is not None and pieces > already and pieces - already > product.stock:
            short.append(StockShort(product_id, product.name, product.stock + already, pieces))
    return short


def refuse_short(short: Sequence[StockShort]) -> None:
    """Refuse what nobody has confirmed.

    Raises:
        StockTooLow: where anything is short.
    """
    if short:
        raise StockTooLow(short)


def new_line(order: Order, typed: LineForm, product: Product | None) -> OrderLine:
    """A line as it is kept.

    Raises:
        InvalidValue: as for `price_line`.
    """
    priced = price_line(typed, product, order.currency)
    return OrderLine(
        customer_id=order.customer_id,
        product_id=typed.product_id,
        ordered_at=order.ordered_at,
        quantity=typed.quantity,
        unit_price=priced.unit_price,
        discount=priced.discount,
        amount=priced.amount,
        returned_quantity=0,
        returned_amount=Decimal(0),
        door_taker_id=order.door_taker_id,
    )
