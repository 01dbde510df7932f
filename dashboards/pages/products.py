"""What the company sells: kept by the admin, read by managers, with the price each product had when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar

from dashboards.records import Changed, Form, Place, RecordsPage, Wrong, unless_changed
from dashboards.typed import money_as_typed, parse_money, parse_whole
from ecrm_core.crm import Work
from ecrm_core.queries.products import (
    PAGE_ROWS,
    CategoryLine,
    ProductFilters,
    ProductLine,
    ProductPage,
    ProductRecord,
    categories,
    product_page,
    product_record,
)
from ecrm_core.services.products import (
    ProductCard,
    ProductSeen,
    add_category,
    add_product,
    change_product,
    deactivate_products,
    reactivate_products,
)

SOLD, NOT_SOLD, BOTH = "", "no", "all"
ACTIVE = {SOLD: True, NOT_SOLD: False, BOTH: None}
NO_CATEGORY = "0"


@dataclass(frozen=True)
class Found:
    """What the page shows."""

    page: ProductPage
    categories: list[CategoryLine]
    company_months: int
    currency: str


class ProductsPage(RecordsPage):
    """The list of products, and one of them beside it."""

    title_key = "page.products"
    keys: ClassVar[tuple[tuple[str, str], ...]] = (("/", "shell.help.search"), *RecordsPage.keys)
    start: ClassVar[Place] = Place("name")
    page_rows: ClassVar[int] = PAGE_ROWS

    def build(self) -> None:
        super().build()
        self._take_query(self.visit.query)

    def _take_query(self, query: Mapping[str, str]) -> None:
        category = query.get("category", "")
        self.sold = query.get("sold", SOLD) if query.get("sold") in ACTIVE else SOLD
        self.wanted = ProductFilters(
            text=query.get("text", "")[:200],
            category_id=int(category) if category.isdecimal() and len(category) < 10 else None,
            active=ACTIVE[self.sold],
        )
        self.place = Place("name")
        self.selected = []

    @property
    def lasting_query(self) -> Mapping[str, str]:
        query = {"text": self.wanted.text, "sold": self.sold}
        if self.wanted.category_id is not None:
            query["category"] = str(self.wanted.category_id)
        return {name: value for name, value in query.items() if value}

    async def arrive(self, query: Mapping[str, str]) -> None:
        self._take_query(query)
        await super().arrive(query)

    def read(self, work: Work) -> Found:
        place = self.place
        page = product_page(work, self.wanted, sort=place.sort, down=place.down, first=place.first)
        return Found(page, categories(work), work.rules.follow_up_months, work.rules.currency)

    def kind(self) -> str:
        return "product"

    def find(self, work: Work, kind: str, number: int) -> ProductRecord:
        return product_record(work, number)

    # Drawing

    def draw_list(self, data: Found) -> None:
        say, page, wanted = self.texts, data.page, self.wanted
        new = {"do": "new", "label": say("products.new"), "icon": "plus", "primary": True, "tip": "n"}
        line = say("products.count", count=page.count)
        if self.sold == SOLD and page.inactive:
            line = say("products.line", count=page.count, inactive=page.inactive)
        self.head.draw(title=say("products.title"), line=f"{line}.", actions=[new] if self.writes else [])
        self.filters.draw(
            search={"value": wanted.text, "label": say("products.search"), "placeholder": say("products.search_hint")},
            fields=[
                {
                    "key": "category",
                    "kind": "select",
                    "label": say("products.column.category"),
                    "value": "" if wanted.category_id is None else str(wanted.category_id),
                    "options": [
                        *(
                            {"value": str(each.id), "label": f"{each.name} ({each.products})"}
                            for each in data.categories
                        ),
                        {"value": NO_CATEGORY, "label": say("products.no_category")},
                    ],
                },
                {
                    "key": "sold",
                    "kind": "select",
                    "label": say("products.column.sold"),
                    "value": self.sold,
                    "always": True,
                    "options": [
                        {"value": value, "label": say(f"products.sold.{name}")}
                        for value, name in ((SOLD, "yes"), (NOT_SOLD, "no"), (BOTH, "both"))
                    ],
                },
            ],
            line="",
            actions=[],
            words=say.starting_with("filters"),
        )
        self.selected = [number for number in self.selected if number in {row.id for row in page.rows}]
        narrowed = bool(wanted.text) or wanted.category_id is not None or self.sold != SOLD
        offer = self.writes and not narrowed
        self.grid.draw(
            caption=say("products.title"),
            columns=self._columns(),
            rows=[self._row(row, data) for row in page.rows],
            sort=self.sort_state(),
            page=self.page_state(len(page.rows), page.count, page.first),
            empty=say("products.nothing" if narrowed else "products.empty"),
            empty_action={"do": "new", "label": say("products.new")} if offer else None,
            selectable=self.writes,
            selected=self.selected,
            bar={"text": say("products.chosen", count=len(self.selected)), "actions": self._bar(page)},
            words=say.starting_with("grid"),
        )

    def _bar(self, page: ProductPage) -> list[dict[str, Any]]:
        chosen = [row for row in page.rows if row.id in self.selected]
        actions: list[dict[str, Any]] = [{"do": "edit", "label": self.texts("products.edit")}]
        if any(row.active for row in chosen):
            actions.append({"do": "deactivate", "label": self.texts("products.deactivate"), "danger": True})
        if any(not row.active for row in chosen):
            actions.append({"do": "reactivate", "label": self.texts("products.reactivate")})
        return actions

    def _columns(self) -> list[dict[str, Any]]:
        ranks = {
            "name": ("start", 0),
            "code": ("start", 2),
            "category": ("start", 3),
            "price": ("end", 1),
            "stock": ("end", 2),
            "follow_up": ("start", 5),
            "marks": ("start", 4),
        }
        return [
            {
                "key": key,
                "label": self.texts(f"products.column.{key}"),
                "align": align,
                "rank": rank,
                "sort": key != "marks",
                "named": key in {"stock", "follow_up"},
                "width": "200px" if key == "name" else None,
            }
            for key, (align, rank) in ranks.items()
        ]

    def _row(self, row: ProductLine, data: Found) -> dict[str, Any]:
        say, today = self.texts, self.me.today
        marks: dict[str, Any] = {"text": ""}
        if not row.active:
            marks = {"text": say("products.not_sold"), "tone": "grey"}
        elif row.new_until is not None and row.new_until >= today:
            marks = {
                "text": say("products.new_until", day=say.day(row.new_until, year=row.new_until.year != today.year)),
                "tone": "teal",
            }
            if row.category_id is not None:
                marks["sub"] = say("products.interested")
                marks["url"] = f"customers?category={row.category_id}"
                marks["title"] = say("products.interested_in", category=row.category)
        elif row.consumable:
            marks = {"text": say("products.consumable"), "quiet": True}
        months = row.follow_up_months or data.company_months
        stock: dict[str, Any] = {"text": "" if row.stock is None else say.number(row.stock)}
        if row.stock is None:
            stock = {"text": "–", "quiet": True, "title": say("products.not_counted")}
        elif row.stock == 0:
            stock["tone"] = "amber"
        return {
            "id": row.id,
            "cells": {
                "name": row.name,
                "code": {"text": row.code, "quiet": True},
                "category": row.category,
                "price": say.money(row.price, row.currency),
                "stock": stock,
                "follow_up": {"text": say("span.months", count=months), "quiet": row.follow_up_months is None},
                "marks": marks,
            },
        }

    # The panel

    def form_of(self, form: Form) -> dict[str, Any]:
        return self._form(form.record) if self.writes else self._told(form.record)

    def _form(self, record: ProductRecord | None) -> dict[str, Any]:
        say, field, data = self.texts, self._field, self.data
        months = say("span.months", count=data.company_months)
        intervals = [{"value": "", "label": say("products.company_interval", months=months)}]
        intervals += [{"value": str(number), "label": say("span.months", count=number)} for number in range(1, 25)]
        currency = record.currency if record else data.currency
        fields = [
            field("name", "text", record and record.name),
            *([] if record else [field("code", "text", None, limit=64, half=True)]),
            field(
                "category",
                "suggest",
                record and record.category,
                half=record is None,
                options=[each.name for each in data.categories],
                hint=say("products.hint.category") if record else None,
            ),
            field(
                "price",
                "money",
                record and money_as_typed(record.price, say.language),
                half=True,
                label=say("products.field.price", currency=currency),
            ),
            field("stock", "number", _typed_stock(record), half=True, hint=say("products.hint.stock")),
            field("follow_up_months", "select", _typed_months(record), half=True, options=intervals),
            field("new_until", "date", _typed_day(record), half=True),
            field("consumable", "check", record and record.consumable, hint=say("products.hint.consumable")),
        ]
        if record:
            fields += self._prices(record)
        seen = {"stamp": record.stamp, "stock": record.stock, "active": record.active} if record else None
        return {
            "title": record.name if record else say("products.new"),
            "line": self._state(record) if record else "",
            "seen": seen,
            "save": say("products.save"),
            "actions": self._actions(record),
            "fields": fields,
        }

    def _told(self, record: ProductRecord) -> dict[str, Any]:
        say = self.texts
        months = say("span.months", count=record.follow_up_months or self.data.company_months)
        told = [
            ("category", record.category),
            ("price", say.money(record.price, record.currency)),
            ("stock", say("products.not_counted") if record.stock is None else say.number(record.stock)),
            ("follow_up", months),
            ("marks", say("products.consumable") if record.consumable else None),
        ]
        fields = [
            {"key": key, "kind": "told", "label": say(f"products.column.{key}"), "value": text, "half": True}
            for key, text in told
            if text
        ]
        return {
            "title": record.name,
            "line": self._state(record),
            "seen": None,
            "fields": [*fields, *self._prices(record)],
        }

    def _state(self, record: ProductRecord) -> str:
        return record.code if record.active else f"{record.code} · {self.texts('products.not_sold')}"

    def _prices(self, record: ProductRecord) -> list[dict[str, Any]]:
        say = self.texts
        if not record.prices:
            return []  # imported, and never changed since
        told = {
            "key": "prices",
            "kind": "list",
            "label": say("products.prices"),
            "items": [
                {
                    "text": say.money(each.price, record.currency),
                    "sub": say("products.since_by", day=say.day(each.since.date()), name=each.by)
                    if each.by
                    else say("products.since", day=say.day(each.since.date())),
                    "quiet": at > 0,
                    "title": f"{say.full_date(each.since.date())}, {say.clock(each.since)}",
                }
                for at, each in enumerate(record.prices)
            ],
        }
        return [told]

    def _field(self, key: str, kind: str, value: Any, **named: Any) -> dict[str, Any]:
        label = named.pop("label", None) or self.texts(f"products.field.{key}")
        return {"key": key, "kind": kind, "label": label, "value": "" if value is None else value, **named}

    def _actions(self, record: ProductRecord | None) -> list[dict[str, Any]]:
        if record is None:
            return []
        if record.active:
            return [{"do": "deactivate", "label": self.texts("products.deactivate"), "danger": True}]
        return [{"do": "reactivate", "label": self.texts("products.reactivate")}]

    # Gestures

    async def do(self, message: Mapping[str, Any]) -> None:
        match message:
            case {"do": "search", "text": str(text)}:
                await self._narrow(text=text.strip()[:200])
            case {"do": "filter", "key": "category", "value": str(value)}:
                await self._narrow(category_id=int(value) if value.isdecimal() else None)
            case {"do": "filter", "key": "sold", "value": str(value)} if value in ACTIVE:
                self.sold = value
                await self._narrow(active=ACTIVE[value])
            case {"do": "clear"}:
                self.sold = SOLD
                await self._narrow(text="", category_id=None, active=True)
            case {"do": ("deactivate" | "reactivate") as deed, "ids": list(ids)}:
                await self._switch(deed, [number for number in ids if isinstance(number, int)])
            case {"do": ("deactivate" | "reactivate") as deed, "id": int(number)}:
                await self._switch(deed, [number])

    async def _narrow(self, **filters: Any) -> None:
        self.wanted = replace(self.wanted, **filters)
        self.place.first = 0
        await self.refresh()
        self.moved(again=True)

    async def _switch(self, deed: str, ids: Sequence[int]) -> None:
        def said(cards: Sequence[ProductCard]) -> str:
            many = "" if len(cards) == 1 else "_many"
            return self.texts(f"products.{deed}d{many}", name=cards[0].name, count=len(cards))

        if deed == "deactivate":
            await self.take_away(deactivate_products, reactivate_products, ids, said)
        else:
            await self.take_away(reactivate_products, deactivate_products, ids, said)

    async def save(self, kind: str, number: int | None, seen: Any, typed: Mapping[str, Any]) -> Changed | str:
        values = self._read(typed, new=number is None)
        category = str(typed.get("category", "")).strip()
        if number is None:
            card: Any = await self.run(_add, category, values)
            return self.texts("products.added", name=card.name)
        opened = seen if isinstance(seen, dict) else {}
        stock = opened.get("stock")
        looked = ProductSeen(str(opened.get("stamp")), stock if isinstance(stock, int) else None)
        values["active"] = opened.get("active") is not False
        card = await self.run(unless_changed, _change, number, category, values, looked)
        return card if isinstance(card, Changed) else self.texts("products.saved", name=card.name)

    def _read(self, typed: Mapping[str, Any], *, new: bool) -> dict[str, Any]:
        say = self.texts
        wrong: dict[str, str] = {}
        values: dict[str, Any] = {"consumable": typed.get("consumable") is True}
        for key in ("name", "code") if new else ("name",):
            values[key] = str(typed.get(key, "")).strip()
            if not values[key]:
                wrong[key] = say(f"products.wrong.{key}")
        try:
            values["price"] = parse_money(str(typed.get("price", "")))
        except ValueError:
            values["price"] = None
        if values["price"] is None:
            wrong["price"] = say("products.wrong.price")
        try:
            values["stock"] = parse_whole(str(typed.get("stock", "")))
        except ValueError:
            wrong["stock"] = say("products.wrong.stock")
        months = str(typed.get("follow_up_months", ""))
        values["follow_up_months"] = int(months) if months.isdecimal() else None
        day = str(typed.get("new_until", ""))
        try:
            values["new_until"] = date.fromisoformat(day) if day else None
        except ValueError:
            wrong["new_until"] = say("products.wrong.new_until")
        if wrong:
            raise Wrong(wrong)
        return values


def _add(work: Work, category: str, values: Mapping[str, Any]) -> ProductCard:
    return add_product(work, category_id=add_category(work, category) if category else None, **values)


def _change(work: Work, number: int, category: str, values: Mapping[str, Any], seen: ProductSeen) -> ProductCard:
    category_id = add_category(work, category) if category else None
    return change_product(work, number, category_id=category_id, **values, seen=seen)


def _typed_stock(record: ProductRecord | None) -> str | None:
    return None if record is None or record.stock is None else str(record.stock)


def _typed_months(record: ProductRecord | None) -> str | None:
    return None if record is None or record.follow_up_months is None else str(record.follow_up_months)


def _typed_day(record: ProductRecord | None) -> str | None:
    return None if record is None or record.new_until is None else record.new_until.isoformat()
