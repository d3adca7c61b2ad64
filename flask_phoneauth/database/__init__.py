"""Our own tables, engine and migrations; never the application's session."""
