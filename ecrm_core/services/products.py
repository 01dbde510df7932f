"""What the company sells, and at which price."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum

from sqlalchemy import select

from ecrm_core.crm import Work
from ecrm_core.errors import AlreadyExists, ChangedMeanwhile, InvalidValue, NotVisible
from ecrm_core.models import Category, PriceChange, Product, Role
from ecrm_core.models.base import folded
from ecrm_core.queries.products import product_record
from ecrm_core.services.checks import clean_money, required_text


class Unchanged(Enum):
    """Said of a value that stays as it is, where none means something."""

    UNCHANGED = "unchanged"


UNCHANGED = Unchanged.UNCHANGED


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
    """The id of the category of this name, however it is spelled, made where it is new. Admins.

    Raises:
        InvalidValue: no name.
        NotAllowed: not an admin.
    """
    work.require(Role.ADMIN)
    text = required_text("category", name, limit=200)
    for category_id, known in work.session.execute(select(Category.id, Category.name)):
        if folded(known) == folded(text):
            return category_id
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


@dataclass(frozen=True)
class ProductSeen:
    """What a product was when somebody opened it to change it: its record's stamp, and its stock."""

    stamp: str
    stock: int | None


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
    consumable: bool | None = None,
    new_until: date | Unchanged | None = UNCHANGED,
    seen: ProductSeen | None = None,
) -> ProductCard:
    """Write a product anew; orders keep the price they were taken at. Admins.

    Args:
        consumable: none leaves it as it is.
        new_until: none means no longer new; left out, it stays.
        seen: what was opened. What somebody has changed since is not written over, and a stock that was
            not typed anew stays what orders have made of it.

    Raises:
        NotVisible: no such product.
        ChangedMeanwhile: somebody else has changed it since it was opened.
        InvalidValue: as for a new one.
        NotAllowed: not an admin.
    """
    work.require(Role.ADMIN)
    row = work.session.get(Product, product_id, with_for_update=True)
    if row is None:
        raise NotVisible(product_id=product_id)
    if seen is not None:
        if product_record(work, product_id).stamp != seen.stamp:
            raise ChangedMeanwhile(product_id=product_id)
        if stock == seen.stock:
            stock = row.stock
        elif row.stock != seen.stock:
            raise InvalidValue("stock", stock, "stock_moved", now=row.stock if row.stock is not None else "–")
    row.name = required_text("name", name, limit=200)
    row.category_id = category_id
    row.stock = _stock(stock)
    row.follow_up_months = _months(follow_up_months)
    row.active = active
    if consumable is not None:
        row.consumable = consumable
    if not isinstance(new_until, Unchanged):
        row.new_until = new_until
    if row.price != clean_money("price", price):
        row.price = price
        _note_price(work, row)
    return ProductCard.of(row)


def deactivate_products(work: Work, product_ids: Collection[int]) -> list[ProductCard]:
    """Sell these no more; those that are not sold already are passed over. They stay in every history. Admins.

    Raises:
        NotAllowed: not an admin.
    """
    return _switched(work, product_ids, active=False)


def reactivate_products(work: Work, product_ids: Collection[int]) -> list[ProductCard]:
    """Sell these again; those that are sold already are passed over. Admins.

    Raises:
        NotAllowed: not an admin.
    """
    return _switched(work, product_ids, active=True)


def _switched(work: Work, product_ids: Collection[int], *, active: bool) -> list[ProductCard]:
    work.require(Role.ADMIN)
    wanted = select(Product).where(Product.id.in_(product_ids), Product.active.is_(not active)).order_by(Product.id)
    rows = list(work.session.scalars(wanted.with_for_update()))
    for row in rows:
        row.active = active
    return [ProductCard.of(row) for row in rows]


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
