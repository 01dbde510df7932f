"""Spend by month as a figure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import holoviews as hv
import pandas as pd
import pytest

from dashboards.charts.spend import months_of, spend_by_month
from ecrm_core.models import Language


def transactions(*rows: tuple[str, int, str, str]) -> Any:
    frame = pd.DataFrame(rows, columns=["date", "amount", "currency", "state"])
    frame["date"] = pd.to_datetime(frame["date"])
    frame["amount"] = [Decimal(amount) for amount in frame["amount"]]
    return frame


ROWS = transactions(
    ("2026-09-30", 100_000, "IDR", "sold"),
    ("2026-10-01", 200_000, "IDR", "sold"),
    ("2026-10-31", 50_000, "IDR", "returned"),
    ("2026-10-31", 70_000, "IDR", "cancelled"),
    ("2026-10-15", 30, "USD", "sold"),
    ("2026-11-02", 10_000, "IDR", "sold"),
    ("2026-07-02", 999_000, "IDR", "sold"),
)


def test_months_hold_what_was_sold_in_one_currency_empty_ones_included() -> None:
    frame = months_of(ROWS, until=date(2026, 11, 24), months=4)
    assert frame["month"].tolist() == [date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)]
    assert frame["amount"].tolist() == [0, 100_000, 250_000, 10_000]
    assert all(isinstance(amount, Decimal) for amount in frame["amount"])
    assert months_of(ROWS, until=date(2026, 10, 31), months=1, currency="USD")["amount"].tolist() == [30]


def test_nothing_bought_is_a_year_of_empty_months() -> None:
    assert months_of(transactions(), until=date(2026, 11, 24), months=12)["amount"].tolist() == [0] * 12


@pytest.mark.parametrize(
    ("language", "title", "month"),
    [
        (Language.INDONESIAN, "Berapa belanjanya tiap bulan?", "Oktober 2026"),
        (Language.ENGLISH, "How much do they spend each month?", "October 2026"),
    ],
)
def test_the_figure_asks_its_question_and_tells_exact_sums(language: Language, title: str, month: str) -> None:
    bars = spend_by_month(ROWS, until=date(2026, 11, 24), months=4, language=language)
    assert hv.Store.lookup_options("bokeh", bars, "plot").kwargs["title"] == title
    told = bars.dframe().set_index("label")
    assert told.loc[month, "height"] == 250_000
    assert "250" in told.loc[month, "told"]
    assert hv.render(bars, backend="bokeh").title.text == title
