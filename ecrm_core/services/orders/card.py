"""One order, with everything its page shows and what may be done next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select

from ecrm_core.crm import Work
from ecrm_core.errors import NotVisible
from ecrm_core.models import (
    Customer,
    CustomerPhone,
    Employee,
    FollowUp,
    FollowUpClosing,
    FollowUpState,
    Language,
    LineReturn,
    Order,
    OrderChannel,
    OrderKind,
    OrderLine,
    OrderSource,
    OrderStatus,
    OrderStatusChange,
    PaymentMethod,
    Product,
)
from ecrm_core.phones import show_phone
from ecrm_core.services.orders.rows import may_follow
from ecrm_core.texts import Texts


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
    order = work.session.scalar(select(Order).where(Order.source == source, Order.number == number.strip()))
    if order is None:
        raise NotVisible(number=number)
    customer = _customer(work, order)
    mine = not customer.reduced
    steps = _steps(work, order)
    passed = {step.status for step in steps} | {order.status}
    allowed = may_follow(order.status, passed) if mine and order.kind is OrderKind.SALE else frozenset()
    lines = _lines(work, order, returnable=OrderStatus.RETURNED in allowed)
    subtotal = sum((line.amount for line in lines), Decimal(0))
    return OrderCard(
        id=order.id,
        number=order.number,
        source=order.source,
        kind=order.kind,
        version=order.version,
        status=order.status,
        channel=order.channel,
        ordered_at=order.ordered_at,
        taken_by=work.session.scalar(select(Employee.name).where(Employee.id == order.taken_by_id)),
        currency=order.currency,
        lines=lines,
        returns=_returns(work, lines) if mine else [],
        steps=steps,
        subtotal=subtotal,
        shipping_cost=order.shipping_cost,
        total=subtotal + order.shipping_cost,
        returned=sum((line.returned_amount for line in lines), Decimal(0)),
        customer=customer,
        ship_name=order.ship_name,
        ship_phone=order.ship_phone,
        ship_address=order.ship_address,
        ship_city=order.ship_city,
        ship_province=order.ship_province,
        ship_postcode=order.ship_postcode,
        courier=order.courier,
        tracking_number=order.tracking_number,
        payment_method=order.payment_method,
        heard_from_id=order.heard_from_id,
        heard_from=work.session.scalar(select(OrderSource.name).where(OrderSource.id == order.heard_from_id)),
        note=order.note,
        by_door=order.door_taker_id is not None,
        next=[status for status in OrderStatus if status in allowed],
        can_correct=mine and order.status is OrderStatus.NEW and order.kind is OrderKind.SALE,
        can_refuse_at_door=OrderStatus.RETURNED in allowed
        and OrderStatus.SHIPPED in passed
        and OrderStatus.DELIVERED not in passed,
    )


def confirmation_text(work: Work, order: OrderCard, language: Language | str) -> str:
    """The order in words to send to the customer, ready for WhatsApp: number, lines, sums, address, payment."""
    say = Texts(language)
    rules = work.rules
    lines = []
    for line in order.lines:
        name = line.product if line.quantity == 1 else f"{line.product} × {line.quantity}"
        lines.append(f"• {name}: {say.money(line.amount, order.currency)}")
    place = [order.ship_address, " ".join(part for part in (order.ship_city, order.ship_postcode) if part)]
    address = ", ".join(
        " ".join(part.split()) for part in (order.ship_name, *place, order.ship_province) if part and part.strip()
    )
    parts = [
        say("confirmation.greeting", name=order.customer.name, company=rules.company_name),
        say("confirmation.order", number=order.number, day=say.full_date(rules.business_date(order.ordered_at))),
        "\n".join(lines),
        say("confirmation.shipping", amount=say.money(order.shipping_cost, order.currency))
        if order.shipping_cost
        else say("confirmation.free_shipping"),
        say("confirmation.total", amount=say.money(order.total, order.currency)),
        say("confirmation.address", address=address) if order.ship_address else None,
        say("confirmation.payment", method=say(f"payment.{order.payment_method}")) if order.payment_method else None,
        say("confirmation.thanks", company=rules.company_name),
    ]
    return "\n".join(part for part in parts if part)


def _customer(work: Work, order: Order) -> OrderCustomer:
    row = work.session.execute(_WHO.where(Customer.id == order.customer_id)).first()
    if row is not None:
        phone = work.session.scalar(
            select(CustomerPhone.e164)
            .where(CustomerPhone.customer_id == order.customer_id, CustomerPhone.wrong_at.is_(None))
            .order_by(CustomerPhone.position, CustomerPhone.id)
            .limit(1)
        )
        shown = show_phone(phone, work.rules.phone_region) if phone else None
        return OrderCustomer(row.id, row.code, row.name, row.city, shown, row.address, row.owner, reduced=False)
    # The order is readable and its customer is not: the actor took it through the narrow door.
    with work.crm.system("customer of a door order") as system:
        row = system.session.execute(_WHO.where(Customer.id == order.customer_id)).one()
        return OrderCustomer(None, row.code, row.name, row.city, None, None, None, reduced=True)


_WHO = select(
    Customer.id, Customer.code, Customer.name, Customer.city, Customer.address, Employee.name.label("owner")
).outerjoin(Employee, Employee.id == Customer.owner_id)


def _lines(work: Work, order: Order, *, returnable: bool) -> list[CardLine]:
    rows = work.session.execute(
        select(OrderLine, Product.code, Product.name, FollowUp)
        .join(Product, Product.id == OrderLine.product_id)
        .outerjoin(FollowUp, FollowUp.line_id == OrderLine.id)
        .where(OrderLine.order_id == order.id)
        .order_by(OrderLine.id)
    )
    return [
        CardLine(
            id=line.id,
            product_id=line.product_id,
            product_code=code,
            product=name,
            quantity=line.quantity,
            unit_price=line.unit_price,
            discount=line.discount,
            amount=line.amount,
            returned_quantity=line.returned_quantity,
            returned_amount=line.returned_amount,
            void=line.void_at is not None,
            follow_up=owed.state_on(work.today) if owed else None,
            due_on=owed.due_on if owed else None,
            followed_up_on=owed.followed_up_on if owed else None,
            closed_because=owed.closed_because if owed else None,
            can_return=line.quantity - line.returned_quantity if returnable else 0,
        )
        for line, code, name, owed in rows
    ]


def _returns(work: Work, lines: Sequence[CardLine]) -> list[CardReturn]:
    rows = work.session.execute(
        select(LineReturn, Employee.name)
        .outerjoin(Employee, Employee.id == LineReturn.by_id)
        .where(LineReturn.line_id.in_([line.id for line in lines]))
        .order_by(LineReturn.at, LineReturn.id)
    )
    return [CardReturn(back.line_id, back.quantity, back.amount, back.at, name, back.reason) for back, name in rows]


def _steps(work: Work, order: Order) -> list[CardStep]:
    rows = work.session.execute(
        select(OrderStatusChange, Employee.name)
        .outerjoin(Employee, Employee.id == OrderStatusChange.by_id)
        .where(OrderStatusChange.order_id == order.id)
        .order_by(OrderStatusChange.at, OrderStatusChange.id)
    )
    return [CardStep(step.status, step.at, name, step.reason, step.refused_at_door) for step, name in rows]
