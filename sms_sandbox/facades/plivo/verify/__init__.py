"""Verify: sessions that send a code and compare it."""
