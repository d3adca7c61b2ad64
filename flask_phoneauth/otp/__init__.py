"""Codes and the challenges that wait for them: pure, no Flask, no I/O, `now` is passed in."""
