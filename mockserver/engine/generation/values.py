"""Valid values for the schemas of a document: generated, validated, repaired."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from mockserver.engine.generation.examples import take
from mockserver.engine.generation.generator import Maker, Path
from mockserver.engine.generation.modes import Impossible, Mode, TooLarge, is_new, is_servers
from mockserver.engine.randomness import Rng
from mockserver.errors import ReplyError
from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Contract, Json, Violation
from mockserver.openapi.schemas.resolved import Schemas
from mockserver.openapi.schemas.validators import Check, Validators

_TRIES = 14
_NARROWED = 3
"""So many times, something is added to what is known, to make it fit one branch alone."""
_SIMPLE: tuple[Json, ...] = ({}, [], "", 0, 1, None, True, False, "a", 0.5, -1)


class Values:
    """Generates values for a document's schemas; everything it returns is valid.

    With `request` it generates what a client sends.
    """

    def __init__(
        self,
        contract: Contract,
        validators: Validators,
        *,
        request: bool = False,
        schemas: Schemas | None = None,
    ) -> None:
        self.schemas = schemas or validators.schemas
        self._validators = validators
        self._request = request

    def check(self, pointer: str) -> Check:
        if self._request:
            return self._validators.request(pointer)
        return self._validators.reply(pointer)

    def plain(
        self,
        pointer: str,
        known: Mapping[str, Json],
        decided: Collection[str] | None = None,
    ) -> Json:
        """The properties of `known` that the schema names, if they are valid unchanged.

        MISSING if they aren't; with `decided`, also if the schema has other properties that only
        the server can fill.
        """
        flat = self.schemas.flat_at(pointer)
        if decided is not None and any(
            is_servers(name, self.schemas.flat(schema))
            for name, schema in flat.properties.items()
            if name not in known and name not in decided
        ):
            return MISSING
        if not flat.properties or flat.choices or flat.objects.extra not in (None, False):
            return MISSING
        found = {name: known[name] for name in flat.properties if name in known}
        return found if self.literal(pointer).is_valid(found) else MISSING

    def literal(self, pointer: str) -> Check:
        """The check of what is generated: each `oneOf` as it is written."""
        return self._validators.literal(pointer, "request" if self._request else "reply")

    def make(
        self,
        pointer: str,
        rng: Rng,
        known: Json = MISSING,
        *,
        mode: Mode = "rich",
        name: str = "",
        owner: str = "",
        without: Iterable[Path] = (),
        wanted: Iterable[Path] = (),
    ) -> Json:
        """A valid value for the schema at `pointer`, with as much of `known` as fits. Optional
        properties in `without` are left out, those in `wanted` are not.

        Raises ReplyError if there is none, except for a `loose` one, which need not fit.
        """
        if mode == "loose":
            return self._loose(pointer, rng, known, name)
        check, literal = self.check(pointer), self.literal(pointer)
        schema, good = self.schemas.at(pointer), MISSING
        wanted, unwanted, narrow = set(wanted), set(without), set[Path]()
        given, owners = known, [owner] if owner else []
        for attempt in range(_TRIES):
            thrown = rng if attempt == 0 else rng.child("again", attempt)
            now: Mode = mode if attempt < _TRIES // 2 else "bare"
            thrown.begins = is_new(mode)
            places = frozenset(wanted), frozenset(unwanted), frozenset(narrow)
            turns = max(0, attempt - 1) % _NARROWED
            maker = Maker(self.schemas, thrown, now, self._request, *places, turns, owners=owners)
            try:
                value = maker.value(schema, name, (), given)
            except TooLarge as error:
                return self._last_resort(pointer, check, f": {error}")
            except Impossible:
                given = MISSING if attempt > 2 else given
                continue
            if good is not MISSING and attempt > _TRIES // 2:
                return good
            if literal.is_valid(value):
                if good is MISSING or _says_as_much(value, good, known):
                    return value
                continue
            violations = literal.violations(value)
            narrow.update(v.where for v in _leaves(violations) if v.keyword == "oneOf")
            if self._is_of_several(pointer, value, violations, attempt):
                # It fits several branches of a choice. What a client sent may, if nothing helps.
                good = value if good is MISSING else good
                if attempt >= _NARROWED and _is_as_known(value, known, violations):
                    return good
                continue
            wrong = [v for v in violations if attempt >= _NARROWED or not _fits_several(v)]
            given, helped = _without(given, wrong)
            if not helped or attempt > _TRIES // 2:
                _mend(violations, wanted, unwanted)
            if attempt == _TRIES - 4:
                given = MISSING
                wanted.clear()
        return good if good is not MISSING else self._last_resort(pointer, check)

    def _is_of_several(
        self, pointer: str, value: Json, violations: Sequence[Violation], attempt: int
    ) -> bool:
        """Whether a value is only wrong in that it fits several branches of a `oneOf`, and may."""
        check = self.check(pointer)
        if check.unions and check.is_valid(value):
            return True
        if self._request or attempt < _NARROWED or not any(map(_fits_several, _leaves(violations))):
            return False
        return self._validators.union(pointer).is_valid(value)

    def kept(
        self,
        pointer: str,
        rng: Rng,
        known: Mapping[str, Json],
        *,
        mode: Mode = "rich",
        owner: str = "",
        without: Iterable[Path] = (),
        wanted: Iterable[Path] = (),
    ) -> Json:
        """A value for storage; `known` unchanged if no value fits, since a schema may contradict
        itself. The responses that show it have their own schemas."""
        try:
            return self.make(
                pointer, rng, known, mode=mode, owner=owner, without=without, wanted=wanted
            )
        except ReplyError:
            return dict(known)

    def shown(
        self,
        pointer: str,
        rng: Rng,
        known: Mapping[str, Json],
        *,
        mode: Mode = "rich",
        owner: str = "",
    ) -> Json:
        """As `kept`, of what a document shows: a part that fits several branches of a `oneOf`,
        whatever is added, is another one."""
        found = self.kept(pointer, rng, known, mode=mode, owner=owner)
        literal = self.literal(pointer)
        if literal.is_valid(found) or not self.check(pointer).is_valid(found):
            return found
        part: Json = known
        for violation in _leaves(literal.violations(found)):
            if violation.keyword == "oneOf":
                part = take(part, violation.where)[0] if violation.where else {}
        other = self.kept(pointer, rng, part if isinstance(part, Mapping) else {}, mode=mode)
        return other if literal.is_valid(other) else found

    def _loose(self, pointer: str, rng: Rng, known: Json, name: str) -> Json:
        """The nearest value for a schema that no value fits."""
        maker = Maker(self.schemas, rng, "loose", self._request)
        try:
            return maker.value(self.schemas.at(pointer), name, (), known)
        except (Impossible, TooLarge):
            return {} if known is MISSING else known

    def _last_resort(self, pointer: str, check: Check, reason: str = "") -> Json:
        flat = self.schemas.flat(self.schemas.at(pointer))
        candidates = [*flat.notes.examples, flat.notes.default, *(flat.values or ()), *_SIMPLE]
        for value in candidates:
            if check.is_valid(value):
                return value
        raise ReplyError(
            f"no value fits the schema at {pointer}{reason}; mockserver check says what is wrong "
            "with a document, and --validate warn serves it as far as it goes"
        )


def _at(value: Json, path: Path) -> Json:
    """What stands at a path; MISSING if nothing does."""
    for step in path:
        if isinstance(value, Mapping) and step in value:
            value = value[str(step)]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return MISSING
    return value


def _is_as_known(value: Json, known: Json, violations: Sequence[Violation]) -> bool:
    """Whether only what is known breaks rules."""
    return all(_at(value, v.where) == _at(known, v.where) for v in violations)


def _says_as_much(value: Json, other: Json, known: Json) -> bool:
    """Whether a value has all that another one has of what is known."""
    if not (isinstance(known, Mapping) and isinstance(value, Mapping)):
        return known is MISSING or contains(value, other)
    return all(
        name in value and contains(value[name], other[name])
        for name in known
        if isinstance(other, Mapping) and name in other and contains(other[name], known[name])
    )


def contains(whole: Json, part: Json) -> bool:
    """Whether a value contains another; objects may have more properties."""
    if isinstance(part, Mapping):
        return isinstance(whole, Mapping) and all(
            name in whole and contains(whole[name], value) for name, value in part.items()
        )
    if isinstance(part, list):
        return (
            isinstance(whole, list) and len(whole) == len(part) and all(map(contains, whole, part))
        )
    return bool(whole == part) and isinstance(whole, bool) == isinstance(part, bool)


def _fits_several(violation: Violation) -> bool:
    """Whether a value fits more than one branch of a `oneOf`: a smaller change may do."""
    branches = violation.limit
    return violation.keyword == "oneOf" and isinstance(branches, tuple) and () in branches


def _without(known: Json, violations: Sequence[Violation]) -> tuple[Json, bool]:
    """What is known without what broke a rule, and whether anything was removed."""
    helped = False
    for violation in violations:
        if violation.keyword != "required":
            path = violation.where
            while path:
                found, taken = take(known, path)
                if taken:
                    known, helped = found, True
                    break
                path = path[:-1]
            else:
                if known is not MISSING and not isinstance(known, Mapping):
                    return MISSING, True
    return known, helped


def _mend(violations: Sequence[Violation], wanted: set[Path], unwanted: set[Path]) -> None:
    for violation in _leaves(violations):
        if violation.keyword == "required":
            wanted.add(violation.where)
        elif violation.where:
            unwanted.add(violation.where)


def _leaves(violations: Sequence[Violation]) -> Iterator[Violation]:
    """The violations, including those of the first branch of a union."""
    for violation in violations:
        yield violation
        if violation.keyword in ("anyOf", "oneOf") and isinstance(violation.limit, tuple):
            for branch in violation.limit[:1]:
                yield from _leaves([v for v in branch if isinstance(v, Violation)])
