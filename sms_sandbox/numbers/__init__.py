"""What a phone number means to the sandbox."""

from sms_sandbox.numbers.address import (
    comparison_key,
    parse_number,
    parse_sender,
)

__all__ = ["comparison_key", "parse_number", "parse_sender"]
