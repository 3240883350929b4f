"""The meaning of status values, in the context of the others."""

from __future__ import annotations

import time

import pytest

from mockserver.inference.lifecycles import new_state_of
from mockserver.inference.states import kind_of, read_states
from mockserver.inference.verbs import acting_verb, outcome, passing, verb_in_text, verb_of

WAYS = [
    # The words of a job.
    ("queued running done failed", "queued > running > done"),
    ("in_progress transcribed failed", "in_progress > transcribed"),
    ("NotStarted InProgress Completed Failure", "NotStarted > InProgress > Completed"),
    # What all values begin with says nothing.
    ("EXPORT_STATUS_QUEUED EXPORT_STATUS_RUNNING EXPORT_STATUS_OK",
     "EXPORT_STATUS_QUEUED > EXPORT_STATUS_RUNNING > EXPORT_STATUS_OK"),
    ("CREATE_IN_PROGRESS CREATE_COMPLETE CREATE_FAILED UPDATE_IN_PROGRESS UPDATE_COMPLETE",
     "CREATE_IN_PROGRESS > CREATE_COMPLETE"),
    # Words of a trade: an -ing value is work, its participle is the end.
    ("new anonymizing anonymized error", "new > anonymizing > anonymized"),
    ("waiting brewing brewed", "waiting > brewing > brewed"),
    ("PENDING_VALIDATION ISSUED FAILED", "PENDING_VALIDATION > ISSUED"),
    ("scheduled scanning clean infected", "scheduled > scanning > clean"),
    ("not_indexed indexing indexed", "not_indexed > indexing > indexed"),
    # The same word is work beside an end, and the end where there is no other.
    ("provisioning running deprovisioning terminated", "provisioning > running"),
    ("registered running completed", "registered > running > completed"),
    ("creating active deleting failed", "creating > active"),
    ("queued building deploying live failed", "queued > building > deploying > live"),
    # By the alphabet: the vocabulary knows the order.
    ("BUILDING CANCELED DEPLOYING ERROR INITIALIZING QUEUED READY UPLOADING",
     "QUEUED > INITIALIZING > UPLOADING > BUILDING > DEPLOYING > READY"),
    ("expired in_progress completed", "in_progress > completed"),
    # What waits for an answer, listed after the work, interrupts it; before the work it begins it.
    ("queued in_progress requires_action cancelled completed", "queued > in_progress > completed"),
    ("requires_action processing succeeded", "requires_action > processing > succeeded"),
    # So does what asks or is looked at, where the work begins without it.
    ("screening awaiting_documents cleared review rejected", "screening > cleared"),
    ("running needs_answer under_review finished failed", "running > finished"),
    # Stages, each with its own end; what stops a stage is no stage.
    ("FITTING FITTED FITTING_FAILED STARTING_RENTING RENTED STOPPING_RENTING",
     "FITTING > FITTED > STARTING_RENTING > RENTED"),
    ("fitting fitted hosting hosted", "fitting > fitted > hosting > hosted"),
    ("queued scanning scanned indexing indexed",
     "queued > scanning > scanned > indexing > indexed"),
    # What is being made comes before what waits; a `pending` after the end is none of the way.
    ("CREATING WAITING_TO_START STARTING RUNNING COMPLETED",
     "CREATING > WAITING_TO_START > STARTING > RUNNING > COMPLETED"),
    ("preparing available deleting failed pending", "preparing > available"),
    # A verb and a participle: the work and its end, and what has not been done.
    ("COMMISSIONED NOT_COMMISSIONED DAMAGED COMMISSION_IN_PROGRESS UPDATE_IN_PROGRESS",
     "NOT_COMMISSIONED > COMMISSION_IN_PROGRESS > COMMISSIONED"),
    # What others look at after it was handed in.
    ("PENDING_REVIEW IN_REVIEW ACME_APPROVED ACME_REJECTED",
     "PENDING_REVIEW > IN_REVIEW > ACME_APPROVED"),
    # What is ready before the work is ready to begin.
    ("Ready InProgress Succeeded Cancelled Failed", "Ready > InProgress > Succeeded"),
    ("queued building ready", "queued > building > ready"),
    # One success after another.
    ("queued sending sent delivered", "queued > sending > sent > delivered"),
    ("pending processing shipped delivered", "pending > processing > shipped > delivered"),
    # Elsewhere `testing` is no work; between a beginning and an end it is.
    ("received testing complete rejected", "received > testing > complete"),
    # Other languages.
    ("ausstehend in_bearbeitung abgeschlossen storniert",
     "ausstehend > in_bearbeitung > abgeschlossen"),
    ("pendiente en_proceso completado fallido", "pendiente > en_proceso > completado"),
    ("en_attente en_cours terminé échoué", "en_attente > en_cours > terminé"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "way"), WAYS)
def test_the_way_when_all_goes_well(values: str, way: str) -> None:
    assert " > ".join(read_states(values.split()).path) == way


@pytest.mark.parametrize(
    ("values", "first"),
    [
        ("accepted expired pending", "pending"),
        ("expired in_progress completed", "in_progress"),
        ("active idle disabled", "idle"),
        ("active inactive", "active"),
        ("enabled disabled", "enabled"),
        ("archived published draft", "draft"),
        ("deleted failed creating available", "creating"),
        ("closed open", "open"),
        ("available reserved sold", "available"),
        ("suspended pending_delete pending_create failed", "pending_create"),
        ("deletion_pending enqueued running successful", "enqueued"),
    ],
)
def test_nothing_is_born_dead(values: str, first: str) -> None:
    assert new_state_of(read_states(values.split())) == first


@pytest.mark.parametrize("default", ["UNKNOWN", "state_unspecified", "None", "undefined"])
def test_nothing_begins_as_what_nothing_is_known_of(default: str) -> None:
    reading = read_states([default, "waiting_in_queue", "baking", "baked"])
    assert new_state_of(reading, default) == "waiting_in_queue"
    assert new_state_of(reading, "baking") == "baking"


def test_what_passes_by_itself_leads_somewhere() -> None:
    found = read_states(
        ["creating", "available", "resizing", "deleting", "cancelling", "cancelled"]
    )
    assert found.leads == {"resizing": "", "deleting": "", "cancelling": "cancelled"}
    # What is done to other things is the work of a thing that is called so.
    assert read_states(["migrating", "migrated"], ["migration"]).path == ("migrating", "migrated")
    values = ["ImportInProgress", "ImportFailed", "ImportSuccess", "DeleteInProgress"]
    assert read_states(values, ["import", "task"]).path == ("ImportInProgress", "ImportSuccess")


@pytest.mark.parametrize(
    ("values", "leads"),
    [
        ("CREATION_IN_PROGRESS RUNNING REBOOT_IN_PROGRESS", {"REBOOT_IN_PROGRESS": ""}),
        ("creating live deletion_in_progress", {"deletion_in_progress": ""}),
        ("READY RESIZE_IN_PROGRESS STOP_IN_PROCESS STOPPED",
         {"RESIZE_IN_PROGRESS": "", "STOP_IN_PROCESS": "STOPPED"}),
        ("REMOVAL_IN_PROGRESS REMOVED AVAILABLE", {"REMOVAL_IN_PROGRESS": "REMOVED"}),
        ("UpdateInProgress UpdateComplete CreateInProgress CreateComplete",
         {"UpdateInProgress": "UpdateComplete"}),
        # Work that is broken off has failed, where no other state says so; a service has not.
        ("queued running terminating succeeded failed", {"terminating": "failed"}),
        ("pending working aborting done cancelled failed", {"aborting": "cancelled"}),
        ("new scanning stopping finished error", {"stopping": "error"}),
        ("pending running terminating", {"terminating": ""}),
        ("creating active terminating failed", {"terminating": ""}),
    ],
)  # fmt: skip
def test_what_is_done_to_something_that_is_there(values: str, leads: dict[str, str]) -> None:
    found = read_states(values.split())
    assert found.leads == leads
    assert leads.keys().isdisjoint(found.path)


def test_four_times_as_many_values_cost_about_four_times() -> None:
    """Ratios of processor times; a square would be sixteen times as much."""

    def seconds(number: int) -> float:
        middle = [f"zz{n:05}testing" for n in range(number, 0, -1)]
        begin = time.process_time()
        read_states(["running", *middle, "done"])
        return time.process_time() - begin

    for _ in range(4):
        once, four_times = seconds(2000), seconds(8000)
        if four_times < 8 * max(once, 0.002):
            return
    raise AssertionError(f"{once:.4f} s, and four times as many {four_times:.4f} s")


def test_what_is_in_no_list_is_said() -> None:
    assert read_states(["queued", "running", "done", "frobnicated"]).unplaced == ("frobnicated",)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("IMPORT_FAILED", "failure"),
        ("completed_with_errors", "success"),
        ("awaiting_approval", "initial"),
        ("asset_created", "success"),
        ("timedOut", "failure"),
        ("pending", "initial"),
        ("canceled_by_user", "cancelled"),
    ],
)
def test_the_kind_of_a_value_alone(value: str, kind: str) -> None:
    assert kind_of(value) == kind


@pytest.mark.parametrize(
    ("step", "verb"),
    [
        ("cancel", "cancel"),
        ("force-stop", "stop"),
        ("cancellation", "cancel"),
        ("stornieren", "cancel"),
        ("rerequest", "rerun"),
        ("poweroff", "shutdown"),
        ("items", ""),
    ],
)
def test_the_verb_of_a_step(step: str, verb: str) -> None:
    assert verb_of(step) == verb


def test_the_verb_of_an_operation_id_and_of_a_summary() -> None:
    assert acting_verb("cancelRun") == "cancel"
    assert acting_verb("runs_cancel") == "cancel"
    assert acting_verb("updateRun") == ""
    assert verb_in_text("Cancels a run that has not ended.") == "cancel"
    assert verb_in_text("<p>Cancels a run <em>at once</em>.</p>") == "cancel"
    assert verb_in_text("<p>Cancels</p>") == "cancel"
    assert verb_in_text("Returns the run.") != "cancel"
    assert verb_in_text("List runs to cancel") == ""


def test_where_a_verb_leads() -> None:
    values = ["JOB_RUNNING", "JOB_CANCELLED", "JOB_DONE"]
    assert outcome("cancel", values) == "JOB_CANCELLED"
    assert outcome("cancel", ["running", "error"]) == "error"
    assert passing("cancel", ["cancelling"], "cancelled") == "cancelling"
    assert passing("shutdown", ["shutting_down"], "offline") == "shutting_down"
    assert passing("archive", ["cancelling"], "archived") is None
