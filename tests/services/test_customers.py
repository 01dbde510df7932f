"""Customers: what is kept of them, and what is refused."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from ecrm_core import models as m
from ecrm_core.crm import Crm
from ecrm_core.errors import ChangedMeanwhile, CustomerNotVisible, InvalidValue, UnknownEmployee
from ecrm_core.services.customers import (
    CustomerForm,
    add_customer,
    add_customers,
    add_interest,
    add_note,
    change_customer,
    withdraw_interest,
)
from tests.conftest import FrozenClock
from tests.services.conftest import Shop


def test_a_telemarketer_owns_whom_they_enter(crm: Crm) -> None:
    with crm.work("siti") as work:
        card = add_customer(
            work,
            name="  Rina   Kartika ",
            phones=["0811-111-111", "+62811111111", "", "0822 2222 222"],
            email=" Rina@Example.COM ",
            birth_date=(1990, 5, 17),
            owner="budi",
        )
        assert (card.code, card.owner_id) == ("C000001", work.employee_id)
    with crm.work("siti") as work:
        row = work.session.get_one(m.Customer, card.id)
        assert (row.email, row.birth_year, row.birthday) == ("rina@example.com", 1990, (5, 17))
        phones = work.session.scalars(select(m.CustomerPhone).order_by(m.CustomerPhone.position))
        assert [(phone.e164, phone.typed) for phone in phones] == [
            ("+62811111111", "0811-111-111"),
            ("+628222222222", "0822 2222 222"),
        ]
        assert work.session.scalars(select(m.OwnerChange.to_id)).one() == work.employee_id


def test_a_manager_chooses_an_owner_or_none(crm: Crm) -> None:
    with crm.work("ratna") as work:
        assert add_customer(work, name="A").owner_id is None
        budi = add_customer(work, name="B", owner="budi").owner_id
        assert work.session.get_one(m.Employee, budi).username == "budi"
        for nobody in ("ratna", "hantu"):
            with pytest.raises(UnknownEmployee):
                add_customer(work, name="C", owner=nobody)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("name", " ", "empty"),
        ("name", "x" * 201, "too_long"),
        ("name", "a\x00b", "characters"),
        ("name", "a\nb", "characters"),
        ("phones", ["abc"], "phone"),
        ("email", "rina@", "email"),
        ("email", "rina example.com", "email"),
        ("city", "x" * 101, "too_long"),
        ("postcode", "12345678901", "too_long"),
        ("birth_date", (1990, 2, 29), "birth_date"),
        ("birth_date", (None, 2, 30), "birth_date"),
        ("birth_date", (None, 13, 1), "birth_date"),
        ("birth_date", (None, 0, 1), "birth_date"),
        ("birth_date", (2026, 11, 25), "birth_date"),
        ("birth_date", (1899, 1, 1), "birth_date"),
    ],
)
def test_what_cannot_be_kept_is_refused_when_new_and_when_changed(
    crm: Crm, shop: Shop, field: str, value: Any, reason: str
) -> None:
    with crm.work("siti") as work, pytest.raises(InvalidValue) as refused:
        add_customer(work, **{"name": "N", field: value})
    assert refused.value.reason == reason
    with crm.work("siti") as work, pytest.raises(InvalidValue) as refused:
        change_customer(work, shop.dewi, **{field: value})
    assert refused.value.reason == reason


@pytest.mark.parametrize("birth", [(None, 2, 29), (2000, 2, 29), (2026, 11, 24), (None, 12, 31), None])
def test_real_birthdays_are_kept(crm: Crm, birth: tuple[int | None, int, int] | None) -> None:
    with crm.work("siti") as work:
        card = add_customer(work, name="N", birth_date=birth)
    with crm.work("siti") as work:
        row = work.session.get_one(m.Customer, card.id)
        assert (row.birth_year, row.birth_month, row.birth_day) == (birth or (None, None, None))


def test_many_are_written_at_once_and_numbered_in_their_order(crm: Crm) -> None:
    written = []

    def watch(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT INTO customer ("):
            written.append(statement)

    event.listen(crm.engine, "before_cursor_execute", watch)
    for start in (0, 30):  # the second time numbers are taken already
        with crm.work("siti") as work:
            cards = add_customers(work, [CustomerForm(name=f"Orang {start + number}") for number in range(30)])
            assert [card.id for card in cards] == list(range(cards[0].id, cards[0].id + 30))
    event.remove(crm.engine, "before_cursor_execute", watch)
    assert len(written) == 2
    with crm.work("siti") as work:
        names = work.session.execute(select(m.Customer.code, m.Customer.name).order_by(m.Customer.id)).all()
        assert names == [(f"C{number + 1:06d}", f"Orang {number}") for number in range(60)]


def test_many_are_entered_together_or_not_at_all(crm: Crm) -> None:
    known_since = datetime(2026, 1, 5, tzinfo=UTC)
    with crm.work("siti") as work:
        cards = add_customers(work, [CustomerForm("A", met_at=known_since), CustomerForm("B", ["0811222333"])])
        assert [card.code for card in cards] == ["C000001", "C000002"]
        assert work.session.get_one(m.Customer, cards[0].id).created_at == known_since
    with crm.work("siti") as work, pytest.raises(InvalidValue):
        add_customers(work, [CustomerForm("C"), CustomerForm("D", ["abc"])])
    with crm.work("siti") as work:
        assert len(list(work.session.scalars(select(m.Customer)))) == 2
        with pytest.raises(InvalidValue, match="in_the_future"):
            add_customers(work, [CustomerForm("E", met_at=work.now + timedelta(seconds=1))])
        assert add_customer(work, name="F").code == "C000003"


def test_phones_are_changed_as_a_list(crm: Crm, shop: Shop) -> None:
    with crm.work("siti") as work:
        change_customer(work, shop.dewi, phones=["0899 999 999", "0812345678"])
    with crm.work("siti") as work:
        phones = work.session.scalars(
            select(m.CustomerPhone.e164)
            .where(m.CustomerPhone.customer_id == shop.dewi)
            .order_by(m.CustomerPhone.position)
        )
        assert list(phones) == ["+62899999999", "+62812345678"]
        with pytest.raises(InvalidValue, match="unknown_field"):
            change_customer(work, shop.dewi, owner_id=1)


def test_interests_are_stated_once_and_withdrawn(crm: Crm, shop: Shop) -> None:
    with crm.work("siti") as work:
        add_interest(work, shop.dewi, product_id=shop.pan)
        add_interest(work, shop.dewi, product_id=shop.pan)
        (interest,) = work.session.scalars(select(m.Interest))
        withdraw_interest(work, interest.id)
        add_interest(work, shop.dewi, product_id=shop.pan)
        for wrong in ({}, {"product_id": 1, "category_id": 1}, {"product_id": 999}, {"category_id": 999}):
            with pytest.raises(InvalidValue):
                add_interest(work, shop.dewi, **wrong)
    with crm.work("siti") as work:
        stories = work.session.scalars(select(m.Interest.withdrawn_at).order_by(m.Interest.id))
        assert [withdrawn is None for withdrawn in stories] == [False, True]


def test_a_colleagues_customer_is_one_answer_with_a_missing_one(crm: Crm, shop: Shop) -> None:
    with crm.work("siti") as work:
        for customer in (shop.andi, 999):
            for refused in (
                lambda customer=customer: change_customer(work, customer, name="X"),
                lambda customer=customer: add_note(work, customer, "x"),
                lambda customer=customer: add_interest(work, customer, product_id=shop.pan),
            ):
                with pytest.raises(CustomerNotVisible):
                    refused()
    with crm.work("siti") as work:
        add_note(work, shop.dewi, "baris satu\nbaris dua")
        assert work.session.scalars(select(m.CustomerNote.text)).one() == "baris satu\nbaris dua"
        assert work.today == date(2026, 11, 24)


# --- Two who correct the same customer ---


def records(crm: Crm) -> list[m.AuditRecord]:
    with crm.work("ratna") as work:
        statement = select(m.AuditRecord).where(m.AuditRecord.kind == m.AuditKind.CUSTOMER_CHANGED)
        return list(work.session.scalars(statement.order_by(m.AuditRecord.id)))


def test_a_correction_is_on_record_with_what_was_there_before(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    clock.advance(hours=1)
    with crm.work("siti") as work:
        card = change_customer(
            work,
            shop.dewi,
            version=1,
            name="Dewi Lestari",  # as it is
            city="Bandung",
            birth_date=(1980, 2, 29),
            phones=["0899-999-999", "0812345678"],
        )
        siti = work.employee_id
    assert card.version == 2
    with crm.work("siti") as work:
        row = work.session.get_one(m.Customer, shop.dewi)
        assert (row.version, row.changed_at, row.changed_by_id) == (2, clock.now, siti)
    (record,) = records(crm)
    assert (record.customer_id, record.by_id, record.at) == (shop.dewi, siti, clock.now)
    assert record.facts == {
        "version": 2,
        "before": {"city": None, "birth_date": [None, 2, 29], "phones": ["0812-345-678"]},
        "after": {"city": "Bandung", "birth_date": [1980, 2, 29], "phones": ["0899-999-999", "0812345678"]},
    }


def test_who_read_an_older_version_is_told_who_changed_what(crm: Crm, shop: Shop, clock: FrozenClock) -> None:
    with crm.work("ratna") as work:
        change_customer(work, shop.dewi, version=1, city="Bandung")
    clock.advance(minutes=3)
    with crm.work("siti") as work:
        change_customer(work, shop.dewi, version=2, email="dewi@example.com")
    clock.advance(minutes=3)
    with pytest.raises(ChangedMeanwhile) as refused, crm.work("siti") as work:
        change_customer(work, shop.dewi, version=1, name="Dewi L.", city="Depok")
    assert refused.value.facts == {
        "by": "Siti Rahayu",
        "at": clock.now - timedelta(minutes=3),
        "fields": ["city", "email"],
    }
    with pytest.raises(ChangedMeanwhile) as refused, crm.work("siti") as work:
        change_customer(work, shop.dewi, version=2, name="Dewi L.")
    assert refused.value.facts["fields"] == ["email"]
    with crm.work("siti") as work:
        row = work.session.get_one(m.Customer, shop.dewi)
        assert (row.name, row.city, row.version) == ("Dewi Lestari", "Bandung", 3)
        assert change_customer(work, shop.dewi, version=3, name="Dewi L.").version == 4
        assert change_customer(work, shop.dewi, city="Bogor").version == 5  # whatever stands there


def test_the_same_again_is_no_change_whatever_its_version(crm: Crm, shop: Shop) -> None:
    with crm.work("siti") as work:
        change_customer(work, shop.dewi, version=1, city="Bandung")
    for version in (1, 2, None):  # a retry of what was saved already, too
        with crm.work("siti") as work:
            card = change_customer(
                work, shop.dewi, version=version, city=" Bandung ", phones=["0812-345-678"], birth_date=(None, 2, 29)
            )
            assert card.version == 2
    assert len(records(crm)) == 1


def test_a_refused_field_leaves_all_as_it_was(crm: Crm, shop: Shop) -> None:
    for wrong in ({"email": "kein"}, {"name": " "}, {"phones": ["x"]}, {"birth_date": (2030, 1, 1)}, {"version_": 1}):
        with pytest.raises(InvalidValue), crm.work("siti") as work:
            change_customer(work, shop.dewi, version=1, city="Bandung", **wrong)  # type: ignore[arg-type]
    with crm.work("siti") as work:
        row = work.session.get_one(m.Customer, shop.dewi)
        assert (row.city, row.version) == (None, 1)
    assert records(crm) == []


def test_two_who_save_at_once_are_one_after_the_other(crm: Crm, shop: Shop) -> None:
    ends: list[str] = []
    start = threading.Barrier(4)

    def save(city: str) -> None:
        start.wait()
        try:
            with crm.work("siti") as work:
                change_customer(work, shop.dewi, version=1, city=city)
            ends.append(city)
        except ChangedMeanwhile:
            ends.append("late")

    threads = [threading.Thread(target=save, args=(city,)) for city in ("Bandung", "Depok", "Bogor", "Solo")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends)[-3:] == ["late"] * 3
    (record,) = records(crm)
    assert record.facts["after"] == {"city": next(end for end in ends if end != "late")}


def test_why_somebody_is_new_is_kept_as_a_note(crm: Crm) -> None:
    with crm.work("siti") as work:
        (card,) = add_customers(work, [CustomerForm("Rina", why_new="Adik Bu Rina di Solo")])
        note = work.session.scalars(select(m.CustomerNote).where(m.CustomerNote.customer_id == card.id)).one()
        assert (note.text, note.by_id) == ("Adik Bu Rina di Solo", work.employee_id)
