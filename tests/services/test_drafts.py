"""Orders half typed: kept, found again anywhere, never overwritten, gone with the order."""

from __future__ import annotations

from typing import Any

import pytest

from ecrm_core.crm import Crm
from ecrm_core.errors import InvalidValue, NotVisible
from ecrm_core.models import Employee, Language, OrderDraft
from ecrm_core.services.drafts import (
    DraftChanged,
    DraftOrdered,
    discard_draft,
    my_drafts,
    open_draft,
    save_draft,
)
from ecrm_core.services.orders import LineForm, OrderForm, take_order
from ecrm_core.texts import Texts
from tests.conftest import FrozenClock
from tests.services.conftest import Shop

TYPED: dict[str, Any] = {
    "customer": {"name": "Dewi Lestari", "code": "C000001"},
    "lines": [{"product": 1, "quantity": "dua"}, {}],
    "note": "  antar sore \u2014 jangan lupa \0 ",
    "discount": 0.5,
}


def save(crm: Crm, content: dict[str, Any], version: int = 0, key: str = "a", by: str = "siti") -> int:
    with crm.work(by) as work:
        return save_draft(work, key, content, version=version).version


def test_what_is_typed_comes_back_as_it_was(crm: Crm, clock: FrozenClock) -> None:
    assert save(crm, TYPED) == 1
    clock.advance(minutes=5)
    with crm.work("siti") as work:
        draft = open_draft(work, "a")
        assert draft is not None
        assert draft.content == TYPED
        assert (draft.version, draft.saved_at) == (1, clock.now.replace(minute=0))
        assert open_draft(work, "b") is None
    assert save(crm, {"lines": []}, version=1) == 2


def test_a_save_after_another_tabs_is_refused_and_both_stay(crm: Crm) -> None:
    save(crm, {"note": "first"})
    save(crm, {"note": "tab one"}, version=1)
    with pytest.raises(DraftChanged) as refused, crm.work("siti") as work:
        save_draft(work, "a", {"note": "tab two"}, version=1)
    stored = refused.value.stored
    assert (stored.content, stored.version) == ({"note": "tab one"}, 2)
    with pytest.raises(DraftChanged), crm.work("siti") as work:
        save_draft(work, "a", {"note": "a new form on the same key"}, version=0)
    # The other content finds its place beside it, or over it by choice.
    save(crm, {"note": "tab two"}, key="b")
    with crm.work("siti") as work:
        assert {draft.intention for draft in my_drafts(work)} == {"a", "b"}
    assert save(crm, {"note": "tab two"}, version=stored.version) == 3


def test_the_same_again_is_no_conflict(crm: Crm) -> None:
    save(crm, TYPED)
    assert save(crm, TYPED) == 1
    assert save(crm, TYPED, version=7) == 1


def test_drafts_are_listed_newest_first_in_one_line(crm: Crm, clock: FrozenClock) -> None:
    save(crm, TYPED, key="a")
    clock.advance(minutes=1)
    save(crm, {"name": " Rina ", "lines": "?"}, key="b")
    clock.advance(minutes=1)
    save(crm, {"customer": {"name": ""}}, key="c")
    save(crm, TYPED, key="d", by="budi")
    with crm.work("siti") as work:
        lines = my_drafts(work)
    assert [(line.intention, line.customer_name, line.customer_code, line.lines) for line in lines] == [
        ("c", None, None, 0),
        ("b", "Rina", None, 0),
        ("a", "Dewi Lestari", "C000001", 2),
    ]
    assert lines[0].saved_at == clock.now
    clock.advance(minutes=1)
    save(crm, {"lines": [1]}, version=1, key="a")
    with crm.work("siti") as work:
        assert [line.intention for line in my_drafts(work)] == ["a", "c", "b"]


def test_a_draft_is_its_typists_own(crm: Crm) -> None:
    save(crm, TYPED)
    for who in ("budi", "ratna", "agus"):
        with crm.work(who) as work:
            assert my_drafts(work) == []
            assert open_draft(work, "a") is None
            discard_draft(work, "a")
        with pytest.raises(NotVisible), crm.work(who) as work:
            save_draft(work, "a", {}, version=1)
    with crm.work("siti") as work:
        assert open_draft(work, "a") is not None


def test_a_draft_is_thrown_away_and_brought_back(crm: Crm) -> None:
    save(crm, TYPED)
    for _ in range(2):
        with crm.work("siti") as work:
            discard_draft(work, "a")
            assert my_drafts(work) == []
    assert save(crm, TYPED) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [({"note": "x" * 66_000}, "draft_too_large"), ({"note": {1, 2}}, "not_json"), ({"n": float("nan")}, "not_json")],
)
def test_what_cannot_be_kept_is_refused(crm: Crm, content: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidValue) as refused, crm.work("siti") as work:
        save_draft(work, "a", content, version=0)
    assert refused.value.reason == reason
    save(crm, {"note": "x" * 65_000})


def test_the_order_takes_its_draft_with_it(crm: Crm, shop: Shop) -> None:
    save(crm, TYPED, key="a")
    save(crm, TYPED, key="b")
    with pytest.raises(InvalidValue), crm.work("siti") as work:
        take_order(work, OrderForm(shop.dewi, [LineForm(999)], "a"))
    with crm.work("siti") as work:
        assert {line.intention for line in my_drafts(work)} == {"a", "b"}
        take_order(work, OrderForm(shop.dewi, [LineForm(shop.suit)], "a"))
    with crm.work("siti") as work:
        assert [line.intention for line in my_drafts(work)] == ["b"]
    # A save that was under way finds the order.
    with pytest.raises(DraftOrdered) as refused, crm.work("siti") as work:
        save_draft(work, "a", TYPED, version=1)
    assert "P0000001" in Texts(Language.ENGLISH).error(refused.value)
    with crm.system("test company") as work:  # or came at the same moment
        siti = work.session.query(Employee.id).filter_by(username="siti").scalar()
        work.session.add(OrderDraft(employee_id=siti, intention="a", content={}, saved_at=work.now))
    with crm.work("siti") as work:
        assert [line.intention for line in my_drafts(work)] == ["b"]
        assert open_draft(work, "a") is None


def test_the_drafts_of_somebody_who_left_stay(crm: Crm) -> None:
    save(crm, TYPED)
    with crm.system("test company") as work:
        work.session.query(Employee).filter_by(username="siti").one().active = False
    with crm.work("ratna") as work:
        assert [draft.content for draft in work.session.query(OrderDraft)] == [TYPED]
