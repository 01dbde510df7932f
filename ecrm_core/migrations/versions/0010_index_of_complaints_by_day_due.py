"""index of complaints by the day they are due

Revision: 0010, after 0008
"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_complaint_state_due_on", "complaint", ["state", "due_on", "id"])
