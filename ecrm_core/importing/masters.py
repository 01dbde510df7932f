"""Lists of customers and of products: judged row by row, written where they are new, or fill in what was blank."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from ecrm_core.crm import Work
from ecrm_core.errors import InvalidValue
from ecrm_core.importing.checking import Reasons
from ecrm_core.importing.mapping import Mapping
from ecrm_core.importing.values import as_instants, as_money, as_text
from ecrm_core.importing.writing import Written, money
from ecrm_core.models import (
    Category,
    Customer,
    CustomerKey,
    CustomerPhone,
    Employee,
    OwnerChange,
    PriceChange,
    Product,
)
from ecrm_core.phones import parse_phone
from ecrm_core.rules import CompanyRules
from ecrm_core.services.checks import clean_email, clean_text, required_text
from ecrm_core.services.numbers import customer_code, locked_counter, next_number

ASKED = 5_000
OUR_CODE = re.compile(r"C(\d{6,12})")
ADDRESS = ("address", "city", "province", "postcode")
BIRTH = ("birth_year", "birth_month", "birth_day")
TEXTS = {"code": 32, "address": 500, "city": 100, "province": 100, "postcode": 10}


@dataclass(frozen=True)
class CustomerRow:
    """A customer of a file that passed."""

    key: str
    values: dict[str, Any]
    phone: tuple[str, str] | None
    owner: str | None


@dataclass(frozen=True)
class ProductRow:
    """A product of a file that passed."""

    code: str
    name: str
    category: str | None
    price: Decimal
    currency: str


def check_customers(
    piece: pd.DataFrame, mapping: Mapping, rules: CompanyRules, staff: Collection[str], taken: dict[str, str | None]
) -> tuple[list[CustomerRow], Reasons]:
    """Judge rows of a customer list. The first thing that is wrong with a row is its reason.

    Args:
        staff: user names that may look after a customer.
        taken: codes that are in use, and whose: the key in this source, none for anybody else's.
            Those of this piece are added.
    """
    named = mapping.named()
    texts = {ours: as_text(piece[theirs]).tolist() for ours, theirs in named.items() if ours != "birth_date"}
    births: list[Any] = [None] * len(piece)
    bad_births = np.zeros(len(piece), dtype=bool)
    if "birth_date" in named:
        column = piece[named["birth_date"]]
        instants, bad_births = as_instants(column, mapping.dates, rules.timezone)
        births = [None if pd.isna(at) else at.tz_convert(rules.timezone).date() for at in instants]
    rows: list[CustomerRow] = []
    reasons = np.full(len(piece), "", dtype=object)
    for place in range(len(piece)):
        told = {name: values[place] for name, values in texts.items()}
        if not told["customer"]:
            reasons[place] = "missing_customer"
            continue
        if bad_births[place]:
            reasons[place] = "bad_date"
            continue
        try:
            values: dict[str, Any] = {"name": required_text("name", told["name"], limit=200)}
            values.update((name, clean_text(name, told.get(name), limit=limit)) for name, limit in TEXTS.items())
            values["email"] = clean_email(told.get("email"))
            typed = told.get("phone")
            phone = (parse_phone(typed, rules.phone_region), typed) if typed else None
        except InvalidValue as error:
            reasons[place] = f"{error.field}_{error.reason}" if error.reason in {"empty", "too_long"} else error.reason
            continue
        if told.get("owner") and told["owner"] not in staff:
            reasons[place] = "unknown_owner"
            continue
        if values["code"] and taken.setdefault(values["code"], told["customer"]) != told["customer"]:
            reasons[place] = "code_taken"
            continue
        birth = births[place]
        if birth is not None:
            values |= {"birth_year": birth.year, "birth_month": birth.month, "birth_day": birth.day}
        rows.append(CustomerRow(told["customer"], values, phone, told.get("owner") or None))
    return rows, reasons


def taken_codes(work: Work, codes: Iterable[str], source: str) -> dict[str, str | None]:
    """Which of these codes are in use, and the key of whose they are in a source, where they are of it."""
    found: dict[str, str | None] = {}
    wanted = sorted({code for code in codes if code})
    for start in range(0, len(wanted), ASKED):
        statement = (
            select(Customer.code, CustomerKey.key)
            .outerjoin(CustomerKey, and_(CustomerKey.customer_id == Customer.id, CustomerKey.source == source))
            .where(Customer.code.in_(wanted[start : start + ASKED]))
        )
        found.update((row.code, row.key) for row in work.session.execute(statement))
    return found


def write_customers(work: Work, rows: Sequence[CustomerRow], mapping: Mapping) -> Written:
    """Enter the customers whose key is not known yet from this source; of the others, fill in what is blank."""
    session = work.session
    locked_counter(work, "customer")  # the write lock before the reading
    known = _known_customers(work, mapping.source, [row.key for row in rows])
    ids = [customer.id for customer in known.values()]
    reachable = set(session.scalars(select(CustomerPhone.customer_id).where(CustomerPhone.customer_id.in_(ids))))
    staff = {row.username: row.id for row in session.execute(select(Employee.username, Employee.id))}
    added = 0
    for row in rows:
        customer = known.get(row.key)
        if customer is None:
            customer = known[row.key] = _enter(work, row, mapping.source)
            added += 1
        elif _fill_in(customer, row):
            customer.version += 1
            customer.changed_at = work.now
        if row.phone is not None and customer.id not in reachable:
            reachable.add(customer.id)
            session.add(CustomerPhone(customer_id=customer.id, e164=row.phone[0], typed=row.phone[1], position=0))
        if row.owner and customer.owner_id is None:
            customer.owner_id = staff[row.owner]
            change = OwnerChange(customer_id=customer.id, to_id=customer.owner_id, at=work.now, reason="imported")
            session.add(change)
    return Written(added, len(rows) - added)


def _known_customers(work: Work, source: str, keys: Sequence[str]) -> dict[str, Customer]:
    """Customers by this source's key; who was merged is the one that was kept."""
    kept = aliased(Customer)
    found = work.session.execute(
        select(CustomerKey.key, kept)
        .join(Customer, Customer.id == CustomerKey.customer_id)
        .join(kept, kept.id == func.coalesce(Customer.merged_into_id, Customer.id))
        .where(CustomerKey.source == source, CustomerKey.key.in_(keys))
        .with_for_update(of=kept)
    )
    return {row[0]: row[1] for row in found}


def _enter(work: Work, row: CustomerRow, source: str) -> Customer:
    code = row.values.get("code") or customer_code(next_number(work, "customer"))
    _never_give_out(work, code)
    customer = Customer(**row.values | {"code": code}, created_at=work.now)
    work.session.add(customer)
    work.session.flush()
    work.session.add(CustomerKey(customer_id=customer.id, source=source, key=row.key))
    return customer


def _fill_in(customer: Customer, row: CustomerRow) -> bool:
    """Fill in what is blank, and say whether anything was: what somebody entered is never overwritten."""
    told = {name: value for name, value in row.values.items() if value is not None}
    blank = {} if customer.email else {"email": told.get("email")}
    if customer.name == row.key:  # all that a sales file without names knew
        blank["name"] = told["name"]
    for together in (ADDRESS, BIRTH):
        # Half an address of then and half of now is none, nor is a birthday with another's year.
        if all(getattr(customer, name) in {None, told.get(name)} for name in together):
            blank |= {name: told.get(name) for name in together}
    new = {name: value for name, value in blank.items() if value is not None and getattr(customer, name) != value}
    for name, value in new.items():
        setattr(customer, name, value)
    return bool(new)


def _never_give_out(work: Work, code: str) -> None:
    """A file may bring codes that look like ours: the counter goes on behind them."""
    number = OUR_CODE.fullmatch(code)
    if number is None:
        return
    counter = locked_counter(work, "customer")
    counter.value = max(counter.value, int(number[1]))


def check_products(piece: pd.DataFrame, mapping: Mapping, rules: CompanyRules) -> tuple[list[ProductRow], Reasons]:
    """Judge rows of a product list. The first thing that is wrong with a row is its reason."""
    named = mapping.named()
    texts = {ours: as_text(piece[theirs]).tolist() for ours, theirs in named.items()}
    prices, bad = np.zeros(len(piece), dtype=np.int64), np.zeros(len(piece), dtype=bool)
    if "price" in named:
        prices, bad = as_money(piece[named["price"]], mapping.file)
    rows: list[ProductRow] = []
    reasons = np.full(len(piece), "", dtype=object)
    for place in range(len(piece)):
        told = {name: values[place] for name, values in texts.items()}
        if bad[place] or prices[place] < 0:
            reasons[place] = "bad_price"
            continue
        try:
            code = required_text("product", told["product"], limit=64)
            name = required_text("product_name", told["product_name"], limit=200)
            category = clean_text("category", told.get("category") or mapping.defaults.category, limit=200)
        except InvalidValue as error:
            reasons[place] = f"{error.field}_{error.reason}"
            continue
        currency = told.get("currency") or mapping.defaults.currency or rules.currency
        rows.append(ProductRow(code, name, category, money(int(prices[place])), currency))
    return rows, reasons


def write_products(work: Work, rows: Sequence[ProductRow], mapping: Mapping) -> Written:
    """Put the products on sale whose code is not known yet; of the others, fill in what is blank."""
    session = work.session
    locked_counter(work, "customer")
    codes = [row.code for row in rows]
    known = {product.code: product for product in session.scalars(select(Product).where(Product.code.in_(codes)))}
    categories = {row.name: row.id for row in session.execute(select(Category.name, Category.id))}
    added = 0
    for row in rows:
        if row.category is not None and row.category not in categories:
            category = Category(name=row.category)
            session.add(category)
            session.flush()
            categories[row.category] = category.id
        product = known.get(row.code)
        if product is None:
            product = known[row.code] = Product(
                code=row.code, name=row.name, price=row.price, currency=row.currency, created_at=work.now
            )
            session.add(product)
            session.flush()
            session.add(PriceChange(product_id=product.id, price=row.price, at=work.now))
            added += 1
        elif product.price == 0 and row.price > 0:
            product.price, product.currency = row.price, row.currency
            session.add(PriceChange(product_id=product.id, price=row.price, at=work.now))
        if product.name == product.code:  # all that a sales file without names knew
            product.name = row.name
        if product.category_id is None and row.category is not None:
            product.category_id = categories[row.category]
    return Written(added, len(rows) - added)
