"""The only room that starts or ends a login."""
