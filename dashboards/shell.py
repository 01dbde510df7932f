"""The shell: which pages there are for whom, and the frame around the one that is open.

Adding a page is one line in `PAGES`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import panel as pn
from panel.theme import Design

from dashboards.login import asset
from dashboards.page import Page, Refused, Visit, in_work, texts_in
from dashboards.pages.home import HomePage
from dashboards.parts.frame import Frame
from dashboards.parts.toasts import Toasts
from ecrm_core.crm import Work
from ecrm_core.models.people import Appearance, Language, Role
from ecrm_core.queries.home import AnnouncementRow, Me, announcements_for, open_items, who_am_i
from ecrm_core.services.employees import set_appearance, set_language
from ecrm_core.texts import Texts

logger = logging.getLogger(__name__)

TEMPLATE = (Path(__file__).parent / "templates" / "shell.html").read_text(encoding="utf-8")
EVERYBODY = frozenset(Role)


@dataclass(frozen=True)
class Counts:
    """What the frame counts on every page."""

    me: Me
    open_items: int
    unread: list[AnnouncementRow]


@dataclass(frozen=True)
class Entry:
    """A page of the navigation. `key` goes there after `g`; `count` is the number beside its name."""

    path: str
    page: type[Page]
    icon: str
    key: str
    roles: frozenset[Role] = EVERYBODY
    count: Callable[[Counts], int] = lambda counts: 0


PAGES: tuple[Entry, ...] = (Entry("home", HomePage, "home", "h", count=lambda counts: counts.open_items),)
HOME = PAGES[0]
PATHS: tuple[str, ...] = tuple(entry.path for entry in PAGES)


def may_open(role: Role, path: str) -> bool:
    """Whether a role has a page."""
    return any(entry.path == path and role in entry.roles for entry in PAGES)


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
        self.slot = pn.Column(sizing_mode="stretch_width", margin=0)
        if not may_open(counts.me.role, self.visit.path):
            self.visit = replace(self.visit, path=HOME.path, query={})
        self.page = self._make_page()
        self.page.open_now()
        self.slot[:] = [self.page]
        self._draw(counts)

    def template(self) -> pn.Template:
        """The document: frame, page and messages, with nothing of Panel's own looks."""
        me = self.page.me
        template = pn.Template(TEMPLATE, design=Design)
        for name, part in (("frame", self.frame), ("page", self.slot), ("toasts", self.toasts)):
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

    def _make_page(self) -> Page:
        entry = next(each for each in PAGES if each.path == self.visit.path)
        return entry.page(self.visit, toasts=self.toasts, on_change=self._recount)

    def _title(self, me: Me) -> str:
        return f"{self.texts(f'page.{self.visit.path}')} · {me.company}"

    async def _recount(self) -> None:
        self._draw(await in_work(self.visit, self.texts, _count))

    async def _on_gesture(self, message: dict[str, Any]) -> None:
        """What the frame's script reports."""
        try:
            match message.get("do"):
                case "go":
                    await self._go(str(message.get("url", "")))
                case "language":
                    await self._switch_language()
                case "appearance":
                    await self._choose_appearance(str(message.get("value", "")))
        except Refused as refused:
            self.page.refuse(refused)
            self._draw(None)

    async def _go(self, url: str) -> None:
        """Open a page in place. An address that is nobody's leads home."""
        address = urlsplit(url)
        path, query = address.path.strip("./") or HOME.path, dict(parse_qsl(address.query))
        counts = await in_work(self.visit, self.texts, _count)
        if not may_open(counts.me.role, path):
            self.toasts.say(self.texts("shell.not_for_you"))
            path, query = HOME.path, {}
        if path == self.visit.path:
            self.visit = replace(self.visit, query=query)
            await self.page.refresh()
            self._draw(counts)
            await self.page.arrive(query)
            return
        before, self.visit = self.visit, replace(self.visit, path=path, query=query)
        page = self._make_page()
        try:
            await page.open(self.texts)
        except Refused:
            self.visit = before
            raise
        with pn.io.hold():
            self.page = page
            self.slot[:] = [page]
        self._draw(counts)

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

    def _draw(self, counts: Counts | None) -> None:
        """Give the frame what it shows; none for what it shows already."""
        if counts is None:
            self.frame.draw(**{name: value for name, value in self.frame.state.items() if name != "revision"})
            return
        me, say = counts.me, self.texts
        query = urlencode(self.page.lasting_query)
        first = me.name.split()[0]
        appearances = {str(each): say(f"shell.appearances.{each}") for each in Appearance}
        self.frame.draw(
            path=self.visit.path,
            url=f"{self.visit.path}?{query}" if query else self.visit.path,
            title=self._title(me),
            lang=str(me.language),
            appearance=str(me.appearance),
            navigation=say("shell.navigation"),
            nav=[self._entry(entry, counts) for entry in PAGES if me.role in entry.roles],
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
            page_keys=[[keys, say(text)] for keys, text in self.page.keys],
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
    return Counts(who_am_i(work), open_items(work, work.today), unread)


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
