"""Customers who are somebody else's: taken over where nobody has them, or served once and no more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from ecrm_core import models as m
from ecrm_core.crm import Crm
from ecrm_core.errors import CustomerNotVisible, EcrmError, InvalidValue, NotAllowed, NotVisible
from ecrm_core.models import AgendaKind, AuditKind, FollowUpState
from ecrm_core.queries.door import LOOKS_A_MINUTE
from ecrm_core.queries.search import find_customers
from ecrm_core.services.customers import add_customer, add_interest, add_note, change_customer
from ecrm_core.services.do_not_call import mark_do_not_call
from ecrm_core.services.door import (
    Claimed,
    DoorCustomer,
    DoorReceipt,
    answer_change_offer,
    claim_next,
    door_customer,
    open_offers,
    take_door_order,
    unowned_count,
)
from ecrm_core.services.drafts import my_drafts, save_draft
from ecrm_core.services.followups import record_response
from ecrm_core.services.orders import (
    LineForm,
    OrderForm,
    StockTooLow,
    change_order_status,
    correct_order,
    order_card,
    return_pieces,
    take_order,
)
from ecrm_core.visibility import RULES, Side
from tests.conftest import FrozenClock
from tests.services.conftest import Shop

CODE = "C000001"
"""Dewi, who is Siti's; Budi takes the call."""


def form(shop: Shop, key: str = "1", **changes: object) -> OrderForm:
    typed = OrderForm(0, [LineForm(shop.suit)], key, ship_address="Jl. Mawar 1", ship_city="Depok")
    return replace(typed, **changes)  # type: ignore[arg-type]


def by_budi(crm: Crm, typed: OrderForm, code: str = CODE) -> DoorReceipt:
    with crm.work("budi") as work:
        return take_door_order(work, code, typed)


def count(crm: Crm, model: type[m.Base], who: str = "ratna") -> int:
    with crm.work(who) as work:
        return work.session.scalar(select(func.count()).select_from(model)) or 0


def staff_id(crm: Crm, username: str) -> int:
    with crm.work(username) as work:
        return work.employee_id


# --- Taking over ---


def test_who_was_merged_away_is_neither_counted_nor_taken(crm: Crm, free: list[int], shop: Shop) -> None:
    with crm.system("test company") as work:
        for number in free[:2]:
            work.session.get_one(m.Customer, number).merged_into_id = shop.dewi
        work.session.get_one(m.Customer, shop.andi).merged_into_id = shop.dewi
    for who in ("siti", "ratna"):
        with crm.work(who) as work:
            assert unowned_count(work) == 1
    with crm.work("siti") as work:
        assert claim_next(work) is None
        with pytest.raises(CustomerNotVisible):
            claim_next(work, free[0])


@pytest.fixture
def free(crm: Crm, shop: Shop) -> list[int]:
    """Three customers of nobody; the second bought once, the third asked not to be called."""
    with crm.work("ratna") as work:
        ids = [add_customer(work, name=name).id for name in ("Rina", "Tono", "Umi")]
        take_order(work, OrderForm(ids[1], [LineForm(shop.suit)], "t"))
        mark_do_not_call(work, ids[2])
    return ids


def test_the_next_in_line_bought_last_and_may_be_called(crm: Crm, free: list[int], clock: FrozenClock) -> None:
    with crm.work("siti") as work:
        assert unowned_count(work) == 3
        assert claim_next(work) == Claimed(free[1], "C000004", "Tono")
        assert unowned_count(work) == 2
        tono = work.session.get(m.Customer, free[1])
        assert tono is not None
        assert tono.owner_id == work.employee_id
    with crm.work("budi") as work:
        assert claim_next(work) == Claimed(free[0], "C000003", "Rina")
        assert claim_next(work) is None
    with crm.work("ratna") as work:
        changes = list(work.session.scalars(select(m.OwnerChange).where(m.OwnerChange.reason == "claimed")))
        assert [(change.customer_id, change.from_id, change.at) for change in changes] == [
            (free[1], None, clock.now),
            (free[0], None, clock.now),
        ]
        records = work.session.scalars(select(m.AuditRecord).where(m.AuditRecord.kind == AuditKind.CLAIMED))
        assert [record.customer_id for record in records] == [free[1], free[0]]


def test_the_one_found_is_taken_over_unless_somebody_was_faster(crm: Crm, free: list[int], shop: Shop) -> None:
    with crm.work("siti") as work:
        (found,) = find_customers(work, "umi")
        claimed = claim_next(work, found.id)
        assert claimed is not None
        assert claimed.name == "Umi"
    for who, customer in (("budi", free[2]), ("budi", shop.dewi), ("budi", 999), ("siti", free[2])):
        with pytest.raises(CustomerNotVisible), crm.work(who) as work:
            claim_next(work, customer)
    for who in ("ratna", "agus"):
        with pytest.raises(NotAllowed), crm.work(who) as work:
            claim_next(work)


def test_two_who_claim_at_once_never_get_the_same(crm: Crm, shop: Shop) -> None:
    with crm.work("ratna") as work:
        for number in range(8):
            add_customer(work, name=f"Baru {number}")
    start = threading.Barrier(4)
    got: list[str] = []

    def claim(who: str) -> None:
        start.wait()
        for _ in range(3):
            with crm.work(who) as work:
                claimed = claim_next(work)
            if claimed is not None:
                got.append(claimed.code)

    threads = [threading.Thread(target=claim, args=(who,)) for who in ("siti", "budi", "siti", "budi")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(set(got))
    # On PostgreSQL one may pass by what another is just taking; nothing is lost by that.
    with crm.work("siti") as work:
        while (claimed := claim_next(work)) is not None:
            got.append(claimed.code)
    assert len(set(got)) == len(got) == 8


# --- An order for a colleague's customer ---


def test_an_order_for_a_colleagues_customer(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    with crm.work("siti") as work:
        change_customer(work, shop.dewi, city="Bandung", address="Jl. Rahasia 9")
    receipt = by_budi(crm, form(shop, ship_phone="0899-777-6655"))
    assert receipt == DoorReceipt(
        receipt.order_id,
        "P0000001",
        Decimal(499_000),
        "IDR",
        DoorCustomer(CODE, "Dewi Lestari", "Bandung"),
    )
    budi, siti = staff_id(crm, "budi"), staff_id(crm, "siti")
    with crm.work("siti") as work:
        order = work.session.get_one(m.Order, receipt.order_id)
        assert (order.taken_by_id, order.door_taker_id, order.customer_id) == (budi, budi, shop.dewi)
        assert (order.ship_name, order.ship_address, order.ship_city) == ("Dewi Lestari", "Jl. Mawar 1", "Depok")
        dewi = work.session.get_one(m.Customer, shop.dewi)
        assert (dewi.owner_id, dewi.last_activity_at) == (siti, clock.now)
        assert (dewi.address, dewi.city) == ("Jl. Rahasia 9", "Bandung")
        (line,) = work.session.scalars(select(m.OrderLine))
        assert line.door_taker_id == budi
        (owed,) = work.session.scalars(select(m.FollowUp))
        assert (owed.due_on, owed.state) == (date(2026, 12, 24), FollowUpState.OPEN)
        (item,) = work.session.scalars(select(m.AgendaItem))
        assert (item.kind, item.title, item.day) == (AgendaKind.COLLEAGUE_ORDER, "Dewi Lestari", work.today)
        assert item.note == "P0000001 · Budi Santoso"
        (offer,) = open_offers(work, shop.dewi)
        assert offer.changes == {
            "address": ("Jl. Rahasia 9", "Jl. Mawar 1"),
            "city": ("Bandung", "Depok"),
            "phone": ("0812-345-678", "0899-777-6655"),
        }
        assert (offer.by_name, offer.order_number) == ("Budi Santoso", "P0000001")
        assert work.session.scalars(select(m.CustomerAddress)).all() == []
    with crm.work("ratna") as work:
        (record,) = work.session.scalars(select(m.AuditRecord).where(m.AuditRecord.kind == AuditKind.DOOR_ORDER))
        assert (record.by_id, record.customer_id, record.order_id) == (budi, shop.dewi, receipt.order_id)


def test_the_taker_sees_the_new_order_in_the_same_work(crm: Crm, shop: Shop) -> None:
    with crm.work("budi") as work:
        find_customers(work, "dewi")
        receipt = take_door_order(work, CODE, form(shop))
        assert order_card(work, receipt.number).customer.name == "Dewi Lestari"


def test_sent_twice_it_is_one_order_one_offer_one_notice(crm: Crm, shop: Shop) -> None:
    with crm.work("budi") as work:
        save_draft(work, "1", {"lines": []}, version=0)
    first = by_budi(crm, form(shop))
    assert by_budi(crm, form(shop)) == replace(first, again=True)
    assert [count(crm, model) for model in (m.Order, m.AgendaItem, m.ChangeOffer)] == [1, 1, 1]
    with crm.work("budi") as work:
        assert my_drafts(work) == []
    with crm.work("ratna") as work:
        other = add_customer(work, name="Orang Lain")
    with pytest.raises(InvalidValue) as refused:
        by_budi(crm, form(shop), other.code)
    assert refused.value.reason == "used"


def test_a_race_of_one_door_order_makes_one(crm: Crm, shop: Shop) -> None:
    receipts: list[DoorReceipt] = []
    start = threading.Barrier(3)

    def send() -> None:
        start.wait()
        receipts.append(by_budi(crm, form(shop)))

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(receipt.again for receipt in receipts) == [False, True, True]
    assert [count(crm, model) for model in (m.Order, m.AgendaItem, m.ChangeOffer)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("code", "changes", "refusal"),
    [
        ("C999999", {}, CustomerNotVisible),
        (CODE, {"lines": []}, InvalidValue),
        (CODE, {"lines": [LineForm(999)]}, InvalidValue),
        (CODE, {"lines": [LineForm(2, 11)]}, StockTooLow),
        (CODE, {"ship_address": "  "}, InvalidValue),
        (CODE, {"source_required": True}, InvalidValue),
        (CODE, {"heard_from_id": 99}, InvalidValue),
    ],
)
def test_what_is_refused_leaves_nothing(
    crm: Crm, shop: Shop, code: str, changes: dict[str, object], refusal: type[EcrmError]
) -> None:
    with pytest.raises(refusal):
        by_budi(crm, form(shop, **changes), code)
    tables = (m.Order, m.OrderLine, m.OrderStatusChange, m.AgendaItem, m.ChangeOffer, m.FollowUp)
    assert [count(crm, model) for model in tables] == [0] * len(tables)
    with crm.work("ratna") as work:
        assert list(work.session.scalars(select(m.AuditRecord.kind))) == [AuditKind.REDUCED_SEARCH]


def test_nothing_that_is_known_is_offered(crm: Crm, shop: Shop) -> None:
    with crm.work("siti") as work:
        change_customer(work, shop.dewi, address="Jl. Mawar 1", city="Depok")
    by_budi(crm, form(shop, ship_phone="+62 812 345 678"))
    by_budi(crm, form(shop, "2", ship_phone="tetangga"))  # no number
    assert count(crm, m.ChangeOffer) == 0


def test_who_asked_not_to_be_called_may_order(crm: Crm, shop: Shop) -> None:
    with crm.work("siti") as work:
        mark_do_not_call(work, shop.dewi)
    by_budi(crm, form(shop))
    assert (count(crm, m.Order), count(crm, m.FollowUp)) == (1, 0)


def test_an_order_for_nobodys_customer_tells_nobody(crm: Crm, shop: Shop, free: list[int]) -> None:
    by_budi(crm, form(shop), "C000003")
    assert count(crm, m.AgendaItem) == 0
    with crm.work("ratna") as work:
        assert work.session.get_one(m.Customer, free[0]).owner_id is None
        assert [offer.changes["address"] for offer in open_offers(work, free[0])] == [(None, "Jl. Mawar 1")]


def test_ones_own_customer_needs_no_door(crm: Crm, shop: Shop) -> None:
    for who in ("siti", "ratna"):
        with crm.work(who) as work:
            receipt = take_door_order(work, CODE, form(shop, who))
            assert work.session.get_one(m.Order, receipt.order_id).door_taker_id is None
    assert (count(crm, m.AgendaItem), count(crm, m.ChangeOffer)) == (0, 0)


def test_the_form_shows_code_name_and_city_on_record(crm: Crm, shop: Shop) -> None:
    with crm.work("budi") as work:
        assert door_customer(work, CODE) == DoorCustomer(CODE, "Dewi Lestari", None)
        with pytest.raises(CustomerNotVisible):
            door_customer(work, "C000099")
    with crm.work("ratna") as work:
        records = list(work.session.scalars(select(m.AuditRecord).order_by(m.AuditRecord.id)))
    assert [(record.kind, record.facts["shown"]) for record in records] == [
        (AuditKind.REDUCED_SEARCH, [CODE]),
        (AuditKind.REDUCED_SEARCH, []),
    ]


# --- What the taker sees afterwards: that order, and nothing else ---


def test_the_taker_sees_that_order_and_nothing_else(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    with crm.work("siti") as work:
        change_customer(work, shop.dewi, address="Jl. Rahasia 9")
        add_note(work, shop.dewi, "suka teh")
        add_interest(work, shop.dewi, product_id=shop.pan)
        take_order(work, OrderForm(shop.dewi, [LineForm(shop.pan, 2)], "siti's"))
        change_order_status(work, 1, "paid")
    receipt = by_budi(crm, form(shop, ship_phone="0899-777-6655"))
    clock.advance(days=1)
    with crm.work("siti") as work:
        change_order_status(work, receipt.order_id, "shipped")
        (line_id,) = work.session.scalars(select(m.OrderLine.id).where(m.OrderLine.order_id == receipt.order_id))
        record_response(work, line_id, rating=1, text="rusak")
        return_pieces(work, line_id, 1, reason="rusak")
    own = {m.Customer, m.CustomerPhone, m.CustomerSearch, m.OwnerChange}  # Andi's, who is Budi's
    allowed = {m.Order: 1, m.OrderLine: 1, m.OrderStatusChange: 3, **dict.fromkeys(own, 1)}
    with crm.work("budi") as work:
        for model, rule in RULES.items():
            if rule.side in {Side.CUSTOMER, Side.EMPLOYEE, Side.STAFF, Side.NOBODY}:
                rows = list(work.session.scalars(select(model)))
                assert len(rows) == allowed.get(model, 0), model
                if model in own:
                    assert {getattr(row, "customer_id", None) or row.id for row in rows} == {shop.andi}
        assert work.session.scalars(select(m.Order.number)).all() == [receipt.number]
        card = order_card(work, receipt.number)
        with pytest.raises(NotVisible):
            order_card(work, "P0000001")
    assert (card.by_door, card.can_correct, card.next, card.can_refuse_at_door) == (True, False, [], False)
    who = card.customer
    assert (who.code, who.name, who.city, who.reduced) == (CODE, "Dewi Lestari", None, True)
    assert (who.id, who.phone, who.address, who.owner_name) == (None, None, None, None)
    assert card.returns == []
    assert "Rahasia" not in repr(card)
    assert [(line.follow_up, line.can_return) for line in card.lines] == [(None, 0)]


def test_what_is_on_the_owners_file_does_not_come_with_the_order(crm: Crm, shop: Shop) -> None:
    with crm.work("siti") as work:
        change_customer(work, shop.dewi, address="Jl. Rahasia 9", postcode="40999", province="Jawa Barat")
    receipt = by_budi(crm, form(shop, ship_city=None))
    with crm.work("budi") as work:
        card = order_card(work, receipt.number)
    assert (card.ship_address, card.ship_city, card.ship_province, card.ship_postcode) == (
        "Jl. Mawar 1",
        None,
        None,
        None,
    )


MOVES: dict[str, Callable[..., object]] = {
    "status": lambda work, order, line: change_order_status(work, order, "paid"),
    "cancel": lambda work, order, line: change_order_status(work, order, "cancelled", reason="x"),
    "return": lambda work, order, line: return_pieces(work, line, 1, reason="x"),
    "response": lambda work, order, line: record_response(work, line, rating=5, text=None),
    "correct": lambda work, order, line: correct_order(work, order, 1, OrderForm(0, [LineForm(1)], "")),
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES.keys())
def test_the_taker_can_do_nothing_more_with_it(crm: Crm, shop: Shop, move: Callable[..., object]) -> None:
    receipt = by_budi(crm, form(shop))
    with crm.work("budi") as work:
        (line_id,) = work.session.scalars(select(m.OrderLine.id))
    with pytest.raises(NotVisible), crm.work("budi") as work:
        move(work, receipt.order_id, line_id)


def test_the_owner_may_correct_it(crm: Crm, shop: Shop) -> None:
    receipt = by_budi(crm, form(shop))
    with crm.work("siti") as work:
        card = order_card(work, receipt.number)
        assert (card.by_door, card.can_correct, card.customer.reduced) == (True, True, False)
        line = LineForm(shop.suit, 2, line_id=card.lines[0].id)
        correct_order(work, card.id, card.version, form(shop, lines=[line, LineForm(shop.oil)]))
    with crm.work("budi") as work:
        assert [line.product_code for line in order_card(work, receipt.number).lines] == ["SUIT", "OIL"]


# --- The offered change ---


def offered(crm: Crm, shop: Shop) -> int:
    by_budi(crm, form(shop, ship_phone="0899-777-6655"))
    with crm.work("siti") as work:
        return open_offers(work, shop.dewi)[0].id


def test_the_owner_takes_the_change_over(crm: Crm, shop: Shop) -> None:
    offer = offered(crm, shop)
    with crm.work("siti") as work:
        assert answer_change_offer(work, offer, take=True) == ["address", "city", "phones"]
    with crm.work("siti") as work:
        dewi = work.session.get_one(m.Customer, shop.dewi)
        assert (dewi.address, dewi.city, dewi.version) == ("Jl. Mawar 1", "Depok", 2)
        phones = select(m.CustomerPhone.typed).order_by(m.CustomerPhone.position)
        assert work.session.scalars(phones).all() == ["0812-345-678", "0899-777-6655"]
        assert open_offers(work, shop.dewi) == []
        with pytest.raises(InvalidValue):
            answer_change_offer(work, offer, take=False)


def test_the_owner_leaves_it(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    offer = offered(crm, shop)
    clock.advance(hours=1)
    with crm.work("siti") as work:
        assert answer_change_offer(work, offer, take=False) == []
        row = work.session.get_one(m.ChangeOffer, offer)
        assert (row.taken, row.answered_at, row.answered_by_id) == (False, clock.now, work.employee_id)
        assert work.session.get_one(m.Customer, shop.dewi).address is None
        assert open_offers(work, shop.dewi) == []


def test_nobody_else_answers(crm: Crm, shop: Shop) -> None:
    offer = offered(crm, shop)
    with pytest.raises(NotVisible), crm.work("budi") as work:
        answer_change_offer(work, offer, take=True)
    with pytest.raises(CustomerNotVisible), crm.work("budi") as work:
        open_offers(work, shop.dewi)


def test_looks_through_the_door_are_counted_together(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    with crm.work("budi") as work:
        for number in range(30):
            find_customers(work, f"c9{number:04d}")
        with pytest.raises(CustomerNotVisible):
            door_customer(work, CODE)
    clock.now += timedelta(seconds=61)
    with crm.work("budi") as work:
        assert door_customer(work, CODE).code == CODE


def test_an_order_that_is_refused_is_a_look_on_record(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    """An empty form tells whether there is such a code: it must not be a way to try codes out."""
    for code, refusal in ((CODE, InvalidValue), ("C999999", CustomerNotVisible)):
        clock.advance(seconds=30)
        with pytest.raises(refusal):
            by_budi(crm, form(shop, ship_address=None), code)
    with crm.work("ratna") as work:
        records = work.session.scalars(select(m.AuditRecord).order_by(m.AuditRecord.id)).all()
        looks = [record.facts for record in records if record.kind == AuditKind.REDUCED_SEARCH]
    assert [(look["asked"], look["shown"]) for look in looks] == [(CODE, [CODE]), ("C999999", [])]


def test_after_too_many_looks_a_refused_order_tells_nothing_and_a_good_one_is_taken(
    crm: Crm, shop: Shop, clock: FrozenClock
) -> None:
    for number in range(LOOKS_A_MINUTE):
        clock.advance(seconds=1)
        with pytest.raises(CustomerNotVisible):
            by_budi(crm, form(shop, ship_address=None), f"C9{number:05d}")
    for code in (CODE, "C999999"):
        with pytest.raises(CustomerNotVisible) as refused:
            by_budi(crm, form(shop, ship_address=None), code)
        assert refused.value.facts == {"code": code}
    assert by_budi(crm, form(shop)).customer.code == CODE
