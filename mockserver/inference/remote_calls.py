"""Paths that end in a verb (`POST /agents/create`, `POST /jobs/get` with an id in the body), read
as their REST form (`POST /agents`, `GET /jobs/{id}`)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import replace
from functools import lru_cache
from typing import Literal

from mockserver.inference.model import ItemPlace
from mockserver.inference.paths import ANY, Route, Steps, is_version
from mockserver.inference.state_words import JOBS
from mockserver.inference.states import kind_of
from mockserver.inference.verb_words import CLONING, TRYING
from mockserver.inference.verbs import verb_of
from mockserver.inference.words import (
    bag,
    is_plural,
    last_word,
    noun,
    plural,
    singular,
    snake_case,
    tokens,
)
from mockserver.records import dataclass

CREATING = bag(
    "create creates add adds new submit insert register make upsert get_or_create find_or_create "
    "create_or_update add_or_update create_if_not_exists ensure"
)
LISTING = bag(
    "list all search query find filter index list_all get_all getall lookup advanced_search "
    "search_all find_all find_by paged page paginated browse"
)
_STARTING = bag(
    "start run submit launch begin initiate request schedule send put register import generate "
    "issue open enqueue invite trigger execute upload post queue publish order book"
)
_FETCH = bag("get info details detail show describe read view retrieve fetch inspect")
_UPDATE = bag("update edit modify change save")
_REMOVE = bag("delete remove destroy")
_PUTTING = {
    **dict.fromkeys(("set", "replace", "put"), "PUT"),
    **dict.fromkeys(("update", "edit", "modify", "change"), "PATCH"),
}
"""The method of what gives a part of an entity another value: `setIamPolicy`."""
_FORMATS = bag("json xml")
_POLLING = _FETCH | bag("check query poll track")
_FEW = 2
"""So many texts a request has that only asks how one is."""
_STATUS_WORDS = bag("status state progress")
_SEVERAL = bag("many multiple several bulk batch all selected")
"""What is no noun behind a verb: `/tickets/destroy_many`."""
_ID_ENDINGS = ("id", "uuid", "arn", "token", "name", "identifier", "key", "slug")
_IDS = frozenset(_ID_ENDINGS) - {"name"}
_OTHER_ONE = (("id",), ("ids",), ("uuid",), ("key",), ("sid",))
_DOTTED = re.compile(r"([A-Za-z_-]+)\.([A-Za-z]+)")

Kind = Literal["create", "list", "fetch", "update", "remove", "verb", "status"]


@dataclass(frozen=True, slots=True, eq=False)
class PlainForm:
    """The REST form of an operation, and where the request holds the id of the entity."""

    method: str
    route: Route
    place: ItemPlace = "path"
    part: bool = False
    """Whether it reads or sets a part of an entity: `/get-labels`."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What counts of an operation: method, path, the scalar properties of its body, its query
    parameters, those of them that are required, and whether it is a list, or says how far something
    is (both evaluated lazily)."""

    method: str
    route: Route
    body: Sequence[str]
    query: Sequence[str]
    needed: Sequence[str]
    lists: Callable[[], bool]
    tells: Callable[[], bool]


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A path that ends in a verb: the collection or entity, what is done to it, and the verb."""

    parent: Steps
    kind: Kind
    word: str
    many: bool = False
    """Whether its noun is a plural; of what tells a state, whether there is a noun."""


class RemoteCalls:
    """Finds the REST forms of the operations of one document."""

    def __init__(self, operations: Iterable[tuple[str, Route]]) -> None:
        operations = list(operations)
        self._taken = {(method, route.steps) for method, route in operations if not route.verb}
        self._paths = {steps for _, steps in self._taken}
        self._methods = Counter(steps for _, steps in self._taken)
        self._read = {steps[-2:] for method, steps in self._taken if method == "GET"}
        self._families: dict[Steps, set[str]] = {}
        self._asked: dict[Steps, str] = {}
        self._parts: dict[Steps, set[bool]] = {}
        for _, route in operations:
            of_part = _of_part(route)
            if of_part is not None:
                self._parts.setdefault(of_part[0], set()).add(of_part[1] == "GET")
            found = _read(route)
            if found is not None and found.kind != "status":
                home = found.parent[:-1] if _ends_in_id(route) else found.parent
                self._families.setdefault(home, set()).add(found.kind)

    def plain(self, call_facts: Asked) -> PlainForm | None:
        """The REST form of an operation, if it differs from its own."""
        of_part = _of_part(call_facts.route)
        if of_part is not None and len(self._parts[of_part[0]]) > 1:
            steps, method = of_part
            if (method, steps) in self._taken:
                return None
            self._taken.add((method, steps))
            return PlainForm(method, Route(steps, call_facts.route.names), part=True)
        found = None if call_facts.route.verb else _read(call_facts.route)
        if found is None or (found.kind == "verb" and self._is_kept(call_facts.route.steps)):
            return None
        parent = found.parent
        names = call_facts.route.names[: parent.count(ANY)]
        if _ends_in_id(call_facts.route):
            plain = self._before_id(call_facts, found)
        elif found.kind == "status":
            plain = self._of_told(call_facts, found, names)
        elif parent[-1] == ANY:
            plain = self._of_item(call_facts, found, names)
        else:
            plain = self._of_collection(call_facts, found, names)
        if plain is None or (plain.method, plain.route.steps) in self._taken:
            return None
        self._taken.add((plain.method, plain.route.steps))
        return plain

    def _is_kept(self, steps: Steps) -> bool:
        """Whether a path lists entities, and one below it reads one: `/tag_groups` tags nothing."""
        return {("GET", steps), ("GET", (*steps, ANY))} <= self._taken

    def _before_id(self, call_facts: Asked, call: Call) -> PlainForm | None:
        """`/quotes/close/{id}` is `/quotes/{id}/close`, `/getQuote/{id}` is `/quotes/{id}`."""
        home = call.parent[:-1]
        if not (self._paths & {home, call.parent} or len(self._families[home]) > 1):
            return None
        asked, names = call_facts.method, call_facts.route.names
        if call.kind == "verb":
            # What is read, changed or removed at this path is an entity: `/calendars/block/{id}`.
            alone = asked != "GET" and self._methods[call_facts.route.steps] == 1
            return PlainForm(asked, Route((*call.parent, call.word), names)) if alone else None
        method = {
            "fetch": "GET" if asked == "GET" else None,
            "update": "PATCH" if asked == "POST" else asked if asked in ("PUT", "PATCH") else None,
            "remove": "DELETE" if asked in ("POST", "DELETE") else None,
        }.get(call.kind)
        return PlainForm(method, Route(call.parent, names)) if method is not None else None

    def _of_told(self, call_facts: Asked, call: Call, names: tuple[str, ...]) -> PlainForm | None:
        """`GET /exports/{id}/status`, where nothing else reads an export: it is what there is to
        see of one; then `/exports/latest/status` shows one, too."""
        steps, parent = call_facts.route.steps, call.parent
        if parent[-1:] != (ANY,) and call_facts.tells():
            asked = self._of_asked(call_facts, call, names)
            if asked is not None:
                return asked
        better = any(("GET", (*parent, word)) in self._taken for word in ("status", "Status"))
        set_ = any((method, steps) in self._taken for method in ("PUT", "PATCH", "POST", "DELETE"))
        if call_facts.method != "GET" or set_ or not call_facts.tells():
            return None
        if parent[-1:] != (ANY,):
            one = ("GET", (*parent[:-1], ANY, steps[-1]))
            return PlainForm("GET", Route(parent, names)) if one in self._taken else None
        if (better and call.word.lower() != "status") or parent[-2:] in self._read:
            return None
        return PlainForm("GET", Route(parent, names))

    def _of_asked(self, call_facts: Asked, call: Call, names: tuple[str, ...]) -> PlainForm | None:
        """`GET /tasks/status?task_id=7` and `POST /getStatus` with a `job_id`: a task, a job."""
        place: ItemPlace = "query" if call_facts.method == "GET" else "body"
        sent = call_facts.needed or call_facts.query if place == "query" else call_facts.body
        about = noun(call.parent[-1]) if call.many else ""
        if call_facts.method not in ("GET", "POST") or len(sent) > _FEW:
            return None
        own = name_sent(about, sent) if about else next(iter(sent), "")
        stem = tokens(own)[:-1] if own and tokens(own)[-1] in _ID_ENDINGS else ()
        if not own or not (about or stem):
            return None
        home = call.parent if about else (*call.parent, plural("_".join(stem)))
        return PlainForm("GET", Route((*home, ANY), (*names, own)), place)

    def _of_item(self, call_facts: Asked, call: Call, names: tuple[str, ...]) -> PlainForm | None:
        route = Route(call.parent, names)
        if call_facts.method == "GET":
            return PlainForm("GET", route) if call.kind == "fetch" else None
        method = {"remove": "DELETE", "update": "PATCH"}.get(call.kind)
        asked = (*call_facts.body, *call_facts.query)
        others = (name for name in asked if name not in call_facts.route.names)
        if call.kind == "remove" and any(tokens(name)[-1:] in _OTHER_ONE for name in others):
            return None  # `/groups/{group}/remove?feed_id=`: something is taken from it
        return PlainForm(method, route) if method and call_facts.method == "POST" else None

    def _of_collection(
        self, call_facts: Asked, call: Call, names: tuple[str, ...]
    ) -> PlainForm | None:
        parent, kind = call.parent, call.kind
        family = self._families.get(parent, set())
        item = (*parent, ANY)
        known = parent in self._paths or item in self._paths or len(family) > 1
        if not known:
            return None
        if kind == "verb" and "create" not in family and _starts(call_facts, call):
            kind = "create"
        if kind == "create" and call_facts.method in ("POST", "PUT"):
            return PlainForm("POST", Route(parent, names))
        many = kind == "fetch" and (call.many or call.word.lower() in _FORMATS)
        if (kind == "list" or many) and call_facts.lists():
            if ("GET", parent) in self._taken:  # `DescribeClusters` beside `ListClusters`
                return PlainForm("GET", Route((*parent, "search"), names))
            return PlainForm("GET", Route(parent, names))
        # `PUT /deployments/stop` with a `deploymentId`, beside `/deployments/{id}`
        little = len(call_facts.body) < 3 or verb_of(call.word) in CLONING
        alone = kind == "verb" and item in self._paths and little
        several = len(family) > 1 or alone
        if call_facts.method not in ("POST", "GET", "DELETE", "PUT", "PATCH") or not several:
            return None
        own = self._name_asked(call_facts, parent, kind)
        if own is None or (kind == "verb" and self._is_tried(parent, call.word, own)):
            return None
        place: ItemPlace = "query" if own in call_facts.query else "body"
        called = Route(item, (*names, own))
        if kind == "fetch":
            return PlainForm("GET", called, place)
        if call_facts.method == "GET":
            return None
        if kind in ("update", "remove"):
            return PlainForm("PATCH" if kind == "update" else "DELETE", called, place)
        if kind == "verb":
            return PlainForm(call_facts.method, Route((*item, call.word), called.names), place)
        return None

    def _is_tried(self, parent: Steps, word: str, own: str) -> bool:
        """Whether `POST /entries/validate` with a `name` is about what is sent, not about an entity
        of that name."""
        named = own == self._asked.get(parent) or set(tokens(own)[-1:]) & _IDS
        return verb_of(word) in TRYING and not named

    def _name_asked(self, call_facts: Asked, parent: Steps, kind: Kind) -> str | None:
        """The part of a request that names an entity: by its name, or because it is all that is
        needed to fetch one and names nothing else; then it does so elsewhere, too."""
        asked = (*call_facts.query, *call_facts.body)
        if self._asked.get(parent) in asked:
            return self._asked[parent]
        own = name_sent(noun(parent[-1]), asked)
        needed = call_facts.needed or call_facts.body
        if own is not None or kind not in ("fetch", "remove") or len(needed) != 1:
            return own
        if not _is_own(needed[0], noun(parent[-1])) or call_facts.lists():
            return None
        self._asked[parent] = needed[0]
        return needed[0]


def is_call(route: Route) -> bool:
    """Whether the path ends in a verb, or in what tells the state of an entity."""
    return (_read(route) is not None and not route.verb) or _of_part(route) is not None


def is_search(route: Route) -> bool:
    """Whether the path ends in a word for listing, behind a collection: `/contacts/search`."""
    steps = route.steps
    return len(steps) > 1 and snake_case(steps[-1]) in LISTING and steps[-2] != ANY


def search_behind(route: Route, items: Set[Steps]) -> Route:
    """The path of a search with the word for it behind the collection, which has paths of its
    `items`: `/search/contacts` is `/contacts/search`."""
    steps = route.steps
    for index in range(len(steps) - 1) if ANY not in steps and not route.verb else ():
        others = (*steps[:index], *steps[index + 1 :])
        known = (*others, ANY) in items and (*steps, ANY) not in items
        if snake_case(steps[index]) in _SEARCHING and known:
            return replace(route, steps=(*others, "search"))
    return route


_SEARCHING = bag("search find query lookup")


def is_status_path(route: Route) -> bool:
    """Whether the path ends in a word for the state of an entity: `/jobs/{job}/status`."""
    return route.steps[-1:] != () and route.steps[-1].lower() in _STATUS_WORDS


def _starts(call_facts: Asked, call: Call) -> bool:
    """Whether a verb creates an entity (`StartExport`): the body doesn't hold the id of one."""
    own = name_sent(noun(call.parent[-1]), call_facts.body)
    named = own is not None and tokens(own)[-1] in ("id", "uuid", "arn")
    return call_facts.method == "POST" and call.word.lower() in _STARTING and not named


@lru_cache(maxsize=65_536)
def _of_part(route: Route) -> tuple[Steps, str] | None:
    """The path and method of what reads or sets a part of an entity: `GET /vms/{vm}/iam_policy` of
    `/vms/{vm}:getIamPolicy`, PUT of `/vms/{vm}:setIamPolicy`."""
    home = route.steps if route.verb else route.steps[:-1]
    if home[-1:] != (ANY,) or (not route.verb and route.steps[-1] == ANY):
        return None
    first, *rest = tokens(route.verb or route.steps[-1]) or ("",)
    method = "GET" if first in _FETCH else _PUTTING.get(first)
    return ((*home, "_".join(rest)), method) if rest and method is not None else None


@lru_cache(maxsize=65_536)
def _read(route: Route) -> Call | None:
    """The meaning of the last step, or of the one before an id, if it is a verb, with or without a
    noun."""
    if _ends_in_id(route):
        own = Route(route.steps[:-1], route.names[:-1])
        for found in (_split(own), _read(own)):
            about = noun(found.parent[-1]) if found is not None and not found.many else ""
            known = found is not None and found.kind != "status"
            if found is not None and known and about and _is_own(route.names[-1], about):
                return replace(found, parent=(*found.parent, ANY))
        *above, last, _ = route.steps
        about = noun(above[-1]) if above and above[-1] != ANY else ""
        named = tokens(route.names[-1])[:-1] == tokens(about)
        word = not is_plural(last) and not is_version(last) and kind_of(last) == "other"
        if about and named and word:
            # `/cards/greet/{cardId}`: whatever the word says, it is about a card
            return Call((*above, ANY), "verb", last)
        return None
    if not route.steps or route.steps[-1] == ANY:
        return None
    *above, last = route.steps
    if above and last.lower() in _STATUS_WORDS:
        return Call(tuple(above), "status", last, above[-1] != ANY and not is_version(above[-1]))
    dotted = _DOTTED.fullmatch(last)
    if dotted and not last.endswith((".json", ".xml")):
        kind = "fetch" if dotted[2].lower() in _STATUS_WORDS else _kind(dotted[2])
        return Call((*above, dotted[1]), kind, dotted[2]) if kind is not None else None
    kind = _kind(last)
    if kind is not None:
        if above and not is_version(above[-1]):
            return Call(tuple(above), kind, last)
        if kind != "verb":
            return None
    return _split(route)


def _split(route: Route) -> Call | None:
    """The meaning of a last step of a verb and its noun: `/create-corpus`."""
    *above, last = route.steps
    words = tokens(last)
    if len(words) > 1 and words[-1] in _STATUS_WORDS and not is_plural(words[-2]):
        # `/getJobStatus`, `/check-status`
        own = words[words[0] in _POLLING : -1]
        home = (*above, plural("_".join(own))) if own else tuple(above)
        return Call(home, "status", last, bool(own)) if words[0] in _POLLING else None
    kind = _kind(words[0]) if len(words) > 1 and not _SEVERAL.issuperset(words[1:]) else None
    if kind in (None, "verb") and len(words) > 1 and is_plural(words[-2]):
        # `/users_create` beside `/users_list`
        called = "fetch" if words[-1] in _STATUS_WORDS else _kind(words[-1])
        if called is not None and not is_plural(words[-1]):
            return Call((*above, "_".join(words[:-1])), called, words[-1])
    if kind is None or (above and above[-1] == ANY and not is_plural(words[-1])):
        return None
    # `/create-corpus` beside `/list-corpora`
    rest = "_".join((*words[1:-1], plural(singular(words[-1]))))
    return Call((*above, rest), kind, words[0], is_plural(words[-1]))


def _ends_in_id(route: Route) -> bool:
    return len(route.steps) > 1 and route.steps[-1] == ANY and route.steps[-2] != ANY


def _is_own(name: str, about: str) -> bool:
    """Whether a parameter names an entity of a kind (`{convId}` a conversation), not of another:
    `/cards/assign/{user}`."""
    words = {singular(word) for word in tokens(name)} - {*_ID_ENDINGS, "number", "code", "uid"}
    own = about.split("_")
    short = any(one.startswith(word) for word in words if len(word) > 2 for one in own)
    return not words or short


def _kind(step: str) -> Kind | None:
    spelled = snake_case(step)
    kinds: tuple[tuple[Kind, frozenset[str]], ...] = (
        ("create", CREATING), ("list", LISTING), ("fetch", _FETCH), ("update", _UPDATE),
        ("remove", _REMOVE),
    )  # fmt: skip
    for kind, words in kinds:
        if spelled in words:
            return kind
    if spelled in _FORMATS:
        return "fetch"
    return "verb" if verb_of(step) and not is_plural(step) else None


def name_sent(about: str, names: Sequence[str]) -> str | None:
    """The property of the request that names the entity."""
    short = last_word(about)
    spelled = {snake_case(name): name for name in reversed(names)}
    for ending in _ID_ENDINGS:
        for stem in (about, short):
            if f"{stem}_{ending}" in spelled:
                return spelled[f"{stem}_{ending}"]
        if ending in ("id", "uuid", "arn") and ending in spelled:
            return spelled[ending]
    for plain in (about, short, "name"):
        if plain in spelled:
            return spelled[plain]
    # `JobId` of a document analysis
    works = [name for word, name in spelled.items() if word.endswith("_id") and word[:-3] in JOBS]
    if len(works) == 1:
        return works[0]
    # `sourceCloneId`, `id_of_user`
    own = {name for word, name in spelled.items() if {short, "id"} <= set(word.split("_"))}
    return own.pop() if len(own) == 1 else None
