"""What each outcome of a call leads to."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from ecrm_core import models as m
from ecrm_core.crm import Crm
from ecrm_core.errors import CustomerNotVisible, DoNotCallRefused, InvalidValue, NotVisible, UnknownEmployee
from ecrm_core.models import AgendaItem, AgendaKind, Outcome
from ecrm_core.queries.customer_card import EntryKind, timeline_of
from ecrm_core.rules import CompanyRules
from ecrm_core.services.agenda import add_agenda_item
from ecrm_core.services.calling import call_queue
from ecrm_core.services.company import set_company_setting
from ecrm_core.services.contacts import (
    OUTCOMES,
    ContactReceipt,
    link_order,
    may_be_called,
    next_try,
    record_contact,
)
from ecrm_core.services.customers import add_customer, change_customer
from ecrm_core.services.do_not_call import mark_do_not_call
from ecrm_core.services.employees import deactivate_employee
from ecrm_core.services.orders import LineForm, OrderForm, take_order
from ecrm_core.texts import Texts
from ecrm_core.texts.reasons import reason_sentence
from ecrm_core.working_days import works_on
from tests.conftest import FrozenClock
from tests.services.conftest import Shop

WIB, WITA, WIT = "Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"
DEWIS = "+62812345678"


def call(crm: Crm, customer: int, outcome: str, *, who: str = "siti", **named: object) -> ContactReceipt:
    with crm.work(who) as work:
        return record_contact(work, customer, channel="phone", outcome=outcome, **named)  # type: ignore[arg-type]


def item_of(crm: Crm, receipt: ContactReceipt) -> AgendaItem:
    with crm.work("siti") as work:
        return work.session.get_one(AgendaItem, receipt.call_back_item_id)


def planned(crm: Crm, customer: int | None, kind: AgendaKind = AgendaKind.FOLLOW_UP, **named: object) -> int:
    with crm.work("siti") as work:
        return add_agenda_item(
            work,
            title=str(kind),
            day=work.today,
            customer_id=customer,
            kind=kind,
            **named,  # type: ignore[arg-type]
        ).id


def contacts(crm: Crm) -> int:
    with crm.work("ratna") as work:
        return work.session.scalar(select(func.count(m.Contact.id))) or 0


def test_every_outcome_has_its_rule_and_only_unanswered_calls_come_back_by_themselves() -> None:
    assert list(OUTCOMES) == list(Outcome)
    assert {outcome for outcome, rule in OUTCOMES.items() if rule.again_after} == {Outcome.NO_ANSWER, Outcome.BUSY}
    assert {outcome for outcome, rule in OUTCOMES.items() if not rule.final} == {"no_answer", "busy", "call_back"}
    with pytest.raises(TypeError):
        OUTCOMES[Outcome.BUSY] = OUTCOMES[Outcome.REACHED]  # type: ignore[index]


@pytest.mark.parametrize(("outcome", "at"), [("busy", time(9, 30)), ("no_answer", time(11))])
def test_an_unanswered_call_comes_back_the_same_day_where_that_is_asked_for(
    crm: Crm, shop: Shop, outcome: str, at: time
) -> None:
    assert call(crm, shop.dewi, outcome).call_back_item_id is None
    receipt = call(crm, shop.dewi, outcome, comes_back=True, note="tetangga yang angkat")
    item = item_of(crm, receipt)
    assert (item.day, item.at, item.kind) == (date(2026, 11, 24), at, AgendaKind.CALL_BACK)
    assert item.proposed
    assert item.accepted_at is not None
    assert item.note == "tetangga yang angkat"
    assert item.reasons == [{"kind": "call_back", "tries": 2, "outcome": outcome}]
    assert receipt.call_back_at == datetime.combine(date(2026, 11, 24), at, ZoneInfo(WIB))
    assert not receipt.outside_hours


@pytest.mark.parametrize(
    ("language", "outcome", "sentences"),
    [
        ("id", "no_answer", ["Tidak diangkat; sudah 1 kali dicoba.", "Tidak diangkat; sudah 2 kali dicoba."]),
        ("en", "busy", ["The line was busy; tried once.", "The line was busy; tried 2 times."]),
    ],
)
def test_a_call_that_comes_back_says_why(
    crm: Crm, shop: Shop, language: str, outcome: str, sentences: list[str]
) -> None:
    told = []
    for _ in range(2):
        item = item_of(crm, call(crm, shop.dewi, outcome, comes_back=True))
        assert item.reasons is not None
        told.append(reason_sentence(Texts(language), item.reasons[0], today=item.day))
    assert told == sentences


def test_after_three_tries_a_day_it_waits_for_the_next_working_day(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    clock.now = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)  # Friday
    days, items = [], set()
    for _ in range(3):
        receipt = call(crm, shop.dewi, "busy", comes_back=True)
        items.add(receipt.call_back_item_id)
        days.append(item_of(crm, receipt).day)
        clock.advance(minutes=30)
    assert days == [date(2026, 11, 27), date(2026, 11, 27), date(2026, 11, 30)]
    assert len(items) == 1, "one call-back stands, and moves"


def test_how_often_and_after_how_long_are_rules_of_the_company_from_a_day_on(
    crm: Crm, shop: Shop, clock: FrozenClock
) -> None:
    with crm.work("agus") as work:
        for name, value in (("busy_minutes", 45), ("no_answer_minutes", 10), ("most_tries", 2)):
            set_company_setting(work, name, value, valid_from=work.today + timedelta(days=1))
        with pytest.raises(InvalidValue):
            set_company_setting(work, "most_tries", 0, valid_from=work.today)
    assert item_of(crm, call(crm, shop.dewi, "busy", comes_back=True)).at == time(9, 30), "today's rules are as before"
    clock.advance(days=1)
    with crm.work("siti") as work:
        other = add_customer(work, name="Rina Kartika", phones=["0811-222-333"]).id
    assert item_of(crm, call(crm, other, "busy", comes_back=True)).at == time(9, 45)
    last = item_of(crm, call(crm, other, "no_answer", comes_back=True))
    assert (last.day, last.at) == (date(2026, 11, 26), time(8)), "the second try is the last of a day"
    with crm.work("siti") as work:
        third = add_customer(work, name="Tono Prasetyo", phones=["0811-222-444"]).id
    assert item_of(crm, call(crm, third, "no_answer", comes_back=True)).at == time(9, 10)


def test_a_promise_that_stands_is_not_overruled_by_a_call_that_comes_back(crm: Crm, shop: Shop) -> None:
    promised = call(crm, shop.dewi, "call_back", call_back_at=datetime(2026, 11, 25, 3, 0, tzinfo=UTC))
    receipt = call(crm, shop.dewi, "busy", comes_back=True)
    assert receipt.call_back_item_id == promised.call_back_item_id
    item = item_of(crm, receipt)
    assert (item.day, item.at, item.proposed) == (date(2026, 11, 25), time(10), False)


def test_an_incoming_call_does_not_come_back_by_itself(crm: Crm, shop: Shop) -> None:
    assert call(crm, shop.dewi, "busy", direction="incoming", comes_back=True).call_back_item_id is None


@pytest.mark.parametrize(
    ("zone", "now", "wait", "expected"),
    [
        # Jayapura is two hours ahead: their day ends at 18.00 here, and begins at 08.00 with ours.
        (WIT, (24, 17, 29), 30, (24, 17, 59)),
        (WIT, (24, 17, 30), 30, (25, 8, 0)),
        (WITA, (24, 18, 29), 30, (24, 18, 59)),
        (WITA, (24, 18, 30), 30, (25, 8, 0)),
        (WIB, (24, 19, 29), 30, (24, 19, 59)),
        (WIB, (24, 19, 30), 30, (25, 8, 0)),
        # Before anybody calls: at eight.
        (WIB, (24, 0, 0), 120, (24, 8, 0)),
        (WIT, (24, 0, 0), 120, (24, 8, 0)),
        # One minute before midnight, and at midnight itself.
        (WIB, (24, 23, 59), 30, (25, 8, 0)),
        (WITA, (24, 23, 59), 30, (25, 8, 0)),
        (WIT, (24, 23, 59), 30, (25, 8, 0)),
        (WIT, (25, 0, 0), 30, (25, 8, 0)),
        # Friday evening: Monday.
        (WIB, (27, 19, 45), 30, (30, 8, 0)),
    ],
)
def test_it_comes_back_when_both_here_and_there_are_hours_to_call(
    zone: str, now: tuple[int, int, int], wait: int, expected: tuple[int, int, int]
) -> None:
    here = ZoneInfo(WIB)
    found = next_try(
        CompanyRules(),
        zone,
        "1111100",
        now=datetime(2026, 11, *now, tzinfo=here),
        wait=timedelta(minutes=wait),
        tries=1,
    )
    assert found == datetime(2026, 11, *expected, tzinfo=here)


@given(
    zone=st.sampled_from([WIB, WITA, WIT, "Europe/London", "America/New_York"]),
    company=st.sampled_from([WIB, WIT, "Europe/London"]),
    week=st.sampled_from(["1111100", "1111110", "0000001", "0000000"]),
    now=st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)).map(lambda at: at.replace(tzinfo=UTC)),  # noqa: DTZ001
    minutes=st.integers(1, 600),
    tries=st.integers(1, 6),
    most=st.integers(1, 5),
)
def test_whenever_it_comes_back_it_is_later_at_an_hour_to_call_and_on_a_day_of_work(
    zone: str, company: str, week: str, now: datetime, minutes: int, tries: int, most: int
) -> None:
    rules = CompanyRules(timezone_name=company, most_tries=most)
    again = next_try(rules, zone, week, now=now, wait=timedelta(minutes=minutes), tries=tries)
    assert again > now
    assert may_be_called(rules, zone, again)
    if rules.business_date(again) == rules.business_date(now):
        assert tries < most
        assert again >= now + timedelta(minutes=minutes)
    elif "1" in week:
        assert works_on(week, rules.business_date(again))


def test_a_promise_outside_the_hours_is_kept_and_warned_of(crm: Crm, shop: Shop) -> None:
    for at, outside in (
        (datetime(2026, 11, 24, 12, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 24, 13, 0, tzinfo=UTC), True),
    ):
        receipt = call(crm, shop.dewi, "call_back", call_back_at=at)
        assert receipt.outside_hours is outside
        assert receipt.call_back_at == at
        assert not item_of(crm, receipt).proposed
    with crm.work("siti") as work:
        change_customer(work, shop.dewi, city="Jayapura")
    assert call(crm, shop.dewi, "call_back", call_back_at=datetime(2026, 11, 24, 11, 0, tzinfo=UTC)).outside_hours
    assert not call(crm, shop.dewi, "call_back", call_back_at=datetime(2026, 11, 24, 10, 59, tzinfo=UTC)).outside_hours


@pytest.mark.parametrize("at", [None, datetime(2026, 11, 24, 2, 0, tzinfo=UTC)])
def test_a_promise_without_a_time_to_come_is_refused_and_leaves_nothing(
    crm: Crm, shop: Shop, at: datetime | None
) -> None:
    item = planned(crm, shop.dewi)
    with pytest.raises(InvalidValue, match="call_back_at"):
        call(crm, shop.dewi, "call_back", call_back_at=at, agenda_item_id=item)
    with crm.work("siti") as work:
        assert work.session.get_one(AgendaItem, item).done_at is None
    assert contacts(crm) == 0


@pytest.mark.parametrize(
    ("outcome", "named"),
    [("busy", {"comes_back": True}), ("call_back", {"call_back_at": datetime(2026, 11, 25, 3, 0, tzinfo=UTC)})],
)
def test_a_key_pressed_twice_is_one_contact(
    crm: Crm, shop: Shop, clock: FrozenClock, outcome: str, named: dict[str, object]
) -> None:
    item = planned(crm, shop.dewi)
    first = call(crm, shop.dewi, outcome, agenda_item_id=item, **named)
    clock.advance(seconds=1)
    again = call(crm, shop.dewi, outcome, agenda_item_id=item, **named)
    assert again.again
    assert (again.contact_id, again.call_back_item_id) == (first.contact_id, first.call_back_item_id)
    assert again.call_back_at == first.call_back_at
    assert contacts(crm) == 1
    clock.advance(minutes=1)
    assert not call(crm, shop.dewi, outcome, agenda_item_id=item, **named).again


def test_do_not_call_pressed_twice_is_no_attempt_to_contact(crm: Crm, shop: Shop) -> None:
    item = planned(crm, shop.dewi)
    first = call(crm, shop.dewi, "do_not_call", agenda_item_id=item)
    again = call(crm, shop.dewi, "do_not_call", agenda_item_id=item)
    assert (again.contact_id, again.again) == (first.contact_id, True)
    with pytest.raises(DoNotCallRefused):
        call(crm, shop.dewi, "reached", agenda_item_id=item)


def test_two_windows_that_press_at_once_make_one_contact(crm: Crm, shop: Shop) -> None:
    item = planned(crm, shop.dewi)

    def press(_: int) -> int:
        return call(crm, shop.dewi, "busy", agenda_item_id=item, comes_back=True).contact_id

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(press, range(8)))
    assert len(found) == 1
    assert contacts(crm) == 1
    with crm.work("siti") as work:
        assert len(work.session.scalars(select(AgendaItem).where(AgendaItem.done_at.is_(None))).all()) == 1


@pytest.fixture
def phones(crm: Crm, shop: Shop) -> Callable[[], list[tuple[str, bool]]]:
    """Dewi's numbers in their order, each with whether it is known to be wrong."""

    def read() -> list[tuple[str, bool]]:
        with crm.work("siti") as work:
            rows = work.session.scalars(
                select(m.CustomerPhone)
                .where(m.CustomerPhone.customer_id == shop.dewi)
                .order_by(m.CustomerPhone.position)
            )
            return [(row.e164, row.wrong_at is not None) for row in rows]

    return read


def test_a_wrong_number_is_marked_and_the_right_one_called_first(
    crm: Crm, shop: Shop, phones: Callable[[], list[tuple[str, bool]]]
) -> None:
    for named, reason in (
        ({"phone": DEWIS, "right_number": "bukan nomor"}, "phone"),
        ({"phone": "+62812999999"}, "not_theirs"),
        ({"phone": "x"}, "phone"),
    ):
        with pytest.raises(InvalidValue) as refused:
            call(crm, shop.dewi, "wrong_number", **named)
        assert refused.value.reason == reason
    assert phones() == [(DEWIS, False)]
    assert contacts(crm) == 0
    call(crm, shop.dewi, "wrong_number", phone=DEWIS)
    assert phones() == [(DEWIS, True)]
    call(crm, shop.dewi, "wrong_number", phone="0812 345 678", right_number=" 0857-1111-222 ")
    assert phones() == [("+628571111222", False), (DEWIS, True)]
    with crm.work("ratna") as work:
        record = work.session.scalars(
            select(m.AuditRecord).where(m.AuditRecord.kind == m.AuditKind.CUSTOMER_CHANGED)
        ).one()
        assert record.facts["after"] == {"phones": ["0857-1111-222", "0812-345-678"]}
    # The one that was wrong turns out to be theirs after all.
    call(crm, shop.dewi, "wrong_number", phone="+628571111222", right_number="0812345678")
    assert phones() == [(DEWIS, False), ("+628571111222", True)]


def test_where_nobody_says_which_number_only_one_alone_can_be_meant(
    crm: Crm, shop: Shop, phones: Callable[[], list[tuple[str, bool]]]
) -> None:
    with crm.work("siti") as work:
        change_customer(work, shop.dewi, phones=["0812-345-678", "0857-1111-222"])
    call(crm, shop.dewi, "wrong_number")
    assert phones() == [(DEWIS, False), ("+628571111222", False)]
    call(crm, shop.dewi, "wrong_number", phone=DEWIS)
    call(crm, shop.dewi, "wrong_number", direction="incoming")
    assert phones() == [(DEWIS, True), ("+628571111222", False)]
    call(crm, shop.dewi, "wrong_number")
    assert phones() == [(DEWIS, True), ("+628571111222", True)]


def test_a_wrong_number_comes_back_at_once_where_there_is_another(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    with crm.work("siti") as work:
        change_customer(work, shop.dewi, phones=["0812-345-678", "0857-1111-222"])
    first = planned(crm, shop.dewi)
    nobody_knows = call(crm, shop.dewi, "wrong_number", comes_back=True)
    assert nobody_knows.call_back_item_id is None
    receipt = call(crm, shop.dewi, "wrong_number", phone=DEWIS, agenda_item_id=first, comes_back=True)
    again = call(crm, shop.dewi, "wrong_number", phone=DEWIS, agenda_item_id=first, comes_back=True)
    assert (again.again, again.call_back_item_id) == (True, receipt.call_back_item_id)
    item = item_of(crm, receipt)
    assert (item.day, item.at) == (date(2026, 11, 24), time(9))
    with crm.work("siti") as work:
        assert call_queue(work).ids == [item.id]
    last = call(crm, shop.dewi, "wrong_number", phone="+628571111222", agenda_item_id=item.id, comes_back=True)
    assert last.call_back_item_id is None, "no number is left to call"
    told = call(crm, shop.dewi, "wrong_number", right_number="0813-2222-333", comes_back=True)
    assert told.call_back_item_id is not None


def test_an_order_is_linked_to_its_own_customers_call_only(crm: Crm, shop: Shop) -> None:
    def order_of(who: str, customer: int) -> int:
        with crm.work(who) as work:
            return take_order(work, OrderForm(customer, [LineForm(shop.suit)], intention=who)).order_id

    dewis, andis = order_of("siti", shop.dewi), order_of("budi", shop.andi)
    first = call(crm, shop.dewi, "ordered", order_id=dewis).contact_id
    later = call(crm, shop.dewi, "ordered").contact_id
    for _ in range(2):
        with crm.work("siti") as work:
            link_order(work, later, dewis)
    with crm.work("siti") as work:
        assert {work.session.get_one(m.Contact, each).order_id for each in (first, later)} == {dewis}
    for order in (andis, dewis + 1000):
        with pytest.raises(NotVisible):
            call(crm, shop.dewi, "ordered", order_id=order)
        with pytest.raises(NotVisible), crm.work("siti") as work:
            link_order(work, later, order)
    with pytest.raises(NotVisible), crm.work("ratna") as work:  # a manager sees both, but they are not one customer's
        link_order(work, later, andis)
    with pytest.raises(NotVisible), crm.work("budi") as work:
        link_order(work, later, andis)


@pytest.mark.parametrize("how", ["outcome", "mark"])
def test_do_not_call_takes_the_calls_off_the_agenda_but_not_the_tasks(crm: Crm, shop: Shop, how: str) -> None:
    kept = [planned(crm, shop.dewi, AgendaKind.TASK), planned(crm, None, AgendaKind.TASK)]
    gone = [planned(crm, shop.dewi, kind) for kind in (AgendaKind.CALL_BACK, AgendaKind.FOLLOW_UP, AgendaKind.SLIP)]
    with crm.work("siti") as work:
        other = m.Customer(code="X1", name="Sari", owner_id=work.employee_id, created_at=work.now)
        work.session.add(other)
        work.session.flush()
        kept.append(add_agenda_item(work, title="Sari", day=work.today, customer_id=other.id, kind=AgendaKind.SLIP).id)
    if how == "outcome":
        call(crm, shop.dewi, "do_not_call", agenda_item_id=gone[0])
    else:
        with crm.work("ratna") as work:
            mark_do_not_call(work, shop.dewi)
    with crm.work("siti") as work:
        rows = {row.id: row for row in work.session.scalars(select(AgendaItem))}
    assert [row for row in kept if rows[row].deleted_at is not None] == []
    assert all(rows[row].deleted_at is not None for row in gone[1:])
    done, taken = rows[gone[0]].done_at is not None, rows[gone[0]].deleted_at is not None
    assert (done, taken) == (how == "outcome", how == "mark")


def test_every_contact_stands_in_the_timeline(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    told = {Outcome.CALL_BACK: {"call_back_at": datetime(2026, 11, 25, 3, 0, tzinfo=UTC)}}
    for outcome in Outcome:
        clock.advance(minutes=1)
        call(crm, shop.dewi, outcome, note=f"catatan {outcome}", **told.get(outcome, {}))
    with crm.work("siti") as work:
        entries = timeline_of(work, shop.dewi, kinds=[EntryKind.CONTACT]).entries
    assert [entry.outcome for entry in entries] == list(reversed(Outcome))
    assert [entry.text for entry in entries] == [f"catatan {outcome}" for outcome in reversed(Outcome)]


def test_a_colleagues_customer_and_item_are_missing(crm: Crm, shop: Shop) -> None:
    item = planned(crm, shop.dewi)
    with pytest.raises(CustomerNotVisible):
        call(crm, shop.dewi, "reached", who="budi")
    with pytest.raises(NotVisible):
        call(crm, shop.andi, "reached", who="budi", agenda_item_id=item)
    with pytest.raises(NotVisible):
        call(crm, shop.andi, "reached", who="ratna", agenda_item_id=item)
    assert contacts(crm) == 0


def test_who_has_left_calls_nobody(crm: Crm, shop: Shop) -> None:
    with crm.work("agus") as work:
        deactivate_employee(work, "siti")
    with pytest.raises(UnknownEmployee):
        call(crm, shop.dewi, "reached")
