"""What a spreadsheet makes of our files."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from ecrm_core.exporting import tables
from ecrm_core.exporting.tables import Cell, Column, FileFormat, begins_formula, harmless, write_table
from ecrm_core.models import Language

COLUMNS = [Column("Teks"), Column("Angka"), Column("Hari")]


def written(folder: Path, file_format: FileFormat, rows: list[tuple[Cell, ...]], language: str = "id") -> Path:
    target = folder / f"table.{file_format}"
    count = write_table(target, file_format, COLUMNS, iter(rows), name="Tabel", language=Language(language))
    assert count == len(rows)
    return target


def from_csv(file: Path, parted: str = ";") -> list[list[str]]:
    text = file.read_bytes()
    assert text.startswith(b"\xef\xbb\xbf"), "a spreadsheet knows UTF-8 by its mark"
    return list(csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""), delimiter=parted))


def inside(book: Path, name: str) -> str:
    """One part of a workbook, as it is written."""
    with zipfile.ZipFile(book) as parts:
        return parts.read(name).decode()


def sheets(book: Path) -> dict[str, list[list[Any]]]:
    """Every sheet as a spreadsheet reads it."""
    opened = CalamineWorkbook.from_path(book)
    return {name: opened.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in opened.sheet_names}


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://evil")',
        "+cmd|' /C calc'!A0",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(1+1)",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
        "＝1+1",
        "＋1+1",
        "－1+1",
        "＠SUM(A1)",
        "  =1+1",
        "\ufeff=1+1",
        "\u200b=1+1",
        "-",
        "=",
        "+62812=1",
        "-1-1",
        "+1+1",
    ],
)
def test_what_could_be_a_formula_is_a_text(tmp_path: Path, text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert from_csv(written(tmp_path, FileFormat.CSV, [(text, 1, None)]))[1][0] == f"'{text}"
    book = written(tmp_path, FileFormat.XLSX, [(text, 1, None)])
    cell = re.search(r'<c r="A2" s="(\d+)" t="inlineStr">', inside(book, "xl/worksheets/sheet1.xml"))
    assert cell is not None, "a text, not a formula"
    assert "<f>" not in inside(book, "xl/worksheets/sheet1.xml")
    assert 'quotePrefix="1"' in inside(book, "xl/styles.xml")


@pytest.mark.parametrize(
    "text",
    [
        "-5",
        "+5",
        "-1.250.000",
        "-1,5",
        "+62 812-3456-789",
        "+628123456789",
        "+62 (21) 555-123",
        "Slim = Suit",
        "a-b",
        "",
    ],
)
def test_numbers_and_phones_stay_as_they_are(tmp_path: Path, text: str) -> None:
    assert harmless(text) == text
    assert from_csv(written(tmp_path, FileFormat.CSV, [(text, 1, None)]))[1][0] == text


@given(st.text(max_size=40))
def test_no_text_opens_as_a_formula(text: str) -> None:
    told = harmless(text)
    assert told.removeprefix("'") == text or told == text
    assert told.lstrip(tables.UNSEEN)[:1] not in set("=@＝＋－＠")
    if told.lstrip(tables.UNSEEN)[:1] in ("+", "-"):
        assert tables.NUMBER_OR_PHONE.fullmatch(told.lstrip(tables.UNSEEN))
    assert begins_formula(told) is False


@pytest.mark.parametrize(("language", "parted", "amount"), [("id", ";", "1250000,5"), ("en", ",", "1250000.5")])
def test_a_csv_is_parted_and_written_as_its_language_expects(
    tmp_path: Path, language: str, parted: str, amount: str
) -> None:
    rows: list[tuple[Cell, ...]] = [
        ('Dewi; "Ibu", Lestari\nbaris dua', Decimal("1250000.5000"), date(2026, 11, 24)),
        ("José Müller, 日本", Decimal("-99000"), None),
        (None, 3, date(1999, 1, 2)),
    ]
    read = from_csv(written(tmp_path, FileFormat.CSV, rows, language), parted)
    assert read == [
        ["Teks", "Angka", "Hari"],
        ['Dewi; "Ibu", Lestari\nbaris dua', amount, "2026-11-24"],
        ["José Müller, 日本", "-99000", ""],
        ["", "3", "1999-01-02"],
    ]


def test_a_workbook_keeps_numbers_as_numbers_and_dates_as_dates(tmp_path: Path) -> None:
    rows: list[tuple[Cell, ...]] = [
        ("+628123456789", Decimal("1250000.5"), date(2026, 11, 24)),
        ("007", Decimal(99_000), None),
        ("http://example.com", 3, None),
        ("\x00\x08kendali\ud800", Decimal(0), None),
    ]
    book = written(tmp_path, FileFormat.XLSX, rows)
    assert sheets(book)["Tabel"][1:] == [
        ["+628123456789", 1_250_000.5, date(2026, 11, 24)],
        ["007", 99_000.0, ""],
        ["http://example.com", 3.0, ""],
        ["kendali", 0.0, ""],
    ]
    sheet, styles = inside(book, "xl/worksheets/sheet1.xml"), inside(book, "xl/styles.xml")
    assert 'formatCode="#,##0.00##"' in styles
    assert 'formatCode="d mmm yyyy"' in styles
    assert "<hyperlink" not in sheet
    assert 'state="frozen"' in sheet
    assert '<autoFilter ref="A1:C5"/>' in sheet


@pytest.mark.parametrize("file_format", list(FileFormat))
def test_an_empty_table_has_its_headings(tmp_path: Path, file_format: FileFormat) -> None:
    file = written(tmp_path, file_format, [])
    if file_format is FileFormat.CSV:
        assert from_csv(file) == [["Teks", "Angka", "Hari"]]
    else:
        assert sheets(file) == {"Tabel": [["Teks", "Angka", "Hari"]]}


def test_what_one_worksheet_cannot_hold_goes_on_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "SHEET_ROWS", 10)
    rows: list[tuple[Cell, ...]] = [(str(number), number, None) for number in range(25)]
    found = sheets(written(tmp_path, FileFormat.XLSX, rows))
    assert {name: len(each) for name, each in found.items()} == {"Tabel": 11, "Tabel 2": 11, "Tabel 3": 6}
    assert [row[1] for each in found.values() for row in each[1:]] == list(range(25))
