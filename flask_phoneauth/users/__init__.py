"""Where an application's users are found and made."""
