"""The agenda, the news, the staff, the shelves and the rules of the company."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from ecrm_core import models as m
from ecrm_core.crm import Crm
from ecrm_core.errors import (
    AlreadyExists,
    CustomerNotVisible,
    EcrmError,
    ForeignWrite,
    InvalidValue,
    NotAllowed,
    NotVisible,
    UnknownEmployee,
)
from ecrm_core.models import Appearance, Language, Role
from ecrm_core.services.agenda import (
    add_agenda_item,
    change_agenda_item,
    delete_agenda_item,
    restore_agenda_item,
    tick_agenda_item,
    untick_agenda_item,
)
from ecrm_core.services.company import add_order_source, set_company_setting
from ecrm_core.services.employees import (
    add_employee,
    deactivate_employee,
    set_appearance,
    set_language,
    set_password,
)
from ecrm_core.services.news import (
    add_announcement,
    add_event,
    change_announcement,
    change_event,
    delete_announcement,
    delete_event,
    mark_announcement_read,
    restore_announcement,
    restore_event,
)
from ecrm_core.services.passwords import hash_password, hasher
from ecrm_core.services.products import add_category, add_product, change_product
from tests.conftest import FrozenClock
from tests.services.conftest import Shop

TOMORROW = date(2026, 11, 25)


def test_an_item_is_changed_ticked_deleted_and_brought_back(crm: Crm, clock: FrozenClock) -> None:
    with crm.work("siti") as work:
        item = add_agenda_item(work, title=" Kirim katalog ", day=work.today, note=" ")
        assert (item.title, item.note, item.proposed, item.done_at) == ("Kirim katalog", None, False, None)
        changed = change_agenda_item(work, item.id, title="Kirim harga", day=TOMORROW, at=time(9, 30), note="a\nb")
        assert (changed.title, changed.day, changed.at, changed.note) == ("Kirim harga", TOMORROW, time(9, 30), "a\nb")
    first = clock.now
    with crm.work("siti") as work:
        assert tick_agenda_item(work, item.id).done_at == first
    clock.advance(minutes=5)
    with crm.work("siti") as work:
        assert tick_agenda_item(work, item.id).done_at == first
        assert untick_agenda_item(work, item.id).done_at is None
        delete_agenda_item(work, item.id)
        for refused in (tick_agenda_item, delete_agenda_item):
            with pytest.raises(NotVisible):
                refused(work, item.id)
        restore_agenda_item(work, item.id)
        assert tick_agenda_item(work, item.id).done_at == clock.now


def test_a_colleagues_item_is_out_of_reach(crm: Crm, shop: Shop) -> None:
    with crm.work("budi") as work:
        item = add_agenda_item(work, title="x", day=work.today)
        budi = work.employee_id
    with crm.work("siti") as work:
        for refused in (tick_agenda_item, untick_agenda_item, delete_agenda_item, restore_agenda_item):
            with pytest.raises(NotVisible):
                refused(work, item.id)
        with pytest.raises(CustomerNotVisible):
            add_agenda_item(work, title="x", day=work.today, customer_id=shop.andi)
    with pytest.raises(ForeignWrite), crm.work("siti") as work:
        add_agenda_item(work, title="x", day=work.today, employee_id=budi)
    with crm.work("ratna") as work:
        add_agenda_item(work, title="x", day=work.today, employee_id=budi)


@pytest.mark.parametrize(
    ("title", "note", "field", "reason"),
    [
        ("", None, "title", "empty"),
        ("x" * 201, None, "title", "too_long"),
        ("a\tb", None, "title", "characters"),
        ("\ud800", None, "title", "characters"),
        ("x", "x" * 4001, "note", "too_long"),
        ("x", "\x07", "note", "characters"),
    ],
)
def test_texts_that_cannot_be_kept_are_refused(crm: Crm, title: str, note: str | None, field: str, reason: str) -> None:
    with crm.work("siti") as work, pytest.raises(InvalidValue) as refused:
        add_agenda_item(work, title=title, day=work.today, note=note)
    assert (refused.value.field, refused.value.reason) == (field, reason)


def test_news_reach_those_they_are_for(crm: Crm) -> None:
    with crm.work("agus") as work:
        event = add_event(work, title="Rapat", starts_at=work.now, ends_at=work.now, audience=["siti"])
        notice = add_announcement(work, title="Harga", text="Naik", valid_from=work.today, audience=["siti"])
    with crm.work("budi") as work:
        assert not list(work.session.scalars(select(m.Event)))
        with pytest.raises(NotVisible):
            mark_announcement_read(work, notice.id)
    with crm.work("siti") as work:
        assert work.session.scalars(select(m.Event.title)).one() == "Rapat"
        mark_announcement_read(work, notice.id)
        mark_announcement_read(work, notice.id)
        assert work.session.scalars(select(m.AnnouncementRead.at)).one() == work.now
    with crm.work("agus") as work:
        change_event(work, event.id, title="Rapat", starts_at=work.now, ends_at=work.now, audience=["budi"])
        change_announcement(work, notice.id, title="Harga", text="Turun", valid_from=work.today)
    with crm.work("siti") as work:
        assert not list(work.session.scalars(select(m.Event)))
    with crm.work("budi") as work:
        assert work.session.scalars(select(m.Event.title)).one() == "Rapat"
        assert work.session.scalars(select(m.Announcement.text)).one() == "Turun"
    with crm.work("agus") as work:
        delete_event(work, event.id)
        delete_announcement(work, notice.id)
        with pytest.raises(NotVisible):
            delete_event(work, event.id)
        restore_event(work, event.id)
        restore_announcement(work, notice.id)
        assert work.session.get_one(m.Event, event.id).deleted_at is None


def test_news_that_make_no_sense_or_are_not_ones_to_give_are_refused(crm: Crm) -> None:
    with crm.work("agus") as work:
        before = work.now - timedelta(minutes=1)
        with pytest.raises(InvalidValue, match="ends_before_start"):
            add_event(work, title="x", starts_at=work.now, ends_at=before)
        with pytest.raises(InvalidValue, match="ends_before_start"):
            add_announcement(work, title="x", text="x", valid_from=TOMORROW, valid_to=work.today)
    for audience, error in (([], InvalidValue), (["hantu"], UnknownEmployee)):
        with pytest.raises(error), crm.work("agus") as work:
            add_announcement(work, title="x", text="x", valid_from=TOMORROW, audience=audience)
    for who in ("siti", "ratna"):
        with pytest.raises(ForeignWrite), crm.work(who) as work:
            add_announcement(work, title="x", text="x", valid_from=TOMORROW)


def test_employees_are_let_in_by_an_admin_with_a_password_that_is_hashed(crm: Crm) -> None:
    with crm.work("agus") as work:
        card = add_employee(work, "dewi.s", name="Dewi", role="telemarketer", password="kata sandi baru", capacity=40)
        assert (card.role, card.language, card.active) == (Role.TELEMARKETER, Language.INDONESIAN, True)
        with pytest.raises(AlreadyExists):
            add_employee(work, "dewi.s", name="Dewi", role="telemarketer", password="kata sandi baru")
        for username, password, capacity in (
            ("Dewi", "kata sandi baru", None),
            ("", "kata sandi baru", None),
            ("a b", "kata sandi baru", None),
            ("dwi", "pendek", None),
            ("dwi", "x" * 201, None),
            ("dwi", "kata sandi baru", 0),
        ):
            with pytest.raises(InvalidValue):
                add_employee(work, username, name="D", role="manager", password=password, capacity=capacity)
    with crm.system("looking at a hash") as work:
        kept = work.session.get_one(m.Credential, card.id).password_hash
        assert kept.startswith("$argon2id$")
        assert hasher.verify(kept, "kata sandi baru")
    for who in ("siti", "ratna"):
        with crm.work(who) as work, pytest.raises(NotAllowed):
            add_employee(work, "baru", name="B", role="admin", password="kata sandi baru")


def test_a_password_is_ones_own_or_the_admins_to_set_and_ends_log_ins(crm: Crm, clock: FrozenClock) -> None:
    with crm.system("log-in") as work:
        siti = work.session.scalars(select(m.Employee.id).where(m.Employee.username == "siti")).one()
        work.session.add(
            m.LoginSession(sid_hash=b"x", employee_id=siti, created_at=work.now, seen_at=work.now, expires_at=work.now)
        )
    with crm.work("siti") as work:
        with pytest.raises(NotAllowed):
            set_password(work, "budi", "kata sandi baru")
        set_password(work, "siti", "kata sandi baru")
    with crm.work("agus") as work:
        set_password(work, "budi", "kata sandi lain", must_change=True)
        with pytest.raises(UnknownEmployee):
            set_password(work, "hantu", "kata sandi lain")
    with crm.system("looking") as work:
        assert work.session.get_one(m.LoginSession, b"x").ended_at == clock.now
        assert sorted(work.session.scalars(select(m.Credential.must_change))) == [False, True]
    with pytest.raises(InvalidValue):
        hash_password("123456789")


def test_leavers_are_let_in_no_more_and_taste_is_ones_own(crm: Crm) -> None:
    with crm.work("siti") as work:
        set_language(work, "en")
        set_appearance(work, "dark")
        with pytest.raises(NotAllowed):
            deactivate_employee(work, "budi")
    with crm.work("agus") as work:
        siti = work.session.scalars(select(m.Employee).where(m.Employee.username == "siti")).one()
        assert (siti.language, siti.appearance) == (Language.ENGLISH, Appearance.DARK)
        assert not deactivate_employee(work, "budi").active
    with pytest.raises(UnknownEmployee), crm.work("budi"):
        raise AssertionError("a leaver was let in")


def test_products_are_the_admins_and_prices_leave_a_trail(crm: Crm) -> None:
    with crm.work("agus") as work:
        category = add_category(work, "Dapur")
        assert add_category(work, " Dapur ") == category
        card = add_product(work, code="W1", name="Wajan", price=Decimal(299_000), category_id=category)
        with pytest.raises(AlreadyExists):
            add_product(work, code="W1", name="Lain", price=Decimal(1))
        with pytest.raises(InvalidValue):
            add_product(work, code="W2", name="Lain", price=Decimal(-1))
        for price in (Decimal(299_000), Decimal(319_000)):
            change_product(
                work,
                card.id,
                name="Wajan",
                price=price,
                category_id=category,
                stock=3,
                follow_up_months=None,
                active=True,
            )
        trail = work.session.scalars(select(m.PriceChange.price).order_by(m.PriceChange.id))
        assert list(trail) == [Decimal(299_000), Decimal(319_000)]
    with crm.work("ratna") as work, pytest.raises(NotAllowed):
        add_category(work, "Lain")


def test_rules_and_sources_are_set_by_an_admin_and_checked(crm: Crm) -> None:
    with crm.work("agus") as work:
        set_company_setting(work, "two_weeks_days", 10, valid_from=TOMORROW)
        set_company_setting(work, "two_weeks_days", 21, valid_from=TOMORROW)
        set_company_setting(work, "contact_from", time(9), valid_from=work.today)
        source = add_order_source(work, "Nusa TV 09.00", station="Nusa TV", airs_at="09:00")
        refused: list[tuple[type[EcrmError], str, object]] = [
            (InvalidValue, "two_weeks_days", 0),
            (InvalidValue, "timezone_name", "Asia/Atlantis"),
            (InvalidValue, "no_such_rule", 1),
        ]
        for error, name, value in refused:
            with pytest.raises(error):
                set_company_setting(work, name, value, valid_from=TOMORROW)
        with pytest.raises(AlreadyExists):
            add_order_source(work, "Nusa TV 09.00")
        with pytest.raises(InvalidValue):
            add_order_source(work, "Lain", airs_at="25:00")
    with crm.work("siti") as work:
        assert work.rules_on(work.today).two_weeks_days == 14
        assert work.rules_on(TOMORROW).two_weeks_days == 21
        assert work.rules.contact_from == time(9)
        assert work.session.get_one(m.OrderSource, source).station == "Nusa TV"
        with pytest.raises(NotAllowed):
            set_company_setting(work, "capacity", 1, valid_from=TOMORROW)
