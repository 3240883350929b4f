"""Parameters that filter a list, by what their names, values and descriptions say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Any

from mockserver.engine.inferred.conditions import (
    EVERYTHING,
    Fields,
    Operator,
    condition,
    operator_of,
    searched,
    under,
)
from mockserver.engine.inferred.expressions import Expression, Term, parsed, terms_of
from mockserver.engine.inferred.filter_names import (
    condition_parameters,
    filter_parameters,
    filtered_property,
)
from mockserver.engine.inferred.properties import Properties, means_created
from mockserver.engine.inferred.reference_names import alike
from mockserver.engine.inferred.repository import Entity, Repository, Test
from mockserver.engine.inferred.schedules import code_of
from mockserver.inference.model import Envelope
from mockserver.inference.words import bag, snake_case, tokens
from mockserver.openapi.model import Operation
from mockserver.openapi.schemas.resolved import Flat, Schemas
from mockserver.records import dataclass

Make = Callable[[Any], Test]

_SEARCH = bag("q query search keyword keywords search_term term text filter_text search_query "
              "search_text searchterm find contains s phrase search_string query_string "
              "searchtext search_key free_text full_text name_query")  # fmt: skip
_EXPRESSIONS = bag("filter filters where filter_by filter_query filter_expression conditions "
                   "condition criteria search_criteria query_filter queryfilter filtering "
                   "filter_string rsql fiql predicate")  # fmt: skip
_KINDS = bag("type filter filters state status view show kind scope visibility which mode tab")
_NO_FILTERS = bag(
    "fields include includes expand embed select with format locale language lang api_key key "
    "token access_token callback pretty verbose view version depth radius latitude longitude lat "
    "lng lon timezone time_zone units unit exclude_fields include_fields field attributes "
    "properties facets group_by groupby aggregate preview raw async dry_run output envelope page "
    "per_page limit offset size count sort order include_total populate project projection"
)
_NEAR = bag("latitude longitude lat lng lon long latlng lat_lng location near point")
_DISTANCE = bag("radius distance distance_unit within radius_unit max_distance bbox bounds")
_PARTLY: tuple[tuple[re.Pattern[str], Operator], ...] = (
    (re.compile(r"\b(?:starts? with|begins? with|beginning with|prefix)", re.I), "starts"),
    (re.compile(r"\b(?:contain|somewhere in|part(?:ial)?(?:ly)? (?:of|match)|sub-?string|fuzzy|"
                r"case.insensitive(?:ly)? match|wildcard)", re.I), "like"),
)  # fmt: skip
_SHOWN = bag("include expand embed view format fields show return expanded populate")
"""Words of parameters about what a response shows of each entity."""
_BOUNDS = ("from", "to", "above", "below")
_MOST_PLACES = 3
"""Properties within others that one name may mean, any of them."""
_BACKTICKED = re.compile(r"[`'\"]([\w.]{2,40})[`'\"]")
_LEAVING_OUT = ("exclude_", "without_", "hide_", "skip_", "omit_", "ignore_")
_SHOWING = ("include_", "including_", "with_", "show_", "return_")
HIDDEN = bag("deleted archived discarded include trashed inactive")
"""Words of parameters by which lists have what was deleted softly."""
_BOUND_OF = re.compile(
    r"\b(?:lower|upper) bound\b.{0,20}? (?:for|of|on) (?:an? |the )?[\w ]{2,30}'s "
    r"(\w+(?: \w+)?(?: time| date))\b",
    re.IGNORECASE,
)
_NO = (False, "false", None)
_NOT_BY_DEFAULT = re.compile(r"\bdefaults?\b[\w ]{0,12}[:=]? ?[`'\"]?false\b", re.IGNORECASE)
_NEGATIONS = ("un", "not_", "non_", "no_", "in", "dis")


@dataclass(frozen=True, slots=True)
class Filter:
    """A comparison of one property. `listed` are the values that the document lists for it, by
    their spelling."""

    operator: Operator
    fields: Fields
    listed: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, wanted: Any) -> Test:
        if isinstance(wanted, Mapping):
            tests = [
                condition(operator, self.fields, value)
                for name, value in wanted.items()
                if (operator := operator_of(snake_case(name) or name)) is not None
            ]
            return _all_of(tests)
        if isinstance(wanted, list):
            wanted = [self._meant(one) for one in wanted]
        else:
            wanted = self._meant(wanted)
            every = self.operator == "equal" and str(wanted).lower() in EVERYTHING
            if every and wanted not in self.listed.values():
                return _anyone
            if self.operator in _BOUNDS and isinstance(wanted, str) and ".." in wanted:
                return condition("equal", self.fields, wanted)  # both bounds at once
        return condition(self.operator, self.fields, wanted)

    def _meant(self, wanted: Any) -> Any:
        """The value of the property that is spelled alike: `in-transit` of `IN_TRANSIT`."""
        return self.listed.get(snake_case(wanted), wanted) if isinstance(wanted, str) else wanted

    @property
    def field(self) -> str | None:
        """The property that has to equal the value."""
        first = self.fields[0] if self.operator == "equal" and len(self.fields) == 1 else ()
        return first[0] if len(first) == 1 else None


class Filters:
    """How the parameters of one list filter its entities.

    `properties` are what they are about; `needed` are the parameters without which the list is
    empty, with their properties; `sought` the required search terms.
    """

    def __init__(
        self, schemas: Schemas, operation: Operation, envelope: Envelope, repository: Repository
    ) -> None:
        self._schemas = schemas
        self._repository = repository
        item = envelope.item if envelope.item and not envelope.row else None
        self.properties = Properties(schemas, repository, item)
        self._parents = {snake_case(link.parameter) for link in repository.resource.parents}
        self._makes: dict[str, Make] = {}
        self._unasked: dict[str, Test] = {}
        self.needed: dict[str, str] = {}
        self.sought: set[str] = set()
        self._listed: list[str] = []
        self._asked_by = ""
        wanted = filter_parameters(schemas, operation, envelope)
        own = envelope.paging.names | set(envelope.ordering.names)
        if any(snake_case(name) in _DISTANCE for name, *_ in wanted):
            # Where entities are is compared with no single property.
            own |= {name for name, *_ in wanted if snake_case(name) in _NEAR | _DISTANCE}
        self._apart = condition_parameters(name for name, *_ in wanted)
        own |= {*self._apart.values()}
        for name, schema, required, text in wanted:
            make = self._filter(name, schema, text) if name not in own else None
            if make is None:
                continue
            asked = name not in self._unasked
            self._makes[name] = self._if_meant(make, schema, required) if asked else make
            if schemas.flat(schema).values:
                self._listed.append(name)
            if required:
                key = repository.resource.identity.key
                if isinstance(make, Filter) and make.operator == "equal" and make.field == key:
                    self._asked_by = name
                if isinstance(make, Filter) and make.field is not None and make.field != key:
                    self.needed[name] = make.field
                elif make == self._sought:
                    self.sought.add(name)

    def tests(
        self, query: Mapping[str, Any], but: Iterable[str] = ()
    ) -> tuple[list[Test], dict[str, str]]:
        """The filters of a query, and the fields that have to equal one text."""
        tests: list[Test] = []
        fields: dict[str, str] = {}
        told = {role: query.get(name) for role, name in self._apart.items()}
        if told.get("field") and told.get("value") is not None:
            tests.append(self._expressed({n: v for n, v in told.items() if v is not None}))
        for name, make in self._makes.items():
            value = query.get(name)
            if value is None or name in but or value == "":
                if name in self._unasked and name not in but:
                    tests.append(self._unasked[name])
                continue
            indexed = make.field if isinstance(make, Filter) and self._is_id(make) else None
            if indexed is not None and isinstance(value, str) and "," not in value:
                fields[indexed] = value
            else:
                tests.append(make(value))
        return tests, fields

    def ids(self, query: Mapping[str, Any]) -> list[str]:
        """The ids that a query asks for, where the list has to be asked for by ids."""
        value = query.get(self._asked_by)
        texts = value.split(",") if isinstance(value, str) else value
        return [str(one) for one in texts] if isinstance(texts, list) else []

    def knows(self, name: str) -> bool:
        """Whether a parameter filters."""
        return name in self._makes

    def lacks_value(self, query: Mapping[str, Any]) -> bool:
        """Whether a filter of a query is empty (`?name=`), and so without effect."""
        return any(query.get(name) == "" for name in self._makes)

    def listed(self, query: Mapping[str, Any]) -> dict[str, Any]:
        """The properties of which the query requests one of the values that the document lists."""
        return self.equal_to({name: query.get(name) for name in self._listed})

    def equal_to(self, query: Mapping[str, Any]) -> dict[str, Any]:
        """The properties for which the query has one value, and the values."""
        found = {}
        for name, make in self._makes.items():
            value = query.get(name)
            if isinstance(make, Filter) and make.field is not None and value not in (None, [], ""):
                value = value[0] if isinstance(value, list) else value
                if str(value).lower() not in EVERYTHING:
                    found[make.field] = value
        return found

    def _is_id(self, make: Filter) -> bool:
        """Whether a property is a plain text that holds an id, so that it can be indexed."""
        return (
            make.field is not None
            and snake_case(make.field).endswith("_id")
            and "string" in self.properties.flat(make.fields).types
        )

    def _filter(self, name: str, schema: Any, text: str) -> Make | None:
        spelled = filtered_property(name)
        flat = self._schemas.flat(schema)
        fields = self.properties.named(spelled)
        if snake_case(name) == "filter_groups":  # any of them
            return lambda wanted: self._expressed({"filter_groups": wanted})
        if not fields and (spelled in _EXPRESSIONS or name == "$filter"):
            return self._flags(flat) or self._expressed
        if fields and name.endswith("!"):
            return Filter("differs", fields)
        if fields:
            return self._about(fields, spelled, flat, text)
        if spelled in _SEARCH:
            return self._sought
        if fields := self.properties.alike(spelled):
            return self._about(fields, spelled, flat, text)
        noun, key = self.properties.noun, self._repository.resource.identity.key
        if key is not None and spelled in ("id", "ids", f"{noun}_id", f"{noun}_ids"):
            return Filter("equal", ((key,),))
        if spelled in self._parents:
            return under
        if len(others := alike(self._repository.flat.properties, spelled)) == 1:
            # `projectUuid`, asked for by `project_id`
            return Filter("equal", ((others[0],),))
        if "boolean" in flat.types and len(flat.types) == 1:
            if set(spelled.split("_")) & _SHOWN:
                return self._shows(name, spelled, flat, text)
            return self._switch(spelled)
        found = self._bound(spelled, text)
        if found is not None or spelled in _NO_FILTERS or set(spelled.split("_")) & _SHOWN:
            return found
        if spelled in _KINDS and (flags := self._flags(flat)):
            return flags
        if fields := self.properties.moment(spelled) or self.properties.loose(spelled):
            return self._about(fields, spelled, flat, text)
        if spelled in ("dates", "date_range", "time_range") and (fields := self.properties.when()):
            return Filter("equal", fields)
        if several := self.properties.others(spelled, ()) if flat.values is None else ():
            return Filter("equal", several[:_MOST_PLACES])
        return self._flags(flat) or self._described(text)

    def _about(self, fields: Fields, spelled: str, flat: Flat, text: str = "") -> Make | None:
        """The filter by a property that a parameter names; None if it can have none of the
        parameter's values."""
        target = self.properties.flat(fields)
        if "boolean" in flat.types and target.types and not {"boolean"} & set(target.types):
            return Filter("set", fields)
        ends = {spelled.partition("_")[0], spelled.rpartition("_")[2]}
        bound = next((o for o in map(operator_of, sorted(ends)) if o in _BOUNDS), None)
        if bound is not None and target.rules.get("format") in ("date", "date-time"):
            # `start_date=2020-01-01` asks for what starts from then on.
            return Filter(bound, fields)
        listed = self._values_by_word(fields, target)
        flags = self._flags(flat)
        wanted = {snake_case(str(value)) for value in flat.values or ()}
        if listed and wanted and not wanted & listed.keys():
            for other in self.properties.others(spelled, fields):
                values = self.properties.flat((other,)).values or ()
                listed = {snake_case(str(value)): value for value in values}
                if wanted & listed.keys():
                    return Filter("equal", (other,), listed)
            return flags
        numeric = bool(target.types) and set(target.types) <= {"integer", "number"}
        if numeric and wanted and not any(one.lstrip("-").isdecimal() for one in wanted):
            return flags
        if not listed and "string" in target.types and not flat.values:
            how = next((how for pattern, how in _PARTLY if pattern.search(text)), None)
            if how is not None:
                return Filter(how, fields)
        return Filter("equal", fields, listed)

    def _values_by_word(self, fields: Fields, target: Flat) -> dict[str, Any]:
        """The values of a property by their words, the codes of states also by the states."""
        states, found = self._repository.resource.states, {}
        if states is not None and fields[0][:1] == (states.name,):
            found = {snake_case(one): code_of(states, one) for one in states.known}
        values = (*found.values(), *(target.values or ()))
        return {**found, **{snake_case(str(value)): value for value in values}}

    def _bound(self, spelled: str, text: str = "") -> Make | None:
        """`created_after`, `min_price`, `name_contains`; `from` alone is about the time, or about
        what the description says: "the upper bound for an event's start time"."""
        words = spelled.split("_")
        told = _BOUND_OF.search(text)
        about = self.properties.moment(snake_case(told[1])) if told is not None else ()
        for size in (2, 1):
            for operator_words, rest in (
                (words[-size:], words[:-size]), (words[:size], words[size:]),
            ):  # fmt: skip
                operator = operator_of("_".join(operator_words))
                if operator is None or operator == "set":
                    continue
                if not rest:
                    if operator in _BOUNDS and words[0] not in ("min", "max", "minimum", "maximum"):
                        fields = self.properties.when()
                        return Filter(operator, fields) if fields else None
                    continue
                fields = about if operator in _BOUNDS else ()
                fields = fields or self._known("_".join(rest))
                if not fields and operator in _BOUNDS and means_created("_".join(rest)):
                    fields = self.properties.when()
                if fields:
                    return Filter(operator, fields)
        return None

    def _known(self, spelled: str) -> Fields:
        """The property that a name means, also within an expression."""
        of = self.properties
        head, _, rest = spelled.partition(".")
        if rest and (above := of.named(snake_case(head))):
            path = of.path(spelled)
            return (path,) if path is not None else above
        spelled = snake_case(spelled.rpartition(".")[2])
        key = self._repository.resource.identity.key
        found = of.named(spelled) or of.moment(spelled) or of.alike(spelled)
        if not found and key is not None and spelled in ("id", "ids", f"{of.noun}_id"):
            return ((key,),)
        return found or of.loose(spelled.removesuffix("_filter"))

    def _shows(self, name: str, spelled: str, flat: Flat, text: str) -> Make | None:
        """Whether entities with a flag or in a state are listed as well: `showCompleted`. Where
        the document says that they are not by default, neither are they without a word."""
        start = next((one for one in _SHOWING if spelled.startswith(one)), None)
        shown = self._flag(spelled.removeprefix(start)) if start is not None else None
        if shown is None:
            return None
        others = _but(shown)
        if flat.notes.default is False or _NOT_BY_DEFAULT.search(text):
            self._unasked[name] = others
        return lambda wanted: others if wanted in _NO else _anyone

    def _switch(self, spelled: str) -> Make | None:
        """A boolean about a property that is no boolean: `archived` of `archived_at`."""
        plain = spelled
        if spelled.startswith(_SHOWING) and not HIDDEN.isdisjoint(tokens(spelled)):
            return lambda wanted: _anyone  # they are listed as well
        for prefix in _LEAVING_OUT:
            left = self._flag(plain.removeprefix(prefix)) if plain.startswith(prefix) else None
            if left is not None:
                others = _but(left)  # `exclude_archived`
                return lambda wanted: _anyone if wanted in _NO else others
        for prefix in ("is_", "has_", "with_", "only_"):
            plain = plain.removeprefix(prefix)
        for stem in dict.fromkeys((spelled, plain, plain.removesuffix("_only"))):
            fields = self.properties.named(stem) or self.properties.moment(stem)
            if fields and not means_created(stem):
                return self._about(fields, stem, self._schemas.flat({"type": "boolean"}))
        negated = self._flag(spelled)
        if negated is None:
            return None
        return lambda wanted: (
            negated if wanted not in (False, "false") else lambda one: not negated(one)
        )

    def _flags(self, flat: Flat) -> Make | None:
        """A parameter of which each listed value is a flag or state: `type=unapproved`."""
        values = [value for value in flat.values or () if isinstance(value, str)]
        found = {
            value: test for value in values if (test := self._flag(snake_case(value))) is not None
        }
        if not found:
            return None
        return lambda wanted: found.get(wanted, _anyone) if isinstance(wanted, str) else _anyone

    def _flag(self, value: str) -> Test | None:
        """A test for a flag that is on (`approved`) or off (`unapproved`), or for a state."""
        states = self._repository.resource.states
        if states is not None and states.name:
            known = {snake_case(state): code_of(states, state) for state in states.known}
            if value in known:
                return condition("equal", ((states.name, *states.inner),), known[value])
        for prefix in ("", *_NEGATIONS):
            stem = value.removeprefix(prefix)
            if not stem or (prefix and stem == value):
                continue
            for name in (stem, f"is_{stem}", f"{stem}_at"):
                fields = self.properties.named(name)
                if fields and (name.endswith("_at") or self._is_flag(fields)):
                    return condition("set", fields, not prefix)
        return None

    def _is_flag(self, fields: Fields) -> bool:
        return "boolean" in self.properties.flat(fields).types

    def _described(self, text: str) -> Make | None:
        """The only property that the description of a parameter quotes."""
        names = {snake_case(name) for name in _BACKTICKED.findall(text)}
        found = {fields for name in names if (fields := self.properties.named(name))}
        return Filter("equal", found.pop()) if len(found) == 1 and "ilter" in text else None

    def _expressed(self, wanted: Any) -> Test:
        """`filter[name]=x`, `name eq 'x'`, `status:open`; a bare word may be a flag."""
        expression = parsed(wanted)
        if isinstance(expression, Term) and not expression.name:
            return self._flag(snake_case(str(wanted))) or self._sought(wanted)
        return (self._test(expression) if expression is not None else None) or _anyone

    def _sought(self, wanted: Any) -> Test:
        """A search: for a text, unless it is an expression about known properties."""
        expression = parsed(wanted)
        terms = list(terms_of(expression)) if expression is not None else []
        named = [term for term in terms if term.name]
        if expression is not None and named and all(self._known(term.name) for term in named):
            return self._test(expression) or _anyone
        return _anyone if wanted == "*" else self._with_text(wanted)

    def _with_text(self, wanted: Any) -> Test:
        identity = self._repository.resource.identity
        chosen = identity.client_key or identity.key is None
        fields = tuple(path for path in self.properties.all if chosen or path != (identity.key,))
        return searched(fields, wanted, by_key=chosen)

    def _test(self, expression: Expression) -> Test | None:
        """A test by an expression; None if it names no known property."""
        if isinstance(expression, Term):
            if not expression.name:
                return self._with_text(expression.value)
            fields = self._known(expression.name)
            if not fields:
                return None
            target = self.properties.flat(fields)
            listed = self._values_by_word(fields, target)
            return Filter(expression.operator, fields, listed)(expression.value)
        tests = [test for part in expression.parts if (test := self._test(part)) is not None]
        if not tests:
            return None
        joined = _any_of(tests) if expression.either else _all_of(tests)
        return (lambda entity: not joined(entity)) if expression.negated else joined

    def _if_meant(self, make: Make, schema: Mapping[str, Any], required: bool) -> Make:
        """Ignore a default that can't be a value of the property (`sha=none`). What has no value
        for a filter that every request needs could never be listed: it always is."""
        default = schema.get("default") if isinstance(schema, Mapping) else None
        if required and isinstance(make, Filter) and make.operator == "equal":
            nothing = condition("equal", make.fields, "null")
            return lambda wanted: _any_of([nothing, make(wanted)])
        if default is None or required:
            return make
        if isinstance(make, Filter) and make.operator in ("equal", "set"):
            fields = make.fields
            listed = self._values_by_word(fields, self.properties.flat(fields))
            free = not listed and default in (schema.get("enum") or ())
            plain = isinstance(default, bool) and make.operator == "equal"
            if free or plain or default in listed.values():
                unset = condition("equal", fields, "null")
                return lambda wanted: (
                    _any_of([unset, make(wanted)]) if wanted == default else make(wanted)
                )
        return lambda wanted: _anyone if wanted == default else make(wanted)


def _but(test: Test) -> Test:
    """The test that another one fails."""
    return lambda entity: not test(entity)


def _anyone(entity: Entity) -> bool:
    return True


def _all_of(tests: list[Test]) -> Test:
    return lambda entity: all(test(entity) for test in tests)


def _any_of(tests: list[Test]) -> Test:
    return lambda entity: any(test(entity) for test in tests)
