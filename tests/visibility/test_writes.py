"""What each person may change, and that the rest is refused before it reaches the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from ecrm_core import models as m
from ecrm_core.crm import Crm, Work, insert_rows
from ecrm_core.errors import ForeignWrite
from ecrm_core.visibility import RULES, Side

Write = Callable[[Work], None]


@pytest.fixture
def company(crm: Crm) -> Crm:
    """Customer 10 is Siti's and 20 is Budi's, with an order each."""
    with crm.system("test company") as work:
        staff = dict(work.session.execute(select(m.Employee.username, m.Employee.id)).all())
        for number, owner in ((10, "siti"), (20, "budi")):
            work.session.add(
                m.Customer(id=number, code=f"C{number}", name="N", owner_id=staff[owner], created_at=work.now)
            )
            work.session.flush()
            work.session.add(
                m.Order(
                    id=number,
                    number=f"P{number}",
                    customer_id=number,
                    ordered_at=work.now,
                    currency="IDR",
                    created_at=work.now,
                )
            )
            work.session.add(
                m.AgendaItem(id=number, employee_id=staff[owner], day=work.today, title="x", created_at=work.now)
            )
        work.session.add(
            m.Product(id=1, code="P1", name="Slim Suit", price=499000, currency="IDR", created_at=work.now)
        )
        work.session.add(
            m.Announcement(id=1, title="x", text="x", valid_from=work.today, for_all=False, created_at=work.now)
        )
    return crm


def _id(work: Work, username: str) -> int:
    found = work.session.scalar(select(m.Employee.id).where(m.Employee.username == username))
    assert found is not None
    return found


def _note(number: int) -> Write:
    return lambda work: work.session.add(m.CustomerNote(customer_id=number, text="x", at=work.now))


def _set(model: type[m.Base], number: int, **values: object) -> Write:
    def write(work: Work) -> None:
        row = work.session.get(model, number)
        assert row is not None
        for name, value in values.items():
            setattr(row, name, value)

    return write


def _moved_note(work: Work) -> None:
    note = m.CustomerNote(customer_id=10, text="x", at=work.now)
    work.session.add(note)
    work.session.flush()
    note.customer_id = 20


def _give_to(username: str) -> Write:
    return lambda work: _set(m.Customer, 10, owner_id=_id(work, username))(work)


def _own(**values: object) -> Write:
    return lambda work: _set(m.Employee, work.employee_id, **values)(work)


def _at_once(model: type[m.Base], *numbers: int, **values: object) -> Write:
    """Rows written past the mapper: statuses of these orders, or notes of these customers."""
    field = "order_id" if model is m.OrderStatusChange else "customer_id"

    def write(work: Work) -> None:
        insert_rows(work.session, model, [{field: number, "at": work.now, **values} for number in numbers])

    return write


ALLOWED: dict[str, Write] = {
    "many notes at once on an own customer": _at_once(m.CustomerNote, 10, 10, text="x"),
    "many statuses at once of an own order": _at_once(m.OrderStatusChange, 10, 10, status=m.OrderStatus.PAID),
    "a note on an own customer": _note(10),
    "an own customer's name": _set(m.Customer, 10, name="Baru"),
    "an own order": _set(m.Order, 10, note="cepat"),
    "an own agenda item": _set(m.AgendaItem, 10, title="y"),
    "an own new customer": lambda work: work.session.add(
        m.Customer(code="C99", name="N", owner_id=work.employee_id, created_at=work.now)
    ),
    "own language": _own(language=m.Language.ENGLISH),
    "the stock an order takes": _set(m.Product, 1, stock=3),
}

FOREIGN: dict[str, Write] = {
    "many notes at once, one on a colleague's customer": _at_once(m.CustomerNote, 10, 20, text="x"),
    "many statuses at once, one of a colleague's order": _at_once(
        m.OrderStatusChange, 10, 20, status=m.OrderStatus.PAID
    ),
    "many settings at once": lambda work: insert_rows(
        work.session,
        m.CompanySetting,
        [{"name": "capacity", "value": 1, "valid_from": work.today, "set_at": work.now}],
    ),
    "a note on a colleague's customer": _note(20),
    "a note moved to a colleague's customer": _moved_note,
    "an own customer given away": _give_to("budi"),
    "a new customer for a colleague": lambda work: work.session.add(
        m.Customer(code="C99", name="N", owner_id=_id(work, "budi"), created_at=work.now)
    ),
    "a new customer for nobody": lambda work: work.session.add(m.Customer(code="C99", name="N", created_at=work.now)),
    "an order for a colleague's customer": lambda work: work.session.add(
        m.Order(number="P1", customer_id=20, ordered_at=work.now, currency="IDR", created_at=work.now)
    ),
    "a status of a colleague's order": lambda work: work.session.add(
        m.OrderStatusChange(order_id=20, status=m.OrderStatus.PAID, at=work.now)
    ),
    "a colleague's agenda": lambda work: work.session.add(
        m.AgendaItem(employee_id=_id(work, "budi"), day=work.today, title="x", created_at=work.now)
    ),
    "own agenda about a colleague's customer": lambda work: work.session.add(
        m.AgendaItem(employee_id=work.employee_id, customer_id=20, day=work.today, title="x", created_at=work.now)
    ),
    "own agenda given to a colleague": lambda work: _set(m.AgendaItem, 10, employee_id=_id(work, "budi"))(work),
    "own role": _own(role=m.Role.ADMIN),
    "a colleague's language": lambda work: _set(m.Employee, _id(work, "budi"), language=m.Language.ENGLISH)(work),
    "a price": _set(m.Product, 1, price=1),
    "a product": lambda work: work.session.add(
        m.Product(code="X", name="X", price=1, currency="IDR", created_at=work.now)
    ),
    "an event": lambda work: work.session.add(
        m.Event(title="x", starts_at=work.now, ends_at=work.now + timedelta(hours=1), created_at=work.now)
    ),
    "a read mark on a notice for others": lambda work: work.session.add(
        m.AnnouncementRead(announcement_id=1, employee_id=work.employee_id, at=work.now)
    ),
    "a setting": lambda work: work.session.add(
        m.CompanySetting(name="capacity", value=1, valid_from=work.today, set_at=work.now)
    ),
    "a password": lambda work: work.session.add(
        m.Credential(employee_id=work.employee_id, password_hash="x", changed_at=work.now)
    ),
    "a segment": lambda work: work.session.add(m.Segment(name="x", rule={}, created_at=work.now)),
}


@pytest.mark.parametrize("write", ALLOWED.values(), ids=ALLOWED.keys())
def test_a_telemarketer_may_change_what_is_theirs(company: Crm, write: Write) -> None:
    with company.work("siti") as work:
        write(work)


@pytest.mark.parametrize("write", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_telemarketer_changes_nothing_else(company: Crm, write: Write) -> None:
    with pytest.raises(ForeignWrite), company.work("siti") as work:
        write(work)


def test_a_managers_right_ends_where_the_admins_begins(company: Crm) -> None:
    with company.work("ratna") as work:
        _give_to("budi")(work)
        work.session.add(m.Segment(name="x", rule={}, created_at=work.now))
    for write in (FOREIGN["an event"], FOREIGN["a setting"], FOREIGN["a password"], FOREIGN["own role"]):
        with pytest.raises(ForeignWrite), company.work("ratna") as work:
            write(work)
    with company.work("agus") as work:
        FOREIGN["an event"](work)
        FOREIGN["a setting"](work)
        FOREIGN["a price"](work)
    with pytest.raises(ForeignWrite), company.work("agus") as work:
        FOREIGN["a password"](work)


def test_every_model_has_chosen_a_side() -> None:
    models = {mapper.class_ for mapper in m.Base.registry.mappers}
    assert set(RULES) == models
    for model, rule in RULES.items():
        has_customer = "customer_id" in model.__table__.columns
        assert not (has_customer and rule.side is Side.EVERYONE), f"{model.__name__} shows customers to everyone"


def test_secrets_are_nobodys(company: Crm) -> None:
    with company.system("test") as work:
        siti = _id(work, "siti")
        work.session.add(m.Credential(employee_id=siti, password_hash="x", changed_at=work.now))
        work.session.add(m.LoginAttempt(username="siti", address="x", at=work.now))
    for who in ("siti", "ratna", "agus"):
        with company.work(who) as work:
            for model in (m.Credential, m.LoginSession, m.LoginAttempt, m.LoginLink):
                assert work.session.scalars(select(model)).all() == []
