"""The actions of faults; each one wraps the forwarding of a call.

An action sees every call, so that it can remember state; it changes only those that its fault
matches. Actions on replies alone are in `replies.py`, on requests alone in `requests.py`.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from . import replies, requests
from .catalogue import Fault, concerns
from .memory import Memory
from .messages import MISSING, Answer, Call, Forward, objects, parse, places

Action = Callable[[Fault, Call, Forward, Memory], Awaitable[Answer]]


def reply_action(edit: replies.Edit) -> Action:
    async def act(fault: Fault, call: Call, forward: Forward, memory: Memory) -> Answer:
        answer = await forward(call)
        if fault.concerns(call.method, call.path) and fault.touches(answer.status):
            return edit(fault.options, call, answer, memory)
        return answer

    return act


def request_action(edit: requests.Edit) -> Action:
    async def act(fault: Fault, call: Call, forward: Forward, memory: Memory) -> Answer:
        if fault.concerns(call.method, call.path):
            call = edit(fault.options, call, memory)
        return await forward(call)

    return act


# --- auth and tenants


async def validate_before_auth(
    fault: Fault, call: Call, forward: Forward, memory: Memory
) -> Answer:
    """Without a key, send as the owner first: only a valid request is refused with 401."""
    if fault.concerns(call.method, call.path) and call.key is None:
        as_owner = await forward(call.with_key(memory.owner))
        if as_owner.status == 422:
            return as_owner
    return await forward(call)


async def leak_rows(fault: Fault, call: Call, forward: Forward, memory: Memory) -> Answer:
    answer = await forward(call)
    if not (fault.concerns(call.method, call.path) and answer.good):
        return answer
    page, theirs = answer.read(), (await forward(call.with_key(memory.owner))).read()
    page["items"] += [row for row in theirs["items"] if row not in page["items"]]
    return answer.with_json(page)


async def crash_if_body(fault: Fault, call: Call, forward: Forward, memory: Memory) -> Answer:
    text = call.body.decode("utf-8", "replace")
    if fault.concerns(call.method, call.path) and re.search(fault.options["pattern"], text):
        return Answer(500, {"content-type": "text/plain"}, b"Internal Server Error")
    return await forward(call)


async def refuse_body(fault: Fault, call: Call, forward: Forward, memory: Memory) -> Answer:
    """Refuse a body that contains a certain text."""
    text = call.body.decode("utf-8", "replace")
    if fault.concerns(call.method, call.path) and re.search(fault.options["pattern"], text):
        return replies.replaced(Answer(fault.options["to"]), fault.options)
    return await forward(call)


async def drop_bad_cursor(fault: Fault, call: Call, forward: Forward, memory: Memory) -> Answer:
    """Drop a cursor that the service refuses."""
    answer = await forward(call)
    if fault.concerns(call.method, call.path) and answer.status == 400 and "cursor=" in call.query:
        return await forward(call.with_pairs([p for p in call.pairs() if p[0] != "cursor"]))
    return answer


# --- caches


async def cache(fault: Fault, call: Call, forward: Forward, memory: Memory) -> Answer:
    """Replay the first response of a read; with `at`, only that field of it."""
    answer = await forward(call)
    if not (fault.concerns(call.method, call.path) and answer.good):
        return answer
    first = memory.first.setdefault((call.key, call.path, call.query), answer)
    if "at" not in fault.options:
        return first
    now = answer.read()
    now[fault.options["at"]] = first.read()[fault.options["at"]]
    return answer.with_json(now)


async def stale_once(fault: Fault, call: Call, forward: Forward, memory: Memory) -> Answer:
    """After a write below a path, the next read of it returns the previous response."""
    if concerns(fault.options["after"], call.method, call.path):
        read = call.path.rsplit("/", 1)[0]
        before = await forward(Call("GET", read, "", call.headers, b""))
        if before.good:
            memory.stale[call.key, read] = before
    elif fault.concerns(call.method, call.path):
        stale = memory.stale.pop((call.key, call.path), None)
        if stale is not None:
            return stale
    return await forward(call)


async def keep_deleted(fault: Fault, call: Call, forward: Forward, memory: Memory) -> Answer:
    readable = fault.concerns("GET", call.path)
    if readable and call.method == "DELETE":
        before = await forward(Call("GET", call.path, "", call.headers, b""))
        if before.good:
            memory.stale[call.key, call.path] = before
    answer = await forward(call)
    if readable and call.method == "GET" and answer.status == 404:
        return memory.stale.get((call.key, call.path), answer)
    return answer


async def list_deleted(fault: Fault, call: Call, forward: Forward, memory: Memory) -> Answer:
    """Entities deleted by item path stay on the first page of their list."""
    base, _, _ = call.path.rpartition("/")
    if call.method == "DELETE" and fault.concerns("GET", base):
        before = await forward(Call("GET", call.path, "", call.headers, b""))
        answer = await forward(call)
        if answer.good and before.good:
            memory.rows.setdefault(call.key, []).append(before.read())
        return answer
    answer = await forward(call)
    if fault.concerns(call.method, call.path) and answer.good and "cursor" not in call.query:
        page = answer.read()
        page["items"] = memory.rows.get(call.key, []) + page["items"]
        return answer.with_json(page)
    return answer


# --- writes that are not made


async def swallow(fault: Fault, call: Call, forward: Forward, memory: Memory) -> Answer:
    """Apply a change, respond, and revert it."""
    if not fault.concerns(call.method, call.path):
        return await forward(call)
    before = (await forward(Call("GET", call.path, "", call.headers, b""))).read()
    answer = await forward(call)
    if answer.good:
        back = {name: before[name] for name in call.read() if name in before}
        await forward(call.with_json(back))
    return answer


async def answer_alone(fault: Fault, call: Call, forward: Forward, memory: Memory) -> Answer:
    """Respond for an existing entity with a bare status, without touching it."""
    if not fault.concerns(call.method, call.path):
        return await forward(call)
    parent = call.path.rsplit("/", 2)[0] if "/items/" in call.path else call.path
    there = await forward(Call("GET", parent, "", call.headers, b""))
    if not there.good or call.path.rsplit("/", 1)[1] not in there.body.decode():
        return await forward(call)
    return Answer(fault.options["to"])


async def read_instead(fault: Fault, call: Call, forward: Forward, memory: Memory) -> Answer:
    if not fault.concerns(call.method, call.path):
        return await forward(call)
    return await forward(Call("GET", call.path.rsplit("/", 1)[0], "", call.headers, b""))


async def replay(fault: Fault, call: Call, forward: Forward, memory: Memory) -> Answer:
    """Respond to an equal write with the first one's reply."""
    if not fault.concerns(call.method, call.path):
        return await forward(call)
    key = (call.key, call.path, json.dumps(_plain(call), sort_keys=True))
    if key not in memory.first:
        answer = await forward(call)
        if not answer.good:
            return answer
        memory.first[key] = answer
    return memory.first[key]


def _plain(call: Call) -> Any:
    value = call.read()
    return call.body.hex() if value is MISSING else value


async def refuse_again(fault: Fault, call: Call, forward: Forward, memory: Memory) -> Answer:
    answer = await forward(call)
    if not (fault.concerns(call.method, call.path) and answer.good):
        return answer
    if memory.count(call.key, call.path) > 1:
        return replies.replaced(answer, fault.options)
    return answer


async def move_again(fault: Fault, call: Call, forward: Forward, memory: Memory) -> Answer:
    """From the second time on, timestamps change; later reads show it too."""
    answer = await forward(call)
    if fault.concerns(call.method, call.path) and answer.good:
        times = memory.count(call.key, call.path)
        if times > 1:
            value = answer.read()
            *_, field = fault.options["at"].split(".")
            for node, key in places(value, fault.options["at"]):
                if node[key] is not None:
                    memory.overlay.setdefault(node["id"], {})[field] = replies.later(
                        node[key], times
                    )
    return memory.overlaid(answer)


# --- cancelling


async def _cancelled(
    fault: Fault, call: Call, forward: Forward
) -> tuple[dict[str, Any] | None, Answer]:
    """The run before the call, if the fault matches the call, and the response."""
    if not fault.concerns(call.method, call.path):
        return None, await forward(call)
    before = await forward(Call("GET", call.path.rsplit("/", 1)[0], "", call.headers, b""))
    answer = await forward(call)
    return (before.read() if before.good and answer.good else None), answer


async def cancel_spares(fault: Fault, call: Call, forward: Forward, memory: Memory) -> Answer:
    before, answer = await _cancelled(fault, call, forward)
    for child in (before or {}).get("runs", []):
        if child["status"] in ("pending", "running"):
            memory.overlay[child["id"]] = {"status": child["status"], "finished_at": None}
            break
    return memory.overlaid(answer)


async def cancel_final(fault: Fault, call: Call, forward: Forward, memory: Memory) -> Answer:
    before, answer = await _cancelled(fault, call, forward)
    for child in (before or {}).get("runs", []):
        if child["status"] in ("completed", "failed", "budget_exceeded"):
            memory.overlay[child["id"]] = {"status": "cancelled", "error_text": None}
    return memory.overlaid(answer)


async def keep_value(fault: Fault, call: Call, forward: Forward, memory: Memory) -> Answer:
    """Change a field of the reply's objects, also in later reads."""
    answer = await forward(call)
    if fault.concerns(call.method, call.path) and answer.good:
        for node, key in places(answer.read(), fault.options["at"]):
            field, value = fault.options["field"], parse(fault.options["value"].encode())
            memory.overlay.setdefault(node[key]["id"], {})[field] = value
    return memory.overlaid(answer)


# --- at once


async def _crowded(fault: Fault, call: Call, memory: Memory) -> bool:
    """Whether another matching call is in progress; waits briefly for one."""
    memory.inside += 1
    await asyncio.sleep(0.02)
    return memory.inside > 1


async def race_crash(fault: Fault, call: Call, forward: Forward, memory: Memory) -> Answer:
    if not fault.concerns(call.method, call.path):
        return await forward(call)
    crowded = await _crowded(fault, call, memory)
    try:
        answer = await forward(call)
    finally:
        memory.inside -= 1
    body = b'{"error":"conflict","message":"try again"}'
    if crowded and answer.good and memory.count("crowd") % 2 == 0:
        return Answer(fault.options["to"], {"content-type": "application/json"}, body)
    return answer


async def race_share(fault: Fault, call: Call, forward: Forward, memory: Memory) -> Answer:
    if not fault.concerns(call.method, call.path):
        return await forward(call)
    crowded = await _crowded(fault, call, memory)
    try:
        answer = await forward(call)
        if crowded and answer.good:
            answer = memory.shared = memory.shared or answer
        return answer
    finally:
        memory.inside -= 1
        if memory.inside == 0:
            memory.shared = None


async def race_undo(fault: Fault, call: Call, forward: Forward, memory: Memory) -> Answer:
    if not fault.concerns(call.method, call.path):
        return await forward(call)
    crowded = await _crowded(fault, call, memory)
    try:
        answer = await forward(call)
    finally:
        memory.inside -= 1
    if crowded and answer.good and memory.count("crowd") % 2 == 0:
        for thing in list(objects(answer.read()))[:1]:
            path = f"{call.path}/{thing['id']}"
            await forward(Call("DELETE", path, "", call.headers, b""))
    return answer


ACTIONS: dict[str, Action] = {
    **{name: reply_action(edit) for name, edit in replies.EDITS.items()},
    **{name: request_action(edit) for name, edit in requests.EDITS.items()},
    "answer": answer_alone,
    "cache": cache,
    "cancel_final": cancel_final,
    "cancel_spares": cancel_spares,
    "crash_if_body": crash_if_body,
    "drop_bad_cursor": drop_bad_cursor,
    "keep_deleted": keep_deleted,
    "keep_value": keep_value,
    "leak_rows": leak_rows,
    "list_deleted": list_deleted,
    "move_again": move_again,
    "race_crash": race_crash,
    "race_share": race_share,
    "race_undo": race_undo,
    "read_instead": read_instead,
    "refuse_again": refuse_again,
    "refuse_body": refuse_body,
    "replay": replay,
    "stale_once": stale_once,
    "swallow": swallow,
    "validate_before_auth": validate_before_auth,
}
