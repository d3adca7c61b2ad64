"""Twilio: Messages and Calls of 2010-04-01, Verify v2, Lookup v2."""
