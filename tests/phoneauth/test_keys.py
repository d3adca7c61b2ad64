"""Keys by label from one secret, and what stands for a number (RULES 1, 2)."""

from __future__ import annotations

import re

from flask_phoneauth.otp.code import derive_code
from flask_phoneauth.otp.keys import Keyring

NUMBER = "+447400123456"


def test_the_keys_of_one_secret_differ_from_one_another_and_from_another_secrets() -> None:
    one, two = Keyring(b"one").current, Keyring(b"two").current
    assert len({one.code, one.check, two.code, two.check}) == 4
    assert {len(one.code), len(one.check)} == {32}
    assert one.id != two.id


def test_the_same_secret_gives_the_same_keys() -> None:
    assert Keyring(b"one").current == Keyring(b"one").current
    assert Keyring(b"one").phone_tag(NUMBER) == Keyring(b"one").phone_tag(NUMBER)


def test_a_tag_is_eighty_bits_in_sixteen_letters_without_the_digits() -> None:
    tag = Keyring(b"one").phone_tag(NUMBER)
    assert re.fullmatch(r"[a-z2-7]{16}", tag)
    assert tag != Keyring(b"one").phone_tag("+447400123457")
    assert tag != Keyring(b"two").phone_tag(NUMBER)


def test_names_of_different_kinds_never_meet() -> None:
    keys = Keyring(b"one")
    names = {keys.hashed(label, NUMBER) for label in ("address", "binding")}
    assert len(names | {keys.phone_tag(NUMBER)}) == 3
    assert keys.hashed("binding", b"abc") == keys.hashed("binding", "abc")


def test_a_former_secret_is_found_by_the_id_of_its_keys() -> None:
    former, now = Keyring(b"former"), Keyring(b"now", [b"former"])
    assert now.current == Keyring(b"now").current
    assert now.find(former.current.id) == former.current
    assert now.find("unknown") is None
    assert now.all == (now.current, former.current)


def test_a_change_of_secret_refills_no_budget() -> None:
    former, now = Keyring(b"former"), Keyring(b"now", [b"former"])
    assert now.phone_tag(NUMBER) == former.phone_tag(NUMBER)
    assert now.hashed("binding", b"x") == former.hashed("binding", b"x")


def test_codes_of_one_key_cannot_be_made_with_the_check_key() -> None:
    keys = Keyring(b"one").current
    codes = {
        derive_code(key, seed=b"s" * 16, purpose="login", generation=0, length=10)
        for key in (keys.code, keys.check)
    }
    assert len(codes) == 2


def test_no_key_is_shown() -> None:
    keys = Keyring(b"a long secret", [b"an older one"])
    shown = f"{keys!r} {keys.current!r} {keys.all!r}"
    assert keys.current.id in shown
    assert "secret" not in shown
    for secret in (keys.current.code, keys.current.check):
        assert repr(secret)[2:20] not in shown
        assert secret.hex() not in shown
