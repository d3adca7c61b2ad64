"""Calls of 2010-04-01: asking for one, showing it, and playing its script."""
