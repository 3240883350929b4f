"""Paths that end in a verb (`POST /agents/create`, `POST /jobs/get` with an id in the body), read
as their REST form (`POST /agents`, `GET /jobs/{id}`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mockserver.inference.model import ItemPlace
from mockserver.inference.paths import ANY, Route, is_version
from mockserver.inference.verbs import verb_of
from mockserver.inference.words import bag, is_plural, noun, plural, singular, tokens

CREATING = bag("create creates add adds new submit insert register make")
LISTING = bag(
    "list all search query find filter index list_all get_all getall lookup advanced_search "
    "search_all find_all find_by"
)
_FETCH = bag("get info details detail show describe read view retrieve fetch inspect")
_UPDATE = bag("update edit modify change save")
_REMOVE = bag("delete remove destroy")
_FORMATS = bag("json xml")
_DOTTED = re.compile(r"([A-Za-z_]+)\.([A-Za-z]+)")

Kind = Literal["create", "list", "fetch", "update", "remove", "verb"]
Steps = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlainForm:
    """The REST form of an operation, and where the request holds the id of the entity."""

    method: str
    route: Route
    place: ItemPlace = "path"


@dataclass(frozen=True, slots=True)
class Asked:
    """What counts of an operation: method, path, request body, and whether it is a list (evaluated
    lazily)."""

    method: str
    route: Route
    body: Mapping[str, Any]
    query: Sequence[str]
    lists: Callable[[], bool]


class RemoteCalls:
    """Finds the REST forms of the operations of one document."""

    def __init__(self, operations: Iterable[tuple[str, Route]]) -> None:
        operations = list(operations)
        self._taken = {(method, route.steps) for method, route in operations if not route.verb}
        self._paths = {steps for _, steps in self._taken}
        self._families: dict[Steps, set[str]] = {}
        for _, route in operations:
            found = _told(route)
            if found is not None:
                parent, kind, _ = found
                self._families.setdefault(parent, set()).add(kind)

    def plain(self, asked: Asked) -> PlainForm | None:
        """The REST form of an operation, if it differs from its own."""
        found = _told(asked.route)
        if found is None or asked.route.verb:
            return None
        parent, kind, word = found
        names = asked.route.names[: parent.count(ANY)]
        if parent[-1] == ANY:
            method = self._of_item(asked, kind)
            plain = None if method is None else PlainForm(method, Route(parent, names))
        else:
            plain = self._of_collection(asked, parent, names, kind, word)
        if plain is None or (plain.method, plain.route.steps) in self._taken:
            return None
        self._taken.add((plain.method, plain.route.steps))
        return plain

    def _of_item(self, asked: Asked, kind: Kind) -> str | None:
        if asked.method == "GET":
            return "GET" if kind == "fetch" else None
        if asked.method == "POST":
            return {"remove": "DELETE", "update": "PATCH"}.get(kind)
        return None

    def _of_collection(
        self, asked: Asked, parent: Steps, names: tuple[str, ...], kind: Kind, word: str
    ) -> PlainForm | None:
        family = self._families.get(parent, set())
        item = (*parent, ANY)
        known = parent in self._paths or item in self._paths or len(family) > 1
        if not known:
            return None
        if kind == "create" and asked.method in ("POST", "PUT"):
            return PlainForm("POST", Route(parent, names))
        if kind == "list" and asked.lists():
            return PlainForm("GET", Route(parent, names))
        if asked.method not in ("POST", "GET", "DELETE", "PUT", "PATCH") or len(family) < 2:
            return None
        own = _named(noun(parent[-1]), list(asked.body) or asked.query)
        if own is None:
            return None
        place: ItemPlace = "body" if own in asked.body else "query"
        called = Route(item, (*names, own))
        if kind == "fetch":
            return PlainForm("GET", called, place)
        if asked.method == "GET":
            return None
        if kind in ("update", "remove"):
            return PlainForm("PATCH" if kind == "update" else "DELETE", called, place)
        if kind == "verb":
            return PlainForm(asked.method, Route((*item, word), called.names), place)
        return None


def _told(route: Route) -> tuple[Steps, Kind, str] | None:
    """The meaning of the last step: which collection or entity, what is done, and the verb."""
    if not route.steps or route.steps[-1] == ANY:
        return None
    *above, last = route.steps
    dotted = _DOTTED.fullmatch(last)
    if dotted and not last.endswith((".json", ".xml")):
        kind = _kind(dotted[2])
        return ((*above, dotted[1]), kind, dotted[2]) if kind is not None else None
    kind, words = _kind(last), tokens(last)
    if kind is not None:
        if above and not is_version(above[-1]):
            return tuple(above), kind, last
        if kind != "verb" or not above:
            return None
    kind = _kind(words[0]) if len(words) > 1 else None
    if kind is None or (above and above[-1] == ANY):
        return None
    # `/create-corpus` beside `/list-corpora`
    rest = "_".join((*words[1:-1], plural(singular(words[-1]))))
    return (*above, rest), kind, words[0]


def _kind(step: str) -> Kind | None:
    spelled = "_".join(tokens(step))
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


def _named(about: str, names: Sequence[str]) -> str | None:
    """The property of the request that names the entity."""
    short = about.rsplit("_", 1)[-1]
    spelled = {"_".join(tokens(name)): name for name in reversed(names)}
    for wanted in (
        f"{about}_id", f"{short}_id", "id", f"{about}_uuid", f"{short}_uuid", "uuid",
        f"{short}_name", f"{short}_key", f"{short}_slug",
    ):  # fmt: skip
        if wanted in spelled:
            return spelled[wanted]
    # `sourceCloneId`, `id_of_user`
    own = {name for word, name in spelled.items() if {short, "id"} <= set(word.split("_"))}
    return own.pop() if len(own) == 1 else None
