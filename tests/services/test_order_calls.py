"""Orders that came of a call are linked to it, once, whatever was saved in between."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from ecrm_core.crm import Crm
from ecrm_core.models import Contact, Outcome, Product
from ecrm_core.services.contacts import record_contact
from ecrm_core.services.customers import add_customer
from ecrm_core.services.order_calls import link_orders_of_calls
from ecrm_core.services.orders import LineForm, OrderForm, take_order
from tests.conftest import FrozenClock


@pytest.fixture
def customer(crm: Crm) -> int:
    with crm.system("test") as work:
        work.session.add(Product(code="A-1", name="Panci", price=1000, currency="IDR", created_at=work.now))
    with crm.work("siti") as work:
        return add_customer(work, name="Ani", phones=["08120000001"]).id


def called(crm: Crm, customer: int, outcome: Outcome = Outcome.ORDERED) -> int:
    with crm.work("siti") as work:
        return record_contact(work, customer, channel="phone", outcome=outcome).contact_id


def ordered(crm: Crm, customer: int, intention: str) -> int:
    with crm.work("siti") as work:
        product = work.session.scalars(select(Product.id)).one()
        return take_order(work, OrderForm(customer, [LineForm(product)], intention=intention)).order_id


def linked(crm: Crm) -> dict[int, int | None]:
    with crm.work("siti") as work:
        return {row.id: row.order_id for row in work.session.scalars(select(Contact))}


def test_the_order_saved_after_a_call_is_its_order(crm: Crm, customer: int, clock: FrozenClock) -> None:
    ordered(crm, customer, "before")
    clock.now += timedelta(minutes=5)
    call = called(crm, customer)
    with crm.work("siti") as work:
        (waiting,) = link_orders_of_calls(work)
        assert (waiting.contact_id, waiting.name) == (call, "Ani")
    clock.now += timedelta(minutes=5)
    order = ordered(crm, customer, "after")
    ordered(crm, customer, "another")
    for _ in range(2):
        with crm.work("siti") as work:
            assert link_orders_of_calls(work) == []
        assert linked(crm) == {call: order}


def test_two_calls_never_share_an_order(crm: Crm, customer: int, clock: FrozenClock) -> None:
    first = called(crm, customer)
    clock.now += timedelta(minutes=5)
    second = called(crm, customer)
    clock.now += timedelta(minutes=5)
    order = ordered(crm, customer, "one")
    with crm.work("siti") as work:
        assert [each.contact_id for each in link_orders_of_calls(work)] == [first]
    assert linked(crm) == {first: None, second: order}


def test_other_calls_and_other_days_are_left_alone(crm: Crm, customer: int, clock: FrozenClock) -> None:
    called(crm, customer)
    clock.now += timedelta(days=1)
    called(crm, customer, Outcome.REACHED)
    ordered(crm, customer, "next day")
    with crm.work("siti") as work:
        assert link_orders_of_calls(work) == []
    with crm.work("budi") as work:
        assert link_orders_of_calls(work) == []
    assert set(linked(crm).values()) == {None}
