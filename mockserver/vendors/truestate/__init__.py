"""The TrueState API: automations (also called live flows) and the sessions that run them.

Modules import downwards only:

    __init__                 the Api
    seed                     seed data
    sessions                 handlers in both namings, steering
    automations
    views                    the two namings of the same data
    session_rows             sessions as rows, planned in advance; results of their steps
    graphs                   versions and their validation
    tables                   collections, lifecycles, durations
"""

from mockserver.engine.api import Api, Jobs, Wire, handlers_in
from mockserver.vendors.truestate import automations, sessions
from mockserver.vendors.truestate.seed import seed
from mockserver.vendors.truestate.session_rows import OUTCOMES
from mockserver.vendors.truestate.sessions import SESSIONS, steer
from mockserver.vendors.truestate.tables import COLLECTIONS, LIFECYCLES

TRUESTATE = Api(
    "truestate",
    handlers=handlers_in(automations, sessions),
    collections=COLLECTIONS,
    seed=seed,
    jobs=Jobs((SESSIONS,), LIFECYCLES, OUTCOMES, steer),
    wire=Wire(slash_redirects=True, body_first=True),
)
