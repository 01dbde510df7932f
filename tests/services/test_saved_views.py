"""Saved views: each employee their own, under names that are told apart."""

from __future__ import annotations

import pytest

from ecrm_core.crm import Crm
from ecrm_core.errors import AlreadyExists, InvalidValue, NotVisible
from ecrm_core.services import saved_views
from ecrm_core.services.saved_views import delete_view, my_views, restore_view, save_view
from tests.conftest import FrozenClock

WARM = {"city": "Bandung", "status": "one_month"}


def names(crm: Crm, username: str, page: str = "customers") -> list[str]:
    with crm.work(username) as work:
        return [view.name for view in my_views(work, page)]


def test_a_view_is_kept_with_what_is_set(crm: Crm, clock: FrozenClock) -> None:
    with crm.work("siti") as work:
        saved = save_view(work, "customers", "  Bandung hangat ", {**WARM, "q": ""})
    clock.advance(minutes=1)
    with crm.work("siti") as work:
        save_view(work, "customers", "Akan berulang tahun", {"birthday": "12"})
        assert my_views(work, "customers")[0] == saved
    assert saved.query == WARM
    assert names(crm, "siti") == ["Bandung hangat", "Akan berulang tahun"]
    assert names(crm, "siti", "transactions") == []


def test_views_are_nobody_elses(crm: Crm) -> None:
    with crm.work("siti") as work:
        view = save_view(work, "customers", "Bandung", WARM)
    for username in ("budi", "ratna", "agus"):
        assert names(crm, username) == []
        with pytest.raises(NotVisible), crm.work(username) as work:
            delete_view(work, view.id)
    with crm.work("budi") as work:
        save_view(work, "customers", "Bandung", {})
    assert names(crm, "siti") == names(crm, "budi") == ["Bandung"]


def test_a_name_is_needed_and_used_once(crm: Crm) -> None:
    with crm.work("siti") as work:
        save_view(work, "customers", "Bandung", WARM)
    with crm.work("siti") as work:
        save_view(work, "transactions", "Bandung", {"product": "PAN"})
    for name, page in (("bandung ", "customers"), ("BANDUNG", "customers")):
        with pytest.raises(AlreadyExists), crm.work("siti") as work:
            save_view(work, page, name, {})
    for name, reason in (("  ", "empty"), ("x" * 65, "too_long"), ("a\x00b", "characters")):
        with pytest.raises(InvalidValue) as refused, crm.work("siti") as work:
            save_view(work, "customers", name, WARM)
        assert (refused.value.field, refused.value.reason) == ("view", reason)
    with pytest.raises(InvalidValue), crm.work("siti") as work:
        save_view(work, "customers", "Panjang", {"q": "x" * 1_001})
    assert names(crm, "siti") == ["Bandung"]


def test_there_is_an_end_to_tabs(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_views, "MOST_VIEWS", 2)
    with crm.work("siti") as work:
        save_view(work, "customers", "satu", WARM)
        save_view(work, "customers", "dua", WARM)
        with pytest.raises(InvalidValue) as refused:
            save_view(work, "customers", "tiga", WARM)
    assert refused.value.reason == "too_many"


def test_a_deleted_view_comes_back_in_its_place(crm: Crm, clock: FrozenClock) -> None:
    with crm.work("siti") as work:
        first = save_view(work, "customers", "satu", WARM)
    clock.advance(minutes=1)
    with crm.work("siti") as work:
        save_view(work, "customers", "dua", {})
    with crm.work("siti") as work:
        deleted = delete_view(work, first.id)
    assert deleted == first
    assert names(crm, "siti") == ["dua"]
    with pytest.raises(NotVisible), crm.work("siti") as work:
        delete_view(work, first.id)
    with crm.work("siti") as work:
        restored = restore_view(work, deleted)
    assert restored.query == WARM
    assert names(crm, "siti") == ["satu", "dua"]
    with pytest.raises(AlreadyExists), crm.work("siti") as work:
        restore_view(work, deleted)
