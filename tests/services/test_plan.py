"""The plan of a day: who is in it, who never is, what comes first, and that nothing waits too long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from threading import Thread
from zlib import crc32
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from ecrm_core.crm import Crm
from ecrm_core.errors import UnknownEmployee
from ecrm_core.models import (
    AgendaItem,
    AgendaKind,
    CompanySetting,
    Customer,
    CustomerPhone,
    DayPlan,
    Employee,
    FollowUp,
    Greeting,
    Order,
    Product,
)
from ecrm_core.queries.call_reasons import Candidate, Reason, _Activity, candidates, deadline
from ecrm_core.rules import ActivityStatus, CompanyRules
from ecrm_core.services.agenda import accept_proposal, add_agenda_item, tick_agenda_item
from ecrm_core.services.contacts import record_contact
from ecrm_core.services.customers import CustomerForm, add_customers
from ecrm_core.services.do_not_call import mark_do_not_call
from ecrm_core.services.followups import record_response
from ecrm_core.services.orders import LineForm, OrderForm, change_order_status, take_orders
from ecrm_core.services.plan_agenda import PlannedDay, choose, moment_of, plan_agenda, plan_today, propose
from ecrm_core.working_days import public_holidays, works_on
from tests.conftest import FrozenClock

TUESDAY = date(2026, 11, 24)
WEEK = "1111100"
WAIT = 5

# ---- What a day has room for


def candidate(number: int, *reasons: Reason) -> Candidate:
    return Candidate(number, 1, f"N{number}", TUESDAY, None, reasons)


def due(number: int, on: date, kind: AgendaKind = AgendaKind.FOLLOW_UP) -> Candidate:
    return candidate(number, Reason(kind, on))


FREE = Reason(AgendaKind.WIN_BACK)
DAYS = st.dates(date(2026, 1, 1), date(2027, 3, 31))
FOUND = st.lists(st.tuples(st.one_of(st.none(), DAYS), st.floats(0, 1e9, allow_nan=False)), max_size=40).map(
    lambda pairs: [
        (candidate(number, FREE if on is None else Reason(AgendaKind.FOLLOW_UP, on)), score)
        for number, (on, score) in enumerate(pairs)
    ]
)


@given(found=FOUND, room=st.integers(-3, 50), seed=st.randoms())
def test_a_day_is_full_ranked_and_the_same_however_it_is_asked(
    found: list[tuple[Candidate, float]], room: int, seed: object
) -> None:
    calls, left = choose(found, room=room, week=WEEK, waiting_days=WAIT)
    assert len(calls) == min(len(found), max(room, 0))
    assert len({each.candidate.customer_id for each in calls}) == len(calls)
    assert {each.candidate.customer_id for each in calls} | {each.customer_id for each in left} == {
        each.customer_id for each, _ in found
    }
    assert [each.rank for each in calls] == list(range(1, len(calls) + 1))
    assert [each.score for each in calls] == sorted((each.score for each in calls), reverse=True)
    if left:
        latest = max((deadline(each.candidate, WEEK, WAIT) for each in calls), default=date.min)
        assert all(deadline(each, WEEK, WAIT) >= latest for each in left), "somebody more urgent was left over"
    shuffled = list(found)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    assert choose(shuffled, room=room, week=WEEK, waiting_days=WAIT) == (calls, left)


@given(
    arrivals=st.lists(st.integers(0, 6), min_size=1, max_size=40),
    capacity=st.integers(1, 6),
    start=DAYS,
    data=st.data(),
)
def test_nothing_waits_longer_than_it_may_while_the_days_have_room(
    arrivals: list[int], capacity: int, start: date, data: st.DataObject
) -> None:
    """Day after day: what falls due, at most as much as fits, never waits more than so many working days."""
    waiting: list[tuple[Candidate, float]] = []
    number, day = 0, start
    for many in [*arrivals, *[0] * 40]:
        for _ in range(min(many, capacity) if works_on(WEEK, day) else 0):
            number += 1
            waiting.append((due(number, day), data.draw(st.floats(0, 1, allow_nan=False))))
        # Others of great worth press in every day.
        pressing = [(candidate(100_000 + number, FREE), 10.0)]
        if works_on(WEEK, day):
            calls, _ = choose([*waiting, *pressing], room=capacity, week=WEEK, waiting_days=WAIT)
            served = {each.candidate.customer_id for each in calls}
            for each in calls:
                if each.candidate.due_on:
                    assert day <= deadline(each.candidate, WEEK, WAIT)
            waiting = [pair for pair in waiting if pair[0].customer_id not in served]
        day += timedelta(days=1)
    assert waiting == []


def test_when_the_days_are_too_short_the_oldest_go_first() -> None:
    found = [(due(number, TUESDAY - timedelta(days=number)), float(-number)) for number in range(30)]
    calls, left = choose(found, room=10, week=WEEK, waiting_days=WAIT)
    assert {each.candidate.customer_id for each in calls} == set(range(20, 30))
    assert [each.customer_id for each in left] == list(range(19, -1, -1))


def test_a_birthday_is_for_its_day() -> None:
    assert deadline(due(1, TUESDAY, AgendaKind.BIRTHDAY), WEEK, WAIT) == TUESDAY
    assert deadline(due(1, TUESDAY), WEEK, WAIT) == date(2026, 12, 1)


EDGES = st.one_of(
    DAYS,
    st.sampled_from([date(2026, 12, 31), date(2027, 1, 1), date(2027, 2, 28), date(2028, 2, 29), date(2026, 8, 16)]),
)
WEEKS = st.sampled_from(["1111100", "1111110", "0111111", "1010100", "0000001"])


@given(on=EDGES, week=WEEKS, wait=st.integers(1, 10))
def test_a_wait_is_counted_in_days_that_are_worked(on: date, week: str, wait: int) -> None:
    last = deadline(due(1, on), week, wait)
    between = [on + timedelta(days=number) for number in range(1, (last - on).days + 1)]
    assert works_on(week, last)
    assert sum(works_on(week, day) for day in between) == wait


@given(
    day=EDGES,
    ago=st.integers(0, 400),
    slip=st.integers(1, 40),
    months=st.integers(1, 12),
)
def test_the_day_somebody_slips_is_the_first_on_which_they_are_inactive(
    day: date, ago: int, slip: int, months: int
) -> None:
    rules = CompanyRules(slip_days=slip, six_months_months=max(months, 2), one_month_months=1)
    last_on = day - timedelta(days=ago)
    status, slips_on = _Activity(rules, day)(last_on)
    lapsed = [
        later
        for later in (day + timedelta(days=ahead) for ahead in range(1, slip + 1))
        if rules.activity.status(last_on, as_of=later) is ActivityStatus.LAPSED
    ]
    assert status is rules.activity.status(last_on, as_of=day)
    assert slips_on == (lapsed[0] if lapsed else None)


def test_public_holidays_are_no_working_days() -> None:
    assert date(2026, 8, 17) in public_holidays(2026)
    assert not works_on("1111111", date(2026, 8, 17))
    assert deadline(due(1, date(2026, 8, 14)), WEEK, 1) == date(2026, 8, 18)


# ---- In the company


class Town:
    """Customers of Siti and Budi, made by the real services on the days they are told to have come."""

    def __init__(self, crm: Crm, clock: FrozenClock) -> None:
        self.crm, self.clock = crm, clock
        self.now = clock.now
        with crm.system("test company") as work:
            product = Product(
                code="SLIM", name="Slim Suit", price=Decimal(499_000), currency="IDR", created_at=work.now
            )
            work.session.add(product)
            work.session.flush()
            self.product = product.id

    def at(self, day: date, hour: int = 9) -> None:
        self.clock.now = datetime(day.year, day.month, day.day, hour - 7, tzinfo=UTC)

    def customer(self, name: str, *, owner: str = "siti", birth: tuple[int | None, int, int] | None = None) -> int:
        with self.crm.work(owner) as work:
            phone = f"0812{crc32(name.encode()) % 10**7:07d}"
            (card,) = add_customers(work, [CustomerForm(name, [phone], birth_date=birth)])
        return card.id

    def buys(self, name: str, *days_ago: int, owner: str = "siti") -> int:
        """A customer who bought so many days ago, once each time."""
        self.at(TUESDAY - timedelta(days=max(days_ago)))
        customer = self.customer(name, owner=owner)
        for days in sorted(days_ago, reverse=True):
            self.at(TUESDAY - timedelta(days=days))
            with self.crm.work(owner) as work:
                take_orders(work, [OrderForm(customer, [LineForm(self.product)], f"{name} {days}")])
        self.at(TUESDAY)
        return customer

    def plan(self, day: date = TUESDAY, username: str = "siti") -> PlannedDay:
        with self.crm.system("plan") as work:
            (plan,) = propose(work, day, usernames=[username])
        return plan

    def names(self, day: date = TUESDAY, username: str = "siti") -> set[str]:
        return {call.candidate.name for call in self.plan(day, username).calls}


@pytest.fixture
def town(crm: Crm, clock: FrozenClock) -> Town:
    town = Town(crm, clock)
    town.at(TUESDAY)
    return town


def kinds(plan: PlannedDay) -> dict[str, list[AgendaKind]]:
    return {call.candidate.name: [reason.kind for reason in call.candidate.reasons] for call in plan.calls}


def test_each_reason_brings_its_customer_once(town: Town) -> None:
    town.buys("due", 40)
    town.buys("slipping", 175)
    town.buys("lapsed, worth it", 300, 400)
    town.buys("lapsed, once", 300)
    town.buys("fresh", 3)
    town.customer("new")
    town.customer("born today", birth=(1980, 11, 24))
    town.buys("due and born", 40)
    with town.crm.work("siti") as work:
        row = work.session.scalars(select(Customer).where(Customer.name == "due and born")).one()
        row.birth_month, row.birth_day = 11, 24
    assert kinds(town.plan()) == {
        "due": [AgendaKind.FOLLOW_UP],
        "slipping": [AgendaKind.SLIP],
        "lapsed, worth it": [AgendaKind.WIN_BACK],
        "new": [AgendaKind.PROSPECT],
        "born today": [AgendaKind.BIRTHDAY, AgendaKind.PROSPECT],
        # The answer has been due for longer than the birthday.
        "due and born": [AgendaKind.FOLLOW_UP, AgendaKind.BIRTHDAY],
    }


def test_who_must_not_be_called_is_never_proposed(town: Town) -> None:
    asked, twin, spoken, refused, answered = (
        town.buys(name, 40) for name in ("asked for none", "same number", "spoken to", "refused", "answered")
    )
    town.buys("Budi's", 40, owner="budi")
    busy = town.buys("busy", 40)
    with town.crm.work("siti") as work:
        phone = work.session.scalars(select(CustomerPhone).where(CustomerPhone.customer_id == asked)).one()
        work.session.add(CustomerPhone(customer_id=twin, e164=phone.e164, typed=phone.typed, position=1))
        record_contact(work, refused, channel="phone", outcome="not_interested")
        record_contact(work, spoken, channel="phone", outcome="reached")
        record_contact(work, busy, channel="phone", outcome="busy")
        mark_do_not_call(work, asked)
        line = work.session.scalars(select(FollowUp.line_id).where(FollowUp.customer_id == answered)).one()
        record_response(work, line, rating=5, text="")
    assert "Budi's" not in town.names()
    assert town.names() <= {"busy"}
    town.at(TUESDAY + timedelta(days=8))
    assert {"spoken to"} <= town.names(TUESDAY + timedelta(days=8)) <= {"spoken to", "busy"}
    assert town.names(username="budi") == {"Budi's"}


def test_of_a_past_day_only_what_was_known_then_counts(town: Town) -> None:
    customer = town.buys("regular", 40, 2)
    town.buys("stranger", 1)
    before = TUESDAY - timedelta(days=5)
    assert kinds(town.plan(before)) == {"regular": [AgendaKind.FOLLOW_UP]}, "bought again later, which is not known yet"
    assert town.plan(before).calls[0].candidate.purchases.orders == 1  # type: ignore[union-attr]
    assert town.names() == set()
    with town.crm.work("siti") as work:
        mark_do_not_call(work, customer)
    assert town.names(before) == {"regular"}


def test_what_was_bought_again_and_cancelled_since_was_not_owed_then(town: Town) -> None:
    customer = town.buys("regular", 60, 20)
    day = TUESDAY - timedelta(days=10)
    assert kinds(town.plan(day)) == {}
    with town.crm.work("siti") as work:
        newest = work.session.scalars(select(Order.id).where(Order.customer_id == customer).order_by(Order.id)).all()[
            -1
        ]
        change_order_status(work, newest, "cancelled", reason="tidak jadi")
    assert kinds(town.plan(day)) == {}
    assert kinds(town.plan()) == {"regular": [AgendaKind.FOLLOW_UP]}


def test_the_plan_is_written_once_and_made_anew_without_touching_what_was_touched(town: Town) -> None:
    for number in range(6):
        town.buys(f"n{number}", 40 + number)
    with town.crm.system("test") as work:
        work.session.scalars(select(Employee).where(Employee.username == "siti")).one().capacity = 4
    with town.crm.system("plan") as work:
        (plan,) = plan_agenda(work, TUESDAY, usernames=["siti"])
    assert (len(plan.calls), len(plan.left), plan.capacity) == (4, 2, 4)
    with town.crm.work("siti") as work:
        row = work.session.get(DayPlan, (work.employee_id, TUESDAY))
        assert row is not None
        assert (row.promised, row.proposed, row.left_over, row.works) == (0, 4, 2, True)
        items = work.session.scalars(select(AgendaItem).order_by(AgendaItem.rank)).all()
        assert [item.title for item in items] == [call.candidate.name for call in plan.calls]
        assert items[0].reasons is not None
        assert items[0].reasons[0]["product"] == "Slim Suit"
        tick_agenda_item(work, items[0].id)
        items[1].dismissed_at, items[1].dismissed_because = work.now, "sudah pindah"
        done, dismissed = items[0].title, items[1].title
    with town.crm.system("plan") as work:
        assert plan_agenda(work, TUESDAY, usernames=["siti"]) == []
        (anew,) = plan_agenda(work, TUESDAY, usernames=["siti"], again=True)
    assert dismissed not in {call.candidate.name for call in anew.calls}
    with town.crm.work("siti") as work:
        titles = list(work.session.scalars(select(AgendaItem.title).where(AgendaItem.dismissed_at.is_(None))))
        assert len(titles) == len(set(titles)) == 4
        assert done in titles


def test_what_somebody_accepts_while_the_plan_is_made_anew_stays_and_is_there_once(town: Town) -> None:
    town.buys("Dewi", 40)
    with town.crm.system("plan") as work:
        plan_agenda(work, TUESDAY, usernames=["siti"])

    def plan_again() -> None:
        with town.crm.system("plan") as work:
            plan_agenda(work, TUESDAY, usernames=["siti"], again=True)

    planner = Thread(target=plan_again)
    with town.crm.work("siti") as work:
        item = work.session.scalars(select(AgendaItem)).one()
        accept_proposal(work, item.id)
        work.session.flush()
        planner.start()
        planner.join(0.5)
        assert planner.is_alive(), "it waits for her"
    planner.join(30)
    with town.crm.work("siti") as work:
        assert [row.id for row in work.session.scalars(select(AgendaItem))] == [item.id]
        assert work.session.get_one(AgendaItem, item.id).accepted_at is not None


def test_promises_come_before_everything_and_may_be_more_than_fit(town: Town) -> None:
    customers = [town.buys(f"p{number}", 60 + number) for number in range(5)]
    town.buys("due", 40)
    with town.crm.system("test") as work:
        work.session.scalars(select(Employee).where(Employee.username == "siti")).one().capacity = 3
    with town.crm.work("siti") as work:
        for customer in customers:
            add_agenda_item(work, title="janji", day=TUESDAY, customer_id=customer, kind=AgendaKind.CALL_BACK)
    plan = town.plan()
    assert (plan.promised, len(plan.calls), [each.name for each in plan.left]) == (5, 0, ["due"])
    with town.crm.system("plan") as work:
        plan_agenda(work, TUESDAY, usernames=["siti"])
    with town.crm.work("siti") as work:
        kept = work.session.scalars(select(AgendaItem).where(AgendaItem.customer_id == customers[0])).one()
        assert kept.reasons is not None
        assert [reason["kind"] for reason in kept.reasons] == ["follow_up"], "all reasons stand with the promise"


def test_a_day_off_brings_no_proposals(town: Town) -> None:
    town.buys("due", 45)
    saturday = TUESDAY + timedelta(days=4)
    plan = town.plan(saturday)
    assert (plan.works, plan.calls, plan.left) == (False, [], [])


def test_a_telemarketers_first_look_makes_the_plan(town: Town) -> None:
    town.buys("due", 40)
    with town.crm.work("siti") as work:
        assert plan_today(work)
    with town.crm.work("siti") as work:
        assert not plan_today(work)
        assert work.session.scalars(select(AgendaItem.title)).all() == ["due"]
    with town.crm.work("ratna") as work:
        assert not plan_today(work)


def test_a_birthday_of_a_sunday_is_made_up_for_on_monday(town: Town) -> None:
    town.customer("born on sunday", birth=(1980, 11, 29))
    monday = date(2026, 11, 30)
    assert kinds(town.plan(monday))["born on sunday"][0] is AgendaKind.BIRTHDAY
    assert kinds(town.plan(monday + timedelta(days=1)))["born on sunday"] == [AgendaKind.PROSPECT]


def test_a_greeted_birthday_is_over(town: Town) -> None:
    customer = town.customer("born today", birth=(None, 11, 24))
    town.buys("due", 40)
    with town.crm.work("siti") as work:
        work.session.add(
            Greeting(
                customer_id=customer,
                year=2026,
                birthday_on=TUESDAY,
                channel="phone",
                at=work.now - timedelta(minutes=1),
                by_id=work.employee_id,
            )
        )
    assert kinds(town.plan())["born today"] == [AgendaKind.PROSPECT]


def test_somebody_unknown_is_named(town: Town) -> None:
    with town.crm.system("plan") as work, pytest.raises(UnknownEmployee) as refused:
        plan_agenda(work, TUESDAY, usernames=["siti", "ratna"])
    assert refused.value.facts == {"username": "ratna"}


# ---- The edges of months, years and days


def reasons_on(town: Town, day: date | None) -> dict[str, list[tuple[AgendaKind, date | None]]]:
    """Everybody of Siti's with a reason to be called on a day, none for today, whether she works or not."""
    if day is not None:
        town.at(day)
    with town.crm.system("plan") as work:
        siti = work.session.scalars(select(Employee).where(Employee.username == "siti")).one()
        (found,) = candidates(work, moment_of(work, day or work.today), [siti]).values()
    return {each.name: [(reason.kind, reason.due_on) for reason in each.reasons] for each in found}


@pytest.mark.parametrize(
    ("bought", "due_on", "last"),
    [
        (date(2027, 1, 31), date(2027, 2, 28), date(2027, 4, 28)),
        (date(2028, 1, 31), date(2028, 2, 29), date(2028, 4, 29)),
        (date(2028, 2, 29), date(2028, 3, 29), date(2028, 5, 29)),
        (date(2026, 12, 31), date(2027, 1, 31), date(2027, 3, 31)),
        (date(2026, 11, 30), date(2026, 12, 30), date(2027, 2, 28)),
    ],
)
def test_what_fell_due_is_there_from_its_day_to_its_last(town: Town, bought: date, due_on: date, last: date) -> None:
    town.at(bought)
    customer = town.customer("regular")
    with town.crm.work("siti") as work:
        take_orders(work, [OrderForm(customer, [LineForm(town.product)], "1")])
    one = timedelta(days=1)
    owed = (AgendaKind.FOLLOW_UP, due_on)
    asked = {day: owed in reasons_on(town, day).get("regular", []) for day in (due_on - one, due_on, last, last + one)}
    assert asked == {due_on - one: False, due_on: True, last: True, last + one: False}


@pytest.mark.parametrize(
    ("born", "day", "on"),
    [
        ((1980, 2, 29), date(2028, 2, 28), None),
        ((1980, 2, 29), date(2028, 2, 29), date(2028, 2, 29)),
        # A Sunday in a common year: on its day, and on the Monday after; not on the Tuesday.
        ((1980, 2, 29), date(2027, 2, 28), date(2027, 2, 28)),
        ((1980, 2, 29), date(2027, 3, 1), date(2027, 2, 28)),
        ((1980, 2, 29), date(2027, 3, 2), None),
        # New Year's Day is a holiday, and a Friday; the last day of the year was worked.
        ((None, 1, 1), date(2027, 1, 4), date(2027, 1, 1)),
        ((None, 1, 1), date(2027, 1, 5), None),
        ((None, 12, 31), date(2026, 12, 31), date(2026, 12, 31)),
        ((None, 12, 31), date(2027, 1, 4), None),
    ],
)
def test_birthdays_at_the_edges(town: Town, born: tuple[int | None, int, int], day: date, on: date | None) -> None:
    town.customer("born", birth=born)
    greeted = [due_on for kind, due_on in reasons_on(town, day)["born"] if kind is AgendaKind.BIRTHDAY]
    assert greeted == ([] if on is None else [on])


@pytest.mark.parametrize(
    ("bought", "slips_on"),
    [
        (date(2026, 8, 31), date(2027, 3, 1)),  # six months back from 28 February is 28 August
        (date(2026, 6, 30), date(2027, 1, 1)),  # and of 31 December it is 30 June
    ],
)
def test_who_is_about_to_slip_at_the_end_of_a_month(town: Town, bought: date, slips_on: date) -> None:
    town.at(bought)
    customer = town.customer("regular")
    with town.crm.work("siti") as work:
        take_orders(work, [OrderForm(customer, [LineForm(town.product)], "1")])
    one = timedelta(days=1)
    rules = CompanyRules()
    assert rules.activity.status(bought, as_of=slips_on) is ActivityStatus.LAPSED
    assert rules.activity.status(bought, as_of=slips_on - one) is ActivityStatus.SIX_MONTHS
    first = slips_on - timedelta(days=rules.slip_days)
    slipping = {
        day: any(kind is AgendaKind.SLIP for kind, _ in reasons_on(town, day).get("regular", []))
        for day in (first - one, first, slips_on - one, slips_on)
    }
    assert slipping == {first - one: False, first: True, slips_on - one: True, slips_on: False}


@pytest.mark.parametrize("zone", ["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"])
def test_the_day_turns_at_midnight_of_the_company(town: Town, zone: str) -> None:
    """Bought a minute before midnight and at midnight: due a month later on the one day and on the next."""
    with town.crm.system("test company") as work:
        work.session.add(CompanySetting(name="timezone_name", value=zone, valid_from=date(2020, 1, 1), set_at=work.now))
    midnight = datetime(2026, 11, 3, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    for name, bought in (("late", midnight - timedelta(minutes=1)), ("early", midnight)):
        town.clock.now = bought
        customer = town.customer(name)
        with town.crm.work("siti") as work:
            take_orders(work, [OrderForm(customer, [LineForm(town.product)], name)])
    first, second = date(2026, 12, 2), date(2026, 12, 3)
    turns = datetime(2026, 12, 3, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    for instant, day, due_now in ((turns - timedelta(minutes=1), first, {"late"}), (turns, second, {"late", "early"})):
        town.clock.now = instant
        with town.crm.system("plan") as work:
            assert work.today == day
            (plan,) = propose(work, work.today, usernames=["siti"])
        assert {call.candidate.name for call in plan.calls} == due_now


ZONES = ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura")
MINUTE = timedelta(minutes=1)


class Midnights:
    """A town in a zone, whose clock is put to midnights of its company and to the minutes before."""

    def __init__(self, town: Town, zone: str) -> None:
        self.town, self.zone = town, ZoneInfo(zone)
        with town.crm.system("test company") as work:
            work.session.add(
                CompanySetting(name="timezone_name", value=zone, valid_from=date(2020, 1, 1), set_at=work.now)
            )

    def begin(self, day: date) -> None:
        self.town.clock.now = datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)

    def end(self, day: date) -> None:
        self.begin(day + timedelta(days=1))
        self.town.clock.now -= MINUTE

    def plan(self) -> PlannedDay:
        with self.town.crm.system("plan") as work:
            (plan,) = propose(work, work.today, usernames=["siti"])
        return plan

    def reasons(self) -> dict[str, list[tuple[AgendaKind, date | None]]]:
        return reasons_on(self.town, None)

    def both(self, day: date) -> list[dict[str, list[tuple[AgendaKind, date | None]]]]:
        """What is found at the first and in the last minute of a day."""
        self.begin(day)
        first = self.reasons()
        self.end(day)
        return [first, self.reasons()]


@pytest.fixture(params=ZONES)
def midnights(town: Town, request: pytest.FixtureRequest) -> Midnights:
    return Midnights(town, request.param)


def test_who_was_spoken_to_rests_for_whole_days_of_the_company(midnights: Midnights) -> None:
    """Spoken to a minute before midnight and at midnight, at the end of a year: free a day apart."""
    day = date(2026, 12, 30)
    midnights.begin(day - timedelta(days=3))
    names = {name: midnights.town.customer(name) for name in ("reached late", "reached", "refused late", "refused")}
    for put, end in ((midnights.end, " late"), (midnights.begin, "")):
        put(day - timedelta(days=1) if end else day)
        with midnights.town.crm.work("siti") as work:
            record_contact(work, names[f"refused{end}"], channel="phone", outcome="not_interested")
            # By the telephone alone nobody is a prospect who has been called: they have bought since.
            record_contact(work, names[f"reached{end}"], channel="phone", outcome="reached")
    with midnights.town.crm.work("siti") as work:
        for name, customer in names.items():
            take_orders(work, [OrderForm(customer, [LineForm(midnights.town.product)], name)])
        for row in work.session.scalars(select(FollowUp)):
            row.due_on = day
    rules = CompanyRules()
    rest, long = timedelta(days=rules.contact_rest_days), timedelta(days=rules.refusal_rest_days)
    one = timedelta(days=1)
    for on, free in (
        (day + rest - 2 * one, set()),
        (day + rest - one, {"reached late"}),
        (day + rest, {"reached late", "reached"}),
        (day + long - 2 * one, {"reached late", "reached"}),
        (day + long - one, {"reached late", "reached", "refused late"}),
        (day + long, set(names)),
    ):
        assert [set(found) for found in midnights.both(on)] == [free, free], on


def test_a_birthday_begins_and_ends_at_midnight_of_the_company(midnights: Midnights) -> None:
    midnights.begin(date(2026, 12, 1))
    midnights.town.customer("leap", birth=(1980, 2, 29))
    midnights.town.customer("new year", birth=(None, 1, 1))
    for day, born in (
        (date(2026, 12, 31), set()),
        (date(2027, 1, 1), {"new year"}),
        (date(2027, 2, 28), {"leap"}),
        (date(2027, 3, 1), {"leap"}),  # a Monday: missed on the Sunday
        (date(2027, 3, 2), set()),
        (date(2028, 2, 28), set()),
        (date(2028, 2, 29), {"leap"}),
    ):
        for found in midnights.both(day):
            greeted = {name for name, reasons in found.items() if AgendaKind.BIRTHDAY in [kind for kind, _ in reasons]}
            assert greeted == born, day


def test_promises_work_and_days_off_turn_at_midnight_of_the_company(midnights: Midnights) -> None:
    """At the end of a year: the day after is New Year's Day, and a holiday."""
    town, eve = midnights.town, date(2026, 12, 31)
    midnights.begin(date(2026, 12, 1))
    promised, called = town.customer("promised"), town.customer("called")
    for name in ("a", "b"):
        town.customer(name)
    with town.crm.system("test") as work:
        work.session.scalars(select(Employee).where(Employee.username == "siti")).one().capacity = 2
    with town.crm.work("siti") as work:
        add_agenda_item(work, title="janji", day=eve, customer_id=promised, kind=AgendaKind.CALL_BACK)
        item = add_agenda_item(work, title="janji", day=eve, customer_id=called, kind=AgendaKind.CALL_BACK)

    def told() -> tuple[date, bool, int, int]:
        plan = midnights.plan()
        return plan.day, plan.works, plan.promised, len(plan.calls)

    before = eve - timedelta(days=1)
    midnights.end(before)
    assert told() == (before, True, 0, 2), "what is promised for later takes no room yet"
    with town.crm.work("siti") as work:
        tick_agenda_item(work, item.id)
    assert told() == (before, True, 0, 1), "one of the two of this day is done"
    midnights.begin(eve)
    assert told() == (eve, True, 1, 1), "what was done yesterday takes no room today"
    midnights.end(eve)
    assert told() == (eve, True, 1, 1)
    midnights.begin(eve + timedelta(days=1))
    assert told() == (eve + timedelta(days=1), False, 1, 0)


# ---- Whatever the company


@pytest.mark.parametrize("seed", range(2))
def test_whatever_the_company_a_plan_keeps_its_rules(town: Town, seed: int) -> None:
    chance = Random(seed)
    owners, refused, promises = {}, set(), {}
    one = timedelta(days=1)
    for number in range(12):
        owner, name = chance.choice(["siti", "siti", "budi"]), f"n{number}"
        ago = chance.sample([2, 20, 31, 40, 62, 170, 300, 400], chance.randint(0, 2))
        customer = town.buys(name, *ago, owner=owner) if ago else town.customer(name, owner=owner)
        owners[customer] = owner
    for customer, owner in owners.items():
        with town.crm.work(owner) as work:
            fate = chance.random()
            if fate < 0.15:
                mark_do_not_call(work, customer)
                refused.add(customer)
            elif fate < 0.3:
                record_contact(work, customer, channel="phone", outcome=chance.choice(["reached", "not_interested"]))
                refused.add(customer)
            elif fate < 0.55:
                promises[customer] = TUESDAY + chance.randint(-2, 2) * one
                add_agenda_item(work, title="janji", day=promises[customer], customer_id=customer)
    with town.crm.system("test") as work:
        capacity = {}
        for employee in work.session.scalars(select(Employee)):
            capacity[employee.username] = employee.capacity = chance.randint(1, 5)
        twins = {
            number: work.session.scalars(select(CustomerPhone).where(CustomerPhone.customer_id == number)).one()
            for number in chance.sample(sorted(owners), 2)
        }
        first, second = twins.values()
        work.session.add(CustomerPhone(customer_id=first.customer_id, e164=second.e164, typed="", position=1))
        silent = set(work.session.scalars(select(Customer.id).where(Customer.do_not_call_at.is_not(None))))
    if twins.keys() & silent:
        refused |= twins.keys()
    for day in (TUESDAY, TUESDAY + 3 * one):
        with town.crm.system("plan") as work:
            plans = propose(work, day)
            again = propose(work, day)
        assert again == plans
        called = [(plan.username, call.candidate.customer_id) for plan in plans for call in plan.calls]
        assert len({customer for _, customer in called}) == len(called), "nobody is called twice"
        assert all(owners[customer] == username for username, customer in called)
        assert not {customer for _, customer in called} & (refused | set(promises))
        for plan in plans:
            mine = [on for customer, on in promises.items() if owners[customer] == plan.username]
            assert plan.capacity == capacity[plan.username]
            assert plan.promised == sum(on <= day for on in mine)
            room = max(plan.capacity - plan.promised, 0)
            assert len(plan.calls) <= room
            assert len(plan.calls) == room or not plan.left, "a day is filled before anybody is left over"


# ---- Promises, and waiting, from day to day


def test_promises_are_served_or_reported_and_never_taken_away(town: Town) -> None:
    overdue, today, later = (town.buys(name, 60 + number) for number, name in enumerate(("overdue", "today", "later")))
    for number in range(3):
        town.buys(f"due {number}", 40)
    monday, wednesday = TUESDAY - timedelta(days=1), TUESDAY + timedelta(days=1)
    with town.crm.work("siti") as work:
        for customer, day in ((overdue, monday), (today, TUESDAY), (later, wednesday)):
            add_agenda_item(work, title="janji", day=day, customer_id=customer, kind=AgendaKind.CALL_BACK)
    with town.crm.system("test") as work:
        work.session.scalars(select(Employee).where(Employee.username == "siti")).one().capacity = 3

    def planned(day: date) -> tuple[PlannedDay, list[tuple[str, date]]]:
        town.at(day)
        with town.crm.system("plan") as work:
            (plan,) = plan_agenda(work, day, usernames=["siti"], again=True)
        with town.crm.work("siti") as work:
            kept = select(AgendaItem).where(AgendaItem.kind == AgendaKind.CALL_BACK).order_by(AgendaItem.id)
            return plan, [(item.title, item.day) for item in work.session.scalars(kept)]

    kept = [("janji", monday), ("janji", TUESDAY), ("janji", wednesday)]
    for day, promised in ((TUESDAY, 2), (wednesday, 3)):
        plan, standing = planned(day)
        assert (plan.promised, len(plan.calls), len(plan.left)) == (promised, 3 - promised, promised)
        assert standing == kept
    saturday = TUESDAY + timedelta(days=4)
    plan, standing = planned(saturday)
    assert (plan.works, plan.promised, plan.calls) == (False, 3, [])
    assert standing == kept


def test_what_was_promised_to_a_customer_who_went_to_a_colleague_takes_no_room(town: Town) -> None:
    moved, stays, called = (town.buys(name, 60) for name in ("moved", "stays", "called"))
    town.buys("due", 40)
    with town.crm.work("siti") as work:
        for customer in (moved, stays):
            add_agenda_item(work, title="janji", day=TUESDAY, customer_id=customer, kind=AgendaKind.CALL_BACK)
        item = add_agenda_item(work, title="janji", day=TUESDAY, customer_id=called, kind=AgendaKind.CALL_BACK)
        tick_agenda_item(work, item.id)
    with town.crm.system("test") as work:
        employees = {each.username: each for each in work.session.scalars(select(Employee))}
        employees["siti"].capacity = 3
        for row in work.session.scalars(select(Customer).where(Customer.id.in_([moved, called]))):
            row.owner_id = employees["budi"].id
    with town.crm.system("plan") as work:
        plans = {plan.username: plan for plan in plan_agenda(work, TUESDAY)}
    # The call that was made took its time; the promise that nobody can see any more takes none.
    assert (plans["siti"].promised, len(plans["siti"].calls)) == (1, 1)
    assert [call.candidate.name for call in plans["siti"].calls] == ["due"]
    assert {call.candidate.name for call in plans["budi"].calls} == {"moved", "called"}
    with town.crm.work("siti") as work:
        row = work.session.get(DayPlan, (work.employee_id, TUESDAY))
        assert row is not None
        waiting = work.session.scalars(
            select(AgendaItem).where(~AgendaItem.proposed, AgendaItem.done_at.is_(None))
        ).all()
        assert row.promised == len(waiting) == 1, "as many as the agenda shows"


def test_nobody_waits_longer_than_the_rule_while_the_days_have_room(town: Town) -> None:
    """Ten fall due on a Tuesday, two fit into a day: after five working days all have been called, each once."""
    for number in range(10):
        town.buys(f"due {number}", 31 if number % 2 else 32)
    with town.crm.system("test") as work:
        work.session.scalars(select(Employee).where(Employee.username == "siti")).one().capacity = 2
    called: list[str] = []
    day = TUESDAY
    for _ in range(7):
        town.at(day)
        with town.crm.system("plan") as work:
            (plan,) = plan_agenda(work, day, usernames=["siti"])
        assert len(plan.calls) <= 2
        with town.crm.work("siti") as work:
            for call in plan.calls:
                called.append(call.candidate.name)
                record_contact(work, call.candidate.customer_id, channel="phone", outcome="reached")
        if len(called) == 10:
            break
        day += timedelta(days=1)
    assert sorted(called) == sorted({f"due {number}" for number in range(10)})
    assert day == date(2026, 11, 30), "five working days, a weekend between them"


def order_of(plans: Sequence[PlannedDay]) -> list[tuple[int, float]]:
    return [(call.candidate.customer_id, call.score) for plan in plans for call in plan.calls]


def test_the_same_company_gives_the_same_plan(town: Town) -> None:
    for number in range(8):
        town.buys(f"n{number}", 35 + number, 300)
    with town.crm.system("plan") as work:
        first = order_of(propose(work, TUESDAY))
        assert first
        assert order_of(propose(work, TUESDAY)) == first
