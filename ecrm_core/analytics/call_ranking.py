"""In which order customers are worth a call: what one may expect of each in the next 30 days."""

from __future__ import annotations

from datetime import date
from typing import Any, Protocol

import numpy as np
import pandas as pd
from pandera.typing import DataFrame

from ecrm_core.frames import CallCandidates

HORIZON_DAYS = 30
PRIOR_ORDERS = 0.5
PRIOR_DAYS = 60.0
"""As if every customer had been watched for two months more, with half an order in them."""
SHORTEST_GAP_DAYS = 14.0
PATIENCE_GAPS = 3.0
"""Silence of so many of their usual gaps halves what is expected of a customer."""
PROSPECT_ORDERS = 0.02
PROSPECT_HALF_LIFE_DAYS = 30.0
PRIOR_BASKETS = 2.0
"""Baskets of the average customer that are mixed into each customer's own."""


class CallRanking(Protocol):
    """What every ranking is: greater is sooner. Equal input gives equal scores."""

    def __call__(self, candidates: DataFrame[CallCandidates] | pd.DataFrame, *, as_of: date) -> pd.Series[Any]: ...


def transparent_score(candidates: DataFrame[CallCandidates] | pd.DataFrame, *, as_of: date) -> pd.Series[Any]:
    """Expected sales of the next 30 days, from four figures one can check by hand.

    Orders per day so far, pulled towards a cautious prior; halved when the customer has been silent
    for three of their usual gaps; times what they spend on an order, pulled towards the average.
    Prospects count for a fiftieth of an order, and for half as much with every month that passes.

    Args:
        candidates: n rows, one per customer.
        as_of: the day that is planned; nothing in `candidates` is later.

    Returns:
        n floats in the company's currency, same index; it ranks, and promises nothing.

    Raises:
        ValueError: an order is dated after `as_of`.

    Source:
        our own; the shape follows the expectation of BG/NBD (Fader, Hardie and Lee, 2005), of
        which this is a sketch without a fit.
    """
    day = pd.Timestamp(as_of)
    if (candidates["last_on"] > day).any():
        raise ValueError(f"orders after {as_of}: ask the query for what was known then")
    orders = candidates["orders"].to_numpy(dtype=float)
    known = (day - candidates["first_on"]).dt.days.fillna(0).to_numpy(dtype=float)
    silent = (day - candidates["last_on"]).dt.days.fillna(0).to_numpy(dtype=float)
    age = (day - candidates["known_since"]).dt.days.clip(lower=0).to_numpy(dtype=float)

    rate = (orders + PRIOR_ORDERS) / (known + PRIOR_DAYS)
    gap = np.maximum((known - silent) / np.maximum(orders - 1, 1), SHORTEST_GAP_DAYS)
    gap = np.where(orders > 1, gap, np.maximum(gap, PRIOR_DAYS))
    still_there = 1 / (1 + (silent / (PATIENCE_GAPS * gap)) ** 2)
    expected = np.where(
        orders > 0,
        HORIZON_DAYS * rate * still_there,
        PROSPECT_ORDERS * 0.5 ** (age / PROSPECT_HALF_LIFE_DAYS),
    )

    amount = candidates["amount"].to_numpy(dtype=float)
    all_orders = orders.sum()
    average = amount.sum() / all_orders if all_orders > 0 else 1.0
    basket = (amount + PRIOR_BASKETS * average) / (orders + PRIOR_BASKETS)
    return pd.Series(expected * basket, index=candidates.index, name="score")
