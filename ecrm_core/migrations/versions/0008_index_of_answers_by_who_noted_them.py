"""index of answers by who noted them

Revision: 0008, after 0006
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_response_by_id_at", "response", ["by_id", "at"])
