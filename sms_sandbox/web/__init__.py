"""The web inbox: one page that shows every message, live, on top of the control API."""
