"""The customers list without a browser: what each gesture asks for, and what the parts are given."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import panel as pn
import pytest
from sqlalchemy import select

from dashboards import shell
from dashboards.page import Visit, texts_in
from dashboards.pages import customers as module
from dashboards.pages.customers import Asked, CustomersPage
from ecrm_core.crm import Crm, Work
from ecrm_core.models import CompanySetting, Customer, Employee, Role
from ecrm_core.queries import customer_list
from ecrm_core.queries.customer_list import CustomerFilters, ListCount, customer_count

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


@pytest.fixture
def company(sqlite_crm: Crm) -> Crm:
    """Siti's three, one of Budi's, and one of nobody's."""
    with sqlite_crm.system("test company") as work:
        staff = {employee.username: employee.id for employee in work.session.scalars(select(Employee))}
        for number, (name, city, owner, days) in enumerate(
            [
                ("Dewi Lestari", "Bandung", "siti", 1),
                ("Andi Wijaya", "Bandung", "siti", 40),
                ("Sri Mulyani", None, "siti", None),
                ("Rahasia Budi", "Medan", "budi", 400),
                ("Wati", "Bogor", None, None),
            ],
            1,
        ):
            work.session.add(
                Customer(
                    code=f"C{number:06}",
                    name=name,
                    city=city,
                    owner_id=staff[owner] if owner else None,
                    last_activity_at=NOW - timedelta(days=days) if days is not None else None,
                    do_not_call_at=NOW if name == "Andi Wijaya" else None,
                    created_at=NOW,
                )
            )
    return sqlite_crm


class Opened:
    """A page on show, its gestures made one after the other, and where it has moved."""

    def __init__(self, crm: Crm, username: str, query: dict[str, str] | None = None) -> None:
        self.moves: list[tuple[dict[str, str], bool]] = []
        self.page = CustomersPage(Visit(crm, username, "customers", query or {}), on_move=self._moved)
        self.page.open_now()

    def _moved(self, again: bool) -> None:
        self.moves.append((dict(self.page.lasting_query), again))

    def filters(self, **message: Any) -> None:
        asyncio.run(self.page._on_filters(message))

    def grid(self, **message: Any) -> None:
        asyncio.run(self.page._on_grid(message))

    def field(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = next(each for each in self.page.filters.state["fields"] if each["key"] == key)
        return found

    @property
    def names(self) -> list[str]:
        return [row["cells"]["name"]["text"] for row in self.page.grid.state["rows"]]

    @property
    def line(self) -> str:
        return str(self.page.filters.state["line"])


@pytest.fixture
def siti(company: Crm) -> Opened:
    return Opened(company, "siti")


@pytest.fixture
def ratna(company: Crm) -> Opened:
    return Opened(company, "ratna")


def test_only_staff_are_told_the_owner_and_may_narrow_down_by_it(siti: Opened, ratna: Opened) -> None:
    assert siti.names == ["Andi Wijaya", "Dewi Lestari", "Sri Mulyani"]
    assert "owner" not in [column["key"] for column in siti.page.grid.state["columns"]]
    assert "owner" not in [field["key"] for field in siti.page.filters.state["fields"]]
    assert [column["key"] for column in ratna.page.grid.state["columns"]][-1] == "owner"
    ratna.filters(do="filter", key="owner", value="-")
    assert ratna.names == ["Wati"]
    assert ratna.page.grid.state["rows"][0]["cells"]["owner"]["text"] == "belum ada"
    siti.filters(do="filter", key="owner", value="budi")
    assert siti.names == ["Andi Wijaya", "Dewi Lestari", "Sri Mulyani"]
    assert siti.page.lasting_query == {}


def test_a_row_tells_near_days_status_and_who_must_not_be_called(siti: Opened) -> None:
    rows = {row["cells"]["name"]["text"]: row["cells"] for row in siti.page.grid.state["rows"]}
    assert rows["Dewi Lestari"]["activity"] == {"text": "kemarin", "title": "Senin, 23 November 2026"}
    assert rows["Dewi Lestari"]["status"] == {"text": "2 minggu", "tone": "green"}
    assert rows["Andi Wijaya"]["status"] == {"text": "6 bulan", "tone": "amber"}
    assert rows["Andi Wijaya"]["name"]["sub"] == "jangan dihubungi"
    assert rows["Sri Mulyani"]["status"] == {"text": "Calon pelanggan", "tone": "blue"}
    assert rows["Sri Mulyani"]["activity"] == {"text": ""}


def test_statuses_are_named_for_the_companys_own_boundaries(company: Crm) -> None:
    with company.system("test company") as work:
        work.session.add(CompanySetting(name="two_weeks_days", valid_from=date(2026, 1, 1), value=10, set_at=work.now))
    page = Opened(company, "siti")
    assert page.field("status")["options"][0] == {"value": "two_weeks", "label": "10 hari"}
    assert page.page.grid.state["rows"][1]["cells"]["status"]["text"] == "10 hari"


def test_a_row_leads_to_the_customer_and_back_to_this_very_list(siti: Opened) -> None:
    siti.filters(do="filter", key="city", value="Bandung")
    siti.grid(do="sort", key="activity")
    address = urlsplit(siti.page.grid.state["rows"][0]["url"])
    query = dict(parse_qsl(address.query))
    assert (address.path, query["code"]) == ("customer", "C000001")
    assert dict(parse_qsl(query["list"])) == {"city": "Bandung", "sort": "-activity"}


def test_what_is_chosen_moves_the_address_and_what_is_typed_replaces_it(siti: Opened) -> None:
    siti.filters(do="filter", key="city", value="Bandung")
    for text in ("d", "de", "dewi"):
        siti.filters(do="search", text=text)
    siti.filters(do="search", text="")
    siti.filters(do="clear")
    assert siti.moves == [
        ({"city": "Bandung"}, False),
        ({"q": "d", "city": "Bandung"}, False),
        ({"q": "de", "city": "Bandung"}, True),
        ({"q": "dewi", "city": "Bandung"}, True),
        ({"city": "Bandung"}, False),
        ({}, False),
    ]
    assert siti.names == ["Andi Wijaya", "Dewi Lestari", "Sri Mulyani"]


def test_an_unknown_address_opens_everything(company: Crm) -> None:
    page = Opened(company, "siti", {"status": "hot", "sort": "owner", "page": "-4", "birthday": "0", "x": "<b>"})
    assert page.names == ["Andi Wijaya", "Dewi Lestari", "Sri Mulyani"]
    assert page.page.lasting_query == {}


def test_an_address_is_followed_while_the_page_is_open(siti: Opened) -> None:
    asyncio.run(siti.page.arrive({"q": "dewi", "sort": "-name"}))
    assert siti.names == ["Dewi Lestari"]
    assert siti.page.filters.state["search"]["value"] == "dewi"
    assert siti.page.lasting_query == {"q": "dewi", "sort": "-name"}
    asyncio.run(siti.page.arrive({}))
    assert len(siti.names) == 3


def test_sorting_begins_with_what_is_looked_for_first(siti: Opened) -> None:
    for key, down in (("city", False), ("city", True), ("activity", True), ("activity", False), ("name", False)):
        siti.grid(do="sort", key=key)
        assert siti.page.grid.state["sort"] == {"key": key, "down": down}
    siti.grid(do="sort", key="salary")
    assert siti.page.grid.state["sort"] == {"key": "name", "down": False}


def test_pages_follow_each_other(siti: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(customer_list, "PAGE", 2)
    siti.grid(do="sort", key="code")
    siti.grid(do="page", step=1)
    assert siti.names == ["Sri Mulyani"]
    assert siti.page.grid.state["page"] == {"from": "3", "to": "3", "total": "3", "first": False, "last": True}
    assert siti.page.lasting_query == {"sort": "code", "page": "2"}
    siti.grid(do="page", step=1)
    assert siti.names == ["Sri Mulyani"]
    siti.filters(do="search", text="wi")
    assert siti.page.lasting_query == {"q": "wi", "sort": "code"}


def test_products_and_cities_are_suggested(siti: Opened) -> None:
    siti.filters(do="suggest", key="city", text="ban")
    assert siti.field("city")["options"] == [{"value": "Bandung", "label": "Bandung"}]
    siti.filters(do="suggest", key="product", text="nothing such")
    assert siti.field("product")["options"] == []
    siti.filters(do="filter", key="product", value="GONE")
    assert siti.field("product")["shown"] == "GONE"
    assert [option["value"] for option in siti.field("relation")["options"]] == ["bought", "interested"]
    siti.filters(do="filter", key="relation", value="interested")
    assert siti.page.lasting_query == {"product": "GONE", "relation": "interested"}
    siti.filters(do="filter", key="product", value="")
    assert siti.page.lasting_query == {}


def test_empty_lists_say_what_comes_next(company: Crm, siti: Opened) -> None:
    siti.filters(do="search", text="zzz")
    assert siti.line == "Tidak ada pelanggan"
    assert siti.page.grid.state["empty_action"]["do"] == "clear"
    siti.grid(do="clear")
    assert len(siti.names) == 3
    with company.system("test company") as work:
        for customer in work.session.scalars(select(Customer)):
            customer.owner_id = None
    nobody = Opened(company, "budi")
    assert nobody.page.grid.state["empty"] == texts_in("id")("customers.empty.own")
    assert nobody.page.grid.state["empty_action"]["url"] == "orders"


def test_the_sum_is_said_as_far_as_it_is_known(siti: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    assert siti.line == "3 pelanggan"
    monkeypatch.setattr(customer_list, "COUNTED", 2)
    asyncio.run(siti.page.refresh())
    assert siti.line == "Lebih dari 2 pelanggan"
    assert siti.page.grid.state["page"]["total"] == "lebih dari 2"


@pytest.fixture
def slow_count(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Counting that waits to be let go."""
    go = threading.Event()

    def count(work: Work, filters: CustomerFilters | None = None) -> ListCount:
        go.wait(10)
        return customer_count(work, filters)

    monkeypatch.setattr(module, "customer_count", count)
    yield go
    go.set()


def test_rows_do_not_wait_for_their_count(siti: Opened, slow_count: threading.Event) -> None:
    async def search() -> None:
        asking = asyncio.ensure_future(siti.page._on_filters({"do": "search", "text": "dewi"}))
        while not siti.moves:
            await asyncio.sleep(0.005)
        assert siti.names == ["Dewi Lestari"]
        assert siti.line == "Menghitung…"
        slow_count.set()
        await asking

    asyncio.run(search())
    assert siti.line == "1 pelanggan"


def test_arriving_shows_rows_before_they_are_counted(siti: Opened, slow_count: threading.Event) -> None:
    async def arrive() -> None:
        await siti.page.arrive({"q": "dewi"})
        assert siti.names == ["Dewi Lestari"]
        assert siti.line == "Menghitung…"
        assert siti.moves == []
        slow_count.set()
        assert siti.page._counting is not None
        await siti.page._counting

    asyncio.run(arrive())
    assert siti.line == "1 pelanggan"


def test_a_late_answer_never_takes_the_place_of_a_newer_one(siti: Opened, slow_count: threading.Event) -> None:
    async def search() -> None:
        first = asyncio.ensure_future(siti.page._on_filters({"do": "search", "text": "andi"}))
        await asyncio.sleep(0)
        second = asyncio.ensure_future(siti.page._on_filters({"do": "search", "text": "dewi"}))
        await asyncio.sleep(0.05)
        slow_count.set()
        await asyncio.gather(first, second)

    asyncio.run(search())
    assert siti.names == ["Dewi Lestari"]
    assert siti.page.lasting_query == {"q": "dewi"}
    assert siti.line == "1 pelanggan"


def test_views_are_kept_under_names_and_deleted_with_undo(siti: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[str | None] = []
    monkeypatch.setattr(siti.page.filters, "answer_view", lambda wrong=None: answers.append(wrong))
    undos: list[Any] = []
    monkeypatch.setattr(siti.page.toasts, "say", lambda text, **named: undos.append(named.get("undo")))
    siti.filters(do="filter", key="city", value="Bandung")
    siti.filters(do="save_view", name=" ")
    siti.filters(do="save_view", name="Bandung")
    assert answers == ["Isian “Nama tampilan” belum diisi.", None]
    tabs = siti.page.filters.state["views"]
    assert [(tab["name"], tab["current"]) for tab in tabs] == [("Semua pelanggan", False), ("Bandung", True)]
    siti.filters(do="view", id=0)
    assert siti.page.lasting_query == {}
    siti.filters(do="view", id=tabs[1]["id"])
    assert siti.page.lasting_query == {"city": "Bandung"}
    siti.filters(do="delete_view", id=tabs[1]["id"])
    assert len(siti.page.filters.state["views"]) == 1
    asyncio.run(undos[-1]())
    assert [tab["name"] for tab in siti.page.filters.state["views"]] == ["Semua pelanggan", "Bandung"]


def test_words_change_with_the_language_and_nothing_else(siti: Opened) -> None:
    siti.filters(do="filter", key="city", value="Bandung")
    siti.page.me = siti.page.me.__class__(**{**vars(siti.page.me), "language": "en"})
    asyncio.run(siti.page.change_language(siti.page.me))
    assert siti.line.endswith("customers")
    assert siti.page.grid.state["columns"][4]["label"] == "Last activity"


def test_the_page_stands_in_a_notebook_cell_and_is_everybodys(siti: Opened) -> None:
    assert pn.panel(siti.page).get_root() is not None
    assert all(shell.may_open(role, "customers") for role in Role)


def test_pages_in_an_address_are_numbers() -> None:
    assert [Asked.of({"page": text}).page for text in ("3", "0", "-1", "x", "9" * 30, "²")] == [3, 1, 1, 1, 1, 1]
