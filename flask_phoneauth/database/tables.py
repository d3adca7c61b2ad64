"""Our tables, in a metadata of their own; no foreign key reaches into an app's tables."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

VERSION_TABLE = "phoneauth_alembic_version"
REVISION = "0003"
"""The newest migration; kept here so that serving needs no Alembic."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

challenges = Table(
    "phoneauth_challenges",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("phone_tag", String(16), nullable=False, index=True),
    Column("purpose", String(40), nullable=False),
    Column("phone", String(16), nullable=False),
    Column("binding", LargeBinary(32), nullable=False),
    Column("seed", LargeBinary(16)),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("forget_at", Double, nullable=False, index=True),
    Column("data", Text, nullable=False),
)

budgets = Table(
    "phoneauth_budgets",
    metadata,
    Column("key", String(120), primary_key=True),
    Column("state", Text, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
)

users = Table(
    "phoneauth_users",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("phone", String(16), unique=True),
    Column("phone_verified_at", Double),
    Column("blocked_at", Double),
    Column("created_at", Double, nullable=False),
    sqlite_autoincrement=True,
)

sessions = Table(
    "phoneauth_sessions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("user_id", String(255), nullable=False, index=True),
    Column("epoch", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("authenticated_at", Double, nullable=False),
    Column("last_seen_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("idle_seconds", Integer, nullable=False),
    Column("ip", String(64), nullable=False),
    Column("user_agent", String(200), nullable=False),
    Column("place", String(80), nullable=False, server_default=""),
    Index("ix_phoneauth_sessions_expires_at", "expires_at"),
)

epochs = Table(
    "phoneauth_epochs",
    metadata,
    Column("user_id", String(255), primary_key=True),
    Column("epoch", Integer, nullable=False),
)

audit = Table(
    "phoneauth_audit",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", Double, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("phone_tag", String(16), nullable=False),
    Column("masked_phone", String(32), nullable=False),
    Column("challenge_id", String(80), nullable=False),
    Column("user_id", String(255), nullable=False),
    Column("session_id", String(32), nullable=False),
    Column("purpose", String(24), nullable=False),
    Column("detail", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("user_agent", String(200), nullable=False),
    Column("place", String(80), nullable=False),
    Column("test_number", Boolean, nullable=False),
    Index("ix_phoneauth_audit_phone_tag", "phone_tag", "id"),
    Index("ix_phoneauth_audit_kind", "kind", "at"),
    Index("ix_phoneauth_audit_at", "at"),
    sqlite_autoincrement=True,
)
