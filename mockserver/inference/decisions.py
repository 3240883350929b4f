"""Whether the status of a resource changes with time, and where it waits for a client, now that the
verbs are known.

The evidence for and against a job is weighed in one table, `JOB`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from mockserver.inference import state_words as known
from mockserver.inference import verb_words as verbs_known
from mockserver.inference.lifecycles import Hints, is_background
from mockserver.inference.model import BACK, NEXT, Action
from mockserver.inference.outcomes import PERIOD
from mockserver.inference.parts import USUAL
from mockserver.inference.resource_model import Because, Confidence, Resource, States
from mockserver.inference.state_texts import styled
from mockserver.inference.stateless import PERSONS
from mockserver.inference.states import is_job, kind_of, spelled
from mockserver.inference.words import bag, moment_stem, tokens

JOB = {
    "work": 3,  # a value means work in progress
    "busy": 2,  # ... that people may do as well: in progress
    "end": 2,  # a value means that work is done
    "way": 1,  # there is a path from the initial state to success
    "failure": 1,  # it can fail
    "accepted": 3,  # the create answers 202
    "moments": 2,  # it has timestamps for the start or end of work
    "period": 1,  # ... for those of anything, as a meeting has them
    "progress": 2,
    "controllable": 2,  # it can be cancelled or retried
    "noun": 2,
    "server": 4,  # it is being made ready, and nothing that a client can do leads on
    "decided": 2,  # it waits for a decision, which nothing that a client can do takes
    "documented": 2,  # the document says that it runs in the background
    "started": 2,  # it is started by an operation on something else, and can only be looked at
    "sent": -4,  # clients set the status on create
    "shared": -2,  # ... by the same schema as in responses, with everything that the server sets
    "changed": -4,  # clients change the status
    "whole": -2,  # ... by the same schema as in responses
    "person": -4,  # a person ends the initial state
    "vague": -2,  # there is no enum
    "unstarted": -4,  # it can only be read, and no operation makes or starts one
}
"""What speaks for a job: its status changes with time, and what against it."""
_CORE = {"work", "busy", "end", "accepted", "server", "decided", "noun", "started"}
"""Without any of these, texts say nothing about the status."""
_READING = ("fetch", "list", "read", "fixed")
MOVES = 4
"""From here on it does."""


def decided(
    states: States, hints: Hints, actions: Iterable[Action], *, started: bool = False
) -> States:
    """The states, with what the verbs imply: whether the resource is a job, and where it waits for
    a client. `started`: an action on something else starts one."""
    actions = list(actions)
    states = _with_first(_with_set(states, actions), actions) if states.open else states
    states = _at_rest(states, actions)
    orders = _orders(states, hints)
    if orders:
        states = _with_orders(states, orders)
    evidence = list(_evidence(states, hints, actions))
    named = is_job(hints.noun) and states.because[0].confidence == "certain"
    if not (started or named) and all(action.kind in _READING for action in actions):
        evidence.append(("unstarted", "nothing makes or starts one"))
    if not _CORE & {name for name, _ in evidence}:
        evidence = [(name, text) for name, text in evidence if name != "documented"]
    score = sum(JOB[name] for name, _ in evidence)
    aside = states.new in states.other and states.new not in states.path
    way = not aside and any(value in states.success for value in states.path[1:])
    moves = way and score >= MOVES
    listed = "; ".join(text for name, text in evidence if text and JOB[name] > 0)
    against = "; ".join(text for name, text in evidence if text and JOB[name] < 0)
    sure: Confidence = "likely" if abs(score - MOVES) > 1 or not way else "guess"
    if moves:
        why = Because(f"a job: its status changes with time: {listed}", sure)
        instead = f"no job: its status stays as set: {against}" if against else None
    elif against and score + 4 >= MOVES:
        why = Because(f"no job: its status stays as set: {against}", sure)
        instead = f"a job: its status changes with time: {listed}" if listed and way else None
    else:
        why = Because("nothing says that it changes with time", sure)
        instead = f"a job: its status changes with time: {listed}" if listed and way else None
    first, *rest = states.because
    return replace(
        states,
        moves=moves,
        holds=tuple(_holds(states, actions, orders)),
        because=(first, why, *rest),
        instead=instead,
    )


def _evidence(states: States, hints: Hints, actions: list[Action]) -> Iterator[tuple[str, str]]:
    """The evidence for and against a job, as names of `JOB` with their texts."""
    if states.active:
        busy = {spelled(value) for value in states.active} <= known.BUSY
        yield "busy" if busy else "work", f"{', '.join(states.active)} is work"
    done = [value for value in states.success if spelled(value) in known.JOB_DONE]
    if done:
        yield "end", f"{', '.join(done)} is the end of work"
    if len(states.path) > 1:
        yield "way", ""
    if states.failure:
        yield "failure", ""
    if hints.accepted:
        yield "accepted", "making one is answered with 202"
    moments = [name for name in (states.started, states.ended) if name]
    if moments:
        work = any(moment_stem(name) not in PERIOD | _BEGINNINGS for name in moments)
        both = " and ".join(f"`{name}`" for name in moments)
        yield "moments" if work else "period", f"it has {both}"
    if states.progress:
        yield "progress", f"it has `{states.progress}`"
    doing = sorted(
        {
            verb
            for action in actions
            if (verb := _verb(action)) in ("cancel", "retry", "stop", "abort", "rerun", "terminate")
        }
    )
    if doing:
        yield "controllable", f"it can be asked to {', '.join(doing)}"
    if is_job(hints.noun):
        yield "noun", f"a {hints.noun.replace('_', ' ')} is work by its name"
    if is_background(hints):
        yield "documented", "the document says that it goes on in the background"
    if hints.read and any(action.elsewhere for action in actions):
        yield "started", "an operation on something else starts it"
    elif hints.status_only:
        yield "started", "there is nothing to see of it but its status"
    yield from _by_clients(states, hints, actions)
    if states.because[0].confidence == "guess":
        yield "vague", ""


def _by_clients(states: States, hints: Hints, actions: list[Action]) -> Iterator[tuple[str, str]]:
    """The evidence of who moves it on: clients, other people, or the server alone."""
    own = states.inner[-1] if states.inner and states.name in USUAL else states.name
    orders = _orders(states, hints)
    changes = own in hints.changed and not orders
    sets = changes and any(action.kind in ("patch", "replace") for action in actions)
    if own in hints.sent:
        kind = "shared" if hints.shared else "sent"
        yield kind, f"a client sets `{states.name}` when it makes one"
    if sets:
        yield "whole" if hints.whole else "changed", f"a client changes `{states.name}`"
    first = spelled(states.new or "")
    ready = bool(states.path) and spelled(states.path[-1]) in known.STANDING
    asked = _led_to(states, actions) | {own} & (hints.sent | hints.changed)
    persons = (
        first == "pending"
        and tokens(hints.noun)[-1:]
        and (tokens(hints.noun)[-1] in known.JOINED_BY_PERSONS)
    )
    alone = not persons and asked.isdisjoint({own, *states.path[1:], NEXT})
    if alone and ready and first in known.MADE_READY:
        yield "server", f"nothing that a client can do leads from {states.new} to {states.path[-1]}"
    elif alone and states.failure and states.path and _awaits_decision(states):
        yield "decided", f"nothing that a client can do leads to {states.path[-1]}"
    ordered = {one for one in states.initial if spelled(one) in known.QUEUES}
    sent_on = orders or {*states.active, *ordered} & _led_to(states, actions)
    if _waits_for_persons(states, first) and not sent_on:
        yield "person", f"what is {states.new} waits for somebody"
    ends = sorted({verb for action in actions if (verb := _verb(action)) in PERSONS})
    if not states.name and ends:
        yield "person", f"somebody has to {', '.join(ends)} it"
        yield "changed", ""


def _waits_for_persons(states: States, word: str) -> bool:
    """Whether only people lead out of a state: not of the backlog of what is queued next."""
    queued = word == "backlog" and any(spelled(one) in known.QUEUES for one in states.known)
    return word in known.BY_PERSONS and not queued


def _awaits_decision(states: States) -> bool:
    """Whether others look at it, and then approve or reject it: `PENDING_REVIEW`, `approved`."""
    first, last = (set(spelled(value).split("_")) for value in (states.path[0], states.path[-1]))
    return bool(first & known.UNDECIDED) and bool(last & known.DECIDED)


def _is_systems(word: str) -> bool:
    """Whether the server ends a state on its own, whatever verbs exist."""
    return word in ("queued", "enqueued", "in_queue", "provisioning", "starting", "creating")


def _at_rest(states: States, actions: list[Action]) -> States:
    """What a client starts (`Starting`) and can stop is stopped at first."""
    starting = [one for one in actions if _verb(one) in verbs_known.STARTING]
    resting = _resting(states)
    if resting is None or states.new not in states.active:
        return states
    return replace(states, new=resting) if states.new in _led_to(states, starting) else states


def _resting(states: States) -> str | None:
    """The state of what has been stopped and may be started again."""
    return next((one for one in states.other if spelled(one) in known.OFF), None)


_BEGINNINGS = bag("start begin")
_BACK = bag("cancel retry rerun restart resume unpause reopen reactivate restore unarchive reboot")
"""Verbs that lead back to what was before, not on."""


def _verb(action: Action) -> str:
    return action.transition.verb if action.transition is not None else ""


def _led_to(states: States, actions: list[Action]) -> set[str]:
    """The states that verbs lead on to."""
    return {
        value
        for action in actions
        if action.transition is not None
        and action.kind == "transition"
        and action.transition.verb not in _BACK
        for name, value in action.transition.changes
        if name == states.name and isinstance(value, str)
    }


def _with_set(states: States, actions: Iterable[Action]) -> States:
    """The states of an open text, with those that verbs set."""
    found: dict[str, list[str]] = {"failure": [], "cancelled": [], "success": [], "other": []}
    for verb in (action.transition for action in actions):
        if verb is None:
            continue
        chosen = (changes.items() for _, changes in verb.choices.values())
        for name, value in (change for each in (verb.changes, *chosen) for change in each):
            known = value in (*states.known, NEXT, BACK) or not isinstance(value, str)
            if name == states.name and not known and not value.startswith("body."):
                kind = kind_of(value)
                found[kind if kind in found else "other"].append(value)
    return replace(
        states,
        failure=tuple(dict.fromkeys((*states.failure, *found["failure"]))),
        cancelled=tuple(dict.fromkeys((*states.cancelled, *found["cancelled"]))),
        success=tuple(dict.fromkeys((*states.success, *found["success"]))),
        other=tuple(dict.fromkeys((*states.other, *found["other"]))),
    )


def _with_first(states: States, actions: list[Action]) -> States:
    """The states of an open text with one before that to which a verb leads: what has to be
    verified is not verified at first."""
    led = states.new in _led_to(states, actions) and spelled(states.new or "") in known.DECIDED
    if not led or states.new not in states.success or states.initial or states.active:
        return states
    first = styled("pending", states.known)
    path = (first, *(one for one in states.path if one != first)) if states.path else ()
    return replace(states, new=first, initial=(first,), path=path)


def _orders(states: States, hints: Hints) -> frozenset[str]:
    """The states that a client may set, where the server alone sets some of those of work."""
    found = hints.choices.get(states.name, frozenset()) & set(states.known)
    return found if found and set(states.active) - found else frozenset()


def _with_orders(states: States, orders: frozenset[str]) -> States:
    """What a client sets is an order, and no end of work as long as the server has one of its own:
    `UploadComplete` before `InProgress` and `JobComplete`."""
    ends = [value for value in states.success if value not in orders]
    begun = [value for value in (*states.success, *states.other) if value in orders]
    begun = [value for value in begun if value not in states.path[:-1]]
    if not ends or not begun:
        return states
    first = [value for value in states.path if value not in states.success]
    working = set(states.active) - {states.new}
    place = next((i for i, value in enumerate(first) if value in working), len(first))
    path = (*first[:place], *begun, *first[place:], ends[-1])
    other = tuple(value for value in states.other if value not in begun)
    initial = (*states.initial, *begun)
    return replace(states, initial=initial, success=tuple(ends), other=other, path=tuple(path))


def _holds(
    states: States, actions: list[Action], orders: frozenset[str] = frozenset()
) -> Iterator[str]:
    """The states that a client has to end: a verb leads to the next one, or the word implies it."""
    told_to = _led_to(states, actions) | orders
    told_to |= {states.leads[value] for value in told_to & states.leads.keys()}
    if _resting(states) is not None and spelled(states.new or "") == "pending":
        # What a client starts is what has been stopped.
        told_to -= _led_to(states, [one for one in actions if _verb(one) in verbs_known.STARTING])
    alone = told_to.isdisjoint({NEXT, *states.path[1:]})
    finished = _led_to(states, [one for one in actions if _verb(one) in verbs_known.COMPLETING])
    for value, after in zip(states.path, states.path[1:], strict=False):
        word = spelled(value)
        if value in states.active and after in finished and value != states.new:
            yield value  # whoever works on it says so: `/runs/{run}/complete`
            continue
        if NEXT in told_to and value == states.new and not _is_systems(word):
            yield value
            continue
        first = word.split("_")[0]
        # What is `active` until somebody ends it is left by nothing else.
        first_one = value == states.new and (value not in states.active or word in known.STANDING)
        if after in told_to and (first_one or value in (*states.initial, *states.success)):
            if not _is_systems(word):
                yield value
        elif _waits_for_persons(states, word):
            if not alone or word not in known.IN_REVIEW:
                yield value
        elif value in states.initial and (word in known.WAITS or first in known.WAITS_FOR):
            later = set(states.path[states.path.index(value) + 1 :])
            waits = bool(states.timeout) and word != "pending"
            if later & told_to or waits:
                yield value


def with_decisions(
    resources: Mapping[str, Resource],
    hints: Mapping[str, Hints],
    actions: Mapping[str, Action],
) -> dict[str, Resource]:
    """The resources, with whether each is a job now that their verbs are known."""
    about: dict[str, list[Action]] = {}
    for action in actions.values():
        if action.resource is not None:
            about.setdefault(action.resource, []).append(action)
    started = {action.starts.resource for action in actions.values() if action.starts is not None}
    found = dict(resources)
    for name, resource in resources.items():
        if resource.states is not None:
            hint = hints.get(name, Hints())
            own = about.get(name, ())
            states = decided(resource.states, hint, own, started=name in started)
            found[name] = replace(resource, states=states)
    return found
