"""One walk through all checks in a fixed order; each invariant is checked at least once."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterator
from functools import partial

from mockserver.verify.lifecycle import command_checks, crud_checks, list_checks
from mockserver.verify.lifecycle.job_checks import Oracle
from mockserver.verify.lifecycle.model import Resource
from mockserver.verify.lifecycle.session import (
    UNREADABLE,
    Broken,
    CannotMake,
    Entity,
    Inconclusive,
    Session,
)
from mockserver.verify.model import Finding
from mockserver.verify.ownership import Withheld
from mockserver.verify.persistence import NoReply

Probe = tuple[str, Callable[[], None]]


def tour(
    session: Session,
    note: Callable[[str], None],
    end: float = math.inf,
    wanted: Collection[str] = frozenset(),
    finished: Collection[str] = frozenset(),
    finish: Callable[[str], None] = lambda name: None,
) -> Iterator[Finding]:
    """Every finding of the walk. A failing probe does not end it; the deadline `end` does.

    If probes are `wanted`, only they run, after those that create an entity of their kind.
    Those that an earlier run has `finished` are left out; `finish` is called after each other one.
    """
    wanted = {*wanted, *(f"{name.split(':')[0]}: created and read" for name in wanted)}
    given_up: set[str] = set()
    for name, probe in probes(session):
        if time.monotonic() > end:
            note(f"lifecycles: time ran out before {name!r}, which was not checked")
            return
        kind = name.split(":")[0]
        if kind in given_up or name in finished or (wanted and name not in wanted):
            continue
        session.begin()
        try:
            probe()
        except Broken as broken:
            yield _of_probe(broken.finding, name)
        except UNREADABLE as error:
            yield _of_probe(session.unreadable(error), name)
        except Inconclusive as reason:
            note(f"{name}: not checked, {reason}")
        except (CannotMake, Withheld) as reason:
            given_up.add(kind)
            note(f"{kind}: not checked further, {reason}")
        except RecursionError:
            given_up.add(kind)
            note(f"{kind}: not checked further, creating one requires another one first")
        except NoReply as error:
            # One operation may fail while the others work.
            if error.how == "key" or not session.target.is_there():
                raise
        finish(name)


def _of_probe(finding: Finding, name: str) -> Finding:
    finding.extra = {**finding.extra, "probe": name}
    return finding


def probes(session: Session) -> Iterator[Probe]:
    for resource in session.api.resources.values():
        if resource.create:
            yield f"{resource.name}: created and read", partial(_made, session, resource)
    for resource in session.api.resources.values():
        yield from _of(session, resource)
    if session.api.runs is not None:
        yield from _runs(session)
    for extra in session.api.extras:
        yield extra.__name__, partial(extra, session)
    yield "methods: allowed", partial(crud_checks.allowed, session)
    yield from _ends(session)
    # Last, because ids depend on the order of concurrent requests.
    yield from _crowds(session)


def _made(session: Session, resource: Resource) -> None:
    """Two distinct entities of each resource."""
    for _ in range(2):
        entity = session.make(resource)
        if resource.read:
            crud_checks.read(session, entity)
        if resource.parents:
            crud_checks.embedded(session, entity)


def _of(session: Session, resource: Resource) -> Iterator[Probe]:
    yield from _of_one(session, resource)
    yield from _of_creation(session, resource)
    if session.other and resource.read and session.operation(resource.read).security:
        check = partial(crud_checks.foreign, also=_run_operations(session, resource))
        yield f"{resource.name}: another user", _with_one(session, resource, check)
    if resource.list:
        yield from _of_list(session, resource)


def _with_one(
    session: Session, resource: Resource, check: Callable[[Session, Entity], None]
) -> Callable[[], None]:
    """Run a check on an entity of the resource."""
    return lambda: check(session, session.some(resource.name))


def _of_one(session: Session, resource: Resource) -> Iterator[Probe]:
    """Changes and reads of an entity."""
    with_one = partial(_with_one, session, resource)
    name = resource.name
    if resource.change:
        yield f"{name}: changed", with_one(crud_checks.change)
        if resource.read:
            yield f"{name}: cleared", with_one(crud_checks.clear)
    if resource.read:
        yield f"{name}: unknown", with_one(crud_checks.unknown)
        yield f"{name}: malformed id", with_one(crud_checks.malformed)
        yield f"{name}: no key", with_one(partial(_anonymous, resource.read))


def _of_creation(session: Session, resource: Resource) -> Iterator[Probe]:
    """Creations, and the verbs of an entity."""
    with_one = partial(_with_one, session, resource)
    name = resource.name
    if resource.create:
        yield f"{name}: invalid bodies", with_one(crud_checks.refusals)
        yield f"{name}: created twice", partial(crud_checks.twins, session, resource)
    for switch in session.api.switches:
        if switch.resource == name:
            yield f"{name}: {switch.operation}", partial(_switched, session, resource, switch)
    if resource.create:
        yield from command_checks.probes(session, resource)
    for operation, copied in session.api.clone.items():
        if copied == name:
            yield f"{name}: copied", with_one(partial(crud_checks.clone, operation_id=operation))


def _of_list(session: Session, resource: Resource) -> Iterator[Probe]:
    name, with_list = resource.name, partial(_with_list, session, resource)
    yield f"{name}: listed", partial(with_list, list_checks.listed)
    yield f"{name}: bounds", partial(with_list, list_checks.bounds)
    yield f"{name}: list without a key", partial(crud_checks.anonymous, session, resource.list)
    if resource.filters:
        yield f"{name}: filtered", partial(with_list, list_checks.filtered)


def _anonymous(operation_id: str, session: Session, entity: Entity) -> None:
    crud_checks.anonymous(session, operation_id, entity)


def _switched(session: Session, resource: Resource, switch: object) -> None:
    crud_checks.switch(session, session.make(resource), switch)  # type: ignore[arg-type]


def _run_operations(session: Session, resource: Resource) -> tuple[str, ...]:
    runs = session.api.runs
    if runs is None or resource.name != runs.resource:
        return ()
    return tuple(filter(None, (runs.cancel, runs.retry)))


def _with_list(
    session: Session,
    resource: Resource,
    check: Callable[[Session, Resource, dict[str, str]], None],
) -> None:
    """Run a check on the list that contains the entity, whichever parent it has."""
    path = session.some(resource.name).path if resource.parents else {}
    check(session, resource, dict(path))


# --- runs


def _runs(session: Session) -> Iterator[Probe]:
    runs = session.api.runs
    assert runs is not None
    oracle = Oracle(session, runs, session.time.still)
    resource = session.api.resources[runs.resource]
    yield "runs: dispatched", partial(_dispatch_twice, oracle, resource)
    yield "runs: cancelled fresh", partial(_cancel_fresh, oracle, resource)
    yield "runs: to the end", partial(_to_the_end, oracle, resource)
    yield "runs: cancelled half-way", partial(_cancel_half_way, oracle, resource)
    if runs.retry:
        yield "runs: retried", partial(_retried, oracle, resource)
    yield "runs: no key", partial(_anonymous_cancel, oracle, resource)


def dispatch(oracle: Oracle, resource: Resource) -> Entity:
    run = oracle.session.make(resource)
    oracle.dispatched(run)
    return run


def _dispatch_twice(oracle: Oracle, resource: Resource) -> None:
    """Two equal dispatches are two runs; each child read by itself equals the one in the run."""
    for _ in range(2):
        run = dispatch(oracle, resource)
        value = oracle.read(run)
        for child in value[oracle.runs.children]:
            if oracle.runs.child:
                oracle.read_child(child["id"])


def _cancel_fresh(oracle: Oracle, resource: Resource) -> None:
    oracle.cancel(dispatch(oracle, resource))


def settle(oracle: Oracle, run: Entity, *, half_way: bool = False) -> bool:
    """Let time pass, checking each step, until all children have ended (or some have and some have
    not); returns whether that was reached."""
    runs, waited, step = oracle.runs, 0.0, 2.0
    while waited < runs.longest:
        states = [c[runs.status] for c in oracle.read(run)[runs.children]]
        ended = [state in runs.final for state in states]
        if all(ended):
            return not half_way
        if half_way and any(ended) and runs.first not in states:
            return True
        if not oracle.session.time.pass_(step):
            return False
        oracle.time_passes()
        waited += step
        step = step if half_way else min(step * 1.2, 20)
        oracle.session.steps = oracle.session.steps[-12:]
    return False


def _to_the_end(oracle: Oracle, resource: Resource) -> None:
    """Every state on the way; after the end nothing changes, not even by a cancel."""
    session, runs = oracle.session, oracle.runs
    run = dispatch(oracle, resource)
    for half in (True, False):
        settle(oracle, run, half_way=half)
        _look_everywhere(oracle, run)
    ended = all(c[runs.status] in runs.final for c in run.value[runs.children])
    for child in run.value[runs.children]:
        for _ in range(6 if ended else 0):
            if runs.child:
                oracle.read_child(child["id"])
    if session.time.pass_(30):
        oracle.time_passes()
    oracle.read(run)
    oracle.cancel(run)


def _look_everywhere(oracle: Oracle, run: Entity) -> None:
    """Lists show the run as it is read; time filters hold too."""
    session, runs = oracle.session, oracle.runs
    for _ in range(3):
        value = oracle.read(run)
    if runs.child:
        for row in value[runs.children][:2]:
            oracle.read_child(row["id"])
    if run.resource.list:
        for row in list_checks.walk(session, run.resource, run.path, limit=50):
            if run.resource.identity(row) == run.id and runs.children in row:
                oracle.see_run(row)
                oracle.same_children(run, row)
    child = session.api.resources.get(runs.child)
    if child is not None and child.list and not child.parents and session.time.still:
        for row in list_checks.walk(session, child, {}, limit=list_checks.ALL):
            if row["id"] in oracle.children:
                oracle.see(row)
        list_checks.filtered(session, child, {})


def _cancel_half_way(oracle: Oracle, resource: Resource) -> None:
    for _ in range(4):
        run = dispatch(oracle, resource)
        reached = settle(oracle, run, half_way=True)
        oracle.cancel(run)
        if reached:
            return


def _retried(oracle: Oracle, resource: Resource) -> None:
    """Once something has failed: it is repeated, and a second retry has nothing to do."""
    runs = oracle.runs
    for _ in range(8):
        run = dispatch(oracle, resource)
        settle(oracle, run)
        states = [c[runs.status] for c in run.value[runs.children]]
        oracle.retry(run)
        oracle.retry(run)
        if runs.failed in states:
            settle(oracle, run)
            return


def _at_once(oracle: Oracle, resource: Resource) -> None:
    """Concurrent cancels, retries and reads all succeed, once."""
    session, runs = oracle.session, oracle.runs
    run = dispatch(oracle, resource)
    command_checks.same(session, run, runs.cancel)
    oracle.read_widened(run)
    child = session.api.resources.get(runs.child)
    if child is not None:
        found = [Entity(child, row["id"], {}, row, {}) for row in run.value[runs.children][:4]]
        command_checks.reads(session, found)
    if runs.retry:
        command_checks.same(session, run, runs.retry)


def _anonymous_cancel(oracle: Oracle, resource: Resource) -> None:
    run = oracle.session.some(resource.name)
    for operation_id in filter(None, (oracle.runs.cancel, oracle.runs.retry)):
        crud_checks.anonymous(oracle.session, operation_id, run)


# --- the end


def _crowds(session: Session) -> Iterator[Probe]:
    runs = session.api.runs
    if runs is not None:
        oracle = Oracle(session, runs, session.time.still)
        run = session.api.resources[runs.resource]
        yield "runs: concurrently", partial(_at_once, oracle, run)
    for resource in session.api.resources.values():
        if resource.create:
            yield (
                f"{resource.name}: created concurrently",
                partial(command_checks.creations, session, resource),
            )


def _ends(session: Session) -> Iterator[Probe]:
    for resource in reversed(list(session.api.resources.values())):
        if resource.remove:
            yield f"{resource.name}: removed", partial(_removed, session, resource)


def _removed(session: Session, resource: Resource) -> None:
    """One is removed, the others stay; the lists agree."""
    if not resource.strict and not any(
        t.resource is resource and t.alive for t in session.entities
    ):
        return
    entity = session.make(resource)
    path = dict(entity.path)
    crud_checks.remove(session, entity)
    if entity.alive:
        return
    if resource.list:
        list_checks.listed(session, resource, path)
    if resource.parents:
        crud_checks.embedded(session, entity)
