"""index of the calls of an agenda item

Revision: 0006, after 0004
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_contact_agenda_item_id", "contact", ["agenda_item_id"])
