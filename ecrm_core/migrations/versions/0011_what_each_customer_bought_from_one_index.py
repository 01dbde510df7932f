"""what each customer bought is read from one index

Revision: 0011, after 0010
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_order_line_customer_id_ordered_at", "order_line")
    op.create_index(
        "ix_order_line_customer_id_ordered_at",
        "order_line",
        ["customer_id", "ordered_at", "void_at", "order_id", "amount"],
    )
