"""What an operator is asked, as flows see it."""

from __future__ import annotations

from typing import Protocol


class Unsure(Exception):
    """The operator can not tell, or did not answer: the visitor proves the number by a code.

    `reason` is a short machine word without number, code or token.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Operator(Protocol):
    """Verifies numbers by the mobile network; called by many threads at once."""

    def begin(self, phone: str, state: str, redirect_uri: str, *, proof: str = "") -> str:
        """The address that the device is to open; it comes back to `redirect_uri` with `state`.

        `proof` is the S256 of the `verifier` that comes with the code (RFC 7636), for an operator
        that compares them. Raises `Unsure`.
        """

    def verify(self, phone: str, code: str, redirect_uri: str, *, verifier: str = "") -> bool:
        """Whether the device that brought `code` has this number (E.164); raises `Unsure`."""

    def sim_changed(self, phone: str, hours: int) -> bool:
        """Whether the number got another SIM in the last `hours`; raises `Unsure`."""

    def close(self) -> None:
        """Let connections go."""
