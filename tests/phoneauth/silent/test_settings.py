"""An operator that is set up wrongly is named with what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from phoneauth.silent.walking import APPLICATION

from flask_phoneauth.operators.camara import CamaraOperator, VonageOperator
from flask_phoneauth.settings import SettingError, Settings

Make = Callable[..., Flask]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"operator": "nobody"}, "PHONEAUTH_OPERATOR"),
        ({"operator_url": "ftp://x"}, "PHONEAUTH_OPERATOR_URL"),
        ({"sim_swap": "perhaps"}, "PHONEAUTH_SIM_SWAP"),
        ({"sim_swap": "refuse", "operator": ""}, "PHONEAUTH_OPERATOR"),
        ({"sim_swap_hours": 2401}, "PHONEAUTH_SIM_SWAP_HOURS"),
    ],
)
def test_settings_that_can_not_be_are_named(
    make: Make, settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(SettingError, match=told):
        make(**settings).extensions["phoneauth"].live  # noqa: B018


def test_operator_without_its_application_is_named() -> None:
    with pytest.raises(SettingError, match="PHONEAUTH_OPERATOR_APPLICATION_ID"):
        VonageOperator.from_settings(Settings(operator="vonage"))
    given = {"operator_application_id": APPLICATION, "operator_private_key": "no key"}
    with pytest.raises(SettingError, match="PHONEAUTH_OPERATOR_PRIVATE_KEY") as caught:
        VonageOperator.from_settings(Settings(operator="vonage", **given))
    assert "no key" not in str(caught.value)
    with pytest.raises(SettingError, match="PHONEAUTH_OPERATOR_URL"):
        CamaraOperator.from_settings(Settings(operator="camara", **given))


def test_operator_that_nobody_knows_is_named_at_once(make: Make) -> None:
    with pytest.raises(SettingError, match="PHONEAUTH_OPERATOR: 'ours' is not known"):
        make(operator="ours")
