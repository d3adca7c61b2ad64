"""Verify v1, in brief: requests of texts and calls in a fixed order."""
