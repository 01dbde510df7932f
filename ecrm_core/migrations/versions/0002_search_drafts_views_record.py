"""search, drafts, views, record

Revision: 0002, after 0001
"""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_feed",
        sa.Column("employee_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_calendar_feed_employee_id_employee")),
        sa.PrimaryKeyConstraint("employee_id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feed_token_hash")),
    )
    op.create_table(
        "order_draft",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("employee_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("intention", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_order_draft_employee_id_employee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_draft")),
        sa.UniqueConstraint("intention", name=op.f("uq_order_draft_intention")),
    )
    op.create_index("ix_order_draft_employee_id", "order_draft", ["employee_id"])

    op.create_table(
        "saved_view",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("employee_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("page", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["employee_id"], ["employee.id"], name=op.f("fk_saved_view_employee_id_employee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("employee_id", "page", "name", name=op.f("uq_saved_view_employee_id_page_name")),
    )
    op.create_table(
        "audit_record",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["employee.id"], name=op.f("fk_audit_record_by_id_employee")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_audit_record_customer_id_customer")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_audit_record_order_id_sales_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_record")),
    )
    op.create_index("ix_audit_record_at", "audit_record", ["at", "id"])
    op.create_index("ix_audit_record_by_id_kind_at", "audit_record", ["by_id", "kind", "at"])
    op.create_index("ix_audit_record_customer_id_at", "audit_record", ["customer_id", "at"])

    op.create_table(
        "change_offer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("taken", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["employee.id"], name=op.f("fk_change_offer_answered_by_id_employee")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["employee.id"], name=op.f("fk_change_offer_by_id_employee")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_change_offer_customer_id_customer")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_change_offer_order_id_sales_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_offer")),
    )
    op.create_index("ix_change_offer_customer_id", "change_offer", ["customer_id"])
    op.create_index("ix_change_offer_order_id", "change_offer", ["order_id"])

    # Added in place: SQLite would otherwise make the table anew, under everything that refers to it.
    key = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    for table, column in (
        ("customer", sa.Column("search_name", sa.String(length=200), server_default="", nullable=False)),
        ("customer", sa.Column("version", sa.Integer(), server_default="1", nullable=False)),
        ("customer", sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True)),
        ("order_status_change", sa.Column("refused_at_door", sa.Boolean(), server_default=sa.false(), nullable=False)),
        ("sales_order", sa.Column("version", sa.Integer(), server_default="1", nullable=False)),
    ):
        op.add_column(table, column)
    op.execute(
        f"ALTER TABLE customer ADD COLUMN changed_by_id {key}"
        " CONSTRAINT fk_customer_changed_by_id_employee REFERENCES employee (id)"
    )
    _fold_names()
    for name in ("ix_customer_name", "ix_customer_owner_id_name", "ix_customer_city"):
        op.drop_index(name, "customer")
    op.create_index("ix_customer_city", "customer", ["city", "id"])
    op.create_index("ix_customer_owner_id_city", "customer", ["owner_id", "city", "id"])
    op.create_index("ix_customer_owner_id_search_name", "customer", ["owner_id", "search_name", "id"])
    op.create_index("ix_customer_search_name", "customer", ["search_name", "id"])
    for statement in SEARCH[op.get_bind().dialect.name]:
        op.execute(statement)


SEARCH = {
    "sqlite": (
        # Only the index is kept: the names are the customers' own.
        """
        CREATE VIRTUAL TABLE customer_search
        USING fts5(search_name, content='customer', content_rowid='id', tokenize='trigram')
        """,
        "INSERT INTO customer_search(customer_search) VALUES ('rebuild')",
        """
        CREATE TRIGGER customer_search_insert AFTER INSERT ON customer BEGIN
            INSERT INTO customer_search(rowid, search_name) VALUES (new.id, new.search_name);
        END
        """,
        """
        CREATE TRIGGER customer_search_delete AFTER DELETE ON customer BEGIN
            INSERT INTO customer_search(customer_search, rowid, search_name)
            VALUES ('delete', old.id, old.search_name);
        END
        """,
        """
        CREATE TRIGGER customer_search_update AFTER UPDATE OF search_name ON customer BEGIN
            INSERT INTO customer_search(customer_search, rowid, search_name)
            VALUES ('delete', old.id, old.search_name);
            INSERT INTO customer_search(rowid, search_name) VALUES (new.id, new.search_name);
        END
        """,
    ),
    "postgresql": (
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        "CREATE INDEX trgm_customer_search_name ON customer USING gin (search_name gin_trgm_ops)",
        "CREATE VIEW customer_search AS SELECT id AS rowid, search_name FROM customer",
    ),
}


def _fold_names() -> None:
    """What `folded` did when this was written."""
    connection = op.get_bind()
    customer = sa.table("customer", sa.column("id"), sa.column("name"), sa.column("search_name"))
    change = customer.update().where(customer.c.id == sa.bindparam("number")).values(search_name=sa.bindparam("found"))
    for rows in connection.execute(sa.select(customer.c.id, customer.c.name)).partitions(10_000):
        connection.execute(change, [{"number": number, "found": _folded(name)} for number, name in rows])


def _folded(name: str) -> str:
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    return " ".join(plain.casefold().split())[:200]
