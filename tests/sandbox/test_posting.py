"""Which addresses of an application a vendor's request may go to."""

import pytest

from sms_sandbox.facades.posting import MAX_URL, is_url


@pytest.mark.parametrize(
    "address",
    [
        "",
        "app.example/status",
        "ftp://app.example/",
        "https:///status",
        "http://app.example:0/",
        "http://app.example:99999/",
        "http://[::1/",
        "http://user@app.example/",
        "http://user:secret@app.example/",
        "http://app.example/two words",
        "http://app.example/\n",
        "http://app.example/\u00fc",
        "http://app.example/" + "x" * MAX_URL,
    ],
    ids=lambda address: ascii(address)[:40],
)
def test_address_that_no_request_can_go_to_is_none(address: str) -> None:
    assert not is_url(address)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:5000/x?y=1", "HTTPS://App.Example", "http://[::1]/"]
)
def test_address_of_an_application_is_one(address: str) -> None:
    assert is_url(address)
