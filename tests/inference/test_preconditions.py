"""In which states an operation is possible, by its description."""

from __future__ import annotations

import pytest

from mockserver.inference.constraints import allowed_states, refusing_states
from mockserver.inference.resource_model import States

JOB = States(
    "status",
    initial=("queued",),
    active=("running",),
    success=("done",),
    failure=("failed",),
    cancelled=("cancelled",),
    path=("queued", "running", "done"),
    moves=True,
)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("Only failed transcodes can be retried.", "failed"),
        ("Retries it. It must be <code>FAILED</code> or cancelled.", "failed cancelled"),
        ("You can only delete jobs that are done.", "done"),
        ("A job has to be in a done or failed state in order to be deleted.", "done failed"),
        ("Jobs cannot be deleted while running.", "queued done failed cancelled"),
        ("If the job is running, it can't be deleted.", "queued done failed cancelled"),
        ("To delete a running job, you must first cancel it.", "queued done failed cancelled"),
        (
            "To start a queued job again, it should have been\ncancelled before.",
            "running done failed cancelled",
        ),
        ("To rename a queued or\nrunning job, it has to stop first.", "done failed cancelled"),
        ("If it is active, the call fails.", "done failed cancelled"),
        ("It cannot be deleted unless it is cancelled.", "cancelled"),
        ("A job must be cancelled before it can be deleted.", "cancelled"),
        ("Attempts to delete jobs that are no longer queued will fail.", "queued"),
        ("It fails if the job is not done.", "done"),
        ("May only be changed if it has not yet failed.", "queued running done cancelled"),
    ],
)
def test_a_description_allows_an_operation_in_some_states(text: str, allowed: str) -> None:
    assert allowed_states(text, JOB, ()) == frozenset(allowed.split())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Retries a failed job.",
        "Whenever something goes wrong, the state MUST be set to `failed`.",
        "Once a worker gives up, it has to be marked as failed.",
        "If a job cannot be cancelled, you pay for it while it is running.",
        "You can stop it only if it is running, unless you set `force`.",
        "It works only if one of these holds:",
        "You can only retry jobs of your own team.",
        "Must be called before the job is done.",
        "This callback will be sent only when the cancellation is done.",
        "A webhook is only triggered after the job has been done.",
    ],
)
def test_what_says_nothing_sure_allows_it_always(text: str) -> None:
    assert allowed_states(text, JOB, ()) is None


def test_the_state_that_a_verb_leads_to_is_no_condition() -> None:
    assert allowed_states("It will only be cancelled.", JOB, ("cancelled",)) is None


def test_nobody_waits_until_a_server_runs() -> None:
    server = States(
        "status",
        active=("starting",),
        success=("running",),
        other=("off",),
        path=("starting", "running"),
    )
    text = "The server must be running."
    assert allowed_states(text, server, ()) == frozenset(("starting", "running"))


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("The job is running.", "queued done failed cancelled"),
        ("The job has already been cancelled", "queued running done failed"),
        ("Conflict. The job is no longer queued.", "queued"),
        ("The job is not yet done", "done"),
    ],
)
def test_a_refusal_that_names_the_state_of_the_entity(text: str, allowed: str) -> None:
    assert refusing_states(text, "job", JOB) == frozenset(allowed.split())


@pytest.mark.parametrize("text", ["", "The job is too large.", "The user is queued.", "Conflict"])
def test_other_refusals_say_nothing_of_states(text: str) -> None:
    assert refusing_states(text, "job", JOB) is None
