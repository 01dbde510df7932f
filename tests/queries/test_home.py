"""What Home tells about a day, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event, select

from ecrm_core.analytics.activity import status_counts
from ecrm_core.crm import Crm
from ecrm_core.models import (
    AgendaItem,
    AgendaKind,
    Announcement,
    AnnouncementAudience,
    AnnouncementRead,
    Channel,
    Customer,
    CustomerPhone,
    Employee,
    Event,
    Greeting,
    Order,
    OrderLine,
    Product,
)
from ecrm_core.queries import home
from ecrm_core.services.overview import status_overview

TUESDAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def ids(crm: Crm) -> dict[str, int]:
    with crm.system("test company") as work:
        return {employee.username: employee.id for employee in work.session.scalars(select(Employee))}


def add(crm: Crm, *rows: object) -> None:
    with crm.system("test company") as work:
        work.session.add_all(rows)


def item(owner: int, title: str, **named: object) -> AgendaItem:
    return AgendaItem(**{"employee_id": owner, "title": title, "day": TUESDAY, "created_at": NOW, **named})


def born(owner: int | None, name: str, month: int, day: int, **named: object) -> Customer:
    return Customer(code=name, name=name, birth_month=month, birth_day=day, owner_id=owner, created_at=NOW, **named)


def names(crm: Crm, day: date, username: str = "siti") -> list[str]:
    with crm.work(username) as work:
        return [birthday.name for birthday in home.birthdays(work, day)]


def test_overdue_comes_first_then_by_time_then_what_is_done(crm: Crm) -> None:
    siti, budi = ids(crm)["siti"], ids(crm)["budi"]
    add(
        crm,
        item(siti, "proposed", proposed=True),
        item(siti, "by hand"),
        item(siti, "at two", at=time(14)),
        item(siti, "at nine", at=time(9)),
        item(siti, "late", day=TUESDAY - timedelta(days=1)),
        item(siti, "very late", day=TUESDAY - timedelta(days=9), at=time(15)),
        item(siti, "tomorrow", day=TUESDAY + timedelta(days=1)),
        item(siti, "deleted", deleted_at=NOW),
        item(siti, "done", done_at=NOW, day=TUESDAY - timedelta(days=3)),
        item(siti, "done yesterday", done_at=datetime(2026, 11, 23, 16, 59, tzinfo=UTC)),
        item(budi, "of somebody else"),
    )
    with crm.work("siti") as work:
        agenda = home.agenda_of(work, TUESDAY)
        assert home.open_items(work, TUESDAY) == agenda.open
    assert [row.title for row in agenda.items] == [
        "very late",
        "late",
        "at nine",
        "at two",
        "by hand",
        "proposed",
        "done",
    ]
    assert (agenda.open, agenda.done, agenda.hidden) == (6, 1, 0)


def test_more_than_can_be_shown_is_counted(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "AGENDA_ROWS", 2)
    add(crm, *(item(ids(crm)["siti"], f"item {number}") for number in range(5)))
    with crm.work("siti") as work:
        agenda = home.agenda_of(work, TUESDAY)
    assert (len(agenda.items), agenda.open, agenda.hidden) == (2, 5, 3)


def test_a_manager_has_an_agenda_of_their_own(crm: Crm) -> None:
    staff = ids(crm)
    add(crm, item(staff["siti"], "of Siti"), item(staff["ratna"], "of Ratna"), born(staff["siti"], "Ayu", 11, 24))
    with crm.work("ratna") as work:
        found = home.home_of(work, TUESDAY)
    assert [row.title for row in found.agenda.items] == ["of Ratna"]
    assert found.birthdays == []


def test_the_day_in_numbers(crm: Crm) -> None:
    siti = ids(crm)["siti"]
    ayu = born(siti, "Ayu", 11, 24)
    with crm.system("test company") as work:
        work.session.add(ayu)
        work.session.flush()
        number = ayu.id
    add(
        crm,
        item(siti, "call", customer_id=number, kind=AgendaKind.CALL_BACK, at=time(9)),
        item(siti, "late call", customer_id=number, day=TUESDAY - timedelta(days=2), at=time(9)),
        item(siti, "meeting", at=time(10)),
        Announcement(title="t", text="t", valid_from=TUESDAY, created_at=NOW),
    )
    with crm.work("siti") as work:
        numbers = home.day_numbers(work, TUESDAY)
    assert (numbers.calls, numbers.appointments, numbers.birthdays) == (2, 1, 1)
    assert (numbers.open_items, numbers.unread, numbers.late_follow_ups) == (3, 1, 0)


def test_birthdays_of_own_customers_who_may_be_contacted(crm: Crm) -> None:
    staff = ids(crm)
    add(
        crm,
        born(staff["siti"], "Ayu", 11, 24, birth_year=1972, email="ayu@example.com"),
        born(staff["siti"], "Other day", 11, 25),
        born(staff["siti"], "Do not call", 11, 24, do_not_call_at=NOW),
        born(staff["budi"], "Of Budi", 11, 24),
        born(None, "Of nobody", 11, 24),
    )
    with crm.system("test company") as work:
        ayu = work.session.scalars(select(Customer.id).where(Customer.name == "Ayu")).one()
        work.session.add_all(
            [
                CustomerPhone(customer_id=ayu, e164="+62811", typed="0811", position=0, wrong_at=NOW),
                CustomerPhone(customer_id=ayu, e164="+62813", typed="0813", position=2),
                CustomerPhone(customer_id=ayu, e164="+62812", typed="0812", position=1),
                Greeting(
                    customer_id=ayu,
                    year=2025,
                    birthday_on=date(2025, 11, 24),
                    channel=Channel.EMAIL,
                    at=NOW,
                    by_id=staff["siti"],
                ),
            ]
        )
    with crm.work("siti") as work:
        (birthday,) = home.birthdays(work, TUESDAY)
    assert (birthday.name, birthday.age, birthday.phone, birthday.greeted) == ("Ayu", 54, "+62812", None)
    add(
        crm,
        Greeting(customer_id=ayu, year=2026, birthday_on=TUESDAY, channel=Channel.PHONE, at=NOW, by_id=staff["siti"]),
    )
    with crm.work("siti") as work:
        assert home.birthdays(work, TUESDAY)[0].greeted is Channel.PHONE


def test_birthdays_missed_over_a_weekend_come_after_todays(crm: Crm) -> None:
    siti = ids(crm)["siti"]
    for name, day in (("Fri", 20), ("Sat", 21), ("Sun", 22), ("Mon", 23)):
        add(crm, born(siti, name, 11, day))
    assert names(crm, date(2026, 11, 23)) == ["Mon", "Sun", "Sat"]
    assert names(crm, TUESDAY) == []


def test_public_holidays_and_own_days_off_are_days_off(crm: Crm) -> None:
    siti = ids(crm)["siti"]
    add(crm, born(siti, "Independence", 8, 17), born(siti, "Sunday", 8, 16), born(siti, "Wednesday", 8, 19))
    assert names(crm, date(2026, 8, 18)) == ["Independence", "Sunday"]  # 17 August 2026 is a Monday
    with crm.system("test company") as work:
        work.session.get_one(Employee, siti).working_days = "1101100"
    assert names(crm, date(2026, 8, 20)) == ["Wednesday"]


def test_birthdays_missed_over_new_year_belong_to_the_old_one(crm: Crm) -> None:
    siti = ids(crm)["siti"]
    add(crm, born(siti, "Eve", 12, 31, birth_year=2000), born(siti, "New year", 1, 1, birth_year=2000))
    with crm.system("test company") as work:
        work.session.get_one(Employee, siti).working_days = "0000100"  # Fridays alone
    with crm.work("siti") as work:
        found = [(each.name, each.on, each.age) for each in home.birthdays(work, date(2027, 1, 8))]
    assert found == [("New year", date(2027, 1, 1), 27), ("Eve", date(2026, 12, 31), 26)]


@pytest.mark.parametrize(
    ("day", "greeted"), [(date(2027, 2, 28), True), (date(2028, 2, 28), False), (date(2028, 2, 29), True)]
)
def test_the_29th_of_february_is_greeted_every_year(crm: Crm, day: date, greeted: bool) -> None:
    siti = ids(crm)["siti"]
    add(crm, born(siti, "Leap", 2, 29))
    with crm.system("test company") as work:
        work.session.get_one(Employee, siti).working_days = "1111111"
    assert names(crm, day) == (["Leap"] if greeted else [])


def test_events_and_notices_for_me_and_in_force(crm: Crm) -> None:
    staff = ids(crm)
    day = timedelta(days=1)

    def happening(title: str, starts: datetime, **named: object) -> Event:
        return Event(title=title, starts_at=starts, ends_at=starts + timedelta(hours=2), created_at=NOW, **named)

    add(
        crm,
        happening("later", NOW + 3 * day),
        happening("going on", NOW - timedelta(hours=1)),
        happening("over", NOW - 2 * day),
        happening("far", NOW + 90 * day),
        happening("deleted", NOW, deleted_at=NOW),
        happening("for others", NOW, for_all=False),
    )

    def notice(title: str, since: date, until: date | None = None, **named: object) -> Announcement:
        return Announcement(title=title, text=title, valid_from=since, valid_to=until, created_at=NOW, **named)

    mine, seen = notice("mine", TUESDAY, for_all=False), notice("seen", TUESDAY)
    with crm.system("test company") as work:
        work.session.add_all(
            [
                mine,
                seen,
                notice("last day", TUESDAY - 5 * day, TUESDAY),
                notice("over", TUESDAY - 5 * day, TUESDAY - day),
                notice("not yet", TUESDAY + day),
                notice("for others", TUESDAY, for_all=False),
            ]
        )
        work.session.flush()
        work.session.add_all(
            [
                AnnouncementAudience(announcement_id=mine.id, employee_id=staff["siti"]),
                AnnouncementRead(announcement_id=seen.id, employee_id=staff["siti"], at=NOW),
                AnnouncementRead(announcement_id=mine.id, employee_id=staff["budi"], at=NOW),
            ]
        )
    with crm.work("siti") as work:
        events = home.events_for(work, TUESDAY)
        notices = home.announcements_for(work, TUESDAY)
        assert home.unread_announcements(work, TUESDAY) == 2
    assert [row.title for row in events] == ["going on", "later"]
    assert events[0].starts.hour == 8, "in company time"
    assert [(row.title, row.read) for row in notices] == [("mine", False), ("last day", False), ("seen", True)]


def test_home_takes_as_many_statements_for_many_rows_as_for_few(sqlite_crm: Crm) -> None:
    siti = ids(sqlite_crm)["siti"]
    counted: list[int] = []

    def count(*_: object) -> None:
        counted[-1] += 1

    for rows in (1, 30):
        add(
            sqlite_crm,
            *(born(siti, f"N{rows}-{number}", 11, 24) for number in range(rows)),
            *(item(siti, f"item {number}") for number in range(rows)),
        )
        counted.append(0)
        event.listen(sqlite_crm.engine, "before_cursor_execute", count)
        with sqlite_crm.work("siti") as work:
            home.home_of(work, TUESDAY)
        event.remove(sqlite_crm.engine, "before_cursor_execute", count)
    assert counted[0] == counted[1] > 0


def test_statuses_are_counted_as_the_overview_counts_them(crm: Crm) -> None:
    siti, budi = ids(crm)["siti"], ids(crm)["budi"]
    days_ago = {"fresh": 3, "edge": 14, "month": 20, "half": 150, "old": 400, "none": None, "future": -5}
    with crm.system("test company") as work:
        product = Product(code="P", name="P", price=Decimal(1), currency="IDR", created_at=NOW)
        work.session.add(product)
        for name, days in [*days_ago.items(), ("budi's", 1)]:
            owner = budi if name == "budi's" else siti
            last = None if days is None else NOW - timedelta(days=days)
            customer = Customer(code=name, name=name, owner_id=owner, last_activity_at=last, created_at=NOW)
            work.session.add(customer)
            work.session.flush()
            # A file may bring an order of a day to come: today it does not exist, the one before it does.
            for at in [last] if days != -5 else [last, NOW - timedelta(days=25)]:
                if at is None:
                    continue
                order = Order(
                    number=f"{name} {at}", customer_id=customer.id, ordered_at=at, currency="IDR", created_at=NOW
                )
                work.session.add(order)
                work.session.flush()
                work.session.add(
                    OrderLine(
                        order_id=order.id,
                        customer_id=customer.id,
                        product_id=product.id,
                        ordered_at=at,
                        quantity=1,
                        unit_price=Decimal(1),
                        amount=Decimal(1),
                    )
                )
    with crm.work("siti") as work:
        shown = home.home_of(work, TUESDAY).statuses
        told = status_counts(status_overview(work, as_of=TUESDAY)["status"])
    assert {str(status): many for status, many in shown.items()} == told
    assert list(shown.values()) == [2, 2, 1, 1, 1]
