"""What was spent each month, as a chart for notebooks; the customer page draws its own in small."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import holoviews as hv
import hvplot.pandas  # noqa: F401  gives frames their `hvplot`
import pandas as pd
from pandera.typing import DataFrame

from dashboards.page import texts_in
from ecrm_core.frames import Transactions
from ecrm_core.models.people import Language
from ecrm_core.rules import months_before

TEAL = "#0b5f5c"


def months_of(
    transactions: DataFrame[Transactions], *, until: date, months: int = 24, currency: str = "IDR"
) -> pd.DataFrame:
    """What was sold in each of the last months, empty ones included.

    Args:
        transactions: any number of rows; cancelled ones and those in other currencies are left out.
        until: a day of the last month.
        months: how many.

    Returns:
        `months` rows, oldest first: `month` (its first day) and `amount` (`Decimal`).
    """
    last = until.replace(day=1)
    firsts = [months_before(last, back) for back in reversed(range(months))]
    sold = transactions[(transactions["state"] != "cancelled") & (transactions["currency"] == currency)]
    begun = [day.date().replace(day=1) for day in sold["date"]]
    amounts = dict.fromkeys(firsts, Decimal(0))
    for first, amount in zip(begun, sold["amount"], strict=True):
        if first in amounts:
            amounts[first] += amount
    return pd.DataFrame({"month": firsts, "amount": list(amounts.values())})


def spend_by_month(
    transactions: DataFrame[Transactions],
    *,
    until: date,
    months: int = 24,
    currency: str = "IDR",
    language: Language = Language.INDONESIAN,
) -> hv.Bars:
    """How much was spent each month? Exact figures on hover.

    Args:
        transactions: of one customer or of many, as `queries.history.transactions` gives them.
        until: a day of the last month.
        months: how many.
    """
    say = texts_in(language)
    frame = months_of(transactions, until=until, months=months, currency=currency)
    shown: Any = pd.DataFrame(
        {
            "label": [say.month(first) for first in frame["month"]],
            "height": [float(amount) for amount in frame["amount"]],  # for the eye alone
            "told": [say.money(amount, currency) for amount in frame["amount"]],
        }
    )
    bars: hv.Bars = shown.hvplot.bar(
        x="label",
        y="height",
        title=say("customer.spend.heading"),
        xlabel="",
        ylabel=currency,
        color=TEAL,
        line_width=0,
        rot=60,
        yformatter="%.0f",
        hover_cols=["told"],
        hover_tooltips=[("@label", "@told")],
        toolbar=None,
        responsive=True,
        min_height=240,
    )
    return bars
