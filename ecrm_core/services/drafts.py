"""Orders half typed: kept for who types them, on any computer, until the order is taken."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError

from ecrm_core.crm import Work
from ecrm_core.errors import EcrmError, InvalidValue, NotVisible
from ecrm_core.models import Order, OrderDraft
from ecrm_core.services.checks import required_text

LARGEST_DRAFT = 65_536
"""Bytes of a draft's content as JSON."""
MOST_SHOWN = 100


@dataclass(frozen=True)
class Draft:
    """A draft as it is stored. `content` is what the form gave, unchanged."""

    intention: str
    content: dict[str, Any]
    version: int
    saved_at: datetime


@dataclass(frozen=True)
class DraftLine:
    """A draft in one line of a list."""

    intention: str
    customer_name: str | None
    customer_code: str | None
    lines: int
    saved_at: datetime
    version: int


class DraftChanged(EcrmError):
    """Another tab or computer has saved this draft since; `stored` is what it holds now."""

    code = "error.draft_changed"

    def __init__(self, stored: Draft) -> None:
        super().__init__(intention=stored.intention, version=stored.version)
        self.stored = stored


class DraftOrdered(EcrmError):
    """This draft has become an order; facts: `number`."""

    code = "error.draft_ordered"


def save_draft(work: Work, intention: str, content: dict[str, Any], *, version: int) -> Draft:
    """Keep what is typed so far, and answer with its new version.

    Args:
        intention: the form's own key, the same that the order will carry.
        content: anything JSON holds. The list of drafts reads `content["customer"]` (a dict with
            `name` and `code`), else `content["name"]`, and `content["lines"]` (a list), where they are there.
        version: what was read or saved last; 0 for a new form.

    Raises:
        DraftChanged: another tab or computer saved in between; carries what is stored. Nothing was
            written: save under a new intention to keep both.
        DraftOrdered: the order has been taken.
        InvalidValue: no intention, or a content that is too large or is not JSON.
        NotVisible: the intention is a colleague's.
    """
    key = required_text("intention", intention, limit=64)
    _check_size(content)
    _refuse_ordered(work, key)
    row = _draft(work, key, lock=True)
    if row is None:
        row = OrderDraft(employee_id=work.employee_id, intention=key, content=content, saved_at=work.now, version=1)
        try:
            with work.session.begin_nested():
                work.session.add(row)
        except IntegrityError:  # saved twice at once for the first time, or somebody else's key
            row = _draft(work, key, lock=True)
            if row is None:
                raise NotVisible(intention=key) from None
            raise DraftChanged(_as_stored(row)) from None
        return _as_stored(row)
    if row.content == content:
        return _as_stored(row)  # a retry, or two tabs that agree
    if row.version != version:
        raise DraftChanged(_as_stored(row))
    row.content = content
    row.saved_at = work.now
    row.version += 1
    work.session.flush()
    return _as_stored(row)


def open_draft(work: Work, intention: str) -> Draft | None:
    """The draft of a form; none where there is none, or where it has become an order."""
    row = _draft(work, intention)
    return None if row is None or _order_of(work, intention) is not None else _as_stored(row)


def my_drafts(work: Work) -> list[DraftLine]:
    """One's own drafts, newest first; what has become an order is none."""
    rows = work.session.scalars(
        select(OrderDraft)
        .where(OrderDraft.employee_id == work.employee_id, ~exists().where(Order.intention == OrderDraft.intention))
        .order_by(OrderDraft.saved_at.desc(), OrderDraft.id.desc())
        .limit(MOST_SHOWN)
    )
    return [_in_short(row) for row in rows]


def discard_draft(work: Work, intention: str) -> None:
    """Throw a draft away; doing it twice changes nothing.

    `save_draft` with version 0 and the same content brings it back.
    """
    row = _draft(work, intention, lock=True)
    if row is not None:
        work.session.delete(row)
        work.session.flush()


def _draft(work: Work, intention: str, *, lock: bool = False) -> OrderDraft | None:
    # Managers see everybody's drafts; a form is its own typist's all the same.
    statement = select(OrderDraft).where(OrderDraft.intention == intention, OrderDraft.employee_id == work.employee_id)
    return work.session.scalar(statement.with_for_update() if lock else statement)


def _order_of(work: Work, intention: str) -> str | None:
    return work.session.scalar(select(Order.number).where(Order.intention == intention))


def _refuse_ordered(work: Work, intention: str) -> None:
    number = _order_of(work, intention)
    if number is not None:
        raise DraftOrdered(number=number)


def _check_size(content: dict[str, Any]) -> None:
    try:
        written = json.dumps(content, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidValue("draft", None, "not_json") from error
    if len(written.encode()) > LARGEST_DRAFT:
        raise InvalidValue("draft", None, "draft_too_large", limit=LARGEST_DRAFT // 1024)


def _as_stored(row: OrderDraft) -> Draft:
    return Draft(row.intention, dict(row.content), row.version, row.saved_at)


def _in_short(row: OrderDraft) -> DraftLine:
    content = row.content
    customer = content.get("customer")
    who = customer if isinstance(customer, dict) else content
    lines = content.get("lines")
    return DraftLine(
        intention=row.intention,
        customer_name=_text(who.get("name")),
        customer_code=_text(who.get("code")),
        lines=len(lines) if isinstance(lines, list) else 0,
        saved_at=row.saved_at,
        version=row.version,
    )


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
