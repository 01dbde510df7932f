"""Pages without a browser: gestures, refusals, and the same page in a notebook cell."""

from __future__ import annotations

import asyncio
import logging
import re
from datetime import time
from typing import Any

import panel as pn
import pytest
from sqlalchemy import select

from dashboards import shell
from dashboards.page import TEXTS, Refused, Visit, in_work, texts_in
from dashboards.pages.home import HomePage, parse_clock
from ecrm_core.crm import Crm, Work
from ecrm_core.errors import InvalidValue
from ecrm_core.models import AgendaItem, Employee, Role
from ecrm_core.services.customers import add_customer
from ecrm_core.texts import catalogue


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("", None),
        (" ", None),
        ("9", time(9)),
        ("0930", time(9, 30)),
        ("930", time(9, 30)),
        ("9.30", time(9, 30)),
        ("09:30", time(9, 30)),
        ("23.59", time(23, 59)),
        ("0", time(0)),
    ],
)
def test_a_time_is_read_as_people_type_it(typed: str, at: time | None) -> None:
    assert parse_clock(typed) == at


@pytest.mark.parametrize("typed", ["24", "9.60", "pagi", "9.3", "12345", "-1", "9.30.1"])
def test_what_is_no_time_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  its message is for nobody
        parse_clock(typed)


def run(crm: Crm, function: Any, language: str = "id") -> Any:
    return asyncio.run(in_work(Visit(crm, "siti"), texts_in(language), function))


def test_a_refusal_speaks_the_users_language_and_names_the_field(sqlite_crm: Crm) -> None:
    def refuse(_: Work) -> None:
        raise InvalidValue("title", "", "empty")

    said = []
    for language in ("id", "en"):
        with pytest.raises(Refused) as refused:
            run(sqlite_crm, refuse, language)
        assert refused.value.field == "title"
        said.append(refused.value.sentence)
    assert said[0] != said[1]


def test_what_nobody_foresaw_is_told_with_the_number_it_is_logged_under(
    sqlite_crm: Crm, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Work) -> None:
        raise ZeroDivisionError("secret detail")

    with caplog.at_level(logging.ERROR), pytest.raises(Refused) as refused:
        run(sqlite_crm, fail)
    number = re.search(r"nomor (\w{6})", refused.value.sentence)
    assert number is not None
    assert number[1] in caplog.text
    assert "secret detail" not in refused.value.sentence


def test_a_gesture_of_somebody_deactivated_is_refused(sqlite_crm: Crm) -> None:
    page = HomePage(Visit(sqlite_crm, "siti"))
    page.open_now()
    with sqlite_crm.system("test company") as work:
        work.session.scalars(select(Employee).where(Employee.username == "siti")).one().active = False
    with pytest.raises(Refused) as refused:
        asyncio.run(page.refresh())
    assert refused.value.gone


def test_a_failed_gesture_changes_nothing(sqlite_crm: Crm) -> None:
    def half(work: Work) -> None:
        work.session.add(AgendaItem(employee_id=work.employee_id, title="half", day=work.today, created_at=work.now))
        work.session.flush()
        raise InvalidValue("title", "", "empty")

    with pytest.raises(Refused):
        run(sqlite_crm, half)
    with sqlite_crm.work("siti") as work:
        assert work.session.scalars(select(AgendaItem)).all() == []


def test_the_same_page_stands_in_a_notebook_cell(sqlite_crm: Crm) -> None:
    page = HomePage(Visit(sqlite_crm, "siti"))
    root = pn.panel(page).get_root()
    assert page.head.state["title"] == "Selamat pagi, Siti."
    assert page.toasts in root_parts(page)
    assert root is not None


def root_parts(page: HomePage) -> list[Any]:
    return list(page.__panel__().select(type(page.toasts)))


def test_opening_pages_leaves_nothing_watching(sqlite_crm: Crm) -> None:
    """A watcher of the global busy flag per page ever opened would slow every later click."""

    def watchers() -> int:
        return sum(len(each) for kinds in pn.state.param.watchers.values() for each in kinds.values())

    shell.render(Visit(sqlite_crm, "siti"))
    before = watchers()
    for _ in range(5):
        shell.render(Visit(sqlite_crm, "siti"))
    assert watchers() == before


def test_each_role_has_its_pages() -> None:
    assert shell.PATHS[0] == "home"
    assert all(shell.may_open(role, "home") for role in Role)
    assert not shell.may_open(Role.ADMIN, "nowhere")


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    def facts(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", text))

    one, other = (catalogue(language, TEXTS) for language in ("id", "en"))
    plain = {key for key in one if not key.endswith(".one")}
    assert plain == {key for key in other if not key.endswith(".one")}
    assert {key for key in plain if facts(one[key]) != facts(other[key])} == set()


def test_the_frame_counts_what_opening_the_page_has_planned(sqlite_crm: Crm) -> None:
    with sqlite_crm.work("siti") as work:
        add_customer(work, name="Dewi Lestari", phones=["08123456789"])
    made = shell.Shell(Visit(sqlite_crm, "siti"))
    assert [item["customer"] for item in made.page.agenda.state["items"]] == ["Dewi Lestari"]  # type: ignore[attr-defined]
    assert made.frame.state["nav"][0]["count"] == 1
