"""What a client sends is stored unchanged, or rejected with the reason; it is never replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from mockserver.engine.generation.unions import alternatives, best, is_a, may_be_null, ranked
from mockserver.engine.generation.values import contains
from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.field_roles import kinds
from mockserver.engine.inferred.reference_names import alike, under_other_names
from mockserver.errors import Conflict, Invalid
from mockserver.inference.parts import has_properties, properties_of
from mockserver.inference.resource_model import FIRST, Resource
from mockserver.inference.words import last_word, noun, singular, tokens
from mockserver.openapi.model import Operation, Violation
from mockserver.openapi.schemas.flat import TYPES
from mockserver.openapi.schemas.resolved import Flat, Schemas

_OF_OBJECTS = ("additionalProperties", "unevaluatedProperties")
_IDS = {("id",), ("uuid",), ("guid",), ("key",)}
_ENDINGS = ("address", "url", "uri", "number", "value", "name", "date", "at", "text")
_ENDINGS_OF = {
    **dict.fromkeys(("from", "to", "cc", "bcc", "sender", "recipient"), ("email", "address")),
    **dict.fromkeys(("html", "text", "plain"), ("content", "body", "part")),
}
"""The same for single words of messages: `from_email` for `from`, `html_content` for `html`."""
_TEXTS = (("name",), ("description",), ("title",), ("label",))
_FLAGS = {"true": True, "false": False}
_KEYS = ("id", "sid", "uuid", "guid")
_ENDS_OF_IDS = {(key,) for key in _KEYS}
_DEEPEST = 8


def accepted(
    schemas: Schemas,
    resource: Resource,
    sent: Mapping[str, Any],
    before: Mapping[str, Any] | None = None,
    asked: str | None = None,
) -> dict[str, Any]:
    """The request's data without `readOnly` properties, under the names of the resource. `before`
    is the entity that it changes, `asked` the place of the schema of what is sent."""
    own = best(schemas, resource.shape, sent).properties if resource.shape else {}
    asked = asked or resource.request
    requested = best(schemas, asked, sent).properties if asked else {}

    # The request's own description wins.
    kept = _without(
        schemas, {**own, **requested}, sent, lambda flat: flat.notes.read_only, ids=True
    )
    return under_own_names(schemas, resource, own, kept, before or {})


def place_asked(call: Call) -> str | None:
    """The place of the schema of the entity in the request."""
    body, schemas = call.operation.body, call.context.schemas
    media = body.content.get(call.request.media_type) if body is not None else None
    place = media.pointer if media is not None else None
    for step in call.action.request.at:
        if place is not None:
            place = schemas.place(schemas.main(place), None if step == FIRST else step)
    return place


def completed(
    schemas: Schemas, place: str, before: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """The changed properties, in which objects keep what the request can't say of them.

    `place` is that of the schema of what is sent.
    """
    found = dict(given)
    for name, value in given.items():
        old, inner = before.get(name), schemas.place(schemas.main(place), name)
        if inner is None or not isinstance(value, Mapping) or not isinstance(old, Mapping):
            continue
        said = schemas.flat_at(inner).properties
        kept = {
            own: one
            for own, one in old.items()
            if own not in value and (own not in said or schemas.flat(said[own]).notes.read_only)
        }
        if said:
            found[name] = {**kept, **completed(schemas, inner, old, value)}
    return found


def asked_in_query(call: Call) -> dict[str, Any]:
    """The properties of the entity that are in the query."""
    schemas, properties = call.context.schemas, call.context.flat(call.resource).properties
    own, query = {tokens(name): name for name in properties}, call.request.query
    sent = set(call.request.body) if isinstance(call.request.body, Mapping) else set()
    makes = call.action.kind == "create"
    if not makes or call.action.elsewhere:
        sent.add(call.resource.identity.key or "")
    found = {}
    for parameter in call.operation.parameters:
        name, called = own.get(tokens(parameter.name)), parameter.name
        if parameter.place != "query" or query.get(called) is None or name in sent:
            continue
        if name is None:
            # Not under its own name: see `under_other_names`.
            refers = makes and parameter.required and alike(properties, called)
            name = called if refers else None
        elif (wanted := kinds(schemas, parameter.schema)) and not (
            wanted & kinds(schemas, properties[name])
        ):
            continue  # `?rrsets=true` asks for an array that the entity has
        if name is not None:
            found[name] = query[called]
    return found


def under_own_names(
    schemas: Schemas,
    resource: Resource,
    own: Mapping[str, Any],
    sent: Mapping[str, Any],
    before: Mapping[str, Any],
) -> dict[str, Any]:
    """Rename properties as responses call them (`FriendlyName` -> `friendly_name`).

    Properties that responses nest in a part of the entity (`attributes`) are merged into that part
    of `before`. `own` are the properties of the entity.
    """
    if not own:
        return dict(sent)
    holder = resource.holder if resource.holder not in sent else None
    spelt = {tokens(name): name for name in own}
    part = own[holder] if holder is not None and holder in own else {}
    held = {tokens(name): name for name in properties_of(schemas, part)}
    free = {words: name for words, name in spelt.items() if name != resource.identity.key}
    texts = {name for name in own if "string" in (schemas.types(own[name]) or ("string",))}
    inner: dict[str, Any] = {}
    found: dict[str, Any] = {}
    for name, value in sent.items():
        words = tokens(name)
        if (
            words in held
            and name != resource.identity.key
            and _takes(schemas, part, held[words], value)
        ):
            inner[held[words]] = value
        elif name not in own and words in spelt and spelt[words] not in sent:
            found[spelt[words]] = value
        elif name not in own and (
            (longer := _longer(words, free, sent, value) or _of_noun(words, free, sent, resource))
            is not None
            and (longer in texts or not isinstance(value, str))
        ):
            found[longer] = value
        elif name not in own and len(sent) == 1 and _is_called(words, resource):
            # `{"label": "red"}` makes a label whose only text is its `value`.
            found[_only_text(schemas, resource, own) or name] = value
        else:
            found[name] = value
    others = {name: one for name, one in own.items() if name != resource.identity.key}
    found |= dict(under_other_names(schemas, others, found))
    _read_flags(schemas, own, found)
    found |= dict(_choices(schemas, own, found))
    strange = found.keys() - own.keys()
    if len(strange) > 1 and not inner:
        # What one part alone has (`HostConfig`) is said of that.
        parts_ = (n for n in own.keys() - found.keys() if has_properties(schemas, own[n]))
        having = [n for n in parts_ if _has(schemas, own[n], {s: found[s] for s in strange})]
        if len(having) == 1:
            holder = having[0]
            inner = {name: found.pop(name) for name in sorted(strange)}
    if inner and holder is not None:
        known = before.get(holder)
        found[holder] = {**(known if isinstance(known, Mapping) else {}), **inner}
    return found


def _read_flags(schemas: Schemas, own: Mapping[str, Any], found: dict[str, Any]) -> None:
    """Read flags that are sent as texts: `{"locked": "true"}`."""
    for name in found.keys() & own.keys():
        value = found[name]
        if isinstance(value, str) and set(schemas.types(own[name])) - {"null"} == {"boolean"}:
            found[name] = _FLAGS.get(value.lower(), value)


def _choices(
    schemas: Schemas, own: Mapping[str, Any], found: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    """The values of lists that are sent alone, where the entity shows them with their labels:
    `{"status": {"value": "active", "label": "Active"}}`."""
    for name in found.keys() & own.keys():
        value, flat = found[name], schemas.flat(own[name])
        if isinstance(value, list | Mapping) or set(flat.types) - {"null"} != {"object"}:
            continue
        lists = {one: schemas.flat(inner).values or [] for one, inner in flat.properties.items()}
        having = [one for one, values in lists.items() if value in values]
        if len(having) == 1:
            place = lists[having[0]].index(value)
            alike = [n for n, values in lists.items() if len(values) == len(lists[having[0]])]
            yield name, {n: lists[n][place] for n in alike}


def _is_called(words: tuple[str, ...], resource: Resource) -> bool:
    """Whether these words are the noun of a resource."""
    return "_".join(words) in (resource.noun, last_word(resource.noun))


def _only_text(schemas: Schemas, resource: Resource, own: Mapping[str, Any]) -> str | None:
    """The only property beside the id, if it is a text."""
    others = [name for name in own if name != resource.identity.key]
    texts = [name for name in others if "string" in schemas.types(own[name])]
    return texts[0] if len(others) == 1 and texts else None


def _has(schemas: Schemas, part: Any, sent: Mapping[str, Any]) -> bool:
    """Whether a part has all these properties, and its enums allow their values."""
    return sent.keys() <= schemas.flat(part).properties.keys() and all(
        _takes(schemas, part, name, value) for name, value in sent.items()
    )


def _takes(schemas: Schemas, part: Any, name: str, value: Any) -> bool:
    """Whether an enum of the property allows the value, in any branch; true without an enum."""
    flat = schemas.flat(part)
    kinds_ = [flat, *(schemas.flat(branch) for branches in flat.choices for branch in branches)]
    listed = [schemas.flat(one.properties[name]).values for one in kinds_ if name in one.properties]
    return any(values is None or value in values for values in listed)


def _longer(
    words: tuple[str, ...],
    spelt: Mapping[tuple[str, ...], str],
    sent: Mapping[str, Any],
    value: Any,
) -> str | None:
    """The only property whose name begins with these words and ends in what the value is:
    `ReplyToEmailAddress` for `ReplyToEmail`, `sim_sid` for `Sim`; or the one that gets a new
    value: `label` for `newLabel`."""
    ends: tuple[str, ...] = _ENDINGS if len(words) > 1 else ()
    if len(words) == 1 and isinstance(value, str):
        ends = _ENDINGS_OF.get(words[0], ())
    ends = (*ends, *_KEYS) if isinstance(value, str | int) else ends
    found = [
        name
        for other, name in spelt.items()
        if other[:-1] == words and other[-1] in ends and name not in sent
    ]
    if not found and words[:1] == ("new",) and words[1:] in spelt:
        found = [name for name in (spelt[words[1:]],) if name not in sent]
    return found[0] if len(found) == 1 else None


def _of_noun(
    words: tuple[str, ...],
    spelt: Mapping[tuple[str, ...], str],
    sent: Mapping[str, Any],
    resource: Resource,
) -> str | None:
    """The property that is called so with or without the noun of the entity: `Name` of an agent for
    `AgentName`, `JobDescription` of a job for `Description`."""
    about = tokens(last_word(resource.noun.rsplit(".", 1)[-1]))
    without = words[len(about) :] if words[: len(about)] == about else ()
    wanted = (*about, *words) if words in _TEXTS else without if without in _TEXTS else ()
    name = spelt.get(wanted)
    return name if name not in sent else None


def kept_or_refused(
    call: Call, resource: Resource, made: dict[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """The new entity, checked to contain everything the client sent.

    Raises Invalid, or Conflict if the operation lists only that, where the resource can't be shown
    with it. What the document describes differently in requests and responses (an id here, an
    object there) is shown as in responses.
    """
    if resource.shape is None:
        return made
    values, operation = call.context.values, call.operation
    schemas = values.schemas
    flat = best(schemas, resource.shape, given)
    given = _without(schemas, flat.properties, given, lambda flat: flat.notes.write_only)
    missing = [n for n, v in given.items() if v is None and n in flat.required]
    present = {n: v for n, v in given.items() if v is not None or n in made or n in missing}
    if contains(made, present):
        return made
    check = values.check(resource.shape)
    merged = overlaid(made, present)
    if check.is_valid(merged):
        return dict(merged)
    violations = check.violations(merged)
    unnamed = {v.where[0] for v in violations if v.keyword in _OF_OBJECTS and len(v.where) == 1}
    pointers = _descriptions(resource, operation)
    faults = [
        violation
        for violation in violations
        if violation.where
        and violation.where[0] in present.keys() - unnamed
        and not _is_described_otherwise(schemas, pointers, violation, resource.holder)
    ]
    if faults and call.world.leniency.validate == "strict":
        raise _refusal(call, faults, resource.holder)
    rest = overlaid(made, {n: v for n, v in present.items() if n not in unnamed})
    return dict(rest) if check.is_valid(rest) else made


def _refusal(call: Call, faults: Sequence[Violation], holder: str | None) -> Invalid | Conflict:
    documented = call.operation.documented
    above = ("body", *(step for step in call.action.request.at if step != FIRST))
    sent = call.sent if isinstance(call.sent, Mapping) else {}
    violations = [
        Violation((*above, *where), v.keyword, v.message, v.value, v.limit, v.schema)
        for v in faults
        for where in [v.where[1:] if v.where[0] == holder not in sent else v.where]
    ]
    message = "The resource would not fit its schema."
    if 409 in documented and not documented & {400, 422}:
        return Conflict(message, violations=violations)
    return Invalid(message, violations=violations)


def overlaid(whole: Any, part: Any) -> Any:
    """The value updated with a part; objects keep properties that the part doesn't have."""
    if isinstance(part, Mapping) and isinstance(whole, Mapping):
        return {**whole, **{n: overlaid(whole.get(n), v) for n, v in part.items()}}
    if isinstance(part, list) and isinstance(whole, list) and len(whole) == len(part):
        return [overlaid(*pair) for pair in zip(whole, part, strict=True)]
    return part


def _without(
    schemas: Schemas,
    described: Mapping[str, Any],
    sent: Mapping[str, Any],
    hidden: Callable[[Flat], bool],
    *,
    ids: bool = False,
    depth: int = 0,
) -> dict[str, Any]:
    """What is sent without the properties, and the properties of its parts, whose schemas are
    `hidden`. With `ids`, those that name a part (`owner.id`) stay."""
    found = {}
    for name, value in sent.items():
        schema = described.get(name)
        is_id = ids and depth > 0 and tokens(name)[-1:] in _IDS
        if schema is None or is_id:
            found[name] = value
        elif not hidden(schemas.flat(schema)):
            found[name] = _part_without(schemas, schema, value, hidden, ids, depth + 1)
    return found


def _part_without(
    schemas: Schemas,
    schema: Any,
    value: Any,
    hidden: Callable[[Flat], bool],
    ids: bool,
    depth: int,
) -> Any:
    """The same for one value: an object or an array of them."""
    if depth > _DEEPEST or not isinstance(value, Mapping | list):
        return value
    flat = schemas.flat(schema)
    if flat.choices:
        branches = flat.choices[0]
        flat = schemas.choose(flat, branches, ranked(schemas, flat, branches, value)[0])
    if isinstance(value, Mapping):
        return _without(schemas, flat.properties, value, hidden, ids=ids, depth=depth)
    items = flat.arrays.items
    if items is None:
        return value
    return [_part_without(schemas, items, one, hidden, ids, depth) for one in value]


def _descriptions(resource: Resource, operation: Operation) -> list[str]:
    """The request schemas of the resource: in this operation and in its create."""
    content = operation.body.content.values() if operation.body is not None else ()
    own = [media.pointer for media in content if media.pointer]
    return [*own, *([resource.request] if resource.request else ())]


def _is_described_otherwise(
    schemas: Schemas, pointers: Sequence[str], violation: Violation, holder: str | None
) -> bool:
    """Whether requests describe this place differently from responses, which may have it in
    another part of the entity, the `holder`; or have a name for an id: `Sim` for `sim_sid`."""
    first = tokens(violation.where[0]) if isinstance(violation.where[0], str) else ()
    for pointer in pointers:
        asked = {tokens(name) for name in schemas.flat_at(pointer).properties}
        if first[-1:] in _ENDS_OF_IDS and first not in asked and first[:-1] in asked:
            return True
        place = _described(schemas, pointer, violation.where)
        if place is None and violation.where[0] == holder:
            place = _described(schemas, pointer, violation.where[1:])
        if place is not None and _differs(schemas, place, violation):
            return True
    return False


def _differs(schemas: Schemas, place: str, violation: Violation) -> bool:
    """Whether a schema of requests lacks the rule that a value breaks in responses."""
    if violation.keyword in _OF_OBJECTS:
        return True  # it is sent, and never shown
    if violation.value is None and may_be_null(schemas, schemas.at(place)):
        return True
    if _is_listed(schemas, place, violation.value):
        return True  # a word that stands for something: "" unsets
    flat = schemas.flat_at(place)
    match violation.keyword:
        case "type":
            limit = violation.limit
            types = {limit} if isinstance(limit, str) else set(limit or ())
            types |= {"integer", "number"} if types & {"integer", "number"} else set()
            others = _kinds(schemas, place)
            fits = any(is_a(kind, violation.value) for kind in others)
            # An id there may be an object here, a text may be a list of parts.
            return fits and bool(types & {"object", "array"} or not types & others)
        case "format" | "pattern":
            return flat.rules.get(violation.keyword) not in (None, violation.limit)
        case "enum":
            if flat.values and violation.value in flat.values:
                return True
            # A boolean, shown as "true" or "false".
            others, listed = _kinds(schemas, place), violation.limit or ()
            return bool(others) and not any(is_a(kind, v) for kind in others for v in listed)
        case "oneOf" | "anyOf":
            # A value that fits several branches can be shown with its discriminator.
            return "more than one" in violation.message or bool(flat.types and not flat.choices)
    return False


def _is_listed(schemas: Schemas, pointer: str, value: Any) -> bool:
    """Whether the value is in the enum of one branch of a union, whose other branches have none."""
    every = list(alternatives(schemas, schemas.at(pointer)))
    listed = [flat.values for flat in every if flat.values is not None]
    return len(listed) < len(every) and any(value in values for values in listed)


def _kinds(schemas: Schemas, pointer: str) -> set[str]:
    """The types that a schema allows, also by the values of an enum."""
    every = list(alternatives(schemas, schemas.at(pointer)))
    listed = [value for flat in every if not flat.types for value in flat.values or ()]
    found = {kind for flat in every for kind in flat.types}
    return found | {kind for kind in TYPES for value in listed if is_a(kind, value)}


def _described(schemas: Schemas, pointer: str, where: Sequence[str | int]) -> str | None:
    here: str | None = pointer
    for step in where:
        if here is None:
            return None
        inside = schemas.place(here, None if isinstance(step, int) else step)
        if inside is None and isinstance(step, str):
            # Enums may be spelled differently: `Sandbox` is shown as `sandbox`.
            names = schemas.flat_at(here).properties
            # Or with the name of the resource: `track[title]`.
            called = {tokens(name.partition("[")[2] or name): name for name in names}
            alike = called.get(tokens(step))
            inside = schemas.place(here, alike) if alike is not None else None
        here = inside
    return here


def kind_by_name(call: Call) -> dict[str, Any]:
    """The property that says of which kind the started work is, where one of its values is called
    like the operation: `"type": "sync"` of `/connections/sync`."""
    schemas, resource = call.context.schemas, call.resource
    said = [tokens(step) for step in call.operation.url_path.split("/") if "{" not in step]
    states = resource.states
    for name, schema in call.context.flat(resource).properties.items():
        values = schemas.flat(schema).values or ()
        if tokens(name)[-1:] not in (("type",), ("kind",)):
            continue
        above = noun("_".join(said[-2])) if len(said) > 1 else ""
        named = call.action.elsewhere and above == resource.noun and not values
        if named and "string" in kinds(schemas, schema):  # `POST /exports/activity`
            return {name: "_".join(word for word in said[-1] if word not in ("json", "xml"))}
        if len(values) < 2:
            continue
        if states is not None and name == states.name:
            continue
        for words in (said[-1], *said[:-1]):
            for value in values:
                own = tokens(value) if isinstance(value, str) else ()
                if own and ("".join(own) in _spellings(words) or own[:1] == words):
                    return {name: value}
    return {}


def _spellings(words: Sequence[str]) -> set[str]:
    """A name without spaces, and in the singular."""
    return {"".join(words), "".join((*words[:-1], singular(words[-1])))} if words else set()
