"""Call mode: the queue, the card, the clock, and numbers that are the same everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select

from ecrm_core import models as m
from ecrm_core.crm import Crm
from ecrm_core.errors import NotVisible
from ecrm_core.models import AgendaItem, AgendaKind, CallDay, CallPause, Channel, Outcome
from ecrm_core.queries.home import home_of
from ecrm_core.rules import ActivityStatus
from ecrm_core.services.agenda import (
    add_agenda_item,
    delete_agenda_item,
    dismiss_proposal,
    move_agenda_item,
    restore_agenda_item,
    tick_agenda_item,
)
from ecrm_core.services.calling import (
    CallCard,
    CallDayState,
    CallQueue,
    call_card,
    call_day,
    call_queue,
    day_summary,
    end_calls,
    pause_calls,
    resume_calls,
    seconds_between,
    start_calls,
)
from ecrm_core.services.complaints import open_complaint, solve_complaint
from ecrm_core.services.contacts import record_contact
from ecrm_core.services.customers import add_customer, add_interest, change_customer
from ecrm_core.services.do_not_call import mark_do_not_call
from ecrm_core.services.followups import record_response
from ecrm_core.services.orders import LineForm, OrderForm, change_order_status, take_order
from ecrm_core.services.plan_agenda import plan_today
from ecrm_core.services.templates import save_template
from tests.conftest import FrozenClock
from tests.services.conftest import Shop

TODAY = date(2026, 11, 24)


def at(hour: int, minute: int = 0, day: int = 24) -> datetime:
    """A time in Jakarta, as an instant."""
    return datetime(2026, 11, day, tzinfo=UTC) + timedelta(hours=hour - 7, minutes=minute)


def put(crm: Crm, customer: int | None, *, who: str = "siti", **named: object) -> int:
    """An item on Siti's agenda; `rank` makes it a proposal of the plan."""
    rank = named.pop("rank", None)
    with crm.work(who) as work:
        values = {"title": "Telepon", "day": work.today, **named}
        item = add_agenda_item(work, customer_id=customer, **values).id  # type: ignore[arg-type]
        if rank is not None:
            row = work.session.get_one(AgendaItem, item)
            row.proposed, row.rank, row.kind = True, rank, AgendaKind.FOLLOW_UP  # type: ignore[assignment]
    return item


def queue(crm: Crm, who: str = "siti") -> CallQueue:
    with crm.work(who) as work:
        return call_queue(work)


def card(crm: Crm, item: int, who: str = "siti", **named: object) -> CallCard:
    with crm.work(who) as work:
        return call_card(work, item, **named)  # type: ignore[arg-type]


@contextmanager
def counted(crm: Crm) -> Iterator[list[str]]:
    """The statements that are run meanwhile."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, text: str, *_: object) -> None:
        found.append(text)

    event.listen(crm.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(crm.engine, "before_cursor_execute", note)


# ---- The queue


def test_due_promises_come_first_then_the_plan_then_what_is_promised_for_later(
    crm: Crm, shop: Shop, clock: FrozenClock
) -> None:
    yesterday = date(2026, 11, 23)
    second = put(crm, shop.dewi, rank=2)
    first = put(crm, shop.dewi, rank=1)
    by_hand = put(crm, shop.dewi)
    at_three = put(crm, shop.dewi, at=time(15), kind=AgendaKind.CALL_BACK)
    at_eleven = put(crm, shop.dewi, at=time(11), kind=AgendaKind.CALL_BACK)
    at_nine = put(crm, shop.dewi, at=time(9), kind=AgendaKind.CALL_BACK)
    missed = put(crm, shop.dewi, at=time(16), day=yesterday, kind=AgendaKind.CALL_BACK)
    overdue = put(crm, shop.dewi, day=yesterday)
    put(crm, shop.dewi, day=date(2026, 11, 25))
    put(crm, None)
    unranked = put(crm, shop.dewi, rank=3)
    done = put(crm, shop.dewi)
    with crm.work("siti") as work:
        work.session.get_one(AgendaItem, unranked).rank = None
        tick_agenda_item(work, done)
    found = queue(crm)
    assert found.ids == [missed, at_nine, overdue, by_hand, first, second, unranked, at_eleven, at_three]
    assert [call.item_id for call in found.calls if call.later] == [at_eleven, at_three]
    assert [call.at for call in found.calls][:2] == [at(16, day=23), at(9)]
    assert (found.open, found.done, found.total, found.position) == (9, 1, 10, 2)
    clock.now = at(11) - timedelta(microseconds=1)
    assert queue(crm).ids == found.ids
    clock.now = at(11)
    assert queue(crm).ids == [missed, at_nine, at_eleven, overdue, by_hand, first, second, unranked, at_three]


def test_what_is_gone_or_somebody_elses_is_not_in_the_queue(crm: Crm, shop: Shop) -> None:
    waved, deleted, moved = put(crm, shop.dewi, rank=1), put(crm, shop.dewi), put(crm, shop.dewi)
    put(crm, shop.andi, who="budi")
    with crm.work("siti") as work:
        dismiss_proposal(work, waved, reason="baru bertemu")
        delete_agenda_item(work, deleted)
        move_agenda_item(work, moved, date(2026, 11, 25))
    found = queue(crm)
    assert (found.ids, found.open, found.done, found.total, found.position) == ([], 0, 0, 0, 0)
    with crm.work("siti") as work:
        restore_agenda_item(work, deleted)
    assert queue(crm).ids == [deleted]
    assert queue(crm, "ratna").ids == []
    with crm.work("ratna") as work:
        budi = work.session.scalars(select(m.Employee.id).where(m.Employee.username == "budi")).one()
        work.session.get_one(m.Customer, shop.dewi).owner_id = budi
    assert queue(crm).ids == []
    with pytest.raises(NotVisible):
        card(crm, deleted)


def test_around_midnight_the_queue_is_the_next_days(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    item = put(crm, shop.dewi, at=time(0), day=date(2026, 11, 25), kind=AgendaKind.CALL_BACK)
    clock.now = at(23, 59)
    assert queue(crm).ids == []
    clock.now = at(24)
    assert queue(crm).ids == [item]
    assert not queue(crm).calls[0].later


def test_the_plan_and_the_queue_are_of_one_order(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    with crm.work("siti") as work:
        for name in ("Ani", "Beni", "Citra"):
            add_customer(work, name=name, phones=[f"0812-555-{len(name)}{ord(name[0])}"])
    clock.advance(days=1)
    with crm.work("siti") as work:
        assert plan_today(work)
    found = queue(crm)
    with crm.work("siti") as work:
        ranks = [work.session.get_one(AgendaItem, item).rank for item in found.ids]
    assert ranks == [1, 2, 3, 4]


# ---- The card


@pytest.fixture
def bought(crm: Crm, shop: Shop, clock: FrozenClock) -> list[int]:
    """Dewi bought a suit and a pan in October; their lines."""
    clock.now = at(10, day=24) - timedelta(days=31)
    with crm.work("siti") as work:
        order = take_order(
            work, OrderForm(shop.dewi, [LineForm(shop.suit, quantity=2), LineForm(shop.pan)], intention="oktober")
        )
        lines = work.session.scalars(
            select(m.OrderLine.id).where(m.OrderLine.order_id == order.order_id).order_by(m.OrderLine.id)
        ).all()
    clock.now = at(9)
    return list(lines)


def test_the_card_holds_all_that_a_call_needs(crm: Crm, shop: Shop, bought: list[int], clock: FrozenClock) -> None:
    with crm.work("siti") as work:
        change_customer(work, shop.dewi, phones=["0812-345-678", "0857-1111-222"], city="Makassar")
        add_interest(work, shop.dewi, product_id=shop.oil)
        record_contact(work, shop.dewi, channel="phone", outcome="no_answer", note="coba siang")
    with crm.work("siti") as work:
        plan_today(work)
    found = queue(crm)
    assert len(found.ids) == 1
    told = card(crm, found.ids[0])
    assert (told.name, told.customer_id, told.city, told.kind) == ("Dewi Lestari", shop.dewi, "Makassar", "follow_up")
    assert [(phone.e164, phone.shown, phone.wrong) for phone in told.phones] == [
        ("+62812345678", "0812-345-678", False),
        ("+628571111222", "0857-1111-222", False),
    ]
    assert [reason["kind"] for reason in told.reasons] == ["follow_up", "follow_up"]
    assert [(line.line_id, line.product, line.bought_on) for line in told.ask] == [
        (bought[0], "Slim Suit", date(2026, 10, 24)),
        (bought[1], "Wajan Granit", date(2026, 10, 24)),
    ]
    assert [(line.product, line.quantity, line.amount, line.currency) for line in told.purchases] == [
        ("Slim Suit", 2, Decimal(998_000), "IDR"),
        ("Wajan Granit", 1, Decimal(299_000), "IDR"),
    ]
    assert (told.status, told.last_activity) == (ActivityStatus.ONE_MONTH, date(2026, 10, 24))
    assert told.interests == ["Minyak Rambut"]
    assert [(contact.outcome, contact.note, contact.by) for contact in told.contacts] == [
        (Outcome.NO_ANSWER, "coba siang", "Siti Rahayu")
    ]
    assert told.tries_today == 1
    assert told.refused == {}
    assert told.may_offer
    assert (told.zone, told.local.hour, told.outside_hours) == ("Asia/Makassar", 10, False)
    assert told.script is not None
    assert "Slim Suit" in told.script
    assert told.whatsapp_text is not None
    assert "Slim Suit" in told.whatsapp_text
    assert told.greeting_text is None
    english = card(crm, found.ids[0], language="en").script
    assert english is not None
    assert english.startswith("Good ")


@pytest.mark.parametrize(
    ("city", "now", "outside"),
    [
        ("Jayapura", at(17, 59), False),
        ("Jayapura", at(18), True),
        ("Makassar", at(18, 59), False),
        ("Makassar", at(19), True),
        ("Bandung", at(19, 59), False),
        ("Bandung", at(20), True),
        ("Jayapura", at(5, 59), True),
        ("Jayapura", at(6), False),
        ("Bandung", at(23, 59), True),
        ("Bandung", at(0), True),
    ],
)
def test_the_card_warns_outside_the_hours_where_the_customer_lives(
    crm: Crm, shop: Shop, clock: FrozenClock, city: str, now: datetime, outside: bool
) -> None:
    item = put(crm, shop.dewi)
    with crm.work("siti") as work:
        change_customer(work, shop.dewi, city=city)
    clock.now = now
    assert card(crm, item).outside_hours is outside


def test_what_was_answered_is_not_asked_again_and_a_complaint_forbids_offers(
    crm: Crm, shop: Shop, bought: list[int]
) -> None:
    item = put(crm, shop.dewi)
    with crm.work("siti") as work:
        record_response(work, bought[0], rating=5, text="Bagus")
        complaint = open_complaint(work, shop.dewi, kind="late", text="Paket terlambat").id
    told = card(crm, item)
    assert [line.line_id for line in told.ask] == [bought[1]]
    assert [(each.id, each.text) for each in told.complaints] == [(complaint, "Paket terlambat")]
    assert not told.may_offer
    with crm.work("siti") as work:
        solve_complaint(work, complaint, solution="Dikirim ulang")
    assert card(crm, item).may_offer


def test_a_birthday_brings_a_greeting(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    with crm.work("budi") as work:
        plan_today(work)
    found = queue(crm, "budi")
    told = card(crm, found.ids[0], "budi")
    assert told.kind is AgendaKind.BIRTHDAY
    assert told.greeting_text is not None
    assert "Selamat ulang tahun, Bapak/Ibu Andi Wijaya" in told.greeting_text
    # Where it is one reason among others, it is greeted all the same.
    with crm.work("budi") as work:
        row = work.session.get_one(AgendaItem, told.item_id)
        row.kind, row.reasons = AgendaKind.PROSPECT, [{"kind": "prospect"}, {"kind": "birthday"}]
    again = card(crm, told.item_id, "budi")
    assert again.greeting_text == told.greeting_text
    assert again.script != told.script


def test_the_admins_script_for_the_product_of_the_reason(crm: Crm, shop: Shop, bought: list[int]) -> None:
    with crm.work("agus") as work:
        save_template(work, "script", "id", "Wajannya {product}?", reason="follow_up", product_id=shop.pan)
    item = put(crm, shop.dewi, rank=1)
    reason = {"kind": "follow_up", "product": "Wajan Granit", "bought_on": "2026-10-24"}
    with crm.work("siti") as work:
        work.session.get_one(AgendaItem, item).reasons = [reason]
    assert card(crm, item).script == "Wajannya Wajan Granit?"
    with crm.work("siti") as work:
        work.session.get_one(AgendaItem, item).reasons = [{**reason, "product": "Slim Suit"}]
    told = card(crm, item).script
    assert told is not None
    assert "Slim Suit" in told


def test_whoever_asked_not_to_be_called_is_shown_as_such(crm: Crm, shop: Shop) -> None:
    task = put(crm, shop.dewi)
    call = put(crm, shop.dewi, rank=1)
    with crm.work("siti") as work:
        mark_do_not_call(work, shop.dewi)
    assert queue(crm).ids == [task], "a task is no call: it stays, and its card says that nobody may call"
    assert card(crm, task).refused == dict.fromkeys(Channel, "person")
    with pytest.raises(NotVisible):
        card(crm, call)


def test_the_card_takes_few_statements_whatever_the_history(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    item = put(crm, shop.dewi)

    def statements() -> list[str]:
        with crm.work("siti") as work, counted(crm) as found:
            call_card(work, item)
        return found

    few = statements()
    assert len(few) <= 16, "\n\n".join(few)
    with crm.work("siti") as work:
        for number in range(15):
            take_order(work, OrderForm(shop.dewi, [LineForm(shop.suit), LineForm(shop.oil)], intention=str(number)))
            record_contact(work, shop.dewi, channel="phone", outcome="reached", direction="incoming")
            open_complaint(work, shop.dewi, kind="late", text=str(number))
    assert len(statements()) == len(few)


def test_a_colleagues_or_missing_item_has_no_card(crm: Crm, shop: Shop) -> None:
    item, nobodys = put(crm, shop.dewi), put(crm, None)
    for who, wanted in (("budi", item), ("siti", item + 1000), ("siti", nobodys)):
        with pytest.raises(NotVisible):
            card(crm, wanted, who)
    assert card(crm, item, "ratna").name == "Dewi Lestari", "a manager sees everything"


# ---- The clock


def state(crm: Crm, what: Callable[..., CallDayState] = call_day, who: str = "siti") -> CallDayState:
    with crm.work(who) as work:
        return what(work)


def test_the_clock_runs_pauses_goes_on_and_ends(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    assert state(crm) == CallDayState(None, None, None, 0, 0, {})
    assert state(crm, pause_calls).started_at is None, "what has not begun cannot be paused or ended"
    assert state(crm, end_calls).started_at is None
    began = state(crm, start_calls)
    assert (began.started_at, began.running, began.seconds_worked) == (at(9), True, 0)
    clock.now = at(9, 30)
    assert state(crm, start_calls).started_at == at(9), "twice changes nothing"
    assert state(crm).seconds_worked == 1800
    paused = state(crm, pause_calls)
    assert (paused.paused, paused.running, paused.paused_at) == (True, False, at(9, 30))
    clock.now = at(10)
    assert state(crm, pause_calls).paused_at == at(9, 30)
    assert state(crm, start_calls).paused, "a pause goes on until somebody resumes"
    assert state(crm).seconds_worked == 1800
    assert state(crm, resume_calls).running
    assert state(crm, resume_calls).running
    clock.now = at(10, 10)
    assert state(crm).seconds_worked == 2400
    ended = state(crm, end_calls)
    assert (ended.ended_at, ended.seconds_worked, ended.running) == (at(10, 10), 2400, False)
    clock.now = at(11)
    assert state(crm, end_calls) == ended
    assert state(crm, pause_calls) == ended
    again = state(crm, resume_calls)
    assert (again.running, again.ended_at, again.seconds_worked) == (True, None, 2400)
    clock.now = at(11, 1)
    assert state(crm).seconds_worked == 2460


def test_who_goes_home_from_a_pause_has_worked_until_it_began(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    state(crm, start_calls)
    clock.now = at(12)
    state(crm, pause_calls)
    clock.now = at(13)
    ended = state(crm, end_calls)
    assert (ended.ended_at, ended.seconds_worked, ended.paused) == (at(12), 3 * 3600, False)
    clock.now = at(14)
    assert state(crm, start_calls).seconds_worked == 3 * 3600
    assert state(crm).running


def test_a_day_nobody_ended_ends_with_its_last_call(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    state(crm, start_calls)
    clock.now = at(11)
    with crm.work("siti") as work:
        record_contact(work, shop.dewi, channel="phone", outcome="reached")
    state(crm, pause_calls)
    clock.now = at(9, day=25)
    assert state(crm).started_at is None, "a new day has not begun"
    with crm.work("siti") as work:
        told = day_summary(work, TODAY)
    assert (told.started_at, told.ended_at, told.seconds_worked) == (at(9), at(11), 2 * 3600)
    assert state(crm, start_calls).running, "yesterday's pause is over"
    clock.now = at(9, day=26)
    with crm.work("siti") as work:
        nothing = day_summary(work, date(2026, 11, 25))
    assert (nothing.ended_at, nothing.seconds_worked) == (at(9, day=25), 0)


def test_two_windows_that_start_and_pause_at_once_make_one_day(crm: Crm, shop: Shop) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: state(crm, start_calls), range(8)))
        list(pool.map(lambda _: state(crm, pause_calls), range(8)))
    with crm.work("siti") as work:
        assert len(work.session.scalars(select(CallDay)).all()) == 1
        assert len(work.session.scalars(select(CallPause)).all()) == 1


def test_each_has_a_clock_of_their_own(crm: Crm, shop: Shop) -> None:
    state(crm, start_calls)
    state(crm, pause_calls)
    assert state(crm, who="budi").started_at is None
    assert state(crm, start_calls, "budi").running


NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
minutes = st.integers(-120, 600)
pauses = st.lists(st.tuples(minutes, st.one_of(st.none(), st.integers(0, 300))), max_size=8)


@given(pauses, st.integers(0, 480))
def test_worked_and_paused_minutes_add_up(some: list[tuple[int, int | None]], length: int) -> None:
    ended = NOON + timedelta(minutes=length)
    spans = [
        (NOON + timedelta(minutes=begun), None if lasts is None else NOON + timedelta(minutes=begun + lasts))
        for begun, lasts in some
    ]
    paused = {
        minute
        for minute in range(length)
        if any(begun <= minute and (lasts is None or minute < begun + lasts) for begun, lasts in some if begun < length)
    }
    assert seconds_between(NOON, ended, spans) == 60 * (length - len(paused))


# ---- What came of the day


def numbers(crm: Crm, day: date = TODAY, who: str = "siti") -> tuple[int, int, int]:
    """What is left and done, as Home, the queue and the summary each tell it."""
    with crm.work(who) as work:
        told = day_summary(work, day)
        home = home_of(work, day)
        found = call_queue(work)
    with_customer = sum(row.done and row.customer_id is not None for row in home.agenda.items)
    assert told.left_over == home.numbers.calls == found.open == len(found.ids)
    assert told.done == with_customer == found.done
    return told.left_over, told.done, found.total


def test_the_numbers_of_the_day_are_the_same_everywhere(
    crm: Crm, shop: Shop, bought: list[int], clock: FrozenClock
) -> None:
    items = [put(crm, shop.dewi, rank=rank) for rank in range(1, 7)]
    put(crm, None)
    assert numbers(crm) == (6, 0, 6)
    state(crm, start_calls)
    told: list[tuple[str, dict[str, object]]] = [
        ("no_answer", {"comes_back": True}),
        ("reached", {}),
        ("call_back", {"call_back_at": at(10, day=25)}),
        ("ordered", {}),
    ]
    for item, (outcome, named) in zip(items, told, strict=False):
        clock.advance(minutes=3)
        with crm.work("siti") as work:
            record_contact(
                work,
                shop.dewi,
                channel="phone",
                outcome=outcome,
                agenda_item_id=item,
                **named,  # type: ignore[arg-type]
            )
    with crm.work("siti") as work:
        record_response(work, bought[0], rating=4, text=None)
        take_order(work, OrderForm(shop.dewi, [LineForm(shop.suit)], intention="hari ini"))
        record_contact(work, shop.dewi, channel="whatsapp", outcome="reached", direction="incoming")
    with crm.work("budi") as work:
        record_contact(work, shop.andi, channel="phone", outcome="reached")
        take_order(work, OrderForm(shop.andi, [LineForm(shop.suit)], intention="budi"))
    # Six, four of them done, and one came back; tomorrow's promise is not today's.
    assert numbers(crm) == (3, 4, 7)
    with crm.work("siti") as work:
        summary, clocked = day_summary(work, TODAY), call_day(work)
    assert summary.outcomes == {
        Outcome.REACHED: 1,
        Outcome.NO_ANSWER: 1,
        Outcome.CALL_BACK: 1,
        Outcome.ORDERED: 1,
    }
    assert list(summary.outcomes) == [outcome for outcome in Outcome if outcome in summary.outcomes]
    assert (summary.contacts, summary.reached, summary.incoming) == (4, 3, 1)
    assert (summary.orders, summary.amounts) == (1, {"IDR": Decimal(499_000)})
    assert (summary.responses, summary.promises) == (1, 1)
    assert summary.seconds_worked == clocked.seconds_worked == 12 * 60
    assert (clocked.calls, clocked.outcomes) == (4, summary.outcomes)
    # The manager is told the same, and of a colleague a telemarketer nothing.
    with crm.work("ratna") as work:
        siti, budi = (
            work.session.scalars(select(m.Employee.id).where(m.Employee.username == name)).one()
            for name in ("siti", "budi")
        )
        assert day_summary(work, TODAY, employee_id=siti) == summary
        assert day_summary(work, TODAY, employee_id=budi).contacts == 1
    with pytest.raises(NotVisible), crm.work("siti") as work:
        day_summary(work, TODAY, employee_id=budi)


def test_a_day_that_is_over_stays_as_it_was(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    left, gone = put(crm, shop.dewi, rank=1), put(crm, shop.dewi, rank=2)
    with crm.work("siti") as work:
        record_contact(work, shop.dewi, channel="phone", outcome="call_back", call_back_at=at(9, day=25))
    clock.now = at(23, 59)
    with crm.work("siti") as work:
        before = day_summary(work, TODAY)
    assert (before.left_over, before.promises, before.done) == (2, 1, 0)
    clock.now = at(24)
    with crm.work("siti") as work:
        tick_agenda_item(work, left)
        delete_agenda_item(work, gone)
        record_contact(work, shop.dewi, channel="phone", outcome="reached")
        assert day_summary(work, TODAY) == before
        after = day_summary(work, date(2026, 11, 25))
    assert (after.contacts, after.left_over, after.done, after.promises) == (1, 1, 1, 1)


def test_a_cancelled_order_counts_for_nothing_and_currencies_are_not_mixed(
    crm: Crm, shop: Shop, clock: FrozenClock
) -> None:
    with crm.work("siti") as work:
        kept = take_order(work, OrderForm(shop.dewi, [LineForm(shop.suit), LineForm(shop.pan)], intention="1"))
        gone = take_order(work, OrderForm(shop.dewi, [LineForm(shop.oil)], intention="2"))
        abroad = take_order(work, OrderForm(shop.dewi, [LineForm(shop.oil)], intention="3"))
        change_order_status(work, gone.order_id, "cancelled", reason="salah pesan")
        work.session.get_one(m.Order, abroad.order_id).currency = "USD"
    expected = (2, {"IDR": Decimal(798_000), "USD": Decimal(99_000)})
    with crm.work("siti") as work:
        told = day_summary(work, TODAY)
    assert (told.orders, told.amounts) == expected
    clock.now = at(24)
    with crm.work("siti") as work:
        change_order_status(work, kept.order_id, "cancelled", reason="esoknya")
        told = day_summary(work, TODAY)
    assert (told.orders, told.amounts) == expected, "as of the end of that day"
