"""Which property is the id of a resource, and where responses hold it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Set
from typing import Any, Protocol

from mockserver.inference.lookups import ids_said, said, says_own_id
from mockserver.inference.operations import Facts, Survey
from mockserver.inference.paths import Route
from mockserver.inference.receipts import receipt_id
from mockserver.inference.resource_model import Because, Confidence, Path, Resource
from mockserver.inference.status_links import leading
from mockserver.inference.words import (
    LEADING,
    bag,
    is_id_of_new,
    last_word,
    singular,
    snake_case,
    spells,
    tokens,
    without_noun,
)
from mockserver.openapi.model import Parameter
from mockserver.openapi.path_templates import parameters_of
from mockserver.openapi.schemas.resolved import Flat, Schemas

_USUAL = (
    "id", "_id", "uuid", "guid", "uid", "sid", "key", "slug", "username", "user_name", "login",
    "name", "code", "number", "email", "email_address",
)  # fmt: skip
# What names an entity where nothing is called its id.
_NATURAL = bag("uuid guid uid sid reference ref number code slug handle sku isbn symbol key token")
_PEOPLES = _NATURAL | bag("name username login email")
_LAST = ("gid", "identifier", "entity_id", "object_id", "resource_id", "arn")
_SURE = ("id", "_id", "uuid", "guid", "uid", "sid")


def _first_of(parameter: str) -> str:
    """The id in the name of a path parameter that may hold a name as well (`{idOrName}`,
    `{name_or_id}`): what is called an id is one, else the first."""
    either = tokens(parameter)
    if "or" not in either[1:-1]:
        return parameter
    first, second = either[: either.index("or")], either[either.index("or") + 1 :]
    return "_".join(second if second[-1] in _SURE and first[-1] not in _SURE else first)


def key_of(schemas: Schemas, flat: Flat, noun: str, parameter: str) -> tuple[str, Because | None]:
    """The id property of a resource and the reason; "" if none can be found."""
    spelled: dict[str, str] = {}
    for name, schema in flat.properties.items():
        if _names(schemas, schema):
            spelled.setdefault(snake_case(name) or name, name)
    for name, why, confidence in _keys(spelled, noun, _first_of(parameter)):
        return name, Because(f"the property `{name}` {why}", confidence)
    return "", None


def _keys(
    spelled: Mapping[str, str], noun: str, parameter: str
) -> Iterator[tuple[str, str, Confidence]]:
    """The properties that may be the id, the likeliest first, with what says so."""
    yield from _keys_of_parameter(spelled, noun, parameter)
    yield from _usual_keys(spelled, noun, parameter)


def _keys_of_parameter(
    spelled: Mapping[str, str], noun: str, parameter: str
) -> Iterator[tuple[str, str, Confidence]]:
    """The properties that are called like the path parameter."""
    wanted, short = snake_case(parameter), last_word(noun)
    own = wanted in (noun, short) and "id" in spelled
    wanted = "id" if own else wanted  # the `address` of an address is a property
    for word in (wanted, without_noun(parameter, noun, spelled)):
        if word in spelled and word != "id":
            yield spelled[word], "has the name of the path parameter", "certain"
    head, _, ending = parameter.rpartition("-")
    if head and ending in spelled.values() and ending != "id":
        yield ending, f"is what the path parameter `{parameter}` ends with", "certain"
    run_together = {word.replace("_", ""): name for word, name in spelled.items()}
    joined = wanted.replace("_", "")
    if joined in run_together and joined != "id":
        yield run_together[joined], "has the name of the path parameter", "certain"
    last = _last_token(parameter)
    if last and last in spelled and not own and not (last == short and "id" in spelled):
        yield spelled[last], f"fits the path parameter `{parameter}`", "certain"
    if last and last in run_together and last.endswith("id") and last not in ("id", *spelled):
        yield run_together[last], f"is what `{parameter}` ends with", "likely"


def _last_token(parameter: str) -> str:
    return next(reversed(tokens(parameter)), "")


def _usual_keys(
    spelled: Mapping[str, str], noun: str, parameter: str
) -> Iterator[tuple[str, str, Confidence]]:
    """The properties that have a usual name of an id."""
    short, last = last_word(noun), _last_token(parameter)
    # A path parameter called id is no name.
    usual = _SURE if last in _SURE else (*_USUAL, f"{short}_name", f"{short}_key")
    for word in ("id", f"{noun}_id", f"{short}_id", *usual):
        if word in spelled:
            sure = word in _SURE or word.endswith("_id")
            yield spelled[word], "looks like its id", "likely" if sure else "guess"
    for word, name in spelled.items():
        # `certId` of a certificate, `demographicsId` of a demographic.
        stem = word.removesuffix("_id")
        if stem != word and len(stem) > 2 and (short.startswith(stem) or singular(stem) == short):
            yield name, "looks like its id", "likely"
    for word in (f"{head}{one}" for head in ("", f"{noun}_", f"{short}_") for one in _LAST):
        if word in spelled and last in (*_SURE, "arn", "identifier"):
            yield spelled[word], "looks like its id", "guess"
    for word, name in spelled.items():
        if not parameter and word.endswith(("_id", "_uuid", "_key")):
            yield name, "is the first that is an id", "guess"


def has_key(flat: Flat, noun: str) -> bool:
    """Whether a resource has a property that is certainly its id."""
    short = last_word(noun)
    sure = {*_SURE, f"{noun}_id", f"{short}_id", f"{short}_key", f"{short}_uuid"}
    return any((snake_case(name) or name) in sure for name in flat.properties)


def _names(schemas: Schemas, schema: Any) -> bool:
    """Whether a property can be an id; objects, arrays and booleans can't."""
    types = schemas.types(schema)
    return not types or bool({"string", "integer", "number"} & set(types))


_PARTS = bag(
    "data item result resource entity object attributes properties metadata meta summary info "
    "details identifier"
)
# Nested objects about another entity of the same kind.
_OTHERS = bag("previous prev next parent last first original source target related")
_ID_WORDS = (("id",), ("uuid",), ("guid",), ("identifier",))


class Drafted(Protocol):
    """What this module needs of a draft resource."""

    items: list[Route]
    lists: list[Facts]
    creates: list[Facts]

    @property
    def noun(self) -> str: ...

    @property
    def route(self) -> Route: ...


def key_in(survey: Survey, draft: Drafted, flat: Flat) -> tuple[str, Because | None]:
    """The id property suggested by the path parameters: the resource's own, else one of a longer
    path."""
    names = survey.names(draft.items) or [""]
    found = (_key_of(survey, flat, draft.noun, name) for name in names)
    known = next((one for one in found if one[0]), None)
    if known is None or (known[1] is not None and known[1].confidence != "certain"):
        known = _patterned_key(survey, draft, flat) or known
    return known or _described_key(survey, draft, flat)


def natural_key(survey: Survey, draft: Drafted, flat: Flat) -> tuple[str, Because | None]:
    """The property by which people name an entity, if a create must send it, or if only the server
    can have chosen it: the `orderNumber` that no create sends."""
    bodies = [survey.flat(facts.body) for facts in draft.creates if facts.body]
    if draft.items and bodies:
        for name in _named_by_people(survey, draft, flat):
            if all(name in body.required for body in bodies):
                return name, Because(f"a create must say its `{name}`", "guess")
            if not any(name in body.properties for body in bodies):
                return name, Because(f"only the server can have chosen `{name}`", "guess")
    return "", None


def _named_by_people(
    survey: Survey, draft: Drafted, flat: Flat, words: Set[str] = _NATURAL
) -> list[str]:
    """The properties by which people name an entity: its `code`, its `order_number`."""
    short = last_word(draft.noun)
    heads = ("", f"{draft.noun}_", f"{short}_")
    wanted = {f"{head}{word}" for head in heads for word in words}
    return [
        name
        for name, schema in flat.properties.items()
        if snake_case(name) in wanted and _names(survey.schemas, schema)
    ]


def _patterned_key(survey: Survey, draft: Drafted, flat: Flat) -> tuple[str, Because | None] | None:
    """The property with the pattern of what names the entity, if it is the only one, or the only
    one that is called like an id: `fleet` is the `arn`, `arn:...`."""
    flat_of = survey.schemas.flat
    for route in draft.items:
        for facts in survey.by_steps.get(route.steps, {}).values():
            for parameter, pointer in said(survey, facts):
                pattern = survey.schemas.flat_at(pointer).rules.get("pattern")
                if pattern is None or not route.names or parameter != route.names[-1]:
                    continue
                alike = [
                    name
                    for name, schema in flat.properties.items()
                    if flat_of(schema).rules.get("pattern") == pattern
                ]
                usual = [name for name in alike if (snake_case(name) or name) in (*_USUAL, *_LAST)]
                for names in (alike, usual):
                    if len(names) == 1:
                        why = f"`{names[0]}` has the pattern of `{parameter}`"
                        return names[0], Because(why, "likely")
    return None


def _described_key(survey: Survey, draft: Drafted, flat: Flat) -> tuple[str, Because | None]:
    """The id property by the text of a path parameter whose name leads nowhere: `{tag_id}`, "the
    name of the tag"."""
    for route in draft.items:
        for parameter in _of_item(survey, route):
            words = _CALLED_BY.match(parameter.description)
            name = words and words[1].lower()
            if name and name in flat.properties and _names(survey.schemas, flat.properties[name]):
                why = f"`{parameter.name}` is the `{name}`, its description says"
                return name, Because(why, "likely")
    return "", None


def _of_item(survey: Survey, route: Route) -> Iterator[Parameter]:
    """The path parameter that names the entity, as each operation at this path has it."""
    for facts in survey.by_steps.get(route.steps, {}).values():
        for parameter in facts.operation.parameters:
            if parameter.place == "path" and parameter.name == route.names[-1]:
                yield parameter


def _key_of(survey: Survey, flat: Flat, noun: str, name: str) -> tuple[str, Because | None]:
    question = id(flat), noun, name
    known = survey.keys.get(question)
    if known is None:
        # With the schema, so that its id stays its own.
        known = survey.keys[question] = flat, key_of(survey.schemas, flat, noun, name)
    return known[1]


def few_names(survey: Survey, draft: Drafted, flat: Flat, key: str) -> bool:
    """Whether the ids are a short documented list (`/policies/{default}`), the same under each
    parent."""
    if key and survey.schemas.flat(flat.properties[key]).values is not None:
        return True
    return any(
        survey.schemas.flat(parameter.schema).values is not None
        for route in draft.items
        for parameter in _of_item(survey, route)
    )


def sent_as(survey: Survey, draft: Drafted, flat: Flat, key: str) -> str | None:
    """The property of a create that names what exists already and is put in: `GroupSid` of a
    group, whose id is its `sid`."""
    short = last_word(draft.noun)
    wanted = {f"{one}_{'_'.join(tokens(key))}" for one in (draft.noun, short)} if key else set()
    for facts in draft.creates:
        for name in survey.flat(facts.body).required if facts.body else ():
            if snake_case(name) in wanted and name not in flat.properties:
                return name
    return None


_NAMING = bag("name slug username login email handle code symbol alias key unique_name title")
_CALLED = "name|slug|username|login|email|handle|code|symbol|alias|key"
_ARTICLE = r"(?:the |its |an? )?(?:\w+ )?"
_CALLED_BY = re.compile(
    rf"\s*(?:(?:Required|Optional|Deprecated)\. )*{_ARTICLE}({_CALLED}) (?:of|for)\b", re.IGNORECASE
)
_OTHERWISE = re.compile(
    rf"\bor {_ARTICLE}({_CALLED})\b|\b({_CALLED}|unique_?name)s? or {_ARTICLE}(?:uu|s|u)?id\b",
    re.IGNORECASE,
)


def other_names(
    survey: Survey, draft: Drafted, flat: Flat, key: str, holder: str | None
) -> tuple[str, ...]:
    """The other properties that a path may use to name an entity (`{idOrName}`), also within its
    holder: `attributes.slug` for `{member_slug}`."""
    words: set[str] = set()
    said: set[str] = set()
    for route in draft.items:
        last = tokens(route.names[-1])
        if _is_name(survey, draft, flat, key, route):
            words |= _NAMING
        if "or" in last or (len(last) > 1 and last[-1] in _NAMING):
            words |= set(last) & _NAMING
        for parameter in _of_item(survey, route):
            for match in _OTHERWISE.finditer(parameter.description):
                words |= {word.lower() for word in match.groups() if word}
        said |= ids_said(survey.at(route.steps, "GET"))
    parameters = [one for one in survey.names(draft.items) if not spells(one, key, draft.noun)]
    found = []
    for name, schema in flat.properties.items():
        spelled = tokens(name)
        ending = singular(spelled[-1]) if spelled else ""
        naming = name.lower() in said or (ending in words and len(spelled) <= 2)
        if not naming and any(spells(one, name, draft.noun) for one in parameters):
            naming = _names(survey.schemas, schema)
        if name != key and naming:
            found.append(name)
    if key and holder is not None and not found:
        held = survey.schemas.flat(flat.properties[holder]).properties
        for one in parameters:
            found += [f"{holder}.{n}" for n in held if n != key and spells(one, n, draft.noun)]
    if not key and not found and any(_says_id(draft, route) for route in draft.items):
        found = _named_by_people(survey, draft, flat, _PEOPLES)[:1]
    return tuple(found)


def _says_id(draft: Drafted, route: Route) -> bool:
    """Whether a path parameter is called like an id, or like the entity."""
    words = tokens(route.names[-1])
    return words[-1:] in _ID_WORDS or words == tokens(draft.noun)


def _is_name(survey: Survey, draft: Drafted, flat: Flat, key: str, route: Route) -> bool:
    """Whether a path has a text where the id is a number: `/tags/{tag}`."""
    own = set(survey.schemas.types(flat.properties[key])) if key in flat.properties else set()
    if not own or own - {"integer", "number"} or tokens(route.names[-1])[-1:] in _ID_WORDS:
        return False
    parameters = _of_item(survey, route)
    return any(set(survey.schemas.types(one.schema)) == {"string"} for one in parameters)


def returned_id_path(survey: Survey, draft: Drafted, ref: str, key: str | None) -> Path:
    """Where a response (with its schema at `ref`) holds the id of the entity; () if nowhere.

    It is under `key`, under the name of a summary (`groupName` for `billingGroupName`), or one
    level deeper (`Attachment.AttachmentId`).
    """
    flat = survey.flat(ref)
    if key and key in flat.properties:
        return (key,)
    found, _ = key_in(survey, draft, flat)
    short = last_word(draft.noun)
    found = found or next((name for name in flat.properties if is_id_of_new(name, short)), "")
    if found:
        return (found,)
    for name, schema in flat.properties.items():
        inner = survey.schemas.flat(schema)
        if not inner.properties or "array" in inner.types or _OTHERS & set(tokens(name)):
            continue
        found, _ = key_in(survey, draft, inner)
        named = any(tokens(found) == tokens(one) for one in survey.names(draft.items))
        if found and (_about(name, draft.noun) or (named and len(tokens(found)) > 1)):
            return name, found
    return ()


def place_of_id(
    survey: Survey, draft: Drafted, facts: Facts, resource: Resource, made: bool
) -> tuple[Path, str | None]:
    """Where the response of an operation holds the id of the entity, with its schema there.

    () if it is where the resource has it. `made`: the response is about a new entity, so an only id
    in it is that of the entity.
    """
    if not facts.ref:
        return (), None
    key, own_properties = resource.identity.key, survey.flat(resource.schema).properties
    found = returned_id_path(survey, draft, facts.ref, key)
    if key and found != (key,) and found[:1] and found[0] in own_properties:
        # A name beside the id is no id, even where a response leaves the id out.
        found = () if tokens(found[0])[-1:] == ("name",) else found
    if found[:1] and found[0] in resource.identity.more and key:
        # A second id that a create tells beside the key: `{"report_token": ..., "report_id": ...}`.
        told = (survey.flat(one.ref).properties for one in draft.creates)
        found = () if any({key, found[0]} <= each.keys() for each in told) else found
    if not found and made:
        only = only_id(survey, facts)
        found = (only,) if only and only not in own_properties else ()
    place = _schema_at(survey, facts.ref, found)
    own = found == (resource.identity.key,) and place == _schema_at(survey, resource.schema, found)
    return ((), None) if own else (found, place)


def _schema_at(survey: Survey, pointer: str | None, path: Path) -> str | None:
    """The place of the schema of a nested property; None if the document doesn't describe it."""
    place = survey.schemas.along(pointer or None, path) if path else None
    return survey.schemas.canonical(place) if place else None


def _about(name: str, noun: str) -> bool:
    """Whether a property holds the entity: `data`, or the name of the resource."""
    words = tokens(name)
    own = last_word(noun)
    return bool(words) and (words[-1] in _PARTS or "_".join(words) in (noun, own))


def only_id(survey: Survey, facts: Facts) -> str:
    """The one id in a response, whatever its name (`{"lockId": ..., "since": ...}`), that the
    client didn't send, in the body or in the path; of what was accepted also its `token`."""
    sent = {*parameters_of(facts.operation.path)}
    sent |= set(survey.flat(facts.body).properties) if facts.body else set()
    names = [
        name
        for name, schema in survey.flat(facts.ref).properties.items()
        if tokens(name)[-1:] in _ID_WORDS
        and name not in sent
        and not {"object", "array", "boolean"} & set(survey.schemas.types(schema))
    ]
    if not names and facts.operation.success == 202:
        names = [name for name in (receipt_id(survey, facts) or ())[-1:] if name not in sent]
    return names[0] if len(names) == 1 else ""


def more_ids(
    survey: Survey, draft: Drafted, schema: str | None, key: str, nouns: Collection[str]
) -> dict[str, str]:
    """The other ids that the server assigns to a new entity, with the places of their schemas.

    These are its id under a second name (`buildId`), and ids in a create's response that no other
    path of the document uses (`conversation_uuid`).
    """
    short = last_word(draft.noun)
    own = {*_SURE[:-1], "id"} | {f"{one}_{word}" for one in (draft.noun, short) for word in _SURE}
    shown = {schema, *(one.ref for one in draft.lists)}
    found: dict[str, str] = {}
    for facts in draft.creates:
        sent = (
            {tokens(name) for name in survey.flat(facts.body).properties} if facts.body else set()
        )
        returned = returned_id_path(survey, draft, facts.ref, key or None)
        for place in dict.fromkeys((facts.ref, schema)):
            for name, one in survey.flat(place).properties.items() if place else ():
                words, flat = tokens(name), survey.schemas.flat(one)
                alone = place == facts.ref and place not in shown and words[-1:] in _ID_WORDS
                stranger = not (_OTHERS & set(words)) and "_".join(words[:-1]) not in nouns
                if (
                    name == key
                    or (name,) == returned
                    or words in sent
                    or not _names(survey.schemas, one)
                ):
                    continue
                told = words[-1:] in _ID_WORDS and stranger and says_own_id(one, short)
                if "_".join(words) in own or told or (alone and stranger and not flat.nullable):
                    where = survey.schemas.place(place or "", name)
                    if where is not None:
                        found.setdefault(name, where)
    return found


def learnt(survey: Survey, draft: Drafted, schema: str | None, client_key: bool) -> bool:
    """Whether a client can learn an id: from a list, from the response of a create, or because it
    chose it."""
    if client_key or any(_lists_ids(survey, draft, one, schema) for one in draft.lists):
        return True
    return any(_returns_id(survey, draft, one) for one in draft.creates)


def _lists_ids(survey: Survey, draft: Drafted, listing: Facts, schema: str | None) -> bool:
    """Whether the items of a list hold their ids.

    An item that is not an object is its own id; one without a described schema shows everything
    known of the entity (`schema`). Entities that nobody can create and that have no schema are
    never listed.
    """
    if not schema and not draft.creates:
        return False
    ref = listing.ref
    flat = survey.flat(ref)
    if not flat.types and not flat.properties:
        ref, flat = schema or "", survey.flat(schema)
    plain = bool(flat.types) and not {"object", "array"} & set(flat.types)
    return plain or bool(returned_id_path(survey, draft, ref, None))


def _returns_id(survey: Survey, draft: Drafted, made: Facts) -> bool:
    response = made.operation.response_for(made.operation.success)
    if response is not None and any(name.lower() in LEADING for name in response.headers):
        return True
    if not made.ref:
        return False
    if next(leading(survey.schemas, made.ref), None) is not None:
        return True
    flat = survey.flat(made.ref)
    if "object" not in flat.types:
        # The id alone.
        return not flat.types or bool(set(flat.types) & {"string", "integer", "number"})
    return bool(returned_id_path(survey, draft, made.ref, None) or only_id(survey, made))
