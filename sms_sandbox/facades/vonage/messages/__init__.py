"""The Messages API, version 1, for SMS."""
