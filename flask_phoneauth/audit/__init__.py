"""The audit trail: events become entries, which a thread of its own writes down."""
