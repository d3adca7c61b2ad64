"""What `import flask_phoneauth` offers, and what it costs."""

import subprocess
import sys

import pytest

import flask_phoneauth


def test_every_public_name_is_there_and_sorted() -> None:
    assert sorted(flask_phoneauth.__all__) == flask_phoneauth.__all__
    assert set(flask_phoneauth.__all__) == set(flask_phoneauth._HOMES)
    for name in flask_phoneauth.__all__:
        assert getattr(flask_phoneauth, name).__name__ == name
    assert set(flask_phoneauth.__all__) <= set(dir(flask_phoneauth))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = flask_phoneauth.nothing


@pytest.mark.parametrize("plugin", ["flask_phoneauth.pytest_plugin", "sms_sandbox.pytest_plugin"])
def test_the_fixtures_load_nothing_before_they_are_used(plugin: str) -> None:
    program = f"import sys, {plugin}; print(*(set(sys.modules) & {{'flask', 'sqlalchemy'}}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.split() == []
