"""Answers put right and taken back, with all that came of them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from ecrm_core import models as m
from ecrm_core.crm import Crm, Work
from ecrm_core.errors import CustomerNotVisible, InvalidValue
from ecrm_core.models import ComplaintState, FollowUpClosing, FollowUpState, OrderStatus
from ecrm_core.services.complaints import solve_complaint
from ecrm_core.services.do_not_call import mark_do_not_call
from ecrm_core.services.followups import (
    ResponseKept,
    correct_response,
    record_response,
    take_back_response,
)
from ecrm_core.services.orders import LineForm, OrderForm, change_order_status, return_pieces, take_order
from tests.conftest import FrozenClock
from tests.services.conftest import Shop


@pytest.fixture
def line(crm: Crm, shop: Shop) -> int:
    """A line of Dewi's, of two pieces."""
    with crm.work("siti") as work:
        return ordered(work, shop.dewi, shop.suit, "1")


def ordered(work: Work, customer: int, product: int, intention: str) -> int:
    receipt = take_order(work, OrderForm(customer, [LineForm(product, 2)], intention=intention))
    return work.session.scalars(select(m.OrderLine.id).where(m.OrderLine.order_id == receipt.order_id)).one()


def answered(crm: Crm, line: int, rating: int | None = 1, text: str | None = "rusak") -> int:
    with crm.work("siti") as work:
        receipt = record_response(work, line, rating=rating, text=text)
        assert receipt.response_id is not None
        return receipt.response_id


def test_what_a_slip_of_the_finger_led_to_is_undone(crm: Crm, shop: Shop, line: int) -> None:
    with crm.work("siti") as work:
        receipt = record_response(work, line, rating=1, text=None, wanted_product_id=shop.pan)
        assert receipt.complaint_due_on == date(2026, 11, 27)
    with crm.work("siti") as work:
        assert receipt.response_id is not None
        back = take_back_response(work, receipt.response_id)
        assert (back.state, back.followed_up_on) == (FollowUpState.OPEN, None)
    with crm.work("siti") as work:
        for gone in (m.Response, m.Complaint):
            assert work.session.scalar(select(func.count()).select_from(gone)) == 0
        assert work.session.scalars(select(m.Interest.withdrawn_at)).one() == work.now
        assert work.session.get_one(m.FollowUp, line).closed_at is None
        assert record_response(work, line, rating=5, text=None).state is FollowUpState.ANSWERED


def test_only_the_writer_takes_back_and_only_on_the_day(crm: Crm, line: int, clock: FrozenClock) -> None:
    number = answered(crm, line)
    with crm.work("budi") as work, pytest.raises(CustomerNotVisible):
        take_back_response(work, number)
    with crm.work("ratna") as work, pytest.raises(ResponseKept):
        take_back_response(work, number)
    with crm.work("siti") as work, pytest.raises(CustomerNotVisible):
        take_back_response(work, number + 1)
    clock.advance(hours=15)  # midnight in Jakarta
    with crm.work("siti") as work, pytest.raises(ResponseKept):
        take_back_response(work, number)


@pytest.mark.parametrize("because", list(FollowUpClosing)[:4])
def test_what_has_closed_it_meanwhile_closes_it_still(
    crm: Crm, shop: Shop, line: int, clock: FrozenClock, because: FollowUpClosing
) -> None:
    number = answered(crm, line, 5)
    clock.advance(minutes=1)
    with crm.work("siti") as work:
        order_id = work.session.get_one(m.OrderLine, line).order_id
        if because is FollowUpClosing.BOUGHT_AGAIN:
            ordered(work, shop.dewi, shop.suit, "2")
        elif because is FollowUpClosing.DO_NOT_CALL:
            mark_do_not_call(work, shop.dewi)
        elif because is FollowUpClosing.CANCELLED:
            change_order_status(work, order_id, OrderStatus.CANCELLED, reason="batal")
        else:
            change_order_status(work, order_id, OrderStatus.SHIPPED)
            change_order_status(work, order_id, OrderStatus.RETURNED, reason="rusak")
    with crm.work("siti") as work:
        take_back_response(work, number)
        owed = work.session.get_one(m.FollowUp, line)
        assert (owed.state, owed.closed_because, owed.followed_up_on) == (FollowUpState.CLOSED, because, None)


def test_taking_back_a_second_answer_leaves_the_first(crm: Crm, line: int, clock: FrozenClock) -> None:
    answered(crm, line, 5)
    clock.advance(minutes=1)
    number = answered(crm, line, 4)
    with crm.work("siti") as work:
        back = take_back_response(work, number)
        assert (back.state, back.followed_up_on) == (FollowUpState.ANSWERED, date(2026, 11, 24))
        assert work.session.scalars(select(m.Response.rating)).one() == 5


def test_correcting_a_low_rating_takes_its_complaint_along(crm: Crm, line: int, clock: FrozenClock) -> None:
    number = answered(crm, line)
    clock.advance(days=3)
    with crm.work("siti") as work:
        receipt = correct_response(work, number, rating=1, text="rusak berat")
        assert receipt.complaint_id is not None
        assert work.session.get_one(m.Complaint, receipt.complaint_id).text == "rusak berat"
        receipt = correct_response(work, number, rating=4, text="cukup puas")
        assert (receipt.complaint_id, receipt.followed_up_on) == (None, date(2026, 11, 24))
        assert work.session.scalars(select(m.Complaint)).all() == []
        answer = work.session.scalars(select(m.Response)).one()
        assert (answer.rating, answer.text, answer.at) == (4, "cukup puas", work.now - timedelta(days=3))
    with crm.work("siti") as work:
        assert correct_response(work, number, rating=2, text=None).complaint_id is not None
        for rating, text in ((None, " "), (6, "x"), (0, None)):
            with pytest.raises(InvalidValue):
                correct_response(work, number, rating=rating, text=text)
    with crm.work("budi") as work, pytest.raises(CustomerNotVisible):
        correct_response(work, number, rating=5, text=None)


def test_a_solved_complaint_stays_on_record(crm: Crm, line: int) -> None:
    number = answered(crm, line)
    with crm.work("siti") as work:
        complaint = work.session.scalars(select(m.Complaint.id)).one()
        solve_complaint(work, complaint, solution="diganti")
        correct_response(work, number, rating=5, text=None)
        assert work.session.scalars(select(m.Complaint.state)).one() is ComplaintState.SOLVED
        take_back_response(work, number)
        assert work.session.scalars(select(m.Complaint.state)).one() is ComplaintState.SOLVED


def test_no_answer_is_put_down_for_what_was_cancelled_or_came_back(crm: Crm, shop: Shop, line: int) -> None:
    with crm.work("siti") as work:
        order_id = work.session.get_one(m.OrderLine, line).order_id
        change_order_status(work, order_id, OrderStatus.SHIPPED)
        return_pieces(work, line, 1, reason="rusak")
        record_response(work, line, rating=3, text=None)  # one piece is kept
        return_pieces(work, line, 1, reason="rusak")
        with pytest.raises(InvalidValue, match="void_line"):
            record_response(work, line, rating=3, text=None)
        other = ordered(work, shop.dewi, shop.pan, "2")
        change_order_status(
            work, work.session.get_one(m.OrderLine, other).order_id, OrderStatus.CANCELLED, reason="batal"
        )
        with pytest.raises(InvalidValue, match="void_line"):
            record_response(work, other, rating=3, text=None)


def test_who_asked_for_no_calls_may_still_tell(crm: Crm, shop: Shop, line: int) -> None:
    with crm.work("siti") as work:
        mark_do_not_call(work, shop.dewi)
        receipt = record_response(work, line, rating=2, text="menelepon sendiri")
        assert (receipt.state, receipt.followed_up_on) == (FollowUpState.CLOSED, None)
        assert receipt.complaint_id is not None


def test_what_is_wanted_next_must_be_ours_to_sell(crm: Crm, line: int) -> None:
    with pytest.raises(InvalidValue, match="unknown_product"), crm.work("siti") as work:
        record_response(work, line, rating=5, text=None, wanted_product_id=999)
    with crm.work("siti") as work:
        assert work.session.scalars(select(m.Response)).all() == [], "all of it or nothing"
