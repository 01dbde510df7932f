"""Events and announcements: kept by the admin, read by those they are for, and everybody's calendar link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import panel as pn

from dashboards.page import Refused
from dashboards.pages.home import parse_clock
from dashboards.parts.calendar_link import CalendarLink
from dashboards.records import Changed, Form, Place, RecordsPage, Wrong, unless_changed
from ecrm_core.crm import Work
from ecrm_core.models.people import Role
from ecrm_core.queries.news import (
    PAGE_ROWS,
    Colleague,
    EventLine,
    EventPage,
    EventRecord,
    NoticeLine,
    NoticePage,
    NoticeRecord,
    announcement_page,
    announcement_record,
    event_page,
    event_record,
    telemarketers,
)
from ecrm_core.services.calendars import calendar_link_made, renew_calendar_link
from ecrm_core.services.news import (
    add_announcement,
    add_event,
    change_announcement,
    change_event,
    delete_announcements,
    delete_events,
    mark_announcement_read,
    restore_announcements,
    restore_events,
)

EVENTS, NOTICES = "events", "notices"
NAMES_SHOWN = 2


@dataclass(frozen=True)
class Found:
    """What the page shows."""

    page: EventPage | NoticePage
    unread: int
    people: list[Colleague]
    calendar_made: datetime | None
    zone: ZoneInfo


class EventsPage(RecordsPage):
    """What the company announces: two lists, what is over kept apart."""

    title_key = "page.events"
    start: ClassVar[Place] = Place("starts")
    page_rows: ClassVar[int] = PAGE_ROWS

    def build(self) -> None:
        super().build()
        self.calendar = CalendarLink(gesture=self._on_gesture, sizing_mode="stretch_width")
        self.tab = EVENTS
        self.past = False
        self.secret = ""
        self._take_query(self.visit.query)

    def beneath(self) -> Sequence[pn.viewable.Viewable]:
        return (self.calendar,)

    # Where one is

    def _take_query(self, query: Mapping[str, str]) -> None:
        self.tab = NOTICES if query.get("view") == NOTICES else EVENTS
        self.past = query.get("past") == "1"
        self._start_over()

    def _start_over(self) -> None:
        self.selected = []
        self.place = Place("starts", self.past) if self.tab == EVENTS else Place("from", True)

    @property
    def lasting_query(self) -> Mapping[str, str]:
        return {
            **({"view": NOTICES} if self.tab == NOTICES else {}),
            **({"past": "1"} if self.past else {}),
        }

    async def arrive(self, query: Mapping[str, str]) -> None:
        self._take_query(query)
        self.secret = ""  # told once
        await super().arrive(query)
        number = query.get("id", "")
        if number.isdecimal():
            try:
                await self.open_record(self.kind(), int(number))
            except Refused as refused:
                self.refuse(refused)

    def read(self, work: Work) -> Found:
        place = self.place
        read = event_page if self.tab == EVENTS else announcement_page
        page: EventPage | NoticePage = read(work, past=self.past, sort=place.sort, down=place.down, first=place.first)
        # What is unread is told in the head all the same.
        notices = page if isinstance(page, NoticePage) else announcement_page(work, rows=1)
        people = telemarketers(work) if work.actor.role is Role.ADMIN else []
        return Found(page, notices.unread, people, calendar_link_made(work), work.rules.timezone)

    def kind(self) -> str:
        return self.tab

    def find(self, work: Work, kind: str, number: int) -> EventRecord | NoticeRecord:
        return event_record(work, number) if kind == EVENTS else announcement_record(work, number)

    # Drawing

    def draw_list(self, data: Found) -> None:
        say = self.texts
        self.people = data.people
        told = [say(f"events.{self.tab}.{'count_past' if self.past else 'count'}", count=data.page.count)]
        if data.unread and not self.writes:
            told.append(say("events.unread", count=data.unread))
        new = {"do": "new", "label": say(f"events.{self.tab}.new"), "icon": "plus", "primary": True, "tip": "n"}
        self.head.draw(title=say("events.title"), line=f"{', '.join(told)}.", actions=[new] if self.writes else [])
        page = data.page
        self.filters.draw(
            search=None,
            fields=[{"key": "past", "kind": "toggle", "label": say("events.past"), "value": self.past}],
            views=[
                {"id": tab, "name": say(f"events.{tab}.tab"), "current": tab == self.tab, "fixed": True}
                for tab in (EVENTS, NOTICES)
            ],
            line="",
            actions=[],
            words=say.starting_with("filters"),
        )
        rows = [self._event(row) if isinstance(row, EventLine) else self._notice(row) for row in page.rows]
        self.selected = [number for number in self.selected if number in {row["id"] for row in rows}]
        offer = self.writes and not self.past
        self.grid.draw(
            caption=say(f"events.{self.tab}.tab"),
            columns=self._columns(),
            rows=rows,
            sort=self.sort_state(),
            page=self.page_state(len(rows), page.count, page.first),
            empty=say(f"events.{self.tab}.{'empty_past' if self.past else 'empty'}"),
            empty_action={"do": "new", "label": say(f"events.{self.tab}.new")} if offer else None,
            selectable=self.writes,
            selected=self.selected,
            bar={
                "text": say("events.chosen", count=len(self.selected)),
                "actions": [
                    {"do": "edit", "label": say("events.edit")},
                    {"do": "delete", "label": say("events.delete"), "danger": True},
                ],
            },
            words=say.starting_with("grid"),
        )
        made = data.calendar_made
        self.calendar.draw(
            heading=say("events.calendar.heading"),
            text=say("events.calendar.text"),
            made=say("events.calendar.made", day=say.day(made.astimezone(data.zone).date()))
            if made and not self.secret
            else "",
            secret=self.secret,
            words={
                **{name: say(f"events.calendar.{name}") for name in ("copy", "copied", "once", "address")},
                "make": say("events.calendar.renew" if made else "events.calendar.make"),
            },
        )

    def _columns(self) -> list[dict[str, Any]]:
        say = self.texts
        wide = {"title": ("start", 0, True), "starts": ("start", 2, True), "place": ("start", 3, True)}
        if self.tab == NOTICES:
            wide = {"title": ("start", 0, True), "to": ("start", 2, True), "from": ("start", 3, True)}
            wide["read"] = ("start", 1, False)
        if self.me.role is not Role.TELEMARKETER:
            wide["audience"] = ("start", 4, False)
        return [
            {
                "key": key,
                "label": say(f"events.column.{key}"),
                "align": align,
                "rank": rank,
                "sort": sort,
                "named": key in {"from", "to"} or (key == "read" and self.me.role is not Role.TELEMARKETER),
                "width": "180px" if key in {"title", "starts"} else None,
            }
            for key, (align, rank, sort) in wide.items()
        ]

    def _event(self, row: EventLine) -> dict[str, Any]:
        now = row.starts <= self.me.now < row.ends
        when = {"text": self._span(row.starts, row.ends), "title": self._span(row.starts, row.ends, full=True)}
        title = {"text": row.title, "title": row.description or row.title}
        if now:
            when["tone"] = "green"
            when["text"] = self.texts("events.now", end=self._moment(row.ends, row.starts))
        return {
            "id": row.id,
            "cells": {"title": title, "starts": when, "place": row.place, "audience": self._audience(row.audience)},
        }

    def _notice(self, row: NoticeLine) -> dict[str, Any]:
        say = self.texts
        cells: dict[str, Any] = {
            "title": {"text": row.title, "title": row.text},
            "from": self._day(row.valid_from),
            "to": self._day(row.valid_to) if row.valid_to else {"text": say("events.no_end"), "quiet": True},
            "audience": self._audience(row.audience),
        }
        if self.me.role is Role.TELEMARKETER:
            cells["read"] = (
                {"text": say("events.read"), "quiet": True}
                if row.read
                else {"text": say("events.not_read"), "tone": "amber"}
            )
        else:
            missing = row.meant_for - row.read_by
            told = say("events.of", count=row.read_by, total=row.meant_for)
            cells["read"] = {"text": told, "quiet": missing == 0}
        return {"id": row.id, "cells": cells}

    def _audience(self, names: Sequence[str]) -> dict[str, Any]:
        if not names:
            return {"text": self.texts("events.everybody"), "quiet": True}
        more = len(names) - NAMES_SHOWN
        shown = ", ".join(names[:NAMES_SHOWN])
        return {
            "text": self.texts("events.and_more", names=shown, count=more) if more > 0 else shown,
            "title": ", ".join(names),
        }

    def _day(self, day: date) -> dict[str, str]:
        return {"text": _capital(self.texts.near(day, self.me.today)), "title": self.texts.full_date(day)}

    def _moment(self, at: datetime, beside: datetime) -> str:
        say = self.texts
        return say.clock(at) if at.date() == beside.date() else f"{say.day(at.date(), year=False)} {say.clock(at)}"

    def _span(self, starts: datetime, ends: datetime, *, full: bool = False) -> str:
        say = self.texts
        day = say.full_date(starts.date()) if full else _capital(say.near(starts.date(), self.me.today))
        until = f"–{self._moment(ends, starts)}" if ends != starts else ""
        if ends.date() != starts.date():
            until = f" – {self._moment(ends, starts)}"
        return f"{day}, {say.clock(starts)}{until}"

    # The panel

    def form_of(self, form: Form) -> dict[str, Any]:
        if not self.writes:
            return self._told(form.record)
        return self._event_form(form.record) if form.kind == EVENTS else self._notice_form(form.record)

    def _event_form(self, record: EventRecord | None) -> dict[str, Any]:
        say = self.texts
        field = self._field
        return {
            "title": record.title if record else say("events.events.new"),
            "seen": record.stamp if record else None,
            "save": say("events.events.save"),
            "actions": self._actions(record),
            "fields": [
                field("title", "text", record and record.title),
                field("starts_on", "date", record and record.starts.date().isoformat(), half=True),
                field("starts_at", "clock", record and say.clock(record.starts), half=True, placeholder="09.00"),
                field(
                    "ends_on",
                    "date",
                    record and record.ends.date().isoformat(),
                    half=True,
                ),
                field("ends_at", "clock", record and say.clock(record.ends), half=True, placeholder="12.00"),
                field("place", "text", record and record.place),
                field("description", "lines", record and record.description, rows=4, limit=4000),
                field("audience", "people", record and record.audience, options=self._people(record)),
            ],
        }

    def _notice_form(self, record: NoticeRecord | None) -> dict[str, Any]:
        say = self.texts
        field = self._field
        first = record.valid_from if record else self.me.today
        last = record.valid_to.isoformat() if record and record.valid_to else ""
        fields = [
            field("title", "text", record and record.title),
            field("text", "lines", record and record.text, rows=6, limit=4000),
            field("valid_from", "date", first.isoformat(), half=True),
            field("valid_to", "date", last, half=True, hint=say("events.hint.valid_to")),
            field("audience", "people", record and record.audience, options=self._people(record)),
        ]
        if record:
            fields.append(self._readers(record))
        return {
            "title": record.title if record else say("events.notices.new"),
            "seen": record.stamp if record else None,
            "save": say("events.notices.save"),
            "actions": self._actions(record),
            "fields": fields,
        }

    def _told(self, record: EventRecord | NoticeRecord) -> dict[str, Any]:
        """The same for those who only read it."""
        say = self.texts
        if isinstance(record, EventRecord):
            told = [
                ("starts", self._span(record.starts, record.ends, full=True)),
                ("place", record.place),
                ("description", record.description),
            ]
            fields = [
                {"key": key, "kind": "told", "label": say(f"events.column.{key}"), "value": text}
                for key, text in told
                if text
            ]
        else:
            fields = [{"key": "text", "kind": "told", "label": "", "value": record.text}]
            if record.readers:
                fields.append(self._readers(record))
        line = "" if isinstance(record, EventRecord) else self._valid(record)
        return {"title": record.title, "line": line, "seen": None, "save": "", "fields": fields}

    def _valid(self, record: NoticeRecord) -> str:
        say = self.texts
        since = say.day(record.valid_from)
        if record.valid_to is None:
            return say("events.valid_since", since=since)
        return say("events.valid", since=since, until=say.day(record.valid_to))

    def _readers(self, record: NoticeRecord) -> dict[str, Any]:
        say = self.texts
        read = sum(reader.at is not None for reader in record.readers)
        return {
            "key": "readers",
            "kind": "list",
            "label": say("events.read_by", count=read, total=len(record.readers)),
            "items": [
                {
                    "text": reader.name,
                    "quiet": reader.at is not None,
                    "sub": f"{say.near(reader.at.date(), self.me.today)} {say.clock(reader.at)}"
                    if reader.at
                    else say("events.not_read"),
                    "title": say.full_date(reader.at.date()) if reader.at else "",
                }
                for reader in record.readers
            ],
        }

    def _field(self, key: str, kind: str, value: Any, **named: Any) -> dict[str, Any]:
        empty = None if kind == "people" else ""
        return {
            "key": key,
            "kind": kind,
            "label": self.texts(f"events.field.{key}"),
            "value": empty if value is None else value,
            **named,
        }

    def _people(self, record: EventRecord | NoticeRecord | None) -> list[dict[str, str]]:
        known = {each.username: each.name for each in self.people}
        # Leavers and others it was for once stay ticked, under their user names.
        for username in (record and record.audience) or []:
            known.setdefault(username, username)
        return [{"value": username, "label": name} for username, name in known.items()]

    def _actions(self, record: Any) -> list[dict[str, Any]]:
        return [{"do": "delete", "label": self.texts("events.delete"), "danger": True}] if record else []

    # Gestures

    async def opened(self, form: Form) -> None:
        if form.kind != NOTICES or form.id is None or self.me.role is not Role.TELEMARKETER:
            return
        row = next((row for row in self.data.page.rows if row.id == form.id), None)
        if row is None or not row.read:
            await self.run(mark_announcement_read, form.id)
            await self.changed()

    async def do(self, message: Mapping[str, Any]) -> None:
        match message:
            case {"do": "view", "id": str(tab)} if tab in (EVENTS, NOTICES):
                await self._turn_to(tab, past=False)
            case {"do": "filter", "key": "past", "value": value}:
                await self._turn_to(self.tab, past=value is True)
            case {"do": "clear"}:
                await self._turn_to(self.tab, past=False)
            case {"do": "delete", "ids": list(ids)}:
                await self._delete(self.tab, [number for number in ids if isinstance(number, int)])
            case {"do": "delete", "id": int(number), "kind": str(kind)}:
                await self._delete(kind, [number])
            case {"do": "renew"}:
                self.secret = await self.run(renew_calendar_link)
                await self.refresh()

    async def _turn_to(self, tab: str, *, past: bool) -> None:
        self.tab, self.past = tab, past
        self._start_over()
        await self.refresh()
        self.moved()

    async def _delete(self, kind: str, ids: Sequence[int]) -> None:
        def said(cards: Sequence[Any]) -> str:
            one = len(cards) == 1
            return self.texts(
                "events.deleted" if one else "events.deleted_many", title=cards[0].title, count=len(cards)
            )

        if kind == EVENTS:
            await self.take_away(delete_events, restore_events, ids, said)
        else:
            await self.take_away(delete_announcements, restore_announcements, ids, said)

    async def save(self, kind: str, number: int | None, seen: Any, typed: Mapping[str, Any]) -> Changed | str:
        values = self._read_event(typed) if kind == EVENTS else self._read_notice(typed)
        add, change = (add_event, change_event) if kind == EVENTS else (add_announcement, change_announcement)
        if number is None:
            card: Any = await self.run(add, **values)
        else:
            card = await self.run(unless_changed, change, number, **values, seen=str(seen))
        return card if isinstance(card, Changed) else self.texts("events.saved", title=card.title)

    def _read_event(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        say = self.texts
        wrong: dict[str, str] = {}
        title = self._text(typed, "title", wrong)
        starts_on, starts_at = self._date(typed, "starts_on", wrong), self._clock(typed, "starts_at", wrong)
        # An event that ends on the day it began needs its last day written no second time.
        ends_on = self._date(typed, "ends_on", wrong) if typed.get("ends_on") else starts_on
        ends_at = self._clock(typed, "ends_at", wrong)
        audience = self._audience_typed(typed, wrong)
        if wrong or starts_on is None or ends_on is None or starts_at is None or ends_at is None:
            raise Wrong(wrong)
        zone = self.data.zone
        starts, ends = datetime.combine(starts_on, starts_at, zone), datetime.combine(ends_on, ends_at, zone)
        if ends < starts:
            raise Wrong({"ends_at": say("events.wrong.ends")})
        return {
            "title": title,
            "starts_at": starts,
            "ends_at": ends,
            "place": str(typed.get("place", "")),
            "description": str(typed.get("description", "")),
            "audience": audience,
        }

    def _read_notice(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        wrong: dict[str, str] = {}
        values = {
            "title": self._text(typed, "title", wrong),
            "text": self._text(typed, "text", wrong),
            "valid_from": self._date(typed, "valid_from", wrong),
            "valid_to": self._date(typed, "valid_to", wrong) if typed.get("valid_to") else None,
            "audience": self._audience_typed(typed, wrong),
        }
        if wrong:
            raise Wrong(wrong)
        return values

    def _text(self, typed: Mapping[str, Any], key: str, wrong: dict[str, str]) -> str:
        text = str(typed.get(key, "")).strip()
        if not text:
            wrong[key] = self.texts(f"events.wrong.{key}")
        return text

    def _date(self, typed: Mapping[str, Any], key: str, wrong: dict[str, str]) -> date | None:
        try:
            return date.fromisoformat(str(typed.get(key, "")))
        except ValueError:
            wrong[key] = self.texts("events.wrong.date")
            return None

    def _clock(self, typed: Mapping[str, Any], key: str, wrong: dict[str, str]) -> time | None:
        try:
            at = parse_clock(str(typed.get(key, "")))
        except ValueError:
            at = None
        if at is None:
            wrong[key] = self.texts("events.wrong.clock")
        return at

    def _audience_typed(self, typed: Mapping[str, Any], wrong: dict[str, str]) -> list[str] | None:
        audience = typed.get("audience")
        if not isinstance(audience, list):
            return None
        if not audience:
            wrong["audience"] = self.texts("events.wrong.audience")
        return [str(each) for each in audience]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
