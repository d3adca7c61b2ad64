"""The routes of one of Twilio's newer products, which lie beside those of the others."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Blueprint

Rule = tuple[str, str, Callable[..., Any]]
"""Method, path and view; the view's name is that of the endpoint."""


def add_rules(blueprint: Blueprint, product: str, rules: Iterable[Rule]) -> None:
    """Add the routes of ``product``; no view has the name of another of its product."""
    for method, path, view in rules:
        blueprint.add_url_rule(
            path,
            endpoint=f"{product}_{view.__name__}",
            view_func=view,
            methods=[method],
            provide_automatic_options=False,
        )
