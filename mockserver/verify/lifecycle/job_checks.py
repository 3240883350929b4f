"""Checks of a run and its children, at every observation.

The oracle keeps the possible states of each child: one on a manual clock, several on a real one.
Replies narrow them, time widens them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mockserver.openapi.model import Json
from mockserver.verify.lifecycle.model import Runs
from mockserver.verify.lifecycle.session import Entity, Session
from mockserver.verify.lifecycle.values import short


@dataclass
class Child:
    """A child as last seen. `possible` are the states that it may have now."""

    value: dict[str, Json]
    possible: frozenset[str]
    superseded: bool = False


@dataclass
class Oracle:
    """Tracks the runs of one session; every reply with a child goes through `see`."""

    session: Session
    runs: Runs
    still: bool
    children: dict[str, Child] = field(default_factory=dict)

    def time_passes(self) -> None:
        for child in self.children.values():
            states = [self.runs.reachable(state) for state in child.possible]
            child.possible = frozenset().union(*states)

    # --- children

    def see(self, value: dict[str, Json], *, widened: bool = False) -> None:
        """Check a child against what is known. `widened`: a write may have moved it."""
        runs, fail = self.runs, self.session.fail
        status = value.get(runs.status)
        if status not in runs.states:
            fail("known_state", f"{runs.status} is {short(status)}")
        self.consistent(value)
        known = self.children.get(value["id"])
        if known is None:
            self.children[value["id"]] = Child(value, frozenset({status}))
            return
        possible = known.possible
        if widened or not self.still:
            possible = frozenset().union(*(runs.reachable(state) for state in possible))
        if status not in possible:
            was = known.value[runs.status]
            rule = "final_stays" if was in runs.final else "state_moves_forward"
            fail(rule, f"a {was} child is {status} (possible: {', '.join(sorted(possible))})")
        self._unchanged(known, value)
        known.value, known.possible = value, frozenset({status})

    def _unchanged(self, known: Child, value: Mapping[str, Json]) -> None:
        """A child in the same state has equal fields; in another state, most are equal."""
        runs = self.runs
        moved = known.value[runs.status] != value[runs.status]
        moving = {runs.status, runs.ended, runs.error, *self.session_live()}
        if known.value.get(runs.started) is None:
            moving.add(runs.started)
        for name in (known.value.keys() & value.keys()) - runs.looked_up:
            if known.value[name] != value[name] and not (moved and name in moving):
                rule = "final_stays" if known.value[runs.status] in runs.final else "child_stays"
                self.session.fail(
                    rule,
                    f"{name} of a {known.value[runs.status]} child was "
                    f"{short(known.value[name])}, is {short(value[name])}",
                )

    def session_live(self) -> frozenset[str]:
        resource = self.session.api.resources.get(self.runs.child)
        return (resource.live if resource else frozenset()) | self.runs.live

    def consistent(self, value: Mapping[str, Json]) -> None:
        """Timestamps and texts fit the state."""
        runs, fail = self.runs, self.session.fail
        status = value[runs.status]
        started, ended = value.get(runs.started), value.get(runs.ended)
        if (status in runs.final) != (ended is not None) and runs.ended in value:
            fail("end_fits_state", f"a {status} child has {runs.ended} {short(ended)}")
        if status == runs.first and started is not None:
            fail("start_fits_state", f"a {status} child has {runs.started} {started}")
        needs_start = status not in (runs.first, runs.cancelled, runs.failed)
        if needs_start and started is None and runs.started in value:
            fail("start_fits_state", f"a {status} child has no {runs.started}")
        order = [t for t in (value.get("created_at"), started, ended) if t is not None]
        if order != sorted(order):
            fail("start_before_end", f"created, started, ended: {', '.join(order)}")
        if runs.error and runs.error in value:
            text = value[runs.error]
            if (status == runs.failed) != (text is not None) and status in (
                runs.failed,
                *(s for s in runs.steps if s in ("pending", "running", "completed", "cancelled")),
            ):
                fail("error_fits_state", f"a {status} child has {runs.error} {short(text)}")

    # --- runs

    def see_run(self, value: dict[str, Json], *, widened: bool = False) -> list[dict[str, Json]]:
        """Check a whole run: its children, and what is derived from them."""
        children = value.get(self.runs.children)
        if not isinstance(children, list) or not children:
            self.session.fail("run_has_children", f"{self.runs.children} is {short(children)}")
        ids = [child["id"] for child in children]
        if len(set(ids)) != len(ids):
            self.session.fail("children_are_distinct", f"{self.runs.children} has a duplicate id")
        for child in children:
            self.see(child, widened=widened)
        latest = [c[self.runs.status] for c in children if not self.children[c["id"]].superseded]
        derived = self.runs.derive(latest)
        if value.get(self.runs.status) != derived:
            self.session.fail(
                "status_follows_children",
                f"{self.runs.status} is {value.get(self.runs.status)}, "
                f"the children are {', '.join(latest)}: {derived}",
            )
        self._adds_up(value)
        return children

    def _adds_up(self, value: Mapping[str, Json]) -> None:
        for name, wanted in (self.runs.sums(value) if self.runs.sums else {}).items():
            if name in value and value[name] != wanted:
                self.session.fail(
                    "sums_follow_children",
                    f"{name} is {short(value[name])}, by the children {short(wanted)}",
                )

    def read(self, run: Entity) -> dict[str, Json]:
        """Read a run; its earlier children still exist."""
        exchange = self.session.call(run.resource.read, run.where)
        self.session.expect(exchange, [200], "made_is_there", "a run that was dispatched")
        value = self.session.object(exchange)
        self.same_children(run, value)
        self.see_run(value)
        self.session.saw(run, value)
        return value

    def read_widened(self, run: Entity) -> None:
        """Read a run after a write whose reply was not checked."""
        exchange = self.session.call(run.resource.read, run.where)
        value = self.session.object(exchange)
        self.see_run(value, widened=True)
        self.session.saw(run, value)

    def same_children(self, run: Entity, value: Mapping[str, Json]) -> None:
        known = [child["id"] for child in run.value[self.runs.children]]
        found = [child["id"] for child in value.get(self.runs.children) or []]
        if (found[: len(known)] if self.runs.growing else found) != known:
            self.session.fail(
                "children_stay", f"the run had {len(known)} children, it has {len(found)}"
            )

    def read_child(self, identity: str) -> None:
        """A child read by itself equals the one in the run."""
        resource = self.session.api.resources[self.runs.child]
        exchange = self.session.call(resource.read, {resource.id_parameter: identity})
        self.session.expect(exchange, [200], "child_is_there", "a child of a run")
        value = self.session.object(exchange)
        if value.get("id") != identity:
            self.session.fail("child_is_there", f"requested {identity}, got {value.get('id')}")
        self.see(value)

    def dispatched(self, run: Entity) -> None:
        """A new run: every child is in its first state and has not been seen before."""
        for child in run.value.get(self.runs.children) or []:
            if child["id"] in self.children:
                self.session.fail("dispatch_is_new", f"child {child['id']} is an old one")
            if child[self.runs.status] != self.runs.first and self.still:
                self.session.fail("fresh_state", f"a fresh child is {child[self.runs.status]}")
        self.see_run(run.value)

    def cancel(self, run: Entity) -> None:
        """Nothing is open afterwards, ended children are unchanged; a second call changes
        nothing."""
        runs, session = self.runs, self.session
        before = {c["id"]: c for c in self.read(run)[runs.children]}
        value = self._command(run, runs.cancel, "cancel_accepted")
        self.same_children(run, value)
        for child in value[runs.children]:
            old, status = before[child["id"]], child[runs.status]
            if status not in runs.final:
                session.fail("cancel_ends_all", f"a child is still {status}")
            was = old[runs.status]
            if was not in runs.final and self.still and status != runs.cancelled:
                session.fail("cancel_ends_all", f"a {was} child became {status}")
            if was in runs.final and child != old:
                session.fail("final_stays", f"cancelling changed a {was} child")
            if old.get(runs.started) is not None and child[runs.started] != old[runs.started]:
                session.fail("cancel_keeps_start", f"{runs.started} is {child[runs.started]}")
        self.see_run(value, widened=True)
        session.saw(run, value)
        self.read(run)
        again = self._command(run, runs.cancel, "cancel_is_idempotent")
        if again != value:
            names = [k for k in value if value[k] != again.get(k)]
            session.fail("cancel_is_idempotent", f"a second cancel changes {', '.join(names)}")
        self.read(run)

    def retry(self, run: Entity) -> None:
        """Exactly the failed children are repeated; everything else stays."""
        runs, session = self.runs, self.session
        before = self.read(run)[runs.children]
        latest = [c for c in before if not self.children[c["id"]].superseded]
        failed = [c for c in latest if c[runs.status] == runs.failed]
        value = self._command(run, runs.retry, "retry_accepted")
        known = {c["id"] for c in before}
        fresh = [c for c in value[runs.children] if c["id"] not in known]
        if len(value[runs.children]) != len(before) + len(fresh):
            session.fail("children_stay", "retrying lost a child, or listed one twice")
        exact = len(fresh) == len(failed) if self.still else len(fresh) >= len(failed)
        if not exact:
            session.fail(
                "retry_repeats_failed", f"{len(failed)} had failed, {len(fresh)} were started"
            )
        for old, new in zip(failed, fresh, strict=False):
            self.children[old["id"]].superseded = True
            if new[runs.status] != runs.first and self.still:
                session.fail("fresh_state", f"a retried child is {new[runs.status]}")
            for name in runs.same:
                if new.get(name) != old.get(name):
                    session.fail("retry_repeats_failed", f"{name} differs from the failed one's")
        self.see_run(value, widened=True)
        session.saw(run, value)
        self.read(run)

    def _command(self, run: Entity, operation_id: str, rule: str) -> dict[str, Json]:
        exchange = self.session.call(operation_id, run.where)
        operation = self.session.operation(operation_id)
        self.session.expect(exchange, [operation.success], rule, operation_id)
        value = self.session.object(exchange)
        if value.get("id") != run.id:
            self.session.fail(rule, f"requested {run.id}, got {value.get('id')}")
        return value
