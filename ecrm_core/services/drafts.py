"""Orders half typed: kept for who types them, on any computer, until the order is taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ecrm_core.crm import Work
from ecrm_core.errors import EcrmError

LARGEST_DRAFT = 65_536
"""Bytes of a draft's content as JSON."""


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
            `name` and `code`) and `content["lines"]` (a list), where they are there.
        version: what was read or saved last; 0 for a new form.

    Raises:
        DraftChanged: another tab or computer saved in between; carries what is stored. Nothing was
            written: save under a new intention to keep both.
        DraftOrdered: the order has been taken.
        InvalidValue: no intention, or a content that is too large or is not JSON.
        NotVisible: the intention is a colleague's.
    """
    raise NotImplementedError


def open_draft(work: Work, intention: str) -> Draft | None:
    """The draft of a form; none where there is none, or where it has become an order."""
    raise NotImplementedError


def my_drafts(work: Work) -> list[DraftLine]:
    """One's own drafts, newest first; what has become an order is none."""
    raise NotImplementedError


def discard_draft(work: Work, intention: str) -> None:
    """Throw a draft away; doing it twice changes nothing.

    `save_draft` with version 0 and the same content brings it back.
    """
    raise NotImplementedError
