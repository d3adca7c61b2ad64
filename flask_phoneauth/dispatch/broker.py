"""Which Redis the queues of jobs are in, how long it is waited for, and how a job is written."""

from __future__ import annotations

from typing import Any

from flask_phoneauth.records import Job
from flask_phoneauth.settings import SettingError, Settings

SCHEMES = ("redis://", "rediss://")
CONNECT_SECONDS = 0.5
ANSWER_SECONDS = 1.0
"""How long a request waits for the broker, as it does for a store (RULES 35)."""
JOB_SECONDS = 60
"""A run that takes longer is ended: providers give up long before."""


def broker_url(settings: Settings) -> str:
    """`QUEUE_URL`, else the store's where that is one Redis server; raises `SettingError`."""
    url = settings.queue_url or settings.store_url
    if not url.startswith(SCHEMES):
        raise SettingError(
            f"PHONEAUTH_DISPATCH = {settings.dispatch!r} needs PHONEAUTH_QUEUE_URL, as "
            "redis://host:6379/0 or rediss://host:6379/0"
        )
    if settings.store_url.startswith("memory:"):
        raise SettingError(
            "PHONEAUTH_STORE_URL = 'memory://' is seen by no worker of "
            f"PHONEAUTH_DISPATCH = {settings.dispatch!r}: name a database or Redis"
        )
    return url


def written(job: Job) -> list[Any]:
    """What a queue holds of a job: nothing that is worth stealing."""
    return [job.challenge_id, job.generation, job.asked_at]


def read(challenge_id: Any, generation: Any, asked_at: Any, *, delivered: int) -> Job:
    """The job as a worker is brought it."""
    return Job(str(challenge_id), int(generation), float(asked_at), delivered)
