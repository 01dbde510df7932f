"""Call mode: the day's calls one customer at a time; one key an outcome, and the next one is there."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, ClassVar
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

import panel as pn

from dashboards.page import Page, Refused
from dashboards.pages.home import MOST_UNOWNED, parse_clock
from dashboards.parts.call import Call
from dashboards.parts.dialog import Dialog
from dashboards.tones import STATUS_TONES
from ecrm_core.crm import Work
from ecrm_core.errors import InvalidValue, NotVisible
from ecrm_core.models.agenda import AgendaKind, Outcome
from ecrm_core.models.customers import Channel
from ecrm_core.models.people import Role
from ecrm_core.queries.customer_card import interest_choices
from ecrm_core.rules import ActivityRule
from ecrm_core.services.calling import (
    Bought,
    CallCard,
    CallDayState,
    CallDaySummary,
    CallPhone,
    CallQueue,
    call_card,
    call_day,
    call_queue,
    day_summary,
    end_calls,
    pause_calls,
    resume_calls,
    start_calls,
)
from ecrm_core.services.contacts import OUTCOMES, ContactReceipt, record_contact
from ecrm_core.services.customers import add_interest
from ecrm_core.services.door import Claimed, claim_next, unowned_count
from ecrm_core.services.followups import record_response
from ecrm_core.services.order_calls import OrderCall, link_orders_of_calls
from ecrm_core.services.plan_agenda import plan_today
from ecrm_core.services.taking_back import take_back_contact
from ecrm_core.texts.reasons import reason_sentence

AHEAD = 3
"""Cards in the browser: the one on show, and those that the next keys bring up at once."""
REMEMBERED = 100
SHOWN_PURCHASES = 5
SHOWN_LATER = 5
SUGGESTIONS = 8
ASKED = frozenset(
    outcome for outcome, rule in OUTCOMES.items() if rule.asks_when or rule.asks_number or rule.marks_do_not_call
)
"""Outcomes that need a word more before they are recorded."""
DIALOG_FIELDS = {
    "at": "at",
    "day": "day",
    "call_back_at": "at",
    "right_number": "right",
    "phones": "right",
    "phone": "right",
}
"""Fields that services and this page speak of, and where in the dialog the sentence stands."""


@dataclass(frozen=True)
class Answer:
    """What a customer says of something they bought."""

    line_id: int
    rating: int | None
    text: str


@dataclass(frozen=True)
class Ending:
    """How a call ended, as it was typed."""

    item: int
    customer: int
    outcome: Outcome
    channel: Channel
    note: str = ""
    answers: Sequence[Answer] = ()
    wanted: str = ""


@dataclass(frozen=True)
class Found:
    """What one reading brings."""

    queue: CallQueue
    day: CallDayState
    cards: Sequence[CallCard]
    later: Sequence[tuple[int, str, datetime]]
    """What is promised for later today: item, name and time, the next one first."""
    summary: CallDaySummary
    rule: ActivityRule
    unowned: int = 0
    """Customers of nobody, counted where no call is left."""


def conclude(work: Work, ending: Ending, **more: Any) -> ContactReceipt:
    """Record a call together with what was said in it; all of it or nothing.

    Raises:
        InvalidValue: what they care about is nothing of ours; or as the services say.
    """
    # The contact first: what is sent twice is found out there, and says nothing twice.
    receipt = record_contact(
        work,
        ending.customer,
        channel=ending.channel,
        outcome=ending.outcome,
        note=ending.note or None,
        agenda_item_id=ending.item,
        comes_back=True,
        **more,
    )
    if receipt.again:
        return receipt
    for answer in ending.answers:
        record_response(work, answer.line_id, rating=answer.rating, text=answer.text or None)
    if ending.wanted:
        named = [
            each
            for each in interest_choices(work, ending.wanted, limit=50)
            if each.name.casefold() == ending.wanted.casefold()
        ]
        if not named:
            raise InvalidValue("wanted", ending.wanted, "unknown_wish")
        add_interest(work, ending.customer, product_id=named[0].product_id, category_id=named[0].category_id)
    return receipt


class TelephonePage(Page):
    """The calls of today. `item` in the query says which one comes first, `start` begins the day."""

    title_key = "page.telephone"
    keys: ClassVar[tuple[tuple[str, str], ...]] = (
        ("1 – 8", "telephone.keys.outcomes"),
        ("b", "telephone.keys.call_back"),
        ("o", "telephone.keys.order"),
        ("w", "telephone.keys.whatsapp"),
        ("t", "telephone.keys.phone"),
        ("c", "telephone.keys.note"),
        ("a", "telephone.keys.ask"),
        ("m", "telephone.keys.interest"),
        ("s", "telephone.keys.skip"),
        ("z", "telephone.keys.take_back"),
        ("p", "telephone.keys.pause"),
        ("u", "telephone.keys.claim"),
        ("Esc", "telephone.keys.leave_field"),
    )

    def build(self) -> None:
        self.call = Call(gesture=self._on_call, sizing_mode="stretch_width")
        self.dialog = Dialog(gesture=self._on_dialog, draft="telephone")
        self.found: Found
        self.unsaved: Sequence[OrderCall] = ()
        self._chosen: int | None = None
        self._skipped: list[int] = []
        self._skips = 0
        # One key after the other, in the order pressed: two answers must not overtake each other.
        self._in_turn = asyncio.Lock()
        self._reading = 0
        self._wrong: dict[str, Any] | None = None
        self._deciding: dict[str, Any] = {}
        self._concluded: deque[int] = deque(maxlen=REMEMBERED)
        self._choose()

    def view(self) -> pn.viewable.Viewable:
        return pn.Column(self.call, self.dialog, sizing_mode="stretch_width")

    def prepare(self, work: Work) -> None:
        # A plan is written in a transaction of its own, before this one has written anything.
        plan_today(work)
        if "start" in self.visit.query:
            start_calls(work)
        self.unsaved = link_orders_of_calls(work)

    async def arrive(self, query: Mapping[str, str]) -> None:
        self._wrong = None
        self.visit = replace(self.visit, query=query)
        self._choose()
        await super().arrive(query)

    def _choose(self) -> None:
        item = self.visit.query.get("item", "")
        if item.isdecimal():
            self._chosen = int(item)
            self._skipped = [each for each in self._skipped if each != self._chosen]

    def read(self, work: Work) -> Found:
        queue = call_queue(work)
        cards = []
        for item in self._turn(queue)[:AHEAD]:
            try:
                cards.append(call_card(work, item))
            except NotVisible:
                continue  # taken away between the two statements
        later = (
            [
                (call.item_id, call_card(work, call.item_id).name, call.at)
                for call in queue.calls
                if call.later and call.at is not None
            ][:SHOWN_LATER]
            if not cards
            else []
        )
        day = call_day(work)
        free = 0 if cards or day.ended_at is not None or not _sells(work) else unowned_count(work, most=MOST_UNOWNED)
        return Found(queue, day, cards, later, day_summary(work, work.today), work.rules.activity, free)

    def _turn(self, queue: CallQueue) -> list[int]:
        """The items in the order in which they come up here: one chosen first, those put off last."""
        now = [call.item_id for call in queue.calls if not call.later]
        self._skipped = [item for item in self._skipped if item in now]
        first = [self._chosen] if self._chosen in queue.ids else []
        rest = [item for item in now if item not in self._skipped and item not in first]
        return [item for item in (*first, *rest, *self._skipped) if item is not None]

    def present(self, data: Found) -> None:
        self.found = data
        say, day = self.texts, data.day
        self.call.draw(
            title=say("page.telephone"),
            phase=self._phase(data),
            place=say("telephone.place", position=say.number(data.queue.position), total=say.number(data.queue.total))
            if data.queue.total
            else "",
            seconds=day.seconds_worked,
            running=day.running,
            tally=self._tally(data),
            cards=[self._card(card) for card in data.cards],
            more=len(self._turn(data.queue)) > len(data.cards),
            outcomes=[
                {
                    "code": str(outcome),
                    "key": str(number),
                    "label": say(f"outcome.{outcome}"),
                    "asks": outcome in ASKED,
                    "order": OUTCOMES[outcome].opens_order,
                }
                for number, outcome in enumerate(OUTCOMES, 1)
            ],
            skips=self._skips,
            wrong=self._wrong,
            unsaved=[
                {
                    "text": say("telephone.unsaved", name=each.name),
                    "url": f"orders?{urlencode({'customer': each.code})}",
                    "label": say("telephone.open_order"),
                }
                for each in self.unsaved
            ],
            idle=self._idle(data),
            words=say.starting_with("telephone.words"),
        )

    # What is shown

    def _phase(self, data: Found) -> str:
        day = data.day
        if day.ended_at is not None:
            return "ended"
        if day.started_at is None:
            return "before"
        if day.paused:
            return "paused"
        return "calling" if data.cards else "empty"

    def _tally(self, data: Found) -> str:
        say = self.texts
        told = [
            say("telephone.calls", count=data.summary.contacts),
            say("telephone.reached", count=data.summary.reached),
            say("telephone.orders", count=data.summary.orders),
        ]
        return " · ".join(told)

    def _idle(self, data: Found) -> dict[str, Any]:
        """What stands in the place of a customer: before, in a pause, when all is done, at the end."""
        say, phase, day = self.texts, self._phase(data), data.day
        waiting = say("telephone.waiting", count=data.queue.open) if data.queue.open else ""
        match phase:
            case "before":
                title = say("telephone.before.title")
                line = waiting or say("telephone.nothing")
                do = ("start", say("telephone.start"))
            case "paused":
                assert day.paused_at is not None
                title, line = say("telephone.paused.title", at=say.clock(day.paused_at)), waiting
                do = ("resume", say("telephone.resume"))
            case "ended":
                assert day.ended_at is not None
                title, line = say("telephone.ended.title", at=say.clock(day.ended_at)), waiting
                do = ("resume", say("telephone.go_on"))
            case _:
                title = say("telephone.empty.title")
                line = say("telephone.empty.later") if data.later else say("telephone.nothing")
                do = ("claim", say("telephone.claim")) if data.unowned else ("", "")
                if data.unowned:
                    beyond = data.unowned > MOST_UNOWNED
                    words = "telephone.unowned_beyond" if beyond else "telephone.unowned"
                    line = f"{line} {say(words, count=min(data.unowned, MOST_UNOWNED))}"
        rows = self._summary(data.summary) if phase in ("ended", "empty") else []
        return {
            "title": title,
            "line": line,
            "do": do[0],
            "label": do[1],
            "later": [
                {
                    "url": f"telephone?item={item}",
                    "text": say("telephone.later", at=say.clock(at), name=name),
                    "label": say("telephone.call_now", name=name),
                }
                for item, name, at in (data.later if phase == "empty" else ())
            ],
            "heading": say("telephone.summary.heading") if rows else "",
            "rows": rows,
        }

    def _summary(self, summary: CallDaySummary) -> list[list[str]]:
        say = self.texts
        minutes = summary.seconds_worked // 60
        sold = ", ".join(say.money(amount, currency) for currency, amount in summary.amounts.items())
        told = [
            ("worked", say("telephone.hours", hours=minutes // 60, minutes=minutes % 60)),
            ("contacts", say.number(summary.contacts)),
            ("reached", say.number(summary.reached)),
            ("orders", say.number(summary.orders)),
            ("sold", sold),
            ("responses", say.number(summary.responses)),
            ("promises", say.number(summary.promises)),
            ("left_over", say.number(summary.left_over)),
        ]
        rows = [[say(f"telephone.summary.{key}"), value] for key, value in told if value]
        return rows + [[say(f"outcome.{outcome}"), say.number(number)] for outcome, number in summary.outcomes.items()]

    def _card(self, card: CallCard) -> dict[str, Any]:
        say, today = self.texts, self.me.today
        by_phone = Channel.PHONE not in card.refused
        phone = next((each for each in card.phones if not each.wrong), None)
        whatsapp = ""
        if phone is not None and Channel.WHATSAPP not in card.refused:
            number, text = phone.e164.lstrip("+"), card.greeting_text or card.whatsapp_text
            whatsapp = f"https://wa.me/{number}" + (f"?text={quote(text)}" if text else "")
        return {
            "item": card.item_id,
            "customer": card.customer_id,
            "name": card.name,
            "code": card.code,
            "url": f"customer?{urlencode({'code': card.code})}",
            "order": f"orders?{urlencode({'customer': card.code})}",
            "status": {"word": say.status(card.status, self.found.rule), "tone": STATUS_TONES[card.status]},
            "phones": [
                {
                    "text": each.shown,
                    "href": f"tel:{each.e164}" if by_phone and not each.wrong else "",
                    "wrong": say("telephone.wrong_number") if each.wrong else "",
                    "label": say("telephone.call", name=card.name, number=each.shown),
                }
                for each in card.phones
            ],
            "no_phone": "" if card.phones else say("telephone.no_phone"),
            "refused": self._refused(card),
            "whatsapp": whatsapp,
            "whatsapp_text": card.greeting_text or card.whatsapp_text or "",
            "facts": [text for text in self._facts(card) if text],
            "hours": say(
                "telephone.outside",
                at=say.clock(card.local),
                start=say.clock(card.calling_from),
                end=say.clock(card.calling_to),
            )
            if card.outside_hours
            else "",
            "tried": say("telephone.tried", count=card.tries_today) if card.tries_today else "",
            "reasons": list(self._reasons(card)),
            "note": card.note or "",
            "complaints": [
                say("telephone.complaint", text=each.text, day=say.near(each.due_on, today)) for each in card.complaints
            ],
            "no_offer": "" if card.may_offer else say("telephone.no_offer"),
            "script": card.script or "",
            "ask": [
                {
                    "line": each.line_id,
                    "product": each.product,
                    "bought": say("telephone.bought", day=self._day(each.bought_on)),
                    "bought_full": say.full_date(each.bought_on),
                    "legend": say("telephone.ask", product=each.product),
                    "ratings": [[number, say(f"customer.rating.{number}")] for number in range(1, 6)],
                }
                for each in card.ask
            ],
            "purchases": [self._purchase(each) for each in card.purchases[:SHOWN_PURCHASES]],
            "interests": say("telephone.interests", names=", ".join(card.interests)) if card.interests else "",
            "contacts": [
                {
                    "day": say.near(each.at.date(), today),
                    "day_full": f"{say.full_date(each.at.date())}, {say.clock(each.at)}",
                    "text": " · ".join(
                        text
                        for text in (say(f"channel.{each.channel}"), say(f"outcome.{each.outcome}"), each.note)
                        if text
                    ),
                }
                for each in card.contacts
            ],
        }

    def _day(self, day: date) -> str:
        return self.texts.day(day, year=day.year != self.me.today.year)

    def _refused(self, card: CallCard) -> str:
        reasons = set(card.refused.values())
        if "person" in reasons:
            return self.texts("telephone.refused.person", name=card.name)
        return self.texts("telephone.refused.number", name=card.name) if reasons else ""

    def _facts(self, card: CallCard) -> Iterable[str]:
        say = self.texts
        yield card.city or ""
        if card.last_activity:
            yield say("telephone.last", day=say.near(card.last_activity, self.me.today))
        there, here = card.local.utcoffset(), self.me.now.utcoffset()
        if there != here:
            yield say("telephone.there", at=say.clock(card.local))

    def _reasons(self, card: CallCard) -> Iterable[str]:
        say = self.texts
        if card.at is not None and card.at.date() == self.me.today:
            yield say("telephone.promised", at=say.clock(card.at))
        elif card.at is not None:
            yield say("telephone.promised_on", day=say.near(card.at.date(), self.me.today), at=say.clock(card.at))
        for reason in card.reasons:
            if len(reason) == 1:
                # Put there by hand: nothing more is known than what kind of thing it is.
                if card.at is None or reason["kind"] != AgendaKind.CALL_BACK:
                    yield say(f"agenda_kind.{reason['kind']}")
            else:
                yield reason_sentence(say, reason, today=self.me.today)

    def _purchase(self, line: Bought) -> dict[str, Any]:
        return {
            "day": self._day(line.bought_on),
            "day_full": self.texts.full_date(line.bought_on),
            "product": line.product,
            "quantity": f"×{self.texts.number(line.quantity)}",
            "amount": self.texts.money(line.amount, line.currency),
            "void": self.texts("telephone.void") if line.void else "",
        }

    # What is reported

    async def refresh(self) -> None:
        self._reading = reading = self._reading + 1
        data = await self.run(self.read)
        if reading == self._reading:  # else somebody reads what is newer
            self.present(data)

    async def _on_call(self, message: dict[str, Any]) -> None:
        async with self._in_turn:
            await self._hear(message)

    async def _hear(self, message: dict[str, Any]) -> None:
        try:
            match message:
                case {"do": "end", "item": int(item), "outcome": str(code)} if code in set(Outcome):
                    await self._end(item, Outcome(code), message)
                case {"do": "skip", "item": int(item), "number": int(number)}:
                    self._skips = number
                    self._put_off(item)
                    await self.refresh()
                case {"do": "suggest", "text": str(text)}:
                    found = await self.run(interest_choices, text, limit=SUGGESTIONS)
                    self.call.suggest(text, [each.name for each in found])
                case {"do": "again"}:
                    await self.refresh()
                case {"do": "start" | "pause" | "resume" | "stop" as what}:
                    clock = {"start": start_calls, "pause": pause_calls, "resume": resume_calls, "stop": end_calls}
                    await self.run(clock[what])
                    await self.changed()
                case {"do": "claim"}:
                    await self._take_next()
        except Refused as refused:
            self.refuse(refused)
            self.present(self.found)

    async def _take_next(self) -> None:
        """Take over the next customer of nobody; they are the next call."""
        claimed: Claimed | None = await self.run(claim_next, to_call=True)
        if claimed is not None:
            self._chosen = claimed.item_id
        await self.changed()
        said = "telephone.nobody_left" if claimed is None else "telephone.claimed"
        self.toasts.say(self.texts(said, name=claimed.name if claimed is not None else ""))

    def _put_off(self, item: int) -> None:
        self._skipped = [*(each for each in self._skipped if each != item), item]
        if self._chosen == item:
            self._chosen = None

    async def _end(self, item: int, outcome: Outcome, message: Mapping[str, Any]) -> None:
        card = next((each for each in self.found.cards if each.item_id == item), None)
        if card is None:
            # Sent again after a cut, or from a page older than what the server shows: whose it is, it knows.
            if item not in self._concluded:
                card = await self.run(call_card, item)
                self._chosen = item
            if card is None or card.done:
                await self.refresh()
                return
        ending = _ending(card, outcome, message)
        if outcome in ASKED:
            self._ask(card, ending)
            return
        await self._record(card, ending)

    async def _record(self, card: CallCard, ending: Ending, **more: Any) -> None:
        """Record it and bring up the next one; a refusal brings this one back, with what was typed.

        Args:
            more: what was asked in the dialog.

        Raises:
            Refused: something about the dialog.
        """
        try:
            receipt = await self.run(conclude, ending, **more)
        except Refused as refused:
            if refused.field in DIALOG_FIELDS:
                raise
            self._stop_asking()
            self._chosen = ending.item
            self._wrong = {"item": ending.item, "field": refused.field or "", "sentence": refused.sentence}
            if refused.gone:
                self.refuse(refused)
            await self.refresh()
            return
        # First: the next customer's keys must not end in a dialog that is still open.
        self._stop_asking()
        self._concluded.append(ending.item)
        if self._chosen == ending.item:
            self._chosen = None
        self._wrong = None
        self.call.saved(ending.item)
        if not OUTCOMES[ending.outcome].opens_order:
            self.unsaved = [each for each in self.unsaved if each.customer_id != ending.customer]
        await self.changed()
        self._tell(card, ending, receipt)

    def _stop_asking(self) -> None:
        if self._deciding:
            token, self._deciding = self._deciding["token"], {}
            self.dialog.answer(token)

    def _tell(self, card: CallCard, ending: Ending, receipt: ContactReceipt) -> None:
        """Say how it was noted; from there it is taken back. What was asked about before is not: see the service."""
        say = self.texts
        told = say("telephone.noted", name=card.name, outcome=say(f"outcome.{ending.outcome}"))
        if receipt.call_back_at is not None:
            day = say.near(receipt.call_back_at.date(), self.me.today)
            told = say("telephone.comes_back", name=card.name, day=day, at=say.clock(receipt.call_back_at))
        if receipt.outside_hours:
            told = f"{told} {say('telephone.comes_back_outside')}"
        if OUTCOMES[ending.outcome].marks_do_not_call or receipt.again:
            self.toasts.say(told)
            return

        async def undo() -> None:
            async with self._in_turn:
                await self._take_back(ending, receipt)

        self.toasts.say(told, undo=undo, undo_label=say("telephone.take_back"))

    async def _take_back(self, ending: Ending, receipt: ContactReceipt) -> None:
        """The customer comes up again, with what was typed."""
        try:
            await self.run(take_back_contact, receipt)
        except Refused as refused:
            self.refuse(refused)
            return
        self._stop_asking()
        self._concluded = deque((item for item in self._concluded if item != ending.item), maxlen=REMEMBERED)
        self._chosen = ending.item
        self.unsaved = [each for each in self.unsaved if each.contact_id != receipt.contact_id]
        self.call.taken_back(ending.item)
        await self.changed()

    # Outcomes that need a word more

    def _ask(self, card: CallCard, ending: Ending) -> None:
        say, outcome = self.texts, ending.outcome
        rule = OUTCOMES[outcome]
        fields: list[dict[str, Any]] = []
        text = ""
        if rule.asks_when:
            local = self.me.now.astimezone(ZoneInfo(card.zone))
            text = (
                say("telephone.when.there", at=say.clock(local)) if local.utcoffset() != self.me.now.utcoffset() else ""
            )
            fields = [
                {
                    "key": "at",
                    "kind": "text",
                    "label": say("telephone.when.at"),
                    "placeholder": say("telephone.when.hint"),
                    "required": True,
                    "limit": 8,
                },
                {
                    "key": "day",
                    "kind": "date",
                    "label": say("telephone.when.day"),
                    "value": self.me.today.isoformat(),
                    "locale": {"id": "id-ID", "en": "en-GB"}[say.language],
                    "required": True,
                },
            ]
        elif rule.asks_number:
            usable = [phone for phone in card.phones if not phone.wrong]
            fields = [
                {
                    "key": "right",
                    "kind": "text",
                    "label": say("telephone.number.right"),
                    "hint": say("telephone.number.hint"),
                    "limit": 40,
                }
            ]
            if len(usable) > 1:
                fields.append(
                    {
                        "key": "phone",
                        "kind": "select",
                        "label": say("telephone.number.which"),
                        "value": usable[0].e164,
                        "options": [{"value": phone.e164, "label": phone.shown} for phone in usable],
                    }
                )
            text = self._only_number(usable)
        else:
            text = say("telephone.silence.text", name=card.name)
        group = "when" if rule.asks_when else "number" if rule.asks_number else "silence"
        token = self.dialog.open(
            say(f"telephone.{group}.title", name=card.name),
            fields,
            save=say(f"telephone.{group}.save"),
            cancel=say("telephone.cancel"),
            text=text,
            danger=rule.marks_do_not_call,
        )
        self._deciding = {"token": token, "card": card, "ending": ending}

    def _only_number(self, usable: Sequence[CallPhone]) -> str:
        return self.texts("telephone.number.marked", number=usable[0].shown) if len(usable) == 1 else ""

    async def _on_dialog(self, message: dict[str, Any]) -> None:
        async with self._in_turn:
            await self._answered(message)

    async def _answered(self, message: dict[str, Any]) -> None:
        token = str(message.get("token", ""))
        if token != self._deciding.get("token"):
            if message.get("do") == "save":
                self.dialog.answer(token, {"": self.texts("telephone.ask_again")})
            return
        if message.get("do") != "save":
            self._deciding = {}
            return
        card, ending = self._deciding["card"], self._deciding["ending"]
        values = {key: str(value or "").strip() for key, value in (message.get("values") or {}).items()}
        try:
            more = self._more(ending.outcome, values)
            await self._record(card, ending, **more)
        except Refused as refused:
            self.dialog.answer(token, {DIALOG_FIELDS.get(refused.field or "", ""): refused.sentence})

    def _more(self, outcome: Outcome, values: Mapping[str, str]) -> dict[str, Any]:
        """What was asked, as values.

        Raises:
            Refused: it cannot be read.
        """
        rule = OUTCOMES[outcome]
        if rule.asks_when:
            try:
                at = parse_clock(values.get("at", ""))
            except ValueError:
                at = None
            if at is None:
                raise Refused(self.texts("telephone.when.wrong"), "at")
            try:
                day = date.fromisoformat(values.get("day", ""))
            except ValueError:
                raise Refused(self.texts("telephone.when.no_day"), "day") from None
            return {"call_back_at": datetime.combine(day, at, self.me.now.tzinfo)}
        if rule.asks_number:
            return {"right_number": values.get("right") or None, "phone": values.get("phone") or None}
        return {}


def _sells(work: Work) -> bool:
    return work.actor.role is Role.TELEMARKETER


def _ending(card: CallCard, outcome: Outcome, message: Mapping[str, Any]) -> Ending:
    """What the script reports of a call, read with care."""
    channel = str(message.get("channel", ""))
    told = message.get("answers")
    typed = {each.get("line"): each for each in told if isinstance(each, dict)} if isinstance(told, list) else {}
    answers = []
    for ask in card.ask:
        answer = typed.get(ask.line_id, {})
        rating, text = str(answer.get("rating") or ""), str(answer.get("text") or "").strip()
        if rating or text:
            answers.append(Answer(ask.line_id, int(rating) if rating.isdecimal() else None, text))
    return Ending(
        item=card.item_id,
        customer=card.customer_id,
        outcome=outcome,
        channel=Channel(channel) if channel in set(Channel) else Channel.PHONE,
        note=str(message.get("note") or "").strip(),
        answers=answers,
        wanted=str(message.get("wanted") or "").strip(),
    )
