"""Rows of a sales file, judged: what is good goes on as staged rows, what is not is told why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecrm_core.importing.mapping import Mapping
from ecrm_core.importing.staging import Belonging, Staging
from ecrm_core.importing.values import Mask, as_instants, as_money, as_text, as_whole
from ecrm_core.models import OrderStatus
from ecrm_core.models.base import MONEY_LIMIT, MONEY_SCALE
from ecrm_core.rules import CompanyRules

LIMITS = {"order": 120, "customer": 115, "product": 64, "product_name": 200, "category": 200, "name": 200}
CONTROL = r"[\x00-\x08\x0a-\x1f\x7f]"
RETURN_MARK = "/R"
"""Ends the number of a return that shares its order's number in the file."""


Reasons = npt.NDArray[np.object_]
"""For every row of a piece, by place, why it is refused; an empty text where it is not."""


def check_transactions(  # noqa: PLR0912, PLR0915 - one list of what can be wrong with a row, in order
    piece: pd.DataFrame,
    mapping: Mapping,
    rules: CompanyRules,
    staff: Collection[str],
    staging: Staging,
    taken: Callable[[Iterable[Belonging]], set[Belonging]],
) -> Reasons:
    """Judge rows of a sales file, and stage the good ones. The first thing wrong with a row is its reason.

    Args:
        staff: user names that may look after a customer.
        staging: where the good rows go; it knows whose an order was in the rows before.
        taken: which of these orders are another customer's, or in another currency, in the company's books.
    """
    company = rules.timezone
    named, form, defaults = mapping.named(), mapping.file, mapping.defaults
    count = len(piece)
    reasons = np.full(count, "", dtype=object)

    def refuse(bad: Any, reason: str) -> None:
        reasons[np.asarray(bad, dtype=bool) & (reasons == "")] = reason

    def text(name: str, default: str = "") -> pd.Series[Any]:
        if name not in named:
            return pd.Series(default, index=piece.index, dtype="str")
        values = as_text(piece[named[name]])
        return values.where(values != "", default) if default else values

    def money(name: str) -> tuple[Any, Mask]:
        if name not in named:
            return np.zeros(count, dtype=np.int64), np.zeros(count, dtype=bool)
        return as_money(piece[named[name]], form)

    customer, order, product = text("customer"), text("order"), text("product", defaults.product or "")
    refuse(customer == "", "missing_customer")
    when, no_date = as_instants(piece[named["ordered_at"]], mapping.dates, company)
    refuse(no_date, "bad_date")
    refuse(when.isna(), "missing_date")
    if "order" in named:
        refuse(order == "", "missing_order")
    refuse(product == "", "missing_product")

    if "quantity" in named:
        quantity, no_number = as_whole(piece[named["quantity"]], form)
    else:
        quantity, no_number = np.full(count, defaults.quantity, dtype=np.int64), np.zeros(count, dtype=bool)
    refuse(no_number, "bad_quantity")
    refuse(quantity == 0, "zero_quantity")
    is_return = np.zeros(count, dtype=bool)
    if mapping.returns.order_prefix:
        is_return |= order.str.startswith(mapping.returns.order_prefix).to_numpy()
    if mapping.returns.negative_quantity:
        is_return |= quantity < 0
    refuse((quantity < 0) & ~is_return, "negative_quantity")
    quantity = np.abs(quantity)

    price, no_price = money("unit_price")
    discount, no_discount = money("discount")
    amount, no_amount = money("amount")
    refuse(no_price, "bad_price")
    if "discount" in named:
        no_discount &= (as_text(piece[named["discount"]]) != "").to_numpy()
    refuse(no_discount, "bad_discount")
    refuse(no_amount, "bad_amount")
    refuse((price < 0) | (discount < 0), "negative_price")
    if "amount" in named:
        refuse((amount < 0) & ~is_return, "negative_amount")
        amount = np.abs(amount)
        if "unit_price" not in named:
            pieces = np.maximum(quantity, 1)
            price = (2 * (amount + discount) + pieces) // (2 * pieces)  # rounded, in whole numbers
    else:
        refuse(price.astype(float) * quantity >= float(MONEY_LIMIT) * MONEY_SCALE, "bad_amount")
        amount = np.where(reasons == "", price * quantity - discount, 0)
        refuse(amount < 0, "discount_too_large")

    told = text("status")
    status = told.map(lambda word: mapping.statuses.get(word, word.lower())).astype(str)
    refuse(~status.isin(["", *OrderStatus]), "unknown_status")
    if "closed_at" in named:
        closed, no_closed = as_instants(piece[named["closed_at"]], mapping.dates, company)
        refuse(no_closed, "bad_date")
    else:
        closed = pd.Series(pd.NaT, index=piece.index, dtype="datetime64[us, UTC]")
    columns = {
        "customer": customer,
        "customer_name": text("name"),
        "owner": text("owner"),
        "product": product,
        "product_name": text("product_name", defaults.product_name or ""),
        "category": text("category", defaults.category or ""),
        "currency": text("currency", defaults.currency or rules.currency),
    }
    for name, limit in LIMITS.items():
        values = order if name == "order" else columns.get("customer_name" if name == "name" else name)
        if values is not None:
            refuse(values.str.len() > limit, "too_long")
    refuse(~columns["currency"].str.fullmatch("[A-Z]{3}"), "bad_currency")
    refuse(~columns["owner"].isin(["", *staff]), "unknown_owner")
    for values in (order, *columns.values()):
        refuse(values.str.contains(CONTROL), "characters")

    # Without an order number, what a customer bought on one day is one order.
    key = order if "order" in named else customer + "/" + when.dt.tz_convert(company).dt.strftime("%Y-%m-%d")
    if mapping.returns.negative_quantity:
        key = key.where(~is_return, key + RETURN_MARK)
    belonging = pd.DataFrame({"order": key, "customer": columns["customer"], "currency": columns["currency"]})
    asked = list(belonging[reasons == ""].drop_duplicates().itertuples(index=False, name=None))
    clashing = taken(asked)
    clashing |= staging.clashes(one for one in asked if one not in clashing)
    if clashing:
        refuse([one in clashing for one in belonging.itertuples(index=False, name=None)], "two_customers")
    good = reasons == ""
    ordered = when.where(good, pd.Timestamp(0, tz="UTC")).astype("int64").to_numpy()
    contents = zip(ordered, product, quantity, price, discount, amount, strict=True)
    fingerprints = [_fingerprint(value) for value in contents]
    frame = pd.DataFrame(
        {
            "order_key": key,
            "row": piece.index,
            "customer": columns["customer"],
            "customer_name": columns["customer_name"],
            "owner": columns["owner"],
            "ordered": ordered,
            "is_return": is_return.astype(np.int64),
            "product": columns["product"],
            "product_name": columns["product_name"],
            "category": columns["category"],
            "quantity": quantity,
            "unit_price": price,
            "discount": discount,
            "amount": amount,
            "currency": columns["currency"],
            "status": status,
            "closed": [None if pd.isna(at) else int(at.value // 1000) for at in closed],
            "fingerprint": fingerprints,
        }
    )[good]
    staging.add(zip(*(frame[name].tolist() for name in frame.columns), strict=True))
    return reasons


def _fingerprint(values: tuple[Any, ...]) -> int:
    """63 bits of a row's own values: the same for ever, whatever library reads the file."""
    told = "\x1f".join(map(str, values)).encode()
    return int.from_bytes(blake2b(told, digest_size=8).digest(), "big") >> 1
