"""Call mode as somebody with a headset uses it: by keys alone, and the same numbers everywhere afterwards."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

import ecrm_core as ecrm
from ecrm_core.models import AgendaItem, AgendaKind, Customer, CustomerPhone, Employee
from ecrm_core.queries.home import home_of
from ecrm_core.services.calling import day_summary
from ecrm_core.services.orders import LineForm, OrderForm, take_order
from tests.conftest import FrozenClock
from tests.e2e.company import NOW, TODAY
from tests.e2e.conftest import Watch, log_in, settled
from tests.e2e.test_accessibility import grave

NAMES = [
    "Ayu Satu",
    "Bima Dua",
    "Citra Tiga",
    "Dodi Empat",
    "Eka Lima",
    "Fajar Enam",
    "Gita Tujuh",
    "Hadi Delapan",
    "Indah Sembilan",
    "Joko Sepuluh",
]
PRESS_AND_LOOK = """(key) => new Promise((resolve) => {
  const find = (root) => {
    for (const each of root.querySelectorAll("*")) {
      if (each.id === "who" && each.checkVisibility()) return each;
      const inside = each.shadowRoot && find(each.shadowRoot);
      if (inside) return inside;
    }
    return null;
  };
  const before = find(document).textContent;
  const start = performance.now();
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true }));
  const painted = () => resolve([before, find(document).textContent, performance.now() - start]);
  requestAnimationFrame(() => setTimeout(painted));
})"""
"""Who is on show before a key and in the frame after it, and how long that took."""


@pytest.fixture
def day(database: Path, fresh_rows: None) -> Path:
    """Siti has ten customers to call, and nothing else; the first one's Slim Suit is to be asked about."""
    with closing(sqlite3.connect(database, timeout=20)) as connection, connection:
        connection.execute("DELETE FROM agenda_item WHERE customer_id IS NOT NULL")
    crm = ecrm.connect(f"sqlite:///{database}", clock=FrozenClock())
    with crm.system("test company") as work:
        siti = work.session.scalars(select(Employee.id).where(Employee.username == "siti")).one()
        customers = [
            Customer(code=f"C0005{number:02}", name=name, city="Bandung", owner_id=siti, created_at=NOW)
            for number, name in enumerate(NAMES)
        ]
        work.session.add_all(customers)
        work.session.flush()
        for number, customer in enumerate(customers):
            phone = f"+6281200000{number:03}"
            work.session.add(CustomerPhone(customer_id=customer.id, e164=phone, typed=phone))
            work.session.add(
                AgendaItem(
                    employee_id=siti,
                    title=customer.name,
                    day=TODAY,
                    kind=AgendaKind.PROSPECT,
                    customer_id=customer.id,
                    proposed=True,
                    rank=number,
                    reasons=[{"kind": "prospect", "since": "2026-11-01"}],
                    created_at=NOW,
                )
            )
        first = customers[0].id
    with crm.work("siti") as work:
        product = work.session.scalars(select(ecrm.models.Product.id).where(ecrm.models.Product.code == "SLM-01")).one()
        form = OrderForm(first, [LineForm(product)], intention="ayu", ordered_at=NOW - timedelta(days=35))
        take_order(work, form)
    crm.close()
    return database


def ask(database: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(database, timeout=20)) as connection:
        return connection.execute(statement).fetchall()


@pytest.fixture
def siti(day: Path, page: Page, address: str) -> Page:
    """In call mode, the day begun, by keys alone."""
    # Chromium leaves open connections alone when it goes offline, so a test closes them itself.
    page.add_init_script(
        "window.sockets = []; const Native = WebSocket;"
        "window.WebSocket = class extends Native { constructor(...all) { super(...all); sockets.push(this); } };"
    )
    log_in(page, address, "siti")
    settled(page)
    page.keyboard.press("g")
    page.keyboard.press("t")
    expect(page.locator("h1:visible")).to_have_text("Telepon")
    expect(page.get_by_text("10 pelanggan menunggu hari ini.")).to_be_visible()
    page.keyboard.press("Enter")
    who(page, NAMES[0])
    return page


def who(page: Page, name: str) -> None:
    expect(page.locator("#who:visible")).to_have_text(name)


def dialog(page: Page) -> Any:
    return page.locator("dialog[open]")


def test_a_day_of_calls_by_keys_alone_and_the_numbers_afterwards(siti: Page, day: Path) -> None:
    keys = siti.keyboard
    # 1: spoken to; what she says of the Slim Suit, what she cares about next, and a note.
    expect(siti.locator(".ask")).to_contain_text("Slim Suit")
    keys.press("a")
    keys.press("5")
    keys.press("Escape")
    keys.press("m")
    keys.type("Slimming Tea")
    keys.press("Escape")
    keys.press("c")
    keys.type("Senang sekali")
    keys.press("Escape")
    keys.press("1")
    who(siti, NAMES[1])
    # 2 and 3: nobody answers, busy.
    keys.press("2")
    who(siti, NAMES[2])
    keys.press("3")
    who(siti, NAMES[3])
    # 4: later, asked when.
    keys.press("4")
    expect(dialog(siti)).to_contain_text("Kapan Dodi Empat ditelepon kembali?")
    keys.press("Enter")
    expect(dialog(siti)).to_contain_text("Tulis jam seperti 14.30.")
    keys.type("16.15")
    keys.press("Enter")
    who(siti, NAMES[4])
    # 5: not interested.
    keys.press("5")
    who(siti, NAMES[5])
    # 6: an order; the form is filled in, and the call knows the order on return.
    keys.press("6")
    expect(siti.locator("h1:visible")).to_have_text("Pesanan untuk Fajar Enam")
    expect(siti.locator("#field-product")).to_be_focused()
    keys.type("SLM-01")
    expect(siti.locator("#products [role=option]").first).to_be_visible()
    keys.press("Enter")
    expect(siti.locator("input[id$='.quantity']").last).to_be_focused()
    siti.get_by_label("Tahu dari mana", exact=True).and_(siti.locator(":visible")).focus()
    keys.type("Dari teman")
    keys.press("Control+Enter")
    expect(siti.locator("section.done h2")).to_be_visible()
    expect(siti.get_by_role("link", name="Lanjut menelepon")).to_be_visible()
    keys.press("t")
    who(siti, NAMES[6])
    # 7: a wrong number, and the right one.
    keys.press("7")
    expect(dialog(siti)).to_contain_text("Salah nomor untuk Gita Tujuh")
    keys.type("0812 7777 888")
    keys.press("Enter")
    # It is tried at once.
    expect(siti.locator("[data-phone]:visible")).to_contain_text("0812-7777-888")
    who(siti, NAMES[6])
    keys.press("1")
    who(siti, NAMES[7])
    # 8: never again.
    keys.press("8")
    expect(dialog(siti)).to_contain_text("Jangan hubungi Hadi Delapan lagi?")
    keys.press("Enter")
    who(siti, NAMES[8])
    # and two more that were spoken to.
    keys.press("1")
    who(siti, NAMES[9])
    keys.press("1")
    expect(siti.locator("#who:visible")).to_have_text("Semua sudah ditelepon")
    expect(siti.get_by_text("11 kontak · 8 diajak bicara · 1 pesanan")).to_be_visible()

    outcomes = dict(ask(day, "SELECT outcome, count(*) FROM contact GROUP BY outcome"))
    assert outcomes == {
        "reached": 4,
        "no_answer": 1,
        "busy": 1,
        "call_back": 1,
        "not_interested": 1,
        "ordered": 1,
        "wrong_number": 1,
        "do_not_call": 1,
    }
    assert ask(day, "SELECT rating FROM response") == [(5,)]
    assert ask(day, "SELECT note FROM contact WHERE note IS NOT NULL") == [("Senang sekali",)]
    linked = ask(
        day,
        "SELECT c.name FROM contact k JOIN sales_order o ON o.id = k.order_id JOIN customer c ON c.id = o.customer_id"
        " WHERE k.outcome = 'ordered'",
    )
    assert linked == [("Fajar Enam",)]
    phones = ask(
        day,
        "SELECT p.e164, p.wrong_at IS NULL FROM customer_phone p JOIN customer c ON c.id = p.customer_id"
        " WHERE c.name = 'Gita Tujuh' ORDER BY p.position, p.id",
    )
    assert phones == [("+628127777888", 1), ("+6281200000006", 0)]
    (call_back,) = ask(
        day,
        "SELECT a.day, a.at FROM agenda_item a JOIN customer c ON c.id = a.customer_id"
        " WHERE c.name = 'Dodi Empat' AND a.done_at IS NULL",
    )
    assert (call_back[0], str(call_back[1])[:5]) == ("2026-11-24", "16:15")

    # The end of the day, here and in the core, and Home.
    siti.get_by_role("button", name="Akhiri hari").click()
    expect(siti.locator("#who:visible")).to_have_text(re.compile("Hari ini diakhiri pukul 09"))
    told = dict(
        zip(
            siti.locator(".summary th:visible").all_inner_texts(),
            siti.locator(".summary td:visible").all_inner_texts(),
            strict=True,
        )
    )
    crm = ecrm.connect(f"sqlite:///{day}", clock=FrozenClock())
    with crm.work("siti") as work:
        summary, home = day_summary(work, TODAY), home_of(work, TODAY)
    crm.close()
    assert {str(outcome): number for outcome, number in summary.outcomes.items()} == outcomes
    assert (summary.contacts, summary.reached, summary.orders, summary.responses) == (11, 8, 1, 1)
    assert summary.amounts == {"IDR": Decimal(499_000)}
    assert told["Kontak keluar"] == "11"
    assert told["Diajak bicara"] == "8"
    assert told["Penjualan"] == "Rp 499.000"
    assert told["Pesanan"] == "1"
    assert told["Belum ditelepon"] == str(summary.left_over) == str(home.numbers.calls) == "3"
    siti.keyboard.press("g")
    siti.keyboard.press("h")
    expect(siti.get_by_text("3 telepon hari ini")).to_be_visible()
    for name in NAMES:
        done = siti.locator("li.row.done", has_text=name)
        expect(done).to_have_count(2 if name == "Gita Tujuh" else 1)


def test_the_next_customer_is_there_before_the_server_answers(siti: Page) -> None:
    settled(siti)
    spent = siti.evaluate(PRESS_AND_LOOK, "2")
    assert spent[0] == NAMES[0]
    assert spent[1] == NAMES[1], "painted in the frame after the key"
    print(f"painted after {spent[2]:.1f} ms")


def test_who_is_skipped_comes_up_again_with_what_was_typed(siti: Page) -> None:
    siti.keyboard.press("c")
    siti.keyboard.type("Telepon kantor saja")
    siti.keyboard.press("Escape")
    siti.keyboard.press("s")
    for name in NAMES[1:]:
        who(siti, name)
        siti.keyboard.press("s")
    who(siti, NAMES[0])
    expect(siti.locator("#note")).to_have_value("Telepon kantor saja")


def test_what_is_typed_survives_a_lost_connection(siti: Page, watch: Watch) -> None:
    for text in ("WebSocket", "websocket", "ERR_INTERNET_DISCONNECTED"):
        watch.forgive(text)
    siti.keyboard.press("a")
    siti.keyboard.press("4")
    siti.keyboard.press("Escape")
    siti.keyboard.press("c")
    siti.keyboard.type("Suka warna hitam")
    siti.context.set_offline(True)
    siti.evaluate("sockets.at(-1).close()")
    expect(siti.get_by_text("Terputus.")).to_be_visible()
    siti.context.set_offline(False)
    expect(siti.get_by_text("Terputus.")).to_be_hidden()
    who(siti, NAMES[0])
    expect(siti.locator("#note")).to_have_value("Suka warna hitam")
    expect(siti.locator("[data-rating='4']")).to_be_checked()


def test_a_refusal_brings_the_customer_back_with_its_sentence(siti: Page, day: Path) -> None:
    siti.keyboard.press("m")
    siti.keyboard.type("Kulkas terbang")
    siti.keyboard.press("Escape")
    siti.keyboard.press("1")
    expect(siti.get_by_text("Tidak ada produk atau kategori bernama “Kulkas terbang”.")).to_be_visible()
    who(siti, NAMES[0])
    expect(siti.locator("#wanted")).to_have_value("Kulkas terbang")
    assert ask(day, "SELECT count(*) FROM contact") == [(0,)]


def test_a_pause_stops_the_outcomes_and_survives_a_reload(siti: Page, day: Path) -> None:
    siti.keyboard.press("p")
    expect(siti.locator("#who:visible")).to_have_text(re.compile(r"Jeda sejak 09\.\d\d"))
    siti.keyboard.press("1")
    siti.reload()
    settled(siti)
    expect(siti.locator("#who:visible")).to_have_text(re.compile(r"Jeda sejak 09\.\d\d"))
    assert ask(day, "SELECT count(*) FROM contact") == [(0,)]
    siti.keyboard.press("p")
    who(siti, NAMES[0])


def test_an_order_that_was_never_saved_is_told_on_return(siti: Page) -> None:
    siti.keyboard.press("6")
    expect(siti.locator("h1:visible")).to_have_text("Pesanan untuk Ayu Satu")
    siti.keyboard.press("Escape")
    siti.locator("h1:visible").click()
    siti.keyboard.press("g")
    siti.keyboard.press("t")
    expect(siti.get_by_text("Panggilan dengan Ayu Satu dicatat sebagai pesan")).to_be_visible()


def test_a_promise_announces_itself_on_any_page_until_somebody_takes_note(siti: Page, day: Path) -> None:
    with closing(sqlite3.connect(day, timeout=20)) as connection, connection:
        connection.execute(
            "UPDATE agenda_item SET kind = 'call_back', proposed = 0, at = '08:30:00.000000', note = 'Soal warna'"
            " WHERE title = 'Joko Sepuluh'"
        )
    siti.keyboard.press("g")
    siti.keyboard.press("p")
    said = siti.locator(".reminders li", has_text="08.30 · janji menelepon Joko Sepuluh")
    expect(said).to_be_visible()
    expect(said).to_contain_text("Soal warna")
    siti.reload()
    settled(siti)
    expect(said).to_be_visible()
    said.get_by_role("link", name="Telepon").click()
    who(siti, "Joko Sepuluh")
    expect(siti.get_by_text("Janji telepon kembali 08.30.")).to_be_visible()
    expect(said).to_have_count(0)
    siti.reload()
    settled(siti)
    expect(siti.locator("h1:visible")).to_have_text("Telepon")
    expect(said).to_have_count(0)


def test_several_promises_at_once_leave_the_page_in_sight(siti: Page, day: Path) -> None:
    with closing(sqlite3.connect(day, timeout=20)) as connection, connection:
        connection.execute(
            "UPDATE agenda_item SET kind = 'call_back', proposed = 0, at = '08:30:00.000000', reminded_at = NULL"
            " WHERE title IN (?, ?)",
            (NAMES[-1], NAMES[-2]),
        )
    siti.keyboard.press("g")
    siti.keyboard.press("p")
    told = siti.locator(".reminders li", has_text="janji menelepon")
    expect(told).to_have_count(1)
    siti.get_by_role("button", name="1 janji lain juga sudah waktunya").click()
    expect(told).to_have_count(2)
    siti.get_by_role("button", name="Ringkas").click()
    expect(told).to_have_count(1)
    told.get_by_role("button", name="Sudah tahu").click()
    expect(told).to_have_count(1)
    expect(siti.locator(".reminders button", has_text="janji lain")).to_have_count(0)


@pytest.mark.parametrize(("width", "scheme"), [(1366, "light"), (390, "dark")])
def test_nobody_is_kept_out_of_a_call(siti: Page, watch: Watch, width: int, scheme: str) -> None:
    siti.set_viewport_size({"width": width, "height": 800})
    siti.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    who(siti, NAMES[0])
    assert grave(siti) == []
    assert siti.evaluate("document.documentElement.scrollWidth") <= width


def test_when_all_are_called_the_next_customer_of_nobody_is_taken(day: Path, page: Page, address: str) -> None:
    with closing(sqlite3.connect(day, timeout=20)) as connection, connection:
        connection.execute("DELETE FROM agenda_item WHERE customer_id IS NOT NULL")
    log_in(page, address, "siti")
    settled(page)
    for key in ("g", "t"):
        page.keyboard.press(key)
    expect(page.locator("#who:visible")).to_have_text("Siap menelepon?")
    page.keyboard.press("Enter")
    who(page, "Semua sudah ditelepon")
    expect(page.locator(".idle")).to_contain_text("1 pelanggan belum ada pengurusnya.")
    assert grave(page) == []
    page.keyboard.press("u")
    who(page, "Wati Tanpa Pengurus")
    page.keyboard.press("1")
    who(page, "Semua sudah ditelepon")
    expect(page.get_by_role("button", name="Ambil berikutnya")).to_have_count(0)


def test_a_wrong_key_is_taken_back_with_what_was_typed(siti: Page, day: Path) -> None:
    keys = siti.keyboard
    keys.press("a")
    keys.press("5")
    keys.press("Escape")
    keys.press("c")
    keys.type("Senang sekali")
    keys.press("Escape")
    keys.press("1")
    who(siti, NAMES[1])
    expect(siti.locator(".toast", has_text="Ayu Satu: Tercapai.")).to_be_visible()
    assert grave(siti) == []
    keys.press("z")
    who(siti, NAMES[0])
    expect(siti.locator("#note")).to_have_value("Senang sekali")
    expect(siti.locator("[data-rating='5']")).to_be_checked()
    assert ask(day, "SELECT (SELECT count(*) FROM contact), (SELECT count(*) FROM response)") == [(0, 0)]
    keys.press("2")
    who(siti, NAMES[1])
    siti.locator(".toast", has_text="Ayu Satu muncul lagi").get_by_role("button", name="Batalkan").click()
    who(siti, NAMES[0])
    # Never again is asked about before, and not taken back.
    keys.press("8")
    expect(dialog(siti)).to_contain_text("Jangan hubungi Ayu Satu lagi?")
    keys.press("Enter")
    who(siti, NAMES[1])
    expect(siti.locator(".toast", has_text="Ayu Satu: Jangan hubungi.")).to_be_visible()
    keys.press("z")
    who(siti, NAMES[1])
    assert ask(day, "SELECT outcome FROM contact") == [("do_not_call",)]
