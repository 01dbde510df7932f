"""indexes of follow-ups and answers

Revision: 0004, after 0003
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_follow_up_customer_id_due_on", "follow_up")
    op.drop_index("ix_follow_up_state_due_on", "follow_up")
    op.create_index(
        "ix_follow_up_customer_id_state_expires_on", "follow_up", ["customer_id", "state", "expires_on", "due_on"]
    )
    op.create_index("ix_follow_up_state_expires_on", "follow_up", ["state", "expires_on", "due_on", "customer_id"])
    op.drop_index("ix_response_customer_id", "response")
    op.create_index("ix_response_customer_id_product_id", "response", ["customer_id", "product_id"])
