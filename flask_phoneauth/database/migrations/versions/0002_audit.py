"""The audit trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TEXTS = {
    "kind": 24,
    "phone_tag": 16,
    "masked_phone": 32,
    "challenge_id": 80,
    "user_id": 255,
    "session_id": 32,
    "purpose": 24,
    "detail": 64,
    "address": 64,
    "user_agent": 200,
    "place": 80,
}


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "phoneauth_audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        *(sa.Column(name, sa.String(length), nullable=False) for name, length in _TEXTS.items()),
        sa.Column("test_number", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_phoneauth_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_phoneauth_audit_phone_tag", "phoneauth_audit", ["phone_tag", "id"])
    op.create_index("ix_phoneauth_audit_kind", "phoneauth_audit", ["kind", "at"])
    op.create_index("ix_phoneauth_audit_at", "phoneauth_audit", ["at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("phoneauth_audit")
