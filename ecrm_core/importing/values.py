"""Columns of a file as values of ours: text, dates, whole numbers, money. Vectorised, nothing guessed.

Each reader answers the values and a mask of those that could not be read; a missing value is not one.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecrm_core.importing.mapping import Dates, FileFormat
from ecrm_core.models.base import MONEY_LIMIT, MONEY_SCALE

Mask = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]

NAMES_ITS_ZONE = r"[Tt ]\d{2}.*(?:[Zz]|[+-]\d{2}(?::?\d{2})?)$"
EXACT_FLOAT = 2.0**53 / MONEY_SCALE
"""Below this a float's four decimals are exact; above, digits are read as text."""


def as_text(column: pd.Series[Any]) -> pd.Series[Any]:
    """Text without blanks around it; empty where missing. A number that is whole loses its `.0`."""
    if pd.api.types.is_float_dtype(column):
        whole = column.notna() & (column % 1 == 0)
        text = column.astype(object).where(~whole, column.where(whole, 0).astype("int64").astype(str))
        return text.where(column.notna(), "").astype(str).str.strip()
    text = column.map(_cell) if column.dtype == object else column.astype(str)
    return text.where(column.notna(), "").astype(str).str.strip()


def _cell(value: Any) -> str:
    """One cell of a workbook: 17850.0 is a code somebody formatted as a number."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def as_instants(column: pd.Series[Any], dates: Dates, company: ZoneInfo) -> tuple[pd.Series[Any], Mask]:
    """Instants in UTC, and what is there but no date. Without a zone it is the mapping's, else the company's."""
    zone = ZoneInfo(dates.timezone) if dates.timezone else company
    if pd.api.types.is_datetime64_any_dtype(column):
        return _in_utc(column, zone), np.zeros(len(column), dtype=bool)
    text = as_text(column)
    there = text != ""
    if dates.format is None:
        # Some rows may name their zone and some not: each is read as it stands.
        zoned = text.str.contains(NAMES_ITS_ZONE)
        read = pd.to_datetime(text.where(zoned), format="ISO8601", errors="coerce", utc=True)
        local = pd.to_datetime(text.where(there & ~zoned), format="ISO8601", errors="coerce")
        read = read.astype("datetime64[us, UTC]").fillna(_in_utc(local, zone))
    else:
        named = "%z" in dates.format or "%Z" in dates.format
        read = _in_utc(pd.to_datetime(text.where(there), format=dates.format, errors="coerce", utc=named), zone)
    return read, (read.isna() & there).to_numpy()


def _in_utc(read: pd.Series[Any], zone: ZoneInfo) -> pd.Series[Any]:
    if read.dt.tz is None:
        # An hour that the clock skips or repeats is taken as standard time rather than refused.
        read = read.dt.tz_localize(zone, ambiguous=False, nonexistent="shift_forward")
    instants: pd.Series[Any] = read.dt.tz_convert("UTC").astype("datetime64[us, UTC]")
    return instants


def _numbers(column: pd.Series[Any], form: FileFormat) -> tuple[pd.Series[Any], Mask]:
    if pd.api.types.is_numeric_dtype(column):
        return column.astype("float64"), np.zeros(len(column), dtype=bool)
    text = as_text(column)
    if form.thousands:
        # "1.25" where dots part thousands is no 125: groups have three digits, or the sign is not one.
        mark, point = re.escape(form.thousands), re.escape(form.decimal)
        grouped = text.str.fullmatch(rf"[+-]?\d{{1,3}}({mark}\d{{3}})*({point}\d*)?|[+-]?\d+({point}\d*)?")
        text = text.where(grouped | (text == ""), "?").str.replace(form.thousands, "", regex=False)
    if form.decimal == ",":
        text = text.str.replace(",", ".", regex=False)
    values = pd.to_numeric(text.where(text != "", None), errors="coerce")
    return values, (values.isna() & (text != "")).to_numpy()


def as_whole(column: pd.Series[Any], form: FileFormat) -> tuple[Whole, Mask]:
    """Whole numbers; 0 and marked where it is none, or not whole, or missing."""
    values, _ = _numbers(column, form)
    fine = np.isfinite(values) & (values % 1 == 0) & (values.abs() < 2**31)
    whole: Whole = values.where(fine, 0).to_numpy().astype(np.int64)
    return whole, ~fine.to_numpy()


def as_money(column: pd.Series[Any], form: FileFormat) -> tuple[Whole, Mask]:
    """Ten-thousandths; 0 and marked where it is no amount, or too large, or missing.

    A fifth decimal is rounded half to even: prices have at most four here, and what a binary
    fraction adds further back is noise.
    """
    values, _ = _numbers(column, form)
    fine = (np.isfinite(values) & (values.abs() < float(MONEY_LIMIT))).to_numpy()
    scaled = np.rint(values.where(fine, 0).to_numpy() * MONEY_SCALE).astype(np.int64)
    for place in np.flatnonzero(fine & (values.abs() >= EXACT_FLOAT).to_numpy()):
        text = as_text(column.iloc[[int(place)]]).iloc[0].replace(form.thousands or "\0", "").replace(form.decimal, ".")
        try:
            scaled[place] = int((Decimal(text) * MONEY_SCALE).to_integral_value())
        except InvalidOperation:
            fine[place] = False
    return scaled, ~fine
