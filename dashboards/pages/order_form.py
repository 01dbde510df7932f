"""What the order form's fields mean: read as people type, and written back as they read."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from dashboards.page import Page, Refused
from dashboards.parts.order_form import OrderFields
from dashboards.typed import money_as_typed, parse_money
from ecrm_core.crm import Work
from ecrm_core.errors import ChangedMeanwhile, EcrmError, InvalidValue
from ecrm_core.models.orders import OrderChannel, PaymentMethod
from ecrm_core.models.people import Language
from ecrm_core.phones import parse_phone
from ecrm_core.queries.search import FoundProduct
from ecrm_core.services.customers import BirthDate
from ecrm_core.services.desk import FormSource
from ecrm_core.services.orders import (
    LineForm,
    OrderCard,
    PricedOrder,
    StockTooLow,
    confirmation_text,
    price_order,
)
from ecrm_core.texts import Texts

INTENTION = re.compile(r"[A-Za-z0-9_-]{16,64}")
TEXT_FIELDS = (
    *("name", "birth", "email", "address", "city", "province", "postcode", "owner", "because"),
    *("ship_to", "ship_name", "ship_phone", "ship_address", "ship_city", "ship_province", "ship_postcode"),
    *("payment", "shipping", "source", "channel", "note"),
)
LINE_FIELDS = ("key", "id", "code", "name", "quantity", "price", "discount")
MOST_LINES = 200
MOST_PHONES = 20
MOST_SIGNS = 4000

# How the core names a field, and which field of the form that is.
FIELD_OF = {
    "birth_date": "birth",
    "phone": "phone.0",
    "phones": "phone.0",
    "reason": "because",
    "why_new": "because",
    "shipping_cost": "shipping",
    "source": "source",
    "heard_from": "source",
    "heard_from_id": "source",
    "payment_method": "payment",
    "lines": "product",
    "product": "product",
}
LINE_FIELD_OF = {"unit_price": "price", "amount": "price", "discount_percent": "discount"}


def new_intention() -> str:
    """A key for one form: the order made from it carries the same."""
    return secrets.token_urlsafe(18)


def is_intention(text: str) -> bool:
    """Whether this could be such a key."""
    return INTENTION.fullmatch(text) is not None


def empty_form() -> dict[str, Any]:
    """A form with nothing in it."""
    return dict.fromkeys(TEXT_FIELDS, "") | {"phones": [""], "lines": [], "channel": str(OrderChannel.PHONE)}


def tidy(raw: Any) -> dict[str, Any]:
    """A form as a browser or a draft gives it, with nothing in it but what a form has."""
    given: Mapping[str, Any] = raw if isinstance(raw, dict) else {}
    form = empty_form()
    for name in TEXT_FIELDS:
        if isinstance(given.get(name), str):
            form[name] = given[name][:MOST_SIGNS]
    phones = given.get("phones")
    if isinstance(phones, list):
        form["phones"] = [text[:64] for text in phones[:MOST_PHONES] if isinstance(text, str)] or [""]
    lines = given.get("lines")
    if isinstance(lines, list):
        form["lines"] = [_tidy_line(line, place) for place, line in enumerate(lines[:MOST_LINES], 1) if _is_line(line)]
    return form


def _is_line(line: Any) -> bool:
    return isinstance(line, dict) and isinstance(line.get("id"), int)


def _tidy_line(line: Mapping[str, Any], place: int) -> dict[str, Any]:
    texts = {name: str(line.get(name) or "")[:200] for name in LINE_FIELDS if name != "id"}
    tidied: dict[str, Any] = {
        **texts,
        "id": line["id"],
        "key": texts["key"] if texts["key"].isdecimal() else str(place),
    }
    if isinstance(line.get("line_id"), int):
        tidied["line_id"] = line["line_id"]
    return tidied


class Unreadable(Exception):
    """What stands in a field cannot be read; `reason` is a key under `orders.unreadable`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_amount(typed: str) -> Decimal | None:
    """An amount; nothing is none.

    Raises:
        Unreadable: no amount.
    """
    try:
        return parse_money(typed)
    except ValueError:
        raise Unreadable("money") from None


def read_discount(typed: str) -> tuple[Decimal, Decimal | None]:
    """A discount as an amount, or as a part in percent: `50000`, `10%`, `7,5 %`.

    Raises:
        Unreadable: neither.
    """
    text = typed.strip()
    if not text.endswith("%"):
        return read_amount(text) or Decimal(0), None
    try:
        percent = Decimal(text[:-1].strip().replace(",", "."))
    except InvalidOperation:
        raise Unreadable("percent") from None
    if not percent.is_finite() or not 0 <= percent <= 100:
        raise Unreadable("percent")
    return Decimal(0), percent


def read_quantity(typed: str) -> int:
    """A number of pieces.

    Raises:
        Unreadable: not a whole number.
    """
    text = typed.strip().replace(".", "")
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise Unreadable("quantity")
    return int(text)


def read_birth(typed: str) -> BirthDate | None:
    """A birth date as people type it: `3-12-1979`, `03/12/1979`, `3.12` where the year is unknown, `1979-12-03`.

    Raises:
        Unreadable: no such spelling; whether that day exists is for the core to say.
    """
    text = typed.strip()
    if not text:
        return None
    parts = re.fullmatch(r"([0-9]{1,4})[-/. ]([0-9]{1,2})(?:[-/. ]([0-9]{1,4}))?", text)
    if parts is None:
        raise Unreadable("birth")
    first, month, last = parts[1], int(parts[2]), parts[3]
    if len(first) == 4 and last is not None and len(last) <= 2:
        return int(first), month, int(last)
    if len(first) > 2 or (last is not None and len(last) != 4):
        raise Unreadable("birth")
    return (int(last) if last else None), month, int(first)


def show_birth(birth: BirthDate | None) -> str:
    """The same, written back."""
    if birth is None:
        return ""
    year, month, day = birth
    return f"{day:02}-{month:02}-{year}" if year else f"{day:02}-{month:02}"


def show_typed_money(amount: Decimal, say: Texts) -> str:
    """An amount as it stands in a field: `499.000`; nothing for nothing. Never three decimals, which part thousands."""
    if amount == 0:
        return ""
    return money_as_typed(amount, say.language)


@dataclass
class Reading:
    """A form read into values, and what could not be read, by field."""

    lines: list[LineForm] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    """Key of each line of `lines`."""
    shipping_cost: Decimal = Decimal(0)
    birth: BirthDate | None = None
    wrong: dict[str, str] = field(default_factory=dict)


def read_lines(lines: Sequence[Mapping[str, Any]], shipping: str, say: Texts) -> Reading:
    """The lines and what shipping costs; those that cannot be read are named in `wrong`."""
    reading = Reading()

    def read(name: str, function: Any, typed: str) -> Any:
        try:
            return function(typed)
        except Unreadable as error:
            reading.wrong[name] = say(f"orders.unreadable.{error.reason}")
            return None

    for line in lines:
        start = f"line.{line['key']}"
        quantity = read(f"{start}.quantity", read_quantity, line["quantity"])
        price = read(f"{start}.price", read_amount, line["price"])
        discount = read(f"{start}.discount", read_discount, line["discount"])
        if quantity is None or discount is None or f"{start}.price" in reading.wrong:
            continue
        amount, percent = discount
        reading.keys.append(line["key"])
        reading.lines.append(LineForm(line["id"], quantity, price, amount, percent, line.get("line_id")))
    reading.shipping_cost = read("shipping", read_amount, shipping) or Decimal(0)
    return reading


def read_form(typed: Mapping[str, Any], say: Texts) -> Reading:
    """The whole form."""
    reading = read_lines(typed["lines"], typed["shipping"], say)
    try:
        reading.birth = read_birth(typed["birth"])
    except Unreadable as error:
        reading.wrong["birth"] = say(f"orders.unreadable.{error.reason}")
    return reading


def field_of(error: EcrmError, typed: Mapping[str, Any]) -> str | None:
    """Beside which field a refusal stands; none where it belongs to no field."""
    if not isinstance(error, InvalidValue):
        return None
    name = error.field
    if name == "phone":
        phones = typed["phones"]
        value = error.facts.get("value")
        return (
            f"phone.{phones.index(value)}"
            if value in phones
            else "ship_phone"
            if value == typed["ship_phone"]
            else "phone.0"
        )
    if name in ("address", "city", "province", "postcode", "name") and typed["ship_to"]:
        return f"ship_{name}"
    return FIELD_OF.get(name, name)


def line_field(error: InvalidValue) -> str:
    """Beside which field of its line a refusal stands."""
    name = LINE_FIELD_OF.get(error.field, error.field)
    return name if name in ("quantity", "price", "discount") else "product"


def options(values: Iterable[tuple[str, str]], empty: str | None = None) -> list[dict[str, str]]:
    """Choices of a select, with one for nothing in front where `empty` names it."""
    first = [] if empty is None else [{"value": "", "label": empty}]
    return first + [{"value": value, "label": label} for value, label in values]


def payment_options(say: Texts) -> list[dict[str, str]]:
    """How a customer may pay."""
    return options(((str(each), say(f"payment.{each}")) for each in PaymentMethod), say("orders.choose"))


def channel_options(say: Texts) -> list[dict[str, str]]:
    """Where an order comes in."""
    return options((str(each), say(f"order_channel.{each}")) for each in OrderChannel)


def form_words(say: Texts, title: str, *, nobodys: bool = False) -> dict[str, Any]:
    """The form's words, nested as its script asks for them; `nobodys` for a customer whom nobody looks after."""
    plain = (
        *("more_phones", "birth_hint", "product_hint", "discount_hint"),
        *("save", "save_hint", "saving", "leave", "sure", "unsure", "anew"),
    )
    return {
        "title": title,
        "door_hint": say("orders.door_hint_nobody" if nobodys else "orders.door_hint"),
        **{name: say(f"orders.{name}") for name in plain},
        **{name: say.starting_with(f"orders.{name}") for name in ("fields", "steps", "columns", "totals", "alike")},
    }


def stock_words(say: Texts, stock: int | None) -> str:
    """How many pieces are left; nothing where nobody counts them."""
    if stock is None:
        return ""
    return say("orders.stock", count=say.number(stock)) if stock else say("orders.stock_out")


def product_rows(say: Texts, found: Iterable[FoundProduct]) -> list[dict[str, Any]]:
    """Products as the form offers them."""
    return [
        {
            "id": each.id,
            "code": each.code,
            "name": each.name,
            "price": say.money(each.price, each.currency),
            "typed_price": show_typed_money(each.price, say) or "0",
            "stock": stock_words(say, each.stock),
            "empty": each.stock == 0,
        }
        for each in found
    ]


def priced_words(say: Texts, reading: Reading, priced: PricedOrder) -> dict[str, Any]:
    """What the lines come to, in words; the arithmetic is the core's."""
    lines: dict[str, dict[str, Any]] = {}
    for key, typed, line in zip(reading.keys, reading.lines, priced.lines, strict=True):
        problem = line.problem
        lines[key] = {
            "amount": "" if line.amount is None else say.money(line.amount, priced.currency),
            "stock": stock_words(say, line.stock),
            # A line that is being corrected has its pieces put aside already.
            "short": line.short and typed.line_id is None,
            "wrong": {line_field(problem): say.error(problem)} if problem is not None else {},
        }
    for name, sentence in reading.wrong.items():
        if name.startswith("line."):
            _, key, place = name.split(".")
            lines.setdefault(key, {"amount": "", "stock": "", "short": False, "wrong": {}})["wrong"][place] = sentence
    sums = [("subtotal", priced.subtotal), ("discount", -priced.discount), ("shipping", priced.shipping_cost)]
    shown = [[name, say.money(amount, priced.currency)] for name, amount in sums if amount or name == "subtotal"]
    return {
        "lines": lines,
        "sums": [*(shown if len(shown) > 1 else []), ["total", say.money(priced.total, priced.currency)]],
        "wrong_shipping": reading.wrong.get("shipping", ""),
    }


def source_name(source: FormSource) -> str:
    """A source as it is asked about: with station and time, where its name does not say them."""
    where = " ".join(part for part in (source.station, source.airs_at) if part and part not in source.name)
    return f"{source.name} ({where})" if where else source.name


def order_values(typed: Mapping[str, Any], reading: Reading, *, sure: bool) -> dict[str, Any]:
    """What every order form carries, whoever it is for."""
    elsewhere = bool(typed["ship_to"])
    return {
        "lines": reading.lines,
        "channel": OrderChannel(typed["channel"]) if typed["channel"] in set(OrderChannel) else OrderChannel.PHONE,
        "shipping_cost": reading.shipping_cost,
        **{
            f"ship_{name}": (typed[f"ship_{name}"] or None) if elsewhere else None
            for name in ("name", "phone", "address", "city", "province", "postcode")
        },
        "payment_method": PaymentMethod(typed["payment"]) if typed["payment"] in set(PaymentMethod) else None,
        "heard_from_id": int(typed["source"]) if typed["source"].isdecimal() else None,
        "note": typed["note"] or None,
        "source_required": True,
        "confirmed_stock": sure,
    }


async def answer_refusal(
    page: Page, fields: OrderFields, intention: str, typed: Mapping[str, Any], reading: Reading, refused: Refused
) -> None:
    """Say beside its field why an order was not saved, or ask what it depends on.

    Raises:
        Refused: the employee may not go on.
    """
    say, why = page.texts, refused.__cause__
    if isinstance(why, StockTooLow):
        short = [say("orders.short", name=each.name, left=each.left, wanted=each.wanted) for each in why.short]
        fields.answer(intention, ask=f"{'; '.join(short)}. {say('orders.short_sure')}")
    elif isinstance(why, ChangedMeanwhile):
        fields.answer(intention, changed=refused.sentence)
    elif isinstance(why, InvalidValue):
        priced = await page.run(price_order, reading.lines, shipping_cost=reading.shipping_cost)
        wrong = {
            f"line.{key}.{line_field(line.problem)}": say.error(line.problem)
            for key, line in zip(reading.keys, priced.lines, strict=True)
            if line.problem is not None
        }
        name = field_of(why, typed)
        if not wrong and name is not None:
            wrong = {name: refused.sentence}
        fields.answer(intention, wrong or None, told="" if wrong else refused.sentence)
    else:
        fields.answer(intention, told=refused.sentence)
        if refused.gone:
            raise refused


def whatsapp_link(work: Work, card: OrderCard) -> str:
    """A message to the customer with the order in it; they are written to in their own language."""
    number = "".join(sign for sign in _phone_of(work, card) if sign.isdigit())
    return f"https://wa.me/{number}?text={quote(confirmation_text(work, card, Language.INDONESIAN))}"


def _phone_of(work: Work, card: OrderCard) -> str:
    for typed in (card.ship_phone, card.customer.phone):
        if typed:
            try:
                return parse_phone(typed, work.rules.phone_region)
            except InvalidValue:
                continue
    return ""
