"""Pairs of replies to the same request: the real server's and the mock's, in the form that rules
are learned from. A body is a template, with `{name}` in place of what was sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mockserver.openapi.model import Json
from mockserver.verify.diff.id_map import TIME

Outcome = tuple[int, str]
"""A status, and a body as JSON text; `{name}` in it stands for a value of the request. A body "" is
the mock's own."""
OWN: Outcome = (0, "")
"""The mock's own response: no rule is needed."""
_NOISE = re.compile(r"body\.x_unknown_field|violation\.name")
"""Traits that no condition names: a field that only the differential sends (`unknown field` stands
for it), and what a template can name."""
_SHORTEST = 4
"""The minimum length of a sent text to be replaced within a longer text where it has no quotes."""
_PLACE = re.compile(r"violates (\w+)(?:\.(.+))? \w+")
"""The trait for the place of a violation."""
_NAMED = re.compile(r"\{([^{}]+)\}")
"""What a template names."""


@dataclass(frozen=True)
class Pair:
    """One request. `outcome` is what a rule must predict for the mock to respond like the real
    server; `sent` are the request's values by template name."""

    operation: str
    traits: Mapping[str, str]
    outcome: Outcome
    sent: Mapping[str, str] = field(default_factory=dict)
    _filled: dict[str, str] = field(default_factory=dict, init=False, compare=False, repr=False)

    def gets(self, outcome: Outcome) -> bool:
        """Whether this outcome is right: the same status, and a body that reads the same once it is
        filled with what was sent."""
        (status, body), (real, shown) = outcome, self.outcome
        if outcome == self.outcome or status != real or not body or not shown:
            return outcome == self.outcome
        return self._text_of(body) == self._text_of(shown)

    def _text_of(self, body: str) -> str:
        if body not in self._filled:
            self._filled[body] = _NAMED.sub(self._value, body)
        return self._filled[body]

    def _value(self, name: re.Match[str]) -> str:
        sent = self.sent.get(name[1])
        return name[0] if sent is None else json.dumps(sent)[1:-1]

    @property
    def features(self) -> list[tuple[str, str]]:
        """The traits that a condition can name, without the mock's status."""
        return [t for t in self.traits.items() if t[0] != "mock" and not _NOISE.match(t[0])]


def pair_of(sample: Mapping[str, Json]) -> Pair:
    """Make a pair from a sample (`verify/diff/recorded.py`)."""
    real, mock = sample["real"], sample["mock"]
    outcome: Outcome
    sent = _sent(sample, sample["path"], sample.get("at"))
    if real["status"] >= 400:
        body = templated(real["body"], sent)
        mine = templated(mock["body"], _sent(sample, mock["path"], mock.get("at")))
        same = real["status"] == mock["status"] and body == mine
        shown = _with_parts(body, mine, real["body"], sample["body"])
        outcome = OWN if same else (real["status"], as_text(shown))
    elif real["status"] == mock["status"]:
        outcome = OWN
    else:
        # What is empty shows nothing of an entity, so it is the same for all.
        bare = (mock["status"] < 400 and mock["body"] is None) or real["body"] in ({}, [])
        outcome = (real["status"], as_text(templated(real["body"], sent)) if bare else "")
    return Pair(sample["operation"], sample["traits"], outcome, sent)


def _with_parts(body: Json, mine: Json, raw: Json, sent: Json) -> Json:
    """The body with `{mock.NAME}` in place of an object or array that the mock's body has too, and
    `{body}` in place of the request body, which is compared with the `raw` one."""
    if not isinstance(body, dict):
        return body
    own = mine.items() if isinstance(mine, dict) else ()
    parts = {"mock." + name: part for name, part in own if part and isinstance(part, dict | list)}

    def part_of(name: str, given: Json) -> Json:
        if not isinstance(given, dict | list):
            return given
        if isinstance(sent, dict | list) and sent == raw[name]:
            return "{body}"
        return next((f"{{{part}}}" for part, value in parts.items() if value == given), given)

    return {name: part_of(name, given) for name, given in body.items()}


def as_text(body: Json) -> str:
    """The body as JSON text, with `{null}` in place of null, which TOML can't express; "" without
    a body."""
    return "" if body is None else json.dumps(named_nulls(body), sort_keys=True)


def named_nulls(value: Json) -> Json:
    """The value with `{null}` in place of null."""
    if isinstance(value, dict):
        return {name: named_nulls(item) for name, item in value.items()}
    if isinstance(value, list):
        return [named_nulls(item) for item in value]
    return "{null}" if value is None else value


def _sent(
    sample: Mapping[str, Json], path: Mapping[str, str], url_path: str | None
) -> dict[str, str]:
    """The values that a template can name, most specific first: what breaks the document, the
    URL's path (None in old reports), its parameters, the last one first, the body, the query."""
    body = sample["body"] if isinstance(sample["body"], dict) else {}
    texts = {f"body.{n}": v for n, v in body.items() if isinstance(v, str)}
    query = {f"query.{n}": v for n, v in sample["query"].items()}
    named = {**dict(reversed(list(path.items()))), **texts, **query}
    at = {"request.path": url_path} if url_path else {}
    return {**_violation(sample, path), **at, **named}


def _violation(sample: Mapping[str, Json], path: Mapping[str, str]) -> dict[str, str]:
    """The name and the value of the first thing in the request that breaks the document."""
    places = (_PLACE.fullmatch(trait) for trait in sample["traits"])
    place = next((found for found in places if found), None)
    if place is None:
        return {}
    # Reports of earlier versions do not have the name.
    name = str(sample["traits"].get("violation.name", place[2] or ""))
    given: Json = {"path": path, "query": sample["query"], "body": sample["body"]}.get(place[1])
    for step in name.split(".") if name else ():
        if isinstance(given, list):
            given = given[int(step)] if step.isdecimal() and int(step) < len(given) else None
        else:
            given = given.get(step) if isinstance(given, dict) else None
    value = {} if given is None else {"violation.value": _as_text(given)}
    return {**value, "violation.name": name}


def _as_text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def templated(value: Json, sent: Mapping[str, str]) -> Json:
    """The body with `{name}` in place of values that were sent, and of the instant."""
    if isinstance(value, str):
        for name, given in sent.items():
            if not given:
                continue
            if value == given or (len(given) >= _SHORTEST and given in value):
                value = value.replace(given, "{" + name + "}")
            for quote in "\"'":
                value = value.replace(quote + given + quote, quote + "{" + name + "}" + quote)
        moment = TIME.fullmatch(value)
        if moment is None:
            return value
        digits = len(moment[2] or ".") - 1
        return f"{{now {moment[1]}{min(digits, 9)}{moment[3] or ''}}}"
    if isinstance(value, list):
        return [templated(item, sent) for item in value]
    if isinstance(value, dict):
        return {name: templated(item, sent) for name, item in value.items()}
    return value
