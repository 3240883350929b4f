"""Play one expectation: its requests in order, and the checks of their responses."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bench.inference_score.bodies import overridden
from bench.inference_score.client import Client, Served, json_of
from bench.inference_score.labels import Expectation, LabelError
from bench.inference_score.matching import ABSENT, at, filled, mismatch, same, short

_DAY = 86400.0
_POLL_GROWTH = 1.1
_FIRST_POLL = 0.5
_MOST_PAGES = 60


class Missed(Exception):
    """The expectation does not hold."""


@dataclass
class Outcome:
    """The result of an expectation.

    `effect` is what a verb did: "labelled", "other" (something else changed) or "none".
    """

    document: str
    part: str
    id: str
    kind: str
    holds: bool
    why: str = ""
    broken: bool = False
    effect: str = ""


class Player:
    """Plays an expectation in a new world."""

    def __init__(self, served: Served, expectation: Expectation, key: str) -> None:
        self.expectation = expectation
        self.client = Client(served, key)
        self.served = served
        self.variables: dict[str, Any] = {}
        self.start = self.client.now
        self.effect = ""
        self._where = ""
        self._refusal = ""

    def play(self) -> None:
        """Play it. Raises Missed, LabelError."""
        for number, step in enumerate(self.expectation.steps, 1):
            self._where = f"step {number}"
            try:
                self._step(number, step)
            except LabelError as error:
                raise LabelError(f"{self._where}: {error}") from None

    def _step(self, number: int, step: dict[str, Any]) -> None:
        if "wait" in step:
            self.client.clock.advance(float(step["wait"]))
            return
        for turn in range(1, int(step.get("times", 1)) + 1):
            if "times" in step:
                self.variables["n"] = turn
            if turn > 1 and step.get("apart"):
                self.client.clock.advance(float(step["apart"]))
            if "act" in step:
                self._act(number, step)
            elif "until" in step:
                self._until(step)
            elif "follow" in step:
                self._follow(step)
            elif "pages" in step:
                self._pages(step)
            else:
                self._judge(step, *self._send(step, step["do"]))

    # One request and its answer.

    def _send(self, step: dict[str, Any], line: str) -> tuple[Any, Any]:
        method, target = filled(line, self.variables).split(" ", 1)
        method = method.upper()
        path = target.split("?")[0]
        operation = self.served.operation(method, path)
        if operation is None:
            raise LabelError(f"the document has no {method} {path}")
        self._where = f"{self._where.split(',')[0]}, {method} {target}"
        return self._answered(method, target, step, operation.definition)

    def _answered(self, method: str, target: str, step: dict[str, Any], definition: Any) -> Any:
        sent = self._content(step, definition)
        response = self.client.send(
            method,
            target,
            definition,
            filled(step.get("query"), self.variables),
            {
                **dict(self.expectation.headers),
                **sent.pop("headers", {}),
                **(filled(step.get("headers"), self.variables) or {}),
            },
            **sent,
        )
        if response.status_code in (400, 422):
            self._refusal = self.client.violations()
        return response, json_of(response)

    def _content(self, step: dict[str, Any], definition: dict[str, Any]) -> dict[str, Any]:
        kind = step.get("type") or _json_type(self.served, definition)
        if "auto" in step or step.get("body") == "auto":
            made = self.served.bodies.made(definition)
            body = overridden(made, filled(step.get("auto") or None, self.variables))
            return {"content": json.dumps(body), "headers": {"content-type": kind}}
        if "body" in step:
            body = filled(step["body"], self.variables)
            return {"content": json.dumps(body), "headers": {"content-type": kind}}
        if "files" in step:
            files = {name: tuple(each) for name, each in step["files"].items()}
            return {"files": files, "data": filled(step.get("form") or {}, self.variables)}
        if "form" in step:
            return {"data": filled(step["form"], self.variables)}
        if "raw" in step:
            text = filled(step["raw"], self.variables)
            return {"content": text, "headers": {"content-type": step.get("type", "text/plain")}}
        return {}

    def _judge(self, step: dict[str, Any], response: Any, body: Any) -> None:
        wanted = str(step.get("code", "2xx"))
        if wanted != "any" and not _status_fits(response.status_code, wanted):
            text = short(body if body is not None else "")
            if response.status_code in (400, 422):
                text = f"{self._refusal} {text}"
            raise Missed(f"{self._where}: {response.status_code}, not {wanted}: {text}")
        for path, each in (step.get("see") or {}).items():
            self._see(response, body, path, each)
        for name, path in (step.get("keep") or {}).items():
            self._keep(response, body, name, path)

    def _value(self, response: Any, body: Any, path: str) -> Any:
        if path.startswith("header:"):
            return response.headers.get(path.removeprefix("header:"), ABSENT)
        return at(body, path)

    def _see(self, response: Any, body: Any, path: str, wanted: Any) -> None:
        path = filled(path, self.variables)
        value = self._value(response, body, path)
        wanted = filled(wanted, self.variables)
        reason = mismatch(value, wanted, self.client.now, self.start)
        if reason:
            raise Missed(f"{self._where}: {path} {reason}")

    def _keep(self, response: Any, body: Any, name: str, path: str) -> None:
        if path == "<now>":
            self.variables[name] = self.client.now
            return
        path, _, pattern = path.partition(" ~ ")
        value = self._value(response, body, filled(path, self.variables))
        if value is ABSENT or value is None:
            raise Missed(f"{self._where}: nothing at {path}: {short(body)}")
        if pattern:
            found = re.search(pattern, str(value))
            if not found:
                raise Missed(f"{self._where}: {path} is {short(value)}, not like {pattern}")
            value = found[1]
        if name.endswith("[]"):
            self.variables.setdefault(name[:-2], []).append(value)
        else:
            self.variables[name] = value

    # A verb, and whether anything changed.

    def _act(self, number: int, step: dict[str, Any]) -> None:
        watch = self.expectation.watch or self._next_fetch(number)
        before = self._looked(watch)
        response, body = self._send(step, step["act"])
        after = self._looked(watch)
        changed = before is not None and after is not None and before != after
        self.effect = "other" if changed else "none"
        self._judge(step, response, body)

    def _next_fetch(self, number: int) -> str | None:
        for later in self.expectation.steps[number:]:
            line = later.get("do") or later.get("until") or later.get("follow")
            if line and str(line).upper().startswith("GET "):
                return str(line)
        return None

    def _looked(self, line: str | None) -> Any:
        """The response of a fetch, without time passing; None if it can't be requested yet."""
        if line is None:
            return None
        try:
            method, target = filled(line, self.variables).split(" ", 1)
        except LabelError:
            return None
        operation = self.served.operation(method, target.split("?")[0])
        definition = operation.definition if operation is not None else {}
        headers = dict(self.expectation.headers)
        response = self.client.send(method, target, definition, None, headers)
        return response.status_code, json_of(response)

    # Time.

    def _until(self, step: dict[str, Any]) -> None:
        passed, wait, limit = 0.0, _FIRST_POLL, float(step.get("within", _DAY))
        while True:
            try:
                self._judge(step, *self._send(step, step["until"]))
                return
            except Missed as missed:
                if passed >= limit:
                    raise Missed(f"{missed}, after {limit:g} s") from None
            self.client.clock.advance(wait)
            passed += wait
            wait *= _POLL_GROWTH

    def _follow(self, step: dict[str, Any]) -> None:
        seen: list[Any] = []
        passed, wait, limit = 0.0, _FIRST_POLL, float(step.get("within", _DAY))
        ends = filled(step.get("ends") or step.get("passes", [ABSENT])[-1:], self.variables)
        while True:
            response, body = self._send(step, step["follow"])
            self._judge({"code": step.get("code", "2xx")}, response, body)
            value = self._value(response, body, filled(step["path"], self.variables))
            if not seen or seen[-1] != value:
                seen.append(value)
            ended = any(same(value, each) for each in ends)
            if ended or passed >= limit:
                break
            self.client.clock.advance(wait)
            passed += wait
            wait *= _POLL_GROWTH
        self._told(step, seen, ended)
        self._judge({k: v for k, v in step.items() if k in ("see", "keep", "code")}, response, body)

    def _told(self, step: dict[str, Any], seen: list[Any], ended: bool) -> None:
        told = f"{self._where}: {step['path']} went {' > '.join(map(str, seen))}"
        if not ended:
            raise Missed(f"{told}, and did not end")
        if step.get("starts") and not any(same(seen[0], each) for each in step["starts"]):
            raise Missed(f"{told}, not from {short(step['starts'])}")
        if step.get("passes") and not _equal(seen, step["passes"]):
            raise Missed(f"{told}, not {short(step['passes'])}")
        left = iter(seen)
        for wanted in step.get("through") or ():
            if not any(same(value, wanted) for value in left):
                raise Missed(f"{told}, not through {short(step['through'])}")

    # Pages.

    def _pages(self, step: dict[str, Any]) -> None:
        """Walk a list to its end; every id of `all` must occur exactly once."""
        seen: list[Any] = []
        line = step["pages"]
        query = dict(filled(step.get("query"), self.variables) or {})
        for page in range(_MOST_PAGES):
            response, body = self._send({**step, "query": query}, line)
            self._judge({k: v for k, v in step.items() if k in ("see", "code")}, response, body)
            rows = at(body, step["items"])
            if not isinstance(rows, list):
                raise Missed(f"{self._where}: no list at {step['items']}")
            if len(rows) > int(step.get("most", 10**9)):
                raise Missed(f"{self._where}: {len(rows)} rows on a page of {step['most']}")
            seen += [at(row, str(step.get("id", "id"))) for row in rows]
            following = self._following(step, response, body, page, rows)
            if following is None:
                break
            if isinstance(following, str):
                line, query = f"GET {following}", {}
            else:
                query |= following
        else:
            raise Missed(f"{self._where}: no end after {_MOST_PAGES} pages")
        wanted = filled(step.get("all") or [], self.variables)
        self._all_once(seen, wanted)

    def _all_once(self, seen: list[Any], wanted: list[Any]) -> None:
        twice = {str(each) for each in seen if sum(same(each, other) for other in seen) > 1}
        if twice:
            raise Missed(f"{self._where}: more than once: {short(sorted(twice))}")
        left = [each for each in wanted if not any(same(each, other) for other in seen)]
        if left:
            raise Missed(f"{self._where}: {len(left)} of {len(wanted)} never came")

    def _following(
        self, step: dict[str, Any], response: Any, body: Any, page: int, rows: list[Any]
    ) -> Any:
        """The query or path of the next page, or None at the end."""
        how = step["next"]
        if "page" in how:
            return {how["page"]: page + 1 + int(how.get("from", 1))} if rows else None
        if "offset" in how:
            size = int(how["size"])
            return {how["offset"]: (page + 1) * size} if rows else None
        if "more" in how and at(body, how["more"]) is not True:
            return None
        if "last" in how:
            return {how["as"]: at(rows[-1], how["last"])} if rows else None
        if "link" in how:
            found = re.search(r"<([^>]+)>[^,]*rel=\"?next\"?", response.headers.get("link", ""))
            return self._local(found[1]) if found else None
        value = at(body, how.get("cursor") or how["url"])
        if value is ABSENT or value is None or value == "" or value is False:
            return None
        if "url" in how:
            return self._local(str(value))
        return {how["as"]: value}

    def _local(self, url: str) -> str:
        """The path and query of a link, without the server's base path."""
        parts = urlsplit(url)
        path = parts.path
        while self.served.operation("GET", path) is None and path.count("/") > 1:
            path = "/" + path.split("/", 2)[2]
        if self.served.operation("GET", path) is None:
            raise Missed(f"{self._where}: the link {short(url)} leads to no operation")
        query = "&".join(f"{name}={value}" for name, value in parse_qsl(parts.query))
        return f"{path}?{query}" if query else path


def _json_type(served: Served, definition: dict[str, Any]) -> str:
    body = served.bodies.resolved(definition.get("requestBody")) or {}
    names = [*body.get("content", {}), *definition.get("consumes", ())]
    return next((name for name in names if "json" in name), "application/json")


def _status_fits(status: int, wanted: str) -> bool:
    return any(
        str(status) == each or (each.endswith("xx") and str(status)[0] == each[0])
        for each in (part.strip() for part in wanted.split(","))
    )


def _equal(seen: list[Any], wanted: list[Any]) -> bool:
    return len(seen) == len(wanted) and all(map(same, seen, wanted))


def play(served: Served, document: str, part: str, one: Expectation, key: str) -> Outcome:
    """The outcome of one expectation."""
    outcome = Outcome(document, part, one.id, one.kind, holds=False)
    player = Player(served, one, key)
    try:
        player.play()
        outcome.holds = True
    except Missed as missed:
        outcome.why = str(missed)
    except LabelError as error:
        outcome.why, outcome.broken = str(error), True
    finally:
        player.client.close()
    outcome.effect = "labelled" if outcome.holds and player.effect else player.effect
    return outcome
