"""What the company sells, and at which price."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select

from ecrm_core.crm import Work
from ecrm_core.errors import AlreadyExists, InvalidValue, NotVisible
from ecrm_core.models import Category, PriceChange, Product, Role
from ecrm_core.services.checks import clean_money, required_text


@dataclass(frozen=True)
class ProductCard:
    """A product as it is sold now."""

    id: int
    code: str
    name: str
    category_id: int | None
    price: Decimal
    currency: str
    active: bool
    stock: int | None

    @classmethod
    def of(cls, row: Product) -> ProductCard:
        return cls(row.id, row.code, row.name, row.category_id, row.price, row.currency, row.active, row.stock)


def add_category(work: Work, name: str) -> int:
    """The id of the category of this name, made where it is new. Admins.

    Raises:
        InvalidValue: no name.
        NotAllowed: not an admin.
    """
    work.require(Role.ADMIN)
    text = required_text("category", name, limit=200)
    known = work.session.scalar(select(Category.id).where(Category.name == text))
    if known is not None:
        return known
    row = Category(name=text)
    work.session.add(row)
    work.session.flush()
    return row.id


def add_product(
    work: Work,
    *,
    code: str,
    name: str,
    price: Decimal,
    category_id: int | None = None,
    stock: int | None = None,
    follow_up_months: int | None = None,
    consumable: bool = False,
    new_until: date | None = None,
) -> ProductCard:
    """Put a product on sale. Admins.

    Raises:
        AlreadyExists: the code is taken.
        InvalidValue: no code or name, a price below nothing, a stock below nothing.
        NotAllowed: not an admin.
    """
    work.require(Role.ADMIN)
    text = required_text("code", code, limit=64)
    if work.session.scalar(select(Product.id).where(Product.code == text)) is not None:
        raise AlreadyExists(what="code", name=text)
    row = Product(
        code=text,
        name=required_text("name", name, limit=200),
        category_id=category_id,
        price=clean_money("price", price),
        currency=work.rules.currency,
        stock=_stock(stock),
        follow_up_months=_months(follow_up_months),
        consumable=consumable,
        new_until=new_until,
        created_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    _note_price(work, row)
    return ProductCard.of(row)


def change_product(
    work: Work,
    product_id: int,
    *,
    name: str,
    price: Decimal,
    category_id: int | None,
    stock: int | None,
    follow_up_months: int | None,
    active: bool,
) -> ProductCard:
    """Write a product anew; orders keep the price they were taken at. Admins.

    Raises:
        NotVisible: no such product.
        InvalidValue: as for a new one.
        NotAllowed: not an admin.
    """
    work.require(Role.ADMIN)
    row = work.session.get(Product, product_id, with_for_update=True)
    if row is None:
        raise NotVisible(product_id=product_id)
    row.name = required_text("name", name, limit=200)
    row.category_id = category_id
    row.stock = _stock(stock)
    row.follow_up_months = _months(follow_up_months)
    row.active = active
    if row.price != clean_money("price", price):
        row.price = price
        _note_price(work, row)
    return ProductCard.of(row)


def _note_price(work: Work, row: Product) -> None:
    work.session.add(PriceChange(product_id=row.id, price=row.price, at=work.now, by_id=work.actor.employee_id))


def _stock(stock: int | None) -> int | None:
    if stock is not None and stock < 0:
        raise InvalidValue("stock", stock, "negative")
    return stock


def _months(months: int | None) -> int | None:
    if months is not None and not 1 <= months <= 24:
        raise InvalidValue("follow_up_months", months, "range", least=1, most=24)
    return months
