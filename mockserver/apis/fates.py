"""The fates of the built-in APIs' jobs, by the API and the job's kind."""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.apis.feather.tables import SIMULATION_RUN
from mockserver.apis.speechify.tables import TEST_RUN_WAYS
from mockserver.apis.truestate.tables import SESSION_WAYS
from mockserver.engine.schedule import Lifecycle

# The lifecycle of a job or of each of its children, and whether it has any.
Kinds = Mapping[str, tuple[Lifecycle, bool]]
SPEECHIFY: Kinds = {"suite_run": (TEST_RUN_WAYS, True), "run": (TEST_RUN_WAYS, False)}
KINDS: Mapping[str, Kinds] = {
    "feather": {"suite_run": (SIMULATION_RUN, True), "run": (SIMULATION_RUN, False)},
    "speechify": SPEECHIFY,
    "speechify-legacy": SPEECHIFY,
    "truestate": {"session": (SESSION_WAYS, False)},
}
