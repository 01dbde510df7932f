"""plans, call days, templates

Revision: 0003, after 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call_day",
        sa.Column("employee_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_call_day_employee_id_employee")),
        sa.PrimaryKeyConstraint("employee_id", "day", name=op.f("pk_call_day")),
    )
    op.create_table(
        "call_pause",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("employee_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_call_pause_employee_id_employee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_pause")),
    )
    op.create_index("ix_call_pause_employee_id", "call_pause", ["employee_id"])

    op.create_table(
        "day_plan",
        sa.Column("employee_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("works", sa.Boolean(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("promised", sa.Integer(), nullable=False),
        sa.Column("proposed", sa.Integer(), nullable=False),
        sa.Column("left_over", sa.Integer(), nullable=False),
        sa.Column("oldest_left_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_day_plan_employee_id_employee")),
        sa.PrimaryKeyConstraint("employee_id", "day", name=op.f("pk_day_plan")),
    )
    op.create_index("ix_day_plan_day", "day_plan", ["day"])

    op.create_table(
        "text_template",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("language", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.Column("product_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("text", sa.String(length=4000), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["employee.id"], name=op.f("fk_text_template_changed_by_id_employee")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_text_template_product_id_product")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_template")),
    )
    op.create_index("ix_text_template_kind_language", "text_template", ["kind", "language"])

    op.add_column("agenda_item", sa.Column("reasons", sa.JSON(), nullable=True))
    op.add_column("agenda_item", sa.Column("due_on", sa.Date(), nullable=True))
    op.add_column("agenda_item", sa.Column("rank", sa.Integer(), nullable=True))
    op.add_column("agenda_item", sa.Column("score", sa.Float(), nullable=True))
    op.add_column("agenda_item", sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("agenda_item", sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("agenda_item", sa.Column("dismissed_because", sa.String(length=500), nullable=True))
    op.add_column("agenda_item", sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))
