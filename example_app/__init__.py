"""A small notes application that people sign up to by phone: Flask-PhoneAuth at work."""

from example_app.app import create_app

__all__ = ["create_app"]
