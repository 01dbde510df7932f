"""What the company sells."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ecrm_core.models.base import Base, instant, key, line, money


class Category(Base):
    """A kind of product."""

    __tablename__ = "category"

    id: Mapped[key]
    name: Mapped[str] = mapped_column(String(200), unique=True)


class Product(Base):
    """Something for sale. Inactive ones stay in the history and are offered no more."""

    __tablename__ = "product"
    __table_args__ = (Index("ix_product_name", "name"),)

    id: Mapped[key]
    code: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[line]
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)
    price: Mapped[money]
    currency: Mapped[str] = mapped_column(String(3))
    active: Mapped[bool] = mapped_column(default=True)
    stock: Mapped[int | None]
    """Pieces at hand; none means nobody counts them."""
    follow_up_months: Mapped[int | None]
    """Months until the follow-up; none means the company's setting."""
    consumable: Mapped[bool] = mapped_column(default=False)
    """Used up and bought again, so it may be offered to somebody who owns it."""
    new_until: Mapped[date | None]
    created_at: Mapped[instant]


class PriceChange(Base):
    """A price from an instant on; orders keep the price they were taken at."""

    __tablename__ = "price_change"

    id: Mapped[key]
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    price: Mapped[Decimal]
    at: Mapped[instant]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
