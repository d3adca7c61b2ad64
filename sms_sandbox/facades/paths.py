"""Paths of a façade: each answers every method, in its vendor's form."""

from collections.abc import Callable, Iterable, Mapping

from flask import Blueprint, Response, request

EVERY_METHOD = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
ANYWHERE = ("/", "/<path:_rest>")
"""Where nothing else is."""

View = Callable[..., Response]
Rule = tuple[str, str, View]
"""A method, a path below the blueprint's, and the view that serves it."""


def add_paths(
    blueprint: Blueprint,
    rules: Iterable[Rule],
    *,
    wrong_method: View,
    nowhere: View | None = None,
) -> None:
    """Serve ``rules``; ``wrong_method`` answers the other methods of their paths, ``nowhere``
    every other path. A slash at the end may be left out."""
    views: dict[str, dict[str, View]] = {}
    for method, path, view in rules:
        views.setdefault(path, {})[method] = view
    found = [(path, _by_method(by_method, wrong_method)) for path, by_method in views.items()]
    found += [(path, nowhere) for path in ANYWHERE if nowhere is not None]
    # One rule for all the methods of a path: a rule takes long to build.
    for place, (path, view) in enumerate(found):
        blueprint.add_url_rule(
            path,
            endpoint=f"{blueprint.name}_{place}",
            view_func=view,
            methods=EVERY_METHOD,
            strict_slashes=False,
            provide_automatic_options=False,
        )


def _by_method(views: Mapping[str, View], otherwise: View) -> View:
    def view(**values: str) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return views.get(method, otherwise)(**values)

    return view
