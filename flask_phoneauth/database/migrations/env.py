"""Alembic's environment: the connection is handed in by `migrate.upgrade`."""

from __future__ import annotations

from alembic import context

from flask_phoneauth.database.tables import metadata

VERSION_TABLE = "phoneauth_alembic_version"

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
context.run_migrations()
