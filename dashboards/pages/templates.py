"""What is said and sent: call scripts, messages and greetings, the shipped ones and the company's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from dashboards.page import Refused
from dashboards.records import CHANGED, Changed, Form, Place, RecordsPage, Wrong, unless_changed
from ecrm_core.crm import Work
from ecrm_core.errors import InvalidValue, NotVisible
from ecrm_core.models import AgendaKind, Language, TemplateKind
from ecrm_core.models.base import folded
from ecrm_core.queries.products import product_called, product_names
from ecrm_core.services.templates import (
    PLACEHOLDERS,
    TEXT_LIMIT,
    TextSet,
    check_placeholders,
    delete_texts,
    list_text_sets,
    sample_text,
    write_texts,
)

OWN, SHIPPED = "own", "shipped"
KINDS, REASONS = list(TemplateKind), [None, *AgendaKind]
IN_CELL = 72
"""Characters of a text that a row is given; the rest is read in the panel."""


@dataclass(frozen=True)
class Found:
    """What the page shows."""

    sets: list[TextSet]
    products: list[str]


class TemplatesPage(RecordsPage):
    """All texts at once, both languages side by side: a company has dozens."""

    title_key = "page.templates"
    keys: ClassVar[tuple[tuple[str, str], ...]] = (("/", "shell.help.search"), *RecordsPage.keys)
    start: ClassVar[Place] = Place("reason")

    def build(self) -> None:
        super().build()
        self._take_query(self.visit.query)

    def _take_query(self, query: Mapping[str, str]) -> None:
        self.text = query.get("text", "")[:200]
        self.only = query.get("kind", "") if query.get("kind") in set(TemplateKind) else ""
        self.whose = query.get("whose", "") if query.get("whose") in {OWN, SHIPPED} else ""

    @property
    def lasting_query(self) -> Mapping[str, str]:
        query = {"text": self.text, "kind": self.only, "whose": self.whose}
        return {name: value for name, value in query.items() if value}

    async def arrive(self, query: Mapping[str, str]) -> None:
        self._take_query(query)
        await super().arrive(query)

    def read(self, work: Work) -> Found:
        return Found(list_text_sets(work), product_names(work))

    def kind(self) -> str:
        return "template"

    def find(self, work: Work, kind: str, number: int) -> TextSet:
        found = next((each for each in list_text_sets(work) if number_of(each) == number), None)
        if found is None:
            raise NotVisible(template_id=number)
        return found

    # Drawing

    def draw_list(self, data: Found) -> None:
        say = self.texts
        own = sum(each.own for each in data.sets)
        new = {"do": "new", "label": say("templates.new"), "icon": "plus", "primary": True, "tip": "n"}
        self.head.draw(
            title=say("templates.title"),
            line=say("templates.line", count=len(data.sets), own=own),
            actions=[new],
        )
        self.filters.draw(
            search={"value": self.text, "label": say("templates.search"), "placeholder": say("templates.search_hint")},
            fields=[
                {
                    "key": "kind",
                    "kind": "select",
                    "label": say("templates.column.kind"),
                    "value": self.only,
                    "options": [{"value": str(kind), "label": say(f"template_kind.{kind}")} for kind in TemplateKind],
                },
                {
                    "key": "whose",
                    "kind": "select",
                    "label": say("templates.column.whose"),
                    "value": self.whose,
                    "options": [{"value": each, "label": say(f"templates.{each}")} for each in (OWN, SHIPPED)],
                },
            ],
            line="",
            actions=[],
            words=say.starting_with("filters"),
        )
        rows = [each for each in data.sets if self._wanted(each)]
        self.grid.draw(
            caption=say("templates.title"),
            columns=self._columns(),
            rows=[self._row(each) for each in self._sorted(rows)],
            sort=self.sort_state(),
            page=None,
            empty=say("templates.nothing"),
            empty_action={"do": "clear", "label": say("filters.clear")},
            words=say.starting_with("grid"),
        )

    def _wanted(self, each: TextSet) -> bool:
        if self.only and each.kind != self.only:
            return False
        if self.whose and each.own is not (self.whose == OWN):
            return False
        told = folded(" ".join([self._use(each), each.product or "", *(row.text for row in each.texts.values())]))
        return all(word in told for word in folded(self.text).split())

    def _use(self, each: TextSet) -> str:
        return self.texts("templates.any_reason" if each.reason is None else f"agenda_kind.{each.reason}")

    def _sorted(self, sets: Sequence[TextSet]) -> list[TextSet]:
        """By kind within the column asked for, and then as one meets them."""

        def value(each: TextSet) -> Any:
            match self.place.sort:
                case "reason":
                    return 0
                case "kind":
                    return self.texts(f"template_kind.{each.kind}").casefold()
                case "product":
                    return (each.product or "").casefold()
                case "whose":
                    return not each.own
                case language:
                    row = each.texts.get(Language(language))
                    return row.text.casefold() if row else ""

        usual = sorted(sets, key=lambda each: (KINDS.index(each.kind), REASONS.index(each.reason), each.product or ""))
        if self.place.sort == "reason":
            return usual[::-1] if self.place.down else usual
        return sorted(usual, key=value, reverse=self.place.down)

    def _columns(self) -> list[dict[str, Any]]:
        ranks = {"reason": 0, "kind": 1, "product": 4, Language.INDONESIAN: 3, Language.ENGLISH: 5, "whose": 2}
        widths = {"reason": "170px", Language.INDONESIAN: "240px", Language.ENGLISH: "240px"}
        return [
            {
                "key": str(key),
                "label": self.texts(f"templates.column.{key}"),
                "align": "start",
                "rank": rank,
                "sort": True,
                "width": widths.get(key),
            }
            for key, rank in ranks.items()
        ]

    def _row(self, each: TextSet) -> dict[str, Any]:
        say = self.texts
        changed = max((row.changed_at for row in each.texts.values() if row.changed_at), default=None)
        whose: dict[str, Any] = {"text": say("templates.shipped"), "quiet": True}
        if changed is not None:
            by = next(row.changed_by for row in each.texts.values() if row.changed_at == changed)
            day = changed.astimezone(self.me.now.tzinfo).date()
            whose = {
                "text": say("templates.own"),
                "tone": "teal",
                "title": say("templates.changed", day=say.full_date(day), name=by or "–"),
            }
        return {
            "id": number_of(each),
            "cells": {
                "reason": self._use(each),
                "kind": say(f"template_kind.{each.kind}"),
                "product": each.product or {"text": say("templates.any_product"), "quiet": True},
                **{str(language): self._text(each, language) for language in Language},
                "whose": whose,
            },
        }

    def _text(self, each: TextSet, language: Language) -> dict[str, Any]:
        row = each.texts.get(language)
        if row is None:
            return {"text": self.texts("templates.none"), "quiet": True}
        # Scripts begin alike, with who calls: what tells them apart comes after.
        told = " ".join((row.text.partition("\n")[2] or row.text).split())
        return {"text": told if len(told) <= IN_CELL else f"{told[:IN_CELL]}…", "quiet": True}

    # The panel

    def form_of(self, form: Form) -> dict[str, Any]:
        say, record = self.texts, form.record
        fields = [] if record else self._use_fields()
        fields += [self._text_field(record, language) for language in Language]
        line = say("templates.hint.new")
        if record:
            about = record.product or say("templates.any_product")
            whose = say("templates.own" if record.own else "templates.shipped")
            line = f"{say(f'template_kind.{record.kind}')} · {about} · {whose}"
        return {
            "title": self._use(record) if record else say("templates.new"),
            "line": line,
            "seen": {"stamp": record.stamp} if record else None,
            "save": say("templates.save"),
            "wide": True,
            "actions": self._actions(record),
            "fields": fields,
        }

    def _use_fields(self) -> list[dict[str, Any]]:
        say = self.texts
        reasons = [{"value": "", "label": say("templates.any_reason")}]
        reasons += [{"value": str(each), "label": say(f"agenda_kind.{each}")} for each in AgendaKind]
        kinds = [{"value": str(each), "label": say(f"template_kind.{each}")} for each in TemplateKind]
        return [
            self._field("kind", "select", self.only or str(TemplateKind.SCRIPT), half=True, options=kinds),
            self._field("reason", "select", "", half=True, options=reasons),
            self._field("product", "suggest", "", options=self.data.products, hint=say("templates.hint.product")),
        ]

    def _text_field(self, record: TextSet | None, language: Language) -> dict[str, Any]:
        say = self.texts
        row = record.texts.get(language) if record else None
        return self._field(
            f"text_{language}",
            "filled",
            row.text if row else "",
            half=True,
            rows=9,
            limit=TEXT_LIMIT,
            lang=str(language),
            blanks=[{"text": f"{{{name}}}", "label": say(f"placeholder.{name}")} for name in PLACEHOLDERS],
            blanks_label=say("templates.blanks"),
            sample_label=say("templates.sample"),
        )

    def _field(self, key: str, kind: str, value: Any, **named: Any) -> dict[str, Any]:
        return {"key": key, "kind": kind, "label": self.texts(f"templates.field.{key}"), "value": value, **named}

    def _actions(self, record: TextSet | None) -> list[dict[str, Any]]:
        if record is None or not record.own:
            return []
        return [{"do": "delete", "label": self._delete_label(record), "danger": True}]

    def _delete_label(self, record: TextSet) -> str:
        return self.texts("templates.back" if record.shipped else "templates.delete")

    # Gestures

    async def do(self, message: Mapping[str, Any]) -> None:
        match message:
            case {"do": "search", "text": str(text)}:
                await self._narrow(text=text.strip()[:200])
            case {"do": "filter", "key": "kind" | "whose" as key, "value": str(value)}:
                await self._narrow(**{str(key): value})
            case {"do": "clear"}:
                await self._narrow(text="", kind="", whose="")
            case {"do": "typed", "token": str(token), "values": dict(typed)}:
                await self._tell(token, message.get("id"), typed)
            case {"do": "delete", "id": int(number)}:
                await self._delete(number)

    async def _narrow(self, **changes: str) -> None:
        self._take_query({**self.lasting_query, **changes})
        self.present(self.data)
        self.moved(again=True)

    async def _tell(self, token: str, number: Any, typed: Mapping[str, Any]) -> None:
        """Say how what is being typed will read."""
        product = str(typed.get("product", "")).partition(" · ")[0].strip() or None
        if product is None and isinstance(number, int):
            product = next((each.product for each in self.data.sets if number_of(each) == number), None)
        texts = {language: str(typed.get(f"text_{language}", ""))[:TEXT_LIMIT] for language in Language}
        read, wrong = await self.run(_samples, texts, product)
        told = {f"text_{language}": {"text": text} for language, text in read.items()}
        told |= {f"text_{language}": {"wrong": self.texts.error(error)} for language, error in wrong.items()}
        self.editor.tell(token, told)

    async def save(self, kind: str, number: int | None, seen: Any, typed: Mapping[str, Any]) -> Changed | str:
        say = self.texts
        texts = {language: str(typed.get(f"text_{language}", "")) for language in Language}
        wrong = {}
        for language, text in texts.items():
            try:
                check_placeholders(text)
            except InvalidValue as error:
                wrong[f"text_{language}"] = say.error(error)
        if number is None:
            use = await self._typed_use(typed, wrong)
        else:
            record = await self.run(self.find, kind, number)
            use = {"kind": record.kind, "reason": record.reason, "product_id": record.product_id}
        if wrong:
            raise Wrong(wrong)
        stamp = str(seen.get("stamp")) if isinstance(seen, dict) else None
        done = await self.run(unless_changed, write_texts, texts=texts, seen=stamp, **use)
        if done is CHANGED:
            return CHANGED
        name = say("templates.any_reason") if use["reason"] is None else say(f"agenda_kind.{use['reason']}")
        return say("templates.saved", name=name)

    async def _typed_use(self, typed: Mapping[str, Any], wrong: dict[str, str]) -> dict[str, Any]:
        """What a new text is for; what is wrong with it is added to what is wrong."""
        kind, reason = str(typed.get("kind", "")), str(typed.get("reason", ""))
        product, product_id = str(typed.get("product", "")).strip(), None
        if product:
            product_id = await self.run(product_called, product)
            if product_id is None:
                wrong["product"] = self.texts("templates.wrong.product", name=product)
        return {
            "kind": kind if kind in set(TemplateKind) else TemplateKind.SCRIPT,
            "reason": reason if reason in set(AgendaKind) else None,
            "product_id": product_id,
        }

    async def _delete(self, number: int) -> None:
        record = await self.run(self.find, self.kind(), number)
        use = {"kind": record.kind, "reason": record.reason, "product_id": record.product_id}
        gone = await self.run(delete_texts, **use)
        self.form = None
        self.draw_editor()
        await self.changed()
        if not gone:
            return

        async def undo() -> None:
            try:
                # Whoever has written a new one meanwhile keeps it: then this is refused.
                await self.run(write_texts, texts=gone, **use)
                await self.changed()
            except Refused as refused:
                self.refuse(refused)

        said = "templates.gone_back" if record.shipped else "templates.deleted"
        self.toasts.say(self.texts(said, name=self._use(record)), undo=undo, undo_label=self.texts("shell.undo"))


def number_of(each: TextSet) -> int:
    """A number for a use, the same however often its texts are written: rows are told apart by it."""
    return ((each.product_id or 0) * len(REASONS) + REASONS.index(each.reason)) * len(KINDS) + KINDS.index(each.kind)


def _samples(
    work: Work, texts: Mapping[Language, str], product: str | None
) -> tuple[dict[Language, str], dict[Language, InvalidValue]]:
    read, wrong = {}, {}
    for language, text in texts.items():
        try:
            read[language] = sample_text(work, text, language, product=product)
        except InvalidValue as error:
            wrong[language] = error
    return read, wrong
