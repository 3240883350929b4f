"""The default entity of a collection: `PUT /cards/default` sets it by the id of a card, GET shows
it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from mockserver.inference.by_value import names_of
from mockserver.inference.evidence import WEIGHTS, Maker, Reading
from mockserver.inference.model import Transition
from mockserver.inference.operations import Facts, Survey
from mockserver.inference.paths import ANY, Route, Steps
from mockserver.inference.resource_model import Resource
from mockserver.inference.verb_words import ONLY_ONE
from mockserver.inference.words import bag, last_word, noun, snake_case, tokens

_OTHERS = bag("active current selected")
"""Words that mean one of several only where an operation sets which one it is."""
_VERBS = bag("set get make change update choose select use as switch")
_FEW = 2
"""A request with more properties does not only name an entity."""
_WEIGHT = 2 * WEIGHTS["plain"]


class DefaultReader:
    """Reads operations that set or show the default entity of a collection."""

    def __init__(
        self,
        survey: Survey,
        resources: Mapping[str, Resource],
        collections: Mapping[Steps, str],
        refs: Mapping[str, set[str]],
        make: Maker,
    ) -> None:
        self.survey = survey
        self.resources = resources
        self.refs = refs
        self.make = make
        self._collections = collections
        self._beside: dict[Steps, list[Steps]] = {}
        for steps in collections:
            self._beside.setdefault(steps[:-1], []).append(steps)

    def readings(self, facts: Facts) -> Iterator[Reading]:
        """The reading of an operation, if it sets or shows a default entity."""
        found = self._default_at(facts.route)
        if found is None:
            return
        word, name = found
        resource = self.resources[name]
        sent = self._named(facts, resource, word)
        shows = facts.envelope is None and facts.ref in self.refs[name]
        if facts.operation.method in ("POST", "PUT", "PATCH") and sent is not None:
            flags = dict.fromkeys(self._flags(resource, word), True)
            why = f"it says by `{sent}` which {resource.noun} is the {word} one"
            verb = Transition(word, tuple(flags.items()), same=shows, takes=False)
            action = self.make(
                facts, "transition", why, "likely", resource=name, transition=verb, sent=()
            )
            request = replace(action.request, item_in="body", default=word)
            yield Reading(_WEIGHT, replace(action, item=sent, request=request))
        elif facts.operation.method == "GET" and shows and self._is_said(facts, resource, word):
            why = f"it shows the {resource.noun} that is the {word} one"
            action = self.make(facts, "fetch", why, "likely", resource=name)
            yield Reading(_WEIGHT, replace(action, request=replace(action.request, default=word)))

    def _default_at(self, route: Route) -> tuple[str, str] | None:
        """The word for the default (`default`, `primary`) in a path, and the resource."""
        if not route.verb and (not route.steps or route.steps[-1] == ANY):
            return None
        words = [one for one in tokens(route.verb or route.steps[-1]) if one not in _VERBS]
        home = route.steps if route.verb else route.steps[:-1]
        word = next((one for one in words if one in ONLY_ONE | _OTHERS), None)
        if word is None:
            return None
        rest = noun("_".join(one for one in words if one != word))
        if home in self._collections:
            name = self._collections[home]
            return (word, name) if rest in ("", *self._nouns(name)) else None
        beside = (self._collections[steps] for steps in self._beside.get(home, ()))
        names = [name for name in beside if rest and rest in self._nouns(name)]
        return (word, names[0]) if len(names) == 1 else None

    def _nouns(self, name: str) -> tuple[str, str]:
        about = self.resources[name].noun
        return about, last_word(about)

    def _named(self, facts: Facts, resource: Resource, word: str) -> str | None:
        """The property of a body with the id of an entity; None if the body says more."""
        sent = self.survey.flat(facts.body).properties if facts.body and not facts.sent else {}
        if not sent or len(sent) > _FEW:
            return None
        nouns = (resource.noun, last_word(resource.noun))
        called = {*names_of(resource), *nouns, *(f"{word}_{one}" for one in nouns)}
        called |= {f"{word}_{one}_id" for one in nouns}
        return next((name for name in sent if snake_case(name) in called), None)

    def _flags(self, resource: Resource, word: str) -> list[str]:
        """The flags that an entity has if it is the default: `is_default`."""
        own = self.survey.flat(resource.schema).properties.items()
        wanted = (word, f"is_{word}")
        kinds = self.survey.schemas.kinds
        return [n for n, one in own if snake_case(n) in wanted and "boolean" in kinds(one)]

    def _is_said(self, facts: Facts, resource: Resource, word: str) -> bool:
        """Whether a flag or another operation says which entity is the default."""
        if word in ONLY_ONE and self._flags(resource, word):
            return True
        others = (self.survey.at(facts.route.steps, one) for one in ("PUT", "POST", "PATCH"))
        return any(one is not None and self._named(one, resource, word) for one in others)
