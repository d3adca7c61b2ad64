"""Ways to a visitor beside the phone: e-mail."""
