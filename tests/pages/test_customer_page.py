"""The customer page without a browser: what it is given, what it refuses, and what it keeps once."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from decimal import Decimal
from typing import Any

import panel as pn
import pytest
from sqlalchemy import select

from dashboards.page import Visit
from dashboards.pages.customer import CustomerPage, form_values
from ecrm_core.crm import Crm
from ecrm_core.models import Complaint, Contact, Customer, CustomerNote, FollowUp, FollowUpClosing, Product, Response
from ecrm_core.queries.customer_card import who_is
from ecrm_core.services.customers import add_customer, change_customer
from ecrm_core.services.do_not_call import mark_do_not_call
from ecrm_core.services.door import take_door_order
from ecrm_core.services.orders import LineForm, OrderForm, take_order
from ecrm_core.services.products import add_product


@pytest.fixture
def code(sqlite_crm: Crm) -> str:
    """Dewi of Siti's, who bought a suit."""
    with sqlite_crm.work("agus") as work:
        suit = add_product(work, code="SUIT", name="Slim Suit", price=Decimal(499_000))
    with sqlite_crm.work("siti") as work:
        dewi = add_customer(
            work, name="Dewi Lestari", phones=["0812-3456-789"], email="dewi@example.com", city="Bandung"
        )
        take_order(work, OrderForm(dewi.id, [LineForm(suit.id)], intention="one"))
    return dewi.code


class Heard(CustomerPage):
    """A page whose answers to its scripts are kept."""

    def build(self) -> None:
        super().build()
        self.answers: list[dict[str, Any]] = []
        for part in (self.head, self.timeline, self.dialog):
            part._send_msg = self.answers.append  # type: ignore[method-assign]

    def tell(self, part: str, **message: Any) -> None:
        asyncio.run(getattr(self, part)._handle_msg(message))


def page_of(crm: Crm, code: str, username: str = "siti", **query: str) -> Heard:
    page = Heard(Visit(crm, username, "customer", {"code": code, **query}))
    page.open_now()
    return page


def save(
    page: Heard, *, token: str = "t", base: dict[str, Any] | None = None, version: int = 1, **typed: Any
) -> dict[str, Any]:
    values = page.head.state["form"]["values"]
    base = base or values
    page.tell(
        "head",
        do="save",
        code=page.head.state["code"],
        token=token,
        version=version,
        base=base,
        typed={**base, **typed},
    )
    return page.answers[-1]


def test_all_that_the_scripts_get_is_plain_data(sqlite_crm: Crm, code: str) -> None:
    page = page_of(sqlite_crm, code, "ratna")
    for part in (page.head, page.timeline, page.side):
        json.dumps(part.state)
    assert page.title == "Dewi Lestari"
    assert page.head.state["line"] == "1 pesanan, Rp 499.000 terjual."
    assert page.side.state["value"]["lines"] == ["Baru satu pesanan, senilai Rp 499.000.", "Terakhir membeli hari ini."]
    assert pn.panel(page).get_root() is not None


@pytest.mark.parametrize("asked", ["C999999", "", "theirs"])
def test_missing_and_a_colleagues_look_the_same(sqlite_crm: Crm, code: str, asked: str) -> None:
    page = page_of(sqlite_crm, code if asked == "theirs" else asked, "budi")
    other = page_of(sqlite_crm, "C000777", "budi")
    for part in ("head", "timeline", "side"):
        mine, theirs = getattr(page, part).state, getattr(other, part).state
        assert mine == theirs
    assert page.title == other.title == "Pelanggan tidak ditemukan"
    assert "Dewi" not in json.dumps(page.head.state)


def test_the_address_names_who_is_shown_and_keeps_the_list(sqlite_crm: Crm, code: str) -> None:
    with sqlite_crm.work("siti") as work:
        twin = add_customer(work, name="Dewi L.")
    with sqlite_crm.system("test company") as work:
        work.session.get_one(Customer, twin.id).merged_into_id = work.session.scalars(
            select(Customer.id).where(Customer.code == code)
        ).one()
    page = page_of(sqlite_crm, twin.code, list="city=Bandung")
    assert page.lasting_query == {"code": code, "list": "city=Bandung"}
    assert page.head.state["walk"]["back"]["url"] == "customers?city=Bandung"
    assert page.head.state["walk"]["text"] == "1 dari 1"


def test_only_what_differs_is_changed_and_one_save_is_one(sqlite_crm: Crm, code: str) -> None:
    page = page_of(sqlite_crm, code)
    base = page.head.state["form"]["values"]
    assert save(page, base=base, city="Cimahi", phones=["0812-3456-789", "021 555 0101"])["wrong"] is None
    with sqlite_crm.work("siti") as work:
        person, phones = who_is(work, code)
        assert (person.city, person.version, [phone.e164 for phone in phones]) == (
            "Cimahi",
            2,
            ["+628123456789", "+62215550101"],
        )
    assert save(page, base=base, city="Cimahi")["wrong"] is None  # sent again: kept once, and no conflict
    with sqlite_crm.work("siti") as work:
        assert who_is(work, code)[0].version == 2


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": " "}, "name"),
        ({"email": "dewi@"}, "email"),
        ({"phones": ["0812-3456-789", "12"]}, "phones"),
        ({"birth_day": "30", "birth_month": "2"}, "birth_date"),
        ({"birth_day": "30"}, "birth_date"),
        ({"birth_year": "1979"}, "birth_date"),
        ({"birth_day": "x", "birth_month": "2"}, "birth_date"),
        ({"postcode": "x" * 11}, "postcode"),
    ],
)
def test_what_cannot_be_kept_names_its_field(sqlite_crm: Crm, code: str, typed: dict[str, Any], field: str) -> None:
    page = page_of(sqlite_crm, code)
    answer = save(page, city="Cimahi", **typed)
    assert list(answer["wrong"]) == [field]
    assert answer["phone"] == ("12" if field == "phones" else "")
    with sqlite_crm.work("siti") as work:
        assert who_is(work, code)[0].city == "Bandung"


def test_the_second_editor_is_told_what_changed_by_whom_and_when(sqlite_crm: Crm, code: str) -> None:
    page = page_of(sqlite_crm, code)
    base = page.head.state["form"]["values"]
    with sqlite_crm.work("ratna") as work:
        change_customer(work, who_is(work, code)[0].id, city="Lembang", birth_date=(None, 12, 3))
    conflict = save(page, base=base, city="Cimahi")["conflict"]
    assert conflict["line"].startswith("Ratna Dewi sudah mengubah data ini hari ini pukul 09.00: Kota, Tanggal lahir.")
    assert {field["name"]: (field["before"], field["now"]) for field in conflict["fields"]} == {
        "city": ("Bandung", "Lembang"),
        "birth_date": ("", "3 Des"),
    }
    with sqlite_crm.work("siti") as work:
        assert who_is(work, code)[0].city == "Lembang"
    answer = save(page, token="t", base=conflict["base"], version=conflict["version"], city="Cimahi")
    assert answer["conflict"] is None
    with sqlite_crm.work("siti") as work:
        person, phones = who_is(work, code)
        assert (person.city, person.birth) == ("Cimahi", (None, 12, 3))
        assert form_values(person, phones)["birth_year"] == ""


def test_a_colleagues_customer_cannot_be_changed_from_a_page_left_open(sqlite_crm: Crm, code: str) -> None:
    page = page_of(sqlite_crm, code, "budi")
    base = page_of(sqlite_crm, code, "siti").head.state["form"]["values"]
    page.tell("head", do="save", code=code, token="t", version=1, base=base, typed={**base, "city": "Cimahi"})
    assert list(page.answers[-1]["wrong"]) == [""]
    page.tell("timeline", do="note", code=code, token="n", typed={"text": "x"})
    page.tell("side", do="withdraw", id=1)
    page.tell("side", do="answer", id=1)
    with sqlite_crm.work("siti") as work:
        assert who_is(work, code)[0].city == "Bandung"
        assert work.session.scalars(select(CustomerNote)).all() == []


def test_a_note_and_a_contact_are_kept_once(sqlite_crm: Crm, code: str) -> None:
    page = page_of(sqlite_crm, code)
    typed = {"channel": "phone", "direction": "outgoing", "outcome": "reached", "text": "Minta brosur"}
    for _ in range(2):
        page.tell("timeline", do="note", code=code, token="n", typed={"text": "Suka teh"})
        page.tell("timeline", do="contact", code=code, token="c", typed=typed)
    page.tell("timeline", do="contact", code=code, token="d", typed={**typed, "channel": "pigeon"})
    assert page.answers[-1]["wrong"] == {"": page.texts("error.refused")}
    with sqlite_crm.work("siti") as work:
        assert [note.text for note in work.session.scalars(select(CustomerNote))] == ["Suka teh"]
        assert [contact.note for contact in work.session.scalars(select(Contact))] == ["Minta brosur"]
    assert [entry["head"] for entry in page.timeline.state["entries"][1:3]] == ["Telepon: Tercapai", "Catatan"]


def test_no_way_to_contact_is_offered_to_whom_it_is_refused(sqlite_crm: Crm, code: str) -> None:
    page = page_of(sqlite_crm, code)
    assert [way["channel"] for way in page.head.state["ways"]] == ["phone", "whatsapp", "email"]
    with sqlite_crm.work("siti") as work:
        mark_do_not_call(work, who_is(work, code)[0].id)
    page = page_of(sqlite_crm, code)
    assert page.head.state["ways"] == []
    assert "tel:" not in json.dumps(page.head.state)
    assert page.head.state["refused"].startswith("Dewi Lestari meminta agar tidak dihubungi sejak 24 Nov 2026.")


def test_a_number_that_somebody_else_marked_is_not_called(sqlite_crm: Crm, code: str) -> None:
    with sqlite_crm.work("budi") as work:
        mark_do_not_call(work, add_customer(work, name="Serumah", phones=["0812-3456-789"]).id)
    page = page_of(sqlite_crm, code)
    assert [way["channel"] for way in page.head.state["ways"]] == ["email"]
    assert page.head.state["refused"].startswith("Nomor Dewi Lestari juga milik pelanggan lain")
    assert "Serumah" not in json.dumps(page.head.state)
    assert "tel:" not in json.dumps(page.head.state)


def test_a_response_is_recorded_once_and_only_of_lines_on_the_page(sqlite_crm: Crm, code: str) -> None:
    page = page_of(sqlite_crm, code)
    page.tell("side", do="answer", id=999)
    assert page.dialog.state["open"] is False
    line = page.side.state["purchases"]["rows"][0]["line"]
    page.tell("side", do="answer", id=line)
    token = page.dialog.state["token"]
    for _ in range(2):
        page.tell("dialog", do="save", token=token, values={"rating": "5", "text": "Bagus"})
    with sqlite_crm.work("siti") as work:
        assert [(row.rating, row.text) for row in work.session.scalars(select(Response))] == [(5, "Bagus")]
    assert page.side.state["purchases"]["rows"][0]["rating"] == "5"


def test_words_follow_the_language(sqlite_crm: Crm, code: str) -> None:
    page = page_of(sqlite_crm, code)
    page.me = page.me.__class__(**{**page.me.__dict__, "language": "en"})
    asyncio.run(page.change_language(page.me))
    assert page.head.state["line"] == "1 order, IDR 499,000 sold."
    assert page.timeline.state["heading"] == "Timeline"
    assert page.side.state["spend"]["bars"][-1]["title"] == "November 2026: IDR 499,000"
    assert page.head.state["form"]["months"][11] == "December"
    assert date(2026, 11, 24) == page.me.today


# Offers of colleagues, complaints, and what is closed without an answer


def offered(crm: Crm, code: str) -> None:
    """Budi takes an order for Siti's Dewi at the narrow door, with another address and number."""
    with crm.work("budi") as work:
        product = work.session.scalars(select(Product.id)).first()
        assert product is not None
    with crm.work("budi") as work:
        place = {"ship_phone": "0857 7777 7777", "ship_address": "Jalan Baru 5", "ship_city": "Bandung"}
        take_door_order(work, code, OrderForm(0, [LineForm(product)], "door", **place))


def test_what_a_colleague_typed_is_taken_over_or_left(sqlite_crm: Crm, code: str) -> None:
    offered(sqlite_crm, code)
    page = page_of(sqlite_crm, code)
    [row] = [row for row in page.side.state["open"]["rows"] if row["tone"] == "offer"]
    assert row["head"] == "Budi Santoso mengusulkan perubahan data"
    assert row["text"].split("\n") == ["Alamat: Jalan Baru 5", "Nomor tambahan: 0857 7777 7777"]
    page.tell("side", do="take", id=row["id"])
    with sqlite_crm.work("siti") as work:
        person, phones = who_is(work, code)
    assert person.address == "Jalan Baru 5"
    assert [phone.e164 for phone in phones] == ["+628123456789", "+6285777777777"]
    assert not any(row["tone"] == "offer" for row in page.side.state["open"]["rows"])
    page.tell("side", do="leave", id=row["id"])  # answered: heard no more


def test_an_offer_is_left_and_nothing_changes(sqlite_crm: Crm, code: str) -> None:
    offered(sqlite_crm, code)
    page = page_of(sqlite_crm, code)
    late = page_of(sqlite_crm, code)
    [row] = [row for row in page.side.state["open"]["rows"] if row["tone"] == "offer"]
    page.tell("side", do="leave", id=row["id"])
    said: list[str] = []
    late.toasts.say = lambda text, **named: said.append(text)  # type: ignore[method-assign]
    late.tell("side", do="take", id=row["id"])
    assert said == ["Usulan ini sudah dijawab."]
    assert not any(row["tone"] == "offer" for row in late.side.state["open"]["rows"])
    with sqlite_crm.work("siti") as work:
        person, phones = who_is(work, code)
    assert (person.address, len(phones), person.version) == (None, 1, 1)


def test_a_complaint_is_opened_by_hand(sqlite_crm: Crm, code: str) -> None:
    page = page_of(sqlite_crm, code)
    page.tell("timeline", do="complain")
    token = page.dialog.state["token"]
    kinds = [option["value"] for option in page.dialog.state["fields"][0]["options"]]
    assert kinds == ["quality", "delivery", "wrong_item", "service", "other"]
    page.tell("dialog", do="save", token=token, values={"kind": "delivery", "line": "", "text": " "})
    assert page.answers[-1]["wrong"] == {"text": "Tulis apa yang dikeluhkan."}
    line = page.dialog.state["fields"][1]["options"][1]["value"]
    page.tell("dialog", do="save", token=token, values={"kind": "delivery", "line": line, "text": "Belum sampai"})
    with sqlite_crm.work("siti") as work:
        row = work.session.scalars(select(Complaint)).one()
    assert (row.kind, row.text, str(row.line_id)) == ("delivery", "Belum sampai", line)
    [shown] = page.side.state["open"]["rows"]
    assert (shown["head"], shown["text"]) == ("Keluhan: pengiriman", "Belum sampai")


def test_a_follow_up_is_closed_with_a_reason(sqlite_crm: Crm, code: str) -> None:
    with sqlite_crm.system("test company") as work:
        owed = work.session.scalars(select(FollowUp)).one()
        owed.due_on = work.today
        line = owed.line_id
    page = page_of(sqlite_crm, code)
    page.tell("side", do="close", id=line)
    token = page.dialog.state["token"]
    page.tell("dialog", do="save", token=token, values={"reason": ""})
    assert set(page.answers[-1]["wrong"]) == {"reason"}
    page.tell("dialog", do="save", token=token, values={"reason": "Sudah diberikan kepada adiknya"})
    assert page.side.state["open"]["rows"] == []
    with sqlite_crm.work("siti") as work:
        assert work.session.scalars(select(FollowUp.closed_because)).one() is FollowUpClosing.BY_HAND
        assert work.session.scalars(select(CustomerNote.text)).one() == "Sudah diberikan kepada adiknya"
