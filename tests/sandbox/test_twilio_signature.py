from sms_sandbox.facades.twilio.signature import sign

TOKEN = "test_auth_token"
ACCOUNT, MESSAGE = "AC" + "a" * 32, "SM" + "b" * 32


def test_a_status_callback_is_signed_as_the_worked_example() -> None:
    parameters = {
        "SmsSid": MESSAGE,
        "SmsStatus": "delivered",
        "MessageStatus": "delivered",
        "To": "+15558675310",
        "MessageSid": MESSAGE,
        "AccountSid": ACCOUNT,
        "From": "+15017122661",
        "ApiVersion": "2010-04-01",
    }
    url = "http://127.0.0.1:9000/twilio/status?tenant=42"
    assert sign(TOKEN, url, parameters.items()) == "TKb9CU5H1IGgmwJjEhoCVx722UE="
    shared = sign(TOKEN, url, parameters.items(), "HMAC_SHA256")
    assert shared == "qHpjHZLPvkxByKXvzpe9PkRIj567qxWY+KItWUDaZ4o="


def test_unicode_and_empty_values_are_signed_as_the_worked_example() -> None:
    parameters = {"Body": "héllo 😀 wörld", "NumMedia": "0", "Empty": ""}
    url = "http://127.0.0.1:9000/in"
    assert sign(TOKEN, url, parameters.items()) == "PGTLGBSywCTIgSnL/+On0KF0PNo="


def test_of_a_repeated_name_each_value_counts_once_and_sorted() -> None:
    parameters = [("A", "2"), ("A", "1"), ("A", "1"), ("B", "x")]
    url = "http://127.0.0.1:9000/twilio/status?tenant=42"
    assert sign(TOKEN, url, parameters) == "7Lbjy9/p1aSn2kX10wePwv9pSoY="


def test_a_get_and_a_json_body_are_signed_through_the_url_alone() -> None:
    assert sign(TOKEN, "http://127.0.0.1:9000/sms?A=1&B=2") == "RU+Cp0cEnTSjb7h5iuZPolNVFSo="
    digest = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
    url = f"http://127.0.0.1:9000/json?bodySHA256={digest}"
    assert sign(TOKEN, url) == "1teTrftzb6rlE5Q+VarzS6N3Sr8="


def test_twilios_documented_example() -> None:
    parameters = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert sign("12345", url, parameters.items()) == "GvWf1cFY/Q7PnoempGyD5oXAezc="
