"""Lookup v2: what is known of a number."""
