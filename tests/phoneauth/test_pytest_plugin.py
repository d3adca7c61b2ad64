"""The fixtures for an app's own tests."""

from __future__ import annotations

import pytest
from web_steps import OTHER_PHONE, PHONE, ask

from flask_phoneauth.delivery import failover


def test_login_signs_the_client_in_and_returns_the_answer(app, phoneauth_login):
    client = app.test_client()
    answer = phoneauth_login(client, phone=OTHER_PHONE)
    assert answer["user"]["phone"] == OTHER_PHONE
    assert client.get("/mine").text == "mine"


def test_login_works_again_and_with_another_prefix(make_app, phoneauth_login):
    client = make_app(URL_PREFIX="/konto").test_client()
    assert phoneauth_login(client)["new_user"] is True
    assert phoneauth_login(client)["new_user"] is False


def test_login_says_what_went_wrong(app, phoneauth_login):
    with pytest.raises(AssertionError, match="invalid_phone"):
        phoneauth_login(app.test_client(), phone="112")


def test_a_brand_with_figures_is_not_taken_for_the_code(make_app, phoneauth_login):
    app = make_app(BRAND="2024 Studio 1234567")
    assert phoneauth_login(app.test_client())["new_user"] is True


def test_a_code_that_nobody_sent_is_named_as_missing_with_what_helps(app, phoneauth_code):
    with pytest.raises(LookupError, match="With TESTING a message is sent"):
        phoneauth_code(PHONE)
    with pytest.raises(LookupError, match=r"give it as \+44"):
        phoneauth_code("07400 123456")
    ask(app.test_client())
    with pytest.raises(LookupError, match="but to 1 others"):
        phoneauth_code(OTHER_PHONE)


def test_the_code_is_the_newest(app, phoneauth_code, phoneauth_clock):
    client = app.test_client()
    ask(client)
    first = phoneauth_code(PHONE)
    phoneauth_clock.advance(310)
    ask(client)
    second = phoneauth_code(PHONE)
    assert (len(first), len(second)) == (6, 6)


def test_the_clock_moves_cooldowns_and_is_set_right_afterwards(pytester):
    pytester.makepyfile(
        """
        import time
        from flask_phoneauth.clock import system

        def test_moved(phoneauth_clock):
            phoneauth_clock.freeze()
            before = phoneauth_clock.now()
            phoneauth_clock.advance(3600)
            assert phoneauth_clock.now() == before + 3600

        def test_right_again():
            assert abs(system.now() - time.time()) < 5
        """
    )
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)


def test_nothing_is_watched_after_the_test(pytester):
    before = list(failover.watchers)
    pytester.makepyfile("def test_one(phoneauth_code): pass")
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
    assert failover.watchers == before
