"""The configuration that Schemathesis gets: hermetic, and the same for everybody.

`schemathesis.toml` at the root of the repository says the same for a plain `schemathesis run`;
a test compares the two.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mockserver.contract.model import Contract
from mockserver.verify.lifecycle.derive import CURSOR_PARAMETERS
from mockserver.verify.lifecycle.methods import shape
from mockserver.verify.widenings import WIDENINGS

PHASES = ("examples", "coverage", "fuzzing", "stateful")
_TOLD = frozenset({"enum", "const", "pattern"})
ACCEPTED = ("2xx", "3xx", "401", "403", "404", "409", "429", "5xx")
"""What `positive_data_acceptance` takes by default."""


@dataclass(frozen=True)
class Budget:
    """How much to send. `seconds` 0 is without a limit."""

    max_examples: int = 25
    max_steps: int = 6
    phases: tuple[str, ...] = PHASES
    seconds: int = 0


@dataclass(frozen=True)
class Settings:
    """One conformance run."""

    seed: int = 1
    budget: Budget = field(default_factory=Budget)
    timeout: float = 10
    rate: str = ""
    baseline: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with every request; values may name variables, as in "${KEY}"."""
    peers_file: str = ""
    include_path: str = ""
    exclude_checks: Sequence[str] = ()
    overlay: Mapping[str, Any] = field(default_factory=dict)


def configuration(contract: Contract, settings: Settings) -> dict[str, Any]:
    """Everything that Schemathesis would otherwise take from its surroundings."""
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
            **{phase: {"enabled": phase in budget.phases} for phase in PHASES},
            "stateful": {
                "enabled": "stateful" in budget.phases,
                "max-steps": budget.max_steps,
            },
        },
        "auth": {"auto-signup": False},
        "output": {"truncation": {"enabled": False}},
        "operations": widened(contract),
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


def widened(contract: Contract) -> list[dict[str, Any]]:
    """The widenings whose operations are in this document."""
    entries = []
    for widening in WIDENINGS:
        ids = [name for name in widening.operations if name in contract.by_id]
        if ids:
            expected = [*ACCEPTED, *widening.statuses]
            check = {"positive_data_acceptance": {"expected-statuses": expected}}
            entries.append({"include-operation-id": ids, "checks": check})
    entries += _unlisted(contract)
    named = {n for entry in entries if "checks" in entry for n in entry["include-operation-id"]}
    return [*entries, *_cursors(contract, named), *_ambiguous(contract)]


def _cursors(contract: Contract, named: set[str]) -> list[dict[str, Any]]:
    """A cursor is opaque: who sends another than a list has given may be refused, as documented."""
    refusals: dict[tuple[str, ...], list[str]] = {}
    for operation in contract.operations:
        listed = tuple(s for s in ("400", "422") if operation.responses.get(s) is not None)
        opaque = any(
            p.place == "query" and p.name in CURSOR_PARAMETERS and not p.schema.keys() & _TOLD
            for p in operation.parameters
        )
        if opaque and listed and operation.id not in named:
            refusals.setdefault(listed, []).append(operation.id)
    return [
        {
            "include-operation-id": ids,
            "checks": {"positive_data_acceptance": {"expected-statuses": [*ACCEPTED, *statuses]}},
        }
        for statuses, ids in refusals.items()
    ]


def _ambiguous(contract: Contract) -> list[dict[str, Any]]:
    """Templates that match the same addresses: which methods an address has can't be told."""
    paths: dict[str, set[str]] = {}
    for operation in contract.operations:
        paths.setdefault(shape(operation.path), set()).add(operation.path)
    shared = {path for group in paths.values() if len(group) > 1 for path in group}
    ids = [operation.id for operation in contract.operations if operation.path in shared]
    checks = {
        name: {"enabled": False} for name in ("unsupported_method", "allow_header_conformance")
    }
    return [{"include-operation-id": ids, "checks": checks}] if ids else []


def _unlisted(contract: Contract) -> list[dict[str, Any]]:
    """What a document leaves out, so that two checks can't both be content.

    Without a 401, one check wants a listed status for a request without a key, the other 401: only
    `ignored_auth` sends such. Without a 404, an id that names nothing gets another refusal.
    """
    entries: list[dict[str, Any]] = []
    keyless = [op.id for op in contract.operations if op.security and not op.response_for(401)]
    if keyless:
        generation = {"with-security-parameters": False}
        entries.append({"include-operation-id": keyless, "generation": generation})
    known = {name for widening in WIDENINGS for name in widening.operations}
    refusals: dict[tuple[str, ...], list[str]] = {}
    for operation in contract.operations:
        listed = tuple(sorted(s for s in operation.responses if s.startswith("4")))
        if "{" in operation.path and not operation.response_for(404) and listed:
            refusals.setdefault(listed, []).append(operation.id)
    for statuses, ids in refusals.items():
        expected = [*ACCEPTED, *(s for s in statuses if s not in ACCEPTED)]
        check = {"positive_data_acceptance": {"expected-statuses": expected}}
        ids = [name for name in ids if name not in known]
        if ids:
            entries.append({"include-operation-id": ids, "checks": check})
    return entries


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` wins; tables are merged, lists of tables joined."""
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
    """As TOML: top-level keys, each with an inline value."""
    return "".join(f"{json.dumps(name)} = {_inline(value)}\n" for name, value in config.items())


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(k)} = {_inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    return json.dumps(value)
