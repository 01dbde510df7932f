"""Finding a customer or a product while typing, and what the narrow door lets through."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from ecrm_core.crm import Crm
from ecrm_core.models import AuditKind, AuditRecord, Customer, CustomerPhone, Product
from ecrm_core.queries import search
from ecrm_core.queries.search import CustomersFound, by_phone, find_customers, find_products
from ecrm_core.rules import ActivityStatus
from ecrm_core.services.customers import add_customer
from ecrm_core.services.orders import LineForm, OrderForm, take_order
from ecrm_core.services.products import add_category, add_product
from tests.conftest import FrozenClock


@pytest.fixture
def people(crm: Crm) -> dict[str, int]:
    """Six customers of Siti, three of Budi, one of nobody."""
    ids: dict[str, int] = {}

    def enter(who: str, *people: tuple[str, str, str]) -> None:
        with crm.work(who) as work:
            for name, city, phone in people:
                ids[name] = add_customer(work, name=name, city=city, phones=[phone] if phone else []).id

    enter(
        "siti",
        ("Dewi Lestari", "Bandung", "0812-3456-789"),
        ("Lestari Dewi", "Depok", "0813-1111-222"),
        ("Ni Made Dewi", "Denpasar", ""),
        ("José Nugroho", "Bogor", "0877 0000 111"),
        ("100% Murah_Jaya", "Bekasi", ""),
        ("Andewina", "Cimahi", ""),
    )
    enter(
        "budi",
        ("Dewi Anggraini", "Solo", "0856-7777-123"),
        ("Kadek Dewi", "Ubud", "0812-3456-000"),
        ("Zulkifli", "Medan", "+65 6123 4567"),
    )
    enter("ratna", ("Dewi Tanpa Pemilik", "Palu", "0899-1234-567"))
    return ids


def names(found: CustomersFound) -> list[str]:
    return [row.name for row in found]


def ask(crm: Crm, who: str, text: str, limit: int = 20) -> CustomersFound:
    with crm.work(who) as work:
        return find_customers(work, text, limit=limit)


EVERYBODY = {
    "name, its beginning first, then words, then fragments": (
        "dewi",
        [
            "Dewi Anggraini",
            "Dewi Lestari",
            "Dewi Tanpa Pemilik",
            "Kadek Dewi",
            "Lestari Dewi",
            "Ni Made Dewi",
            "Andewina",
        ],
    ),
    "words in any order": ("lest dewi", ["Dewi Lestari", "Lestari Dewi"]),
    "any case, any spaces": ("  DEWI   LeSt ", ["Dewi Lestari", "Lestari Dewi"]),
    "accents either way": ("josé", ["José Nugroho"]),
    "accents left out": ("jose", ["José Nugroho"]),
    "an accent too much": ("nügro", ["José Nugroho"]),
    "two letters: beginnings only": ("de", ["Dewi Anggraini", "Dewi Lestari", "Dewi Tanpa Pemilik"]),
    "one letter": ("z", ["Zulkifli"]),
    "a word and a letter": ("made d", ["Ni Made Dewi"]),
    "code": ("C000002", ["Lestari Dewi"]),
    "short code": ("c2", ["Lestari Dewi"]),
    "number of a code": ("0002", ["Lestari Dewi"]),
    "phone as written": ("0812-3456-789", ["Dewi Lestari"]),
    "phone with its country": ("+62 812 3456 789", ["Dewi Lestari"]),
    "phone with its country, no plus": ("628123456789", ["Dewi Lestari"]),
    "phone, zero eaten": ("8123456789", ["Dewi Lestari"]),
    "foreign phone": ("+6561234567", ["Zulkifli"]),
    "how a phone begins": ("08123", ["Kadek Dewi", "Dewi Lestari"]),
    "how a phone begins, in another spelling": ("+62 812 34", ["Kadek Dewi", "Dewi Lestari"]),
    "four digits are no phone": ("0812", []),
    "percent sign": ("100%", ["100% Murah_Jaya"]),
    "underscore": ("urah_j", ["100% Murah_Jaya"]),
    "underscore is itself": ("murah_jaya", ["100% Murah_Jaya"]),
    "wild cards match nothing else": ("d_wi", []),
    "percent alone": ("%", []),
    "backslash": ("dew\\i", []),
    "quote": ("'; --", []),
    "nothing": ("   ", []),
    "a control character": ("de\0wi ang", ["Dewi Anggraini"]),
    "nobody": ("xyzzy", []),
}


@pytest.mark.parametrize(("text", "expected"), EVERYBODY.values(), ids=EVERYBODY.keys())
def test_a_manager_finds_everybody(crm: Crm, people: dict[str, int], text: str, expected: list[str]) -> None:
    found = ask(crm, "ratna", text)
    assert names(found) == expected
    assert (found.more, found.throttled, found.door) == (False, False, 0)
    assert not any(row.reduced for row in found)


@pytest.mark.parametrize("sorted_at_most", [5_000, 2])
def test_the_order_is_the_same_where_there_are_many(
    crm: Crm, people: dict[str, int], monkeypatch: pytest.MonkeyPatch, sorted_at_most: int
) -> None:
    monkeypatch.setattr(search, "SORTED", sorted_at_most)
    expected = EVERYBODY["name, its beginning first, then words, then fragments"]
    assert names(ask(crm, "ratna", expected[0])) == expected[1]
    assert names(ask(crm, "ratna", "dewi", limit=4)) == expected[1][:4]
    assert ask(crm, "ratna", "dewi", limit=4).more
    assert set(names(ask(crm, "ratna", "dewi l"))) == {"Dewi Lestari", "Lestari Dewi", "Dewi Tanpa Pemilik"}
    assert names(ask(crm, "ratna", "dewi l"))[0] == "Dewi Lestari"


def test_a_telemarketer_finds_own_customers_first_and_five_others(crm: Crm, people: dict[str, int]) -> None:
    found = ask(crm, "siti", "dewi")
    assert names(found) == [
        "Dewi Lestari",
        "Lestari Dewi",
        "Ni Made Dewi",
        "Andewina",
        "Dewi Anggraini",
        "Dewi Tanpa Pemilik",
        "Kadek Dewi",
    ]
    assert (found.door, found.more, found.throttled) == (3, False, False)
    own, other, free = found[0], found[4], found[5]
    assert (own.phone, own.owner_is_me, own.reduced, own.status) == ("0812-3456-789", True, False, "prospect")
    assert (other.code, other.city, other.phone) == ("C000007", "Solo", "0856-••••-•23")
    assert (other.owner_name, other.owner_is_me, other.reduced) == ("Budi Santoso", False, True)
    assert (other.last_activity, other.status) == (None, None)
    assert free.owner_name is None
    assert free.reduced


def test_at_most_five_of_others_whatever_is_asked(crm: Crm, people: dict[str, int]) -> None:
    with crm.work("budi") as work:
        for number in range(9):
            add_customer(work, name=f"Rina {number}")
    found = ask(crm, "siti", "rina")
    assert names(found) == [f"Rina {number}" for number in range(5)]
    assert (found.door, found.more) == (5, True)
    assert ask(crm, "siti", "rina", limit=3).door == 3
    assert ask(crm, "budi", "rina", limit=5).more
    assert ask(crm, "budi", "rina", limit=9).door == 0


THROUGH_THE_DOOR = {
    "three letters": ("kad", ["Kadek Dewi"]),
    "two letters": ("ka", []),
    "two letters and two": ("ka de", []),
    "code": ("c8", ["Kadek Dewi"]),
    "unknown code": ("c999", []),
    "phone": ("62 812 3456 000", ["Kadek Dewi"]),
    "how a phone begins": ("081234560", []),
}


@pytest.mark.parametrize(("text", "expected"), THROUGH_THE_DOOR.values(), ids=THROUGH_THE_DOOR.keys())
def test_the_door_is_narrow(crm: Crm, people: dict[str, int], text: str, expected: list[str]) -> None:
    assert [row.name for row in ask(crm, "siti", text) if row.reduced] == expected


def test_own_customers_are_found_by_any_letter_and_phone_beginning(crm: Crm, people: dict[str, int]) -> None:
    assert names(ask(crm, "siti", "j")) == ["José Nugroho", "100% Murah_Jaya"]
    assert names(ask(crm, "siti", "08123")) == ["Dewi Lestari"]
    assert names(ask(crm, "siti", "c1")) == ["Dewi Lestari"]


def test_an_exact_code_of_somebody_else_comes_before_own_fragments(crm: Crm, people: dict[str, int]) -> None:
    with crm.work("siti") as work:
        add_customer(work, name="Toko C8 Makmur")
    assert names(ask(crm, "siti", "c8")) == ["Kadek Dewi", "Toko C8 Makmur"]


def test_a_merged_customer_is_not_found(crm: Crm, people: dict[str, int]) -> None:
    with crm.system("test company") as work:
        work.session.get_one(Customer, people["Dewi Lestari"]).merged_into_id = people["Lestari Dewi"]
    for who in ("siti", "budi", "ratna"):
        for text in ("dewi lest", "c1", "08123456789", "08123456"):
            assert "Dewi Lestari" not in names(ask(crm, who, text)), (who, text)
    with crm.work("ratna") as work:
        assert names(by_phone(work, "0812-3456-789")) == []


def test_rows_say_when_somebody_bought(crm: Crm, people: dict[str, int], clock: FrozenClock) -> None:
    with crm.work("agus") as work:
        suit = add_product(work, code="SUIT", name="Slim Suit", price=Decimal(499_000)).id
    with crm.work("siti") as work:
        take_order(work, OrderForm(people["Dewi Lestari"], [LineForm(suit)], "1"))
        today = work.today
    (row,) = ask(crm, "siti", "0812-3456-789")
    assert (row.last_activity, row.status) == (today, ActivityStatus.TWO_WEEKS)
    clock.advance(days=40)
    (row,) = ask(crm, "ratna", "0812-3456-789")
    assert (row.last_activity, row.status, row.owner_name) == (today, ActivityStatus.SIX_MONTHS, "Siti Rahayu")


def test_a_number_known_to_be_wrong_is_not_shown(crm: Crm, people: dict[str, int]) -> None:
    with crm.system("test company") as work:
        wrong = select(CustomerPhone).where(CustomerPhone.customer_id == people["Dewi Lestari"])
        work.session.scalars(wrong).one().wrong_at = work.now
    assert ask(crm, "siti", "c1")[0].phone is None


# --- On record ---


def records(crm: Crm) -> list[AuditRecord]:
    with crm.work("ratna") as work:
        statement = select(AuditRecord).where(AuditRecord.kind == AuditKind.REDUCED_SEARCH)
        return list(work.session.scalars(statement.order_by(AuditRecord.id)))


def test_a_look_through_the_door_is_on_record(crm: Crm, people: dict[str, int]) -> None:
    ask(crm, "siti", "kadek")
    ask(crm, "siti", "de")  # own ones only
    ask(crm, "ratna", "kadek")  # sees everybody
    (record,) = records(crm)
    assert record.facts == {"asked": "kadek", "shown": ["C000008"], "looks": 1}
    with crm.work("siti") as work:
        assert record.by_id == work.actor.employee_id
        assert work.session.scalars(select(AuditRecord)).all() == []


def test_typing_on_is_one_look(crm: Crm, people: dict[str, int], clock: FrozenClock) -> None:
    for text in ("dew", "dewi", "dewi ", "dewi an"):
        ask(crm, "siti", text)
        clock.advance(seconds=4)
    ask(crm, "siti", "dewi")  # taken back: another look
    clock.advance(seconds=11)
    ask(crm, "siti", "dewi a")  # too late to go on
    first, back, late = records(crm)
    assert first.facts == {"asked": "dewi an", "shown": ["C000007", "C000010", "C000008"], "looks": 4}
    assert (back.facts["asked"], late.facts["asked"]) == ("dewi", "dewi a")


def test_thirty_looks_a_minute_then_own_rows_only(crm: Crm, people: dict[str, int], clock: FrozenClock) -> None:
    for number in range(30):
        assert not ask(crm, "siti", f"kad{chr(97 + number % 26)}{number}").throttled
    stopped = ask(crm, "siti", "dewi")
    assert stopped.throttled
    assert stopped.door == 0
    assert names(stopped) == ["Dewi Lestari", "Lestari Dewi", "Ni Made Dewi", "Andewina"]
    with crm.work("siti") as work:
        alone = by_phone(work, "0856-7777-123")
        assert (names(alone), alone.throttled) == ([], True)
    assert not ask(crm, "siti", "de").throttled
    assert not ask(crm, "budi", "lestari").throttled
    assert len(records(crm)) == 31
    clock.advance(seconds=61)
    assert ask(crm, "siti", "dewi").door == 3


# --- By phone, products ---


def test_a_number_finds_one_several_or_nobody(crm: Crm, people: dict[str, int]) -> None:
    with crm.work("budi") as work:
        add_customer(work, name="Suami Dewi", phones=["0812 3456 789"])
    with crm.work("siti") as work:
        both = by_phone(work, "62812-3456-789")
        assert [(row.name, row.reduced) for row in both] == [("Dewi Lestari", False), ("Suami Dewi", True)]
        assert both[1].phone == "0812-••••-•89"
        assert names(by_phone(work, "0877 0000 111")) == ["José Nugroho"]
        assert names(by_phone(work, "0811-0000-000")) == names(by_phone(work, "bukan nomor")) == []
    with crm.work("ratna") as work:
        assert [row.reduced for row in by_phone(work, "08123456789")] == [False, False]
    assert [record.facts["asked"] for record in records(crm)] == ["+628123456789", "+628770000111", "+628110000000"]


def test_products_on_sale_by_code_or_name(crm: Crm) -> None:
    with crm.work("agus") as work:
        kitchen = add_category(work, "Dapur")
        for code, name, stock in (
            ("PAN", "Wajan Granit", 10),
            ("PAN2", "Panci", None),
            ("X1", "Granit Pan 5%", 0),
            ("PANOLD", "Panci Lama", 3),
        ):
            product = add_product(work, code=code, name=name, price=Decimal(299_000), category_id=kitchen, stock=stock)
        work.session.get_one(Product, product.id).active = False
    with crm.work("siti") as work:
        assert [row.code for row in find_products(work, "pan")] == ["PAN", "PAN2", "X1"]
        assert [row.code for row in find_products(work, "granit pan")] == ["X1", "PAN"]
        assert [row.code for row in find_products(work, "5%")] == ["X1"]
        assert [row.code for row in find_products(work, "%")] == ["X1"]
        assert [row.code for row in find_products(work, "pan", limit=1)] == ["PAN"]
        assert find_products(work, " ") == []
        (row,) = find_products(work, "wajan")
        assert (row.name, row.price, row.currency, row.stock, row.category) == (
            "Wajan Granit",
            Decimal(299_000),
            "IDR",
            10,
            "Dapur",
        )
