"""Where orders come from: the list that the order form asks from, and what each way has brought lately."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import panel as pn

from dashboards.pages.home import parse_clock
from dashboards.records import Changed, Form, Place, RecordsPage, Wrong, unless_changed
from ecrm_core.crm import Work
from ecrm_core.errors import NotVisible
from ecrm_core.queries.products import SOURCE_DAYS, SourceLine, order_sources
from ecrm_core.services.company import (
    SourceCard,
    add_order_source,
    change_order_source,
    deactivate_order_sources,
    reactivate_order_sources,
)


class SourcesPage(RecordsPage):
    """All sources at once: a company has dozens."""

    title_key = "page.sources"
    start: ClassVar[Place] = Place("name")

    def read(self, work: Work) -> list[SourceLine]:
        return order_sources(work)

    def above(self) -> Sequence[pn.viewable.Viewable]:
        return ()  # dozens need no search

    def kind(self) -> str:
        return "source"

    def find(self, work: Work, kind: str, number: int) -> SourceLine:
        found = next((line for line in order_sources(work) if line.id == number), None)
        if found is None:
            raise NotVisible(source_id=number)
        return found

    # Drawing

    def draw_list(self, data: list[SourceLine]) -> None:
        say = self.texts
        asked = [line for line in data if line.active]
        brought = sum(line.orders for line in data)
        new = {"do": "new", "label": say("sources.new"), "icon": "plus", "primary": True, "tip": "n"}
        self.head.draw(
            title=say("sources.title"),
            line=say("sources.line", count=len(asked), orders=say.number(brought), days=SOURCE_DAYS),
            actions=[new] if self.writes else [],
        )
        self.selected = [number for number in self.selected if number in {line.id for line in data}]
        chosen = [line for line in data if line.id in self.selected]
        actions: list[dict[str, Any]] = [{"do": "edit", "label": say("sources.edit")}]
        if any(line.active for line in chosen):
            actions.append({"do": "deactivate", "label": say("sources.deactivate"), "danger": True})
        if any(not line.active for line in chosen):
            actions.append({"do": "reactivate", "label": say("sources.reactivate")})
        self.grid.draw(
            caption=say("sources.title"),
            columns=[
                self._column("name", 0, width="200px"),
                self._column("station", 2),
                self._column("airs_at", 2),
                self._column("state", 3, sort=False),
                self._column("orders", 1, align="end", named=True),
            ],
            rows=[self._row(line) for line in self._sorted(data)],
            sort=self.sort_state(),
            page=None,
            empty=say("sources.empty"),
            empty_action={"do": "new", "label": say("sources.new")} if self.writes else None,
            selectable=self.writes,
            selected=self.selected,
            bar={"text": say("sources.chosen", count=len(self.selected)), "actions": actions},
            words=say.starting_with("grid"),
        )

    def _sorted(self, lines: Sequence[SourceLine]) -> list[SourceLine]:
        """Those asked about first, whichever way it is sorted; what is empty comes last."""
        key, down = self.place.sort, self.place.down

        def value(line: SourceLine) -> Any:
            found = {"station": line.station, "airs_at": line.airs_at, "orders": line.orders}.get(key, line.name)
            return found.casefold() if isinstance(found, str) else found

        there = [line for line in lines if value(line) is not None]
        missing = [line for line in lines if value(line) is None]
        return sorted(sorted(there, key=value, reverse=down) + missing, key=lambda line: not line.active)

    def _column(
        self,
        key: str,
        rank: int,
        *,
        align: str = "start",
        sort: bool = True,
        named: bool = False,
        width: str | None = None,
    ) -> dict[str, Any]:
        label = self.texts(f"sources.column.{key}", days=SOURCE_DAYS)
        return {"key": key, "label": label, "rank": rank, "align": align, "sort": sort, "named": named, "width": width}

    def _row(self, line: SourceLine) -> dict[str, Any]:
        say = self.texts
        return {
            "id": line.id,
            "cells": {
                "name": line.name,
                "station": line.station,
                "airs_at": self._clock(line.airs_at),
                "state": None if line.active else {"text": say("sources.not_asked"), "tone": "grey"},
                "orders": {"text": say.number(line.orders), "quiet": line.orders == 0},
            },
        }

    def _clock(self, airs_at: str | None) -> str | None:
        at = parse_clock(airs_at or "")
        return self.texts.clock(at) if at else None

    # The panel

    def form_of(self, form: Form) -> dict[str, Any]:
        say, record = self.texts, form.record
        line = ""
        if record:
            line = say("sources.brought", count=record.orders, days=SOURCE_DAYS)
            if not record.active:
                line = f"{line} · {say('sources.not_asked')}"
        return {
            "title": record.name if record else say("sources.new"),
            "line": line,
            "seen": record.stamp if record else None,
            "save": say("sources.save"),
            "actions": self._actions(record),
            "fields": [
                self._field("name", "text", record and record.name, hint=say("sources.hint.name")),
                self._field("station", "text", record and record.station, half=True, limit=64),
                self._field("airs_at", "clock", record and self._clock(record.airs_at), half=True),
            ],
        }

    def _field(self, key: str, kind: str, value: Any, **named: Any) -> dict[str, Any]:
        label = self.texts(f"sources.field.{key}")
        return {"key": key, "kind": kind, "label": label, "value": "" if value is None else value, **named}

    def _actions(self, record: SourceLine | None) -> list[dict[str, Any]]:
        if record is None:
            return []
        if record.active:
            return [{"do": "deactivate", "label": self.texts("sources.deactivate"), "danger": True}]
        return [{"do": "reactivate", "label": self.texts("sources.reactivate")}]

    # Gestures

    async def do(self, message: Mapping[str, Any]) -> None:
        match message:
            case {"do": ("deactivate" | "reactivate") as deed, "ids": list(ids)}:
                await self._switch(deed, [number for number in ids if isinstance(number, int)])
            case {"do": ("deactivate" | "reactivate") as deed, "id": int(number)}:
                await self._switch(deed, [number])

    async def _switch(self, deed: str, ids: Sequence[int]) -> None:
        def said(cards: Sequence[SourceCard]) -> str:
            many = "" if len(cards) == 1 else "_many"
            return self.texts(f"sources.{deed}d{many}", name=cards[0].name, count=len(cards))

        if deed == "deactivate":
            await self.take_away(deactivate_order_sources, reactivate_order_sources, ids, said)
        else:
            await self.take_away(reactivate_order_sources, deactivate_order_sources, ids, said)

    async def save(self, kind: str, number: int | None, seen: Any, typed: Mapping[str, Any]) -> Changed | str:
        say = self.texts
        wrong: dict[str, str] = {}
        name = str(typed.get("name", "")).strip()
        if not name:
            wrong["name"] = say("sources.wrong.name")
        station = str(typed.get("station", "")).strip() or None
        try:
            at = parse_clock(str(typed.get("airs_at", "")))
        except ValueError:
            at = None
            wrong["airs_at"] = say("sources.wrong.airs_at")
        if wrong:
            raise Wrong(wrong)
        values = {"station": station, "airs_at": f"{at:%H:%M}" if at else None}
        if number is None:
            await self.run(add_order_source, name, **values)
        else:
            done = await self.run(unless_changed, change_order_source, number, name=name, **values, seen=str(seen))
            if isinstance(done, Changed):
                return done
        return say("sources.saved", name=name)
