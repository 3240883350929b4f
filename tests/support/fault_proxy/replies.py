"""Faults that change only the reply."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from .memory import Memory
from .messages import JSON, MISSING, Answer, Call, objects, parse, places

Options = Mapping[str, Any]
Edit = Callable[[Options, Call, Answer, Memory], Answer]


def replaced(answer: Answer, options: Options) -> Answer:
    """Another status; with `body`, also another body."""
    answer = replace(answer, status=options["to"])
    if "body" in options:
        headers = {k: v for k, v in answer.headers.items() if k.lower() != "content-type"}
        body = options["body"].encode()
        answer = replace(answer, body=body, headers={**headers, "content-type": JSON})
    return answer


def status(options: Options, call: Call, answer: Answer, memory: Memory) -> Answer:
    return replaced(answer, options)


def every(options: Options, call: Call, answer: Answer, memory: Memory) -> Answer:
    if memory.count("every") % options["nth"]:
        return answer
    return Answer(options["to"], {"content-type": "text/plain"}, b"bad gateway")


def header(options: Options, call: Call, answer: Answer, memory: Memory) -> Answer:
    """Set a header; without `value`, remove it."""
    name = options["name"]
    headers = {k: v for k, v in answer.headers.items() if k.lower() != name}
    if "value" in options:
        headers[name] = options["value"]
    return replace(answer, headers=headers)


def body(options: Options, call: Call, answer: Answer, memory: Memory) -> Answer:
    return replace(answer, body=options["body"].encode())


def cut_body(options: Options, call: Call, answer: Answer, memory: Memory) -> Answer:
    return replace(answer, body=answer.body[: options["keep"]])


def latin1(options: Options, call: Call, answer: Answer, memory: Memory) -> Answer:
    """Add an accent to the name, so that the body is not UTF-8."""
    value = answer.read()
    value["name"] = f"Zoë {value['name']}"
    text = answer.with_json(value).body.decode().replace("\\u00eb", "ë")
    return replace(answer, body=text.encode("latin-1", "replace"))


def _at(change: Callable[[Any, Options], Any]) -> Edit:
    """Edit every value at `at`."""

    def edit(options: Options, call: Call, answer: Answer, memory: Memory) -> Answer:
        value = answer.read()
        if value is MISSING:
            return answer
        for node, key in list(places(value, options["at"])):
            new = change(node[key], options)
            if new is MISSING:
                del node[key]
            else:
                node[key] = new
        return answer.with_json(value)

    return edit


def _added(value: Any, options: Options) -> Any:
    return value + options["by"] if isinstance(value, int) else value


def _swapped(value: Any, options: Options) -> Any:
    return options["map"].get(value, value) if isinstance(value, str) else value


def _filled(value: Any, options: Options) -> Any:
    return parse(options["value"].encode()) if value is None else value


def _without(value: Any, options: Options) -> Any:
    if not isinstance(value, list) or not value:
        return value
    rest = list(value)
    del rest[options["index"]]
    return rest


def cut(options: Options, call: Call, answer: Answer, memory: Memory) -> Answer:
    """Drop an element `if` or `unless` a query parameter is present."""
    names = {name for name, _ in call.pairs()}
    if options.get("if", "") not in names | {""} or options.get("unless") in names:
        return answer
    return _at(_without)(options, call, answer, memory)


def repeat(options: Options, call: Call, answer: Answer, memory: Memory) -> Answer:
    """What a call adds to a list is duplicated."""
    value = answer.read()
    for node, key in places(value, options["at"]):
        fresh = [row for row in node[key] if row.get("status") == "pending"]
        node[key] = node[key] + copy.deepcopy(fresh)
    return answer.with_json(value)


def overlap(options: Options, call: Call, answer: Answer, memory: Memory) -> Answer:
    value = answer.read()
    cursor = dict(call.pairs()).get("cursor")
    last = memory.last_row.get((call.key, cursor)) if cursor else None
    if value.get("next_cursor") and value["items"]:
        memory.last_row[call.key, value["next_cursor"]] = value["items"][-1]
    if last is not None:
        value["items"] = [last, *value["items"]]
    return answer.with_json(value)


def end_page(options: Options, call: Call, answer: Answer, memory: Memory) -> Answer:
    return answer.with_json({**answer.read(), "has_more": False, "next_cursor": None})


def nth_read(options: Options, call: Call, answer: Answer, memory: Memory) -> Answer:
    value = answer.read()
    new = parse(options["value"].encode())
    hit = [(n, k) for n, k in places(value, options["at"]) if n[k] == options["was"]]
    if hit and memory.count("read", call.key, call.path) % options["nth"] == 0:
        for node, key in hit:
            node[key] = new
    return answer.with_json(value)


def set_where(options: Options, call: Call, answer: Answer, memory: Memory) -> Answer:
    """Set a field in every object whose `key` has a value; objects without it are unaffected."""
    value = answer.read()
    new = parse(options["value"].encode())
    for node in objects(value):
        if options["field"] in node and node.get(options["key"]) == options["is"]:
            node[options["field"]] = new
    return answer.with_json(value)


def before(options: Options, call: Call, answer: Answer, memory: Memory) -> Answer:
    value = answer.read()
    for node in objects(value):
        if node.get(options["field"]) and node.get(options["than"]):
            node[options["field"]] = later(node[options["than"]], -1)
    return answer.with_json(value)


def add_field(options: Options, call: Call, answer: Answer, memory: Memory) -> Answer:
    value = answer.read()
    if not isinstance(value, dict):
        return answer
    return answer.with_json({**value, options["name"]: parse(options["value"].encode())})


def tick(options: Options, call: Call, answer: Answer, memory: Memory) -> Answer:
    by = memory.count("tick", call.key, call.path) - 1
    return _at(lambda value, _: later(value, by))(options, call, answer, memory)


def later(instant: str, seconds: int) -> str:
    moved = datetime.fromisoformat(instant) + timedelta(seconds=seconds)
    return moved.isoformat().replace("+00:00", "Z")


def undash(value: Any, options: Options) -> Any:
    return re.sub("-", "", value)


EDITS: dict[str, Edit] = {
    "add": _at(_added),
    "add_field": add_field,
    "before": before,
    "body": body,
    "chop": _at(lambda value, options: value[: options["from"]]),
    "cut": cut,
    "cut_body": cut_body,
    "drop": _at(lambda value, options: MISSING),
    "end_page": end_page,
    "every": every,
    "fill_null": _at(_filled),
    "header": header,
    "latin1": latin1,
    "nth_read": nth_read,
    "overlap": overlap,
    "prefix": _at(lambda value, options: options["with"] + value),
    "repeat": repeat,
    "reverse": _at(lambda value, options: value[::-1]),
    "set": _at(lambda value, options: parse(options["value"].encode())),
    "set_where": set_where,
    "status": status,
    "stringify": _at(lambda value, options: str(value)),
    "swap": _at(_swapped),
    "tick": tick,
    "undash": _at(undash),
}
