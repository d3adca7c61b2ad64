"""Where a session began, by an app's own resolver."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; sessions that there are have no place."""
    place = sa.Column("place", sa.String(80), nullable=False, server_default="")
    op.add_column("phoneauth_sessions", place)


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("phoneauth_sessions") as table:
        table.drop_column("place")
