"""Find a customer or a product while typing.

Names are compared `folded`: no case, no accents, any words of the name in any order, each by any
part of it. A telemarketer finds own customers this way, and a few of the others through the narrow
door (`queries/door.py`); managers and admins find everybody. Nothing here grows with the table:
see `_by_name`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from ecrm_core.crm import Work
from ecrm_core.errors import InvalidValue
from ecrm_core.models import Category, Customer, CustomerPhone, CustomerSearch, Employee, Product
from ecrm_core.phones import mask_phone, parse_phone, show_phone
from ecrm_core.queries.asked import LONGEST, MOST_WORDS, Asked, indexed
from ecrm_core.queries.door import DOOR_ROWS, Look, look_through
from ecrm_core.rules import ActivityStatus

SHOWN = 20
"""Rows of an answer."""
SORTED = 5_000
"""Matches that are put in order as a whole; where there are more, they lie so close that walking is quicker."""
MOST_HOLDERS = 200
"""Customers of one number that are looked at."""


@dataclass(frozen=True)
class FoundCustomer:
    """A customer in a search. Of those who are not one's own (`reduced`): masked phone, no activity."""

    id: int
    code: str
    name: str
    city: str | None
    phone: str | None
    last_activity: date | None
    status: ActivityStatus | None
    owner_name: str | None
    owner_is_me: bool
    reduced: bool


@dataclass(frozen=True)
class CustomersFound:
    """The answer to a search, best first; goes round like the list of its rows."""

    rows: Sequence[FoundCustomer] = ()
    more: bool = False
    """There are others; a longer text narrows them down."""
    throttled: bool = False
    """Too many looks at other people's customers in a minute: only own ones were searched."""
    door: int = 0
    """How many rows came through the narrow door."""

    def __iter__(self) -> Iterator[FoundCustomer]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> FoundCustomer:
        return self.rows[place]


@dataclass(frozen=True)
class FoundProduct:
    """A product on sale. `stock` none means nobody counts its pieces."""

    id: int
    code: str
    name: str
    price: Decimal
    currency: str
    stock: int | None
    category: str | None


def find_customers(work: Work, text: str, *, limit: int = SHOWN) -> CustomersFound:
    """Customers whose name, code or phone this could be; the likeliest first, in a stable order.

    An exact code or complete phone comes first, then own customers, then names that begin with the
    text, names with a word that begins with it, and other fragments; then by name.

    Args:
        text: a part of the name, several in any order; a code (`C000123`, `c123`, `123`); a phone in
            any spelling, complete or its first five digits and more.
    """
    asked = Asked.of(work, text)
    if not asked.text:
        return CustomersFound()
    exact = _exactly(work, asked)
    by_name = _by_name if work.actor.is_staff else _own_by_name
    ids = _merged(exact, _by_phone_start(work, asked, limit + 1), by_name(work, asked, limit + 1))
    more = len(ids) > limit
    mine = described(work, ids[:limit])
    if work.actor.is_staff or more or not (asked.codes or asked.phone or asked.letters):
        return CustomersFound(mine, more)
    with look_through(work, asked.text) as look:
        if look is None:
            return CustomersFound(mine, throttled=True)
        outside = certain = _exactly(look.work, asked, others(work))
        if asked.letters:
            outside = _merged(certain, _by_name(look.work, asked, DOOR_ROWS + 1, others(work)))
        room = min(DOOR_ROWS, limit - len(mine))
        theirs = seen_through(look, outside[:room])
    first = {*exact, *certain}
    rows = sorted([*mine, *theirs], key=lambda row: row.id not in first)  # keeps the order otherwise
    return CustomersFound(rows, len(outside) > room, door=len(theirs))


def by_phone(work: Work, typed: str) -> CustomersFound:
    """Whose number this is: nobody, one customer, or several; a telephone system asks so on a call."""
    try:
        number = parse_phone(typed[:LONGEST], work.rules.phone_region)
    except InvalidValue:
        return CustomersFound()
    return having_phones(work, [number])


def having_phones(work: Work, numbers: Sequence[str], *, limit: int = SHOWN) -> CustomersFound:
    """The customers who have one of these numbers (E.164)."""
    ids = _with_numbers(work, numbers, limit + 1)
    mine = described(work, ids[:limit])
    if work.actor.is_staff:
        return CustomersFound(mine, len(ids) > limit)
    with look_through(work, " ".join(numbers)) as look:
        if look is None:
            return CustomersFound(mine, throttled=True)
        outside = _with_numbers(look.work, numbers, DOOR_ROWS + 1, others(work))
        theirs = seen_through(look, outside[:DOOR_ROWS])
    return CustomersFound([*mine, *theirs], len(outside) > DOOR_ROWS, door=len(theirs))


def find_products(work: Work, text: str, *, limit: int = SHOWN) -> list[FoundProduct]:
    """Products on sale with this in their code or name: exact code first, then as they begin, then by name."""
    words = text[:LONGEST].replace("\0", "").split()[:MOST_WORDS]
    if not words:
        return []
    whole = " ".join(words)
    rank = case(
        (func.lower(Product.code) == whole.lower(), 0),
        (Product.code.istartswith(whole, autoescape=True), 1),
        (Product.name.istartswith(whole, autoescape=True), 2),
        (Product.name.icontains(f" {whole}", autoescape=True), 3),
        else_=4,
    )
    rows = work.session.execute(
        select(Product.id, Product.code, Product.name, Product.price, Product.currency, Product.stock, Category.name)
        .outerjoin(Category, Category.id == Product.category_id)
        .where(
            Product.active,
            *(
                or_(Product.name.icontains(word, autoescape=True), Product.code.icontains(word, autoescape=True))
                for word in words
            ),
        )
        .order_by(rank, Product.name, Product.id)
        .limit(limit)
    )
    return [FoundProduct(*row) for row in rows]


def others(work: Work) -> ColumnElement[bool]:
    """Customers who are not the actor's own."""
    return or_(Customer.owner_id.is_(None), Customer.owner_id != work.employee_id)


def described(work: Work, ids: Sequence[int]) -> list[FoundCustomer]:
    """Customers one may see, in the order of their ids, with what a list shows of them."""
    rules = work.rules
    phones = _first_phones(work, ids)
    found = {}
    statement = _with_owner(Customer.last_activity_at).where(Customer.id.in_(ids))
    for row in work.session.execute(statement) if ids else ():
        last = rules.business_date(row.last_activity_at) if row.last_activity_at else None
        found[row.id] = FoundCustomer(
            id=row.id,
            code=row.code,
            name=row.name,
            city=row.city,
            phone=show_phone(phones[row.id], rules.phone_region) if row.id in phones else None,
            last_activity=last,
            status=rules.activity.status(last, as_of=work.today),
            owner_name=row.owner_name,
            owner_is_me=row.owner_id is not None and row.owner_id == work.actor.employee_id,
            reduced=False,
        )
    return [found[number] for number in ids if number in found]


def seen_through(look: Look, ids: Sequence[int]) -> list[FoundCustomer]:
    """Other people's customers in the reduced form, in the order of their ids; they go on record."""
    phones = _first_phones(look.work, ids)
    region = look.work.rules.phone_region
    found = {
        row.id: FoundCustomer(
            id=row.id,
            code=row.code,
            name=row.name,
            city=row.city,
            phone=mask_phone(phones[row.id], region) if row.id in phones else None,
            last_activity=None,
            status=None,
            owner_name=row.owner_name,
            owner_is_me=False,
            reduced=True,
        )
        for row in (look.work.session.execute(_with_owner().where(Customer.id.in_(ids))) if ids else ())
    }
    look.shown.extend(found[number].code for number in ids)
    return [found[number] for number in ids]


def _with_owner(*columns: Any) -> Select[Any]:
    owner = Employee.name.label("owner_name")
    statement = select(Customer.id, Customer.code, Customer.name, Customer.city, Customer.owner_id, owner, *columns)
    return statement.outerjoin(Employee, Employee.id == Customer.owner_id)


def _first_phones(work: Work, ids: Sequence[int]) -> dict[int, str]:
    """The number to call first of each customer."""
    if not ids:
        return {}
    rows = work.session.execute(
        select(CustomerPhone.customer_id, CustomerPhone.e164)
        .where(CustomerPhone.customer_id.in_(ids), CustomerPhone.wrong_at.is_(None))
        .order_by(CustomerPhone.position.desc(), CustomerPhone.id.desc())
    )
    return {row.customer_id: row.e164 for row in rows}


def _merged(*lists: Sequence[int]) -> list[int]:
    return list(dict.fromkeys(number for ids in lists for number in ids))


def _exactly(work: Work, asked: Asked, *only: ColumnElement[bool]) -> list[int]:
    """Whose code or complete phone this is."""
    ids: list[int] = []
    if asked.codes:
        statement = select(Customer.id).where(Customer.code.in_(asked.codes), _kept(), *only)
        ids.extend(work.session.scalars(statement.order_by(Customer.code, Customer.id)))
    if asked.phone:
        ids.extend(_with_numbers(work, [asked.phone], SHOWN, *only))
    return _merged(ids)


def _with_numbers(work: Work, numbers: Sequence[str], limit: int, *only: ColumnElement[bool]) -> list[int]:
    holders = select(CustomerPhone.customer_id).where(CustomerPhone.e164.in_(numbers)).limit(MOST_HOLDERS)
    return _in_order(work, list(work.session.scalars(holders)), only, Customer.search_name)[:limit]


def _by_phone_start(work: Work, asked: Asked, limit: int) -> list[int]:
    """Whose number begins so, by the number."""
    ids: list[int] = []
    for start in asked.phone_starts:
        # Numbers are digits, so all that begin so lie before the next digit.
        after = f"{start[:-1]}{chr(ord(start[-1]) + 1)}"
        numbers = (
            select(CustomerPhone.customer_id)
            .where(CustomerPhone.e164 >= start, CustomerPhone.e164 < after)
            .order_by(CustomerPhone.e164, CustomerPhone.customer_id)
            .limit(limit * 2)
        )
        ids.extend(work.session.scalars(numbers))
    ids = _merged(ids)
    kept = set(_in_order(work, ids, (), Customer.id))
    return [number for number in ids if number in kept][:limit]


def _in_order(work: Work, ids: Sequence[int], only: Sequence[ColumnElement[bool]], by: Any) -> list[int]:
    """Those of a few customers who fulfil the conditions."""
    if not ids:
        return []
    statement = select(Customer.id).where(Customer.id.in_(ids), _kept(), *only).order_by(by, Customer.id)
    return list(work.session.scalars(statement))


def _own_by_name(work: Work, asked: Asked, limit: int) -> list[int]:
    """A telemarketer's own, from the one index that holds owner and name."""
    statement = (
        select(Customer.id)
        # Any name is from the empty one on; this says which index to take. The trigram index is kept out of
        # it by an expression: PostgreSQL would read all of it for fewer than three letters.
        .where(
            Customer.owner_id == work.employee_id,
            Customer.search_name >= "",
            *(Customer.search_name.concat("").contains(word, autoescape=True) for word in asked.words),
            _kept(),
        )
        .order_by(_rank(asked), Customer.search_name, Customer.id)
        .limit(limit)
    )
    return list(work.session.scalars(statement))


def _by_name(work: Work, asked: Asked, limit: int, *only: ColumnElement[bool]) -> list[int]:
    """Everybody whose name this could be. Each step reads a bounded number of rows.

    Names that begin so are read in their order from the index of names. Fragments come from the
    trigram index where there are few enough to be put in order; where there are many, names are
    gone through in their order until there are enough.
    """
    begin = (
        select(Customer.id, Customer.search_name)
        .where(Customer.search_name >= asked.text, _kept(), *only)
        .order_by(Customer.search_name, Customer.id)
        .limit(limit)
    )
    ids = [row.id for row in work.session.execute(begin) if row.search_name.startswith(asked.text)]
    if len(ids) >= limit or not asked.indexed:
        return ids
    found, complete = _by_fragments(work, asked, asked.words, limit, only)
    if not complete:
        if len(asked.words) == 1:
            begins = [f" {asked.text}"]
            found, complete = _by_fragments(work, asked, begins, limit, only)
            ids = _merged(ids, found if complete else _walked(work, begins, limit, only))
        found = _walked(work, asked.words, limit, only) if len(ids) < limit else []
    return _merged(ids, found)[:limit]


def _by_fragments(
    work: Work, asked: Asked, parts: Sequence[str], limit: int, only: Sequence[ColumnElement[bool]]
) -> tuple[list[int], bool]:
    """Names with all these parts, in order, from the trigram index, and whether these are all."""
    # On its own and with a limit, so that PostgreSQL does not give the index up for the other conditions.
    matches = (
        select(CustomerSearch.id)
        .where(*(CustomerSearch.search_name.like(f"%{part}%") for part in indexed(parts)))
        .limit(SORTED + 1)
        .cte("matches")
    )
    many = select(func.count()).select_from(matches).scalar_subquery()
    rows = work.session.execute(
        select(Customer.id, many.label("many"))
        .join(matches, matches.c.id == Customer.id)
        .where(*_fragments(parts), _kept(), *only)
        .order_by(_rank(asked), Customer.search_name, Customer.id)
        .limit(limit)
    ).all()
    read = rows[0].many if rows else work.session.scalar(select(func.count()).select_from(matches)) or 0
    return [row.id for row in rows], read <= SORTED


def _walked(work: Work, words: Sequence[str], limit: int, only: Sequence[ColumnElement[bool]]) -> list[int]:
    statement = (
        select(Customer.id)
        .where(Customer.search_name >= "", *_fragments(words), _kept(), *only)
        .order_by(Customer.search_name, Customer.id)
        .limit(limit)
    )
    return list(work.session.scalars(statement))


def _kept() -> ColumnElement[bool]:
    """Not merged into somebody else. Without the + 0, SQLite looks this up in an index, and reads everybody."""
    return (Customer.merged_into_id + 0).is_(None)


def _fragments(words: Sequence[str]) -> list[ColumnElement[bool]]:
    return [Customer.search_name.contains(word, autoescape=True) for word in words]


def _rank(asked: Asked) -> ColumnElement[int]:
    words = and_(*(_begins_a_word(word) for word in asked.words))
    return case((Customer.search_name.startswith(asked.text, autoescape=True), 1), (words, 2), else_=3)


def _begins_a_word(word: str) -> ColumnElement[bool]:
    return or_(
        Customer.search_name.startswith(word, autoescape=True),
        Customer.search_name.contains(f" {word}", autoescape=True),
    )
