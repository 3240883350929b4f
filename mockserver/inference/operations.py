"""Facts about the operations of a document, before anything is inferred."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import replace
from functools import cached_property

from mockserver.inference.model import Envelope
from mockserver.inference.pagination import (
    beside_failures,
    entity_place,
    envelope_of,
    list_place,
    pages_of_one,
)
from mockserver.inference.parts import describe_alike, share_id
from mockserver.inference.paths import ANY, Route, route
from mockserver.inference.remote_calls import (
    Asked,
    PlainForm,
    RemoteCalls,
    is_call,
    is_search,
    is_status_path,
    name_sent,
    search_behind,
)
from mockserver.inference.resource_model import FIRST, Because, Path
from mockserver.inference.state_words import DONE_FLAGS
from mockserver.inference.verbs import verb_of
from mockserver.inference.words import bag, is_id_of, last_word, noun, tokens
from mockserver.openapi.media_types import essence
from mockserver.openapi.model import Contract, MediaType, Operation, json_in
from mockserver.openapi.schemas.resolved import Flat, Schemas
from mockserver.records import dataclass

_NO_FLAT = Flat()
_ROWS = bag("results items entries records rows list elements")
_EDITS = "application/json-patch+json"
_SENDING = ("POST", "PUT", "PATCH")
_KEPT = ("GET", "PUT", "PATCH", "DELETE")
_NESTED = (("array",), ("object",))
_TELLING = DONE_FLAGS | bag("status state phase progress percent percentage completion")
BULK = bag(
    "batch bulk batch_create bulk_create create_batch create_bulk create_many batches many import"
)


@dataclass(slots=True)
class Facts:
    """One operation with the contents of its response and request bodies.

    `ref` is the place of the schema of the entity (or of one list item); equal for equal schemas.
    """

    operation: Operation
    route: Route
    envelope: Envelope | None = None
    at: Path = ()
    ref: str = ""
    sent: Path = ()
    body: str = ""
    several: Path | None = None
    shown: Path | None = None
    plain: PlainForm | None = None
    holder_at: Path | None = None
    """Where the response has the entity above, in an array of which this one is."""

    @property
    def method(self) -> str:
        """The method; for a path that ends in a verb, that of its plain form."""
        return self.plain.method if self.plain is not None else self.operation.method

    @property
    def is_list(self) -> bool:
        return self.envelope is not None

    @property
    def is_part(self) -> bool:
        """Whether it reads or sets the part of an entity that its verb names."""
        return self.plain is not None and self.plain.part and not self.route.plural


class Survey:
    """The facts of every operation, by path and by id."""

    def __init__(self, contract: Contract, schemas: Schemas | None = None) -> None:
        self.contract = contract
        self.schemas = schemas or Schemas(contract.document, contract.version)
        self.keys: dict[tuple[int, str, str], tuple[Flat, tuple[str, Because | None]]] = {}
        self._sent: dict[tuple[str, ...], list[str]] | None = None
        self._plain = {(o.method, o.path) for o in contract.operations}
        self._item_steps = {route(o.url_path).steps for o in contract.operations}
        routes = (route(self._path(one)) for one in contract.operations)
        known = (search_behind(one, self._item_steps) for one in routes)
        self.facts = list(map(Facts, contract.operations, known))
        for facts in self.facts:
            self._read(facts)
        calls = RemoteCalls((facts.operation.method, facts.route) for facts in self.facts)
        self._one_asked: dict[tuple[str, ...], str | None] = {}
        self._one_changed: dict[tuple[str, ...], set[str]] = {}
        for facts in self.facts:
            if facts.operation.method in ("PUT", "PATCH", "DELETE"):
                needed = self._one_changed.setdefault(facts.route.steps, set())
                needed.update(_needed(facts.operation))
        for facts in sorted(self.facts, key=_read_after):
            called = is_call(facts.route)
            plain = calls.plain(self._call_of(facts)) if called else self._asked_by_query(facts)
            if plain is not None:
                facts.plain, facts.route = plain, plain.route
                self._read(facts)
        pages_of_one(self.schemas, self.facts, self._item_steps)
        self.by_steps: dict[tuple[str, ...], dict[str, Facts]] = {}
        for facts in self.facts:
            if not facts.route.verb:
                found = self.by_steps.setdefault(facts.route.steps, {})
                found.setdefault(facts.method, facts)
        self._names: dict[tuple[str, ...], dict[str, None]] = {}
        for facts in self.facts:
            names = iter(facts.route.names)
            for index, step in enumerate(facts.route.steps):
                if step == ANY:
                    self._names.setdefault(facts.route.steps[: index + 1], {})[next(names)] = None
        self._verbs: dict[tuple[str, ...], list[str]] = {}
        self._about: dict[tuple[str, ...], list[Facts]] = {}
        for facts in self.facts:
            here = facts.route
            above = here.steps if here.verb or here.is_item else here.steps[:-1]
            self._about.setdefault(above, []).append(facts)
            if not here.is_item and here.steps:
                self._verbs.setdefault(above, []).append(verb_of(here.verb or here.last))

    def _noun(self, path: Route) -> str:
        """What a path speaks of: contacts at `/contacts`, and at `/contacts/batch`, too, unless
        there are items beneath."""
        bulk = path.last in BULK and len(path.steps) > 1 and path.steps[-2] != ANY
        items = (*path.steps, ANY) in self._item_steps
        return noun(path.steps[-2]) if bulk and not items else path.noun

    @cached_property
    def homes(self) -> dict[str, list[tuple[str, ...]]]:
        """The paths at which entities are read by their ids, by where their schemas stand."""
        found: dict[str, list[tuple[str, ...]]] = {}
        for steps, methods in self.by_steps.items():
            facts = methods.get("GET")
            if facts is None or not facts.route.is_item or facts.envelope is not None:
                continue
            if facts.ref.startswith("#/components/"):
                found.setdefault(facts.ref, []).append(steps)
        return found

    @cached_property
    def nouns(self) -> frozenset[str]:
        """The nouns of all collections."""
        return frozenset(facts.route.noun for facts in self.facts if facts.route.plural)

    def at(self, steps: tuple[str, ...], *methods: str) -> Facts | None:
        """The operation at a path with the first of these methods that exists."""
        found = self.by_steps.get(steps, {})
        return next((found[method] for method in methods if method in found), None)

    def is_called(self, items: Iterable[Route]) -> bool:
        """Whether entities are named in bodies or queries, by paths that are calls."""
        steps = {item.steps for item in items}
        return any(f.plain is not None and f.plain.place != "path" and f.route.steps in steps
                   for f in self.facts)  # fmt: skip

    def is_led_through(self, steps: tuple[str, ...]) -> bool:
        """Whether any path has a parameter here, at its end or before further steps."""
        return steps in self._names

    def names(self, items: Iterable[Route]) -> list[str]:
        """The parameter names of these paths, the last one first."""
        found = dict.fromkeys(item.names[-1] for item in items)
        for item in items:
            found.update(self._names.get(item.steps, {}))
        return list(found)

    def holds_several(self, route: Route) -> bool:
        """Whether entities lie beneath a path that can be fetched, and changed or removed: `/tag`
        and `/watch` are collections then, though both words are verbs."""
        beneath = {method for method in _KEPT if self.at((*route.steps, ANY), method) is not None}
        return "GET" in beneath and len(beneath) > 1

    def verbs(self, items: Iterable[Route]) -> list[str]:
        """The verbs on the entities at these paths, besides read and write."""
        return [verb for route in items for verb in self._verbs.get(route.steps, ()) if verb]

    @cached_property
    def restored(self) -> Set[tuple[str, ...]]:
        """The paths below which a request restores what is at them."""
        return {
            one.route.steps if one.route.verb else one.route.steps[:-1]
            for one in self.facts
            if one.operation.method in _SENDING
            and one.route.steps
            and verb_of(one.route.verb or one.route.steps[-1]) == "restore"
        }

    def about(self, items: Iterable[Route]) -> Iterator[Facts]:
        """The operations on the entities at these paths, and those one step below."""
        for item in items:
            yield from self._about.get(item.steps, ())

    def _is_one(self, route: Route, pointer: str) -> bool:
        """Whether the path names one entity rather than a list of what is below it, as
        `/actions/{app}` beside `/actions/{app}/{definition}` does."""
        if not route.is_item or "array" in self.schemas.flat_at(pointer).types:
            return False
        if (*route.steps, ANY) not in self._item_steps:
            return True
        place = list_place(self.schemas, pointer, route.noun)
        alone = len(self.schemas.flat_at(self.schemas.main(pointer)).properties) == 1
        if place is not None and alone and "".join(place[0]).lower() in _ROWS:
            return False  # no entity has nothing but `results`
        return place is None or not place[0] or place[2].confidence != "certain"

    def flat(self, pointer: str | None) -> Flat:
        return self.schemas.flat_at(pointer) if pointer else _NO_FLAT

    def _path(self, operation: Operation) -> str:
        """The path; for operations that share one, the discriminating value is its last step."""
        asked = operation.query_discriminators
        selected = [value.rsplit(".", 1)[-1] for _, value in asked if value]
        if not selected and (operation.method, operation.url_path) in self._plain:
            selected = [name for name, _ in asked]
        steps = [re.sub(r"[{}/:]+", "-", word) for word in selected]
        *above, last = operation.url_path.rstrip("/").split("/")
        same = not steps and last != operation.id and last == operation.id.lower()
        if same and sum(path == operation.path for _, path in self._plain) == 1:
            # `/createjobqueue`: only the operationId tells the words apart.
            return "/".join([*above, operation.id])
        return "/".join([operation.url_path.rstrip("/"), *steps]) if steps else operation.url_path

    def _call_of(self, facts: Facts) -> Asked:
        body = body_of(facts.operation)
        sent = self.schemas.flat_at(body.pointer).properties if body and body.pointer else {}
        scalars = [n for n, one in sent.items() if self.schemas.types(one)[:1] not in _NESTED]
        query = [p.name for p in facts.operation.parameters if p.place == "query"]
        return Asked(
            facts.operation.method, facts.route, scalars, query, _needed(facts.operation),
            lambda: facts.envelope is not None or self._may_list(facts),
            lambda: self._tells(facts),
        )  # fmt: skip

    def _asked_by_query(self, facts: Facts) -> PlainForm | None:
        """The REST form of what is done to the one job with this id: `GET /job?jobId=7`."""
        operation, steps = facts.operation, facts.route.steps
        plain = steps and not (facts.route.is_item or facts.route.verb or verb_of(steps[-1]))
        if not plain or (*steps, ANY) in self._item_steps:
            return None
        asked = self._one_asked.get(steps) if operation.method != "GET" else None
        if operation.method == "GET" and not facts.is_list:
            asked = self._one_asked[steps] = self._name_asked(facts)
        if asked is None or asked not in _needed(operation):
            return None
        item = Route((*steps, ANY), (*facts.route.names, asked))
        return PlainForm(operation.method, item, "query")

    def _name_asked(self, facts: Facts) -> str | None:
        """The query parameter that says which entity is shown."""
        shown = self.schemas.flat_at(facts.ref).properties if facts.ref else {}
        needed, about = _needed(facts.operation), last_word(facts.route.noun)
        alone = [name for name in needed if is_id_of(name, about)]
        named = alone[0] if len(alone) == 1 else name_sent(facts.route.noun, needed)
        if named is None:
            return None
        known = (named in shown and is_id_of(named, about)) or any(
            is_id_of(name, about) for name in shown
        )
        changed = self._one_changed.get(facts.route.steps, ())
        return named if known or named in changed else None

    def _tells(self, facts: Facts) -> bool:
        """Whether the response, or each row of it, has a status or how far something is."""
        shown = self.schemas.flat_at(facts.ref).properties if facts.ref else {}
        every = (shown, *(self.schemas.flat(one).properties for one in shown.values()))
        return any(_TELLING & set(tokens(name)[-1:]) for names in every for name in names)

    def _may_list(self, facts: Facts) -> bool:
        """Whether the response of a POST is a list whatever the request says."""
        media = facts.operation.success_json
        if media is None or not media.pointer:
            return False
        return list_place(self.schemas, media.pointer, self._noun(facts.route.parent)) is not None

    def _read(self, facts: Facts) -> None:
        """Read the response and request bodies of an operation."""
        operation = facts.operation
        facts.envelope, facts.several, facts.shown = None, None, None
        facts.at, facts.ref, facts.sent, facts.body = (), "", (), ""
        listed = facts.route.parent if is_search(facts.route) else facts.route
        about = self._noun(listed)
        response, media = operation.response_for(operation.success), operation.success_json
        if response is not None and media is not None and media.pointer:
            asks = operation.method == "POST" and operation.success == 200
            asks = asks and not facts.route.is_item and not facts.route.verb
            asks = asks and (facts.plain is None or facts.method == "GET")
            single = facts.is_part or self._is_one(facts.route, media.pointer)
            if asks or (facts.method == "GET" and not single):
                facts.envelope = envelope_of(
                    self.schemas, operation, response, media.pointer, about,
                    lists=facts.plain is not None or is_search(facts.route),
                )  # fmt: skip
            if facts.envelope is not None:
                facts.at, facts.ref = facts.envelope.items, facts.envelope.item or ""
                for noun_ in (about, *self._nouns(facts.route)):
                    rows = self.schemas.flat_at(facts.ref).properties if facts.ref else {}
                    if len(rows) == 1 or rows.keys() == {"node", "cursor"}:
                        row, facts.ref = entity_place(self.schemas, facts.ref, noun_)
                        facts.envelope = replace(facts.envelope, row=(*facts.envelope.row, *row))
            else:
                facts.at, facts.ref = self._place(facts, media.pointer, about)
                self._unwrap(facts)
                if facts.at[-1:] == (FIRST,):
                    self._step_into_row(facts, about)
        body = body_of(operation)
        if body is not None and body.pointer:
            facts.sent, facts.body = self._place(facts, body.pointer, about)
            if not facts.sent and media is not None and media.pointer:
                self._wrap_alike(facts, body.pointer, media.pointer)
            several = facts.route.plural or {"bulk", "batch"} & set(tokens(facts.route.last))
            changes = (operation.method == "POST" and not facts.is_part) or bool(several)
            if operation.method in _SENDING and changes and facts.envelope is None:
                self._read_several(facts, body.pointer, about)

    def _wrap_alike(self, facts: Facts, sent: str, shown: str) -> None:
        """Step into the wrapper of the response, if the request has it and nothing else than the
        response: `{"data": {}, "permissions": {}}`."""
        if len(facts.at) != 1 or facts.envelope is not None or facts.at[0] == FIRST:
            return
        name = facts.at[0]
        properties = self.schemas.flat_at(sent).properties
        alike = properties.keys() <= self.schemas.flat_at(shown).properties.keys()
        inner = self.schemas.place(sent, name) if name in properties and alike else None
        if inner is not None and "object" in self.schemas.types(properties[name]):
            facts.sent, facts.body = (name,), self.schemas.canonical(inner)

    def _read_several(self, facts: Facts, pointer: str, about: str) -> None:
        """Detect that an array of entities is, or may be, sent (`{"contacts": []}`)."""
        if FIRST in facts.sent:
            self._read_shown(facts, about)
            return
        about = self._named_above(facts, pointer) or about
        found = list_place(self.schemas, pointer, about)
        at = found[0] if found is not None else ()
        inner = found[1] if found is not None else None
        if not at:
            # `{"images": [...]}` to `/licenses`: a license for each.
            arrays = self.schemas.arrays(self.schemas.main(pointer))
            if len(arrays) != 1:
                return
            at, inner = next(((name,), one) for name, one in arrays.items())
            made = self.schemas.canonical(inner) in self._made_above(facts.route)
            if facts.ref and facts.at == () and not made:
                return
        assert inner is not None
        place, item = (*at, FIRST), self.schemas.canonical(inner)
        if item in self._made_above(facts.route) and not facts.sent:
            facts.sent, facts.body = place, item
            self._read_shown(facts, about)
            return
        types = self.schemas.flat_at(item).types
        if types and "object" not in types:
            self._read_rows_of_values(facts, at[-1], about)
            return
        short = last_word(about)
        # `{"Entries": [{"GeofenceId": ...}]}`: each says which one it is.
        says = any(is_id_of(name, short) for name in self.schemas.flat_at(item).properties)
        named = noun(at[-1]) in (about, short) or (facts.plain is not None and says)
        shown = self._shown(facts, about)
        alike = (
            shown is not None and bool(shown[0]) and describe_alike(self.schemas, item, shown[1])
        )
        shared = shown is not None and share_id(self.schemas, item, shown[1])
        if found is None and not alike and not shared:
            return
        alike = alike or found is None
        if shown is not None and shown[0] and len(self.schemas.flat_at(pointer).properties) == 1:
            # `{"items": [...]}`, answered by `{"created_orders": [...]}`
            alike = alike or noun(shown[0][-1]).endswith(last_word(about))
        if facts.sent and named:
            facts.several, facts.shown = place, shown[0] if shown is not None else None
        elif (named or alike) and not facts.sent:
            facts.sent, facts.body = place, item
            self._read_shown(facts, about)

    def _read_rows_of_values(self, facts: Facts, name: str, about: str) -> None:
        """Detect that each of several values becomes a row of the response: `emails`."""
        shown = self._shown(facts, about)
        rows = self.schemas.flat_at(self.schemas.canonical(shown[1])).properties if shown else {}
        if shown and shown[0] and noun(name) in {noun(one) for one in rows}:
            self._read_shown(facts, about)

    def _made_above(self, path: Route) -> list[str]:
        """Where the schemas stand of what is sent to the collection above a path."""
        if self._sent is None:
            self._sent = {}
            for operation in self.contract.operations:
                media = body_of(operation) if operation.method in ("POST", "PUT") else None
                if media is not None and media.pointer:
                    above = self._sent.setdefault(route(operation.url_path).steps, [])
                    above.append(self.schemas.main(media.pointer))
        return self._sent.get(path.steps[:-1], [])

    def _named_above(self, facts: Facts, pointer: str) -> str:
        """The noun of the collection above a path, if an array of these is sent: `images` to
        `/images/urls`."""
        steps = facts.route.steps
        alone = len(steps) > 1 and steps[-2] != ANY and (*steps, ANY) not in self._item_steps
        above = noun(steps[-2]) if alone else ""
        arrays = self.schemas.arrays(self.schemas.main(pointer)) if above else {}
        return above if above in map(noun, arrays) else ""

    def _shown(self, facts: Facts, about: str) -> tuple[Path, str, Because] | None:
        media = facts.operation.success_json
        if media is None or not media.pointer:
            return None
        found = list_place(self.schemas, media.pointer, about)
        return found or (beside_failures(self.schemas, media.pointer) if facts.plain else None)

    def _read_shown(self, facts: Facts, about: str) -> None:
        """Detect where the response shows several created entities."""
        shown = self._shown(facts, about) if FIRST not in facts.at else None
        if shown is not None and shown[0]:
            facts.at, facts.ref = (*shown[0], FIRST), self.schemas.canonical(shown[1])
            self._step_into_row(facts, about)

    def _step_into_row(self, facts: Facts, about: str) -> None:
        """Step into what a row says of one entity beside how it went: `[{"status": "ok", "image":
        {...}}]`."""
        flat = self.schemas.flat_at(facts.ref)
        if "id" in flat.properties:
            return
        for name, schema in flat.properties.items():
            inner = self.schemas.place(facts.ref, name)
            named = noun(name) in (about, last_word(about))
            if inner is not None and named and self.schemas.flat(schema).properties:
                facts.at, facts.ref = (*facts.at, name), self.schemas.canonical(inner)
                return

    def _nouns(self, path: Route) -> list[str]:
        """The nouns of the collections that a path leads through, the last one first."""
        return [noun(step) for step in reversed(path.steps) if step != ANY and step.isidentifier()]

    def _unwrap(self, facts: Facts) -> None:
        """Step into wrappers that the path names: `{"settings": {"profile": {...}}}` of
        `/settings/profile`, `{"customer": {...}}` of `/customers/email/{email}`."""
        named = {tokens(step) for step in facts.route.steps} if not facts.route.is_item else set()
        named |= {(one,) for one in self._nouns(facts.route) if "_" not in one}
        for _ in range(4):
            properties = self.schemas.flat_at(facts.ref).properties if facts.ref else {}
            if len(properties) != 1:
                return
            name, schema = next(iter(properties.items()))
            inner = self.schemas.place(facts.ref, name)
            if tokens(name) not in named or inner is None:
                return
            if "object" not in self.schemas.types(schema):
                return
            facts.at, facts.ref = (*facts.at, name), self.schemas.main(inner)

    def _place(self, facts: Facts, pointer: str, about: str) -> tuple[Path, str]:
        """Where an entity is in a body; a POST may take and return an array of them, as other
        methods may on the path of several."""
        method = facts.operation.method
        if method == "POST" or (method in _SENDING and facts.route.plural):
            found = self.schemas.place(self.schemas.main(pointer), None)
            if found is not None and "object" in self.schemas.flat_at(found).types:
                return (FIRST,), self.schemas.canonical(found)
        place = entity_place(self.schemas, pointer, about)
        whole = facts.is_part and FIRST in place[0]
        return ((), self.schemas.canonical(self.schemas.main(pointer))) if whole else place


def _read_after(facts: Facts) -> tuple[bool, bool]:
    """The order in which paths are read: what is fetched says what a query names."""
    return is_status_path(facts.route), facts.operation.method != "GET"


def _needed(operation: Operation) -> list[str]:
    return [one.name for one in operation.parameters if one.place == "query" and one.required]


def body_of(operation: Operation) -> MediaType | None:
    """The media type of the request: JSON, else a form, else the first. The edits of a JSON Patch
    are no entities."""
    if operation.body is None:
        return None
    content = {n: m for n, m in operation.body.content.items() if essence(n) != _EDITS}
    found = json_in(content)
    return found if found is not None else next(iter(content.values()), None)
