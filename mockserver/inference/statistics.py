"""Statistics of a collection (`/pets/stats`): how many entities there are, how many in each state,
sums. Properties that count other entities are not these: see engine/inferred/tallies.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

from mockserver.inference.evidence import Maker
from mockserver.inference.lifecycles import enumerated
from mockserver.inference.model import Action, Statistic
from mockserver.inference.operations import Facts, Survey
from mockserver.inference.paths import Steps
from mockserver.inference.resource_model import FIRST, Path, Resource
from mockserver.inference.words import bag, plural, snake_case, tokens

COUNTS = bag("count counter counts total _count num countall count_all")
_STATISTICS = COUNTS | bag(
    "stats statistics summary totals aggregate aggregates aggregation overview metrics "
    "statistic counters status_counts"
)
_COUNTING = bag("count counts number num total all of no n amount quantity overall sum size")
_SUMMARIES: Mapping[str, Literal["sum", "min", "max", "mean"]] = {
    "min": "min", "minimum": "min", "lowest": "min", "max": "max", "maximum": "max",
    "highest": "max", "avg": "mean", "average": "mean", "mean": "mean", "sum": "sum",
    "total": "sum",
}  # fmt: skip
_NUMBERS = {"integer", "number"}
_DEEPEST = 3


def counted_collection(facts: Facts, known: Mapping[Steps, str]) -> str | None:
    """The resource whose entities a GET counts, by its path: `/pets/count`, `/pets:count`,
    `/stats/pets`."""
    steps = facts.route.steps
    if facts.method != "GET":
        return None
    if facts.route.verb:
        return known.get(steps) if snake_case(facts.route.verb) in COUNTS else None
    last = next((n for n in (len(steps) - 1, len(steps) - 2) if _is_count(steps, n)), None)
    return known.get(steps[:last] + steps[last + 1 :]) if last is not None else None


def _is_count(steps: Steps, index: int) -> bool:
    return index >= 0 and (
        steps[index].lower() in COUNTS or snake_case(steps[index]) in _STATISTICS
    )


def statistics_action(
    survey: Survey, facts: Facts, resource: Resource, make: Maker
) -> Action | None:
    """The action of an operation that counts or sums up the entities of a resource; None if its
    response has no such number."""
    statistics = statistics_in(survey, facts, resource)
    if not statistics:
        return None
    why = f"it says how many {plural(resource.noun)} there are"
    action = make(facts, "fixed", why, "likely", resource=resource.name)
    return replace(action, response=replace(action.response, statistics=statistics))


def statistics_in(survey: Survey, facts: Facts, resource: Resource) -> tuple[Statistic, ...]:
    """The numbers of a response that count or sum up the entities of a resource."""
    media = facts.operation.success_json
    if media is None or not media.pointer:
        return ()
    alone = _number_alone(survey, media.pointer) if _counts(facts) else None
    if alone is not None:
        return (Statistic(alone),)
    found = tuple(_Reader(survey, resource).read(survey.schemas.main(media.pointer), (), _DEEPEST))
    return found if any(one.how != "sum" for one in found) else ()


def _counts(facts: Facts) -> bool:
    return any(step.lower() in COUNTS for step in (*facts.route.steps[-2:], facts.route.verb or ""))


def _number_alone(survey: Survey, pointer: str) -> Path | None:
    """The path to the number in a response; None if it has several."""
    schemas, path = survey.schemas, list[str]()
    place: str | None = pointer
    for _ in range(4):
        if place is None:
            return None
        flat = schemas.flat_at(schemas.main(place))
        if _NUMBERS & set(flat.types):
            return tuple(path)
        if "array" in flat.types:
            place = schemas.place(schemas.main(place), None)
            path.append(FIRST)
            continue
        numbers = [n for n, one in flat.properties.items() if _NUMBERS & set(schemas.types(one))]
        wanted = numbers or list(flat.properties)
        if len(wanted) != 1:
            return None
        path.append(wanted[0])
        place = schemas.place(schemas.main(place), wanted[0])
    return None


class _Reader:
    """Reads what the properties of statistics stand for."""

    def __init__(self, survey: Survey, resource: Resource) -> None:
        self._survey = survey
        self._about = {*tokens(resource.noun), *tokens(plural(resource.noun))}
        self._own = survey.flat(resource.schema).properties
        self._spelled = {snake_case(name): name for name in self._own}
        self._values: dict[str, tuple[str, Any]] = {}
        states = resource.states
        if states is not None and states.name and not states.inner and not states.codes:
            self._values |= {snake_case(one): (states.name, one) for one in states.known}
        for name, schema in self._own.items():
            types = survey.schemas.types(schema)
            for value in enumerated(survey.schemas, schema):
                self._values.setdefault(snake_case(value), (name, value))
            if "boolean" in types:
                called = snake_case(name).removeprefix("is_")
                self._values.setdefault(called, (name, True))

    def read(self, place: str, path: Path, deeper: int) -> Iterator[Statistic]:
        """The statistics of an object and of those within it."""
        schemas = self._survey.schemas
        for name, schema in schemas.flat_at(place).properties.items():
            types = set(schemas.types(schema))
            inner = schemas.place(place, name)
            if types & _NUMBERS:
                found = self._statistic((*path, name), name)
                if found is not None:
                    yield found
            elif (
                "object" in types
                and (field := self._grouped(name))
                and _maps_numbers(schemas, schema)
            ):
                yield Statistic((*path, name), "groups", field)
            elif "array" in types and inner is not None:
                yield from self._rows((*path, name), schemas.place(inner, None))
            elif inner is not None and deeper and "object" in types:
                yield from self.read(schemas.canonical(inner), (*path, name), deeper - 1)

    def _statistic(self, path: Path, name: str) -> Statistic | None:
        words = [word for word in tokens(name) if word not in self._about]
        rest = [word for word in words if word not in _COUNTING]
        if not rest:
            return Statistic(path)
        value = self._values.get("_".join(rest))
        if value is not None:
            return Statistic(path, "count", *value)
        how = _SUMMARIES.get(words[0]) or _SUMMARIES.get(words[-1])
        plain = [word for word in words if word not in _SUMMARIES]
        field = self._spelled.get("_".join(plain))
        if how is None or field is None:
            return None
        numeric = _NUMBERS & set(self._survey.schemas.types(self._own[field]))
        return Statistic(path, how, field) if numeric else None

    def _grouped(self, name: str) -> str | None:
        """The property by whose values something is grouped: `by_status`, `status_counts`."""
        words = [w for w in tokens(name) if w not in _COUNTING | self._about | {"by", "per"}]
        called = "_".join(words)
        return next((own for s, own in self._spelled.items() if called in (s, plural(s))), None)

    def _rows(self, path: Path, place: str | None) -> Iterator[Statistic]:
        """The number for each value, as rows: `{"by_status": [{"status": "open", "count": 3}]}`."""
        schemas = self._survey.schemas
        row = schemas.flat_at(schemas.canonical(place)).properties if place is not None else {}
        numbers = [n for n, one in row.items() if _NUMBERS & set(schemas.types(one))]
        numbers = [n for n in numbers if not {*tokens(n)} - _COUNTING - self._about]
        fields = [self._spelled[snake_case(n)] for n in row if snake_case(n) in self._spelled]
        if not fields and (grouped := self._grouped(path[-1])):
            named = [n for n in row if snake_case(n) in ("name", "value", "key", "label")]
            fields = [grouped] if len(named) == 1 else []
        else:
            named = [n for n in row if snake_case(n) in self._spelled]
        if len(numbers) == 1 and len(fields) == 1 and len(named) == 1:
            yield Statistic(path, "rows", fields[0], row=(named[0], numbers[0]))


def _maps_numbers(schemas: Any, schema: Any) -> bool:
    """Whether an object has a number for each of any names."""
    flat = schemas.flat(schema)
    extra = flat.objects.extra
    numbers = isinstance(extra, Mapping) and _NUMBERS & set(schemas.types(extra))
    return not flat.properties and bool(numbers)
