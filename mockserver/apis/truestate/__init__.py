"""The TrueState API: automations (also called live flows) and the sessions that walk them.

Modules import downwards only:

    __init__                 the Api
    seed                     what a new world holds
    sessions                 handlers in both namings, steering
    automations
    views                    the two namings of one truth
    walking                  what becomes of a session, decided ahead
    jobs                     sessions as they are watched
    graphs prompts results   versions and what is refused of them; what steps are asked, give
    tables                   collections, lifecycles, durations
"""

from mockserver.apis.truestate import automations, sessions
from mockserver.apis.truestate.jobs import SESSIONS
from mockserver.apis.truestate.seed import seed
from mockserver.apis.truestate.sessions import steer
from mockserver.apis.truestate.tables import COLLECTIONS, LIFECYCLES
from mockserver.apis.truestate.walking import OUTCOMES
from mockserver.engine.api import Api, handlers_in

TRUESTATE = Api(
    "truestate",
    handlers=handlers_in(automations, sessions),
    collections=COLLECTIONS,
    seed=seed,
    steer=steer,
    lifecycles=LIFECYCLES,
    jobs=(SESSIONS,),
    outcomes=OUTCOMES,
    slash_redirects=True,
    body_first=True,
)
