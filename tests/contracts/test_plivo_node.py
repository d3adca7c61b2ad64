"""Plivo's own Node SDK, unmodified; the Makefile installs it into ``build/node``."""

from contracts.node_sdk import run_node


def test_plivos_node_sdk_and_its_validators() -> None:
    seen = run_node("plivo", "plivo_contract.cjs")
    told = seen.pop("told")
    for name, method in (("POST", "POST"), ("GET", "GET"), ("verify", "POST")):
        assert told[name] == [
            {"method": method, "status": status, "v2": True, "v3": True, "forged": False}
            for status in ("queued", "sent", "delivered")
        ]
    assert seen.pop("stranger")["message"].startswith("Could not verify your access level")
    assert "is not a valid number" in seen["invalid"].pop("message")
    assert seen == {
        "many": ["message(s) queued", 2],
        "some": [1, ["nobody"]],
        "pooled": 1,
        "fetched": [True, "12015550124", "sms"],
        "listed": [2, 6, 2],
        "session": ["Session initiated", "session validated successfully.", "verified", 1],
        "wrong": {"name": "Error", "status": 400, "message": "otp is incorrect"},
        "again": {"name": "Error", "status": 409, "message": "session is already verified"},
        "invalid": {"name": "Error", "status": 400},
        "gone": {"name": "Error", "status": 404, "message": "not found"},
        "limited": {
            "name": "Error",
            "message": "AxiosError: Request failed with status code 429",
        },
        "broken": {"name": "Error", "status": 500, "message": "internal server error"},
    }
