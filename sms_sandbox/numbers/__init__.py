"""What a phone number means to the sandbox."""

from sms_sandbox.numbers.address import (
    comparison_key,
    parse_number,
    parse_sender,
)
from sms_sandbox.numbers.magic import MagicNumber
from sms_sandbox.numbers.scenarios import SCENARIOS, Scenario, scenario_of
from sms_sandbox.numbers.table import Row, numbers
from sms_sandbox.numbers.virtual import Verdict, sim_swapped_at, verdict

__all__ = [
    "SCENARIOS",
    "MagicNumber",
    "Row",
    "Scenario",
    "Verdict",
    "comparison_key",
    "numbers",
    "parse_number",
    "parse_sender",
    "scenario_of",
    "sim_swapped_at",
    "verdict",
]
