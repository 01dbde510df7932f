"""The transactions of a period: which, in what order, and what they add up to."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from ecrm_core import models as m
from ecrm_core.crm import Crm
from ecrm_core.errors import InvalidValue
from ecrm_core.models import FollowUpState, OrderStatus
from ecrm_core.queries import transactions as queries
from ecrm_core.queries.history import transactions
from ecrm_core.queries.transactions import (
    NOBODY,
    FollowUpChoice,
    Sort,
    SortKey,
    TransactionFilters,
    TransactionRow,
    all_transaction_rows,
    one_transaction,
    telemarketers,
    transaction_page,
    transaction_sums,
    wanted_things,
    years,
)
from ecrm_core.services.customers import add_customer
from ecrm_core.services.followups import record_response
from ecrm_core.services.orders import LineForm, OrderForm, change_order_status, return_pieces, take_order
from ecrm_core.services.products import add_category, add_product
from tests.conftest import FrozenClock

OCTOBER = TransactionFilters(date(2026, 10, 1), date(2026, 10, 31))
DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 12, 31))


@given(DAYS)
def test_history_opens_on_the_previous_month(today: date) -> None:
    filters = TransactionFilters.at_first(today)
    assert filters.until == today.replace(day=1) - timedelta(days=1)
    assert filters.since == filters.until.replace(day=1)
    if today.month == 1:
        assert (filters.since.year, filters.since.month) == (today.year - 1, 12)
    else:
        assert (filters.since.year, filters.since.month) == (today.year, today.month - 1)


@given(st.integers(1990, 2100), st.integers(1, 12))
def test_a_month_is_all_of_its_days(year: int, month: int) -> None:
    filters = TransactionFilters.of_month(year, month)
    assert (filters.until - filters.since).days + 1 == monthrange(year, month)[1]
    assert TransactionFilters.of_month(year, None).until == date(year, 12, 31)


@dataclass
class Books:
    """October of a shop: what Siti's Dewi and Rina and Budi's Andi bought."""

    crm: Crm
    clock: FrozenClock
    products: dict[str, int]
    customers: dict[str, int]

    def order(
        self, day: datetime, who: str, *lines: tuple[str, int], by: str = "siti", currency: str = "IDR"
    ) -> list[int]:
        """The ids of the order and of its lines."""
        self.clock.now = day
        with self.crm.work(by) as work:
            receipt = take_order(
                work,
                OrderForm(
                    self.customers[who],
                    [LineForm(self.products[code], quantity) for code, quantity in lines],
                    intention=f"{day}{who}{by}",
                ),
            )
            work.session.get_one(m.Order, receipt.order_id).currency = currency
            ids = select(m.OrderLine.id).where(m.OrderLine.order_id == receipt.order_id).order_by(m.OrderLine.id)
            return [receipt.order_id, *work.session.scalars(ids)]

    def close(self, order_id: int, *statuses: OrderStatus) -> None:
        with self.crm.work("ratna") as work:
            for status in statuses:
                change_order_status(work, order_id, status, reason="x")


def at(day: int, hour: int = 3, month: int = 10) -> datetime:
    """An instant; 03.00 UTC is 10.00 in Jakarta."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


@pytest.fixture
def books(crm: Crm, clock: FrozenClock) -> Books:
    clock.now = at(1, month=8)
    with crm.work("agus") as work:
        category = add_category(work, "Dapur")
        products = {
            code: add_product(work, code=code, name=name, price=Decimal(price), category_id=category).id
            for code, name, price in (
                ("SUIT", "Slim Suit", 500),
                ("PAN", "Wajan 100% Granit", 300),
                ("OIL", "Minyak", 100),
            )
        }
    with crm.work("ratna") as work:
        customers = {
            who: add_customer(work, name=name, owner=owner).id
            for who, name, owner in (
                ("dewi", "Dewi Lestari", "siti"),
                ("rina", "José Rina", "siti"),
                ("andi", "Andi Wijaya", "budi"),
                ("free", "Tanpa Pemilik", None),
            )
        }
    return Books(crm, clock, products, customers)


@pytest.fixture
def october(books: Books) -> dict[str, int]:
    """Line ids by name; at 09.00 of 24 November."""
    lines: dict[str, int] = {}
    books.order(at(30, 16, 9), "dewi", ("SUIT", 1))  # 23.00 of 30 September in Jakarta
    lines["first"] = books.order(at(30, 17, 9), "dewi", ("OIL", 1))[1]  # midnight: October
    _, lines["suit"], lines["pan"] = books.order(at(5), "dewi", ("SUIT", 2), ("PAN", 1))
    cancelled, lines["cancelled"] = books.order(at(6), "rina", ("SUIT", 1))
    returned, lines["returned"] = books.order(at(7), "rina", ("PAN", 2))
    some, lines["some"] = books.order(at(8), "dewi", ("PAN", 4))
    lines["budi"] = books.order(at(9), "andi", ("SUIT", 3), by="budi")[1]
    lines["dollar"] = books.order(at(10), "rina", ("OIL", 5), currency="USD")[1]
    lines["free"] = books.order(at(11), "free", ("OIL", 1), by="ratna")[1]
    lines["last"] = books.order(at(31, 16), "rina", ("SUIT", 1))[1]
    books.order(at(31, 17), "rina", ("OIL", 1))  # midnight: November
    books.close(cancelled, OrderStatus.CANCELLED)
    books.close(returned, OrderStatus.SHIPPED, OrderStatus.RETURNED)
    books.close(some, OrderStatus.SHIPPED)
    books.clock.now = at(24, 2, 11)
    with books.crm.work("siti") as work:
        return_pieces(work, lines["some"], 1, reason="penyok")
        record_response(work, lines["suit"], rating=3, text="lama")
    books.clock.advance(minutes=1)
    with books.crm.work("siti") as work:
        record_response(work, lines["suit"], rating=5, text="puas")
    with books.crm.work("ratna") as work:
        work.session.get_one(m.FollowUp, lines["budi"]).expires_on = date(2026, 11, 23)
    return lines


def named(rows: list[TransactionRow], lines: dict[str, int]) -> list[str]:
    names = {number: name for name, number in lines.items()}
    return [names[row.line_id] for row in rows]


def seen(books: Books, lines: dict[str, int], who: str = "ratna", **asked: object) -> set[str]:
    with books.crm.work(who) as work:
        filters = TransactionFilters(OCTOBER.since, OCTOBER.until, **asked)  # type: ignore[arg-type]
        page = transaction_page(work, filters)
        assert list(all_transaction_rows(work, filters)) == page.rows, "an export is what the screen shows"
        assert page.totals.count == len(page.rows)
        assert sum(sums.sold.lines for sums in page.totals.sums) <= page.totals.count
        return set(named(page.rows, lines))


def test_a_month_begins_and_ends_at_midnight_of_the_company(books: Books, october: dict[str, int]) -> None:
    with books.crm.work("ratna") as work:
        page = transaction_page(work, OCTOBER, sort=Sort(down=False))
    assert named(page.rows, october) == list(october)
    assert (page.rows[0].day, page.rows[-1].day) == (date(2026, 10, 1), date(2026, 10, 31))
    assert (page.first, page.last, page.pages) == (1, 10, 1)


def test_each_sees_ones_own(books: Books, october: dict[str, int]) -> None:
    own = set(october) - {"budi", "free"}
    assert seen(books, october, "siti") == own
    assert seen(books, october, "budi") == {"budi"}
    assert seen(books, october, "agus") == set(october)
    with books.crm.work("siti") as work:
        assert one_transaction(work, october["budi"]) is None
        assert telemarketers(work) == []
        assert {row.line_id for row in all_transaction_rows(work, OCTOBER)} == {october[name] for name in own}
        assert len(transactions(work, since=OCTOBER.since, until=OCTOBER.until)) == len(own)


def test_a_row_tells_all_of_a_line(books: Books, october: dict[str, int]) -> None:
    with books.crm.work("siti") as work:
        row = one_transaction(work, october["suit"])
        code = work.session.get_one(m.Customer, books.customers["dewi"]).code
    assert row is not None
    assert (row.customer_code, row.customer, row.product_code, row.product) == (
        code,
        "Dewi Lestari",
        "SUIT",
        "Slim Suit",
    )
    assert (row.quantity, row.unit_price, row.amount, row.currency, row.state) == (2, 500, 1000, "IDR", "sold")
    assert (row.follow_up, row.due_on) == (FollowUpState.ANSWERED, date(2026, 11, 5))
    assert (row.followed_up_on, row.rating, row.response) == (date(2026, 11, 24), 5, "puas")
    assert (row.responsible, row.do_not_call, row.may_answer) == ("Siti Rahayu", False, True)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"state": "cancelled"}, {"cancelled"}),
        ({"state": "returned"}, {"returned"}),
        ({"product": "slim"}, {"suit", "cancelled", "budi", "last"}),
        ({"product": " oil "}, {"first", "dollar", "free"}),
        ({"product": "100%"}, {"pan", "returned", "some"}),
        ({"product": "1_0%"}, set()),
        ({"customer": "jose"}, {"cancelled", "returned", "dollar", "last"}),
        ({"customer": "c000003"}, {"budi"}),
        ({"customer": "%"}, set()),
        ({"follow_up": FollowUpChoice.OPEN}, {"first", "some", "free", "last"}),
        ({"follow_up": FollowUpChoice.DUE}, {"first", "some", "free"}),
        ({"follow_up": FollowUpChoice.ANSWERED}, {"suit"}),
        ({"follow_up": FollowUpChoice.CLOSED}, {"cancelled", "returned", "pan", "dollar"}),
        ({"follow_up": FollowUpChoice.EXPIRED}, {"budi"}),
        ({"telemarketer_id": NOBODY}, {"free"}),
        ({"telemarketer_id": 2}, {"budi"}),
        ({"product": "slim", "customer": "rina", "state": "sold"}, {"last"}),
    ],
)
def test_filters(books: Books, october: dict[str, int], asked: dict[str, object], found: set[str]) -> None:
    assert seen(books, october, **asked) == found


def test_filters_show_nobody_more_than_their_own(books: Books, october: dict[str, int]) -> None:
    for asked in ({"telemarketer_id": 2}, {"customer": "andi"}, {"follow_up": FollowUpChoice.EXPIRED}):
        assert seen(books, october, "siti", **asked) == set()


def test_filters_that_cannot_be_are_refused(books: Books) -> None:
    with books.crm.work("siti") as work:
        for wrong in (
            TransactionFilters(date(2026, 10, 2), date(2026, 10, 1)),
            TransactionFilters(OCTOBER.since, OCTOBER.until, state="lost"),
        ):
            with pytest.raises(InvalidValue):
                transaction_page(work, wrong)


def test_sums_keep_currencies_and_sides_apart(books: Books, october: dict[str, int]) -> None:
    with books.crm.work("ratna") as work:
        totals = transaction_page(work, OCTOBER).totals
        assert totals.sums == transaction_sums(work, since=OCTOBER.since, until=OCTOBER.until)
    rupiah, dollar = totals.sums
    # 100 + 1000 + 300 + 600 (came back) + 1200 + 1500 + 100 + 500
    assert (rupiah.sold.amount, rupiah.sold.lines, rupiah.sold.orders, rupiah.sold.customers) == (5300, 8, 7, 4)
    assert (rupiah.returned.amount, rupiah.returned.lines, rupiah.difference) == (900, 2, 4400)
    assert (dollar.currency, dollar.sold.amount, dollar.returned.lines) == ("USD", 500, 0)
    assert totals.count == 10


def expected(rows: list[TransactionRow], key: SortKey, *, down: bool) -> list[int]:
    """The same order, by Python."""
    value = {
        SortKey.DATE: lambda row: row.day,
        SortKey.ORDER: lambda row: row.order,
        SortKey.CUSTOMER: lambda row: m.folded(row.customer),
        SortKey.PRODUCT: lambda row: row.product,
        SortKey.QUANTITY: lambda row: row.quantity,
        SortKey.AMOUNT: lambda row: row.amount,
        SortKey.DUE: lambda row: row.due_on,
        SortKey.FOLLOWED_UP: lambda row: row.followed_up_on,
        SortKey.RESPONSE: lambda row: row.rating,
    }[key]
    ordered = sorted(rows, key=lambda row: row.line_id, reverse=down)
    there = sorted((row for row in ordered if value(row) is not None), key=value, reverse=down)
    return [row.line_id for row in (*there, *(row for row in ordered if value(row) is None))]


@pytest.mark.parametrize("key", list(SortKey))
def test_every_column_sorts_both_ways_and_pages_hold_each_row_once(
    books: Books, october: dict[str, int], key: SortKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    with books.crm.work("ratna") as work:
        every = transaction_page(work, OCTOBER, sort=Sort(down=False)).rows
        monkeypatch.setattr(queries, "PAGE_ROWS", 3)
        for down in (False, True):
            pages = [transaction_page(work, OCTOBER, sort=Sort(key, down), page=number) for number in (1, 2, 3, 4)]
            wanted = expected(sorted(every, key=lambda row: row.day), key, down=down)
            assert [row.line_id for page in pages for row in page.rows] == wanted
            assert [row.line_id for row in all_transaction_rows(work, OCTOBER, sort=Sort(key, down))] == wanted


def test_a_page_beyond_the_last_is_the_last(
    books: Books, october: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE_ROWS", 4)
    with books.crm.work("ratna") as work:
        page = transaction_page(work, OCTOBER, page=99)
        assert (page.number, len(page.rows)) == (3, 2)
        assert transaction_page(work, OCTOBER, page=-1).number == 1
        empty = transaction_page(work, TransactionFilters.of_month(2001, 1), page=5)
        assert (empty.number, empty.rows, empty.first, empty.last, empty.pages) == (1, [], 0, 0, 1)


def test_who_took_an_order_at_the_narrow_door_sees_the_order_and_not_the_customer(
    books: Books, october: dict[str, int]
) -> None:
    with books.crm.system("test company") as work:
        siti = work.session.scalars(select(m.Employee.id).where(m.Employee.username == "siti")).one()
        line = work.session.get_one(m.OrderLine, october["budi"])
        order = work.session.get_one(m.Order, line.order_id)
        line.door_taker_id = order.door_taker_id = siti
        order.ship_name = "Andi, kantor"
    assert "budi" in seen(books, october, "siti")
    assert "budi" not in seen(books, october, "siti", customer="andi")
    assert "budi" not in seen(books, october, "siti", follow_up=FollowUpChoice.EXPIRED)
    with books.crm.work("siti") as work:
        row = one_transaction(work, october["budi"])
        frame = transactions(work, since=OCTOBER.since, until=OCTOBER.until)
        by_name = transaction_page(work, OCTOBER, sort=Sort(SortKey.CUSTOMER, down=False))
    assert row is not None
    assert (row.customer, row.customer_id, row.customer_code, row.responsible) == ("Andi, kantor", None, None, None)
    assert (row.due_on, row.follow_up, row.rating, row.may_answer) == (None, None, None, False)
    assert frame.loc[frame["line_id"] == row.line_id, ["customer_code", "customer"]].values.tolist() == [
        ["", "Andi, kantor"]
    ]
    assert row.line_id in {each.line_id for each in by_name.rows}


def test_the_years_there_are(books: Books, october: dict[str, int]) -> None:
    with books.crm.work("ratna") as work:
        assert years(work) == [2026]
    books.order(datetime(2024, 12, 31, 17, tzinfo=UTC), "dewi", ("OIL", 1))  # 2025 in Jakarta
    books.clock.now = at(24, 2, 11)
    with books.crm.work("siti") as work:
        assert years(work) == [2026, 2025]
    with books.crm.work("budi") as work:
        assert years(work) == [2026]


def test_what_a_customer_may_want(books: Books) -> None:
    with books.crm.work("siti") as work:
        found = wanted_things(work, "ap")
        assert [(each.kind, each.name, each.code) for each in found] == [("category", "Dapur", None)]
        assert [(each.kind, each.name, each.code) for each in wanted_things(work, "pan")] == [
            ("product", "Wajan 100% Granit", "PAN")
        ]
        assert wanted_things(work, " ") == []
        assert wanted_things(work, "%") == wanted_things(work, "100%")
    with books.crm.work("agus") as work:
        work.session.get_one(m.Product, books.products["PAN"]).active = False
        assert wanted_things(work, "pan") == []


def test_exports_read_no_faster_than_they_are_written(books: Books, october: dict[str, int], tmp_path: Path) -> None:
    with books.crm.work("ratna") as work:
        rows = all_transaction_rows(work, OCTOBER)
        assert next(rows).line_id == october["last"]
        rows.close()  # type: ignore[attr-defined]
        assert transaction_page(work, OCTOBER).totals.count == 10
