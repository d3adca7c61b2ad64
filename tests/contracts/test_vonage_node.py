"""Vonage's own Node SDK, unmodified; the Makefile installs it into ``build/node``."""

from contracts.node_sdk import run_node

from sms_sandbox.facades.vonage.signature import METHODS


def test_vonages_node_sdk_and_its_validators() -> None:
    seen = run_node("@vonage/server-sdk", "vonage_contract.cjs")
    receipts = seen.pop("receipts")
    assert set(receipts) == set(METHODS)
    for method, told in receipts.items():
        verb = "GET" if method == "sha1" else "POST"
        assert told == [[verb, status, True, False, False] for status in ("accepted", "delivered")]
    assert seen.pop("told") == [
        [status, True, True, False] for status in ("submitted", "delivered")
    ]
    assert seen.pop("invalid").pop("text").startswith("Invalid value for parameter: to")
    failure = "MessageSendPartialFailure"
    assert seen == {
        "sent": ["1", "0", "7"],
        "long": ["3", 3],
        "byToken": 36,
        "wrong": {"name": failure, "status": "4", "text": "Bad Credentials"},
        "refused": {"name": "VetchError", "status": 422},
        "foreign": {"name": "VetchError", "status": 401},
        "gone": {"name": "VetchError", "status": 404},
        "limited": {"name": "VetchError", "status": 429},
        "broken": {"name": "VetchError", "status": 500},
    }
