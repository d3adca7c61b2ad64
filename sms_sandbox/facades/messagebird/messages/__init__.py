"""Messages: one for many recipients, their list, their reports, and what handsets send."""
