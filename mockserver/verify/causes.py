"""What a run reports: findings merged by cause, and what was ignored, waited for, not sent.

Several rules about one reply have one cause, and so has one problem in many operations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from mockserver.files.wording import often
from mockserver.openapi.model import Contract
from mockserver.verify.model import Exchange, Finding, Result, is_server_error
from mockserver.verify.sandbox import Sandbox
from mockserver.verify.target import Target, credentials, keys_in_query

SEVERAL = "several operations"
MOST_WORDS = 12
ENOUGH = 3
"""At least this many operations with one cause become one finding."""
_SERVER = ("no_server_error", "not_a_server_error")
_MEDIA = ("content_type_conformance",)
_OF_MEDIA = ("content type", "mimetype")
"""What the second validator says of a media type."""
_SHAPE = ("response_schema_conformance", "reply_conforms", "readable_reply")
_STATUS = ("status_code_conformance", "reply_conforms")
_VALID = "positive_data_acceptance"
_OF_REPLY = frozenset((*_SERVER, *_MEDIA, *_SHAPE, *_STATUS, _VALID))
_COMPONENT = re.compile(r"Schema at /(components/schemas|definitions)/\S+:")
_HEADER = "response_headers_conformance"
_SHARED = frozenset(("unsupported_method", "missing_required_header"))
_ACCESS = ("ignored_auth", "key_is_needed")
_ALLOW = ("allow_is_true", "allow_header_conformance", "unsupported_method")
_RANK = ("server", "undocumented", "media", "shape", "access")


def merged(findings: Iterable[Finding], contract: Contract) -> list[Finding]:
    """The findings without duplicates of the same cause, in order."""
    known = list(findings)
    found = _joined(known, lambda f: _reply(f, contract), contract)
    found = _joined(found, lambda f: _cause(f, contract), contract)
    return _over_operations(found, contract)


def family(finding: Finding, contract: Contract) -> str:
    """The kind of fault, independent of the rule that found it."""
    example = finding.example
    if example is not None and (finding.rule in _ACCESS or _lacks_key(finding, contract)):
        return "access"
    if example is not None and finding.rule in _ALLOW and _has_no_allow(example):
        return "no allow"
    if example is not None and finding.rule in _ALLOW[:2]:
        return "wrong allow"
    if example is None or finding.rule not in _OF_REPLY:
        return finding.rule
    if example.status >= 500:
        return "server"
    if finding.rule in _STATUS and _is_undocumented(finding, contract):
        return "undocumented"
    if finding.rule in _MEDIA or any(word in finding.message.lower() for word in _OF_MEDIA):
        return "media"
    return "shape" if finding.rule in _SHAPE else finding.rule


def _lacks_key(finding: Finding, contract: Contract) -> bool:
    """Whether the required header that a request lacks is that of the key."""
    named = finding.message.lower()
    return finding.rule == "missing_required_header" and any(
        f"'{name}'" in named for name in credentials(contract, "key")
    )


def _has_no_allow(example: Exchange) -> bool:
    """Whether a 405 lacks the header that RFC 9110 (15.5.6) requires."""
    return example.status == 405 and "allow" not in example.headers


def _is_undocumented(finding: Finding, contract: Contract) -> bool:
    example = finding.example
    operation = contract.by_id.get(example.operation) if example is not None else None
    if operation is None or example is None:
        return finding.rule == "status_code_conformance"
    return operation.response_for(example.status) is None


Key = tuple[object, ...]


def _reply(finding: Finding, contract: Contract) -> Key | None:
    """A key for the reply that a finding is about."""
    example = finding.example
    if example is None or finding.rule not in _OF_REPLY:
        return None
    return (example.method, example.url, example.request_body, example.status, example.body)


def _cause(finding: Finding, contract: Contract) -> Key | None:
    example = finding.example
    kind = family(finding, contract)
    if example is None or kind not in _RANK:
        return None
    if kind == "access":
        return (finding.where, kind, has_key(example, contract))
    return (finding.where, example.status, kind)


def has_key(example: Exchange, contract: Contract) -> bool:
    """Whether a request has a key, right or wrong."""
    query = parse_qs(urlsplit(example.url).query)
    return bool(
        credentials(contract, "key").keys() & example.request_headers.keys()
        or keys_in_query(contract, "key").keys() & query.keys()
    )


def _joined(
    findings: list[Finding], key_of: Callable[[Finding], Key | None], contract: Contract
) -> list[Finding]:
    """Merge findings with the same key into the first one of the most informative kind."""
    groups: dict[object, list[Finding]] = {}
    for number, finding in enumerate(findings):
        key = key_of(finding)
        groups.setdefault(number if key is None else key, []).append(finding)
    found = []
    for same in groups.values():
        ranked = sorted(same, key=lambda f: (_rank(family(f, contract)), f.rule not in _SERVER))
        rules = dict.fromkeys(rule for finding in ranked for rule in rules_of(finding))
        accepted = next((f.accepted for f in ranked if not f.accepted), None)
        first = ranked[0]
        found.append(
            replace(
                first,
                count=max(f.count for f in same),
                accepted=first.accepted if accepted is None else "",
                extra={**first.extra, "rules": ", ".join(rules)},
            )
        )
    return found


def _rank(kind: str) -> int:
    return _RANK.index(kind) if kind in _RANK else len(_RANK)


def rules_of(finding: Finding) -> list[str]:
    """Every rule that a merged finding breaks."""
    return finding.extra.get("rules", finding.rule).split(", ")


def _over_operations(findings: list[Finding], contract: Contract) -> list[Finding]:
    groups: dict[object, list[Finding]] = {}
    for number, finding in enumerate(findings):
        shared = _shared(finding, contract)
        alone = shared is None or finding.accepted
        groups.setdefault(number if alone else shared, []).append(finding)
    found = []
    for key, same in groups.items():
        places = list(dict.fromkeys(finding.where for finding in same))
        enough = len(places) >= ENOUGH or (len(places) > 1 and _in_one_component(same))
        found += [_one_of(same, places, str(key), contract)] if enough else same
    return found


def _in_one_component(findings: list[Finding]) -> bool:
    """Whether all of them break the same schema of the document, at the same place."""
    places = {found[0] for f in findings if (found := _COMPONENT.search(f.message)) is not None}
    return len(places) == 1 and all(_COMPONENT.search(f.message) for f in findings)


def _shared(finding: Finding, contract: Contract) -> Key | None:
    """A key for a problem that many operations may share."""
    example, kind = finding.example, family(finding, contract)
    if example is None:
        return None
    if kind == "undocumented":
        return (kind, example.status)
    if kind == "media":
        return (kind, example.status, example.content_type)
    if kind == "shape":
        return (kind, _said(finding.extra.get("complaint") or finding.message))
    if kind == _HEADER:
        return (kind, _said(finding.message))
    if kind == "access":
        return (kind, has_key(example, contract))
    if kind in ("no allow", "wrong allow"):
        return (kind,)
    if kind == _VALID:
        return (kind, example.status, _plain_words(example.body))
    if finding.rule in _SHARED:
        return (finding.rule, finding.title, example.status)
    return None


_VALUE = re.compile(
    r"(?P<before>[\w.*-]+: )?(?P<value>\S.*?)(?P<after> (is not (a |of type|one of|valid under)|"
    r"does not match|is too (long|short)|is (less|greater) than).*)",
    re.DOTALL,
)


def _said(message: str) -> str:
    """The first fault in a message, normalised across rules and entities: without the value, and
    of its place only the last name."""
    line = message.splitlines()[0] if message else ""
    line = line.removeprefix("InvalidData: ").replace("None", "null")
    found = _VALUE.match(line)
    if found is not None:
        before = (found["before"] or "").rpartition(".")[2]
        line = before + found["after"].split("; ")[0]
    line = line.split("; ")[0]
    return re.sub(r"\b\d+\b", "#", line.replace("'", '"'))


def _plain_words(body: bytes) -> tuple[str, ...]:
    """The first words of a refusal that are no names, values or numbers."""
    text = body[:2000].decode("utf-8", "replace").replace("\\n", " ")
    return tuple(re.findall(r"(?<![\w'=.])[a-z]{2,}(?![\w'=.])", text)[:MOST_WORDS])


def _one_of(same: list[Finding], places: list[str], cause: str, contract: Contract) -> Finding:
    first = same[0]
    example = first.example
    title = first.title
    if family(first, contract) == "undocumented" and example is not None:
        title = f"{example.status} is undocumented"
    rules = dict.fromkeys(rule for finding in same for rule in rules_of(finding))
    shown = ", ".join(places[:12]) + (f" and {len(places) - 12} more" if len(places) > 12 else "")
    return replace(
        first,
        where=SEVERAL,
        title=title,
        message=f"{len(places)} operations: {shown}\n{first.message}",
        count=sum(finding.count for finding in same),
        extra={
            **first.extra,
            "rules": ", ".join(rules),
            "operations": "\n".join(places),
            "cause": cause,
        },
    )


_SILENCE = re.compile(r"timed out|ConnectTimeout|Connection (refused|aborted|reset)|NewConnection")
_MANY = 3
_PLACE = re.compile(r"\n\s*Location:\n.*\n")
"""Where in the document something is, in Schemathesis' words."""


def expired(reason: str, day: str) -> str:
    return f"ignored until {day}, which has passed: {reason}"


def accepted_by(findings: Sequence[Finding], sandbox: Sandbox) -> tuple[list[Finding], list[str]]:
    """The findings, with ignored ones marked as accepted, and notes on expired rules."""
    notes: dict[str, None] = {}
    for finding in findings:
        for ignore in sandbox.ignores:
            if ignore.covers(finding):
                if ignore.expired:
                    notes[expired(ignore.reason, ignore.until.isoformat())] = None
                else:
                    finding.accepted = ignore.reason
    return list(findings), list(notes)


def silences_as_one(errors: Sequence[str]) -> list[str]:
    """The errors, with those of requests that got no response as one: what made the server hang is
    most likely the first of them, or what came before it."""
    silent = [error for error in errors if _SILENCE.search(error)]
    if len(silent) < _MANY:
        return list(errors)
    what, _, reason = silent[0].partition(": ")
    one = (
        f"the server did not respond in {len(silent)} operations, the first of them {what} "
        f"({reason}); look for the cause in its log, restart it if it hangs"
    )
    return [one, *(error for error in errors if error not in silent)]


def alike_as_one(errors: Sequence[str]) -> list[str]:
    """The errors, each reason once, with its operations and without places in the document."""
    groups: dict[str, list[str]] = {}
    for error in errors:
        what, colon, reason = " ".join(_PLACE.sub("\n", error).split()).partition(": ")
        groups.setdefault(reason if colon else "", []).append(what)
    found = groups.pop("", [])
    for reason, names in groups.items():
        shown = list(dict.fromkeys(names))
        more = f" and {len(shown) - 4} more" if len(shown) > 4 else ""
        found.append(f"{', '.join(shown[:4])}{more}: {reason}")
    return found


def report_trouble(result: Result, target: Target, keep: Callable[[Finding], object]) -> None:
    """Print what was waited for, what was skipped, and what was never sent."""
    persistence, contract = target.persistence, target.contract
    if result.interrupted:
        result.notes.insert(0, "interrupted: results so far")
    for reason, count in sorted(persistence.waits.items()):
        result.notes.append(f"waited {often(count)}: {reason}")
    for name, reason in sorted({**persistence.troubled, **persistence.quarantined}.items()):
        left = ", and was skipped" if name in persistence.quarantined else ""
        result.errors.append(f"{_where(contract, name)} failed repeatedly{left}: {reason}")
    by_reason: dict[str, list[str]] = {}
    for name, reason in (target.ownership.withheld if target.ownership else {}).items():
        kind = "what it names is not ours" if reason.endswith("is not ours") else reason
        by_reason.setdefault(kind, []).append(_where(contract, name))
    for reason, names in sorted(by_reason.items()):
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        result.notes.append(
            f"not sent, {reason}: {', '.join(names[:8])}{more} "
            "(--allow permits one, --disposable all)"
        )
    for exchange in persistence.passing:
        operation = contract.by_id.get(exchange.operation)
        if operation is not None and is_server_error(exchange.status, operation):
            what = f"responded with {exchange.status}, but not to the same request afterwards"
            title = "No server error (not every time)"
            where = _where(contract, exchange.operation)
            keep(Finding("no_server_error", where, title, what, [exchange]))


def _where(contract: Contract, name: str) -> str:
    operation = contract.by_id.get(name)
    return f"{operation.method} {operation.path}" if operation else name
