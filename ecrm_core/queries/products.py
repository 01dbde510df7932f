"""The list of products, one of them with its prices, and where orders come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from ecrm_core import models as m
from ecrm_core.crm import Work
from ecrm_core.errors import NotVisible
from ecrm_core.models.orders import OrderKind, OrderStatus
from ecrm_core.queries.stamps import stamp

PAGE_ROWS = 50
PRICES_SHOWN = 24
NAMES = 1_000
NEW_SHOWN = 3
"""Products announced as new at once."""
SOURCE_DAYS = 30
VOID = (OrderStatus.CANCELLED, OrderStatus.RETURNED)
PRODUCT_SORTS: dict[str, Any] = {
    "code": m.Product.code,
    "name": func.lower(m.Product.name),
    "category": func.lower(m.Category.name),
    "price": m.Product.price,
    "stock": m.Product.stock,
    "follow_up": m.Product.follow_up_months,
    "new_until": m.Product.new_until,
}


@dataclass(frozen=True)
class ProductFilters:
    """Which products a list holds. `active` none means both; a category of 0 means those without one."""

    text: str = ""
    category_id: int | None = None
    active: bool | None = True


@dataclass(frozen=True)
class ProductLine:
    """A product in a list. `follow_up_months` none means the company's own interval."""

    id: int
    code: str
    name: str
    category: str | None
    price: Decimal
    currency: str
    stock: int | None
    follow_up_months: int | None
    consumable: bool
    new_until: date | None
    active: bool
    category_id: int | None = None


@dataclass(frozen=True)
class NewProduct:
    """A product that is new now, and the category whose friends may like it."""

    code: str
    name: str
    category_id: int
    category: str


@dataclass(frozen=True)
class ProductPage:
    """One page of products; `first` is the place of its first row, from 0."""

    rows: list[ProductLine]
    count: int
    first: int
    inactive: int
    """How many of the same search are no longer sold."""


@dataclass(frozen=True)
class CategoryLine:
    """A category and how many products it holds."""

    id: int
    name: str
    products: int


@dataclass(frozen=True)
class Price:
    """What a product costs from an instant on (company time), and who said so; none for an import."""

    price: Decimal
    since: datetime
    by: str | None


@dataclass(frozen=True)
class ProductRecord:
    """A product as whoever changes it finds it, with its prices, newest first."""

    id: int
    code: str
    name: str
    category: str | None
    price: Decimal
    currency: str
    active: bool
    stock: int | None
    follow_up_months: int | None
    consumable: bool
    new_until: date | None
    prices: list[Price] = field(default_factory=list)
    stamp: str = field(init=False)
    """Differs as soon as an admin has changed something; stock goes its own way, orders take it."""

    def __post_init__(self) -> None:
        facts = (
            self.name,
            self.category,
            self.price,
            self.active,
            self.follow_up_months,
            self.consumable,
            self.new_until,
        )
        object.__setattr__(self, "stamp", stamp(*facts))


@dataclass(frozen=True)
class SourceLine:
    """A way customers hear of the company, and how many orders it brought lately."""

    id: int
    name: str
    station: str | None
    airs_at: str | None
    active: bool
    orders: int
    stamp: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stamp", stamp(self.name, self.station, self.airs_at, self.active))


def product_page(
    work: Work,
    filters: ProductFilters,
    *,
    sort: str = "name",
    down: bool = False,
    first: int = 0,
    rows: int = PAGE_ROWS,
) -> ProductPage:
    """Products by code or a part of the name.

    Args:
        sort: one of `PRODUCT_SORTS`; by name unless it is.
        down: from the last to the first.
        first: place of the first row wanted, from 0.
    """
    product, category = m.Product, m.Category
    wanted = _wanted(filters)
    counted = dict(
        work.session.execute(select(product.active, func.count()).where(*wanted).group_by(product.active)).all()
    )
    if filters.active is not None:
        wanted = [*wanted, product.active.is_(filters.active)]
    count = sum(number for active, number in counted.items() if filters.active in (None, active))
    first = min(max(0, first), max(0, (count - 1) // rows * rows))
    column = PRODUCT_SORTS.get(sort, PRODUCT_SORTS["name"])
    order = (column.is_(None), column.desc(), product.id.desc()) if down else (column.is_(None), column, product.id)
    found = work.session.execute(
        select(product, category.name)
        .join(category, category.id == product.category_id, isouter=True)
        .where(*wanted)
        .order_by(*order)
        .offset(first)
        .limit(rows)
    )
    lines = [
        ProductLine(
            row.id,
            row.code,
            row.name,
            name,
            row.price,
            row.currency,
            row.stock,
            row.follow_up_months,
            row.consumable,
            row.new_until,
            row.active,
            row.category_id,
        )
        for row, name in found
    ]
    return ProductPage(lines, count, first, counted.get(False, 0))


def _wanted(filters: ProductFilters) -> list[ColumnElement[bool]]:
    product = m.Product
    wanted: list[ColumnElement[bool]] = []
    for word in filters.text.split():
        wanted.append(or_(product.name.icontains(word, autoescape=True), product.code.icontains(word, autoescape=True)))
    if filters.category_id is not None:
        wanted.append(
            product.category_id == filters.category_id if filters.category_id else product.category_id.is_(None)
        )
    return wanted


def new_products(work: Work, *, limit: int = NEW_SHOWN) -> list[NewProduct]:
    """Products that are sold and marked new today, of a category; those put on sale last come first."""
    product = m.Product
    rows = work.session.execute(
        select(product.code, product.name, m.Category.id, m.Category.name)
        .join(m.Category, m.Category.id == product.category_id)
        .where(product.active, product.new_until >= work.today)
        .order_by(product.created_at.desc(), product.id.desc())
        .limit(limit)
    )
    return [NewProduct(*row) for row in rows]


def categories(work: Work) -> list[CategoryLine]:
    """All categories by name, with how many products each holds."""
    rows = work.session.execute(
        select(m.Category.id, m.Category.name, func.count(m.Product.id))
        .join(m.Product, m.Product.category_id == m.Category.id, isouter=True)
        .group_by(m.Category.id, m.Category.name)
        .order_by(func.lower(m.Category.name), m.Category.id)
    )
    return [CategoryLine(number, name, count) for number, name, count in rows]


def product_names(work: Work) -> list[str]:
    """What is sold, to choose from, each as `product_called` finds it again: name and code."""
    rows = work.session.execute(
        select(m.Product.name, m.Product.code)
        .where(m.Product.active)
        .order_by(func.lower(m.Product.name), m.Product.id)
        .limit(NAMES)
    )
    return [f"{name} · {code}" for name, code in rows]


def product_called(work: Work, text: str) -> int | None:
    """The product that is meant by `name · code`, by a code, or by a name that only one product has."""
    code = text.rpartition(" · ")[2].strip()
    found = work.session.scalar(select(m.Product.id).where(m.Product.code == code))
    if found is None:
        named = work.session.scalars(
            select(m.Product.id).where(func.lower(m.Product.name) == text.strip().lower()).limit(2)
        ).all()
        found = named[0] if len(named) == 1 else None
    return found


def product_record(work: Work, product_id: int) -> ProductRecord:
    """A product as it is now, with what it cost when.

    Raises:
        NotVisible: no such product.
    """
    row = work.session.get(m.Product, product_id)
    if row is None:
        raise NotVisible(product_id=product_id)
    category = work.session.get(m.Category, row.category_id) if row.category_id is not None else None
    zone = work.rules.timezone
    prices = work.session.execute(
        select(m.PriceChange.price, m.PriceChange.at, m.Employee.name)
        .join(m.Employee, m.Employee.id == m.PriceChange.by_id, isouter=True)
        .where(m.PriceChange.product_id == product_id)
        .order_by(m.PriceChange.at.desc(), m.PriceChange.id.desc())
        .limit(PRICES_SHOWN)
    )
    return ProductRecord(
        row.id,
        row.code,
        row.name,
        category.name if category else None,
        row.price,
        row.currency,
        row.active,
        row.stock,
        row.follow_up_months,
        row.consumable,
        row.new_until,
        [Price(each.price, each.at.astimezone(zone), each.name) for each in prices],
    )


def order_sources(work: Work, *, days: int = SOURCE_DAYS) -> list[SourceLine]:
    """Every source, those still asked about first, with the orders it brought in the last days.

    Counted are sales of those days that have not been cancelled or returned.
    """
    order, source = m.Order, m.OrderSource
    since = work.rules.start_of(work.today - timedelta(days=days - 1))
    # Summed so, SQLite walks the index of the last days; grouped by the plain column, that of all orders ever.
    heard_from = order.heard_from_id + 0
    found = work.session.execute(
        select(heard_from, func.count())
        .where(order.ordered_at >= since, order.kind == OrderKind.SALE, order.status.not_in(VOID))
        .group_by(heard_from)
    ).all()
    brought = {source_id: count for source_id, count in found if source_id is not None}
    rows = work.session.execute(
        select(source.id, source.name, source.station, source.airs_at, source.active).order_by(
            source.active.desc(), func.lower(source.name), source.id
        )
    )
    return [SourceLine(row.id, row.name, row.station, row.airs_at, row.active, brought.get(row.id, 0)) for row in rows]
