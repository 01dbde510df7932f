"""Call mode without a browser: what a card says, what a key writes, and what it leaves alone when refused."""

from __future__ import annotations

import asyncio
from datetime import time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from dashboards import shell
from dashboards.page import Visit, texts_in
from dashboards.pages.telephone import AHEAD, ASKED, TelephonePage
from ecrm_core.crm import Crm
from ecrm_core.models import AgendaItem, AgendaKind, Contact, DayPlan, Interest, Outcome, Product, Response
from ecrm_core.services.agenda import add_agenda_item, delete_agenda_item
from ecrm_core.services.calling import start_calls
from ecrm_core.services.contacts import OUTCOMES
from ecrm_core.services.customers import add_customer
from ecrm_core.services.orders import LineForm, OrderForm, take_order

NAMES = ["Ani", "Beni", "Cici", "Dedi", "Elsa"]


@pytest.fixture
def items(sqlite_crm: Crm) -> list[int]:
    """Five calls on Siti's agenda, in this order; the day is begun."""
    made = []
    for number, name in enumerate(NAMES):
        with sqlite_crm.work("siti") as work:
            customer = add_customer(work, name=name, phones=[f"08120000{number:04}"], city="Jayapura")
            item = add_agenda_item(work, title=name, day=work.today, customer_id=customer.id, kind=AgendaKind.PROSPECT)
            made.append(item.id)
    with sqlite_crm.work("siti") as work:
        start_calls(work)
        # The morning's plan stands already, and proposes nobody else.
        plan = DayPlan(employee_id=work.employee_id, day=work.today, made_at=work.now, capacity=60)
        plan.promised = plan.proposed = plan.left_over = 0
        work.session.add(plan)
    return made


def opened(crm: Crm) -> TelephonePage:
    page = TelephonePage(Visit(crm, "siti"))
    page.open_now()
    return page


def say(page: TelephonePage, **message: Any) -> None:
    asyncio.run(page._on_call(message))


def contacts(crm: Crm) -> list[tuple[Outcome, str | None]]:
    with crm.work("siti") as work:
        return [(row.outcome, row.note) for row in work.session.scalars(select(Contact).order_by(Contact.id))]


def shown(page: TelephonePage) -> list[str]:
    return [card["name"] for card in page.call.state["cards"]]


def test_the_next_ones_are_sent_ahead(sqlite_crm: Crm, items: list[int]) -> None:
    page = opened(sqlite_crm)
    assert shown(page) == NAMES[:AHEAD]
    say(page, do="end", item=items[0], outcome="reached", note=" Baik ")
    assert shown(page) == NAMES[1 : AHEAD + 1]
    assert contacts(sqlite_crm) == [(Outcome.REACHED, "Baik")]
    assert page.call.state["place"] == "2 / 5"


def test_the_same_key_sent_again_is_one_call(sqlite_crm: Crm, items: list[int]) -> None:
    page = opened(sqlite_crm)
    for _ in range(3):
        say(page, do="end", item=items[0], outcome="reached", note="")
    # A page that was made anew, as after a cut connection, has no memory of it.
    say(opened(sqlite_crm), do="end", item=items[0], outcome="reached", note="")
    assert contacts(sqlite_crm) == [(Outcome.REACHED, None)]


def test_an_outcome_that_is_none_writes_nothing(sqlite_crm: Crm, items: list[int]) -> None:
    page = opened(sqlite_crm)
    say(page, do="end", item=items[0], outcome="delighted", note="")
    say(page, do="end", item="1", outcome="reached", note="")
    assert contacts(sqlite_crm) == []


def test_all_of_a_call_is_written_or_nothing(sqlite_crm: Crm, items: list[int]) -> None:
    with sqlite_crm.system("test") as work:
        product = Product(code="A-1", name="Panci", price=1000, currency="IDR", created_at=work.now)
        work.session.add(product)
        work.session.flush()
        number = product.id
    with sqlite_crm.work("siti") as work:
        item = work.session.get_one(AgendaItem, items[0])
        assert item.customer_id is not None
        form = OrderForm(item.customer_id, [LineForm(number)], intention="a", ordered_at=work.now - timedelta(days=40))
        take_order(work, form)
    page = opened(sqlite_crm)
    (ask,) = page.call.state["cards"][0]["ask"]
    told = {"item": items[0], "outcome": "reached", "answers": [{"line": ask["line"], "rating": "5", "text": "Bagus"}]}
    say(page, do="end", **told, wanted="Tidak ada")
    assert contacts(sqlite_crm) == []
    with sqlite_crm.work("siti") as work:
        assert work.session.scalars(select(Response)).all() == []
    assert page.call.state["wrong"]["item"] == items[0]
    assert page.call.state["wrong"]["field"] == "wanted"
    assert "Tidak ada" in page.call.state["wrong"]["sentence"]
    assert shown(page)[0] == "Ani"
    say(page, do="end", **told, wanted="panci")
    with sqlite_crm.work("siti") as work:
        (answer,) = work.session.scalars(select(Response)).all()
        assert (answer.rating, answer.text) == (5, "Bagus")
        stated = select(Interest.product_id).where(Interest.origin == "stated")
        assert work.session.scalars(stated).all() == [number]
    assert page.call.state["wrong"] is None


def test_a_rating_of_somebody_elses_line_is_not_taken(sqlite_crm: Crm, items: list[int]) -> None:
    page = opened(sqlite_crm)
    say(page, do="end", item=items[0], outcome="reached", answers=[{"line": 1, "rating": "5"}, "x", None])
    with sqlite_crm.work("siti") as work:
        assert work.session.scalars(select(Response)).all() == []
    assert len(contacts(sqlite_crm)) == 1


@pytest.mark.parametrize("outcome", sorted(ASKED))
def test_what_needs_a_word_more_is_asked_first(sqlite_crm: Crm, items: list[int], outcome: Outcome) -> None:
    page = opened(sqlite_crm)
    say(page, do="end", item=items[0], outcome=str(outcome), note="x")
    assert contacts(sqlite_crm) == []
    state = page.dialog.state
    assert state["open"]
    assert "Ani" in state["title"]
    values = {"at": "16.00", "day": "2026-11-24", "right": ""}
    asyncio.run(page.dialog._handle_msg({"do": "save", "token": state["token"], "values": values}))
    assert contacts(sqlite_crm) == [(outcome, "x")]
    assert not page.dialog.state["open"]
    assert shown(page)[0] == "Beni"


def test_a_promise_without_a_time_or_in_the_past_is_refused_beside_its_field(sqlite_crm: Crm, items: list[int]) -> None:
    page = opened(sqlite_crm)
    answers: list[Any] = []
    page.dialog.answer = lambda token, wrong=None: answers.append(wrong)  # type: ignore[method-assign]
    say(page, do="end", item=items[0], outcome="call_back")
    token = page.dialog.state["token"]
    for values in ({"at": "", "day": "2026-11-24"}, {"at": "8", "day": "2026-11-24"}, {"at": "16", "day": ""}):
        asyncio.run(page._on_dialog({"do": "save", "token": token, "values": values}))
    assert [list(wrong) for wrong in answers] == [["at"], ["at"], ["day"]]
    assert contacts(sqlite_crm) == []


def test_an_answer_to_a_question_long_gone_is_told_so(sqlite_crm: Crm, items: list[int]) -> None:
    page = opened(sqlite_crm)
    answers: list[Any] = []
    page.dialog.answer = lambda token, wrong=None: answers.append(wrong)  # type: ignore[method-assign]
    asyncio.run(page._on_dialog({"do": "save", "token": "old", "values": {}}))
    assert answers == [{"": texts_in("id")("telephone.ask_again")}]


def test_what_is_promised_for_later_waits_until_the_rest_is_done(sqlite_crm: Crm, items: list[int]) -> None:
    with sqlite_crm.work("siti") as work:
        work.session.get_one(AgendaItem, items[0]).at = time(15)
        for item in items[1:]:
            delete_agenda_item(work, item)
    page = opened(sqlite_crm)
    assert page.call.state["phase"] == "empty"
    (later,) = page.call.state["idle"]["later"]
    assert later["text"] == "15.00  Ani"
    asyncio.run(page.arrive({"item": str(items[0])}))
    assert shown(page) == ["Ani"]


def test_a_colleagues_call_cannot_be_opened(sqlite_crm: Crm, items: list[int]) -> None:
    with sqlite_crm.work("budi") as work:
        theirs = add_customer(work, name="Rahasia", phones=["08129999000"])
        item = add_agenda_item(work, title="Rahasia", day=work.today, customer_id=theirs.id).id
    page = opened(sqlite_crm)
    asyncio.run(page.arrive({"item": str(item)}))
    say(page, do="end", item=item, outcome="reached")
    assert "Rahasia" not in page.call.sent
    assert contacts(sqlite_crm) == []


def test_another_zone_is_told(sqlite_crm: Crm, items: list[int]) -> None:
    assert "di sana 11.00" in opened(sqlite_crm).call.state["cards"][0]["facts"]


def test_each_outcome_has_its_key(sqlite_crm: Crm, items: list[int]) -> None:
    keys = {each["code"]: each["key"] for each in opened(sqlite_crm).call.state["outcomes"]}
    assert keys == {str(outcome): str(number) for number, outcome in enumerate(OUTCOMES, 1)}


def test_a_promise_is_announced_by_the_frame_until_somebody_takes_note(sqlite_crm: Crm, items: list[int]) -> None:
    with sqlite_crm.work("siti") as work:
        item = work.session.get_one(AgendaItem, items[2])
        item.kind, item.at = AgendaKind.CALL_BACK, time(8, 45)
    frame = shell.Shell(Visit(sqlite_crm, "siti"))
    (told,) = frame.reminders.state["items"]
    assert told["text"] == "08.45 · janji menelepon Cici"
    sent = frame.reminders.sent
    asyncio.run(frame._on_reminder({"do": "look"}))
    assert frame.reminders.sent == sent, "nothing new, nothing sent"
    asyncio.run(frame._on_reminder({"do": "noted", "id": items[2]}))
    assert frame.reminders.state["items"] == []
    assert shell.Shell(Visit(sqlite_crm, "siti")).reminders.state["items"] == []
