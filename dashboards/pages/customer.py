"""Customer: one person on one page; what took place, what they bought, and what comes next."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote, urlencode

import panel as pn

from dashboards.page import Page, Refused
from dashboards.pages.home import parse_clock
from dashboards.parts.customer_card import CustomerCard as CardPart
from dashboards.parts.customer_side import CustomerSide
from dashboards.parts.dialog import Dialog
from dashboards.parts.timeline import Timeline
from ecrm_core.crm import Work
from ecrm_core.errors import ChangedMeanwhile, CustomerNotVisible, InvalidValue
from ecrm_core.models.agenda import Direction, Outcome
from ecrm_core.models.customers import Channel, InterestOrigin
from ecrm_core.models.orders import ComplaintState, FollowUpState, OrderKind, OrderStatus
from ecrm_core.models.people import Role
from ecrm_core.queries.customer_card import (
    PURCHASE_ROWS,
    TIMELINE_ROWS,
    CustomerCard,
    Entry,
    EntryKind,
    InterestRow,
    Person,
    Phone,
    Purchase,
    Sums,
    customer_card,
    interest_choices,
    who_is,
)
from ecrm_core.queries.customer_list import CustomerFilters, CustomerSort, Neighbours, neighbours
from ecrm_core.rules import ActivityRule, ActivityStatus
from ecrm_core.services.complaints import open_complaint, solve_complaint
from ecrm_core.services.contacts import record_contact
from ecrm_core.services.customers import add_interest, add_note, change_customer, withdraw_interest
from ecrm_core.services.do_not_call import refused_channels
from ecrm_core.services.door import OpenOffer, answer_change_offer, open_offers
from ecrm_core.services.followups import close_follow_up, record_response

COLUMNS = """
:host { display: grid !important; grid-template-columns: minmax(0, 1fr) 400px; gap: 0 40px; align-items: start;
  margin-top: 24px; }
@media (max-width: 1199px) { :host { grid-template-columns: minmax(0, 1fr) 344px; gap: 0 24px; } }
@media (max-width: 959px) { :host { grid-template-columns: minmax(0, 1fr); gap: 24px; } }
"""
TONES = {
    ActivityStatus.TWO_WEEKS: "green",
    ActivityStatus.ONE_MONTH: "teal",
    ActivityStatus.SIX_MONTHS: "amber",
    ActivityStatus.LAPSED: "grey",
    ActivityStatus.PROSPECT: "blue",
}
KINDS: dict[str, tuple[EntryKind, ...]] = {
    "all": tuple(EntryKind),
    "orders": (EntryKind.ORDER,),
    "contacts": (EntryKind.CONTACT,),
    "responses": (EntryKind.RESPONSE, EntryKind.COMPLAINT),
    "greetings": (EntryKind.GREETING,),
    "notes": (EntryKind.NOTE,),
}
ORDER_TONES = {
    OrderStatus.NEW: "amber",
    OrderStatus.PAID: "amber",
    OrderStatus.SHIPPED: "amber",
    OrderStatus.DELIVERED: "green",
    OrderStatus.CANCELLED: "",
    OrderStatus.RETURNED: "danger",
}
VOID = frozenset({OrderStatus.CANCELLED, OrderStatus.RETURNED})
TEXT_FIELDS = ("name", "email", "address", "city", "province", "postcode")
BIRTH_FIELDS = ("birth_day", "birth_month", "birth_year")
ALL_PURCHASES = 500
MOST_ENTRIES = 600
"""As far as a reader ever scrolls; what was loaded stays loaded when something changes."""
REMEMBERED_FORMS = 50
FORTNIGHT, QUARTER = 14, 90
DAYS_OF_WEEK, DAYS_OF_MONTH = 7, 30.44
POOR_RATING = 2
LEAP_YEAR = 2000
COMPLAINT_KINDS = ("quality", "delivery", "wrong_item", "service", "other")


@dataclass(frozen=True)
class Found:
    """What one reading brings; `card` none for who is not there, or a colleague's."""

    card: CustomerCard | None
    refused: Mapping[Channel, str]
    rule: ActivityRule
    around: Neighbours | None = None
    """Who stands beside them in the list one came from."""
    offers: tuple[OpenOffer, ...] = ()
    """What colleagues typed about them with an order, and nobody has answered."""


@dataclass(frozen=True)
class Conflict:
    """Somebody else has changed the customer since they were read; what stands there now."""

    person: Person
    phones: list[Phone]
    by: str | None
    at: datetime | None


def correct(work: Work, code: str, *, version: int | None, changes: Mapping[str, Any]) -> Conflict | None:
    """Change a customer, or find out who was faster; none when it is done."""
    person, _ = who_is(work, code)
    try:
        change_customer(work, person.id, version=version, **changes)
    except ChangedMeanwhile:
        person, phones = who_is(work, code)
        return Conflict(person, phones, person.changed_by, person.changed_at)
    return None


class CustomerPage(Page):
    """One customer. `code` says who, `list` which list one came from."""

    title_key = "customer.missing_title"
    keys: ClassVar[tuple[tuple[str, str], ...]] = (
        ("o", "customer.order"),
        ("w", "customer.way.whatsapp"),
        ("e", "customer.form.title"),
        ("n", "customer.note.open"),
        ("c", "customer.contact.open"),
        ("j / k", "shell.help.move"),
        ("[", "customer.walk.previous"),
        ("]", "customer.walk.next"),
        ("Esc", "customer.back"),
        ("Ctrl Enter", "shell.help.save"),
    )

    def build(self) -> None:
        self.head = CardPart(gesture=self._on_head, sizing_mode="stretch_width")
        self.timeline = Timeline(gesture=self._on_timeline, sizing_mode="stretch_width")
        self.side = CustomerSide(gesture=self._on_side, sizing_mode="stretch_width")
        self.dialog = Dialog(gesture=self._on_dialog, draft="customer")
        self.card: CustomerCard | None = None
        self._kind = "all"
        self._shown = TIMELINE_ROWS
        self._products = PURCHASE_ROWS
        self._saved: deque[str] = deque(maxlen=REMEMBERED_FORMS)
        self._deciding: dict[str, Any] = {}

    def view(self) -> pn.viewable.Viewable:
        return pn.Column(
            self.head,
            pn.Column(self.timeline, self.side, stylesheets=[COLUMNS], sizing_mode="stretch_width"),
            self.dialog,
            sizing_mode="stretch_width",
        )

    @property
    def title(self) -> str:
        return self.card.person.name if self.card else self.texts(self.title_key)

    @property
    def lasting_query(self) -> Mapping[str, str]:
        code = self.card.person.code if self.card else self.visit.query.get("code", "")
        way = self.visit.query.get("list", "")
        return {"code": code} | ({"list": way} if way else {})

    def read(self, work: Work) -> Found:
        rule = work.rules.activity
        try:
            card = customer_card(
                work,
                self.visit.query.get("code", ""),
                timeline_limit=self._shown,
                kinds=KINDS[self._kind],
                purchase_limit=self._products,
            )
        except CustomerNotVisible:
            return Found(None, {}, rule)
        around = None
        if "list" in self.visit.query:
            way = dict(parse_qsl(self.visit.query["list"]))
            around = neighbours(work, CustomerFilters.from_query(way), CustomerSort.from_query(way), card.person.id)
        offers = tuple(open_offers(work, card.person.id))
        return Found(card, refused_channels(work, card.person.id), rule, around, offers)

    async def arrive(self, query: Mapping[str, str]) -> None:
        if query.get("code") != self.visit.query.get("code"):
            self._begin()
        await super().arrive(query)

    def _begin(self) -> None:
        """Somebody else: nothing of the one before stays open."""
        self._kind, self._shown, self._products = "all", TIMELINE_ROWS, PURCHASE_ROWS
        if self._deciding:
            self._deciding = {}
            self.dialog.draw(open=False, draft="customer")

    def present(self, data: Found) -> None:
        self.found, self.card = data, data.card
        with pn.io.hold():
            if data.card is None:
                self._present_missing()
                return
            self._draw_head(data.card)
            self._draw_timeline(data.card)
            self._draw_side(data.card)

    def _present_missing(self) -> None:
        say = self.texts
        self.head.draw(
            code="",
            walk=self._walk(),
            missing={
                "title": say("customer.missing_title"),
                "sentence": say("customer.missing"),
                "back": {"url": self._list_url, "label": say("customer.back")},
            },
        )
        self.timeline.draw(code="", missing=True)
        self.side.draw(missing=True)

    # The head

    @property
    def _list_url(self) -> str:
        way = self.visit.query.get("list", "")
        return f"customers?{way}" if way else "customers"

    def _walk(self) -> dict[str, Any]:
        say = self.texts
        told: dict[str, Any] = {
            "label": say("customer.walk.label"),
            "back": {"url": self._list_url, "label": say("customer.walk.back")},
            "text": "",
        }
        around = self.found.around
        if around is None:
            return told
        count = say.number(around.count.number) + ("+" if around.count.more else "")
        return told | {
            # Somebody who has just dropped out of the list has no place in it, but still neighbours.
            "text": say("customer.walk.place", place=say.number(around.position), count=count)
            if around.position is not None
            else say("customer.walk.outside", count=count),
            "previous": self._beside(around.previous),
            "next": self._beside(around.next),
            "previous_label": say("customer.walk.previous"),
            "next_label": say("customer.walk.next"),
        }

    def _beside(self, code: str | None) -> str | None:
        """The address of another customer of the same list."""
        return f"customer?{urlencode({'code': code, 'list': self.visit.query['list']})}" if code else None

    def _draw_head(self, card: CustomerCard) -> None:
        say, person = self.texts, card.person
        standing = card.standing
        self.head.draw(
            code=person.code,
            missing=None,
            walk=self._walk(),
            name=person.name,
            status={
                "word": say.status(standing.status, self.found.rule),
                "tone": TONES[standing.status],
                "title": say("customer.status.title", day=say.full_date(standing.last))
                if standing.last
                else say("customer.status.never"),
                "since": say("customer.status.since", day=self._day(standing.since)) if standing.since else "",
            },
            ways=list(self._ways(card)),
            refused=self._refusal(card),
            order={
                "url": f"orders?{urlencode({'customer': person.code})}",
                "label": say("customer.order"),
                "tip": say("customer.order_tip", name=person.name),
            },
            line=self._line(card.sums),
            facts=list(self._facts(card)),
            form={
                "version": person.version,
                "values": form_values(person, card.phones),
                "labels": say.starting_with("customer.form"),
                "months": [say.month(date(LEAP_YEAR, month, 1)).rsplit(" ", 1)[0] for month in range(1, 13)],
            },
            words={"edit": say("customer.edit")},
        )

    def _day(self, day: date) -> str:
        """A day in few words: with its year only where that is another one."""
        return self.texts.day(day, year=day.year != self.me.today.year)

    def _ways(self, card: CustomerCard) -> Iterable[dict[str, Any]]:
        say, person = self.texts, card.person
        phone = next((each for each in card.phones if not each.wrong), None)
        hello = say("customer.way.message", name=person.name, me=self.me.name.split()[0], company=self.me.company)
        for channel in (Channel.PHONE, Channel.WHATSAPP, Channel.EMAIL):
            if channel in self.found.refused:
                continue
            number, address = phone.shown if phone else "", person.email or ""
            if channel is Channel.EMAIL:
                if not address:
                    continue
                subject = say("customer.way.subject", company=self.me.company)
                href = f"mailto:{quote(address, safe='@')}?subject={quote(subject)}&body={quote(hello)}"
            elif phone is None:
                continue
            elif channel is Channel.PHONE:
                href = f"tel:{phone.e164}"
            else:
                href = f"https://wa.me/{phone.e164.lstrip('+')}?text={quote(hello)}"
            label = say(f"customer.way.{channel}_label", name=person.name, number=number, address=address)
            yield {
                "channel": str(channel),
                "href": href,
                "outside": channel is Channel.WHATSAPP,
                "word": say(f"customer.way.{channel}"),
                "label": label,
                "tip": f"{label} (w)" if channel is Channel.WHATSAPP else label,
            }

    def _refusal(self, card: CustomerCard) -> str:
        say, person = self.texts, card.person
        if person.do_not_call_on:
            return say("customer.way.person", name=person.name, day=say.day(person.do_not_call_on))
        return say("customer.way.number", name=person.name) if self.found.refused else ""

    def _line(self, sums: list[Sums]) -> str:
        """How many orders and for how much: `7 pesanan, Rp 4.350.000 terjual`."""
        say = self.texts
        told = []
        for each in sums:
            parts = [
                say("customer.line.orders", count=each.orders),
                say("customer.line.sold", money=say.money(each.sold, each.currency)),
            ]
            if each.returned:
                parts += [
                    say("customer.line.returned", money=say.money(each.returned, each.currency)),
                    say("customer.line.difference", money=say.money(each.difference, each.currency)),
                ]
            told.append(", ".join(parts))
        return f"{'; '.join(told)}." if told else say("customer.line.none")

    def _facts(self, card: CustomerCard) -> Iterable[dict[str, Any]]:
        say, person = self.texts, card.person
        fact = "customer.fact"
        if card.phones:
            silent = Channel.PHONE in self.found.refused
            yield {
                "label": say(f"{fact}.phones"),
                "values": [
                    {
                        "text": phone.shown,
                        "href": None if silent or phone.wrong else f"tel:{phone.e164}",
                        "wrong": phone.wrong,
                        "more": say(f"{fact}.wrong") if phone.wrong else "",
                        "title": phone.typed,
                    }
                    for phone in card.phones
                ],
            }
        if person.email:
            yield {"label": say(f"{fact}.email"), "values": [{"text": person.email}]}
        if person.birth:
            year, month, number = person.birth
            day = date(year or LEAP_YEAR, month, number)
            age = say(f"{fact}.age", count=person.age) if person.age is not None else ""
            yield {
                "label": say(f"{fact}.birthday"),
                "values": [{"text": say.day(day, year=year is not None), "more": age}],
            }
        region = " ".join(part for part in (person.province, person.postcode) if part)
        town = ", ".join(part for part in (person.city, region) if part)
        if person.address or town:
            places = [{"text": text} for text in (person.address, town) if text]
            yield {"label": say(f"{fact}.address"), "values": places}
        yield {"label": say(f"{fact}.since"), "values": [{"text": say.day(person.since)}]}
        if self.me.role is not Role.TELEMARKETER:
            yield {"label": say(f"{fact}.owner"), "values": [{"text": person.owner or say(f"{fact}.nobody")}]}
        if card.consents:
            yield {
                "label": say(f"{fact}.consent"),
                "values": [
                    {
                        "text": say(
                            f"{fact}.{'granted' if each.granted else 'withdrawn'}",
                            channel=say(f"channel.{each.channel}"),
                        ),
                        "title": say(f"{fact}.consent_title", day=say.day(each.on), source=each.source),
                    }
                    for each in card.consents
                ],
            }

    # The timeline

    def _draw_timeline(self, card: CustomerCard) -> None:
        say = self.texts
        after = card.timeline.after
        self.timeline.draw(
            code=card.person.code,
            missing=False,
            heading=say("customer.timeline.heading"),
            kind=self._kind,
            chips=[{"key": kind, "label": say(f"customer.timeline.{kind}")} for kind in KINDS],
            entries=[self._entry(entry) for entry in card.timeline.entries],
            more=bool(after) and self._shown < MOST_ENTRIES,
            more_label=say("customer.timeline.more"),
            loading=say("customer.timeline.loading"),
            empty=say("customer.timeline.empty" if self._kind == "all" else "customer.timeline.empty_kind"),
            note=say.starting_with("customer.note"),
            complain=say("customer.complain.open"),
            contact={
                **say.starting_with("customer.contact"),
                "channels": [{"value": str(each), "label": say(f"channel.{each}")} for each in Channel],
                "directions": [{"value": str(each), "label": say(f"customer.contact.{each}")} for each in Direction],
                "outcomes": [{"value": str(each), "label": say(f"outcome.{each}")} for each in Outcome],
                "values": {
                    "channel": str(Channel.PHONE),
                    "direction": str(Direction.INCOMING if self._silent else Direction.OUTGOING),
                    "outcome": str(Outcome.REACHED),
                },
            },
        )

    @property
    def _silent(self) -> bool:
        return Channel.PHONE in self.found.refused

    def _entry(self, entry: Entry) -> dict[str, Any]:
        say = self.texts
        by = say("customer.timeline.by", name=entry.by) if entry.by and entry.by != self.me.name else ""
        told: dict[str, Any] = {
            "key": f"{entry.kind}-{entry.id}",
            "icon": str(entry.kind),
            "kind": say(f"customer.kind.{entry.kind}"),
            "at": self._day(entry.at.date()),
            "clock": say.clock(entry.at),
            "at_full": f"{say.full_date(entry.at.date())}, {say.clock(entry.at)}",
            "text": entry.text or "",
            "by": by,
        }
        return told | self._entry_of_kind(entry)

    def _entry_of_kind(self, entry: Entry) -> dict[str, Any]:
        say = self.texts
        told = {"head": say("customer.timeline.note")}
        match entry.kind:
            case EntryKind.ORDER:
                told = self._order_entry(entry)
            case EntryKind.CONTACT:
                way = "incoming" if entry.direction is Direction.INCOMING else "contact"
                channel, outcome = say(f"channel.{entry.channel}"), say(f"outcome.{entry.outcome}")
                head = say(f"customer.timeline.{way}", channel=channel, outcome=outcome)
                told = {"icon": str(entry.channel), "head": head}
            case EntryKind.RESPONSE:
                told = {
                    "head": say("customer.timeline.response", product=entry.product),
                    "mark": f"★ {entry.rating}" if entry.rating else "",
                    "mark_tone": "danger" if entry.rating and entry.rating <= POOR_RATING else "green",
                }
            case EntryKind.GREETING:
                told = {"head": say("customer.timeline.greeting", channel=say(f"channel.{entry.channel}"))}
            case EntryKind.COMPLAINT:
                solved = entry.complaint_state is ComplaintState.SOLVED
                told = {
                    "head": say("customer.timeline.complaint", kind=self._complaint(entry.complaint_kind)),
                    "tone": "" if solved else "danger",
                    "mark": say(f"customer.complaint.{entry.complaint_state}"),
                    "mark_tone": "green" if solved else "danger",
                    "line": say("customer.timeline.solution", text=entry.solution) if entry.solution else "",
                }
            case EntryKind.OWNER:
                key = "owner_none" if entry.to_owner is None else "owner" if entry.from_owner else "owner_first"
                told = {"head": say(f"customer.timeline.{key}", before=entry.from_owner, after=entry.to_owner)}
        return told

    def _order_entry(self, entry: Entry) -> dict[str, Any]:
        say = self.texts
        assert entry.status is not None
        is_return = entry.order_kind is OrderKind.RETURN
        products = [
            say("customer.timeline.product", name=name, count=pieces) if pieces > 1 else name
            for name, pieces in entry.products
        ]
        if entry.more_products:
            products.append(say("customer.timeline.more_products", count=entry.more_products))
        channel = say(f"order_channel.{entry.order_channel}")
        return {
            "head": say("customer.timeline.return" if is_return else "customer.timeline.order", number=entry.number),
            "url": f"order?{urlencode({'number': entry.number or ''})}",
            "tone": "void" if is_return or entry.status in VOID else "order",
            "mark": "" if is_return else say(f"order_status.{entry.status}"),
            "mark_tone": ORDER_TONES[entry.status],
            "sum": say.money(entry.amount, entry.currency or "") if entry.amount is not None else "",
            "line": ", ".join(products),
            "by": say("customer.timeline.taken_by", channel=channel, name=entry.by)
            if entry.by and entry.by != self.me.name
            else channel,
        }

    def _complaint(self, kind: str | None) -> str:
        """A complaint's kind in words; one written by hand is its own word."""
        key = f"customer.complaint.{kind}"
        return self.texts(key) if key in self.texts else kind or ""

    # The right side

    def _draw_side(self, card: CustomerCard) -> None:
        say = self.texts
        self.side.draw(
            missing=False,
            open={"heading": say("customer.open.heading"), "rows": self._open_rows(card)},
            purchases={
                "heading": say("customer.purchases.heading"),
                "columns": [say(f"customer.purchases.{name}") for name in ("product", "times", "pieces", "amount")],
                "answers": say("customer.purchases.answers"),
                "rows": [self._purchase(row) for row in card.purchases],
                "more": say("customer.purchases.all", count=card.products)
                if card.products > len(card.purchases)
                else "",
                "empty": say("customer.purchases.empty"),
            },
            interests={
                "heading": say("customer.interests.heading"),
                "add": say("customer.interests.add"),
                "stated_label": say("customer.interests.stated"),
                "stated_empty": say("customer.interests.stated_empty"),
                "stated": [self._interest(row) for row in card.interests if row.origin is InterestOrigin.STATED],
                "derived_label": say("customer.interests.derived"),
                "derived": [self._interest(row) for row in card.interests if row.origin is InterestOrigin.DERIVED],
            },
            spend=self._spend(card.sums),
            value={"heading": say("customer.value.heading"), "lines": list(self._value(card))},
        )

    def _open_rows(self, card: CustomerCard) -> list[dict[str, Any]]:
        """What waits for a decision: complaints, what colleagues would have corrected, and what is to be asked."""
        say, today = self.texts, self.me.today
        complaints = [
            {
                "id": row.id,
                "tone": "danger",
                "head": say("customer.open.complaint", kind=self._complaint(row.kind)),
                "text": row.text,
                "due": self._due(row.due_on),
                "due_full": say.full_date(row.due_on),
                "buttons": [
                    {
                        "do": "solve",
                        "word": say("customer.open.solve"),
                        "label": say("customer.open.solve_label", kind=self._complaint(row.kind)),
                    }
                ],
            }
            for row in card.complaints
        ]
        follow_ups = [
            {
                "id": row.line_id,
                "tone": "late" if row.due_on < today else "",
                "head": say("customer.open.follow_up", product=row.product),
                "text": "",
                "due": self._due(row.due_on),
                "due_full": say.full_date(row.due_on),
                "buttons": [
                    {
                        "do": do,
                        "word": say(f"customer.open.{do}"),
                        "label": say(f"customer.open.{do}_label", product=row.product),
                    }
                    for do in ("answer", "close")
                ],
            }
            for row in card.follow_ups
            if row.due_on <= today
        ]
        return complaints + [self._offer(offer) for offer in self.found.offers] + follow_ups

    def _offer(self, offer: OpenOffer) -> dict[str, Any]:
        """What a colleague typed with an order about this customer: what stands now, and what would."""
        say = self.texts
        lines = []
        for field, (ours, theirs) in offer.changes.items():
            if field == "phone":
                lines.append(say("customer.offer.phone", number=theirs))
            else:
                words = {"field": say(f"customer.form.{field}"), "now": ours, "then": theirs}
                lines.append(say("customer.offer.changed" if ours else "customer.offer.added", **words))
        return {
            "id": offer.id,
            "tone": "offer",
            "head": say("customer.offer.head", name=offer.by_name),
            "due": say("customer.offer.with", number=offer.order_number, day=self._day(offer.at.date())),
            "due_full": say.full_date(offer.at.date()),
            "text": "\n".join(lines),
            "buttons": [
                {
                    "do": do,
                    "word": say(f"customer.offer.{do}"),
                    "label": say(f"customer.offer.{do}_label", name=offer.by_name, number=offer.order_number),
                }
                for do in ("take", "leave")
            ],
        }

    def _due(self, day: date) -> str:
        if day < self.me.today:
            return self.texts("customer.open.late", day=self._day(day))
        return self.texts("customer.open.due", day=self.texts.near(day, self.me.today))

    def _purchase(self, row: Purchase) -> dict[str, Any]:
        say = self.texts
        wanted = row.follow_up is FollowUpState.OPEN and row.due_on is not None and row.due_on <= self.me.today
        given = row.answered_on is not None
        label = "rated" if row.rating else "rate"
        return {
            "code": row.code,
            "name": row.name,
            "times": say.number(row.times),
            "pieces": say.number(row.pieces),
            "amount": say.money(row.amount, row.currency),
            "last": say("customer.purchases.last", day=self._day(row.last_on)),
            "last_full": say.full_date(row.last_on),
            "answer": row.answer or "",
            "line": row.line_id,
            "rating": str(row.rating) if row.rating else "" if given else "?",
            "tone": "given" if given and not wanted else "wanted" if wanted else "",
            "label": say(f"customer.purchases.{label}", product=row.name, rating=row.rating),
            "tip": say("customer.purchases.rated_tip", day=say.day(row.answered_on))
            if row.answered_on
            else say("customer.purchases.rate_tip"),
        }

    def _interest(self, row: InterestRow) -> dict[str, Any]:
        say = self.texts
        name = row.product or row.category or ""
        return {
            "id": row.id if row.origin is InterestOrigin.STATED else None,
            "text": name,
            "title": say("customer.interests.since", day=say.day(row.on)),
            "label": say("customer.interests.withdraw", name=name),
            "more": say("customer.interests.orders", count=row.orders) if row.orders else "",
        }

    def _spend(self, sums: list[Sums]) -> dict[str, Any] | None:
        """The bars of the last 24 months, in the currency most orders are in."""
        if not sums:
            return None
        say, chosen = self.texts, sums[0]
        most = max(chosen.months, key=lambda month: month.amount)
        whole = sum((month.amount for month in chosen.months), Decimal(0))
        line = (
            say(
                "customer.spend.line",
                money=say.money(whole, chosen.currency),
                most=say.money(most.amount, chosen.currency),
                month=say.month(most.first),
            )
            if most.amount
            else say("customer.spend.nothing")
        )
        if len(sums) > 1:
            line = f"{line}. {say('customer.spend.other', currency=chosen.currency)}"
        rows = [
            {"month": say.month(month.first), "amount": say.money(month.amount, chosen.currency)}
            for month in chosen.months
        ]
        return {
            "heading": say("customer.spend.heading"),
            "line": line,
            "summary": f"{say('customer.spend.heading')} {line}",
            "as_table": say("customer.spend.table"),
            "month": say("customer.spend.month"),
            "amount": say("customer.spend.amount"),
            "bars": [
                {
                    "share": float(month.amount / most.amount) if most.amount > 0 else 0.0,
                    "title": say("customer.spend.bar", month=row["month"], money=row["amount"]),
                    "label": self._month_label(place, month.first),
                    "now": place == len(rows) - 1,
                }
                for place, (month, row) in enumerate(zip(chosen.months, rows, strict=True))
            ],
            "rows": [row for row, month in zip(reversed(rows), reversed(chosen.months), strict=True) if month.amount],
        }

    def _month_label(self, place: int, first: date) -> str:
        """Every sixth month is named, and January brings the year."""
        if place % 6:
            return ""
        return f"{self.texts.day(first, year=False).split(' ')[1]} {first.year % 100:02d}"

    def _value(self, card: CustomerCard) -> Iterable[str]:
        """In plain words, from plain figures; nothing is foretold."""
        say, standing = self.texts, card.standing
        chosen = card.sums[0] if card.sums else None
        if standing.last is None or chosen is None or chosen.average is None:
            yield say("customer.value.none")
            return
        average = say.money(chosen.average, chosen.currency)
        gap = card.usual_gap_days
        if gap:
            yield say("customer.value.rhythm", span=self._span(gap), money=average)
        elif chosen.counting == 1:
            yield say("customer.value.one", money=average)
        else:
            yield say("customer.value.average", money=average)
        days = (self.me.today - standing.last).days
        if gap and days > gap:
            told = say("customer.value.late", span=self._span(days))
            yield f"{told[:1].upper()}{told[1:]}"
        else:
            yield say("customer.value.last", day=say.near(standing.last, self.me.today))

    def _span(self, days: int) -> str:
        if days < FORTNIGHT:
            return self.texts("span.days", count=days)
        if days < QUARTER:
            return self.texts("span.weeks", count=round(days / DAYS_OF_WEEK))
        return self.texts("span.months", count=round(days / DAYS_OF_MONTH))

    # What the parts report

    async def _on_head(self, message: dict[str, Any]) -> None:
        match message:
            case {"do": "save", "code": str(code), "token": str(token), "typed": dict(typed), "base": dict(base)}:
                version = message.get("version")
                await self._save(code, token, typed, base, version if isinstance(version, int) else None)

    async def _save(
        self, code: str, token: str, typed: dict[str, Any], base: dict[str, Any], version: int | None
    ) -> None:
        """Keep what differs from what was there when the form was opened."""
        if token in self._saved:
            self.head.answer_form(token)
            return
        try:
            changes = self._changes(typed, base)
            back = self._changes(base, typed)
            conflict = await self.run(correct, code, version=version, changes=changes) if changes else None
        except Refused as refused:
            self._refuse_form(token, refused)
            return
        if conflict is not None:
            self.head.answer_form(token, conflict=self._conflict(conflict, base))
            return
        self._saved.append(token)
        self.head.answer_form(token)
        await self.changed()
        if not changes or self.card is None:
            return
        name, newer = self.card.person.name, self.card.person.version

        async def undo() -> None:
            try:
                stopped = await self.run(correct, code, version=newer, changes=back)
                await self.changed()
                said = "error.changed_meanwhile" if stopped else "customer.form.undone"
                self.toasts.say(self.texts(said, name=name), tone="danger" if stopped else "plain")
            except Refused as refused:
                self.refuse(refused)

        self.toasts.say(self.texts("customer.form.saved", name=name), undo=undo, undo_label=self.texts("shell.undo"))

    def _refuse_form(self, token: str, refused: Refused) -> None:
        field = {"phone": "phones"}.get(refused.field or "", refused.field or "")
        known = {*TEXT_FIELDS, "phones", "birth_date"}
        cause = refused.__cause__
        typed = str(cause.facts.get("value", "")) if isinstance(cause, InvalidValue) else ""
        self.head.answer_form(
            token, wrong={field if field in known else "": refused.sentence}, phone=typed if field == "phones" else ""
        )
        if refused.gone:
            self.refuse(refused)

    def _changes(self, typed: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
        """The fields that differ, as the service takes them.

        Raises:
            Refused: half a birth date.
        """
        changes: dict[str, Any] = {
            name: str(typed.get(name, "")).strip()
            for name in TEXT_FIELDS
            if str(typed.get(name, "")).strip() != str(base.get(name, "")).strip()
        }
        phones, before = _numbers(typed.get("phones")), _numbers(base.get("phones"))
        if phones != before:
            changes["phones"] = phones
        birth = tuple(str(typed.get(name, "")).strip() for name in BIRTH_FIELDS)
        if birth != tuple(str(base.get(name, "")).strip() for name in BIRTH_FIELDS):
            changes["birth_date"] = self._birth(*birth)
        return changes

    def _birth(self, day: str, month: str, year: str) -> tuple[int | None, int, int] | None:
        if not (day or month or year):
            return None
        if not (day.isdecimal() and month.isdecimal() and (year.isdecimal() or not year)):
            raise Refused(self.texts("customer.form.birth_wrong"), "birth_date")
        return int(year) if year else None, int(month), int(day)

    def _conflict(self, conflict: Conflict, base: Mapping[str, Any]) -> dict[str, Any]:
        """What somebody else changed, with what was there before and what is there now."""
        say = self.texts
        now = form_values(conflict.person, conflict.phones)
        parts = {**{name: (name,) for name in TEXT_FIELDS}, "phones": ("phones",), "birth_date": BIRTH_FIELDS}
        fields = [
            {
                "name": name,
                "label": say(f"customer.form.{name}"),
                "now": self._in_words(name, now),
                "before": self._in_words(name, base),
            }
            for name, own in parts.items()
            if any(now[part] != base.get(part) for part in own)
        ]
        listed = ", ".join(field["label"] for field in fields)
        if conflict.by and conflict.at:
            day = say.near(conflict.at.date(), self.me.today)
            line = say("customer.form.conflict", by=conflict.by, day=day, clock=say.clock(conflict.at), fields=listed)
        else:
            line = say("customer.form.conflict_unknown", fields=listed)
        return {"line": line, "version": conflict.person.version, "base": now, "fields": fields}

    def _in_words(self, name: str, values: Mapping[str, Any]) -> str:
        if name == "phones":
            return ", ".join(_numbers(values.get("phones")))
        if name != "birth_date":
            return str(values.get(name, ""))
        day, month, year = (str(values.get(part, "")) for part in BIRTH_FIELDS)
        if not (day and month):
            return ""
        return self.texts.day(date(int(year or LEAP_YEAR), int(month), int(day)), year=bool(year))

    async def _on_timeline(self, message: dict[str, Any]) -> None:
        try:
            match message:
                case {"do": "filter", "kind": str(kind)} if kind in KINDS:
                    self._kind, self._shown = kind, TIMELINE_ROWS
                    await self.refresh()
                case {"do": "complain"}:
                    self._ask_complaint()
                case {"do": "more"}:
                    self._shown = min(self._shown + TIMELINE_ROWS, MOST_ENTRIES)
                    await self.refresh()
                case {"do": "note", "code": str(code), "token": str(token), "typed": dict(typed)}:
                    await self._write(code, token, typed, self._note)
                case {"do": "contact", "code": str(code), "token": str(token), "typed": dict(typed)}:
                    await self._write(code, token, typed, self._contact)
        except Refused as refused:
            self.refuse(refused)
            if self.card is not None:
                self._draw_timeline(self.card)

    async def _write(self, code: str, token: str, typed: dict[str, Any], keep: Any) -> None:
        """Keep what was written in a form of the timeline, once."""
        if token in self._saved:
            self.timeline.answer_form(token)
            return
        if self.card is None or self.card.person.code != code:
            return
        try:
            said = await keep(self.card.person, typed)
        except Refused as refused:
            field = {"note": "text", "call_back_at": "at"}.get(refused.field or "", refused.field or "")
            known = {"text", "day", "at", "channel", "direction", "outcome"}
            self.timeline.answer_form(token, {field if field in known else "": refused.sentence})
            if refused.gone:
                self.refuse(refused)
            return
        self._saved.append(token)
        self.timeline.answer_form(token)
        await self.changed()
        self.toasts.say(said)

    async def _note(self, person: Person, typed: Mapping[str, Any]) -> str:
        if not str(typed.get("text", "")).strip():
            raise Refused(self.texts("customer.note.needed"), "text")
        await self.run(add_note, person.id, str(typed["text"]))
        return self.texts("customer.note.saved", name=person.name)

    async def _contact(self, person: Person, typed: Mapping[str, Any]) -> str:
        channel, outcome, direction = (str(typed.get(name, "")) for name in ("channel", "outcome", "direction"))
        if channel not in set(Channel) or outcome not in set(Outcome) or direction not in set(Direction):
            raise Refused(self.texts("error.refused"))
        call_back_at = self._call_back_at(typed) if outcome == Outcome.CALL_BACK else None
        await self.run(
            record_contact,
            person.id,
            channel=channel,
            outcome=outcome,
            direction=direction,
            note=str(typed.get("text", "")),
            call_back_at=call_back_at,
        )
        if call_back_at is None:
            return self.texts("customer.contact.saved", name=person.name)
        day = self.texts.near(call_back_at.date(), self.me.today)
        return self.texts("customer.contact.call_back", day=day, clock=self.texts.clock(call_back_at))

    def _call_back_at(self, typed: Mapping[str, Any]) -> datetime:
        try:
            day = date.fromisoformat(str(typed.get("day", "")))
        except ValueError:
            raise Refused(self.texts("customer.contact.day_needed"), "day") from None
        try:
            at = parse_clock(str(typed.get("at", "")))
        except ValueError:
            at = None
        if at is None:
            raise Refused(self.texts("customer.contact.at_needed"), "at")
        return datetime.combine(day, at, self.me.now.tzinfo)

    async def _on_side(self, message: dict[str, Any]) -> None:
        try:
            match message:
                case {"do": "answer", "id": int(line)}:
                    self._ask_response(line)
                case {"do": "solve", "id": int(number)}:
                    self._ask_solution(number)
                case {"do": "close", "id": int(line)}:
                    self._ask_reason(line)
                case {"do": "take" | "leave" as do, "id": int(number)}:
                    await self._answer_offer(number, take=do == "take")
                case {"do": "interest"}:
                    self._ask_interest()
                case {"do": "withdraw", "id": int(number)}:
                    await self._withdraw(number)
                case {"do": "all_purchases"}:
                    self._products = ALL_PURCHASES
                    await self.refresh()
        except Refused as refused:
            self.refuse(refused)

    def _ask_response(self, line: int) -> None:
        if self.card is None:
            return
        say = self.texts
        names = {row.line_id: row.product for row in self.card.follow_ups}
        names |= {row.line_id: row.name for row in self.card.purchases if row.line_id}
        if line not in names:
            return
        token = self.dialog.open(
            say("customer.response.title", product=names[line]),
            [
                {
                    "key": "rating",
                    "kind": "rating",
                    "label": say("customer.response.rating"),
                    "options": [
                        {"value": rating, "label": str(rating), "title": say(f"customer.rating.{rating}")}
                        for rating in range(1, 6)
                    ],
                },
                {
                    "key": "text",
                    "kind": "lines",
                    "label": say("customer.response.text", name=self.card.person.name),
                    "placeholder": say("customer.response.hint"),
                    "limit": 4000,
                },
            ],
            save=say("customer.response.save"),
            cancel=say("customer.response.cancel"),
        )
        self._deciding = {"token": token, "what": "response", "id": line, "name": names[line]}

    def _ask_solution(self, number: int) -> None:
        if self.card is None or number not in {row.id for row in self.card.complaints}:
            return
        say = self.texts
        token = self.dialog.open(
            say("customer.solve.title"),
            [
                {
                    "key": "solution",
                    "kind": "lines",
                    "label": say("customer.solve.solution"),
                    "required": True,
                    "limit": 4000,
                }
            ],
            save=say("customer.solve.save"),
            cancel=say("customer.solve.cancel"),
        )
        self._deciding = {"token": token, "what": "solution", "id": number, "name": self.card.person.name}

    def _ask_reason(self, line: int) -> None:
        names = {row.line_id: row.product for row in self.card.follow_ups} if self.card else {}
        if line not in names:
            return
        say = self.texts
        token = self.dialog.open(
            say("customer.close.title", product=names[line]),
            [
                {
                    "key": "reason",
                    "kind": "lines",
                    "label": say("customer.close.reason"),
                    "placeholder": say("customer.close.hint"),
                    "required": True,
                    "limit": 500,
                }
            ],
            save=say("customer.close.save"),
            cancel=say("customer.close.cancel"),
            text=say("customer.close.text"),
        )
        self._deciding = {"token": token, "what": "close", "id": line, "name": names[line]}

    def _ask_complaint(self) -> None:
        if self.card is None:
            return
        say, person = self.texts, self.card.person
        about = [
            {"value": str(row.line_id), "label": row.name} for row in self.card.purchases if row.line_id is not None
        ]
        token = self.dialog.open(
            say("customer.complain.title", name=person.name),
            [
                {
                    "key": "kind",
                    "kind": "select",
                    "label": say("customer.complain.kind"),
                    "value": COMPLAINT_KINDS[0],
                    "options": [{"value": kind, "label": self._complaint(kind)} for kind in COMPLAINT_KINDS],
                },
                {
                    "key": "line",
                    "kind": "select",
                    "label": say("customer.complain.line"),
                    "value": "",
                    "options": [{"value": "", "label": say("customer.complain.no_line")}, *about],
                },
                {
                    "key": "text",
                    "kind": "lines",
                    "label": say("customer.complain.text", name=person.name),
                    "required": True,
                    "limit": 4000,
                },
            ],
            save=say("customer.complain.save"),
            cancel=say("customer.complain.cancel"),
            text=say("customer.complain.effect", name=person.name),
        )
        self._deciding = {"token": token, "what": "complaint", "id": person.id, "name": person.name}

    async def _answer_offer(self, number: int, *, take: bool) -> None:
        """Take over what a colleague typed about this customer, or leave everything as it is."""
        if self.card is None or number not in {offer.id for offer in self.found.offers}:
            return
        name = self.card.person.name
        try:
            await self.run(answer_change_offer, number, take)
        except Refused:
            await self.refresh()
            raise
        await self.changed()
        self.toasts.say(self.texts(f"customer.offer.{'taken' if take else 'left'}", name=name))

    def _ask_interest(self) -> None:
        if self.card is None:
            return
        say = self.texts
        token = self.dialog.open(
            say("customer.interests.title"),
            [
                {
                    "key": "wanted",
                    "kind": "suggest",
                    "label": say("customer.interests.wanted"),
                    "placeholder": say("customer.interests.hint"),
                    "empty": say("customer.interests.nothing"),
                    "required": True,
                }
            ],
            save=say("customer.interests.save"),
            cancel=say("customer.interests.cancel"),
        )
        self._deciding = {"token": token, "what": "interest", "id": self.card.person.id, "name": ""}

    async def _on_dialog(self, message: dict[str, Any]) -> None:
        token = str(message.get("token", ""))
        if token != self._deciding.get("token"):
            return
        if message.get("do") == "cancel":
            self._deciding = {}
            return
        try:
            if message.get("do") == "suggest":
                await self._suggest(token, str(message.get("key", "")), str(message.get("text", "")))
                return
            said = await self._decide(message.get("values") or {})
        except Refused as refused:
            field = {"response": "text"}.get(refused.field or "", refused.field or "")
            known = {"rating", "text", "solution", "wanted", "reason", "kind"}
            self.dialog.answer(token, {field if field in known else "": refused.sentence})
            if refused.gone:
                self.refuse(refused)
            return
        self._deciding = {}
        self.dialog.answer(token)
        await self.changed()
        self.toasts.say(said)

    async def _suggest(self, token: str, key: str, text: str) -> None:
        found = await self.run(interest_choices, text)
        hint = self.texts("customer.interests.category")
        self.dialog.suggest(
            token,
            key,
            text,
            [
                {
                    "value": f"product {each.product_id}" if each.product_id else f"category {each.category_id}",
                    "label": each.name,
                    "hint": each.category or "" if each.product_id else hint,
                }
                for each in found
            ],
        )

    async def _decide(self, values: Mapping[str, Any]) -> str:
        say, about = self.texts, self._deciding
        match about["what"]:
            case "response":
                rating = str(values.get("rating") or "")
                receipt = await self.run(
                    record_response,
                    about["id"],
                    rating=int(rating) if rating.isdecimal() else None,
                    text=str(values.get("text") or ""),
                )
                key = "complaint" if receipt.complaint_id else "saved"
                return say(f"customer.response.{key}", product=about["name"])
            case "solution":
                await self.run(solve_complaint, about["id"], solution=str(values.get("solution") or ""))
                return say("customer.solve.saved", name=about["name"])
            case "close":
                await self.run(close_follow_up, about["id"], reason=str(values.get("reason") or ""))
                return say("customer.close.saved", product=about["name"])
            case "complaint":
                return await self._complain(values)
            case _:
                kind, _, number = str(values.get("wanted") or "").partition(" ")
                if kind not in {"product", "category"} or not number.isdecimal():
                    raise Refused(say("customer.interests.needed"), "wanted")
                await self.run(add_interest, about["id"], **{f"{kind}_id": int(number)})
                return say("customer.interests.saved", name=str(values.get("wanted_text") or ""))

    async def _complain(self, values: Mapping[str, Any]) -> str:
        say, about = self.texts, self._deciding
        kind, line = str(values.get("kind") or ""), str(values.get("line") or "")
        if kind not in COMPLAINT_KINDS or self.card is None:
            raise Refused(say("error.refused"))
        if not str(values.get("text") or "").strip():
            raise Refused(say("customer.complain.needed"), "text")
        known = {str(row.line_id) for row in self.card.purchases}
        receipt = await self.run(
            open_complaint,
            about["id"],
            kind=kind,
            text=str(values["text"]),
            line_id=int(line) if line in known and line.isdecimal() else None,
        )
        key = "again" if receipt.again else "saved"
        return say(f"customer.complain.{key}", name=about["name"], day=self._day(receipt.due_on))

    async def _withdraw(self, number: int) -> None:
        row = next((row for row in self.card.interests if row.id == number), None) if self.card else None
        if row is None or self.card is None:
            return
        person, name = self.card.person, row.product or row.category or ""
        await self.run(withdraw_interest, number)

        async def undo() -> None:
            try:
                await self.run(add_interest, person.id, product_id=row.product_id, category_id=row.category_id)
                await self.changed()
            except Refused as refused:
                self.refuse(refused)

        self.toasts.say(
            self.texts("customer.interests.withdrawn", name=name), undo=undo, undo_label=self.texts("shell.undo")
        )
        await self.changed()


def form_values(person: Person, phones: Iterable[Phone]) -> dict[str, Any]:
    """A customer as the form shows them: everything a text."""
    year, month, day = person.birth or (None, None, None)
    return {
        "name": person.name,
        "email": person.email or "",
        "address": person.address or "",
        "city": person.city or "",
        "province": person.province or "",
        "postcode": person.postcode or "",
        "birth_day": str(day or ""),
        "birth_month": str(month or ""),
        "birth_year": str(year or ""),
        "phones": [phone.shown for phone in phones],
    }


def _numbers(typed: Any) -> list[str]:
    return [text for text in (str(each).strip() for each in typed or ()) if text]
