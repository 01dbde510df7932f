"""Orders and their lines, and what became of them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ecrm_core.models.base import Base, Code, instant, key, money


class OrderKind(StrEnum):
    """A sale, or an imported return that names no original and counts for nothing."""

    SALE = "sale"
    RETURN = "return"


class OrderChannel(StrEnum):
    """Where the order came in."""

    PHONE = "phone"
    STORE = "store"
    WEB = "web"


class OrderStatus(StrEnum):
    """What became of an order."""

    NEW = "new"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    RETURNED = "returned"


class PaymentMethod(StrEnum):
    """How the customer pays."""

    TRANSFER = "transfer"
    COD = "cod"
    CARD = "card"


class Order(Base):
    """The header of an order."""

    __tablename__ = "sales_order"
    __table_args__ = (
        UniqueConstraint("source", "number"),
        Index("ix_sales_order_customer_id_ordered_at", "customer_id", "ordered_at"),
        Index("ix_sales_order_ordered_at", "ordered_at"),
        Index("ix_sales_order_taken_by_id_ordered_at", "taken_by_id", "ordered_at"),
    )

    id: Mapped[key]
    source: Mapped[str] = mapped_column(String(64), default="")
    """The system the order comes from; empty for those taken here."""
    number: Mapped[str] = mapped_column(String(128))
    kind: Mapped[OrderKind] = mapped_column(Code(OrderKind), default=OrderKind.SALE)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    door_taker_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    """Who took this for a colleague's customer, and therefore sees this one order of theirs."""
    channel: Mapped[OrderChannel] = mapped_column(Code(OrderChannel), default=OrderChannel.PHONE)
    ordered_at: Mapped[instant]
    status: Mapped[OrderStatus] = mapped_column(Code(OrderStatus), default=OrderStatus.NEW)
    currency: Mapped[str] = mapped_column(String(3))
    shipping_cost: Mapped[money] = mapped_column(default=Decimal(0))
    ship_name: Mapped[str | None] = mapped_column(String(200))
    ship_phone: Mapped[str | None] = mapped_column(String(64))
    ship_address: Mapped[str | None] = mapped_column(String(500))
    ship_city: Mapped[str | None] = mapped_column(String(100))
    ship_province: Mapped[str | None] = mapped_column(String(100))
    ship_postcode: Mapped[str | None] = mapped_column(String(10))
    courier: Mapped[str | None] = mapped_column(String(64))
    tracking_number: Mapped[str | None] = mapped_column(String(64))
    payment_method: Mapped[PaymentMethod | None] = mapped_column(Code(PaymentMethod))
    heard_from_id: Mapped[int | None] = mapped_column(ForeignKey("order_source.id"), index=True)
    note: Mapped[str | None] = mapped_column(String(4000))
    intention: Mapped[str | None] = mapped_column(String(64), unique=True)
    """The form's idempotency key: one order per intention, however often it is sent."""
    import_run_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"), index=True)
    created_at: Mapped[instant]
    version: Mapped[int] = mapped_column(default=1)
    """Raised by each correction and step: who acts on what they read earlier is told of what changed."""


class OrderStatusChange(Base):
    """A change of an order's status, with its instant, so that any past day can be told."""

    __tablename__ = "order_status_change"

    id: Mapped[key]
    order_id: Mapped[int] = mapped_column(ForeignKey("sales_order.id"), index=True)
    status: Mapped[OrderStatus] = mapped_column(Code(OrderStatus))
    at: Mapped[instant]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    reason: Mapped[str | None] = mapped_column(String(500))
    refused_at_door: Mapped[bool] = mapped_column(default=False)
    """A return of what was never taken in: cash on delivery, refused at the door."""


class OrderDraft(Base):
    """An order half typed, kept for the one who types it, on any computer."""

    __tablename__ = "order_draft"

    id: Mapped[key]
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    intention: Mapped[str] = mapped_column(String(64), unique=True)
    """The form's idempotency key; the order made from it carries the same."""
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[instant]
    version: Mapped[int] = mapped_column(default=1)


class OrderLine(Base):
    """A product in an order; in history, a transaction.

    `customer_id`, `ordered_at` and `door_taker_id` repeat the header's, so that a million-line
    history is read from one index. `void_at` is the instant from which the line counts for nothing
    (order cancelled, last piece returned): as of the end of a day, a line counts when it was
    ordered before and is not void before.
    """

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "fingerprint", "occurrence"),
        # Covering: who is active, and who has bought how much, as of any day, never touches the table.
        Index("ix_order_line_customer_id_ordered_at", "customer_id", "ordered_at", "void_at", "order_id", "amount"),
        Index("ix_order_line_product_id_customer_id", "product_id", "customer_id", "ordered_at"),
        Index("ix_order_line_ordered_at", "ordered_at", "id"),
    )

    id: Mapped[key]
    order_id: Mapped[int] = mapped_column(ForeignKey("sales_order.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    ordered_at: Mapped[instant]
    quantity: Mapped[int]
    """Pieces; positive, also on the lines of a return document."""
    unit_price: Mapped[money]
    discount: Mapped[money] = mapped_column(default=Decimal(0))
    """Off the whole line, in the order's currency."""
    amount: Mapped[money]
    """What was sold: quantity × unit price − discount, or the sum the file gives."""
    returned_quantity: Mapped[int] = mapped_column(default=0)
    returned_amount: Mapped[money] = mapped_column(default=Decimal(0))
    """What the returned pieces were sold for; the sum of this line's `LineReturn`s."""
    void_at: Mapped[datetime | None]
    door_taker_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    fingerprint: Mapped[int | None] = mapped_column(BigInteger)
    """Of an imported row's own values; with `occurrence`, which equal row of its order it is."""
    occurrence: Mapped[int | None] = mapped_column(SmallInteger)


class LineReturn(Base):
    """Pieces of a line that came back."""

    __tablename__ = "line_return"

    id: Mapped[key]
    line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    quantity: Mapped[int]
    amount: Mapped[money] = mapped_column(default=Decimal(0))
    """What these pieces were sold for: their share of the line's amount."""
    at: Mapped[instant]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    reason: Mapped[str] = mapped_column(String(500))


class FollowUpState(StrEnum):
    """Where a follow-up stands. Expired is told from `expires_on`, not by a nightly job."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"
    EXPIRED = "expired"


class FollowUpClosing(StrEnum):
    """Why a follow-up was closed without an answer."""

    BOUGHT_AGAIN = "bought_again"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    DO_NOT_CALL = "do_not_call"
    BY_HAND = "by_hand"


class FollowUp(Base):
    """What is owed after an order line: ask how the product does, and offer again."""

    __tablename__ = "follow_up"
    __table_args__ = (
        # Covering, and without those whose last day is past: nobody marks them, and they pile up for ever.
        Index("ix_follow_up_customer_id_state_expires_on", "customer_id", "state", "expires_on", "due_on"),
        Index("ix_follow_up_state_expires_on", "state", "expires_on", "due_on", "customer_id"),
    )

    line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    due_on: Mapped[date]
    expires_on: Mapped[date]
    """The last day on which it may still be answered."""
    state: Mapped[FollowUpState] = mapped_column(Code(FollowUpState), default=FollowUpState.OPEN)
    followed_up_on: Mapped[date | None]
    closed_at: Mapped[datetime | None]
    closed_because: Mapped[FollowUpClosing | None] = mapped_column(Code(FollowUpClosing))

    def state_on(self, today: date) -> FollowUpState:
        """Where it stands on a day: an open one past its last day has expired."""
        if self.state is FollowUpState.OPEN and self.expires_on < today:
            return FollowUpState.EXPIRED
        return self.state


class Response(Base):
    """The customer's answer about a product they bought."""

    __tablename__ = "response"
    __table_args__ = (
        Index("ix_response_customer_id_product_id", "customer_id", "product_id"),
        Index("ix_response_by_id_at", "by_id", "at"),
    )

    id: Mapped[key]
    line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    rating: Mapped[int | None] = mapped_column(SmallInteger)
    """1 (bad) to 5 (very good)."""
    text: Mapped[str | None] = mapped_column(String(4000))
    at: Mapped[instant]
    by_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))


class ComplaintState(StrEnum):
    """While open, no offer is made to the customer."""

    OPEN = "open"
    SOLVED = "solved"


class Complaint(Base):
    """Something that went wrong for a customer: from a rating of 2 or less, or by hand."""

    __tablename__ = "complaint"
    # The open ones by the day they are due, as their list has them.
    __table_args__ = (Index("ix_complaint_state_due_on", "state", "due_on", "id"),)

    id: Mapped[key]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    line_id: Mapped[int | None] = mapped_column(ForeignKey("order_line.id"), index=True)
    kind: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(String(4000), default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    due_on: Mapped[date]
    state: Mapped[ComplaintState] = mapped_column(Code(ComplaintState), default=ComplaintState.OPEN)
    solution: Mapped[str | None] = mapped_column(String(4000))
    opened_at: Mapped[instant]
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    solved_at: Mapped[datetime | None]
