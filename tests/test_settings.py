"""Settings come from arguments, then the environment, then the defaults."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assay.errors import InvalidInput
from assay.runtime.settings import Settings


def test_arguments_come_before_the_environment():
    environ = {"ASSAY_PORT": "9000", "ASSAY_DATA_DIR": "elsewhere", "ASSAY_LAKE_SECONDS": "2.5", "PORT": "1"}
    settings = Settings.load(environ, port=9001, host=None)
    assert (settings.port, settings.data_dir, settings.lake_seconds) == (9001, Path("elsewhere"), 2.5)
    assert settings.host == "127.0.0.1"


def test_a_value_that_does_not_fit_is_named():
    with pytest.raises(InvalidInput, match="ASSAY_PORT='many' is not a whole number"):
        Settings.load({"ASSAY_PORT": "many"})


def test_a_misspelt_argument_is_named():
    with pytest.raises(InvalidInput, match="no setting 'prot'"):
        Settings.load({}, prot=1)


def test_a_password_is_not_printed():
    settings = Settings(database_url="postgresql://assay:hidden@db/assay")
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("ASSAY_PORT", "99999", "99999; it is 1 to 65535"),
        ("ASSAY_PORT", "-1", "-1; it is 1"),
        ("ASSAY_PORT", "abc", "ASSAY_PORT='abc' is not a whole number"),
        ("ASSAY_LAKE_SECONDS", "soon", "'soon' is not a number"),
        ("ASSAY_LOG_LEVEL", "LOUD", "'LOUD'; it is one of DEBUG"),
    ],
)
def test_a_value_that_cannot_be_is_told_with_those_that_can(variable, value, told):
    with pytest.raises(InvalidInput, match=re.escape(told)):
        Settings.load({variable: value})
