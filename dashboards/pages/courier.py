"""What the courier tells: a file is chosen, looked at, and moves the orders along, row by row."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import panel as pn

from dashboards.page import Page, Refused
from dashboards.parts.file_choice import FileChoice
from dashboards.parts.grid import Grid
from dashboards.parts.page_head import PageHead
from ecrm_core.crm import Work
from ecrm_core.errors import EcrmError
from ecrm_core.services.shipping import (
    CourierColumns,
    CourierRow,
    Fate,
    RowResult,
    courier_heading,
    import_courier_file,
    read_courier_file,
    usual_columns,
)

MOST_BYTES = 5_000_000
ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".xlsm", ".xlsb", ".ods")
NEEDED = ("status", "order", "tracking", "date", "reason")
ROWS = 50
TONES = {Fate.DONE: "green", Fate.ALREADY: "grey", Fate.REFUSED: "danger"}


@dataclass(frozen=True)
class Chosen:
    """A file as it was read, and what came of it."""

    name: str
    content: bytes
    heading: Sequence[str]
    columns: CourierColumns
    rows: Sequence[CourierRow] = ()
    results: Sequence[RowResult] = ()
    wrong: str = ""


class CourierPage(Page):
    """Status and tracking numbers from a courier's file."""

    title_key = "page.courier"

    def build(self) -> None:
        self.head = PageHead(sizing_mode="stretch_width")
        self.choice = FileChoice(gesture=self._on_choice, sizing_mode="stretch_width")
        self.grid = Grid(gesture=self._on_grid, sizing_mode="stretch_width")
        self.chosen: Chosen | None = None
        self._page = 1
        self._running = False

    def view(self) -> pn.viewable.Viewable:
        return pn.Column(self.head, self.choice, self.grid, sizing_mode="stretch_width")

    def read(self, work: Work) -> None:
        """Nothing: the file is the user's own."""

    def present(self, data: None) -> None:
        self._show()

    # Showing

    def _show(self) -> None:
        say, chosen = self.texts, self.chosen
        with pn.io.hold():
            self.head.draw(title=self.title, line=say("courier.lead"))
            ready = chosen is not None and chosen.rows and not chosen.results and not chosen.wrong
            self.choice.draw(
                label=say("courier.file"),
                hint=chosen.name if chosen else say("courier.hint"),
                types=",".join(ENDINGS),
                most=MOST_BYTES,
                too_large=say("courier.too_large"),
                wrong=chosen.wrong if chosen else "",
                file=chosen.name if chosen else "",
                headings=list(chosen.heading) if chosen and not chosen.results else [],
                columns=[
                    {"key": key, "label": say(f"courier.column.{key}"), "value": getattr(chosen.columns, key) or ""}
                    for key in NEEDED
                ]
                if chosen
                else [],
                columns_label=say("courier.columns"),
                none=say("courier.none"),
                run=say("courier.run", count=len(chosen.rows)) if chosen and ready else "",
                busy=say("courier.busy"),
            )
            self._show_rows()

    def _show_rows(self) -> None:
        say, chosen = self.texts, self.chosen
        rows = list(chosen.rows) if chosen else []
        results = {result.line: result for result in chosen.results} if chosen else {}
        # What needs somebody's hand stands first.
        rows.sort(key=lambda row: (row.line not in results or results[row.line].fate is not Fate.REFUSED, row.line))
        start = (self._page - 1) * ROWS
        shown = rows[start : start + ROWS]
        dated = any(row.day for row in rows)
        keys = ["order", "line", "status", *(["date"] if dated else []), *(["result"] if results else []), "reason"]
        self.grid.draw(
            caption=say("courier.rows"),
            columns=[
                {
                    "key": key,
                    "label": say(f"courier.column.{key}"),
                    "align": "end" if key == "line" else "start",
                    "sort": False,
                    "named": key == "line",
                    "rank": {"order": 0, "result": 0, "status": 1, "reason": 2, "line": 3, "date": 2}[key],
                    **({"width": "240px"} if key == "reason" else {}),
                }
                for key in keys
            ],
            rows=[self._row(row, results.get(row.line)) for row in shown],
            sort=None,
            page={
                "from": say.number(start + 1),
                "to": say.number(start + len(shown)),
                "total": say.number(len(rows)),
                "first": self._page == 1,
                "last": start + ROWS >= len(rows),
            },
            empty=say("courier.empty"),
            words=say.starting_with("grid"),
        )

    def _row(self, row: CourierRow, result: RowResult | None) -> dict[str, Any]:
        say = self.texts
        number = (result.number if result else None) or row.order
        told: dict[str, Any] = {
            "line": say.number(row.line),
            "order": {"text": number or row.tracking, "sub": row.tracking if number and row.tracking else ""},
            "status": row.status,
            "date": row.day,
            "reason": row.reason,
        }
        if result is not None:
            told["result"] = {"text": say(f"courier.fate.{result.fate}"), "tone": TONES[result.fate]}
            if result.refusal is not None:
                told["reason"] = say.error(result.refusal)
        url = f"order?{urlencode({'number': number})}" if number else None
        return {"id": row.line, "cells": told, **({"url": url} if url else {})}

    # What is done

    async def _on_choice(self, message: dict[str, Any]) -> None:
        try:
            match message:
                case {"do": "file", "name": str(name), "content": str(content)}:
                    await self._take(Path(name).name[:200], content)
                case {"do": "column", "key": str(key), "value": str(value)} if key in NEEDED and self.chosen:
                    named: dict[str, Any] = {key: value or ("" if key == "status" else None)}
                    await self._look(replace(self.chosen, columns=replace(self.chosen.columns, **named)))
                case {"do": "run"}:
                    await self._run()
        except Refused as refused:
            self.refuse(refused)
            self._show()

    async def _on_grid(self, message: dict[str, Any]) -> None:
        if message.get("do") == "page" and isinstance(message.get("step"), int) and self.chosen:
            last = max(1, -(-len(self.chosen.rows) // ROWS))
            self._page = min(last, max(1, self._page + message["step"]))
            self._show_rows()

    async def _take(self, name: str, content: str) -> None:
        """Look at a file that was chosen."""
        say = self.texts
        try:
            raw = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        chosen = Chosen(name, raw, (), CourierColumns())
        if Path(name).suffix.lower() not in ENDINGS:
            chosen = replace(chosen, wrong=say("courier.ending"))
        elif len(raw) > MOST_BYTES:
            chosen = replace(chosen, content=b"", wrong=say("courier.too_large"))
        await self._look(chosen, guess=True)

    async def _look(self, chosen: Chosen, *, guess: bool = False) -> None:
        if guess and chosen.wrong:
            self.chosen = chosen
        else:
            self.chosen = await asyncio.to_thread(self._read, chosen, guess)
        self._page = 1
        self._show()

    def _read(self, chosen: Chosen, guess: bool) -> Chosen:
        say = self.texts
        with TemporaryDirectory() as folder:
            path = Path(folder) / f"file{Path(chosen.name).suffix.lower()}"
            path.write_bytes(chosen.content)
            try:
                if guess:
                    heading = courier_heading(path)
                    chosen = replace(chosen, heading=heading, columns=usual_columns(heading))
                columns = chosen.columns
                if not columns.status or not (columns.order or columns.tracking):
                    return replace(chosen, rows=(), wrong=say("courier.choose"))
                rows = read_courier_file(path, columns)
            except EcrmError as error:
                return replace(chosen, rows=(), wrong=say.error(error).replace(path.name, chosen.name))
        return replace(chosen, rows=rows, wrong="" if rows else say("courier.no_rows"))

    async def _run(self) -> None:
        """Move the orders along; a second press finds it done."""
        chosen = self.chosen
        if chosen is None or not chosen.rows or chosen.results or self._running:
            return
        self._running = True
        try:
            results = await self.run(import_courier_file, chosen.rows, chosen.columns)
        finally:
            self._running = False
        self.chosen = replace(chosen, results=results)
        self._page = 1
        self._show()
        fates = Counter(result.fate for result in results)
        say = self.texts
        self.toasts.say(
            say(
                "courier.said",
                done=say.number(fates[Fate.DONE]),
                already=say.number(fates[Fate.ALREADY]),
                refused=say.number(fates[Fate.REFUSED]),
            )
        )
        if self._on_change is not None:
            await self._on_change()
