"""The customers list: searched, narrowed down, sorted and paged in SQL, also where there are a million.

A list is read in one of two ways. Where some filter leaves few (`DRIVEN`), its customers are taken
and put in order. Where every filter leaves many, the list is walked along an index in its own order
and each customer is asked the filters, until the page is full. What is told of the size is exact up to
`COUNTED`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import zip_longest
from typing import Any, Literal, TypeVar

import phonenumbers
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased

from ecrm_core.crm import Work
from ecrm_core.errors import InvalidValue
from ecrm_core.models import (
    Channel,
    Customer,
    CustomerPhone,
    CustomerSearch,
    Employee,
    FollowUp,
    Greeting,
    Interest,
    OrderLine,
    Product,
    Role,
    folded,
)
from ecrm_core.models.orders import FollowUpState
from ecrm_core.phones import parse_phone, show_phone
from ecrm_core.queries.activity import status_case
from ecrm_core.queries.counting import DERIVED_ORDERS, line_counts
from ecrm_core.rules import ActivityStatus, CompanyRules, birthday_in

PAGE = 50
"""Rows of a page."""
COUNTED = 10_000
"""How far customers are counted one by one."""
DRIVEN = 5_000
"""Rows that are put in order as a whole; where there are more, walking an index fills a page sooner."""
SIZED = 50_000
"""How far it is looked how many a filter leaves."""
DEAR = 1_000
"""How far they are counted where much is asked of each."""
GATHERED = 30_000
"""Lines of a category that are gone through to see who keeps buying in it."""
WALKED = 1_000
"""How far the place of a customer is counted in a list that is walked."""
TRIGRAM = 3
"""Letters from which the index of name fragments answers."""
PHONE_DIGITS = 4
MOST_WORDS = 6
LONGEST = 100
DIGITS = 10
"""Of the number of a category."""
CITIES = 2_000
"""Different cities looked at for a suggestion."""

NEAR = "near"
"""As the month of birthdays: those of these days."""
MISSED_DAYS = 3
COMING_DAYS = 7

NOBODY = "-"
"""As the owner: customers nobody looks after."""

Relation = Literal["bought", "interested"]
RELATIONS: tuple[Relation, ...] = ("bought", "interested")
SORTS = ("name", "code", "city", "phone", "activity", "status", "due", "owner")

_CODE = re.compile(r"[cC]?0*([0-9]{1,9})")
_PHONE = re.compile(r"\+?[0-9 ().\-/]+")

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class CustomerFilters:
    """What a list is narrowed by; nothing set means everybody one may see."""

    text: str = ""
    """A part of the name, several in any order; a code (`C000123`, `123`); a phone, or how one begins."""
    status: ActivityStatus | None = None
    city: str | None = None
    birth_month: int | None = None
    birthday_near: bool = False
    """With a birthday from `MISSED_DAYS` ago to `COMING_DAYS` ahead; then no month is asked for."""
    due: bool = False
    """With a follow-up that is due today or overdue."""
    product: str | None = None
    """Code of a product; `relation` says what of it."""
    relation: Relation = "bought"
    category: int | None = None
    """Of a category: interested in it, or in a product of it."""
    owner: str | None = None
    """User name of whoever looks after them, or `NOBODY`."""

    def __bool__(self) -> bool:
        return bool(self.to_query())

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> CustomerFilters:
        """From an address; what is not known or makes no sense there is left out."""
        month = query.get("birthday", "")
        relation, category = query.get("relation", ""), query.get("category", "")
        return cls(
            text=" ".join(query.get("q", "").split())[:LONGEST],
            status=_one_of(ActivityStatus, query.get("status")),
            city=query.get("city", "").strip()[:LONGEST] or None,
            birth_month=int(month) if month in {str(number) for number in range(1, 13)} else None,
            birthday_near=month == NEAR,
            due=query.get("due") == "1",
            product=query.get("product", "").strip()[:64] or None,
            relation="interested" if relation == "interested" else "bought",
            category=int(category) if category.isdecimal() and len(category) < DIGITS else None,
            owner=query.get("owner", "").strip()[:64] or None,
        )

    def to_query(self) -> dict[str, str]:
        """As it stands in an address: only what is set."""
        told = {
            "q": self.text,
            "status": str(self.status or ""),
            "city": self.city or "",
            "birthday": NEAR if self.birthday_near else str(self.birth_month or ""),
            "due": "1" if self.due else "",
            "product": self.product or "",
            "relation": self.relation if self.product and self.relation != "bought" else "",
            "category": str(self.category or ""),
            "owner": self.owner or "",
        }
        return {name: value for name, value in told.items() if value}


@dataclass(frozen=True)
class CustomerSort:
    """The column a list is sorted by. Where it is empty comes last, up or down."""

    key: str = "name"
    down: bool = False

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> CustomerSort:
        """From an address: `sort=city`, `sort=-city`; by name where it names no column."""
        text = query.get("sort", "")
        key = text.removeprefix("-")
        return cls(key, text.startswith("-")) if key in SORTS else cls()

    def to_query(self) -> dict[str, str]:
        """As it stands in an address; nothing for the usual order."""
        return {} if self == CustomerSort() else {"sort": f"{'-' if self.down else ''}{self.key}"}


@dataclass(frozen=True)
class Count:
    """How many there are; `more` than that where counting ended."""

    number: int
    more: bool = False


@dataclass(frozen=True)
class Greeted:
    """A birthday, and how and by whom it was greeted this year; none where it was not, or not yet."""

    on: date
    channel: Channel | None = None
    by: str | None = None


@dataclass(frozen=True)
class CustomerRow:
    """A customer in a list."""

    id: int
    code: str
    name: str
    city: str | None
    phone: str | None
    """As people write it; the number called first."""
    last_activity: date | None
    status: ActivityStatus
    follow_up_due: date | None
    """The earliest follow-up that is open."""
    owner: str | None
    do_not_call: bool
    birthday: Greeted | None = None
    """Told where the list is one of birthdays."""


@dataclass(frozen=True)
class CustomerPage:
    """A page of a list. `page` is 1 for the first, and may be less than what was asked for."""

    rows: Sequence[CustomerRow]
    page: int
    last: bool

    @property
    def start(self) -> int:
        """The place of the first row in the list, from 1."""
        return (self.page - 1) * PAGE + 1


@dataclass(frozen=True)
class ListCount:
    """How many customers a list has, and how many of them have a follow-up that is due."""

    customers: Count
    due: Count


@dataclass(frozen=True)
class Neighbours:
    """What stands before and after a customer in a list; `position` none where it is not in it, or too far down."""

    previous: str | None
    next: str | None
    position: int | None
    count: Count


@dataclass(frozen=True)
class _Filter:
    """One condition, both ways: `ids` of those it leaves (to start from), and `asked` of a customer.

    `size` are about as many rows as `ids`, found in an index alone. `plain` is the condition where it
    is one of the customer's own columns.
    """

    ids: Select[Any] | CompoundSelect[Any] | None
    asked: ColumnElement[bool]
    size: Select[Any] | None = None
    plain: ColumnElement[bool] | None = None
    dear: bool = False
    """So much is asked of each customer that only `DEAR` are counted."""


@dataclass(frozen=True)
class _Leg:
    """A stretch of the list that one index has in order: first those with a value, then those without."""

    keys: tuple[Any, ...]
    conditions: tuple[ColumnElement[bool], ...] = ()
    down: bool = False
    alone: Select[Any] | None = None
    """The same ids without looking at the customers, for when nothing is asked of them."""
    join: Callable[[Select[Any]], Select[Any]] = field(default=lambda statement: statement)


@dataclass(frozen=True)
class _List:
    """A list about to be read."""

    work: Work
    conditions: tuple[ColumnElement[bool], ...]
    everybody: bool
    driven: bool
    legs: tuple[_Leg, ...]

    def ids(self, leg: _Leg) -> Select[Any]:
        """The customers of a leg, in no order."""
        return leg.alone if leg.alone is not None and self.everybody else self.customers(leg)

    def customers(self, leg: _Leg) -> Select[Any]:
        """The same, where more is to be asked of them."""
        return leg.join(select(Customer.id)).where(*self.conditions, *leg.conditions)

    def keys(self, leg: _Leg) -> tuple[Any, ...]:
        """What a leg is in order by."""
        if self.driven:
            return tuple(_past_index(self.work, key) for key in leg.keys)
        return leg.keys

    def ordered(self, leg: _Leg, *, backwards: bool = False) -> Select[Any]:
        keys = self.keys(leg)
        down = leg.down is not backwards
        return self.ids(leg).order_by(*(key.desc() if down else key for key in keys))

    def count(self, legs: Sequence[_Leg], limit: int) -> int:
        """How many these legs have, up to a limit."""
        found = 0
        for leg in legs:
            if found < limit:
                found += _capped(self.work, self.ids(leg), limit - found)
        return found


def customer_page(
    work: Work, filters: CustomerFilters | None = None, sort: CustomerSort | None = None, page: int = 1
) -> CustomerPage:
    """The customers one may see that the filters leave, a page of them in order.

    Args:
        page: from 1; one past the end gives the last page there is.
    """
    listed = _list(work, filters or CustomerFilters(), sort or CustomerSort())
    page = max(1, page)
    ids = _slice(listed, (page - 1) * PAGE, PAGE + 1)
    if not ids and page > 1:
        total = listed.count(listed.legs, (page - 1) * PAGE)
        page = max(1, -(-total // PAGE))
        ids = _slice(listed, (page - 1) * PAGE, PAGE + 1)
    rows = _rows(work, ids[:PAGE])
    if filters is not None and (filters.birth_month is not None or filters.birthday_near):
        told = _birthdays(work, ids[:PAGE])
        rows = [replace(row, birthday=told.get(row.id)) for row in rows]
    return CustomerPage(rows, page, last=len(ids) <= PAGE)


def customer_count(work: Work, filters: CustomerFilters | None = None) -> ListCount:
    """How many customers the filters leave, and how many of those have a follow-up due; exact up to `COUNTED`."""
    filters = filters or CustomerFilters()
    customers = _count(work, filters)
    if filters.due or not customers.number:
        return ListCount(customers, customers)
    return ListCount(customers, _count(work, _with_due(filters)))


def status_counts(work: Work, filters: CustomerFilters | None = None) -> dict[ActivityStatus, Count]:
    """How many customers of each status the other filters leave; exact up to `COUNTED`."""
    filters = filters or CustomerFilters()
    return {status: _count(work, _changed(filters, status=status)) for status in ActivityStatus}


def neighbours(work: Work, filters: CustomerFilters, sort: CustomerSort, customer_id: int) -> Neighbours:
    """Who comes before and after a customer in a list, by code, and where in it the customer stands.

    Somebody who has just dropped out of the list (the follow-up was answered) still has neighbours:
    those between whom they would stand.
    """
    listed = _list(work, filters, sort)
    count = _count(work, filters)
    for at, leg in enumerate(listed.legs):
        # Found whatever the filters say of them, so that somebody who dropped out still has a place.
        fits = and_(true(), *listed.conditions)
        held = leg.join(select(fits, *leg.keys).select_from(Customer)).where(
            Customer.id == customer_id, *leg.conditions
        )
        row = work.session.execute(held).first()
        if row is None:
            continue
        listed_now, *values = row
        position = None
        if listed_now:
            far = COUNTED if listed.driven or not work.actor.is_staff else WALKED
            before = listed.count(listed.legs[:at], far)
            if before < far:
                earlier = listed.ids(leg).where(_beyond(listed.keys(leg), values, down=not leg.down))
                before += _capped(work, earlier, far - before)
            position = before + 1 if before < far else None
        return Neighbours(
            _next(listed, listed.legs[: at + 1], values, backwards=True),
            _next(listed, listed.legs[at:], values, backwards=False),
            position,
            count,
        )
    return Neighbours(None, None, None, count)


def cities(work: Work, text: str = "", *, limit: int = 8) -> list[str]:
    """Cities of the customers one may see, with this in their name; those that begin with it come first."""
    # From one city to the next: each is one look into an index, however many live there.
    other = aliased(Customer)
    known = select(func.min(Customer.city).label("city")).where(Customer.city.is_not(None)).cte("known", recursive=True)
    later = select(func.min(other.city)).where(other.city > known.c.city).scalar_subquery()
    known = known.union_all(select(later).where(known.c.city.is_not(None)))
    found = work.session.scalars(select(known.c.city).where(known.c.city.is_not(None)).limit(CITIES)).all()
    wanted = folded(text)
    fitting = [city for city in found if city.strip() and wanted in folded(city)]
    return sorted(fitting, key=lambda city: (not folded(city).startswith(wanted), folded(city)))[:limit]


def owners(work: Work) -> list[tuple[str, str]]:
    """User names and names of those who look after customers, by name; for whoever sees more than their own."""
    if not work.actor.is_staff:
        return []
    owned = select(Customer.id).where(Customer.owner_id == Employee.id).exists()
    rows = work.session.execute(
        select(Employee.username, Employee.name)
        .where(or_(and_(Employee.role == Role.TELEMARKETER, Employee.active), owned))
        .order_by(Employee.name, Employee.id)
    )
    return [(row.username, row.name) for row in rows]


def product_named(work: Work, code: str) -> str | None:
    """The name of a product, sold still or not."""
    return work.session.scalar(select(Product.name).where(Product.code == code))


# Filters


def _one_of(kind: Callable[[str], Kind], text: str | None) -> Kind | None:
    try:
        return kind(text or "")
    except ValueError:
        return None


def _changed(filters: CustomerFilters, **changes: Any) -> CustomerFilters:
    kept = {each.name: getattr(filters, each.name) for each in fields(CustomerFilters)}
    return CustomerFilters(**{**kept, **changes})


def _with_due(filters: CustomerFilters) -> CustomerFilters:
    return _changed(filters, due=True)


def _is_sqlite(work: Work) -> bool:
    return work.session.get_bind().dialect.name == "sqlite"


def _past_index(work: Work, column: Any) -> Any:
    """A column as SQLite's planner finds no index for it.

    It knows nothing of how many rows a condition leaves and would follow any of them before the
    order asked for. PostgreSQL knows, and is left to choose.
    """
    return func.coalesce(column, None, type_=column.type) if _is_sqlite(work) else column


def _scope(work: Work, filters: CustomerFilters) -> tuple[list[ColumnElement[bool]], bool]:
    """Whose customers are listed, and whether that is one employee's: few enough to be asked one by one."""
    alive = _past_index(work, Customer.merged_into_id).is_(None)
    if work.actor.is_staff and filters.owner:
        return [alive, _owned_by(work, filters.owner)], True
    return [alive], not work.actor.is_staff


def _list(work: Work, filters: CustomerFilters, sort: CustomerSort) -> _List:
    conditions, small = _scope(work, filters)
    chosen = _filters(work, filters)
    everybody = not chosen and not small
    driver = None if small else _narrowest(work, chosen, DRIVEN)
    if driver is not None and driver.ids is not None:
        conditions.append(Customer.id.in_(_as_select(driver.ids)))
    conditions += [each.asked for each in chosen if each is not driver]
    driven = driver is not None
    legs = _legs(work, filters, sort, driven=driven, few=small or driven)
    return _List(work, tuple(conditions), everybody, driven, tuple(legs))


def _count(work: Work, filters: CustomerFilters) -> Count:
    """How many the filters leave; the narrowest of them is counted, and asked the others."""
    conditions, small = _scope(work, filters)
    chosen = _filters(work, filters)
    driver = None if small else _narrowest(work, chosen, SIZED)
    if driver is None and not small:
        # All leave many. Those with a row that hangs on them are fewer, as a rule, than those of a kind.
        some = [each for each in chosen if each.ids is not None]
        driver = next((each for each in reversed(some) if each.plain is None), some[0] if some else None)
    conditions += [each.asked for each in chosen if each is not driver]
    if driver is not None and driver.plain is not None:
        conditions.append(driver.plain)
    elif driver is not None and driver.ids is not None:
        conditions.append(Customer.id.in_(_as_select(driver.ids)))
    found = select(Customer.id).where(*conditions)
    most = min(DEAR, COUNTED) if any(each.dear for each in chosen) and not small else COUNTED
    number = _capped(work, found, most + 1)
    return Count(min(number, most), number > most)


def _as_select(ids: Select[Any] | CompoundSelect[Any]) -> Select[Any]:
    return ids if isinstance(ids, Select) else select(ids.subquery().c[0])


def _narrowest(work: Work, chosen: Sequence[_Filter], limit: int) -> _Filter | None:
    """The filter that leaves fewest, if no more than a limit."""
    best = None
    for each in chosen:
        rows = each.ids if each.size is None else each.size
        if rows is not None:
            found = _capped(work, rows, limit + 1)
            if found <= limit:
                best, limit = each, found
    return best


def _capped(work: Work, ids: Select[Any] | CompoundSelect[Any], limit: int) -> int:
    """How many rows, counted up to a limit."""
    found = ids.limit(limit).subquery()
    return work.session.scalars(select(func.count(found.c[0]))).one()


def _owned_by(work: Work, owner: str) -> ColumnElement[bool]:
    if owner == NOBODY:
        return Customer.owner_id.is_(None)
    found = work.session.scalar(select(Employee.id).where(Employee.username == owner))
    return Customer.owner_id == (found if found is not None else -1)


def _filters(work: Work, filters: CustomerFilters) -> list[_Filter]:
    found = []
    if filters.text:
        found.append(_text_filter(work, filters.text))
    if filters.status is not None:
        found.append(_status_filter(work, filters.status))
    if filters.city is not None:
        found.append(_column_filter(work, Customer.city, filters.city))
    if filters.birth_month is not None:
        found.append(_column_filter(work, Customer.birth_month, filters.birth_month))
    if filters.birthday_near:
        found.append(_birthday_filter(work))
    if filters.due:
        found.append(_hanging(FollowUp.customer_id, *_open_follow_up(work.today), FollowUp.due_on <= work.today))
    if filters.product is not None:
        found.append(_product_filter(work, filters.product, filters.relation))
    if filters.category is not None:
        found.append(_category_filter(work, filters.category))
    return found


def _column_filter(work: Work, column: Any, value: Any) -> _Filter:
    return _own(column == value, _past_index(work, column) == value)


def _birthday_filter(work: Work) -> _Filter:
    """Whose birthday it is, was a few days ago, or will be soon."""
    days = [work.today + timedelta(days=number) for number in range(-MISSED_DAYS, COMING_DAYS + 1)]
    wanted: dict[int, set[int]] = {}
    for day in days:
        wanted.setdefault(day.month, set()).add(day.day)
        if birthday_in(day.year, 2, 29) == day:
            wanted.setdefault(2, set()).add(29)

    def of(month: Any, day: Any) -> ColumnElement[bool]:
        return or_(*(and_(month == number, day.in_(sorted(of_it))) for number, of_it in wanted.items()))

    parts = Customer.birth_month, Customer.birth_day
    return _own(of(*parts), of(*(_past_index(work, part) for part in parts)))


def _own(plain: ColumnElement[bool], asked: ColumnElement[bool]) -> _Filter:
    """Customers by a column of theirs."""
    return _Filter(select(Customer.id).where(plain), asked, plain=plain)


def _hanging(customer_id: Any, first: ColumnElement[bool], *others: ColumnElement[bool]) -> _Filter:
    """Customers with a row that hangs on them, such as an order line of a product; `first` is indexed."""
    size = select(customer_id).where(first)
    ids = size.where(*others)
    return _Filter(ids, ids.where(customer_id == Customer.id).correlate(Customer).exists(), size=size)


def _open_follow_up(today: date) -> tuple[ColumnElement[bool], ...]:
    """Follow-ups that may still be answered."""
    return (and_(FollowUp.state == FollowUpState.OPEN, FollowUp.expires_on >= today),)


def _product_filter(work: Work, code: str, relation: Relation) -> _Filter:
    """Who bought a product as of today, or is interested in it or its category."""
    product = work.session.execute(select(Product.id, Product.category_id).where(Product.code == code)).first()
    number, category = product or (-1, None)
    if relation == "bought":
        return _hanging(
            OrderLine.customer_id, OrderLine.product_id == number, line_counts(work.rules.end_of(work.today))
        )
    alive = Interest.withdrawn_at.is_(None)
    of_product = _hanging(Interest.customer_id, Interest.product_id == number, alive)
    if category is None:
        return of_product
    return _either(of_product, _hanging(Interest.customer_id, Interest.category_id == category, alive))


def _category_filter(work: Work, number: int) -> _Filter:
    """Who is interested in a category: said so of it or of a product of it, or keeps buying in it."""
    alive = Interest.withdrawn_at.is_(None)
    of_category = _hanging(Interest.customer_id, Interest.category_id == number, alive)
    products = work.session.scalars(select(Product.id).where(Product.category_id == number)).all()
    if not products:
        return of_category
    stated = _either(_hanging(Interest.customer_id, Interest.product_id.in_(products), alive), of_category)
    lines = select(OrderLine.customer_id).where(OrderLine.product_id.in_(products))
    bought = lines.where(line_counts(work.rules.end_of(work.today)))
    orders = func.count(OrderLine.order_id.distinct())
    keeps_buying = bought.with_only_columns(orders).where(OrderLine.customer_id == Customer.id).correlate(Customer)
    asked = or_(stated.asked, keeps_buying.scalar_subquery() >= DERIVED_ORDERS)
    # Of a category that much is bought of, many are found by walking, as among one's own; else they are gathered.
    if not work.actor.is_staff or _capped(work, lines, GATHERED + 1) > GATHERED:
        return _Filter(None, asked, dear=True)
    gathered = bought.group_by(OrderLine.customer_id).having(orders >= DERIVED_ORDERS)
    return _Filter(union_all(_as_select(stated.ids), gathered), asked) if stated.ids is not None else stated


def _either(one: _Filter, other: _Filter) -> _Filter:
    assert isinstance(one.ids, Select)
    assert isinstance(other.ids, Select)
    return _Filter(union_all(one.ids, other.ids), or_(one.asked, other.asked))


_AHEAD = select(Customer.id).where(Customer.last_activity_at >= bindparam("end")).limit(1)


def _ordered_ahead(work: Work) -> bool:
    """Whether a file brought orders dated after today."""
    return work.session.scalar(_AHEAD, {"end": work.rules.end_of(work.today)}) is not None


def _activity(work: Work) -> Any:
    """Instant of the newest order that counts as of today."""
    return _last_activity(work.rules.end_of(work.today)) if _ordered_ahead(work) else Customer.last_activity_at


def _last_activity(end: datetime) -> Any:
    """Instant of the newest order that counts, where some are dated after the end of today.

    It is kept with the customer by what is known now; those customers' lines are asked: orders after
    today do not exist for it.
    """
    known = (
        select(func.max(OrderLine.ordered_at))
        .where(OrderLine.customer_id == Customer.id, line_counts(end))
        .correlate(Customer)
        .scalar_subquery()
    )
    return case((Customer.last_activity_at >= end, known), else_=Customer.last_activity_at)


def _status_filter(work: Work, status: ActivityStatus) -> _Filter:
    last_at = _activity(work)
    limits = [(each, work.rules.start_of(first_day)) for each, first_day in work.rules.activity.since(work.today)]

    def of(column: Any) -> Any:
        if status is ActivityStatus.PROSPECT:
            return column.is_(None)
        until = None
        for each, since in limits:
            if each is status:
                return column >= since if until is None else and_(column >= since, column < until)
            until = since if until is None else min(until, since)
        return column < until

    return _own(of(last_at), of(_past_index(work, last_at)))


def _text_filter(work: Work, text: str) -> _Filter:
    words = folded(text).split()[:MOST_WORDS]
    if not words:
        return _Filter(None, Customer.id.is_not(None))
    name = and_(*(_past_index(work, Customer.search_name).contains(word, autoescape=True) for word in words))
    indexed = [word for word in words if len(word) >= TRIGRAM and not set(word) & set("%_\\")]
    by_name = None
    if indexed:
        rest = [word for word in words if word not in indexed]
        by_name = select(CustomerSearch.id).where(
            *(CustomerSearch.search_name.like(f"%{word}%") for word in indexed),
            *(CustomerSearch.search_name.contains(word, autoescape=True) for word in rest),
        )
    others = [_hanging(CustomerPhone.customer_id, within) for within in _phones_like(work, text)]
    codes = _codes_like(text)
    if codes:
        others.append(_own(Customer.code.in_(codes), _past_index(work, Customer.code).in_(codes)))
    asked = or_(name, *(each.asked for each in others))
    if by_name is None or not others:
        return _Filter(by_name, asked)
    return _Filter(union_all(by_name, *(each.ids for each in others if isinstance(each.ids, Select))), asked)


def _codes_like(text: str) -> list[str]:
    """The codes somebody may mean by what they typed."""
    if " " in text or not any(sign.isdigit() for sign in text):
        return []
    number = _CODE.fullmatch(text)
    return sorted({text, text.upper(), *([f"C{int(number[1]):06}"] if number else [])})


def _phones_like(work: Work, text: str) -> list[ColumnElement[bool]]:
    """Phones that are this number, or begin with it."""
    digits = "".join(sign for sign in text if sign.isdigit())
    if len(digits) < PHONE_DIGITS or not _PHONE.fullmatch(text):
        return []
    region = work.rules.phone_region
    country = str(phonenumbers.country_code_for_region(region))
    beginnings = {digits} if text.startswith("+") else {country + digits.lstrip("0")}
    if not text.startswith(("+", "0")) and digits.startswith(country):
        beginnings.add(digits)
    found: list[ColumnElement[bool]] = [
        # Up to the next number of as many digits: a range of the index in every collation.
        and_(CustomerPhone.e164 >= f"+{each}", CustomerPhone.e164 < f"+{int(each) + 1}")
        for each in sorted(beginnings)
    ]
    with suppress(InvalidValue):
        found.append(CustomerPhone.e164 == parse_phone(text, region))
    return found


# Order


def _legs(work: Work, filters: CustomerFilters, sort: CustomerSort, *, driven: bool, few: bool) -> list[_Leg]:
    match sort.key:
        case "code":
            return [_Leg((Customer.code,), down=sort.down)]
        case "city" | "activity" | "status":
            column = Customer.city if sort.key == "city" else _activity(work)
            # Of the statuses the newest comes first.
            return _valued(column, down=sort.down is not (sort.key == "status"))
        case "phone":
            return _valued(_phone_of(), down=sort.down) if few else _by_phone(down=sort.down)
        case "due":
            return _valued(_due_of(work.today), down=sort.down) if few else _by_due(work, down=sort.down)
        case "owner" if work.actor.is_staff and not filters.owner:
            return _by_owner(work, down=sort.down, driven=driven)
        case _:
            return [_Leg((Customer.search_name, Customer.id), down=sort.down)]


def _phone_of() -> Any:
    """The number of a customer that is called first."""
    return (
        select(CustomerPhone.e164)
        .where(CustomerPhone.customer_id == Customer.id, CustomerPhone.wrong_at.is_(None))
        .order_by(CustomerPhone.position, CustomerPhone.id)
        .limit(1)
        .correlate(Customer)
        .scalar_subquery()
    )


def _due_of(today: date) -> Any:
    """The earliest follow-up of a customer that may still be answered."""
    return (
        select(func.min(FollowUp.due_on))
        .where(FollowUp.customer_id == Customer.id, *_open_follow_up(today))
        .correlate(Customer)
        .scalar_subquery()
    )


def _by_phone(*, down: bool) -> list[_Leg]:
    """In the order of all phones, each customer where the number called first stands."""
    other = aliased(CustomerPhone)
    before = select(other.id).where(
        other.customer_id == CustomerPhone.customer_id,
        other.wrong_at.is_(None),
        tuple_(other.position, other.id) < tuple_(CustomerPhone.position, CustomerPhone.id),
    )
    right = CustomerPhone.wrong_at.is_(None)
    return [
        _Leg(
            (CustomerPhone.e164, CustomerPhone.id),
            (right, ~before.correlate(CustomerPhone).exists()),
            down,
            join=lambda statement: statement.join(CustomerPhone, CustomerPhone.customer_id == Customer.id),
        ),
        _Leg((Customer.id,), (~_hanging(CustomerPhone.customer_id, right).asked,)),
    ]


def _by_due(work: Work, *, down: bool) -> list[_Leg]:
    """In the order of all open follow-ups, each customer where the earliest of theirs stands."""
    earliest = (
        select(FollowUp.customer_id.label("id"), func.min(FollowUp.due_on).label("due"))
        .where(*_open_follow_up(work.today))
        .group_by(FollowUp.customer_id)
        .subquery()
    )
    return [
        _Leg(
            (earliest.c.due, earliest.c.id),
            (),
            down,
            # Merging takes the follow-ups along, so whoever has one is somebody.
            select(earliest.c.id),
            lambda statement: statement.join(earliest, earliest.c.id == Customer.id),
        ),
        _Leg((Customer.id,), (~_hanging(FollowUp.customer_id, *_open_follow_up(work.today)).asked,)),
    ]


def _valued(column: Any, *, down: bool) -> list[_Leg]:
    """Those with a value, then those without."""
    return [
        _Leg((column, Customer.id), (column.is_not(None),), down),
        _Leg((Customer.id,), (column.is_(None),)),
    ]


def _by_owner(work: Work, *, down: bool, driven: bool) -> list[_Leg]:
    """Each owner's customers by name, the owners by name; then those nobody looks after."""
    names = (Customer.search_name, Customer.id)
    nobody = _Leg(names, (Customer.owner_id.is_(None),))
    if driven:
        together = _Leg(
            (Employee.name, Employee.id, *names),
            (),
            down,
            join=lambda statement: statement.join(Employee, Employee.id == Customer.owner_id),
        )
        return [together, nobody]
    people = work.session.scalars(select(Employee.id).order_by(Employee.name, Employee.id)).all()
    legs = [_Leg(names, (Customer.owner_id == number,), down) for number in people]
    return [*(reversed(legs) if down else legs), nobody]


def _slice(listed: _List, skip: int, size: int) -> list[int]:
    """Ids of a stretch of the list, leg by leg."""
    found: list[int] = []
    session = listed.work.session
    for leg in listed.legs:
        ids = session.scalars(listed.ordered(leg).offset(skip).limit(size - len(found))).all()
        found += ids
        if len(found) == size:
            break
        # A leg that has run out is skipped by as many as it has.
        skip = 0 if ids or not skip else skip - listed.count([leg], skip)
    return found


def _beyond(keys: Sequence[ColumnElement[Any]], values: Sequence[Any], *, down: bool) -> ColumnElement[bool]:
    here = [literal(value, key.type) for key, value in zip(keys, values, strict=True)]
    if len(here) == 1:
        return keys[0] < here[0] if down else keys[0] > here[0]
    return tuple_(*keys) < tuple_(*here) if down else tuple_(*keys) > tuple_(*here)


def _next(listed: _List, legs: Sequence[_Leg], values: Sequence[Any], *, backwards: bool) -> str | None:
    """The code of whoever follows these values in the first leg, or begins one of the others."""
    way = list(reversed(legs)) if backwards else list(legs)
    for at, leg in enumerate(way):
        statement = listed.ordered(leg, backwards=backwards).limit(1)
        if at == 0:
            statement = statement.where(_beyond(listed.keys(leg), values, down=leg.down is not backwards))
        found: str | None = listed.work.session.scalar(
            select(Customer.code).where(Customer.id == statement.correlate(None).scalar_subquery())
        )
        if found is not None:
            return found
    return None


# Rows

_PLACES = tuple(f"id_{place}" for place in range(PAGE))
# Not `VALUES`, which SQLAlchemy would compile anew for every page.
_wanted = union_all(*(select(bindparam(place, type_=Customer.id.type).label("id")) for place in _PLACES)).cte("wanted")
_PHONES = (
    select(CustomerPhone.customer_id, CustomerPhone.e164)
    .where(CustomerPhone.customer_id.in_(bindparam("ids", expanding=True)), CustomerPhone.wrong_at.is_(None))
    .order_by(CustomerPhone.customer_id, CustomerPhone.position, CustomerPhone.id)
)


@lru_cache(maxsize=8)
def _rows_statement(rules: CompanyRules, today: date, *, ahead: bool) -> Select[Any]:
    """What a page shows of its customers; made once for a day and its rules."""
    last_at: Any = _last_activity(rules.end_of(today)) if ahead else Customer.last_activity_at
    # Joined to these ids, and each looked up by its key: asked for `IN` them, SQLite goes through all of an owner's.
    return (
        select(
            Customer.id,
            Customer.code,
            Customer.name,
            Customer.city,
            last_at.label("last_at"),
            status_case(last_at, rules.activity, as_of=today, zone=rules.timezone).label("status"),
            _due_of(today).label("due"),
            Employee.name.label("owner"),
            Customer.do_not_call_at,
        )
        .select_from(_wanted)
        .join(Customer, Customer.id == _wanted.c.id)
        .join(Employee, Employee.id == Customer.owner_id, isouter=True)
        .where(Customer.merged_into_id.is_(None))
    )


def _rows(work: Work, ids: Sequence[int]) -> list[CustomerRow]:
    if not ids:
        return []
    rules = work.rules
    wanted = dict(zip_longest(_PLACES, ids))
    rows = work.session.execute(_rows_statement(rules, work.today, ahead=_ordered_ahead(work)), wanted)
    phones: dict[int, str] = {}
    for customer_id, e164 in work.session.execute(_PHONES, {"ids": ids}):
        phones.setdefault(customer_id, show_phone(e164, rules.phone_region))
    found = {
        row.id: CustomerRow(
            row.id,
            row.code,
            row.name,
            row.city,
            phones.get(row.id),
            rules.business_date(row.last_at) if row.last_at is not None else None,
            ActivityStatus(row.status),
            row.due,
            row.owner,
            row.do_not_call_at is not None,
        )
        for row in rows
    }
    return [found[each] for each in ids if each in found]


def _birthdays(work: Work, ids: Sequence[int]) -> dict[int, Greeted]:
    """The birthday of each that is nearest to today within half a year, and who greeted them for it."""
    found: dict[int, date] = {}
    years = range(work.today.year - 1, work.today.year + 2)
    for number, month, day in work.session.execute(
        select(Customer.id, Customer.birth_month, Customer.birth_day).where(Customer.id.in_(ids))
    ):
        if month is None or day is None:
            continue
        found[number] = min((birthday_in(year, month, day) for year in years), key=lambda on: abs(on - work.today))
    greeted = {
        (number, year): (channel, name)
        for number, year, channel, name in work.session.execute(
            select(Greeting.customer_id, Greeting.year, Greeting.channel, Employee.name)
            .outerjoin(Employee, Employee.id == Greeting.by_id)
            .where(Greeting.customer_id.in_(list(found)), Greeting.year.in_({on.year for on in found.values()}))
        )
    }
    return {number: Greeted(on, *greeted.get((number, on.year), (None, None))) for number, on in found.items()}
