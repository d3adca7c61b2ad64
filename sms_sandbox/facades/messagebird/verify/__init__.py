"""Verifications: a token goes out, and is asked back."""
