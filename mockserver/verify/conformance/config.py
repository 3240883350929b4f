"""The hermetic configuration that Schemathesis runs with.

`schemathesis.toml` in the repository root has the same content for a plain `schemathesis run`; a
test compares them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mockserver.errors import ContractError, UsageError
from mockserver.openapi.document import resolve
from mockserver.openapi.model import Contract, Operation
from mockserver.openapi.path_templates import shape
from mockserver.verify.http import is_stream
from mockserver.verify.lifecycle.listings import CURSOR_PARAMETERS


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


PHASES = ("examples", "coverage", "fuzzing", "stateful")
_FILE = frozenset({"binary", "application/octet-stream"})
_CONSTRAINED = frozenset({"enum", "const", "pattern"})
ACCEPTED = ("2xx", "3xx", "401", "403", "404", "409", "429", "5xx")
"""Statuses that `positive_data_acceptance` accepts by default."""

LONGEST = 3600.0
REFUSED = ("400", "401", "403", "404", "405", "406", "409", "415", "422", "428", "429", "5xx")
"""Statuses that `negative_data_rejection` accepts by default."""


@dataclass(frozen=True)
class Budget:
    """How many requests to send. `seconds` is the time limit, 0 for none."""

    max_examples: int = 25
    max_steps: int = 6
    phases: tuple[str, ...] = PHASES
    seconds: int = 0

    @property
    def longest(self) -> float:
        """Seconds after which the whole run is stopped if it has not ended."""
        return self.seconds * 1.5 + 60 if self.seconds else LONGEST


@dataclass(frozen=True)
class Settings:
    """One conformance run."""

    seed: int = 1
    budget: Budget = field(default_factory=Budget)
    timeout: float = 10
    rate: str = ""
    baseline: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of every request; values may contain variables, as in "${KEY}"."""
    peers_file: str = ""
    include_path: str = ""
    checks: Sequence[str] = ()
    """Names of the checks to run; empty for all."""
    exclude_checks: Sequence[str] = ()
    left_out: frozenset[str] = frozenset()
    """Operations that are never sent."""
    finished: frozenset[str] = frozenset()
    """Phases ("fuzzing") and their operations ("fuzzing GET /things") that are not run again."""
    params: Mapping[str, str] = field(default_factory=dict)
    """Parameter values by name."""
    query_keys: Mapping[str, str] = field(default_factory=dict)
    overlay: Mapping[str, Any] = field(default_factory=dict)

    def runs(self, phase: str) -> bool:
        """Whether a phase is to be run."""
        return phase in self.budget.phases and phase not in self.finished


def configuration(contract: Contract, settings: Settings) -> dict[str, Any]:
    """Everything that Schemathesis would otherwise read from its environment."""
    budget = settings.budget
    config: dict[str, Any] = {
        "seed": settings.seed,
        "workers": 1,
        "continue-on-failure": True,
        "request-timeout": settings.timeout,
        "suppress-health-check": ["all"],
        "cache": {"enabled": False},
        "generation": {"database": "none", "max-examples": budget.max_examples},
        "phases": {
            **{phase: {"enabled": settings.runs(phase)} for phase in PHASES},
            "stateful": {
                "enabled": settings.runs("stateful"),
                "max-steps": budget.max_steps,
            },
        },
        "auth": {"auto-signup": False},
        "output": {"truncation": {"enabled": False}},
        "operations": [*widened(contract), *_special(contract, settings)],
    }
    if settings.params:
        config["parameters"] = dict(settings.params)
    schemes = {s.parameter: s.name for s in contract.schemes.values() if s.place == "query"}
    if settings.query_keys:
        config["auth"]["openapi"] = {
            schemes[name]: {"api_key": key} for name, key in settings.query_keys.items()
        }
    if settings.headers:
        config["headers"] = dict(settings.headers)
    if settings.peers_file:
        config["auth"]["wfc"] = {
            "path": settings.peers_file,
            "user": "owner",
            "peers": ["owner", "other"],
        }
    if settings.rate:
        config["rate-limit"] = settings.rate
    if settings.baseline:
        config["baseline"] = settings.baseline
    return merged(config, settings.overlay)


STREAM_SECONDS = 3
"""Streaming operations, whose responses may never end."""


def _special(contract: Contract, settings: Settings) -> list[dict[str, Any]]:
    """Operations that are never sent, or not again, and those that stream their response."""
    found: list[dict[str, Any]] = []
    for phase in PHASES:
        done = [step.removeprefix(f"{phase} ") for step in sorted(settings.finished)]
        done = [name for name in done if f"{phase} {name}" in settings.finished]
        if done:
            found.append({"include-name": done, "phases": {phase: {"enabled": False}}})
    names = {op.id: f"{op.method} {op.path}" for op in contract.operations}
    if settings.left_out:
        out = [names[name] for name in sorted(settings.left_out) if name in names]
        found.append({"include-name": out, "enabled": False})
    streams = [
        names[op.id]
        for op in contract.operations
        if op.id not in settings.left_out
        and any(is_stream(name) for r in op.responses.values() for name in r.content)
    ]
    if streams:
        found.append({"include-name": streams, "request-timeout": STREAM_SECONDS})
    return found


def widened(contract: Contract) -> list[dict[str, Any]]:
    """Schemathesis settings of single operations, from `reasoned`."""
    return [entry for _, entry in reasoned(contract)]


def reasoned(contract: Contract) -> list[tuple[str, dict[str, Any]]]:
    """Settings that avoid false positives, each with its reason.

    First the rules of `WIDENINGS` for operations of this document, then those derived from the
    document.
    """
    entries = []
    for widening in WIDENINGS:
        ids = [name for name in widening.operations if name in contract.by_id]
        if ids:
            entries.append((widening.reason, _may_refuse(ids, widening.statuses)))
    entries += _keyless(contract)
    entries += _unlisted(contract)
    named = {
        name for _, entry in entries if "checks" in entry for name in entry["include-operation-id"]
    }
    return [*entries, *_cursors(contract, named), *_ambiguous(contract), *_files(contract)]


def _may_refuse(ids: list[str], statuses: Sequence[str]) -> dict[str, Any]:
    """Allow a valid request to one of these operations to get one of these statuses."""
    expected = [*ACCEPTED, *(status for status in statuses if status not in ACCEPTED)]
    check = {"positive_data_acceptance": {"expected-statuses": expected}}
    return {"include-operation-id": ids, "checks": check}


def _keyless(contract: Contract) -> list[tuple[str, dict[str, Any]]]:
    ids = [op.id for op in contract.operations if op.security and not op.response_for(401)]
    reason = (
        "no 401 is documented: one check requires a documented status without a key, "
        "another requires 401; only ignored_auth sends such requests"
    )
    entry = {"include-operation-id": ids, "generation": {"with-security-parameters": False}}
    return [(reason, entry)] if ids else []


def _unlisted(contract: Contract) -> list[tuple[str, dict[str, Any]]]:
    known = {name for widening in WIDENINGS for name in widening.operations}
    refusals: dict[tuple[str, ...], list[str]] = {}
    for operation in contract.operations:
        listed = tuple(sorted(s for s in operation.responses if s.startswith("4")))
        nameless = "{" in operation.path and not operation.response_for(404) and listed
        if nameless and operation.id not in known:
            refusals.setdefault(listed, []).append(operation.id)
    reason = "no 404 is documented: an unknown id is refused with a documented status"
    return [(reason, _may_refuse(ids, listed)) for listed, ids in refusals.items()]


def _cursors(contract: Contract, named: set[str]) -> list[tuple[str, dict[str, Any]]]:
    refusals: dict[tuple[str, ...], list[str]] = {}
    for operation in contract.operations:
        both = ("400", "422")
        listed = tuple(s for s in both if operation.response_for(int(s)) is not None) or both
        opaque = any(
            p.place == "query"
            and p.name in CURSOR_PARAMETERS
            and not p.schema.keys() & _CONSTRAINED
            for p in operation.parameters
        )
        if opaque and operation.id not in named:
            refusals.setdefault(listed, []).append(operation.id)
    reason = "a cursor is opaque: one that no list returned may be refused, as documented"
    return [(reason, _may_refuse(ids, listed)) for listed, ids in refusals.items()]


def _ambiguous(contract: Contract) -> list[tuple[str, dict[str, Any]]]:
    paths: dict[str, set[str]] = {}
    for operation in contract.operations:
        paths.setdefault(shape(operation.path), set()).add(operation.path)
    shared = {path for group in paths.values() if len(group) > 1 for path in group}
    ids = [operation.id for operation in contract.operations if operation.path in shared]
    # Disabling the checks does not work: `-c all` on the command line enables them again.
    phases: dict[str, Any] = {"coverage": {"unexpected-methods": []}}
    reason = "two paths match the same URLs: the methods of a URL are ambiguous"
    return [(reason, {"include-operation-id": ids, "phases": phases})] if ids else []


def _files(contract: Contract) -> list[tuple[str, dict[str, Any]]]:
    ids = [op.id for op in contract.operations if _takes_files(contract, op)]
    checks = {"negative_data_rejection": {"expected-statuses": [*REFUSED, "2xx"]}}
    reason = "a part is a file: any bytes are valid, even those of a number"
    return [(reason, {"include-operation-id": ids, "checks": checks})] if ids else []


def _takes_files(contract: Contract, operation: Operation) -> bool:
    content = operation.body.content.values() if operation.body else ()
    return any(
        _FILE & {part.get("format"), part.get("contentMediaType")}
        for media in content
        if media.name.startswith("multipart/")
        for part in _parts(contract, media.schema)
    )


def _parts(contract: Contract, schema: Any) -> Iterator[Mapping[str, Any]]:
    """The schemas of a form's parts, including each of several with the same name."""
    for part in _resolved(contract, schema).get("properties", {}).values():
        part = _resolved(contract, part)
        yield part
        yield _resolved(contract, part.get("items"))


def _resolved(contract: Contract, schema: Any) -> Mapping[str, Any]:
    try:
        found, _ = resolve(contract.document, schema, "")
    except ContractError:
        return {}
    return found if isinstance(found, Mapping) else {}


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two configurations: `over` wins, tables merge, lists of tables concatenate."""
    result = dict(base)
    for name, value in over.items():
        old = result.get(name)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            result[name] = merged(old, value)
        elif isinstance(old, list) and isinstance(value, list):
            result[name] = [*old, *value]
        else:
            result[name] = value
    return result


def toml(config: Mapping[str, Any]) -> str:
    """Format as TOML: top-level keys, each with an inline value."""
    return "".join(f"{json.dumps(name)} = {_inline(value)}\n" for name, value in config.items())


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(k)} = {_inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    return json.dumps(value)


_SHARED = ("seed", "workers", "continue-on-failure", "cache", "auth")


def write_config(path: str, contract: Contract, spec: str) -> None:
    """Write the hermetic settings and those of single operations, each with its reason.

    The number of requests stays on the command line. Raises UsageError if the file can't be
    written.
    """
    whole = configuration(contract, Settings())
    shared = {name: whole[name] for name in _SHARED}
    shared["generation"] = {"database": whole["generation"]["database"]}
    head = f"# The settings of `mockserver test {spec}`, for a plain `schemathesis run`.\n"
    entries = [entry_toml(reason, entry) for reason, entry in reasoned(contract)]
    try:
        Path(path).write_text("\n".join([head, toml(shared), *entries]), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--write-config {path}: {error.strerror or error}") from None


def entry_toml(reason: str, entry: Mapping[str, Any]) -> str:
    """One `[[operations]]` table, with an operation per line."""
    names = "".join(f"    {json.dumps(name)},\n" for name in entry["include-operation-id"])
    rest = {name: value for name, value in entry.items() if name != "include-operation-id"}
    return f"[[operations]] # {reason}\ninclude-operation-id = [\n{names}]\n{toml(rest)}"
