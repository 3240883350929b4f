"""Scenarios of the built-in APIs' jobs, by API and kind of job."""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.engine.jobs.schedule import Lifecycle
from mockserver.vendors.feather.tables import SIMULATION_RUN
from mockserver.vendors.speechify.tables import TEST_RUN_WAYS
from mockserver.vendors.truestate.tables import SESSION_WAYS

# The lifecycle of a job or of each of its children, and whether it has any.
Kinds = Mapping[str, tuple[Lifecycle, bool]]
SPEECHIFY: Kinds = {"suite_run": (TEST_RUN_WAYS, True), "run": (TEST_RUN_WAYS, False)}
KINDS: Mapping[str, Kinds] = {
    "feather": {"suite_run": (SIMULATION_RUN, True), "run": (SIMULATION_RUN, False)},
    "speechify": SPEECHIFY,
    "speechify-legacy": SPEECHIFY,
    "truestate": {"session": (SESSION_WAYS, False)},
}
