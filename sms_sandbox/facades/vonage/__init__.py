"""Vonage: SMS, Messages, Verify, and the mobile operator behind its network APIs."""
