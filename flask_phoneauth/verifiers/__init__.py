"""Vendors that make, send and check the code themselves; ours is the rest of the login."""
