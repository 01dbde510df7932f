"""All of one customer on one page, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select

from ecrm_core.crm import Crm
from ecrm_core.errors import CustomerNotVisible
from ecrm_core.models import (
    Channel,
    Consent,
    Customer,
    CustomerPhone,
    Employee,
    FollowUpState,
    Interest,
    InterestOrigin,
    Order,
    OrderLine,
    OrderStatus,
    OrderStatusChange,
    Outcome,
)
from ecrm_core.queries.customer_card import (
    Cursor,
    CustomerCard,
    EntryKind,
    age_on,
    customer_card,
    interest_choices,
    standing_of,
    timeline_of,
    usual_gap,
    who_is,
)
from ecrm_core.rules import ActivityRule, ActivityStatus
from ecrm_core.services.complaints import solve_complaint
from ecrm_core.services.contacts import record_contact
from ecrm_core.services.customers import add_customer, add_interest, add_note, withdraw_interest
from ecrm_core.services.followups import record_response
from ecrm_core.services.greetings import greet_customer
from ecrm_core.services.orders import LineForm, OrderForm, change_order_status, return_pieces, take_order
from ecrm_core.services.products import add_category, add_product
from tests.conftest import FrozenClock

TODAY = date(2026, 11, 24)


@dataclass(frozen=True)
class Shop:
    """Ids of what is in the shop; two products of one category, one of none."""

    dewi: int
    code: str
    suit: int
    tea: int
    pan: int
    slimming: int


@pytest.fixture
def shop(crm: Crm) -> Shop:
    with crm.work("agus") as work:
        slimming = add_category(work, "Pelangsing")
        suit = add_product(work, code="SUIT", name="Slim Suit", price=Decimal(499_000), category_id=slimming)
        tea = add_product(work, code="TEA", name="Slimming Tea", price=Decimal(99_000), category_id=slimming)
        pan = add_product(work, code="PAN", name="Wajan Granit", price=Decimal(299_000))
    with crm.work("siti") as work:
        dewi = add_customer(
            work,
            name="Dewi Lestari",
            phones=["0812-3456-789", "0813-1111-222"],
            birth_date=(1979, 12, 3),
            city="Bandung",
        )
    return Shop(dewi.id, dewi.code, suit.id, tea.id, pan.id, slimming)


Ordering = Callable[..., int]


@pytest.fixture
def order(crm: Crm, clock: FrozenClock, shop: Shop) -> Ordering:
    """Takes an order of Dewi's some days ago, delivered; answers with its id."""
    now, made = clock.now, iter(range(1000))

    def take(days_ago: float, *products: int, status: OrderStatus | None = OrderStatus.DELIVERED) -> int:
        clock.now = now - timedelta(days=days_ago)
        with crm.work("siti") as work:
            lines = [LineForm(product_id, 1) for product_id in products]
            receipt = take_order(work, OrderForm(shop.dewi, lines, intention=f"order {next(made)}"))
            if status is not None:
                change_order_status(work, receipt.order_id, OrderStatus.SHIPPED)
                reason = "tidak jadi" if status is OrderStatus.CANCELLED else None
                change_order_status(work, receipt.order_id, status, reason=reason)
        clock.now = now
        return receipt.order_id

    return take


def card_of(crm: Crm, shop: Shop, username: str = "siti", **named: int) -> CustomerCard:
    with crm.work(username) as work:
        return customer_card(work, shop.code, **named)


def line_of(crm: Crm, order_id: int) -> int:
    with crm.system("test company") as work:
        return work.session.scalars(select(OrderLine.id).where(OrderLine.order_id == order_id)).first() or 0


# Who they are


def test_it_tells_who_they_are(crm: Crm, shop: Shop) -> None:
    card = card_of(crm, shop)
    person = card.person
    assert (person.name, person.city, person.owner) == ("Dewi Lestari", "Bandung", "Siti Rahayu")
    assert (person.birth, person.age) == ((1979, 12, 3), 46)
    assert person.since == TODAY
    assert [(phone.shown, phone.typed, phone.wrong) for phone in card.phones] == [
        ("0812-3456-789", "0812-3456-789", False),
        ("0813-1111-222", "0813-1111-222", False),
    ]
    assert card.standing == standing_of([], ActivityRule(), today=TODAY, known_since=TODAY)
    assert (card.sums, card.purchases, card.products, card.usual_gap_days) == ([], [], 0, None)


@pytest.mark.parametrize(
    ("birth", "age"),
    [(None, None), ((None, 2, 29), None), ((1979, 11, 24), 47), ((1979, 11, 25), 46), ((2026, 11, 24), 0)],
)
def test_age_is_whole_years_and_unknown_without_a_year(
    birth: tuple[int | None, int, int] | None, age: int | None
) -> None:
    assert age_on(birth, TODAY) == age


def test_missing_and_a_colleagues_are_one_answer(crm: Crm, shop: Shop) -> None:
    with crm.work("budi") as work:
        with pytest.raises(CustomerNotVisible) as colleagues:
            customer_card(work, shop.code)
        with pytest.raises(CustomerNotVisible) as missing:
            customer_card(work, "C999999")
        with pytest.raises(CustomerNotVisible):
            timeline_of(work, shop.dewi)
    assert colleagues.value.code == missing.value.code
    assert colleagues.value.facts.keys() == missing.value.facts.keys()
    assert card_of(crm, shop, "ratna").person.name == "Dewi Lestari"


def test_who_took_an_order_through_the_narrow_door_sees_no_card(crm: Crm, shop: Shop, order: Ordering) -> None:
    number = order(1, shop.suit)
    with crm.system("test company") as work:
        budi = work.session.scalars(select(Employee.id).where(Employee.username == "budi")).one()
        for row in (work.session.get_one(Order, number), work.session.get_one(OrderLine, line_of(crm, number))):
            row.door_taker_id = budi
    with crm.work("budi") as work:
        assert work.session.get(Order, number) is not None
        with pytest.raises(CustomerNotVisible):
            customer_card(work, shop.code)
        with pytest.raises(CustomerNotVisible):
            who_is(work, shop.code)


def test_the_code_of_one_merged_away_finds_the_one_they_became(crm: Crm, shop: Shop) -> None:
    with crm.work("siti") as work:
        twin = add_customer(work, name="Dewi L.")
        third = add_customer(work, name="D. Lestari")
    with crm.system("test company") as work:
        work.session.get_one(Customer, twin.id).merged_into_id = shop.dewi
        work.session.get_one(Customer, third.id).merged_into_id = twin.id
    with crm.work("siti") as work:
        assert customer_card(work, third.code).person.code == shop.code


def test_customers_merged_in_a_ring_are_nobody(crm: Crm, shop: Shop) -> None:
    with crm.system("test company") as work:
        work.session.get_one(Customer, shop.dewi).merged_into_id = shop.dewi
    with crm.work("siti") as work, pytest.raises(CustomerNotVisible):
        customer_card(work, shop.code)


def test_the_newest_word_on_a_channel_is_in_force_and_wrong_numbers_are_marked(crm: Crm, shop: Shop) -> None:
    with crm.system("test company") as work:
        for days, channel, granted in [
            (3, Channel.EMAIL, True),
            (1, Channel.EMAIL, False),
            (2, Channel.WHATSAPP, True),
        ]:
            at = work.now - timedelta(days=days)
            work.session.add(Consent(customer_id=shop.dewi, channel=channel, granted=granted, source="telepon", at=at))
        work.session.scalars(select(CustomerPhone).order_by(CustomerPhone.position)).all()[-1].wrong_at = work.now
    card = card_of(crm, shop)
    assert {(each.channel, each.granted) for each in card.consents} == {
        (Channel.EMAIL, False),
        (Channel.WHATSAPP, True),
    }
    assert [phone.wrong for phone in card.phones] == [False, True]


# How active they are

RULE = ActivityRule()


@pytest.mark.parametrize(
    ("days_ago", "status", "since"),
    [
        ([5], "two_weeks", date(2026, 11, 19)),
        ([5, 18], "two_weeks", date(2026, 11, 6)),  # bought again before two weeks were over
        ([5, 20], "two_weeks", date(2026, 11, 4)),  # it lasts 14 days, and the 15th brought an order
        ([5, 21], "two_weeks", date(2026, 11, 19)),
        ([15], "one_month", date(2026, 11, 24)),
        ([20, 22], "one_month", date(2026, 11, 19)),
        ([60], "six_months", date(2026, 10, 26)),
        ([400], "lapsed", date(2026, 4, 21)),
    ],
)
def test_a_status_began_on_the_day_it_was_entered(days_ago: list[int], status: str, since: date) -> None:
    days = [TODAY - timedelta(days=each) for each in days_ago]
    standing = standing_of(days, RULE, today=TODAY, known_since=TODAY)
    assert (standing.status, standing.since) == (ActivityStatus(status), since)
    assert standing.last == days[0]


@given(
    st.lists(st.integers(min_value=0, max_value=420), min_size=1, max_size=8, unique=True),
    st.builds(ActivityRule, st.integers(1, 40), st.integers(1, 3), st.integers(1, 8)),
)
def test_it_is_the_day_from_which_on_every_day_had_this_status(days_ago: list[int], rule: ActivityRule) -> None:
    days = sorted((TODAY - timedelta(days=each) for each in days_ago), reverse=True)

    def status_on(day: date) -> ActivityStatus:
        return rule.status(next((each for each in days if each <= day), None), as_of=day)

    standing = standing_of(days, rule, today=TODAY, known_since=days[-1])
    first = TODAY
    while status_on(first - timedelta(days=1)) is standing.status:
        first -= timedelta(days=1)
    assert standing.status is status_on(TODAY)
    assert standing.since == first


@pytest.mark.parametrize(
    ("days_ago", "gap"),
    [([], None), ([3], None), ([3, 10], None), ([3, 10, 30], 14), ([0, 10, 20, 21], 10), ([0, 0, 9], None)],
)
def test_a_habit_needs_three_orders(days_ago: list[int], gap: int | None) -> None:
    days = list(dict.fromkeys(TODAY - timedelta(days=each) for each in days_ago))
    assert usual_gap(days) == gap


def test_status_follows_the_orders_that_count(crm: Crm, shop: Shop, order: Ordering) -> None:
    order(40, shop.suit)
    order(3, shop.tea, status=OrderStatus.CANCELLED)
    standing = card_of(crm, shop).standing
    assert (standing.status, standing.last) == (ActivityStatus.SIX_MONTHS, date(2026, 10, 15))


# What they bought


def test_sums_tell_sold_and_returned_apart_and_never_mix_currencies(crm: Crm, shop: Shop, order: Ordering) -> None:
    order(70, shop.suit)
    order(40, shop.pan, status=OrderStatus.CANCELLED)
    back = order(35, shop.tea)
    foreign = order(2, shop.pan)
    with crm.work("siti") as work:
        return_pieces(work, line_of(crm, back), 1, reason="tidak cocok")
    with crm.system("test company") as work:
        work.session.get_one(Order, foreign).currency = "USD"
    rupiah, dollars = card_of(crm, shop).sums
    assert (rupiah.currency, rupiah.orders, rupiah.counting) == ("IDR", 2, 1)
    assert (rupiah.sold, rupiah.returned, rupiah.difference) == (598_000, 99_000, 499_000)
    assert (rupiah.kept, rupiah.average) == (499_000, 499_000)
    assert (dollars.currency, dollars.orders, dollars.sold, dollars.returned) == ("USD", 1, 299_000, 0)


def test_a_month_is_the_companys_own(crm: Crm, clock: FrozenClock, shop: Shop, order: Ordering) -> None:
    midnight = datetime(2026, 10, 31, 17, 0, tzinfo=UTC)  # in Jakarta the first minute of November
    order((clock.now - midnight).total_seconds() / 86400, shop.suit)
    order((clock.now - midnight).total_seconds() / 86400 + 1e-4, shop.tea)
    order(24 * 31, shop.pan)
    (sums,) = card_of(crm, shop).sums
    assert [month.first for month in sums.months[-2:]] == [date(2026, 10, 1), date(2026, 11, 1)]
    assert [month.amount for month in sums.months[-2:]] == [99_000, 499_000]
    assert len(sums.months) == 24
    assert sum(month.amount for month in sums.months) == 598_000  # the pan is older than that
    assert sums.sold == 897_000


def test_orders_after_today_do_not_exist(crm: Crm, shop: Shop, order: Ordering) -> None:
    number = order(3, shop.suit)
    with crm.system("test company") as work:
        future = work.now + timedelta(days=2)
        work.session.get_one(Order, number).ordered_at = future
        work.session.get_one(OrderLine, line_of(crm, number)).ordered_at = future
    card = card_of(crm, shop)
    assert card.standing.status is ActivityStatus.PROSPECT
    assert (card.sums, card.purchases) == ([], [])
    assert EntryKind.ORDER not in {entry.kind for entry in card.timeline.entries}


def test_purchases_tell_times_pieces_and_the_newest_answer(crm: Crm, shop: Shop, order: Ordering) -> None:
    first = order(70, shop.suit)
    order(40, shop.suit, shop.tea)
    order(9, shop.tea, status=OrderStatus.CANCELLED)
    with crm.work("siti") as work:
        record_response(work, line_of(crm, first), rating=3, text="Lumayan")
        record_response(work, line_of(crm, first), rating=5, text="Bagus sekali")
    suit, tea = card_of(crm, shop).purchases
    assert (suit.code, suit.category, suit.times, suit.pieces, suit.amount) == ("SUIT", "Pelangsing", 2, 2, 998_000)
    assert (suit.last_on, suit.rating, suit.answer) == (date(2026, 10, 15), 5, "Bagus sekali")
    assert (suit.follow_up, suit.due_on) == (FollowUpState.OPEN, date(2026, 11, 15))
    assert (tea.times, tea.pieces, tea.rating, tea.answered_on) == (1, 1, None, None)
    assert suit.line_id is not None
    with crm.work("siti") as work:
        assert work.session.get_one(OrderLine, suit.line_id).product_id == shop.suit


def test_only_the_newest_purchases_are_shown_until_all_are_asked_for(crm: Crm, shop: Shop, order: Ordering) -> None:
    order(9, shop.suit)
    order(5, shop.pan)
    order(7, shop.tea)
    card = card_of(crm, shop, purchase_limit=2)
    assert [row.code for row in card.purchases] == ["PAN", "TEA"]
    assert card.products == 3


def test_stated_interests_stand_apart_from_those_the_purchases_tell(crm: Crm, shop: Shop, order: Ordering) -> None:
    order(30, shop.suit)
    assert [row for row in card_of(crm, shop).interests if row.origin is InterestOrigin.DERIVED] == []
    order(20, shop.tea)
    order(10, shop.pan)
    with crm.work("siti") as work:
        add_interest(work, shop.dewi, product_id=shop.pan)
        add_interest(work, shop.dewi, product_id=shop.tea)
    with crm.work("siti") as work:
        withdraw_interest(work, work.session.scalars(select(Interest.id).order_by(Interest.id)).all()[-1])
    stated, derived = card_of(crm, shop).interests
    assert (stated.origin, stated.product, stated.product_id) == (InterestOrigin.STATED, "Wajan Granit", shop.pan)
    assert (derived.origin, derived.category, derived.orders, derived.id) == (
        InterestOrigin.DERIVED,
        "Pelangsing",
        2,
        None,
    )


def test_products_and_categories_are_found_to_care_about(crm: Crm, shop: Shop) -> None:
    with crm.work("siti") as work:
        assert [(each.name, bool(each.category_id)) for each in interest_choices(work, "sli")] == [
            ("Slim Suit", False),
            ("Slimming Tea", False),
        ]
        assert [each.category_id for each in interest_choices(work, "pelang")] == [shop.slimming]
        assert [each.product_id for each in interest_choices(work, "pan")] == [shop.pan]
        assert interest_choices(work, " ") == []
        assert interest_choices(work, "%") == []


def test_what_is_owed_is_open_and_not_expired(crm: Crm, shop: Shop, order: Ordering) -> None:
    order(200, shop.pan)  # was due five months ago: nobody asks any more
    asked = order(40, shop.suit)
    order(33, shop.tea)
    with crm.work("siti") as work:
        receipt = record_response(work, line_of(crm, asked), rating=1, text="Rusak")
    card = card_of(crm, shop)
    assert [row.product for row in card.follow_ups] == ["Slimming Tea"]
    assert [(row.kind, row.text) for row in card.complaints] == [("low_rating", "Rusak")]
    assert receipt.complaint_id is not None
    with crm.work("siti") as work:
        solve_complaint(work, receipt.complaint_id, solution="Diganti baru")
    assert card_of(crm, shop).complaints == []


# What took place


@pytest.fixture
def busy(crm: Crm, clock: FrozenClock, shop: Shop, order: Ordering) -> None:
    """One of everything, several of them at one instant."""
    bought = order(40, shop.suit, shop.tea)
    now = clock.now
    clock.now = now - timedelta(days=3)
    with crm.work("siti") as work:
        record_response(work, line_of(crm, bought), rating=2, text="Kebesaran")
        record_contact(work, shop.dewi, channel=Channel.PHONE, outcome=Outcome.REACHED, note="Minta tukar ukuran")
        for text in ("pertama", "kedua", "ketiga"):
            add_note(work, shop.dewi, text)
    clock.now = datetime(2026, 12, 3, 3, 0, tzinfo=UTC)
    with crm.work("siti") as work:
        greet_customer(work, shop.dewi, channel=Channel.WHATSAPP, birthday_on=date(2026, 12, 3))


def test_the_timeline_holds_everything_newest_first(crm: Crm, shop: Shop, busy: None) -> None:
    entries = card_of(crm, shop).timeline.entries
    assert {entry.kind for entry in entries} == set(EntryKind)
    assert [entry.at for entry in entries] == sorted((entry.at for entry in entries), reverse=True)
    by_kind = {entry.kind: entry for entry in reversed(entries)}
    assert by_kind[EntryKind.GREETING].channel is Channel.WHATSAPP
    assert by_kind[EntryKind.NOTE].text == "ketiga"
    assert by_kind[EntryKind.CONTACT].outcome is Outcome.REACHED
    assert by_kind[EntryKind.CONTACT].text == "Minta tukar ukuran"
    response = by_kind[EntryKind.RESPONSE]
    assert (response.rating, response.text, response.product) == (2, "Kebesaran", "Slim Suit")
    assert by_kind[EntryKind.COMPLAINT].complaint_kind == "low_rating"
    bought = by_kind[EntryKind.ORDER]
    assert (bought.status, bought.amount, bought.more_products) == (OrderStatus.DELIVERED, 598_000, 0)
    assert bought.products == (("Slim Suit", 1), ("Slimming Tea", 1))
    owner = by_kind[EntryKind.OWNER]
    assert (owner.from_owner, owner.to_owner, owner.by) == (None, "Siti Rahayu", "Siti Rahayu")
    assert {entry.by for entry in entries} == {"Siti Rahayu"}


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_pages_of_the_timeline_are_the_whole_of_it(crm: Crm, shop: Shop, busy: None, size: int) -> None:
    with crm.work("siti") as work:
        whole = timeline_of(work, shop.dewi, limit=100)
        assert whole.after is None
        found, after = [], None
        while True:
            page = timeline_of(work, shop.dewi, after=after, limit=size)
            found += page.entries
            if page.after is None:
                break
            after = Cursor.read(str(page.after))
    assert found == whole.entries
    assert len({(entry.kind, entry.id) for entry in found}) == len(found)


def test_a_timeline_of_some_kinds_holds_only_those(crm: Crm, shop: Shop, busy: None) -> None:
    with crm.work("siti") as work:
        notes = timeline_of(work, shop.dewi, kinds=[EntryKind.NOTE])
        assert [entry.text for entry in notes.entries] == ["ketiga", "kedua", "pertama"]
        two = timeline_of(work, shop.dewi, kinds=[EntryKind.RESPONSE, EntryKind.COMPLAINT], limit=1)
        assert two.after is not None
        rest = timeline_of(work, shop.dewi, kinds=[EntryKind.RESPONSE, EntryKind.COMPLAINT], after=two.after)
    assert [entry.kind for entry in two.entries + rest.entries] == [EntryKind.RESPONSE, EntryKind.COMPLAINT]


def test_a_large_order_is_told_in_short(crm: Crm, shop: Shop, order: Ordering) -> None:
    order(1, shop.suit, shop.tea, shop.pan, shop.suit, shop.tea)
    entry = next(entry for entry in card_of(crm, shop).timeline.entries if entry.kind is EntryKind.ORDER)
    assert entry.products == (("Slim Suit", 1), ("Slimming Tea", 1), ("Wajan Granit", 1))
    assert entry.more_products == 2
    assert entry.amount == 1_495_000


@pytest.mark.parametrize("text", ["", "x", "2026-11-24|1|1", "2026-11-24T00:00:00+00:00|a|1", "a|b|c|d"])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  its message is for nobody
        Cursor.read(text)


def test_it_takes_a_fixed_number_of_statements(crm: Crm, shop: Shop, order: Ordering) -> None:
    counted: list[str] = []

    def count(*_: object) -> None:
        counted.append("")

    def statements() -> int:
        with crm.work("siti") as work:
            assert work.rules
            counted.clear()
            customer_card(work, shop.code)
            return len(counted)

    order(50, shop.suit)
    event.listen(crm.engine, "before_cursor_execute", count)
    few = statements()
    for days in range(1, 40):
        order(days, shop.suit, shop.tea, shop.pan)
    assert statements() == few <= 10


def test_statements_of_one_customer_read_of_no_other(crm: Crm, shop: Shop, order: Ordering) -> None:
    number = order(3, shop.suit)
    with crm.work("siti") as work:
        other = add_customer(work, name="Andi Wijaya", phones=["0813-9999-888"])
        take_order(work, OrderForm(other.id, [LineForm(shop.tea)], intention="another"))
    with crm.work("budi") as work:
        add_customer(work, name="Rahasia Budi", phones=["0813-7777-666"])

    def read(username: str, customer_id: int, model: Any) -> set[int]:
        options = {"of_customer": customer_id}
        with crm.work(username) as work:
            return set(work.session.scalars(select(model), execution_options=options))

    assert read("siti", shop.dewi, Customer.id) == {shop.dewi}
    assert read("siti", shop.dewi, CustomerPhone.customer_id) == {shop.dewi}
    assert read("siti", shop.dewi, OrderLine.customer_id) == {shop.dewi}
    assert read("siti", shop.dewi, Order.id) == {number}
    assert read("siti", shop.dewi, OrderStatusChange.order_id) == {number}
    for somebody in ("budi", "siti"):
        with pytest.raises(CustomerNotVisible):
            read(somebody, shop.dewi if somebody == "budi" else 10**6, Order.id)
