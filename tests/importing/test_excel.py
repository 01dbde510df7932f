"""Workbooks as offices keep them, and text files as Windows writes them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import select

from ecrm_core.crm import Crm
from ecrm_core.errors import ImportRefused
from ecrm_core.importing.mapping import Mapping, read_mapping
from ecrm_core.importing.running import ImportReport, import_file
from ecrm_core.models import Customer, CustomerKey, CustomerPhone, ImportKind, Order, OrderLine, Product
from ecrm_core.texts import Texts

SALES = """
source = "kantor"
[file]
sheet = "Penjualan"
skip_rows = 3
decimal = ","
thousands = "."
[columns]
order = "No"
customer = "Pelanggan"
product = "Kode"
ordered_at = "Tanggal"
quantity = "Jumlah"
unit_price = "Harga"
[dates]
format = "%d/%m/%Y %H:%M"
"""
CUSTOMERS = """
source = "kantor"
[columns]
customer = "ID"
name = "Nama"
phone = "Telepon"
birth_date = "Lahir"
postcode = "Kode pos"
"""


def mapping_of(folder: Path, text: str, kind: ImportKind = ImportKind.TRANSACTIONS) -> Mapping:
    (folder / "mapping.toml").write_text(text, encoding="utf-8")
    return read_mapping(folder / "mapping.toml", kind)


def workbook(path: Path, rows: Sequence[Sequence[Any]], *, sheet: str = "Penjualan", above: Sequence[str] = ()) -> Path:
    """A workbook of two sheets, the rows on the second, below title rows merged over the columns."""
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Catatan").write(0, 0, "Bukan data")
        page = book.add_worksheet(sheet)
        moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        for number, title in enumerate(above):
            page.merge_range(number, 0, number, 5, title)
        for number, row in enumerate(rows, start=len(above)):
            for place, cell in enumerate(row):
                if isinstance(cell, date):
                    page.write_datetime(number, place, cell, moment)
                else:
                    page.write(number, place, cell)
    return path


def bring(crm: Crm, kind: ImportKind, file: Path, mapping: Mapping) -> ImportReport:
    return import_file(crm, kind, file, mapping, rejects=file.with_name("rejects.csv"))


def test_a_workbook_of_sales_with_titles_and_every_kind_of_date(crm: Crm, tmp_path: Path) -> None:
    head = ("No", "Pelanggan", "Kode", "Tanggal", "Jumlah", "Harga")
    rows = (
        (1001, 17850, 123.0, datetime(2026, 11, 5, 10, 30), 2, 1250.5),  # noqa: DTZ001 - a cell has no zone
        (1002, 17850, "123", 46331.4375, 1, "1.250.000,75"),  # the same moment as a number without its format
        ("", "", "", "", "", ""),
        (1003, "A-1", 123, "05/11/2026 10:30", 1, 234.567),
        (1004, "A-1", 123, date(2026, 11, 5), 1, "1.25"),
    )
    file = workbook(tmp_path / "jual.xlsx", [head, *rows], above=("Laporan penjualan", "November 2026", ""))
    report = bring(crm, ImportKind.TRANSACTIONS, file, mapping_of(tmp_path, SALES))
    assert (report.read, report.added, report.reasons) == (4, 3, {"bad_price": 1})
    moment = datetime(2026, 11, 5, 3, 30, tzinfo=UTC)
    with crm.system("look") as work:
        found = work.session.execute(
            select(Order.number, CustomerKey.key, Product.code, OrderLine.ordered_at, OrderLine.amount)
            .join_from(OrderLine, Order)
            .join(Product, Product.id == OrderLine.product_id)
            .join(CustomerKey, CustomerKey.customer_id == OrderLine.customer_id)
            .order_by(Order.number)
        )
        assert [tuple(row) for row in found] == [
            ("1001", "17850", "123", moment, Decimal(2501)),
            ("1002", "17850", "123", moment, Decimal("1250000.75")),
            ("1003", "A-1", "123", moment, Decimal("234.567")),
        ]


def test_rows_rejected_from_a_workbook_go_in_corrected_as_csv(crm: Crm, tmp_path: Path) -> None:
    head = ("No", "Pelanggan", "Kode", "Tanggal", "Jumlah", "Harga", "", "")
    bad = (1001, "", 123, datetime(2026, 11, 5, 10, 30), 2, 234.567, "", "lunas")  # noqa: DTZ001 - as above
    file = workbook(tmp_path / "jual.xlsx", [head, bad, bad], above=("a", "b", "c"))
    mapping = mapping_of(tmp_path, SALES)
    assert bring(crm, ImportKind.TRANSACTIONS, file, mapping).reasons == {"missing_customer": 2}
    with (tmp_path / "rejects.csv").open(encoding="utf-8-sig", newline="") as rejected:
        written = list(csv.reader(rejected))
    assert written[4] == ["1001", "", "123", "05/11/2026 10:30", "2", "234,567", "", "lunas", "missing_customer"]
    for row in written[4:]:
        row[1] = "A-1"
    with (tmp_path / "again.csv").open("w", encoding="utf-8", newline="") as again:
        csv.writer(again).writerows(written)
    assert bring(crm, ImportKind.TRANSACTIONS, tmp_path / "again.csv", mapping).added == 2
    with crm.system("look") as work:
        lines = work.session.execute(select(OrderLine.unit_price, OrderLine.ordered_at)).all()
    assert set(map(tuple, lines)) == {(Decimal("234.567"), datetime(2026, 11, 5, 3, 30, tzinfo=UTC))}


def test_a_workbook_of_customers_with_numbers_for_phones_and_codes(crm: Crm, tmp_path: Path) -> None:
    rows = (
        ("ID", "Nama", "Telepon", "Lahir", "Kode pos"),
        (1.0, "Ani", 812345678, date(1980, 2, 29), 40115),
        (2, "Budi", 62812345679.0, 29280, "40116"),  # 29 February 1980, its format lost
        (3, "Cici", "0812-345-670", "1980-02-29", ""),
    )
    file = workbook(tmp_path / "orang.xlsx", rows, sheet="Orang")
    mapping = mapping_of(tmp_path, CUSTOMERS + '[file]\nsheet = "Orang"\n', ImportKind.CUSTOMERS)
    assert bring(crm, ImportKind.CUSTOMERS, file, mapping).added == 3
    with crm.system("look") as work:
        people = work.session.execute(
            select(CustomerKey.key, CustomerPhone.e164, Customer.birth_year, Customer.postcode)
            .join_from(Customer, CustomerKey)
            .join(CustomerPhone, CustomerPhone.customer_id == Customer.id)
            .order_by(CustomerKey.key)
        )
        assert [tuple(row) for row in people] == [
            ("1", "+62812345678", 1980, "40115"),
            ("2", "+62812345679", 1980, "40116"),
            ("3", "+62812345670", 1980, None),
        ]
        assert {person.birthday for person in work.session.scalars(select(Customer))} == {(2, 29)}


def test_digits_that_the_mapping_reads_as_a_date_are_no_serial_number(crm: Crm, tmp_path: Path) -> None:
    rows = (("No", "Pelanggan", "Kode", "Tanggal", "Jumlah", "Harga"), (1, "A", "S", 20261105, 1, 5))
    file = workbook(tmp_path / "jual.xlsx", rows, above=("a", "b", "c"))
    mapping = mapping_of(tmp_path, SALES.replace("%d/%m/%Y %H:%M", "%Y%m%d"))
    assert bring(crm, ImportKind.TRANSACTIONS, file, mapping).added == 1
    with crm.system("look") as work:
        assert work.session.scalar(select(OrderLine.ordered_at)) == datetime(2026, 11, 4, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "reason", "told"),
    [
        (("Penjualan", "Retur"), "sheet", "Catatan, Penjualan"),
        (("Penjualan", "Catatan"), "empty", "jual.xlsx"),
        (("skip_rows = 3", "skip_rows = 2"), "columns", "Pelanggan"),
    ],
)
def test_a_wrong_sheet_or_heading_is_told_and_changes_nothing(
    sqlite_crm: Crm, tmp_path: Path, change: tuple[str, str], reason: str, told: str
) -> None:
    rows = (("No", "Pelanggan", "Kode", "Tanggal", "Jumlah", "Harga"), (1, "A", "S", "05/11/2026 10:30", 1, 5))
    file = workbook(tmp_path / "jual.xlsx", rows, above=("Laporan", "November", "Cabang"))
    with pytest.raises(ImportRefused) as refused:
        bring(sqlite_crm, ImportKind.TRANSACTIONS, file, mapping_of(tmp_path, SALES.replace(*change)))
    assert refused.value.reason == reason
    for language in ("id", "en"):
        assert told in Texts(language).error(refused.value)
    with sqlite_crm.system("look") as work:
        assert work.session.scalars(select(Customer)).all() == []


def test_a_cut_off_workbook_is_refused(sqlite_crm: Crm, tmp_path: Path) -> None:
    file = workbook(tmp_path / "jual.xlsx", [("No",), (1,)])
    file.write_bytes(file.read_bytes()[:2_000])
    with pytest.raises(ImportRefused) as refused:
        bring(sqlite_crm, ImportKind.TRANSACTIONS, file, mapping_of(tmp_path, SALES))
    assert refused.value.reason == "unreadable"


@pytest.mark.parametrize(
    ("encoding", "setting"), [("cp1252", 'encoding = "cp1252"'), ("utf-8-sig", ""), ("utf-8-sig", 'encoding = "utf-8"')]
)
def test_text_files_of_windows(crm: Crm, tmp_path: Path, encoding: str, setting: str) -> None:
    mapping = mapping_of(tmp_path, CUSTOMERS + f'[file]\nseparator = ";"\n{setting}\n', ImportKind.CUSTOMERS)
    text = "ID;Nama;Telepon;Lahir;Kode pos\r\n7;José Müller – “Toko”;0812345678;1980-02-29;40115\r\n8;René;12;;\r\n"
    (tmp_path / "orang.csv").write_bytes(text.encode(encoding))
    report = bring(crm, ImportKind.CUSTOMERS, tmp_path / "orang.csv", mapping)
    assert (report.added, report.reasons) == (1, {"phone": 1})
    with crm.system("look") as work:
        assert work.session.scalars(select(Customer.name)).all() == ["José Müller – “Toko”"]
    assert "René" in (tmp_path / "rejects.csv").read_text(encoding=encoding)
