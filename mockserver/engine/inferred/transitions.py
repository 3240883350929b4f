"""Verbs on one entity: cancel, archive, approve, retry, clone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockserver.engine.inferred.acceptance import asked_in_query
from mockserver.engine.inferred.call import Call, CallHandler
from mockserver.engine.inferred.callers import subject_of, user_entity
from mockserver.engine.inferred.children import copy_below, take_away
from mockserver.engine.inferred.consistency import may_lack
from mockserver.engine.inferred.context import dig, named, not_found
from mockserver.engine.inferred.crud import only_one, single
from mockserver.engine.inferred.default_entity import made_default
from mockserver.engine.inferred.dependencies import check_bare
from mockserver.engine.inferred.entities import changed_entity, new_entity
from mockserver.engine.inferred.field_roles import set_times
from mockserver.engine.inferred.job_fields import outcome_salt
from mockserver.engine.inferred.links import LINKS, record_link
from mockserver.engine.inferred.new_values import changes_of, response_secrets, with_new_secrets
from mockserver.engine.inferred.repository import MARKS, Entity, OwnRepository, Repository
from mockserver.engine.inferred.schedules import (
    is_paused,
    led,
    set_to,
    state_before,
    state_of,
    with_state,
)
from mockserver.engine.inferred.shared_parts import above_shown
from mockserver.engine.inferred.versions import keep_version, restored_from_version
from mockserver.engine.jobs import state_at
from mockserver.engine.messages import NO_BODY, Reply
from mockserver.engine.serialization import nearest_status
from mockserver.errors import Conflict
from mockserver.inference.model import BACK, NEXT, Transition
from mockserver.inference.resource_model import States
from mockserver.inference.state_words import JOB_DONE, STANDING
from mockserver.inference.states import spelled
from mockserver.inference.verb_words import (
    AFTERWARDS,
    EXTENDING,
    NEEDS_SUCCESS,
    RENEWING,
)
from mockserver.inference.words import bag, gerund, participles, tokens
from mockserver.openapi.document import MISSING

_AGAIN = frozenset(
    (
        "retry", "rerun", "restart", "reopen", "reactivate", "restore", "unarchive", "reset",
        "replay", "resubmit", "renew", "activate", "enable", "start", "rehire", "reinstate",
        "readmit", "reenroll", "reconnect", "republish", "resubscribe", "relist", "reengage",
    )
)  # fmt: skip
_BRINGING_BACK = bag("restore unarchive unhide reactivate activate")
_FOR_GOOD = bag("permanent permanently hard purge forever")
_LEFT = ("hidden", "trashed")
"""How rows are marked that are deleted and can be restored."""
_OVER = JOB_DONE | {"paid", "settled", "refunded", "delivered"}
"""What nobody cancels any more, whether time has led there or a client."""
_ON = frozenset(("resume", "unpause"))


def transition(call: Call) -> Reply:
    """Apply the verb and return the documented response."""
    entity = single(call) if call.resource.singleton else call.entity()
    sent = {**asked_in_query(call), **named(call.sent)}
    verb = _verb(call, sent)
    shown = _shown(call, verb, sent)
    check_bare(call, entity)
    if verb.soft and call.operation.method == "DELETE" and _is_for_good(call):
        take_away(call, call.repository, entity)
        own = call.context.flat(call.resource).properties
        at, known = call.action.response.at, call.known(entity)
        return call.context.answers.reply(call.operation, call.rng(entity.key), known, at, own=own)
    before = entity
    back = restored_from_version(call, verb.verb, entity, sent)
    if back is not None:
        return above_shown(call) or call.reply(back if call.resource.versions else entity)
    entity = act(call, entity, sent, shown, verb)
    keep_version(call, call.repository, before, entity, by_verb=True)
    if entity.data == before.data and 304 in call.operation.documented and verb.changes:
        return Reply(304, NO_BODY)
    renews = verb.verb in RENEWING and not verb.changes
    if renews and (secrets := response_secrets(call, entity)):
        return with_new_secrets(call, entity, secrets)
    if verb.same:
        return call.reply(entity)
    answers = call.context.answers
    if shown is not None and verb.shows is not None:
        mode, rng = call.mode("rich"), call.rng(shown.key)
        return answers.reply(call.operation, rng, shown.data, (), mode)
    above = above_shown(call)
    if above is not None:
        return above
    told = {n: v for n, v in sent.items() if not isinstance(entity.data.get(n), bool)}
    known = {**_participles(verb), **call.known(entity), **_was(call, before), **told}
    own = call.context.flat(call.resource).properties
    at, mode = call.action.response.at, call.mode("fresh")
    return answers.reply(call.operation, call.rng(entity.key), known, at, mode, own=own)


def _is_for_good(call: Call) -> bool:
    """Whether a DELETE is to remove what it else only marks: `?permanent=true`."""
    return any(
        value not in (False, None, "false", "0") and not _FOR_GOOD.isdisjoint(tokens(name))
        for name, value in call.request.query.items()
    )


def _verb(call: Call, sent: Mapping[str, Any]) -> Transition:
    """The verb of the operation; the one that the body chooses, if it chooses any."""
    verb = call.action.transition or Transition()
    value = sent.get(verb.chosen_by) if verb.chosen_by is not None else None
    chosen = verb.choices.get(value) if isinstance(value, str) else None
    if chosen is None:
        return verb
    name, changes = chosen
    return replace(verb, verb=name, changes=(*verb.changes, *changes.items()))


def _participles(verb: Transition) -> dict[str, Any]:
    """What a response may say of a verb that has been carried out: `silenced`."""
    return dict.fromkeys(participles(verb.verb), True)


def _was(call: Call, before: Entity) -> dict[str, Any]:
    """The previous state, under the names that responses use for it: `from_status`."""
    states = call.resource.states
    if states is None or not states.name:
        return {}
    state = state_of(states, before.data)
    return {f"{word}_{states.name}": state for word in ("from", "previous", "old", "prior")}


def _shown(call: Call, verb: Transition, sent: Mapping[str, Any]) -> Entity | None:
    """The entity that the body names. Raises NotFound."""
    if verb.shows is None or verb.shown_by is None or sent.get(verb.shown_by) is None:
        return None
    repository = call.context.repositories[verb.shows]
    value = sent[verb.shown_by]
    entity = call.context.find(call.world, repository, str(value))
    if entity is None and not call.world.leniency.knows_any_id:
        raise not_found(repository.resource, value)
    return entity


def act(
    call: Call,
    entity: Entity,
    sent: Mapping[str, Any],
    shown: Entity | None = None,
    verb: Transition | None = None,
) -> Entity:
    """Apply the verb; nothing if it has already been applied. Raises Conflict."""
    repository = call.repository
    states = repository.resource.states
    verb = verb or call.action.transition or Transition()
    changes = changes_of(call, verb, sent, shown, entity)
    _check_changes(call, verb, entity)
    if states is not None and states.name in changes and states.known:
        entity = _moved(call, entity, states, verb, changes)
    elif changes:
        entity = changed_entity(call, repository, entity, changes)
    flat = call.context.flat(call.resource)
    emptied = {n: None for n, value in verb.changes if value is None and n in flat.properties}
    if emptied:
        # What may neither be null nor has to be there is left out, not made up again.
        lacking = {n: None for n in emptied if may_lack(call.context.schemas, flat, n)}
        data = {**entity.data, **lacking}
        entity = entity.with_data(data)
    moved = {n: v.removeprefix("body.") for n, v in verb.changes if isinstance(v, str)}
    renamed = {name: sent[source] for name, source in moved.items() if source in sent}
    entity = _with_words(entity, states, {**sent, **renamed})
    if verb.verb in _BRINGING_BACK and not entity.row.keys().isdisjoint(_LEFT):
        row = {name: value for name, value in entity.row.items() if name not in _LEFT}
        entity = entity.with_row(row)
    if verb.soft:
        read = verb.changes or call.operation.method != "DELETE"  # it can be read as before
        left = {"hidden": True} if read else {"hidden": True, "trashed": True}
        entity = entity.with_row({**entity.row, **left})
    only_one(call, entity, [name for name, value in verb.changes if value is True])
    if call.action.request.marked is not None:
        on = not verb.verb.startswith("un")
        entity = _with_mark(entity, call.action.request.marked, on=on)
        _link_caller(call, entity, call.action.request.marked, on=on)
    if call.action.request.default is not None:
        entity = made_default(call, entity, call.action.request.default)
    return repository.put(call.world, entity)


def _link_caller(call: Call, entity: Entity, mark: str, *, on: bool) -> None:
    """Record that the caller follows an entity, or no longer, and count it."""
    if LINKS.name not in call.world:
        return  # no list tells of it
    users = call.context.repositories.get(call.context.plan.callers or "")
    user = user_entity(call, users, subject_of(call), {}) if users is not None else None
    if users is None or user is None:
        return
    place = f"{mark}|{entity.key}"
    known = call.world[LINKS.name].get(f"{place}|{user.key}")
    record_link(call.world, place, user.key, on=on)
    counts = _counts(users, mark) if (known is not None and known["on"]) != on else ()
    counted = {n: max(0, (user.data.get(n) or 0) + (1 if on else -1)) for n in counts}
    if counted:
        users.put(call.world, user.with_data({**user.data, **counted}))


_COUNTING = bag("count total num number of n")


def _counts(users: Repository, mark: str) -> list[str]:
    """The properties of a user that count what the user has marked: `following_count`."""
    return [
        name
        for name, schema in users.flat.properties.items()
        if gerund(mark) in tokens(name) and {*tokens(name)} <= {gerund(mark), *_COUNTING}
        if "integer" in users.schemas.types(schema)
    ]


def _with_mark(entity: Entity, mark: str, *, on: bool) -> Entity:
    """The entity with the mark of a verb of the caller, or without it."""
    marks = [one for one in entity.row.get(MARKS, ()) if one != mark]
    row = {**entity.row, MARKS: [*marks, mark] if on else marks}
    return entity.with_row(row)


def _check_changes(call: Call, verb: Transition, entity: Entity) -> None:
    """Refuse a verb that only sets flags and empties timestamps which are like that already
    (restoring what is not deleted). Raises Conflict where the document lists one."""
    wanted = dict(verb.changes)
    plain = all(value is None or isinstance(value, bool) for value in wanted.values())
    if not wanted or not plain or call.operation.method == "DELETE":
        return
    if call.world.leniency.overrules or 409 not in call.operation.documented:
        return
    if all(entity.data.get(name, MISSING) == value for name, value in wanted.items()):
        noun = call.resource.noun.replace("_", " ")
        raise Conflict(f"The {noun} is like that already; {verb.verb} is not possible.")


def _with_words(entity: Entity, states: States | None, sent: Mapping[str, Any]) -> Entity:
    """The client's own reason (`cancellation_reason`) replaces a generated one."""
    if states is None:
        return entity
    outcome_fields = {*states.results, *states.faults, *states.cancels}
    given = {name: value for name, value in sent.items() if name in outcome_fields}
    if not given:
        return entity
    row = {**entity.row, "kept": {**entity.row.get("kept", {}), **given}}
    return entity.with_row(row)


def _moved(
    call: Call, entity: Entity, states: States, verb: Transition, changes: dict[str, Any]
) -> Entity:
    """The entity in the state that is among the changes. Raises Conflict."""
    repository, overrules = call.repository, call.world.leniency.overrules
    before = _state(states, entity, call.world.now)
    wanted = changes.pop(states.name)
    after = _goal(call, entity, states, verb, wanted)
    stays = wanted == NEXT and after == before and changes
    if stays or not isinstance(after, str) or after not in states.known:
        return changed_entity(call, repository, entity, changes)
    refused = is_refused(states, verb.verb, before, after)
    refused = refused or _leads_back(call, states, verb.verb, before, after)
    if not refused or (overrules and before != after):
        return _entered(call, entity, states, after, changes)
    again = before == after and verb.verb in EXTENDING
    if not again and not overrules and _says_so(call, same=before == after):
        noun = repository.resource.noun.replace("_", " ")
        raise Conflict(f"The {noun} is {before}; {verb.verb} is not possible.")
    # It is so already, but for flags: what is restored from the trash keeps its state.
    flags = {n: v for n, v in changes.items() if isinstance(v, bool) and entity.at(n) is not v}
    if again or (before == after and flags):
        return changed_entity(call, repository, entity, changes if again else flags)
    return entity


def _goal(call: Call, entity: Entity, states: States, verb: Transition, wanted: Any) -> Any:
    """The state that a verb leads to. What is resumed returns to where it was paused."""
    now = call.world.now
    before = _state(states, entity, now)
    known = entity.row.get("schedule") or [[before, entity.row.get("at", now)]]
    if wanted == NEXT:
        return _next(states, before)
    if wanted == BACK:
        return state_before(states, known, before)
    if verb.verb in _ON and is_paused(states, before):
        paused_in = state_before(states, known, before)
        return paused_in if paused_in in (*states.active, *states.success) else wanted
    return wanted


def _entered(
    call: Call, entity: Entity, states: States, after: str, changes: dict[str, Any]
) -> Entity:
    """The entity in another state, with the schedule from there and what that state brings."""
    world, repository = call.world, call.repository
    before = _state(states, entity, world.now)
    row = led(states, entity.row, before, after, world.now, world.settings.pace)
    tried = entity.data.get(states.attempts) if states.attempts is not None else None
    if states.attempts is not None and before in states.terminal and isinstance(tried, int):
        changes.setdefault(states.attempts, tried + 1)
    given = {n: v for n, v in row.get("kept", {}).items() if n not in states.verdicts}
    row["kept"] = given | {n: changes[n] for n in states.verdicts if n in changes}
    if states.moves:
        row.setdefault("salt", outcome_salt(world, repository.resource.name, entity.key))
    for name in states.moments:
        changes.pop(name, None)
    moved = changed_entity(call, repository, entity.with_row(row), changes)
    data = {**moved.data}
    if states.name:
        data[states.name] = with_state(states, moved.data, after)
    if moved.data is entity.data:
        flat = call.context.flat(repository.resource)
        set_times(call.context.schemas, flat, repository.roles, data, world.now)
    if after in states.cancelled or states.leads.get(after) in states.cancelled:
        _cancel_below(call, repository, entity)
    row = {**moved.row, "schedule": row["schedule"], "touched": world.now}
    return entity.with_data(data).with_row(row)


def _state(states: States, entity: Entity, now: int) -> Any:
    """The state of an entity; without a status property that of its schedule."""
    if not states.name and "schedule" in entity.row:
        return state_at(entity.row["schedule"], now)
    return state_of(states, entity.data)


def _next(states: States, before: Any) -> Any:
    """The next usual state; that after the first for one beside the way; the same one if there is
    none."""
    aside = before in states.other and before not in states.path
    here = states.new if aside else before
    way = states.path if here in states.path[:-1] or aside else states.initial
    if here not in way[:-1]:
        return way[-1] if aside and way else before
    return way[way.index(here) + 1]


def _says_so(call: Call, *, same: bool) -> bool:
    """Whether the document has a response for an impossible transition; repeating a completed one
    succeeds."""
    operation = call.operation
    if same:
        return 409 in operation.documented
    return operation.response_for(nearest_status(operation, 409)) is not None


def is_refused(states: States, verb: str, before: Any, after: str) -> bool:
    """Whether a verb is rejected in the entity's state. A terminal state stays, except for a
    restart."""
    if before == after:
        return True
    if verb in _ON:
        pauses = [state for state in states.known if is_paused(states, state)]
        return before not in pauses if pauses else before in states.terminal
    if verb == "retry":
        return before in states.success or (states.moves and before not in states.terminal)
    if verb in _AGAIN:
        return False
    if before in states.leads:
        return states.leads[before] in (after, *states.cancelled)
    if verb in ("cancel", "void") and before in states.success and spelled(before) in _OVER:
        return True
    if after in states.other:
        return False
    stops = verb in ("cancel", "abort", "kill", "interrupt")
    if after in states.leads and not stops and before not in states.cancelled:
        return before in states.failure and states.moves
    ended = states.terminal if states.moves else frozenset(states.cancelled)
    standing = {v for v in states.success if spelled(v).split("_")[-1] in STANDING}
    if before in standing and (not stops or not states.active):
        return False
    if verb in AFTERWARDS and before in states.success:
        return False
    if verb in NEEDS_SUCCESS and states.moves and before in (*states.initial, *states.active):
        return True
    return before in ended


def _leads_back(call: Call, states: States, verb: str, before: Any, after: str) -> bool:
    """Whether a verb would lead from a success to one that the document lists before it, and says
    that there are conflicts: what is `shipped` is not confirmed again."""
    if verb in _AGAIN or not {before, after} <= {*states.success}:
        return False
    if spelled(after) in _OVER or spelled(after).split("_")[-1] in STANDING:
        return False
    if spelled(before) not in _OVER and not _says_so(call, same=False):
        return False
    own = call.context.flat(call.resource).properties
    listed = list(map(str, call.context.schemas.flat(own.get(states.name, True)).values or ()))
    if spelled(before) not in _OVER and listed == sorted(listed):
        return False
    return {before, after} <= {*listed} and listed.index(after) < listed.index(before)


def permitted(handler: CallHandler) -> CallHandler:
    """The handler; an operation that the document allows in other states only is a conflict, or
    changes nothing where no status for that is listed. What is answered to be removed is gone."""

    def handle(call: Call) -> Reply:
        allowed, states = call.action.allowed, call.resource.states
        if allowed is None or states is None or call.world.leniency.overrules:
            return handler(call)
        entity = call.entity()
        state = _state(states, entity, call.world.now)
        if state in allowed or state not in states.known:
            return handler(call)
        if _says_so(call, same=False):
            noun = call.resource.noun.replace("_", " ")
            raise Conflict(f"The {noun} is {state}; this needs {' or '.join(sorted(allowed))}.")
        return handler(call) if call.action.kind == "remove" else call.reply(entity)

    return handle


def _cancel_below(call: Call, above: Repository, entity: Entity) -> None:
    """Cancel the jobs below a cancelled one."""
    world = call.world
    for child in call.context.repositories.values():
        states = child.resource.states
        if states is None or not states.moves or not states.cancelled:
            continue
        if not isinstance(child, OwnRepository):
            continue
        if not any(link.resource == above.resource.name for link in child.resource.parents[-1:]):
            continue
        for below in list(child.scan(world, entity.key, newest_first=False)):
            schedule = below.row.get("schedule")
            if below.parent == entity.key and schedule:
                if state_of(states, below.data) in states.terminal:
                    continue
                end = states.cancelled[0]
                row = {**below.row, "schedule": set_to(states, schedule, end, world.now, 1.0)}
                child.put(world, below.with_row(row))


def clone(call: Call) -> Reply:
    """Create a copy of the entity in the path, in its initial state."""
    repository = call.repository
    resource = repository.resource
    entity = call.entity()
    roles = repository.roles
    identity = resource.identity
    left = {identity.key, *identity.more, *roles.created, *roles.updated, *roles.counted}
    states = resource.states
    if states is not None:
        left |= {
            states.name, states.progress, states.attempts, states.timeout, *states.moments,
            *states.results, *states.faults, *states.cancels, *states.flags, *states.beside,
        }  # fmt: skip
    copied = {n: v for n, v in entity.data.items() if n not in left}
    own = call.context.flat(resource).properties
    given = named(call.sent)
    parts = [part for part in given.values() if isinstance(part, Mapping) and part]
    for part in parts:
        if part.keys() <= own.keys():
            # `{"id": ..., "settings_of_the_copy": {"name": ...}}`
            given = {**part, **given}
    given = {**asked_in_query(call), **given}
    sent = {**copied, **{n: v for n, v in given.items() if n in own and n not in left}}
    at, by = call.action.request.copy
    name = dig(call.request.body, at) or call.request.query.get("".join(at[-1:]))
    fixed = {by: name} if by and isinstance(name, str | int) else {}
    if fixed and by == resource.identity.key:
        nested = resource.identity.nested and entity.parent
        if call.find(f"{entity.parent}/{name}" if nested else str(name)) is not None:
            raise Conflict(f"A {resource.noun} '{name}' exists already.")
    made = new_entity(call, repository, sent, fixed, entity.parent)
    made = repository.put(call.world, made)
    copy_below(call, entity, made)
    return call.reply(made)
