"""Complaints: those that wait for an answer, the most urgent first, and how each was solved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import panel as pn

from dashboards.page import Page, Refused
from dashboards.parts.dialog import Dialog
from dashboards.parts.filters import Filters
from dashboards.parts.grid import Grid
from dashboards.parts.page_head import PageHead
from ecrm_core.crm import Work
from ecrm_core.models import ComplaintState
from ecrm_core.queries.complaints import (
    ALL,
    PAGE_ROWS,
    SORTS,
    ComplaintFilters,
    ComplaintPage,
    ComplaintRow,
    complaint_page,
)
from ecrm_core.queries.customer_list import NOBODY, Count, owners
from ecrm_core.services.complaints import solve_complaint

LATE = "late"
IN_CELL = 120
"""Characters of a text that a row is given; hovering and the dialog give the rest."""

BESIDE = 40
"""The same, of what stands beside another word."""


@dataclass(frozen=True)
class Asked:
    """All that the address says of what is shown."""

    filters: ComplaintFilters = field(default_factory=ComplaintFilters)
    sort: str = "due"
    down: bool = False
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        """What an address asks for; what makes no sense in it is left out."""
        key, page = query.get("sort", "due"), query.get("page", "")
        name = key.removeprefix("-")
        sort = (name, key.startswith("-")) if name in SORTS else ("due", False)
        number = int(page) if page.isdecimal() and len(page) < 9 else 1
        return cls(ComplaintFilters.from_query(query), *sort, max(1, number))

    def query(self) -> dict[str, str]:
        """The same as an address, without what goes without saying."""
        query = self.filters.to_query()
        if (self.sort, self.down) != ("due", False):
            query["sort"] = f"{'-' if self.down else ''}{self.sort}"
        if self.page > 1:
            query["page"] = str(self.page)
        return query


@dataclass(frozen=True)
class Found:
    """What the page shows."""

    asked: Asked
    today: date
    page: ComplaintPage
    owners: list[tuple[str, str]]


class ComplaintsPage(Page):
    """The complaints of the customers one may see."""

    title_key = "page.complaints"
    keys = (
        ("j / k", "shell.help.move"),
        ("Enter", "shell.help.open"),
        ("PageDown / PageUp", "customers.key.pages"),
    )

    def build(self) -> None:
        self.head = PageHead(sizing_mode="stretch_width")
        self.filters = Filters(gesture=self._on_gesture, sizing_mode="stretch_width")
        self.grid = Grid(gesture=self._on_gesture, sizing_mode="stretch_width")
        self.dialog = Dialog(gesture=self._on_dialog, draft="complaints")
        self.asked = Asked.of(self.visit.query)
        self.found: Found
        self._turn = 0
        self._solving: dict[str, ComplaintRow] = {}

    def view(self) -> pn.viewable.Viewable:
        return pn.Column(self.head, self.filters, self.grid, self.dialog, sizing_mode="stretch_width")

    @property
    def lasting_query(self) -> Mapping[str, str]:
        return self.found.asked.query()

    async def arrive(self, query: Mapping[str, str]) -> None:
        self.asked = Asked.of(query)
        await super().arrive(query)

    def read(self, work: Work) -> Found:
        return _found(work, self.asked)

    async def refresh(self) -> None:
        self._turn = turn = self._turn + 1
        found = await self.run(_found, self.asked)
        if turn == self._turn:  # else somebody in a hurry has asked for more
            self.present(found)

    def present(self, data: Found) -> None:
        self.found, self.asked = data, data.asked
        with pn.io.hold():
            self._show()

    # Drawing

    def _show(self) -> None:
        say, page, filters = self.texts, self.found.page, self.asked.filters
        self.head.draw(title=self.title, line=self._line())
        self.filters.draw(
            search=None,
            fields=self._fields(),
            line="",
            actions=[],
            words=say.starting_with("filters"),
        )
        narrowed = bool(filters.to_query())
        self.grid.draw(
            caption=self.title,
            columns=self._columns(),
            rows=[self._row(row) for row in page.rows],
            sort={"key": self.asked.sort, "down": self.asked.down},
            page={
                "from": say.number(page.first + 1),
                "to": say.number(page.first + len(page.rows)),
                "total": self._number(page.count),
                "first": page.first == 0,
                "last": page.first + len(page.rows) >= page.count.number and not page.count.more,
            },
            empty=say("complaints.nothing" if narrowed else "complaints.empty"),
            empty_action={"do": "clear", "label": say("filters.clear")} if narrowed else None,
            words=say.starting_with("grid"),
        )

    def _line(self) -> str:
        say, page, filters = self.texts, self.found.page, self.asked.filters
        which = LATE if filters.late else str(filters.state or ALL)
        line = say(f"complaints.line.{which}", number=self._number(page.count), count=page.count.number)
        if page.late.number and not filters.late and filters.state is not ComplaintState.SOLVED:
            line += say("complaints.line.of_them", number=self._number(page.late), count=page.late.number)
        return f"{line}."

    def _number(self, count: Count) -> str:
        number = self.texts.number(count.number)
        return self.texts("customers.line.more", number=number) if count.more else number

    def _fields(self) -> list[dict[str, Any]]:
        say, filters = self.texts, self.asked.filters
        states = [str(ComplaintState.OPEN), str(ComplaintState.SOLVED), ALL]
        fields: list[dict[str, Any]] = [
            {
                "key": "state",
                "kind": "select",
                "label": say("complaints.column.state"),
                "always": True,
                "value": str(filters.state or ALL),
                "options": [{"value": each, "label": say(f"complaints.state.{each}")} for each in states],
            },
            {"key": LATE, "kind": "toggle", "label": say("complaints.late"), "value": filters.late},
        ]
        if self.found.owners:
            people = [*self.found.owners, (NOBODY, say("customers.nobody"))]
            fields.append(
                {
                    "key": "owner",
                    "kind": "select",
                    "label": say("complaints.column.owner"),
                    "value": filters.owner or "",
                    "options": [{"value": username, "label": name} for username, name in people],
                }
            )
        return fields

    def _columns(self) -> list[dict[str, Any]]:
        ranks = {"customer": 0, "kind": 3, "text": 4, "product": 6, "opened": 7, "due": 1, "owner": 5, "state": 2}
        if self.asked.filters.state is ComplaintState.OPEN or self.asked.filters.late:
            del ranks["state"]
        widths = {"customer": "150px", "text": "220px", "product": "110px", "owner": "110px", "state": "180px"}
        return [
            {
                "key": key,
                "label": self.texts(f"complaints.column.{key}"),
                "align": "start",
                "sort": key in SORTS,
                "rank": rank,
                "named": key in {"opened", "due"},
                "width": widths.get(key),
            }
            for key, rank in ranks.items()
            if key != "owner" or self.found.owners
        ]

    def _row(self, row: ComplaintRow) -> dict[str, Any]:
        say = self.texts
        is_open = row.state is ComplaintState.OPEN
        due = self._near(row.due_on)
        if is_open and row.due_on <= self.found.today:
            due["tone"] = "danger" if row.due_on < self.found.today else "amber"
        state: dict[str, Any] = {"text": say("complaints.state.open"), "tone": "amber"}
        if not is_open:
            state = {"text": say("complaints.state.solved"), "tone": "green", **self._told(row.solution, "sub")}
            if row.solved_on:
                state["title"] = f"{say.full_date(row.solved_on)}: {row.solution or ''}"
        solve = {
            "do": "solve",
            "label": say("complaints.solve"),
            "tip": say("complaints.solve_tip", name=row.customer),
        }
        return {
            "id": row.id,
            "url": f"customer?code={row.code}",
            "cells": {
                "customer": {"text": row.customer, "title": row.code},
                "kind": self._kind(row.kind),
                "text": self._told(row.text),
                "product": row.product or "",
                "opened": self._near(row.opened_on),
                "due": due,
                "owner": row.owner or {"text": say("customers.no_owner"), "quiet": True},
                "state": state,
            },
            "actions": [solve] if is_open else [],
        }

    def _told(self, text: str | None, key: str = "text") -> dict[str, Any]:
        told = " ".join((text or "").split())
        most = IN_CELL if key == "text" else BESIDE
        short = told if len(told) <= most else f"{told[:most]}…"
        return {key: short, **({"title": text} if text and key == "text" else {})}

    def _kind(self, kind: str) -> str:
        """In words; one written by hand is its own word."""
        key = f"customer.complaint.{kind}"
        name = self.texts(key) if key in self.texts else kind
        return name[:1].upper() + name[1:]

    def _near(self, day: date) -> dict[str, Any]:
        return {"text": self.texts.near(day, self.found.today), "title": self.texts.full_date(day)}

    # Gestures

    async def _on_gesture(self, message: dict[str, Any]) -> None:
        asked, filters = self.asked, self.asked.filters
        try:
            match message:
                case {"do": "filter", "key": "late", "value": value}:
                    await self._ask(Asked(replace(filters, late=value is True)))
                case {"do": "filter", "key": "state" | "owner" as key, "value": str(value)}:
                    query = {**filters.to_query(), str(key): value}
                    if key == "state":
                        query.pop(LATE, None)
                    await self._ask(replace(asked, filters=ComplaintFilters.from_query(query), page=1))
                case {"do": "clear"}:
                    await self._ask(Asked())
                case {"do": "sort", "key": str(key)} if key in SORTS:
                    down = not asked.down if asked.sort == key else key == "opened"
                    await self._ask(replace(asked, sort=key, down=down, page=1))
                case {"do": "page", "step": int(step)}:
                    await self._ask(replace(asked, page=max(1, asked.page + step)))
                case {"do": "solve", "id": int(number)}:
                    self._open_dialog(number)
        except Refused as refused:
            self.refuse(refused)
            self._show()

    async def _ask(self, asked: Asked) -> None:
        self.asked = asked
        await self.refresh()
        self.moved()

    def _open_dialog(self, number: int) -> None:
        row = next((each for each in self.found.page.rows if each.id == number), None)
        if row is None:
            return
        say = self.texts
        about = " · ".join(part for part in (self._kind(row.kind), row.product) if part)
        token = self.dialog.open(
            say("complaints.dialog.title", name=row.customer),
            [{"key": "solution", "kind": "lines", "label": say("customer.solve.solution"), "value": "", "rows": 4}],
            text=f"{about}: {row.text}" if row.text else about,
            save=say("customer.solve.save"),
            cancel=say("customer.solve.cancel"),
        )
        self._solving = {token: row}

    async def _on_dialog(self, message: dict[str, Any]) -> None:
        match message:
            case {"do": "save", "token": str(token), "values": dict(values)} if token in self._solving:
                row = self._solving[token]
                try:
                    await self.run(solve_complaint, row.id, solution=str(values.get("solution") or ""))
                except Refused as refused:
                    self.dialog.answer(token, {refused.field or "": refused.sentence})
                    return
                self.dialog.answer(token)
                self.toasts.say(self.texts("customer.solve.saved", name=row.customer))
                await self.changed()
            case {"do": "save", "token": str(token)}:
                # After a restart of the server nobody knows any more which one it was.
                self.dialog.answer(token, {"": self.texts("complaints.dialog.again")})


def _found(work: Work, asked: Asked) -> Found:
    filters = asked.filters if work.actor.is_staff else replace(asked.filters, owner=None)
    first = (asked.page - 1) * PAGE_ROWS
    page = complaint_page(work, filters, sort=asked.sort, down=asked.down, first=first)
    number = page.first // PAGE_ROWS + 1
    return Found(replace(asked, filters=filters, page=number), work.today, page, owners(work))
