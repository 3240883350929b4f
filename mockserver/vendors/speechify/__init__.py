"""The Speechify API: voice agents, their tests, runs and suite runs, in two API versions.

Modules import downwards only:

    __init__                  the Api
    versions             which version a caller gets; the older version
    agents               handlers
    agent_tests runs     handlers: tests and their folders; runs, suite runs, replayed responses
    views                rows as the contract shows them; derived values
    run_rows             runs as rows, and their results
    common tables        lookups, ids; collections and lifecycles
"""

from mockserver.engine.api import Api, Jobs, Shape, Shapes, Wire, handlers_in
from mockserver.engine.error_formats import EnvelopeFormat
from mockserver.openapi.model import Contract
from mockserver.vendors.speechify import agent_tests, agents, runs, versions
from mockserver.vendors.speechify.run_rows import OUTCOMES, TEST_RUNS
from mockserver.vendors.speechify.seed import seed
from mockserver.vendors.speechify.tables import COLLECTIONS, LIFECYCLES

HANDLERS = handlers_in(agents, agent_tests, runs)
OLDER_HANDLERS = {**versions.in_older_words(HANDLERS), **handlers_in(versions)}


def shape_of(contract: Contract) -> str:
    """The version of a document: only the older one attaches tests to further agents."""
    return versions.OLDER if "attachTest" in contract.by_id else versions.NEWER


SPEECHIFY = Api(
    "speechify",
    HANDLERS,
    collections=COLLECTIONS,
    seed=seed,
    jobs=Jobs((TEST_RUNS,), LIFECYCLES, OUTCOMES, runs.steer),
    wire=Wire(error_format=EnvelopeFormat(), stamp=versions.stamp),
    shapes=Shapes(
        (Shape(versions.NEWER, HANDLERS), Shape(versions.OLDER, OLDER_HANDLERS)),
        shape_of,
        versions.chooser,
        versions.HEADER,
        versions.SETTINGS,
    ),
)
