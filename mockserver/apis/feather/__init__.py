"""The Feather API: simulation suites, their runs, evaluators and release checks.

Modules import downwards only:

    __init__                      the Api
    agents library suites runs    handlers, first half
    evaluators evaluations release traces    handlers, second half
    views                         run_view, suite_run_view (calls verdict.release_fields)
    verdict                       release_fields and the arithmetic of a verdict
    dispatch                      dispatch_suite, dispatch_run, cancel_run, plan_outcome
    common                        lookups, refusals, partial updates
    tables                        collections and lifecycles
"""

from mockserver.apis.feather.tables import COLLECTIONS, LIFECYCLES
from mockserver.engine.api import Api

FEATHER = Api("feather", collections=COLLECTIONS, lifecycles=LIFECYCLES)
