"""Twilio's own Node SDK, unmodified; the Makefile installs it into ``build/node``."""

from contracts.node_sdk import run_node


def test_twilios_node_sdk_and_its_validator() -> None:
    seen = run_node("twilio", "twilio_contract.cjs")
    assert seen.pop("callbacks") == [
        {"status": status, "valid": True, "forged": False} for status in ("sent", "delivered")
    ]
    assert seen.pop("gone")["code"] == 20404
    assert seen == {
        "created": "queued",
        "fetched": "delivered",
        "second": ["text 1", "text 0"],
        "listed": ["text 3", "text 2", "text 1", "text 0", "Your code is 482913"],
        "redacted": "",
        "removed": True,
        "invalid": {"status": 400, "code": 21211, "message": "Invalid 'To' Phone Number: XXXX"},
        "stranger": {"status": 401, "code": 20003, "message": "Authenticate"},
    }


def test_twilios_node_sdk_with_media_schedules_replies_and_calls() -> None:
    assert run_node("twilio", "twilio_classic_contract.cjs") == {
        "media": ["1", "image/png"],
        "schedule": ["scheduled", "canceled"],
        "directions": ["outbound-reply", "inbound"],
        "stopped": {"status": 400, "code": 21610},
        "statuses": ["queued", "in-progress", "completed"],
        "code": "482913",
        "listed": 1,
        "invalid": {"status": 400, "code": 21210},
        "gone": {"status": 404, "code": 20404},
        "paths": ["/pressed", "/sms", "/sms", *["/status"] * 4, "/voice"],
        "told": ["initiated", "ringing", "in-progress", "completed"],
        "valid": True,
    }


def test_twilios_node_sdk_buys_numbers_and_sends_by_a_service() -> None:
    assert run_node("twilio", "twilio_services_contract.cjs") == {
        "bought": ["+12025550107", "(202) 555-0107", True, True],
        "listed": ["+14155550102", "+14155550101", "+14155550100", "+12025550107"],
        "found": 1,
        "service": ["verification", 36_000, True],
        "empty": {
            "status": 400,
            "code": 21704,
            "message": "The Messaging Service contains no phone numbers",
        },
        "added": ["+12025550107", "US", True],
        "again": {
            "status": 409,
            "code": 21710,
            "message": "Phone Number or Short Code is already in the Messaging Service",
        },
        "sent": ["accepted", None, "it's 424242", "+12025550107", True],
        "changed": "Other",
        "pages": ["Other", "service 2", "service 1", "service 0"],
        "left": [True, 0],
        "removed": True,
        "gone": 21701,
        "given": True,
    }
