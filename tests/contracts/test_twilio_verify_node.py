"""Twilio's own Node SDK, unmodified, against the sandbox's Verify and Lookup."""

from contracts.node_sdk import run_node


def test_twilios_node_sdk_verifies_and_looks_up() -> None:
    assert run_node("twilio", "twilio_verify_contract.cjs") == {
        "listed": [f"service {number}" for number in reversed(range(5))],
        "second": ["service 2", "service 1"],
        "back": ["service 4", "service 3"],
        "started": ["pending", False, "SMS"],
        "dated": True,
        "fetched": True,
        "wrong": ["pending", False],
        "right": ["approved", True],
        "gone": 20404,
        "invalid": {
            "status": 400,
            "code": 60200,
            "message": "Invalid parameter `To`: +90533333810",
        },
        "spent": {"status": 429, "code": 20429, "message": "Too many requests"},
        "found": [True, "GB", "07772 000001", None],
        "removed": True,
    }
