"""Called by Alembic; the connection comes from `migrations.upgrade`."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import TypeDecorator

from ecrm_core.migrations import ours
from ecrm_core.models import Base


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our own types as what they are kept as: a migration must not change when the models do."""
    if kind == "type" and isinstance(item, TypeDecorator) and type(item).__module__.startswith("ecrm_core"):
        return f"sa.{item.impl!r}"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=render_item,
    compare_type=True,
    include_object=ours,
)
context.run_migrations()
