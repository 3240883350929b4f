"""What is asked of an operation beside its success: other media types, and why it refuses.

Both read the document as the judge does, and share nothing with the mock.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from bench.corpus.judge import Judge, NotJudged

_REFUSALS = ("400", "422", "4XX", "DEFAULT")
_DEEPEST = 5
_LONG_ENOUGH = 40


@dataclass(frozen=True)
class Sent:
    """A request as it was sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes

    def again(self, http: httpx.Client, **other: str | bytes) -> httpx.Response:
        """Send it once more, with other headers, or another `url` or `content`."""
        url, content = other.pop("url", self.url), other.pop("content", self.content)
        headers = {**self.headers, **{name: str(value) for name, value in other.items()}}
        encoded = {name: value.encode("utf-8") for name, value in headers.items()}
        return http.request(self.method, str(url), headers=encoded, content=content)


def negotiated(judge: Judge, http: httpx.Client, pointer: str, sent: Sent) -> list[str] | None:
    """What is wrong with the answers to each listed media type in `Accept`; None if it lists only
    one, or if asking again may change something."""
    responses, here = judge.follow(judge.at(pointer).get("responses") or {}, pointer)
    response, _ = judge.follow(responses.get("200") or {}, here)
    types = [name for name in response.get("content") or {} if "*" not in name]
    if sent.method != "GET" or len(types) < 2:
        return None
    faults = []
    for name in types:
        reply = sent.again(http, accept=name)
        got = reply.headers.get("content-type", "")
        if reply.status_code == 200 and _essence(got) != _essence(name):
            faults.append(f"Accept: {name} is answered as {got!r}")
        elif reply.status_code != 200:
            faults.append(f"Accept: {name} is answered with {reply.status_code}")
    return faults


def refused(judge: Judge, http: httpx.Client, pointer: str, sent: Sent) -> str | None:
    """What is wrong with the refusal of a request without something that is required; None if
    nothing is, or if the document lists no refusal."""
    operation = judge.at(pointer)
    responses, here = judge.follow(operation.get("responses") or {}, pointer)
    listed = [key for key in responses if str(key).upper() in _REFUSALS]
    broken = _without_parameter(judge, pointer, sent) or _without_property(judge, pointer, sent)
    if not listed or broken is None or sent.method == "HEAD" or "#" in pointer[1:]:
        return None  # a HEAD says nothing; without what a path has behind #, it is another one
    name, change = broken
    reply = sent.again(http, **change)
    if not 400 <= reply.status_code < 500:
        return f"a request without {name} is answered with {reply.status_code}"
    try:
        fault = judge.complaint(pointer, sent.method, reply)
    except NotJudged:
        return ""
    if fault:
        return f"the refusal of a request without {name}: {reply.status_code} {fault}"
    says = any(_can_say(judge, responses[key], here) for key in _about(listed, reply))
    if says and name.lower() not in reply.text.lower():
        return f"a refusal does not say that {name} is missing: {reply.text[:150]}"
    return ""


def _about(listed: list[Any], reply: httpx.Response) -> list[Any]:
    exact = [key for key in listed if str(key) == str(reply.status_code)]
    return exact or [key for key in listed if str(key).upper() in ("4XX", "DEFAULT")]


def _without_parameter(
    judge: Judge, pointer: str, sent: Sent
) -> tuple[str, dict[str, str | bytes]] | None:
    """A required query parameter that was sent, and the request without it."""
    above = judge.at(pointer.rpartition("/")[0])
    listed = [*(judge.at(pointer).get("parameters") or ()), *(above.get("parameters") or ())]
    url = httpx.URL(sent.url)
    for raw in listed:
        parameter, _ = judge.follow(raw, "")
        name = str(parameter.get("name"))
        if parameter.get("in") == "query" and parameter.get("required") and name in url.params:
            return name, {"url": str(url.copy_remove_param(name))}
    return None


def _without_property(
    judge: Judge, pointer: str, sent: Sent
) -> tuple[str, dict[str, str | bytes]] | None:
    """A required property of a JSON object that was sent, and the request without it."""
    body, _ = judge.follow(judge.at(pointer).get("requestBody") or {}, "")
    media = (body.get("content") or {}).get("application/json") or {}
    schema, _ = judge.follow(media.get("schema") or {}, "")
    required = schema.get("required") if isinstance(schema, Mapping) else None
    try:
        value = orjson.loads(sent.content)
    except orjson.JSONDecodeError:
        return None
    for name in required if isinstance(required, list) else ():
        described, _ = judge.follow((schema.get("properties") or {}).get(name) or {}, "")
        shown = isinstance(described, Mapping) and not described.get("readOnly")
        if isinstance(value, dict) and name in value and shown:
            less = copy.copy(value)
            del less[name]
            return name, {"content": orjson.dumps(less)}
    return None


def _can_say(judge: Judge, raw: Any, here: str) -> bool:
    """Whether a JSON response has a place for any text."""
    response, _ = judge.follow(raw, here)
    for name, media in (response.get("content") or {}).items():
        if "json" in name and _has_text(judge, (media or {}).get("schema"), 0):
            return True
    return False


def _has_text(judge: Judge, raw: Any, depth: int) -> bool:
    schema, _ = judge.follow(raw, "")
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return False
    rules = ("enum", "const", "format", "pattern", "oneOf", "anyOf", "not")
    if schema.get("type") == "string":
        return not any(rule in schema for rule in rules) and (
            schema.get("maxLength", _LONG_ENOUGH) >= _LONG_ENOUGH
        )
    inner = [*(schema.get("properties") or {}).values(), *(schema.get("allOf") or ())]
    return any(_has_text(judge, one, depth + 1) for one in (*inner, schema.get("items")))


def _essence(name: str) -> str:
    return name.partition(";")[0].strip().lower()
