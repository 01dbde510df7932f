"""How recently each customer bought."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from pandera.typing import DataFrame

from ecrm_core.frames import CustomerPurchases
from ecrm_core.rules import ActivityRule, ActivityStatus


def activity_status(
    purchases: DataFrame[CustomerPurchases] | pd.DataFrame, *, as_of: date, rule: ActivityRule | None = None
) -> pd.Series[Any]:
    """Say how recently each customer bought, as of a business day.

    Args:
        purchases: n rows, one per customer, prospects included (`last_order_date` missing).
        as_of: business day; required, so that any report can be run again.
        rule: the limits, inclusive; none means two weeks, one month, six months.

    Returns:
        n ActivityStatus codes as an ordered categorical, newest first; same index and order.

    Raises:
        ValueError: an order is dated after `as_of`; ask the query for that day.

    Source:
        the company's own grading: two weeks, one month, six months.
    """
    last = purchases["last_order_date"]
    if (last > pd.Timestamp(as_of)).any():
        raise ValueError(f"orders after {as_of}: ask the query for purchases as of that day")
    limits = (rule or ActivityRule()).since(as_of)
    codes = np.select(
        [last.isna(), *(last >= pd.Timestamp(first_day) for _, first_day in limits)],
        [str(ActivityStatus.PROSPECT), *(str(status) for status, _ in limits)],
        default=str(ActivityStatus.LAPSED),
    )
    statuses = pd.CategoricalDtype([str(status) for status in ActivityStatus], ordered=True)
    return pd.Series(codes, index=purchases.index, name="status").astype(statuses)


def status_counts(status: pd.Series[Any]) -> dict[str, int]:
    """How many customers have each of the five statuses, none left out."""
    counts = status.value_counts()
    return {str(code): int(counts.get(str(code), 0)) for code in ActivityStatus}
