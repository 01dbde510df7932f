"""Home: the day's agenda, and beside it birthdays, events and announcements."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

import panel as pn

from dashboards.page import Page, Refused
from dashboards.parts.agenda import Agenda
from dashboards.parts.birthdays import Birthdays
from dashboards.parts.dialog import Dialog
from dashboards.parts.news import News
from dashboards.parts.page_head import PageHead
from dashboards.parts.statuses import Statuses
from dashboards.tones import STATUS_TONES
from ecrm_core.crm import Work
from ecrm_core.models.customers import Channel
from ecrm_core.models.people import Role
from ecrm_core.queries.home import AgendaRow, AnnouncementRow, Birthday, DayNumbers, EventRow, Home, home_of
from ecrm_core.rules import ActivityStatus
from ecrm_core.services.agenda import (
    AgendaCard,
    accept_proposal,
    add_agenda_item,
    change_agenda_item,
    delete_agenda_item,
    dismiss_proposal,
    move_agenda_item,
    restore_agenda_item,
    tick_agenda_item,
    untick_agenda_item,
)
from ecrm_core.services.door import Claimed, claim_next, unowned_count
from ecrm_core.services.greetings import greet_customer, ungreet_customer
from ecrm_core.services.news import mark_announcement_read
from ecrm_core.services.plan_agenda import plan_today
from ecrm_core.texts.reasons import reason_sentence

COLUMNS = """
:host { display: grid !important; grid-template-columns: minmax(0, 1fr) 332px; gap: 0 32px; align-items: start; }
:host(.alone) { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
@media (max-width: 1079px) {
  :host { grid-template-columns: minmax(0, 1fr) 288px; gap: 0 24px; }
}
@media (max-width: 899px) { :host, :host(.alone) { grid-template-columns: minmax(0, 1fr); gap: 24px; } }
"""
SIDE = """
:host { border-left: 1px solid var(--line); padding-left: 32px; }
@media (max-width: 1079px) { :host { padding-left: 24px; } }
@media (max-width: 899px) { :host { border-left: 0; padding-left: 0; } }
"""
REMEMBERED_FORMS = 50
MOST_UNOWNED = 1000
"""Customers of nobody are counted as far as this: everybody opens this page, all day."""
AGENDA_TOOLS = ("new", "edit", "delete", "accept", "move", "dismiss")


class HomePage(Page):
    """What an employee finds in the morning."""

    title_key = "page.home"
    keys: ClassVar[tuple[tuple[str, str], ...]] = (
        ("n", "shell.help.new"),
        ("j / k", "shell.help.move"),
        ("x", "shell.help.tick"),
        ("Enter", "shell.help.open"),
        ("Delete", "shell.help.delete"),
        ("a", "home.accept"),
        ("m", "home.move"),
        ("d", "home.dismiss"),
        ("u", "home.claim"),
        ("Ctrl Enter", "shell.help.save"),
    )

    def build(self) -> None:
        self.head = PageHead(sizing_mode="stretch_width")
        self.statuses = Statuses(sizing_mode="stretch_width")
        self.agenda = Agenda(gesture=self._on_agenda, sizing_mode="stretch_width")
        self.birthdays = Birthdays(gesture=self._on_birthday, sizing_mode="stretch_width")
        self.news = News(gesture=self._on_news, sizing_mode="stretch_width")
        self.dialog = Dialog(gesture=self._on_dialog, draft="home")
        self._deciding: dict[str, Any] = {}
        self.home: Home
        self._unowned = 0
        self._order: list[int] = []
        self._steady = False
        # A form is saved once, however often its button was pressed or its message was sent.
        self._saved: deque[str] = deque(maxlen=REMEMBERED_FORMS)

    def view(self) -> pn.viewable.Viewable:
        sells = self.me.role is Role.TELEMARKETER
        side = [self.birthdays, self.news] if sells else [self.news]
        return pn.Column(
            self.head,
            *([self.statuses] if sells else []),
            pn.Column(
                self.agenda,
                pn.Column(*side, stylesheets=[SIDE], sizing_mode="stretch_width"),
                stylesheets=[COLUMNS],
                sizing_mode="stretch_width",
            ),
            self.dialog,
            sizing_mode="stretch_width",
        )

    def prepare(self, work: Work) -> None:
        plan_today(work)

    def read(self, work: Work) -> tuple[date, Home, int]:
        sells = work.actor.role is Role.TELEMARKETER
        return work.today, home_of(work, work.today), unowned_count(work, most=MOST_UNOWNED) if sells else 0

    def present(self, data: tuple[date, Home, int]) -> None:
        today, home, self._unowned = data
        self.home = in_order(home, self._order) if self._steady else home
        self._order = [item.id for item in self.home.agenda.items]
        self._show(today)

    async def arrive(self, query: Mapping[str, str]) -> None:
        await super().arrive(query)
        if "new" in query:
            self.agenda.open_form()
        if query.get("announcement", "").isdecimal():
            self.news.open_announcement(int(query["announcement"]))

    # What each part is given

    def _show(self, today: date) -> None:
        home, say = self.home, self.texts
        self.today = today
        first = self.me.name.split()[0]
        self.head.draw(
            title=say(f"home.greeting.{_part_of_day(self.me.now.time())}", name=first),
            line=self._numbers(home.numbers, home.events),
            actions=[
                {"label": say("home.call"), "url": "telephone?start=1", "do": "call", "icon": "phone", "primary": True}
                | {"tip": "g t"}
            ]
            if home.numbers.calls
            else [],
        )
        self.statuses.draw(
            heading=say("home.statuses"),
            statuses=[self._status(status, count) for status, count in home.statuses.items()],
            total=say("home.status.total", count=say.number(sum(home.statuses.values()))),
        )
        self.agenda.draw(
            items=[self._item(item) for item in home.agenda.items],
            total=home.agenda.open + home.agenda.done,
            done=home.agenda.done,
            hidden=say("home.item.hidden", count=home.agenda.hidden) if home.agenda.hidden > 0 else "",
            left_over=say("home.item.left_over", count=home.agenda.left_over) if home.agenda.left_over else "",
            claim=self._claim(),
            day=today.isoformat(),
            locale={"id": "id-ID", "en": "en-GB"}[say.language],
            writing="new" in self.visit.query,
            words={
                **{
                    name: say(f"home.{name}")
                    for name in ("agenda", "new", "edit", "delete", "accept", "move", "dismiss")
                },
                "form": say.starting_with("home.form"),
                "item": say.starting_with("home.item"),
            },
        )
        self.birthdays.draw(
            heading=say("home.birthdays"),
            empty=say("home.birthday.empty"),
            unreachable=say("home.birthday.unreachable"),
            people=[self._birthday(birthday) for birthday in home.birthdays],
            all={"label": say("home.birthdays_all"), "url": "customers?birthday=near"},
        )
        wanted = self.visit.query.get("announcement", "")
        self.news.draw(
            events_heading=say("home.events"),
            events_empty=say("home.event.empty"),
            events=[self._event(event) for event in home.events],
            notices_heading=say("home.announcements"),
            notices_empty=say("home.announcement.empty"),
            unread=say("home.announcement.unread"),
            notices=[self._notice(notice) for notice in home.announcements],
            opened=int(wanted) if wanted.isdecimal() else None,
        )

    def _claim(self) -> dict[str, str] | None:
        if not self._unowned:
            return None
        say = self.texts
        beyond = self._unowned > MOST_UNOWNED
        words = "home.unowned_beyond" if beyond else "home.unowned"
        return {"text": say(words, count=min(self._unowned, MOST_UNOWNED)), "label": say("home.claim")}

    def _status(self, status: ActivityStatus, count: int) -> dict[str, Any]:
        label = self.texts.status(status, self.me.activity)
        return {
            "code": str(status),
            "label": label,
            "count": self.texts.number(count),
            "tone": STATUS_TONES[status],
            "url": f"customers?status={status}",
            "tip": self.texts("home.status.open", status=label),
        }

    def _numbers(self, numbers: DayNumbers, events: Iterable[EventRow]) -> str:
        if self.me.role is Role.TELEMARKETER:
            counted = {
                "calls": numbers.calls,
                "appointments": numbers.appointments,
                "late_follow_ups": numbers.late_follow_ups,
                "birthdays": numbers.birthdays,
            }
        else:
            counted = {
                "open_items": numbers.open_items,
                "events_today": sum(event.starts.date() <= self.today <= event.ends.date() for event in events),
                "unread": numbers.unread,
            }
        told = [self.texts(f"home.numbers.{name}", count=count) for name, count in counted.items() if count]
        return f"{', '.join(told)}." if told else self.texts("home.numbers.nothing")

    def _item(self, item: AgendaRow) -> dict[str, Any]:
        say = self.texts
        days_late = (self.today - item.day).days
        customer, what = item.customer or "", item.title
        if customer and what.casefold().startswith(customer.casefold()):
            # A title that is nothing but the name says no more than the name: what kind of thing it is says why.
            what = what[len(customer) :].lstrip(" ·,:–-") or say(f"agenda_kind.{item.kind}")
        told = [reason_sentence(say, reason, today=self.today) for reason in item.reasons]
        if told and item.proposed:
            what, *told = told
        title = " · ".join(part for part in (customer, what) if part)
        return {
            "id": item.id,
            "at": say.clock(item.at) if item.at else "",
            "title": item.title,
            "what": what,
            "customer": customer,
            "note": item.note or "",
            "more": " ".join(told),
            "url": f"customer?code={item.customer_code}" if item.customer_code else "",
            "day": item.day.isoformat(),
            "late": say("home.item.late", count=days_late) if days_late > 0 else "",
            "late_since": say("home.item.late_since", day=say.full_date(item.day)),
            "proposed": item.proposed and not item.accepted,
            "may_dismiss": item.proposed,
            "done": item.done,
            "labels": {name: say(f"home.item.{name}", title=title) for name in ("select", "tick", "untick")},
        }

    def _birthday(self, birthday: Birthday) -> dict[str, Any]:
        say = self.texts
        missed = birthday.on != self.today
        when = say("home.birthday.missed", day=say.weekday(birthday.on)) if missed else say("home.birthday.today")
        age = say("home.birthday.turns", count=birthday.age) if birthday.age else None
        line = ", ".join(part for part in (age, when) if part)
        return {
            "id": birthday.customer_id,
            "name": birthday.name,
            "line": line[:1].upper() + line[1:],
            "day_full": say.full_date(birthday.on),
            "greeted": self._greeted(birthday.greeted) if birthday.greeted else "",
            "ways": [
                {
                    "channel": str(channel),
                    "href": href,
                    "outside": channel is Channel.WHATSAPP,
                    "label": say(f"home.birthday.{channel}", name=birthday.name),
                    "said": self._greeted(channel),
                }
                for channel, href in self._ways(birthday)
            ],
        }

    def _greeted(self, channel: Channel) -> str:
        return self.texts("home.birthday.greeted", channel=self.texts(f"channel.{channel}"))

    def _ways(self, birthday: Birthday) -> Iterable[tuple[Channel, str]]:
        say = self.texts
        message = say("home.birthday.message", name=birthday.name, me=self.me.name.split()[0], company=self.me.company)
        if birthday.phone:
            yield Channel.PHONE, f"tel:{birthday.phone}"
            yield Channel.WHATSAPP, f"https://wa.me/{birthday.phone.lstrip('+')}?text={quote(message)}"
        if birthday.email:
            subject = say("home.birthday.subject", name=birthday.name)
            to = quote(birthday.email, safe="@")
            yield Channel.EMAIL, f"mailto:{to}?subject={quote(subject)}&body={quote(message)}"

    def _event(self, event: EventRow) -> dict[str, Any]:
        say = self.texts
        if event.starts <= self.me.now < event.ends:
            when = say("home.event.now")
        elif event.starts.date() != event.ends.date():
            when = say("home.event.until", start=say.clock(event.starts), end=say.day(event.ends.date(), year=False))
        else:
            when = f"{say.clock(event.starts)}–{say.clock(event.ends)}"
        return {
            "id": event.id,
            "title": event.title,
            "day": say.day(event.starts.date(), year=False),
            "day_full": say.full_date(event.starts.date()),
            "today": event.starts.date() <= self.today <= event.ends.date(),
            "line": f"{when}, {event.place}" if event.place else when,
            "text": event.description or say.full_date(event.starts.date()),
        }

    def _notice(self, notice: AnnouncementRow) -> dict[str, Any]:
        say = self.texts
        since = say("home.announcement.since", day=say.near(notice.since, self.today))
        until = say("home.announcement.until", day=say.day(notice.until, year=False)) if notice.until else None
        line = until or since
        return {
            "id": notice.id,
            "title": notice.title,
            "text": notice.text,
            "line": line[:1].upper() + line[1:],
            "day_full": say.full_date(notice.since),
            "read": notice.read,
        }

    # What the parts report

    async def _on_agenda(self, message: dict[str, Any]) -> None:
        try:
            match message:
                case {"do": "tick", "id": int(number), "done": bool(done)}:
                    await self._tick(number, done)
                case {"do": "delete", "id": int(number)}:
                    await self._delete(number)
                case {"do": "save", "token": str(token)}:
                    await self._save(token, message)
                case {"do": "accept", "id": int(number)}:
                    card = await self.run(accept_proposal, number)
                    self.toasts.say(self.texts("home.item.accepted", title=card.title))
                    await self._changed_in_place()
                case {"do": "move" | "dismiss" as what, "id": int(number)}:
                    self._ask(what, number)
                case {"do": "claim"}:
                    await self._take_next()
        except Refused as refused:
            self.refuse(refused)
            self._show(self.today)  # puts right what the script has drawn ahead

    async def _take_next(self) -> None:
        """Take over the next customer of nobody: on today's agenda, and open."""
        claimed: Claimed | None = await self.run(claim_next, to_call=True)
        await self.changed()
        if claimed is None:
            self.toasts.say(self.texts("home.nobody_left"))
            return
        self.toasts.say(self.texts("home.claimed", name=claimed.name))
        self.agenda.go(f"customer?{urlencode({'code': claimed.code})}")

    async def _tick(self, number: int, done: bool) -> None:
        card = await self.run(tick_agenda_item if done else untick_agenda_item, number)
        if done:

            async def undo() -> None:
                await self._take_back(untick_agenda_item, number)

            self.toasts.say(self.texts("home.item.ticked", title=card.title), undo=undo, undo_label=self._undo_word)
        await self._changed_in_place()

    async def _delete(self, number: int) -> None:
        card = await self.run(delete_agenda_item, number)

        async def undo() -> None:
            await self._take_back(restore_agenda_item, number)

        self.toasts.say(self.texts("home.item.deleted", title=card.title), undo=undo, undo_label=self._undo_word)
        await self.changed()

    # What is decided about an item in a dialog

    def _ask(self, what: str, number: int) -> None:
        item = next((each for each in self.home.agenda.items if each.id == number), None)
        if item is None or item.done:
            return
        say = self.texts
        title = " · ".join(dict.fromkeys(part for part in (item.customer, item.title) if part))
        if what == "move":
            fields: list[dict[str, Any]] = [
                {
                    "key": "day",
                    "kind": "date",
                    "label": say("home.form.day"),
                    "value": (self.today + timedelta(days=1)).isoformat(),
                    "locale": {"id": "id-ID", "en": "en-GB"}[say.language],
                    "required": True,
                },
                {
                    "key": "at",
                    "kind": "text",
                    "label": say("home.form.at"),
                    "placeholder": say("home.form.at_hint"),
                    "value": say.clock(item.at) if item.at else "",
                    "limit": 8,
                },
            ]
        else:
            fields = [
                {
                    "key": "reason",
                    "kind": "text",
                    "label": say("home.dismissing.reason"),
                    "placeholder": say("home.dismissing.hint"),
                    "required": True,
                    "limit": 500,
                }
            ]
        group = {"move": "moving", "dismiss": "dismissing"}[what]
        token = self.dialog.open(
            say(f"home.{group}.title"), fields, save=say(f"home.{what}"), cancel=say("home.form.cancel"), text=title
        )
        self._deciding = {"token": token, "what": what, "item": item, "title": item.customer or item.title}

    async def _on_dialog(self, message: dict[str, Any]) -> None:
        token = str(message.get("token", ""))
        if token != self._deciding.get("token"):
            if message.get("do") == "save":
                self.dialog.answer(token, {"": self.texts("home.ask_again")})
            return
        if message.get("do") != "save":
            self._deciding = {}
            return
        try:
            await self._decide({key: str(value or "") for key, value in (message.get("values") or {}).items()})
        except Refused as refused:
            known = refused.field if refused.field in ("day", "at", "reason") else ""
            self.dialog.answer(token, {known: refused.sentence})
            if refused.gone:
                self.refuse(refused)
            return
        self._deciding = {}
        self.dialog.answer(token)
        await self.changed()

    async def _decide(self, values: Mapping[str, str]) -> None:
        say, item, title = self.texts, self._deciding["item"], self._deciding["title"]
        if self._deciding["what"] == "move":
            day, at = self._read_when(values)
            await self.run(move_agenda_item, item.id, day, at)
            said = say("home.item.moved", title=title, day=say.near(day, self.today))

            async def undo() -> None:
                # Written anew rather than moved: where it stood may be a day that is over.
                await self._take_back(
                    change_agenda_item, item.id, title=item.title, day=item.day, at=item.at, note=item.note
                )
        else:
            await self.run(dismiss_proposal, item.id, reason=values.get("reason", ""))
            said = say("home.item.dismissed", title=title)

            async def undo() -> None:
                await self._take_back(restore_agenda_item, item.id)

        self.toasts.say(said, undo=undo, undo_label=self._undo_word)

    async def _take_back(self, service: Any, number: int, **values: Any) -> None:
        try:
            await self.run(service, number, **values)
            await self.changed()
        except Refused as refused:
            self.refuse(refused)

    @property
    def _undo_word(self) -> str:
        return self.texts("shell.undo")

    async def _changed_in_place(self) -> None:
        """As `changed`, but rows stay where they are: the next click must not meet another one."""
        self._steady = True
        try:
            await self.changed()
        finally:
            self._steady = False

    async def _save(self, token: str, typed: Mapping[str, Any]) -> None:
        if token in self._saved:
            self.agenda.answer_form(token)
            return
        try:
            values = self._read_form(typed)
        except Refused as refused:
            self.agenda.answer_form(token, {refused.field or "title": refused.sentence})
            return
        self._saved.append(token)
        number = typed.get("id")
        try:
            card: AgendaCard = (
                await self.run(change_agenda_item, number, **values)
                if isinstance(number, int)
                else await self.run(add_agenda_item, **values)
            )
        except Refused as refused:
            self._saved.remove(token)
            if refused.field in ("title", "day", "at", "note"):
                self.agenda.answer_form(token, {refused.field: refused.sentence})
                return
            self.agenda.answer_form(token, {})
            raise
        self.agenda.answer_form(token)
        await self.changed()
        said = "home.item.saved" if card.day <= self.today else "home.item.saved_for"
        self.toasts.say(self.texts(said, title=card.title, day=self.texts.near(card.day, self.today)))

    def _read_form(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        """What was typed, as values.

        Raises:
            Refused: a field cannot be read; it is named.
        """
        title = str(typed.get("title", "")).strip()
        if not title:
            raise Refused(self.texts("home.form.title_needed"), "title")
        day, at = self._read_when(typed)
        return {"title": title, "day": day, "at": at, "note": str(typed.get("note", "")).strip() or None}

    def _read_when(self, typed: Mapping[str, Any]) -> tuple[date, time | None]:
        try:
            day = date.fromisoformat(str(typed.get("day", "")))
        except ValueError:
            raise Refused(self.texts("home.form.day_needed"), "day") from None
        try:
            return day, parse_clock(str(typed.get("at", "")))
        except ValueError:
            raise Refused(self.texts("home.form.at_wrong"), "at") from None

    async def _on_birthday(self, message: dict[str, Any]) -> None:
        try:
            match message:
                case {"do": "greet", "id": int(number), "channel": str(channel)} if channel in set(Channel):
                    await self._greet(number, Channel(channel))
        except Refused as refused:
            self.refuse(refused)
            self._show(self.today)

    async def _greet(self, number: int, channel: Channel) -> None:
        birthday = next((each for each in self.home.birthdays if each.customer_id == number), None)
        if birthday is None:
            return
        await self.run(greet_customer, number, channel=channel, birthday_on=birthday.on)

        async def undo() -> None:
            try:
                await self.run(ungreet_customer, number, birthday.on.year)
                await self.changed()
            except Refused as refused:
                self.refuse(refused)

        self.toasts.say(self.texts("home.birthday.recorded", name=birthday.name), undo=undo, undo_label=self._undo_word)
        await self._changed_in_place()

    async def _on_news(self, message: dict[str, Any]) -> None:
        try:
            match message:
                case {"do": "read", "id": int(number)}:
                    await self.run(mark_announcement_read, number)
                    await self._changed_in_place()
        except Refused as refused:
            self.refuse(refused)
            self._show(self.today)


def in_order(home: Home, order: list[int]) -> Home:
    """The same with its agenda in an earlier order; what is new comes first."""
    places = {number: place for place, number in enumerate(order)}
    items = sorted(home.agenda.items, key=lambda item: places.get(item.id, -1))
    return replace(home, agenda=replace(home.agenda, items=items))


def parse_clock(typed: str) -> time | None:
    """A time of day as people type it: `9`, `930`, `9.30`, `09:30`; nothing is none.

    Raises:
        ValueError: not a time of day.
    """
    text = typed.strip()
    if not text:
        return None
    match = re.fullmatch(r"(\d{1,2})(?:[.:]?(\d{2}))?", text)
    if match is None:
        raise ValueError(typed)
    return time(int(match[1]), int(match[2] or 0))


def _part_of_day(now: time) -> str:
    """As Indonesian greets: pagi until 11, siang until 15, sore until 18, then malam."""
    for until, name in ((11, "morning"), (15, "noon"), (18, "afternoon")):
        if 4 <= now.hour < until:
            return name
    return "evening"
