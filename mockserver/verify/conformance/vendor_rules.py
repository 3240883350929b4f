"""What the built-in APIs refuse by rules in the texts of their documents, which no schema has."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Widening:
    """Operations that may refuse schema-valid requests with `statuses`, and why."""

    reason: str
    statuses: tuple[str, ...]
    operations: tuple[str, ...]


FEATHER = (
    Widening(
        "rule 20: an id in the body that names nothing is refused with 400",
        ("400",),
        ("createScenario", "createSimulationSuite", "createAgentRevision"),
    ),
    Widening(
        "rules 20 and 87: an id that names nothing is 400, the wrong one for its scope 422",
        ("400", "422"),
        ("createEvaluatorBinding",),
    ),
    Widening(
        "rules 20 and 47: an id that names nothing is 400, a tool answer that is none 422",
        ("400", "422"),
        ("dispatchSimulationRun",),
    ),
    Widening(
        "rules 64 and 47: a suite without items is 400, a tool answer that is none 422",
        ("400", "422"),
        ("dispatchSimulationSuiteRun",),
    ),
    Widening(
        "rule 46: null clears the description alone",
        ("422",),
        ("updatePersona",),
    ),
    Widening(
        "rule 99: a release check needs the agent's release suite",
        ("400",),
        ("runAgentReleaseCheck",),
    ),
    Widening(
        "rule 98: only a failed or errored evaluation can be retried",
        ("400",),
        ("retryEvalRun",),
    ),
    Widening(
        "rule 37: a cursor is opaque, one that the API did not make is refused with 400",
        ("400",),
        (
            "listAgents",
            "listAgentRevisions",
            "listPersonas",
            "listScenarios",
            "listSimulationSuites",
            "listSimulationSuiteRuns",
            "listSimulationRuns",
            "getSimulationRunTrace",
            "getSimulationRunTurnTrace",
            "listEvaluators",
            "listEvaluatorBindings",
            "listEvalRuns",
        ),
    ),
)

SPEECHIFY = (
    Widening(
        "rule in the contract of Speechify: a slug that is taken is refused with 400",
        ("400",),
        ("createAgent",),
    ),
    Widening(
        "rule 16 of Speechify: a cursor that the API did not make is refused with 400",
        ("400",),
        ("listTests", "listAllTests", "listTestFolders", "listTestRuns", "listSuiteRuns"),
    ),
    Widening(
        "rule 20 of Speechify: a config without anything to answer is refused with 400",
        ("400",),
        ("createTest", "updateTest"),
    ),
    Widening(
        "rule 29 of Speechify: a folder too deep, or inside none that is there, gives 400",
        ("400",),
        ("createTestFolder", "updateTestFolder"),
    ),
    Widening(
        "rule 61 of Speechify: an unknown test in a batch is refused with 400",
        ("400",),
        ("runTestsBatch",),
    ),
    Widening(
        "rule 64 of Speechify: a flow version of another agent is refused with 400",
        ("400",),
        ("runAllTests",),
    ),
    Widening(
        "rule 56 of Speechify: there must be something to repeat, else 400",
        ("400",),
        ("resubmitSuiteRun",),
    ),
)

TRUESTATE = (
    Widening(
        "rule 7 of TrueState: a version that can't be walked is refused with 422",
        ("422",),
        ("createAutomation", "updateAutomation"),
    ),
)

WIDENINGS = (*FEATHER, *SPEECHIFY, *TRUESTATE)
