"""Tables as files that a spreadsheet opens: rows go in one by one, and are never all in memory.

What was typed by anybody ends up here, so no text may become a formula: a CSV marks such a text
with an apostrophe, a workbook keeps it as the text it is.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

import xlsxwriter

from ecrm_core.models import Language

Cell: TypeAlias = str | int | Decimal | date | None

SHEET_ROWS = 1_000_000
"""A worksheet holds 1,048,576; what is more goes on the next one."""
BEGINS_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
UNSEEN = " \u00a0\u200b\u200c\u200d\u2060\ufeff\u3000"
"""What stands before a sign without showing; a spreadsheet may drop it."""
NUMBER_OR_PHONE = re.compile(r"[+-]?\d+([.,]\d+)*|\+\d[\d ().-]*\d")
UNKEPT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What neither file can hold."""


class FileFormat(StrEnum):
    """A file to write."""

    XLSX = "xlsx"
    CSV = "csv"


CONTENT_TYPES = {
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileFormat.CSV: "text/csv; charset=utf-8",
}


@dataclass(frozen=True)
class Column:
    """A column: its heading, and how wide it is in a workbook, in characters."""

    label: str
    width: int = 12


def begins_formula(text: str) -> bool:
    """Whether a spreadsheet could take a text for a formula. Numbers and phones are none."""
    bare = text.lstrip(UNSEEN)
    return bare[:1] in BEGINS_FORMULA and bool(bare) and NUMBER_OR_PHONE.fullmatch(bare) is None


def harmless(text: str) -> str:
    """The text, marked as one where it could be taken for a formula."""
    return f"'{text}" if begins_formula(text) else text


def write_table(
    target: Path,
    file_format: FileFormat,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    *,
    name: str,
    language: Language,
) -> int:
    """Write a table; how many rows there were.

    Money and quantities are numbers, dates are dates, in either file. A CSV is UTF-8 with its mark,
    and parted as a spreadsheet of that language expects: with semicolons and decimal commas in
    Indonesian, with commas and decimal points in English.

    Args:
        name: of the worksheet.
        language: whose way of writing numbers.
    """
    write = _write_csv if file_format is FileFormat.CSV else _write_xlsx
    return write(target, columns, rows, name, language)


def _write_csv(
    target: Path, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], _name: str, language: Language
) -> int:
    comma, parted = (",", ";") if language is Language.INDONESIAN else (".", ",")

    def told(cell: Cell) -> str:
        if isinstance(cell, str):
            return harmless(UNKEPT.sub("", cell))
        if isinstance(cell, Decimal):
            return _plain(cell).replace(".", comma)
        if isinstance(cell, date):
            return cell.isoformat()
        return "" if cell is None else str(cell)

    count = 0
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=parted, lineterminator="\r\n")
        writer.writerow([harmless(column.label) for column in columns])
        for count, row in enumerate(rows, 1):  # noqa: B007  the count is what is answered
            writer.writerow([told(cell) for cell in row])
    return count


def _plain(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _write_xlsx(
    target: Path, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], name: str, _language: Language
) -> int:
    book = xlsxwriter.Workbook(
        str(target),
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    heading = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    day = book.add_format({"num_format": "d mmm yyyy", "align": "left"})
    whole, parts = book.add_format({"num_format": "#,##0"}), book.add_format({"num_format": "#,##0.00##"})
    # Stays a text also when somebody opens the cell and presses Enter.
    text_only = book.add_format({"quote_prefix": True})
    sheet: Any = None
    count = at = 0

    def begin(number: int) -> Any:
        found = book.add_worksheet(name if number == 0 else f"{name} {number + 1}")
        for index, column in enumerate(columns):
            found.set_column(index, index, column.width)
            found.write_string(0, index, column.label, heading)
        found.freeze_panes(1, 0)
        return found

    def end() -> None:
        if at:
            sheet.autofilter(0, 0, at, len(columns) - 1)

    for row in rows:
        if sheet is None or at == SHEET_ROWS:
            if sheet is not None:
                end()
            sheet, at = begin(count // SHEET_ROWS), 0
        count, at = count + 1, at + 1
        for index, cell in enumerate(row):
            if cell is None or cell == "":
                continue
            if isinstance(cell, str):
                text = UNKEPT.sub("", cell)
                sheet.write_string(at, index, text, text_only if begins_formula(text) else None)
            elif isinstance(cell, Decimal):
                sheet.write_number(at, index, float(cell), whole if cell == cell.to_integral_value() else parts)
            elif isinstance(cell, date):
                sheet.write_datetime(at, index, cell, day)
            else:
                sheet.write_number(at, index, cell)
    if sheet is None:
        sheet = begin(0)
    end()
    book.close()
    return count
