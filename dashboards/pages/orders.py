"""Take an order: find the customer, fill in the form, and go on with what was begun earlier."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, ClassVar, TypeAlias
from urllib.parse import urlencode

import panel as pn

from dashboards.page import Page, Refused
from dashboards.pages.order_form import (
    Reading,
    answer_refusal,
    channel_options,
    empty_form,
    form_words,
    is_intention,
    new_intention,
    options,
    order_values,
    payment_options,
    priced_words,
    product_rows,
    read_form,
    read_lines,
    show_birth,
    source_name,
    tidy,
    whatsapp_link,
)
from dashboards.parts.customer_search import CustomerSearch
from dashboards.parts.order_form import OrderFields
from dashboards.parts.page_head import PageHead
from ecrm_core.crm import Work
from ecrm_core.errors import EcrmError, InvalidValue, NotVisible
from ecrm_core.models.people import Role
from ecrm_core.queries.search import CustomersFound, FoundCustomer, by_phone, find_customers, find_products
from ecrm_core.rules import ActivityRule, ActivityStatus
from ecrm_core.services.calling import call_day
from ecrm_core.services.customers import CustomerForm
from ecrm_core.services.desk import FormChoices, OrderDesk, form_choices, order_desk
from ecrm_core.services.door import claim_next, take_door_order, unowned_count
from ecrm_core.services.drafts import (
    Draft,
    DraftChanged,
    DraftLine,
    DraftOrdered,
    discard_draft,
    my_drafts,
    open_draft,
    save_draft,
)
from ecrm_core.services.duplicates import PossibleDuplicate, possible_duplicates
from ecrm_core.services.orders import (
    OrderForm,
    order_card,
    price_order,
    take_order_for_new,
    take_order_with_changes,
)
from ecrm_core.texts import Texts

TONES = {
    ActivityStatus.TWO_WEEKS: "green",
    ActivityStatus.ONE_MONTH: "teal",
    ActivityStatus.SIX_MONTHS: "amber",
    ActivityStatus.LAPSED: "grey",
    ActivityStatus.PROSPECT: "blue",
}
CUSTOMER_FIELDS = ("name", "birth", "email", "address", "city", "province", "postcode")
LONGEST_SEARCH = 200


@dataclass(frozen=True)
class Finding:
    """The search, before anything is typed. `problem` says why it is shown instead of what was asked for."""

    q: str = ""
    drafts: Sequence[DraftLine] = ()
    unowned: int = 0
    problem: EcrmError | None = None
    draft_gone: bool = False


@dataclass(frozen=True)
class Opened:
    """A form on show. `was` are the customer's own data as they stood when it was opened."""

    intention: str
    kind: str
    desk: OrderDesk | None
    typed: dict[str, Any]
    was: dict[str, Any]
    choices: FormChoices
    version: int = 0
    saved_at: datetime | None = None


@dataclass(frozen=True)
class Done:
    """An order just saved, and what happens next."""

    number: str
    customer: str
    follow_ups: Sequence[date]
    by_door: bool
    again: bool
    total: str
    whatsapp: str
    calling: bool = False
    """Who took it is in the middle of a day in call mode."""


@dataclass(frozen=True)
class Saved:
    """How a service answered, whichever door the order went through."""

    number: str
    follow_ups: Sequence[date] = field(default_factory=tuple)
    again: bool = False


Shown: TypeAlias = Finding | Opened


class OrdersPage(Page):
    """Find the customer, then the form; one address, `orders`, whose query says which."""

    title_key = "page.orders"
    keys: ClassVar[tuple[tuple[str, str], ...]] = (
        ("/", "shell.help.search"),
        ("n", "shell.help.new"),
        ("j / k", "shell.help.move"),
        ("Enter", "shell.help.open"),
        ("Ctrl Enter", "shell.help.save"),
    )

    def build(self) -> None:
        self.head = PageHead(gesture=self._on_head, sizing_mode="stretch_width")
        self.search = CustomerSearch(gesture=self._on_search, sizing_mode="stretch_width")
        self.fields = OrderFields(gesture=self._on_form, sizing_mode="stretch_width")
        # Not the parts themselves: their own styles would show them all the same.
        self.places = [pn.Column(part, sizing_mode="stretch_width", margin=0) for part in (self.search, self.fields)]
        self.shown: Shown = Finding()
        self.done: Done | None = None
        self._visits = 0
        self._asked = 0
        # Drafts of one form are written one after the other, and none after its order.
        self._writing = asyncio.Lock()
        self._told: set[str] = set()

    def view(self) -> pn.viewable.Viewable:
        return pn.Column(self.head, *self.places, sizing_mode="stretch_width")

    @property
    def title(self) -> str:
        return self._heading() if isinstance(self.shown, Opened) else super().title

    @property
    def lasting_query(self) -> Mapping[str, str]:
        if self.done is not None:
            return {}
        if isinstance(self.shown, Opened):
            whom = {"customer": self.shown.desk.code} if self.shown.desk else {"new": "1"}
            return whom | {"draft": self.shown.intention}
        return {name: self.visit.query[name] for name in ("q", "phone") if self.visit.query.get(name)}

    # Reading

    def read(self, work: Work) -> Shown:
        query = self.visit.query
        try:
            return self._form(work, query) or self._finding(work, query)
        except (NotVisible, InvalidValue) as problem:
            return self._finding(work, {}, problem)

    def _finding(self, work: Work, query: Mapping[str, str], problem: EcrmError | None = None) -> Finding:
        telemarketer = work.actor.role is Role.TELEMARKETER
        return Finding(
            (query.get("q") or query.get("phone") or "")[:LONGEST_SEARCH],
            my_drafts(work),
            unowned_count(work) if telemarketer else 0,
            problem,
            draft_gone="draft" in query,
        )

    def _form(self, work: Work, query: Mapping[str, str]) -> Opened | None:
        """The form that the address asks for; none where it asks for the search."""
        asked = query.get("draft", "")
        intention = asked if is_intention(asked) else ""
        stored = open_draft(work, intention) if intention else None
        if stored is not None:
            return self._from_draft(work, stored)
        intention = intention or new_intention()
        if query.get("customer"):
            return _opened(work, intention, order_desk(work, query["customer"]))
        if "new" in query:
            return _opened(work, intention, None, query)
        if query.get("phone"):
            found = by_phone(work, query["phone"])
            if len(found) == 1:
                return _opened(work, intention, order_desk(work, found[0].code))
            if not len(found):
                return _opened(work, intention, None, query)
        return None

    def _from_draft(self, work: Work, stored: Draft) -> Opened:
        content = stored.content
        known = content.get("customer")
        code = known.get("code") if isinstance(known, dict) else None
        fresh = _opened(work, stored.intention, order_desk(work, code) if code else None)
        typed, was = tidy(content), content.get("was")
        if fresh.kind == "own" and isinstance(was, dict):
            # What was not touched follows the customer as they are now.
            for name in (*CUSTOMER_FIELDS, "phones"):
                if typed[name] == was.get(name):
                    typed[name] = fresh.was[name]
        return replace(fresh, typed=typed, version=stored.version, saved_at=stored.saved_at)

    async def arrive(self, query: Mapping[str, str]) -> None:
        self.visit = replace(self.visit, query=query)
        data = await self.run(self.read)
        self._visits += 1
        self.done = None
        self.present(data)

    async def refresh(self) -> None:
        if isinstance(self.shown, Opened):
            self._show()  # what is typed is not read again under the hands
            return
        await super().refresh()

    def present(self, data: Shown) -> None:
        self.shown = data
        if isinstance(data, Opened):
            self.visit = replace(self.visit, query=self.lasting_query)
        self._show()

    # Showing

    def _show(self) -> None:
        finding = isinstance(self.shown, Finding)
        with pn.io.hold():
            self.places[0].visible, self.places[1].visible = finding, not finding
            if isinstance(self.shown, Finding):
                self._show_search(self.shown)
            else:
                self._show_form(self.shown)

    def _heading(self) -> str:
        say = self.texts
        if self.done is not None:
            return say("orders.saved_title")
        if isinstance(self.shown, Opened) and self.shown.desk:
            return say("orders.for", name=self.shown.desk.name)
        return say("orders.for_new")

    def _show_search(self, finding: Finding) -> None:
        say = self.texts
        self.head.draw(
            title=say("page.orders"),
            line=say("orders.find.lead"),
            actions=[
                *(
                    []
                    if self.me.role is Role.TELEMARKETER
                    else [{"label": say("page.courier"), "do": "courier", "url": "courier"}]
                ),
                {"label": say("orders.new"), "do": "new", "icon": "plus", "primary": True, "tip": "n"},
            ],
        )
        line = say("orders.find.hint")
        if finding.problem is not None:
            line = say.error(finding.problem)
        elif finding.draft_gone:
            line = say("orders.draft.gone")
        elif finding.unowned:
            line = f"{line} {say('orders.find.unowned', count=finding.unowned)}"
        self.search.draw(
            visit=f"find-{self._visits}",
            q=finding.q,
            line=line,
            drafts=[self._draft(draft) for draft in finding.drafts],
            new_url="orders?new=1",
            words={
                **{
                    name: say(f"orders.find.{name}")
                    for name in ("search", "placeholder", "found", "drafts", "action", "claim")
                },
                "columns": say.starting_with("orders.find.columns"),
            },
        )

    def _draft(self, draft: DraftLine) -> dict[str, Any]:
        say = self.texts
        name = draft.customer_name or say("orders.draft.nobody")
        return {
            "intention": draft.intention,
            "text": say("orders.draft.continue", name=name, pieces=say("orders.draft.lines", count=draft.lines)),
            "line": self._when(draft.saved_at),
            "discard": say("orders.draft.discard", name=name),
            "url": f"orders?{urlencode({'draft': draft.intention})}",
        }

    def _when(self, at: datetime) -> str:
        there = at.astimezone(self.me.now.tzinfo)
        clock = self.texts.clock(there.time())
        return clock if there.date() == self.me.today else f"{self.texts.near(there.date(), self.me.today)} {clock}"

    def _show_form(self, opened: Opened) -> None:
        say, desk = self.texts, opened.desk
        self.head.draw(title=self._heading(), line="", actions=[])
        self.fields.draw(
            visit=f"form-{opened.intention}-{self._visits}",
            intention=opened.intention,
            kind=opened.kind,
            user=self.me.username,
            who=desk and self._who(desk),
            typed=opened.typed,
            kept=say("orders.draft.kept", at=self._when(opened.saved_at)) if opened.saved_at else "",
            addresses=[
                {name: getattr(each, name) or "" for name in ("address", "city", "province", "postcode")}
                for each in (desk.addresses if desk else ())
            ],
            options={
                "payment": payment_options(say),
                "channel": channel_options(say),
                "source": options(
                    ((str(each.id), source_name(each)) for each in opened.choices.sources), say("orders.choose")
                ),
                "ship_to": self._ship_to(opened),
                "owner": options(opened.choices.telemarketers, say("orders.nobody_yet"))
                if opened.kind == "new" and self.me.role is not Role.TELEMARKETER
                else None,
            },
            done=self.done and self._done(self.done),
            words=form_words(say, say("orders.title"), nobodys=desk is not None and desk.owner_name is None),
        )

    def _who(self, desk: OrderDesk) -> dict[str, Any]:
        say = self.texts
        return {
            "code": desk.code,
            "name": desk.name,
            "url": None if desk.reduced else f"customer?{urlencode({'code': desk.code})}",
            "line": (desk.city or "") if desk.reduced else "",
            "owner": self._owner(desk.owner_name, mine=desk.owner_is_me),
            "warning": say("orders.do_not_call") if desk.do_not_call else "",
        }

    def _owner(self, name: str | None, *, mine: bool) -> str:
        if mine:
            return ""
        return self.texts("orders.find.owned", name=name.split()[0]) if name else self.texts("orders.find.nobody")

    def _ship_to(self, opened: Opened) -> list[dict[str, str]]:
        known = [
            (str(place), ", ".join(part for part in (each.address, each.city) if part))
            for place, each in enumerate(opened.desk.addresses if opened.desk else ())
            if each.used_at is not None
        ]
        say = self.texts
        return options([("", say("orders.ship_to.customer")), *known, ("other", say("orders.ship_to.other"))])

    def _done(self, done: Done) -> dict[str, Any]:
        say = self.texts
        lines = [say("orders.done.total", name=done.customer, total=done.total)]
        if done.by_door:
            lines.append(say("orders.done.by_door"))
        for due in sorted(set(done.follow_ups)):
            lines.append(say("orders.done.follow_up", day=say.full_date(due), near=say.near(due, self.me.today)))
        return {
            "title": say("orders.done.again" if done.again else "orders.done.title", number=done.number),
            "lines": lines,
            "links": [
                *(
                    [{"key": "call", "label": say("orders.done.call"), "url": "telephone", "primary": True, "tip": "t"}]
                    if done.calling
                    else []
                ),
                {
                    "key": "see",
                    "label": say("orders.done.see"),
                    "url": f"order?{urlencode({'number': done.number})}",
                    "primary": not done.calling,
                },
                {"key": "next", "label": say("orders.done.next"), "url": "orders"},
                {"key": "whatsapp", "label": say("orders.done.whatsapp"), "url": done.whatsapp, "outside": True},
            ],
        }

    # The search

    async def _on_head(self, message: dict[str, Any]) -> None:
        if message.get("do") == "new":
            await self._go({"new": "1"})

    async def _go(self, query: Mapping[str, str]) -> None:
        try:
            await self.arrive(query)
            self.moved()
        except Refused as refused:
            self.refuse(refused)

    async def _on_search(self, message: dict[str, Any]) -> None:
        try:
            match message:
                case {"do": "search", "text": str(text), "number": int(number)}:
                    await self._find(text[:LONGEST_SEARCH], number)
                case {"do": "claim", "id": int(customer_id)}:
                    await self._claim(customer_id)
                case {"do": "discard", "intention": str(intention)}:
                    await self._discard(intention)
        except Refused as refused:
            self.refuse(refused)

    async def _find(self, text: str, number: int) -> None:
        self._asked = max(self._asked, number) if number > 1 else number
        if not text.strip():
            self.search.found(number, [], line=self.search.state["line"], new=None)
            return
        try:
            found, rule = await self.run(_find, text)
        except Refused as refused:
            self.search.refused(number, refused.sentence)
            if refused.gone:
                raise
            return
        say = self.texts
        if found.throttled:
            line = say("orders.find.throttled")
        elif not len(found):
            line = say("orders.find.nothing", text=text.strip())
        elif found.more:
            line = say("orders.find.more", count=len(found))
        else:
            line = say("orders.find.count", count=len(found))
        self.search.found(number, [self._row(each, rule) for each in found], line=line, new=self._new(text.strip()))

    def _row(self, found: FoundCustomer, rule: ActivityRule) -> dict[str, Any]:
        say = self.texts
        ownerless = found.reduced and found.owner_name is None
        return {
            "id": found.id,
            "code": found.code,
            "name": found.name,
            "city": found.city or "",
            "phone": found.phone or "",
            "status": say.status(found.status, rule) if found.status else "",
            "tone": TONES[found.status] if found.status else "",
            "last": say.near(found.last_activity, self.me.today) if found.last_activity else "",
            "last_full": say.full_date(found.last_activity) if found.last_activity else "",
            "owner": self._owner(found.owner_name, mine=found.owner_is_me),
            "reduced": found.reduced,
            "url": f"orders?{urlencode({'customer': found.code})}",
            "claim": say("orders.find.claim_tip", name=found.name) if ownerless else "",
        }

    def _new(self, text: str) -> dict[str, str]:
        is_phone = sum(sign.isdigit() for sign in text) >= 5 and not any(sign.isalpha() for sign in text)
        query = {"new": "1", "phone" if is_phone else "name": text}
        words = "orders.find.new_phone" if is_phone else "orders.find.new_name"
        return {"label": self.texts(words, text=text), "url": f"orders?{urlencode(query)}"}

    async def _claim(self, customer_id: int) -> None:
        claimed = await self.run(claim_next, customer_id)
        if claimed is not None:
            self.toasts.say(self.texts("orders.find.claimed", name=claimed.name))
            await self._go({"customer": claimed.code})

    async def _discard(self, intention: str) -> None:
        draft = await self.run(_take_away, intention)

        async def undo() -> None:
            try:
                if draft is not None:
                    await self.run(save_draft, draft.intention, draft.content, version=0)
                await self._back_in_list()
            except Refused as refused:
                self.refuse(refused)

        self.toasts.say(self.texts("orders.draft.discarded"), undo=undo, undo_label=self.texts("shell.undo"))
        await self._back_in_list()

    async def _back_in_list(self) -> None:
        """Read the drafts again, where they are on show; what is being searched stays."""
        if isinstance(self.shown, Finding):
            self.shown = replace(self.shown, drafts=await self.run(my_drafts))
            self._show()

    # The form

    async def _on_form(self, message: dict[str, Any]) -> None:
        opened = self.shown
        if not isinstance(opened, Opened):
            return
        try:
            match message:
                case {"do": "draft", "intention": opened.intention, "typed": dict(typed), "number": int(number)}:
                    await self._keep(opened.intention, tidy(typed), number)
                case {"do": "price", "lines": list(lines), "shipping": str(shipping), "number": int(number)}:
                    await self._price(tidy({"lines": lines})["lines"], shipping, number)
                case {"do": "products", "text": str(text), "number": int(number)}:
                    await self._products(text[:LONGEST_SEARCH], number)
                case {"do": "alike", "typed": dict(typed), "number": int(number)}:
                    await self._alike(tidy(typed), number)
                case {"do": "use", "intention": opened.intention, "code": str(code), "typed": dict(typed)}:
                    await self._use(code, tidy(typed))
                case {"do": "save", "intention": opened.intention, "typed": dict(typed)}:
                    await self._save(tidy(typed), sure=message.get("sure") is True)
                case {"do": "leave"}:
                    await self._go({})
                case {"do": "anew"}:
                    await self._go(self.lasting_query)
        except Refused as refused:
            self.refuse(refused)

    async def _keep(self, intention: str, typed: dict[str, Any], number: int) -> None:
        async with self._writing:
            opened = self.shown
            if not isinstance(opened, Opened) or opened.intention != intention or self.done is not None:
                return
            try:
                kept = await self.run(save_draft, intention, _content(opened, typed), version=opened.version)
            except Refused as refused:
                self._not_kept(opened, refused, number)
                return
            self.shown = replace(opened, version=kept.version, saved_at=kept.saved_at)
        self.fields.kept(number, self.texts("orders.draft.kept", at=self._when(kept.saved_at)))

    def _not_kept(self, opened: Opened, refused: Refused, number: int) -> None:
        say, why = self.texts, refused.__cause__
        if isinstance(why, DraftChanged):
            # Told once; who types on after that keeps what they type.
            at = self._when(why.stored.saved_at)
            self.shown = replace(opened, version=why.stored.version)
            self.fields.kept(number, say("orders.draft.not_kept"), wrong=True)
            self.fields.answer(opened.intention, changed=say("orders.draft.changed", at=at))
        elif isinstance(why, DraftOrdered):
            self.fields.kept(number, say("orders.draft.ordered", number=why.facts["number"]), wrong=True)
        else:
            self.fields.kept(number, refused.sentence, wrong=True)
            if refused.gone:
                raise refused

    async def _price(self, lines: list[dict[str, Any]], shipping: str, number: int) -> None:
        reading = read_lines(lines, shipping, self.texts)
        priced = await self.run(price_order, reading.lines, shipping_cost=reading.shipping_cost)
        self.fields.priced(number, priced_words(self.texts, reading, priced))

    async def _products(self, text: str, number: int) -> None:
        found = await self.run(find_products, text)
        say = self.texts
        self.fields.products(number, product_rows(say, found), say("orders.no_product", text=text.strip()))

    async def _alike(self, typed: dict[str, Any], number: int) -> None:
        reading = read_form(typed, self.texts)
        try:
            found: Iterable[FoundCustomer] = await self.run(
                possible_duplicates,
                phones=[phone for phone in typed["phones"] if sum(sign.isdigit() for sign in phone) >= 6],
                name=typed["name"],
                birth_date=reading.birth,
                city=typed["city"] or None,
            )
        except Refused as refused:
            if refused.gone:
                raise
            found = ()  # half a number is none: saving says what cannot be read
        self.fields.alike(number, [self._twin(each) for each in found])

    def _twin(self, found: FoundCustomer) -> dict[str, str]:
        facts = (found.code, found.city, found.phone, self._owner(found.owner_name, mine=found.owner_is_me))
        return {
            "code": found.code,
            "name": found.name,
            "line": " · ".join(part for part in facts if part),
            "use": self.texts("orders.alike.use_name", name=found.name),
        }

    async def _use(self, code: str, typed: dict[str, Any]) -> None:
        """Go on with a customer who is known already; whatever was typed goes along."""
        opened = self.shown
        assert isinstance(opened, Opened)
        fresh = await self.run(_opened_for, opened.intention, code)
        merged = merged_into(fresh, typed)
        self.shown = replace(fresh, typed=merged, version=opened.version, saved_at=opened.saved_at)
        self._visits += 1
        self._show()
        self.moved(again=True)
        await self._keep(opened.intention, merged, 0)

    # Saving

    async def _save(self, typed: dict[str, Any], *, sure: bool) -> None:
        async with self._writing:
            opened = self.shown
            if not isinstance(opened, Opened):
                return
            if self.done is not None:
                self._show()
                return
            reading = read_form(typed, self.texts)
            if reading.wrong:
                self.fields.answer(opened.intention, reading.wrong)
                return
            try:
                done = await self.run(_take, opened, typed, reading, sure=sure, say=self.texts)
            except Refused as refused:
                await self._not_saved(opened, typed, reading, refused)
                return
            self.done = done
            self._show()
            self.moved(again=True)
        if self._on_change is not None:
            await self._on_change()

    async def _not_saved(self, opened: Opened, typed: dict[str, Any], reading: Reading, refused: Refused) -> None:
        why = refused.__cause__
        if isinstance(why, PossibleDuplicate):
            self.fields.alike(-1, [self._twin(each) for each in why.found])
            self.fields.answer(opened.intention, {"because": self.texts("orders.alike.needed")})
        else:
            await answer_refusal(self, self.fields, opened.intention, typed, reading, refused)


def merged_into(fresh: Opened, typed: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed for somebody new, taken over for a customer who turned out to be known.

    What is on record stays; what is not is filled in; another address becomes this order's.
    """
    merged = {**typed, "because": "", "owner": ""}
    address = {name: typed[name] for name in ("address", "city", "province", "postcode")}
    if fresh.kind == "door":
        blank = empty_form()
        for name in (*CUSTOMER_FIELDS, "phones"):
            merged[name] = blank[name]
        merged["ship_to"] = "other"
        for name, value in address.items():
            merged[f"ship_{name}"] = typed[f"ship_{name}"] or value
        merged["ship_phone"] = typed["ship_phone"] or typed["phones"][0]
        return merged
    for name in ("name", "birth", "email"):
        merged[name] = fresh.typed[name] or typed[name]
    known = {_digits(phone) for phone in fresh.typed["phones"]}
    new = [phone for phone in typed["phones"] if phone.strip() and _digits(phone) not in known]
    merged["phones"] = [phone for phone in [*fresh.typed["phones"], *new] if phone] or [""]
    own = {name: fresh.typed[name] for name in address}
    if not own["address"]:
        merged |= {name: value or own[name] for name, value in address.items()}
    else:
        merged |= own
        if address["address"] and address != own and not typed["ship_to"]:
            merged["ship_to"] = "other"
            merged |= {f"ship_{name}": value for name, value in address.items()}
    return merged


def _digits(phone: str) -> str:
    return "".join(sign for sign in phone if sign.isdigit()).removeprefix("62").removeprefix("0")


# One gesture each


def _find(work: Work, text: str) -> tuple[CustomersFound, ActivityRule]:
    return find_customers(work, text), work.rules.activity


def _take_away(work: Work, intention: str) -> Draft | None:
    draft = open_draft(work, intention)
    discard_draft(work, intention)
    return draft


def _opened_for(work: Work, intention: str, code: str) -> Opened:
    return _opened(work, intention, order_desk(work, code))


def _opened(work: Work, intention: str, desk: OrderDesk | None, query: Mapping[str, str] | None = None) -> Opened:
    """A form with what is known of its customer in it."""
    typed = empty_form()
    choices = form_choices(work)
    if desk is None:
        query = query or {}
        typed["name"] = query.get("name", "")[:200]
        typed["phones"] = [query.get("phone", "")[:40]]
        kind = "new"
    elif desk.reduced:
        kind = "door"
        typed["ship_to"] = "other"
    else:
        kind = "own"
        for name in ("name", "email", "address", "city", "province", "postcode"):
            typed[name] = getattr(desk, name) or ""
        typed["birth"] = show_birth(desk.birth_date)
        typed["phones"] = list(desk.phones) or [""]
    was = {name: typed[name] for name in (*CUSTOMER_FIELDS, "phones")}
    return Opened(intention, kind, desk, typed, was, choices)


def _content(opened: Opened, typed: Mapping[str, Any]) -> dict[str, Any]:
    """A draft: the form, and what tells it apart in a list."""
    desk = opened.desk
    customer = {"name": desk.name if desk else typed["name"], "code": desk.code if desk else None}
    return {**typed, "customer": customer, "was": opened.was}


def _take(work: Work, opened: Opened, typed: dict[str, Any], reading: Reading, *, sure: bool, say: Texts) -> Done:
    """Take the order, by the way that its customer asks for, and say what comes next."""
    values = order_values(typed, reading, sure=sure)
    desk = opened.desk
    if desk is None:
        customer = CustomerForm(
            name=typed["name"],
            phones=[phone for phone in typed["phones"] if phone.strip()],
            birth_date=reading.birth,
            owner=typed["owner"] or None,
            why_new=typed["because"] or None,
            **{name: typed[name] or None for name in ("email", "address", "city", "province", "postcode")},
        )
        form = OrderForm(customer_id=0, intention=opened.intention, **values)
        made = take_order_for_new(work, customer, form)
        saved = Saved(made.number, made.follow_ups, made.again)
    elif opened.kind == "door":
        form = OrderForm(customer_id=0, intention=opened.intention, **values)
        through = take_door_order(work, desk.code, form)
        saved = Saved(through.number, again=through.again)
    else:
        assert desk.id is not None
        form = OrderForm(customer_id=desk.id, intention=opened.intention, **values)
        made = take_order_with_changes(work, form, _changes(opened, typed, reading), desk.version)
        saved = Saved(made.number, made.follow_ups, made.again)
    card = order_card(work, saved.number)
    return Done(
        saved.number,
        card.customer.name,
        saved.follow_ups,
        card.by_door,
        saved.again,
        say.money(card.total, card.currency),
        whatsapp_link(work, card),
        calling=call_day(work).running,
    )


def _changes(opened: Opened, typed: Mapping[str, Any], reading: Reading) -> dict[str, Any]:
    """Which of the customer's own data are other than they were."""
    changes: dict[str, Any] = {}
    for name in CUSTOMER_FIELDS:
        if typed[name] != opened.was[name]:
            changes["birth_date" if name == "birth" else name] = reading.birth if name == "birth" else typed[name]
    phones = [phone for phone in typed["phones"] if phone.strip()]
    if phones != [phone for phone in opened.was["phones"] if phone.strip()]:
        changes["phones"] = phones
    return changes
