"""The customers list: the same rows as a plain look at each customer gives, in the same order, on both databases."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

import ecrm_core as ecrm
from ecrm_core.crm import Crm
from ecrm_core.models import (
    Category,
    Customer,
    CustomerPhone,
    Employee,
    FollowUp,
    Interest,
    InterestOrigin,
    Order,
    OrderLine,
    Product,
    folded,
)
from ecrm_core.models.orders import FollowUpState
from ecrm_core.queries import customer_list
from ecrm_core.queries.customer_list import (
    NOBODY,
    SORTS,
    Count,
    CustomerFilters,
    CustomerRow,
    CustomerSort,
    cities,
    customer_count,
    customer_page,
    neighbours,
    owners,
    status_counts,
)
from ecrm_core.rules import ActivityStatus
from ecrm_core.services.overview import status_overview
from tests.conftest import FrozenClock

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
JAKARTA = ZoneInfo("Asia/Jakarta")
FIRST = ["Dewi", "Andi", "Sri", "José", "Rina", "Siti"]
LAST = ["Lestari", "Wijaya", "Mulyani", "Santoso", "Ayu 100%"]
BY_NAME = CustomerSort()
CITIES = ["Bandung", "Surabaya", "bandar Lampung", None]


@dataclass(frozen=True)
class Known:
    """A customer as the test made them."""

    id: int
    code: str
    name: str
    city: str | None
    month: int | None
    owner: str | None
    phones: tuple[str, ...]
    bought: frozenset[str]
    liked: frozenset[str]
    kitchen: int
    """In how many orders something for the kitchen was bought."""
    due: date | None
    last: date | None
    merged: bool


def employees(crm: Crm) -> dict[str, int]:
    with crm.system("test company") as work:
        return {employee.username: employee.id for employee in work.session.scalars(select(Employee))}


class Book:
    """A company of some customers, and a plain memory of each."""

    def __init__(self, crm: Crm, count: int = 60, seed: int = 4) -> None:
        self.chance = random.Random(seed)
        self.crm = crm
        self.known: dict[int, Known] = {}
        staff = employees(crm)
        with crm.system("test company") as work:
            self.add = work.session.add
            self.flush = work.session.flush
            kitchen = Category(name="Dapur")
            self.add(kitchen)
            self.flush()
            self.products = {
                code: Product(
                    code=code,
                    name=code.title(),
                    category_id=kitchen.id if code != "SUIT" else None,
                    price=Decimal(1000),
                    currency="IDR",
                    created_at=NOW,
                )
                for code in ("SUIT", "PAN", "POT")
            }
            for product in self.products.values():
                self.add(product)
            self.flush()
            self.kitchen = kitchen.id
            for number in range(1, count + 1):
                self.customer(number, self.chance.choice(["siti", "siti", "budi", None]), staff)

    def customer(self, number: int, owner: str | None, staff: dict[str, int]) -> None:
        chance = self.chance
        # Merging takes along what hangs on a customer.
        merged = bool(self.known) and chance.random() < 0.05
        customer = Customer(
            code=f"C{number:06}",
            name=f"{chance.choice(FIRST)}  {chance.choice(LAST)}",
            city=chance.choice(CITIES),
            birth_month=chance.choice([None, 2, 11, 12]),
            birth_day=5,
            owner_id=staff[owner] if owner else None,
            created_at=NOW,
        )
        self.add(customer)
        self.flush()
        phones = [f"+62812{chance.randrange(10**6, 10**7)}" for _ in range(chance.choice([0, 1, 1, 2]))]
        wrong = chance.random() < 0.2
        for position, e164 in enumerate(phones):
            self.add(
                CustomerPhone(
                    customer_id=customer.id,
                    e164=e164,
                    typed=e164,
                    position=position,
                    wrong_at=NOW if wrong and position == 0 else None,
                )
            )
        bought, counted, owed, cooked = set(), [], [], 0
        for _ in range(0 if merged else chance.choice([0, 0, 1, 1, 2, 4])):
            code = chance.choice(list(self.products))
            days = chance.choice([0, 1, 14, 15, 24, 25, 31, 32, 60, 184, 185, 300, -1, -40])
            at = NOW - timedelta(days=days)
            void = chance.random() < 0.15
            line = self.line(customer.id, code, at, void_at=at if void else None)
            if days >= 0 and not void:
                bought.add(code)
                cooked += code != "SUIT"
                counted.append(at.astimezone(JAKARTA).date())
            if not void and chance.random() < 0.6:
                due = TODAY + timedelta(days=chance.choice([-70, -3, 0, 1, 9]))
                expires = due + timedelta(days=60)
                state = chance.choice([FollowUpState.OPEN, FollowUpState.OPEN, FollowUpState.ANSWERED])
                self.add(
                    FollowUp(
                        line_id=line.id,
                        customer_id=customer.id,
                        product_id=line.product_id,
                        due_on=due,
                        expires_on=expires,
                        state=state,
                    )
                )
                if state is FollowUpState.OPEN and expires >= TODAY:
                    owed.append(due)
            if not void and (customer.last_activity_at is None or at > customer.last_activity_at):
                customer.last_activity_at = at
        liked = set()
        for code in ("SUIT", "PAN", None):
            if chance.random() < 0.2:
                withdrawn = chance.random() < 0.3
                self.add(
                    Interest(
                        customer_id=customer.id,
                        product_id=self.products[code].id if code else None,
                        category_id=None if code else self.kitchen,
                        origin=InterestOrigin.STATED,
                        at=NOW,
                        withdrawn_at=NOW if withdrawn else None,
                    )
                )
                if not withdrawn:
                    liked |= {code} if code else {"PAN", "POT"}
        if merged:
            customer.merged_into_id = min(self.known)
        self.known[customer.id] = Known(
            customer.id,
            customer.code,
            customer.name,
            customer.city,
            customer.birth_month,
            owner,
            tuple(phones[1:] if wrong else phones),
            frozenset(bought),
            frozenset(liked),
            cooked,
            min(owed, default=None),
            max(counted, default=None),
            merged,
        )

    def line(self, customer_id: int, code: str, at: datetime, void_at: datetime | None = None) -> OrderLine:
        order = Order(
            number=f"{self.chance.random()}", customer_id=customer_id, ordered_at=at, currency="IDR", created_at=NOW
        )
        self.add(order)
        self.flush()
        line = OrderLine(
            order_id=order.id,
            customer_id=customer_id,
            product_id=self.products[code].id,
            ordered_at=at,
            quantity=1,
            unit_price=Decimal(1000),
            amount=Decimal(1000),
            void_at=void_at,
        )
        self.add(line)
        self.flush()
        return line

    def seen(self, username: str) -> list[Known]:
        return [
            each
            for each in self.known.values()
            if not each.merged and (username in ("ratna", "agus") or each.owner == username)
        ]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def book(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Book]:
    """One company for all tests that only read it, on each database in turn."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("book") / "company.db"
        shutil.copy(sqlite_template, path)
        address = f"sqlite:///{path}"
    else:
        address = request.getfixturevalue("new_postgres")(request.getfixturevalue("postgres_template"))
    crm = ecrm.connect(address, clock=FrozenClock())
    yield Book(crm)
    crm.close()


@pytest.fixture(params=[20_000, 3], ids=["ordered when found", "walked in order"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of reading a list must say the same."""
    monkeypatch.setattr(customer_list, "DRIVEN", request.param)
    monkeypatch.setattr(customer_list, "SIZED", request.param)
    monkeypatch.setattr(customer_list, "GATHERED", request.param)
    monkeypatch.setattr(customer_list, "PAGE", 16)


def whole(crm: Crm, username: str, filters: CustomerFilters, sort: CustomerSort = BY_NAME) -> list[CustomerRow]:
    """Page after page of a list."""
    rows: list[CustomerRow] = []
    number = 0
    while True:
        number += 1
        with crm.work(username) as work:
            page = customer_page(work, filters, sort, number)
        assert page.page == number or not page.rows
        rows += page.rows
        if page.last:
            return rows


def status_of(known: Known) -> ActivityStatus:
    last = known.last
    if last is None:
        return ActivityStatus.PROSPECT
    for status, first in (
        (ActivityStatus.TWO_WEEKS, date(2026, 11, 10)),
        (ActivityStatus.ONE_MONTH, date(2026, 10, 24)),
        (ActivityStatus.SIX_MONTHS, date(2026, 5, 24)),
    ):
        if last >= first:
            return status
    return ActivityStatus.LAPSED


def is_due(known: Known) -> bool:
    return known.due is not None and known.due <= TODAY


FILTERS: dict[str, tuple[CustomerFilters, Callable[[Known], bool]]] = {
    "everybody": (CustomerFilters(), lambda _: True),
    "name": (CustomerFilters(text="estar"), lambda each: "estar" in folded(each.name)),
    "two words": (CustomerFilters(text="wija An"), lambda each: {"wija", "an"} <= fragments(each, "wija", "an")),
    "two letters": (CustomerFilters(text="ri"), lambda each: "ri" in folded(each.name)),
    "accents": (CustomerFilters(text="jose"), lambda each: "jose" in folded(each.name)),
    "wild": (CustomerFilters(text="100%"), lambda each: "100%" in each.name),
    "wilder": (CustomerFilters(text="a_u"), lambda _: False),
    "status": (CustomerFilters(status=ActivityStatus.ONE_MONTH), lambda each: status_of(each) == "one_month"),
    "lapsed": (CustomerFilters(status=ActivityStatus.LAPSED), lambda each: status_of(each) == "lapsed"),
    "recent": (CustomerFilters(status=ActivityStatus.TWO_WEEKS), lambda each: status_of(each) == "two_weeks"),
    "prospects": (CustomerFilters(status=ActivityStatus.PROSPECT), lambda each: each.last is None),
    "city": (CustomerFilters(city="Bandung"), lambda each: each.city == "Bandung"),
    "birthday": (CustomerFilters(birth_month=11), lambda each: each.month == 11),
    "due": (CustomerFilters(due=True), is_due),
    "bought": (CustomerFilters(product="PAN"), lambda each: "PAN" in each.bought),
    "interested": (CustomerFilters(product="PAN", relation="interested"), lambda each: "PAN" in each.liked),
    "interested, no category": (
        CustomerFilters(product="SUIT", relation="interested"),
        lambda each: "SUIT" in each.liked,
    ),
    "category": (CustomerFilters(category=1), lambda each: bool(each.liked & {"PAN", "POT"}) or each.kitchen >= 2),
    "no such category": (CustomerFilters(category=77), lambda _: False),
    "no such product": (CustomerFilters(product="NONE"), lambda _: False),
    "together": (
        CustomerFilters(text="a", city="Surabaya", due=True, product="SUIT"),
        lambda each: each.city == "Surabaya" and is_due(each) and "SUIT" in each.bought and "a" in folded(each.name),
    ),
}


def fragments(known: Known, *words: str) -> set[str]:
    return {word for word in words if word in folded(known.name)}


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("username", ["siti", "ratna"])
def test_filters_leave_who_they_should(book: Book, username: str) -> None:
    for name, (filters, fits) in FILTERS.items():
        wanted = [each for each in book.seen(username) if fits(each)]
        wanted.sort(key=lambda each: (folded(each.name), each.id))
        assert [row.id for row in whole(book.crm, username, filters)] == [each.id for each in wanted], name
        with book.crm.work(username) as work:
            count = customer_count(work, filters)
        assert count.customers == Count(len(wanted)), name
        assert count.due == Count(sum(is_due(each) for each in wanted)), name


@pytest.mark.usefixtures("way")
def test_each_row_tells_what_is_known(book: Book) -> None:
    for row in whole(book.crm, "ratna", CustomerFilters()):
        known = book.known[row.id]
        assert (row.name, row.city, row.last_activity, row.follow_up_due) == (
            known.name,
            known.city,
            known.last,
            known.due,
        )
        assert row.status is status_of(known)
        assert (row.phone is None) == (not known.phones)
        if known.phones:
            assert row.phone is not None
            assert "".join(filter(str.isdigit, row.phone)) == f"0{known.phones[0].removeprefix('+62')}"
        assert row.owner == {"siti": "Siti Rahayu", "budi": "Budi Santoso", None: None}[known.owner]


KEYS: dict[str, Callable[[Known], Any]] = {
    "name": lambda each: folded(each.name),
    "code": lambda each: each.code,
    "city": lambda each: each.city,
    "phone": lambda each: each.phones[0] if each.phones else None,
    "activity": lambda each: each.last,
    "status": lambda each: list(ActivityStatus).index(status_of(each)) if each.last else None,
    "due": lambda each: each.due,
    "owner": lambda each: {"siti": 2, "budi": 1, None: None}[each.owner],
}


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("down", [False, True], ids=["up", "down"])
def test_every_column_sorts_both_ways_with_the_empty_last(book: Book, down: bool) -> None:
    assert set(KEYS) == set(SORTS)
    for filters in (CustomerFilters(), CustomerFilters(birth_month=11)):
        for username in ("siti", "ratna"):
            for key in SORTS:
                if key == "owner" and username == "siti":
                    continue
                rows = whole(book.crm, username, filters, CustomerSort(key, down))
                fitting = [each for each in book.seen(username) if filters.birth_month in (None, each.month)]
                assert sorted(row.id for row in rows) == sorted(each.id for each in fitting), key
                values = [KEYS[key](book.known[row.id]) for row in rows]
                there = [value for value in values if value is not None]
                if key == "city":  # each database has an alphabet of its own; capitals first, or not
                    assert len(set(there)) == 1 + sum(one != other for one, other in pairwise(there))
                else:
                    assert there == sorted(there, reverse=down), key
                assert values == there + [None] * (len(values) - len(there)), key


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("key", SORTS)
def test_neighbours_are_those_of_the_list(book: Book, key: str) -> None:
    for username, filters in (("siti", CustomerFilters()), ("ratna", CustomerFilters(birth_month=11))):
        for down in (False, True):
            sort = CustomerSort(key, down)
            rows = whole(book.crm, username, filters, sort)
            codes = [None, *(row.code for row in rows), None]
            with book.crm.work(username) as work:
                for place, row in enumerate(rows, 1):
                    if place % 3 == 2 and place < len(rows) - 2:
                        continue
                    found = neighbours(work, filters, sort, row.id)
                    assert (found.previous, found.next) == (codes[place - 1], codes[place + 1]), (place, row)
                    assert (found.position, found.count) == (place, Count(len(rows)))


def test_whoever_dropped_out_of_the_list_still_has_neighbours(crm: Crm) -> None:
    book = Book(crm)
    filters, sort = CustomerFilters(due=True), CustomerSort("name")
    rows = whole(book.crm, "ratna", filters, sort)
    gone = rows[3]
    with book.crm.system("test company") as work:
        for owed in work.session.scalars(select(FollowUp).where(FollowUp.customer_id == gone.id)):
            owed.state = FollowUpState.ANSWERED
    with book.crm.work("ratna") as work:
        found = neighbours(work, filters, sort, gone.id)
    assert (found.previous, found.next, found.position) == (rows[2].code, rows[4].code, None)
    assert found.count == Count(len(rows) - 1)


def test_a_colleagues_customer_has_no_neighbours(book: Book) -> None:
    other = next(each for each in book.known.values() if each.owner == "budi" and not each.merged)
    with book.crm.work("siti") as work:
        found = neighbours(work, CustomerFilters(), CustomerSort(), other.id)
    assert (found.previous, found.next, found.position) == (None, None, None)


@pytest.mark.usefixtures("way")
def test_statuses_are_counted_as_the_overview_counts_them(book: Book) -> None:
    for username in ("siti", "budi", "ratna"):
        with book.crm.work(username) as work:
            frame = status_overview(work, as_of=work.today)
            counted = status_counts(work)
        assert {str(status): count.number for status, count in counted.items()} == {
            str(status): int((frame["status"] == str(status)).sum()) for status in ActivityStatus
        }
        assert sum(count.number for count in counted.values()) == len(book.seen(username))


@pytest.mark.usefixtures("way")
def test_a_customer_is_found_by_code_and_phone(book: Book) -> None:
    known = next(each for each in book.seen("siti") if len(each.phones) == 2)
    local = f"0{known.phones[1].removeprefix('+62')}"
    spelled = f"{local[:4]}-{local[4:8]}-{local[8:]}"
    for text in (known.code, known.code.lower(), str(known.id), local, spelled, known.phones[1], local[:9]):
        for username in ("siti", "ratna"):
            assert known.code in [row.code for row in whole(book.crm, username, CustomerFilters(text=text))], text
        assert known.code not in [row.code for row in whole(book.crm, "budi", CustomerFilters(text=text))]
    assert whole(book.crm, "ratna", CustomerFilters(text="0812")) != []
    assert whole(book.crm, "ratna", CustomerFilters(text="0899")) == []


@pytest.mark.usefixtures("way")
def test_staff_narrow_down_by_owner(book: Book) -> None:
    for owner, wanted in (("siti", "siti"), (NOBODY, None)):
        rows = whole(book.crm, "ratna", CustomerFilters(owner=owner))
        assert {row.id for row in rows} == {each.id for each in book.seen("ratna") if each.owner == wanted}
        with book.crm.work("ratna") as work:
            assert customer_count(work, CustomerFilters(owner=owner)).customers == Count(len(rows))
    assert whole(book.crm, "ratna", CustomerFilters(owner="ghost")) == []
    with book.crm.work("ratna") as work:
        assert owners(work) == [("budi", "Budi Santoso"), ("siti", "Siti Rahayu")]
    with book.crm.work("siti") as work:
        assert owners(work) == []


def test_a_telemarketer_gets_nothing_by_naming_a_colleague(book: Book) -> None:
    rows = whole(book.crm, "siti", CustomerFilters(owner="budi"))
    assert {row.id for row in rows} <= {each.id for each in book.seen("siti")}


def test_cities_are_suggested_of_ones_own_customers(crm: Crm) -> None:
    staff = employees(crm)
    towns = [*((city, "siti") for city in CITIES), ("Bandung", "siti"), ("Kabanjahe", "budi")]
    with crm.system("test company") as work:
        work.session.add_all(
            Customer(code=f"X{number}", name="Jauh", city=city, owner_id=staff[owner], created_at=NOW)
            for number, (city, owner) in enumerate(towns)
        )
    with crm.work("siti") as work:
        assert cities(work) == ["bandar Lampung", "Bandung", "Surabaya"]
        assert cities(work, "BAN") == ["bandar Lampung", "Bandung"]
        assert cities(work, "aba") == ["Surabaya"]
    with crm.work("ratna") as work:
        assert cities(work, "aba") == ["Kabanjahe", "Surabaya"]


def test_a_page_past_the_end_is_the_last_one(book: Book) -> None:
    with book.crm.work("ratna") as work:
        last = customer_page(work, CustomerFilters(), CustomerSort(), 99)
        assert last.last
        assert last.rows
        assert last.page == -(-len(book.seen("ratna")) // customer_list.PAGE)
        assert customer_page(work, CustomerFilters(text="zzzz"), CustomerSort(), 4).page == 1


def test_counting_ends_and_says_so(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(customer_list, "COUNTED", 20)
    monkeypatch.setattr(customer_list, "WALKED", 10)
    with book.crm.work("ratna") as work:
        assert customer_count(work).customers == Count(20, more=True)
        assert neighbours(work, CustomerFilters(), CustomerSort("code"), max(book.known)).position is None


def test_an_address_is_read_with_forgiveness_and_written_as_it_was() -> None:
    query = {
        "q": "dewi",
        "status": "one_month",
        "city": "Bandung",
        "birthday": "11",
        "due": "1",
        "product": "SUIT",
        "relation": "interested",
        "category": "3",
        "owner": "siti",
    }
    filters = CustomerFilters.from_query(query)
    assert filters.to_query() == query
    assert CustomerFilters.from_query({}) == CustomerFilters()
    assert not CustomerFilters()
    nonsense = {
        "status": "hot",
        "birthday": "13",
        "due": "yes",
        "relation": "sold",
        "category": "toys",
        "sort": "salary",
        "x": "y",
    }
    assert CustomerFilters.from_query(nonsense) == CustomerFilters()
    assert CustomerSort.from_query(nonsense) == CustomerSort()
    assert CustomerSort.from_query({"sort": "-city"}) == CustomerSort("city", down=True)
    assert CustomerSort("city", down=True).to_query() == {"sort": "-city"}
    assert CustomerSort().to_query() == {}
