"""All programs of a run: first coverage, then random ones from Hypothesis and a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st

from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.model import Program
from mockserver.verify.diff.programs.builder import Builder, CannotBuild, Made, variations
from mockserver.verify.diff.programs.coverage import coverage, path_of, questions, resolved
from mockserver.verify.schemas import body_schema

LONGEST = 10
"""Actions in a sequence, not counting their prerequisites."""
Draw = Callable[[Any], Any]


def programs(knowledge: Knowledge, start: int, examples: int) -> Iterator[Program]:
    """The programs, each once; the same for a document and a seed, whatever the servers respond."""
    seen: set[str] = set()
    for program in chain(coverage(knowledge), drawn(knowledge, start, examples)):
        if program.digest not in seen:
            seen.add(program.digest)
            yield program


def drawn(knowledge: Knowledge, start: int, examples: int) -> list[Program]:
    """Random sequences, without duplicates."""
    found: dict[str, Program] = {}
    if not examples or not any(r.create for r in knowledge.api.resources.values()):
        return []

    @seed(start)
    @settings(
        max_examples=examples,
        phases=(Phase.generate,),
        database=None,
        deadline=None,
        derandomize=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @given(sequences(knowledge))
    def collect(program: Program) -> None:
        if program.steps:
            found.setdefault(program.digest, program)

    collect()
    return list(found.values())


@st.composite
def sequences(draw: Draw, knowledge: Knowledge) -> Program:
    """Create, read, list, change, command, await and remove entities, in any order."""
    builder = Builder(knowledge)
    actions: dict[str, Callable[[Draw, Builder], None]] = {
        "make": _make,
        "change": _change,
        "command": _command,
        "list": _list,
        "read": _read,
        "remove": _remove,
        "wait": _wait,
    }
    _make(draw, builder)
    for _ in range(draw(st.integers(1, LONGEST))):
        action = actions[draw(st.sampled_from(sorted(actions)))]
        with suppress(CannotBuild):
            action(draw, builder)
    return builder.program("drawn")


def _make(draw: Draw, builder: Builder) -> None:
    able = [r for r in builder.knowledge.api.resources.values() if r.create]
    with suppress(CannotBuild):
        builder.make(draw(st.sampled_from(able)), full=draw(st.booleans()))


def _one(draw: Draw, builder: Builder, needs: str) -> Made | None:
    """An entity of the program whose resource has this operation, the newest first."""
    able = [t for t in reversed(builder.entities) if getattr(t.resource, needs)]
    return draw(st.sampled_from(able)) if able else None


def _read(draw: Draw, builder: Builder) -> None:
    entity = _one(draw, builder, "read")
    if entity is not None:
        builder.add(entity.resource.read, "read", path=entity.where)


def _remove(draw: Draw, builder: Builder) -> None:
    entity = _one(draw, builder, "remove")
    if entity is not None:
        builder.add(entity.resource.remove, "remove", path=entity.where)


def _wait(draw: Draw, builder: Builder) -> None:
    able = [t for t in builder.entities if t.resource.read and builder.knowledge.is_job(t.resource)]
    if able:
        entity = draw(st.sampled_from(able))
        builder.add(
            entity.resource.read,
            "settle",
            path=entity.where,
            status_at=builder.knowledge.job_status(entity.resource.read),
            until=draw(st.sampled_from(["change", "end"])),
        )


def _change(draw: Draw, builder: Builder) -> None:
    """A valid change, or one with a single field at its bounds or beyond."""
    entity = _one(draw, builder, "change")
    if entity is None:
        return
    builder.number += 1
    resource = entity.resource
    body = builder.sample(resource.change, resource, full=draw(st.booleans()))
    contract = builder.knowledge.contract
    schema = body_schema(contract, contract.by_id[resource.change])
    about = ""
    if schema is not None and draw(st.booleans()):
        choices = list(variations(contract, schema, body))
        about, body = choices[draw(st.integers(0, len(choices) - 1))]
    intent: Any = "refused" if about else "change"
    builder.add(resource.change, intent, path=entity.where, body=body, about=about)


def _command(draw: Draw, builder: Builder) -> None:
    if builder.knowledge.commands:
        operation = draw(st.sampled_from(list(builder.knowledge.commands)))
        path = builder.values(operation)
        builder.number += 1
        body = builder.sample(operation.id, None, full=draw(st.booleans()))
        intent: Any = "read" if operation.method == "GET" else "command"
        builder.add(operation.id, intent, path=path, body=body)


def _list(draw: Draw, builder: Builder) -> None:
    entity = _one(draw, builder, "list")
    if entity is None or entity.resource.paging is None:
        return
    resource = entity.resource
    choices = list(questions(builder.knowledge, resource.list))
    query, pages, about = choices[draw(st.integers(0, len(choices) - 1))]
    builder.add(
        resource.list,
        "list",
        path=path_of(builder, resource.list, builder.steps[entity.label - 1].path),
        query=resolved(builder, resource, query),
        pages=pages,
        about=about,
    )
