"""The Feather API: simulation suites, their runs, evaluators and release checks.

Modules import downwards only:

    __init__                       the Api
    seed                           seed data
    agents library runs            handlers, one module for each part
    evaluations
    views                          runs, suite runs and release verdicts as the contract shows them
    evaluation_rows                evaluations as rows, their results, the sums of a verdict
    conversations                  turns of a simulated conversation, and its trace
    run_rows                       runs as rows: start, cancel, retry, steer
    common                         lookups, refusals, partial updates, defaults
    tables                         collections and lifecycles
"""

from mockserver.engine.api import Api, Jobs, Wire, handlers_in
from mockserver.vendors.feather import agents, conversations, evaluations, library, runs
from mockserver.vendors.feather.evaluation_rows import settle
from mockserver.vendors.feather.run_rows import OUTCOMES, SIMULATION_RUNS
from mockserver.vendors.feather.runs import steer
from mockserver.vendors.feather.seed import seed
from mockserver.vendors.feather.tables import COLLECTIONS, LIFECYCLES

FEATHER = Api(
    "feather",
    handlers=handlers_in(agents, library, runs, evaluations, conversations),
    collections=COLLECTIONS,
    seed=seed,
    settle=settle,
    jobs=Jobs((SIMULATION_RUNS,), LIFECYCLES, OUTCOMES, steer),
    wire=Wire(slash_redirects=True, body_first=True),
)
