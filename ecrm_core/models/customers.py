"""Customers, and what is kept about each as a person."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from ecrm_core.models.base import Base, Code, Key, folded, instant, key, line, prose


def _search_name(context: Any) -> str:
    """For rows that are written past the ORM."""
    return folded(context.get_current_parameters()["name"])[:200]


class Customer(Base):
    """A person with a code, looked after by one telemarketer, or by nobody yet."""

    __tablename__ = "customer"
    __table_args__ = (
        Index("ix_customer_owner_id_last_activity_at", "owner_id", "last_activity_at", "id"),
        Index("ix_customer_last_activity_at", "last_activity_at", "id"),
        # Covering: a telemarketer's search by a name fragment reads this index alone.
        Index("ix_customer_owner_id_search_name", "owner_id", "search_name", "id"),
        Index("ix_customer_search_name", "search_name", "id"),
        Index("ix_customer_birth_month_birth_day", "birth_month", "birth_day"),
        Index("ix_customer_city", "city", "id"),
        Index("ix_customer_owner_id_city", "owner_id", "city", "id"),
    )

    id: Mapped[key]
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[line]
    search_name: Mapped[line] = mapped_column(default=_search_name)
    """The name `folded`; follows it by itself."""
    email: Mapped[str | None] = mapped_column(String(254))
    address: Mapped[str | None] = mapped_column(String(500))
    city: Mapped[str | None] = mapped_column(String(100))
    province: Mapped[str | None] = mapped_column(String(100))
    postcode: Mapped[str | None] = mapped_column(String(10))
    timezone: Mapped[str | None] = mapped_column(String(40))
    """IANA zone, for contact hours only; none means found from city or province."""
    # A birth date in parts: the year may be unknown, and the day is looked up without it.
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    birth_month: Mapped[int | None] = mapped_column(SmallInteger)
    birth_day: Mapped[int | None] = mapped_column(SmallInteger)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    last_activity_at: Mapped[datetime | None]
    """Instant of the newest order that counts by what is known now; kept by the services in the
    transaction that changes it, so that lists need not aggregate. As of another day, ask the lines."""
    do_not_call_at: Mapped[datetime | None]
    """Since when nobody may contact this person; `DoNotCall` holds the story."""
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    created_at: Mapped[instant]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    version: Mapped[int] = mapped_column(default=1)
    """Raised by each correction: who corrects what they read earlier is told of what changed since."""
    changed_at: Mapped[datetime | None]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))

    @validates("name")
    def _follow_name(self, _key: str, name: str) -> str:
        self.search_name = folded(name)[:200]
        return name

    @property
    def birthday(self) -> tuple[int, int] | None:
        """Month and day, where known."""
        if self.birth_month is None or self.birth_day is None:
            return None
        return self.birth_month, self.birth_day


class CustomerSearch(Base):
    """Names by any fragment of three letters and more.

    SQLite keeps a trigram index (FTS5) under this name, fed by triggers; on PostgreSQL it is a view,
    and the trigram index stands on the customers themselves. The same `LIKE '%fragment%'` uses either.
    Made by the migrations, never written by us.
    """

    __tablename__ = "customer_search"
    __table_args__ = ({"info": {"derived": True}},)

    id: Mapped[int] = mapped_column("rowid", Key, primary_key=True)
    search_name: Mapped[line]


class CustomerKey(Base):
    """The name another system's files give a customer."""

    __tablename__ = "customer_key"
    __table_args__ = (UniqueConstraint("source", "key"),)

    id: Mapped[key]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    source: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(128))


class CustomerPhone(Base):
    """A number of a customer: E.164, and as it was typed."""

    __tablename__ = "customer_phone"
    __table_args__ = (UniqueConstraint("customer_id", "e164"),)

    id: Mapped[key]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    e164: Mapped[str] = mapped_column(String(20), index=True)
    typed: Mapped[str] = mapped_column(String(64))
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
    """0 is the number called first."""
    wrong_at: Mapped[datetime | None]
    """Since when this is known to be somebody else's number."""


class CustomerAddress(Base):
    """An address orders were sent to before."""

    __tablename__ = "customer_address"

    id: Mapped[key]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    address: Mapped[str] = mapped_column(String(500))
    city: Mapped[str | None] = mapped_column(String(100))
    province: Mapped[str | None] = mapped_column(String(100))
    postcode: Mapped[str | None] = mapped_column(String(10))
    used_at: Mapped[instant]


class CustomerNote(Base):
    """Something worth remembering about a customer, by whom and when."""

    __tablename__ = "customer_note"

    id: Mapped[key]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    text: Mapped[prose]
    at: Mapped[instant]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))


class OwnerChange(Base):
    """Who looked after whom, from when on."""

    __tablename__ = "owner_change"
    __table_args__ = (Index("ix_owner_change_customer_id_at", "customer_id", "at"),)

    id: Mapped[key]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    from_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    to_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    at: Mapped[instant]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    reason: Mapped[str] = mapped_column(String(64), default="")


class DoNotCall(Base):
    """A person's wish not to be contacted: it outlives any later outcome; only an admin lifts it."""

    __tablename__ = "do_not_call"

    id: Mapped[key]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    marked_at: Mapped[instant]
    marked_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    lifted_reason: Mapped[str | None] = mapped_column(String(500))


class Channel(StrEnum):
    """Ways to reach a customer."""

    PHONE = "phone"
    WHATSAPP = "whatsapp"
    EMAIL = "email"
    SMS = "sms"


class Consent(Base):
    """Consent for a channel, given or withdrawn; the newest row of a channel is in force."""

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_customer_id_channel_at", "customer_id", "channel", "at"),)

    id: Mapped[key]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    channel: Mapped[Channel] = mapped_column(Code(Channel))
    granted: Mapped[bool]
    source: Mapped[str] = mapped_column(String(200))
    at: Mapped[instant]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))


class InterestOrigin(StrEnum):
    """Told by the customer, or concluded from what they bought."""

    STATED = "stated"
    DERIVED = "derived"


class Interest(Base):
    """A product or category the customer cares about."""

    __tablename__ = "interest"
    __table_args__ = (
        Index("ix_interest_product_id_customer_id", "product_id", "customer_id"),
        Index("ix_interest_category_id_customer_id", "category_id", "customer_id"),
    )

    id: Mapped[key]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))
    origin: Mapped[InterestOrigin] = mapped_column(Code(InterestOrigin))
    at: Mapped[instant]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    withdrawn_at: Mapped[datetime | None]


class Greeting(Base):
    """A birthday greeting given in a year."""

    __tablename__ = "greeting"
    __table_args__ = (UniqueConstraint("customer_id", "year"),)

    id: Mapped[key]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    year: Mapped[int] = mapped_column(SmallInteger)
    birthday_on: Mapped[date]
    channel: Mapped[Channel] = mapped_column(Code(Channel))
    at: Mapped[instant]
    by_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))


class ChangeOffer(Base):
    """What was typed about a colleague's customer with an order, offered to their owner as a change."""

    __tablename__ = "change_offer"

    id: Mapped[key]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("sales_order.id"), index=True)
    changes: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Field to what was typed: `address`, `city`, `province`, `postcode`, `phone`."""
    at: Mapped[instant]
    by_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    taken: Mapped[bool | None]
    """Whether the owner took it over; none until they have answered."""
