"""Search and filters of a list kept under a name, each employee their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from ecrm_core.crm import Work
from ecrm_core.errors import AlreadyExists, InvalidValue, NotVisible
from ecrm_core.models import SavedView, folded
from ecrm_core.services.checks import required_text

NAME = 64
MOST_VIEWS = 20
"""Views of one list: as many tabs as a person still finds their way in."""
LONGEST_QUERY = 1_000


@dataclass(frozen=True)
class View:
    """A saved view: `query` is what stands in the list's address."""

    id: int
    page: str
    name: str
    query: Mapping[str, str]
    saved_at: datetime

    @classmethod
    def of(cls, row: SavedView) -> View:
        return cls(
            row.id, row.page, row.name, {str(key): str(value) for key, value in row.filters.items()}, row.saved_at
        )


def my_views(work: Work, page: str) -> list[View]:
    """The acting employee's views of a list, in the order they were saved."""
    rows = work.session.scalars(
        select(SavedView)
        .where(SavedView.page == page, SavedView.employee_id == work.employee_id)
        .order_by(SavedView.saved_at, SavedView.id)
    )
    return [View.of(row) for row in rows]


def save_view(work: Work, page: str, name: str, query: Mapping[str, str]) -> View:
    """Keep what a list is narrowed by under a name.

    Raises:
        AlreadyExists: there is a view of this name on this list, in whatever case.
        InvalidValue: no name (`empty`), one too long, or more views than `MOST_VIEWS` (`too_many`).
    """
    title = required_text("view", name, limit=NAME)
    kept = {key: value for key, value in query.items() if value}
    if sum(len(key) + len(value) for key, value in kept.items()) > LONGEST_QUERY:
        raise InvalidValue("view", title, "too_long", limit=LONGEST_QUERY)
    views = my_views(work, page)
    if any(folded(view.name) == folded(title) for view in views):
        raise AlreadyExists(what="view", name=title)
    if len(views) >= MOST_VIEWS:
        raise InvalidValue("view", title, "too_many", limit=MOST_VIEWS)
    row = SavedView(employee_id=work.employee_id, page=page, name=title, filters=kept, saved_at=work.now)
    work.session.add(row)
    work.session.flush()
    return View.of(row)


def delete_view(work: Work, view_id: int) -> View:
    """Drop a view; answers with what it was, so that it can be restored.

    Raises:
        NotVisible: no such view, or somebody else's.
    """
    row = work.session.get(SavedView, view_id)
    if row is None or row.employee_id != work.employee_id:
        raise NotVisible(view_id=view_id)
    view = View.of(row)
    work.session.delete(row)
    return view


def restore_view(work: Work, view: View) -> View:
    """Put a deleted view back where it was.

    Raises:
        AlreadyExists: another one has taken its name since.
    """
    same = (SavedView.page == view.page, SavedView.employee_id == work.employee_id, SavedView.name == view.name)
    if work.session.scalar(select(func.count(SavedView.id)).where(*same)):
        raise AlreadyExists(what="view", name=view.name)
    row = SavedView(
        employee_id=work.employee_id,
        page=view.page,
        name=view.name,
        filters=dict(view.query),
        saved_at=view.saved_at,
    )
    work.session.add(row)
    work.session.flush()
    return View.of(row)
