"""A courier's file, row by row: what is done, what was so already, what is refused and why."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy import select

from ecrm_core import models as m
from ecrm_core.crm import Crm
from ecrm_core.errors import EcrmError, ImportRefused
from ecrm_core.models import Language, OrderStatus
from ecrm_core.services.door import take_door_order
from ecrm_core.services.orders import (
    LineForm,
    OrderForm,
    change_order_status,
    order_card,
    ship,
    take_order,
)
from ecrm_core.services.shipping import (
    CourierColumns,
    CourierRow,
    Fate,
    RowResult,
    import_courier_file,
    read_courier_file,
)
from ecrm_core.texts import Texts
from tests.conftest import FrozenClock
from tests.services.conftest import Shop

SENT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


@pytest.fixture
def orders(crm: Crm, shop: Shop, clock: FrozenClock) -> list[int]:
    """P0000001 to P0000004 of Dewi, P0000005 of Andi; the second left with number JX2."""
    clock.now = SENT
    ids = []
    for number in range(4):
        with crm.work("siti") as work:
            ids.append(take_order(work, OrderForm(shop.dewi, [LineForm(shop.pan)], f"d{number}")).order_id)
    with crm.work("siti") as work:
        ship(work, ids[1], "JNX", "JX2")
    with crm.work("budi") as work:
        ids.append(take_order(work, OrderForm(shop.andi, [LineForm(shop.suit)], "a")).order_id)
    clock.now = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    return ids


def status(crm: Crm, number: str) -> OrderStatus:
    with crm.work("ratna") as work:
        return order_card(work, number).status


def bring(crm: Crm, *rows: CourierRow, by: str = "siti", columns: CourierColumns | None = None) -> list[RowResult]:
    with crm.work(by) as work:
        return import_courier_file(work, rows, columns or CourierColumns())


def test_each_row_is_done_already_so_or_refused(crm: Crm, orders: list[int]) -> None:
    rows = [
        CourierRow(2, order="P0000001", tracking="JX1", status="Dikirim", day="21-11-2026"),
        CourierRow(3, tracking="JX2", status="TERKIRIM", day="22/11/2026 14:30"),
        CourierRow(4, order="p0000003", status="ditolak", day="2026-11-23", reason="Tidak di rumah"),
        CourierRow(5, order="P0000001", status="dikirim", day="21-11-2026"),
        CourierRow(6, order="P0000005", status="delivered"),
        CourierRow(7, order="P0000099", status="delivered"),
        CourierRow(8, tracking="JX9", status="delivered"),
        CourierRow(9, order="P0000004", status="hilang"),
        CourierRow(10, order="P0000004", status=""),
        CourierRow(11, order="P0000004", status="delivered", day="besok"),
        CourierRow(12, order="P0000004", status="delivered", day="25-11-2026"),
        CourierRow(13, order="P0000004", status="delivered", day="01-11-2026"),
        CourierRow(14, status="delivered"),
        CourierRow(15, order="P0000004", status="Lunas"),
    ]
    results = bring(crm, *rows)
    assert [result.line for result in results] == list(range(2, 16))
    assert [result.fate for result in results] == [Fate.DONE] * 3 + [Fate.ALREADY] + [Fate.REFUSED] * 9 + [Fate.DONE]
    reasons = [result.refusal.facts.get("reason", result.refusal.code) for result in results if result.refusal]
    assert reasons == [
        "error.not_visible",  # Andi's is Budi's
        "error.not_visible",
        "error.not_visible",
        "unknown_status",
        "empty",
        "date",
        "in_the_future",
        "before_order",
        "empty",
    ]
    general = Texts(Language.INDONESIAN).error(EcrmError())
    for result in results:
        if result.refusal:
            assert Texts(Language.INDONESIAN).error(result.refusal) != general
    with crm.work("siti") as work:
        first, second, third, fourth = (order_card(work, f"P000000{number}") for number in range(1, 5))
    assert (first.status, first.tracking_number) == (OrderStatus.SHIPPED, "JX1")
    assert first.steps[-1].at == datetime(2026, 11, 21, 16, 59, 59, tzinfo=UTC)  # the end of that day in Jakarta
    assert first.steps[-1].by_name == "Siti Rahayu"
    assert (second.status, second.steps[-1].at) == (OrderStatus.DELIVERED, datetime(2026, 11, 22, 7, 30, tzinfo=UTC))
    assert [step.status for step in third.steps] == ["new", "shipped", "returned"]
    assert (third.steps[-1].refused_at_door, third.steps[-1].reason) == (True, "Tidak di rumah")
    assert third.lines[0].void
    assert (fourth.status, fourth.version) == (OrderStatus.PAID, 2)


def test_a_file_read_twice_changes_nothing(crm: Crm, orders: list[int]) -> None:
    rows = [
        CourierRow(2, order="P0000001", status="delivered", day="22-11-2026"),
        CourierRow(3, order="P0000003", status="ditolak"),
        CourierRow(4, tracking="JX2", status="retur"),
    ]
    assert {result.fate for result in bring(crm, *rows)} == {Fate.DONE}
    with crm.work("ratna") as work:
        before = [order_card(work, f"P000000{number}") for number in range(1, 5)]
    assert {result.fate for result in bring(crm, *rows)} == {Fate.ALREADY}
    with crm.work("ratna") as work:
        assert [order_card(work, f"P000000{number}") for number in range(1, 5)] == before


def test_stock_and_activity_follow_what_comes_back(crm: Crm, shop: Shop, orders: list[int]) -> None:
    bring(crm, *(CourierRow(number, order=f"P000000{number}", status="retur") for number in range(1, 5)))
    with crm.work("ratna") as work:
        assert work.session.get_one(m.Product, shop.pan).stock == 10
        assert work.session.get_one(m.Customer, shop.dewi).last_activity_at is None
        lines = work.session.scalars(select(m.OrderLine).where(m.OrderLine.customer_id == shop.dewi))
        assert all(line.returned_quantity == 1 and line.void_at == work.now for line in lines)


def test_a_manager_brings_everybodys(crm: Crm, orders: list[int]) -> None:
    (result,) = bring(crm, CourierRow(2, order="P0000005", status="shipped"), by="ratna")
    assert (result.fate, status(crm, "P0000005")) == (Fate.DONE, OrderStatus.SHIPPED)


def test_what_a_status_refuses_stays_refused_and_the_rest_goes_on(crm: Crm, orders: list[int]) -> None:
    with crm.work("siti") as work:
        change_order_status(work, orders[0], "cancelled", reason="salah")
    done, refused = bring(
        crm,
        CourierRow(2, order="P0000003", status="shipped"),
        CourierRow(3, order="P0000001", tracking="JX1", status="shipped"),
    )
    assert (done.fate, refused.fate, refused.number) == (Fate.DONE, Fate.REFUSED, "P0000001")
    with crm.work("siti") as work:
        card = order_card(work, "P0000001")
    assert (card.status, card.tracking_number, card.version) == (OrderStatus.CANCELLED, None, 2)


def test_one_number_on_two_parcels_is_not_guessed(crm: Crm, orders: list[int]) -> None:
    with crm.work("siti") as work:
        ship(work, orders[2], "JNX", "JX2")
    (result,) = bring(crm, CourierRow(2, tracking="JX2", status="delivered"))
    assert result.refusal is not None
    assert result.refusal.facts["reason"] == "ambiguous"


def test_who_took_an_order_through_the_door_does_not_move_it(crm: Crm, shop: Shop) -> None:
    with crm.work("budi") as work:
        take_door_order(work, "C000001", OrderForm(0, [LineForm(shop.suit)], "1", ship_address="Jl. Mawar 1"))
    (result,) = bring(crm, CourierRow(2, order="P0000001", status="shipped"), by="budi")
    assert (result.fate, status(crm, "P0000001")) == (Fate.REFUSED, OrderStatus.NEW)


# --- Files ---

COLUMNS = CourierColumns(
    status="Status Kiriman", date="Tgl", order="No Order", tracking="AWB", reason="Ket", words={"sukses": "delivered"}
)


def test_a_csv_file_is_read_as_it_comes(crm: Crm, orders: list[int], tmp_path: Path) -> None:
    file = tmp_path / "kurir.csv"
    file.write_text(
        "No Order;AWB;STATUS kiriman;Tgl;Ket\nP0000001;JX1;Sukses;22-11-2026;\n;;;;\n;JX2;retur;;rusak\n",
        encoding="utf-8-sig",
    )
    rows = read_courier_file(file, COLUMNS)
    assert rows == [
        CourierRow(2, "P0000001", "JX1", "Sukses", "22-11-2026", ""),
        CourierRow(4, "", "JX2", "retur", "", "rusak"),
    ]
    assert [result.fate for result in bring(crm, *rows, columns=COLUMNS)] == [Fate.DONE, Fate.DONE]
    assert (status(crm, "P0000001"), status(crm, "P0000002")) == (OrderStatus.DELIVERED, OrderStatus.RETURNED)


def test_a_workbook_is_read_too(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "kurir.xlsx") as book:
        sheet = book.add_worksheet()
        day, minute = (book.add_format({"num_format": form}) for form in ("dd/mm/yyyy", "dd/mm/yyyy hh:mm"))
        sheet.write_row(0, 0, ["AWB", "Status Kiriman", "Tgl"])
        sheet.write_row(1, 0, [123456789012, "Sukses"])
        sheet.write_datetime(1, 2, datetime(2026, 11, 22), day)  # noqa: DTZ001
        sheet.write_row(2, 0, ["JX2", "Sukses"])
        sheet.write_datetime(2, 2, datetime(2026, 11, 22, 14, 30), minute)  # noqa: DTZ001
    assert read_courier_file(tmp_path / "kurir.xlsx", COLUMNS) == [
        CourierRow(2, "", "123456789012", "Sukses", "2026-11-22", ""),
        CourierRow(3, "", "JX2", "Sukses", "2026-11-22 14:30:00", ""),
    ]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"No Order,Tgl\nP1,1\n", "columns"),
        ("a.csv", b"Status Kiriman,Tgl\nSukses,1\n", "columns"),
        ("a.xlsx", b"not a workbook", "unreadable"),
    ],
)
def test_what_is_no_courier_file_is_refused(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImportRefused) as refused:
        read_courier_file(tmp_path / name, COLUMNS)
    assert refused.value.reason == reason


def test_a_step_of_the_same_day_takes_its_place_and_one_of_an_earlier_day_is_refused(
    crm: Crm, orders: list[int]
) -> None:
    (shipped,) = bring(crm, CourierRow(2, order="P0000001", status="dikirim", day="2026-11-22 15:00"))
    (refused, done) = bring(
        crm,
        CourierRow(2, order="P0000001", status="delivered", day="2026-11-21 09:00"),
        CourierRow(3, order="P0000001", status="delivered", day="2026-11-22 09:00"),
    )
    assert (shipped.fate, refused.fate, done.fate) == (Fate.DONE, Fate.REFUSED, Fate.DONE)
    assert refused.refusal is not None
    assert refused.refusal.facts["reason"] == "before_step"
    with crm.work("siti") as work:
        steps = order_card(work, "P0000001").steps
    assert steps[-1].at == steps[-2].at == datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
