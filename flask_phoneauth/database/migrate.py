"""Bring our tables to the newest form; safe to run twice and from several processes."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

from flask_phoneauth.database.engine import Database


def upgrade(database: Database) -> None:
    """Run the migrations that this database lacks, all in one transaction."""
    if database.is_current():
        return
    database.create_file()
    with database.migration() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
