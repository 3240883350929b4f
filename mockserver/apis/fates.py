"""The fates of the built-in APIs' jobs, by the job's kind."""

from __future__ import annotations

from mockserver.apis.feather.tables import SIMULATION_RUN
from mockserver.engine.fates import Fate, fates_of
from mockserver.errors import UsageError

_KINDS = {"suite_run": (SIMULATION_RUN, True), "run": (SIMULATION_RUN, False)}


def fates(kind: str) -> list[Fate]:
    """Every way that a job can go: `suite_run` (with children) or `run`, both of Feather.

    For `pytest.mark.parametrize`; `mock_api.follow(fate)` lets the next such job go that way.
    """
    if kind not in _KINDS:
        raise UsageError(f"there are no fates of {kind!r}; there is {', '.join(_KINDS)}")
    lifecycle, children = _KINDS[kind]
    return fates_of(lifecycle, children=children)
