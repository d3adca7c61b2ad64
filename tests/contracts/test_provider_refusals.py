"""What every provider makes of its vendor's own words; those are in `contracts/refusals.py`."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from contracts.refusals import LOGGED, NUMBER, REFUSALS, Meaning
from contracts.sides import failure, message
from contracts.vendors import VENDORS, Vendor, patience_with
from scripted_server import Behaviour, ScriptedServer

from flask_phoneauth.providers import refusing

SAID = [
    pytest.param(vendor, behaviour, meaning, id=f"{vendor.name}-{meaning[1]}-{place}")
    for vendor in VENDORS
    for meaning, behaviours in REFUSALS[vendor.name].items()
    for place, behaviour in enumerate(behaviours)
]
TOLD = [
    pytest.param(vendor, behaviour, line, id=f"{vendor.name}-{line}")
    for vendor in VENDORS
    for line, behaviour in LOGGED.get(vendor.name, {}).items()
]


@pytest.mark.parametrize(("vendor", "behaviour", "meaning"), SAID)
def test_every_refusal_has_its_kind_and_is_not_tried_again(
    toward: Any, vendor: Vendor, behaviour: Behaviour, meaning: Meaning
) -> None:
    with ScriptedServer(behaviour) as server:
        provider = toward(server.url, patience_with(behaviour))
        failed = failure(provider)
        assert (type(failed), failed.reason) == meaning
        assert failed.__context__ is None or failed.__suppress_context__
        assert server.count(1) == 1
        server.behaviour = vendor.accepts
        assert provider.send(message()).message_id


@pytest.mark.parametrize(("vendor", "behaviour", "line"), TOLD)
def test_the_operator_reads_the_vendors_own_code_and_nobody_its_sentence(
    toward: Any,
    vendor: Vendor,
    behaviour: Behaviour,
    line: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with ScriptedServer(behaviour) as server:
        failed = failure(toward(server.url))
    assert f"provider {vendor.name} {line}" in caplog.text
    assert NUMBER[2:] not in caplog.text
    answer = line.replace("answered", "status").removesuffix(", error code none")
    assert failed.told == f"{failed.reason}, {answer}"


ODD = [True, -1, 123456, 2.5, int(NUMBER), f"+{NUMBER}", "1\n2", "7" * 10_000, [21606], {"a": 1}]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: str(odd)[:12])
def test_what_is_neither_a_code_nor_a_status_is_told_nobody(
    odd: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    failed = refusing.refusal("vendor", refusing.SERVER, odd, refusing.shown(odd))
    assert failed.told == "server_error, status none"
    assert caplog.messages == ["vendor answered none, error code none"]
