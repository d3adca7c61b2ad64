"""Lookup's URL."""

from flask import Blueprint, Response, jsonify, request

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.twilio.caller import enter
from sms_sandbox.facades.twilio.lookup import fetch


def register(blueprint: Blueprint, room: Room, prefix: str) -> None:
    """Add Lookup's route; it lies beside those of the other products."""

    def look_up(number: str) -> Response:
        return jsonify(fetch.fetch(enter(room, prefix), number, request.args))

    blueprint.add_url_rule(
        "/v2/PhoneNumbers/<number>",
        endpoint="lookup",
        view_func=look_up,
        methods=["GET"],
        provide_automatic_options=False,
    )
