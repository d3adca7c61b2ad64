"""Vonage's own Node SDK, unmodified, with its Verify APIs."""

from contracts.node_sdk import run_node


def test_vonages_node_sdk_verifies() -> None:
    seen = run_node("@vonage/server-sdk", "vonage_verify_contract.cjs")
    refused = {"name": "VetchError"}
    assert seen == {
        "running": refused | {"status": 409, "title": "Conflict"},
        "wrong": refused | {"status": 400, "title": "Invalid Code"},
        "checked": [6, "completed"],
        "gone": refused | {"status": 404, "title": "Not Found"},
        "told": [
            {"type": kind, "status": "completed", "valid": True, "forged": False}
            for kind in ("event", "summary")
        ],
        "next": [True, True],
        "noNext": False,
        "cancelled": [True, False],
        "early": refused | {"status": 409, "title": "Conflict"},
        "silent": [True, "completed"],
        "invalid": refused | {"status": 422, "title": "Invalid params"},
        "errs": refused | {"status": 500, "title": "Internal Error"},
        "older": ["0", 32, 6],
        "olderWrong": "16",
        "olderSearch": "IN PROGRESS",
        "olderNext": "0",
        "olderCheck": "0",
        "olderCancel": "6",
    }
