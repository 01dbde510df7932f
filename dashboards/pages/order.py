"""One order: what was ordered, where it stands, and its next steps; a new one can be corrected."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, TypeAlias
from urllib.parse import urlencode

import panel as pn

from dashboards.page import Page, Refused
from dashboards.pages.order_form import (
    Unreadable,
    answer_refusal,
    channel_options,
    empty_form,
    form_words,
    options,
    order_values,
    payment_options,
    priced_words,
    product_rows,
    read_form,
    read_lines,
    read_quantity,
    show_typed_money,
    source_name,
    tidy,
    whatsapp_link,
)
from dashboards.parts.order_form import OrderFields
from dashboards.parts.order_view import OrderView
from dashboards.parts.page_head import PageHead
from ecrm_core.crm import Work
from ecrm_core.errors import NotVisible
from ecrm_core.models.orders import FollowUpState, OrderStatus, PaymentMethod
from ecrm_core.queries.search import find_products
from ecrm_core.services.desk import FormChoices, form_choices
from ecrm_core.services.orders import (
    CardLine,
    Correction,
    LineChange,
    LineThen,
    OrderCard,
    OrderForm,
    change_order_status,
    correct_order,
    order_card,
    order_corrections,
    price_order,
    refuse_at_door,
    return_pieces,
    ship,
)

TONES = {
    OrderStatus.NEW: "blue",
    OrderStatus.PAID: "teal",
    OrderStatus.SHIPPED: "amber",
    OrderStatus.DELIVERED: "green",
    OrderStatus.CANCELLED: "grey",
    OrderStatus.RETURNED: "grey",
}
REMEMBERED_STEPS = 50
UNPRINTED = "@media print { :host { display: none !important; } }"


@dataclass(frozen=True)
class Record:
    """An order on show, with what correcting it may choose from."""

    card: OrderCard
    whatsapp: str
    choices: FormChoices | None = None
    corrections: tuple[Correction, ...] = ()


@dataclass(frozen=True)
class Missing:
    """No such order, or none of ours."""

    problem: NotVisible


Shown: TypeAlias = Record | Missing


class OrderPage(Page):
    """`order?number=P0000123`; with `correct=1` its form is open."""

    title_key = "page.order"
    keys: ClassVar[tuple[tuple[str, str], ...]] = (("e", "order.keys.correct"), ("Ctrl Enter", "shell.help.save"))

    def build(self) -> None:
        self.head = PageHead(sizing_mode="stretch_width")
        self.order = OrderView(gesture=self._on_order, sizing_mode="stretch_width")
        self.fields = OrderFields(gesture=self._on_form, sizing_mode="stretch_width")
        # Not the parts themselves: their own styles would show them all the same.
        self.places = [pn.Column(part, sizing_mode="stretch_width", margin=0) for part in (self.order, self.fields)]
        self.shown: Shown | None = None
        self._visits = 0
        # A step is taken once, however often its button was pressed or its message was sent.
        self._taken: deque[str] = deque(maxlen=REMEMBERED_STEPS)
        self._writing = asyncio.Lock()

    def view(self) -> pn.viewable.Viewable:
        head = pn.Column(self.head, stylesheets=[UNPRINTED], sizing_mode="stretch_width", margin=0)
        return pn.Column(head, *self.places, sizing_mode="stretch_width")

    @property
    def title(self) -> str:
        return self._heading() if isinstance(self.shown, Record) else super().title

    @property
    def lasting_query(self) -> Mapping[str, str]:
        return {name: self.visit.query[name] for name in ("number", "source", "correct") if self.visit.query.get(name)}

    def read(self, work: Work) -> Shown:
        query = self.visit.query
        try:
            card = order_card(work, query.get("number", ""), source=query.get("source", ""))
        except NotVisible as problem:
            return Missing(problem)
        correcting = "correct" in query and card.can_correct
        corrections = tuple(order_corrections(work, card.id)) if card.version > 1 else ()
        return Record(card, whatsapp_link(work, card), form_choices(work) if correcting else None, corrections)

    async def arrive(self, query: Mapping[str, str]) -> None:
        self.visit = replace(self.visit, query=query)
        data = await self.run(self.read)
        self._visits += 1
        self.present(data)

    def present(self, data: Shown) -> None:
        self.shown = data
        correcting = isinstance(data, Record) and data.choices is not None
        if not correcting and "correct" in self.visit.query:
            self.visit = replace(self.visit, query={k: v for k, v in self.visit.query.items() if k != "correct"})
        with pn.io.hold():
            self.places[0].visible, self.places[1].visible = not correcting, correcting
            if isinstance(data, Missing):
                self._show_missing()
            elif data.choices is not None:
                self._show_form(data, data.choices)
            else:
                self._show_order(data)

    # Showing

    def _heading(self) -> str:
        assert isinstance(self.shown, Record)
        card = self.shown.card
        return self.texts("order.correcting" if self.shown.choices else "order.title", number=card.number)

    def _show_missing(self) -> None:
        self.head.draw(title=self.texts("page.order"), line="")
        self.order.draw(visit=f"missing-{self._visits}", missing=self.texts("order.missing"), words=self._words())

    def _words(self) -> dict[str, Any]:
        say = self.texts
        plain = ("back", "cancel", "print", "whatsapp", "lines", "customer", "delivery", "order", "history")
        return {**{name: say(f"order.{name}") for name in plain}, "columns": say.starting_with("order.columns")}

    def _when(self, at: datetime) -> datetime:
        return at.astimezone(self.me.now.tzinfo)

    def _show_order(self, record: Record) -> None:
        say, card = self.texts, record.card
        ordered = self._when(card.ordered_at)
        day = say.near(ordered.date(), self.me.today)
        self.head.draw(
            title=self._heading(),
            line=say("order.lead", name=card.customer.name, total=say.money(card.total, card.currency), day=day),
        )
        self.order.draw(
            visit=f"{card.source}/{card.number}",
            status={"text": say(f"order_status.{card.status}"), "tone": TONES[card.status]},
            actions=self._actions(card),
            lines=[self._line(card, line) for line in card.lines],
            sums=self._sums(card),
            who=self._who(card),
            ship=self._ship(card),
            facts=self._facts(card),
            history=self._history(record),
            whatsapp=record.whatsapp,
            printed=self._printed(card),
            words=self._words(),
        )

    def _actions(self, card: OrderCard) -> list[dict[str, Any]]:
        say = self.texts
        reason = {"name": "reason", "label": say("order.reason")}
        courier = [
            {"name": "courier", "label": say("order.courier"), "value": card.courier or ""},
            {"name": "tracking_number", "label": say("order.tracking"), "value": card.tracking_number or ""},
        ]
        fields: dict[str, list[dict[str, Any]]] = {
            "correct": [],
            "paid": [],
            "shipped": courier,
            "delivered": [],
            "refused": [reason],
            "returned": [reason],
            "cancelled": [reason],
        }
        possible = {str(status) for status in card.next}
        if card.can_correct:
            possible.add("correct")
        if card.can_refuse_at_door:
            possible.add("refused")
        first = self._first(card)
        return [
            {
                "key": key,
                "label": say(f"order.do.{key}"),
                "title": say(f"order.do.{key}"),
                "save": say(f"order.save.{key}") if fields[key] else "",
                "fields": fields[key],
                "text": self._consequence(card, key),
                "primary": key == first,
                "danger": key in ("cancelled", "returned", "refused"),
            }
            for key in fields
            if key in possible
        ]

    def _consequence(self, card: OrderCard, key: str) -> str:
        """What a step brings that cannot be taken back."""
        if key not in ("cancelled", "returned", "refused"):
            return ""
        say = self.texts
        open_ones = sum(line.follow_up is FollowUpState.OPEN for line in card.lines)
        told = [say(f"order.effect.{key}", money=say.money(card.total, card.currency))]
        if open_ones:
            told.append(say("order.effect.follow_ups", count=open_ones))
        return " ".join([*told, say("order.effect.final")])

    @staticmethod
    def _first(card: OrderCard) -> str:
        """The step that usually comes next."""
        pays_last = card.payment_method is PaymentMethod.COD
        usual = {
            OrderStatus.NEW: "shipped" if pays_last else "paid",
            OrderStatus.PAID: "shipped",
            OrderStatus.SHIPPED: "delivered",
            OrderStatus.DELIVERED: "paid" if pays_last else "",
        }
        return usual.get(card.status, "")

    def _line(self, card: OrderCard, line: CardLine) -> dict[str, Any]:
        say = self.texts
        due = say.day(line.due_on) if line.due_on else ""
        follow = ""
        if line.follow_up is FollowUpState.OPEN:
            follow = say("order.follow.open", day=say.near(line.due_on, self.me.today) if line.due_on else "")
        elif line.follow_up is FollowUpState.ANSWERED and line.followed_up_on:
            follow = say("order.follow.answered", day=say.near(line.followed_up_on, self.me.today))
        elif line.follow_up is not None and line.closed_because is not None:
            follow = say(f"order.follow.{line.closed_because}")
        elif line.follow_up is not None:
            follow = say(f"follow_up.{line.follow_up}")
        returned = say("order.returned_pieces", count=line.returned_quantity) if line.returned_quantity else ""
        return {
            "id": line.id,
            "product": line.product,
            "code": line.product_code,
            "quantity": say.number(line.quantity),
            "price": say.money(line.unit_price, card.currency),
            "discount": say.money(-line.discount, card.currency) if line.discount else "",
            "amount": say.money(line.amount, card.currency),
            "returned": returned,
            "void": line.void,
            "follow": follow,
            "follow_full": due,
            "action": self._return(line) if line.can_return else None,
        }

    def _return(self, line: CardLine) -> dict[str, Any]:
        say = self.texts
        return {
            "key": f"return-{line.id}",
            "label": say("order.do.return"),
            "tip": say("order.do.return_name", name=line.product),
            "title": say("order.do.return_name", name=line.product),
            "save": say("order.save.return"),
            "fields": [
                {
                    "name": "quantity",
                    "label": say("order.return_quantity", most=line.can_return),
                    "value": str(line.can_return) if line.can_return == 1 else "",
                    "number": True,
                },
                {"name": "reason", "label": say("order.reason")},
            ],
        }

    def _sums(self, card: OrderCard) -> list[list[str]]:
        say = self.texts
        rows = [("subtotal", card.subtotal), ("shipping", card.shipping_cost), ("total", card.total)]
        shown = [[say(f"order.sums.{name}"), say.money(amount, card.currency), name] for name, amount in rows]
        if card.returned:
            shown.append([say("order.sums.returned"), say.money(-card.returned, card.currency), "returned"])
        return shown

    def _who(self, card: OrderCard) -> list[list[str]]:
        say, who = self.texts, card.customer
        url = "" if who.reduced else f"customer?{urlencode({'code': who.code})}"
        rows = [
            ("name", who.name, url),
            ("code", who.code, ""),
            ("city", who.city, ""),
            ("phone", who.phone, ""),
            ("owner", who.owner_name, ""),
        ]
        shown = [[say(f"order.who.{name}"), value, link] for name, value, link in rows if value]
        if card.by_door:
            shown.append([say("order.who.door"), say("order.by_door"), ""])
        return shown

    def _ship(self, card: OrderCard) -> list[list[str]]:
        place = ", ".join(part for part in (card.ship_city, card.ship_province, card.ship_postcode) if part)
        rows = [
            ("name", card.ship_name),
            ("phone", card.ship_phone),
            ("address", "\n".join(part for part in (card.ship_address, place) if part)),
            ("courier", card.courier),
            ("tracking", card.tracking_number),
        ]
        shown = [[self.texts(f"order.ship.{name}"), value] for name, value in rows if value]
        return shown or [[self.texts("order.ship.address"), self.texts("order.ship.none")]]

    def _facts(self, card: OrderCard) -> list[list[str]]:
        say = self.texts
        ordered = self._when(card.ordered_at)
        rows = [
            ("at", say("order.at", day=say.full_date(ordered.date()), time=say.clock(ordered.time()))),
            ("taken_by", card.taken_by),
            ("channel", say(f"order_channel.{card.channel}")),
            ("payment", say(f"payment.{card.payment_method}") if card.payment_method else None),
            ("source", card.heard_from),
            ("note", card.note),
        ]
        return [[say(f"order.fact.{name}"), value] for name, value in rows if value]

    def _history(self, record: Record) -> list[dict[str, str]]:
        say, card = self.texts, record.card
        names = {line.id: line.product for line in card.lines}
        told: list[tuple[datetime, str, str | None, str | None]] = [
            (
                step.at,
                say("order.step.refused" if step.refused_at_door else f"order.step.{step.status}"),
                step.by_name,
                step.reason,
            )
            for step in card.steps
        ]
        told += [
            (
                back.at,
                say("order.step.pieces", count=back.quantity, product=names.get(back.line_id, "")),
                back.by_name,
                back.reason,
            )
            for back in card.returns
        ]
        told += [
            (each.at, say("order.step.corrected"), each.by_name, self._corrected(each, card.currency))
            for each in record.corrections
        ]
        return [
            {
                "at": f"{say.near(self._when(at).date(), self.me.today)} {say.clock(self._when(at).time())}",
                "at_full": say.full_date(self._when(at).date()),
                "text": text,
                "by": say("order.by", name=by) if by else "",
                "reason": reason or "",
            }
            for at, text, by, reason in sorted(told, key=lambda entry: entry[0])
        ]

    def _corrected(self, correction: Correction, currency: str) -> str:
        """What was put right, a line each: from what to what."""
        say = self.texts

        def word(value: Any) -> str:
            if value is None:
                return say("order.change.nothing")
            if isinstance(value, Decimal):
                return say.money(value, currency)
            return say(f"payment.{value}") if isinstance(value, PaymentMethod) else str(value)

        told = [
            say("order.change.field", field=say(f"order.change.{name}"), before=word(before), after=word(after))
            for name, (before, after) in correction.fields.items()
        ]
        return "\n".join([*told, *(self._changed_line(change, currency) for change in correction.lines)])

    def _changed_line(self, change: LineChange, currency: str) -> str:
        say = self.texts

        def word(line: LineThen, *, money: bool) -> str:
            parts = [f"×{say.number(line.quantity)}"]
            if money:
                parts.append(say.money(line.unit_price, currency))
                if line.discount:
                    parts.append(say("order.change.discount", money=say.money(line.discount, currency)))
            return ", ".join(parts)

        before, after = change.before, change.after
        if before is None or after is None:
            line = before or after
            assert line is not None
            key = "added" if before is None else "removed"
            return say(f"order.change.{key}", product=change.product, line=word(line, money=True))
        money = (before.unit_price, before.discount) != (after.unit_price, after.discount)
        return say(
            "order.change.field",
            field=change.product,
            before=word(before, money=money),
            after=word(after, money=money),
        )

    def _printed(self, card: OrderCard) -> dict[str, Any]:
        say = self.texts
        place = ", ".join(part for part in (card.ship_city, card.ship_province, card.ship_postcode) if part)
        to = [card.ship_name or card.customer.name, card.ship_phone, card.ship_address, place]
        ordered = self._when(card.ordered_at)
        about = [
            say.full_date(ordered.date()),
            say("order.printed.served", name=card.taken_by) if card.taken_by else None,
            say(f"payment.{card.payment_method}") if card.payment_method else None,
            " ".join(part for part in (card.courier, card.tracking_number) if part),
        ]
        columns = ("product", "quantity", "price", "discount", "amount")
        return {
            "company": self.me.company,
            "title": say("order.title", number=card.number),
            "blocks": [
                {"title": say("order.delivery"), "lines": [text for text in to if text]},
                {"title": say("order.order"), "lines": [text for text in about if text]},
            ],
            "columns": [say(f"order.columns.{name}") for name in columns],
            "rows": [
                [
                    line.product,
                    say.number(line.quantity),
                    say.money(line.unit_price, card.currency),
                    say.money(-line.discount, card.currency) if line.discount else "",
                    say.money(line.amount, card.currency),
                ]
                for line in card.lines
            ],
            "sums": self._sums(card),
            "foot": say("order.printed.thanks", company=self.me.company),
        }

    # Steps

    async def _on_order(self, message: dict[str, Any]) -> None:
        record = self.shown
        if not isinstance(record, Record):
            return
        try:
            match message:
                case {"do": "step", "key": "correct"}:
                    await self._go({**self.lasting_query, "correct": "1"})
                case {"do": "step", "key": str(key), "token": str(token), "typed": dict(typed)}:
                    await self._step(record.card, key, token, {k: str(v) for k, v in typed.items()})
        except Refused as refused:
            self.refuse(refused)
            await self._again()

    async def _go(self, query: Mapping[str, str]) -> None:
        await self.arrive(query)
        self.moved()

    async def _again(self) -> None:
        """Show the order as it is now: a step that was refused was drawn from something older."""
        try:
            await self.refresh()
        except Refused as refused:
            self.refuse(refused)

    async def _step(self, card: OrderCard, key: str, token: str, typed: Mapping[str, str]) -> None:
        if token in self._taken:
            self.order.answer(token)
            return
        self._taken.append(token)
        say = self.texts
        try:
            said = await self._take_step(card, key, typed)
        except Refused as refused:
            self._taken.remove(token)
            if refused.field in ("reason", "quantity", "courier", "tracking_number"):
                self.order.answer(token, {refused.field: refused.sentence})
                return
            self.order.answer(token)
            raise
        self.order.answer(token)
        self.toasts.say(say(f"order.said.{said}", number=card.number))
        await self.changed()

    async def _take_step(self, card: OrderCard, key: str, typed: Mapping[str, str]) -> str:
        reason = typed.get("reason", "")
        match key:
            case "paid" | "delivered":
                await self.run(change_order_status, card.id, OrderStatus(key))
            case "cancelled" | "returned":
                await self.run(change_order_status, card.id, OrderStatus(key), reason=reason)
            case "shipped":
                await self.run(ship, card.id, typed.get("courier", ""), typed.get("tracking_number", ""))
            case "refused":
                await self.run(refuse_at_door, card.id, reason=reason)
            case _ if key.startswith("return-"):
                line = next((line for line in card.lines if key == f"return-{line.id}"), None)
                if line is None:
                    raise Refused(self.texts("order.missing"))
                try:
                    quantity = read_quantity(typed.get("quantity", ""))
                except Unreadable as error:
                    raise Refused(self.texts(f"orders.unreadable.{error.reason}"), "quantity") from error
                await self.run(return_pieces, line.id, quantity, reason=reason)
                return "pieces"
            case _:
                raise Refused(self.texts("order.missing"))
        return key

    # Correcting

    def _show_form(self, record: Record, choices: FormChoices) -> None:
        say, card = self.texts, record.card
        self.head.draw(title=self._heading(), line="")
        self.fields.draw(
            visit=f"correct-{card.number}-{card.version}-{self._visits}",
            intention=f"correct-{card.number}-{card.version}",
            kind="correct",
            number=card.number,
            user=self.me.username,
            who={
                "code": card.customer.code,
                "name": card.customer.name,
                "url": None if card.customer.reduced else f"customer?{urlencode({'code': card.customer.code})}",
                "line": card.customer.city or "",
                "owner": "",
                "warning": "",
            },
            typed=self._typed(card),
            kept="",
            addresses=[],
            options={
                "payment": payment_options(say),
                "channel": channel_options(say),
                "source": options(self._sources(card, choices), say("orders.choose")),
                "ship_to": [],
                "owner": None,
            },
            done=None,
            words=form_words(say, self._heading()) | {"leave": say("order.cancel"), "save": say("order.save.correct")},
        )

    @staticmethod
    def _sources(card: OrderCard, choices: FormChoices) -> list[tuple[str, str]]:
        """The sources to choose from, with the one the order has, though nobody asks about it any more."""
        known = [(str(each.id), source_name(each)) for each in choices.sources]
        if card.heard_from_id is not None and str(card.heard_from_id) not in dict(known):
            known.append((str(card.heard_from_id), card.heard_from or ""))
        return known

    def _typed(self, card: OrderCard) -> dict[str, Any]:
        say = self.texts
        return empty_form() | {
            "ship_to": "other",
            **{
                f"ship_{name}": getattr(card, f"ship_{name}") or ""
                for name in ("name", "phone", "address", "city", "province", "postcode")
            },
            "payment": str(card.payment_method or ""),
            "shipping": show_typed_money(card.shipping_cost, say),
            "source": str(card.heard_from_id or ""),
            "channel": str(card.channel),
            "note": card.note or "",
            "lines": [
                {
                    "key": str(place),
                    "id": line.product_id,
                    "line_id": line.id,
                    "code": line.product_code,
                    "name": line.product,
                    "quantity": str(line.quantity),
                    "price": show_typed_money(line.unit_price, say) or "0",
                    "discount": show_typed_money(line.discount, say),
                }
                for place, line in enumerate(card.lines, 1)
            ],
        }

    async def _on_form(self, message: dict[str, Any]) -> None:
        record = self.shown
        if not isinstance(record, Record):
            return
        try:
            match message:
                case {"do": "price", "lines": list(lines), "shipping": str(shipping), "number": int(number)}:
                    reading = read_lines(tidy({"lines": lines})["lines"], shipping, self.texts)
                    priced = await self.run(price_order, reading.lines, shipping_cost=reading.shipping_cost)
                    self.fields.priced(number, priced_words(self.texts, reading, priced))
                case {"do": "products", "text": str(text), "number": int(number)}:
                    found = await self.run(find_products, text[:200])
                    told = self.texts("orders.no_product", text=text.strip())
                    self.fields.products(number, product_rows(self.texts, found), told)
                case {"do": "draft", "number": int(number)}:
                    self.fields.kept(number, "")
                case {"do": "save", "intention": str(intention), "typed": dict(typed)}:
                    await self._correct(record, intention, tidy(typed), sure=message.get("sure") is True)
                case {"do": "leave"}:
                    await self._go({name: value for name, value in self.lasting_query.items() if name != "correct"})
                case {"do": "anew"}:
                    await self._go(self.lasting_query)
        except Refused as refused:
            self.refuse(refused)

    async def _correct(self, record: Record, intention: str, typed: dict[str, Any], *, sure: bool) -> None:
        async with self._writing:
            card, say = record.card, self.texts
            if intention != f"correct-{card.number}-{card.version}" or self.shown is not record:
                return  # sent twice: it is done
            reading = read_form(typed, say)
            if reading.wrong:
                self.fields.answer(intention, reading.wrong)
                return
            form = OrderForm(customer_id=0, intention=intention, **order_values(typed, reading, sure=sure))
            try:
                await self.run(correct_order, card.id, card.version, form)
            except Refused as refused:
                await answer_refusal(self, self.fields, intention, typed, reading, refused)
                return
            self.fields.answer(intention)
            self.fields.forget()
            self.toasts.say(say("order.said.correct", number=card.number))
            await self._go({name: value for name, value in self.lasting_query.items() if name != "correct"})
        if self._on_change is not None:
            await self._on_change()
