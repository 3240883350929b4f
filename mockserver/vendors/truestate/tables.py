"""TrueState's collections and lifecycles (docs/apis/truestate.md).

Times in rows are in microseconds; views format them. Data is stored once; views translate between
automations in one half of the API and live flows in the other.

A row of `automations`: id, name, description, version_id, created_at, updated_at, position.

A row of `versions` never changes:
    id, automation_id, created_at
    steps               [{id, name, step_type, prompt_template}]
    step_transitions    [{id, source_step_id, target_step_id, label}]

A row of `sessions`:
    id, automation_id, version_id, inputs, created_at, position
    steps   completed and planned steps, up to the end or the next question:
            {id, step_id, leads_to, prompt, result, error, user_input, schedule}
`step_id` and `leads_to` (None at the end) refer to steps of the version, `schedule` is [[state,
instant], ...]; `result` and `error` are shown once the schedule has reached them.
"""

from __future__ import annotations

from mockserver.engine.jobs import Derivation, Lifecycle
from mockserver.engine.world import Collection

COLLECTIONS = {
    collection.name: collection
    for collection in (
        Collection("automations", order=("created_at", "position"), path="/automations/"),
        Collection("versions", indexes=("automation_id",)),
        Collection(
            "sessions",
            order=("created_at", "position"),
            indexes=("automation_id",),
            path="/automations/{automation_id}/sessions/",
        ),
    )
}

NEW, RUNNING, WAITING = "NEW", "RUNNING", "WAITING_FOR_USER_INPUT"
FINISHED, FAILED = "FINISHED", "FAILED"

SESSION = Lifecycle(  # rules 11, 15, 16, 17, 22
    "session",
    NEW,
    {
        NEW: (RUNNING, FAILED),
        RUNNING: (WAITING, FINISHED, FAILED),
        WAITING: (RUNNING, FAILED),
        FINISHED: (),
        FAILED: (),
    },
    {
        (NEW, RUNNING): "a worker takes it",
        (NEW, FAILED): "cancel",
        (RUNNING, WAITING): "a step asks the user",
        (RUNNING, FINISHED): "the last step ends",
        (RUNNING, FAILED): "a step fails, or cancel",
        (WAITING, RUNNING): "the user answers",
        (WAITING, FAILED): "cancel",
    },
)

# Without questions to the user, which depend on the version: the courses of a session that
# can be planned for any version.
SESSION_WAYS = Lifecycle(
    "session without questions",
    NEW,
    {NEW: (RUNNING, FAILED), RUNNING: (FINISHED, FAILED), FINISHED: (), FAILED: ()},
)

SESSION_STEP = Lifecycle(  # rules 11, 16, 17
    "session step",
    NEW,
    {
        NEW: (RUNNING, WAITING, FAILED),
        RUNNING: (FINISHED, FAILED),
        WAITING: (RUNNING, FAILED),
        FINISHED: (),
        FAILED: (),
    },
    {
        (NEW, RUNNING): "its turn comes",
        (NEW, WAITING): "it asks the user",
        (NEW, FAILED): "cancel",
        (RUNNING, FINISHED): "it has a result",
        (RUNNING, FAILED): "an error, or cancel",
        (WAITING, RUNNING): "the user answers",
        (WAITING, FAILED): "cancel",
    },
)

SESSION_STATUS = Derivation(  # over the steps entered; the next one is entered as one ends
    (
        ("all", frozenset({NEW}), NEW),
        ("any", frozenset({FAILED}), FAILED),
        ("any", frozenset({WAITING}), WAITING),
        ("any", frozenset({NEW, RUNNING}), RUNNING),
    ),
    FINISHED,
)

LIFECYCLES = (SESSION, SESSION_STEP)

START, INPUT, DECISION = "START", "GET_USER_INPUT", "LOGIC_DECISION"

SECONDS = {  # durations by type of step; for an input step, after the input
    "START": (0.05, 0.2),
    "LLM_CALL": (2.0, 8.0),
    "GET_USER_INPUT": (0.05, 0.2),
    "LOGIC_DECISION": (0.8, 2.5),
    "EMBEDDING_SEARCH": (0.4, 1.5),
    "REST_API": (0.3, 3.0),
    "WEB_SCRAPE": (1.0, 6.0),
    "PYTHON": (0.2, 2.0),
    "TEXT_TO_JSON": (1.0, 3.0),
    "DATA_TRANSFORM": (0.1, 1.0),
}
SECONDS_BEFORE_START = (0.5, 1.5)
SECONDS_BETWEEN = (0.02, 0.1)
SLOW = 10
FAILING = 0.02  # share of working steps
MOST_STEPS = 100
MOST_TEXT = 1_000_000  # characters that results may add to one prompt
