"""Twilio: Programmable Messaging, version 2010-04-01."""
