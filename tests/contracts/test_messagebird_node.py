"""MessageBird's own Node SDK, unmodified; the Makefile installs it into ``build/node``."""

from contracts.node_sdk import run_node


def refusal(status: int, code: int, description: str, parameter: str | None) -> dict[str, object]:
    """An error as the SDK makes it of a refusal."""
    named = f", parameter: {parameter}" if parameter else ""
    return {
        "error": f"api error(s): {description} (code: {code}{named})",
        "status": status,
        "errors": [{"code": code, "description": description, "parameter": parameter}],
    }


def test_messagebirds_node_sdk_and_its_validator() -> None:
    seen = run_node("messagebird", "messagebird_contract.cjs")
    told = seen.pop("told")
    judged = {"genuine": True, "forged": False, "moved": False, "altered": False}
    assert told["reports"] == [
        {"method": "GET", "status": status} | judged for status in ("buffered", "delivered")
    ]
    assert told["inbound"] == [{"method": "POST", "status": None} | judged]
    assert seen == {
        "made": [32, 1, "r"],
        "read": [True, "delivered"],
        "many": ["flash", 0, 2],
        "listed": [1, 1, 2],
        "deleted": True,
        "gone": refusal(404, 20, "message not found", None),
        "wrong": refusal(422, 10, "The token is invalid.", "token"),
        "right": ["verified", "verified", True],
        "forgotten": refusal(404, 20, "verification id not found", None),
        "email": "type",
        "lookup": ["mobile", "US", True],
        "hlr": ["active", "mine", True],
        "bare": "active",
        "waiting": ["sent", True],
        "balance": "prepaid",
        "invalid": refusal(422, 9, "no (correct) recipients found", "recipients"),
        "stranger": refusal(401, 2, "Request not allowed (incorrect access_key)", "access_key"),
        "limited": refusal(429, 21, "Bad request (too many requests)", None),
        "broken": refusal(500, 99, "internal error", None),
    }
