"""The Feather API: simulation suites, their runs, evaluators and release checks.

Modules import downwards only:

    __init__                                 the Api
    seed                                     seed data
    agents library suites runs               handlers, one module for each part
    evaluators evaluations release_checks traces
    views                                    runs and suite runs as the contract shows them
    verdicts evaluation_rows verdict_sums scoring    evaluations and release verdicts
    conversations
    settle                                   simulation runs that have ended
    run_rows                                 runs as rows: start, cancel, retry, steer
    job_kinds                                runs for the dashboard
    common defaults                          lookups, refusals, partial updates, defaults
    tables                                   collections and lifecycles
"""

from mockserver.engine.api import Api, Jobs, Wire, handlers_in
from mockserver.vendors.feather import (
    agents,
    evaluations,
    evaluators,
    library,
    release_checks,
    runs,
    suites,
    traces,
)
from mockserver.vendors.feather.job_kinds import SIMULATION_RUNS
from mockserver.vendors.feather.run_rows import OUTCOMES
from mockserver.vendors.feather.runs import steer
from mockserver.vendors.feather.seed import seed
from mockserver.vendors.feather.settle import settle
from mockserver.vendors.feather.tables import COLLECTIONS, LIFECYCLES

FEATHER = Api(
    "feather",
    handlers=handlers_in(
        agents, library, suites, runs, evaluators, evaluations, release_checks, traces
    ),
    collections=COLLECTIONS,
    seed=seed,
    settle=settle,
    jobs=Jobs((SIMULATION_RUNS,), LIFECYCLES, OUTCOMES, steer),
    wire=Wire(slash_redirects=True, body_first=True),
)
