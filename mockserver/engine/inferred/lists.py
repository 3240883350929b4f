"""Lists: filtered, ordered, paged, in their envelope."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from mockserver.engine.generation.unions import distinct
from mockserver.engine.inferred.call import Call, CallHandler
from mockserver.engine.inferred.conditional import of_version
from mockserver.engine.inferred.context import Context
from mockserver.engine.inferred.filters import HIDDEN, Filters
from mockserver.engine.inferred.links import members
from mockserver.engine.inferred.orders import beside, is_beside, kept_in_order, order_of, sorted_by
from mockserver.engine.inferred.page_parts import (
    as_query,
    asked_elsewhere,
    example_page,
    page_headers,
    put,
    settle,
    with_links,
)
from mockserver.engine.inferred.pages import ALL, PageRequest, ShownPage
from mockserver.engine.inferred.properties import Properties
from mockserver.engine.inferred.reference_names import listed
from mockserver.engine.inferred.repository import (
    Choice,
    Entity,
    Test,
    passes,
)
from mockserver.engine.inferred.seeding import lasting
from mockserver.engine.inferred.statistics import computed
from mockserver.engine.messages import Reply
from mockserver.engine.pagination import Page, Pages, Sorted
from mockserver.engine.randomness import Rng
from mockserver.engine.serialization import pointer_of
from mockserver.errors import ReplyError
from mockserver.inference.model import Action, Envelope
from mockserver.inference.words import tokens
from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Operation


def is_never_empty(context: Context, operation: Operation, envelope: Envelope) -> bool:
    """Whether the document says that there is always an item."""
    pointer = pointer_of(operation, operation.success)
    for name in envelope.items:
        if pointer is None or name not in context.schemas.flat_at(pointer).required:
            return False
        pointer = context.schemas.place(pointer, name)
    return pointer is not None and bool(context.schemas.flat_at(pointer).rules.get("minItems"))


def _array_rules(context: Context, operation: Operation, envelope: Envelope) -> tuple[int, bool]:
    """How many items the response may have, and whether each may be there only once."""
    pointer = context.schemas.along(pointer_of(operation, operation.success), envelope.items)
    rules = context.schemas.flat_at(pointer).rules if pointer is not None else {}
    most = rules.get("maxItems")
    limit = int(most) if isinstance(most, int | float) and most > 0 else ALL
    return limit, rules.get("uniqueItems") is True


def bare(context: Context, operation: Operation, rng: Rng, items: list[Any]) -> Reply:
    """The items without an envelope."""
    pointer = pointer_of(operation, operation.success)
    if pointer is not None and context.schemas.flat_at(pointer).choices:
        # For a union of lists, the items decide the branch.
        return context.answers.reply(operation, rng, items or MISSING, (), "fresh")
    reply = context.answers.reply(operation, rng, [], (), "fresh")
    if not isinstance(reply.body, bytes):
        reply.body = items
    return reply


def listing(context: Context, operation: Operation, action: Action) -> CallHandler:
    """A handler that lists a resource."""
    envelope = with_links(action.envelope or Envelope())
    repository = context.repository_of(action)
    filters = Filters(context.schemas, operation, envelope, repository)
    example = example_page(operation, envelope)
    asked = tuple(asked_elsewhere(context.schemas, operation, envelope))
    most, unique = _array_rules(context, operation, envelope)
    told = [one.name for one in operation.parameters if is_beside(one.name)]

    def handle(call: Call) -> Reply:
        call.check_parents()
        call = replace(call, request=as_query(call.request, envelope, example, asked))
        query, sower = call.request.query, context.sower
        within = call.within()
        sower.sow(call.world, repository, within)
        if repository.resource.identity.open:
            _imagine(call, filters.ids(query))
        tests, fields = filters.tests(query)
        own = call.tests()
        tests += beside(call, told)
        request = PageRequest(call, envelope, most)

        def found() -> Pages[Entity]:
            return _pages(call, envelope, within, [*own, *tests], fields, filters.properties)

        pages = found()
        if _is_empty(pages) and filters.sought and sower.is_vendors(repository):
            # The search term can't be known, so it matches everything.
            tests, fields = filters.tests(query, but=filters.sought)
            pages = found()
        needed = {field: query.get(name) for name, field in filters.needed.items()}
        # There is something in each of the kinds that the document lists.
        for known in (filters.listed(query), needed):
            if known and _is_empty(pages):
                sower.sow_alike(call.world, repository, within or "", known)
                pages = found()
        chosen = bool(own or tests or fields or action.membership)
        always = not chosen and is_never_empty(context, operation, envelope)
        if always and _is_empty(pages):
            sower.sow_some(call.world, repository, within or "", _named_above(call, within))
            pages = found()
        shown = ShownPage(call, envelope, pages, request)
        if call.world.leniency.fill and not shown.page.rows and _is_empty(pages):
            # Lenient: show an entity that matches the filters instead of an empty list.
            known = {**filters.equal_to(query), **_named_above(call, within)}
            sower.sow_another(call.world, repository, within or "", known)
            pages = found()
            if _is_empty(pages):
                pages = _pages(call, envelope, within, [], {}, filters.properties)
            shown = ShownPage(call, envelope, pages, request)
        if always and not shown.page.rows and shown.total:
            request.go_to(shown.last_start)
            shown = ShownPage(call, envelope, pages, request)
        return of_version(call.request, _reply(call, envelope, shown, unique))

    return handle


_MOST_IMAGINED = 100


def _imagine(call: Call, ids: list[str]) -> None:
    """Make the entities with these ids, which only the caller can know."""
    for one in ids[:_MOST_IMAGINED]:
        key = call.key_of(one)
        if call.find(key) is None:
            call.repository.put(call.world, call.imagined(key, one, call.parent_key()))


def statistics_handler(context: Context, operation: Operation, action: Action) -> CallHandler:
    """A handler that counts and sums up the rows of a list with the same query."""
    repository = context.repository_of(action)
    filters = Filters(context.schemas, operation, Envelope(), repository)

    def handle(call: Call) -> Reply:
        call.check_parents()
        within = call.within()
        context.sower.sow(call.world, repository, within)
        tests, fields = filters.tests(call.request.query)
        tests = [*call.tests(), *tests]
        pages = _pages(call, Envelope(), within, tests, fields, filters.properties)
        known = computed(action.response.statistics, pages)
        rng = lasting(call.world, operation.id)
        return context.answers.reply(operation, rng, known, (), "bare")

    return handle


def asking_handler(context: Context, operation: Operation, action: Action) -> CallHandler:
    """A handler that says of each of the ids in a query whether the list has it."""

    def handle(call: Call) -> Reply:
        call.check_parents()
        given = call.request.query.get(action.request.ids or "")
        several = re.split("[,;]", given) if isinstance(given, str) else listed(given)
        tests = call.tests()
        found = [call.find(call.key_of(value)) for value in several]
        known = [
            one is not None and not one.row.get("gone") and all(test(one) for test in tests)
            for one in found
        ]
        rng = call.rng(*several)
        return context.answers.reply(operation, rng, known, action.response.at, "bare")

    return handle


def _is_empty(pages: Pages[Entity]) -> bool:
    return not pages.page(1).rows


def _named_above(call: Call, within: str | None) -> dict[str, Any]:
    """Properties fixed by the path, where the entities aren't stored below what it names."""
    parents = call.action.parents
    field = parents[-1].field if parents and within is None else None
    if field is None or call.means_all(parents[-1]):
        return {}
    return {field: call.request.path[parents[-1].parameter]}


def _pages(
    call: Call,
    envelope: Envelope,
    within: str | None,
    tests: list[Test],
    fields: dict[str, str],
    properties: Properties,
) -> Pages[Entity]:
    """The requested list."""
    shown = bool(call.context.examples.of(call.resource.name))
    order = order_of(call.request.query, envelope, call.repository, properties, placed=not shown)
    above, own = call.action.parents, call.resource.parents[-1:]
    beyond = not (own and above and own[0].alike(above[-1]))
    if above and (within is None or beyond):
        # Their own property names what the path names last.
        link = above[-1]
        if link.field is not None and not call.means_all(link):
            fields = {**fields, link.field: str(call.request.path[link.parameter])}
    if call.action.request.left:
        tests = [*tests, lambda entity: bool(entity.row.get("hidden"))]
    choice = Choice(within, order.newest_first, fields, shows_hidden=_shows_hidden(call))
    membership = call.action.membership
    if membership is None:
        selection = call.repository.select(call.world, tests, choice)
        if not order.fields:
            return selection
        kept = kept_in_order(call, selection, order)
        if kept is not None:
            return kept
        rows = list(selection.page(ALL).rows)
    else:
        name, key = call.resource.name, call.key_above(len(above) - 1)
        there = members(call.context.repositories, call.world, name, membership, key)
        if within and beyond:
            # What lies below another one (a run of another repository) has another path.
            there = [one for one in there if one.parent in ("", within)]
        rows = [one for one in there if passes(call.world, one, tests, choice)]
        rows = rows[::-1] if order.newest_first else rows
    return Sorted(sorted_by(rows, order), lambda entity: entity.key)


def _shows_hidden(call: Call) -> bool:
    """Whether the request includes soft-deleted entities."""
    states, query = call.resource.states, call.request.query
    text = f"{call.operation.summary} {call.operation.description}"
    if call.action.request.left:
        return True
    if _ALL_OF_THEM.search(text) and not call.operation.parameters:
        return True
    words = {word for name, value in query.items() if value is not False for word in tokens(name)}
    return bool(words & HIDDEN) or (states is not None and states.name in query)


_ALL_OF_THEM = re.compile(r"\bincluding (?:the )?(?:deleted|archived|trashed)", re.IGNORECASE)


def _reply(call: Call, envelope: Envelope, shown: ShownPage, unique: bool) -> Reply:
    context, operation = call.context, call.request.operation
    try:
        items = [_item(call, envelope, entity) for entity in shown.page.rows]
    except ReplyError:
        # The item schema contradicts itself, so only an empty list is valid.
        shown.pages = Sorted((), lambda entity: entity.key)
        shown.page, shown.start, items = Page(()), 0, []
    row = context.schemas.flat_at(envelope.item) if envelope.item and envelope.row else None
    if row is not None and _CURSOR in row.properties:
        for index, item in enumerate(items):
            item[_CURSOR] = shown.row_cursor(index)
    if unique:
        # Entities that only their ids tell apart look alike where a list leaves these out.
        items = distinct(items)
    rng = call.lasting(*sorted(call.request.path.items()))
    if not envelope.items:
        reply = bare(context, operation, rng, items)
    else:
        shown_fields = [(field, shown.value(field)) for field in envelope.page.fields]
        known: dict[str, Any] = {"url": call.path()}
        for field, value in shown_fields:
            put(known, field.path, value)
        put(known, envelope.items, [])
        reply = context.answers.reply(operation, rng, known, (), "fresh", own=())
        if isinstance(reply.body, dict):
            put(reply.body, envelope.items, items)
            settle(reply, shown, shown_fields)
    for name, value in page_headers(shown, reply).items():
        reply.headers[name] = value
    if shown.request.unit and 206 in operation.documented and len(items) < shown.total:
        reply.status = 206
    return reply


_CURSOR = "cursor"
"""What the rows of a Relay connection have beside their node."""


def _item(call: Call, envelope: Envelope, entity: Entity) -> Any:
    """An entity as the list shows it."""
    name = _name(call, envelope, entity)
    if name is not MISSING:
        return name
    known: Any = call.known(entity, envelope.item if not envelope.row else None)
    if envelope.item is None:
        return known
    context = call.context
    exact = entity.shown_by(call.action.operation) if not envelope.row else None
    if exact is not None and context.values.literal(envelope.item).is_valid(exact):
        return exact
    plain = context.values.plain(envelope.item, known) if not envelope.row else MISSING
    if plain is not MISSING:
        return plain
    for step in reversed(envelope.row):
        known = {step: known}
    rng = call.lasting("row", entity.key)
    mode, owner = call.mode(entity.mode), call.resource.noun
    return context.values.make(envelope.item, rng, known, mode=mode, owner=owner)


def _name(call: Call, envelope: Envelope, entity: Entity) -> Any:
    """The name of an entity, in a list of names; MISSING if the list has objects."""
    if envelope.item is None:
        return MISSING
    types = call.context.schemas.flat_at(envelope.item).types
    if not types or {"object", "array"} & set(types):
        return MISSING
    name = call.id_of(entity)
    return name if call.context.values.check(envelope.item).is_valid(name) else MISSING
