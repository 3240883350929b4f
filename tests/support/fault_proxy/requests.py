"""Faults that change a request before it reaches the service."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from .memory import Memory
from .messages import JSON, MISSING, Call, parse

Options = Mapping[str, Any]
Edit = Callable[[Options, Call, Memory], Call]


def key_if_missing(options: Options, call: Call, memory: Memory) -> Call:
    return call if call.key is not None else call.with_key(memory.owner)


def key_if_unknown(options: Options, call: Call, memory: Memory) -> Call:
    unknown = call.key is not None and not call.key.startswith("mock-")
    return call.with_key(memory.owner) if unknown else call


def key_from_bearer(options: Options, call: Call, memory: Memory) -> Call:
    words = call.headers.get("authorization", "").split()
    if call.key is None and len(words) == 2 and words[0].lower() == "bearer":
        return call.with_key(words[1])
    return call


def as_owner(options: Options, call: Call, memory: Memory) -> Call:
    """Any valid key counts as the owner's."""
    good = call.key is not None and call.key.startswith("mock-")
    return call.with_key(memory.owner) if good else call


def method_as(options: Options, call: Call, memory: Memory) -> Call:
    return replace(call, method=options["to"], body=b"")


def query_drop(options: Options, call: Call, memory: Memory) -> Call:
    pairs = call.pairs()
    if options.get("if", "") not in {name for name, _ in pairs} | {""}:
        return call
    return call.with_pairs([(n, v) for n, v in pairs if n != options["name"]])


def _query_number(call: Call, name: str, change: Callable[[int], int]) -> Call:
    def changed(value: str) -> str:
        return str(change(int(value))) if re.fullmatch(r"-?\d+", value) else value

    return call.with_pairs([(n, changed(v) if n == name else v) for n, v in call.pairs()])


def query_add(options: Options, call: Call, memory: Memory) -> Call:
    """One more than requested, where both numbers are allowed."""

    def more(value: int) -> int:
        return value + options["by"] if 1 <= value < options["most"] else value

    return _query_number(call, options["name"], more)


def query_floor(options: Options, call: Call, memory: Memory) -> Call:
    return _query_number(call, options["name"], lambda n: max(n, options["least"]))


def _object(edit: Callable[[dict[str, Any], Options], None]) -> Edit:
    """Edit a body that is a JSON object."""

    def act(options: Options, call: Call, memory: Memory) -> Call:
        value = call.read()
        if not isinstance(value, dict):
            return call
        edit(value, options)
        return call.with_json(value)

    return act


def _drop(value: dict[str, Any], options: Options) -> None:
    value.pop(options["at"], None)


def _drop_null(value: dict[str, Any], options: Options) -> None:
    if value.get(options["at"], MISSING) is None:
        del value[options["at"]]


def _cut(value: dict[str, Any], options: Options) -> None:
    rows = value.get(options["at"])
    if isinstance(rows, list) and rows:
        del rows[options["index"]]


def _default(value: dict[str, Any], options: Options) -> None:
    value.setdefault(options["at"], parse(options["value"].encode()))


def _chop(value: dict[str, Any], options: Options) -> None:
    text = value.get(options["at"])
    if isinstance(text, str):
        value[options["at"]] = text[: options["most"]]


def _truth(value: dict[str, Any], options: Options) -> None:
    if options["at"] in value:
        value[options["at"]] = bool(value[options["at"]])


def _only(value: dict[str, Any], options: Options) -> None:
    for name in set(value) - set(options["names"]):
        del value[name]


def _enum(value: dict[str, Any], options: Options) -> None:
    sent = value.get(options["at"])
    if isinstance(sent, str) and sent not in options["values"]:
        value[options["at"]] = options["default"]


def request_repair(options: Options, call: Call, memory: Memory) -> Call:
    """Replace an unreadable body by a valid one."""
    if call.read() is not MISSING:
        return call
    headers = {**call.headers, "content-type": JSON}
    return replace(call, body=options["body"].encode(), headers=headers)


EDITS: dict[str, Edit] = {
    "as_owner": as_owner,
    "key_from_bearer": key_from_bearer,
    "key_if_missing": key_if_missing,
    "key_if_unknown": key_if_unknown,
    "method_as": method_as,
    "query_add": query_add,
    "query_drop": query_drop,
    "query_floor": query_floor,
    "request_chop": _object(_chop),
    "request_cut": _object(_cut),
    "request_default": _object(_default),
    "request_drop": _object(_drop),
    "request_drop_null": _object(_drop_null),
    "request_enum": _object(_enum),
    "request_only": _object(_only),
    "request_repair": request_repair,
    "request_truth": _object(_truth),
}
