"""Follow-ups, responses, complaints and calls."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from ecrm_core import models as m
from ecrm_core.crm import Crm
from ecrm_core.errors import CustomerNotVisible, InvalidValue, NotVisible
from ecrm_core.models import AgendaKind, ComplaintState, FollowUpClosing, FollowUpState
from ecrm_core.rules import CompanyRules, birthday_in
from ecrm_core.services.agenda import add_agenda_item
from ecrm_core.services.complaints import open_complaint, solve_complaint
from ecrm_core.services.contacts import record_contact
from ecrm_core.services.do_not_call import mark_do_not_call
from ecrm_core.services.followups import close_follow_up, record_response
from ecrm_core.services.greetings import greet_customer, ungreet_customer
from ecrm_core.services.orders import LineForm, OrderForm, change_order_status, correct_order, take_order
from tests.conftest import FrozenClock
from tests.services.conftest import Shop

DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1))


@given(DAYS, st.integers(min_value=1, max_value=24))
def test_due_days_are_calendar_months_clipped_to_the_month_end(day: date, months: int) -> None:
    rules = CompanyRules()
    due, last = rules.follow_up_dates(datetime.combine(day, time(12), rules.timezone), months)
    assert (due.year * 12 + due.month) - (day.year * 12 + day.month) == months
    assert due.day == min(day.day, monthrange(due.year, due.month)[1])
    assert (last.year * 12 + last.month) - (due.year * 12 + due.month) == rules.follow_up_expiry_months


def test_the_day_of_an_order_is_the_companys() -> None:
    late = datetime(2026, 1, 30, 17, 30, tzinfo=UTC)  # half past midnight of the 31st in Jakarta
    assert CompanyRules().follow_up_dates(late)[0] == date(2026, 2, 28)


@given(st.integers(min_value=1901, max_value=2100), DAYS)
def test_every_birthday_is_greeted_once_a_year(year: int, born: date) -> None:
    on = birthday_in(year, born.month, born.day)
    assert on.year == year
    assert (on.month, on.day) == (born.month, born.day) or (on.month, on.day) == (2, 28)


@pytest.fixture
def line(crm: Crm, shop: Shop) -> int:
    """A line of Dewi's, due on 24 December, to be answered until 24 February."""
    with crm.work("siti") as work:
        receipt = take_order(work, OrderForm(shop.dewi, [LineForm(shop.suit)], intention="1"))
        return work.session.scalars(select(m.OrderLine.id).where(m.OrderLine.order_id == receipt.order_id)).one()


def test_a_response_fills_the_day_by_itself(crm: Crm, line: int, clock: FrozenClock) -> None:
    clock.advance(days=31)
    with crm.work("siti") as work:
        receipt = record_response(work, line, rating=5, text=" Puas ")
        assert (receipt.state, receipt.followed_up_on) == (FollowUpState.ANSWERED, date(2026, 12, 25))
        assert receipt.complaint_id is None
    with crm.work("siti") as work:
        assert work.session.scalars(select(m.Response.text)).one() == "Puas"


@pytest.mark.parametrize(("rating", "text"), [(None, None), (None, "  "), (0, None), (6, "x"), (-1, None)])
def test_an_empty_or_impossible_response_is_refused(crm: Crm, line: int, rating: int | None, text: str | None) -> None:
    with crm.work("siti") as work, pytest.raises(InvalidValue):
        record_response(work, line, rating=rating, text=text)


def test_after_the_last_day_an_answer_is_kept_but_counts_no_more(crm: Crm, line: int, clock: FrozenClock) -> None:
    clock.now = datetime(2027, 2, 24, 2, tzinfo=UTC)
    with crm.work("siti") as work:
        assert work.session.get_one(m.FollowUp, line).state_on(work.today) is FollowUpState.OPEN
    clock.advance(days=1)
    with crm.work("siti") as work:
        receipt = record_response(work, line, rating=4, text=None)
        assert (receipt.state, receipt.followed_up_on) == (FollowUpState.EXPIRED, None)


@pytest.mark.parametrize("rating", [1, 2])
def test_a_low_rating_opens_one_complaint_until_it_is_solved(
    crm: Crm, line: int, clock: FrozenClock, rating: int
) -> None:
    clock.now = datetime(2026, 12, 24, 2, tzinfo=UTC)  # a Thursday
    with crm.work("siti") as work:
        first = record_response(work, line, rating=rating, text="rusak").complaint_id
        assert record_response(work, line, rating=rating, text="masih rusak").complaint_id == first
        assert first is not None
        row = work.session.get_one(m.Complaint, first)
        assert (row.due_on, row.owner_id) == (date(2026, 12, 29), work.employee_id)
        with pytest.raises(InvalidValue):
            solve_complaint(work, first, solution=" ")
        assert solve_complaint(work, first, solution="diganti").state is ComplaintState.SOLVED
        assert record_response(work, line, rating=rating, text="rusak lagi").complaint_id != first


def test_complaints_by_hand_and_of_colleagues(crm: Crm, shop: Shop) -> None:
    with crm.work("budi") as work:
        complaint = open_complaint(work, shop.andi, kind="kurir", text="paket terlambat")
    with crm.work("siti") as work:
        with pytest.raises(CustomerNotVisible):
            open_complaint(work, shop.andi, kind="kurir")
        with pytest.raises(CustomerNotVisible):
            solve_complaint(work, complaint.id, solution="x")


def test_a_follow_up_is_closed_by_hand_with_a_reason_on_record(crm: Crm, line: int) -> None:
    with crm.work("siti") as work:
        with pytest.raises(InvalidValue):
            close_follow_up(work, line, reason="")
        assert close_follow_up(work, line, reason="pindah rumah").state is FollowUpState.CLOSED
        assert work.session.get_one(m.FollowUp, line).closed_because is FollowUpClosing.BY_HAND
        assert work.session.scalars(select(m.CustomerNote.text)).one() == "pindah rumah"
    with crm.work("budi") as work:
        for refused in (
            lambda: close_follow_up(work, line, reason="x"),
            lambda: record_response(work, line, rating=5, text=None),
        ):
            with pytest.raises(CustomerNotVisible):
                refused()


def test_a_promised_call_back_goes_on_the_agenda_and_ticks_its_item(crm: Crm, shop: Shop) -> None:
    with crm.work("siti") as work:
        item = add_agenda_item(work, title="Telepon", day=work.today, customer_id=shop.dewi)
        receipt = record_contact(
            work,
            shop.dewi,
            channel="phone",
            outcome="call_back",
            note="sore saja",
            call_back_at=datetime(2026, 11, 24, 17, 45, tzinfo=UTC),
            agenda_item_id=item.id,
        )
        assert work.session.get_one(m.AgendaItem, item.id).done_at == work.now
        assert receipt.call_back_item_id is not None
        promised = work.session.get_one(m.AgendaItem, receipt.call_back_item_id)
        assert (promised.day, promised.at, promised.kind) == (date(2026, 11, 25), time(0, 45), AgendaKind.CALL_BACK)
        for when in (None, work.now, work.now - timedelta(minutes=1)):
            with pytest.raises(InvalidValue):
                record_contact(work, shop.dewi, channel="phone", outcome="call_back", call_back_at=when)


def test_an_item_of_another_customer_or_colleague_is_not_ticked(crm: Crm, shop: Shop) -> None:
    with crm.work("budi") as work:
        foreign = add_agenda_item(work, title="x", day=work.today, customer_id=shop.andi).id
    with crm.work("siti") as work:
        bare = add_agenda_item(work, title="x", day=work.today).id
        for item in (foreign, bare, 999):
            with pytest.raises(NotVisible):
                record_contact(work, shop.dewi, channel="phone", outcome="reached", agenda_item_id=item)
        with pytest.raises(CustomerNotVisible):
            record_contact(work, shop.andi, channel="phone", outcome="reached")


def test_a_birthday_is_greeted_once_a_year_on_its_day(crm: Crm, shop: Shop) -> None:
    with crm.work("siti") as work:
        first = greet_customer(work, shop.dewi, channel="whatsapp", birthday_on=date(2026, 2, 28))
        again = greet_customer(work, shop.dewi, channel="phone", birthday_on=date(2026, 2, 28))
        assert (first.again, again.again, again.channel) == (False, True, "whatsapp")
        assert not greet_customer(work, shop.dewi, channel="phone", birthday_on=date(2028, 2, 29)).again
        for wrong in (date(2026, 3, 1), date(2028, 2, 28)):
            with pytest.raises(InvalidValue, match="birthday"):
                greet_customer(work, shop.dewi, channel="phone", birthday_on=wrong)
        ungreet_customer(work, shop.dewi, 2026)
        ungreet_customer(work, shop.dewi, 2026)
        assert not greet_customer(work, shop.dewi, channel="phone", birthday_on=date(2026, 2, 28)).again
        with pytest.raises(CustomerNotVisible):
            greet_customer(work, shop.andi, channel="phone", birthday_on=date(2026, 11, 24))


def test_an_order_written_down_late_leaves_the_later_one_to_be_asked_about(
    crm: Crm, shop: Shop, line: int, clock: FrozenClock
) -> None:
    clock.advance(days=1)
    with crm.work("siti") as work:
        earlier = work.now - timedelta(days=10)
        late = OrderForm(shop.dewi, [LineForm(shop.suit)], intention="late", ordered_at=earlier)
        assert take_order(work, late).follow_ups == []
    with crm.work("siti") as work:
        (owed,) = work.session.scalars(select(m.FollowUp))
        assert (owed.line_id, owed.state) == (line, FollowUpState.OPEN)


# ---- Bought again, and then not after all


def buys_again(crm: Crm, shop: Shop, intention: str) -> int:
    with crm.work("siti") as work:
        return take_order(work, OrderForm(shop.dewi, [LineForm(shop.suit)], intention=intention)).order_id


def standing(crm: Crm, line: int) -> tuple[FollowUpState, FollowUpClosing | None, bool]:
    with crm.work("siti") as work:
        owed = work.session.get_one(m.FollowUp, line)
        return owed.state, owed.closed_because, owed.closed_at is not None


REPLACED = (FollowUpState.CLOSED, FollowUpClosing.BOUGHT_AGAIN, True)
OWED = (FollowUpState.OPEN, None, False)


def test_a_repurchase_that_is_cancelled_leaves_the_first_purchase_owed(
    crm: Crm, shop: Shop, line: int, clock: FrozenClock
) -> None:
    clock.advance(days=10)
    again = buys_again(crm, shop, "2")
    assert standing(crm, line) == REPLACED
    clock.advance(days=1)
    with crm.work("siti") as work:
        change_order_status(work, again, "cancelled", reason="tidak jadi")
    assert standing(crm, line) == OWED


def test_only_what_the_cancelled_order_had_replaced_is_owed_again(
    crm: Crm, shop: Shop, line: int, clock: FrozenClock
) -> None:
    clock.advance(days=10)
    second = buys_again(crm, shop, "2")
    clock.advance(days=10)
    third = buys_again(crm, shop, "3")
    with crm.work("siti") as work:
        second_line = work.session.scalars(select(m.OrderLine.id).where(m.OrderLine.order_id == second)).one()
        change_order_status(work, third, "cancelled", reason="tidak jadi")
    assert (standing(crm, line), standing(crm, second_line)) == (REPLACED, OWED)
    with crm.work("siti") as work:
        change_order_status(work, second, "cancelled", reason="tidak jadi")
    assert standing(crm, line) == OWED
    assert standing(crm, second_line)[:2] == (FollowUpState.CLOSED, FollowUpClosing.CANCELLED)


def test_nothing_is_owed_again_while_a_later_purchase_stands(
    crm: Crm, shop: Shop, line: int, clock: FrozenClock
) -> None:
    clock.advance(days=10)
    second = buys_again(crm, shop, "2")
    clock.advance(days=10)
    buys_again(crm, shop, "3")
    with crm.work("siti") as work:
        change_order_status(work, second, "cancelled", reason="tidak jadi")
    assert standing(crm, line) == REPLACED


@pytest.mark.parametrize("meanwhile", ["expired", "do_not_call", "answered"])
def test_what_is_over_is_not_owed_again(crm: Crm, shop: Shop, line: int, clock: FrozenClock, meanwhile: str) -> None:
    if meanwhile == "answered":
        with crm.work("siti") as work:
            record_response(work, line, rating=5, text=None)
    clock.advance(days=40)
    again = buys_again(crm, shop, "2")
    if meanwhile == "expired":
        clock.advance(days=60)
    elif meanwhile == "do_not_call":
        with crm.work("siti") as work:
            mark_do_not_call(work, shop.dewi)
    before = standing(crm, line)
    with crm.work("siti") as work:
        change_order_status(work, again, "cancelled", reason="tidak jadi")
    assert standing(crm, line) == before


def test_a_product_that_was_misheard_leaves_the_first_purchase_owed(
    crm: Crm, shop: Shop, line: int, clock: FrozenClock
) -> None:
    clock.advance(days=10)
    again = buys_again(crm, shop, "2")
    assert standing(crm, line) == REPLACED
    with crm.work("siti") as work:
        correct_order(work, again, 1, OrderForm(shop.dewi, [LineForm(shop.oil)], intention="2"))
    assert standing(crm, line) == OWED
