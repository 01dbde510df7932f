"""The shapes of every frame that leaves a query: columns, types, and what they mean."""

from __future__ import annotations

from typing import Any, TypeVar

import pandas as pd
import pandera.pandas as pa
from pandera.typing import DataFrame

Schema = TypeVar("Schema", bound=pa.DataFrameModel)


class CustomerPurchases(pa.DataFrameModel):
    """One row per customer, prospects included, in the order of their ids.

    `last_order_date` is the business date of the newest order that counts as of the day asked for;
    missing for prospects.
    """

    customer_id: int = pa.Field(unique=True)
    code: str
    name: str
    last_order_date: pd.Timestamp = pa.Field(nullable=True, coerce=True)


class ActivityOverview(pa.DataFrameModel):
    """One row per customer: how recently they bought, as of a day. `status` is an `ActivityStatus`."""

    code: str = pa.Field(unique=True)
    name: str
    last_activity: pd.Timestamp = pa.Field(nullable=True, coerce=True)
    status: Any


class Transactions(pa.DataFrameModel):
    """One row per order line, oldest first. Money is `Decimal`, in the row's own currency.

    `state` is `sold`, `returned` (all pieces came back, or a return of its own) or `cancelled`.
    Dates are business dates; `rating` and `response` are the newest answer's.
    """

    line_id: int = pa.Field(unique=True)
    date: pd.Timestamp = pa.Field(coerce=True)
    order: str
    customer_code: str
    customer: str
    product_code: str
    product: str
    quantity: int = pa.Field(gt=0)
    unit_price: Any
    amount: Any
    currency: str
    state: str = pa.Field(isin=["sold", "returned", "cancelled"])
    follow_up_due: pd.Timestamp = pa.Field(nullable=True, coerce=True)
    followed_up_on: pd.Timestamp = pa.Field(nullable=True, coerce=True)
    rating: pd.Int64Dtype = pa.Field(nullable=True, coerce=True)
    response: Any = pa.Field(nullable=True)


class CallCandidates(pa.DataFrameModel):
    """One row per customer who could be called on a day, as they were known before it.

    `orders` and `amount` count orders that count; `first_on` and `last_on` are their business
    dates, missing for prospects; `known_since` is the day they were entered. `amount` is a float:
    it ranks, and is never stored as money.
    """

    customer_id: int = pa.Field(unique=True)
    orders: int = pa.Field(ge=0)
    amount: float = pa.Field(ge=0)
    first_on: pd.Timestamp = pa.Field(nullable=True, coerce=True)
    last_on: pd.Timestamp = pa.Field(nullable=True, coerce=True)
    known_since: pd.Timestamp = pa.Field(coerce=True)


class Employees(pa.DataFrameModel):
    """One row per employee."""

    username: str = pa.Field(unique=True)
    name: str
    role: str
    active: bool
    customers: int


def checked(frame: pd.DataFrame, schema: type[Schema]) -> DataFrame[Schema]:
    """The frame, once it has the shape it claims.

    Raises:
        pandera.errors.SchemaError: a column is missing or of another type: a fault of ours.
    """
    return DataFrame[Schema](schema.validate(frame))
