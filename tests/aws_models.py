"""Each client of AWS's SDK reads the models of all services anew, a tenth of a second long: here
what one has read is kept for the next, as the clients of one session keep it."""

from __future__ import annotations

from copy import copy
from functools import cache

from botocore import loaders

_create_loader = cache(loaders.create_loader)


def _create_with_what_is_read(search_path_string: str | None = None) -> loaders.Loader:
    loader = copy(_create_loader(search_path_string))
    loader._search_paths = [*loader._search_paths]  # a session adds its own
    return loader


loaders.create_loader = _create_with_what_is_read  # before `botocore.session` takes it by its name
