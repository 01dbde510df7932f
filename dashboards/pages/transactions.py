"""Transactions: what was bought in a month, what came of it, and what the customers say of it."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import quote

import panel as pn

from dashboards.exports import TICKETS
from dashboards.page import Page, Refused
from dashboards.parts.dialog import Dialog
from dashboards.parts.download import Download
from dashboards.parts.filters import Filters
from dashboards.parts.grid import Grid
from dashboards.parts.keys import Keys
from dashboards.parts.page_head import PageHead
from ecrm_core.crm import Work
from ecrm_core.exporting.tables import FileFormat
from ecrm_core.exporting.transactions import TransactionExport
from ecrm_core.models.orders import FollowUpState
from ecrm_core.queries.transactions import (
    FIRST_YEAR,
    NOBODY,
    PAGE_ROWS,
    SOLD,
    STATES,
    FollowUpChoice,
    Sort,
    SortKey,
    Suggestion,
    TransactionFilters,
    TransactionPage,
    TransactionRow,
    TransactionSums,
    TransactionTotals,
    one_transaction,
    telemarketers,
    transaction_page,
    transaction_rows,
    transaction_totals,
    wanted_things,
    years,
)
from ecrm_core.rules import months_after, months_before, previous_month
from ecrm_core.services.followups import correct_response, record_response, take_back_response

LAST_YEAR = 2100
LONGEST_TYPED = 200
MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
RATINGS = (1, 2, 3, 4, 5)
STAR = "★"
NEWEST_FIRST = Sort()


@dataclass(frozen=True)
class Period:
    """A month, or without one a whole year."""

    year: int
    month: int | None

    @classmethod
    def parse(cls, text: str) -> Period | None:
        """`2026-10` or `2026`; none for anything else."""
        if (found := MONTH.fullmatch(text)) is not None:
            year, month = int(found[1]), int(found[2])
            return cls(year, month) if 1 <= month <= 12 and FIRST_YEAR <= year <= LAST_YEAR else None
        return (
            cls(int(text), None) if re.fullmatch(r"[0-9]{4}", text) and FIRST_YEAR <= int(text) <= LAST_YEAR else None
        )

    @classmethod
    def at_first(cls, today: date) -> Period:
        """What history opens on."""
        first = previous_month(today)
        return cls(first.year, first.month)

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02}" if self.month else str(self.year)

    @property
    def first_day(self) -> date:
        return date(self.year, self.month or 1, 1)

    def moved(self, months: int) -> Period:
        """The period so many months on; of a year, so many years."""
        if self.month is None:
            return replace(self, year=self.year + months)
        day = months_after(self.first_day, months) if months > 0 else months_before(self.first_day, -months)
        return Period(day.year, day.month)


@dataclass(frozen=True)
class Asked:
    """All that the address says of what is shown."""

    period: Period
    product: str = ""
    customer: str = ""
    state: str = ""
    follow_up: str = ""
    telemarketer: str = ""
    sort: Sort = NEWEST_FIRST
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str], today: date) -> Asked:
        """What an address asks for; what makes no sense in it is left out."""
        known = {
            "state": STATES,
            "follow_up": tuple(str(each) for each in FollowUpChoice),
        }
        chosen = {name: query.get(name, "") for name in known}
        key = query.get("sort", "").removeprefix("-")
        return cls(
            Period.parse(query.get("month", "")) or Period.at_first(today),
            product=_text(query.get("product", "")),
            customer=_text(query.get("customer", "")),
            **{name: value if value in known[name] else "" for name, value in chosen.items()},
            telemarketer=_number(query.get("telemarketer", "")),
            sort=Sort(SortKey(key), query["sort"].startswith("-")) if key in set(SortKey) else NEWEST_FIRST,
            page=max(1, int(_number(query.get("page", "")) or 1)),
        )

    def query(self, today: date) -> dict[str, str]:
        """The same as an address, without what goes without saying."""
        told = {
            "month": "" if self.period == Period.at_first(today) else str(self.period),
            "product": self.product,
            "customer": self.customer,
            "state": self.state,
            "follow_up": self.follow_up,
            "telemarketer": self.telemarketer,
            "sort": "" if self.sort == NEWEST_FIRST else f"{'-' if self.sort.down else ''}{self.sort.key}",
            "page": str(self.page) if self.page > 1 else "",
        }
        return {name: value for name, value in told.items() if value}

    @property
    def filters(self) -> TransactionFilters:
        return TransactionFilters.of_month(
            self.period.year,
            self.period.month,
            product=self.product,
            customer=self.customer,
            state=self.state or None,
            follow_up=FollowUpChoice(self.follow_up) if self.follow_up else None,
            telemarketer_id=int(self.telemarketer) if self.telemarketer else None,
        )


@dataclass(frozen=True)
class Found:
    """What the page reads at once."""

    today: date
    asked: Asked
    page: TransactionPage
    years: list[int]
    telemarketers: list[tuple[int, str]]


class TransactionsPage(Page):
    """The order lines of a month: filtered, summed, answered, exported."""

    title_key = "page.transactions"
    keys = (
        ("j / k", "shell.help.move"),
        ("Enter", "shell.help.open"),
        ("r", "transactions.key.respond"),
        ("[ / ]", "transactions.key.months"),
        ("PageUp / PageDown", "transactions.key.pages"),
    )

    def build(self) -> None:
        self.head = PageHead(gesture=self._on_head, sizing_mode="stretch_width")
        self.filters = Filters(gesture=self._on_filters)
        self.grid = Grid(gesture=self._on_grid)
        self.keys_part = Keys(gesture=self._on_key)
        self.dialog = Dialog(gesture=self._on_dialog, draft="transactions")
        self.download = Download(gesture=self._on_download)
        self.found: Found | None = None
        # What was asked for last: a gesture goes on from there, also while the answer is under way.
        self._asked: Asked
        self._asking = 0
        self._adding: asyncio.Task[None] | None = None

    def view(self) -> pn.viewable.Viewable:
        return pn.Column(
            self.head,
            self.filters,
            self.grid,
            self.dialog,
            self.keys_part,
            self.download,
            sizing_mode="stretch_width",
        )

    def read(self, work: Work) -> Found:
        asked = self._asked_for(work)
        page = transaction_page(work, asked.filters, sort=asked.sort, page=asked.page)
        return Found(work.today, replace(asked, page=page.number), page, years(work), telemarketers(work))

    def _read_rows(self, work: Work) -> Found:
        """The same without the sums, which take longer; without these nobody knows which page is the last."""
        asked = self._asked_for(work)
        if asked.page > 1:
            return self.read(work)
        rows = transaction_rows(work, asked.filters, sort=asked.sort, page=asked.page)
        page = TransactionPage(rows, _UNCOUNTED, asked.page)
        return Found(work.today, asked, page, years(work), telemarketers(work))

    def _asked_for(self, work: Work) -> Asked:
        asked = Asked.of(self.visit.query, work.today)
        return asked if work.actor.is_staff else replace(asked, telemarketer="")

    def present(self, data: Found) -> None:
        self.found = data
        self._asked = data.asked
        self._asking += 1
        self._show()

    @property
    def lasting_query(self) -> Mapping[str, str]:
        return self.found.asked.query(self.found.today) if self.found else self.visit.query

    async def arrive(self, query: Mapping[str, str]) -> None:
        assert self.found is not None
        self.visit = replace(self.visit, query=query)
        self._asking += 1
        turn, before = self._asking, self.found
        found = await self.run(self._read_rows)
        if turn != self._asking:
            return
        same = found.asked.filters == before.asked.filters
        self.found = replace(found, page=replace(found.page, totals=before.page.totals)) if same else found
        self._asked = found.asked
        self._show(counting=not same)
        self._adding = asyncio.ensure_future(self._add_up(turn))

    # What each part is given

    def _show(self, *, counting: bool = False) -> None:
        with pn.io.hold():
            self._show_all(counting)

    def _show_all(self, counting: bool) -> None:
        assert self.found is not None
        found, say = self.found, self.texts
        asked, page = found.asked, found.page
        whose = "all" if self.me.role != "telemarketer" else "own"
        self.head.draw(
            title=self.title,
            line=say(f"transactions.line.{whose}", period=self._period(asked.period)),
            actions=[
                {"do": str(each), "label": say(f"transactions.export.{each}"), "tip": say("transactions.export.tip")}
                for each in (FileFormat.XLSX, FileFormat.CSV)
            ]
            if page.rows
            else [],
        )
        self.filters.draw(
            search={
                "value": asked.product,
                "label": say("transactions.search"),
                "placeholder": say("transactions.search_hint"),
            },
            fields=self._fields(found),
            views=None,
            line=say("transactions.counting") if counting else self._sums(page.totals),
            counting=counting,
            words=say.starting_with("filters"),
        )
        self.keys_part.draw(keys=["[", "]"])
        self.grid.draw(
            caption=f"{self.title}, {self._period(asked.period)}",
            columns=self._columns(),
            rows=[self._row(row, found.today) for row in page.rows],
            sort={"key": str(asked.sort.key), "down": asked.sort.down},
            page={
                "from": say.number(page.first),
                "to": say.number(page.last),
                "total": "…" if counting else say.number(page.totals.count),
                "first": page.number == 1,
                "last": len(page.rows) < PAGE_ROWS if counting else page.number >= page.pages,
            },
            empty=say(f"transactions.empty.{'filtered' if self._is_filtered(asked) else whose}"),
            empty_action={"do": "clear", "label": say("filters.clear")} if self._is_filtered(asked) else None,
            words=say.starting_with("grid"),
        )

    def _is_filtered(self, asked: Asked) -> bool:
        return bool(asked.product or asked.customer or asked.state or asked.follow_up or asked.telemarketer)

    def _period(self, period: Period) -> str:
        if period.month is None:
            return self.texts("transactions.whole_year", year=period.year)
        return self.texts.month(period.first_day)

    def _fields(self, found: Found) -> list[dict[str, Any]]:
        say, asked = self.texts, found.asked
        known = sorted({asked.period.year, *found.years}, reverse=True)
        fields: list[dict[str, Any]] = [
            {
                "key": "month",
                "kind": "month",
                "label": say("transactions.field.month"),
                "value": str(asked.period),
                "options": self._months(asked.period, found.today),
                "always": True,
            },
            {
                "key": "year",
                "kind": "select",
                "label": say("transactions.field.year"),
                "value": str(asked.period.year),
                "options": [{"value": str(year), "label": str(year)} for year in known],
                "always": True,
            },
            {
                "key": "state",
                "kind": "select",
                "label": say("transactions.field.state"),
                "value": asked.state,
                "options": [{"value": each, "label": say(f"line_state.{each}")} for each in STATES],
            },
            {
                "key": "follow_up",
                "kind": "select",
                "label": say("transactions.field.follow_up"),
                "value": asked.follow_up,
                "options": [
                    {"value": str(each), "label": say(f"transactions.follow_up.{each}")} for each in FollowUpChoice
                ],
            },
            {
                "key": "customer",
                "kind": "text",
                "label": say("transactions.field.customer"),
                "value": asked.customer,
                "placeholder": say("transactions.field.customer_hint"),
            },
        ]
        if found.telemarketers:
            people = [(str(number), name) for number, name in found.telemarketers]
            fields.append(
                {
                    "key": "telemarketer",
                    "kind": "select",
                    "label": say("transactions.field.telemarketer"),
                    "value": asked.telemarketer,
                    "options": [
                        {"value": value, "label": label}
                        for value, label in [*people, (str(NOBODY), say("transactions.nobody"))]
                    ],
                }
            )
        return fields

    def _months(self, period: Period, today: date) -> list[dict[str, str]]:
        """The months of a year, newest first, and its neighbours, so that a step leads on; the whole year last.

        Where a whole year is shown, a step is one of years.
        """
        months = [Period(period.year, month) for month in range(12, 0, -1)]
        whole = Period(period.year, None)
        if period.month is None:
            listed = [whole.moved(1), whole, whole.moved(-1), *months]
        else:
            listed = [months[0].moved(1), *months, months[-1].moved(-1), whole]
        return [
            {"value": str(each), "label": self._period(each)}
            for each in listed
            if each == period or (each.year >= FIRST_YEAR and each.first_day <= today)
        ]

    def _sums(self, totals: TransactionTotals) -> str:
        say = self.texts
        if not totals.count:
            return say("transactions.sums.none")
        told = [say("transactions.sums.count", count=totals.count, number=say.number(totals.count))]
        told += [self._sum(sums) for sums in totals.sums]
        return " ".join(told)

    def _sum(self, sums: TransactionSums) -> str:
        say = self.texts

        def side(name: str) -> str:
            found = getattr(sums, name)
            counted = ", ".join(
                say(f"transactions.sums.{each}", count=count, number=say.number(count))
                for each, count in (("lines", found.lines), ("orders", found.orders), ("customers", found.customers))
            )
            return say(f"transactions.sums.{name}", money=say.money(found.amount, sums.currency), counted=counted)

        parts = [side("sold")]
        if sums.returned.lines:
            parts.append(side("returned"))
            parts.append(say("transactions.sums.difference", money=say.money(sums.difference, sums.currency)))
        return " ".join(parts)

    def _columns(self) -> list[dict[str, Any]]:
        ranks = {
            "date": 0,
            "order": 4,
            "customer": 0,
            "product": 2,
            "quantity": 6,
            "amount": 1,
            "due": 3,
            "followed_up": 7,
            "response": 5,
        }
        widths = {"customer": "150px", "product": "150px", "response": "120px"}
        ends = ("quantity", "amount")
        columns: list[dict[str, Any]] = [
            {
                "key": key,
                "label": self.texts(f"transactions.column.{key}"),
                "align": "end" if key in ends else "start",
                "sort": True,
                "rank": rank,
                "named": key in ("due", "followed_up", "quantity"),
                **({"width": widths[key]} if key in widths else {}),
            }
            for key, rank in ranks.items()
        ]
        if self.found is not None and self.found.telemarketers:
            label = self.texts("transactions.column.responsible")
            columns.append(
                {"key": "responsible", "label": label, "align": "start", "sort": False, "rank": 8, "named": True}
            )
        return columns

    def _row(self, row: TransactionRow, today: date) -> dict[str, Any]:
        say = self.texts
        quantity = say.number(row.quantity)
        if row.returned_quantity and row.state == SOLD:
            quantity = say("transactions.returned_some", quantity=quantity, count=row.returned_quantity)
        url = f"order?number={quote(row.order)}"
        customer: dict[str, Any] = {"text": row.customer or "—", "title": say("transactions.through_door")}
        if row.customer_code is not None:
            customer = {
                "text": row.customer,
                "title": f"{row.customer}, {row.customer_code}",
                "url": f"customer?code={quote(row.customer_code)}",
            }
        return {
            "id": row.line_id,
            "url": url,
            "cells": {
                "date": {"text": say.day(row.day), "title": say.full_date(row.day)},
                "order": {"text": row.order, "url": url},
                "customer": customer,
                "product": {"text": row.product, "title": f"{row.product}, {row.product_code}"},
                "quantity": quantity,
                "amount": {"text": say.money(row.amount, row.currency), "quiet": row.state != SOLD},
                "due": self._due(row, today),
                "followed_up": (
                    {"text": say.near(row.followed_up_on, today), "title": say.full_date(row.followed_up_on)}
                    if row.followed_up_on
                    else ""
                ),
                "response": self._response(row),
                "responsible": row.responsible or "",
            },
            "actions": [
                {
                    "do": "respond",
                    "key": "r",
                    "tip": "r",
                    "label": say(f"transactions.{'correct' if row.response_id else 'respond'}"),
                }
            ]
            if row.may_answer
            else [],
        }

    def _due(self, row: TransactionRow, today: date) -> dict[str, Any]:
        """What is owed after a line, or why nothing is."""
        say = self.texts
        if row.state != SOLD:
            return {"text": say(f"line_state.{row.state}"), "tone": "grey"}
        if row.follow_up is None or row.due_on is None:
            return {"text": ""}
        told = {"text": say.near(row.due_on, today), "title": say.full_date(row.due_on)}
        match row.follow_up:
            case FollowUpState.OPEN:
                return {**told, "tone": "amber"} if row.due_on <= today else told
            case FollowUpState.ANSWERED:
                return {**told, "quiet": True}
            case _:
                return {"text": say(f"follow_up.{row.follow_up}"), "title": told["title"], "quiet": True}

    def _response(self, row: TransactionRow) -> dict[str, Any]:
        if row.response_id is None:
            return {"text": ""}
        stars = f"{STAR}{row.rating}" if row.rating else ""
        text = " ".join((row.response or "").split())
        whole = [self.texts(f"transactions.rating.{row.rating}") if row.rating else "", row.response or ""]
        return {
            "text": " · ".join(part for part in (stars, text) if part),
            "title": f"{stars} {'. '.join(part for part in whole if part)}".strip(),
        }

    # What the parts report

    async def _on_head(self, message: dict[str, Any]) -> None:
        match message:
            case {"do": "xlsx" | "csv" as file_format}:
                self._export(FileFormat(file_format))

    async def _on_filters(self, message: dict[str, Any]) -> None:
        assert self.found is not None
        asked = self._asked
        match message:
            case {"do": "search", "text": str(text)}:
                await self._ask(replace(asked, product=_text(text), page=1), again=True)
            case {"do": "filter", "key": "month", "value": str(value)}:
                await self._ask(replace(asked, period=Period.parse(value) or asked.period, page=1))
            case {"do": "filter", "key": "year", "value": str(value)}:
                year = Period.parse(value) or asked.period
                there = self._until_now(replace(asked.period, year=year.year))
                await self._ask(replace(asked, period=there, page=1))
            case {"do": "filter", "key": "customer", "value": str(value)}:
                await self._ask(replace(asked, customer=_text(value), page=1))
            case {"do": "filter", "key": "state" | "follow_up" | "telemarketer" as key, "value": str(value)}:
                query = {**asked.query(self.found.today), str(key): value, "page": ""}
                await self._ask(Asked.of(query, self.found.today))
            case {"do": "clear"}:
                await self._ask(Asked(asked.period, sort=asked.sort))

    def _until_now(self, period: Period) -> Period:
        """No month that is still to come: the newest there is instead."""
        assert self.found is not None
        today = self.found.today
        return Period(today.year, today.month) if period.month and period.first_day > today else period

    async def _on_key(self, message: dict[str, Any]) -> None:
        assert self.found is not None
        asked = self._asked
        there = asked.period.moved({"[": -1, "]": 1}.get(message.get("key", ""), 0))
        if there != asked.period and there.first_day <= self.found.today and there.year >= FIRST_YEAR:
            await self._ask(replace(asked, period=there, page=1))

    async def _on_grid(self, message: dict[str, Any]) -> None:
        assert self.found is not None
        asked = self._asked
        match message:
            case {"do": "sort", "key": str(key)} if key in set(SortKey):
                # What is looked for first is the newest, the largest, the lowest rating, the first letter.
                first = key in (SortKey.DATE, SortKey.QUANTITY, SortKey.AMOUNT, SortKey.FOLLOWED_UP)
                down = not asked.sort.down if asked.sort.key == key else first
                await self._ask(replace(asked, sort=Sort(SortKey(key), down), page=1))
            case {"do": "page", "step": int(step)}:
                await self._ask(replace(asked, page=max(1, asked.page + step)))
            case {"do": "clear"}:
                await self._ask(Asked(asked.period, sort=asked.sort))
            case {"do": "respond", "id": int(line_id)}:
                await self._open_dialog(line_id)

    async def _ask(self, asked: Asked, *, again: bool = False) -> None:
        """Show something else: its rows at once, and its sums as soon as they are known."""
        assert self.found is not None
        self._asking += 1
        self._asked = asked
        turn, before = self._asking, self.found
        try:
            rows = await self.run(transaction_rows, asked.filters, sort=asked.sort, page=asked.page)
        except Refused as refused:
            if turn == self._asking:
                self._asked = self.found.asked
                self.refuse(refused)
                self._show()
            return
        if turn != self._asking:
            return  # something newer was asked meanwhile
        same = asked.filters == before.asked.filters
        totals = before.page.totals if same else _UNCOUNTED
        self.found = replace(before, asked=asked, page=TransactionPage(rows, totals, asked.page))
        with pn.io.hold():
            self._show(counting=not same)
            self.moved(again=again)
        if not same:
            await self._add_up(turn)

    async def _add_up(self, turn: int) -> None:
        """Sum up what is on show, unless something newer was asked for."""
        assert self.found is not None
        try:
            totals = await self.run(transaction_totals, self.found.asked.filters)
        except Refused as refused:
            if turn == self._asking:
                self.refuse(refused)
            return
        if turn == self._asking:
            self.found = replace(self.found, page=replace(self.found.page, totals=totals))
            self._show()

    # The response

    async def _open_dialog(self, line_id: int) -> None:
        try:
            row = await self.run(one_transaction, line_id)
        except Refused as refused:
            self.refuse(refused)
            return
        say = self.texts
        if row is None or not row.may_answer:
            self.toasts.say(say("transactions.no_answer"), tone="danger")
            return
        correcting = row.response_id is not None
        fields: list[dict[str, Any]] = [
            {
                "key": "rating",
                "kind": "rating",
                "label": say("transactions.form.rating"),
                "value": row.rating or "",
                "hint": say("transactions.form.rating_hint"),
                "options": [
                    {
                        "value": each,
                        "label": f"{each}",
                        "title": say(f"transactions.rating.{each}"),
                        "hint": say("transactions.form.opens_complaint") if each <= 2 else "",
                    }
                    for each in RATINGS
                ],
            },
            {
                "key": "response",
                "kind": "lines",
                "label": say("transactions.form.text"),
                "value": row.response or "",
                "placeholder": say("transactions.form.text_hint", product=row.product),
                "limit": 4000,
            },
        ]
        if not correcting:
            fields.append(
                {
                    "key": "interest",
                    "kind": "suggest",
                    "label": say("transactions.form.interest"),
                    "placeholder": say("transactions.form.interest_hint"),
                    "empty": say("filters.nothing"),
                    "limit": 200,
                }
            )
        number = row.response_id if correcting else row.line_id
        self.dialog.open(
            say(f"transactions.form.{'correct' if correcting else 'title'}", customer=row.customer),
            fields,
            save=say("transactions.form.save"),
            cancel=say("filters.cancel"),
            text=self._about(row),
            # What is decided is in the token: an answer finds its line also after the server began anew.
            token=f"{'correct' if correcting else 'respond'}-{number}-{row.line_id}-{secrets.token_hex(6)}",
        )

    def _about(self, row: TransactionRow) -> str:
        say = self.texts
        told = say("transactions.form.about", product=row.product, day=say.day(row.day), order=row.order)
        return f"{told} {say('transactions.form.do_not_call', customer=row.customer)}" if row.do_not_call else told

    async def _on_dialog(self, message: dict[str, Any]) -> None:
        match message:
            case {"do": "suggest", "token": str(token), "key": str(key), "text": str(text)}:
                await self._suggest(token, key, text)
            case {"do": "save", "token": str(token), "values": dict(values)}:
                await self._save(token, values)

    async def _suggest(self, token: str, key: str, text: str) -> None:
        try:
            found: list[Suggestion] = await self.run(wanted_things, _text(text))
        except Refused as refused:
            self.refuse(refused)
            return
        say = self.texts
        self.dialog.suggest(
            token,
            key,
            text,
            [
                {
                    "value": f"{each.kind}-{each.id}",
                    "label": each.name,
                    "hint": each.code or say("transactions.form.category"),
                }
                for each in found
            ],
        )

    async def _save(self, token: str, values: Mapping[str, Any]) -> None:
        kind, number, line_id = [*token.split("-"), "", "", ""][:3]
        if kind not in ("respond", "correct") or not (number.isdecimal() and line_id.isdecimal()):
            return
        try:
            told = self._read_form(values)
            before: TransactionRow | None = await self.run(one_transaction, int(line_id))
            if kind == "respond":
                receipt = await self.run(record_response, int(number), **told)
            else:
                told = {"rating": told["rating"], "text": told["text"]}
                receipt = await self.run(correct_response, int(number), **told)
        except Refused as refused:
            field = {"text": "response"}.get(refused.field or "", refused.field or "")
            shown = field if field in ("rating", "response", "interest") else ""
            self.dialog.answer(token, {shown: refused.sentence})
            if refused.gone:
                self.refuse(refused)
            return
        self.dialog.answer(token)
        say = self.texts
        name, product = (before.customer, before.product) if before else ("", "")
        sentence = say(f"transactions.said.{kind}", customer=name, product=product)
        if receipt.complaint_due_on is not None:
            sentence += " " + say("transactions.said.complaint", day=say.long_date(receipt.complaint_due_on))

        async def undo() -> None:
            try:
                if kind == "respond":
                    await self.run(take_back_response, receipt.response_id)
                elif before is not None:
                    await self.run(correct_response, int(number), rating=before.rating, text=before.response)
                await self.changed()
            except Refused as refused:
                self.refuse(refused)

        self.toasts.say(sentence, undo=undo, undo_label=say("shell.undo"))
        await self._changed_in_place()

    def _read_form(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What was typed, as values.

        Raises:
            Refused: a field cannot be read; it is named.
        """
        rating = str(values.get("rating") or "")
        wanted = str(values.get("interest") or "")
        if not wanted and str(values.get("interest_text") or "").strip():
            raise Refused(self.texts("transactions.form.choose"), "interest")
        kind, _, number = wanted.partition("-")
        chosen = int(number) if number.isdecimal() else None
        return {
            "rating": int(rating) if rating.isdecimal() else None,
            "text": str(values.get("response") or ""),
            "wanted_product_id": chosen if kind == "product" else None,
            "wanted_category_id": chosen if kind == "category" else None,
        }

    async def _changed_in_place(self) -> None:
        """As `changed`, and what the page shows stays what was asked for."""
        assert self.found is not None
        self.visit = replace(self.visit, query=self.found.asked.query(self.found.today))
        try:
            await self.changed()
        except Refused as refused:
            self.refuse(refused)

    # The file

    def _export(self, file_format: FileFormat) -> None:
        assert self.found is not None
        asked, say = self.found.asked, self.texts
        wanted = TransactionExport(asked.filters, asked.sort, file_format)
        name = f"{say('export.transactions.name')} {wanted.file_name}.{file_format}"
        self.toasts.say(say("transactions.export.started"))
        self.download.start(TICKETS.offer(self.visit.username, wanted, name))

    async def _on_download(self, message: dict[str, Any]) -> None:
        match message:
            case {"do": "failed"}:
                self.toasts.say(self.texts("error.export_failed"), tone="danger")
            case {"do": "downloaded"}:
                self.toasts.say(self.texts("transactions.export.done"))


_UNCOUNTED = TransactionTotals(0)


def _text(typed: str) -> str:
    """What was typed, as a database can be asked for it."""
    return typed.replace("\x00", "").strip()[:LONGEST_TYPED]


def _number(text: str) -> str:
    return text if text.isascii() and text.isdecimal() and len(text) <= 9 else ""
