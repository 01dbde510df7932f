"""The file of a history: what is filtered, by whom, on record, and beside everybody else's work."""

from __future__ import annotations

import csv
import threading
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import insert, select

import ecrm_core as ecrm
from ecrm_core import models as m
from ecrm_core.crm import Crm
from ecrm_core.exporting.running import Export, ExportFailed
from ecrm_core.exporting.tables import FileFormat
from ecrm_core.exporting.transactions import COLUMNS, TransactionExport, export_transactions
from ecrm_core.models import AuditKind, AuditRecord, Employee
from ecrm_core.queries.transactions import FollowUpChoice, Sort, SortKey, TransactionFilters
from ecrm_core.services.customers import add_customer
from ecrm_core.services.orders import LineForm, OrderForm, take_order
from ecrm_core.services.products import add_product
from tests.conftest import FrozenClock, add_cast

NOVEMBER = TransactionFilters(date(2026, 11, 1), date(2026, 11, 30))


def wanted(file_format: FileFormat = FileFormat.CSV, **asked: object) -> TransactionExport:
    filters = TransactionFilters(NOVEMBER.since, NOVEMBER.until, **asked)  # type: ignore[arg-type]
    return TransactionExport(filters, Sort(SortKey.CUSTOMER, down=False), file_format)


def read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened, delimiter=";"))


def sell(crm: Crm) -> None:
    """Two lines of Siti's, one of Budi's."""
    with crm.work("agus") as work:
        suit = add_product(work, code="SUIT", name="=Slim Suit", price=Decimal(499_000)).id
    for who, name in (("siti", "Dewi"), ("siti", "Rina"), ("budi", "Andi")):
        with crm.work(who) as work:
            customer = add_customer(work, name=name)
            take_order(work, OrderForm(customer.id, [LineForm(suit)], intention=name))


def test_what_is_wanted_travels_as_plain_values() -> None:
    every = wanted(FileFormat.XLSX, product="a", state="sold", follow_up=FollowUpChoice.DUE, telemarketer_id=3)
    assert TransactionExport.from_json(every.to_json()) == every
    assert TransactionExport.from_json(wanted().to_json()) == wanted()


@pytest.mark.parametrize(
    ("filters", "name"),
    [
        (NOVEMBER, "2026-11"),
        (TransactionFilters.of_month(2026, None), "2026-01-2026-12"),
    ],
)
def test_a_file_is_named_for_its_period(filters: TransactionFilters, name: str) -> None:
    assert TransactionExport(filters, Sort(), FileFormat.CSV).file_name == name


def test_each_exports_what_they_see_and_it_goes_on_record(crm: Crm, tmp_path: Path) -> None:
    sell(crm)
    for who, names in (("siti", ["Dewi", "Rina"]), ("budi", ["Andi"]), ("ratna", ["Andi", "Dewi", "Rina"])):
        with crm.work(who) as work:
            assert export_transactions(work, wanted(product="suit"), tmp_path / who) == len(names)
        rows = read(tmp_path / who)
        assert [row["Pelanggan"] for row in rows] == names
        assert {row["Produk"] for row in rows} == {"'=Slim Suit"}
    with crm.work("agus") as work:
        records = work.session.scalars(select(AuditRecord).order_by(AuditRecord.id)).all()
        names_of = {row.id: row.username for row in work.session.scalars(select(Employee))}
        assert [(record.kind, names_of[record.by_id or 0], record.facts["count"]) for record in records] == [
            (AuditKind.EXPORT, "siti", 2),
            (AuditKind.EXPORT, "budi", 1),
            (AuditKind.EXPORT, "ratna", 3),
        ]
        assert records[0].facts["filters"]["product"] == "suit"
    with crm.work("siti") as work:
        assert work.session.scalars(select(AuditRecord)).all() == []


def test_headings_and_codes_are_in_the_language_of_who_exports(sqlite_crm: Crm, tmp_path: Path) -> None:
    sell(sqlite_crm)
    with sqlite_crm.work("siti") as work:
        work.session.get_one(Employee, work.employee_id).language = m.Language.ENGLISH
    with sqlite_crm.work("siti") as work:
        export_transactions(work, wanted(FileFormat.XLSX), tmp_path / "file.xlsx")
    frame = pd.read_excel(tmp_path / "file.xlsx", engine="calamine", sheet_name="Transactions")
    assert len(frame.columns) == len(COLUMNS)
    assert list(frame.columns)[:4] == ["Date", "Order", "Customer code", "Customer"]
    assert frame.loc[0, ["Amount", "Status", "Follow-up"]].tolist() == [499_000, "Sold", "Waiting"]
    assert frame["Date"].dt.date.tolist() == [date(2026, 11, 24)] * 2


def test_another_process_writes_it_as_the_employee(crm: Crm, tmp_path: Path) -> None:
    sell(crm)
    assert Export(crm, "siti", wanted()).run(tmp_path / "file") == 2
    assert [row["Pelanggan"] for row in read(tmp_path / "file")] == ["Dewi", "Rina"]
    with crm.work("agus") as work:
        record = work.session.scalars(select(AuditRecord)).one()
        assert record.at == crm.clock(), "at the company's instant, not the machine's"


def test_who_has_left_gets_no_file(sqlite_crm: Crm, tmp_path: Path) -> None:
    sell(sqlite_crm)
    with sqlite_crm.system("test company") as work:
        work.session.scalars(select(Employee).where(Employee.username == "siti")).one().active = False
    with pytest.raises(ExportFailed):
        Export(sqlite_crm, "siti", wanted()).run(tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_a_database_in_memory_is_exported_too(clock: FrozenClock, tmp_path: Path) -> None:
    crm = ecrm.connect("sqlite://", clock=clock)
    add_cast(crm)
    sell(crm)
    assert Export(crm, "ratna", wanted()).run(tmp_path / "file") == 3
    crm.close()


def test_an_export_nobody_waits_for_is_given_up(sqlite_crm: Crm, tmp_path: Path) -> None:
    sell(sqlite_crm)
    export = Export(sqlite_crm, "siti", wanted())
    export.stop()
    with pytest.raises(ExportFailed):
        export.run(tmp_path / "file")
    running = Export(sqlite_crm, "siti", wanted())
    threading.Timer(0.1, running.stop).start()
    with pytest.raises(ExportFailed):
        running.run(tmp_path / "file")


def test_a_long_export_holds_up_nobody(sqlite_crm: Crm, tmp_path: Path) -> None:
    rows = 20_000
    sell(sqlite_crm)
    at = datetime(2026, 11, 2, 3, tzinfo=UTC)
    line = {"order_id": 1, "customer_id": 1, "product_id": 1, "ordered_at": at, "quantity": 1, "returned_quantity": 0}
    money = {name: Decimal(1) for name in ("unit_price", "amount")} | {
        "discount": Decimal(0),
        "returned_amount": Decimal(0),
    }
    with sqlite_crm.engine.begin() as connection:
        connection.execute(m.Order.__table__.update().where(m.Order.id == 1).values(ordered_at=at))
        connection.execute(m.OrderLine.__table__.update().where(m.OrderLine.id == 1).values(ordered_at=at))
        connection.execute(
            insert(m.OrderLine.__table__), [{"id": number, **line, **money} for number in range(10, rows + 10)]
        )
    counted: list[int] = []
    export = Export(sqlite_crm, "siti", wanted(FileFormat.XLSX))
    thread = threading.Thread(target=lambda: counted.append(export.run(tmp_path / "file.xlsx")))
    thread.start()
    written = 0
    while thread.is_alive():
        with sqlite_crm.work("siti") as work:
            work.session.add(m.CustomerNote(customer_id=1, text="x", at=work.now, by_id=work.employee_id))
        written += 1
        time.sleep(0.05)
    thread.join()
    assert counted == [rows + 2]
    assert written > 10, "others went on writing all the while"
    frame = pd.read_excel(tmp_path / "file.xlsx", engine="calamine")
    assert len(frame) == rows + 2
    assert frame["Jumlah"].sum() == rows + 2 * 499_000
