"""What the body of a reply says: of what was created; of a refusal, and of which fields."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

from mockserver.inference.model import Action, Plan
from mockserver.inference.resource_model import FIRST, Path, Resource
from mockserver.inference.words import snake_case, tokens
from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Json
from mockserver.verify.model import Exchange, json_of

_REPEATED = ("input", "loc", "body", "value")
"""Properties of a refusal that repeat a part of the request, or its place."""
RELATION = re.compile(
    r"\b(before|after|earlier|later|than|either|neither|both|one of|together|unless|exclusive"
    r"|same as|equal|combined)\b",
    re.IGNORECASE,
)
"""Words of a rule between fields."""
_VAGUE = frozenset({"at", "on", "time", "date", "id"})
"""The last words of fields that a text may leave out: `startsAt` is "start", or "start time"."""
NOT_THERE = re.compile(
    r"\b(do(es)?(n't| not) exist|not found|no such"
    r"|(could|can)(n't| ?not) (be )?f(i|ou)nd)\b",
    re.IGNORECASE,
)
NEEDED = re.compile(
    r"\b(required|missing|needed|must be (given|set|present)|may not be (null|blank)|"
    r"can(not|'t) be (null|blank|empty))\b",
    re.IGNORECASE,
)
TAKEN = re.compile(
    r"\balready (exists?|taken|in use|used|registered|been|there|an?\b)|\b(must|not) (be )?unique\b"
    r"|\bduplicate\b",
    re.IGNORECASE,
)


def parsed(text: str | bytes) -> object:
    """The value of a JSON text, or MISSING."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return MISSING


def texts_of(exchange: Exchange) -> Iterator[str]:
    """The texts of a refusal, without those that repeat the request."""
    value = parsed(exchange.body)
    if value is MISSING:
        yield exchange.body.decode("utf-8", "replace")
        return
    todo = [value]
    while todo:
        value = todo.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            todo += [inner for name, inner in value.items() if name not in _REPEATED]
        elif isinstance(value, list):
            todo += value


def words_of(text: str) -> list[str]:
    return re.findall(r"[\w-]+(?:\.[\w-]+)*", text)


def fields_of(exchange: Exchange) -> set[str]:
    """The fields under which a refusal lists its texts: `{"track": ["No such choice."]}`."""
    value = parsed(exchange.body)
    found = set[str]()
    for _ in range(2):
        if not isinstance(value, dict):
            break
        found |= {name for name, inner in value.items() if isinstance(inner, list)}
        # One level deeper: `{"errors": {"track": [...]}}`.
        value = next((inner for inner in value.values() if isinstance(inner, dict)), None)
    return found


def is_named(field: str, text: str) -> bool:
    """Whether a text names a field in plain words: `ends_at` as "end time", `imdb_id` as "IMDB
    ID"."""
    stems = {word.lower().rstrip("s") for word in words_of(text)}
    words = [word.rstrip("s") for word in tokens(field)]
    while len(words) > 1 and words[-1] in _VAGUE:
        words.pop()
    return bool(words) and stems.issuperset(words)


def leaves(value: object) -> Iterator[str]:
    """The texts and numbers in a JSON value, as texts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from leaves(inner)


def quotes(text: str, value: str) -> bool:
    """Whether a text has a value as a word of its own."""
    return bool(value.strip()) and bool(re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text))


_BARE_ID = re.compile(r"[\w-]*\d[\w-]*")
"""A reply that is nothing but an id, and not a word such as "created"."""


@dataclass(frozen=True)
class Creator:
    """What an operation creates, and how that is removed."""

    resource: Resource
    remove: Action
    at: Path
    id_path: Path
    chosen: str = ""
    """The path parameter by which the client chooses the id."""


def identity_of(creator: Creator, headers: Mapping[str, str], body: bytes) -> str | None:
    """The id of what was created, by the reply or its Location."""
    try:
        value = json_of(body)
    except ValueError:
        value = None
    if isinstance(value, int) or (isinstance(value, str) and _BARE_ID.fullmatch(value)):
        return None if isinstance(value, bool) else str(value)
    entity = at(value, creator.at)
    found = at(entity, creator.id_path)
    if not isinstance(found, str | int) and isinstance(value, Mapping):
        names = ("id", creator.remove.path_item, "uuid", "name", "key")
        places = [entity, value, *value.values()]
        found = next(
            (p[n] for n in names for p in places if isinstance(p, Mapping) and n in p), None
        )
    if isinstance(found, bool) or not isinstance(found, str | int):
        found = id_in(headers) or None
    return None if found is None else str(found)


def id_in(headers: Mapping[str, str]) -> str:
    """The id at the end of a Location header; "" without one, or if it is no URL."""
    try:
        path = urlsplit(headers.get("location", "")).path
    except ValueError:  # `http://[`
        return ""
    return unquote(path.rstrip("/").rsplit("/", 1)[-1])


def creators_of(plan: Plan) -> Iterator[tuple[str, Creator]]:
    """The operations that create what another one removes."""
    removes = {a.resource: a for a in plan.actions.values() if a.kind == "remove" and a.resource}
    for action in plan.actions.values():
        resource = plan.resource_of(action)
        remove = removes.get(resource.name) if resource is not None else None
        if resource is None or remove is None:
            continue
        key = resource.identity.key
        id_path = action.response.id_path or ((key,) if key else ())
        at = action.response.at
        if action.kind in ("create", "clone", "transition") and not only_changes(action):
            yield action.operation, Creator(resource, remove, at, id_path)
        elif action.request.upsert and action.path_item:
            yield action.operation, Creator(resource, remove, at, id_path, action.path_item)


def only_changes(action: Action) -> bool:
    """Whether it changes the entities that its body or query names, and makes none."""
    return action.request.upsert and action.request.partial and action.path_item is None


def each_made(creator: Creator, body: bytes, sent: bytes | None) -> list[tuple[Creator, bytes]]:
    """The entities of a reply to a creation, each as if it were alone: an array shows those that an
    array in the request has asked for, or their ids. A longer one may list others."""
    index = creator.at.index(FIRST) if FIRST in creator.at else len(creator.at)
    rows = at(parsed(body), creator.at[:index])
    if not isinstance(rows, list) or not 0 < len(rows) <= _length(parsed(sent or b"")):
        return [(creator, body)]
    alone = replace(creator, at=creator.at[index + 1 :])
    return [(alone, json.dumps(row).encode()) for row in rows]


def shows_none(creator: Creator, body: bytes) -> bool:
    """Whether a reply to a creation of several shows that there were none."""
    index = creator.at.index(FIRST) if FIRST in creator.at else len(creator.at)
    return bool(at(parsed(body), creator.at[:index]) == [])


def _length(sent: object) -> int:
    """How many entities a request may ask for: the length of its longest array."""
    arrays = [sent, *(sent.values() if isinstance(sent, dict) else ())]
    return max((len(one) for one in arrays if isinstance(one, list)), default=1)


def shown_of(creator: Creator, body: bytes, sent: bytes | None) -> list[Json]:
    """The entity in a reply, the reply, and the request that created it."""
    found: list[Json] = []
    for text, place in ((body, creator.at), (body, ()), (sent or b"", ())):
        with suppress(ValueError):
            found.append(at(json_of(text), place))
    return found


def property_of(name: str, shown: Sequence[Json]) -> str | None:
    """The value of a property with the name of a path parameter, however it is spelt. A mere "id"
    is the entity's own."""
    wanted = snake_case(name)
    for value in shown if wanted not in ("id", "uuid") else ():
        for key, inner in value.items() if isinstance(value, Mapping) else ():
            if snake_case(key) == wanted and isinstance(inner, str | int):
                return None if isinstance(inner, bool) else str(inner)
    return None


def at(value: Json, path: Path) -> Json:
    """The value at a path of property names, or None."""
    for name in path:
        if name == FIRST:
            value = value[0] if isinstance(value, list) and value else None
        else:
            value = value.get(name) if isinstance(value, Mapping) else None
    return value
