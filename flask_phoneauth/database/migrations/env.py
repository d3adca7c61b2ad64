"""Alembic's environment: the connection is handed in by `migrate.upgrade`."""

from __future__ import annotations

from alembic import context

from flask_phoneauth.database.tables import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
context.run_migrations()
