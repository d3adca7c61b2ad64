"""Messaging Services and their senders."""
