"""The transactions page without a browser: what an address asks for, gestures that overlap, tickets."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from dashboards.exports import TICKET_SECONDS, TICKETS, Tickets
from dashboards.page import Visit
from dashboards.pages import transactions as module
from dashboards.pages.transactions import Asked, Period, TransactionsPage
from ecrm_core import models as m
from ecrm_core.crm import Crm
from ecrm_core.exporting.tables import FileFormat
from ecrm_core.exporting.transactions import TransactionExport
from ecrm_core.queries.transactions import FollowUpChoice, Sort, SortKey, TransactionFilters, transaction_totals
from ecrm_core.services.customers import add_customer
from ecrm_core.services.orders import LineForm, OrderForm, take_order
from ecrm_core.services.products import add_product
from tests.conftest import FrozenClock

TODAY = date(2026, 11, 24)
PERIODS = st.builds(Period, st.integers(1990, 2100), st.none() | st.integers(1, 12))
WORDS = st.text(st.characters(exclude_characters="\x00"), max_size=20).map(str.strip)


@given(PERIODS)
def test_a_period_is_read_as_it_is_written(period: Period) -> None:
    assert Period.parse(str(period)) == period


@pytest.mark.parametrize(
    "text", ["", "2026-13", "2026-00", "1989-12", "26-1", "2101", "2026-1", "x", "2026-10-01", "٢٠٢٦"]
)
def test_what_is_no_period_is_none(text: str) -> None:
    assert Period.parse(text) is None


@given(PERIODS)
def test_a_step_back_and_one_on_lead_home(period: Period) -> None:
    assert period.moved(1).moved(-1) == period
    assert period.moved(-1).moved(1) == period
    assert period.moved(1).first_day > period.first_day


@given(st.dates(date(1991, 1, 1), date(2100, 12, 31)))
def test_an_address_that_says_nothing_is_the_month_before(today: date) -> None:
    asked = Asked.of({}, today)
    assert asked.query(today) == {}
    assert asked.filters == TransactionFilters.at_first(today)


@given(
    st.builds(
        Asked,
        period=PERIODS,
        product=WORDS,
        customer=WORDS,
        state=st.sampled_from(["", "sold", "returned", "cancelled"]),
        follow_up=st.sampled_from(["", *map(str, FollowUpChoice)]),
        telemarketer=st.sampled_from(["", "0", "17"]),
        sort=st.builds(Sort, st.sampled_from(list(SortKey)), st.booleans()),
        page=st.integers(1, 10_000),
    )
)
def test_an_address_brings_back_what_was_shown(asked: Asked) -> None:
    assert Asked.of(asked.query(TODAY), TODAY) == asked


@given(
    st.dictionaries(
        st.sampled_from(["month", "product", "customer", "state", "follow_up", "telemarketer", "sort", "page"]),
        st.text(max_size=12),
    )
)
def test_nonsense_in_an_address_is_left_out(query: dict[str, str]) -> None:
    asked = Asked.of(query, TODAY)
    assert asked.page >= 1
    assert "\x00" not in asked.product + asked.customer
    assert asked.filters.since <= asked.filters.until


@pytest.fixture
def page(sqlite_crm: Crm, clock: FrozenClock) -> TransactionsPage:
    """Siti's page; Dewi bought in September and twice in October."""
    now = clock.now
    clock.now = datetime(2026, 9, 1, 3, tzinfo=UTC)
    with sqlite_crm.work("agus") as work:
        suit = add_product(work, code="SUIT", name="Slim Suit", price=Decimal(499_000)).id
        pan = add_product(work, code="PAN", name="Wajan", price=Decimal(299_000)).id
    with sqlite_crm.work("siti") as work:
        dewi = add_customer(work, name="Dewi").id
    for month, product in ((9, suit), (10, suit), (10, pan)):
        clock.now = datetime(2026, month, 5, 3, tzinfo=UTC)
        with sqlite_crm.work("siti") as work:
            take_order(work, OrderForm(dewi, [LineForm(product)], intention=f"{month}{product}"))
    clock.now = now
    page = TransactionsPage(Visit(sqlite_crm, "siti", "transactions"))
    page.open_now()
    return page


def send(page: TransactionsPage, *messages: tuple[str, dict[str, Any]]) -> None:
    """Report gestures at once, as a hurried hand does."""

    async def all_of_them() -> None:
        await asyncio.gather(*(getattr(page, part)._handle_msg(message) for part, message in messages))

    asyncio.run(all_of_them())


def shown(page: TransactionsPage) -> list[str]:
    return [row["cells"]["product"]["text"] for row in page.grid.state["rows"]]


def dialog_of(page: TransactionsPage, line: int) -> str:
    send(page, ("grid", {"do": "respond", "id": line}))
    return str(page.dialog.state["token"])


def line_ids(page: TransactionsPage) -> list[int]:
    return [row["id"] for row in page.grid.state["rows"]]


def test_gestures_build_on_each_other_also_while_answers_are_under_way(page: TransactionsPage) -> None:
    send(page, ("keys_part", {"do": "key", "key": "["}), ("keys_part", {"do": "key", "key": "["}))
    assert page.lasting_query == {"month": "2026-08"}
    assert shown(page) == []
    send(
        page,
        ("filters", {"do": "filter", "key": "month", "value": "2026-10"}),
        ("filters", {"do": "search", "text": "wajan"}),
        ("grid", {"do": "sort", "key": "amount"}),
    )
    assert page.lasting_query == {"product": "wajan", "sort": "-amount"}
    assert shown(page) == ["Wajan"]


def test_rows_do_not_wait_for_slow_sums(page: TransactionsPage, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(*asked: Any) -> Any:
        time.sleep(0.2)
        return transaction_totals(*asked)

    monkeypatch.setattr(module, "transaction_totals", slowly)
    lines: list[str] = []
    page.filters.param.watch(lambda event: lines.append(page.filters.state["line"]), "sent")
    send(page, ("filters", {"do": "filter", "key": "month", "value": "2026-09"}))
    assert lines[0] == "Menghitung jumlahnya…"
    assert lines[-1].startswith("1 transaksi. Terjual Rp")
    assert page.grid.state["page"]["total"] == "1"


def test_arriving_shows_rows_before_they_are_summed_up(page: TransactionsPage, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(*asked: Any) -> Any:
        time.sleep(0.2)
        return transaction_totals(*asked)

    monkeypatch.setattr(module, "transaction_totals", slowly)

    async def arrive(query: dict[str, str]) -> str:
        await page.arrive(query)
        line = str(page.filters.state["line"])
        assert page._adding is not None
        await page._adding
        return line

    assert asyncio.run(arrive({"month": "2026-09"})) == "Menghitung jumlahnya…"
    assert page.filters.state["line"].startswith("1 transaksi. Terjual Rp")
    assert asyncio.run(arrive({"month": "2026-09", "page": "7"})).startswith("1 transaksi."), "no such page"
    assert shown(page)


def test_months_to_come_cannot_be_chosen(page: TransactionsPage) -> None:
    send(page, ("filters", {"do": "filter", "key": "month", "value": "2026-11"}))
    send(page, ("keys_part", {"do": "key", "key": "]"}))
    assert page.lasting_query == {"month": "2026-11"}
    assert all(option["value"] <= "2026-11" for option in page.filters.state["fields"][0]["options"][:-1])
    send(page, ("filters", {"do": "filter", "key": "year", "value": "2025"}))
    assert page.lasting_query == {"month": "2025-11"}


def test_in_january_it_opens_on_last_december(page: TransactionsPage, clock: FrozenClock) -> None:
    clock.now = datetime(2027, 1, 1, 3, tzinfo=UTC)
    later = TransactionsPage(Visit(page.visit.crm, "siti", "transactions"))
    later.open_now()
    assert later.filters.state["fields"][0]["value"] == "2026-12"
    clock.now = datetime(2026, 12, 31, 16, 59, tzinfo=UTC)
    before = TransactionsPage(Visit(page.visit.crm, "siti", "transactions"))
    before.open_now()
    assert before.filters.state["fields"][0]["value"] == "2026-11", "the company's midnight, not UTC's"


def test_one_token_saves_once(page: TransactionsPage) -> None:
    token = dialog_of(page, line_ids(page)[0])
    message = {"do": "save", "token": token, "values": {"rating": "4", "response": "", "interest": ""}}
    send(page, ("dialog", message), ("dialog", message))
    send(page, ("dialog", message))
    with page.visit.crm.work("siti") as work:
        assert work.session.scalar(select(func.count()).select_from(m.Response)) == 1
    assert page.dialog.state["open"] is False


def test_a_dialog_of_before_the_server_began_anew_still_saves(page: TransactionsPage) -> None:
    token = dialog_of(page, line_ids(page)[0])
    anew = TransactionsPage(Visit(page.visit.crm, "siti", "transactions"))
    anew.open_now()
    send(anew, ("dialog", {"do": "save", "token": token, "values": {"rating": "2", "response": "bocor"}}))
    with page.visit.crm.work("siti") as work:
        assert work.session.scalars(select(m.Complaint.text)).one() == "bocor"


@pytest.mark.parametrize(
    "token", ["respond-999-999-x", "correct-999-999-x", "respond-x-y", "respond", "drop-1-1-x", "respond--1-1-x"]
)
def test_a_token_of_ones_own_making_changes_nothing(page: TransactionsPage, token: str) -> None:
    send(page, ("dialog", {"do": "save", "token": token, "values": {"rating": "1"}}))
    with page.visit.crm.work("ratna") as work:
        assert work.session.scalars(select(m.Response)).all() == []


def test_what_is_wrong_is_said_beside_its_field(page: TransactionsPage, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []
    monkeypatch.setattr(page.dialog, "answer", lambda token, wrong=None: said.append(wrong))
    token = dialog_of(page, line_ids(page)[0])
    for values in ({}, {"rating": "9"}, {"rating": "5", "interest_text": "wajan"}):
        send(page, ("dialog", {"do": "save", "token": token, "values": values}))
    assert [list(wrong) for wrong in said] == [["response"], ["rating"], ["interest"]]


def test_the_undo_of_a_correction_brings_the_old_words_back(page: TransactionsPage) -> None:
    line = line_ids(page)[0]
    for values in ({"rating": "5", "response": "bagus"}, {"rating": "1", "response": "salah"}):
        send(page, ("dialog", {"do": "save", "token": dialog_of(page, line), "values": values}))
    undo = page.toasts._undos.popitem()[1]
    asyncio.run(undo())  # type: ignore[arg-type]
    with page.visit.crm.work("siti") as work:
        assert work.session.execute(select(m.Response.rating, m.Response.text)).all() == [(5, "bagus")]
        assert work.session.scalars(select(m.Complaint)).all() == []


def test_what_is_exported_is_what_is_shown(page: TransactionsPage, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    monkeypatch.setattr(page.download, "start", started.append)
    send(page, ("filters", {"do": "search", "text": "wajan"}))
    send(page, ("head", {"do": "csv"}))
    (url,) = started
    number = re.fullmatch(r"export/([\w-]+)", url)
    assert number is not None
    ticket = TICKETS.take(number[1], "siti")
    assert ticket is not None
    assert ticket.wanted.filters == TransactionFilters.of_month(2026, 10, product="wajan")
    assert ticket.file_name == "Transaksi 2026-10.csv"


def test_a_ticket_is_for_one_employee_once_and_soon() -> None:
    now = 0.0
    tickets = Tickets(lambda: now)
    wanted = TransactionExport(TransactionFilters.of_month(2026, 10), Sort(), FileFormat.CSV)

    def offered() -> str:
        return tickets.offer("siti", wanted, "x.csv").removeprefix("export/")

    number = offered()
    assert tickets.take(number, "budi") is None
    assert tickets.take("other", "siti") is None
    assert tickets.take(number, "siti") is not None
    assert tickets.take(number, "siti") is None
    late = offered()
    now = TICKET_SECONDS + 1
    assert tickets.take(late, "siti") is None
    first = offered()
    for _ in range(1_000):
        offered()
    assert tickets.take(first, "siti") is None, "no more are kept than anybody could want"
