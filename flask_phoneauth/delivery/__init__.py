"""Delivery: the text of a message, and the providers in their order."""
