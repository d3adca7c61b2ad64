"""Verify v2: services, verifications, checks, rate limits and attempts."""
