"""A pytest plugin that selects the tests of rules and adds the rules to every report.

Rules are stored in `user_properties`, so that reports of xdist's workers have them too.
"""

from __future__ import annotations

import pytest

from tests.rules.listed import PROPERTY


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kept, other = [], []
    for item in items:
        rules = [f"{mark.args[0]} {mark.args[1]}" for mark in item.iter_markers("rule")]
        item.user_properties.extend((PROPERTY, rule) for rule in dict.fromkeys(rules))
        (kept if rules else other).append(item)
    config.hook.pytest_deselected(items=other)
    items[:] = kept
