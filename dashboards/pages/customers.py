"""Customers: searched, narrowed down and sorted; each row opens the customer, who knows the way back and on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

import panel as pn

from dashboards.page import Page, Refused
from dashboards.parts.filters import Filters
from dashboards.parts.grid import Grid
from dashboards.parts.page_head import PageHead
from ecrm_core.crm import Work
from ecrm_core.queries.customer_list import (
    NEAR,
    NOBODY,
    RELATIONS,
    SORTS,
    Count,
    CustomerFilters,
    CustomerPage,
    CustomerRow,
    CustomerSort,
    Greeted,
    ListCount,
    cities,
    customer_count,
    customer_page,
    owners,
    product_named,
)
from ecrm_core.queries.products import CategoryLine, NewProduct, categories, new_products
from ecrm_core.queries.search import find_products
from ecrm_core.rules import ActivityRule, ActivityStatus
from ecrm_core.services.saved_views import View, delete_view, my_views, restore_view, save_view

VIEWS = "customers"
SUGGESTIONS = 8
TONES = {
    ActivityStatus.TWO_WEEKS: "green",
    ActivityStatus.ONE_MONTH: "teal",
    ActivityStatus.SIX_MONTHS: "amber",
    ActivityStatus.LAPSED: "grey",
    ActivityStatus.PROSPECT: "blue",
}
NEWEST_FIRST = ("activity",)


@dataclass(frozen=True)
class Asked:
    """All that the address says of what is shown."""

    filters: CustomerFilters = field(default_factory=CustomerFilters)
    sort: CustomerSort = field(default_factory=CustomerSort)
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        """What an address asks for; what makes no sense in it is left out."""
        page = query.get("page", "")
        number = int(page) if page.isdecimal() and len(page) < 9 else 1
        return cls(CustomerFilters.from_query(query), CustomerSort.from_query(query), max(1, number))

    def query(self) -> dict[str, str]:
        """The same as an address, without what goes without saying."""
        return {**self.view(), **({"page": str(self.page)} if self.page > 1 else {})}

    def view(self) -> dict[str, str]:
        """What a saved view keeps of it."""
        return {**self.filters.to_query(), **self.sort.to_query()}


@dataclass(frozen=True)
class Found:
    """What the page shows, as it was read."""

    asked: Asked
    today: date
    rule: ActivityRule
    page: CustomerPage
    product: str | None
    count: ListCount | None = None


@dataclass(frozen=True)
class Around:
    """What changes seldom: one's saved views, and by whom a manager may narrow down."""

    views: list[View]
    owners: list[tuple[str, str]]
    categories: list[CategoryLine]
    news: list[NewProduct]


class CustomersPage(Page):
    """The customers one may see."""

    title_key = "page.customers"
    keys = (
        ("/", "shell.help.search"),
        ("j / k", "shell.help.move"),
        ("Enter", "shell.help.open"),
        ("PageDown / PageUp", "customers.key.pages"),
    )

    def build(self) -> None:
        self.head = PageHead(sizing_mode="stretch_width")
        self.filters = Filters(gesture=self._on_filters, sizing_mode="stretch_width")
        self.grid = Grid(gesture=self._on_grid, sizing_mode="stretch_width")
        self.found: Found
        self.around: Around
        self._offers: dict[str, list[dict[str, str]]] = {}
        self._asking = 0
        self._suggesting = 0
        self._counting: asyncio.Task[None] | None = None

    def view(self) -> pn.viewable.Viewable:
        return pn.Column(self.head, self.filters, self.grid, sizing_mode="stretch_width")

    def read(self, work: Work) -> tuple[Found, Around]:
        found = _rows(work, Asked.of(self.visit.query))
        counted = customer_count(work, found.asked.filters)
        return replace(found, count=counted), _around(work)

    def present(self, data: tuple[Found, Around]) -> None:
        self._asking += 1
        self.found, self.around = data
        self._offers = {}
        self._show()

    @property
    def lasting_query(self) -> Mapping[str, str]:
        return self.found.asked.query()

    # What each part is given

    async def arrive(self, query: Mapping[str, str]) -> None:
        self.visit = replace(self.visit, query=query)
        await self._ask(Asked.of(query), arriving=True)

    def _show(self, *, counting: bool = False) -> None:
        with pn.io.hold():
            self.head.draw(title=self.title, line="", actions=self._news())
            self._show_filters(counting=counting)
            self._show_rows()

    def _news(self) -> list[dict[str, Any]]:
        """Products new now, each a way to those who may like them."""
        return [
            {
                "do": f"new-{each.code}",
                "label": self.texts("customers.new_product", product=each.name),
                "tip": self.texts("customers.new_product_tip", category=each.category),
                "url": f"customers?category={each.category_id}",
            }
            for each in self.around.news
        ]

    def _show_filters(self, *, counting: bool = False) -> None:
        say, asked = self.texts, self.found.asked
        self.filters.draw(
            search={
                "value": asked.filters.text,
                "label": say("customers.search"),
                "placeholder": say("customers.search_hint"),
            },
            fields=self._fields(),
            views=[
                {"id": 0, "name": say("customers.all"), "current": not asked.view(), "fixed": True},
                *(
                    {"id": view.id, "name": view.name, "current": dict(view.query) == asked.view()}
                    for view in self.around.views
                ),
            ],
            can_save=True,
            line=self._line(self.found.count),
            counting=counting,
            words=say.starting_with("filters"),
        )

    def _fields(self) -> list[dict[str, Any]]:
        say, found = self.texts, self.found
        filters = found.asked.filters

        def label(key: str) -> dict[str, Any]:
            return {"key": key, "label": say(f"customers.field.{key}")}

        fields: list[dict[str, Any]] = [
            {
                **label("product"),
                "kind": "suggest",
                "value": filters.product or "",
                "shown": found.product or filters.product or "",
                "placeholder": say("customers.field.product_hint"),
                "options": self._offers.get("product", []),
            }
        ]
        if filters.product:
            fields.append(
                {
                    **label("relation"),
                    "kind": "select",
                    "always": True,
                    "value": filters.relation,
                    "options": [{"value": each, "label": say(f"customers.relation.{each}")} for each in RELATIONS],
                }
            )
        fields += [
            {
                **label("category"),
                "kind": "select",
                "value": str(filters.category or ""),
                "options": [{"value": str(each.id), "label": each.name} for each in self.around.categories],
            },
            {
                **label("status"),
                "kind": "select",
                "value": str(filters.status or ""),
                "options": [{"value": str(each), "label": say.status(each, found.rule)} for each in ActivityStatus],
            },
            {
                **label("city"),
                "kind": "suggest",
                "value": filters.city or "",
                "placeholder": say("customers.field.city_hint"),
                "options": self._offers.get("city", []),
            },
            {
                **label("birthday"),
                "kind": "select",
                "value": NEAR if filters.birthday_near else str(filters.birth_month or ""),
                "options": [
                    {"value": NEAR, "label": say("customers.birthday_near")},
                    *({"value": str(number), "label": self._month(number)} for number in range(1, 13)),
                ],
            },
            {**label("due"), "kind": "toggle", "value": filters.due},
        ]
        if self.around.owners:
            people = [*self.around.owners, (NOBODY, say("customers.nobody"))]
            fields.append(
                {
                    **label("owner"),
                    "kind": "select",
                    "value": filters.owner or "",
                    "options": [{"value": username, "label": name} for username, name in people],
                }
            )
        return fields

    def _month(self, number: int) -> str:
        return self.texts.month(date(2000, number, 1)).removesuffix("2000").strip()

    def _line(self, count: ListCount | None) -> str:
        say = self.texts
        if count is None:
            return say("customers.line.counting")
        if not count.customers.number:
            return say("customers.line.none")
        told = [say("customers.line.count", number=self._number(count.customers), count=count.customers.number)]
        if count.due.number and not self.found.asked.filters.due:
            told.append(say("customers.line.due", number=self._number(count.due)))
        line = ", ".join(told)
        return line[:1].upper() + line[1:]

    def _number(self, count: Count) -> str:
        number = self.texts.number(count.number)
        return self.texts("customers.line.more", number=number) if count.more else number

    def _show_rows(self) -> None:
        say, found = self.texts, self.found
        page, count = found.page, found.count
        filtered = bool(found.asked.filters)
        whose = "filtered" if filtered else "all" if self.around.owners else "own"
        self.grid.draw(
            caption=self.title,
            columns=self._columns(),
            rows=[self._row(row) for row in page.rows],
            sort={"key": found.asked.sort.key, "down": found.asked.sort.down},
            page={
                "from": say.number(page.start),
                "to": say.number(page.start + len(page.rows) - 1),
                "total": "…" if count is None else self._number(count.customers),
                "first": page.page == 1,
                "last": page.last,
            },
            empty=say(f"customers.empty.{whose}"),
            empty_action=(
                {"do": "clear", "label": say("filters.clear")}
                if filtered
                else {"url": "orders", "label": say("customers.new_order")}
            ),
            words=say.starting_with("grid"),
        )

    def _columns(self) -> list[dict[str, Any]]:
        ranks = {"name": 0, "code": 3, "city": 4, "phone": 2, "activity": 3, "status": 1, "due": 2, "owner": 5}
        if any(row.birthday for row in self.found.page.rows):
            ranks = {"name": 0, "birthday": 2, **ranks}
        widths = {"name": "160px", "birthday": "250px", "city": "110px", "owner": "120px"}
        return [
            {
                "key": key,
                "label": self.texts(f"customers.column.{key}"),
                "align": "start",
                "sort": key in SORTS,
                "rank": rank,
                "named": key in ("due", "activity"),
                **({"width": widths[key]} if key in widths else {}),
                **({"short": self.texts(f"customers.short.{key}")} if key in ("due", "activity") else {}),
            }
            for key, rank in ranks.items()
            if key != "owner" or self.around.owners
        ]

    def _row(self, row: CustomerRow) -> dict[str, Any]:
        say, today = self.texts, self.found.today
        url = self._address_of(row)
        cells: dict[str, Any] = {
            "name": {"text": row.name, **({"sub": say("customers.do_not_call")} if row.do_not_call else {})},
            "code": {"text": row.code, "url": url},
            "city": row.city or "",
            "phone": row.phone or "",
            "activity": self._near(row.last_activity),
            "status": {"text": say.status(row.status, self.found.rule), "tone": TONES[row.status]},
            "due": self._near(row.follow_up_due),
            "owner": row.owner or {"text": say("customers.no_owner"), "quiet": True},
        }
        if row.birthday is not None:
            cells["birthday"] = self._birthday(row.birthday)
        if row.follow_up_due is not None and row.follow_up_due <= today:
            cells["due"]["tone"] = "amber"
        return {"id": row.id, "url": url, "cells": cells}

    def _birthday(self, birthday: Greeted) -> dict[str, Any]:
        """The day, and who greeted how; what was missed or is to be done today stands out."""
        say, cell = self.texts, self._near(birthday.on)
        if birthday.channel is not None:
            channel = say(f"channel.{birthday.channel}")
            return {**cell, "tone": "green", "sub": say("customers.greeted", channel=channel, name=birthday.by or "–")}
        if birthday.on > self.found.today:
            return cell
        return {**cell, "tone": "amber", "sub": say("customers.not_greeted")}

    def _address_of(self, row: CustomerRow) -> str:
        """The customer's page, which leads back to this list and through it."""
        way = urlencode(self.lasting_query)
        return f"customer?{urlencode({'code': row.code, **({'list': way} if way else {'list': 'page=1'})})}"

    def _near(self, day: date | None) -> dict[str, Any]:
        if day is None:
            return {"text": ""}
        return {"text": self.texts.near(day, self.found.today), "title": self.texts.full_date(day)}

    # What the parts report

    async def _on_filters(self, message: dict[str, Any]) -> None:
        asked = self.found.asked
        try:
            match message:
                case {"do": "search", "text": str(text)}:
                    await self._narrow({"q": text}, again=bool(asked.filters.text) and bool(text.strip()))
                case {"do": "filter", "key": "due", "value": value}:
                    await self._narrow({"due": "1" if value is True else ""})
                case {"do": "filter", "key": "product", "value": str(code)}:
                    await self._narrow({"product": code, **({} if code else {"relation": ""})})
                case {"do": "filter", "key": str(key), "value": str(value)}:
                    await self._narrow({key: value})
                case {"do": "suggest", "key": "product" | "city" as key, "text": str(text)}:
                    await self._suggest(str(key), text)
                case {"do": "clear"}:
                    await self._ask(Asked(sort=asked.sort))
                case {"do": "view", "id": int(number)}:
                    view = next((each for each in self.around.views if each.id == number), None)
                    await self._ask(Asked.of(view.query) if view else Asked())
                case {"do": "save_view", "name": str(name)}:
                    await self._save_view(name)
                case {"do": "delete_view", "id": int(number)}:
                    await self._delete_view(number)
        except Refused as refused:
            self.refuse(refused)
            self._show()

    async def _on_grid(self, message: dict[str, Any]) -> None:
        asked = self.found.asked
        try:
            match message:
                case {"do": "sort", "key": str(key)} if key in SORTS:
                    # Of days the newest is looked for first, of everything else the first letter.
                    down = not asked.sort.down if asked.sort.key == key else key in NEWEST_FIRST
                    await self._ask(replace(asked, sort=CustomerSort(key, down), page=1))
                case {"do": "page", "step": int(step)}:
                    await self._ask(replace(asked, page=max(1, self.found.page.page + step)))
                case {"do": "clear"}:
                    await self._ask(Asked(sort=asked.sort))
        except Refused as refused:
            self.refuse(refused)
            self._show()

    async def _narrow(self, changes: Mapping[str, str], *, again: bool = False) -> None:
        asked = self.found.asked
        filters = CustomerFilters.from_query({**asked.filters.to_query(), **changes})
        await self._ask(replace(asked, filters=filters, page=1), again=again)

    async def _ask(self, asked: Asked, *, again: bool = False, arriving: bool = False) -> None:
        """Show something else: its rows at once, and their count as soon as it is known.

        Args:
            asked: what.
            again: whether the back button need not come here.
            arriving: the address says so already; the count comes when the page is on show.
        """
        self._asking += 1
        turn, before = self._asking, self.found
        found, around = await self.run(_arrived if arriving else _rows_only, asked)
        if turn != self._asking:
            return  # something newer was asked meanwhile
        same = found.asked.filters == before.asked.filters and before.count is not None
        self.found = replace(found, count=before.count if same else None)
        self.around = around or self.around
        with pn.io.hold():
            self._show(counting=not same)
            if not arriving:
                self.moved(again=again)
        if arriving:
            self._counting = asyncio.ensure_future(self._count(turn))
        elif not same:
            await self._count(turn)

    async def _count(self, turn: int) -> None:
        """Count what is on show, unless something newer was asked for."""
        try:
            counted = await self.run(customer_count, self.found.asked.filters)
        except Refused as refused:
            if turn == self._asking:
                self.refuse(refused)
            return
        if turn == self._asking and counted != self.found.count:
            self.found = replace(self.found, count=counted)
            self._show()

    async def _suggest(self, key: str, text: str) -> None:
        self._suggesting += 1
        turn = self._suggesting
        if key == "city":
            found = await self.run(cities, text, limit=SUGGESTIONS)
            offers = [{"value": city, "label": city} for city in found]
        else:
            products = await self.run(find_products, text, limit=SUGGESTIONS)
            offers = [{"value": each.code, "label": each.name, "note": each.code} for each in products]
        if turn == self._suggesting:
            self._offers[key] = offers
            self._show_filters()

    # Saved views

    async def _save_view(self, name: str) -> None:
        try:
            view = await self.run(save_view, VIEWS, name, self.found.asked.view())
        except Refused as refused:
            self.filters.answer_view(refused.sentence)
            return
        self.filters.answer_view()
        await self._read_around()
        self.toasts.say(self.texts("customers.view_saved", name=view.name))

    async def _delete_view(self, number: int) -> None:
        view = await self.run(delete_view, number)

        async def undo() -> None:
            try:
                await self.run(restore_view, view)
                await self._read_around()
            except Refused as refused:
                self.refuse(refused)

        await self._read_around()
        self.toasts.say(
            self.texts("customers.view_deleted", name=view.name), undo=undo, undo_label=self.texts("shell.undo")
        )

    async def _read_around(self) -> None:
        self.around = await self.run(_around)
        self._show_filters()


def _rows_only(work: Work, asked: Asked) -> tuple[Found, None]:
    return _rows(work, asked), None


def _arrived(work: Work, asked: Asked) -> tuple[Found, Around]:
    return _rows(work, asked), _around(work)


def _around(work: Work) -> Around:
    return Around(my_views(work, VIEWS), owners(work), categories(work), new_products(work))


def _rows(work: Work, asked: Asked) -> Found:
    """A page of the list, without its count."""
    filters = asked.filters if work.actor.is_staff else replace(asked.filters, owner=None)
    sort = asked.sort if work.actor.is_staff or asked.sort.key != "owner" else CustomerSort()
    page = customer_page(work, filters, sort, asked.page)
    product = product_named(work, filters.product) if filters.product else None
    return Found(Asked(filters, sort, page.page), work.today, work.rules.activity, page, product)
