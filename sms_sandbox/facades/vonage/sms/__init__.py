"""The SMS API: sending, delivery receipts, conversions."""
