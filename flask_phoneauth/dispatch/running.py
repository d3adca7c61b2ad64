"""How a job is run wherever nobody stands above it to catch what it raises."""

from __future__ import annotations

import logging

from flask_phoneauth.dispatch.base import Handle
from flask_phoneauth.records import Job

logger = logging.getLogger("flask_phoneauth")


def run(handle: Handle, job: Job) -> None:
    """Do the job; what it raises is logged by its kind and place, and ends no thread or worker."""
    try:
        handle(job)
    # The one place where every exception is caught: nobody is above to catch it. Its text may
    # hold a number or a code, so it is neither logged nor left to a queue that would keep it.
    except Exception as exc:  # noqa: BLE001
        logger.error("sending a message failed: %s in %s", type(exc).__name__, _place(exc))


def _place(exc: BaseException) -> str:
    trace = exc.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "?"
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}, line {trace.tb_lineno}"
