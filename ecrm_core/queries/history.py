"""Transactions of a period as a frame, for the command line and notebooks.

`since` and `until` are business days, both included. Which lines these are, and what they add up
to, is said in `queries.transactions`.
"""

from __future__ import annotations

from datetime import date

import pandas as pd
from pandera.typing import DataFrame

from ecrm_core.crm import Work
from ecrm_core.frames import Transactions, checked
from ecrm_core.queries.transactions import (
    CANCELLED,
    RETURNED,
    SOLD,
    Side,
    Sort,
    TransactionFilters,
    TransactionSums,
    all_transaction_rows,
    transaction_sums,
)

__all__ = ["CANCELLED", "RETURNED", "SOLD", "Side", "TransactionSums", "transaction_sums", "transactions"]


def transactions(work: Work, *, since: date, until: date, product: str | None = None) -> DataFrame[Transactions]:
    """The order lines of a period that one may see, oldest first, returned and cancelled ones marked.

    Orders taken for a colleague's customer are among them, with the name they were shipped to and
    an empty customer code.
    """
    filters = TransactionFilters(since, until, product=product or "")
    rows = [
        (
            row.line_id,
            row.day,
            row.order,
            row.customer_code or "",
            row.customer,
            row.product_code,
            row.product,
            row.quantity,
            row.unit_price,
            row.amount,
            row.currency,
            row.state,
            row.due_on,
            row.followed_up_on,
            row.rating,
            row.response,
        )
        for row in all_transaction_rows(work, filters, sort=Sort(down=False))
    ]
    frame = pd.DataFrame(rows, columns=list(Transactions.to_schema().columns))
    texts = dict.fromkeys(("order", "customer_code", "customer", "product_code", "product", "currency", "state"), "str")
    frame = frame.astype({"line_id": "int64", "quantity": "int64", **texts})
    frame["date"] = pd.to_datetime(frame["date"]).astype("datetime64[us]")
    return checked(frame, Transactions)
