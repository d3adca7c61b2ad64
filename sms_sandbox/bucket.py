"""A bucket of tokens: how much may come at once, and how fast it fills again. Pure."""

Bucket = tuple[float, float]
"""The tokens that were left, and when that was (seconds since 1970)."""


def take(bucket: Bucket | None, rate: float, room: float, now: float) -> tuple[Bucket, bool]:
    """The bucket after a token was asked for, and whether there was one; ``rate`` are tokens a
    second, ``None`` is a bucket that is full. Time that goes back fills nothing."""
    tokens, since = bucket or (room, now)
    tokens = min(room, tokens + max(0.0, now - since) * rate)
    enough = tokens >= 1.0
    return (tokens - 1.0 if enough else tokens, now), enough
