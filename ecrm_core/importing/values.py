"""Columns of a file as values of ours: text, dates, whole numbers, money. Vectorised, nothing guessed.

Each reader answers the values and a mask of those that could not be read; a missing value is not one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from math import isnan
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


def as_text(column: pd.Series[Any]) -> pd.Series[Any]:
    """Text without blanks around it; empty where missing. A number that is whole loses its `.0`."""
    if pd.api.types.is_float_dtype(column):
        whole = column.notna() & (column % 1 == 0)
        text = column.astype(object).where(~whole, column.where(whole, 0).astype("int64").astype(str))
        return text.where(column.notna(), "").astype(str).str.strip()
    text = column.map(cell_text) if column.dtype == object else column.astype(str)
    return text.where(column.notna(), "").astype(str).str.strip()


def cell_text(value: Any) -> str:
    """One cell of a workbook: 17850.0 is a code somebody formatted as a number."""
    if isinstance(value, float | Decimal) and value % 1 == 0:
        return str(int(value))
    return str(value)


def written_date(cell: Any, dates: Dates) -> Any:
    """A cell that is a date, as the mapping reads it from a text; anything else as it is."""
    if not isinstance(cell, date) or pd.isna(cell):
        return cell
    return cell.strftime(dates.format) if dates.format else str(cell)


def written_number(cell: Any, form: FileFormat) -> Any:
    """A cell that is a number, as the mapping reads it from a text; anything else as it is."""
    if isinstance(cell, float | Decimal) and not isnan(cell) and cell % 1 != 0:
        return str(cell).replace(".", form.decimal)
    return cell


def as_instants(column: pd.Series[Any], dates: Dates, company: ZoneInfo) -> tuple[pd.Series[Any], Mask]:
    """Instants in UTC, and what is there but no date. Without a zone it is the mapping's, else the company's."""
    zone = ZoneInfo(dates.timezone) if dates.timezone else company
    if pd.api.types.is_datetime64_any_dtype(column):
        return _in_utc(column, zone), np.zeros(len(column), dtype=bool)
    stamps = _stamps(column)
    text = as_text(column).where(stamps.isna(), "")
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
    bad = (read.isna() & there).to_numpy()
    return read.fillna(_in_utc(stamps, zone)), bad


def _stamps(column: pd.Series[Any]) -> pd.Series[Any]:
    """Cells that are dates already, as workbooks have them among texts; missing elsewhere."""
    if column.dtype != object:
        return pd.Series(pd.NaT, index=column.index, dtype="datetime64[us]")
    stamps: pd.Series[Any] = pd.to_datetime(column.map(lambda cell: cell if isinstance(cell, date) else None))
    return stamps


def _in_utc(read: pd.Series[Any], zone: ZoneInfo) -> pd.Series[Any]:
    if read.dt.tz is None:
        # An hour that the clock skips or repeats is taken as standard time rather than refused.
        read = read.dt.tz_localize(zone, ambiguous=False, nonexistent="shift_forward")
    instants: pd.Series[Any] = read.dt.tz_convert("UTC").astype("datetime64[us, UTC]")
    return instants


def as_whole(column: pd.Series[Any], form: FileFormat) -> tuple[Whole, Mask]:
    """Whole numbers; 0 and marked where it is none, or not whole, or missing."""

    def read(value: Decimal) -> int | None:
        return int(value) if abs(value) < 2**31 and value == value.to_integral_value() else None

    return _numbers(column, form, read)


def as_money(column: pd.Series[Any], form: FileFormat) -> tuple[Whole, Mask]:
    """Ten-thousandths; 0 and marked where it is no amount, or too large, or missing.

    A fifth decimal is rounded half to even: prices have at most four here, and what a binary
    fraction adds further back is noise.
    """

    def read(value: Decimal) -> int | None:
        return int((value * MONEY_SCALE).to_integral_value()) if abs(value) < MONEY_LIMIT else None

    return _numbers(column, form, read)


def _numbers(column: pd.Series[Any], form: FileFormat, read: Callable[[Decimal], int | None]) -> tuple[Whole, Mask]:
    """Each different cell is read once, digit by digit: no float comes between a text and its number."""
    places, cells = pd.factorize(column.astype(object))
    pattern = _pattern(form)
    told = [_decimal(cell, form, pattern) for cell in cells]
    found = [None if value is None else read(value) for value in told]
    # A missing cell has place -1: the last.
    numbers = np.array([*(number or 0 for number in found), 0], dtype=np.int64)
    unread = np.array([*(number is None for number in found), True])
    return numbers[places], unread[places]


def _pattern(form: FileFormat) -> re.Pattern[str]:
    mark, point = re.escape(form.thousands), re.escape(form.decimal)
    # "1.25" where dots part thousands is no 125: groups have three digits, or the sign is not one.
    grouped = rf"[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+|" if form.thousands else ""
    return re.compile(rf"[+-]?(?:(?:{grouped}[0-9]+)(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]{{1,3}})?")


def _decimal(cell: Any, form: FileFormat, pattern: re.Pattern[str]) -> Decimal | None:
    """A cell as a number. One that is a number already has no marks of the file's; a float is what it is shown as."""
    if isinstance(cell, float | int | Decimal):
        text = str(cell)
    else:
        text = str(cell).strip()
        if not pattern.fullmatch(text):
            return None
        text = text.replace(form.thousands or "\0", "").replace(form.decimal, ".")
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
