"""Settings about a server that its document does not have: access, allowed operations, exclusions.

Command line flags override the `[verify]` table of mockserver.toml.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

from mockserver.errors import UsageError, did_you_mean
from mockserver.inference.corrections import SECONDS, TEXT, TEXT_TABLE, TEXTS, YES_OR_NO, Key, names
from mockserver.openapi.model import Contract, Json
from mockserver.openapi.path_templates import matches
from mockserver.verify.model import Finding

# The keys of the `[verify]` table of mockserver.toml, with their schemas and help.
#
# The file's JSON Schema and its reference page are generated from the same rows.

GRANTS = ("password", "client_credentials")
WHO = ("username", "password", "client_id", "client_secret", "scope")
LOGIN = ("grant", "url", "operation", "token", "fields", "form", *WHO)
"""The keys of `[verify.login]`."""

_TABLE: Mapping[str, Any] = {"type": "object"}
_DAY = {"type": "string", "format": "date"}
IGNORE = (
    Key("rule", TEXT, "Its rule, such as `stored_as_sent`; `*` is a wildcard."),
    Key("operation", TEXT, "Where it was found, such as `POST /orders`."),
    Key("field", TEXT, "The property that it is about."),
    Key("reason", TEXT, "Why it is ignored."),
    Key("until", _DAY, "The last day on which it is ignored."),
)
_IGNORED = {
    "type": "object",
    "properties": {key.name: key.schema for key in IGNORE},
    "required": ["reason", "until"],
    "additionalProperties": False,
}
KEYS = (
    Key("url", TEXT, "URL of the API."),
    Key("api-key", TEXT, "The credential to send."),
    Key("other-key", TEXT, "A second user's credential, for checks that tenants are isolated."),
    Key("keys", TEXT_TABLE, "A credential for each security scheme, by its name in the document."),
    Key(
        "login",
        {
            "type": "object",
            "properties": {
                **dict.fromkeys(LOGIN, TEXT),
                "grant": {"enum": list(GRANTS)},
                "fields": _TABLE,
                "form": YES_OR_NO,
            },
            "additionalProperties": False,
        },
        "How to get a token: an OAuth 2 grant, or an operation that logs in, with its fields.",
    ),
    Key("headers", TEXT_TABLE, "Headers for every request."),
    Key(
        "params",
        {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}},
        "Values for path and query parameters, by name.",
    ),
    Key("bodies", _TABLE, "Bodies for creating entities, by operationId; `#` is a running number."),
    Key("allow-host", TEXTS, "Further hosts that requests may go to."),
    Key("allow", TEXTS, "Operations that may be sent, whatever they do."),
    Key("include", TEXTS, "Test only these operations."),
    Key("exclude", TEXTS, "Operations that are never sent."),
    Key("disposable", YES_OR_NO, "Everything on the server may be removed."),
    Key("ledger", TEXT, "The file that records everything created."),
    Key("timeout", SECONDS, "Seconds for a complete response."),
    Key("rate", SECONDS, "Maximum requests per second; 0 is no limit."),
    Key("setup", TEXTS, "Shell commands before the run; MOCKSERVER_URL is set."),
    Key("teardown", TEXTS, "Shell commands after the run."),
    Key("ignore", {"type": "array", "items": _IGNORED}, "Findings to ignore."),
)
"""The keys of the `[verify]` table."""

DEFAULT_KEY = "mock-key"
KNOWN = names(KEYS)
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Ignore:
    """Findings to ignore, with a reason and an expiry date."""

    reason: str
    until: date
    rule: str = ""
    operation: str = ""
    field: str = ""

    def covers(self, finding: Finding) -> bool:
        words = f"{finding.title}\n{finding.message}"
        return (
            (not self.rule or fnmatchcase(finding.rule, self.rule))
            and (not self.operation or fnmatchcase(finding.where, self.operation))
            and (not self.field or re.search(rf"\b{re.escape(self.field)}\b", words) is not None)
        )

    @property
    def expired(self) -> bool:
        return self.until < datetime.now(UTC).date()


@dataclass(frozen=True)
class Sandbox:
    """`include` and `exclude` are patterns: an operationId, "tag:NAME", a path or "GET PATH"."""

    url: str = ""
    key: str = DEFAULT_KEY
    other_key: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 10.0
    rate: float = 0.0
    hosts: Sequence[str] = ()
    allow: Sequence[str] = ()
    disposable: bool = False
    ledger: str = "mockserver-ledger.ndjson"
    params: Mapping[str, str] = field(default_factory=dict)
    bodies: Mapping[str, Json] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    """Credentials by security scheme."""
    login: Mapping[str, Json] = field(default_factory=dict)
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    ignores: Sequence[Ignore] = ()
    setup: Sequence[str] = ()
    teardown: Sequence[str] = ()
    overrides: Mapping[str, Json] = field(default_factory=dict)
    """Overrides for `build_plan`."""

    @property
    def is_here(self) -> bool:
        return urlsplit(self.url).hostname in LOOPBACK

    def left_out(self, contract: Contract) -> frozenset[str]:
        """Operations that are never sent."""
        return frozenset(
            op.id for op in contract.operations if any(matches(op, one) for one in self.exclude)
        )

    def in_view(self, contract: Contract) -> frozenset[str]:
        """Operations to test; others are sent only if these need them."""
        out = self.left_out(contract)
        return frozenset(
            op.id
            for op in contract.operations
            if op.id not in out
            and (not self.include or any(matches(op, one) for one in self.include))
        )

    def check(self, contract: Contract) -> None:
        """Raises UsageError for a name that the document does not have."""
        for option, patterns in (
            ("--include", self.include),
            ("--exclude", self.exclude),
            ("--allow", self.allow),
        ):
            for pattern in patterns:
                if not any(matches(operation, pattern) for operation in contract.operations):
                    raise UsageError(_no_such(option, pattern, list(contract.by_id)))
        for name in self.bodies:
            if name not in contract.by_id:
                raise UsageError(_no_such("[verify.bodies]", name, list(contract.by_id)))
        for name in self.keys:
            if name not in contract.schemes:
                raise UsageError(_no_such("[verify.keys]", name, list(contract.schemes)))
        named = {p.name for operation in contract.operations for p in operation.parameters}
        for name in self.params:
            if name not in named:
                raise UsageError(_no_such("--param", name, sorted(named)))

    def allowed_operations(self, contract: Contract) -> frozenset[str]:
        return frozenset(
            op.id for op in contract.operations if any(matches(op, one) for one in self.allow)
        )


def _no_such(option: str, name: str, known: list[str]) -> str:
    hint = did_you_mean(name, known)
    return f"{option}: the document has no {name!r}{hint and '; ' + hint}"


def sandbox_of(
    given: Mapping[str, Any],
    table: Mapping[str, Any] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Sandbox:
    """From the flags that were `given` (None: not given) and the `[verify]` table.

    Raises UsageError.
    """
    table_values = {name.replace("_", "-"): value for name, value in (table or {}).items()}
    for name in table_values:
        if name not in KNOWN:
            raise UsageError(_no_such("[verify]", name, list(KNOWN)).replace("document", "table"))
    _check_types(table_values)
    table_values = {name: _filled(value) for name, value in table_values.items()}

    def one(flag: str, name: str, default: Any) -> Any:
        value = given.get(flag)
        if value not in (None, ""):
            return value
        return table_values.get(name, default)

    return Sandbox(
        url=one("url", "url", ""),
        key=one("key", "api-key", given.get("default_key", DEFAULT_KEY)),
        other_key=one("other_key", "other-key", ""),
        headers={**table_values.get("headers", {}), **(given.get("headers") or {})},
        timeout=float(one("timeout", "timeout", 10.0)),
        rate=float(one("rate", "rate", 0.0)),
        hosts=(*table_values.get("allow-host", ()), *(given.get("allowed") or ())),
        allow=(*table_values.get("allow", ()), *(given.get("allow") or ())),
        disposable=bool(given.get("disposable") or table_values.get("disposable", False)),
        ledger=one("ledger", "ledger", given.get("default_ledger", Sandbox.ledger)),
        params={
            **{name: str(value) for name, value in table_values.get("params", {}).items()},
            **pairs_of("--param", given.get("params") or ()),
        },
        bodies=table_values.get("bodies", {}),
        keys={**table_values.get("keys", {}), **pairs_of("--key", given.get("keys") or ())},
        login=table_values.get("login", {}),
        include=(*table_values.get("include", ()), *(given.get("include") or ())),
        exclude=(*table_values.get("exclude", ()), *(given.get("exclude") or ())),
        ignores=tuple(_ignore(entry) for entry in table_values.get("ignore", ())),
        setup=table_values.get("setup", ()),
        teardown=table_values.get("teardown", ()),
        overrides=overrides or {},
    )


def _check_types(table_values: Mapping[str, Any]) -> None:
    def wrong(name: str, what: str) -> UsageError:
        return UsageError(f"[verify] {name} must be {what}, not {table_values[name]!r}")

    schemas = {key.name: key.schema for key in KEYS}
    for name, value in table_values.items():
        schema = schemas[name]
        if schema is TEXT and not isinstance(value, str):
            raise wrong(name, "a text")
        if schema is SECONDS and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise wrong(name, "a number")
        if schema is TEXTS and not (
            isinstance(value, list) and all(isinstance(one, str) for one in value)
        ):
            raise wrong(name, "a list of strings")
        if schema["type"] == "object" and not isinstance(value, Mapping):
            raise UsageError(f"[verify] {name} must be a table: write [verify.{name}]")
        if schema is YES_OR_NO and not isinstance(value, bool):
            raise wrong(name, "true or false")
        if name == "ignore" and not isinstance(value, list):
            raise UsageError("[verify] ignore must be a list of tables: write [[verify.ignore]]")


def _filled(value: Json) -> Json:
    """Replace `${NAME}` by the environment variable. Raises UsageError if it is not set."""
    if isinstance(value, str):
        return _VARIABLE.sub(_variable, value)
    if isinstance(value, Mapping):
        return {name: _filled(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner) for inner in value]
    return value


def _variable(match: re.Match[str]) -> str:
    name = match[1]
    if name not in os.environ:
        raise UsageError(f"[verify] {match[0]}: the environment variable {name} is not set")
    return os.environ[name]


def pairs_of(option: str, given: Sequence[str]) -> dict[str, str]:
    """Parse repeated NAME=VALUE. Raises UsageError."""
    pairs = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"{option} {text!r}: write it as NAME=VALUE")
        pairs[name] = value
    return pairs


def _ignore(entry: Json) -> Ignore:
    if not isinstance(entry, Mapping):
        raise UsageError("[verify] ignore must be a list of tables: write [[verify.ignore]]")
    for name in entry:
        if name not in names(IGNORE):
            raise UsageError(
                f"[[verify.ignore]] does not know {name!r}; it takes {', '.join(names(IGNORE))}"
            )
    reason, until = entry.get("reason"), entry.get("until")
    if not isinstance(reason, str) or not reason:
        raise UsageError("[[verify.ignore]] needs a reason")
    if isinstance(until, str):
        try:
            until = date.fromisoformat(until)
        except ValueError:
            raise UsageError(f"[[verify.ignore]] until must be a date, not {until!r}") from None
    if not isinstance(until, date):
        raise UsageError('[[verify.ignore]] needs an expiry date: until = "2027-01-31"')
    what = {name: str(entry.get(name, "")) for name in ("rule", "operation", "field")}
    if not any(what.values()):
        raise UsageError("[[verify.ignore]] needs a rule, an operation or a field")
    return Ignore(reason, until, **what)


def run_hooks(commands: Sequence[str], name: str, url: str) -> None:
    """Run shell commands around a run, with the server's address in MOCKSERVER_URL.

    Raises UsageError if one fails.
    """
    for command in commands:
        done = subprocess.run(
            command,
            shell=True,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "MOCKSERVER_URL": url},
        )
        if done.returncode:
            table_values = " ".join((done.stderr or done.stdout).split())[-200:]
            raise UsageError(
                f"[verify] {name}: {command!r} exited with {done.returncode}: {table_values}"
            )
