"""The examples in docstrings run and give what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import assay.stats

MODULES = [name for _, name, _ in pkgutil.walk_packages(assay.stats.__path__, "assay.stats.")] + [
    "assay.monitoring.frames",
    "assay.monitoring.evaluation",
    "assay.monitoring.frame_profile",
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__
    assert doctest.testmod(module).failed == 0
    for exported in getattr(module, "__all__", ()):
        assert hasattr(module, exported)
