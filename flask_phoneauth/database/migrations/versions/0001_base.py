"""Challenges, budgets, accounts, sessions and epochs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "phoneauth_challenges",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("phone_tag", sa.String(16), nullable=False),
        sa.Column("purpose", sa.String(40), nullable=False),
        sa.Column("phone", sa.String(16), nullable=False),
        sa.Column("binding", sa.LargeBinary(32), nullable=False),
        sa.Column("seed", sa.LargeBinary(16)),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.Column("forget_at", sa.Double, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_phoneauth_challenges"),
    )
    op.create_index("ix_phoneauth_challenges_phone_tag", "phoneauth_challenges", ["phone_tag"])
    op.create_index("ix_phoneauth_challenges_forget_at", "phoneauth_challenges", ["forget_at"])
    op.create_table(
        "phoneauth_budgets",
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_phoneauth_budgets"),
    )
    op.create_index("ix_phoneauth_budgets_expires_at", "phoneauth_budgets", ["expires_at"])
    _accounts()
    _sessions()


def _accounts() -> None:
    op.create_table(
        "phoneauth_users",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("phone", sa.String(16)),
        sa.Column("phone_verified_at", sa.Double),
        sa.Column("blocked_at", sa.Double),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_phoneauth_users"),
        sa.UniqueConstraint("phone", name="uq_phoneauth_users_phone"),
        sqlite_autoincrement=True,
    )


def _sessions() -> None:
    op.create_table(
        "phoneauth_sessions",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("authenticated_at", sa.Double, nullable=False),
        sa.Column("last_seen_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.Column("idle_seconds", sa.Integer, nullable=False),
        sa.Column("ip", sa.String(64), nullable=False),
        sa.Column("user_agent", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_phoneauth_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_phoneauth_sessions_token_hash"),
    )
    op.create_index("ix_phoneauth_sessions_user_id", "phoneauth_sessions", ["user_id"])
    op.create_index("ix_phoneauth_sessions_expires_at", "phoneauth_sessions", ["expires_at"])
    op.create_table(
        "phoneauth_epochs",
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_phoneauth_epochs"),
    )


def downgrade() -> None:
    """Drop them all."""
    for name in ("epochs", "sessions", "users", "budgets", "challenges"):
        op.drop_table(f"phoneauth_{name}")
