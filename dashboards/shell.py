"""The shell: which pages there are for whom, and the frame around the one that is open.

Adding a page is one line in `PAGES`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import panel as pn
from panel.theme import Design

from dashboards.login import asset
from dashboards.page import Page, Refused, Visit, in_work, texts_in
from dashboards.pages.complaints import ComplaintsPage
from dashboards.pages.courier import CourierPage
from dashboards.pages.customer import CustomerPage
from dashboards.pages.customers import CustomersPage
from dashboards.pages.events import EventsPage
from dashboards.pages.home import HomePage
from dashboards.pages.order import OrderPage
from dashboards.pages.orders import OrdersPage
from dashboards.pages.products import ProductsPage
from dashboards.pages.sources import SourcesPage
from dashboards.pages.telephone import TelephonePage
from dashboards.pages.templates import TemplatesPage
from dashboards.pages.transactions import TransactionsPage
from dashboards.parts.frame import Frame
from dashboards.parts.reminders import Reminders
from dashboards.parts.toasts import Toasts
from ecrm_core.crm import Work
from ecrm_core.models.people import Appearance, Language, Role
from ecrm_core.queries.home import AnnouncementRow, Me, announcements_for, open_items, who_am_i
from ecrm_core.queries.search import FoundCustomer, FoundProduct, find_customers, find_products
from ecrm_core.services.employees import set_appearance, set_language
from ecrm_core.services.reminders import Reminder, due_reminders, note_reminded
from ecrm_core.texts import Texts

logger = logging.getLogger(__name__)

PALETTE_ROWS = 6
"""Customers, and products, that the palette shows."""
MOST_TYPED = 100
"""Characters of a search that are looked at."""
TEMPLATE = (Path(__file__).parent / "templates" / "shell.html").read_text(encoding="utf-8")
EVERYBODY = frozenset(Role)


@dataclass(frozen=True)
class Counts:
    """What the frame counts on every page."""

    me: Me
    open_items: int
    open_calls: int
    unread: list[AnnouncementRow]
    reminders: list[Reminder]


@dataclass(frozen=True)
class Entry:
    """A page. `key` goes there after `g`; `count` is the number beside its name in the navigation.

    Pages of one record are not listed there: `under` says which entry they belong to.
    """

    path: str
    page: type[Page]
    icon: str = ""
    key: str = ""
    roles: frozenset[Role] = EVERYBODY
    count: Callable[[Counts], int] = lambda counts: 0
    under: str = ""


STAFF = frozenset({Role.MANAGER, Role.ADMIN})

PAGES: tuple[Entry, ...] = (
    Entry("home", HomePage, "home", "h", count=lambda counts: counts.open_items),
    Entry("telephone", TelephonePage, "phone", "t", count=lambda counts: counts.open_calls),
    Entry("orders", OrdersPage, "cart", "o"),
    Entry("order", OrderPage, under="orders"),
    Entry("courier", CourierPage, roles=STAFF, under="orders"),
    Entry("transactions", TransactionsPage, "list", "r"),
    Entry("customers", CustomersPage, "people", "p"),
    Entry("customer", CustomerPage, under="customers"),
    Entry("complaints", ComplaintsPage, "flag"),
    Entry("events", EventsPage, "calendar", "a"),
    Entry("products", ProductsPage, "box", roles=STAFF),
    Entry("sources", SourcesPage, "spot", roles=frozenset({Role.ADMIN})),
    Entry("templates", TemplatesPage, "speech", roles=frozenset({Role.ADMIN})),
)
HOME = PAGES[0]
PATHS: tuple[str, ...] = tuple(entry.path for entry in PAGES)


def may_open(role: Role, path: str) -> bool:
    """Whether a role has a page."""
    return any(entry.path == path and role in entry.roles for entry in PAGES)


def entry_of(path: str) -> Entry:
    """The page of a path."""
    return next(entry for entry in PAGES if entry.path == path)


def render(visit: Visit) -> pn.Template:
    """The whole document for a visit, filled and ready to be served."""
    return Shell(visit).template()


class Shell:
    """One employee's open browser tab: the frame, and the page now in it."""

    def __init__(self, visit: Visit) -> None:
        with visit.crm.work(visit.username) as work:
            counts = _count(work)
        self.visit = replace(visit, path=visit.path.strip("/") or HOME.path)
        self.texts = texts_in(counts.me.language)
        self.frame = Frame(gesture=self._on_gesture)
        self.toasts = Toasts()
        self.reminders = Reminders(gesture=self._on_reminder)
        self.slot = pn.Column(sizing_mode="stretch_width", margin=0)
        # Pages once made stay, hidden: coming back to one costs new data, not new parts.
        self._places: dict[str, tuple[Page, pn.Column]] = {}
        self._turn = 0
        if not may_open(counts.me.role, self.visit.path):
            self.visit = replace(self.visit, path=HOME.path, query={})
        self.page = self._make_page(self.visit)
        self.page.open_now()
        if self.page.prepares:
            with visit.crm.work(visit.username) as work:
                counts = _count(work)
        self._show(self.page)
        self._draw(counts, again=True)

    def template(self) -> pn.Template:
        """The document: frame, page and messages, with nothing of Panel's own looks."""
        me = self.page.me
        template = pn.Template(TEMPLATE, design=Design)
        messages = pn.Column(self.toasts, self.reminders, margin=0)
        for name, part in (("frame", self.frame), ("page", self.slot), ("toasts", messages)):
            template.add_panel(name, part)
        for name, value in {
            "language": str(me.language),
            "appearance": str(me.appearance),
            "title": self._title(me),
            "skip": self.texts("shell.skip"),
            "styles": [asset("theme.css"), asset("shell.css")],
            "icon_url": asset("favicon.svg"),
        }.items():
            template.add_variable(name, value)
        return template

    def _make_page(self, visit: Visit) -> Page:
        return entry_of(visit.path).page(visit, toasts=self.toasts, on_change=self._recount, on_move=self._follow)

    def _show(self, page: Page) -> None:
        """Put a page on show, in place of the one before."""
        path = page.visit.path
        with pn.io.hold():
            for other, (_, place) in self._places.items():
                # Not by `visible`: Bokeh would measure every part anew, and the browser lay the page out twice.
                place.styles = {"display": "" if other == path else "none"}
            if path not in self._places:
                place = pn.Column(page, sizing_mode="stretch_width", margin=0)
                self._places[path] = page, place
                self.slot.append(place)
        self.page = page

    def _title(self, me: Me) -> str:
        return f"{self.page.title} · {me.company}"

    def _follow(self, again: bool) -> None:
        """The page on show has moved to another query."""
        self.visit = replace(self.visit, query=self.page.lasting_query)
        self._point(again)

    def _point(self, again: bool) -> None:
        """Let the frame say where one is; its numbers stay."""
        state = {name: value for name, value in self.frame.state.items() if name != "revision"}
        place = {"path": self.visit.path, "under": entry_of(self.visit.path).under, "url": self._address()}
        words = {"title": self._title(self.page.me), "page_keys": self._page_keys()}
        self.frame.draw(**state | place | words | {"replace": again})

    def _page_keys(self) -> list[list[str]]:
        return [[keys, self.texts(text)] for keys, text in self.page.keys]

    def _address(self) -> str:
        query = urlencode(self.page.lasting_query)
        return f"{self.visit.path}?{query}" if query else self.visit.path

    async def _recount(self) -> None:
        self._draw(await in_work(self.visit, self.texts, _count))

    async def _on_gesture(self, message: dict[str, Any]) -> None:
        """What the frame's script reports."""
        try:
            match message.get("do"):
                case "go":
                    await self._go(str(message.get("url", "")), back=message.get("back") is True)
                case "find":
                    await self._find(str(message.get("text", ""))[:MOST_TYPED])
                case "language":
                    await self._switch_language()
                case "appearance":
                    await self._choose_appearance(str(message.get("value", "")))
        except Refused as refused:
            self.page.refuse(refused)
            self._draw(None)

    async def _on_reminder(self, message: dict[str, Any]) -> None:
        """Once a minute, and when somebody has taken note of a promise."""
        try:
            match message:
                case {"do": "noted", "id": int(item)}:
                    await in_work(self.visit, self.texts, note_reminded, item)
            self._remind(await in_work(self.visit, self.texts, due_reminders))
        except Refused as refused:
            self.page.refuse(refused)

    def _remind(self, due: Sequence[Reminder]) -> None:
        say, today = self.texts, self.page.me.today
        items = []
        for each in due:
            day, at = each.at.date(), say.clock(each.at)
            told = (
                say("telephone.reminder.text", at=at, name=each.name)
                if day == today
                else say("telephone.reminder.text_on", day=say.near(day, today), at=at, name=each.name)
            )
            items.append(
                {
                    "id": each.item_id,
                    "text": told,
                    "note": each.text or "",
                    "url": f"telephone?item={each.item_id}",
                }
            )
        words: dict[str, Any] = {name: say(f"telephone.reminder.{name}") for name in ("call", "noted", "less")}
        words["more"] = [say("telephone.reminder.more", count=others) for others in range(len(items))]
        shown = {"items": items, "words": words}
        # Nothing is sent where nothing has changed: this runs once a minute for everybody.
        if shown != {name: value for name, value in self.reminders.state.items() if name != "revision"}:
            self.reminders.draw(**shown)

    async def _go(self, url: str, *, back: bool) -> None:
        """Open a page in place. An address that is nobody's leads home."""
        self._turn = turn = self._turn + 1
        address = urlsplit(url)
        path, query = address.path.strip("./") or HOME.path, dict(parse_qsl(address.query))
        me = await in_work(self.visit, self.texts, who_am_i)
        if not may_open(me.role, path):
            self.toasts.say(self.texts("shell.not_for_you"))
            path, query = HOME.path, {}
        visit = replace(self.visit, path=path, query=query)
        if path in self._places:
            page, _ = self._places[path]
            page.greet(me)
            await page.arrive(query)
        else:
            page = self._make_page(visit)
            await page.open(self.texts)
        if turn != self._turn:
            return  # somebody in a hurry has gone on
        self.visit = visit
        with pn.io.hold():
            self._show(page)
            self._point(back)
        # What one came for is on its way; the frame's numbers follow it.
        counts = await in_work(visit, self.texts, _count)
        if turn == self._turn:
            self._draw(counts, again=True)

    async def _find(self, text: str) -> None:
        """Answer the palette: customers by name, code or phone, and products."""
        customers, products = await in_work(self.visit, self.texts, _look_up, text)
        say = self.texts
        people = [
            {
                "group": say("shell.palette.customers"),
                "label": each.name,
                "sub": " · ".join(part for part in (each.code, each.city, each.phone, _owner(say, each)) if part),
                "icon": "person",
                "do": "go",
                # Of a colleague's customer there is no page, only the order one may take for them.
                "url": f"orders?customer={each.code}" if each.reduced else f"customer?code={each.code}",
            }
            for each in customers
        ]
        goods = [
            {
                "group": say("shell.palette.products"),
                "label": each.name,
                "sub": f"{each.code} · {say.money(each.price, each.currency)}",
                "icon": "box",
                "do": "go",
                "url": f"customers?{urlencode({'product': each.code})}",
            }
            for each in products
        ]
        self.frame.answer_palette(text, [*people, *goods])

    async def _switch_language(self) -> None:
        language = {Language.INDONESIAN: Language.ENGLISH, Language.ENGLISH: Language.INDONESIAN}[self.texts.language]

        def choose(work: Work) -> None:
            set_language(work, language)

        await in_work(self.visit, self.texts, choose)
        counts = await in_work(self.visit, self.texts, _count)
        self.texts = texts_in(counts.me.language)
        await self.page.change_language(counts.me)
        self._draw(counts)

    async def _choose_appearance(self, value: str) -> None:
        if value not in set(Appearance):
            return

        def choose(work: Work) -> None:
            set_appearance(work, Appearance(value))

        await in_work(self.visit, self.texts, choose)
        await self._recount()

    def _draw(self, counts: Counts | None, *, again: bool = False) -> None:
        """Give the frame what it shows; none for what it shows already.

        Args:
            again: the address takes the place of the one before, as after the back button.
        """
        if counts is None:
            self.frame.draw(**{name: value for name, value in self.frame.state.items() if name != "revision"})
            return
        self._remind(counts.reminders)
        me, say = counts.me, self.texts
        first = me.name.split()[0]
        appearances = {str(each): say(f"shell.appearances.{each}") for each in Appearance}
        self.frame.draw(
            path=self.visit.path,
            under=entry_of(self.visit.path).under,
            url=self._address(),
            replace=again,
            title=self._title(me),
            lang=str(me.language),
            appearance=str(me.appearance),
            navigation=say("shell.navigation"),
            nav=[self._entry(entry, counts) for entry in PAGES if me.role in entry.roles and not entry.under],
            date=say.long_date(me.today),
            date_full=say.full_date(me.today),
            unread=[
                {"id": notice.id, "title": notice.title, "day": say.near(notice.since, me.today)}
                | {"day_full": say.full_date(notice.since)}
                for notice in counts.unread
            ],
            user={
                "name": me.name,
                "first": first,
                "initials": "".join(word[0] for word in me.name.split()[:2]).upper(),
                "role": say(f"role.{me.role}"),
            },
            labels={
                "unread": say("shell.unread", count=len(counts.unread)) if counts.unread else say("shell.no_unread"),
                "language": say("shell.language"),
                "appearance": say("shell.appearance", name=appearances[me.appearance]),
                "menu": say("shell.user_menu", name=first),
            },
            actions=self._actions(),
            page_keys=self._page_keys(),
            words=_words(say),
        )

    def _entry(self, entry: Entry, counts: Counts) -> dict[str, Any]:
        label, count = self.texts(f"page.{entry.path}"), entry.count(counts)
        return {
            "path": entry.path,
            "label": label,
            "icon": entry.icon,
            "key": entry.key,
            "tip": f"{label} (g {entry.key})",
            "count": count,
            "counted": self.texts("shell.open", count=count),
        }

    def _actions(self) -> list[dict[str, Any]]:
        """What the palette offers beside pages; those with `menu` stand in the user's menu too."""
        say = self.texts
        return [
            {"label": say("shell.palette.new_item"), "icon": "plus", "do": "go", "url": "home?new=1", "tip": "n"},
            {"label": say("shell.palette.use_language"), "icon": "language", "do": "language", "menu": True},
            *(
                {
                    "label": say(f"shell.palette.use_{value}"),
                    "icon": sign,
                    "do": "appearance",
                    "value": str(value),
                    "menu": True,
                }
                for value, sign in (
                    (Appearance.LIGHT, "sun"),
                    (Appearance.DARK, "moon"),
                    (Appearance.SYSTEM, "system"),
                )
            ),
        ]


def _count(work: Work) -> Counts:
    unread = [notice for notice in announcements_for(work, work.today) if not notice.read]
    return Counts(
        me=who_am_i(work),
        open_items=open_items(work, work.today),
        open_calls=open_items(work, work.today, calls=True),
        unread=unread,
        reminders=due_reminders(work),
    )


def _look_up(work: Work, text: str) -> tuple[Sequence[FoundCustomer], Sequence[FoundProduct]]:
    return find_customers(work, text, limit=PALETTE_ROWS).rows, find_products(work, text, limit=PALETTE_ROWS)


def _owner(say: Texts, found: FoundCustomer) -> str | None:
    if found.owner_is_me:
        return None
    return say("shell.palette.owner", name=found.owner_name) if found.owner_name else say("shell.palette.nobodys")


def _words(say: Texts) -> Mapping[str, Any]:
    """The frame's own words, nested as its script asks for them."""
    words: dict[str, Any] = {}
    for key, text in say.starting_with("shell").items():
        *groups, name = key.split(".")
        if name == "one":
            continue  # counted in Python
        place = words
        for group in groups:
            place = place.setdefault(group, {})
        place[name] = text
    return words
