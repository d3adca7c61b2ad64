"""Plivo: messages, Verify and Lookup."""
