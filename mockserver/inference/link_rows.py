"""Lists whose rows only link others to the entity above or to the caller (`{user_id, role}`,
`{added_at, track}`), and the requests that give, take or set rows at their path:
`PUT /me/tracks?ids=7`, `PATCH /groups/{id}/members` with `{"add": [7], "remove": [8]}`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal

from mockserver.inference.bulk_ids import rows_shown, unwrapped
from mockserver.inference.identifiers import Drafted
from mockserver.inference.model import Action, RequestUse, ResponseUse
from mockserver.inference.operations import Facts, Survey, body_of
from mockserver.inference.paths import Steps
from mockserver.inference.resource_model import FIRST, Because, Path, Resource
from mockserver.inference.verb_words import JOINING, LEAVING
from mockserver.inference.verbs import first_words
from mockserver.inference.words import (
    ID_ENDS,
    about,
    bag,
    last_word,
    names_member,
    noun,
    plural,
    tokens,
)
from mockserver.records import dataclass

How = Literal["add", "remove", "set"]
_IDS = frozenset(("id", "uuid", "uri"))
_SETTING = bag("replace replaces overwrite overwrites set sets")
_KEEPING = JOINING | bag("save follow like star bookmark favorite favourite pin watch subscribe")
_ASKING = bag("contains contain check exists exist includes has")


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """What a request does with the rows that it names in a query parameter, or else at a path in
    its body; `names` are what it calls them there (`user`, or just `id`)."""

    how: How
    names: Mapping[str, Path]
    query: str | None = None
    at: Path = ()

    def place(self, member: Path) -> Path | None:
        """Where the body has the id of one, for rows with that of their entity at `member`."""
        found = [at for name, at in self.names.items() if names_member(member, name)]
        return found[0] if found else None


def links_others(survey: Survey, listing: Facts) -> bool:
    """Whether the rows of a list only link others, and requests at its path name these."""
    called = set(_called(survey, listing))
    sent = names_given(survey, listing)
    return bool(called & sent) or (len(called) == 1 and bool(_IDS & sent))


def only_rows(survey: Survey, draft: Drafted) -> bool:
    """Whether a draft has nothing but lists whose rows link others, which requests name there."""
    lists = [] if draft.creates or draft.items else draft.lists
    return bool(lists) and all(links_others(survey, facts) for facts in lists)


def _called(survey: Survey, listing: Facts) -> Iterator[str]:
    """What the rows of a list call the entities of which they have the ids."""
    for name, schema in survey.flat(listing.ref).properties.items():
        inner = survey.schemas.flat(schema)
        held = not _IDS.isdisjoint(inner.properties) and "array" not in inner.types
        if held or (len(tokens(name)) > 1 and tokens(name)[-1:] in ID_ENDS):
            yield about(name)


def names_given(survey: Survey, listing: Facts) -> set[str]:
    """What the requests at the path of a list call those of whom they give or take a row."""
    return {
        about(name)
        for facts in _requests(survey, listing.route.steps)
        for given in givens(survey, facts, listing.route.steps)
        for name in given.names
    }


def _requests(survey: Survey, steps: Steps) -> Iterator[Facts]:
    """The requests at a path, or with a word for giving or taking behind it."""
    methods = ("POST", "PUT", "PATCH", "DELETE")
    for here in (steps, *((*steps, word) for word in sorted(JOINING | LEAVING))):
        found = survey.by_steps.get(here, {})
        yield from (found[method] for method in methods if method in found)


def givens(survey: Survey, facts: Facts, steps: Steps) -> Iterator[Given]:
    """What a request at the path of a list, or with a word behind it, does with which rows."""
    word = facts.route.last if facts.route.steps != steps else ""
    takes = facts.method == "DELETE" or word in LEAVING
    how: How = "remove" if takes else "add"
    if facts.method == "PUT" and not word and _sets(survey, facts):
        how = "set"
    arrays = dict(_arrays(survey, facts, noun(steps[-1])))
    changes = {name: _change(name) for name in arrays}
    if facts.method != "DELETE" and not word and any(changes.values()):
        for name, (at, names) in arrays.items():
            change = changes[name]
            if change is not None:
                yield Given(change, names, at=at)
        return
    if len(arrays) == 1:
        ((at, names),) = arrays.values()
        instead = [name for name in _asked(facts) if about(name) in {about(one) for one in names}]
        yield Given(how, names, query=instead[0] if len(instead) == 1 else None, at=at)
    elif not arrays and facts.operation.body is None:
        for name in _asked(facts):
            yield Given(how, {name: ()}, query=name)


def _asked(facts: Facts) -> list[str]:
    """The query parameters of a request with ids."""
    query = (one.name for one in facts.operation.parameters if one.place == "query")
    return [name for name in query if tokens(name)[-1:] in _SEVERAL_IDS]


_SEVERAL_IDS = (("ids",), ("uris",), ("uuids",), *ID_ENDS)


def _change(name: str) -> How | None:
    """Whether an array of a request has what is given or taken: `add`, `remove_ids`, `toRemove`."""
    words = set(tokens(name))
    if words & LEAVING or "removed" in words:
        return "remove"
    return "add" if words & JOINING or "added" in words else None


def _sets(survey: Survey, facts: Facts) -> bool:
    """Whether a PUT replaces all rows that there were, rather than giving more."""
    operation = facts.operation
    says = {*first_words(operation.summary), *tokens(operation.id)}
    if says & _SETTING:
        return True
    takes = survey.at(facts.route.steps, "DELETE")
    return not says & _KEEPING and operation.body is not None and (
        takes is None or (takes.operation.body is None and not _asked(takes))
    )  # fmt: skip


def _arrays(
    survey: Survey, facts: Facts, own: str
) -> Iterator[tuple[str, tuple[Path, dict[str, Path]]]]:
    """The arrays of a body by their names (`ids` for the body itself), each with the path of an
    element, and the paths of what an element has, or of itself, by their names. Plain values are
    ids where the array is called like the rows (`own`), or says what to do."""
    media, schemas = body_of(facts.operation), survey.schemas
    if media is None or not media.pointer:
        return
    within, body = unwrapped(survey, media.pointer)
    whole = schemas.place(body, None) if "array" in survey.flat(body).types else None
    places = {"": whole} if whole is not None else dict(schemas.arrays(body))
    for name, place in places.items():
        at = (*within, *((name,) if name else ()), FIRST)
        row = survey.flat(schemas.canonical(place))
        names = {}
        for key, schema in row.properties.items():
            inner = schemas.flat(schema).properties
            held = next((one for one in ("id", "uuid", "uri") if one in inner), None)
            names[key] = (*at, key, held) if held is not None else (*at, key)
        if not row.properties and "object" not in row.types:
            plain = not name or _change(name) or noun(name) in (own, last_word(own))
            names = {"id" if plain else name: at}
        yield name or "ids", (at, names)


def with_link_rows(
    survey: Survey, resources: Mapping[str, Resource], actions: Mapping[str, Action]
) -> dict[str, Action]:
    """The actions, with those that give, take or set rows of such lists, or ask for some."""
    changed = dict(actions)
    for listing in survey.facts:
        action = actions[listing.operation.id]
        resource = resources.get(action.resource or "")
        if action.kind != "list" or resource is None or action.envelope is None:
            continue
        if resource.identity.member is None or listing.method != "GET":
            continue
        for facts in _requests(survey, listing.route.steps):
            found = _changing(survey, facts, listing, action, resource)
            before = changed[facts.operation.id]
            told = found is not None and before.kind == "create" and (
                (found.kind, found.resource, found.request)
                == ("create", before.resource, before.request)
            )  # fmt: skip
            if found is not None and not told:
                changed[facts.operation.id] = replace(found, instead=before.instead)
    return changed


def _changing(
    survey: Survey, facts: Facts, listing: Facts, action: Action, resource: Resource
) -> Action | None:
    """The action of a request on the rows of a list; None if it does not say on which."""
    parts = []
    member = resource.identity.member or ()
    for given in givens(survey, facts, listing.route.steps):
        place = given.place(member)
        if place is None and given.query is None:
            return None
        if place is None:
            continue
        parts.append(_part(facts, action, given, place))
    if not parts:
        return None
    shown = rows_shown(survey, facts, resource) if facts.ref else None
    why = f"{facts.method} of {facts.operation.path}: rows of {plural(resource.noun)} that it names"
    because = (Because(why, "likely"),)
    if len(parts) > 1 or facts.method == "PATCH":
        response = ResponseUse(at=(*shown, FIRST) if shown is not None else ())
        return replace(
            parts[0], kind="sweep", parts=tuple(parts), request=RequestUse(), response=response,
            because=because,
        )  # fmt: skip
    (part,) = parts
    at = (*shown, FIRST) if shown is not None else facts.at if facts.ref == listing.ref else ()
    return replace(part, response=ResponseUse(at=at), because=because)


def _part(facts: Facts, listing: Action, given: Given, place: Path) -> Action:
    takes = given.how == "remove"
    at = place if takes else given.at
    if given.how == "add" and len(given.at) > 1 and given.names == {given.at[-2]: given.at}:
        at = ()  # what is sent beside them is said of each: `{"user_ids": [7], "role": "admin"}`
    use = RequestUse(ids=given.query, at=at, sets=given.how == "set")
    return Action(
        operation=facts.operation.id, kind="sweep" if takes else "create", method=facts.method,
        path=facts.operation.path, resource=listing.resource, parents=listing.parents, request=use,
    )  # fmt: skip


def with_questions(survey: Survey, actions: Mapping[str, Action]) -> dict[str, Action]:
    """The actions, with those that say of each of some ids whether a list has it: `GET
    /me/tracks/contains?ids=7,8` answers `[true, false]`."""
    changed = dict(actions)
    for facts in survey.facts:
        steps = facts.route.steps
        listing = survey.at(steps[:-1], "GET") if facts.method == "GET" and steps else None
        if listing is None or _ASKING.isdisjoint(tokens(steps[-1])):
            continue
        action, at = actions[listing.operation.id], _truths(survey, facts)
        asked = _asked(facts)
        if action.kind != "list" or action.resource is None or at is None or len(asked) != 1:
            continue
        why = Because(f"it says which of `{asked[0]}` are in {listing.operation.path}", "likely")
        changed[facts.operation.id] = replace(
            action, operation=facts.operation.id, kind="fixed", path=facts.operation.path,
            envelope=None, request=replace(action.request, ids=asked[0]),
            response=ResponseUse(at=at), because=(why,), instead=None,
        )  # fmt: skip
    return changed


def _truths(survey: Survey, facts: Facts) -> Path | None:
    """Where a response has its only array, if that is of truths."""
    media, schemas = facts.operation.success_json, survey.schemas
    if media is None or not media.pointer:
        return None
    top = schemas.main(media.pointer)
    whole = schemas.place(top, None)
    places = {(): whole} if whole else {(name,): one for name, one in schemas.arrays(top).items()}
    found = [at for at, one in places.items() if "boolean" in schemas.flat_at(one).types]
    return found[0] if len(found) == len(places) == 1 else None
