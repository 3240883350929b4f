"""What every store must do, as one Hypothesis state machine against a naive model.

A store's test subclasses `StoreMachine` and provides the store.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mockserver.engine.api import Api
from mockserver.engine.clock import Clock
from mockserver.engine.timestamps import SECOND
from mockserver.engine.world import Collection, World
from mockserver.store.base import Store

START = 1_767_225_600 * SECOND
TENANTS = ("mock-a", "mock-b")
COLLECTIONS = {
    "things": Collection("things", indexes=("colour", "parent")),
    "steps": Collection("steps", key="name", order=("at", "position"), indexes=("open",)),
}
KEYS = {"things": "id", "steps": "name"}
INDEXES: dict[str, dict[str, tuple[Any, ...]]] = {
    "things": {"colour": ("red", "blue", None), "parent": ("p1", "p2")},
    "steps": {"open": (True, False)},
}

hermetic = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=80,
    stateful_step_count=25,
)

# Few of each, so that writes meet.
key = st.sampled_from(["a", "b", "seed-1", "seed-2", "seed-3"])
instant = st.integers(1, 2)
thing = st.fixed_dictionaries(
    {
        "id": key,
        "created_at": instant,
        "colour": st.sampled_from(INDEXES["things"]["colour"]),
        "parent": st.sampled_from(INDEXES["things"]["parent"]),
        "note": st.sampled_from(["", "x"]),
    }
)
step = st.fixed_dictionaries(
    {"name": key, "at": instant, "position": st.integers(0, 1), "open": st.booleans()}
)
write = st.one_of(
    st.tuples(st.just("put"), st.just("things"), thing),
    st.tuples(st.just("put"), st.just("things"), thing),
    st.tuples(st.just("put"), st.just("steps"), step),
    st.tuples(st.just("remove"), st.sampled_from(sorted(COLLECTIONS)), key),
    st.tuples(st.just("ordinal"), st.sampled_from(["x", "y"]), st.none()),
)
writes = st.lists(write, min_size=1, max_size=12)
tenant = st.sampled_from(TENANTS)

Model = dict[str, dict[str, Any]]


def seed(world: World, fixtures: Mapping[str, Any]) -> None:
    """Two entities and a step, as of now."""
    for name, colour in (("seed-1", "red"), ("seed-2", "blue")):
        row = {"id": name, "created_at": 1, "colour": colour, "parent": "p1", "note": ""}
        world["things"].put(row)
    world["steps"].put({"name": "seed-3", "at": 2, "position": 0, "open": True})
    world.ordinal("x")


def seed_model() -> Model:
    things = {
        name: {"id": name, "created_at": 1, "colour": colour, "parent": "p1", "note": ""}
        for name, colour in (("seed-1", "red"), ("seed-2", "blue"))
    }
    steps = {"seed-3": {"name": "seed-3", "at": 2, "position": 0, "open": True}}
    return {"things": things, "steps": steps, "counters": {"x": 1}}


API = Api("shelf", collections=COLLECTIONS, seed=seed)


class StoreMachine(RuleBasedStateMachine):
    """Requests of three tenants, with and without a commit."""

    def make_store(self, api: Api, clock: Clock) -> Store:
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.store = self.make_store(API, Clock("manual", START, 0))
        self.models: dict[str, Model] = {}
        self.clocks: dict[str, int] = {}
        self.new_clock = START
        self.saved: tuple[str, dict[str, Model], dict[str, int]] | None = None

    def model(self, tenant: str) -> Model:
        self.clocks.setdefault(tenant, self.new_clock)
        return self.models.setdefault(tenant, seed_model())

    @rule(
        tenant=tenant,
        writes=writes,
        end=st.sampled_from(["commits", "commits", "commits", "leaves", "fails"]),
    )
    def request(self, tenant: str, writes: list[Any], end: str) -> None:
        after = deepcopy(self.model(tenant))
        try:
            with self.store.begin(tenant) as world:
                assert world.now == self.clocks[tenant]
                for kind, name, argument in writes:
                    perform(world, after, kind, name, argument)
                compare(world, after)
                if end == "commits":
                    world.commit()
                elif end == "fails":
                    raise LookupError
        except LookupError:
            pass
        if end == "commits":
            self.models[tenant] = after

    @rule(tenant=tenant, seconds=st.integers(0, 5))
    def advance(self, tenant: str, seconds: int) -> None:
        self.model(tenant)
        self.store.change_clock(tenant, {"advance": seconds})
        self.clocks[tenant] += seconds * SECOND

    @rule(seconds=st.integers(0, 5))
    def advance_all(self, seconds: int) -> None:
        self.store.change_clock(None, {"advance": seconds})
        self.new_clock += seconds * SECOND
        for name in self.clocks:
            self.clocks[name] += seconds * SECOND

    @rule(tenant=tenant)
    def reset(self, tenant: str) -> None:
        self.store.reset(tenant)
        self.models.pop(tenant, None)
        self.clocks.pop(tenant, None)

    @rule()
    def save(self) -> None:
        text = json.dumps(self.store.snapshot(None))
        self.saved = text, deepcopy(self.models), dict(self.clocks)

    @precondition(lambda self: self.saved is not None)
    @rule()
    def restore(self) -> None:
        assert self.saved is not None
        text, models, clocks = self.saved
        self.store.restore(json.loads(text))
        self.models.update(deepcopy(models))
        self.clocks.update(clocks)

    @invariant()
    def agrees(self) -> None:
        assert sorted(self.store.tenants()) == sorted(self.models)
        for name, model in self.models.items():
            with self.store.begin(name) as world:
                compare(world, model)


def perform(world: World, model: Model, kind: str, name: str, argument: Any) -> None:
    """The same write on the world and on the model."""
    if kind == "put":
        world[name].put(argument)
        model[name][argument[KEYS[name]]] = argument
    elif kind == "remove":
        world[name].remove(argument)
        model[name].pop(argument, None)
    else:
        count = model["counters"].get(name, 0) + 1
        assert world.ordinal(name) == count
        model["counters"][name] = count


def compare(world: World, model: Model) -> None:
    """Everything readable equals the model."""
    for name, spec in COLLECTIONS.items():
        rows, expected = world[name], model[name]
        assert name in world
        assert len(rows) == len(expected)
        for wanted in (*expected, "absent"):
            assert rows.get(wanted) == expected.get(wanted)
            picked = [expected[wanted]] * 2 if wanted in expected else []
            assert rows.pick([wanted, wanted]) == picked
        ordered = sorted(expected.values(), key=spec.sort_key)
        compare_scans(rows, spec, {}, ordered)
        for field, values in INDEXES[name].items():
            for value in values:
                some = [row for row in ordered if row[field] == value]
                compare_scans(rows, spec, {field: value}, some)


def compare_scans(rows: Any, spec: Collection, where: dict[str, Any], expected: list[Any]) -> None:
    assert rows.count(**where) == len(expected)
    assert list(rows.scan(**where)) == expected
    assert list(rows.scan(newest_first=True, **where)) == expected[::-1]
    for position, row in enumerate(expected):
        after = spec.sort_key(row)
        assert list(rows.scan(after=after, **where)) == expected[position + 1 :]
        older = list(rows.scan(after=after, newest_first=True, **where))
        assert older == expected[:position][::-1]
    if expected:
        # A row that has gone since: its key is still a place to go on from.
        gone = (*spec.sort_key(expected[0])[:-1], spec.sort_key(expected[0])[-1] + "~")
        assert list(rows.scan(after=gone, **where)) == [
            row for row in expected if spec.sort_key(row) > gone
        ]
