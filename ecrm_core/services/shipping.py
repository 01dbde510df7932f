"""What the courier tells: a file with parcels and what became of each, row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook
from sqlalchemy import Select, SQLColumnExpression, select

from ecrm_core.crm import Work
from ecrm_core.errors import EcrmError, ImportRefused, InvalidValue, NotVisible
from ecrm_core.importing.reading import EXCEL, check_file
from ecrm_core.models import Customer, Order, OrderStatus, folded
from ecrm_core.services.checks import clean_text
from ecrm_core.services.orders import change_order_status, refuse_at_door
from ecrm_core.services.orders.rows import last_steps, locked, passed_statuses

REFUSED = "refused"
WORDS = {
    "shipped": ("dikirim", "dalam pengiriman", "on process", "in transit", "manifested", "picked up"),
    "delivered": ("terkirim", "diterima", "sampai", "pod"),
    "paid": ("dibayar", "lunas", "cod lunas", "cod paid"),
    "returned": ("retur", "dikembalikan", "return", "return to sender", "rts"),
    REFUSED: ("ditolak", "rejected", "ditolak penerima"),
}
"""What couriers call it, beside our own words."""
HEADINGS = {
    "status": ("status kiriman", "status pengiriman", "status paket", "delivery status", "keterangan status"),
    "date": (
        "tgl",
        "tanggal",
        "waktu",
        "tanggal status",
        "tgl status",
        "tanggal terima",
        "delivery date",
        "updated at",
    ),
    "order": ("no order", "nomor order", "no pesanan", "nomor pesanan", "pesanan", "order id", "order no", "referensi"),
    "tracking": ("awb", "resi", "no resi", "nomor resi", "no awb", "waybill", "tracking number", "no. resi"),
    "reason": ("ket", "keterangan", "alasan", "catatan", "remark", "remarks", "note"),
}
"""What couriers call their columns, beside our own words; all folded."""
STILL_UNDER_WAY = timedelta(days=180)
ISO = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
DAY_FIRST = tuple(f"%d{sign}%m{sign}%Y{at}" for sign in "/-." for at in ("", " %H:%M", " %H:%M:%S"))
MONTH_FIRST = tuple(f"%m{sign}%d{sign}%Y{at}" for sign in "/-." for at in ("", " %H:%M", " %H:%M:%S"))


@dataclass(frozen=True)
class CourierColumns:
    """Which column of a courier's file holds what, and what its words mean.

    `order` or `tracking` must be there; the words are compared folded.
    """

    status: str = "status"
    date: str | None = "date"
    order: str | None = "order"
    tracking: str | None = "tracking"
    reason: str | None = "reason"
    words: Mapping[str, str] = field(default_factory=dict)
    """The courier's own words to `shipped`, `delivered`, `paid`, `returned` or `refused`."""
    day_first: bool = True


USUAL = CourierColumns()


@dataclass(frozen=True)
class CourierRow:
    """A row as read, all text; `line` is its place in the file, the heading being 1."""

    line: int
    order: str = ""
    tracking: str = ""
    status: str = ""
    day: str = ""
    reason: str = ""


class Fate(StrEnum):
    """What came of a row."""

    DONE = "done"
    ALREADY = "already"
    REFUSED = "refused"


@dataclass(frozen=True)
class RowResult:
    """What came of a row; `refusal` says why not, in words through `Texts.error`."""

    line: int
    fate: Fate
    number: str | None
    refusal: EcrmError | None = None


def read_courier_file(path: Path, columns: CourierColumns = USUAL) -> list[CourierRow]:
    """The rows of a courier's CSV or Excel file; empty rows are left out.

    Raises:
        ImportRefused: not a table, or a column that is needed is missing.
    """
    table = _table(path)
    heading = [folded(cell) for cell in table[0]] if table else []
    places = {
        name: heading.index(folded(column))
        for name, column in _named(columns).items()
        if column and folded(column) in heading
    }
    if "status" not in places or not {"order", "tracking"} & set(places):
        missing = [column for name, column in _named(columns).items() if column and name not in places]
        raise ImportRefused("columns", file=path.name, columns=missing, there=table[0][:30] if table else [])
    rows = []
    for line, cells in enumerate(table[1:], start=2):
        if any(cell.strip() for cell in cells):
            rows.append(
                CourierRow(
                    line,
                    **{name: cells[place].strip() if place < len(cells) else "" for name, place in places.items()},
                )
            )
    return rows


def courier_heading(path: Path) -> list[str]:
    """The names of the columns of a courier's file, as they stand there.

    Raises:
        ImportRefused: not a table.
    """
    table = _table(path)
    return [cell.strip() for cell in table[0] if cell.strip()] if table else []


def usual_columns(heading: Sequence[str]) -> CourierColumns:
    """Which columns these probably are, by what couriers call them; `status` is empty where none is known."""
    known = {folded(name): name for name in heading}

    def named(what: str) -> str | None:
        return next((known[name] for name in (what, *HEADINGS[what]) if name in known), None)

    return CourierColumns(named("status") or "", named("date"), named("order"), named("tracking"), named("reason"))


def import_courier_file(work: Work, rows: Sequence[CourierRow], columns: CourierColumns = USUAL) -> list[RowResult]:
    """Move orders along as a courier's rows say, each by itself: one that is refused stops no other.

    A row that says what is so already changes nothing, so a file may be read twice. A parcel that is
    delivered or comes back was shipped, also where nobody had said so.

    Returns:
        One result per row, in the order of the rows.
    """
    words = {folded(word): code for code, known in WORDS.items() for word in (code, *known)}
    words |= {folded(word): code for word, code in columns.words.items()}
    numbers = _by_number(work, rows)
    parcels = _by_tracking_number(work, rows)
    # All of them at once and in one order, so that two files never wait for each other in a ring.
    held = locked(work, Order, {*numbers.values(), *(found for ids in parcels.values() for found in ids)})
    results = []
    for row in rows:
        order = None
        try:
            order = held[_order_of(row, numbers, parcels)]
            with work.session.begin_nested():
                fate = _follow(work, order, row, words, day_first=columns.day_first)
        except EcrmError as refusal:
            if order is not None:
                work.session.refresh(order)
            results.append(RowResult(row.line, Fate.REFUSED, order.number if order else row.order or None, refusal))
        else:
            results.append(RowResult(row.line, fate, order.number))
    return results


def _follow(work: Work, order: Order, row: CourierRow, words: Mapping[str, str], *, day_first: bool) -> Fate:
    code = words.get(folded(row.status))
    if code is None:
        raise InvalidValue("status", row.status, "unknown_status" if row.status else "empty")
    at = _instant(work, row.day, day_first=day_first)
    refused = code == REFUSED
    status = OrderStatus.RETURNED if refused else OrderStatus(code)
    passed = passed_statuses(work, [order.id])[order.id] | {order.status}
    if status in passed:
        return Fate.ALREADY
    before = max(order.ordered_at, last_steps(work, [order.id]).get(order.id, order.ordered_at))
    if at is not None and at < before and work.rules.business_date(at) == work.rules.business_date(before):
        at = before  # the same day: whose clock goes right, nobody knows
    if (
        status in {OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.RETURNED}
        and OrderStatus.SHIPPED not in passed
    ):
        if status is not OrderStatus.SHIPPED and OrderStatus.DELIVERED not in passed:
            change_order_status(work, order.id, OrderStatus.SHIPPED, at=at)
        if row.tracking and not order.tracking_number:
            order.tracking_number = clean_text("tracking_number", row.tracking, limit=64)
    if refused:
        refuse_at_door(work, order.id, reason=row.reason or row.status, at=at)
    else:
        reason = row.reason or (row.status if status is OrderStatus.RETURNED else None)
        change_order_status(work, order.id, status, reason=reason, at=at)
    return Fate.DONE


def _order_of(row: CourierRow, numbers: Mapping[str, int], parcels: Mapping[str, Sequence[int]]) -> int:
    if not row.order and not row.tracking:
        raise InvalidValue("order", None, "empty")
    if row.order:
        found = numbers.get(row.order.upper())
        if found is None:
            raise NotVisible(number=row.order)
        return found
    ids = parcels.get(row.tracking, ())
    if not ids:
        raise NotVisible(tracking_number=row.tracking)
    if len(ids) > 1:
        raise InvalidValue("tracking_number", row.tracking, "ambiguous")
    return ids[0]


def _by_number(work: Work, rows: Sequence[CourierRow]) -> dict[str, int]:
    wanted = {row.order.upper() for row in rows if row.order}
    found: dict[str, int] = {}
    for part in _parts(wanted):
        statement = _own(Order.number).where(Order.source == "", Order.number.in_(part))
        found.update((number, order_id) for number, order_id in work.session.execute(statement))
    return found


def _by_tracking_number(work: Work, rows: Sequence[CourierRow]) -> dict[str, list[int]]:
    wanted = {row.tracking for row in rows if row.tracking and not row.order}
    found: dict[str, list[int]] = {}
    for part in _parts(wanted):
        # Couriers give their numbers out again after a time, and nobody sends parcels of last year.
        recent = Order.ordered_at >= work.now - STILL_UNDER_WAY
        statement = _own(Order.tracking_number).where(recent, Order.tracking_number.in_(part))
        for number, order_id in work.session.execute(statement):
            found.setdefault(number, []).append(order_id)
    return found


def _own(known_by: SQLColumnExpression[Any]) -> Select[Any]:
    """Orders of customers one may see; who took one through the door does not move it along."""
    return select(known_by, Order.id).join(Customer, Customer.id == Order.customer_id)


def _parts(values: set[str], size: int = 500) -> Iterator[list[str]]:
    ordered = sorted(values)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def _instant(work: Work, day: str, *, day_first: bool) -> datetime | None:
    """When a row says it happened: an instant, the end of a day, or none where it says nothing.

    Raises:
        InvalidValue: no date, or one to come.
    """
    if not day:
        return None
    for form in (*ISO, *(DAY_FIRST if day_first else MONTH_FIRST)):
        try:
            read = datetime.strptime(day, form)  # noqa: DTZ007 - a courier writes company time
        except ValueError:
            continue
        break
    else:
        raise InvalidValue("date", day, "date")
    if "%H" in form:
        at = read.replace(tzinfo=work.rules.timezone)
    elif read.date() > work.today:
        raise InvalidValue("date", day, "in_the_future")
    else:
        at = min(work.now, work.rules.end_of(read.date()) - timedelta(seconds=1))
    if at > work.now:
        raise InvalidValue("date", day, "in_the_future")
    return at


def _named(columns: CourierColumns) -> dict[str, str | None]:
    return {
        "status": columns.status,
        "day": columns.date,
        "order": columns.order,
        "tracking": columns.tracking,
        "reason": columns.reason,
    }


def _table(path: Path) -> list[list[str]]:
    check_file(path)
    try:
        return _excel(path) if path.suffix.lower() in EXCEL else _csv(path)
    except (CalamineError, csv.Error, OSError) as error:
        raise ImportRefused("unreadable", file=path.name, detail=str(error)) from error


def _csv(path: Path) -> list[list[str]]:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    first = text.partition("\n")[0]
    separator = max(",;\t|", key=first.count)
    return list(csv.reader(io.StringIO(text), delimiter=separator))


def _excel(path: Path) -> list[list[str]]:
    sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
    return [[_cell(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]


def _cell(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S" if value.time() != time() else "%Y-%m-%d")
    return str(value)
